#include "hook/quick.h"

#include <errno.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/text.h"
#include "hook/background.h"
#include "hook/papers.h"

/* What is not here is not waited for. */
#define QUICK_ENVIRONMENT \
	"GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none"

/* Refs of a push that are looked at here. */
#define MAX_UPDATES 4

/* Of what git says has changed; a commit with more is worth the longer look. */
#define MAX_CHANGES ((size_t)64 << 10)

/* ":<mode> <mode> <id> <id> <status>" NUL path NUL, again and again. */
static bool concerns_none(const struct hook_papers *list, const struct buffer *raw)
{
	const char *at = raw->data, *end = raw->data + raw->len;
	while (at < end) {
		char *rest;
		if (*at != ':')
			return false;
		unsigned before = (unsigned)strtoul(at + 1, &rest, 8);
		unsigned after = (unsigned)strtoul(rest, &rest, 8);
		const char *path = memchr(rest, '\0', (size_t)(end - rest));
		if (!path++ || path >= end || hook_path_concerns(list, path, before, after))
			return false;
		at = path + strlen(path) + 1;
	}
	return true;
}

/*
 * What TREE, that of the index, has changed from HEAD. git diff-tree would read the index too, for attributes that
 * this does not depend on: hence the index that is not there. Without a TREE the index is what is compared.
 */
static bool ask_for_changes(const struct hook_places *places, const struct oid *tree, struct buffer *out)
{
	const char *const compare[] = { "git", "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-relative",
					"--ignore-submodules=none", "HEAD", tree->hex, "--", NULL };
	const char *const look[] = { "git", "diff-index", "-z", "--raw", "--no-renames", "--no-relative",
				     "--ignore-submodules=none", "--cached", "HEAD", "--", NULL };
	char *nothing = hook_file(places->git_dir, "no-index");
	char *without_index = xstrfmt("GIT_INDEX_FILE=%s", nothing);
	const char *env[] = { QUICK_ENVIRONMENT, *tree->hex ? without_index : NULL, NULL };
	int status;
	struct process_options options = { .env = env, .out = out, .discard_err = true, .exit_status = &status };
	struct error *err = process_run(*tree->hex ? compare : look, &options);
	bool answered = !err && !status;
	error_free(err);
	free(without_index);
	free(nothing);
	return answered;
}

bool hook_nothing_staged(const struct hook_places *places)
{
	struct hook_papers list;
	struct oid tree;
	struct buffer changes = BUFFER_INIT_MAX(MAX_CHANGES);
	if (!hook_papers_open(&list, places->git_dir))
		return false;
	bool nothing = hook_papers_fit(&list, places->index, &tree) && ask_for_changes(places, &tree, &changes) &&
		       concerns_none(&list, &changes);
	buffer_release(&changes);
	hook_papers_release(&list);
	return nothing;
}

/* -- pre-push ---------------------------------------------------------------------------------- */

static bool start_git(struct process *p, const char *const *argv, const char *no_index)
{
	const char *const env[] = { QUICK_ENVIRONMENT, no_index, NULL };
	struct process_options options = { .env = env, .discard_err = true };
	struct error *err = process_start(p, argv, false, true, &options);
	bool started = !err;
	error_free(err);
	return started;
}

/* False when git fails, or says more than OUT may hold. */
static bool finish_git(struct process *p, struct buffer *out)
{
	char bytes[16384];
	ssize_t n;
	int status = -1;
	while ((n = read(p->out, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			buffer_add(out, bytes, (size_t)n);
	}
	struct error *err = process_finish(p, &status);
	bool good = !err && !status && !out->overflowed;
	error_free(err);
	return good;
}

/*
 * Whether the commit that is pushed has the TREE, which the list is about, and that differs from what the remote's
 * ref is at in nothing that concerns a paper: what is there is part of the edge of each push (push.h). Both are
 * asked for at the same time.
 */
static bool update_concerns_none(const struct hook_papers *list, const struct push_update *update,
				 const struct oid *tree, const char *no_index)
{
	char *pushed = xstrfmt("%s^{tree}", update->local.hex);
	const char *const compare[] = { "git", "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-relative",
					"--ignore-submodules=none", update->remote.hex, tree->hex, "--", NULL };
	const char *const resolve[] = { "git", "rev-parse", "--verify", "--quiet", pushed, NULL };
	struct process comparing, resolving;
	struct buffer changes = BUFFER_INIT_MAX(MAX_CHANGES), line = BUFFER_INIT_MAX(4096);
	bool compared = start_git(&comparing, compare, no_index);
	bool resolved = start_git(&resolving, resolve, no_index);
	compared = compared && finish_git(&comparing, &changes);
	resolved = resolved && finish_git(&resolving, &line);
	bool nothing = compared && resolved && line.len == strlen(tree->hex) + 1 &&
		       !strncmp(line.data, tree->hex, line.len - 1) && concerns_none(list, &changes);
	buffer_release(&changes);
	buffer_release(&line);
	free(pushed);
	return nothing;
}

/* Whether UPDATE needs no look at any paper by itself. */
static bool brings_nothing(const struct push_update *update)
{
	return !update->local.hex[0] || push_is_own_ref(update->remote_ref);
}

bool hook_nothing_pushed(const struct hook_places *places, const struct push *push)
{
	struct hook_papers list;
	struct oid tree;
	size_t nr = 0;
	for (size_t i = 0; i < push->nr; i++) {
		const struct push_update *update = &push->updates[i];
		if (!brings_nothing(update) && (++nr > MAX_UPDATES || !update->remote.hex[0]))
			return false;
	}
	if (!nr)
		return true;
	if (!hook_papers_open(&list, places->git_dir))
		return false;
	char *file = hook_file(places->git_dir, "no-index"), *no_index = xstrfmt("GIT_INDEX_FILE=%s", file);
	bool nothing = hook_papers_fit(&list, places->index, &tree) && tree.hex[0];
	for (size_t i = 0; i < push->nr && nothing; i++)
		nothing = brings_nothing(&push->updates[i]) ||
			  update_concerns_none(&list, &push->updates[i], &tree, no_index);
	hook_papers_release(&list);
	free(no_index);
	free(file);
	return nothing;
}
