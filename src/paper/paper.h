/*
 * What a paper is, and where the papers of a repository are.
 *
 * The rules (docs/papers.md says them with examples):
 *  1. A manuscript is a .tex file with \documentclass (that no other .tex of the folder includes),
 *     a .md file that is not a project file (README, CHANGELOG, LICENSE, CONTRIBUTING, ...) nor a
 *     report of ours, or a .pdf.
 *  2. The folder of a manuscript is a paper. If it has several kinds, TeX counts before Markdown
 *     before PDF and the others are companions; several manuscripts of that kind are all read,
 *     the main one first (main, paper, ms, article, manuscript, the folder's name, else by name).
 *  3. A folder with a meta.yaml, or named by a `papers:` glob, takes in manuscripts in folders
 *     below it that have no meta.yaml of their own. So does the parent of a folder named latex, tex
 *     or src that holds the only manuscripts below that parent.
 *  4. Below a paper's folder, a Markdown file or a PDF does not start another paper; a TeX
 *     manuscript does, and its folder's files are then not the outer paper's.
 *  5. .ignore (gitignore's rules) takes out folders and files.
 */
#ifndef PAPER_PAPER_H
#define PAPER_PAPER_H

#include "base/sha256.h"
#include "base/strmap.h"
#include "git/snapshot.h"

enum manuscript_kind { MANUSCRIPT_TEX, MANUSCRIPT_MARKDOWN, MANUSCRIPT_PDF };

struct manuscript {
	char *path; /* from the top of the repository */
	enum manuscript_kind kind;
};

struct paper {
	char *path;                 /* its folder; "" is the top of the repository */
	char content_id[SHA256_HEX_SIZE + 1];
	struct manuscript *manuscripts; /* of the kind that is read; the main one first */
	size_t nr_manuscripts;
	size_t nr_inputs;           /* files that the content id covers */
	bool dirty;                 /* something in it differs from HEAD */
};

struct paper_list {
	struct paper *items; /* sorted by path, bytewise */
	size_t nr, alloc;
	char **ignored;      /* topmost folders and files that .ignore took out, sorted */
	size_t nr_ignored, alloc_ignored;
};

/* What .scrutiny.yml says about discovery. */
struct paper_rules {
	const char *const *globs; /* `papers:`; NULL-terminated; NULL or empty: everywhere */
};

/*
 * Finds the papers of a snapshot. Unchanged subtrees are answered from a cache in the git
 * directory (keyed by tree id, rules in force and program version; safe to delete). The
 * content id is the SHA-256 over "<mode> <blob id> <path relative to the paper>\0" of every input
 * in order, headed by "scrutiny-content-v1\0"; inputs are the files of the folder less what is
 * ignored, scrutiny.md, scrutiny.json and meta.yaml, plus the files outside the folder (but in the
 * repository) that its TeX names by a relative path.
 */
struct error *paper_discover(struct paper_list *out, struct snapshot *snapshot,
			     const struct paper_rules *rules);
void paper_list_release(struct paper_list *list);

/* The files a content id covers, in its order: full paths. For one paper, on demand. */
struct error *paper_inputs(struct snapshot *snapshot, const struct paper_rules *rules,
			   const struct paper *paper, char ***paths, size_t *nr);

#endif
