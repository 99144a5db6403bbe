#include "git/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

void journal_init(struct journal *journal, const char *common_dir)
{
	journal->directory = xstrfmt("%s/scrutiny/journal", common_dir);
	journal->lock_path = xstrfmt("%s/scrutiny/journal.lock", common_dir);
}

void journal_release(struct journal *journal)
{
	free(journal->directory);
	free(journal->lock_path);
}

/* -- names ------------------------------------------------------------------------------------- */

static void encode_name(struct buffer *out, const char *name)
{
	for (; *name; name++) {
		if (*name == '/')
			buffer_addstr(out, "%2F");
		else
			buffer_addch(out, *name);
	}
}

static char *decode_name(const char *file)
{
	struct buffer out = BUFFER_INIT;
	while (*file) {
		if (skip_prefix(file, "%2F", &file))
			buffer_addch(&out, '/');
		else
			buffer_addch(&out, *file++);
	}
	return buffer_detach(&out, NULL);
}

static char *folder_of(const struct journal *journal, const char *content_id)
{
	return xstrfmt("%s/%s", journal->directory, content_id);
}

static char *path_of(const struct journal *journal, const char *content_id, const char *name)
{
	struct buffer path = BUFFER_INIT;
	buffer_addf(&path, "%s/%s/", journal->directory, content_id);
	encode_name(&path, name);
	return buffer_detach(&path, NULL);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* A file system without locks (some network ones) leaves the gap described in the header; that is
 * better than refusing to keep what was paid for. */
static struct error *lock(struct journal *journal, int *fd)
{
	*fd = open(journal->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (*fd < 0)
		return error_errno(ERROR_IO, "cannot open '%s'", journal->lock_path);
	while (flock(*fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS)
			break;
		struct error *err = error_errno(ERROR_IO, "cannot lock '%s'", journal->lock_path);
		close(*fd);
		*fd = -1;
		return err;
	}
	return NULL;
}

static void unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Makes a folder of ours durable in its parent. EINVAL: a file system that cannot sync folders. */
static struct error *sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(ERROR_IO, "cannot open '%s'", path);
	struct error *err = NULL;
	if (fsync(fd) < 0 && errno != EINVAL)
		err = error_errno(ERROR_IO, "cannot sync '%s'", path);
	close(fd);
	return err;
}

static struct error *write_locked(struct journal *journal, const char *content_id, const char *name,
				  struct slice data)
{
	char *folder = folder_of(journal, content_id);
	char *path = path_of(journal, content_id, name);
	struct error *err = NULL;
	if (!mkdir(folder, 0777))
		err = sync_folder(journal->directory);
	else if (errno != EEXIST)
		err = error_errno(ERROR_IO, "cannot make the directory '%s'", folder);
	if (!err)
		err = file_write(path, data.data, data.len);
	free(folder);
	free(path);
	return err;
}

struct error *journal_put(struct journal *journal, const char *content_id, const char *name,
			  struct slice data)
{
	int fd = -1;
	struct error *err = file_make_directories(journal->directory);
	if (!err)
		err = lock(journal, &fd);
	if (!err)
		err = write_locked(journal, content_id, name, data);
	unlock(fd);
	return error_context(err, "cannot keep a record");
}

/* -- reading ----------------------------------------------------------------------------------- */

static void identity_of(struct journal_identity *identity, const struct stat *st)
{
	*identity = (struct journal_identity){ st->st_dev, st->st_ino, st->st_size,
					       st->st_mtim.tv_sec, st->st_mtim.tv_nsec };
}

static bool same_identity(const struct journal_identity *a, const struct journal_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

struct error *journal_read(const struct journal *journal, const char *content_id, const char *name,
			   struct buffer *out, struct journal_identity *identity)
{
	char *path = path_of(journal, content_id, name);
	struct stat before, after;
	struct error *err = NULL;
	size_t start = out->len;
	/* Read between two looks, so that the identity is that of the bytes. */
	for (;;) {
		if (stat(path, &before) < 0) {
			bool absent = errno == ENOENT || errno == ENOTDIR;
			err = error_errno(absent ? ERROR_NOT_FOUND : ERROR_IO,
					  "cannot read '%s'", path);
			break;
		}
		err = file_read(path, out);
		if (err || !identity)
			break;
		identity_of(identity, &before);
		struct journal_identity now;
		if (!stat(path, &after)) {
			identity_of(&now, &after);
			if (same_identity(identity, &now))
				break;
		}
		buffer_truncate(out, start);
	}
	free(path);
	return err;
}

bool journal_has(const struct journal *journal, const char *content_id, const char *name)
{
	char *path = path_of(journal, content_id, name);
	bool has = !access(path, F_OK);
	free(path);
	return has;
}

/* Calls FN for each file in FOLDER that is not hidden; no folder is an empty one. */
static struct error *each_file(const char *folder, void (*fn)(const char *file, void *data),
			       void *data)
{
	struct error *err = NULL;
	DIR *dir = opendir(folder);
	if (!dir) {
		if (errno == ENOENT || errno == ENOTDIR)
			return NULL;
		return error_errno(ERROR_IO, "cannot read '%s'", folder);
	}
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(dir);
		if (!entry) {
			if (errno)
				err = error_errno(ERROR_IO, "cannot read '%s'", folder);
			break;
		}
		if (entry->d_name[0] != '.')
			fn(entry->d_name, data);
	}
	closedir(dir);
	return err;
}

static void add_name(const char *file, void *data)
{
	char *name = decode_name(file);
	strmap_add(data, name, strlen(name));
	free(name);
}

struct error *journal_names(const struct journal *journal, const char *content_id,
			    struct strmap *names)
{
	char *folder = folder_of(journal, content_id);
	struct error *err = each_file(folder, add_name, names);
	free(folder);
	return err;
}

static void add_key(const char *file, void *data)
{
	strmap_add(data, file, strlen(file));
}

static int compare_entries(const void *a, const void *b)
{
	const struct journal_entry *x = a, *y = b;
	int order = strcmp(x->content_id, y->content_id);
	return order ? order : strcmp(x->name, y->name);
}

struct error *journal_list(const struct journal *journal, struct journal_entry **entries,
			   size_t *nr)
{
	struct strmap ids = STRMAP_INIT;
	size_t alloc = 0;
	*entries = NULL;
	*nr = 0;
	struct error *err = each_file(journal->directory, add_key, &ids);
	for (size_t i = 0; i < ids.nr && !err; i++) {
		struct strmap names = STRMAP_INIT;
		err = journal_names(journal, ids.entries[i].key, &names);
		for (size_t k = 0; k < names.nr && !err; k++) {
			ALLOC_GROW(*entries, *nr, alloc);
			(*entries)[(*nr)++] = (struct journal_entry){
				.content_id = xstrdup(ids.entries[i].key),
				.name = xstrdup(names.entries[k].key),
			};
		}
		strmap_release(&names, NULL);
	}
	strmap_release(&ids, NULL);
	if (err) {
		journal_entries_free(*entries, *nr);
		*entries = NULL;
		*nr = 0;
	} else if (*nr) {
		qsort(*entries, *nr, sizeof(**entries), compare_entries);
	}
	return err;
}

void journal_entries_free(struct journal_entry *entries, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(entries[i].content_id);
		free(entries[i].name);
	}
	free(entries);
}

