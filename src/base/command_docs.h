/*
 * What is generated from the tables of base/command.h. All of it is deterministic.
 *
 * The texts of the tables are paragraphs separated by blank lines. `Code` stands in backticks,
 * <placeholders> between angle brackets; a paragraph whose first line is indented keeps its
 * lines. -h shows them plain, man pages in bold and italics.
 */
#ifndef BASE_COMMAND_DOCS_H
#define BASE_COMMAND_DOCS_H

#include "base/buffer.h"
#include "base/command.h"

/* What -h prints for a program, and for one of its commands. */
void docs_program_help(struct buffer *out, const struct program *program);
void docs_command_help(struct buffer *out, const struct program *program,
		       const struct command *cmd);
/* man(7) sources: git-scrutiny.1 and git-scrutiny-status.1. RELEASE goes to the footer. */
struct docs_release {
	const char *version;
	const char *date; /* 2026-11-22 */
};
void docs_program_man(struct buffer *out, const struct program *program,
		      const struct docs_release *release);
void docs_command_man(struct buffer *out, const struct program *program, const struct command *cmd,
		      const struct docs_release *release);
/* docs/commands/git-scrutiny.md: all commands of a program on one page. */
void docs_program_markdown(struct buffer *out, const struct program *program);
/* Completions: bash defines _git_scrutiny for git's own completion, zsh _git-scrutiny, fish. */
void docs_bash_completion(struct buffer *out, const struct program *program);
void docs_zsh_completion(struct buffer *out, const struct program *program);
void docs_fish_completion(struct buffer *out, const struct program *program);

#endif
