/*
 * Writes what is made from the programs' tables: `docgen <program> <what>` one piece on standard
 * output, `docgen --all <directory>` every generated file of the tree below a directory.
 */
#include <stdio.h>
#include <string.h>

#include "base/command_docs.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/cmd.h"

static const struct program *const programs[] = { &scrutiny_program, &papermeta_program,
						  &deploy_program };
static const struct docs_release release = { VERSION, RELEASE_DATE };

static void program_man(struct buffer *out, const struct program *program)
{
	docs_program_man(out, program, &release);
}

/* "<command> <option>" a line, for tools/check-docs. */
static void list_options(struct buffer *out, const struct program *program)
{
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		for (const struct option *o = NULL; option_next(*cmd, &o);)
			if (o->long_name)
				buffer_addf(out, "%s %s\n", (*cmd)->name, o->long_name);
}

/* What there is once for each program, and where it lies; * is the program's name. */
static const struct product {
	const char *what, *path;
	void (*write)(struct buffer *out, const struct program *program);
} products[] = {
	{ "help", NULL, docs_program_help },
	{ "options", NULL, list_options },
	{ "man", "man/*.1", program_man },
	{ "markdown", "docs/commands/*.md", docs_program_markdown },
	{ "bash", "completions/*.bash", docs_bash_completion },
	{ "zsh", "completions/_*", docs_zsh_completion },
	{ "fish", "completions/*.fish", docs_fish_completion },
};

static const struct command *find_command(const struct program *program, const char *name)
{
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		if (!strcmp((*cmd)->name, name))
			return *cmd;
	return NULL;
}

static struct error *one_piece(struct buffer *out, const char *name, const char *what)
{
	const struct program *program = NULL;
	const struct command *cmd;
	const char *command;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(programs[i]->name, name))
			program = programs[i];
	if (!program)
		return error_new(ERROR_USAGE, "no program is called `%s'", name);
	for (size_t i = 0; i < ARRAY_SIZE(products); i++) {
		if (strcmp(products[i].what, what))
			continue;
		products[i].write(out, program);
		return NULL;
	}
	bool help = skip_prefix(what, "help-", &command);
	bool page = help || skip_prefix(what, "man-", &command);
	if (page && (cmd = find_command(program, command))) {
		if (help)
			docs_command_help(out, program, cmd);
		else
			docs_command_man(out, program, cmd, &release);
		return NULL;
	}
	return error_new(ERROR_USAGE, "nothing of %s is called `%s'", name, what);
}

/* Writes CONTENTS (and empties them) to DIRECTORY/PATH, where * stands for NAME. */
static struct error *put(const char *directory, const char *path, const char *name,
			 struct buffer *contents)
{
	size_t before = strcspn(path, "*");
	char *file = xstrfmt("%s/%.*s%s%s", directory, (int)before, path, name, path + before + 1);
	char *parent = xmemdupz(file, (size_t)(strrchr(file, '/') - file));
	struct error *err = file_make_directories(parent);
	if (!err)
		err = file_write(file, contents->data, contents->len);
	buffer_reset(contents);
	free(parent);
	free(file);
	return err;
}

static struct error *all_of(const char *directory, const struct program *program)
{
	struct buffer out = BUFFER_INIT;
	struct error *err = NULL;

	for (size_t i = 0; !err && i < ARRAY_SIZE(products); i++) {
		if (!products[i].path)
			continue;
		products[i].write(&out, program);
		err = put(directory, products[i].path, program->name, &out);
	}
	for (const struct command *const *cmd = program->commands; !err && *cmd; cmd++) {
		char *name = xstrfmt("%s-%s", program->name, (*cmd)->name);
		docs_command_man(&out, program, *cmd, &release);
		err = put(directory, "man/*.1", name, &out);
		free(name);
	}
	buffer_release(&out);
	return err;
}

int main(int argc, char **argv)
{
	struct buffer out = BUFFER_INIT;
	struct error *err = NULL;

	if (argc != 3) {
		fprintf(stderr,
			"usage: docgen <program> (help|options|man|markdown|bash|zsh|fish)\n"
			"   or: docgen <program> (help|man)-<command>\n"
			"   or: docgen --all <directory>\n");
		return 129;
	}
	if (strcmp(argv[1], "--all"))
		err = one_piece(&out, argv[1], argv[2]);
	for (size_t i = 0; !strcmp(argv[1], "--all") && !err && i < ARRAY_SIZE(programs); i++)
		err = all_of(argv[2], programs[i]);
	if (!err && fwrite(out.data, 1, out.len, stdout) != out.len)
		err = error_errno(ERROR_IO, "could not write to standard output");
	if (!err && fflush(stdout))
		err = error_errno(ERROR_IO, "could not write to standard output");
	buffer_release(&out);
	if (!err)
		return 0;
	fprintf(stderr, "docgen: %s\n", err->message);
	error_free(err);
	return 128;
}
