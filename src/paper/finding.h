/* A finding: what a reviewer says about a place in a paper. */
#ifndef PAPER_FINDING_H
#define PAPER_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };
const char *severity_name(enum severity severity); /* "note", "warning", "error" */
bool severity_parse(const char *name, enum severity *out);

/* How well a finding's quote was found in the paper. */
enum grounding {
	GROUNDING_NONE,       /* not in the paper, or no quote was given */
	GROUNDING_LOOSE,      /* ignoring TeX markup, spacing and punctuation */
	GROUNDING_WHITESPACE, /* ignoring white space */
	GROUNDING_EXACT,      /* byte for byte (built-in checks always) */
};
const char *grounding_name(enum grounding grounding); /* "none", "loose", "whitespace", "exact" */
bool grounding_parse(const char *name, enum grounding *out);

struct finding {
	char *rule;        /* a built-in rule's id, or NULL for a model's claim */
	enum severity severity;
	char *title;       /* one line, no full stop */
	char *why;         /* why it matters; may be NULL */
	char *suggestion;  /* what to do about it; may be NULL */
	char *quote;       /* the paper's words; may be NULL */
	char *subject;     /* what it is about, for the id: a label, a key, a file name; may be NULL */
	char *location;    /* what a model calls the place ("Section 3.2", "Table 2"): a hint; may be NULL */
	char *unsupported; /* a number it cites that is nowhere in the paper (review/numbers.h); may be NULL */
	double confidence; /* 0..1 as the reviewer says; 1 for built-in checks */
	bool uncertain;    /* the reviewer itself could not be sure: "could not verify" */
	/* where: no `path` when the finding concerns the paper as a whole; with GROUNDING_NONE it is
	 * where a claim's quote is nearest to, without a column */
	char *path;        /* from the top of the repository */
	size_t line, column, end_line, end_column; /* from 1; 0: unknown */
	size_t start, end; /* byte range in that file */
	enum grounding grounding;
};

struct finding_list {
	struct finding *items;
	size_t nr, alloc;
};

/* Adds a zeroed finding and returns it; valid until the next call. */
struct finding *finding_list_add(struct finding_list *list);
void finding_list_release(struct finding_list *list);
void finding_release(struct finding *f);

#endif
