#include "review/verify.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "review/review.h"
#include "review/stored.h"

#define REPLIES "replies/"

/* -- the form of one file ---------------------------------------------------------------------- */

/* What a file turned out to be. */
struct found {
	struct error *err;       /* why it is damaged, or NULL */
	int64_t format, newest;
	bool is_reply, is_run;
	char *name;              /* that its contents ask for, without what second answers add */
	struct buffer rewritten; /* in today's format */
};

static void found_release(struct found *f)
{
	error_free(f->err);
	free(f->name);
	buffer_release(&f->rewritten);
}

static struct error *other_content(const char *content_id, const struct records_item *item)
{
	if (!strcmp(content_id, item->place))
		return NULL;
	return error_new(ERROR_SYNTAX, "it is about another content, %.12s", content_id);
}

static void look_at_run(struct found *f, const struct records_item *item)
{
	struct run run;
	f->is_run = true;
	f->newest = RUN_FORMAT;
	f->err = run_parse(&run, item->data, item->name);
	if (f->err)
		return;
	f->err = other_content(run.content_id, item);
	f->name = xstrdup(REVIEW_RUN_NAME);
	run_write(&f->rewritten, &run);
	run_release(&run);
}

static void look_at_reply(struct found *f, const struct records_item *item)
{
	struct reply reply;
	f->is_reply = true;
	f->newest = REPLY_FORMAT;
	f->err = reply_parse(&reply, item->data, item->name);
	if (f->err)
		return;
	bool usable = !strcmp(reply.outcome, "ok");
	f->name = usable ? xstrfmt(REPLIES "%s.json", reply.request)
			 : xstrfmt(REPLIES "%s.%s.json", reply.request, reply.outcome);
	reply_write(&f->rewritten, &reply);
	reply_release(&reply);
}

static void look_at_record(struct found *f, const struct records_item *item)
{
	struct record record;
	struct buffer name = BUFFER_INIT;
	f->newest = RECORD_FORMAT;
	f->err = record_parse(&record, item->data, item->name);
	if (f->err)
		return;
	f->err = other_content(record.content_id, item);
	record_name(&name, record.reviewer, record.version ? record.version : "");
	if (ends_with(item->name, ".partial.json") || strstr(item->name, ".partial~")) {
		buffer_truncate(&name, name.len - strlen(".json"));
		buffer_addstr(&name, ".partial.json");
	} else if (record_is_adjudication(&record)) {
		buffer_truncate(&name, name.len - strlen(".json"));
		buffer_addstr(&name, RECORD_ADJUDICATION_ENDING);
	}
	f->name = buffer_detach(&name, NULL);
	record_write(&f->rewritten, &record);
	record_release(&record);
}

static void look_at(struct found *f, const struct records_item *item)
{
	cJSON *root = NULL;
	*f = (struct found){ .rewritten = BUFFER_INIT };
	if (!strcmp(item->name, REVIEW_RUN_NAME) || starts_with(item->name, "run~"))
		look_at_run(f, item);
	else if (starts_with(item->name, REPLIES))
		look_at_reply(f, item);
	else
		look_at_record(f, item);
	error_free(json_parse(&root, item->data, item->name));
	f->format = root ? json_integer_or(root, "format", f->newest) : f->newest;
	cJSON_Delete(root);
}

/* The part of "a~<hash>.json" that tells its content apart; "" when it is the first of its name. */
static struct slice second_mark(const char *name)
{
	const char *mark = strrchr(name, '~');
	const char *end = mark ? strchr(mark, '.') : NULL;
	return end ? (struct slice){ mark + 1, (size_t)(end - mark - 1) } : (struct slice){ "", 0 };
}

/* NAME without the mark of a second answer. */
static char *first_name(const char *name)
{
	struct slice mark = second_mark(name);
	if (!mark.len)
		return xstrdup(name);
	return xstrfmt("%.*s%s", (int)(mark.data - 1 - name), name, mark.data + mark.len);
}

static bool mark_fits(const struct records_item *item)
{
	char hash[SHA256_HEX_SIZE + 1];
	struct slice mark = second_mark(item->name);
	sha256_hex(item->data.data, item->data.len, hash);
	return mark.len <= SHA256_HEX_SIZE && !memcmp(mark.data, hash, mark.len);
}

/* -- the store --------------------------------------------------------------------------------- */

static void tell(struct verify *v, const char *where, const char *message)
{
	v->problems++;
	v->on_problem(v->data, where, message);
}

static void check_paper_file(struct verify *v, const char *where, const struct records_item *item)
{
	struct found f;
	look_at(&f, item);
	char *name = first_name(item->name);
	bool second = second_mark(item->name).len > 0;
	if (f.err && second && !error_is(f.err, ERROR_UNSUPPORTED))
		v->aside++;
	else if (f.err)
		tell(v, where, f.err->message);
	else if (strcmp(f.name, name) != 0) {
		char *message = xstrfmt("its contents belong under the name '%s'", f.name);
		tell(v, where, message);
		free(message);
	}
	v->older += !f.err && f.format < f.newest;
	free(name);
	found_release(&f);
}

