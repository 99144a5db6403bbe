#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

extern char **environ;

/* What a child that could not become ARGV says through the start pipe. */
struct start_failure {
	enum { FAILED_DIRECTORY, FAILED_DESCRIPTORS, FAILED_EXEC } stage;
	int error_number;
};

struct pipe_ends {
	int read, write;
};

#define NO_PIPE { -1, -1 }

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_pipe(struct pipe_ends *p)
{
	close_descriptor(&p->read);
	close_descriptor(&p->write);
}

/* A descriptor of 3 or more: one of 0..2 (closed in this process) would be overwritten when the
 * child sets up its own standard descriptors. */
static int above_standard(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int saved = errno;
	close(fd);
	errno = saved;
	return higher;
}

static struct error *open_pipe(struct pipe_ends *p)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(ERROR_IO, "cannot make a pipe");
	p->read = above_standard(fds[0]);
	p->write = above_standard(fds[1]);
	if (p->read >= 0 && p->write >= 0)
		return NULL;
	struct error *err = error_errno(ERROR_IO, "cannot make a pipe");
	close_pipe(p);
	return err;
}

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return n == strcspn(b, "=") && !strncmp(a, b, n);
}

static bool is_changed(const char *variable, const char *const *changes)
{
	for (; *changes; changes++)
		if (same_variable(variable, *changes))
			return true;
	return false;
}

/* The environment of the child: an array from malloc of borrowed strings. Of several changes to
 * one variable the last counts. */
static char **make_environment(const char *const *changes)
{
	static const char *const none[] = { NULL };
	size_t inherited = 0, changed = 0, nr = 0;
	if (!changes)
		changes = none;
	while (environ && environ[inherited])
		inherited++;
	while (changes[changed])
		changed++;
	char **env = xreallocarray(NULL, inherited + changed + 1, sizeof(*env));
	for (size_t i = 0; i < inherited; i++)
		if (!is_changed(environ[i], changes))
			env[nr++] = environ[i];
	for (size_t i = 0; i < changed; i++)
		if (strchr(changes[i], '=') && !is_changed(changes[i], changes + i + 1))
			env[nr++] = (char *)changes[i];
	env[nr] = NULL;
	return env;
}

/* How the child's standard descriptors are made. -1: inherited. */
struct child_setup {
	const char *const *argv;
	const char *directory;
	char **env;
	int descriptors[3];
	int report; /* write end of the start pipe */
	sigset_t mask;
};

/*
 * Runs in the child between fork and exec, so only async-signal-safe calls. Handlers of the
 * parent must not run here and would be reset by exec anyway; SIGPIPE goes back to its default
 * even if the parent ignores it, because that is what programs expect.
 */
static void become(const struct child_setup *setup)
{
	struct start_failure failure = { FAILED_DESCRIPTORS, 0 };
	struct sigaction action;
	for (int n = 1; n < NSIG; n++) {
		if (sigaction(n, NULL, &action) < 0)
			continue;
		if (action.sa_handler == SIG_DFL || (action.sa_handler == SIG_IGN && n != SIGPIPE))
			continue;
		memset(&action, 0, sizeof(action));
		action.sa_handler = SIG_DFL;
		sigaction(n, &action, NULL);
	}
	for (int fd = 0; fd < 3; fd++)
		if (setup->descriptors[fd] >= 0 && dup2(setup->descriptors[fd], fd) < 0)
			goto failed;
	failure.stage = FAILED_DIRECTORY;
	if (setup->directory && chdir(setup->directory) < 0)
		goto failed;
	sigprocmask(SIG_SETMASK, &setup->mask, NULL);
	failure.stage = FAILED_EXEC;
	execvpe(setup->argv[0], (char *const *)setup->argv, setup->env);
failed:
	failure.error_number = errno;
	ssize_t ignored = write(setup->report, &failure, sizeof(failure));
	(void)ignored;
	_exit(127);
}

static int wait_for(pid_t pid, int *status)
{
	int n;
	while ((n = waitpid(pid, status, 0)) < 0 && errno == EINTR)
		;
	return n;
}

static struct error *start_error(const struct start_failure *failure, const char *program,
				 const char *directory)
{
	errno = failure->error_number;
	switch (failure->stage) {
	case FAILED_DIRECTORY:
		return error_errno(ERROR_IO, "cannot run '%s' in '%s'", program, directory);
	case FAILED_EXEC:
		if (errno == ENOENT || errno == ENOTDIR)
			return error_new(ERROR_NOT_FOUND, "there is no program '%s'", program);
		break;
	case FAILED_DESCRIPTORS:
		break;
	}
	return error_errno(ERROR_IO, "cannot run '%s'", program);
}

