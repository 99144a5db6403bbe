/*
 * A document: the text of a paper in reading order, with a map back to the files it came from,
 * and the things in it that checks ask about.
 *
 * `text` is what models read and quotes are looked up in. For TeX it is the source behind
 * \begin{document} (inputs in place, comments and what no reader can see taken out, user macros
 * left as written); for Markdown the file without front matter. `items` are found with user
 * macros expanded, wherever they come from.
 */
#ifndef PAPER_DOCUMENT_H
#define PAPER_DOCUMENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "git/snapshot.h"
#include "paper/paper.h"

#define DOCUMENT_MAX_FILE ((size_t)16 << 20)   /* one source file */
#define DOCUMENT_MAX_TEXT ((size_t)64 << 20)   /* all of them together */
#define DOCUMENT_MAX_FILES 2000
#define DOCUMENT_MAX_INPUT_DEPTH 40
#define DOCUMENT_MAX_EXPANSIONS 1000000
#define DOCUMENT_MAX_ITEMS 1000000

struct source_file {
	char *path;         /* from the top of the repository */
	struct buffer bytes;
	size_t *lines;      /* offset of each line's first byte; made when first asked for */
	size_t nr_lines;
};

/* A place: `file` indexes document.files; offsets are bytes in that file. */
struct location {
	uint32_t file;
	size_t start, end;
};

/* text[text_start, text_start+len) is files[file].bytes[start, start+len). */
struct span {
	size_t text_start;
	size_t len;
	uint32_t file;
	size_t start;
};

struct section {
	unsigned level;     /* 1 is \section or #; 0 \part and \chapter */
	char *title;        /* as plain text */
	size_t text_start;  /* in document.text */
	struct location where;
};

enum item_kind {
	/* \label{key}; Markdown: {#id}, id="", footnotes ("^1"), and the anchors of headings as
	 * GitHub makes them (those are `uncertain`) */
	ITEM_LABEL,
	/* \ref, \eqref, \cref, \autoref, ...; one item a key */
	ITEM_REFERENCE,
	/* \cite and its kin; one item a key; "*" of \nocite is left out */
	ITEM_CITATION,
	/* an entry of a .bib file or a \bibitem; `extra` is the entry's type or "bibitem"; keys as
	 * written (to BibTeX their case does not matter) */
	ITEM_BIB_ENTRY,
	/* \bibliography, \addbibresource: key as written */
	ITEM_BIB_FILE,
	/* \input, \include, \subfile, \import, \lstinputlisting: key as written; what comes with
	 * every TeX distribution (glyphtounicode) is left out */
	ITEM_INPUT,
	/* \includegraphics, Markdown images: key as written; `path` when found; `extra` is the
	 * options as written ("page=2,trim=..."), or NULL */
	ITEM_GRAPHICS,
	/* text no reader sees, as in the source: `extra` says how ("white text", "after
	 * \end{document}"); an `uncertain` one is still in the text */
	ITEM_HIDDEN,
	/* a comment; lines of their own are joined. The marks in key are blanked, so that key[i]
	 * stands at where.start + i */
	ITEM_COMMENT,
	/* \usepackage: key is the package's name; `path` when it is the author's own */
	ITEM_PACKAGE,
};

struct item {
	enum item_kind kind;
	char *key;
	char *extra;        /* see the kinds; else NULL */
	char *path;         /* resolved path from the top, or NULL: not found or not looked for */
	struct location where; /* of the key as the author sees it; for one that macros make, of the
	                          argument that is part of it, or else of the call */
	size_t text_start;  /* where in document.text it stands; (size_t)-1: not in the text */
	bool from_macro;    /* made by a user macro's expansion */
	bool uncertain;     /* the reader cannot be sure: an unknown macro in the key, a
	                       background it does not know */
	bool is_nocite;
	bool conditional;   /* inside a branch such as \IfFileExists or an undecided \if: both
	                       branches are read */
};

/* Something the reader met that a person should know: a cycle, a ceiling, an unclosed group. */
struct problem {
	struct location where;
	char *message;
};

struct document {
	char *path;                 /* the manuscript */
	enum manuscript_kind kind;
	struct source_file *files;  /* [0] is the manuscript */
	size_t nr_files, alloc_files;
	struct buffer text;
	struct span *spans;         /* in order of text_start */
	size_t nr_spans, alloc_spans;
	struct section *sections;
	size_t nr_sections, alloc_sections;
	struct item *items;         /* in reading order */
	size_t nr_items, alloc_items;
	struct problem *problems;
	size_t nr_problems, alloc_problems;
	char *title;                /* plain text (accents as UTF-8), or NULL */
	char **authors;             /* plain names */
	size_t nr_authors, alloc_authors;
	char *abstract;             /* plain text, or NULL */
	bool labels_complete;       /* false when labels may exist that were not seen (an input is
	                               missing, externaldocument, a ceiling): then nothing is surely
	                               undefined */
	bool citations_complete;    /* likewise for bibliography entries */
};

/* Reads MANUSCRIPT and what it includes. Only a manuscript that cannot be read at all is an
 * error; everything else is in `problems`. A PDF is ERROR_UNSUPPORTED "not readable yet". */
struct error *document_read(struct document *out, struct snapshot *snapshot,
			    const struct paper *paper, const struct manuscript *manuscript);
void document_release(struct document *doc);

/* Line and column, from 1; the column counts characters (UTF-8), malformed bytes as one. */
void document_position(struct document *doc, struct location where, size_t *line, size_t *column);
/* The place of text[start,end): the smallest range in one file that holds its first byte and as
 * much of the rest as lies in the same file. */
struct location document_locate(const struct document *doc, size_t text_start, size_t text_end);
/* The whole line (without its end) on which WHERE starts. */
struct slice document_line(struct document *doc, struct location where);

/* For tests, fuzzers and editors: a document from bytes in memory. READ gets a path and may be NULL
 * (nothing else exists). */
struct document_source {
	struct error *(*read)(void *data, const char *path, struct buffer *out);
	bool (*exists)(void *data, const char *path);
	void *data;
};
struct error *document_read_from(struct document *out, const struct document_source *source,
				 const char *path, enum manuscript_kind kind);

#endif
