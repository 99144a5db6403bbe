/* What is generated from the tables of base/command.h. All of it is deterministic. */
#ifndef BASE_COMMAND_DOCS_H
#define BASE_COMMAND_DOCS_H

#include "base/buffer.h"
#include "base/command.h"

/* What -h prints for a program, and for one of its commands. */
void docs_program_help(struct buffer *out, const struct program *program);
void docs_command_help(struct buffer *out, const struct program *program, const struct command *cmd);
/* mdoc-free man(7) sources: git-scrutiny.1 and git-scrutiny-status.1. VERSION goes to the footer. */
void docs_program_man(struct buffer *out, const struct program *program, const char *version);
void docs_command_man(struct buffer *out, const struct program *program, const struct command *cmd,
		      const char *version);
/* docs/commands/git-scrutiny.md: all commands of a program on one page. */
void docs_program_markdown(struct buffer *out, const struct program *program);
/* Completions: bash defines _git_scrutiny for git's own completion, zsh _git-scrutiny, fish. */
void docs_bash_completion(struct buffer *out, const struct program *program);
void docs_zsh_completion(struct buffer *out, const struct program *program);
void docs_fish_completion(struct buffer *out, const struct program *program);

#endif
