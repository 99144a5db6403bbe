/* Statuses, the one comment, and reviews. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "forge/internal.h"
#include "net/retry.h"

#define MAX_ROUNDS 3
/* Bytes of an id in a marker. */
#define MAX_ID 200

/* -- statuses ------------------------------------------------------------------------------------------------- */

struct status_search {
	const struct forge_operations *operations;
	const char *context, *state, *description, *url;
	bool same;
};

/* Of a context the first counts: the newest. */
static bool compare_status(const cJSON *item, void *data)
{
	struct status_search *s = data;
	if (strcmp(json_string_or(item, s->operations->context_key, ""), s->context) != 0)
		return true;
	const char *state = json_string_or(item, "state", json_string_or(item, "status", ""));
	s->same = !strcmp(state, s->state) && !strcmp(json_string_or(item, "description", ""), s->description) &&
		  !strcmp(json_string_or(item, "target_url", ""), s->url ? s->url : "");
	return false;
}

static struct error *look_for_status(struct forge *f, const char *commit, struct status_search *s)
{
	char *path = f->operations->statuses(f, commit, s->context);
	struct error *err = forge_list(f, path, f->operations->statuses_key, "read the statuses", compare_status, s);
	free(path);
	return err;
}

static struct error *post_status(struct forge *f, const char *commit, const struct status_search *s)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "state", s->state);
	json_put_string(&w, f->operations->context_key, s->context);
	json_put_string(&w, "description", s->description);
	if (s->url)
		json_put_string(&w, "target_url", s->url);
	json_end_object(&w);
	struct error *err = forge_tell(f, "POST", xstrfmt("%s/statuses/%s", f->root, commit), &body,
				       "set the status of the commit");
	buffer_release(&body);
	return err;
}

struct error *forge_set_status(struct forge *f, const char *commit, const char *context, enum status_state state,
			       const char *description, const char *url)
{
	struct buffer line = BUFFER_INIT, words = BUFFER_INIT;
	if (!forge_is_commit(commit))
		return error_new(ERROR_USAGE, "'%s' is no id of a commit", commit);
	text_for_terminal(&line, description, strlen(description), false);
	forge_cut(&words, line.data, FORGE_MAX_DESCRIPTION, false);
	struct status_search s = { f->operations, context, f->operations->states[state], words.data, url, false };
	struct error *err = look_for_status(f, commit, &s);
	if (!err && !s.same)
		err = post_status(f, commit, &s);
	buffer_release(&line);
	buffer_release(&words);
	return err;
}

/* -- who we are ------------------------------------------------------------------------------------------------ */

struct error *forge_who(struct forge *f)
{
	static const long apps[] = { 403, 0 };
	struct forge_answer a;
	if (f->user_known)
		return NULL;
	struct error *err = forge_send(f, "GET", xstrdup(f->operations->user_path), NULL, "see whose token it is", &a);
	const char *name = err ? NULL : json_string_or(a.json, f->operations->user_key, NULL);
	/* The tokens of apps, that of Actions among them, belong to no user. */
	if (err && f->site.kind == FORGE_GITHUB && f->token.header && !error_is(err, ERROR_LIMIT))
		f->is_app = forge_refused(&err, &a, apps);
	else if (!err && (!name || !*name))
		err = error_new(ERROR_NETWORK, "%s does not say whose token it is", f->site.host);
	f->user = name ? xstrdup(name) : NULL;
	f->user_known = !err;
	forge_answer_release(&a);
	return err;
}

/* Nobody but apps that were let into the repository can be a bot there. */
static bool is_ours(const struct forge *f, const struct note *note)
{
	return f->user ? !strcasecmp(note->author, f->user) : f->is_app && note->bot;
}

/* -- the one comment ------------------------------------------------------------------------------------------- */

struct comment_search {
	const struct forge *forge;
	const char *marker, *body;
	int64_t id; /* 0: none */
	bool same;
};

