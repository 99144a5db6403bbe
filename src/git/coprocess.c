#include "git/coprocess.h"

#include <errno.h>
#include <unistd.h>

#include "base/memory.h"
#include "git/repo.h"

#define PENDING_SIZE ((size_t)64 << 10)

struct error *coprocess_start(struct coprocess *c, struct repo *repo, const char *const *argv)
{
	if (c->running)
		return NULL;
	struct process_options options = { .discard_err = true };
	struct error *err = repo_git_start(repo, argv, &c->process, true, true, &options);
	if (err)
		return err;
	c->running = true;
	c->pending = xmalloc(PENDING_SIZE);
	c->start = c->end = 0;
	return NULL;
}

struct error *coprocess_send(struct coprocess *c, struct slice request)
{
	return process_write(&c->process, request.data, request.len);
}

static struct error *fill(struct coprocess *c)
{
	ssize_t n;
	do {
		n = read(c->process.out, c->pending, PENDING_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(ERROR_IO, "cannot read from git");
	if (!n)
		return error_new(ERROR_IO, "git ended before it answered");
	c->start = 0;
	c->end = (size_t)n;
	return NULL;
}

struct error *coprocess_read_line(struct coprocess *c, struct buffer *out)
{
	for (;;) {
		if (c->start == c->end) {
			struct error *err = fill(c);
			if (err)
				return err;
		}
		const char *from = c->pending + c->start;
		const char *newline = memchr(from, '\n', c->end - c->start);
		size_t n = newline ? (size_t)(newline - from) : c->end - c->start;
		buffer_add(out, from, n);
		c->start += n + (newline ? 1 : 0);
		if (newline || out->overflowed)
			return buffer_check(out, "an answer of git");
	}
}

struct error *coprocess_read(struct coprocess *c, size_t len, struct buffer *out)
{
	while (len) {
		if (c->start == c->end) {
			struct error *err = fill(c);
			if (err)
				return err;
		}
		size_t n = c->end - c->start < len ? c->end - c->start : len;
		if (out)
			buffer_add(out, c->pending + c->start, n);
		c->start += n;
		len -= n;
	}
	return out ? buffer_check(out, "an answer of git") : NULL;
}

void coprocess_stop(struct coprocess *c)
{
	if (!c->running)
		return;
	/* How it ends does not matter: every answer was read and judged by itself. */
	error_free(process_finish(&c->process, NULL));
	free(c->pending);
	*c = (struct coprocess){ 0 };
}
