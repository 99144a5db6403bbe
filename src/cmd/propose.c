#include "cmd/propose.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/forge_access.h"
#include "cmd/pull_text.h"
#include "git/ref.h"
#include "meta/meta.h"
#include "review/report_parts.h"

/* Where a link in the repository leads; longer ones are nobody's. */
#define MAX_LINK 4096
#define LINK_MODE 0120000u
#define EXECUTABLE_MODE 0100755u
#define MAX_LABELS 100

/* -- settings ---------------------------------------------------------------------------------- */

/* "a, b" as its words. */
static void add_words(struct option_strings *list, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, ",");
		struct slice word = slice_trim((struct slice){ text, len });
		if (word.len && list->nr < MAX_LABELS) {
			list->items = xreallocarray(list->items, list->nr + 2, sizeof(*list->items));
			list->items[list->nr++] = xmemdupz(word.data, word.len);
			list->items[list->nr] = NULL;
		}
		text += len + (text[len] == ',');
	}
}

static void read_words(struct option_strings *list, struct repo *repo, const char *key,
		       const struct option_strings *given)
{
	for (size_t i = 0; i < given->nr; i++)
		add_words(list, given->items[i]);
	if (!given->nr)
		add_words(list, repo_config(repo, key));
}

static void free_words(struct option_strings *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free((char *)list->items[i]);
	free(list->items);
}

/* The branch that the remote calls its HEAD. */
static struct error *default_branch(struct proposing *p, char **out)
{
	const char *const argv[] = { "ls-remote", "--symref", "--", p->remote, "HEAD", NULL };
	struct buffer said = BUFFER_INIT;
	const char *name;
	int status = 0;
	struct process_options options = { .env = ref_environment, .out = &said, .discard_err = true,
					   .exit_status = &status };
	struct error *err = repo_git(p->repo, argv, &options);
	if (!err && !status && skip_prefix(said.data, "ref: refs/heads/", &name))
		*out = xmemdupz(name, strcspn(name, "\t\n"));
	buffer_release(&said);
	return err;
}

/* A job of CI stands at a commit without a branch. */
static char *branch_of_job(void)
{
	const char *ref = context_env("GITHUB_REF"), *name = NULL;
	if (!ref || !skip_prefix(ref, "refs/heads/", &name))
		name = context_env("CI_COMMIT_BRANCH");
	return name ? xstrdup(name) : NULL;
}

static struct error *find_base_branch(struct proposing *p)
{
	const char *configured = repo_config(p->repo, "scrutiny.pr.base");
	char *branch = NULL;
	if (configured && *configured) {
		p->base_branch = xstrdup(configured);
		return NULL;
	}
	struct error *err = current_branch(p->repo, &branch);
	if (!err && branch)
		p->base_branch = branch_there(p->repo, p->remote, branch);
	else if (!err)
		p->base_branch = branch_of_job();
	if (!err && !p->base_branch)
		err = default_branch(p, &p->base_branch);
	if (!err && !p->base_branch)
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "it is not clear what the proposal is to go into"),
				      "`git config scrutiny.pr.base <branch>` says so");
	free(branch);
	return err;
}

static struct error *find_branch(struct proposing *p, const char *given)
{
	const char *configured = repo_config(p->repo, "scrutiny.pr.branch");
	if (*given)
		p->branch = xstrdup(given);
	else if (configured && *configured)
		p->branch = xstrdup(configured);
	else
		p->branch = xstrfmt("scrutiny/%s", p->base_branch);
	char *ref = xstrfmt("refs/heads/%s", p->branch);
	const char *const argv[] = { "check-ref-format", ref, NULL };
	int status = 0;
	struct process_options options = { .exit_status = &status, .discard_err = true };
	struct error *err = repo_git(p->repo, argv, &options);
	if (!err && (status || *p->branch == '-'))
		err = error_new(ERROR_USAGE, "'%s' is no name of a branch", p->branch);
	else if (!err && !strcmp(p->branch, p->base_branch))
		err = error_new(ERROR_USAGE, "the proposal cannot lie on '%s', which it is to go into", p->branch);
	free(ref);
	return err;
}

/* What is changed and not committed is no part of the proposal. */
static void hint_at_changes(const struct proposing *p)
{
	static const char *const argv[] = { "status", "--porcelain", "-z", "--untracked-files=no", NULL };
	struct buffer said = BUFFER_INIT;
	struct process_options options = { .out = &said, .discard_err = true };
	struct error *err = repo_work_tree(p->repo) ? repo_git_read(p->repo, argv, &options) : NULL;
	if (!err && said.len)
		say_hint(p->ctx, "--pr looks at the papers as they are at HEAD (%.10s): uncommitted changes are not part of it",
			 p->head.hex);
	error_free(err);
	buffer_release(&said);
}

