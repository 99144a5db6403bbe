#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_below.h"
#include "base/memory.h"

/* Names tried for a temporary file before giving up. */
#define TEMPORARY_TRIES 100

/* errno of opening or finding PATH as an error. */
static struct error *open_error(const char *verb, const char *path)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return error_errno(ERROR_NOT_FOUND, "cannot %s '%s'", verb, path);
	case EXDEV:
		return error_new(ERROR_UNSUPPORTED, "cannot %s '%s': it leads out of its directory",
				 verb, path);
	case ELOOP:
		return error_errno(ERROR_UNSUPPORTED, "cannot %s '%s'", verb, path);
	case ENOSPC:
	case EDQUOT:
		return error_with_hint(error_errno(ERROR_IO, "cannot %s '%s'", verb, path),
				       "make room on the disk and try again; nothing was changed");
	default:
		return error_errno(ERROR_IO, "cannot %s '%s'", verb, path);
	}
}

static struct error *too_large(const char *path, size_t limit)
{
	return error_new(ERROR_LIMIT, "'%s' is larger than the %zu bytes that are read", path, limit);
}

/* Reads FD to its end. The size from stat only sizes the first reservation: it is 0 in /proc and
 * may change while we read. */
static struct error *read_all(int fd, const char *path, struct buffer *out)
{
	struct stat st;
	size_t room = out->max - out->len, start = out->len;
	if (fstat(fd, &st) < 0)
		return open_error("read", path);
	if (S_ISDIR(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "cannot read '%s': it is a directory", path);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "cannot read '%s': it is not a regular file",
				 path);
	if ((uintmax_t)st.st_size > room)
		return too_large(path, out->max);
	buffer_reserve(out, (size_t)st.st_size);
	for (;;) {
		char bytes[65536];
		ssize_t n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			struct error *err = open_error("read", path);
			buffer_truncate(out, start);
			return err;
		}
		if (!n)
			return NULL;
		if ((size_t)n > out->max - out->len) {
			buffer_truncate(out, start);
			return too_large(path, out->max);
		}
		buffer_add(out, bytes, (size_t)n);
	}
}

/* O_NONBLOCK: opening a FIFO must not wait for a writer; regular files do not mind. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

struct error *file_read(const char *path, struct buffer *out)
{
	int fd = open(path, READ_FLAGS);
	if (fd < 0)
		return open_error("read", path);
	struct error *err = read_all(fd, path, out);
	close(fd);
	return err;
}

static int open_root(const char *root)
{
	return open(*root ? root : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_path_below(const char *root, const char *path, int flags)
{
	int root_fd = open_root(root);
	if (root_fd < 0)
		return -1;
	int fd = open_below(root_fd, path, flags, true);
	int saved = errno;
	close(root_fd);
	errno = saved;
	return fd;
}

struct error *file_read_below(const char *root, const char *path, struct buffer *out)
{
	int fd = open_path_below(root, path, READ_FLAGS);
	if (fd < 0)
		return open_error("read", path);
	struct error *err = read_all(fd, path, out);
	close(fd);
	return err;
}

bool file_exists_below(const char *root, const char *path)
{
	int fd = open_path_below(root, path, O_PATH);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* EINVAL and EROFS: a file system that cannot sync this kind of thing. */
static int sync_descriptor(int fd)
{
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return -1;
	return 0;
}

#define TEMPORARY_NAME_SIZE 40

static void temporary_name(char name[TEMPORARY_NAME_SIZE], int attempt)
{
	uint64_t number;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		number = (uint64_t)getpid() * TEMPORARY_TRIES + (uint64_t)attempt;
	snprintf(name, TEMPORARY_NAME_SIZE, ".scrutiny-%016llx.tmp", (unsigned long long)number);
}

