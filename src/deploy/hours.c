/* The ledger of hours: lines of JSON on a ref, and what they say together. */
#include "deploy/hours.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/ref.h"

#define SPOKEN "the ledger of hours"
#define MAX_ATTEMPTS 16
#define MAX_LINE 2048
#define MAX_NAME 200
/* What a date of the ledger may be: until the year 2200. */
#define MAX_DATE INT64_C(7258118400)
#define MAX_USD_HOUR 100000.0

/* -- months ------------------------------------------------------------------------------------ */

void hours_month_span(int64_t date, int64_t *from, int64_t *until)
{
	time_t t = (time_t)date;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		tm = (struct tm){ .tm_year = 70 };
	tm = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = 1 };
	struct tm next = tm;
	next.tm_mon++;
	*from = (int64_t)timegm(&tm);
	*until = (int64_t)timegm(&next);
}

/* "2026-11.jsonl", to be freed. */
static char *month_file(int64_t date)
{
	time_t t = (time_t)date;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		tm = (struct tm){ .tm_year = 70 };
	return xstrfmt("%04d-%02d.jsonl", tm.tm_year + 1900, tm.tm_mon + 1);
}

static bool is_month_file(struct slice name)
{
	static const char form[] = "0000-00.jsonl";
	if (name.len != strlen(form))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (form[i] == '0' ? !ascii_digit((unsigned char)name.data[i]) : name.data[i] != form[i])
			return false;
	return true;
}

/* -- files ------------------------------------------------------------------------------------- */

struct file {
	char *name;
	struct oid blob;
};
struct files {
	struct file *items;
	size_t nr, alloc;
};

static void files_release(struct files *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->items[i].name);
	free(f->items);
}

static struct error *add_file(const struct tree_entry *e, void *data)
{
	struct files *f = data;
	if (!is_month_file(e->name) || (e->mode & 0170000) != 0100000)
		return NULL;
	if (f->nr >= HOURS_MAX_FILES)
		return error_new(ERROR_LIMIT, SPOKEN " has more than %d months", HOURS_MAX_FILES);
	ALLOC_GROW(f->items, f->nr, f->alloc);
	f->items[f->nr++] = (struct file){ xmemdupz(e->name.data, e->name.len), e->oid };
	return NULL;
}

static struct error *list_files(struct repo *repo, const struct oid *commit, struct files *out)
{
	struct oid tree;
	*out = (struct files){ 0 };
	if (!commit->hex[0])
		return NULL;
	struct error *err = repo_commit_tree(repo, commit, &tree);
	if (!err)
		err = repo_tree_each(repo, &tree, add_file, out);
	return err;
}

/* A set of lines. */
static void add_lines(struct strmap *lines, struct slice text)
{
	for (size_t i = 0; i < text.len;) {
		const char *end = memchr(text.data + i, '\n', text.len - i);
		size_t len = end ? (size_t)(end - text.data) - i : text.len - i;
		if (len)
			strmap_add(lines, text.data + i, len);
		i += len + 1;
	}
}

static struct error *read_lines(struct repo *repo, const struct files *files, const char *name, struct strmap *lines)
{
	struct buffer text = BUFFER_INIT_MAX(HOURS_MAX_FILE);
	struct error *err = NULL;
	for (size_t i = 0; i < files->nr && !err; i++)
		if (!strcmp(files->items[i].name, name))
			err = repo_read_object(repo, &files->items[i].blob, OBJECT_BLOB, &text);
	if (!err)
		add_lines(lines, slice_of(&text));
	buffer_release(&text);
	return err;
}

static int by_bytes(const void *a, const void *b)
{
	const struct strmap_entry *const *x = a, *const *y = b;
	size_t least = (*x)->key_len < (*y)->key_len ? (*x)->key_len : (*y)->key_len;
	int order = memcmp((*x)->key, (*y)->key, least);
	return order ? order : ((*x)->key_len > (*y)->key_len) - ((*x)->key_len < (*y)->key_len);
}

