/* Taking in the answers of batches: each is journalled like a live reply, where the next session finds it. */
#ifndef REVIEW_COLLECT_H
#define REVIEW_COLLECT_H

#include "budget/budget.h"
#include "review/batches.h"

struct collect_settings {
	struct records *records;
	/* The model that REVIEWER means here, from the user's settings: what is stored may come from anywhere and
	 * names no address. *OUT stays the callee's. */
	struct error *(*find_model)(void *data, const char *reviewer, const struct model **out);
	const struct http_settings *http;
	struct budget *budget;   /* what was billed is booked in it; NULL: nowhere */
	int64_t now;
	volatile const int *stop;
	bool cancel;             /* the batches are ended first; what they have answered is kept */
	/* One line; a warning when something went wrong. */
	void (*on_note)(void *data, bool warning, const char *text);
	void *data;
};

struct collect_totals {
	size_t running;          /* batches that are still under way, or about which nothing is known */
	size_t ended;
	size_t answers, failed;  /* requests of those that ended */
	struct strmap content_ids; /* of the papers in those that ended */
};
void collect_totals_release(struct collect_totals *t);

/* Looks at every batch of B. Trouble with one is a warning and leaves it under way; an error is one of the
 * store, or ERROR_CANCELLED. */
struct error *batches_collect(const struct batches *b, const struct collect_settings *settings,
			      struct collect_totals *totals);

#endif
