#include "cmd/watch_print.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"

/* What is remembered of a paper between rounds: its findings by their ids. */
struct known {
	struct strmap findings; /* id -> the line that tells of it, malloc'd */
};

static void free_known(void *value)
{
	struct known *known = value;
	if (known)
		strmap_release(&known->findings, free);
	free(known);
}

void watch_print_release(struct watch_print *p)
{
	strmap_release(&p->papers, free_known);
}

static void add_safe(struct buffer *out, const char *text)
{
	text_for_terminal(out, text, strlen(text), false);
}

/* "main.tex:7: error   citation-undefined  title" */
static char *describe(const cJSON *finding)
{
	struct buffer line = BUFFER_INIT;
	const char *path = json_string_or(finding, "path", "");
	int64_t number = json_integer_or(finding, "line", 0);
	const char *rule = json_string_or(finding, "rule", "");
	if (*path) {
		add_safe(&line, path);
		if (number > 0)
			buffer_addf(&line, ":%lld", (long long)number);
		buffer_addstr(&line, ": ");
	}
	buffer_addf(&line, "%s  ", json_string_or(finding, "severity", "note"));
	if (*rule) {
		add_safe(&line, rule);
		buffer_addstr(&line, "  ");
	}
	add_safe(&line, json_string_or(finding, "title", ""));
	return buffer_detach(&line, NULL);
}

/* The lines of one round. */
struct round {
	struct watch_print *print;
	struct buffer *out;
	const char *time;
	size_t listed, left_out;
};

static void list_finding(struct round *r, struct buffer *out, bool is_new, const char *line)
{
	if (r->listed >= WATCH_PRINT_MAX_FINDINGS) {
		r->left_out++;
		return;
	}
	r->listed++;
	buffer_addstr(out, "  ");
	color_add(out, r->print->color, is_new ? COLOR_RED : COLOR_GREEN, is_new ? "new  " : "fixed");
	buffer_addf(out, "  %s\n", line);
}

static void add_count(struct buffer *out, size_t before, int64_t n, const char *word, bool plural)
{
	if (n <= 0)
		return;
	buffer_addf(out, "%s%lld %s%s", out->len > before ? ", " : "", (long long)n, word, plural && n > 1 ? "s" : "");
}

static void add_heading(struct round *r, const cJSON *report, size_t nr_new, size_t nr_fixed)
{
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(report, "counts");
	const char *path = json_string_or(report, "paper", "");
	struct buffer name = BUFFER_INIT;
	color_add(r->out, r->print->color, COLOR_DIM, r->time);
	buffer_addstr(r->out, "  ");
	add_safe(&name, *path ? path : ".");
	color_add(r->out, r->print->color, COLOR_BOLD, name.data);
	buffer_addstr(r->out, "  ");
	size_t start = r->out->len;
	add_count(r->out, start, json_integer_or(counts, "errors", 0), "error", true);
	add_count(r->out, start, json_integer_or(counts, "warnings", 0), "warning", true);
	add_count(r->out, start, json_integer_or(counts, "notes", 0), "note", true);
	add_count(r->out, start, json_integer_or(counts, "unverified", 0), "unverified", false);
	if (r->out->len == start)
		buffer_addstr(r->out, "no findings");
	struct buffer change = BUFFER_INIT;
	add_count(&change, 0, (int64_t)nr_new, "new", false);
	add_count(&change, 0, (int64_t)nr_fixed, "fixed", false);
	if (change.len)
		buffer_addf(r->out, "  (%s)", change.data);
	buffer_addch(r->out, '\n');
	buffer_release(&change);
	buffer_release(&name);
}

static bool is_worth_telling(const cJSON *finding)
{
	return strcmp(json_string_or(finding, "bucket", ""), "unverified") != 0;
}

/* Of a paper that no round has looked at yet, its report tells what is new. */
static bool is_new(const struct known *before, const cJSON *finding, const char *id)
{
	if (before)
		return !strmap_has(&before->findings, id, strlen(id));
	return !strcmp(json_string_or(finding, "history", "new"), "new");
}

static size_t list_new(struct round *r, struct buffer *out, const cJSON *report, const struct known *before,
		       struct known *now)
{
	size_t nr = 0;
	const cJSON *finding;
	cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(report, "findings"))
	{
		const char *id = json_string_or(finding, "id", "");
		if (!is_worth_telling(finding) || strmap_has(&now->findings, id, strlen(id)))
			continue;
		char *line = describe(finding);
		*strmap_at(&now->findings, id, strlen(id)) = line;
		if (!is_new(before, finding, id))
			continue;
		nr++;
		list_finding(r, out, true, line);
	}
	return nr;
}

static size_t list_fixed(struct round *r, struct buffer *out, const cJSON *report, const struct known *before,
			 const struct known *now)
{
	size_t nr = 0;
	const cJSON *finding;
	for (size_t i = 0; before && i < before->findings.nr; i++) {
		const struct strmap_entry *e = &before->findings.entries[i];
		if (strmap_has(&now->findings, e->key, e->key_len))
			continue;
		nr++;
		list_finding(r, out, false, e->value);
	}
	if (before)
		return nr;
	cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(report, "fixed"))
	{
		char *line = describe(finding);
		nr++;
		list_finding(r, out, false, line);
		free(line);
	}
	return nr;
}

static void print_paper(struct round *r, const cJSON *report)
{
	const char *path = json_string_or(report, "paper", NULL);
	struct buffer lines = BUFFER_INIT;
	struct known *now = xcalloc(1, sizeof(*now));
	if (!path) {
		free(now);
		return;
	}
	void **slot = strmap_at(&r->print->papers, path, strlen(path));
	struct known *before = *slot;
	size_t nr_new = list_new(r, &lines, report, before, now);
	size_t nr_fixed = list_fixed(r, &lines, report, before, now);
	if (!before || nr_new || nr_fixed) {
		add_heading(r, report, nr_new, nr_fixed);
		buffer_addbuf(r->out, &lines);
	}
	*slot = now;
	free_known(before);
	buffer_release(&lines);
}

struct error *watch_print_round(struct watch_print *p, struct buffer *out, struct slice json, const char *time)
{
	struct round round = { p, out, time, 0, 0 };
	cJSON *all = NULL;
	const cJSON *report;
	if (!slice_trim(json).len)
		return NULL;
	struct error *err = json_parse(&all, json, "the round's reports");
	if (err)
		return err;
	cJSON_ArrayForEach(report, cJSON_GetObjectItemCaseSensitive(all, "papers"))
		print_paper(&round, report);
	if (round.left_out)
		buffer_addf(out, "  and %zu more: `git scrutiny show <paper>` lists them\n", round.left_out);
	cJSON_Delete(all);
	return NULL;
}
