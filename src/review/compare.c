#include "review/compare.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "check/check.h"
#include "review/review.h"
#include "review/stored.h"

#define BUILTIN "builtin"

const char *compare_source_name(enum compare_source source)
{
	static const char *const names[] = { "nothing", "checks", "report", "records" };
	return names[source];
}

/* -- from the record store ------------------------------------------------------------------ */

/* *FOUND: there was a review. */
static struct error *load_records(struct compare_side *out, struct records *store,
				  const struct paper *paper, const char *place, bool *found)
{
	struct review review;
	struct error *err = review_load(&review, store, paper->content_id, place);

	*found = false;
	if (error_drop_if(&err, ERROR_NOT_FOUND) || err)
		return err;
	*found = true;
	out->source = COMPARE_RECORDS;
	out->run = review.run;
	out->items = review.items;
	out->nr = review.nr;
	review.items = NULL;
	review.nr = 0;
	memset(&review.run, 0, sizeof(review.run));
	review_release(&review);
	return NULL;
}

/* -- from a report -------------------------------------------------------------------------- */

static struct error *get_reviewer(const cJSON *o, const char *what, void *item)
{
	struct record *r = item;
	struct error *err = stored_get_string(o, "reviewer", what, &r->reviewer);
	r->input_tokens = r->output_tokens = -1;
	r->cost_usd = -1;
	if (!err)
		err = stored_get_string_or_null(o, "version", what, &r->version);
	return err ? err : stored_get_string(o, "family", what, &r->family);
}

/* A voice goes back to the record it is from: RECORDS has those by reviewer. */
static struct error *take_voices(const struct strmap *records, const cJSON *finding,
				 const char *what)
{
	const cJSON *voices, *voice;
	const char *reviewer;
	struct error *err = json_get_array(finding, "voices", what, &voices);

	if (err)
		return err;
	cJSON_ArrayForEach(voice, voices) {
		if ((err = json_get_string(voice, "reviewer", what, &reviewer)))
			return err;
		struct record *r = strmap_get(records, reviewer, strlen(reviewer));
		if (!r)
			return error_new(ERROR_SYNTAX, "%s: '%.80s' has no record", what, reviewer);
		if (r->findings.nr >= RECORD_MAX_FINDINGS)
			return error_new(ERROR_LIMIT, "%s has more than %d findings", what,
					 RECORD_MAX_FINDINGS);
		if ((err = stored_get_finding(voice, what, finding_list_add(&r->findings))))
			return err;
	}
	return NULL;
}

static struct error *take_findings(struct compare_side *out, const cJSON *root, const char *what)
{
	struct strmap records = STRMAP_INIT;
	const cJSON *findings, *finding;
	struct error *err = json_get_array(root, "findings", what, &findings);

	for (size_t i = 0; i < out->nr; i++)
		*strmap_at(&records, out->items[i].reviewer, strlen(out->items[i].reviewer)) =
			&out->items[i];
	if (!err) {
		cJSON_ArrayForEach(finding, findings) {
			if ((err = take_voices(&records, finding, what)))
				break;
		}
	}
	strmap_release(&records, NULL);
	return err;
}

static struct error *parse_report(struct compare_side *out, struct slice json, const char *what,
				  const char *place)
{
	cJSON *root = NULL;
	char *paper = NULL;
	void *items = NULL;
	struct error *err = report_read_past(&out->run, json, what);

	if (!err)
		err = json_parse(&root, json, what);
	if (!err)
		err = stored_get_path(root, "paper", what, &paper);
	if (!err)
		err = stored_get_array(root, "records", what, &items, &out->nr, sizeof(*out->items),
				       get_reviewer);
	out->items = items;
	if (!err)
		err = take_findings(out, root, what);
	if (err)
		goto out;
	for (size_t i = 0; i < out->nr; i++) {
		review_store_paths(&out->items[i].findings, paper ? paper : "");
		review_place_paths(&out->items[i].findings, place);
	}
	out->run.paper = paper;
	paper = NULL;
	review_store_run(&out->run);
	review_place_run(&out->run, place);
	out->source = COMPARE_REPORT;
out:
	free(paper);
	cJSON_Delete(root);
	return err;
}

static struct error *load_report(struct compare_side *out, struct snapshot *snapshot,
				 const struct paper *paper, const char *place, char **complaint)
{
	struct buffer path = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);

	if (strcmp(paper->reported, paper->content_id))
		return NULL;
	buffer_addf(&path, "%s%s%s", paper->path, *paper->path ? "/" : "", REVIEW_REPORT_JSON);
	struct error *err = snapshot_read(snapshot, path.data, &text);
	if (!err)
		err = parse_report(out, slice_of(&text), path.data, place);
	if (err) {
		compare_side_release(out);
		*complaint = xstrdup(err->message);
		error_free(err);
	}
	buffer_release(&path);
	buffer_release(&text);
	return NULL;
}

/* -- from the built-in checks --------------------------------------------------------------- */

static struct record *builtin_of(struct compare_side *side)
{
	for (size_t i = 0; i < side->nr; i++)
		if (!strcmp(side->items[i].reviewer, BUILTIN))
			return &side->items[i];
	return NULL;
}