/* A forge that is not known is no obstacle: the branch is pushed. Whether one that is answers, and lets us propose, is
 * seen now. */
static struct error *find_forge(struct proposing *p)
{
	struct pull pull = { 0 };
	bool found;
	context_catch_signals(p->ctx); /* what waits at a forge has to hear of them */
	struct error *err = open_forge(&p->forge, p->ctx, p->remote);
	if (error_is(err, ERROR_NOT_FOUND)) {
		say_hint(p->ctx, "only the branch '%s' will be pushed: %s%s%s", p->branch, err->message,
			 err->hint ? "; " : "", err->hint ? err->hint : "");
		error_free(err);
		return NULL;
	}
	if (!err)
		err = forge_check_access(p->forge);
	if (!err)
		err = forge_pull_find(p->forge, p->branch, p->base_branch, &pull, &found);
	pull_release(&pull);
	return err;
}

struct error *proposing_begin(struct proposing *p, struct context *ctx, const struct run_options *o)
{
	*p = (struct proposing){ .ctx = ctx, .scratch = SCRATCH_INIT, .says = BUFFER_INIT };
	struct error *err = context_repo(ctx, &p->repo);
	if (!err)
		err = repo_resolve_commit(p->repo, "HEAD", &p->head);
	if (!err)
		err = find_remote(p->repo, &p->remote);
	if (!err)
		err = find_base_branch(p);
	if (!err)
		err = find_branch(p, o->pr);
	if (!err)
		err = proposal_check_base(p->repo, p->remote, p->base_branch, &p->head);
	if (!err)
		err = find_forge(p);
	if (err)
		return err;
	p->draft = o->draft == 1 || (o->draft < 0 && text_is_true(repo_config(p->repo, "scrutiny.pr.draft")));
	read_words(&p->labels, p->repo, "scrutiny.pr.labels", &o->labels);
	read_words(&p->reviewers, p->repo, "scrutiny.pr.reviewers", &o->pull_reviewers);
	hint_at_changes(p);
	return scratch_open(&p->scratch, p->repo);
}

void proposing_release(struct proposing *p)
{
	scratch_close(&p->scratch);
	forge_free(p->forge);
	free_words(&p->labels);
	free_words(&p->reviewers);
	buffer_release(&p->says);
	free(p->remote);
	free(p->branch);
	free(p->base_branch);
}

/* -- the folder the reports are written into --------------------------------------------------- */

/* A link stays one: reports are not written through it, as in a work tree. */
static struct error *put_link(const char *path, const struct buffer *target)
{
	if (target->len < MAX_LINK && !symlink(target->data, path))
		return NULL;
	return error_errno(ERROR_IO, "cannot make a link in a temporary folder");
}

static struct error *lay_out_file(struct proposing *p, const struct oid *tree, const char *path)
{
	struct tree_entry entry;
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = repo_tree_lookup(p->repo, tree, path, &entry);
	if (error_drop_if(&err, ERROR_NOT_FOUND) || err)
		return err;
	char *full = xstrfmt("%s/%s", p->scratch.path, path);
	bool folder = entry.mode == 0040000 || entry.mode == 0160000;
	if (folder)
		err = file_make_directories(full);
	else
		err = repo_read_object(p->repo, &entry.oid, OBJECT_BLOB, &text);
	if (!err && entry.mode == LINK_MODE)
		err = put_link(full, &text);
	else if (!err && !folder)
		err = file_write_below(p->scratch.path, path, text.data, text.len);
	buffer_release(&text);
	free(full);
	return err;
}

struct error *proposing_lay_out(struct proposing *p, struct snapshot *snapshot, const struct paper *const *papers,
				size_t nr)
{
	static const char *const names[] = { META_FILE, REVIEW_REPORT_MARKDOWN, REVIEW_REPORT_JSON };
	struct oid tree;
	struct error *err = repo_commit_tree(snapshot_repo(snapshot), &p->head, &tree);
	for (size_t i = 0; i < nr && !err; i++) {
		char *folder = xstrfmt("%s/%s", p->scratch.path, papers[i]->path);
		err = file_make_directories(folder);
		free(folder);
		for (size_t j = 0; j < ARRAY_SIZE(names) && !err; j++) {
			char *path = xstrfmt("%s%s%s", papers[i]->path, *papers[i]->path ? "/" : "", names[j]);
			err = lay_out_file(p, &tree, path);
			free(path);
		}
	}
	return err;
}

/* -- the proposal ------------------------------------------------------------------------------ */

struct written {
	struct proposal_file *files;
	struct buffer *texts;
	size_t nr;
};

