/* Check runs: GitHub's, for apps. */
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "forge/internal.h"

/* What GitHub takes of a request. */
#define MAX_ANNOTATIONS 50
#define MAX_ANNOTATION_TITLE 255
#define MAX_ANNOTATION_MESSAGE 16000

static const char *conclusion_of(enum status_state state)
{
	static const char *const conclusions[] = { NULL, "success", "failure", "failure" };
	return conclusions[state];
}

static void put_plain(struct json_writer *w, const char *key, const char *text, size_t max)
{
	struct buffer out = BUFFER_INIT;
	forge_cut(&out, text ? text : "", max, false);
	json_put_string(w, key, out.data);
	buffer_release(&out);
}

static void put_annotation(struct json_writer *w, const struct annotation *a)
{
	const char *level = !strcmp(a->level, "error") ? "failure" : !strcmp(a->level, "note") ? "notice" : "warning";
	json_begin_object(w);
	json_put_string(w, "path", a->path);
	json_put_integer(w, "start_line", (int64_t)a->line);
	json_put_integer(w, "end_line", (int64_t)(a->end_line > a->line ? a->end_line : a->line));
	json_put_string(w, "annotation_level", level);
	put_plain(w, "message", a->message, MAX_ANNOTATION_MESSAGE);
	if (a->title && *a->title)
		put_plain(w, "title", a->title, MAX_ANNOTATION_TITLE);
	json_end_object(w);
}

struct check {
	struct forge *forge;
	const char *commit, *name, *title, *summary;
	enum status_state state;
	const struct annotation *annotations;
	size_t nr;
	char id[SHA256_HEX_SIZE + 1]; /* of all of it: an equal one need not be made again */
	int64_t number;
	bool same;
};

/* The FROMth annotation and those that fit; the last request settles the check. */
static void put_check(struct check *c, struct buffer *body, size_t from, size_t nr, bool last)
{
	struct json_writer w;
	const char *conclusion = last ? conclusion_of(c->state) : NULL;
	json_writer_init(&w, body, false);
	json_begin_object(&w);
	if (!from) {
		json_put_string(&w, "name", c->name);
		json_put_string(&w, "head_sha", c->commit);
	}
	json_put_string(&w, "status", conclusion ? "completed" : "in_progress");
	if (conclusion)
		json_put_string(&w, "conclusion", conclusion);
	if (last)
		json_put_string(&w, "external_id", c->id);
	json_key(&w, "output");
	json_begin_object(&w);
	put_plain(&w, "title", c->title, MAX_ANNOTATION_TITLE);
	put_plain(&w, "summary", c->summary, FORGE_MAX_BODY);
	json_key(&w, "annotations");
	json_begin_array(&w);
	for (size_t i = from; i < from + nr; i++)
		put_annotation(&w, &c->annotations[i]);
	json_end_array(&w);
	json_end_object(&w);
	json_end_object(&w);
}

static bool consider(const cJSON *item, void *data)
{
	struct check *c = data;
	c->same |= !strcmp(json_string_or(item, "external_id", ""), c->id) &&
		   !strcmp(json_string_or(item, "head_sha", ""), c->commit);
	return !c->same;
}

static struct error *find_check(struct check *c)
{
	char *name = forge_escape(c->name);
	char *path = xstrfmt("%s/commits/%s/check-runs?filter=latest&check_name=%s", c->forge->root, c->commit, name);
	struct error *err = forge_list(c->forge, path, "check_runs", "read the check runs", consider, c);
	free(name);
	free(path);
	return err;
}

/* Of the same bytes the same id. */
static void name_check(struct check *c)
{
	struct buffer all = BUFFER_INIT;
	put_check(c, &all, 0, c->nr, true);
	sha256_hex(all.data, all.len, c->id);
	buffer_release(&all);
}

static struct error *explain(struct error *err, const struct forge_answer *a)
{
	if (a->status != 403 && a->status != 404)
		return err;
	struct error *told = error_new(ERROR_UNSUPPORTED, "%s", err->message);
	error_free(err);
	return error_with_hint(told, "check runs are made with the token of an app, or of a workflow with `checks: write`; "
				     "others set a status");
}

static struct error *send_part(struct check *c, size_t from, size_t nr, bool *unsure)
{
	struct buffer body = BUFFER_INIT;
	struct forge_answer a;
	struct forge *f = c->forge;
	put_check(c, &body, from, nr, from + nr == c->nr);
	char *path = from ? xstrfmt("%s/check-runs/%lld", f->root, (long long)c->number)
			  : xstrfmt("%s/check-runs", f->root);
	struct error *err = forge_send(f, from ? "PATCH" : "POST", path, &body, "make the check run", &a);
	*unsure = a.unsure;
	if (!err && !from)
		c->number = json_integer_or(a.json, "id", 0);
	if (!err && !from && c->number <= 0)
		err = error_new(ERROR_NETWORK, "%s answers with a check run that has no number", f->site.host);
	if (err)
		err = explain(err, &a);
	forge_answer_release(&a);
	buffer_release(&body);
	return err;
}

struct error *forge_set_check(struct forge *f, const char *commit, const char *name, enum status_state state,
			      const char *title, const char *summary, const struct annotation *annotations, size_t nr)
{
	struct check c = { .forge = f, .commit = commit, .name = name, .title = title, .summary = summary,
			   .state = state, .annotations = annotations, .nr = nr };
	bool unsure = false;
	if (f->site.kind != FORGE_GITHUB)
		return error_with_hint(error_new(ERROR_UNSUPPORTED, "%s has no check runs", f->operations->name),
				       "a status says the same");
	if (!forge_is_commit(commit))
		return error_new(ERROR_USAGE, "'%s' is no id of a commit", commit);
	name_check(&c);
	struct error *err = find_check(&c);
	for (size_t from = 0; !err && !c.same; from += MAX_ANNOTATIONS) {
		size_t part = nr - from < MAX_ANNOTATIONS ? nr - from : MAX_ANNOTATIONS;
		err = send_part(&c, from, part, &unsure);
		if (from + part == nr)
			break;
	}
	/* Whether one whose answer was lost is there, and whole, the next run sees by its id. */
	if (err && unsure && !c.same) {
		struct error *again = find_check(&c);
		if (!again && c.same) {
			error_free(err);
			err = NULL;
		}
		error_free(again);
	}
	return err;
}
