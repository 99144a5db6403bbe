#include "git/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define LOCK_NAME "lock"
/* Another process may take a folder for a left one in the moment before it is locked. */
#define MAX_ATTEMPTS 100
#define MAX_OPEN_FOLDERS 16

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info, (void)type, (void)where;
	remove(path); /* what cannot be removed now, the next process tries again */
	return 0;
}

static void remove_folder(const char *path)
{
	nftw(path, remove_one, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/*
 * The lock of FOLDER, or -1 when somebody holds it. It is inherited by the programs that are started (no O_CLOEXEC): a
 * git that outlives us for a moment still writes into the folder.
 */
static int take_lock(const char *folder)
{
	char *path = xstrfmt("%s/" LOCK_NAME, folder);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0666);
	free(path);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether the lock that FD holds is that of a folder which is still there. */
static bool is_ours(int fd, const char *folder)
{
	struct stat held, found;
	char *path = xstrfmt("%s/" LOCK_NAME, folder);
	bool same = !fstat(fd, &held) && !lstat(path, &found) && held.st_ino == found.st_ino;
	free(path);
	return same;
}

static void clean(const char *parent)
{
	DIR *dir = opendir(parent);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		char *folder = xstrfmt("%s/%s", parent, entry->d_name);
		int fd = take_lock(folder);
		if (fd >= 0 && is_ours(fd, folder))
			remove_folder(folder);
		if (fd >= 0)
			close(fd);
		free(folder);
	}
	if (dir)
		closedir(dir);
}

struct error *scratch_open(struct scratch *out, struct repo *repo)
{
	char *parent = xstrfmt("%s/" SCRATCH_FOLDER, repo_common_dir(repo));
	struct error *err = file_make_directories(parent);
	*out = (struct scratch)SCRATCH_INIT;
	if (!err)
		clean(parent);
	for (unsigned attempt = 0; !err && !out->path; attempt++) {
		char *path = xstrfmt("%s/XXXXXX", parent);
		if (attempt == MAX_ATTEMPTS || !mkdtemp(path)) {
			err = error_errno(ERROR_IO, "cannot make a folder in '%s'", parent);
			free(path);
			break;
		}
		out->lock = take_lock(path);
		if (out->lock >= 0 && is_ours(out->lock, path)) {
			out->path = path;
			break;
		}
		if (out->lock >= 0)
			close(out->lock);
		out->lock = -1;
		free(path);
	}
	free(parent);
	return err;
}

void scratch_close(struct scratch *s)
{
	if (s->path)
		remove_folder(s->path);
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	*s = (struct scratch)SCRATCH_INIT;
}
