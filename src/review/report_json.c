
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"
#include "review/stored.h"

static void put_date(struct json_writer *w, const char *key, int64_t seconds)
{
	struct buffer b = BUFFER_INIT;

	date_add(&b, seconds);
	json_put_string(w, key, b.data);
	buffer_release(&b);
}

static void put_names(struct json_writer *w, const char *key, const char *const *names, size_t nr)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < nr; i++)
		json_string(w, names[i]);
	json_end_array(w);
}

static void put_head(struct json_writer *w, const struct report *report)
{
	const struct run *run = report->run;
	struct buffer sentence = BUFFER_INIT;

	report_verdict_sentence(&sentence, report);
	json_put_integer(w, "format", REPORT_FORMAT);
	json_put_string(w, "program_version", run->program_version);
	stored_put_path(w, "paper", run->paper);
	json_put_string(w, "title", run->title);
	json_put_string(w, "content_id", run->content_id);
	put_date(w, "date", run->date);
	json_put_string(w, "verdict", report_verdict(report));
	json_put_string(w, "sentence", sentence.data);
	buffer_release(&sentence);
}

static void put_counts(struct json_writer *w, const struct consensus *c)
{
	const struct {
		const char *key;
		size_t value;
	} counts[] = {
		{ "errors", c->counts[SEVERITY_ERROR] },
		{ "warnings", c->counts[SEVERITY_WARNING] },
		{ "notes", c->counts[SEVERITY_NOTE] },
		{ "unverified", c->nr_unverified },
		{ "new", c->nr_new },
		{ "persisting", c->nr - c->nr_new },
		{ "fixed", c->nr_fixed },
		{ "unchecked", c->nr_unchecked },
		{ "remarks", c->nr_voices },
	};
	json_key(w, "counts");
	json_begin_object(w);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		json_put_integer(w, counts[i].key, (int64_t)counts[i].value);
	json_end_object(w);
}

static void put_previous(struct json_writer *w, const struct run *run)
{
	json_key(w, "previous");
	if (!run->previous) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_string(w, "content_id", run->previous);
	put_date(w, "date", run->previous_date);
	json_end_object(w);
}

