#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command_docs.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/trace.h"

const char *const color_choices[] = { "always", "never", "auto", NULL };

static volatile int stop_requested;

/* An interrupt of the terminal comes twice: to this process, and once more from `git`, which started it
 * and passes on its own. Only what comes later than that is somebody's second wish. */
#define SAME_WISH_MS 2000

static uint64_t first_signal_ms;

static void on_signal(int number)
{
	int saved = errno;
	uint64_t now = clock_ms();
	if (!stop_requested)
		first_signal_ms = now;
	stop_requested = 1;
	if (now - first_signal_ms > SAME_WISH_MS) {
		signal(number, SIG_DFL);
		raise(number);
	}
	errno = saved;
}

void context_catch_signals(struct context *ctx)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ctx->stop = &stop_requested;
}

struct error *context_repo(struct context *ctx, struct repo **out)
{
	struct error *err = ctx->repo ? NULL : repo_open(&ctx->repo, NULL);
	*out = ctx->repo;
	return err;
}

const char *context_env(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* Of the first write to standard output that failed: by the end of the command errno tells something else. */
static int output_errno;

void print_flush(void)
{
	errno = 0;
	if (fflush(stdout) && !output_errno)
		output_errno = errno;
}

__attribute__((format(printf, 2, 0)))
static void say(const char *kind, const char *fmt, va_list ap)
{
	struct buffer said = BUFFER_INIT, text = BUFFER_INIT, safe = BUFFER_INIT;
	buffer_vaddf(&said, fmt, ap);
	char *clean = redact(buffer_detach(&said, NULL));
	buffer_addstr(&text, clean);
	free(clean);
	/* Every line gets the word, as git's own hints do. */
	for (size_t start = 0; start <= text.len;) {
		const char *newline = memchr(text.data + start, '\n', text.len - start);
		size_t end = newline ? (size_t)(newline - text.data) : text.len;
		buffer_addf(&safe, "%s: ", kind);
		text_for_terminal(&safe, text.data + start, end - start, false);
		buffer_addch(&safe, '\n');
		start = end + 1;
	}
	job_log_defuse(&safe, 0);
	print_flush();
	fwrite(safe.data, 1, safe.len, stderr);
	buffer_release(&text);
	buffer_release(&safe);
}

static void say_plain(const char *kind, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void say_plain(const char *kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(kind, fmt, ap);
	va_end(ap);
}

void say_warning(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say("warning", fmt, ap);
	va_end(ap);
}

void say_hint(struct context *ctx, const char *fmt, ...)
{
	const char *advice = ctx->repo ? repo_config(ctx->repo, "advice.scrutiny") : NULL;
	if (advice && !strcmp(advice, "false"))
		return;
	va_list ap;
	va_start(ap, fmt);
	say("hint", fmt, ap);
	va_end(ap);
}

bool context_color(struct context *ctx, const char *when, int fd)
{
	const char *configured = NULL;
	if (ctx->repo) {
		configured = repo_config(ctx->repo, "color.scrutiny");
		if (!configured)
			configured = repo_config(ctx->repo, "color.ui");
	}
	return color_wanted(when, context_env("NO_COLOR") != NULL, configured, fd);
}

void print_buffer(const struct buffer *out)
{
	fwrite(out->data, 1, out->len, stdout);
}

void print_words(bool keep_lines, const char *fmt, va_list ap)
{
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	buffer_vaddf(&text, fmt, ap);
	text_for_terminal(&safe, text.data, text.len, keep_lines);
	buffer_addch(&safe, '\n');
	job_log_defuse(&safe, 0);
	print_buffer(&safe);
	buffer_release(&text);
	buffer_release(&safe);
}

static int status_of(const struct error *err)
{
	if (error_is(err, ERROR_USAGE))
		return EXIT_USAGE;
	if (error_is(err, ERROR_BUDGET))
		return EXIT_BUDGET;
	if (error_is(err, ERROR_CANCELLED))
		return EXIT_INCOMPLETE;
	return EXIT_FATAL;
}

/* Prints and frees ERR. A usage error is no `fatal:`, as in git. */
static int fail(struct error *err)
{
	int status = status_of(err);
	err->message = redact(err->message);
	say_plain(status == EXIT_USAGE ? "error" : "fatal", "%s", err->message);
	if (err->hint) {
		err->hint = redact(err->hint);
		say_plain("hint", "%s", err->hint);
	}
	error_free(err);
	return status;
}

static struct error *flush_output(void)
{
	print_flush();
	errno = output_errno;
	return output_errno || ferror(stdout) ? error_errno(ERROR_IO, "cannot write to standard output") : NULL;
}

static int show_help(const struct program *program, const struct command *cmd)
{
	struct buffer out = BUFFER_INIT;
	if (cmd)
		docs_command_help(&out, program, cmd);
	else
		docs_program_help(&out, program);
	print_buffer(&out);
	buffer_release(&out);
	return EXIT_DONE;
}

static int run_command(struct context *ctx, const struct command *cmd, int argc, const char **argv)
{
	void *options = xcalloc(1, cmd->options_size);
	int status = EXIT_DONE;
	bool help = false;
	if (cmd->defaults)
		memcpy(options, cmd->defaults, cmd->options_size);
	struct error *err = options_parse(cmd, options, &argc, argv, &help);
	if (!err && help)
		status = show_help(ctx->program, cmd);
	else if (!err)
		err = cmd->run(ctx, options, argc, argv, &status);
	if (!err)
		err = flush_output();
	options_release(cmd, options);
	free(options);
	return err ? fail(err) : status;
}

/* Descriptors 0 to 2 are open from here on, so that no file of ours is taken for one of them. */
static void open_standard_descriptors(void)
{
	while (fcntl(STDERR_FILENO, F_GETFD) < 0 && errno == EBADF)
		if (open("/dev/null", O_RDWR) < 0)
			break;
}

int cmd_main(const struct program *program, int argc, const char **argv)
{
	struct context ctx = { .program = program };
	const struct command *cmd = NULL;
	open_standard_descriptors();
	/* A limit on file sizes is a full disk to us: an error with a sentence, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	trace_open(getenv("GIT_TRACE_SCRUTINY"));
	argc--;
	argv++;
	if (argc && (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help")))
		return show_help(program, NULL);
	if (argc && !strcmp(argv[0], "--version"))
		argv[0] = "version";
	if (!argc && !program->default_command) {
		show_help(program, NULL);
		return EXIT_USAGE;
	}
	struct error *err = program_find_command(program, &argc, &argv, &cmd);
	int status = err ? fail(err) : run_command(&ctx, cmd, argc, argv);
	repo_free(ctx.repo);
	return status;
}
