/* The ledger: the shelf "ledger" of the record store and the spending files, read as one. */
#include "budget/ledger.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "budget/internal.h"

/* Where the local day of a file's writer and ours differ, it is by this many seconds at most. */
#define ZONES_APART INT64_C(172800)
/* Months of one question. */
#define MAX_MONTHS 2400

/* -- days and months ------------------------------------------------------------------------- */

static void local_time(int64_t date, struct tm *out)
{
	time_t t = (time_t)date;
	tzset();
	if (!localtime_r(&t, out))
		*out = (struct tm){ .tm_mday = 1, .tm_year = 70 };
}

/* Midnight before the day that is DAYS and MONTHS behind that of TM. */
static int64_t midnight(struct tm tm, int days, int months)
{
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += days;
	tm.tm_mon += months;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

struct ledger_span ledger_day(int64_t date)
{
	struct tm tm;
	local_time(date, &tm);
	return (struct ledger_span){ midnight(tm, 0, 0), midnight(tm, 1, 0) };
}

struct ledger_span ledger_month(int64_t date)
{
	struct tm tm;
	local_time(date, &tm);
	tm.tm_mday = 1;
	return (struct ledger_span){ midnight(tm, 0, 0), midnight(tm, 0, 1) };
}

/* -- the shelf ------------------------------------------------------------------------------- */

struct reading {
	struct spending_set *set;
	struct ledger_span span;
};

static void take_booked(struct spending *s, enum spending_state state, void *data)
{
	struct reading *reading = data;
	(void)state;
	if (s->date >= reading->span.from && s->date < reading->span.until)
		spending_set_add(reading->set, s, SPENDING_BOOKED);
	else
		spending_release(s);
}

static struct error *read_file(struct reading *reading, size_t *damaged, struct records *store,
			       const char *path)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	size_t rest = 0;
	struct error *err = records_shelf_read(store, path, &text);
	if (!err)
		*damaged += spending_each_line(slice_of(&text), take_booked, reading, &rest);
	/* Somebody else's clone may have put anything there. */
	if (rest || error_drop_if(&err, ERROR_LIMIT))
		*damaged += 1;
	buffer_release(&text);
	return err;
}

static struct error *read_folder(struct reading *reading, size_t *damaged, struct records *store,
				 const char *folder, struct strmap *seen)
{
	char **paths;
	size_t nr;
	struct error *err = records_shelf_list(store, folder, &paths, &nr);
	for (size_t i = 0; i < nr && !err; i++)
		if (ends_with(paths[i], ".jsonl") && strmap_add(seen, paths[i], strlen(paths[i])))
			err = read_file(reading, damaged, store, paths[i]);
	strings_free(paths, nr);
	return err;
}

/* The month behind the one that begins at FROM. */
static int64_t next_month(int64_t from)
{
	return ledger_month(from).until;
}

struct error *ledger_read_store(struct spending_set *out, size_t *damaged, struct records *store,
				struct ledger_span span, struct strmap *seen)
{
	struct reading reading = { out, span };
	int64_t month = ledger_month(span.from - ZONES_APART).from;
	struct error *err = NULL;
	for (unsigned i = 0; month < span.until + ZONES_APART && !err; i++, month = next_month(month)) {
		char folder[64];
		struct tm tm;
		if (i >= MAX_MONTHS)
			return error_new(ERROR_LIMIT, "the ledger is asked for more than %d months",
					 MAX_MONTHS);
		local_time(month, &tm);
		snprintf(folder, sizeof(folder), LEDGER_SHELF "/%04d-%02d", tm.tm_year + 1900,
			 tm.tm_mon + 1);
		err = read_folder(&reading, damaged, store, folder, seen);
	}
	return error_context(err, "cannot read the ledger of spending");
}

/* One file of the shelf in the making. */
struct page {
	char day[24]; /* "2026-11/22" */
	struct buffer text;
};

static struct error *put_page(struct records *store, struct page *page)
{
	char hash[SHA256_HEX_SIZE + 1];
	if (!page->text.len)
		return NULL;
	struct error *err = buffer_check(&page->text, "a page of the ledger");
	sha256_hex(page->text.data, page->text.len, hash);
	char *path = xstrfmt(LEDGER_SHELF "/%s-%s.jsonl", page->day, hash);
	if (!err)
		err = records_shelf_put(store, path, slice_of(&page->text));
	free(path);
	buffer_reset(&page->text);
	return err;
}

/* Not so what was settled at nothing, with nothing told: it was refused or never arrived. */
static bool was_billed(const struct spending *s)
{
	return s->usd != 0 || s->input_tokens > 0 || s->output_tokens > 0;
}

/* What costs nothing is kept where it may correct an estimate: a batch is booked when it is sent. */
static bool is_kept(const struct spending *s)
{
	return was_billed(s) || s->batch;
}

