#include "hook/background.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* ioprio_set(2): the class that gets the disk when nobody else wants it. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)
#define LOWEST_PRIORITY 19

char *hook_file(const char *git_dir, const char *name)
{
	return xstrfmt("%s/" HOOK_FOLDER "/%s", git_dir, name);
}

struct error *hook_make_folder(const char *git_dir)
{
	char *folder = xstrfmt("%s/" HOOK_FOLDER, git_dir);
	struct error *err = access(folder, W_OK) ? file_make_directories(folder) : NULL;
	free(folder);
	return err;
}

/* -- a process of its own ---------------------------------------------------------------------- */

/* What git says to a hook about the commit it is part of, which is over when the background looks. */
static const char *const of_this_commit[] = {
	"GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_REFLOG_ACTION", "GIT_AUTHOR_NAME",
	"GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_CHERRY_PICK_HELP",
};

static void close_from(int first)
{
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, (unsigned)first, ~0u, 0u))
		return;
#endif
	struct rlimit limit;
	int most = getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 4096 ? 4096 : (int)limit.rlim_cur;
	for (int fd = first; fd < most; fd++)
		close(fd);
}

static void become_background(const char *const *argv)
{
	struct sched_param none = { 0 };
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	close_from(STDERR_FILENO + 1);
	for (size_t i = 0; i < ARRAY_SIZE(of_this_commit); i++)
		unsetenv(of_this_commit[i]);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	sched_setscheduler(0, SCHED_BATCH, &none);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

void hook_detach(const char *const *argv, bool *started)
{
	int status = 1;
	pid_t pid = fork();
	if (!pid) {
		/* Whoever leads no session cannot get a terminal again: hence the second one. */
		setsid();
		pid_t second = fork();
		if (!second)
			become_background(argv);
		_exit(second < 0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*started = pid > 0 && !status;
}

/* -- the queue --------------------------------------------------------------------------------- */

struct error *hook_want(const char *git_dir)
{
	char *path = hook_file(git_dir, "wanted");
	struct error *err = hook_make_folder(git_dir);
	int fd = err ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (!err && fd < 0)
		err = error_errno(ERROR_IO, "cannot write '%s'", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

/* *LOCK is -1 when somebody else has it, and HOW says not to wait. */
static struct error *lock_file(const char *folder, const char *name, int how, int *lock)
{
	char *path = hook_file(folder, name);
	struct error *err = hook_make_folder(folder);
	*lock = err ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (!err && *lock < 0)
		err = error_errno(ERROR_IO, "cannot open '%s'", path);
	if (!err && flock(*lock, how) < 0) {
		if (errno != EWOULDBLOCK)
			err = error_errno(ERROR_IO, "cannot lock '%s'", path);
		close(*lock);
		*lock = -1;
	}
	free(path);
	return err;
}

struct error *hook_begin(const char *git_dir, int *lock)
{
	return lock_file(git_dir, "lock", LOCK_EX | LOCK_NB, lock);
}

struct error *hook_take_turn(const char *common_dir, int *turn)
{
	return lock_file(common_dir, "turn", LOCK_EX, turn);
}

void hook_end(int lock)
{
	if (lock >= 0)
		close(lock);
}

bool hook_take_wanted(const char *git_dir)
{
	char *path = hook_file(git_dir, "wanted");
	bool taken = !unlink(path);
	free(path);
	return taken;
}

bool hook_is_wanted(const char *git_dir)
{
	char *path = hook_file(git_dir, "wanted");
	bool wanted = !access(path, F_OK);
	free(path);
	return wanted;
}

/* -- what was found ---------------------------------------------------------------------------- */

struct error *hook_put_result(const char *git_dir, struct slice text)
{
	char *path = hook_file(git_dir, "result");
	struct error *err = hook_make_folder(git_dir);
	if (!err)
		err = file_write(path, text.data, text.len < HOOK_MAX_RESULT ? text.len : HOOK_MAX_RESULT);
	free(path);
	return err;
}

bool hook_has_result(const char *git_dir)
{
	char *path = hook_file(git_dir, "result");
	bool has = !access(path, F_OK);
	free(path);
	return has;
}

/* Of two who come at the same time, one can rename it. */
void hook_take_result(const char *git_dir, struct buffer *out)
{
	char *path = hook_file(git_dir, "result");
	char *ours = xstrfmt("%s.%ld", path, (long)getpid());
	struct buffer text = BUFFER_INIT_MAX(HOOK_MAX_RESULT);
	if (!rename(path, ours)) {
		error_free(file_read(ours, &text));
		unlink(ours);
		buffer_addbuf(out, &text);
	}
	buffer_release(&text);
	free(ours);
	free(path);
}

void hook_read_reviewed(const char *git_dir, struct buffer *out)
{
	char *path = hook_file(git_dir, "reviewed");
	struct buffer text = BUFFER_INIT_MAX(256);
	struct error *err = file_read(path, &text);
	if (!err)
		buffer_add(out, text.data, strcspn(text.data, "\n"));
	error_free(err);
	buffer_release(&text);
	free(path);
}

struct error *hook_put_reviewed(const char *git_dir, const char *commit)
{
	char *path = hook_file(git_dir, "reviewed");
	char *line = xstrfmt("%s\n", commit);
	struct error *err = hook_make_folder(git_dir);
	if (!err)
		err = file_write(path, line, strlen(line));
	free(line);
	free(path);
	return err;
}
