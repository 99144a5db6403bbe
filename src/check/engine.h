/* Inside the room: what the families use to raise findings. */
#ifndef CHECK_ENGINE_H
#define CHECK_ENGINE_H

#include "check/check.h"

/* A rule says at most this much about one document; how much more there was is said too. */
#define CHECK_MAX_PER_RULE 500
/* The longest quote, and the longest key in a title; longer ones are cut. */
#define CHECK_MAX_QUOTE 240
#define CHECK_MAX_SHOWN 100

/* location.file of what concerns the paper as a whole */
#define NO_FILE UINT32_MAX
#define NOWHERE ((struct location){ NO_FILE, 0, 0 })

struct raised;

struct check {
	struct document *doc;   /* looked at now */
	size_t doc_nr;
	struct raised *raised;
	size_t nr, alloc;
	size_t *per_rule;       /* how often each rule of check_rules spoke about `doc` */
};

/* What a family says. The engine copies `subject` and takes `title` and `suggestion` over. */
struct claim {
	const char *rule;
	struct location where;
	const char *subject;
	char *title;
	char *suggestion;       /* may be NULL */
	const char *why;        /* may be NULL */
	unsigned softer;        /* so many severities below the rule's own */
	bool uncertain;
};

void check_raise(struct check *c, const struct claim *claim);
/* False when the rule has said as much as it may: then what would be said is only counted, and the
 * claim need not be made. */
bool check_may_raise(struct check *c, const char *rule);

/* KEY as it may stand in a title: cut at CHECK_MAX_SHOWN, line ends as blanks. Caller frees. */
char *check_shown(const char *key);
/* "paper.tex:14". Caller frees. */
char *check_place(struct document *doc, struct location where);

/* The families, each over one document. */
void check_hidden(struct check *c);
void check_leftovers(struct check *c);
void check_conflicts(struct check *c); /* a part of the leftovers */
void check_references(struct check *c);
void check_resources(struct check *c); /* the files a paper is made of; a part of the references */

#endif
