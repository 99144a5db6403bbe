/*
 * What a paper is, and where the papers of a repository are.
 *
 * The rules (docs/papers.md says them with examples):
 *  1. A manuscript is a .tex file with \documentclass (that no other .tex of the folder includes,
 *     and of another class than subfiles and standalone), a .md file that is not a project file
 *     (README, CHANGELOG, LICENSE, CONTRIBUTING, ...) nor a report of ours, or a .pdf that
 *     is neither a project file nor made from a .tex or .md beside it. Folders for figures
 *     (figures, figs, images, plots, assets, ...) and those below hold none.
 *  2. The folder of a manuscript is a paper. If it has several kinds, TeX counts before Markdown
 *     before PDF and the others are companions; several manuscripts of that kind are all read,
 *     the main one first (main, paper, ms, article, manuscript, the folder's name, else by name).
 *  3. The parent of a folder named latex, tex or src that has a TeX manuscript is the paper, with all
 *     that is below it, when no other TeX or Markdown manuscript is below.
 *  4. Below a paper's folder, a Markdown file or a PDF does not start another paper; a TeX
 *     manuscript does, and its folder's files are then not the outer paper's. (Markdown and
 *     PDFs at the top of the repository leave the folders below alone, unless one is called
 *     main, paper, ms, article or manuscript.)
 *  5. .ignore (gitignore's rules) takes out folders and files. Hidden ones (with a leading dot),
 *     submodules and what lies behind symbolic links are never looked at.
 *  6. `papers:` globs narrow this to the folders they match and those below.
 * A meta.yaml or a report in a folder never changes what is a paper.
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
	char reported[SHA256_HEX_SIZE + 1]; /* content id of the scrutiny.json in the folder; "": none */
	size_t nr_inputs;           /* files that the content id covers */
	bool dirty;                 /* something below its folder differs from HEAD */
};

struct paper_list {
	struct paper *items; /* sorted by path, bytewise */
	size_t nr, alloc;
	char **ignored;      /* topmost folders ("a/b/") and files that .ignore took out, sorted */
	size_t nr_ignored, alloc_ignored;
	char **outside;      /* what the papers' sources name outside of their folders, there or not: paths, less
				the endings TeX would try; sorted, perhaps more than once */
	size_t nr_outside, alloc_outside;
	struct arena *memory; /* holds every string and array in the above: free none of them */
};

/* What .scrutiny.yml says about discovery. */
struct paper_rules {
	const char *const *globs; /* `papers:`; NULL-terminated; NULL or empty: everywhere */
};

/*
 * Finds the papers of a snapshot. Unchanged subtrees are answered from a cache in the git
 * directory, <common dir>/scrutiny/papers-index (keyed by tree id, patterns in force and version
 * of the rules; safe to delete). *OUT does not depend on it, nor on SNAPSHOT's life.
 *
 * The content id is the SHA-256 over "scrutiny-content-v1\0" and then, for each input,
 * "<mode> <blob id> <path relative to the paper>\0", the mode in six octal digits. Inputs are,
 * in git's order, the files of the folder and those below (less what is hidden, ignored or another
 * paper's, and scrutiny.md, scrutiny.json and meta.yaml), then, sorted, the files outside of the
 * folder but in the repository that its TeX (.tex, .sty, .cls) names by a path that begins with
 * "../", or that a symbolic link in it points to. Such a path is tried from the file's own
 * folder and from those of the manuscripts, as it is and with TeX's usual extensions; one of
 * \graphicspath stands for the graphics files in that folder.
 */
struct error *paper_discover(struct paper_list *out, struct snapshot *snapshot,
			     const struct paper_rules *rules);
/* Those papers of SNAPSHOT whose content differs from what stands at their path in BEFORE, or that are none there: as
 * paper_discover says it of both, in a time that grows with what differs. Without ->ignored and ->outside. */
struct error *paper_discover_changed(struct paper_list *out, struct snapshot *snapshot, struct snapshot *before,
				     const struct paper_rules *rules);
/* False when the report that stands in the paper's folder is about another content: the paper was
 * changed, or changed back, since it was written. */
bool paper_report_is_current(const struct paper *paper);
void paper_list_release(struct paper_list *list);

/* The files a content id covers, in its order: full paths. For one paper of paper_discover's list,
 * on demand. The caller frees the paths and the array. */
struct error *paper_inputs(struct snapshot *snapshot, const struct paper_rules *rules,
			   const struct paper *paper, char ***paths, size_t *nr);

#endif
