/*
 * `.ignore`: gitignore's rules read from files named `.ignore`, in every folder, in any view of
 * the repository. The matcher is our own (recursive wildmatch over bytes) because a commit or a
 * bare repository has no work tree for git to look at; it is tested against `git check-ignore`.
 */
#ifndef GIT_IGNORE_H
#define GIT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define IGNORE_MAX_FILE ((size_t)1 << 20)
#define IGNORE_MAX_PATTERNS 100000

/* The patterns of one `.ignore`, and a link to those of the folders above. Immutable and shared:
 * the parent must outlive the child. */
struct ignore_rules;

/* Parses TEXT as the `.ignore` of FOLDER ("" is the top), below PARENT (NULL at the top). */
struct ignore_rules *ignore_rules_new(const struct ignore_rules *parent, const char *folder,
				      struct slice text);
void ignore_rules_free(struct ignore_rules *rules);
/* A hash of all patterns in force, so that results can be cached; "" when there are none. */
const char *ignore_rules_id(const struct ignore_rules *rules);
/* Whether a ceiling cut the file short, so that the user should be told. */
bool ignore_rules_truncated(const struct ignore_rules *rules);

/* What the patterns say of PATH itself (not of the folders above it): 1 ignored, 0 explicitly
 * kept by a negated pattern, -1 nothing said. The caller walks down from the top and does not
 * enter ignored folders, which is what makes a file below an ignored folder impossible to
 * re-include, as in git. */
int ignore_match(const struct ignore_rules *rules, const char *path, bool is_directory);

/* git's wildmatch: with PATHNAME `*` and `?` do not match '/', and `**` does where it stands alone
 * between slashes; without it every star does. Takes at most time in proportion to the length
 * of PATTERN times that of TEXT, whatever they are. */
bool wildmatch(const char *pattern, const char *text, bool pathname);

#endif
