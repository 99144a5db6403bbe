/* GitLab: merge requests, notes and discussions. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "forge/internal.h"

/* Bytes of labels that are added at once. */
#define MAX_LABELS 4096

/* -- merge requests ---------------------------------------------------------------------------------------------- */

static struct error *read_pull(struct forge *f, const cJSON *json, struct pull_details *out)
{
	const char *sha = json_string_or(json, "sha", ""), *state = json_string_or(json, "state", "");
	int64_t number = json_integer_or(json, "iid", 0);
	const cJSON *item, *labels = cJSON_GetObjectItemCaseSensitive(json, "labels");
	const cJSON *reviewers = cJSON_GetObjectItemCaseSensitive(json, "reviewers");
	*out = (struct pull_details){ 0 };
	if (number <= 0)
		return error_new(ERROR_NETWORK, "%s answers with a merge request that has no number", f->site.host);
	out->pull.number = number;
	out->pull.state = !strcmp(state, "opened") || !strcmp(state, "locked") ? PULL_OPEN
			  : !strcmp(state, "merged")			       ? PULL_MERGED
									       : PULL_CLOSED;
	out->pull.url = forge_web_address(json_string_or(json, "web_url", ""));
	out->pull.head_commit = xstrdup(forge_is_commit(sha) ? sha : "");
	out->pull.base = xstrdup(json_string_or(json, "target_branch", ""));
	out->pull.title = forge_title(json_string_or(json, "title", ""));
	out->pull.body = xstrdup(json_string_or(json, "description", ""));
	out->pull.draft = json_bool_or(json, "draft", false);
	out->author = xstrdup(json_string_or(cJSON_GetObjectItemCaseSensitive(json, "author"), "username", ""));
	if (cJSON_IsArray(labels))
		cJSON_ArrayForEach(item, labels)
			if (cJSON_IsString(item))
				forge_add_name(&out->labels, &out->nr_labels, item->valuestring);
	if (cJSON_IsArray(reviewers))
		cJSON_ArrayForEach(item, reviewers)
			forge_add_name(&out->reviewers, &out->nr_reviewers, json_string_or(item, "username", ""));
	return NULL;
}

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
	struct pull_details d;
	bool own = json_integer_or(item, "source_project_id", 0) == json_integer_or(item, "target_project_id", -1);
	if (!own || strcmp(json_string_or(item, "source_branch", ""), s->branch) != 0 ||
	    (s->base && strcmp(json_string_or(item, "target_branch", ""), s->base) != 0) ||
	    (s->before && json_integer_or(item, "iid", 0) >= s->before))
		return true;
	s->err = read_pull(s->forge, item, &d);
	if (s->err)
		return false;
	return pull_details_take(s->out, s->found, &d);
}

static struct error *search(struct search *s, const char *state)
{
	char *from = forge_escape(s->branch), *into = s->base ? forge_escape(s->base) : NULL;
	char *path = xstrfmt("%s/merge_requests?state=%s&order_by=created_at&sort=desc&source_branch=%s%s%s",
			     s->forge->root, state, from, into ? "&target_branch=" : "", into ? into : "");
	struct error *err = forge_list(s->forge, path, NULL, "look for the merge request", consider, s);
	if (err)
		error_free(s->err);
	free(from);
	free(into);
	free(path);
	return err ? err : s->err;
}

static struct error *find(struct forge *f, const char *branch, const char *base, bool open_only,
			  struct pull_details *out, bool *found)
{
	struct search s = { f, branch, base, out, found, 0, NULL };
	return search(&s, open_only ? "opened" : "all");
}

static struct error *rival(struct forge *f, const struct pull_wish *wish, int64_t number, struct pull_details *out,
			   bool *found)
{
	struct search s = { f, wish->branch, wish->base, out, found, number, NULL };
	*found = false;
	return search(&s, "opened");
}

static char *pull_path(const struct forge *f, int64_t number, const char *below)
{
	return xstrfmt("%s/merge_requests/%lld%s", f->root, (long long)number, below);
}

