#include "budget/budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/trace.h"
#include "budget/internal.h"

/* Sums are made of whole billionths of a dollar, so that adding and taking away again leaves nothing. */
#define NANO 1e9
/* Entries of a month: SPENDING_MAX_USD each, their sum still fits. */
#define MAX_ENTRIES 900000
/* No file: an entry of the ledger, or one of ours. */
#define NO_FILE SIZE_MAX

/* What is counted of one entry, whoever's it is. */
struct entry {
	int64_t date, nano;
	bool unknown;        /* its price */
	bool estimated;
	enum spending_state state;
	size_t file;         /* in budget.files */
	size_t paper;        /* in budget.papers */
};

/* Another process's file, read up to OFFSET. */
struct watched {
	char *name;
	off_t offset;
	bool here, was_here;
};

struct sums {
	int64_t day, month, reserved;
	size_t unknown;
};

struct budget {
	struct records *store;
	struct budget_limits limits;
	int64_t (*now)(void);
	struct spending_folder folder;
	uint64_t generation;
	bool loaded;              /* the ledger has been read, at GENERATION */
	struct strmap seen;       /* its files */
	size_t damaged;
	struct watched *files;
	size_t nr_files, alloc_files;
	struct entry *entries;
	size_t nr_entries, alloc_entries;
	struct strmap ids;        /* id -> place in entries + 1 */
	struct strmap papers;     /* key -> place + 1 */
	int64_t *paper_sums;      /* this month's, by place in papers */
	size_t alloc_papers;
	struct ledger_span day, month;
	struct sums sums;
	int64_t run;              /* spent by this run and reserved */
	int fd;                   /* our file, or -1 */
	char *name;
	off_t size;
	struct spending *reserved; /* ours; without an id when settled */
	size_t nr_reserved, alloc_reserved;
	struct spending_set settled; /* ours */
	size_t journalled;        /* of them */
	bool warned_day, warned_month;
};

static int64_t clock_now(void)
{
	return (int64_t)time(NULL);
}

static int64_t nano_of(double usd)
{
	if (!(usd > 0))
		return 0;
	return llround((usd < SPENDING_MAX_USD ? usd : SPENDING_MAX_USD) * NANO);
}

/* -- sums ------------------------------------------------------------------------------------ */

static bool within(struct ledger_span span, int64_t date)
{
	return date >= span.from && date < span.until;
}

/* Adds an entry to the sums, or takes it away (SIGN -1). */
static void account(struct budget *b, const struct entry *e, int sign)
{
	int64_t nano = sign * e->nano;
	bool open = e->state == SPENDING_RESERVED, month = within(b->month, e->date);
	if (!open && !month)
		return;
	if (open)
		b->sums.reserved += nano;
	else
		b->sums.month += nano;
	if (!open && within(b->day, e->date))
		b->sums.day += nano;
	if (e->unknown)
		b->sums.unknown += (size_t)sign;
	b->paper_sums[e->paper] += nano;
}

static void account_all(struct budget *b)
{
	b->sums = (struct sums){ 0 };
	for (size_t i = 0; i < b->papers.nr; i++)
		b->paper_sums[i] = 0;
	for (size_t i = 0; i < b->nr_entries; i++)
		account(b, &b->entries[i], 1);
}

static size_t paper_of(struct budget *b, const struct spending *s)
{
	const char *key = s->content_id && *s->content_id ? s->content_id : s->paper ? s->paper : "";
	void **slot = strmap_at(&b->papers, key, strlen(key));
	if (!*slot) {
		*slot = (void *)(uintptr_t)b->papers.nr;
		ALLOC_GROW(b->paper_sums, b->papers.nr - 1, b->alloc_papers);
		b->paper_sums[b->papers.nr - 1] = 0;
	}
	return (size_t)(uintptr_t)*slot - 1;
}

/* What is known as A is better known as B: what became of a reservation, the true cost of an estimate. */
static bool is_better(const struct entry *a, const struct entry *b)
{
	if (b->state == SPENDING_RESERVED)
		return false;
	return a->state == SPENDING_RESERVED || (a->estimated && !b->estimated);
}

