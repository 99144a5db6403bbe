/*
 * forge-call <what> [<argument>...]: asks the forge behind the remote of the repository we stand in, as the commands
 * do, and prints what it says:
 *
 *	where
 *	find <branch> [<base>]
 *	get <number>
 *	ensure <branch> <base> <title> <body> [label=<name>] [reviewer=<name>] [draft]...
 *	status <commit> <context> pending|success|failure|error <description> [<url>]
 *	check <commit> <name> pending|success|failure|error <title> <summary>     annotations on standard input
 *	comment <number> <marker> <body>
 *	review <number> <commit> <body>                                           annotations on standard input
 *
 * An annotation is a line "path|line|end line|level|id|title|message". FORGE_REMOTE names another remote.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/trace.h"
#include "forge/forge.h"

#define MAX_NAMES 20
#define MAX_ANNOTATIONS 1000

static const char *env(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static void on_wait(void *data, const char *line)
{
	(void)data;
	fprintf(stderr, "%s\n", line);
}

static void show(const struct pull *p, const char *outcome)
{
	static const char *const states[] = { "open", "closed", "merged" };
	printf("%s%s#%" PRId64 " %s%s %s %s %s\n%s\n", outcome ? outcome : "", outcome ? " " : "", p->number,
	       states[p->state], p->draft ? " draft" : "", p->base, p->head_commit, p->url, p->title);
}

static enum status_state state_of(const char *word)
{
	static const char *const words[] = { "pending", "success", "failure", "error" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			return (enum status_state)i;
	fprintf(stderr, "no state: %s\n", word);
	exit(129);
}

static size_t read_annotations(struct annotation *out)
{
	char *line = NULL;
	size_t size = 0, nr = 0;
	for (ssize_t len; nr < MAX_ANNOTATIONS && (len = getline(&line, &size, stdin)) > 0; nr++) {
		const char *fields[7];
		char *p = line;
		line[len - 1] = '\0';
		for (size_t i = 0; i < 7; i++)
			fields[i] = p ? strsep(&p, "|") : "";
		out[nr] = (struct annotation){ .path = xstrdup(fields[0]),
					       .line = strtoul(fields[1], NULL, 10),
					       .end_line = strtoul(fields[2], NULL, 10),
					       .level = xstrdup(fields[3]),
					       .id = xstrdup(fields[4]),
					       .title = xstrdup(fields[5]),
					       .message = xstrdup(fields[6]) };
	}
	free(line);
	return nr;
}

static void free_annotations(struct annotation *a, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free((char *)a[i].path);
		free((char *)a[i].level);
		free((char *)a[i].id);
		free((char *)a[i].title);
		free((char *)a[i].message);
	}
}

static struct error *where(struct forge *f, char **argv)
{
	static const char *const kinds[] = { "github", "gitea", "gitlab" };
	(void)argv;
	printf("%s %s %s %s %s\n", kinds[forge_kind(f)], forge_name(f), forge_host(f), forge_repository(f),
	       forge_remote(f));
	return NULL;
}

static struct error *find(struct forge *f, char **argv)
{
	struct pull p;
	bool found;
	struct error *err = forge_pull_find(f, argv[0], argv[1], &p, &found);
	if (!err && found)
		show(&p, NULL);
	else if (!err)
		printf("none\n");
	pull_release(&p);
	return err;
}

static struct error *get(struct forge *f, char **argv)
{
	struct pull p;
	struct error *err = forge_pull_get(f, strtoll(argv[0], NULL, 10), &p);
	if (!err)
		show(&p, NULL);
	pull_release(&p);
	return err;
}

static struct error *ensure(struct forge *f, char **argv)
{
	static const char *const outcomes[] = { "opened", "updated", "unchanged" };
	const char *labels[MAX_NAMES + 1] = { 0 }, *reviewers[MAX_NAMES + 1] = { 0 };
	size_t nr_labels = 0, nr_reviewers = 0;
	struct pull_wish wish = { .branch = argv[0], .base = argv[1], .title = argv[2], .body = argv[3],
				  .labels = labels, .reviewers = reviewers };
	for (argv += 4; *argv; argv++) {
		if (!strncmp(*argv, "label=", 6) && nr_labels < MAX_NAMES)
			labels[nr_labels++] = *argv + 6;
		else if (!strncmp(*argv, "reviewer=", 9) && nr_reviewers < MAX_NAMES)
			reviewers[nr_reviewers++] = *argv + 9;
		else
			wish.draft = !strcmp(*argv, "draft");
	}
	struct buffer warnings = BUFFER_INIT;
	struct pull p;
	enum pull_outcome outcome;
	struct error *err = forge_pull_ensure(f, &wish, &p, &outcome, &warnings);
	if (!err)
		show(&p, outcomes[outcome]);
	fprintf(stderr, "%s", warnings.data);
	pull_release(&p);
	buffer_release(&warnings);
	return err;
}

static struct error *status(struct forge *f, char **argv)
{
	return forge_set_status(f, argv[0], argv[1], state_of(argv[2]), argv[3], argv[4]);
}

static struct error *check(struct forge *f, char **argv)
{
	struct annotation annotations[MAX_ANNOTATIONS];
	size_t nr = read_annotations(annotations);
	struct error *err = forge_set_check(f, argv[0], argv[1], state_of(argv[2]), argv[3], argv[4], annotations, nr);
	free_annotations(annotations, nr);
	return err;
}

static struct error *comment(struct forge *f, char **argv)
{
	static const char *const outcomes[] = { "written", "updated", "unchanged" };
	enum comment_outcome outcome;
	struct error *err = forge_set_comment(f, strtoll(argv[0], NULL, 10), argv[1], argv[2], &outcome);
	if (!err)
		printf("%s\n", outcomes[outcome]);
	return err;
}

static struct error *review(struct forge *f, char **argv)
{
	struct annotation annotations[MAX_ANNOTATIONS];
	size_t nr = read_annotations(annotations), posted;
	struct error *err = forge_add_review(f, strtoll(argv[0], NULL, 10), argv[1], argv[2], annotations, nr, &posted);
	printf("%zu of %zu\n", posted, nr);
	free_annotations(annotations, nr);
	return err;
}

static const struct {
	const char *name;
	int arguments;
	struct error *(*ask)(struct forge *f, char **argv);
} questions[] = {
	{ "where", 0, where },	 { "find", 1, find },	    { "get", 1, get },	     { "ensure", 4, ensure },
	{ "status", 4, status }, { "check", 5, check },	    { "comment", 3, comment }, { "review", 3, review },
};

int main(int argc, char **argv)
{
	struct forge_settings settings = { .http = { .user_agent = "git-scrutiny/test" }, .env = env,
					   .on_wait = on_wait, .retry_ms = 10 };
	struct repo *repo = NULL;
	struct forge *f = NULL;
	trace_open(getenv("GIT_TRACE_SCRUTINY"));
	struct error *err = argc < 2 ? error_new(ERROR_USAGE, "usage: forge-call <what> [<argument>...]")
				     : repo_open(&repo, NULL);
	if (!err)
		err = forge_open(&f, repo, getenv("FORGE_REMOTE"), &settings);
	for (size_t i = 0; !err && i < ARRAY_SIZE(questions); i++)
		if (!strcmp(argv[1], questions[i].name))
			err = argc - 2 < questions[i].arguments ? error_new(ERROR_USAGE, "too few arguments")
							       : questions[i].ask(f, argv + 2);
	forge_free(f);
	repo_free(repo);
	if (!err)
		return 0;
	fprintf(stderr, "%s\n%s%s%s", err->message, err->hint ? "hint: " : "", err->hint ? err->hint : "",
		err->hint ? "\n" : "");
	int code = (int)err->code;
	error_free(err);
	return code;
}
