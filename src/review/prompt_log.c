#include "review/prompt_log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/trace.h"

struct prompt_log {
	char *path;
	size_t max;
	int fd;
};

void prompt_entry_write(struct buffer *out, const struct prompt_entry *e)
{
	struct buffer words = BUFFER_INIT;
	char hash[SHA256_HEX_SIZE + 1];
	buffer_addf(&words, "%s\n%s%s", e->system, e->shared ? e->shared : "", e->user);
	sha256_hex(words.data, words.len, hash);
	buffer_addstr(out, "==== ");
	date_add(out, e->date);
	buffer_addf(out, " %s ", e->reviewer);
	text_for_terminal(out, *e->paper ? e->paper : ".", strlen(*e->paper ? e->paper : "."), false);
	buffer_addf(out, " %s, part %zu of %zu\n==== request %s\n==== %zu bytes, SHA-256 %s\n", e->task, e->part,
		    e->parts, e->request, words.len, hash);
	buffer_addbuf(out, &words);
	buffer_addstr(out, words.len && words.data[words.len - 1] == '\n' ? "\n" : "\n\n");
	buffer_release(&words);
}

/* -- the file ------------------------------------------------------------------------------------- */

/* Whether a folder above PATH, whose links are resolved, is the top of a work tree. */
static struct error *check_place(const char *path)
{
	char *folder = xstrdup(path), *slash = strrchr(folder, '/');
	*(slash == folder ? slash + 1 : slash) = '\0';
	char *real = realpath(folder, NULL);
	struct error *err = NULL;
	if (!real)
		err = error_errno(ERROR_USAGE, "the prompt log's folder '%s' cannot be used", folder);
	while (!err && real && *real) {
		struct stat st;
		char *git = xstrfmt("%s/.git", real);
		if (!lstat(git, &st))
			err = error_new(ERROR_USAGE, "the prompt log '%s' lies in the work tree '%s', from where it "
					"could be committed", path, real);
		free(git);
		*strrchr(real, '/') = '\0';
	}
	free(real);
	free(folder);
	return err;
}

static struct error *check_file(int fd, const char *path)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return error_errno(ERROR_IO, "cannot look at the prompt log '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return error_new(ERROR_USAGE, "the prompt log '%s' is no plain file of one name", path);
	if (st.st_uid != geteuid())
		return error_new(ERROR_USAGE, "the prompt log '%s' belongs to somebody else", path);
	if (st.st_mode & 077)
		return error_with_hint(error_new(ERROR_USAGE, "others may read or write the prompt log '%s'", path),
				       "chmod 600 %s", path);
	return NULL;
}

static struct error *open_file(struct prompt_log *log)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	log->fd = open(log->path, flags, 0600);
	if (log->fd < 0 && errno == ELOOP)
		return error_new(ERROR_USAGE, "the prompt log '%s' is a symbolic link", log->path);
	if (log->fd < 0)
		return error_errno(ERROR_USAGE, "cannot write the prompt log '%s'", log->path);
	return check_file(log->fd, log->path);
}

struct error *prompt_log_open(struct prompt_log **out, const char *path, size_t max)
{
	if (*path != '/')
		return error_new(ERROR_USAGE, "the prompt log '%s' needs a path from the root, or from ~/", path);
	struct prompt_log *log = xcalloc(1, sizeof(*log));
	*log = (struct prompt_log){ xstrdup(path), max, -1 };
	struct error *err = check_place(path);
	if (!err)
		err = open_file(log);
	if (err)
		prompt_log_close(log);
	else
		*out = log;
	return err;
}

void prompt_log_close(struct prompt_log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	free(log);
}

/* Takes the lock of the file that bears the name: another process may have put a new one there. */
static struct error *lock(struct prompt_log *log)
{
	for (;;) {
		struct stat ours, named;
		while (flock(log->fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return error_errno(ERROR_IO, "cannot lock the prompt log '%s'", log->path);
		if (!fstat(log->fd, &ours) && !lstat(log->path, &named) && ours.st_dev == named.st_dev &&
		    ours.st_ino == named.st_ino)
			return NULL;
		close(log->fd);
		struct error *err = open_file(log);
		if (err)
			return err;
	}
}

static struct error *rotate(struct prompt_log *log, size_t more)
{
	struct stat st;
	if (fstat(log->fd, &st) < 0)
		return error_errno(ERROR_IO, "cannot look at the prompt log '%s'", log->path);
	if (!st.st_size || (size_t)st.st_size + more <= log->max)
		return NULL;
	char *old = xstrfmt("%s.1", log->path);
	struct error *err = rename(log->path, old) < 0
				    ? error_errno(ERROR_IO, "cannot put the prompt log aside as '%s'", old)
				    : NULL;
	free(old);
	return err ? err : lock(log);
}

static struct error *write_all(struct prompt_log *log, const struct buffer *text)
{
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(log->fd, text->data + done, text->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(ERROR_IO, "cannot write the prompt log '%s'", log->path);
		done += (size_t)n;
	}
	return NULL;
}

struct error *prompt_log_add(struct prompt_log *log, const struct prompt_entry *entry)
{
	struct buffer text = BUFFER_INIT, clean = BUFFER_INIT;
	prompt_entry_write(&text, entry);
	char *redacted = redact(buffer_detach(&text, NULL));
	buffer_addstr(&clean, redacted);
	struct error *err = lock(log);
	if (!err)
		err = rotate(log, clean.len);
	if (!err)
		err = write_all(log, &clean);
	if (log->fd >= 0)
		flock(log->fd, LOCK_UN);
	free(redacted);
	buffer_release(&clean);
	return err;
}