static struct error *get(struct forge *f, int64_t number, struct pull_details *out)
{
	struct forge_answer a;
	char *what = xstrfmt("read the merge request %lld", (long long)number);
	struct error *err = forge_send(f, "GET", pull_path(f, number, ""), NULL, what, &a);
	*out = (struct pull_details){ 0 };
	if (!err)
		err = read_pull(f, a.json, out);
	forge_answer_release(&a);
	free(what);
	return err;
}

static struct error *open_pull(struct forge *f, const struct pull_wish *wish, struct pull_details *out, bool *unsure,
			       struct buffer *warnings)
{
	struct buffer body = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	(void)warnings;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "title", wish->title);
	json_put_string(&w, "source_branch", wish->branch);
	json_put_string(&w, "target_branch", wish->base);
	json_put_string(&w, "description", wish->body);
	json_end_object(&w);
	struct error *err = forge_send(f, "POST", xstrfmt("%s/merge_requests", f->root), &body, "open the merge request",
				       &a);
	*unsure = a.unsure;
	if (err && a.status == 409)
		err->code = ERROR_EXISTS;
	if (!err)
		err = read_pull(f, a.json, out);
	forge_answer_release(&a);
	buffer_release(&body);
	return err;
}

/* Changes a merge request; OUT may be NULL. */
static struct error *put(struct forge *f, int64_t number, const struct buffer *body, const char *what,
			 struct pull_details *out)
{
	struct forge_answer a;
	struct error *err = forge_send(f, "PUT", pull_path(f, number, ""), body, what, &a);
	if (!err && out)
		err = read_pull(f, a.json, out);
	forge_answer_release(&a);
	return err;
}

static struct error *close_pull(struct forge *f, int64_t number)
{
	struct buffer body = BUFFER_INIT;
	buffer_addstr(&body, "{\"state_event\":\"close\"}");
	struct error *err = put(f, number, &body, "close the second merge request", NULL);
	buffer_release(&body);
	return err;
}

static struct error *edit(struct forge *f, int64_t number, const char *title, const char *body,
			  struct pull_details *out)
{
	struct buffer text = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &text, false);
	json_begin_object(&w);
	json_put_string(&w, "title", title);
	json_put_string(&w, "description", body);
	json_end_object(&w);
	struct error *err = put(f, number, &text, "update the merge request", out);
	buffer_release(&text);
	return err;
}

static struct error *add_labels(struct forge *f, int64_t number, const char *const *labels)
{
	struct buffer list = BUFFER_INIT_MAX(MAX_LABELS), body = BUFFER_INIT;
	struct json_writer w;
	for (; *labels; labels++) {
		if (strchr(*labels, ','))
			continue; /* none of GitLab's has a comma */
		if (list.len)
			buffer_addch(&list, ',');
		buffer_addstr(&list, *labels);
	}
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "add_labels", list.data); /* GitLab makes those that are missing */
	json_end_object(&w);
	struct error *err = buffer_check(&list, "the list of labels");
	if (!err)
		err = put(f, number, &body, "label the merge request", NULL);
	buffer_release(&list);
	buffer_release(&body);
	return err;
}

/* -- reviewers: known by their numbers, and told all at once --------------------------------------------------------- */

static struct error *user_id(struct forge *f, const char *name, int64_t *id)
{
	struct forge_answer a;
	char *escaped = forge_escape(name);
	struct error *err = forge_send(f, "GET", xstrfmt("/users?username=%s", escaped), NULL, "look for a reviewer", &a);
	const cJSON *first = cJSON_IsArray(a.json) ? a.json->child : NULL;
	*id = json_integer_or(first, "id", 0);
	if (!err && (*id <= 0 || strcasecmp(json_string_or(first, "username", ""), name) != 0))
		err = error_new(ERROR_NOT_FOUND, "%s knows no user of that name", f->site.host);
	forge_answer_release(&a);
	free(escaped);
	return err;
}

