#include "review/record.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "review/stored.h"

/* -- strings and paths ---------------------------------------------------------------------- */

/*
 * git's paths are bytes, JSON's strings are Unicode. A byte that is no UTF-8, and the percent sign
 * itself, is written as %XX; everything else as it is.
 */
void stored_put_path_item(struct json_writer *w, const char *path)
{
	struct buffer b = BUFFER_INIT;

	if (!path) {
		json_null(w);
		return;
	}
	for (size_t left = strlen(path), n; left; left -= n, path += n) {
		uint32_t cp;
		n = utf8_decode(path, left, &cp);
		if (*path == '%' || (n == 1 && (unsigned char)*path >= 0x80))
			buffer_addf(&b, "%%%02X", (unsigned)(unsigned char)*path);
		else
			buffer_add(&b, path, n);
	}
	json_string_n(w, b.data, b.len);
	buffer_release(&b);
}

void stored_put_path(struct json_writer *w, const char *key, const char *path)
{
	json_key(w, key);
	stored_put_path_item(w, path);
}

static int hex_value(char c)
{
	if (ascii_digit((unsigned char)c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Paths of records end up in links and annotations: they stay inside the repository. */
static bool path_is_inside(const char *path)
{
	if (*path == '/')
		return false;
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
	}
	return true;
}

struct error *stored_path(const char *encoded, const char *key, const char *what, char **out)
{
	struct buffer b = BUFFER_INIT;

	for (const char *p = encoded; *p; p++) {
		int high = *p == '%' ? hex_value(p[1]) : -1;
		int low = high >= 0 ? hex_value(p[2]) : -1;
		if (low >= 0 && (high || low)) {
			buffer_addch(&b, (char)(high * 16 + low));
			p += 2;
		} else {
			buffer_addch(&b, *p);
		}
	}
	char *path = buffer_detach(&b, NULL);
	if (!path_is_inside(path)) {
		free(path);
		return error_new(ERROR_SYNTAX, "%s: '%s' leads out of the repository", what, key);
	}
	*out = path;
	return NULL;
}

struct error *stored_get_path(const cJSON *object, const char *key, const char *what, char **out)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
	const char *s;
	struct error *err;

	*out = NULL;
	if (cJSON_IsNull(value))
		return NULL;
	if ((err = json_get_string(object, key, what, &s)))
		return err;
	return stored_path(s, key, what, out);
}

struct error *stored_get_string(const cJSON *object, const char *key, const char *what, char **out)
{
	const char *s;
	struct error *err = json_get_string(object, key, what, &s);

	*out = err ? NULL : xstrdup(s);
	return err;
}

struct error *stored_get_string_or_null(const cJSON *object, const char *key, const char *what,
					char **out)
{
	*out = NULL;
	if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, key)))
		return NULL;
	return stored_get_string(object, key, what, out);
}

struct error *stored_get_name(const cJSON *object, const char *key, const char *what,
			      bool (*parse)(const char *name, int *value), int *out)
{
	const char *s;
	struct error *err = json_get_string(object, key, what, &s);

	*out = 0;
	if (!err && !parse(s, out))
		err = error_new(ERROR_SYNTAX, "%s: '%s' cannot be '%.40s'", what, key, s);
	return err;
}

struct error *stored_get_bool(const cJSON *object, const char *key, const char *what, bool *out)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsBool(value))
		return error_new(ERROR_SYNTAX, value ? "%s: '%s' is not true or false"
						     : "%s: '%s' is missing", what, key);
	*out = cJSON_IsTrue(value);
	return NULL;
}

struct error *stored_get_range(const cJSON *object, const char *key, const char *what, int64_t low,
			       int64_t high, int64_t *out)
{
	struct error *err = json_get_integer(object, key, what, out);

	if (!err && (*out < low || *out > high))
		err = error_new(ERROR_SYNTAX, "%s: '%s' is out of range", what, key);
	return err;
}

static struct error *get_size(const cJSON *object, const char *key, const char *what, size_t *out)
{
	int64_t value;
	struct error *err = stored_get_range(object, key, what, 0, STORED_MAX_INTEGER, &value);

	*out = err ? 0 : (size_t)value;
	return err;
}

/* NULL in JSON stands for UNKNOWN (-1). */
static struct error *get_tokens(const cJSON *object, const char *key, const char *what,
				int64_t *out)
{
	*out = -1;
	if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, key)))
		return NULL;
	return stored_get_range(object, key, what, 0, STORED_MAX_INTEGER, out);
}

