/* Comparisons, for a terminal, a pull request and programs: see compare.h. */
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "review/compare.h"
#include "review/report_parts.h"
#include "review/stored.h"

#define FORMAT 1
/* Findings of a kind that Markdown lists for a paper; JSON has them all. */
#define MAX_LISTED 100
#define MAX_TITLE 240

/* -- what all of them say ------------------------------------------------------------------- */

static const char *name_of(const struct comparison *c)
{
	const char *path = c->path ? c->path : c->was;
	return *path ? path : ".";
}

static bool moved(const struct comparison *c)
{
	return c->was && c->path && strcmp(c->was, c->path) != 0;
}

static size_t count_persisting(const struct comparison *c)
{
	return c->consensus.nr - c->consensus.nr_new;
}

/* "1 new, 2 fixed, 3 persisting, 1 not looked at again" */
static void add_counts(struct buffer *out, size_t nr_new, size_t fixed, size_t persisting,
		       size_t unchecked)
{
	const struct {
		size_t nr;
		const char *word;
	} counts[] = { { nr_new, "new" },
		       { fixed, "fixed" },
		       { persisting, "persisting" },
		       { unchecked, "not looked at again" } };
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (!counts[i].nr)
			continue;
		buffer_addf(out, "%s%zu %s", separator, counts[i].nr, counts[i].word);
		separator = ", ";
	}
	if (!*separator)
		buffer_addstr(out, "no findings");
}

static void add_state(struct buffer *out, const struct comparison *c)
{
	if (!c->path) {
		buffer_addstr(out, "removed");
		if (c->consensus.nr_unchecked) {
			buffer_addstr(out, ", with ");
			add_count(out, c->consensus.nr_unchecked, "finding");
		}
		return;
	}
	if (!c->was)
		buffer_addstr(out, "added; ");
	else if (moved(c))
		buffer_addf(out, "was %s; ", *c->was ? c->was : ".");
	add_counts(out, c->consensus.nr_new, c->consensus.nr_fixed, count_persisting(c),
		   c->consensus.nr_unchecked);
}

static bool looked(const struct compare_side *side, const char *reviewer)
{
	for (size_t i = 0; i < side->nr; i++)
		if (!strcmp(side->items[i].reviewer, reviewer))
			return true;
	return false;
}

/* "a, b" of those who looked at SIDE and not at OTHER; false when there is none. */
static bool add_only(struct buffer *out, const struct compare_side *side,
		     const struct compare_side *other)
{
	bool any = false;

	for (size_t i = 0; i < side->nr; i++) {
		if (looked(other, side->items[i].reviewer))
			continue;
		buffer_addf(out, "%s%s", any ? ", " : "", side->items[i].reviewer);
		any = true;
	}
	return any;
}

static void add_source(struct buffer *out, const struct compare_side *side, const char *revision)
{
	static const char *const says[] = {
		[COMPARE_NOTHING] = "was never reviewed, and nothing of it can be read",
		[COMPARE_CHECKS] = "was never reviewed; the built-in checks were run now",
	};
	if (side->source < ARRAY_SIZE(says) && says[side->source])
		buffer_addf(out, "%s: %s\n", revision, says[side->source]);
}

/* What a reader must know before believing the counts, a line each. */
static void add_remarks(struct buffer *out, const struct comparison *c,
			const struct comparison_report *report)
{
	struct buffer names = BUFFER_INIT;

	if (c->was)
		add_source(out, &c->before, report->before);
	if (c->path)
		add_source(out, &c->after, report->after);
	if (c->was && c->path && add_only(&names, &c->after, &c->before))
		buffer_addf(out, "looked at %s only: %s; what they raise counts as new\n", report->after,
			    names.data);
	buffer_reset(&names);
	if (c->was && c->path && add_only(&names, &c->before, &c->after))
		buffer_addf(out, "looked at %s only: %s\n", report->before, names.data);
	buffer_release(&names);
}

/* One change: a finding of now or of then. */
struct change {
	const char *kind; /* "new", ... */
	enum severity severity;
	const char *path, *title, *rule;
	size_t line;
	bool unverified;
};

struct change_list {
	struct change *items;
	size_t nr;
};

static void add_past(struct change_list *list, const char *kind,
		     const struct past_finding *const *past, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		list->items[list->nr++] = (struct change){
			kind,           past[i]->severity, past[i]->path, past[i]->title,
			past[i]->rule, past[i]->line,     false
		};
}

