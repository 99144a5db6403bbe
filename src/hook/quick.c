#include "hook/quick.h"

#include "base/memory.h"
#include "base/process.h"
#include "base/text.h"
#include "hook/background.h"
#include "hook/papers.h"

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
	const char *env[] = { "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1",
			      *tree->hex ? without_index : NULL, NULL };
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
