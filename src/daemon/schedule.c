#include "daemon/schedule.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "daemon/unit_text.h"

#define READABLE 32
#define HASH_DIGITS 12
#define BEGIN "# BEGIN "
#define END "# END "

void schedule_name(char out[SCHEDULE_NAME_SIZE], const char *path)
{
	char hash[SHA256_HEX_SIZE + 1], readable[READABLE + 1];
	const char *slash = strrchr(path, '/');
	size_t nr = 0;
	sha256_hex(path, strlen(path), hash);
	for (const char *c = slash ? slash + 1 : path; *c && nr < READABLE; c++)
		readable[nr++] = ascii_alnum((unsigned char)*c) ? *c : '_';
	readable[nr] = '\0';
	snprintf(out, SCHEDULE_NAME_SIZE, "git-scrutiny-%s%s%.*s", readable, nr ? "-" : "", HASH_DIGITS, hash);
}

/* -- systemd ---------------------------------------------------------------------------------------- */

static void add_head(struct buffer *out, const struct schedule *s)
{
	buffer_addstr(out, "# Written by `git scrutiny schedule install`; `git scrutiny schedule remove` takes it out.\n"
			   "[Unit]\nDescription=git scrutiny: audit of ");
	unit_add_description(out, s->path);
	buffer_addstr(out, "\nDocumentation=man:git-scrutiny-schedule(1)\n");
}

void schedule_service(struct buffer *out, const struct schedule *s)
{
	char *variable = xstrfmt("PATH=%s", s->search_path);
	add_head(out, s);
	buffer_addstr(out, "\n[Service]\nType=oneshot\nEnvironment=");
	unit_add_word(out, variable);
	buffer_addstr(out, "\nExecStart=");
	for (size_t i = 0; s->argv[i]; i++) {
		if (i)
			buffer_addch(out, ' ');
		unit_add_argument(out, s->argv[i]);
	}
	buffer_addstr(out, "\nNice=19\nIOSchedulingClass=idle\n");
	free(variable);
}

void schedule_timer(struct buffer *out, const struct schedule *s)
{
	add_head(out, s);
	buffer_addstr(out, "\n[Timer]\nOnCalendar=");
	unit_add_description(out, s->calendar);
	buffer_addf(out, "\nRandomizedDelaySec=%s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n", s->spread);
}

/* -- cron ------------------------------------------------------------------------------------------- */

/* The block of NAME in TEXT, with its marks; the end mark may have been lost, then the block is its one line. */
static bool find_block(struct slice text, const char *name, size_t *start, size_t *end)
{
	char *begin = xstrfmt(BEGIN "%s\n", name), *last = xstrfmt(END "%s\n", name);
	size_t len = strlen(begin);
	bool found = false;
	for (size_t at = 0; !found && at + len <= text.len;) {
		const char *newline = memchr(text.data + at, '\n', text.len - at);
		if (!newline)
			break;
		size_t next = (size_t)(newline - text.data) + 1;
		if (next - at == len && !memcmp(text.data + at, begin, len)) {
			found = true;
			*start = at;
			const char *command = memchr(text.data + next, '\n', text.len - next);
			*end = command ? (size_t)(command - text.data) + 1 : text.len;
			if (text.len - *end >= strlen(last) && !memcmp(text.data + *end, last, strlen(last)))
				*end += strlen(last);
		}
		at = next;
	}
	free(begin);
	free(last);
	return found;
}

bool schedule_take_from_crontab(struct buffer *out, struct slice text, const char *name)
{
	size_t start, end;
	if (!find_block(text, name, &start, &end)) {
		buffer_add(out, text.data, text.len);
		return false;
	}
	buffer_add(out, text.data, start);
	buffer_add(out, text.data + end, text.len - end);
	return true;
}

static bool add_command(struct buffer *out, const struct schedule *s)
{
	buffer_addstr(out, "PATH=");
	bool good = cron_add_word(out, s->search_path);
	for (size_t i = 0; s->argv[i]; i++) {
		buffer_addch(out, ' ');
		good = cron_add_word(out, s->argv[i]) && good;
	}
	return good;
}

/* Between 2 and 6 in the night: not all at once. */
static void add_time(struct buffer *out, const char *name, bool every_day)
{
	unsigned long n = 0;
	for (; *name; name++)
		n = n * 31 + (unsigned char)*name;
	buffer_addf(out, "%lu %lu * * %s ", n % 60, 2 + n / 60 % 4, every_day ? "*" : "0");
}

struct error *schedule_add_to_crontab(struct buffer *out, struct slice text, const struct schedule *s, bool every_day)
{
	struct buffer command = BUFFER_INIT;
	struct error *err = NULL;
	if (!add_command(&command, s))
		err = error_new(ERROR_USAGE, "a crontab cannot hold a path with a line break");
	else if (command.len > CRON_MAX_COMMAND)
		err = error_with_hint(error_new(ERROR_USAGE, "the command would be %zu bytes long, and cron takes %d",
						command.len, CRON_MAX_COMMAND), "a shorter PATH makes it shorter");
	if (err)
		goto out;
	schedule_take_from_crontab(out, text, s->name);
	if (out->len && out->data[out->len - 1] != '\n')
		buffer_addch(out, '\n');
	buffer_addf(out, BEGIN "%s\n", s->name);
	add_time(out, s->name, every_day);
	buffer_addf(out, "%s\n" END "%s\n", command.data, s->name);
out:
	buffer_release(&command);
	return err;
}

bool schedule_read_crontab(struct buffer *out, struct slice text, const char *name)
{
	size_t start, end;
	unsigned minute, hour;
	char day;
	if (!find_block(text, name, &start, &end))
		return false;
	char *block = xmemdupz(text.data + start, end - start);
	const char *line = strchr(block, '\n');
	/* Somebody may have changed it. */
	if (line && sscanf(line + 1, "%2u %2u * * %c ", &minute, &hour, &day) == 3)
		buffer_addf(out, "at %02u:%02u every %s", hour, minute, day == '0' ? "Sunday" : "day");
	else
		buffer_addstr(out, "when the crontab says");
	free(block);
	return true;
}
