#include "review/report.h"

#include <stdio.h>

#include "base/memory.h"
#include "review/report_parts.h"

const char *report_verdict(const struct report *report)
{
	static const char *const names[] = { "notes", "warnings", "errors" };

	if (!report->nr_records)
		return "incomplete";
	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE; s--) {
		if (report->consensus->counts[s])
			return names[s];
	}
	return "clean";
}

void add_count(struct buffer *out, size_t n, const char *noun)
{
	buffer_addf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

/* "2 errors, 1 warning"; nothing when there are none. */
static void add_severity_counts(struct buffer *out, const struct consensus *c)
{
	const char *separator = "";

	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE; s--) {
		if (!c->counts[s])
			continue;
		buffer_addstr(out, separator);
		add_count(out, c->counts[s], severity_name((enum severity)s));
		separator = ", ";
	}
}

size_t count_incomplete(const struct run *run)
{
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_reviewers; i++)
		nr += strcmp(run->reviewers[i].outcome, "ok") != 0;
	return nr;
}

void report_verdict_sentence(struct buffer *out, const struct report *report)
{
	const struct consensus *c = report->consensus;
	size_t incomplete = count_incomplete(report->run);

	if (!report->nr_records) {
		buffer_addstr(out, "Not reviewed: no reviewer completed.");
		return;
	}
	if (c->counts[SEVERITY_ERROR] || c->counts[SEVERITY_WARNING] || c->counts[SEVERITY_NOTE]) {
		add_severity_counts(out, c);
		buffer_addstr(out, " found");
	} else {
		buffer_addstr(out, "No problems found");
	}
	if (c->nr_unverified) {
		buffer_addstr(out, "; ");
		add_count(out, c->nr_unverified, "claim");
		buffer_addstr(out, " could not be verified");
	}
	if (incomplete) {
		buffer_addstr(out, "; ");
		add_count(out, incomplete, "reviewer");
		buffer_addstr(out, " did not complete");
	}
	buffer_addch(out, '.');
}

/* PATH as seen from the folder PAPER, both from the top of the repository. */
void add_relative_path(struct buffer *out, const char *paper, const char *path)
{
	size_t common = 0, i;

	for (i = 0; paper[i] && paper[i] == path[i]; i++) {
		if (paper[i] == '/')
			common = i + 1;
	}
	if (!paper[i] && i && path[i] == '/') { /* inside */
		buffer_addstr(out, path + i + 1);
		return;
	}
	if (paper[common])
		buffer_addstr(out, "../");
	for (const char *p = paper + common; *p; p++) {
		if (*p == '/')
			buffer_addstr(out, "../");
	}
	buffer_addstr(out, path + common);
}

/* The first MAX bytes of S, no character split; TRUE when something was cut. */
bool cut_text(const char *s, size_t max, size_t *len)
{
	*len = strlen(s);
	if (*len <= max)
		return false;
	*len = max;
	while (*len && ((unsigned char)s[*len] & 0xc0) == 0x80)
		--*len;
	return true;
}

/* By integers: printf's decimal point follows the locale. */
void add_cost(struct buffer *out, double usd)
{
	long long units = (long long)(usd * 10000 + 0.5);

	if (usd < 0)
		buffer_addstr(out, "price unknown");
	else if (usd == 0)
		buffer_addstr(out, "free");
	else if (!units)
		buffer_addstr(out, "under $0.0001");
	else if (units < 10000)
		buffer_addf(out, "$0.%04lld", units);
	else
		buffer_addf(out, "$%lld.%02lld", units / 10000, units % 10000 / 100);
}
