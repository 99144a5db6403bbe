#include "review/batches.h"

#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/trace.h"
#include "review/stored.h"

#define SHELF "batches"
#define INTENT_FORMAT 1

void outstanding_release(struct outstanding *o)
{
	for (size_t i = 0; i < o->nr; i++) {
		free(o->entries[i].request);
		free(o->entries[i].content_id);
		free(o->entries[i].paper);
		free(o->entries[i].author);
		free(o->entries[i].task);
	}
	free(o->entries);
	free(o->tag);
	free(o->reviewer);
	free(o->schema);
	free(o->id);
	*o = (struct outstanding){ 0 };
}

void outstanding_add(struct outstanding *o, const struct batch_entry *e)
{
	ALLOC_GROW(o->entries, o->nr, o->alloc);
	o->entries[o->nr++] = (struct batch_entry){
		.request = xstrdup(e->request),
		.content_id = xstrdup(e->content_id),
		.paper = xstrdup(e->paper),
		.author = e->author ? xstrdup(e->author) : NULL,
		.task = xstrdup(e->task),
		.part = e->part,
		.parts = e->parts,
	};
}

void outstanding_spending_id(const char *tag, const char *request, char out[BATCH_SPENDING_DIGITS + 1])
{
	char hex[SHA256_HEX_SIZE + 1];
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, tag, strlen(tag));
	sha256_update(&h, request, strlen(request));
	sha256_final_hex(&h, hex);
	memcpy(out, hex, BATCH_SPENDING_DIGITS);
	out[BATCH_SPENDING_DIGITS] = '\0';
}

/* -- writing -------------------------------------------------------------------------------------- */

static struct error *put(struct records *store, const char *tag, const char *name, struct buffer *text)
{
	buffer_addch(text, '\n');
	char *path = xstrfmt(SHELF "/%s/%s.json", tag, name);
	struct error *err = buffer_check(text, "what is remembered of a batch");
	if (!err)
		err = records_shelf_put(store, path, slice_of(text));
	free(path);
	buffer_release(text);
	return err;
}

static struct error *put_string(struct records *store, const char *tag, const char *name, const char *key,
				const char *value)
{
	struct buffer text = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &text, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", INTENT_FORMAT);
	json_put_string(&w, key, value);
	json_end_object(&w);
	return put(store, tag, name, &text);
}

struct error *batches_put_intent(struct records *store, const struct outstanding *o)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct json_writer w;
	json_writer_init(&w, &text, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", INTENT_FORMAT);
	json_put_string(&w, "reviewer", o->reviewer);
	json_put_integer(&w, "date", o->date);
	json_put_string(&w, "schema", o->schema);
	json_put_bool(&w, "routed", o->routed);
	json_key(&w, "requests");
	json_begin_array(&w);
	for (size_t i = 0; i < o->nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "request", o->entries[i].request);
		json_put_string(&w, "content_id", o->entries[i].content_id);
		stored_put_path(&w, "paper", o->entries[i].paper);
		json_put_string(&w, "author", o->entries[i].author);
		json_put_string(&w, "task", o->entries[i].task);
		json_put_integer(&w, "part", o->entries[i].part);
		json_put_integer(&w, "parts", o->entries[i].parts);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	return put(store, o->tag, "intent", &text);
}

struct error *batches_put_sent(struct records *store, const char *tag, const char *id)
{
	return put_string(store, tag, "sent", "id", id);
}

struct error *batches_put_done(struct records *store, const char *tag, const char *outcome)
{
	return put_string(store, tag, "done", "outcome", outcome);
}

/* -- reading -------------------------------------------------------------------------------------- */

static struct error *get_entry(const cJSON *o, const char *what, void *item)
{
	struct batch_entry *e = item;
	struct error *err;
	if ((err = stored_get_string(o, "request", what, &e->request)) ||
	    (err = stored_get_string(o, "content_id", what, &e->content_id)) ||
	    (err = stored_get_path(o, "paper", what, &e->paper)) ||
	    (err = stored_get_string_or_null(o, "author", what, &e->author)) ||
	    (err = stored_get_string(o, "task", what, &e->task)) ||
	    (err = stored_get_range(o, "part", what, 0, STORED_MAX_INTEGER, &e->part)) ||
	    (err = stored_get_range(o, "parts", what, 0, STORED_MAX_INTEGER, &e->parts)))
		return err;
	if (!e->paper || !hex_is(e->request, BATCH_ID_DIGITS) || !hex_is(e->content_id, SHA256_HEX_SIZE))
		return error_new(ERROR_SYNTAX, "%s: a request or its paper has no name", what);
	return NULL;
}

static struct error *parse_intent(struct outstanding *out, struct slice text, const char *what)
{
	cJSON *root = NULL;
	int64_t format;
	void *items = NULL;
	struct error *err = stored_open(&root, text, what, INTENT_FORMAT, &format);
	if (!err)
		err = stored_get_string(root, "reviewer", what, &out->reviewer);
	if (!err)
		err = stored_get_range(root, "date", what, 0, STORED_MAX_DATE, &out->date);
	if (!err)
		err = stored_get_string(root, "schema", what, &out->schema);
	if (!err)
		err = stored_get_bool(root, "routed", what, &out->routed);
	if (!err) {
		err = stored_get_array(root, "requests", what, &items, &out->nr, sizeof(struct batch_entry),
				       get_entry);
		out->entries = items;
		out->alloc = out->nr;
	}
	cJSON_Delete(root);
	return err;
}