static void write_lines(struct buffer *out, const struct strmap *lines)
{
	const struct strmap_entry **sorted = xcalloc(lines->nr + 1, sizeof(*sorted));
	for (size_t i = 0; i < lines->nr; i++)
		sorted[i] = &lines->entries[i];
	qsort(sorted, lines->nr, sizeof(*sorted), by_bytes);
	for (size_t i = 0; i < lines->nr; i++) {
		buffer_add(out, sorted[i]->key, sorted[i]->key_len);
		buffer_addch(out, '\n');
	}
	free(sorted);
}

/* -- reading ----------------------------------------------------------------------------------- */

/* What the lines of one stretch say together. */
struct stretch {
	struct running r;
	int64_t seen;    /* it ran then, at the latest that we know */
	bool described;  /* a line told more than the end */
};

static void stretch_free(void *data)
{
	struct stretch *s = data;
	free(s->r.environment);
	free(s->r.instance);
	free(s->r.type);
	free(s->r.region);
	free(s);
}

static bool is_name(const char *s)
{
	size_t len = s ? strlen(s) : 0;
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)s[i]) && !strchr("-._", s[i]))
			return false;
	return len && len <= MAX_NAME;
}

static bool is_date(int64_t date)
{
	return date > 0 && date <= MAX_DATE;
}

static void take_description(struct stretch *s, const cJSON *line)
{
	double usd = json_number_or(line, "usd_hour", -1);
	int64_t at_most = json_integer_or(line, "at_most", 0);
	if (!s->described) {
		const char *type = json_string_or(line, "type", NULL), *region = json_string_or(line, "region", NULL);
		s->described = true;
		s->r.environment = xstrdup(json_string_or(line, "environment", ""));
		s->r.type = is_name(type) ? xstrdup(type) : NULL;
		s->r.region = is_name(region) ? xstrdup(region) : NULL;
		s->r.spot = json_bool_or(line, "spot", false);
		s->r.at_most = is_date(at_most) ? at_most : 0;
	}
	/* Clones may have known different prices: the dearest counts. */
	if (usd <= MAX_USD_HOUR && usd > s->r.usd_hour)
		s->r.usd_hour = usd;
}

static bool take_line(struct strmap *stretches, const char *text, size_t len)
{
	cJSON *line = NULL;
	struct error *err = len <= MAX_LINE ? json_parse(&line, (struct slice){ text, len }, SPOKEN)
					    : error_new(ERROR_LIMIT, "a line of " SPOKEN " is too long");
	const char *instance = err ? NULL : json_string_or(line, "instance", NULL);
	int64_t from = err ? 0 : json_integer_or(line, "from", 0), until = err ? 0 : json_integer_or(line, "until", 0);
	int64_t seen = err ? 0 : json_integer_or(line, "seen", 0);
	const char *environment = err ? NULL : json_string_or(line, "environment", NULL);
	bool good = !err && is_name(instance) && is_date(from) && (!until || is_date(until)) &&
		    (!seen || is_date(seen)) && (until || seen || is_name(environment));
	error_free(err);
	if (good) {
		char *key = xstrfmt("%s %" PRId64, instance, from);
		struct stretch **slot = (struct stretch **)strmap_at(stretches, key, strlen(key));
		if (!*slot) {
			*slot = xcalloc(1, sizeof(**slot));
			(*slot)->r = (struct running){ .instance = xstrdup(instance), .from = from, .usd_hour = -1 };
		}
		if (environment)
			take_description(*slot, line);
		if (until && (!(*slot)->r.until || until < (*slot)->r.until))
			(*slot)->r.until = until > from ? until : from;
		if (seen > (*slot)->seen)
			(*slot)->seen = seen;
		free(key);
	}
	cJSON_Delete(line);
	return good;
}

static int by_instance(const void *a, const void *b)
{
	const struct stretch *x = *(struct stretch *const *)a, *y = *(struct stretch *const *)b;
	int order = strcmp(x->r.instance, y->r.instance);
	return order ? order : (x->r.from > y->r.from) - (x->r.from < y->r.from);
}

static int by_from(const void *a, const void *b)
{
	const struct running *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return strcmp(x->instance, y->instance);
}