/* Takes note of S in STATE; otherwise what is known already stays. */
static void note(struct budget *b, const struct spending *s, enum spending_state state, size_t file)
{
	struct entry e = { s->date, nano_of(s->usd), s->usd < 0, s->estimated, state, file, paper_of(b, s) };
	void **slot = strmap_at(&b->ids, s->id, strlen(s->id));
	if (!*slot) {
		ALLOC_GROW(b->entries, b->nr_entries, b->alloc_entries);
		b->entries[b->nr_entries++] = e;
		*slot = (void *)(uintptr_t)b->nr_entries;
		account(b, &e, 1);
		return;
	}
	struct entry *known = &b->entries[(size_t)(uintptr_t)*slot - 1];
	if (!is_better(known, &e))
		return;
	account(b, known, -1);
	*known = e;
	account(b, known, 1);
}

/* -- what the ledger and other processes say ------------------------------------------------- */

static struct error *load_ledger(struct budget *b)
{
	struct spending_set set = { 0 };
	struct error *err = ledger_read_store(&set, &b->damaged, b->store, b->month, &b->seen);
	for (size_t i = 0; i < set.nr && !err; i++)
		note(b, &set.items[i], SPENDING_BOOKED, NO_FILE);
	if (!err && b->nr_entries > MAX_ENTRIES)
		err = error_new(ERROR_LIMIT, "the ledger holds more than %d entries of this month",
				MAX_ENTRIES);
	spending_set_release(&set);
	return err;
}

struct tail {
	struct budget *budget;
	size_t file;
};

static void take_line(struct spending *s, enum spending_state state, void *data)
{
	struct tail *tail = data;
	note(tail->budget, s, state, tail->file);
	spending_release(s);
}

static size_t find_watched(struct budget *b, const char *name)
{
	for (size_t i = 0; i < b->nr_files; i++)
		if (!strcmp(b->files[i].name, name))
			return i;
	ALLOC_GROW(b->files, b->nr_files, b->alloc_files);
	b->files[b->nr_files] = (struct watched){ .name = xstrdup(name) };
	return b->nr_files++;
}

static struct error *read_tail(struct budget *b, const char *name)
{
	struct buffer text = BUFFER_INIT_MAX(SPENDING_MAX_FILE);
	struct tail tail = { b, find_watched(b, name) };
	struct watched *file = &b->files[tail.file];
	size_t rest = 0;
	int fd = -1;
	struct error *err = spending_folder_open(&b->folder, name, &fd, NULL);
	file->here = true;
	if (!err)
		err = spending_read_from(fd, file->offset, &text);
	if (!err) {
		b->damaged += spending_each_line(slice_of(&text), take_line, &tail, &rest);
		file->offset += (off_t)(text.len - rest);
	}
	if (fd >= 0)
		close(fd);
	buffer_release(&text);
	return err;
}

/* What a file that is gone had reserved is on the shelf if it was spent, and has been read by now. */
static void forget_gone(struct budget *b)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->nr_entries; i++) {
		struct entry *e = &b->entries[i];
		if (e->state != SPENDING_RESERVED || e->file == NO_FILE || b->files[e->file].here)
			continue;
		account(b, e, -1);
		*e = (struct entry){ .state = SPENDING_SETTLED, .file = NO_FILE, .paper = e->paper };
	}
	for (size_t i = 0; i < b->nr_files; i++)
		kept += b->files[i].here;
	if (kept)
		return;
	for (size_t i = 0; i < b->nr_files; i++)
		free(b->files[i].name);
	b->nr_files = 0;
}

static struct error *read_files(struct budget *b)
{
	struct strmap names = STRMAP_INIT;
	struct error *err = spending_folder_list(&b->folder, &names);
	bool gone = false;
	for (size_t i = 0; i < b->nr_files; i++) {
		b->files[i].was_here = b->files[i].here;
		b->files[i].here = false;
	}
	for (size_t i = 0; i < names.nr && !err; i++)
		if (!b->name || strcmp(names.entries[i].key, b->name))
			err = read_tail(b, names.entries[i].key);
	for (size_t i = 0; i < b->nr_files; i++)
		gone |= b->files[i].was_here && !b->files[i].here;
	if (!err && gone)
		forget_gone(b);
	strmap_release(&names, NULL);
	return err;
}

/* Brings the sums up to date. The folder is locked, at GENERATION. */
static struct error *refresh(struct budget *b, uint64_t generation)
{
	int64_t now = b->now();
	struct error *err = NULL;
	if (!within(b->month, now)) {
		b->month = ledger_month(now);
		b->day = ledger_day(now);
		strmap_release(&b->seen, NULL);
		b->loaded = false;
		account_all(b);
	} else if (!within(b->day, now)) {
		b->day = ledger_day(now);
		account_all(b);
	}
	if (!b->loaded || b->generation != generation)
		err = load_ledger(b);
	b->loaded = !err;
	b->generation = generation;
	return err ? err : read_files(b);
}

