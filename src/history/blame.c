#include "history/blame.h"

#include "base/memory.h"

/* Whether VERSION's parent number K, which was looked at, has the item; then *NUMBER becomes the one that it has there. */
static bool parent_has(struct paper_history *h, struct version *v, size_t k, const struct blame_item *item, size_t *number)
{
	if (item->is_quote)
		return v->parents[k]->look->quoted[item->number];
	size_t before = history_match(h, v, k)[*number];
	if (before)
		*number = before - 1;
	return before != 0;
}

static struct error *follow(struct paper_history *h, struct version *present, struct blame_item *item)
{
	struct version *v = present, *next = present;
	size_t number = item->number;
	struct error *err = NULL;
	item->boundary = false;
	while (next && !err) {
		v = next;
		next = NULL;
		item->boundary = v->boundary;
		err = history_parents(h, v);
		for (size_t k = 0; k < v->nr_parents && !err && !next; k++) {
			err = history_look(h, v->parents[k]);
			if (!err && v->parents[k]->missing)
				item->boundary = true;
			else if (!err && parent_has(h, v, k, item, &number))
				next = v->parents[k];
		}
	}
	item->outcome = v == present ? BLAME_NOT_COMMITTED : BLAME_COMMIT;
	item->version = v == present ? NULL : v;
	return err;
}

struct error *blame_items(struct paper_history *h, struct blame_item *items, size_t nr)
{
	struct version *present;
	struct error *err = NULL;
	do {
		err = history_begin(h, &present);
		for (size_t i = 0; i < nr && !err; i++) {
			if (items[i].is_quote && !present->look->quoted[items[i].number])
				items[i].outcome = BLAME_NOT_QUOTED;
			else
				err = follow(h, present, &items[i]);
		}
	} while (!err && history_must_begin_again(h));
	return err;
}
