#include "review/review.h"

#include <stdio.h>

#include "base/date.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "check/check.h"
#include "meta/meta.h"
#include "review/record_merge.h"

#define BUILTIN "builtin"

void review_builtin_name(struct buffer *out)
{
	char version[16];
	snprintf(version, sizeof(version), "%d", CHECK_VERSION);
	record_name(out, BUILTIN, version);
}

static bool is_record_name(const char *name)
{
	return strcmp(name, REVIEW_RUN_NAME) && !starts_with(name, "replies/") &&
	       ends_with(name, ".json");
}

/* Damaged, and kept only so that nothing is lost: a run has told of it and asked anew. */
static bool is_aside(struct records *store, const char *content_id, const char *name, const struct buffer *text,
		     const struct error *err)
{
	if (!error_is(err, ERROR_SYNTAX) && !error_is(err, ERROR_LIMIT))
		return false;
	return strchr(name, '~') || records_is_set_aside(store, content_id, name, slice_of(text));
}

static struct error *load_record(struct review *review, struct records *store,
				 const char *content_id, const char *name)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct record *r = &review->items[review->nr];
	struct error *err = records_read(store, content_id, name, &text);
	if (!err) {
		char *what = xstrfmt("record %.12s/%s", content_id, name);
		err = record_parse(r, slice_of(&text), what);
		free(what);
	}
	if (!err) {
		review_place_paths(&r->findings, review->run.paper);
		review->nr++;
	} else if (is_aside(store, content_id, name, &text, err)) {
		trace_printf("%s", err->message);
		error_free(err);
		err = NULL;
	} else if (error_is(err, ERROR_SYNTAX)) {
		err = error_with_hint(err, "`git scrutiny run` on that paper reviews it anew");
	}
	buffer_release(&text);
	return err;
}

static struct error *load_records(struct review *review, struct records *store,
				  const char *content_id)
{
	char **names = NULL;
	size_t nr = 0;
	struct error *err = records_list(store, content_id, &names, &nr);
	if (err)
		return err;
	review->items = xreallocarray(review->items, review->nr + nr + 1, sizeof(*review->items));
	for (size_t i = 0; i < nr && !err; i++)
		if (is_record_name(names[i]))
			err = load_record(review, store, content_id, names[i]);
	strings_free(names, nr);
	return err;
}

static void merge_metadata(struct review *review)
{
	struct metadata_voice *voices = xcalloc(review->nr + 1, sizeof(*voices));
	size_t nr = 0;
	for (size_t i = 0; i < review->nr; i++)
		if (review->items[i].metadata)
			voices[nr++] = (struct metadata_voice){ review->items[i].reviewer,
								review->items[i].family,
								review->items[i].metadata };
	metadata_merge(&review->metadata, voices, nr);
	free(voices);
}

static int by_reviewer_and_date(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = strcmp(x->reviewer, y->reviewer);
	if (!order)
		order = (x->date < y->date) - (x->date > y->date);
	if (!order && x->nr_requests && y->nr_requests)
		order = strcmp(x->requests[0], y->requests[0]);
	return order;
}

/* Takes the rulings out from among the reviews. */
static void part_adjudications(struct review *review)
{
	size_t kept = 0, nr = 0, newest = 0;
	review->adjudications = xcalloc(review->nr + 1, sizeof(*review->adjudications));
	for (size_t i = 0; i < review->nr; i++) {
		if (record_is_adjudication(&review->items[i]))
			review->adjudications[nr++] = review->items[i];
		else
			review->items[kept++] = review->items[i];
	}
	review->nr = kept;
	if (nr)
		qsort(review->adjudications, nr, sizeof(*review->adjudications), by_reviewer_and_date);
	for (size_t i = 0; i < nr; i++) {
		struct record *r = &review->adjudications[i];
		if (newest && !strcmp(review->adjudications[newest - 1].reviewer, r->reviewer))
			record_release(r);
		else
			review->adjudications[newest++] = *r;
	}
	review->nr_adjudications = newest;
}

struct error *review_make(struct review *out, struct records *store, struct run *run)
{
	return review_make_with(out, store, run, NULL);
}

struct error *review_make_with(struct review *out, struct records *store, struct run *run, struct record *builtin)
{
	memset(out, 0, sizeof(*out));
	out->run = *run;
	memset(run, 0, sizeof(*run));
	if (builtin) {
		out->items = xcalloc(1, sizeof(*out->items));
		out->items[out->nr++] = *builtin;
		memset(builtin, 0, sizeof(*builtin));
	}
	struct error *err = load_records(out, store, out->run.content_id);
	if (err) {
		review_release(out);
		return err;
	}
	part_adjudications(out);
	out->nr = record_merge_all(out->items, out->nr);
	out->records = xcalloc(out->nr + 1, sizeof(*out->records));
	for (size_t i = 0; i < out->nr; i++)
		out->records[i] = &out->items[i];
	consensus_make(&out->consensus, out->records, out->nr, &out->run);
	merge_metadata(out);
	out->report = (struct report){ &out->run,	     out->records,	 out->nr,
				       &out->consensus, out->adjudications, out->nr_adjudications };
	return NULL;
}

