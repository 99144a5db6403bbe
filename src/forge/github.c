/* GitHub; and what Gitea, whose API was made after it, shares. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "forge/internal.h"

/* -- pull requests ------------------------------------------------------------------------------------------ */

static const char *name_in(const cJSON *object, const char *key, const char *name)
{
	return json_string_or(cJSON_GetObjectItemCaseSensitive(object, key), name, "");
}

static void read_names(const cJSON *list, const char *key, const char *prefix, char ***names, size_t *nr)
{
	const cJSON *item;
	if (!cJSON_IsArray(list))
		return;
	cJSON_ArrayForEach(item, list) {
		const char *name = json_string_or(item, key, NULL);
		if (!name)
			continue;
		char *full = xstrfmt("%s%s", prefix, name);
		forge_add_name(names, nr, full);
		free(full);
	}
}

struct error *hub_read_pull(struct forge *f, const cJSON *json, struct pull_details *out)
{
	const char *sha = name_in(json, "head", "sha"), *state = json_string_or(json, "state", "");
	int64_t number = json_integer_or(json, "number", 0);
	*out = (struct pull_details){ 0 };
	if (number <= 0)
		return error_new(ERROR_NETWORK, "%s answers with a pull request that has no number", f->site.host);
	bool merged = json_bool_or(json, "merged", false) || json_string_or(json, "merged_at", NULL);
	out->pull.number = number;
	out->pull.state = merged ? PULL_MERGED : strcmp(state, "open") != 0 ? PULL_CLOSED : PULL_OPEN;
	out->pull.url = forge_web_address(json_string_or(json, "html_url", ""));
	out->pull.head_commit = xstrdup(forge_is_commit(sha) ? sha : "");
	out->pull.base = xstrdup(name_in(json, "base", "ref"));
	out->pull.title = forge_title(json_string_or(json, "title", ""));
	out->pull.body = xstrdup(json_string_or(json, "body", ""));
	out->pull.draft = json_bool_or(json, "draft", false);
	out->author = xstrdup(name_in(json, "user", "login"));
	read_names(cJSON_GetObjectItemCaseSensitive(json, "labels"), "name", "", &out->labels, &out->nr_labels);
	read_names(cJSON_GetObjectItemCaseSensitive(json, "requested_reviewers"), "login", "", &out->reviewers,
		   &out->nr_reviewers);
	read_names(cJSON_GetObjectItemCaseSensitive(json, "requested_teams"), "slug", "team:", &out->reviewers,
		   &out->nr_reviewers);
	read_names(cJSON_GetObjectItemCaseSensitive(json, "requested_reviewers_teams"), "name", "team:", &out->reviewers,
		   &out->nr_reviewers);
	return NULL;
}

/* Not by the name in the remote's address: the repository may have another by now. */
bool hub_is_own(const cJSON *pull)
{
	const char *from = name_in(cJSON_GetObjectItemCaseSensitive(pull, "head"), "repo", "full_name");
	const char *into = name_in(cJSON_GetObjectItemCaseSensitive(pull, "base"), "repo", "full_name");
	return *from && !strcasecmp(from, into);
}

struct search {
	struct forge *forge;
	const char *branch;
	struct pull_details *out;
	bool *found;
	struct error *err;
};

static bool consider(const cJSON *item, void *data)
{
	struct search *s = data;
	struct pull_details d;
	const cJSON *head = cJSON_GetObjectItemCaseSensitive(item, "head");
	if (strcmp(json_string_or(head, "ref", ""), s->branch) != 0 || !hub_is_own(item))
		return true;
	s->err = hub_read_pull(s->forge, item, &d);
	if (s->err)
		return false;
	return pull_details_take(s->out, s->found, &d);
}

static struct error *find(struct forge *f, const char *branch, const char *base, bool open_only,
			  struct pull_details *out, bool *found)
{
	size_t owner = strcspn(f->site.repository, "/");
	char *head = xstrfmt("%.*s:%s", (int)owner, f->site.repository, branch), *from = forge_escape(head);
	char *into = base ? forge_escape(base) : NULL;
	char *path = xstrfmt("%s/pulls?state=%s&sort=created&direction=desc&head=%s%s%s", f->root,
			     open_only ? "open" : "all", from, into ? "&base=" : "", into ? into : "");
	struct search s = { f, branch, out, found, NULL };
	struct error *err = forge_list(f, path, NULL, "look for the pull request", consider, &s);
	if (err)
		error_free(s.err);
	free(head);
	free(from);
	free(into);
	free(path);
	return err ? err : s.err;
}