static struct error *lock_and_refresh(struct budget *b)
{
	uint64_t generation;
	struct error *err = spending_folder_lock(&b->folder, &generation);
	if (!err)
		err = refresh(b, generation);
	if (err)
		spending_folder_unlock(&b->folder);
	return err;
}

/* -- files of the dead ----------------------------------------------------------------------- */

struct estate {
	struct spending_set set;
	const char *name;
};

static void inherit_line(struct spending *s, enum spending_state state, void *data)
{
	struct estate *estate = data;
	spending_set_add(&estate->set, s, state);
}

/* A line that cannot be read was spending, how much nobody knows. The same file gives the same entry. */
static void inherit_damage(struct estate *estate, size_t number, int64_t date)
{
	char hash[SHA256_HEX_SIZE + 1];
	char *seed = xstrfmt("%s line %zu", estate->name, number);
	sha256_hex(seed, strlen(seed), hash);
	struct spending s = {
		.id = xmemdupz(hash, 32), .date = date, .reviewer = xstrdup("unknown"),
		.paper = xstrdup(""), .input_tokens = -1, .output_tokens = -1, .cached_tokens = -1,
		.usd = -1, .estimated = true,
	};
	spending_set_add(&estate->set, &s, SPENDING_SETTLED);
	free(seed);
}

static struct error *inherit(struct budget *b, const char *name, int fd)
{
	struct buffer text = BUFFER_INIT_MAX(SPENDING_MAX_FILE);
	struct estate estate = { .name = name };
	struct stat st = { 0 };
	size_t rest = 0;
	struct error *err = spending_read_from(fd, 0, &text);
	if (!err && fstat(fd, &st) < 0)
		err = error_errno(ERROR_IO, "cannot read a file of spending");
	if (!err) {
		size_t damaged = spending_each_line(slice_of(&text), inherit_line, &estate, &rest);
		for (size_t i = 0; i < estate.set.nr; i++)
			if (estate.set.states[i] == SPENDING_RESERVED) {
				estate.set.states[i] = SPENDING_SETTLED;
				estate.set.items[i].estimated = true;
			}
		for (size_t i = 0; i < damaged + (rest > 0); i++)
			inherit_damage(&estate, i, (int64_t)st.st_mtim.tv_sec);
		err = ledger_put(b->store, &estate.set, 0);
	}
	if (!err)
		err = spending_folder_remove(&b->folder, name);
	spending_set_release(&estate.set);
	buffer_release(&text);
	return err;
}

/* Takes the files of dead processes over. The folder is locked. */
static struct error *inherit_all(struct budget *b)
{
	struct strmap names = STRMAP_INIT;
	struct error *err = spending_folder_list(&b->folder, &names);
	for (size_t i = 0; i < names.nr && !err; i++) {
		const char *name = names.entries[i].key;
		bool dead = false;
		int fd = -1;
		if (b->name && !strcmp(name, b->name))
			continue;
		err = spending_folder_open(&b->folder, name, &fd, &dead);
		if (!err && dead)
			err = inherit(b, name, fd);
		if (fd >= 0)
			close(fd);
	}
	strmap_release(&names, NULL);
	return err;
}

static struct error *lock_and_inherit(struct budget *b)
{
	uint64_t generation;
	struct error *err = spending_folder_lock(&b->folder, &generation);
	if (!err)
		err = inherit_all(b);
	spending_folder_unlock(&b->folder);
	return error_context(err, "cannot book what an earlier run has spent");
}

/* -- one's own file -------------------------------------------------------------------------- */

/* One write, of all of the line or nothing. */
static struct error *append(struct budget *b, enum spending_state state, const struct spending *s)
{
	struct buffer line = BUFFER_INIT;
	struct error *err = NULL;
	spending_write(&line, state, s);
	ssize_t written = write(b->fd, line.data, line.len);
	if (written == (ssize_t)line.len) {
		b->size += written;
	} else {
		if (written >= 0)
			errno = ENOSPC;
		err = error_errno(ERROR_IO, "cannot keep account of spending in '%s/%s'", b->folder.path,
				  b->name);
		if (written > 0 && ftruncate(b->fd, b->size) < 0)
			trace_printf("half a line stays in %s", b->name);
	}
	buffer_release(&line);
	return err;
}

