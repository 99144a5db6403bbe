/*
 * The log of a job of GitHub Actions (and of Gitea's and Forgejo's, which do as it does) is read by the runner: a
 * line that begins with `::`, white space aside, or that has `##[` anywhere, may be a command to it, whoever wrote
 * the words.
 */
#include "cmd/cmd.h"

static bool is_printable(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* The runner's white space is Unicode's: whatever is no printable ASCII is taken for it. */
static bool at_line_start(const struct buffer *text, size_t i)
{
	while (i && text->data[i - 1] != '\n' && !is_printable(text->data[i - 1]))
		i--;
	return !i || text->data[i - 1] == '\n';
}

void job_log_defuse(struct buffer *text, size_t start)
{
	if (!context_env("GITHUB_ACTIONS"))
		return;
	struct buffer safe = BUFFER_INIT;
	for (size_t i = start; i < text->len; i++) {
		const char *p = text->data + i;
		buffer_addch(&safe, *p);
		bool colons = p[0] == ':' && p[1] == ':' && at_line_start(text, i);
		bool hashes = p[0] == '#' && p[1] == '#' && p[2] == '[';
		if (colons || hashes)
			buffer_addch(&safe, ' ');
	}
	buffer_truncate(text, start);
	buffer_addbuf(text, &safe);
	buffer_release(&safe);
}
