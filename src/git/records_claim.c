#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "git/records_internal.h"

/* A claim's file is removed under its own lock, so whoever opened it just before holds a lock on nothing. */
#define CLAIM_MAX_ATTEMPTS 100

struct records_claim {
	int fd;
	char *path;
};

static char *claims_folder(const struct records *r)
{
	return xstrfmt("%s/scrutiny/claims", repo_common_dir(r->repo));
}

static char *claim_path(const struct records *r, const char *content_id)
{
	return xstrfmt("%s/scrutiny/claims/%s", repo_common_dir(r->repo), content_id);
}

enum locked { LOCKED, HELD_BY_ANOTHER, LOCK_FAILED };

/* On a file system without locks (some network ones) every claim is granted: two processes may then pay for the
 * same answer, and that is better than none that works. */
static enum locked try_lock(int fd)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			return HELD_BY_ANOTHER;
		return errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS ? LOCKED : LOCK_FAILED;
	}
	return LOCKED;
}

/* Whether PATH is still the file that FD was opened from. */
static bool still_there(int fd, const char *path)
{
	struct stat opened, named;
	return !fstat(fd, &opened) && !stat(path, &named) && opened.st_dev == named.st_dev &&
	       opened.st_ino == named.st_ino;
}

/* Who holds it is told for people only: that it cannot be written stops nothing. */
static void write_holder(int fd)
{
	char pid[32];
	int len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)len, 0) != len)
		return;
}

static struct error *take(const char *path, struct records_claim **out, bool *again)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0)
		return error_errno(ERROR_IO, "cannot open '%s'", path);
	enum locked locked = try_lock(fd);
	struct error *err = NULL;
	if (locked == LOCK_FAILED)
		err = error_errno(ERROR_IO, "cannot lock '%s'", path);
	*again = locked == LOCKED && !still_there(fd, path);
	if (locked != LOCKED || *again) {
		close(fd);
		return err;
	}
	write_holder(fd);
	*out = xcalloc(1, sizeof(**out));
	(*out)->fd = fd;
	(*out)->path = xstrdup(path);
	return NULL;
}

struct error *records_claim(struct records *r, const char *content_id, struct records_claim **out)
{
	*out = NULL;
	if (!is_content_id(content_id))
		return error_new(ERROR_GENERIC, "'%s' is not a content id", content_id);
	char *folder = claims_folder(r), *path = claim_path(r, content_id);
	struct error *err = file_make_directories(folder);
	bool again = true;
	for (unsigned attempt = 0; !err && again && attempt < CLAIM_MAX_ATTEMPTS; attempt++)
		err = take(path, out, &again);
	free(folder);
	free(path);
	return error_context(err, "cannot claim a paper");
}

void records_claim_free(struct records_claim *claim)
{
	if (!claim)
		return;
	unlink(claim->path);
	close(claim->fd);
	free(claim->path);
	free(claim);
}

long records_claim_holder(struct records *r, const char *content_id)
{
	char text[32] = "";
	char *path = claim_path(r, content_id);
	int fd = is_content_id(content_id) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	free(path);
	if (fd < 0)
		return 0;
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	long pid = len > 0 ? strtol(text, NULL, 10) : 0;
	return pid > 0 ? pid : 0;
}

/* Removes the file if nobody holds it. */
static void sweep_one(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (try_lock(fd) == LOCKED && still_there(fd, path))
		unlink(path);
	close(fd);
}

void records_sweep_claims(struct records *r)
{
	char *folder = claims_folder(r);
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (!is_content_id(entry->d_name))
			continue;
		char *path = claim_path(r, entry->d_name);
		sweep_one(path);
		free(path);
	}
	if (dir)
		closedir(dir);
	free(folder);
}
