#include "cmd/since.h"

#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "budget/ledger.h"

/* What `git rev-parse --since` makes of a word that is no date is now, to within this many seconds. */
#define NOW_SLACK 5

/* "2026-11" and "2026-11-22": the local midnight they begin at, or -1 when there is no such day. False: it
 * has another form. */
static bool plain_date(const char *text, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 };
	int year, month, day = 1, len = 0;
	bool whole = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &len) == 3 && len == 10;
	if (!whole && (sscanf(text, "%4d-%2d%n", &year, &month, &len) != 2 || len != 7))
		return false;
	if (text[len])
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day = whole ? day : 1;
	*out = (int64_t)mktime(&tm);
	if (tm.tm_mday != day || tm.tm_mon != month - 1)
		*out = -1;
	return true;
}

/* Anything else is a date as git reads them: "yesterday", "2.weeks.ago". */
struct error *since_parse(struct repo *repo, const char *text, int64_t now, int64_t *out)
{
	struct buffer line = BUFFER_INIT;
	const char *digits;
	char *argument = xstrfmt("--since=%s", text);
	const char *const argv[] = { "rev-parse", argument, NULL };
	struct error *err = NULL;
	if (!strcmp(text, "today")) {
		*out = ledger_day(now).from;
	} else if (!plain_date(text, out)) {
		err = repo_git_line(repo, argv, &line);
		bool read = !err && skip_prefix(line.data, "--max-age=", &digits);
		*out = read ? strtoll(digits, NULL, 10) : now;
	}
	if (!err && (*out < 0 || *out > now - NOW_SLACK))
		err = error_with_hint(error_new(ERROR_USAGE, "'%s' is no date in the past", text),
				      "write 2026-11-01, 2026-11, yesterday or 2.weeks.ago");
	free(argument);
	buffer_release(&line);
	return err;
}
