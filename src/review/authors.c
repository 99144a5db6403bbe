#include "review/authors.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "base/trace.h"
#include "meta/meta.h"
#include "review/review.h"

/* Papers that are given to git as paths: beyond, it is faster to look at every commit. */
#define MAX_PATHS 200
#define READ_CHUNK 65536
/* One author or path. */
#define MAX_TOKEN ((size_t)64 << 10)
/* Marks an author among the paths. */
#define AUTHOR_MARK '\001'

struct authors {
	struct repo *repo;
	const struct paper *const *papers;
	size_t nr;
	struct strmap found;   /* folder of a paper -> author (owned); NULL: not found yet */
	struct process git;
	bool started, ended;
	struct buffer text;    /* read and not taken yet */
	size_t at;             /* taken of it */
	char *author;          /* of the commit whose paths are being read */
};

struct authors *authors_new(struct repo *repo, const struct paper *const *papers, size_t nr)
{
	struct authors *a = xcalloc(1, sizeof(*a));
	a->repo = repo;
	a->papers = papers;
	a->nr = nr;
	a->git = (struct process){ -1, -1, -1 };
	buffer_init(&a->text, MAX_TOKEN + READ_CHUNK);
	return a;
}

/* What git has not written yet is of no use to anybody. */
static void stop(struct authors *a)
{
	if (a->started && !a->ended) {
		kill(a->git.pid, SIGTERM);
		error_free(process_finish(&a->git, &(int){ 0 }));
	}
	a->ended = true;
}

void authors_free(struct authors *a)
{
	if (!a)
		return;
	stop(a);
	strmap_release(&a->found, free);
	buffer_release(&a->text);
	free(a->author);
	free(a);
}

static void start(struct authors *a)
{
	static const char *const first[] = {
		"--literal-pathspecs", "log", "--no-renames", "--name-only", "-z",
		"--format=%x01%aN <%aE>", "HEAD", "--",
	};
	struct process_options options = { .discard_err = true };
	const char **argv = xcalloc(ARRAY_SIZE(first) + MAX_PATHS + 1, sizeof(*argv));
	memcpy(argv, first, sizeof(first));
	for (size_t i = 0; i < a->nr; i++) {
		const char *path = a->papers[i]->path;
		strmap_at(&a->found, path, strlen(path));
		if (a->nr <= MAX_PATHS)
			argv[ARRAY_SIZE(first) + i] = *path ? path : ".";
	}
	a->started = true;
	struct error *err = repo_git_start(a->repo, argv, &a->git, false, true, &options);
	if (err) {
		trace_printf("no authors: %s", err->message);
		a->ended = true;
	}
	error_free(err);
	free(argv);
}

/* The next of git's NUL-terminated words; false at its end. It is valid until the next one. */
static bool next_token(struct authors *a, const char **token)
{
	for (;;) {
		char *start = a->text.data + a->at;
		char *end = memchr(start, '\0', a->text.len - a->at);
		if (end) {
			*token = start;
			a->at += (size_t)(end - start) + 1;
			return true;
		}
		if (a->ended)
			return false;
		buffer_splice(&a->text, 0, a->at, NULL, 0);
		a->at = 0;
		if (!buffer_reserve(&a->text, READ_CHUNK)) {
			stop(a);
			return false;
		}
		ssize_t got = read(a->git.out, a->text.data + a->text.len, READ_CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			stop(a);
		else
			a->text.len += (size_t)got;
	}
}

/* What this program writes beside a paper is nobody's work on it. */
static bool is_generated(const char *file)
{
	static const char *const names[] = { REVIEW_REPORT_MARKDOWN, REVIEW_REPORT_JSON, META_FILE };
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The paper nearest above FILE, if it has no author yet, has one now. */
static void take_path(struct authors *a, const char *file)
{
	char *folder = xstrdup(file);
	for (char *end = strrchr(folder, '/');; end = strrchr(folder, '/')) {
		*(end ? end : folder) = '\0';
		if (strmap_has(&a->found, folder, strlen(folder))) {
			void **slot = strmap_at(&a->found, folder, strlen(folder));
			if (!*slot)
				*slot = xstrdup(a->author);
			break;
		}
		if (!end)
			break;
	}
	free(folder);
}

static void take_token(struct authors *a, const char *token)
{
	if (*token == '\n') /* git ends the author's line with it */
		token++;
	if (*token == AUTHOR_MARK) {
		free(a->author);
		a->author = xstrdup(token + 1);
	} else if (*token && a->author && !is_generated(token)) {
		take_path(a, token);
	}
}

const char *authors_find(struct authors *a, const char *path)
{
	const char *token;
	if (!a->started)
		start(a);
	while (!strmap_get(&a->found, path, strlen(path)) && next_token(a, &token))
		take_token(a, token);
	return strmap_get(&a->found, path, strlen(path));
}