struct error *budget_open(struct budget **out, struct repo *repo, struct records *store,
			  const struct budget_limits *limits, int64_t (*now)(void))
{
	struct budget *b = xcalloc(1, sizeof(*b));
	b->store = store;
	b->limits = *limits;
	b->now = now ? now : clock_now;
	b->fd = -1;
	spending_folder_init(&b->folder, repo);
	struct error *err = lock_and_inherit(b);
	if (!err)
		err = lock_and_refresh(b);
	spending_folder_unlock(&b->folder);
	if (err)
		budget_free(b);
	else
		*out = b;
	return err;
}

/* -- reserving ------------------------------------------------------------------------------- */

struct limit {
	const char *name, *key;
	double limit;
	int64_t used;
	bool own;
};
#define MAX_LIMITS 4

static void limits_of(const struct budget *b, size_t paper, struct limit out[MAX_LIMITS])
{
	const struct budget_limits *l = &b->limits;
	int64_t reserved = b->sums.reserved;
	out[0] = (struct limit){ "this run", "run", l->run, b->run, true };
	out[1] = (struct limit){ "this paper", "paper", l->paper, b->paper_sums[paper], true };
	out[2] = (struct limit){ "today", "day", l->day, b->sums.day + reserved, true };
	out[3] = (struct limit){ "this month", "month", l->month, b->sums.month + reserved,
				 !l->month_is_default };
}

static struct error *price_unknown(const struct spending *what, const struct limit *limit)
{
	struct error *err = error_new(ERROR_BUDGET, "the price of %s is unknown, and the budget of %s is "
				      "limited", what->reviewer, limit->name);
	return error_with_hint(err, "git config --add scrutiny.<provider>.price sets prices; git config "
			       "scrutiny.budget.allowUnknown true asks without knowing them");
}

static struct error *exceeds(const struct limit *limit, int64_t asked)
{
	struct buffer text = BUFFER_INIT;
	double left = limit->limit - (double)limit->used / NANO;
	text_dollars(&text, limit->limit);
	buffer_addf(&text, " for %s leaves ", limit->name);
	text_dollars(&text, left > 0 ? left : 0);
	buffer_addstr(&text, ", the next request may cost ");
	text_dollars(&text, (double)asked / NANO);
	struct error *err = error_new(ERROR_BUDGET, "the budget of %s", text.data);
	buffer_release(&text);
	return error_with_hint(err, "git config scrutiny.budget.%s <US dollars> changes what you allow",
			       limit->key);
}

static struct error *check_limits(struct budget *b, const struct spending *what, double usd)
{
	struct limit limits[MAX_LIMITS];
	limits_of(b, paper_of(b, what), limits);
	for (size_t i = 0; i < MAX_LIMITS; i++) {
		const struct limit *limit = &limits[i];
		if (limit->limit < 0)
			continue;
		if (usd < 0 && limit->own && !b->limits.allow_unknown)
			return price_unknown(what, limit);
		if (usd > 0 && limit->used + nano_of(usd) > llround(limit->limit * NANO))
			return exceeds(limit, nano_of(usd));
	}
	return NULL;
}

/* Writes the reservation down and takes note of it. */
static struct error *set_aside(struct budget *b, const struct spending *what, double usd,
			       uint64_t *reservation)
{
	char id[SPENDING_ID_DIGITS + 1];
	struct spending s;
	struct error *err = what->id ? NULL : hex_random(id, SPENDING_ID_DIGITS);
	if (!err && b->fd < 0)
		err = spending_folder_create(&b->folder, &b->name, &b->fd);
	if (err)
		return err;
	spending_copy(&s, what);
	if (!s.id)
		s.id = xstrdup(id);
	s.date = b->now();
	s.input_tokens = s.output_tokens = s.cached_tokens = -1;
	s.usd = usd < 0 ? -1 : usd;
	s.estimated = false;
	err = append(b, SPENDING_RESERVED, &s);
	if (err) {
		spending_release(&s);
		return err;
	}
	note(b, &s, SPENDING_RESERVED, NO_FILE);
	b->run += nano_of(usd);
	ALLOC_GROW(b->reserved, b->nr_reserved, b->alloc_reserved);
	b->reserved[b->nr_reserved++] = s;
	*reservation = b->nr_reserved;
	return NULL;
}

struct error *budget_reserve(struct budget *b, const struct spending *what, double usd,
			     uint64_t *reservation)
{
	struct error *err = lock_and_refresh(b);
	if (!err)
		err = check_limits(b, what, usd);
	if (!err)
		err = set_aside(b, what, usd, reservation);
	spending_folder_unlock(&b->folder);
	return err;
}

