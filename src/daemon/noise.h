/* Which files and folders never tell of a change to a paper, by their paths and by what ignores them. */
#ifndef DAEMON_NOISE_H
#define DAEMON_NOISE_H

#include "base/strmap.h"
#include "git/repo.h"

/* Whether the file or folder called NAME (without its folder) is nothing to look at: what we write ourselves, what
 * editors write while they save, and what is hidden, less what settles how papers are reviewed. */
bool noise_is_name(const char *name, bool is_directory);

/*
 * Of PATHS, a set of paths from the top of the work tree, adds to IGNORED those that .gitignore (as git sees it, a
 * tracked file is not ignored) or .ignore take out, or a folder above them. FOLDERS: they are folders; then one that
 * git ignores but tracks files of stays.
 */
struct error *noise_find_ignored(struct repo *repo, const struct strmap *paths, bool folders, struct strmap *ignored);

#endif
