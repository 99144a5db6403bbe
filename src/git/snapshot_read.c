/* The bytes of one file of a snapshot, and whether it is there. */
#include <limits.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/snapshot_internal.h"

/* -- in trees: symbolic links are text there --------------------------------------------------- */

struct walk {
	struct snapshot *s;
	const char *path; /* as it was asked for */
	char *done, *rest;
	unsigned links;
	struct tree_entry entry; /* what DONE is */
};

static struct error *leads_out(const char *path)
{
	return error_new(ERROR_NOT_FOUND, "'%s' leads out of the repository", path);
}

static struct error *go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');
	if (!*w->done)
		return leads_out(w->path);
	*(slash ? slash : w->done) = '\0';
	return snapshot_lookup(w->s, w->done, &w->entry);
}

/* DONE is a link: puts what it holds in front of REST. */
static struct error *follow_link(struct walk *w)
{
	struct buffer target = BUFFER_INIT_MAX(PATH_MAX);
	struct error *err = NULL;
	if (++w->links > SNAPSHOT_MAX_LINKS)
		err = error_new(ERROR_LIMIT, "'%s': more than %d symbolic links", w->path,
				SNAPSHOT_MAX_LINKS);
	if (!err)
		err = repo_read_object(w->s->repo, &w->entry.oid, OBJECT_BLOB, &target);
	if (!err && target.data[0] == '/')
		err = leads_out(w->path);
	if (!err)
		err = go_up(w);
	if (!err) {
		char *rest = xstrfmt("%s/%s", target.data, w->rest);
		free(w->rest);
		w->rest = rest;
	}
	buffer_release(&target);
	return err;
}

static struct error *go_down(struct walk *w, const char *name)
{
	if (w->entry.mode != MODE_FOLDER)
		return error_new(ERROR_NOT_FOUND, "there is no '%s'", w->path);
	char *below = xstrfmt("%s%s%s", w->done, *w->done ? "/" : "", name);
	free(w->done);
	w->done = below;
	struct error *err = snapshot_lookup(w->s, below, &w->entry);
	if (!err && w->entry.mode == MODE_LINK)
		err = follow_link(w);
	return err;
}

/* Takes the first name off REST, to be freed. */
static char *next_name(struct walk *w)
{
	char *from = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(from, "/");
	char *name = xmemdupz(from, len), *rest = xstrdup(from + len);
	free(w->rest);
	w->rest = rest;
	return name;
}

/* The file that PATH means, through symbolic links as long as they stay inside. */
static struct error *find_stored_file(struct snapshot *s, const char *path, struct oid *out)
{
	struct walk w = { .s = s, .path = path, .done = xstrdup(""), .rest = xstrdup(path),
			  .entry = { .mode = MODE_FOLDER } };
	struct error *err = NULL;
	while (!err && w.rest[strspn(w.rest, "/")]) {
		char *name = next_name(&w);
		if (!strcmp(name, ".."))
			err = go_up(&w);
		else if (strcmp(name, "."))
			err = go_down(&w, name);
		free(name);
	}
	if (!err && (w.entry.mode & 0170000) != 0100000)
		err = error_new(ERROR_NOT_FOUND, "'%s' is not a file", path);
	*out = w.entry.oid;
	free(w.done);
	free(w.rest);
	return err;
}

static struct error *read_stored(struct snapshot *s, const char *path, struct buffer *out)
{
	struct oid oid;
	struct error *err = find_stored_file(s, path, &oid);
	return err ? err : repo_read_object(s->repo, &oid, OBJECT_BLOB, out);
}

/* -- on disk ----------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *directory)
{
	char *real = realpath(directory, NULL);
	const char *rest;
	bool below = real && skip_prefix(path, real, &rest) && (!*rest || *rest == '/');
	free(real);
	return below;
}

static bool has_dot_git(const char *path)
{
	for (const char *at = path; *at; at += strcspn(at, "/"), at += *at == '/')
		if (strcspn(at, "/") == 4 && !strncasecmp(at, ".git", 4))
			return true;
	return false;
}

/*
 * A git directory holds what a paper has no business with, credentials above all, and a link
 * that somebody committed can point there without leaving the work tree.
 */
static struct error *refuse_git_directory(struct snapshot *s, const char *path)
{
	const char *top = repo_work_tree(s->repo), *rest;
	char *full = xstrfmt("%s/%s", top, path);
	char *real = realpath(full, NULL), *real_top = realpath(top, NULL);
	struct error *err = NULL;
	if (real && real_top && skip_prefix(real, real_top, &rest) &&
	    (has_dot_git(rest) || is_below(real, repo_git_dir(s->repo)) ||
	     is_below(real, repo_common_dir(s->repo))))
		err = error_new(ERROR_NOT_FOUND, "'%s' lies in a git directory", path);
	free(real_top);
	free(real);
	free(full);
	return err;
}

/* Whether git keeps PATH out of the work tree on purpose: a sparse checkout. */
static bool is_left_out_of_work_tree(struct snapshot *s, const char *path)
{
	struct tree_entry entry;
	if (snapshot_find_change(s, path) || !s->base.hex[0])
		return false;
	struct error *err = repo_tree_lookup(s->repo, &s->base, path, &entry);
	error_free(err);
	return !err;
}

static bool is_file_in_work_tree(struct snapshot *s, const char *path)
{
	struct stat st;
	if (!file_exists_below(repo_work_tree(s->repo), path))
		return false;
	char *full = xstrfmt("%s/%s", repo_work_tree(s->repo), path);
	bool file = !stat(full, &st) && S_ISREG(st.st_mode);
	free(full);
	return file;
}

static struct error *read_from_work_tree(struct snapshot *s, const char *path, struct buffer *out)
{
	struct error *err = refuse_git_directory(s, path);
	if (err)
		return err;
	err = file_read_below(repo_work_tree(s->repo), path, out);
	if (error_is(err, ERROR_NOT_FOUND) && is_left_out_of_work_tree(s, path)) {
		error_free(err);
		err = read_stored(s, path, out);
	}
	return err;
}

/* -- the interface ----------------------------------------------------------------------------- */

struct error *snapshot_read(struct snapshot *s, const char *path, struct buffer *out)
{
	return s->kind == SNAPSHOT_WORK_TREE ? read_from_work_tree(s, path, out)
					     : read_stored(s, path, out);
}

bool snapshot_exists(struct snapshot *s, const char *path)
{
	struct oid oid;
	struct error *err = NULL;
	if (s->kind == SNAPSHOT_WORK_TREE) {
		err = refuse_git_directory(s, path);
		if (!err && is_file_in_work_tree(s, path))
			return true;
		if (err || !is_left_out_of_work_tree(s, path)) {
			error_free(err);
			return false;
		}
	}
	err = find_stored_file(s, path, &oid);
	error_free(err);
	return !err;
}

/* https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: at most 1024 bytes. */
bool snapshot_is_lfs_pointer(struct slice content)
{
	static const char first[] = "version https://git-lfs.github.com/spec/v1\n";
	return content.len <= 1024 && content.len > sizeof(first) &&
	       !memcmp(content.data, first, sizeof(first) - 1) &&
	       memmem(content.data, content.len, "\noid sha256:", 12);
}