/* The end of S: none is known to be later than what stops it by itself, and than the next start. */
static void find_end(struct stretch *s, const struct stretch *next)
{
	int64_t own = s->r.at_most ? s->r.from + s->r.at_most : 0;
	int64_t ends[] = { own, next && !strcmp(next->r.instance, s->r.instance) ? next->r.from : 0 };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i] && (!s->r.until || ends[i] < s->r.until))
			s->r.until = ends[i];
	if (s->r.until && s->seen > s->r.until)
		s->r.until = s->seen;
}

static void collect(struct repo *repo, struct strmap *stretches, struct hours *out)
{
	struct stretch **sorted = xcalloc(stretches->nr + 1, sizeof(struct stretch *));
	size_t nr = 0;
	for (size_t i = 0; i < stretches->nr; i++) {
		struct stretch *s = stretches->entries[i].value;
		if (s->described)
			sorted[nr++] = s;
	}
	qsort(sorted, nr, sizeof(*sorted), by_instance);
	out->items = xcalloc(nr + 1, sizeof(*out->items));
	for (size_t i = 0; i < nr; i++) {
		struct running *r = &sorted[i]->r;
		find_end(sorted[i], i + 1 < nr ? sorted[i + 1] : NULL);
		if (r->usd_hour < 0) {
			double usd = price_hour(repo, r->type, r->region, r->spot, NULL);
			r->usd_hour = usd < 0 ? usd : usd + price_address_hour();
		}
		out->items[out->nr++] = *r;
		*r = (struct running){ 0 };
	}
	qsort(out->items, out->nr, sizeof(*out->items), by_from);
	free(sorted);
}

/* The bytes of one month. */
static void take_text(struct strmap *stretches, struct slice text, size_t *damaged)
{
	struct strmap lines = STRMAP_INIT;
	add_lines(&lines, text);
	for (size_t i = 0; i < lines.nr; i++)
		*damaged += !take_line(stretches, lines.entries[i].key, lines.entries[i].key_len);
	strmap_release(&lines, NULL);
}

void hours_parse(struct repo *repo, struct slice text, struct hours *out)
{
	struct strmap stretches = STRMAP_INIT;
	*out = (struct hours){ 0 };
	take_text(&stretches, text, &out->damaged);
	collect(repo, &stretches, out);
	strmap_release(&stretches, stretch_free);
}

static struct error *read_commit(struct repo *repo, const struct oid *commit, struct hours *out)
{
	struct strmap stretches = STRMAP_INIT;
	struct buffer text = BUFFER_INIT_MAX(HOURS_MAX_FILE);
	struct files files;
	*out = (struct hours){ 0 };
	struct error *err = list_files(repo, commit, &files);
	for (size_t i = 0; i < files.nr && !err; i++) {
		buffer_reset(&text);
		err = repo_read_object(repo, &files.items[i].blob, OBJECT_BLOB, &text);
		if (!err)
			take_text(&stretches, slice_of(&text), &out->damaged);
	}
	if (!err)
		collect(repo, &stretches, out);
	strmap_release(&stretches, stretch_free);
	files_release(&files);
	buffer_release(&text);
	return error_context(err, "cannot read %s", SPOKEN);
}

struct error *hours_read(struct repo *repo, struct hours *out)
{
	struct oid tip = { "" };
	*out = (struct hours){ 0 };
	struct error *err = repo_ref(repo, HOURS_REF, &tip);
	return err ? err : read_commit(repo, &tip, out);
}

void hours_release(struct hours *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		free(h->items[i].environment);
		free(h->items[i].instance);
		free(h->items[i].type);
		free(h->items[i].region);
	}
	free(h->items);
	*h = (struct hours){ 0 };
}

/* -- among clones ------------------------------------------------------------------------------ */

static struct error *is_ancestor(struct repo *repo, const struct oid *old, const struct oid *young, bool *is)
{
	const char *const argv[] = { "merge-base", "--is-ancestor", old->hex, young->hex, NULL };
	int status = 0;
	struct error *err = repo_git_read(repo, argv, &(struct process_options){ .exit_status = &status,
										  .discard_err = true });
	*is = !err && !status;
	return err;
}

