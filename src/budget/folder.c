/*
 * The spending files: <common dir>/scrutiny/spending/<process>-<random>.jsonl, one a process that spends, and
 * spending.lock beside the folder.
 *
 * An entry leaves a file only together with the file, after it has been put on the shelf, by who holds the
 * lock; the lock's file counts how often that has happened. So who holds the lock and has seen the same count
 * before need not read the shelf again.
 *
 * What is written survives the death of its process; it is not synced, so a power failure may
 * lose the last seconds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "budget/internal.h"

#define READ_CHUNK ((size_t)64 << 10)

void spending_folder_init(struct spending_folder *f, struct repo *repo)
{
	f->path = xstrfmt("%s/scrutiny/spending", repo_common_dir(repo));
	f->lock_path = xstrfmt("%s/scrutiny/spending.lock", repo_common_dir(repo));
	f->lock = -1;
}

void spending_folder_release(struct spending_folder *f)
{
	spending_folder_unlock(f);
	free(f->path);
	free(f->lock_path);
}

/* Takes the lock of an open file. *HELD is false when another process has it (and OPERATION has LOCK_NB). A
 * file system without locks (some network ones) lets everybody pass: then processes side by side may pass a
 * limit together, which is better than refusing to work, and a dead one's file is not told from
 * a living one's. */
static struct error *take_lock(int fd, int operation, const char *path, bool *held, bool *works)
{
	*held = *works = true;
	while (flock(fd, operation) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			*held = false;
		else if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS)
			*works = false;
		else
			return error_errno(ERROR_IO, "cannot lock '%s'", path);
		break;
	}
	return NULL;
}

static uint64_t read_generation(int fd)
{
	char text[32] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	return got > 0 ? strtoull(text, NULL, 10) : 0;
}

struct error *spending_folder_lock(struct spending_folder *f, uint64_t *generation)
{
	bool held, works;
	struct error *err = file_make_directories(f->path);
	if (err)
		return err;
	int fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_errno(ERROR_IO, "cannot open '%s'", f->lock_path);
	err = take_lock(fd, LOCK_EX, f->lock_path, &held, &works);
	if (err) {
		close(fd);
		return err;
	}
	f->lock = fd;
	*generation = read_generation(fd);
	return NULL;
}

void spending_folder_unlock(struct spending_folder *f)
{
	if (f->lock >= 0)
		close(f->lock);
	f->lock = -1;
}

struct error *spending_folder_list(const struct spending_folder *f, struct strmap *names)
{
	struct error *err = NULL;
	DIR *dir = opendir(f->path);
	if (!dir) {
		if (errno == ENOENT || errno == ENOTDIR)
			return NULL;
		return error_errno(ERROR_IO, "cannot read '%s'", f->path);
	}
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(dir);
		if (!entry) {
			if (errno)
				err = error_errno(ERROR_IO, "cannot read '%s'", f->path);
			break;
		}
		if (entry->d_name[0] != '.' && ends_with(entry->d_name, ".jsonl"))
			strmap_add(names, entry->d_name, strlen(entry->d_name));
	}
	closedir(dir);
	return err;
}

struct error *spending_folder_create(struct spending_folder *f, char **name, int *fd)
{
	char id[8 + 1];
	bool held, works;
	struct error *err = hex_random(id, 8);
	if (err)
		return err;
	char *file = xstrfmt("%ld-%s.jsonl", (long)getpid(), id);
	char *path = xstrfmt("%s/%s", f->path, file);
	*fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	if (*fd < 0)
		err = error_errno(ERROR_IO, "cannot make '%s'", path);
	else /* a reader may look at it this very moment: wait for that */
		err = take_lock(*fd, LOCK_EX, path, &held, &works);
	if (err) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		free(file);
	} else {
		*name = file;
	}
	free(path);
	return err;
}

struct error *spending_folder_remove(struct spending_folder *f, const char *name)
{
	char text[32];
	char *path = xstrfmt("%s/%s", f->path, name);
	struct error *err = NULL;
	int len = snprintf(text, sizeof(text), "%020llu\n",
			   (unsigned long long)read_generation(f->lock) + 1);
	if (pwrite(f->lock, text, (size_t)len, 0) != len)
		err = error_errno(ERROR_IO, "cannot write '%s'", f->lock_path);
	else if (unlink(path) < 0 && errno != ENOENT)
		err = error_errno(ERROR_IO, "cannot remove '%s'", path);
	free(path);
	return err;
}

struct error *spending_folder_open(const struct spending_folder *f, const char *name, int *fd, bool *dead)
{
	bool held, works;
	char *path = xstrfmt("%s/%s", f->path, name);
	struct error *err = NULL;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		err = error_errno(errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "cannot read '%s'", path);
	else if (dead) {
		err = take_lock(*fd, LOCK_SH | LOCK_NB, path, &held, &works);
		*dead = held && works;
	}
	free(path);
	return err;
}

struct error *spending_read_from(int fd, off_t offset, struct buffer *out)
{
	for (;;) {
		if (!buffer_reserve(out, READ_CHUNK))
			return error_new(ERROR_LIMIT, "a file of spending is larger than %zu bytes",
					 out->max);
		ssize_t got = pread(fd, out->data + out->len, READ_CHUNK, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(ERROR_IO, "cannot read a file of spending");
		if (!got)
			return NULL;
		out->len += (size_t)got;
		out->data[out->len] = '\0';
		offset += got;
	}
}
