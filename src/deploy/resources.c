#include "deploy/resources.h"

#include "base/memory.h"
#include "base/text.h"

#define COLUMNS 5

void resources_add(struct resources *r, const struct resource *item)
{
	ALLOC_GROW(r->items, r->nr, r->alloc);
	r->items[r->nr++] = *item;
}

void resources_release(struct resources *r)
{
	for (size_t i = 0; i < r->nr; i++)
		free(r->items[i].name);
	free(r->items);
	*r = (struct resources){ 0 };
}

/* -- printing ---------------------------------------------------------------------------------- */

static void add_price(struct buffer *out, double usd, const char *per)
{
	if (usd < 0) {
		buffer_addf(out, "unknown/%s", per);
	} else if (usd > 0) {
		text_dollars(out, usd);
		buffer_addf(out, "/%s", per);
	}
}

static void fill_cells(struct buffer cells[COLUMNS], const struct resource *r)
{
	static const char *const states[] = {
		[RESOURCE_EXISTS] = "there", [RESOURCE_NEW] = "new", [RESOURCE_MISSING] = "missing",
		[RESOURCE_UNKNOWN] = "?",
	};
	buffer_addstr(&cells[0], r->kind);
	text_for_terminal(&cells[1], r->name, strlen(r->name), false);
	buffer_addstr(&cells[2], states[r->state]);
	add_price(&cells[3], r->usd_hour, "h");
	add_price(&cells[4], r->usd_month, r->by_use ? "GB-month" : "month");
	if (!r->usd_hour && !r->usd_month)
		buffer_addstr(&cells[4], "free");
}

static void print_row(struct buffer *out, const struct buffer cells[COLUMNS], const size_t widths[COLUMNS],
		      const char *note)
{
	for (int i = 0; i < COLUMNS; i++) {
		int pad = (int)(widths[i] - cells[i].len);
		/* Words to the left, prices to the right. */
		if (i < 3)
			buffer_addf(out, "%s%s%*s", i ? "  " : "", cells[i].data, pad, "");
		else
			buffer_addf(out, "  %*s%s", pad, "", cells[i].data);
	}
	if (note)
		buffer_addf(out, "  %s", note);
	while (out->len && out->data[out->len - 1] == ' ')
		buffer_truncate(out, out->len - 1);
	buffer_addch(out, '\n');
}

void resources_print(struct buffer *out, const struct resources *r)
{
	struct buffer (*rows)[COLUMNS] = xcalloc(r->nr + 1, sizeof(*rows));
	size_t widths[COLUMNS] = { 0 };
	for (size_t i = 0; i < r->nr; i++) {
		for (int j = 0; j < COLUMNS; j++)
			buffer_init(&rows[i][j], BUFFER_MAX_INTERNAL);
		fill_cells(rows[i], &r->items[i]);
		for (int j = 0; j < COLUMNS; j++)
			widths[j] = rows[i][j].len > widths[j] ? rows[i][j].len : widths[j];
	}
	for (size_t i = 0; i < r->nr; i++) {
		print_row(out, rows[i], widths, r->items[i].note);
		for (int j = 0; j < COLUMNS; j++)
			buffer_release(&rows[i][j]);
	}
	free(rows);
}

/* -- adding up --------------------------------------------------------------------------------- */

void resources_sum(const struct resources *r, bool only_new, double *usd_hour, double *usd_month, size_t *unknown)
{
	double hour = 0, month = 0;
	size_t nr = 0;
	for (size_t i = 0; i < r->nr; i++) {
		const struct resource *item = &r->items[i];
		if ((only_new && item->state != RESOURCE_NEW) || item->by_use)
			continue;
		hour += item->usd_hour > 0 ? item->usd_hour : 0;
		month += item->usd_month > 0 ? item->usd_month : 0;
		nr += (item->usd_hour < 0) + (item->usd_month < 0);
	}
	if (usd_hour)
		*usd_hour = hour;
	if (usd_month)
		*usd_month = month;
	if (unknown)
		*unknown = nr;
}

struct error *resources_check(const struct resources *r, bool accepted)
{
	struct buffer what = BUFFER_INIT;
	for (size_t i = 0; i < r->nr && !accepted; i++) {
		const struct resource *item = &r->items[i];
		if (item->state != RESOURCE_NEW || !item->usd_month || item->by_use)
			continue;
		buffer_addf(&what, "%s%s %s (", what.len ? ", " : "", item->kind, item->name);
		add_price(&what, item->usd_month, "month");
		buffer_addch(&what, ')');
	}
	struct error *err = NULL;
	if (what.len)
		err = error_new(ERROR_BUDGET, "this would be new recurring cost: %s", what.data);
	buffer_release(&what);
	return error_with_hint(err, "--accept-cost if that is fine");
}