/* -- removing ---------------------------------------------------------------------------------- */

static struct error *remove_entry(const struct journal *journal, const struct journal_entry *entry)
{
	char *path = path_of(journal, entry->content_id, entry->name);
	struct error *err = NULL;
	struct stat st;
	if (!stat(path, &st)) {
		struct journal_identity now;
		identity_of(&now, &st);
		if (same_identity(&now, &entry->identity) && unlink(path) < 0 && errno != ENOENT)
			err = error_errno(ERROR_IO, "cannot remove '%s'", path);
	}
	free(path);
	return err;
}

struct error *journal_remove(struct journal *journal, const struct journal_entry *entries,
			     size_t nr)
{
	int fd = -1;
	if (!nr)
		return NULL;
	struct error *err = lock(journal, &fd);
	for (size_t i = 0; i < nr && !err; i++)
		err = remove_entry(journal, &entries[i]);
	unlock(fd);
	return err;
}

/* Removes the folder of a content id if nothing but a dead writer's temporary file is in it. */
static void remove_empty_folder(const struct journal *journal, const char *content_id)
{
	char *folder = folder_of(journal, content_id);
	if (rmdir(folder) < 0 && errno == ENOTEMPTY) {
		bool kept = false;
		DIR *dir = opendir(folder);
		for (struct dirent *entry; dir && (entry = readdir(dir));)
			kept = kept || entry->d_name[0] != '.';
		if (dir && !kept) {
			rewinddir(dir);
			for (struct dirent *entry; (entry = readdir(dir));)
				unlinkat(dirfd(dir), entry->d_name, 0);
			rmdir(folder);
		}
		if (dir)
			closedir(dir);
	}
	free(folder);
}

struct error *journal_sweep(struct journal *journal)
{
	struct strmap ids = STRMAP_INIT;
	int fd = -1;
	struct error *err = each_file(journal->directory, add_key, &ids);
	if (!err && ids.nr)
		err = lock(journal, &fd);
	for (size_t i = 0; i < ids.nr && !err; i++)
		remove_empty_folder(journal, ids.entries[i].key);
	unlock(fd);
	strmap_release(&ids, NULL);
	return err;
}