void stored_put_tokens(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	if (value < 0)
		json_null(w);
	else
		json_integer(w, value);
}

static struct error *get_fraction(const cJSON *object, const char *key, const char *what,
				  double high, double *out)
{
	struct error *err = json_get_number(object, key, what, out);

	if (!err && !(*out >= 0 && *out <= high))
		err = error_new(ERROR_SYNTAX, "%s: '%s' is out of range", what, key);
	return err;
}

struct error *stored_get_array(const cJSON *root, const char *key, const char *what, void **items,
			      size_t *nr, size_t size,
			      struct error *(*get)(const cJSON *o, const char *what, void *item))
{
	const cJSON *array, *item;
	size_t alloc = 0;
	struct error *err = json_get_array(root, key, what, &array);

	if (err)
		return err;
	cJSON_ArrayForEach(item, array) {
		if (*nr >= RECORD_MAX_FINDINGS)
			return error_new(ERROR_LIMIT, "%s: '%s' has more than %d items", what, key,
					 RECORD_MAX_FINDINGS);
		if (*nr == alloc) {
			alloc = alloc ? 2 * alloc : 8;
			*items = xreallocarray(*items, alloc, size);
		}
		void *slot = (char *)*items + (*nr)++ * size;
		memset(slot, 0, size);
		char *place = xstrfmt("%s: %s %zu", what, key, *nr);
		err = get(item, place, slot);
		free(place);
		if (err)
			return err;
	}
	return NULL;
}

void stored_put_list(struct json_writer *w, const char *key, char *const *items, size_t nr)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < nr; i++)
		json_string(w, items[i]);
	json_end_array(w);
}

struct error *stored_get_list(const cJSON *object, const char *key, const char *what, char ***items,
			      size_t *nr)
{
	const cJSON *array, *item;
	struct error *err = json_get_array(object, key, what, &array);
	size_t alloc = 0;

	if (err)
		return err;
	cJSON_ArrayForEach(item, array) {
		if (!cJSON_IsString(item))
			return error_new(ERROR_SYNTAX, "%s: an item of '%s' is not a string", what,
					 key);
		if (*nr >= STORED_MAX_LIST)
			return error_new(ERROR_LIMIT, "%s: '%s' has more than %d items", what, key,
					 STORED_MAX_LIST);
		ALLOC_GROW(*items, *nr, alloc);
		(*items)[(*nr)++] = xstrdup(item->valuestring);
	}
	return NULL;
}

bool stored_severity(const char *name, int *value)
{
	enum severity severity;
	if (!severity_parse(name, &severity))
		return false;
	*value = (int)severity;
	return true;
}

static bool stored_grounding(const char *name, int *value)
{
	enum grounding grounding;
	if (!grounding_parse(name, &grounding))
		return false;
	*value = (int)grounding;
	return true;
}

struct error *stored_open(cJSON **root, struct slice text, const char *what, int64_t newest,
			  int64_t *format)
{
	struct error *err = json_parse(root, text, what);

	if (err)
		return err;
	if (!cJSON_IsObject(*root))
		err = error_new(ERROR_SYNTAX, "%s: not an object", what);
	else if (!(err = json_get_integer(*root, "format", what, format)) && *format > newest)
		err = error_with_hint(error_new(ERROR_UNSUPPORTED, "%s was written by a newer git scrutiny (format %lld)",
						what, (long long)*format),
				      "upgrade git scrutiny");
	else if (!err && *format < 1)
		err = error_new(ERROR_SYNTAX, "%s: there is no format %lld", what, (long long)*format);
	if (err) {
		cJSON_Delete(*root);
		*root = NULL;
	}
	return err;
}

/* -- findings ------------------------------------------------------------------------------- */

void stored_put_finding(struct json_writer *w, const struct finding *f)
{
	json_put_string(w, "rule", f->rule);
	json_put_string(w, "severity", severity_name(f->severity));
	json_put_string(w, "title", f->title ? f->title : "");
	json_put_string(w, "why", f->why);
	json_put_string(w, "suggestion", f->suggestion);
	json_put_string(w, "quote", f->quote);
	json_put_string(w, "subject", f->subject);
	if (f->location)
		json_put_string(w, "location", f->location);
	if (f->unsupported)
		json_put_string(w, "unsupported_number", f->unsupported);
	json_put_number(w, "confidence", f->confidence);
	json_put_bool(w, "uncertain", f->uncertain);
	json_put_string(w, "grounding", grounding_name(f->grounding));
	stored_put_path(w, "path", f->path);
	json_put_integer(w, "line", (int64_t)f->line);
	json_put_integer(w, "column", (int64_t)f->column);
	json_put_integer(w, "end_line", (int64_t)f->end_line);
	json_put_integer(w, "end_column", (int64_t)f->end_column);
	json_put_integer(w, "start", (int64_t)f->start);
	json_put_integer(w, "end", (int64_t)f->end);
}

