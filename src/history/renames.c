/* Where a paper was before its folder got its name. */
#include "base/memory.h"
#include "base/text.h"
#include "history/internal.h"

#define MAX_COMMIT ((size_t)16 << 20)
#define MAX_RENAMES ((size_t)256 << 20)

struct error *commit_parents(struct repo *repo, const struct oid *commit, struct oid **out, size_t *nr)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_COMMIT);
	size_t digits = strlen(commit->hex);
	struct error *err = repo_read_object(repo, commit, OBJECT_COMMIT, &text);
	const char *rest;
	*out = NULL;
	*nr = 0;
	for (const char *line = text.data; !err && line && *line && *line != '\n';) {
		if (skip_prefix(line, "parent ", &rest) && strcspn(rest, "\n") == digits) {
			*out = xreallocarray(*out, *nr + 1, sizeof(**out));
			(*out)[*nr] = (struct oid){ "" };
			memcpy((*out)[(*nr)++].hex, rest, digits);
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	buffer_release(&text);
	return err;
}

/* The folder that FROM lies in as TO lies in FOLDER; malloc'd, NULL when it does not. */
static char *folder_before(const char *from, const char *to, const char *folder)
{
	const char *inside = to;
	size_t len = strlen(from);
	if (*folder && (!skip_prefix(to, folder, &inside) || *inside++ != '/'))
		return NULL;
	size_t tail = strlen(inside);
	if (tail > len || strcmp(from + len - tail, inside) || (len > tail && from[len - tail - 1] != '/'))
		return NULL;
	return xmemdupz(from, len > tail ? len - tail - 1 : 0);
}

/* The folder that most of the renamed files were in. */
static char *choose(const struct strmap *votes)
{
	const struct strmap_entry *best = NULL;
	for (size_t i = 0; i < votes->nr; i++)
		if (!best || (uintptr_t)votes->entries[i].value > (uintptr_t)best->value)
			best = &votes->entries[i];
	return best ? xstrdup(best->key) : NULL;
}

/* TEXT: "R<score>\0<from>\0<to>\0" each. */
static char *count(const struct buffer *text, const char *folder)
{
	struct strmap votes = STRMAP_INIT;
	const char *at = text->data, *end = text->data + text->len;
	while (at < end) {
		const char *from = at + strlen(at) + 1;
		const char *to = from < end ? from + strlen(from) + 1 : end;
		if (to >= end)
			break;
		char *before = folder_before(from, to, folder);
		if (before && strcmp(before, folder)) {
			void **slot = strmap_at(&votes, before, strlen(before));
			*slot = (void *)((uintptr_t)*slot + 1);
		}
		free(before);
		at = to + strlen(to) + 1;
	}
	char *chosen = choose(&votes);
	strmap_release(&votes, NULL);
	return chosen;
}

/* Files that were changed, too, can be told apart only where all of them are here. */
static const char *how(const struct paper_history *h)
{
	return h->is_partial ? "--find-renames=100%" : "--find-renames";
}

static struct error *find(struct paper_history *h, const char *const *argv, const char *folder, char **out)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_RENAMES), said = BUFFER_INIT_MAX(1 << 16);
	struct process_options options = { .out = &text, .err = &said };
	struct error *err = repo_git_read(h->settings.repo, argv, &options);
	*out = err ? NULL : count(&text, folder);
	buffer_release(&text);
	buffer_release(&said);
	return err;
}

struct error *rename_find(struct paper_history *h, const struct version *version, const struct oid *commit, char **out)
{
	const char *const argv[] = { "diff-tree", "-r", "-z", "--name-status", "--diff-filter=R", "--no-ext-diff", how(h),
				     "--end-of-options", commit->hex, version->commit.hex, NULL };
	return find(h, argv, version->folder, out);
}

struct error *rename_find_staged(struct paper_history *h, const struct oid *commit, const char *folder, char **out)
{
	const char *const argv[] = { "diff-index", "--cached", "-z", "--name-status", "--diff-filter=R", "--no-ext-diff",
				     how(h), "--end-of-options", commit->hex, "--", NULL };
	return find(h, argv, folder, out);
}