static struct error *parse_sent(struct outstanding *out, struct slice text, const char *what)
{
	cJSON *root = NULL;
	int64_t format;
	char *id = NULL;
	struct error *err = stored_open(&root, text, what, INTENT_FORMAT, &format);
	if (!err)
		err = stored_get_string(root, "id", what, &id);
	if (!err && !batch_id_is_safe(id))
		err = error_new(ERROR_SYNTAX, "%s: the id of the batch is none", what);
	if (err)
		free(id);
	else
		out->id = id;
	cJSON_Delete(root);
	return err;
}

static struct error *read_file(struct records *store, struct outstanding *out, const char *name,
			       struct error *(*parse)(struct outstanding *out, struct slice text,
						      const char *what))
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	char *path = xstrfmt(SHELF "/%s/%s.json", out->tag, name);
	struct error *err = records_shelf_read(store, path, &text);
	if (!err)
		err = parse(out, slice_of(&text), path);
	buffer_release(&text);
	free(path);
	return err;
}

static void add_waiting(struct batches *b, const struct outstanding *o)
{
	for (size_t i = 0; i < o->nr; i++) {
		char *key = xstrfmt("%s %s", o->entries[i].content_id, o->entries[i].request);
		strmap_add(&b->waiting, key, strlen(key));
		free(key);
	}
}

/* Files of other clones may hold anything: a batch that cannot be read is none. */
static void load_one(struct batches *b, struct records *store, const char *tag, bool sent)
{
	struct outstanding o = { .tag = xstrdup(tag) };
	struct error *err = read_file(store, &o, "intent", parse_intent);
	if (!err && sent)
		err = read_file(store, &o, "sent", parse_sent);
	if (err) {
		trace_printf("leaving out a batch: %s", err->message);
		error_free(err);
		outstanding_release(&o);
		return;
	}
	add_waiting(b, &o);
	b->items[b->nr++] = o;
}

static bool has_file(const struct strmap *paths, const char *tag, const char *name)
{
	char *path = xstrfmt(SHELF "/%s/%s.json", tag, name);
	bool has = strmap_has(paths, path, strlen(path));
	free(path);
	return has;
}

/* The tag in "batches/<tag>/<name>", where NAME is "/intent.json"; malloc'd, or NULL. */
static char *tag_of(const char *path, const char *name)
{
	const char *rest;
	if (!skip_prefix(path, SHELF "/", &rest) || !ends_with(rest, name))
		return NULL;
	char *tag = xmemdupz(rest, strlen(rest) - strlen(name));
	if (hex_is(tag, BATCH_TAG_DIGITS))
		return tag;
	free(tag);
	return NULL;
}

struct error *batches_load(struct batches *out, struct records *store)
{
	struct strmap set = STRMAP_INIT;
	char **paths = NULL;
	*out = (struct batches){ .waiting = STRMAP_INIT };
	struct error *err = records_shelf_list(store, SHELF, &paths, &out->nr_files);
	if (err)
		return err;
	out->items = xcalloc(out->nr_files + 1, sizeof(*out->items));
	for (size_t i = 0; i < out->nr_files; i++)
		strmap_add(&set, paths[i], strlen(paths[i]));
	for (size_t i = 0; i < out->nr_files; i++) {
		char *tag = tag_of(paths[i], "/intent.json");
		if (tag && !has_file(&set, tag, "done"))
			load_one(out, store, tag, has_file(&set, tag, "sent"));
		free(tag);
	}
	strmap_release(&set, NULL);
	strings_free(paths, out->nr_files);
	return NULL;
}

void batches_release(struct batches *b)
{
	for (size_t i = 0; i < b->nr; i++)
		outstanding_release(&b->items[i]);
	free(b->items);
	strmap_release(&b->waiting, NULL);
	*b = (struct batches){ .waiting = STRMAP_INIT };
}

struct error *batches_refresh(struct batches *b, struct records *store)
{
	char **paths = NULL;
	size_t nr = 0;
	struct error *err = records_shelf_list(store, SHELF, &paths, &nr);
	if (err)
		return err;
	strings_free(paths, nr);
	if (nr == b->nr_files)
		return NULL;
	batches_release(b);
	return batches_load(b, store);
}

bool batches_wait_for(const struct batches *b, const char *content_id, const char *request)
{
	char *key = xstrfmt("%s %s", content_id, request);
	bool waits = strmap_has(&b->waiting, key, strlen(key));
	free(key);
	return waits;
}

struct error *batches_known_ids(struct strmap *ids, struct records *store)
{
	char **paths = NULL;
	size_t nr = 0;
	struct error *err = records_shelf_list(store, SHELF, &paths, &nr);
	for (size_t i = 0; i < nr && !err; i++) {
		struct outstanding o = { .tag = tag_of(paths[i], "/sent.json") };
		struct error *bad = o.tag ? read_file(store, &o, "sent", parse_sent) : NULL;
		if (o.id)
			strmap_add(ids, o.id, strlen(o.id));
		error_free(bad); /* it names no batch */
		outstanding_release(&o);
	}
	strings_free(paths, nr);
	return err;
}