struct error *budget_settle(struct budget *b, uint64_t reservation, const struct spending *actual)
{
	if (!reservation || reservation > b->nr_reserved || !b->reserved[reservation - 1].id)
		return error_new(ERROR_GENERIC, "there is no reservation %llu",
				 (unsigned long long)reservation);
	struct spending *held = &b->reserved[reservation - 1], s;
	spending_copy(&s, held);
	s.date = actual->date > 0 ? actual->date : b->now();
	s.input_tokens = actual->input_tokens;
	s.output_tokens = actual->output_tokens;
	s.cached_tokens = actual->cached_tokens;
	s.usd = actual->usd;
	s.estimated = actual->estimated;
	struct error *err = append(b, SPENDING_SETTLED, &s);
	if (err) {
		spending_release(&s);
		return err;
	}
	b->run += nano_of(s.usd) - nano_of(held->usd);
	note(b, &s, SPENDING_SETTLED, NO_FILE);
	size_t known = spending_set_find(&b->settled, s.id);
	if (spending_set_add(&b->settled, &s, SPENDING_SETTLED) && known < b->journalled)
		b->journalled = known;
	spending_release(held);
	return NULL;
}

/* -- telling --------------------------------------------------------------------------------- */

struct error *budget_state(struct budget *b, struct budget_state *out)
{
	struct error *err = lock_and_refresh(b);
	spending_folder_unlock(&b->folder);
	if (err)
		return err;
	*out = (struct budget_state){
		.run = (double)b->run / NANO,
		.day = (double)(b->sums.day + b->sums.reserved) / NANO,
		.month = (double)(b->sums.month + b->sums.reserved) / NANO,
		.unknown = b->sums.unknown > 0 || b->damaged > 0,
	};
	return NULL;
}

static char *warning(int64_t spent, double warn, double stop, const char *name, bool *warned)
{
	if (*warned || warn < 0 || (double)spent / NANO < warn)
		return NULL;
	struct buffer text = BUFFER_INIT;
	*warned = true;
	buffer_addf(&text, "models have cost ");
	text_dollars(&text, (double)spent / NANO);
	buffer_addf(&text, " %s, past the ", name);
	text_dollars(&text, warn);
	buffer_addstr(&text, " to warn at");
	if (stop >= 0) {
		buffer_addstr(&text, "; no more is spent than ");
		text_dollars(&text, stop);
	}
	return buffer_detach(&text, NULL);
}

char *budget_warning(struct budget *b)
{
	const struct budget_limits *l = &b->limits;
	char *text = warning(b->sums.month, l->month_warn, l->month, "this month", &b->warned_month);
	return text ? text : warning(b->sums.day, l->day_warn, l->day, "today", &b->warned_day);
}

/* -- ending ---------------------------------------------------------------------------------- */

struct error *budget_journal(struct budget *b)
{
	struct error *err = ledger_put(b->store, &b->settled, b->journalled);
	if (err)
		return err;
	b->journalled = b->settled.nr;
	return lock_and_inherit(b);
}

/* Our file goes when the shelf has all of it; otherwise the next process takes it over. */
static void close_file(struct budget *b)
{
	struct error *err = NULL;
	uint64_t generation;
	for (size_t i = 0; i < b->nr_reserved && !err; i++) {
		struct spending s = b->reserved[i];
		if (!s.id)
			continue;
		s.estimated = true;
		err = budget_settle(b, i + 1, &s);
	}
	if (!err && b->journalled == b->settled.nr) {
		err = spending_folder_lock(&b->folder, &generation);
		if (!err)
			err = spending_folder_remove(&b->folder, b->name);
		spending_folder_unlock(&b->folder);
	}
	if (err)
		trace_printf("the spending of this run is left in %s: %s", b->name, err->message);
	error_free(err);
	close(b->fd);
}

void budget_free(struct budget *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close_file(b);
	for (size_t i = 0; i < b->nr_reserved; i++)
		spending_release(&b->reserved[i]);
	for (size_t i = 0; i < b->nr_files; i++)
		free(b->files[i].name);
	spending_folder_release(&b->folder);
	spending_set_release(&b->settled);
	strmap_release(&b->seen, NULL);
	strmap_release(&b->ids, NULL);
	strmap_release(&b->papers, NULL);
	free(b->files);
	free(b->entries);
	free(b->paper_sums);
	free(b->reserved);
	free(b->name);
	free(b);
}
