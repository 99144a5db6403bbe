/* Gitea and Forgejo: where they differ from GitHub. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "forge/internal.h"

#define LABEL_COLOR "#7a7a7a"

/* -- pull requests ------------------------------------------------------------------------------------------ */

struct search {
	struct forge *forge;
	const char *branch, *base;
	struct pull_details *out;
	bool *found;
	int64_t before; /* only those with a number below; 0: any */
	struct error *err;
};

static bool consider(const cJSON *item, void *data)
{
	struct search *s = data;
	const cJSON *head = cJSON_GetObjectItemCaseSensitive(item, "head");
	const cJSON *base = cJSON_GetObjectItemCaseSensitive(item, "base");
	/* The ref of a branch that is gone is the pull request's own. */
	if (strcmp(json_string_or(head, "label", ""), s->branch) != 0 || !hub_is_own(item) ||
	    (s->base && strcmp(json_string_or(base, "ref", ""), s->base) != 0) ||
	    (s->before && json_integer_or(item, "number", 0) >= s->before))
		return true;
	s->err = hub_read_pull(s->forge, item, s->out);
	*s->found = !s->err;
	return false;
}

static struct error *search(struct search *s, const char *state)
{
	char *path = xstrfmt("%s/pulls?state=%s", s->forge->root, state);
	struct error *err = forge_list(s->forge, path, NULL, "look for the pull request", consider, s);
	free(path);
	if (!err)
		return s->err;
	error_free(s->err);
	return err;
}

/* Whether there is, or was, one at all: it need not be the newest. An old server does not know the question. */
static struct error *any(struct forge *f, const char *branch, const char *base, struct pull_details *out, bool *found)
{
	static const long none[] = { 404, 405, 0 };
	struct forge_answer a;
	char *from = forge_escape(branch), *into = forge_escape(base);
	struct error *err = forge_send(f, "GET", xstrfmt("%s/pulls/%s/%s", f->root, into, from), NULL,
				       "look for the pull request", &a);
	*found = !err;
	if (!err)
		err = hub_read_pull(f, a.json, out);
	else if (a.json) /* else it was the server that has no such call */
		forge_refused(&err, &a, none);
	forge_answer_release(&a);
	free(from);
	free(into);
	return err;
}

/* There is no way to ask for those of a branch: all that are open are looked through, and of the others, if there
 * is one at all, the newest. */
static struct error *find(struct forge *f, const char *branch, const char *base, bool open_only,
			  struct pull_details *out, bool *found)
{
	struct search s = { f, branch, base, out, found, 0, NULL };
	struct pull_details first = { 0 };
	struct error *err = NULL;
	bool exists = !base;
	if (base)
		err = any(f, branch, base, &first, &exists);
	if (!err && exists && base && first.pull.state == PULL_OPEN) {
		*out = first;
		*found = true;
		return NULL;
	}
	if (!err && exists)
		err = search(&s, "open");
	if (!err && exists && !*found && !open_only) {
		err = search(&s, "closed");
		if (base && error_drop_if(&err, ERROR_LIMIT)) {
			*out = first;
			*found = true;
			return NULL;
		}
	}
	pull_details_release(&first);
	return err;
}

/* Gitea looks whether there is one, then makes it: two that ask at the same moment get one each. */
static struct error *rival(struct forge *f, const struct pull_wish *wish, int64_t number, struct pull_details *out,
			   bool *found)
{
	struct search s = { f, wish->branch, wish->base, out, found, number, NULL };
	*found = false;
	return search(&s, "open");
}

static struct error *close_pull(struct forge *f, int64_t number)
{
	struct buffer body = BUFFER_INIT;
	buffer_addstr(&body, "{\"state\":\"closed\"}");
	struct error *err = forge_tell(f, "PATCH", xstrfmt("%s/pulls/%lld", f->root, (long long)number), &body,
				       "close the second pull request");
	buffer_release(&body);
	return err;
}

static struct error *open_pull(struct forge *f, const struct pull_wish *wish, struct pull_details *out, bool *unsure,
			       struct buffer *warnings)
{
	struct forge_answer a;
	(void)warnings;
	struct error *err = hub_open(f, wish, false, &a);
	*unsure = a.unsure;
	if (err && a.status == 409)
		err->code = ERROR_EXISTS;
	if (!err)
		err = hub_read_pull(f, a.json, out);
	forge_answer_release(&a);
	return err;
}

/* -- labels: known by their numbers --------------------------------------------------------------------------- */

struct label_search {
	const char *const *names;
	int64_t *ids; /* 0: not seen */
};

static bool note_label(const cJSON *item, void *data)
{
	struct label_search *s = data;
	const char *name = json_string_or(item, "name", "");
	for (size_t i = 0; s->names[i]; i++)
		if (!s->ids[i] && !strcasecmp(s->names[i], name))
			s->ids[i] = json_integer_or(item, "id", 0);
	return true;
}

static struct error *make_label(struct forge *f, const char *name, int64_t *id)
{
	struct buffer body = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "name", name);
	json_put_string(&w, "color", LABEL_COLOR);
	json_end_object(&w);
	struct error *err = forge_send(f, "POST", xstrfmt("%s/labels", f->root), &body, "make a label", &a);
	*id = err ? 0 : json_integer_or(a.json, "id", 0);
	forge_answer_release(&a);
	buffer_release(&body);
	return err;
}

