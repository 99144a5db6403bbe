#include "hook/quick.h"

#include "base/memory.h"
#include "base/process.h"
#include "base/text.h"
#include "hook/background.h"
#include "hook/papers.h"

/* Of what git says has changed; a commit with more is worth the longer look. */
#define MAX_CHANGES ((size_t)64 << 10)

/* ":<mode> <mode> <id> <id> <status>" NUL path NUL, again and again. */
static bool concerns_none(const struct hook_papers *list, struct slice raw)
{
	const char *at = raw.data, *end = raw.data + raw.len;
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

/* Asks git, which needs no index for this (diff-tree would read it all the same) unless INDEX says so. */
static bool ask(const struct hook_places *places, const char *const *argv, struct slice input, bool index,
		struct buffer *out)
{
	char *nothing = hook_file(places->git_dir, "no-index");
	char *without_index = xstrfmt("GIT_INDEX_FILE=%s", nothing);
	/* What is not here is not waited for. */
	const char *env[] = { "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1",
			      "GIT_ALLOW_PROTOCOL=none", index ? NULL : without_index, NULL };
	int status;
	struct process_options options = { .env = env, .input = input, .out = out, .discard_err = true,
					   .exit_status = &status };
	struct error *err = process_run(argv, &options);
	bool answered = !err && !status;
	error_free(err);
	free(without_index);
	free(nothing);
	return answered;
}

/* What TREE, that of the index, has changed from HEAD; without a TREE the index is what is compared. */
static bool ask_for_changes(const struct hook_places *places, const struct oid *tree, struct buffer *out)
{
	const char *const compare[] = { "git", "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-relative",
					"--ignore-submodules=none", "HEAD", tree->hex, "--", NULL };
	const char *const look[] = { "git", "diff-index", "-z", "--raw", "--no-renames", "--no-relative",
				     "--ignore-submodules=none", "--cached", "HEAD", "--", NULL };
	struct slice none = { "", 0 };
	return *tree->hex ? ask(places, compare, none, false, out) : ask(places, look, none, true, out);
}

bool hook_nothing_staged(const struct hook_places *places)
{
	struct hook_papers list;
	struct oid tree;
	struct buffer changes = BUFFER_INIT_MAX(MAX_CHANGES);
	if (!hook_papers_open(&list, places->git_dir))
		return false;
	bool nothing = hook_papers_fit(&list, places->index, &tree) && ask_for_changes(places, &tree, &changes) &&
		       concerns_none(&list, slice_of(&changes));
	buffer_release(&changes);
	hook_papers_release(&list);
	return nothing;
}

/* -- pushes ------------------------------------------------------------------------------------ */

/* Whether UPDATE needs no look at any paper by itself. */
static bool brings_nothing(const struct push_update *update)
{
	return !update->local.hex[0] || push_is_own_ref(update->remote_ref);
}

/* What is pushed beside what is there, which is part of the edge of each push (push.h), and beside the commit of the
 * list. False when a ref is new there. */
static bool add_questions(const struct hook_papers *list, const struct push *push, struct buffer *questions, size_t *nr)
{
	*nr = 0;
	for (size_t i = 0; i < push->nr; i++) {
		const struct push_update *update = &push->updates[i];
		if (brings_nothing(update))
			continue;
		if (!update->remote.hex[0])
			return false;
		buffer_addf(questions, "%s %s\n", update->local.hex, update->remote.hex);
		++*nr;
		if (!strcmp(update->local.hex, list->commit.hex))
			continue;
		buffer_addf(questions, "%s %s\n", update->local.hex, list->commit.hex);
		++*nr;
	}
	return true;
}

static bool is_id(struct slice s, size_t oid_size)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_digit(s.data[i]) && (s.data[i] < 'a' || s.data[i] > 'f'))
			return false;
	return s.len == 2 * oid_size;
}

/* The answers to NR questions, each a commit's id, NUL, and its changes: a commit that git does not have is passed
 * over in silence, so they are counted. */
static bool answers_concern_none(const struct hook_papers *list, const struct buffer *answers, size_t nr)
{
	const char *at = answers->data, *end = answers->data + answers->len;
	size_t heads = 0;
	while (at < end) {
		struct slice id = { at, strlen(at) };
		if (!is_id(id, list->oid_size))
			return false;
		heads++;
		at += id.len + 1;
		const char *changes = at;
		while (at < end && *at == ':') {
			at += strlen(at) + 1;
			at += at < end ? strlen(at) + 1 : 0;
		}
		if (at > end || !concerns_none(list, (struct slice){ changes, (size_t)(at - changes) }))
			return false;
	}
	return heads == nr;
}

static bool any_papers(const struct push *push)
{
	for (size_t i = 0; i < push->nr; i++)
		if (!brings_nothing(&push->updates[i]))
			return true;
	return false;
}

bool hook_nothing_pushed(const struct hook_places *places, const struct push *push)
{
	/* Beside what is no commit, such as a tag, everything is new: --root. */
	static const char *const compare[] = { "git", "diff-tree", "--stdin", "--always", "--root", "-r", "-z", "--raw",
					       "--no-renames", "--no-relative", "--ignore-submodules=none", NULL };
	struct hook_papers list;
	struct buffer questions = BUFFER_INIT_MAX(MAX_CHANGES), answers = BUFFER_INIT_MAX(MAX_CHANGES);
	size_t nr;
	if (!any_papers(push))
		return true;
	if (!hook_papers_open(&list, places->git_dir))
		return false;
	bool nothing = *list.commit.hex && add_questions(&list, push, &questions, &nr) && !questions.overflowed &&
		       ask(places, compare, slice_of(&questions), false, &answers) &&
		       answers_concern_none(&list, &answers, nr);
	buffer_release(&questions);
	buffer_release(&answers);
	hook_papers_release(&list);
	return nothing;
}
