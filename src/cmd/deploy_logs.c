/* git deploy logs: the journal of the app, through SSM; or what its console shows. */
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cloud/secrets.h"
#include "cmd/deploy_instance.h"

#define DEFAULT_LINES 100
#define MAX_LINES 100000
#define COMMAND_TIMEOUT_MS 30000
/* Less than SSM keeps, which are the first characters: the last ones are wanted. */
#define MAX_BYTES 23000
#define MAX_CURSOR 500
#define CURSOR_LINE "-- cursor: "

struct logs_options {
	const char *environment;
	int64_t lines;
	bool follow, boot;
};

struct logs {
	const struct logs_options *o;
	struct deployment d;
	struct deployed t;
	const char *id;
	char *cursor; /* the last entry that was shown; NULL: none */
};

static void show(const char *text, size_t len)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, text, len, true);
	if (safe.len && safe.data[safe.len - 1] != '\n')
		buffer_addch(&safe, '\n');
	print_buffer(&safe);
	print_flush();
	buffer_release(&safe);
}

/* -- through SSM ---------------------------------------------------------------------------------- */

/* It becomes part of a command. */
static bool is_cursor(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_alnum((unsigned char)text.data[i]) && !strchr("=;-_", text.data[i]))
			return false;
	return text.len > 0 && text.len <= MAX_CURSOR;
}

/* Takes the line of the cursor, the last one, off OUT. */
static void take_cursor(struct logs *l, struct buffer *out)
{
	struct slice text = slice_trim(slice_of(out));
	const char *newline = text.len ? memrchr(text.data, '\n', text.len) : NULL;
	size_t start = newline ? (size_t)(newline + 1 - out->data) : (size_t)(text.data - out->data);
	const char *rest;
	if (!skip_prefix(out->data + start, CURSOR_LINE, &rest))
		return;
	struct slice cursor = slice_trim(slice_of_string(rest));
	if (is_cursor(cursor)) {
		free(l->cursor);
		l->cursor = xmemdupz(cursor.data, cursor.len);
	}
	buffer_truncate(out, start);
}

/* What came after the cursor, or the last lines. */
static struct error *ask_journal(struct logs *l)
{
	struct buffer out = BUFFER_INIT_MAX((size_t)1 << 20);
	char *from = l->cursor
			     ? xstrfmt("--after-cursor='%s'", l->cursor)
			     : xstrfmt("--lines=%lld%s", (long long)l->o->lines, l->o->boot ? " --boot" : "");
	char *line =
		xstrfmt("journalctl --no-pager --output=short-iso --unit='git-deploy-*' --show-cursor %s "
			"| grep -v '^-- No entries' | tail -c %d",
			from, MAX_BYTES);
	const char *const lines[] = { line, NULL };
	struct error *err = instance_command(l->t.cloud, l->id, lines, COMMAND_TIMEOUT_MS, &out, NULL);
	bool cut = out.len >= MAX_BYTES;
	if (!err) {
		take_cursor(l, &out);
		const char *whole = cut ? strchr(out.data, '\n') : NULL;
		size_t skipped = whole ? (size_t)(whole + 1 - out.data) : 0;
		if (cut)
			say_warning(
				"Systems Manager hands over %d bytes at once: what came before is left out",
				MAX_BYTES);
		if (!out.len && !l->cursor)
			say_warning("the journal of %s has nothing of git deploy yet", l->id);
		show(out.data + skipped, out.len - skipped);
	}
	free(line);
	free(from);
	buffer_release(&out);
	return err;
}

static struct error *follow(struct logs *l)
{
	struct error *err = NULL;
	for (unsigned attempt = 1; !err; attempt++) {
		err = cloud_pause(l->t.cloud, attempt);
		if (!err)
			err = ask_journal(l);
	}
	/* That is how it ends. */
	error_drop_if(&err, ERROR_CANCELLED);
	return err;
}

/* -- the console ---------------------------------------------------------------------------------- */

static const char *last_lines(const struct buffer *text, int64_t lines)
{
	size_t i = text->len;
	if (i && text->data[i - 1] == '\n')
		i--;
	for (; i; i--)
		if (text->data[i - 1] == '\n' && --lines <= 0)
			break;
	return text->data + i;
}

static struct error *show_console(struct logs *l, struct error *why)
{
	struct buffer text = BUFFER_INIT_MAX((size_t)1 << 20);
	say_warning("%s: this is the output of the console, which is minutes old", why->message);
	if (why->hint)
		say_hint(l->d.ctx, "%s", why->hint);
	error_free(why);
	struct error *err = instance_console(l->t.cloud, l->id, &text);
	const char *from = last_lines(&text, l->o->lines);
	if (!err && text.len)
		show(from, strlen(from));
	else if (!err)
		say_warning("the console of %s has no output yet", l->id);
	buffer_release(&text);
	return err;
}

/* -- the command ---------------------------------------------------------------------------------- */

static struct error *show_logs(struct logs *l)
{
	const struct instance *i = deployed_current(&l->t);
	l->id = i->id;
	if (!instance_is(i, "running"))
		return show_console(l, error_new(ERROR_NOT_FOUND, "%s is %s", i->id, i->state));
	struct error *err = ask_journal(l);
	if (error_is(err, ERROR_NOT_FOUND))
		return show_console(l, err);
	return !err && l->o->follow ? follow(l) : err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct logs l = { .o = options };
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "logs takes no argument, such as '%s': environments are named "
				 "by --env", argv[0]);
	if (l.o->lines < 1 || l.o->lines > MAX_LINES)
		return error_new(ERROR_USAGE, "-n is a number of lines, %d at most", MAX_LINES);
	context_catch_signals(ctx);
	struct error *err = deployment_open(&l.d, ctx, "HEAD", l.o->environment);
	if (!err)
		err = deployed_open(&l.t, &l.d);
	if (!err)
		err = show_logs(&l);
	free(l.cursor);
	deployed_release(&l.t);
	deployment_release(&l.d);
	return err;
}

static const struct option options[] = {
	OPTION_ENVIRONMENT(offsetof(struct logs_options, environment)),
	{ OPTION_INTEGER, 'n', "lines", offsetof(struct logs_options, lines), "<n>",
	  "the last <n> lines (100)" },
	{ OPTION_BOOL, 'f', "follow", offsetof(struct logs_options, follow), NULL,
	  "go on with new lines until interrupted" },
	{ OPTION_BOOL, 0, "boot", offsetof(struct logs_options, boot), NULL, "only since the last boot" },
	{ .kind = OPTION_END },
};

static const struct logs_options defaults = { .lines = DEFAULT_LINES };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git deploy logs --boot", "What happened since the instance was started." },
	{ "git deploy logs -n 20 --follow", "The last lines, and those to come." },
	{ NULL, NULL },
};

const struct command cmd_deploy_logs = {
	.name = "logs",
	.summary = "show the journal of the app on its instance",
	.usage = usage,
	.description =
		"Shows what the units of git deploy and the app wrote to the journal of the instance, through "
		"AWS Systems Manager: no port is open for it, and no key of ssh is needed. The agent of Systems "
		"Manager has to run there, which images of Amazon Linux and Ubuntu have.\n\n"
		"When no agent answers, or the instance does not run, the output of its console is shown "
		"instead, which EC2 keeps and which may be minutes old. That is said.",
	.options = options,
	.options_size = sizeof(struct logs_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
