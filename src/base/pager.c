#include "base/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"

/* sh's own statuses for a command that cannot be run or is not there. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

/* Puts git's defaults for less and lv where the user has none. */
#define PAGER_DEFAULTS "LESS=\"${LESS-FRX}\" LV=\"${LV--c}\"; export LESS LV; "

/* *READ_ALL becomes false when the reader went away. */
static struct error *write_all(int fd, struct slice text, bool *read_all)
{
	*read_all = true;
	while (text.len) {
		ssize_t n = write(fd, text.data, text.len);
		if (n >= 0) {
			text.data += n;
			text.len -= (size_t)n;
		} else if (errno == EPIPE) {
			*read_all = false;
			return NULL;
		} else if (errno != EINTR) {
			return error_errno(ERROR_IO, "could not write the output");
		}
	}
	return NULL;
}

/* Signals that the terminal sends to the pager as well as to us, or that its quitting causes. */
static const int quiet_signals[] = { SIGPIPE, SIGINT, SIGQUIT };

static void signals_ignore(struct sigaction *saved)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigemptyset(&ignore.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(quiet_signals); i++)
		sigaction(quiet_signals[i], &ignore, &saved[i]);
}

static void signals_restore(const struct sigaction *saved)
{
	for (size_t i = 0; i < ARRAY_SIZE(quiet_signals); i++)
		sigaction(quiet_signals[i], &saved[i], NULL);
}

/* *SHOWN tells whether there was such a pager. */
static struct error *run_pager(const char *pager, struct slice text, bool *shown)
{
	struct sigaction saved[ARRAY_SIZE(quiet_signals)];
	struct process process;
	bool read_all;
	int status = 0;
	char *command = xstrfmt(PAGER_DEFAULTS "%s", pager);
	const char *const argv[] = { "sh", "-c", command, NULL };
	const struct process_options options = { .directory = NULL };

	*shown = false;
	struct error *err = process_start(&process, argv, true, false, &options);
	free(command);
	if (err)
		return err;
	/* Only now: the pager must not inherit it. */
	signals_ignore(saved);
	err = write_all(process.in, text, &read_all);
	struct error *finish_err = process_finish(&process, &status);
	signals_restore(saved);
	*shown = status != STATUS_CANNOT_RUN && status != STATUS_NOT_FOUND;
	if (err) {
		error_free(finish_err);
		return err;
	}
	return finish_err;
}

struct error *pager_show(const char *pager, struct slice text)
{
	bool read_all, shown;

	if (pager && *pager && strcmp(pager, "cat") && isatty(STDOUT_FILENO)) {
		struct error *err = run_pager(pager, text, &shown);
		if (err || shown)
			return err;
		/* sh has said why there is no pager; what it was to show is still wanted. */
	}
	return write_all(STDOUT_FILENO, text, &read_all);
}
