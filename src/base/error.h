/*
 * Errors as values.
 *
 * A function that can fail returns `struct error *`: NULL is success, anything else is owned
 * by the caller, who passes it on, or handles and frees it. Nothing in the library prints an
 * error; `main` does, once, as `fatal: <message>` and, if there is one, `hint: <hint>`.
 *
 * A message is one lower-case sentence without a full stop that says what happened and to
 * what. When it concerns a place in a file of the user's, it begins with `file:line:column:`.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum error_code {
	ERROR_GENERIC = 1,
	ERROR_USAGE,       /* the command line is wrong: exit status 129 */
	ERROR_NOT_FOUND,   /* the thing asked for does not exist */
	ERROR_EXISTS,
	ERROR_IO,          /* the system refused: read, write, permission, disk full */
	ERROR_SYNTAX,      /* bytes do not have the form they should */
	ERROR_LIMIT,       /* a named ceiling was reached */
	ERROR_NETWORK,     /* a server could not be reached or answered with an error */
	ERROR_TIMEOUT,
	ERROR_CONFLICT,    /* somebody else changed it meanwhile; trying again may help */
	ERROR_CANCELLED,   /* the user interrupted */
	ERROR_UNSUPPORTED,
	ERROR_BUDGET,      /* a spending limit forbids it */
};

struct error {
	enum error_code code;
	char *message;
	char *hint; /* what to do about it, or NULL */
};

struct error *error_new(enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* As error_new, with ": <strerror(errno)>" added; errno is read on entry. */
struct error *error_errno(enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* An error at a place in a file; LINE and COLUMN count from 1, 0 leaves them out. */
struct error *error_at(enum error_code code, const char *file, size_t line, size_t column,
		       const char *fmt, ...) __attribute__((format(printf, 5, 6), warn_unused_result));

/* Puts "<context>: " before the message of ERR and returns ERR. NULL stays NULL. */
struct error *error_context(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Sets (or replaces) the hint of ERR and returns ERR. NULL stays NULL. */
struct error *error_with_hint(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

bool error_is(const struct error *err, enum error_code code);
void error_free(struct error *err); /* NULL is fine */

/* Frees *ERR if it has CODE, sets it to NULL and returns true. */
bool error_drop_if(struct error **err, enum error_code code);

#endif