/* What most findings do without: only of those that have one it is written. */
static struct error *get_if_there(const cJSON *o, const char *key, const char *what, char **out)
{
	*out = NULL;
	if (!cJSON_HasObjectItem(o, key))
		return NULL;
	return stored_get_string(o, key, what, out);
}

struct error *stored_get_finding(const cJSON *o, const char *what, void *item)
{
	struct finding *f = item;
	struct error *err;
	int severity, grounding;

	if ((err = stored_get_string_or_null(o, "rule", what, &f->rule)) ||
	    (err = stored_get_name(o, "severity", what, stored_severity, &severity)) ||
	    (err = stored_get_string(o, "title", what, &f->title)) ||
	    (err = stored_get_string_or_null(o, "why", what, &f->why)) ||
	    (err = stored_get_string_or_null(o, "suggestion", what, &f->suggestion)) ||
	    (err = stored_get_string_or_null(o, "quote", what, &f->quote)) ||
	    (err = stored_get_string_or_null(o, "subject", what, &f->subject)) ||
	    (err = get_if_there(o, "location", what, &f->location)) ||
	    (err = get_if_there(o, "unsupported_number", what, &f->unsupported)) ||
	    (err = get_fraction(o, "confidence", what, 1, &f->confidence)) ||
	    (err = stored_get_bool(o, "uncertain", what, &f->uncertain)) ||
	    (err = stored_get_name(o, "grounding", what, stored_grounding, &grounding)) ||
	    (err = stored_get_path(o, "path", what, &f->path)) ||
	    (err = get_size(o, "line", what, &f->line)) ||
	    (err = get_size(o, "column", what, &f->column)) ||
	    (err = get_size(o, "end_line", what, &f->end_line)) ||
	    (err = get_size(o, "end_column", what, &f->end_column)) ||
	    (err = get_size(o, "start", what, &f->start)) ||
	    (err = get_size(o, "end", what, &f->end)))
		return err;
	if (f->end < f->start)
		return error_new(ERROR_SYNTAX, "%s: 'end' lies before 'start'", what);
	f->severity = (enum severity)severity;
	f->grounding = (enum grounding)grounding;
	return NULL;
}

/* -- records -------------------------------------------------------------------------------- */

void record_release(struct record *r)
{
	free(r->reviewer);
	free(r->version);
	free(r->family);
	free(r->content_id);
	for (size_t i = 0; i < r->nr_tasks; i++) {
		free(r->tasks[i].name);
		free(r->tasks[i].version);
		free(r->tasks[i].words);
	}
	free(r->tasks);
	free(r->rubric);
	strings_free(r->requests, r->nr_requests);
	free(r->summary);
	assessment_release(&r->assessment);
	metadata_free(r->metadata);
	finding_list_release(&r->findings);
	memset(r, 0, sizeof(*r));
}

bool record_has_task(const struct record *r, const char *task)
{
	for (size_t i = 0; i < r->nr_tasks; i++)
		if (!strcmp(r->tasks[i].name, task))
			return true;
	return false;
}

bool record_is_adjudication(const struct record *r)
{
	return r->nr_tasks == 1 && !strcmp(r->tasks[0].name, "adjudication");
}

void record_add_task(struct record *r, const char *task, const char *version, const char *words)
{
	struct record_task *t = NULL;
	for (size_t i = 0; i < r->nr_tasks && !t; i++)
		if (!strcmp(r->tasks[i].name, task))
			t = &r->tasks[i];
	if (!t) {
		r->tasks = xreallocarray(r->tasks, r->nr_tasks + 1, sizeof(*r->tasks));
		t = &r->tasks[r->nr_tasks++];
		*t = (struct record_task){ .name = xstrdup(task) };
	}
	free(t->version);
	free(t->words);
	t->version = version ? xstrdup(version) : NULL;
	t->words = words ? xstrdup(words) : NULL;
}

void record_put_tasks(struct json_writer *w, const struct record *r)
{
	json_key(w, "tasks");
	json_begin_array(w);
	for (size_t i = 0; i < r->nr_tasks; i++) {
		json_begin_object(w);
		json_put_string(w, "name", r->tasks[i].name);
		json_put_string(w, "version", r->tasks[i].version);
		json_put_string(w, "words", r->tasks[i].words);
		json_end_object(w);
	}
	json_end_array(w);
	json_put_string(w, "rubric", r->rubric);
}