/* New ones first; those that persist are counted only. */
static void list_changes(struct change_list *list, const struct comparison *c)
{
	const struct consensus *k = &c->consensus;

	*list = (struct change_list){ xcalloc(k->nr + k->nr_fixed + k->nr_unchecked + 1,
					      sizeof(*list->items)), 0 };
	for (size_t i = 0; i < k->nr; i++) {
		const struct consensus_finding *f = &k->findings[i];
		if (f->history == HISTORY_NEW)
			list->items[list->nr++] = (struct change){
				"new",        f->severity,  f->lead.path,
				f->lead.title, f->lead.rule, f->lead.line,
				f->bucket == BUCKET_UNVERIFIED
			};
	}
	add_past(list, "fixed", k->fixed, k->nr_fixed);
	if (c->path)
		add_past(list, "unchecked", k->unchecked, k->nr_unchecked);
}

struct sums {
	size_t nr_new, fixed, persisting, unchecked;
};

static struct sums sum_up(const struct comparison_report *report)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < report->nr; i++) {
		const struct comparison *c = report->items[i];
		s.nr_new += c->consensus.nr_new;
		s.fixed += c->consensus.nr_fixed;
		s.persisting += count_persisting(c);
		s.unchecked += c->path ? c->consensus.nr_unchecked : 0;
	}
	return s;
}

static void add_summary(struct buffer *out, const struct comparison_report *report)
{
	struct sums s = sum_up(report);

	if (!report->nr) {
		add_count(out, report->unchanged, "paper");
		buffer_addf(out, ", none changed between %s and %s.", report->before, report->after);
		return;
	}
	add_count(out, report->nr, "paper");
	buffer_addstr(out, " changed");
	if (report->unchanged)
		buffer_addf(out, ", %zu did not", report->unchanged);
	buffer_addstr(out, ": ");
	add_counts(out, s.nr_new, s.fixed, s.persisting, s.unchecked);
	buffer_addf(out, " between %s and %s.", report->before, report->after);
}

/* -- for a terminal ------------------------------------------------------------------------- */

static void add_plain(struct buffer *out, const char *s)
{
	text_for_terminal(out, s, strlen(s), false);
}

static void text_change(struct buffer *out, const struct comparison *c, const struct change *change,
			bool color)
{
	static const struct {
		const char *kind;
		enum color color;
	} colors[] = { { "new", COLOR_RED }, { "fixed", COLOR_GREEN }, { "unchecked", COLOR_YELLOW } };
	struct buffer place = BUFFER_INIT;

	buffer_addstr(out, "  ");
	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		if (!strcmp(colors[i].kind, change->kind))
			color_add(out, color, colors[i].color, change->kind);
	buffer_addf(out, "%*s%-8s ", (int)(11 - strlen(change->kind)), "",
		    severity_name(change->severity));
	if (change->path) {
		add_relative_path(&place, c->path ? c->path : c->was, change->path);
		if (change->line)
			buffer_addf(&place, ":%zu", change->line);
		add_plain(out, place.data);
		buffer_addch(out, ' ');
	}
	add_plain(out, change->title);
	if (change->rule) {
		buffer_addstr(out, " [");
		add_plain(out, change->rule);
		buffer_addch(out, ']');
	}
	buffer_addstr(out, change->unverified ? " (could not verify)\n" : "\n");
	buffer_release(&place);
}

void compare_text(struct buffer *out, const struct comparison_report *report, bool color)
{
	struct buffer line = BUFFER_INIT;

	for (size_t i = 0; i < report->nr; i++) {
		const struct comparison *c = report->items[i];
		struct change_list list;
		buffer_reset(&line);
		add_plain(&line, name_of(c));
		color_add(out, color, COLOR_BOLD, line.data);
		buffer_reset(&line);
		add_state(&line, c);
		buffer_addstr(out, ": ");
		add_plain(out, line.data);
		buffer_addch(out, '\n');
		list_changes(&list, c);
		for (size_t k = 0; k < list.nr; k++)
			text_change(out, c, &list.items[k], color);
		free(list.items);
		buffer_reset(&line);
		add_remarks(&line, c, report);
		for (char *p = line.data; *p; p += strcspn(p, "\n") + 1) {
			buffer_addstr(out, "  ");
			text_for_terminal(out, p, strcspn(p, "\n"), false);
			buffer_addch(out, '\n');
		}
	}
	buffer_reset(&line);
	add_summary(&line, report);
	buffer_addstr(out, report->nr ? "\n" : "");
	add_plain(out, line.data);
	buffer_addch(out, '\n');
	buffer_release(&line);
}