static struct error *add_reviewers(struct forge *f, const struct pull_details *d, const char *const *names)
{
	struct buffer body = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	const cJSON *item;
	struct error *err = forge_send(f, "GET", pull_path(f, d->pull.number, ""), NULL, "read the reviewers", &a);
	const cJSON *now = cJSON_GetObjectItemCaseSensitive(a.json, "reviewers");
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_key(&w, "reviewer_ids");
	json_begin_array(&w);
	if (cJSON_IsArray(now))
		cJSON_ArrayForEach(item, now)
			json_integer(&w, json_integer_or(item, "id", 0));
	for (; *names && !err; names++) {
		int64_t id;
		err = user_id(f, *names, &id);
		json_integer(&w, id);
	}
	json_end_array(&w);
	json_end_object(&w);
	if (!err)
		err = put(f, d->pull.number, &body, "ask for reviews", NULL);
	forge_answer_release(&a);
	buffer_release(&body);
	return err;
}

/* -- statuses --------------------------------------------------------------------------------------------------- */

static const char *const states[] = { "pending", "success", "failed", "canceled" };

static char *statuses(const struct forge *f, const char *commit, const char *context)
{
	char *name = forge_escape(context);
	char *path = xstrfmt("%s/repository/commits/%s/statuses?name=%s", f->root, commit, name);
	free(name);
	return path;
}

/* -- notes ------------------------------------------------------------------------------------------------------ */

struct note_list {
	note_fn fn;
	void *data;
	bool enough;
};

static bool hand_note(const cJSON *item, void *data)
{
	struct note_list *l = data;
	const struct note note = {
		.id = json_integer_or(item, "id", 0),
		.author = json_string_or(cJSON_GetObjectItemCaseSensitive(item, "author"), "username", ""),
		.body = json_string_or(item, "body", ""),
	};
	if (json_bool_or(item, "system", false))
		return true;
	l->enough = !l->fn(&note, l->data);
	return !l->enough;
}

/* The notes of discussions are among them. */
static struct error *comments(struct forge *f, int64_t number, note_fn fn, void *data)
{
	struct note_list l = { fn, data, false };
	char *path = pull_path(f, number, "/notes?sort=asc&order_by=created_at");
	struct error *err = forge_list(f, path, NULL, "read the comments of the merge request", hand_note, &l);
	free(path);
	return err;
}

static const char comment_on_it[] = "comment on the merge request";

static struct error *add_comment(struct forge *f, int64_t number, const char *body, bool *unsure)
{
	return forge_put_comment(f, "POST", pull_path(f, number, "/notes"), body, comment_on_it, unsure);
}

static struct error *edit_comment(struct forge *f, int64_t number, int64_t id, const char *body)
{
	bool unsure;
	char *path = xstrfmt("%s/merge_requests/%lld/notes/%lld", f->root, (long long)number, (long long)id);
	return forge_put_comment(f, "PUT", path, body, comment_on_it, &unsure);
}

/* -- comments on lines: one discussion each ------------------------------------------------------------------------- */

/* Where NEW_LINE of PATH was before; 0: it is new, or not in what the diff shows. */
struct old_line {
	const char *path;
	size_t new_line;
	const char *old_path; /* malloc'd */
	size_t old_line;
};

/* The number at *P, and P behind it. */
static size_t read_number(const char **p)
{
	size_t n = 0;
	for (; ascii_digit((unsigned char)**p); ++*p)
		if (n < 100000000)
			n = n * 10 + (size_t)(**p - '0');
	return n;
}

static size_t old_line_of(const char *diff, size_t wanted)
{
	size_t old = 0, new = 0;
	for (const char *line = diff; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!strncmp(line, "@@ -", 4)) {
			const char *p = line + 4;
			old = read_number(&p);
			p += strcspn(p, "+\n");
			if (*p == '+')
				p++;
			new = read_number(&p);
		} else if (*line == ' ' || *line == '+') {
			if (new == wanted)
				return *line == ' ' ? old : 0;
			old += *line == ' ';
			new++;
		} else if (*line == '-') {
			old++;
		}
	}
	return 0;
}