/* fork and exec; the start pipe closes on a successful exec and carries errno otherwise. */
static struct error *spawn(pid_t *out, struct child_setup *setup)
{
	struct pipe_ends start = NO_PIPE;
	struct start_failure failure;
	sigset_t all;
	struct error *err = open_pipe(&start);
	if (err)
		return err;
	setup->report = start.write;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &setup->mask);
	pid_t pid = fork();
	if (!pid)
		become(setup);
	int saved = errno;
	pthread_sigmask(SIG_SETMASK, &setup->mask, NULL);
	errno = saved;
	if (pid < 0) {
		err = error_errno(ERROR_IO, "cannot run '%s'", setup->argv[0]);
		goto out;
	}
	close_descriptor(&start.write);
	ssize_t n;
	while ((n = read(start.read, &failure, sizeof(failure))) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(failure)) {
		wait_for(pid, NULL);
		err = start_error(&failure, setup->argv[0], setup->directory);
		goto out;
	}
	*out = pid;
out:
	close_pipe(&start);
	return err;
}

static struct error *open_null(int *fd)
{
	*fd = above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
	return *fd < 0 ? error_errno(ERROR_IO, "cannot open /dev/null") : NULL;
}

/* The descriptors of one start: the child's ends, and ours. */
struct plumbing {
	struct pipe_ends in, out, err;
	int null;
};

#define PLUMBING_INIT { NO_PIPE, NO_PIPE, NO_PIPE, -1 }

static void close_plumbing(struct plumbing *p)
{
	close_pipe(&p->in);
	close_pipe(&p->out);
	close_pipe(&p->err);
	close_descriptor(&p->null);
}

static struct error *start(pid_t *pid, struct plumbing *p, const char *const *argv, bool pipe_in,
			   bool pipe_out, bool pipe_err, const struct process_options *options)
{
	struct error *err = open_null(&p->null);
	if (!err && pipe_in)
		err = open_pipe(&p->in);
	if (!err && pipe_out)
		err = open_pipe(&p->out);
	if (!err && pipe_err)
		err = open_pipe(&p->err);
	if (err)
		return err;
	struct child_setup setup = {
		.argv = argv,
		.directory = options->directory,
		.env = make_environment(options->env),
		.descriptors = { pipe_in ? p->in.read : p->null, p->out.write,
				 options->discard_err ? p->null
				 : options->join_err  ? p->out.write
						      : p->err.write },
	};
	err = spawn(pid, &setup);
	free(setup.env);
	close_descriptor(&p->in.read);
	close_descriptor(&p->out.write);
	close_descriptor(&p->err.write);
	close_descriptor(&p->null);
	return err;
}

/*
 * write() that gives EPIPE without the signal and without touching the process-wide disposition:
 * SIGPIPE goes to the writing thread, so it is enough to block it here and to take it away again
 * if it was not already pending.
 */
