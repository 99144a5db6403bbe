/*
 * Questions for models: a paper cut into parts that fit, and the fence around each part. The words that go
 * with it are in prompt_words.h. A question is, in this order, what all questions of a session share (the
 * system words), what all tasks on one part share (the fenced part), and the words of the task: so that a
 * provider's cache serves the paper to all tasks but the first.
 *
 * The paper is fenced with a delimiter made from the hash of the fenced text: its author cannot
 * know it while writing, so nothing in the paper can close the fence, and yet the same text
 * gives the same request, which is what lets a reply be found again after a crash.
 */
#ifndef REVIEW_PROMPT_H
#define REVIEW_PROMPT_H

#include "model/model.h"
#include "paper/document.h"

/* A model whose context size is unknown is taken to hold this many tokens. */
#define PROMPT_DEFAULT_CONTEXT 8192
/* Room for the answer, unless the context is small or the model's own limit is lower. */
#define PROMPT_OUTPUT_TOKENS 6000
/* Below this, a part is too short for anything but noise. */
#define PROMPT_MIN_PART_TOKENS 400
/* A reviewer is not asked about a paper of more parts: that is no paper but an accident. */
#define PROMPT_MAX_PARTS 200
/* Shared by two neighbouring parts, so that an argument that crosses the cut is seen whole. */
#define PROMPT_OVERLAP_TOKENS 200

struct privacy_scan;

/* text[start,end) of a document. */
struct part {
	const struct document *document;
	size_t start, end;
};

struct part_list {
	struct part *items;
	size_t nr, alloc;
};

/* Cuts the documents into parts of at most TOKENS estimated tokens, at section borders where there
 * are any, then at paragraph, line and word borders; never inside a UTF-8 character. */
void prompt_split(struct part_list *out, struct document *const *documents, size_t nr, int64_t tokens);
void part_list_release(struct part_list *list);

/* Tokens left for a part of the paper when MODEL is asked, with WORDS tokens of words and schema around it;
 * the answer's share in *OUTPUT. */
int64_t prompt_part_tokens(const struct model *model, int64_t words, int64_t *output);

/* What every question about PART (number INDEX of NR, from 0) shares: the fenced text, and how it is to be
 * read. TITLE, that of the paper, may be NULL. SCAN, of the whole document, has placeholders put in; NULL: the text
 * goes as it is. Appends. */
void prompt_shared(struct buffer *out, const struct part *part, size_t index, size_t nr, const char *title,
		   const struct privacy_scan *scan);
/* TEXT between its marker lines. Appends. */
void prompt_fence(struct buffer *out, struct slice text);

#endif
