/*
 * Repositories for tests: made in a directory of their own, with nothing of the user's
 * configuration, clock or language in them.
 */
#ifndef TESTS_GIT_FIXTURE_H
#define TESTS_GIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"

#define FIXTURE_MAX_ARGUMENTS 24

/* Fails the test with the error's own words. */
static inline void assert_success(struct error *err)
{
	if (err)
		fail_msg("%s%s%s", err->message, err->hint ? "\nhint: " : "",
			 err->hint ? err->hint : "");
}

static inline void assert_error(struct error *err, enum error_code code)
{
	assert_non_null(err);
	if (err->code != code)
		fail_msg("not code %d: %s", code, err->message);
	error_free(err);
}

static inline void fixture_environment(void)
{
	static const char *const set[][2] = {
		{ "HOME", "/nonexistent" },
		{ "GIT_CONFIG_GLOBAL", "/dev/null" },
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "TZ", "UTC" },
		{ "LC_ALL", "C" },
		{ "GIT_AUTHOR_NAME", "A. Author" },
		{ "GIT_AUTHOR_EMAIL", "author@example.org" },
		{ "GIT_AUTHOR_DATE", "2024-05-01T12:00:00Z" },
		{ "GIT_COMMITTER_NAME", "C. Committer" },
		{ "GIT_COMMITTER_EMAIL", "committer@example.org" },
		{ "GIT_COMMITTER_DATE", "2024-05-01T12:00:00Z" },
		{ "GIT_TERMINAL_PROMPT", "0" },
	};
	/* The tests may themselves run in a hook. */
	static const char *const unset[] = {
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_COMMON_DIR",
		"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_CEILING_DIRECTORIES",
	};
	for (size_t i = 0; i < ARRAY_SIZE(set); i++)
		setenv(set[i][0], set[i][1], 1);
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
}

/* A new directory, its name free of symbolic links as git would print it. */
static inline char *fixture_directory(void)
{
	char template[] = "/tmp/scrutiny-test-XXXXXX";
	assert_non_null(mkdtemp(template));
	char *path = realpath(template, NULL);
	assert_non_null(path);
	return path;
}

static inline void fixture_remove(char *directory)
{
	const char *argv[] = { "rm", "-rf", "--", directory, NULL };
	assert_success(process_run(argv, NULL));
	free(directory);
}

static inline void fixture_run(const char *directory, struct buffer *out, const char *first,
			       va_list ap)
{
	const char *argv[FIXTURE_MAX_ARGUMENTS] = { "git", first };
	struct buffer said = BUFFER_INIT, ignored = BUFFER_INIT;
	size_t n = 2;
	while ((argv[n] = va_arg(ap, const char *)))
		assert_true(++n < FIXTURE_MAX_ARGUMENTS);
	struct process_options options = { .directory = directory, .out = out ? out : &ignored,
					   .err = &said };
	assert_success(process_run(argv, &options));
	buffer_release(&said);
	buffer_release(&ignored);
}

/* Runs git in DIRECTORY; the arguments end with NULL. */
static inline void git(const char *directory, const char *first, ...)
{
	va_list ap;
	va_start(ap, first);
	fixture_run(directory, NULL, first, ap);
	va_end(ap);
}

/* As git(); its output without the last newline, to be freed. */
static inline char *git_says(const char *directory, const char *first, ...)
{
	struct buffer out = BUFFER_INIT;
	va_list ap;
	va_start(ap, first);
	fixture_run(directory, &out, first, ap);
	va_end(ap);
	if (out.len && out.data[out.len - 1] == '\n')
		buffer_truncate(&out, out.len - 1);
	return buffer_detach(&out, NULL);
}

/* Writes a file, making the folders it lies in. */
static inline void put_file(const char *directory, const char *path, const char *content)
{
	char *full = xstrfmt("%s/%s", directory, path);
	char *slash = strrchr(full, '/');
	*slash = '\0';
	assert_success(file_make_directories(full));
	*slash = '/';
	int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
	free(full);
}

static inline void put_link(const char *directory, const char *path, const char *target)
{
	char *full = xstrfmt("%s/%s", directory, path);
	assert_int_equal(symlink(target, full), 0);
	free(full);
}

static inline void remove_file(const char *directory, const char *path)
{
	char *full = xstrfmt("%s/%s", directory, path);
	assert_int_equal(unlink(full), 0);
	free(full);
}

/* A repository at DIRECTORY/NAME with the given object format, to be freed. */
static inline char *fixture_repository(const char *directory, const char *name, const char *format)
{
	char *path = xstrfmt("%s/%s", directory, name);
	char *option = xstrfmt("--object-format=%s", format);
	git(directory, "init", "-q", "-b", "main", option, "--", path, NULL);
	free(option);
	return path;
}

#endif