static void written_release(struct written *w)
{
	for (size_t i = 0; i < w->nr; i++)
		buffer_release(&w->texts[i]);
	free(w->texts);
	free(w->files);
}

static struct error *is_executable(struct proposing *p, const char *path, bool *executable)
{
	struct oid tree;
	struct tree_entry entry;
	struct error *err = repo_commit_tree(p->repo, &p->head, &tree);
	if (!err)
		err = repo_tree_lookup(p->repo, &tree, path, &entry);
	*executable = !err && entry.mode == EXECUTABLE_MODE;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* Reads back what the session has written. */
static struct error *read_written(struct proposing *p, const struct buffer *paths, struct written *w)
{
	size_t nr = 0;
	struct error *err = NULL;
	for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1)
		nr++;
	w->files = xcalloc(nr + 1, sizeof(*w->files));
	w->texts = xcalloc(nr + 1, sizeof(*w->texts));
	for (size_t at = 0; at < paths->len && !err; at += strlen(paths->data + at) + 1) {
		struct proposal_file *file = &w->files[w->nr];
		struct buffer *text = &w->texts[w->nr++];
		buffer_init(text, OBJECT_MAX_SIZE);
		file->path = paths->data + at;
		err = file_read_below(p->scratch.path, file->path, text);
		file->data = slice_of(text);
		if (!err)
			err = is_executable(p, file->path, &file->executable);
	}
	return err;
}

static void say_result(struct proposing *p, const struct proposal_result *r)
{
	static const char *const verbs[] = { [PROPOSAL_OPENED] = "opened", [PROPOSAL_UPDATED] = "updated",
					     [PROPOSAL_UNCHANGED] = "already in" };
	char *remote;
	switch (r->outcome) {
	case PROPOSAL_NOTHING:
		buffer_addf(&p->says, "'%s' has them already", p->base_branch);
		break;
	case PROPOSAL_PUSHED:
		remote = redact(xstrdup(p->remote)); /* an address may hold a password */
		buffer_addf(&p->says, "%s the branch '%s' of '%s'", r->pushed ? "pushed to" : "already on", p->branch,
			    remote);
		free(remote);
		break;
	case PROPOSAL_OLDER:
		buffer_addf(&p->says, "not proposed: the branch '%s' is of a newer commit than this one", p->branch);
		break;
	default:
		buffer_addf(&p->says, "%s ", verbs[r->outcome]);
		add_pull_name(&p->says, p->forge, r->pull.number);
		buffer_addf(&p->says, " %s", r->pull.url ? r->pull.url : "");
	}
}

static void say_warnings(const struct buffer *warnings)
{
	for (const char *line = warnings->data; *line;) {
		size_t len = strcspn(line, "\n");
		say_warning("%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static struct error *make_proposal(struct proposing *p, const struct gathered *g, const struct session_totals *t,
				   const struct written *w)
{
	struct buffer message = BUFFER_INIT, title = BUFFER_INIT, body = BUFFER_INIT, closing = BUFFER_INIT;
	struct proposal_result result;
	run_add_commit_message(&message, g, t);
	buffer_addstr(&title, "Reviews: ");
	pull_text_summary(&title, g->reviews, g->nr);
	buffer_addstr(&closing, "`git scrutiny run --pr` on ");
	markdown_code(&closing, p->base_branch);
	buffer_addstr(&closing, " brings this up to date. Merge it to keep the reports beside their papers.");
	struct pull_text text = { g->reviews, g->nr, p->forge, p->head.hex, p->branch, closing.data };
	pull_text_body(&body, &text);
	struct proposal proposal = {
		.branch = p->branch,
		.base_branch = p->base_branch,
		.base = p->head,
		.files = w->files,
		.nr_files = w->nr,
		.message = message.data,
		.pull = { .title = title.data, .body = body.data, .labels = p->labels.items,
			  .reviewers = p->reviewers.items, .draft = p->draft },
	};
	struct error *err = proposal_make(&proposal, p->repo, p->forge, p->remote, &result);
	say_warnings(&result.warnings);
	if (!err)
		say_result(p, &result);
	proposal_result_release(&result);
	buffer_release(&message);
	buffer_release(&title);
	buffer_release(&body);
	buffer_release(&closing);
	return err;
}

struct error *proposing_end(struct proposing *p, const struct gathered *g, const struct session_totals *t)
{
	struct written written = { 0 };
	if (!t->written.len || t->cancelled) {
		buffer_addstr(&p->says, t->cancelled ? "interrupted, so not proposed" : "there is nothing to propose");
		return NULL;
	}
	struct error *err = read_written(p, &t->written, &written);
	if (!err)
		err = make_proposal(p, g, t, &written);
	written_release(&written);
	return err;
}