static bool consider(const struct note *note, void *data)
{
	struct comment_search *s = data;
	if (!is_ours(s->forge, note) || !starts_with(note->body, s->marker))
		return true;
	s->id = note->id;
	s->same = forge_same_text(note->body, s->body);
	return false;
}

struct error *forge_set_comment(struct forge *f, int64_t number, const char *marker, const char *body,
				enum comment_outcome *outcome)
{
	struct buffer text = BUFFER_INIT;
	struct error *last = NULL, *err = forge_who(f);
	forge_body(&text, body, FORGE_MAX_BODY);
	*outcome = COMMENT_UNCHANGED;
	for (unsigned round = 1; !err; round++) {
		struct comment_search s = { f, marker, text.data, 0, false };
		bool unsure = false;
		err = f->operations->comments(f, number, consider, &s);
		if (err || s.same)
			break;
		if (s.id) {
			err = f->operations->edit_comment(f, number, s.id, text.data);
			*outcome = err ? COMMENT_UNCHANGED : COMMENT_UPDATED;
			break;
		}
		error_free(last);
		last = f->operations->add_comment(f, number, text.data, &unsure);
		*outcome = last ? COMMENT_UNCHANGED : COMMENT_WRITTEN;
		if (!last || !unsure || round == MAX_ROUNDS) {
			err = last;
			last = NULL;
			break;
		}
		f->delay_ms = f->settings.retry_ms ? f->settings.retry_ms : RETRY_FIRST_MS;
	}
	if (!err && last)
		*outcome = COMMENT_WRITTEN; /* though its answer was lost */
	error_free(last);
	buffer_release(&text);
	return err;
}

/* -- reviews --------------------------------------------------------------------------------------------------- */

static const char marker_start[] = "<!-- git-scrutiny: ", marker_end[] = " -->";

/* What a marker has: nothing that would end it. */
static char *marker_id(const char *id)
{
	struct buffer out = BUFFER_INIT;
	size_t len = strlen(id);
	text_percent(&out, (struct slice){ id, len < MAX_ID ? len : MAX_ID }, ":/");
	return buffer_detach(&out, NULL);
}

struct said {
	const struct forge *forge;
	struct strmap ids;
};

static bool note_said(const struct note *note, void *data)
{
	struct said *s = data;
	const char *at = is_ours(s->forge, note) ? strstr(note->body, marker_start) : NULL;
	for (const char *next = at; next; next = strstr(next + 1, marker_start))
		at = next; /* the last one is ours, whatever was quoted before */
	const char *id = at ? at + strlen(marker_start) : NULL, *end = id ? strstr(id, marker_end) : NULL;
	if (end && end - id <= 3 * MAX_ID)
		strmap_add(&s->ids, id, (size_t)(end - id));
	return true;
}

/* Whether a forge would make a mention, a reference or an address of what follows P: a backslash keeps none of them
 * from doing so. */
static bool begins_link(const char *start, const char *p)
{
	if (strchr("@#!&", *p))
		return ascii_alnum((unsigned char)p[1]);
	if (*p == ':')
		return p[1] == '/';
	if (p[1] == '-')
		return p > start && !strncasecmp(p - 1, "GH", 2);
	return p[1] == '.' && p - start >= 2 && !strncasecmp(p - 2, "www", 3);
}

/* TITLE is plain text among Markdown. */
static void add_plain(struct buffer *out, const char *title)
{
	struct buffer line = BUFFER_INIT;
	text_for_terminal(&line, title, strlen(title), false);
	for (const char *p = line.data; *p; p++) {
		if (strchr("\\`*_{}[]()#+!|<>~@&", *p))
			buffer_addch(out, '\\');
		buffer_addch(out, *p);
		if (begins_link(line.data, p))
			buffer_addstr(out, "&#8203;"); /* a space without a width */
	}
	buffer_release(&line);
}

