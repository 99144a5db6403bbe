/* What the tests of base share: cmocka in its order, and assertions on errors. */
#ifndef BASE_TESTING_H
#define BASE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

/* Fails with the error's message if there is one. */
#define assert_ok(call)                                                                         \
	do {                                                                                    \
		struct error *ok_err = (call);                                                  \
		if (ok_err)                                                                     \
			print_error("%s\n", ok_err->message);                                   \
		assert_null(ok_err);                                                            \
	} while (0)

/* The call gives an error with CODE whose message holds TEXT. */
#define assert_error(call, expected, text)                                                      \
	do {                                                                                    \
		struct error *bad_err = (call);                                                 \
		assert_non_null(bad_err);                                                       \
		if (!strstr(bad_err->message, (text)))                                          \
			print_error("'%s' is not in: %s\n", (text), bad_err->message);          \
		assert_non_null(strstr(bad_err->message, (text)));                              \
		assert_int_equal(bad_err->code, (expected));                                    \
		error_free(bad_err);                                                            \
	} while (0)

static inline struct slice text_slice(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* A new directory, its name from malloc; remove_directory frees the name. */
static inline char *make_directory(void)
{
	char *path = strdup("/tmp/base-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void remove_directory(char *path)
{
	char command[256];
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
	free(path);
}

#endif
