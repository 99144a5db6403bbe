#include "base/memory.h"
#include "review/record.h"
#include "review/stored.h"

void past_finding_release(struct past_finding *past)
{
	free(past->id);
	free(past->rule);
	free(past->subject);
	free(past->title);
	free(past->path);
	free(past->quote);
	strings_free(past->reviewers, past->nr_reviewers);
	memset(past, 0, sizeof(*past));
}

static void release_past(struct run *r)
{
	free(r->previous);
	for (size_t i = 0; i < r->nr_past; i++)
		past_finding_release(&r->past[i]);
	free(r->past);
}

void run_take_past(struct run *r, struct run *from)
{
	release_past(r);
	r->previous = from->previous;
	r->previous_date = from->previous_date;
	r->past = from->past;
	r->nr_past = from->nr_past;
	from->previous = NULL;
	from->past = NULL;
	from->nr_past = 0;
}

void run_release(struct run *r)
{
	free(r->program_version);
	free(r->content_id);
	free(r->paper);
	free(r->title);
	strings_free(r->manuscripts, r->nr_manuscripts);
	for (size_t i = 0; i < r->nr_reviewers; i++) {
		free(r->reviewers[i].reviewer);
		free(r->reviewers[i].outcome);
		free(r->reviewers[i].message);
	}
	free(r->reviewers);
	strings_free(r->unread, r->nr_unread);
	for (size_t i = 0; i < r->nr_histories; i++)
		free(r->histories[i].reviewer);
	free(r->histories);
	release_past(r);
	memset(r, 0, sizeof(*r));
}

void stored_put_past(struct json_writer *w, const struct past_finding *p)
{
	json_begin_object(w);
	json_put_string(w, "id", p->id);
	json_put_string(w, "rule", p->rule);
	json_put_string(w, "subject", p->subject);
	json_put_string(w, "severity", severity_name(p->severity));
	json_put_string(w, "title", p->title ? p->title : "");
	stored_put_path(w, "path", p->path);
	json_put_integer(w, "line", (int64_t)p->line);
	json_put_string(w, "quote", p->quote);
	stored_put_list(w, "reviewers", p->reviewers, p->nr_reviewers);
	json_end_object(w);
}

void stored_put_past_list(struct json_writer *w, const char *key, const struct past_finding *const *past,
			  size_t nr)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < nr; i++)
		stored_put_past(w, past[i]);
	json_end_array(w);
}

void stored_put_run_lists(struct json_writer *w, const struct run *r)
{
	json_key(w, "manuscripts");
	json_begin_array(w);
	for (size_t i = 0; i < r->nr_manuscripts; i++)
		stored_put_path_item(w, r->manuscripts[i]);
	json_end_array(w);
	json_key(w, "reviewers");
	json_begin_array(w);
	for (size_t i = 0; i < r->nr_reviewers; i++) {
		json_begin_object(w);
		json_put_string(w, "reviewer", r->reviewers[i].reviewer);
		json_put_string(w, "outcome", r->reviewers[i].outcome);
		json_put_string(w, "message", r->reviewers[i].message);
		json_end_object(w);
	}
	json_end_array(w);
	stored_put_list(w, "unread", r->unread, r->nr_unread);
}

/* Left out when there is none, as in runs from before. */
static void put_histories(struct json_writer *w, const struct run *r)
{
	if (!r->nr_histories)
		return;
	json_key(w, "score_histories");
	json_begin_array(w);
	for (size_t i = 0; i < r->nr_histories; i++) {
		json_begin_object(w);
		json_put_string(w, "reviewer", r->histories[i].reviewer);
		json_put_integer(w, "papers", r->histories[i].papers);
		json_put_number(w, "mean", r->histories[i].mean);
		json_put_number(w, "deviation", r->histories[i].deviation);
		json_end_object(w);
	}
	json_end_array(w);
}

static struct error *get_history(const cJSON *o, const char *what, void *item)
{
	struct score_history *h = item;
	struct error *err;
	if ((err = stored_get_string(o, "reviewer", what, &h->reviewer)) ||
	    (err = stored_get_range(o, "papers", what, 0, STORED_MAX_INTEGER, &h->papers)) ||
	    (err = json_get_number(o, "mean", what, &h->mean)))
		return err;
	return json_get_number(o, "deviation", what, &h->deviation);
}

static struct error *get_histories(const cJSON *root, const char *what, struct run *r)
{
	void *items = NULL;
	if (!cJSON_HasObjectItem(root, "score_histories"))
		return NULL;
	struct error *err = stored_get_array(root, "score_histories", what, &items,
					     &r->nr_histories, sizeof(*r->histories), get_history);
	r->histories = items;
	return err;
}