/* On shelves stand JSON values, a line each in ".jsonl". */
static void check_shelf_file(struct verify *v, const char *where, const struct records_item *item)
{
	bool lines = ends_with(item->name, ".jsonl");
	struct slice rest = item->data;
	struct error *err = NULL;
	while (rest.len && !err) {
		const char *newline = lines ? memchr(rest.data, '\n', rest.len) : NULL;
		size_t len = newline ? (size_t)(newline - rest.data) + 1 : rest.len;
		cJSON *root = NULL;
		err = json_parse(&root, (struct slice){ rest.data, len }, item->name);
		cJSON_Delete(root);
		rest.data += len;
		rest.len -= len;
	}
	if (err)
		tell(v, where, err->message);
	error_free(err);
}

static struct error *check_item(const struct records_item *item, void *data)
{
	struct verify *v = data;
	char *where = xstrfmt("%s%s%s", item->place, *item->place ? "/" : "", item->name);
	v->files++;
	if (item->problem)
		tell(v, where, item->problem);
	else if (!mark_fits(item))
		tell(v, where, "its contents are not those it was kept for");
	else if (item->on_shelf)
		check_shelf_file(v, where, item);
	else
		check_paper_file(v, where, item);
	free(where);
	return NULL;
}

struct error *verify_records(struct verify *v, struct records *store)
{
	return records_each(store, check_item, v);
}

/* -- reports ----------------------------------------------------------------------------------- */

/* Whether the report that is there was made by the run that is recorded. */
static bool is_of_run(const struct run *run, const struct buffer *json, const char *path)
{
	struct run there = { 0 };
	struct error *err = report_read_past(&there, slice_of(json), path);
	bool is = err || (!strcmp(there.previous, run->content_id) && there.previous_date == run->date);
	error_free(err);
	run_release(&there);
	return is;
}

static void compare_report(struct verify *v, const char *path, const struct buffer *there,
			   const struct buffer *made)
{
	v->reports++;
	if (there->len != made->len || memcmp(there->data, made->data, made->len) != 0)
		tell(v, path, "it is not what the records give: `git scrutiny report --replay` writes it anew");
}

static struct error *check_report(struct verify *v, struct snapshot *snapshot, const char *folder,
				  const struct review *review)
{
	char *markdown = xstrfmt("%s%s%s", folder, *folder ? "/" : "", REVIEW_REPORT_MARKDOWN);
	char *json = xstrfmt("%s%s%s", folder, *folder ? "/" : "", REVIEW_REPORT_JSON);
	struct buffer there = BUFFER_INIT_MAX(RECORD_MAX_SIZE), made = BUFFER_INIT;
	struct error *err = snapshot_read(snapshot, json, &there);
	if (!err && !is_of_run(&review->run, &there, json)) {
		v->newer_reviews++;
	} else if (!err) {
		report_json(&made, &review->report);
		compare_report(v, json, &there, &made);
		buffer_reset(&there);
		buffer_reset(&made);
		err = snapshot_read(snapshot, markdown, &there);
		report_markdown(&made, &review->report);
		if (!err)
			compare_report(v, markdown, &there, &made);
	}
	error_drop_if(&err, ERROR_NOT_FOUND);
	buffer_release(&there);
	buffer_release(&made);
	free(markdown);
	free(json);
	return err;
}

struct error *verify_reports(struct verify *v, struct records *store, struct snapshot *snapshot,
			     const struct paper_list *papers)
{
	struct error *err = NULL;
	for (size_t i = 0; i < papers->nr && !err; i++) {
		const struct paper *paper = &papers->items[i];
		struct review *review = xcalloc(1, sizeof(*review));
		err = review_load(review, store, paper->content_id, paper->path);
		if (!err) {
			err = check_report(v, snapshot, paper->path, review);
			review_release(review);
		}
		free(review);
		/* What is damaged was told of when the store was gone through. */
		error_drop_if(&err, ERROR_NOT_FOUND);
		error_drop_if(&err, ERROR_SYNTAX);
		error_drop_if(&err, ERROR_LIMIT);
		error_drop_if(&err, ERROR_UNSUPPORTED);
	}
	return err;
}

/* -- older formats ----------------------------------------------------------------------------- */

struct migration {
	struct records_edit *edit;
	size_t nr;
};

static struct error *migrate_item(const struct records_item *item, void *data)
{
	struct migration *m = data;
	struct found f;
	if (item->problem || item->on_shelf || item->journalled || second_mark(item->name).len)
		return NULL;
	look_at(&f, item);
	if (!f.err && f.format < f.newest && !strcmp(f.name, item->name)) {
		struct slice text = slice_of(&f.rewritten);
		records_edit_add(m->edit, item->place, item->name, &text);
		m->nr++;
	}
	found_release(&f);
	return NULL;
}

struct error *verify_migrate(struct records *store, size_t *nr)
{
	struct migration m = { .edit = records_edit_new(store) };
	struct error *err = records_each(store, migrate_item, &m);
	*nr = m.nr;
	if (err) {
		records_edit_free(m.edit);
		return err;
	}
	char *message = xstrfmt("Rewrite %zu records in format %d", m.nr, RECORD_FORMAT);
	err = records_edit_commit(m.edit, message);
	free(message);
	return error_context(err, "cannot migrate the records");
}