static bool look_in_diff(const cJSON *item, void *data)
{
	struct old_line *o = data;
	if (strcmp(json_string_or(item, "new_path", ""), o->path) != 0)
		return true;
	o->old_path = xstrdup(json_string_or(item, "old_path", o->path));
	o->old_line = old_line_of(json_string_or(item, "diff", ""), o->new_line);
	return false;
}

static void put_position(struct json_writer *w, const cJSON *refs, const struct annotation *a, const struct old_line *old)
{
	static const char *const commits[] = { "base_sha", "start_sha", "head_sha" };
	json_key(w, "position");
	json_begin_object(w);
	json_put_string(w, "position_type", "text");
	for (size_t i = 0; i < ARRAY_SIZE(commits); i++)
		json_put_string(w, commits[i], json_string_or(refs, commits[i], ""));
	json_put_string(w, "new_path", a->path);
	json_put_string(w, "old_path", old->old_path ? old->old_path : a->path);
	json_put_integer(w, "new_line", (int64_t)a->line);
	if (old->old_line) /* GitLab wants both of a line that is in both */
		json_put_integer(w, "old_line", (int64_t)old->old_line);
	json_end_object(w);
}

static struct error *add_discussion(struct forge *f, int64_t number, const cJSON *refs, const struct annotation *a,
				    const char *text, bool *unsure)
{
	struct old_line old = { a->path, a->line, NULL, 0 };
	char *diffs = pull_path(f, number, "/diffs");
	struct buffer body = BUFFER_INIT;
	struct forge_answer answer = { 0 };
	struct json_writer w;
	struct error *err = forge_list(f, diffs, NULL, "read the diff of the merge request", look_in_diff, &old);
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "body", text);
	put_position(&w, refs, a, &old);
	json_end_object(&w);
	if (!err)
		err = forge_send(f, "POST", pull_path(f, number, "/discussions"), &body, "comment on a line", &answer);
	*unsure = answer.unsure;
	if (err && answer.status == 400)
		err->code = ERROR_SYNTAX; /* the line is not in the diff */
	forge_answer_release(&answer);
	buffer_release(&body);
	free(diffs);
	free((char *)old.old_path);
	return err;
}

static struct error *add_review(struct forge *f, int64_t number, const char *commit, const char *body,
				const struct annotation *const *annotations, char *const *bodies, size_t nr, bool *unsure)
{
	struct forge_answer a;
	(void)body;
	struct error *err = forge_send(f, "GET", pull_path(f, number, ""), NULL, "read the merge request", &a);
	const cJSON *refs = cJSON_GetObjectItemCaseSensitive(a.json, "diff_refs");
	if (!err && strcmp(json_string_or(refs, "head_sha", ""), commit) != 0)
		err = error_new(ERROR_CONFLICT, "the merge request %lld is not at %.10s any more", (long long)number, commit);
	for (size_t i = 0; i < nr && !err; i++)
		err = add_discussion(f, number, refs, annotations[i], bodies[i], unsure);
	forge_answer_release(&a);
	return err;
}

const struct forge_operations gitlab_operations = {
	.name = "GitLab",
	.page = 100,
	.page_size = "per_page",
	.draft_prefix = "Draft: ",
	.find = find,
	.get = get,
	.open = open_pull,
	.rival = rival,
	.close = close_pull,
	.edit = edit,
	.add_labels = add_labels,
	.add_reviewers = add_reviewers,
	.states = states,
	.statuses = statuses,
	.context_key = "name",
	.user_path = "/user",
	.user_key = "username",
	.comments = comments,
	.add_comment = add_comment,
	.edit_comment = edit_comment,
	.inline_comments = comments,
	.add_review = add_review,
	.batch = 1,
};