void run_write(struct buffer *out, const struct run *r)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", RUN_FORMAT);
	json_put_string(&w, "program_version", r->program_version);
	json_put_string(&w, "content_id", r->content_id);
	stored_put_path(&w, "paper", r->paper);
	json_put_string(&w, "title", r->title);
	json_put_integer(&w, "date", r->date);
	stored_put_run_lists(&w, r);
	put_histories(&w, r);
	json_put_string(&w, "previous", r->previous);
	json_put_integer(&w, "previous_date", r->previous_date);
	json_key(&w, "past");
	json_begin_array(&w);
	for (size_t i = 0; i < r->nr_past; i++)
		stored_put_past(&w, &r->past[i]);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
}

static struct error *get_manuscripts(const cJSON *root, const char *what, struct run *r)
{
	struct error *err = stored_get_list(root, "manuscripts", what, &r->manuscripts,
					    &r->nr_manuscripts);

	for (size_t i = 0; !err && i < r->nr_manuscripts; i++) {
		char *path = NULL;
		if (!(err = stored_path(r->manuscripts[i], "manuscripts", what, &path))) {
			free(r->manuscripts[i]);
			r->manuscripts[i] = path;
		}
	}
	return err;
}

static struct error *get_reviewer(const cJSON *o, const char *what, void *item)
{
	struct run_reviewer *r = item;
	struct error *err;

	if ((err = stored_get_string(o, "reviewer", what, &r->reviewer)) ||
	    (err = stored_get_string(o, "outcome", what, &r->outcome)))
		return err;
	return stored_get_string_or_null(o, "message", what, &r->message);
}

struct error *stored_get_past(const cJSON *o, const char *what, struct past_finding *p)
{
	struct error *err;
	int severity;
	int64_t line;

	if ((err = stored_get_string(o, "id", what, &p->id)) ||
	    (err = stored_get_string_or_null(o, "rule", what, &p->rule)) ||
	    (err = stored_get_string_or_null(o, "subject", what, &p->subject)) ||
	    (err = stored_get_name(o, "severity", what, stored_severity, &severity)) ||
	    (err = stored_get_string(o, "title", what, &p->title)) ||
	    (err = stored_get_path(o, "path", what, &p->path)) ||
	    (err = stored_get_range(o, "line", what, 0, STORED_MAX_INTEGER, &line)) ||
	    (err = stored_get_string_or_null(o, "quote", what, &p->quote)))
		return err;
	p->severity = (enum severity)severity;
	p->line = (size_t)line;
	return NULL;
}

static struct error *get_past(const cJSON *o, const char *what, void *item)
{
	struct past_finding *p = item;
	struct error *err = stored_get_past(o, what, p);

	return err ? err : stored_get_list(o, "reviewers", what, &p->reviewers, &p->nr_reviewers);
}

struct error *run_parse(struct run *out, struct slice text, const char *what)
{
	cJSON *root = NULL;
	int64_t format;
	struct error *err = stored_open(&root, text, what, RUN_FORMAT, &format);
	void *reviewers = NULL, *past = NULL;

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if ((err = stored_get_string(root, "program_version", what, &out->program_version)) ||
	    (err = stored_get_string(root, "content_id", what, &out->content_id)) ||
	    (err = stored_get_path(root, "paper", what, &out->paper)) ||
	    (err = stored_get_string_or_null(root, "title", what, &out->title)) ||
	    (err = stored_get_range(root, "date", what, 0, STORED_MAX_DATE, &out->date)) ||
	    (err = get_manuscripts(root, what, out)) ||
	    (err = get_histories(root, what, out)) ||
	    (err = stored_get_list(root, "unread", what, &out->unread, &out->nr_unread)) ||
	    (err = stored_get_string_or_null(root, "previous", what, &out->previous)) ||
	    (err = stored_get_range(root, "previous_date", what, 0, STORED_MAX_DATE,
				    &out->previous_date)))
		goto out;
	err = stored_get_array(root, "reviewers", what, &reviewers, &out->nr_reviewers,
			sizeof(*out->reviewers), get_reviewer);
	out->reviewers = reviewers;
	if (err)
		goto out;
	err = stored_get_array(root, "past", what, &past, &out->nr_past, sizeof(*out->past),
			       get_past);
	out->past = past;
out:
	cJSON_Delete(root);
	if (err)
		run_release(out);
	return err;
}
