/*
 * Allocation that cannot fail.
 *
 * Running out of memory ends the process with one sentence and status 128. This is the one
 * place where the library exits: everything that matters is journalled or written by rename,
 * so dying is safe, and no caller has to carry an error path that can never be tested.
 * Bytes from outside never size an allocation directly; they pass a named ceiling first.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s);
/* Copies exactly LEN bytes and adds a NUL. */
char *xmemdupz(const void *data, size_t len);
char *xstrfmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more item in the array X of NR used and ALLOC allocated items. */
#define ALLOC_GROW(x, nr, alloc)                                                                \
	do {                                                                                    \
		if ((nr) >= (alloc)) {                                                          \
			(alloc) = (alloc) ? (alloc) * 2 : 8;                                    \
			(x) = xreallocarray((x), (alloc), sizeof(*(x)));                        \
		}                                                                               \
	} while (0)

/* Frees NR strings and the array of them. */
void strings_free(char **strings, size_t nr);

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

#endif
