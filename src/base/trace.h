/*
 * Tracing in the shape of GIT_TRACE: GIT_TRACE_SCRUTINY=1 or 2 or true writes to standard error,
 * 3..9 to that descriptor, an absolute path appends to that file. Lines are
 * `hh:mm:ss.uuuuuu file.c:line  text`. Everything passes the redactor, which knows the
 * secrets given to trace_add_secret() and the usual shapes of keys and tokens.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* Called once by main with the value of the variable (NULL: off). */
void trace_open(const char *setting);
bool trace_enabled(void);
/* From now on every occurrence of SECRET in a trace line is shown as <redacted>. Copied. */
void trace_add_secret(const char *secret);

#define trace_printf(...)                                                                       \
	do {                                                                                    \
		if (trace_enabled())                                                            \
			trace_printf_at(__FILE__, __LINE__, __VA_ARGS__);                       \
	} while (0)
void trace_printf_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Replaces known secrets and key-shaped strings in the NUL-terminated malloc'd string; returns
 * a new malloc'd string and frees the old. Also used on error messages of servers. */
char *redact(char *text);

#endif