struct error *review_load(struct review *out, struct records *store, const char *content_id,
			  const char *paper)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct run run;
	struct error *err = records_read(store, content_id, REVIEW_RUN_NAME, &text);
	if (!err)
		err = run_parse(&run, slice_of(&text), REVIEW_RUN_NAME);
	buffer_release(&text);
	if (err)
		return err;
	review_place_run(&run, paper);
	return review_make(out, store, &run);
}

void review_release(struct review *review)
{
	consensus_release(&review->consensus);
	metadata_release(&review->metadata);
	for (size_t i = 0; i < review->nr; i++)
		record_release(&review->items[i]);
	free(review->items);
	for (size_t i = 0; i < review->nr_adjudications; i++)
		record_release(&review->adjudications[i]);
	free(review->adjudications);
	free(review->records);
	run_release(&review->run);
	memset(review, 0, sizeof(*review));
}

/* -- writing ---------------------------------------------------------------------------------- */

static void join_path(struct buffer *out, const char *folder, const char *name)
{
	if (*folder)
		buffer_addf(out, "%s/", folder);
	buffer_addstr(out, name);
}

/* Reads what stands at PATH into OLD (empty if nothing does) and writes NEW over it if they
 * differ. */
static struct error *write_if_changed(const char *work_tree, const char *path,
				      const struct buffer *text, struct buffer *written)
{
	struct buffer old = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = file_read_below(work_tree, path, &old);
	bool missing = error_drop_if(&err, ERROR_NOT_FOUND);
	bool too_large = error_drop_if(&err, ERROR_LIMIT);
	bool same = !missing && !too_large && old.len == text->len &&
		    !memcmp(old.data, text->data, text->len);
	if (!err && !same)
		err = file_write_below(work_tree, path, text->data, text->len);
	if (!err)
		buffer_add(written, path, strlen(path) + 1);
	buffer_release(&old);
	return err;
}

/* Replaces TEXT, a meta.yaml with its section, by the same with what the models say in it. */
static struct error *add_metadata(const struct metadata *m, struct buffer *text, const char *path)
{
	const char *tags[METADATA_MERGED_TAGS];
	struct meta_generated generated = { m->description, tags, m->nr_tags, m->scope };
	struct buffer result = BUFFER_INIT;
	if (metadata_is_empty(m))
		return NULL;
	for (size_t i = 0; i < m->nr_tags; i++)
		tags[i] = m->tags[i].name;
	struct error *err = meta_set_generated(&result, slice_of(text), path, &generated);
	if (!err) {
		buffer_reset(text);
		buffer_addbuf(text, &result);
	}
	buffer_release(&result);
	return err;
}

static struct error *write_meta(const struct review *review, const char *work_tree,
				const char *path, const struct meta_initial *initial,
				struct buffer *written)
{
	struct buffer date = BUFFER_INIT;
	date_add(&date, review->run.date);
	const struct consensus *c = &review->consensus;
	struct meta_scrutiny section = {
		.content_id = review->run.content_id,
		.date = date.data,
		.verdict = report_verdict(&review->report),
		.errors = (int64_t)c->counts[SEVERITY_ERROR],
		.warnings = (int64_t)c->counts[SEVERITY_WARNING],
		.notes = (int64_t)c->counts[SEVERITY_NOTE],
		.unverified = (int64_t)c->nr_unverified,
		.report = REVIEW_REPORT_MARKDOWN,
	};
	struct buffer old = BUFFER_INIT_MAX(RECORD_MAX_SIZE), text = BUFFER_INIT;
	struct error *err = file_read_below(work_tree, path, &old);
	error_drop_if(&err, ERROR_NOT_FOUND);
	if (!err)
		err = meta_set_scrutiny(&text, slice_of(&old), path, &section, initial);
	if (!err)
		err = add_metadata(&review->metadata, &text, path);
	if (!err)
		err = write_if_changed(work_tree, path, &text, written);
	buffer_release(&date);
	buffer_release(&old);
	buffer_release(&text);
	return err;
}

struct error *review_check_write(const char *work_tree, const char *paper)
{
	static const char *const names[] = { REVIEW_REPORT_MARKDOWN, REVIEW_REPORT_JSON, META_FILE };
	struct buffer path = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		buffer_reset(&path);
		join_path(&path, paper, names[i]);
		err = file_check_write_below(work_tree, path.data);
	}
	if (!err)
		err = file_read_below(work_tree, path.data, &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err)
		err = meta_check(slice_of(&text), path.data);
	buffer_release(&path);
	buffer_release(&text);
	return err;
}

struct error *review_write(const struct review *review, const char *work_tree, const char *paper,
			   const struct meta_initial *initial, struct buffer *written)
{
	static const struct {
		const char *name;
		void (*make)(struct buffer *out, const struct report *report);
	} files[] = {
		{ REVIEW_REPORT_MARKDOWN, report_markdown },
		{ REVIEW_REPORT_JSON, report_json },
	};
	struct buffer path = BUFFER_INIT, text = BUFFER_INIT;
	struct error *err = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(files) && !err; i++) {
		buffer_reset(&path);
		buffer_reset(&text);
		join_path(&path, paper, files[i].name);
		files[i].make(&text, &review->report);
		err = write_if_changed(work_tree, path.data, &text, written);
	}
	if (!err) {
		buffer_reset(&path);
		join_path(&path, paper, META_FILE);
		err = write_meta(review, work_tree, path.data, initial, written);
	}
	buffer_release(&path);
	buffer_release(&text);
	return err;
}
