#include "hook/stamp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "hook/background.h"

/* The last line of the log is looked for in so much of its end. */
#define LOG_TAIL 4096

static char *log_path(const char *git_dir)
{
	return xstrfmt("%s/logs/HEAD", git_dir);
}

void hook_stamp(const char *git_dir, bool make)
{
	struct stat st;
	char *path = hook_file(git_dir, "checked"), *log = log_path(git_dir);
	char text[32];
	int len = snprintf(text, sizeof(text), "%lld\n", stat(log, &st) ? 0LL : (long long)st.st_size);
	if (make)
		error_free(hook_make_folder(git_dir));
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0) {
		(void)!write(fd, text, (size_t)len);
		close(fd);
	}
	free(path);
	free(log);
}

void hook_unstamp(const char *git_dir)
{
	char *path = hook_file(git_dir, "checked");
	unlink(path);
	free(path);
}

static long long read_stamp(const char *git_dir)
{
	char text[32] = "";
	char *path = hook_file(git_dir, "checked");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	free(path);
	return n > 0 ? strtoll(text, NULL, 10) : -1;
}

/* Where the last line of the log begins, if that tells of a commit; -1: it does not, or cannot be told. */
static long long last_commit(const char *git_dir)
{
	char tail[LOG_TAIL];
	struct stat st;
	char *path = log_path(git_dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return -1;
	off_t from = fstat(fd, &st) || st.st_size <= LOG_TAIL ? 0 : st.st_size - LOG_TAIL;
	ssize_t n = pread(fd, tail, sizeof(tail), from);
	close(fd);
	if (n < 2 || tail[n - 1] != '\n')
		return -1;
	const char *before = memrchr(tail, '\n', (size_t)n - 1);
	const char *line = before ? before + 1 : tail, *end = tail + n;
	const char *tab = memchr(line, '\t', (size_t)(end - line));
	bool commit = tab && (end - tab > 7) && !memcmp(tab + 1, "commit", 6) && (tab[7] == ':' || tab[7] == ' ');
	return commit && (before || !from) ? (long long)from + (line - tail) : -1;
}

bool hook_was_bypassed(const char *git_dir)
{
	long long stamp = read_stamp(git_dir), began = stamp < 0 ? -1 : last_commit(git_dir);
	return began >= 0 && began != stamp;
}