void report_put_finding(struct json_writer *w, const struct consensus_finding *f)
{
	struct finding lead = f->lead;

	lead.severity = f->severity;
	json_begin_object(w);
	json_put_string(w, "id", f->id);
	json_put_string(w, "bucket", bucket_name(f->bucket));
	json_put_string(w, "history", f->history == HISTORY_NEW ? "new" : "persisting");
	stored_put_finding(w, &lead);
	put_names(w, "families", f->families, f->nr_families);
	put_names(w, "silent", f->silent, f->nr_silent);
	json_key(w, "voices");
	json_begin_array(w);
	for (size_t i = 0; i < f->nr_voices; i++) {
		json_begin_object(w);
		json_put_string(w, "reviewer", f->voices[i].record->reviewer);
		json_put_string(w, "family", f->voices[i].record->family);
		stored_put_finding(w, f->voices[i].finding);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

/* What records of models have had since there are tasks; those from before, and the built-in checks', have
 * nothing to say there. */
static void put_tasks(struct json_writer *w, const struct record *r)
{
	if (!r->nr_tasks)
		return;
	record_put_tasks(w, r);
	if (!assessment_is_empty(&r->assessment))
		assessment_put(w, &r->assessment);
}

static void put_record_keys(struct json_writer *w, const struct record *r)
{
	json_put_string(w, "reviewer", r->reviewer);
	json_put_string(w, "version", r->version);
	json_put_string(w, "family", r->family);
	put_date(w, "date", r->date);
	stored_put_list(w, "requests", r->requests, r->nr_requests);
	stored_put_tokens(w, "input_tokens", r->input_tokens);
	stored_put_tokens(w, "output_tokens", r->output_tokens);
	json_key(w, "cost_usd");
	if (r->cost_usd < 0)
		json_null(w);
	else
		json_number(w, r->cost_usd);
	json_put_string(w, "summary", r->summary);
	put_tasks(w, r);
	json_put_integer(w, "remarks", (int64_t)r->findings.nr);
}

static void put_record(struct json_writer *w, const struct record *r)
{
	json_begin_object(w);
	put_record_keys(w, r);
	json_end_object(w);
}

/* Left out when there was none. */
static void put_adjudications(struct json_writer *w, const struct report *report)
{
	if (!report->nr_adjudications)
		return;
	json_key(w, "adjudications");
	json_begin_array(w);
	for (size_t i = 0; i < report->nr_adjudications; i++) {
		const struct record *r = &report->adjudications[i];
		json_begin_object(w);
		put_record_keys(w, r);
		json_key(w, "rulings");
		json_begin_array(w);
		for (size_t k = 0; k < r->findings.nr; k++) {
			json_begin_object(w);
			stored_put_finding(w, &r->findings.items[k]);
			json_end_object(w);
		}
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

/* Left out when no model scored the paper. */
static void put_overall(struct json_writer *w, const struct report *report)
{
	double value;
	bool relative;
	if (!report_overall(report, &value, &relative))
		return;
	json_key(w, "overall");
	json_begin_object(w);
	json_put_number(w, "value", value);
	json_put_bool(w, "relative", relative);
	json_end_object(w);
}

void report_json(struct buffer *out, const struct report *report)
{
	const struct consensus *c = report->consensus;
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	put_head(&w, report);
	put_counts(&w, c);
	put_previous(&w, report->run);
	put_overall(&w, report);
	json_key(&w, "findings");
	json_begin_array(&w);
	for (size_t i = 0; i < c->nr; i++)
		report_put_finding(&w, &c->findings[i]);
	json_end_array(&w);
	stored_put_past_list(&w, "fixed", c->fixed, c->nr_fixed);
	stored_put_past_list(&w, "unchecked", c->unchecked, c->nr_unchecked);
	stored_put_run_lists(&w, report->run);
	json_key(&w, "records");
	json_begin_array(&w);
	for (size_t i = 0; i < report->nr_records; i++)
		put_record(&w, report->records[i]);
	json_end_array(&w);
	put_adjudications(&w, report);
	json_end_object(&w);
	buffer_addch(out, '\n');
}

/* -- reading the report before -------------------------------------------------------------- */

/* The only form of RFC 3339 that date_add writes. */
static bool parse_date(const char *s, int64_t *out)
{
	struct buffer again = BUFFER_INIT;
	double seconds;
	bool same = date_parse(slice_of_string(s), &seconds) && seconds >= 0;
	if (same) {
		*out = (int64_t)seconds;
		date_add(&again, *out);
		same = !strcmp(again.data, s);
	}
	buffer_release(&again);
	return same;
}

static struct error *get_voice(const cJSON *o, const char *what, void *item)
{
	return stored_get_string(o, "reviewer", what, item);
}

static struct error *get_past(const cJSON *o, const char *what, void *item)
{
	struct past_finding *p = item;
	void *reviewers = NULL;
	struct error *err = stored_get_past(o, what, p);

	if (!err)
		err = stored_get_array(o, "voices", what, &reviewers, &p->nr_reviewers,
				       sizeof(*p->reviewers), get_voice);
	p->reviewers = reviewers;
	return err;
}

struct error *report_read_past(struct run *run, struct slice json, const char *what)
{
	cJSON *root = NULL;
	const char *date;
	char *content_id = NULL;
	struct run read = { 0 };
	void *past = NULL;
	int64_t format;
	struct error *err = stored_open(&root, json, what, REPORT_FORMAT, &format);

	if (err)
		return err;
	err = stored_get_array(root, "findings", what, &past, &read.nr_past, sizeof(*read.past),
			       get_past);
	read.past = past;
	if (err || (err = stored_get_string(root, "content_id", what, &content_id)) ||
	    (err = json_get_string(root, "date", what, &date)))
		goto out;
	if (!parse_date(date, &read.previous_date)) {
		err = error_new(ERROR_SYNTAX, "%s: 'date' is not of the form 2026-01-31T12:00:00Z",
				what);
		goto out;
	}
	read.previous = content_id;
	content_id = NULL;
	run_take_past(run, &read);
out:
	run_release(&read);
	free(content_id);
	cJSON_Delete(root);
	return err;
}
