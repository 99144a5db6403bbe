#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

/* The sanitizers map terabytes. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMITS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMITS_MEMORY 0
#endif
#endif
#ifndef LIMITS_MEMORY
#define LIMITS_MEMORY 1
#endif

static void limit(int what, rlim_t most)
{
	const struct rlimit both = { most, most };
	setrlimit(what, &both);
}

/* Forbids all that a Landlock of version 1 knows, and allows nothing of it again. */
static void shut_files(void)
{
#ifdef LANDLOCK_ACCESS_FS_MAKE_SYM
	const struct landlock_ruleset_attr nothing = { .handled_access_fs =
							   2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1 };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &nothing, sizeof(nothing.handled_access_fs), 0);
	if (rules < 0)
		return;
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
#endif
}

static void confine(const struct confine_limits *limits)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	shut_files();
	if (LIMITS_MEMORY && limits->memory)
		limit(RLIMIT_AS, limits->memory);
	limit(RLIMIT_CPU, limits->seconds);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 0);
	/* Files that are open stay so, and no more can be opened: also without Landlock. */
	limit(RLIMIT_NOFILE, 0);
}

struct error *confine_start(struct process *p, void (*prepare)(void *data), void (*fn)(int out, void *data),
			    void *data, const struct confine_limits *limits)
{
	int fds[2];
	*p = (struct process){ -1, -1, -1 };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(ERROR_IO, "cannot make a pipe");
	pid_t pid = fork();
	if (pid < 0) {
		struct error *err = error_errno(ERROR_IO, "cannot start a process");
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!pid) {
		close(fds[0]);
		if (prepare)
			prepare(data);
		confine(limits);
		fn(fds[1], data);
		_exit(0);
	}
	close(fds[1]);
	p->pid = pid;
	p->out = fds[0];
	return NULL;
}
