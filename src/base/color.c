#include "base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"

/* What kind of terminal there is stands in the environment and nowhere else: the one variable
 * that the library looks at by itself. */
#undef getenv

enum wanted { WANTED_UNKNOWN, WANTED_ALWAYS, WANTED_NEVER, WANTED_AUTO };

/* The words of git's color.ui; there, true means auto. */
static enum wanted wanted_by(const char *word)
{
	static const struct {
		const char *word;
		enum wanted wanted;
	} words[] = {
		{ "always", WANTED_ALWAYS }, { "never", WANTED_NEVER }, { "auto", WANTED_AUTO },
		{ "true", WANTED_AUTO },     { "yes", WANTED_AUTO },    { "on", WANTED_AUTO },
		{ "1", WANTED_AUTO },        { "false", WANTED_NEVER }, { "no", WANTED_NEVER },
		{ "off", WANTED_NEVER },     { "0", WANTED_NEVER },
	};
	for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(word, words[i].word))
			return words[i].wanted;
	return WANTED_UNKNOWN;
}

bool color_wanted(const char *when, bool no_color_set, const char *configured, int fd)
{
	enum wanted wanted = wanted_by(when);
	if (wanted == WANTED_ALWAYS || wanted == WANTED_NEVER)
		return wanted == WANTED_ALWAYS;
	if (no_color_set)
		return false;
	if (wanted == WANTED_UNKNOWN)
		wanted = wanted_by(configured);
	if (wanted == WANTED_ALWAYS || wanted == WANTED_NEVER)
		return wanted == WANTED_ALWAYS;
	const char *terminal = getenv("TERM");
	return isatty(fd) && terminal && strcmp(terminal, "dumb");
}

void color_add(struct buffer *out, bool on, enum color color, const char *s)
{
	static const char *const escapes[] = {
		[COLOR_NONE] = "",
		[COLOR_BOLD] = "\033[1m",
		[COLOR_DIM] = "\033[2m",
		[COLOR_RED] = "\033[31m",
		[COLOR_GREEN] = "\033[32m",
		[COLOR_YELLOW] = "\033[33m",
		[COLOR_BLUE] = "\033[34m",
		[COLOR_CYAN] = "\033[36m",
	};
	on = on && color != COLOR_NONE && *s;
	if (on)
		buffer_addstr(out, escapes[color]);
	buffer_addstr(out, s);
	if (on)
		buffer_addstr(out, "\033[m");
}