/* Those of the repository, then those of its organisation, if it is one's. */
static struct error *find_labels(struct forge *f, struct label_search *s)
{
	char *own = xstrfmt("%s/labels", f->root);
	char *owner = xmemdupz(f->site.repository, strcspn(f->site.repository, "/")), *escaped = forge_escape(owner);
	char *shared = xstrfmt("/orgs/%s/labels", escaped);
	bool missing = false;
	struct error *err = forge_list(f, own, NULL, "read the labels", note_label, s);
	for (size_t i = 0; s->names[i]; i++)
		missing |= !s->ids[i];
	if (!err && missing) /* a user is no organisation; a token may not see that of others */
		error_free(forge_list(f, shared, NULL, "read the labels", note_label, s));
	free(own);
	free(owner);
	free(escaped);
	free(shared);
	return err;
}

static struct error *put_labels(struct forge *f, int64_t number, const int64_t *ids, size_t nr)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_key(&w, "labels");
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++)
		json_integer(&w, ids[i]);
	json_end_array(&w);
	json_end_object(&w);
	struct error *err = forge_tell(f, "POST", xstrfmt("%s/issues/%lld/labels", f->root, (long long)number), &body,
				       "label the pull request");
	buffer_release(&body);
	return err;
}

static struct error *add_labels(struct forge *f, int64_t number, const char *const *labels)
{
	size_t nr = 0;
	while (labels[nr])
		nr++;
	struct label_search s = { labels, xcalloc(nr + 1, sizeof(int64_t)) };
	struct error *not_made = NULL, *err = find_labels(f, &s);
	size_t known = 0;
	for (size_t i = 0; i < nr && !err; i++) {
		if (!s.ids[i] && !not_made)
			not_made = make_label(f, labels[i], &s.ids[i]);
		if (s.ids[i])
			s.ids[known++] = s.ids[i];
	}
	if (!err && known)
		err = put_labels(f, number, s.ids, known);
	free(s.ids);
	if (!err)
		return not_made;
	error_free(not_made);
	return err;
}

/* -- reviews ---------------------------------------------------------------------------------------------------- */

struct review_list {
	struct forge *forge;
	int64_t number;
	note_fn fn;
	void *data;
	bool enough;
	struct error *err;
};

static bool hand_on(const struct note *note, void *data)
{
	struct review_list *l = data;
	l->enough = !l->fn(note, l->data);
	return !l->enough;
}

static bool read_review(const cJSON *item, void *data)
{
	struct review_list *l = data;
	if (json_integer_or(item, "comments_count", 1) > 0)
		l->err = hub_notes(l->forge, xstrfmt("%s/pulls/%lld/reviews/%lld/comments", l->forge->root,
						     (long long)l->number, (long long)json_integer_or(item, "id", 0)),
				   "read the review comments of the pull request", hand_on, l);
	return !l->err && !l->enough;
}

static struct error *inline_comments(struct forge *f, int64_t number, note_fn fn, void *data)
{
	struct review_list l = { .forge = f, .number = number, .fn = fn, .data = data };
	char *path = xstrfmt("%s/pulls/%lld/reviews", f->root, (long long)number);
	struct error *err = forge_list(f, path, NULL, "read the reviews of the pull request", read_review, &l);
	free(path);
	if (!err)
		return l.err;
	error_free(l.err);
	return err;
}

static struct error *add_review(struct forge *f, int64_t number, const char *commit, const char *body,
				const struct annotation *const *annotations, char *const *bodies, size_t nr, bool *unsure)
{
	struct buffer text = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	json_writer_init(&w, &text, false);
	json_begin_object(&w);
	json_put_string(&w, "commit_id", commit);
	json_put_string(&w, "event", "COMMENT");
	json_put_string(&w, "body", body);
	json_key(&w, "comments");
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "path", annotations[i]->path);
		json_put_string(&w, "body", bodies[i]);
		json_put_integer(&w, "new_position", (int64_t)annotations[i]->line);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	struct error *err = forge_send(f, "POST", xstrfmt("%s/pulls/%lld/reviews", f->root, (long long)number), &text,
				       "review the pull request", &a);
	*unsure = a.unsure;
	if (err && a.status == 422)
		err->code = ERROR_SYNTAX;
	forge_answer_release(&a);
	buffer_release(&text);
	return err;
}

const struct forge_operations gitea_operations = {
	.name = "Gitea",
	.page = 50,
	.page_size = "limit",
	.draft_prefix = "WIP: ",
	.find = find,
	.get = hub_get,
	.open = open_pull,
	.rival = rival,
	.close = close_pull,
	.edit = hub_edit,
	.add_labels = add_labels,
	.add_reviewers = hub_add_reviewers,
	.note_reviewed = hub_note_reviewed,
	.states = hub_states,
	.statuses = hub_statuses,
	.statuses_key = "statuses",
	.context_key = "context",
	.user_path = "/user",
	.user_key = "login",
	.comments = hub_comments,
	.add_comment = hub_add_comment,
	.edit_comment = hub_edit_comment,
	.inline_comments = inline_comments,
	.add_review = add_review,
	.batch = FORGE_MAX_BATCH,
};