struct error *hub_get(struct forge *f, int64_t number, struct pull_details *out)
{
	struct forge_answer a;
	char *what = xstrfmt("read the pull request %lld", (long long)number);
	struct error *err = forge_send(f, "GET", xstrfmt("%s/pulls/%lld", f->root, (long long)number), NULL, what, &a);
	*out = (struct pull_details){ 0 };
	if (!err)
		err = hub_read_pull(f, a.json, out);
	forge_answer_release(&a);
	free(what);
	return err;
}

struct error *hub_open(struct forge *f, const struct pull_wish *wish, bool draft, struct forge_answer *a)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "title", wish->title);
	json_put_string(&w, "head", wish->branch);
	json_put_string(&w, "base", wish->base);
	json_put_string(&w, "body", wish->body);
	if (draft)
		json_put_bool(&w, "draft", true);
	json_end_object(&w);
	struct error *err = forge_send(f, "POST", xstrfmt("%s/pulls", f->root), &body, "open the pull request", a);
	buffer_release(&body);
	return err;
}

static struct error *open_pull(struct forge *f, const struct pull_wish *wish, struct pull_details *out, bool *unsure,
			       struct buffer *warnings)
{
	struct forge_answer a;
	struct error *err = hub_open(f, wish, wish->draft, &a);
	if (err && wish->draft && a.status == 422 && a.message && strcasestr(a.message, "draft pull request")) {
		buffer_addf(warnings, "the pull request is no draft: %s has none here\n", f->site.host);
		error_free(err);
		forge_answer_release(&a);
		err = hub_open(f, wish, false, &a);
	}
	*unsure = a.unsure;
	if (err && a.status == 422 && a.message && strcasestr(a.message, "already exists"))
		err->code = ERROR_EXISTS;
	if (!err)
		err = hub_read_pull(f, a.json, out);
	forge_answer_release(&a);
	return err;
}

struct error *hub_edit(struct forge *f, int64_t number, const char *title, const char *body, struct pull_details *out)
{
	struct buffer text = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	char *what = xstrfmt("update the pull request %lld", (long long)number);
	json_writer_init(&w, &text, false);
	json_begin_object(&w);
	json_put_string(&w, "title", title);
	json_put_string(&w, "body", body);
	json_end_object(&w);
	struct error *err = forge_send(f, "PATCH", xstrfmt("%s/pulls/%lld", f->root, (long long)number), &text, what, &a);
	if (!err)
		err = hub_read_pull(f, a.json, out);
	forge_answer_release(&a);
	buffer_release(&text);
	free(what);
	return err;
}

static struct error *add_labels(struct forge *f, int64_t number, const char *const *labels)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_key(&w, "labels");
	json_begin_array(&w);
	for (; *labels; labels++)
		json_string(&w, *labels); /* GitHub makes those that are missing */
	json_end_array(&w);
	json_end_object(&w);
	struct error *err = forge_tell(f, "POST", xstrfmt("%s/issues/%lld/labels", f->root, (long long)number), &body,
				       "label the pull request");
	buffer_release(&body);
	return err;
}

static void put_reviewers(struct json_writer *w, const char *key, const char *const *names, bool teams)
{
	json_key(w, key);
	json_begin_array(w);
	for (; *names; names++) {
		const char *team = NULL;
		if (skip_prefix(*names, "team:", &team) == teams)
			json_string(w, teams ? team : *names);
	}
	json_end_array(w);
}

struct error *hub_add_reviewers(struct forge *f, const struct pull_details *d, const char *const *names)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	put_reviewers(&w, "reviewers", names, false);
	put_reviewers(&w, "team_reviewers", names, true);
	json_end_object(&w);
	struct error *err = forge_tell(f, "POST", xstrfmt("%s/pulls/%lld/requested_reviewers", f->root,
							  (long long)d->pull.number),
				       &body, "ask for reviews");
	buffer_release(&body);
	return err;
}

static bool note_reviewer(const cJSON *item, void *data)
{
	struct pull_details *d = data;
	forge_add_name(&d->reviewers, &d->nr_reviewers, name_in(item, "user", "login"));
	return true;
}

