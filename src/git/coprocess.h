/*
 * A git command that is kept running and answers one request after another, such as
 * `git cat-file --batch`.
 */
#ifndef GIT_COPROCESS_H
#define GIT_COPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/process.h"

struct repo;

struct coprocess {
	struct process process;
	bool running;
	char *pending; /* bytes read from it and not yet asked for */
	size_t start, end;
};

/* Starts `git ARGV` unless it is running already. Its complaints are not shown. */
struct error *coprocess_start(struct coprocess *c, struct repo *repo, const char *const *argv);
struct error *coprocess_send(struct coprocess *c, struct slice request);
/* Appends one line without its newline. An end of the program before that is ERROR_IO. */
struct error *coprocess_read_line(struct coprocess *c, struct buffer *out);
/* Appends exactly LEN bytes; OUT may be NULL to skip them. */
struct error *coprocess_read(struct coprocess *c, size_t len, struct buffer *out);
/* Ends it and frees what it held; it can be started again. A no-op when it is not running. */
void coprocess_stop(struct coprocess *c);

#endif
