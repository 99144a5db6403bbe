#include "cmd/cmd.h"

#include <stdio.h>

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	(void)options;
	(void)argv;
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "version takes no arguments");
	printf("%s version %s\n", ctx->program->spoken, VERSION);
	return NULL;
}

static const struct option options[] = { { .kind = OPTION_END } };
static const char *const usage[] = { "", NULL };

const struct command cmd_version = {
	.name = "version",
	.summary = "print the version",
	.usage = usage,
	.description = "Prints the program's version.",
	.options = options,
	.run = run,
};