struct error *hub_note_reviewed(struct forge *f, struct pull_details *d)
{
	char *path = xstrfmt("%s/pulls/%lld/reviews", f->root, (long long)d->pull.number);
	struct error *err = forge_list(f, path, NULL, "read the reviews", note_reviewer, d);
	free(path);
	return err;
}

/* -- statuses ---------------------------------------------------------------------------------------------- */

const char *const hub_states[] = { "pending", "success", "failure", "error" };

char *hub_statuses(const struct forge *f, const char *commit, const char *context)
{
	(void)context;
	return xstrfmt("%s/commits/%s/status", f->root, commit);
}

/* -- comments ---------------------------------------------------------------------------------------------- */

struct note_list {
	note_fn fn;
	void *data;
};

static bool hand_note(const cJSON *item, void *data)
{
	const struct note_list *l = data;
	const cJSON *user = cJSON_GetObjectItemCaseSensitive(item, "user");
	const struct note note = {
		.id = json_integer_or(item, "id", 0),
		.author = json_string_or(user, "login", ""),
		.body = json_string_or(item, "body", ""),
		.bot = !strcmp(json_string_or(user, "type", ""), "Bot"),
	};
	return l->fn(&note, l->data);
}

struct error *hub_notes(struct forge *f, char *path, const char *what, note_fn fn, void *data)
{
	struct note_list l = { fn, data };
	struct error *err = forge_list(f, path, NULL, what, hand_note, &l);
	free(path);
	return err;
}

struct error *hub_comments(struct forge *f, int64_t number, note_fn fn, void *data)
{
	return hub_notes(f, xstrfmt("%s/issues/%lld/comments", f->root, (long long)number),
			 "read the comments of the pull request", fn, data);
}

static const char comment_on_it[] = "comment on the pull request";

struct error *hub_add_comment(struct forge *f, int64_t number, const char *body, bool *unsure)
{
	return forge_put_comment(f, "POST", xstrfmt("%s/issues/%lld/comments", f->root, (long long)number), body,
				 comment_on_it, unsure);
}

struct error *hub_edit_comment(struct forge *f, int64_t number, int64_t id, const char *body)
{
	bool unsure;
	(void)number;
	return forge_put_comment(f, "PATCH", xstrfmt("%s/issues/comments/%lld", f->root, (long long)id), body,
				 comment_on_it, &unsure);
}

static struct error *inline_comments(struct forge *f, int64_t number, note_fn fn, void *data)
{
	return hub_notes(f, xstrfmt("%s/pulls/%lld/comments", f->root, (long long)number),
			 "read the review comments of the pull request", fn, data);
}

static void put_line_comment(struct json_writer *w, const struct annotation *a, const char *body)
{
	size_t end = a->end_line > a->line ? a->end_line : a->line;
	json_begin_object(w);
	json_put_string(w, "path", a->path);
	json_put_string(w, "body", body);
	json_put_integer(w, "line", (int64_t)end);
	json_put_string(w, "side", "RIGHT");
	if (end > a->line) {
		json_put_integer(w, "start_line", (int64_t)a->line);
		json_put_string(w, "start_side", "RIGHT");
	}
	json_end_object(w);
}

/* Whether a review was refused for a line that is not in the diff. */
static bool is_about_a_line(const char *message)
{
	static const char *const words[] = { "line", "diff", "position", "path" };
	for (size_t i = 0; message && i < ARRAY_SIZE(words); i++)
		if (strcasestr(message, words[i]))
			return true;
	return false;
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
	if (*body)
		json_put_string(&w, "body", body);
	json_key(&w, "comments");
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++)
		put_line_comment(&w, annotations[i], bodies[i]);
	json_end_array(&w);
	json_end_object(&w);
	struct error *err = forge_send(f, "POST", xstrfmt("%s/pulls/%lld/reviews", f->root, (long long)number), &text,
				       "review the pull request", &a);
	*unsure = a.unsure;
	if (err && a.status == 422 && is_about_a_line(a.message))
		err->code = ERROR_SYNTAX;
	forge_answer_release(&a);
	buffer_release(&text);
	return err;
}

const struct forge_operations github_operations = {
	.name = "GitHub",
	.page = 100,
	.page_size = "per_page",
	.find = find,
	.get = hub_get,
	.open = open_pull,
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