/* A commit with the lines of both. */
static struct error *unite(struct repo *repo, const struct oid *ours, const struct oid *theirs, struct oid *out)
{
	struct files mine = { 0 }, others = { 0 };
	const struct oid parents[] = { *ours, *theirs };
	struct error *err = list_files(repo, ours, &mine);
	if (!err)
		err = list_files(repo, theirs, &others);
	struct ref_file *files = xcalloc(others.nr + 1, sizeof(*files));
	struct buffer *texts = xcalloc(others.nr + 1, sizeof(*texts));
	for (size_t i = 0; i < others.nr; i++)
		buffer_init(&texts[i], HOURS_MAX_FILE);
	for (size_t i = 0; i < others.nr && !err; i++) {
		struct strmap lines = STRMAP_INIT;
		err = read_lines(repo, &mine, others.items[i].name, &lines);
		if (!err)
			err = read_lines(repo, &others, others.items[i].name, &lines);
		write_lines(&texts[i], &lines);
		files[i] = (struct ref_file){ others.items[i].name, slice_of(&texts[i]) };
		if (!err)
			err = buffer_check(&texts[i], SPOKEN);
		strmap_release(&lines, NULL);
	}
	struct ref_commit commit = { .parents = parents, .nr_parents = 2, .files = files, .nr_files = others.nr,
				     .message = "unite the hours of two clones" };
	if (!err)
		err = ref_commit(repo, &commit, out);
	for (size_t i = 0; i < others.nr; i++)
		buffer_release(&texts[i]);
	free(texts);
	free(files);
	files_release(&mine);
	files_release(&others);
	return err;
}

/* Takes in THEIRS; *LOST when another process moved the ref meanwhile. */
static struct error *take_in(struct repo *repo, const struct oid *theirs, bool *lost)
{
	struct oid ours = { "" }, united = *theirs;
	bool behind = true, ahead = false;
	*lost = false;
	struct error *err = repo_ref(repo, HOURS_REF, &ours);
	if (!err && ours.hex[0])
		err = is_ancestor(repo, theirs, &ours, &ahead);
	if (!err && ours.hex[0] && !ahead)
		err = is_ancestor(repo, &ours, theirs, &behind);
	if (err || ahead)
		return err;
	if (!behind)
		err = unite(repo, &ours, theirs, &united);
	if (!err)
		err = ref_update(repo, HOURS_REF, &ours, &united, "deploy: take in hours", lost);
	return err;
}

struct error *hours_fetch(struct repo *repo, const char *remote)
{
	char *tracking = ref_tracking(repo, remote, "deploy/hours");
	char *refspec = xstrfmt("+" HOURS_REF ":%s", tracking);
	struct oid theirs = { "" };
	bool found, lost = true;
	struct error *err = ref_fetch(repo, remote, refspec, SPOKEN, &found);
	if (!err && found)
		err = repo_ref(repo, tracking, &theirs);
	for (unsigned attempt = 0; !err && theirs.hex[0] && lost && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause(attempt);
		err = take_in(repo, &theirs, &lost);
	}
	if (!err && theirs.hex[0] && lost)
		err = error_new(ERROR_CONFLICT, "other processes keep changing " HOURS_REF);
	free(tracking);
	free(refspec);
	return err;
}

/* Whether the remote is known to have all of ours. */
static bool was_pushed(struct repo *repo, const char *tracking, const struct oid *tip)
{
	struct oid there = { "" };
	error_free(repo_ref(repo, tracking, &there));
	return !strcmp(there.hex, tip->hex);
}

static struct error *push(struct repo *repo, const char *remote)
{
	char *tracking = ref_tracking(repo, remote, "deploy/hours");
	struct error *err = NULL;
	struct oid tip = { "" }, before = { "" };
	bool done = false, lost;
	for (unsigned attempt = 0; !err && !done && attempt < MAX_ATTEMPTS; attempt++) {
		err = repo_ref(repo, HOURS_REF, &tip);
		if (err || !tip.hex[0] || was_pushed(repo, tracking, &tip)) {
			done = true;
			break;
		}
		struct push_try try = { .remote = remote, .ref = HOURS_REF, .object = tip.hex };
		err = ref_push(repo, &try, SPOKEN);
		done = !err && try.outcome != PUSH_BEHIND;
		if (!err && !done && attempt)
			ref_pause(attempt);
		if (!err && !done)
			err = hours_fetch(repo, remote);
	}
	if (!err && done && tip.hex[0] && !was_pushed(repo, tracking, &tip)) {
		/* As `git push` does for branches. */
		error_free(repo_ref(repo, tracking, &before));
		err = ref_update(repo, tracking, &before, &tip, "deploy: push hours", &lost);
	}
	if (!err && !done)
		err = error_with_hint(error_new(ERROR_CONFLICT, "cannot push " SPOKEN " to '%s': it keeps changing there",
						remote), "nothing is lost; the next command pushes it");
	free(tracking);
	return err;
}