static int open_temporary(int dir, char name[TEMPORARY_NAME_SIZE])
{
	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		temporary_name(name, i);
		int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* A file without a name: a kill while it is written leaves nothing behind. Gives it one. */
static int give_name(int fd, int dir, char name[TEMPORARY_NAME_SIZE])
{
	char self[40];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	for (int i = 0; i < TEMPORARY_TRIES; i++) {
		temporary_name(name, i);
		if (!linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

static int fill(int fd, mode_t mode, const void *data, size_t len)
{
	if (write_all(fd, data, len) < 0 || (mode && fchmod(fd, mode & 07777) < 0))
		return -1;
	return sync_descriptor(fd);
}

static int replace_by(int dir, const char *name, mode_t mode, const void *data, size_t len,
		      bool nameless)
{
	char temporary[TEMPORARY_NAME_SIZE];
	int fd = nameless ? openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666)
			  : open_temporary(dir, temporary);
	if (fd < 0)
		return -1;
	bool named = !nameless;
	int result = fill(fd, mode, data, len);
	if (!result && nameless) {
		result = give_name(fd, dir, temporary);
		named = !result;
	}
	int saved = errno;
	/* Some file systems report a full disk only here. */
	if (close(fd) < 0 && !result) {
		result = -1;
		saved = errno;
	}
	if (!result && renameat(dir, temporary, dir, name) < 0) {
		result = -1;
		saved = errno;
	}
	if (result) {
		if (named)
			unlinkat(dir, temporary, 0);
		errno = saved;
		return -1;
	}
	return sync_descriptor(dir);
}

/* Puts DATA into NAME of the directory DIR by way of a temporary file. MODE is that of the file
 * there now, or 0. */
static int replace(int dir, const char *name, mode_t mode, const void *data, size_t len)
{
	if (!replace_by(dir, name, mode, data, len, true))
		return 0;
	/* No O_TMPFILE on this file system or kernel, or no /proc. */
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -1;
	return replace_by(dir, name, mode, data, len, false);
}

/* What may be replaced: nothing or a regular file. */
static struct error *check_target(int dir, const char *name, const char *path, mode_t *mode)
{
	struct stat st;
	*mode = 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? NULL : open_error("write", path);
	if (S_ISLNK(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "cannot write '%s': it is a symbolic link", path);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "cannot write '%s': it is not a regular file",
				 path);
	*mode = st.st_mode;
	return NULL;
}

/* PATH as its directory (from malloc) and its last component (borrowed). */
static char *split_path(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	if (!slash)
		return xstrdup(".");
	return xmemdupz(path, slash == path ? 1 : (size_t)(slash - path));
}

static struct error *write_in(int dir, const char *name, const char *path, const void *data,
			      size_t len)
{
	mode_t mode;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return error_new(ERROR_IO, "cannot write '%s': it names a directory", path);
	struct error *err = check_target(dir, name, path, &mode);
	if (!err && replace(dir, name, mode, data, len) < 0)
		err = open_error("write", path);
	return err;
}

static struct error *write_through(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return open_error("write", path);
	struct error *err = write_all(fd, data, len) < 0 ? open_error("write", path) : NULL;
	close(fd);
	return err;
}

struct error *file_write(const char *path, const void *data, size_t len)
{
	struct stat st;
	const char *name;
	bool exists = !stat(path, &st);
	if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_through(path, data, len);
	/* Renaming onto a link would replace it; people keep links on purpose. */
	char *resolved = exists ? realpath(path, NULL) : NULL;
	char *directory = split_path(resolved ? resolved : path, &name);
	struct error *err;
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		err = open_error("write", path);
	} else {
		err = write_in(dir, name, path, data, len);
		close(dir);
	}
	free(directory);
	free(resolved);
	return err;
}

/* Opens the directory of PATH below ROOT, without links, and finds the last component of PATH. */
static struct error *open_directory_below(const char *root, const char *path, int *dir,
					  const char **name)
{
	*dir = -1;
	int root_fd = open_root(root);
	if (root_fd < 0)
		return open_error("write", path);
	char *directory = split_path(path, name);
	*dir = open_below(root_fd, directory, O_RDONLY | O_DIRECTORY, false);
	struct error *err = *dir < 0 ? open_error("write", path) : NULL;
	free(directory);
	close(root_fd);
	return err;
}

struct error *file_write_below(const char *root, const char *path, const void *data, size_t len)
{
	const char *name;
	int dir;
	struct error *err = open_directory_below(root, path, &dir, &name);
	if (!err)
		err = write_in(dir, name, path, data, len);
	if (dir >= 0)
		close(dir);
	return err;
}

struct error *file_make_directory_below(const char *root, const char *path)
{
	int dir;
	const char *name;
	struct error *err = open_directory_below(root, path, &dir, &name);
	if (err)
		return err;
	if (mkdirat(dir, name, 0777) < 0 && errno != EEXIST)
		err = error_errno(ERROR_IO, "cannot make the directory '%s'", path);
	close(dir);
	return err;
}

struct error *file_check_write_below(const char *root, const char *path)
{
	const char *name;
	mode_t mode;
	int dir;
	struct error *err = open_directory_below(root, path, &dir, &name);
	if (!err)
		err = check_target(dir, name, path, &mode);
	if (dir >= 0)
		close(dir);
	return err;
}

static bool is_directory(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

struct error *file_make_directories(const char *path)
{
	struct error *err = NULL;
	char *copy = xstrdup(path);
	char *end = copy;
	while (!err && *end) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		char kept = *end;
		*end = '\0';
		if (*copy && !is_directory(copy) && mkdir(copy, 0777) < 0 &&
		    !is_directory(copy))
			err = error_errno(ERROR_IO, "cannot make the directory '%s'", copy);
		*end = kept;
	}
	free(copy);
	return err;
}
