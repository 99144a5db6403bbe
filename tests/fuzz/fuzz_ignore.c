/*
 * `.ignore` rules and the paths they are held against. The first line of the input is how many
 * of the following lines are rules; the rest are paths, a '/' at the end marking folders.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "git/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PATHS 64

static size_t line_length(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	return newline ? (size_t)(newline - at) : (size_t)(end - at);
}

static const char *after_lines(const char *at, const char *end, unsigned long lines)
{
	for (; lines && at < end; lines--) {
		at += line_length(at, end);
		at += at < end;
	}
	return at;
}

/* What must hold of any answer, whatever the rules are. */
static void check_path(const struct ignore_rules *rules, const struct ignore_rules *inner,
		       const char *line, size_t len)
{
	bool directory = len && line[len - 1] == '/';
	char *path = xmemdupz(line, len - directory);
	int answer = ignore_match(rules, path, directory);
	if (answer < -1 || answer > 1)
		abort();
	/* Rules that say nothing leave the answer of those above; none at all says nothing. */
	if (ignore_match(inner, path, directory) != answer ||
	    ignore_match(NULL, path, directory) != -1)
		abort();
	/* Text without wildcards matches itself. */
	if (!strpbrk(path, "*?[\\") && !wildmatch(path, path, true))
		abort();
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdupz(data, size), *end = text + size;
	const char *start = after_lines(text, end, 1);
	const char *paths = after_lines(start, end, strtoul(text, NULL, 10));
	struct slice rule_text = { start, (size_t)(paths - start) };
	struct ignore_rules *rules = ignore_rules_new(NULL, "", rule_text);
	struct ignore_rules *same = ignore_rules_new(NULL, "", rule_text);
	struct slice nothing = { "# nothing\n", 10 };
	struct ignore_rules *inner = ignore_rules_new(rules, "", nothing);
	if (strcmp(ignore_rules_id(rules), ignore_rules_id(same)) ||
	    strcmp(ignore_rules_id(rules), ignore_rules_id(inner)))
		abort();
	for (int n = 0; n < MAX_PATHS && paths < end; n++) {
		size_t len = line_length(paths, end);
		check_path(rules, inner, paths, strnlen(paths, len));
		paths = after_lines(paths, end, 1);
	}
	ignore_rules_free(inner);
	ignore_rules_free(same);
	ignore_rules_free(rules);
	free(text);
	return 0;
}
