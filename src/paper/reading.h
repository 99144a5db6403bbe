/*
 * What the readers share while a document is being made: the files, the flow, and the items.
 *
 * The flow is everything that was read, byte after byte in reading order, before anything is
 * taken out. Readers append runs of files to it, name ranges of it to be cut (comments, hidden
 * text, the preamble), and give items their place in it; reading_finish() then makes the text,
 * its spans and the items' places in the text in one pass.
 */
#ifndef PAPER_READING_H
#define PAPER_READING_H

#include "base/strmap.h"
#include "paper/document.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define READING_MAX_OPENS 40 /* reached as surely, but soon */
#else
#define READING_MAX_OPENS 4000 /* files opened, counting each time */
#endif
#define READING_MAX_PROBLEMS 100 /* what is above is counted in one last problem */
#define READING_MAX_COMMENTS 100000
#define READING_MAX_HIDDEN ((size_t)64 << 10) /* bytes kept of one hidden text */

#define NO_FLOW ((size_t)-1)

struct flow_range {
	size_t start, end;
};

/* A file that the manuscript itself holds (the filecontents environment). */
struct virtual_file {
	uint32_t file;
	size_t start, end;
	bool replaces; /* also when there is a file of that name */
};

struct reading {
	struct document *doc;
	const struct document_source *source;
	char *folder;                /* of the manuscript */
	struct strmap loaded;        /* path -> index in doc->files + 1; NULL: cannot be read */
	struct strmap virtual_files; /* path -> struct virtual_file */
	struct strmap existence;     /* path -> "y" or "n" */
	struct span *runs;           /* the flow; text_start is the place in it */
	size_t nr_runs, alloc_runs;
	size_t flow; /* its length */
	struct flow_range *cuts;
	size_t nr_cuts, alloc_cuts;
	size_t nr_opens, nr_comments, nr_problems;
	size_t bytes; /* of all files */
	bool full;    /* a ceiling was met and reported */
};

void reading_init(struct reading *r, struct document *doc, const struct document_source *source,
		  const char *path);
void reading_release(struct reading *r);

/* Index of the file at PATH (from the top), read if it was not yet; false if there is none or it
 * cannot be used (then it is a problem at FROM). */
bool reading_load(struct reading *r, const char *path, struct location from, uint32_t *file);
bool reading_exists(struct reading *r, const char *path);

/* Joins FOLDER and NAME and removes "." and ".."; NULL when that leaves the repository, or NAME
 * is absolute or empty. The caller frees it. */
char *reading_join(const char *folder, const char *name);
char *path_folder(const char *path); /* "" for a path without '/' */

/* Appends file bytes [start, end) to the flow. */
void reading_append(struct reading *r, uint32_t file, size_t start, size_t end);
void reading_cut(struct reading *r, size_t start, size_t end);

/* Adds an item with key KEY[0..len) and returns it (valid until the next), or NULL when there
 * are too many. FLOW is its place in the flow or NO_FLOW. */
struct item *reading_item(struct reading *r, enum item_kind kind, const char *key, size_t len,
			  struct location where, size_t flow);
/* A comment at WHERE: its bytes with the marks blanked. MARK is what a comment line starts with. */
void reading_comment(struct reading *r, struct location where, size_t flow, char mark);
/* Hidden text at WHERE, said to be hidden HOW. */
struct item *reading_hidden(struct reading *r, struct location where, size_t flow, const char *text,
			    size_t len, const char *how);
void reading_problem(struct reading *r, struct location where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* LEVEL as in struct section; TITLE is copied. FLOW becomes text_start. */
void reading_section(struct reading *r, unsigned level, const char *title, struct location where,
		     size_t flow);
/* A ceiling: nothing is surely undefined any more. */
void reading_limit(struct reading *r, struct location where, const char *what);
void document_add_author(struct document *doc, const char *name);
/* Adds the names in TEXT: one, or a list when it looks like one ("Last, First" does not). What is
 * no name (an affiliation, an address) is left out, and so is who was named before. */
void document_add_names(struct document *doc, const char *text);

/* Makes text, spans and places. */
void reading_finish(struct reading *r);

/* The readers. File 0 of the document is loaded. */
void tex_read(struct reading *r);
void markdown_read(struct reading *r);

/* Text as it is kept: valid UTF-8 (other bytes are taken for Latin-1), white space collapsed, no
 * control bytes; empty lines are kept as one if PARAGRAPHS. The caller frees it. */
char *reading_tidy(struct slice in, bool paragraphs);

/* A bibliography: bytes [start, end) of FILE; adds the entries as items. */
void bibliography_read(struct reading *r, uint32_t file, size_t start, size_t end);

#endif
