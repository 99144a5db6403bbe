/*
 * The Markdown reader's parts: blocks (markdown.c), what stands in a line (markdown_inline.c), and
 * HTML (markdown_html.c). It knows what flavours share and what papers use of Pandoc's:
 * citations, attributes, cross-references, footnotes. The file is the flow: a byte's place in it
 * is its offset.
 */
#ifndef PAPER_MARKDOWN_H
#define PAPER_MARKDOWN_H

#include "paper/reading.h"

#define MARKDOWN_MAX_TICKS 64

struct markdown {
	struct reading *r;
	struct document *doc;
	const char *data;
	size_t len;
	bool has_bibliography;         /* front matter names one */
	bool has_cross_references;     /* a label such as {#fig:x} was seen */
	struct strmap explicit_labels; /* {#id}, id="": certainly there */
	struct strmap anchors;         /* of headings; the value counts them */
	struct strmap definitions;     /* [name]: url; value: struct flow_range of the url */
	struct strmap unclosed;        /* elements that nothing closes any more */
	bool no_comment_end;           /* no --> in the rest of the file */
	bool abstract_follows;         /* the last heading was "Abstract" */
};

/* Reads [start, end), a block without empty lines outside of HTML; returns where it stopped, which
 * is beyond END when a comment or an element goes on there. */
size_t markdown_inline(struct markdown *md, size_t start, size_t end);
/* As plain text. */
char *markdown_plain(struct slice in, bool paragraphs);

/* At a '<': reads the comment or tag, returns where it ends, or START if it is none. */
size_t markdown_html(struct markdown *md, size_t start);

void markdown_label(struct markdown *md, size_t start, size_t end);
struct item *markdown_item(struct markdown *md, enum item_kind kind, size_t start, size_t end);
void markdown_image(struct markdown *md, size_t start, size_t end);
/* Labels in {#id .class}; returns behind the brace, or START if there are no attributes. */
size_t markdown_attributes(struct markdown *md, size_t start, size_t end);

#endif