static struct error *get_task(const cJSON *o, const char *what, void *item)
{
	struct record_task *t = item;
	struct error *err = stored_get_string(o, "name", what, &t->name);
	if (!err)
		err = stored_get_string_or_null(o, "version", what, &t->version);
	return err ? err : stored_get_string_or_null(o, "words", what, &t->words);
}

void record_write(struct buffer *out, const struct record *r)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", RECORD_FORMAT);
	json_put_string(&w, "reviewer", r->reviewer);
	json_put_string(&w, "version", r->version);
	json_put_string(&w, "family", r->family);
	json_put_string(&w, "content_id", r->content_id);
	json_put_integer(&w, "date", r->date);
	record_put_tasks(&w, r);
	stored_put_list(&w, "requests", r->requests, r->nr_requests);
	stored_put_tokens(&w, "input_tokens", r->input_tokens);
	stored_put_tokens(&w, "output_tokens", r->output_tokens);
	json_key(&w, "cost_usd");
	if (r->cost_usd < 0)
		json_null(&w);
	else
		json_number(&w, r->cost_usd);
	json_put_string(&w, "summary", r->summary);
	assessment_put(&w, &r->assessment);
	metadata_put(&w, r->metadata);
	json_key(&w, "findings");
	json_begin_array(&w);
	for (size_t i = 0; i < r->findings.nr; i++) {
		json_begin_object(&w);
		stored_put_finding(&w, &r->findings.items[i]);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
}

static struct error *get_cost(const cJSON *object, const char *what, double *out)
{
	*out = -1;
	if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, "cost_usd")))
		return NULL;
	return get_fraction(object, "cost_usd", what, 1e9, out);
}

/* What came with format 2. A model's record before that answered the one task there was. */
static struct error *get_tasks(const cJSON *root, int64_t format, const char *what, struct record *out)
{
	void *items = NULL;
	if (format < 2) {
		if (strcmp(out->reviewer, "builtin"))
			record_add_task(out, "review", NULL, NULL);
		return NULL;
	}
	struct error *err = stored_get_array(root, "tasks", what, &items, &out->nr_tasks,
					     sizeof(*out->tasks), get_task);
	out->tasks = items;
	if (!err)
		err = stored_get_string_or_null(root, "rubric", what, &out->rubric);
	if (!err)
		err = metadata_get(root, what, &out->metadata);
	return err ? err : assessment_get(root, what, &out->assessment);
}

struct error *record_parse(struct record *out, struct slice text, const char *what)
{
	cJSON *root = NULL;
	void *findings = NULL;
	int64_t format;
	struct error *err = stored_open(&root, text, what, RECORD_FORMAT, &format);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if ((err = stored_get_string(root, "reviewer", what, &out->reviewer)) ||
	    (err = stored_get_string_or_null(root, "version", what, &out->version)) ||
	    (err = stored_get_string(root, "family", what, &out->family)) ||
	    (err = stored_get_string(root, "content_id", what, &out->content_id)) ||
	    (err = stored_get_range(root, "date", what, 0, STORED_MAX_DATE, &out->date)) ||
	    (err = get_tasks(root, format, what, out)) ||
	    (err = stored_get_list(root, "requests", what, &out->requests, &out->nr_requests)) ||
	    (err = get_tokens(root, "input_tokens", what, &out->input_tokens)) ||
	    (err = get_tokens(root, "output_tokens", what, &out->output_tokens)) ||
	    (err = get_cost(root, what, &out->cost_usd)) ||
	    (err = stored_get_string_or_null(root, "summary", what, &out->summary)))
		goto out;
	err = stored_get_array(root, "findings", what, &findings, &out->findings.nr,
			       sizeof(*out->findings.items), stored_get_finding);
	out->findings.items = findings;
	out->findings.alloc = out->findings.nr;
out:
	cJSON_Delete(root);
	if (err)
		record_release(out);
	return err;
}

/* Any two reviewers get different names; the hash tells apart what the replaced bytes would not. */
void record_name(struct buffer *out, const char *reviewer, const char *builtin_version)
{
	char hex[SHA256_HEX_SIZE + 1];

	if (!strcmp(reviewer, "builtin")) {
		buffer_addf(out, "builtin-%s.json", builtin_version);
		return;
	}
	for (const char *p = reviewer; *p && p < reviewer + 80; p++) {
		bool plain =
			ascii_alnum((unsigned char)*p) || *p == '-' || (*p == '.' && p > reviewer);
		buffer_addch(out, plain ? *p : '_');
	}
	sha256_hex(reviewer, strlen(reviewer), hex);
	buffer_addf(out, "-%.8s.json", hex);
}