static ssize_t write_without_signal(int fd, const void *data, size_t len)
{
	static const struct timespec at_once = { 0, 0 };
	sigset_t sigpipe, before, pending;
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	bool was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	ssize_t n = write(fd, data, len);
	int saved = errno;
	if (n < 0 && saved == EPIPE && !was_pending)
		while (sigtimedwait(&sigpipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return n;
}

/* Feeds what the pipe takes now. A child that stops reading is no error: it has its reasons, and
 * its exit status says whether they were good. */
static struct error *feed(int *fd, struct slice *input)
{
	ssize_t n = write_without_signal(*fd, input->data, input->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return NULL;
	if (n < 0 && errno != EPIPE)
		return error_errno(ERROR_IO, "cannot write to a program");
	if (n >= 0) {
		input->data += n;
		input->len -= (size_t)n;
	}
	if (n < 0 || !input->len)
		close_descriptor(fd);
	return NULL;
}

static struct error *drain(int *fd, struct buffer *out, const char *program)
{
	char bytes[65536];
	ssize_t n = read(*fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return NULL;
	if (n < 0)
		return error_errno(ERROR_IO, "cannot read from '%s'", program);
	if (!n)
		close_descriptor(fd);
	buffer_add(out, bytes, (size_t)n);
	return error_context(buffer_check(out, "the output"), "'%s'", program);
}

/* What poll() may wait until END; 0 when that has come. */
static int wait_ms(int64_t end)
{
	int64_t left = end - (int64_t)clock_ms();
	return left > 0 ? (int)left : 0;
}

static struct error *move_bytes(struct plumbing *p, const char *program,
				const struct process_options *options)
{
	struct slice input = options->input;
	struct error *err = NULL;
	int64_t end = (int64_t)clock_ms() + options->timeout_ms;
	if (p->in.write >= 0)
		fcntl(p->in.write, F_SETFL, O_NONBLOCK);
	while (!err && (p->in.write >= 0 || p->out.read >= 0 || p->err.read >= 0)) {
		/* poll ignores entries whose descriptor is negative. */
		struct pollfd fds[] = { { p->in.write, POLLOUT, 0 },
					{ p->out.read, POLLIN, 0 },
					{ p->err.read, POLLIN, 0 } };
		int ready = poll(fds, ARRAY_SIZE(fds), options->timeout_ms ? wait_ms(end) : -1);
		if (!ready)
			err = error_new(ERROR_TIMEOUT, "'%s' did not end within %.3g s", program,
					options->timeout_ms / 1000.0);
		else if (ready < 0 && errno != EINTR)
			err = error_errno(ERROR_IO, "cannot wait for '%s'", program);
		if (err || ready < 0)
			continue;
		if (fds[0].revents)
			err = feed(&p->in.write, &input);
		if (!err && fds[1].revents)
			err = drain(&p->out.read, options->out, program);
		if (!err && fds[2].revents)
			err = drain(&p->err.read, options->err, program);
	}
	return err;
}

static struct error *wait_status(pid_t pid, int *status)
{
	int raw;
	if (wait_for(pid, &raw) < 0)
		return error_errno(ERROR_IO, "cannot wait for a program");
	*status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
	return NULL;
}

/* The last line of what the program said, fit to be shown. */
static void add_last_line(struct buffer *message, const struct buffer *said)
{
	struct slice text = slice_trim(slice_of(said));
	const char *newline = text.len ? memrchr(text.data, '\n', text.len) : NULL;
	if (newline) {
		text.len -= (size_t)(newline + 1 - text.data);
		text.data = newline + 1;
	}
	if (!text.len)
		return;
	buffer_addstr(message, ": ");
	text_for_terminal(message, text.data, text.len, false);
}

static struct error *failed(const char *const *argv, int status, const struct buffer *said)
{
	struct buffer message = BUFFER_INIT;
	buffer_addf(&message, "'%s", argv[0]);
	if (argv[1] && argv[1][0] != '-')
		buffer_addf(&message, " %s", argv[1]);
	if (status > 128)
		buffer_addf(&message, "' was ended by signal %d", status - 128);
	else
		buffer_addf(&message, "' failed with exit status %d", status);
	if (said)
		add_last_line(&message, said);
	struct error *err = error_new(ERROR_GENERIC, "%s", message.data);
	buffer_release(&message);
	return err;
}

struct error *process_run(const char *const *argv, const struct process_options *options)
{
	static const struct process_options no_options;
	struct plumbing p = PLUMBING_INIT;
	pid_t pid = -1;
	int status = 0;
	if (!options)
		options = &no_options;
	struct error *err = start(&pid, &p, argv, options->input.len > 0, options->out != NULL,
				  options->err && !options->discard_err, options);
	if (err)
		goto out;
	err = move_bytes(&p, argv[0], options);
	if (err) {
		kill(pid, SIGKILL);
		wait_for(pid, NULL);
		goto out;
	}
	err = wait_status(pid, &status);
	if (err)
		goto out;
	if (options->exit_status)
		*options->exit_status = status;
	else if (status)
		err = failed(argv, status, options->discard_err ? NULL : options->err);
out:
	close_plumbing(&p);
	return err;
}

struct error *process_start(struct process *p, const char *const *argv, bool pipe_in,
			    bool pipe_out, const struct process_options *options)
{
	static const struct process_options no_options;
	struct plumbing ends = PLUMBING_INIT;
	*p = (struct process){ -1, -1, -1 };
	struct error *err = start(&p->pid, &ends, argv, pipe_in, pipe_out, false,
				  options ? options : &no_options);
	if (!err) {
		p->in = ends.in.write;
		p->out = ends.out.read;
		ends.in.write = -1;
		ends.out.read = -1;
	}
	close_plumbing(&ends);
	return err;
}

struct error *process_write(const struct process *p, const void *data, size_t len)
{
	const char *rest = data;
	while (len) {
		ssize_t n = write_without_signal(p->in, rest, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(ERROR_IO, "cannot write to a program");
		rest += n;
		len -= (size_t)n;
	}
	return NULL;
}

struct error *process_finish(struct process *p, int *status)
{
	int ignored;
	close_descriptor(&p->in);
	close_descriptor(&p->out);
	if (p->pid < 0)
		return error_new(ERROR_GENERIC, "the program was not started");
	struct error *err = wait_status(p->pid, status ? status : &ignored);
	p->pid = -1;
	return err;
}