static char *inline_body(const struct annotation *a)
{
	struct buffer text = BUFFER_INIT, out = BUFFER_INIT;
	char *id = marker_id(a->id);
	if (a->title && *a->title) {
		buffer_addstr(&text, "**");
		add_plain(&text, a->title);
		buffer_addstr(&text, "**\n\n");
	}
	buffer_addstr(&text, a->message ? a->message : "");
	forge_body(&out, text.data, FORGE_MAX_BODY - 4 * MAX_ID);
	buffer_addf(&out, "\n\n%s%s%s", marker_start, id, marker_end);
	free(id);
	buffer_release(&text);
	return buffer_detach(&out, NULL);
}

struct review {
	struct forge *forge;
	int64_t number;
	const char *commit, *body;
	const struct annotation **todo;
	char **bodies;
	size_t nr;
	size_t posted;
	bool body_sent;
};

/* A line that is not in the diff has its whole batch refused: halves tell which. */
static struct error *post(struct review *r, size_t from, size_t nr, bool *unsure)
{
	struct forge *f = r->forge;
	struct error *err = f->operations->add_review(f, r->number, r->commit, r->body_sent ? "" : r->body,
						      r->todo + from, r->bodies + from, nr, unsure);
	if (!err) {
		r->posted += nr;
		r->body_sent = true;
		return NULL;
	}
	if (!error_is(err, ERROR_SYNTAX))
		return err;
	if (nr == 1 && r->nr == 1)
		return err; /* nothing else would tell */
	error_free(err);
	if (nr == 1)
		return NULL;
	err = post(r, from, nr / 2, unsure);
	return err ? err : post(r, from + nr / 2, nr - nr / 2, unsure);
}

static struct error *post_all(struct review *r, bool *unsure)
{
	unsigned batch = r->forge->operations->batch;
	struct error *err = NULL;
	for (size_t from = 0; from < r->nr && !err; from += batch)
		err = post(r, from, r->nr - from < batch ? r->nr - from : batch, unsure);
	return err;
}

/* Leaves in R those that were not said yet. */
static void choose(struct review *r, const struct annotation *annotations, size_t nr, struct said *said)
{
	for (size_t i = 0; i < nr; i++) {
		char *id = marker_id(annotations[i].id);
		if (strmap_add(&said->ids, id, strlen(id))) {
			r->bodies[r->nr] = inline_body(&annotations[i]);
			r->todo[r->nr++] = &annotations[i];
		}
		free(id);
	}
}

struct error *forge_add_review(struct forge *f, int64_t number, const char *commit, const char *body,
			       const struct annotation *annotations, size_t nr, size_t *posted)
{
	struct error *err = nr ? forge_who(f) : NULL;
	bool body_sent = false;
	size_t wanted = 0;
	*posted = 0;
	if (!err && !forge_is_commit(commit))
		err = error_new(ERROR_USAGE, "'%s' is no id of a commit", commit);
	for (unsigned round = 1; !err && nr && round <= MAX_ROUNDS; round++) {
		struct said said = { f, STRMAP_INIT };
		struct review r = { .forge = f, .number = number, .commit = commit, .body = body ? body : "",
				    .body_sent = body_sent };
		bool unsure = false;
		r.todo = xcalloc(nr, sizeof(struct annotation *));
		r.bodies = xcalloc(nr, sizeof(*r.bodies));
		err = f->operations->inline_comments(f, number, note_said, &said);
		if (!err) {
			choose(&r, annotations, nr, &said);
			wanted = round == 1 ? r.nr : wanted;
			*posted = wanted - r.nr; /* with those whose answer was lost */
			err = post_all(&r, &unsure);
		}
		*posted += r.posted;
		body_sent = r.body_sent;
		strmap_release(&said.ids, NULL);
		strings_free(r.bodies, r.nr);
		free(r.todo);
		if (!err || !unsure || round == MAX_ROUNDS)
			break;
		/* Some of it may be there: those are found, and not said twice. */
		error_free(err);
		err = NULL;
		f->delay_ms = f->settings.retry_ms ? f->settings.retry_ms : RETRY_FIRST_MS;
	}
	return err;
}
