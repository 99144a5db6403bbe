/*
 * Keys, tokens and personal data in what is about to leave this machine. A scan errs on the quiet side
 * where papers are full of look-alikes (hashes, page ranges, formulas), and on the strict side where a key
 * has a shape of its own.
 *
 * What is redacted gets a placeholder such as "[e-mail 1]", the same one for the same words in all of a
 * paper, so that what a model quotes can be found in the paper again.
 */
#ifndef REVIEW_PRIVACY_H
#define REVIEW_PRIVACY_H

#include "base/buffer.h"
#include "base/strmap.h"
#include "paper/document.h"
#include "review/privacy_rules.h"

/* Of one text; more of them, and it is no paper: it is not sent. */
#define PRIVACY_MAX_HITS 10000

enum privacy_kind { PRIVACY_KEY, PRIVACY_EMAIL, PRIVACY_PHONE, PRIVACY_KINDS };

struct privacy_hit {
	size_t start, end;
	enum privacy_kind kind;
	const char *what;      /* "a key of OpenAI", "an e-mail address" */
	unsigned number;       /* of its placeholder, from 1 */
};

/* What is in one text, in order and without overlaps. */
struct privacy_scan {
	struct privacy_hit *hits;
	size_t nr, alloc;
	bool gave_up;          /* the text could not be looked through: it must not be sent */
};
void privacy_scan_release(struct privacy_scan *scan);

/* What was found in all texts of one paper. */
struct privacy {
	struct privacy_rules rules; /* as privacy_rules_combine gives them */
	struct strmap values[PRIVACY_KINDS];
};
void privacy_init(struct privacy *p, struct privacy_rules rules);
void privacy_release(struct privacy *p);

/* Looks TEXT through. E-mail addresses in its first TITLE_PAGE bytes are those of authors, as are those in
 * the arguments of \email and its kin: they are published with the paper. What the rules allow is no hit. */
void privacy_look(struct privacy *p, struct privacy_scan *out, struct slice text, size_t title_page);
/* How far the title page of DOC reaches: to its first section (of Markdown, the one behind the title). */
size_t privacy_title_page(const struct document *doc);

/* The first hit that forbids to send the text, or NULL. */
const struct privacy_hit *privacy_blocker(const struct privacy *p, const struct privacy_scan *scan);
/* Appends text[start,end) with placeholders for all hits, also those it holds a part of only. */
void privacy_redact(struct buffer *out, struct slice text, size_t start, size_t end,
		    const struct privacy_scan *scan);
/* QUOTE with the words in place of their placeholders, malloc'd; NULL when it has none. */
char *privacy_restore(const struct privacy *p, const char *quote);
/* Appends "2 e-mail addresses and 1 phone number": what got a placeholder. Nothing when there is nothing. */
void privacy_count(struct buffer *out, const struct privacy *p);

#endif
