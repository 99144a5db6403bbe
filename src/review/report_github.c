/*
 * Commands to the runner of GitHub Actions. It takes a line for a command that begins with `::`, or that has
 * `##[` anywhere: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
#include "base/memory.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"

/* What it shows of one step, of each severity; the rest of them would be lost in silence. */
#define MAX_ANNOTATIONS 10

static const char *const commands[] = {
	[SEVERITY_NOTE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

/* S as the value of a command, or of a property of one. */
static void add_escaped(struct buffer *out, const char *s, bool property)
{
	for (; *s; s++) {
		bool special = strchr(property ? "%\r\n:," : "%\r\n", *s) != NULL;

		if (special)
			buffer_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
		else
			buffer_addch(out, *s);
		/* the older way to write a command, which is one in the middle of a line */
		if (s[0] == '#' && s[1] == '#' && s[2] == '[')
			buffer_addch(out, ' ');
	}
}

static void add_property(struct buffer *out, const char *name, const char *value)
{
	struct buffer safe = BUFFER_INIT;

	text_for_terminal(&safe, value, strlen(value), true);
	buffer_addf(out, "%s=", name);
	add_escaped(out, safe.data, true);
	buffer_release(&safe);
}

/* "label-duplicate", or of claims who makes them. */
static void add_title(struct buffer *out, const struct consensus_finding *f)
{
	buffer_addf(out, "%s%s", f->bucket == BUCKET_PLAUSIBLE ? "plausible " : "", report_rule(f));
	for (size_t i = 0; i < f->nr_families && !f->lead.rule; i++)
		buffer_addf(out, "%s%s", i ? ", " : " of ", f->families[i]);
}

static void add_annotation(struct buffer *out, const struct consensus_finding *f)
{
	struct buffer text = BUFFER_INIT;

	buffer_addf(out, "::%s ", commands[f->severity]);
	add_property(out, "file", f->lead.path);
	if (f->lead.line)
		buffer_addf(out, ",line=%zu", f->lead.line);
	if (f->lead.line && f->lead.end_line > f->lead.line)
		buffer_addf(out, ",endLine=%zu", f->lead.end_line);
	add_title(&text, f);
	buffer_addch(out, ',');
	add_property(out, "title", text.data);
	buffer_addstr(out, "::");
	buffer_reset(&text);
	report_add_message(&text, f);
	add_escaped(out, text.data, false);
	buffer_addch(out, '\n');
	buffer_release(&text);
}

/* "2 errors, 1 warning" */
static void add_numbers(struct buffer *out, const size_t numbers[3])
{
	const char *separator = "";

	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE; s--) {
		if (!numbers[s])
			continue;
		buffer_addstr(out, separator);
		add_count(out, numbers[s], severity_name((enum severity)s));
		separator = ", ";
	}
}

/* What a reader of the log should know who sees no report. */
static void add_end(struct buffer *out, const struct report *const *reports, size_t nr, const size_t left[3])
{
	size_t found[3] = { 0 }, unverified = 0, incomplete = 0;

	for (size_t i = 0; i < nr; i++) {
		for (size_t s = 0; s < ARRAY_SIZE(found); s++)
			found[s] += reports[i]->consensus->counts[s];
		unverified += reports[i]->consensus->nr_unverified;
		incomplete += count_incomplete(reports[i]->run);
	}
	if (found[0] + found[1] + found[2])
		add_numbers(out, found);
	else
		buffer_addstr(out, "No problems found");
	buffer_addstr(out, " in ");
	add_count(out, nr, "paper");
	if (left[0] + left[1] + left[2]) {
		buffer_addstr(out, ", of which ");
		add_numbers(out, left);
		buffer_addstr(out, " only in the report (GitHub shows 10 of a kind in one step)");
	}
	if (unverified) {
		buffer_addstr(out, "; ");
		add_count(out, unverified, "claim");
		buffer_addstr(out, " could not be verified");
	}
	if (incomplete) {
		buffer_addstr(out, "; ");
		add_count(out, incomplete, "reviewer");
		buffer_addstr(out, " did not complete");
	}
	buffer_addstr(out, ".\n");
}

void report_github(struct buffer *out, const struct report *const *reports, size_t nr)
{
	size_t nr_results, unplaced, shown[3] = { 0 }, left[3] = { 0 };
	struct report_result *results = report_results(reports, nr, &nr_results, &unplaced);

	for (size_t i = 0; i < nr; i++)
		for (size_t s = 0; s < ARRAY_SIZE(left); s++)
			left[s] += reports[i]->consensus->counts[s];
	for (size_t i = 0; i < nr_results; i++) {
		const struct consensus_finding *f = results[i].finding;
		if (shown[f->severity] == MAX_ANNOTATIONS)
			continue;
		shown[f->severity]++;
		left[f->severity]--;
		add_annotation(out, f);
	}
	add_end(out, reports, nr, left);
	free(results);
}