static int compare_entries(const void *a, const void *b)
{
	const struct spending *x = a, *y = b;
	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return strcmp(x->id, y->id);
}

struct error *ledger_put(struct records *store, const struct spending_set *set, size_t from)
{
	struct spending *sorted = xreallocarray(NULL, set->nr - from + 1, sizeof(*sorted));
	struct page page = { .text = BUFFER_INIT_MAX(RECORD_MAX_SIZE) };
	struct error *err = NULL;
	size_t nr = 0;
	for (size_t i = from; i < set->nr; i++)
		if (set->states[i] == SPENDING_SETTLED && is_kept(&set->items[i]))
			sorted[nr++] = set->items[i];
	qsort(sorted, nr, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < nr && !err; i++) {
		char day[sizeof(page.day)];
		struct tm tm;
		local_time(sorted[i].date, &tm);
		snprintf(day, sizeof(day), "%04d-%02d/%02d", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1,
			 tm.tm_mday);
		if (strcmp(day, page.day) || page.text.len + SPENDING_MAX_LINE > RECORD_MAX_SIZE)
			err = put_page(store, &page);
		memcpy(page.day, day, sizeof(day));
		spending_write(&page.text, SPENDING_BOOKED, &sorted[i]);
	}
	if (!err)
		err = put_page(store, &page);
	buffer_release(&page.text);
	free(sorted);
	return err;
}

/* -- all of it ------------------------------------------------------------------------------- */

static void take_from_file(struct spending *s, enum spending_state state, void *data)
{
	spending_set_add(data, s, state);
}

/* Moves the entries of one process's file over: what is spent of them, and in the span. */
static void take_over(struct spending_set *out, struct spending_set *file, bool dead,
		      struct ledger_span span)
{
	for (size_t i = 0; i < file->nr; i++) {
		struct spending *s = &file->items[i];
		bool open = file->states[i] == SPENDING_RESERVED;
		if ((open && !dead) || s->date < span.from || s->date >= span.until ||
		    (!open && !is_kept(s)))
			continue;
		if (open)
			s->estimated = true;
		spending_set_add(out, s, SPENDING_SETTLED);
		*s = (struct spending){ 0 };
	}
}

static struct error *read_spending(struct spending_set *out, size_t *damaged,
				   const struct spending_folder *folder, const char *name,
				   struct ledger_span span)
{
	struct spending_set file = { 0 };
	struct buffer text = BUFFER_INIT_MAX(SPENDING_MAX_FILE);
	size_t rest = 0;
	bool dead = false;
	int fd = -1;
	struct error *err = spending_folder_open(folder, name, &fd, &dead);
	if (!err)
		err = spending_read_from(fd, 0, &text);
	if (!err) {
		*damaged += spending_each_line(slice_of(&text), take_from_file, &file, &rest);
		*damaged += dead && rest;
		take_over(out, &file, dead, span);
	}
	if (fd >= 0)
		close(fd);
	spending_set_release(&file);
	buffer_release(&text);
	/* Its owner has ended since: all of it is in the journal. */
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* Moves what was billed of SET to OUT, in order. */
static void take_billed(struct ledger *out, struct spending_set *set)
{
	out->items = xreallocarray(NULL, set->nr + 1, sizeof(*out->items));
	out->alloc = set->nr + 1;
	for (size_t i = 0; i < set->nr; i++) {
		if (!was_billed(&set->items[i]))
			continue;
		out->items[out->nr++] = set->items[i];
		set->items[i] = (struct spending){ 0 };
	}
	qsort(out->items, out->nr, sizeof(*out->items), compare_entries);
}

struct error *ledger_read(struct ledger *out, struct records *store, int64_t from, int64_t until)
{
	struct spending_set set = { 0 };
	struct strmap names = STRMAP_INIT, seen = STRMAP_INIT;
	struct ledger_span span = { from, until };
	struct spending_folder folder;
	*out = (struct ledger){ 0 };
	spending_folder_init(&folder, records_repo(store));
	/* The files first: what leaves them meanwhile is on the shelf by then. */
	struct error *err = spending_folder_list(&folder, &names);
	for (size_t i = 0; i < names.nr && !err; i++)
		err = read_spending(&set, &out->damaged, &folder, names.entries[i].key, span);
	if (!err)
		err = ledger_read_store(&set, &out->damaged, store, span, &seen);
	if (!err)
		take_billed(out, &set);
	spending_set_release(&set);
	strmap_release(&names, NULL);
	strmap_release(&seen, NULL);
	spending_folder_release(&folder);
	return err;
}

void ledger_release(struct ledger *l)
{
	for (size_t i = 0; i < l->nr; i++)
		spending_release(&l->items[i]);
	free(l->items);
	*l = (struct ledger){ 0 };
}