/* -- booking ----------------------------------------------------------------------------------- */

static void begin_line(struct json_writer *w, struct buffer *line, const struct running *seen)
{
	json_writer_init(w, line, false);
	json_begin_object(w);
	json_put_string(w, "instance", seen->instance);
	json_put_integer(w, "from", seen->from);
}

static void add_description(struct strmap *lines, const struct running *seen)
{
	struct buffer line = BUFFER_INIT;
	struct json_writer w;
	begin_line(&w, &line, seen);
	json_put_string(&w, "environment", seen->environment);
	if (seen->type)
		json_put_string(&w, "type", seen->type);
	if (seen->region)
		json_put_string(&w, "region", seen->region);
	if (seen->at_most)
		json_put_integer(&w, "at_most", seen->at_most);
	if (seen->usd_hour >= 0)
		json_put_number(&w, "usd_hour", seen->usd_hour);
	if (seen->spot)
		json_put_bool(&w, "spot", true);
	json_end_object(&w);
	strmap_add(lines, line.data, line.len);
	buffer_release(&line);
}

static void add_date(struct strmap *lines, const struct running *seen, const char *key, int64_t date)
{
	struct buffer line = BUFFER_INIT;
	struct json_writer w;
	begin_line(&w, &line, seen);
	json_put_integer(&w, key, date);
	json_end_object(&w);
	strmap_add(lines, line.data, line.len);
	buffer_release(&line);
}

static const struct running *find(const struct hours *h, const struct running *seen)
{
	for (size_t i = 0; i < h->nr; i++)
		if (h->items[i].from == seen->from && !strcmp(h->items[i].instance, seen->instance))
			return &h->items[i];
	return NULL;
}

/* The lines that the ledger lacks to know what was SEEN. */
static void add_news(struct strmap *lines, const struct hours *h, const struct running *seen, bool runs)
{
	const struct running *known = find(h, seen);
	int64_t own = seen->at_most ? seen->from + seen->at_most : 0;
	if (!known && !runs && !own)
		return;
	if (!known)
		add_description(lines, seen);
	int64_t until = known ? known->until : own;
	if (runs && seen->until && until && until < seen->until)
		add_date(lines, seen, "seen", seen->until);
	else if (!runs && (!until || seen->until < until))
		add_date(lines, seen, "until", seen->until);
}

static void write_message(struct buffer *out, const struct running *seen, bool runs)
{
	buffer_addf(out, "%s: %s ", seen->environment, seen->instance);
	buffer_addstr(out, runs ? "runs since " : "has stopped at ");
	date_add(out, runs ? seen->from : seen->until);
}

/* One attempt; *LOST when another process was faster. */
static struct error *book(struct repo *repo, const struct running *seen, bool runs, bool *lost)
{
	struct strmap lines = STRMAP_INIT;
	struct hours known = { 0 };
	struct files files = { 0 };
	struct oid tip = { "" }, made;
	struct buffer text = BUFFER_INIT_MAX(HOURS_MAX_FILE), message = BUFFER_INIT;
	char *name = month_file(seen->from);
	*lost = false;
	struct error *err = repo_ref(repo, HOURS_REF, &tip);
	if (!err)
		err = read_commit(repo, &tip, &known);
	if (!err)
		add_news(&lines, &known, seen, runs);
	if (err || !lines.nr)
		goto out;
	err = list_files(repo, &tip, &files);
	if (!err)
		err = read_lines(repo, &files, name, &lines);
	write_lines(&text, &lines);
	if (!err)
		err = buffer_check(&text, SPOKEN);
	write_message(&message, seen, runs);
	struct ref_file file = { name, slice_of(&text) };
	struct ref_commit commit = { .parents = &tip, .nr_parents = tip.hex[0] ? 1 : 0, .files = &file,
				     .nr_files = 1, .message = message.data };
	if (!err)
		err = ref_commit(repo, &commit, &made);
	if (!err)
		err = ref_update(repo, HOURS_REF, &tip, &made, "deploy: book hours", lost);
out:
	strmap_release(&lines, NULL);
	hours_release(&known);
	files_release(&files);
	buffer_release(&text);
	buffer_release(&message);
	free(name);
	return err;
}

