#include "image/builder_context.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "git/object_reader.h"
#include "image/file_tree.h"

struct writer {
	const struct builder_job *job;
	struct buffer bytes; /* of one blob */
};

/* -- files ------------------------------------------------------------------------------------ */

static struct error *write_all(int fd, struct slice bytes, const char *name)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);
		if (n < 0 && errno != EINTR)
			return error_errno(ERROR_IO, "cannot write '%s'", name);
		if (n > 0)
			bytes = (struct slice){ bytes.data + n, bytes.len - (size_t)n };
	}
	return NULL;
}

/* In the folder AT, where nothing has that name yet: trees are not to be believed. */
static struct error *write_file(struct writer *w, int at, const struct file_node *node)
{
	buffer_reset(&w->bytes);
	struct error *err = repo_read_object(w->job->repo, &node->oid, OBJECT_BLOB, &w->bytes);
	if (err)
		return error_context(err, "'%s'", node->name);
	if (node->mode == 0120000) {
		if (memchr(w->bytes.data, 0, w->bytes.len) || symlinkat(w->bytes.data, at, node->name))
			return error_errno(ERROR_IO, "cannot make the link '%s'", node->name);
		return NULL;
	}
	mode_t mode = node->mode == 0100755 ? 0755 : 0644;
	int fd = openat(at, node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return error_errno(ERROR_IO, "cannot write '%s'", node->name);
	err = write_all(fd, slice_of(&w->bytes), node->name);
	if (!err && fchmod(fd, mode))
		err = error_errno(ERROR_IO, "cannot write '%s'", node->name);
	close(fd);
	return err;
}

/* At most FILE_TREE_MAX_DEPTH deep. */
static struct error *write_folder(struct writer *w, int at, const struct file_node *folder)
{
	struct error *err = NULL;
	for (size_t i = 0; !err && i < folder->nr; i++) {
		const struct file_node *node = &folder->children[i];
		if (w->job->stop && *w->job->stop)
			return error_new(ERROR_CANCELLED, "interrupted");
		if (!file_node_is_folder(node)) {
			err = write_file(w, at, node);
			continue;
		}
		int below = mkdirat(at, node->name, 0755)
				? -1
				: openat(at, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return error_errno(ERROR_IO, "cannot make the folder '%s'", node->name);
		err = write_folder(w, below, node);
		close(below);
	}
	return err;
}

/* -- what is in it ---------------------------------------------------------------------------- */

/* The job as copies to the top of an image: all of the context, or each input where it stands. */
static void copies_of(const struct builder_job *job, struct image_spec *spec)
{
	spec->context = xstrdup(job->context);
	spec->nr_copies = job->inputs ? job->nr_inputs : 1;
	spec->copies = xcalloc(spec->nr_copies + 1, sizeof(*spec->copies));
	for (size_t i = 0; i < spec->nr_copies; i++) {
		const char *path = job->inputs ? job->inputs[i] : "";
		spec->copies[i] = (struct image_copy){ .from = xstrdup(path), .to = xstrdup(path) };
	}
}

static void list_blobs(const struct file_node *node, struct oid **oids, size_t *nr, size_t *alloc)
{
	for (size_t i = 0; i < node->nr; i++) {
		const struct file_node *child = &node->children[i];
		if (file_node_is_folder(child)) {
			list_blobs(child, oids, nr, alloc);
			continue;
		}
		ALLOC_GROW(*oids, *nr, *alloc);
		(*oids)[(*nr)++] = child->oid;
	}
}

static struct error *fetch_missing(const struct builder_job *job, const struct file_tree *tree)
{
	struct oid *oids = NULL;
	size_t nr = 0, alloc = 0;
	list_blobs(&tree->root, &oids, &nr, &alloc);
	struct error *err = repo_fetch_missing(job->repo, oids, nr);
	free(oids);
	return err;
}

struct error *builder_context_write(const struct builder_job *job, const char *folder)
{
	struct writer w = { .job = job, .bytes = BUFFER_INIT_MAX(BUILD_MAX_FILE_SIZE) };
	struct image_spec spec = { 0 };
	struct file_tree files = { 0 };
	struct oid tree;
	int fd = -1;
	copies_of(job, &spec);
	struct error *err = repo_commit_tree(job->repo, &job->commit, &tree);
	if (!err)
		err = file_tree_read(&files, job->repo, &tree, &spec);
	if (!err)
		err = fetch_missing(job, &files);
	if (!err && (mkdir(folder, 0755) || (fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0))
		err = error_errno(ERROR_IO, "cannot make '%s'", folder);
	if (!err)
		err = write_folder(&w, fd, &files.root);
	if (fd >= 0)
		close(fd);
	file_tree_release(&files);
	image_spec_release(&spec);
	buffer_release(&w.bytes);
	return err;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	remove(path);
	return 0;
}

void builder_remove(const char *folder)
{
	nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}
