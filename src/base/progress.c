#include "base/clock.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

#define DELAY_MS 1000
#define INTERVAL_MS 100
#define DEFAULT_WIDTH 80

struct progress {
	int fd;
	progress_clock *now;
	struct buffer title; /* sanitised */
	struct buffer line;  /* kept for its memory */
	uint64_t total, done;
	uint64_t started, last_shown; /* milliseconds */
	size_t columns; /* of the line on the screen; 0: there is none */
	bool terminal;
};

struct progress *progress_new(const char *title, uint64_t total)
{
	return progress_new_on(STDERR_FILENO, clock_ms, title, total);
}

struct progress *progress_new_on(int fd, progress_clock *now, const char *title, uint64_t total)
{
	struct progress *p = xcalloc(1, sizeof(*p));
	p->fd = fd;
	p->now = now;
	p->total = total;
	p->terminal = isatty(fd);
	p->started = now();
	buffer_init(&p->title, BUFFER_MAX_INTERNAL);
	buffer_init(&p->line, BUFFER_MAX_INTERNAL);
	text_for_terminal(&p->title, title, strlen(title), false);
	return p;
}

static size_t terminal_width(int fd)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return DEFAULT_WIDTH;
	return size.ws_col;
}

/* A background job does not write over what the user is doing. */
static bool in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);
	return group < 0 || group == getpgrp();
}

/* Cuts LINE, behind its carriage return, to at most WIDTH columns; returns those it takes. */
static size_t cut_to_width(struct buffer *line, size_t width)
{
	size_t columns = 0;
	for (size_t at = 1; at < line->len;) {
		uint32_t cp;
		size_t bytes = utf8_decode(line->data + at, line->len - at, &cp);
		size_t more = (size_t)utf8_width(cp);
		if (columns + more > width) {
			buffer_truncate(line, at);
			break;
		}
		columns += more;
		at += bytes;
	}
	return columns;
}

/* 120/s, 3.5/s, 12/min: whatever keeps two digits. */
static void add_rate(struct buffer *line, double per_second)
{
	if (per_second >= 10)
		buffer_addf(line, ", %.0f/s", per_second);
	else if (per_second >= 1)
		buffer_addf(line, ", %.1f/s", per_second);
	else
		buffer_addf(line, ", %.1f/min", per_second * 60);
}

static void add_time_left(struct buffer *line, double seconds)
{
	/* Nobody plans by more than four days of an estimate, and the numbers stay small. */
	if (seconds >= 100 * 3600)
		return;
	unsigned s = (unsigned)(seconds + 0.5);
	if (s >= 3600)
		buffer_addf(line, ", %u:%02u:%02u left", s / 3600, s / 60 % 60, s % 60);
	else
		buffer_addf(line, ", %u:%02u left", s / 60, s % 60);
}

static void compose(struct progress *p, uint64_t now, const char *detail)
{
	struct buffer *line = &p->line;
	double elapsed = (double)(now - p->started) / 1000;
	double rate = elapsed > 0 ? (double)p->done / elapsed : 0;

	buffer_reset(line);
	buffer_addch(line, '\r');
	buffer_addbuf(line, &p->title);
	if (p->total) {
		uint64_t done = p->done < p->total ? p->done : p->total;
		unsigned percent = (unsigned)((double)done * 100 / (double)p->total);
		buffer_addf(line, ": %3u%% (%" PRIu64 "/%" PRIu64 ")", percent, done, p->total);
	} else {
		buffer_addf(line, ": %" PRIu64, p->done);
	}
	if (rate > 0) {
		add_rate(line, rate);
		if (p->total > p->done)
			add_time_left(line, (double)(p->total - p->done) / rate);
	}
	if (detail && *detail) {
		buffer_addstr(line, "  ");
		text_for_terminal(line, detail, strlen(detail), false);
	}
}

/* Writes the line, padded so that nothing of the one before stays. */
static void put_line(struct progress *p, size_t columns)
{
	size_t before = p->columns;
	p->columns = columns;
	for (; columns < before; columns++)
		buffer_addch(&p->line, ' ');
	/* A meter that cannot be written is no reason to stop. */
	ssize_t ignored = write(p->fd, p->line.data, p->line.len);
	(void)ignored;
}

/* Whether it is time to show something, at NOW. */
static bool is_due(struct progress *p, uint64_t now)
{
	if (!p->terminal || now - p->started < DELAY_MS || now - p->last_shown < INTERVAL_MS ||
	    !in_foreground(p->fd))
		return false;
	p->last_shown = now;
	return true;
}

static void show(struct progress *p)
{
	/* The last column stays free: writing there wraps on some terminals. */
	put_line(p, cut_to_width(&p->line, terminal_width(p->fd) - 1));
}

void progress_update(struct progress *p, uint64_t done, const char *detail)
{
	if (!p)
		return;
	p->done = done;
	uint64_t now = p->now();
	if (!is_due(p, now))
		return;
	compose(p, now, detail);
	show(p);
}

void progress_say(struct progress *p, const char *line)
{
	if (!p || !is_due(p, p->now()))
		return;
	buffer_reset(&p->line);
	buffer_addch(&p->line, '\r');
	buffer_addbuf(&p->line, &p->title);
	buffer_addstr(&p->line, "  ");
	text_for_terminal(&p->line, line, strlen(line), false);
	show(p);
}

void progress_hide(struct progress *p)
{
	if (!p || !p->columns)
		return;
	/* An interrupt leaves its "^C" behind the line. */
	size_t width = terminal_width(p->fd) - 1, echoed = p->columns + 2;
	p->columns = echoed < width ? echoed : width;
	buffer_reset(&p->line);
	buffer_addch(&p->line, '\r');
	put_line(p, 0);
	ssize_t ignored = write(p->fd, "\r", 1);
	(void)ignored;
	p->last_shown = 0;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_hide(p);
	buffer_release(&p->title);
	buffer_release(&p->line);
	free(p);
}
