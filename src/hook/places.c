#include "hook/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* A path and a word before it. */
#define MAX_LINK ((size_t)8 << 10)
/* Of a list of commits to pick. */
#define MAX_TODO ((size_t)4 << 20)

static bool is_folder(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* The one line of the file at PATH, behind PREFIX, or NULL. */
static char *read_line(const char *path, const char *prefix)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_LINK);
	const char *rest;
	char *line = NULL;
	struct error *err = file_read(path, &text);
	if (!err && skip_prefix(text.data, prefix, &rest) && strlen(text.data) == text.len) {
		size_t len = strcspn(rest, "\r\n");
		if (len)
			line = xmemdupz(rest, len);
	}
	error_free(err);
	buffer_release(&text);
	return line;
}

bool hook_places_find(struct hook_places *out, const char *git_dir, const char *index_file)
{
	*out = (struct hook_places){ NULL, NULL };
	if (git_dir)
		out->git_dir = xstrdup(git_dir);
	else if (is_folder(".git"))
		out->git_dir = xstrdup(".git");
	else
		out->git_dir = read_line(".git", "gitdir: ");
	if (!out->git_dir || !is_folder(out->git_dir))
		goto unsure;
	out->index = index_file ? xstrdup(index_file) : xstrfmt("%s/index", out->git_dir);
	return true;
unsure:
	hook_places_release(out);
	return false;
}

void hook_places_release(struct hook_places *places)
{
	free(places->git_dir);
	free(places->index);
	*places = (struct hook_places){ NULL, NULL };
}

/* Whether more than the commit that is being made is on the list; what cannot be read is no list. */
static bool more_to_pick(const char *path)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_TODO);
	struct error *err = file_read(path, &text);
	size_t left = 0;
	for (const char *at = text.data; !err && *at; at += strcspn(at, "\n"), at += *at == '\n')
		left += *at != '#' && *at != '\n';
	bool too_long = error_drop_if(&err, ERROR_LIMIT);
	error_free(err);
	buffer_release(&text);
	return too_long || left > 1;
}

bool hook_in_sequence(const char *git_dir)
{
	static const char *const signs[] = { "rebase-merge", "rebase-apply", "BISECT_LOG" };
	bool found = false;
	for (size_t i = 0; i < ARRAY_SIZE(signs) && !found; i++) {
		char *path = xstrfmt("%s/%s", git_dir, signs[i]);
		found = !access(path, F_OK);
		free(path);
	}
	char *todo = xstrfmt("%s/sequencer/todo", git_dir);
	found = found || more_to_pick(todo);
	free(todo);
	return found;
}