static void add_record(struct compare_side *side, struct record *r)
{
	side->items = xreallocarray(side->items, side->nr + 1, sizeof(*side->items));
	side->items[side->nr++] = *r;
}

/* The checks of this version on both sides, so that a new rule is no new finding. */
static void run_checks(struct compare_side *out, struct snapshot *snapshot,
		       const struct paper *paper, const char *place)
{
	struct document *documents = xcalloc(paper->nr_manuscripts + 1, sizeof(*documents));
	struct document **readable = xcalloc(paper->nr_manuscripts + 1, sizeof(*readable));
	struct record *old = builtin_of(out);
	char version[16];
	size_t nr = 0;

	snprintf(version, sizeof(version), "%d", CHECK_VERSION);
	bool current = old && old->version && !strcmp(old->version, version);
	for (size_t i = 0; i < paper->nr_manuscripts && !current; i++) {
		struct error *err = document_read(&documents[nr], snapshot, paper,
						  &paper->manuscripts[i]);
		if (err)
			error_free(err);
		else {
			readable[nr] = &documents[nr];
			nr++;
		}
	}
	if (nr) {
		struct record r = { .reviewer = xstrdup(BUILTIN),
				    .version = xstrdup(version),
				    .family = xstrdup(BUILTIN),
				    .content_id = xstrdup(paper->content_id) };
		check_run(&r.findings, readable, nr);
		review_store_paths(&r.findings, paper->path);
		review_place_paths(&r.findings, place);
		if (old) {
			record_release(old);
			*old = r;
		} else {
			add_record(out, &r);
		}
		if (out->source == COMPARE_NOTHING)
			out->source = COMPARE_CHECKS;
	}
	for (size_t i = 0; i < nr; i++)
		document_release(&documents[i]);
	free(documents);
	free(readable);
}

static int by_reviewer(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	return strcmp(x->reviewer, y->reviewer);
}

struct error *compare_side_load(struct compare_side *out, struct records *store,
				struct snapshot *snapshot, const struct paper *paper,
				const char *place, char **complaint)
{
	bool found;

	memset(out, 0, sizeof(*out));
	*complaint = NULL;
	struct error *err = load_records(out, store, paper, place, &found);
	if (!err && !found)
		err = load_report(out, snapshot, paper, place, complaint);
	if (err) {
		compare_side_release(out);
		return err;
	}
	run_checks(out, snapshot, paper, place);
	if (out->nr)
		qsort(out->items, out->nr, sizeof(*out->items), by_reviewer);
	out->records = xcalloc(out->nr + 1, sizeof(*out->records));
	for (size_t i = 0; i < out->nr; i++)
		out->records[i] = &out->items[i];
	free(out->run.paper);
	out->run.paper = xstrdup(place);
	free(out->run.content_id);
	out->run.content_id = xstrdup(paper->content_id);
	return NULL;
}

void compare_side_release(struct compare_side *side)
{
	for (size_t i = 0; i < side->nr; i++)
		record_release(&side->items[i]);
	free(side->items);
	free(side->records);
	run_release(&side->run);
	memset(side, 0, sizeof(*side));
}

/* -- both ----------------------------------------------------------------------------------- */

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* What C found becomes the past of RUN. */
static void remember(struct run *run, const struct consensus *c)
{
	run->past = xcalloc(c->nr + 1, sizeof(*run->past));
	for (size_t i = 0; i < c->nr; i++) {
		const struct consensus_finding *f = &c->findings[i];
		struct past_finding *p = &run->past[run->nr_past++];
		*p = (struct past_finding){ .id = copy(f->id),
					    .rule = copy(f->lead.rule),
					    .subject = copy(f->lead.subject),
					    .title = copy(f->lead.title),
					    .path = copy(f->lead.path),
					    .line = f->lead.line,
					    .quote = copy(f->lead.quote),
					    .severity = f->severity };
		p->reviewers = xcalloc(f->nr_voices + 1, sizeof(*p->reviewers));
		for (size_t v = 0; v < f->nr_voices; v++)
			p->reviewers[p->nr_reviewers++] = copy(f->voices[v].record->reviewer);
	}
}

void comparison_make(struct comparison *c)
{
	struct consensus before;

	consensus_make(&before, c->before.records, c->before.nr, &c->before.run);
	c->run.paper = xstrdup(c->path ? c->path : c->was);
	c->run.previous = copy(c->before.run.content_id);
	remember(&c->run, &before);
	consensus_make(&c->consensus, c->after.records, c->after.nr, &c->run);
	consensus_release(&before);
}

void comparison_release(struct comparison *c)
{
	consensus_release(&c->consensus);
	run_release(&c->run);
	compare_side_release(&c->before);
	compare_side_release(&c->after);
}

int comparison_worst(const struct comparison *c)
{
	int worst = -1;

	for (size_t i = 0; i < c->consensus.nr; i++) {
		const struct consensus_finding *f = &c->consensus.findings[i];
		if (f->history == HISTORY_NEW && f->bucket == BUCKET_VERIFIED &&
		    (int)f->severity > worst)
			worst = (int)f->severity;
	}
	return worst;
}
