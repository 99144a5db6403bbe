/* notes: what is found in the papers of a commit, as git notes. */
#include "history/notes.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/notes.h"
#include "git/records_sync.h"

struct notes_options {
	bool quiet;
};

/* `notes` needs a remote, and has no setting of its own for it. */
static struct error *push(struct repo *repo, const char *named, const char **says, char **remote)
{
	static const char *const words[] = {
		[NOTES_PUSHED] = "pushed the notes to",
		[NOTES_UP_TO_DATE] = "all notes are at",
		[NOTES_NONE] = "there are no notes here yet to push to",
	};
	enum notes_pushed pushed = NOTES_NONE;
	struct error *err = records_remote(remote, repo, named);
	if (!err)
		err = notes_push(repo, *remote, &pushed);
	*says = words[pushed];
	return err;
}

static struct error *fetch(struct repo *repo, const char *named, const char **says, char **remote)
{
	bool found = false, moved = false;
	struct error *err = records_remote(remote, repo, named);
	if (!err)
		err = notes_fetch(repo, *remote, &found, &moved);
	*says = !found ? "no notes at" : moved ? "fetched the notes of" : "up to date with";
	return err;
}

static struct error *share(struct repo *repo, const struct notes_options *o, int argc, const char **argv)
{
	char *remote = NULL;
	const char *says = "";
	if (argc > 2)
		return error_new(ERROR_USAGE, "too many arguments for notes %s", argv[0]);
	struct error *err = !strcmp(argv[0], "push") ? push(repo, argc > 1 ? argv[1] : NULL, &says, &remote)
						     : fetch(repo, argc > 1 ? argv[1] : NULL, &says, &remote);
	if (!err && !o->quiet) {
		struct buffer line = BUFFER_INIT;
		buffer_addf(&line, "%s ", says);
		text_for_terminal(&line, remote, strlen(remote), false);
		buffer_addch(&line, '\n');
		print_buffer(&line);
		buffer_release(&line);
	}
	free(remote);
	return err;
}

/* -- writing ------------------------------------------------------------------------------------ */

static struct error *parse_commits(struct repo *repo, const struct buffer *text, struct oid **out, size_t *nr)
{
	size_t digits = strlen(repo_empty_tree(repo)->hex), alloc = 0;
	for (const char *line = text->data; text->len && *line;) {
		size_t len = strcspn(line, "\n");
		if (*nr >= NOTES_MAX_COMMITS)
			return error_new(ERROR_LIMIT, "more than %d commits; name fewer", NOTES_MAX_COMMITS);
		if (len == digits) {
			ALLOC_GROW(*out, *nr, alloc);
			(*out)[*nr] = (struct oid){ "" };
			memcpy((*out)[(*nr)++].hex, line, len);
		}
		line += len + (line[len] == '\n');
	}
	return NULL;
}

/* One revision is a commit; a range ("main..topic") all of its commits. */
static struct error *list_commits(struct repo *repo, const char *revision, struct oid **out, size_t *nr)
{
	const char *const argv[] = { "rev-list", "--reverse", "--end-of-options", revision, "--", NULL };
	struct buffer text = BUFFER_INIT_MAX(64 << 20), said = BUFFER_INIT_MAX(1 << 16);
	int status = 0;
	struct process_options options = { .out = &text, .err = &said, .exit_status = &status };
	*out = NULL;
	*nr = 0;
	struct error *err = NULL;
	if (!strstr(revision, "..")) {
		*out = xcalloc(1, sizeof(**out));
		*nr = 1;
		err = repo_resolve_commit(repo, revision, *out);
	} else {
		err = repo_git_read(repo, argv, &options);
		if (!err && status)
			err = error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' is not a range of commits", revision),
					      "a range is written as <since>..<until>");
		if (!err)
			err = parse_commits(repo, &text, out, nr);
	}
	buffer_release(&text);
	buffer_release(&said);
	return err;
}

static struct error *write_notes(struct repo *repo, const struct notes_options *o, const char *revision)
{
	struct records *records = NULL;
	struct oid *commits = NULL;
	size_t nr = 0, written = 0;
	struct error *err = list_commits(repo, revision, &commits, &nr);
	if (!err)
		err = records_open(&records, repo);
	if (!err)
		err = notes_write(repo, records, commits, nr, &written);
	if (!err && !o->quiet) {
		struct buffer line = BUFFER_INIT;
		if (written)
			buffer_addf(&line, "wrote %zu note%s; `git log --notes=scrutiny` shows them\n", written,
				    written == 1 ? "" : "s");
		else
			buffer_addstr(&line, nr == 1 ? "nothing new to note about that commit\n"
						     : "nothing new to note about these commits\n");
		print_buffer(&line);
		buffer_release(&line);
	}
	records_free(records);
	free(commits);
	return err;
}

struct error *notes_after_commit(struct workspace *ws)
{
	struct oid head;
	size_t written;
	const char *configured = repo_config(ws->repo, "scrutiny.notes");
	if (!text_is_true(configured))
		return NULL;
	struct error *err = repo_head(ws->repo, &head);
	if (!err)
		err = notes_write(ws->repo, ws->records, &head, 1, &written);
	return err;
}

static const char *const actions[] = { "push", "fetch", NULL };

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	struct repo *repo;
	(void)exit_status;
	struct error *err = context_repo(ctx, &repo);
	if (err)
		return err;
	if (argc && (!strcmp(argv[0], "push") || !strcmp(argv[0], "fetch")))
		return share(repo, options, argc, argv);
	if (argc > 1)
		return error_with_hint(error_new(ERROR_USAGE, "one commit or one range at a time"),
				       "`git scrutiny notes -h' lists what there is");
	err = write_notes(repo, options, argc ? argv[0] : "HEAD");
	const char *near = argc && error_is(err, ERROR_NOT_FOUND) ? text_nearest(argv[0], actions) : NULL;
	return near ? error_with_hint(err, "did you mean `git scrutiny notes %s`?", near) : err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct notes_options, quiet), NULL, "print warnings and errors only" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<commit> | <since>..<until>]", "push [<options>] [<remote>]",
				     "fetch [<options>] [<remote>]", NULL };

static const struct example examples[] = {
	{ "git scrutiny notes", "Note at HEAD how the papers are that it changed." },
	{ "git scrutiny notes v1.0..HEAD", "Likewise of each commit since then." },
	{ "git log --notes=scrutiny", "Show the notes." },
	{ NULL, NULL },
};

const struct command cmd_notes = {
	.name = "notes",
	.summary = "note at commits what is found in their papers",
	.usage = usage,
	.description =
		"Writes a git note of a commit (default: HEAD) into refs/notes/scrutiny: a line for each paper that the "
		"commit changed, with what is found in it and the first digits of its content id. That is taken from the "
		"records, or the committed report; where there is neither, the built-in checks are run, and the line says `(checks)`. "
		"`git log --notes=scrutiny` shows the notes, and with `git config notes.displayRef refs/notes/scrutiny` "
		"git log always does.\n\n"
		"git neither pushes nor fetches notes by itself. `push` sends them to <remote>, and `fetch` takes over what "
		"<remote> has; notes that both have are united line by line. Without <remote>: as `git scrutiny records` "
		"chooses it.\n\n"
		"With git config scrutiny.notes=true, `git scrutiny run --commit` writes the note of its commit.",
	.options = options,
	.options_size = sizeof(struct notes_options),
	.examples = examples,
	.run = run,
};