/* -- for a pull request --------------------------------------------------------------------- */

static void markdown_change(struct buffer *out, const struct comparison *c,
			    const struct change *change)
{
	buffer_addf(out, "- **%s** %s: ", change->kind, severity_name(change->severity));
	markdown_text(out, change->title, MAX_TITLE);
	if (change->path) {
		struct buffer place = BUFFER_INIT;
		add_relative_path(&place, c->path ? c->path : c->was, change->path);
		if (change->line)
			buffer_addf(&place, ":%zu", change->line);
		buffer_addstr(out, " (");
		markdown_text(out, place.data, 200);
		buffer_addch(out, ')');
		buffer_release(&place);
	}
	buffer_addstr(out, change->unverified ? ", could not verify\n" : "\n");
}

void compare_markdown(struct buffer *out, const struct comparison_report *report)
{
	struct buffer line = BUFFER_INIT;

	add_summary(&line, report);
	markdown_text(out, line.data, 1000);
	buffer_addch(out, '\n');
	for (size_t i = 0; i < report->nr; i++) {
		const struct comparison *c = report->items[i];
		struct change_list list;
		buffer_addstr(out, "\n### ");
		markdown_text(out, name_of(c), 400);
		buffer_reset(&line);
		add_state(&line, c);
		buffer_addstr(out, "\n\n");
		markdown_text(out, line.data, 1000);
		buffer_addstr(out, ".\n");
		list_changes(&list, c);
		if (list.nr)
			buffer_addch(out, '\n');
		for (size_t k = 0; k < list.nr && k < MAX_LISTED; k++)
			markdown_change(out, c, &list.items[k]);
		if (list.nr > MAX_LISTED)
			buffer_addf(out, "- and %zu more\n", list.nr - MAX_LISTED);
		free(list.items);
		buffer_reset(&line);
		add_remarks(&line, c, report);
		for (char *p = line.data; *p; p += strcspn(p, "\n") + 1) {
			char *remark = xmemdupz(p, strcspn(p, "\n"));
			buffer_addch(out, '\n');
			markdown_text(out, remark, 1000);
			buffer_addstr(out, ".\n");
			free(remark);
		}
	}
	buffer_release(&line);
}

/* -- for programs --------------------------------------------------------------------------- */

static void put_side(struct json_writer *w, const char *key, const struct compare_side *side)
{
	json_key(w, key);
	json_begin_object(w);
	json_put_string(w, "content_id", side->run.content_id);
	json_put_string(w, "source", compare_source_name(side->source));
	json_key(w, "reviewers");
	json_begin_array(w);
	for (size_t i = 0; i < side->nr; i++)
		json_string(w, side->items[i].reviewer);
	json_end_array(w);
	json_end_object(w);
}

static void put_findings(struct json_writer *w, const char *key, const struct consensus *c,
			 enum history history)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < c->nr; i++)
		if (c->findings[i].history == history)
			report_put_finding(w, &c->findings[i]);
	json_end_array(w);
}

static void put_comparison(struct json_writer *w, const struct comparison *c)
{
	json_begin_object(w);
	stored_put_path(w, "paper", c->path);
	stored_put_path(w, "was", c->was);
	put_side(w, "before", &c->before);
	put_side(w, "after", &c->after);
	put_findings(w, "new", &c->consensus, HISTORY_NEW);
	put_findings(w, "persisting", &c->consensus, HISTORY_PERSISTING);
	stored_put_past_list(w, "fixed", c->consensus.fixed, c->consensus.nr_fixed);
	stored_put_past_list(w, "unchecked", c->consensus.unchecked, c->consensus.nr_unchecked);
	json_end_object(w);
}

void compare_json(struct buffer *out, const struct comparison_report *report)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", FORMAT);
	json_put_string(&w, "before", report->before);
	json_put_string(&w, "after", report->after);
	json_put_integer(&w, "unchanged", (int64_t)report->unchanged);
	json_key(&w, "papers");
	json_begin_array(&w);
	for (size_t i = 0; i < report->nr; i++)
		put_comparison(&w, report->items[i]);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
}
