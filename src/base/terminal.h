/* Colour, pager and the progress meter, as git does them. */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* WHEN: "always", "never", "auto" or NULL (auto); then NO_COLOR_SET (the variable is set and not
 * empty), then CONFIGURED (color.scrutiny or color.ui; may be NULL), then whether FD is a terminal
 * that is not "dumb". */
bool color_wanted(const char *when, bool no_color_set, const char *configured, int fd);

enum color {
	COLOR_NONE,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_BLUE,
	COLOR_CYAN,
};
/* Appends S wrapped in the colour's escapes when ON. S is not sanitised. */
void color_add(struct buffer *out, bool on, enum color color, const char *s);

/* Sends TEXT through the PAGER command line (as `git var GIT_PAGER` says; the user's own
 * setting, so it is handed to `sh -c` exactly as git does) when standard output is a terminal,
 * otherwise writes it to standard output. LESS=FRX and LV=-c are set if unset. A pager that
 * quits early is no error. A PAGER that is NULL, "" or "cat" is none; when there is no such
 * program, sh says so and TEXT goes to standard output. SIGINT and SIGQUIT are the pager's while
 * it runs. */
struct error *pager_show(const char *pager, struct slice text);

/*
 * A line on standard error: only if that is a terminal and we are in its foreground process
 * group, and only after the work has lasted a second; at most ten times a second; erased at
 * the end. The clock is CLOCK_MONOTONIC.
 */
struct progress;
struct progress *progress_new(const char *title, uint64_t total /* 0: unknown */);
/* DETAIL (may be NULL) is what is being done now; it is sanitised and cut to the width. */
void progress_update(struct progress *p, uint64_t done, const char *detail);
/* The same, with LINE behind the title in place of count, rate and time left. */
void progress_say(struct progress *p, const char *line);
/* Erases the line until the next update: before anything else is printed to the terminal. */
void progress_hide(struct progress *p);
void progress_free(struct progress *p); /* erases the line; NULL is fine, as for the others */
/* Rate and time left are added by the meter itself: " 120/s, 0:12 left". */

/* As progress_new on another terminal and by another clock, in milliseconds: for tests. */
typedef uint64_t progress_clock(void);
struct progress *progress_new_on(int fd, progress_clock *now, const char *title, uint64_t total);

#endif
