/*
 * What git's hooks run: see hook/hook.h. It links nothing but C's library, so that it is there in
 * a millisecond; git-scrutiny, which stands beside it or in PATH, does the work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "hook/after.h"
#include "hook/background.h"
#include "hook/hook.h"
#include "hook/quick.h"
#include "hook/stamp.h"

#define PROGRAM "git-scrutiny"

/* The program of that name beside this one, or NULL. */
static char *beside_us(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	if (n <= 0 || (size_t)n == sizeof(path))
		return NULL;
	const char *slash = memrchr(path, '/', (size_t)n);
	char *found = slash ? xstrfmt("%.*s/" PROGRAM, (int)(slash - path), path) : NULL;
	if (found && access(found, X_OK) < 0) {
		free(found);
		found = NULL;
	}
	return found;
}

/* False when it is not plain where we are, and when there is something to be said: whether anybody wants to hear it
 * stands in the settings, which git-scrutiny reads. */
static bool after(const char *hook)
{
	struct hook_places places;
	struct buffer page = BUFFER_INIT;
	if (!hook_places_find(&places, getenv("GIT_DIR"), NULL))
		return false;
	/* Which papers were skipped is for git-scrutiny to find, too. */
	bool bypassed = !strcmp(hook, "post-commit") && isatty(STDERR_FILENO) && hook_was_bypassed(places.git_dir);
	bool silent = !bypassed && !hook_has_result(places.git_dir);
	char *program = silent ? beside_us() : NULL;
	if (silent)
		hook_after(hook, &places, program ? program : PROGRAM, &page);
	fwrite(page.data, 1, page.len, stderr);
	buffer_release(&page);
	hook_places_release(&places);
	free(program);
	return silent;
}

/* Standard input, which afterwards can be read again; false when that cannot be had. */
static bool read_input(struct buffer *out)
{
	char bytes[16384];
	ssize_t n;
	int copy = isatty(STDIN_FILENO) ? -1 : memfd_create("standard input", MFD_CLOEXEC);
	if (copy < 0)
		return false;
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(copy, bytes, (size_t)n) != n)
			break;
		buffer_add(out, bytes, (size_t)n);
	}
	bool whole = !n && !out->overflowed;
	/* Without a copy the other program reads that there is nothing; so this must not happen unnoticed. */
	if (lseek(copy, 0, SEEK_SET) < 0 || dup2(copy, STDIN_FILENO) < 0 || n)
		fprintf(stderr, "warning: standard input was not read to its end (%s): what is pushed is not checked\n",
			strerror(errno));
	close(copy);
	return whole;
}

static bool nothing_pushed(const struct hook_places *places)
{
	struct push push;
	struct buffer input = BUFFER_INIT_MAX(PUSH_MAX_INPUT);
	bool nothing = false;
	if (read_input(&input)) {
		struct error *err = push_parse(&push, slice_of(&input));
		nothing = !err && hook_nothing_pushed(places, &push);
		if (!err)
			push_release(&push);
		error_free(err); /* who takes over finds and tells the same */
	}
	buffer_release(&input);
	return nothing;
}

static bool nothing_to_do(const char *hook)
{
	struct hook_places places;
	bool pushing = !strcmp(hook, "pre-push");
	if ((!pushing && strcmp(hook, "pre-commit") != 0) ||
	    !hook_places_find(&places, getenv("GIT_DIR"), getenv("GIT_INDEX_FILE")))
		return false;
	bool nothing = pushing ? nothing_pushed(&places) : hook_nothing_staged(&places);
	if (nothing && !pushing)
		hook_stamp(places.git_dir, false);
	hook_places_release(&places);
	return nothing;
}

/* To somebody who looks, where there was something to do. */
static void say_skipped(const char *hook)
{
	if (!strncmp(hook, "pre-", 4) && isatty(STDERR_FILENO) && !nothing_to_do(hook))
		fprintf(stderr, "git scrutiny: skipped (SCRUTINY=0): %s checks\n", hook);
}

/* Becomes `git-scrutiny hooks run <hook> -- <argument>...`. Without that program nothing can be checked, which
 * is said, and no reason to keep anybody from committing. */
static int hand_over(int argc, char **argv)
{
	const char **call = xcalloc((size_t)argc + 4, sizeof(*call));
	char *program = beside_us();
	size_t n = 0;
	call[n++] = PROGRAM;
	call[n++] = "hooks";
	call[n++] = "run";
	call[n++] = argv[1];
	call[n++] = "--";
	for (int i = 2; i < argc; i++)
		call[n++] = argv[i];
	fflush(NULL);
	if (program)
		execv(program, (char *const *)call);
	execvp(PROGRAM, (char *const *)call);
	fprintf(stderr, "warning: cannot run " PROGRAM " (%s): nothing was checked\n", strerror(errno));
	free(program);
	free(call);
	return 0;
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("SCRUTINY");
	if (argc < 2 || !hook_is_known(argv[1])) {
		fprintf(stderr, "usage: git-scrutiny-hook <hook> [<argument>...]\n");
		return 129;
	}
	if (wanted && !strcmp(wanted, "0")) {
		say_skipped(argv[1]);
		return 0;
	}
	if ((hook_is_after(argv[1]) && after(argv[1])) || nothing_to_do(argv[1]))
		return 0;
	return hand_over(argc, argv);
}