struct error *hours_see(struct repo *repo, const char *remote, const struct running *seen, bool runs)
{
	bool lost = true;
	struct error *err = NULL;
	if (!is_name(seen->instance) || !is_name(seen->environment) || !is_date(seen->from) ||
	    (!runs && !is_date(seen->until)))
		return error_new(ERROR_GENERIC, "hours of '%s' cannot be booked: it is not known since when it ran",
				 seen->instance ? seen->instance : "?");
	for (unsigned attempt = 0; !err && lost && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause(attempt);
		err = book(repo, seen, runs, &lost);
	}
	if (!err && lost)
		err = error_new(ERROR_CONFLICT, "other processes keep changing " HOURS_REF);
	if (!err && remote)
		err = push(repo, remote);
	return error_context(err, "cannot book the hours of %s", seen->instance);
}

struct error *hours_see_instance(struct repo *repo, const char *remote, const struct deploy_config *config,
				 const struct deploy_environment *env, const char *region,
				 const struct instance *instance, int64_t now)
{
	bool runs = !strcmp(instance->state, "running") || !strcmp(instance->state, "pending");
	double usd = price_hour(repo, instance->type, region, instance->spot, NULL);
	struct running seen = {
		.environment = env->name, .instance = instance->id, .type = instance->type, .region = (char *)region,
		.from = instance->launched, .until = now, .at_most = (int64_t)config->uptime_minutes * 60,
		.usd_hour = usd < 0 ? usd : usd + price_address_hour(), .spot = instance->spot,
	};
	if (!runs && instance->stopped && instance->stopped <= now) {
		/* Nobody need have seen it run: how long it did is told. */
		seen.until = instance->stopped;
		seen.at_most = seen.at_most ? seen.at_most : seen.until - seen.from + 1;
	}
	return hours_see(repo, remote, &seen, runs);
}

/* -- adding up --------------------------------------------------------------------------------- */

void hours_add_up(const struct hours *h, const char *environment, int64_t from, int64_t until, int64_t now,
		  struct hours_sum *out)
{
	*out = (struct hours_sum){ 0 };
	for (size_t i = 0; i < h->nr; i++) {
		const struct running *r = &h->items[i];
		if (environment && strcmp(r->environment, environment))
			continue;
		bool lasts = !r->until || r->until > now;
		int64_t begin = r->from > from ? r->from : from, end = lasts ? now : r->until;
		end = end < until ? end : until;
		if (lasts && r->from <= now)
			out->running++;
		if (end <= begin)
			continue;
		double hours = (double)(end - begin) / 3600;
		out->hours += hours;
		if (r->usd_hour < 0)
			out->unpriced += hours;
		else
			out->usd += hours * r->usd_hour;
	}
}

void hours_month(const struct hours *h, const char *environment, int64_t now, double *hours, double *usd)
{
	int64_t from, until;
	struct hours_sum sum;
	hours_month_span(now, &from, &until);
	hours_add_up(h, environment, from, until, now, &sum);
	*hours = sum.hours;
	*usd = sum.usd;
}

enum hours_verdict hours_judge(const struct deploy_config *config, double month_usd, double usd_hour,
			       double *hours_left)
{
	double left = config->stop_usd - month_usd;
	*hours_left = -1;
	if (config->stop_usd >= 0 && left <= 0) {
		*hours_left = 0;
		return HOURS_STOP;
	}
	if (config->stop_usd >= 0 && usd_hour > 0)
		*hours_left = left / usd_hour;
	return config->warn_usd >= 0 && month_usd >= config->warn_usd ? HOURS_WARN : HOURS_FINE;
}