/* -- replies -------------------------------------------------------------------------------- */

void reply_release(struct reply *r)
{
	free(r->request);
	free(r->reviewer);
	free(r->task);
	free(r->outcome);
	free(r->answer);
	free(r->served_model);
	memset(r, 0, sizeof(*r));
}

void reply_write(struct buffer *out, const struct reply *r)
{
	struct json_writer w;
	/* a NUL cannot be read back, and no answer that means anything holds one */
	char *answer = xmemdupz(r->answer ? r->answer : "", r->answer_len);
	for (size_t i = 0; i < r->answer_len; i++)
		answer[i] = answer[i] ? answer[i] : '?';

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", REPLY_FORMAT);
	json_put_string(&w, "request", r->request);
	json_put_string(&w, "reviewer", r->reviewer);
	json_put_integer(&w, "date", r->date);
	json_put_string(&w, "task", r->task ? r->task : "review");
	json_put_string(&w, "outcome", r->outcome);
	json_put_string(&w, "served_model", r->served_model);
	stored_put_tokens(&w, "input_tokens", r->input_tokens);
	stored_put_tokens(&w, "output_tokens", r->output_tokens);
	stored_put_tokens(&w, "cached_tokens", r->cached_tokens);
	stored_put_tokens(&w, "cache_write_tokens", r->cache_write_tokens);
	stored_put_tokens(&w, "reasoning_tokens", r->reasoning_tokens);
	json_put_integer(&w, "part", r->part);
	json_put_integer(&w, "parts", r->parts);
	json_put_integer(&w, "attempts", r->attempts);
	json_put_bool(&w, "repaired", r->repaired);
	if (r->batch)
		json_put_bool(&w, "batch", true);
	json_key(&w, "answer");
	json_string_n(&w, answer, r->answer_len);
	json_end_object(&w);
	buffer_addch(out, '\n');
	free(answer);
}

/* What came with format 2. */
static struct error *get_new_reply_keys(const cJSON *root, int64_t format, const char *what,
					struct reply *out)
{
	struct error *err;
	out->cache_write_tokens = out->reasoning_tokens = -1;
	if (format < 2) {
		out->task = xstrdup("review");
		return NULL;
	}
	if ((err = stored_get_string(root, "task", what, &out->task)) ||
	    (err = get_tokens(root, "cache_write_tokens", what, &out->cache_write_tokens)))
		return err;
	return get_tokens(root, "reasoning_tokens", what, &out->reasoning_tokens);
}

struct error *reply_parse(struct reply *out, struct slice text, const char *what)
{
	cJSON *root = NULL;
	int64_t format;
	struct error *err = stored_open(&root, text, what, REPLY_FORMAT, &format);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if ((err = stored_get_string(root, "request", what, &out->request)) ||
	    (err = stored_get_string(root, "reviewer", what, &out->reviewer)) ||
	    (err = stored_get_range(root, "date", what, 0, STORED_MAX_DATE, &out->date)) ||
	    (err = stored_get_string(root, "outcome", what, &out->outcome)) ||
	    (err = stored_get_string_or_null(root, "served_model", what, &out->served_model)) ||
	    (err = get_tokens(root, "input_tokens", what, &out->input_tokens)) ||
	    (err = get_tokens(root, "output_tokens", what, &out->output_tokens)) ||
	    (err = get_tokens(root, "cached_tokens", what, &out->cached_tokens)) ||
	    (err = get_new_reply_keys(root, format, what, out)) ||
	    (err = stored_get_range(root, "part", what, 0, STORED_MAX_INTEGER, &out->part)) ||
	    (err = stored_get_range(root, "parts", what, 0, STORED_MAX_INTEGER, &out->parts)) ||
	    (err = stored_get_range(root, "attempts", what, 0, STORED_MAX_INTEGER,
				    &out->attempts)) ||
	    (err = stored_get_bool(root, "repaired", what, &out->repaired)) ||
	    (err = stored_get_string(root, "answer", what, &out->answer)))
		goto out;
	out->answer_len = strlen(out->answer);
	out->batch = json_bool_or(root, "batch", false);
out:
	cJSON_Delete(root);
	if (err)
		reply_release(out);
	return err;
}
