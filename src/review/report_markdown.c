#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "review/ground.h"
#include "review/report.h"
#include "review/report_parts.h"

/* Findings shown in full and rows of the table at the top; scrutiny.json has them all. GitHub does
 * not render files of more than half a megabyte. */
#define MAX_SHOWN 200
#define MAX_ROWS 50
#define MAX_TITLE 240
#define MAX_ROW_TITLE 160
#define MAX_PROSE 2000
#define MAX_QUOTE 700
#define MAX_VOICES 20

static const char *reviewer_name(const char *reviewer)
{
	return !strcmp(reviewer, "builtin") ? "built-in" : reviewer;
}

static void add_title(struct buffer *out, const struct run *run)
{
	const char *title = run->title && *run->title ? run->title
			  : run->nr_manuscripts	      ? run->manuscripts[0]
			  : *run->paper		      ? run->paper
						      : "this paper";
	buffer_addstr(out, "# Review of ");
	markdown_text(out, title, MAX_TITLE);
	buffer_addstr(out, "\n\n");
}

/* "[main.tex:28](main.tex#L28)"; Markdown is shown rendered unless asked for plainly. */
static void add_place(struct buffer *out, const struct run *run, const char *path, size_t line)
{
	struct buffer relative = BUFFER_INIT;

	add_relative_path(&relative, run->paper, path);
	buffer_addch(out, '[');
	markdown_text(out, relative.data, 200);
	if (line)
		buffer_addf(out, ":%zu", line);
	buffer_addstr(out, "](");
	text_percent(out, slice_of(&relative), "/");
	if (line)
		buffer_addf(out, "%s#L%zu", ends_with(path, ".md") ? "?plain=1" : "", line);
	buffer_addch(out, ')');
	buffer_release(&relative);
}

/* "2 errors, 1 warning; 1 new, 2 persisting, 3 fixed since 2026-11-20" */
static void add_counts(struct buffer *out, const struct report *report)
{
	const struct consensus *c = report->consensus;
	const struct run *run = report->run;

	if (!run->previous) {
		if (c->nr_voices > c->nr)
			buffer_addf(
				out,
				"%zu remarks of all reviewers were folded into %zu findings.\n\n",
				c->nr_voices, c->nr);
		return;
	}
	buffer_addf(out, "%zu new, %zu persisting, %zu fixed", c->nr_new, c->nr - c->nr_new,
		    c->nr_fixed);
	if (c->nr_unchecked)
		buffer_addf(out, ", %zu not looked at again", c->nr_unchecked);
	buffer_addstr(out, " since ");
	date_add_day(out, run->previous_date);
	buffer_addstr(out, ".\n\n");
}

static void add_families(struct buffer *out, const struct consensus_finding *f)
{
	for (size_t i = 0; i < f->nr_families; i++) {
		buffer_addstr(out, i ? ", " : "");
		markdown_text(out, reviewer_name(f->families[i]), 60);
	}
}

static void add_row(struct buffer *out, const struct run *run, const struct consensus_finding *f)
{
	buffer_addf(out, "| %s%s | ", f->bucket == BUCKET_PLAUSIBLE ? "plausible " : "",
		    severity_name(f->severity));
	if (f->lead.path)
		add_place(out, run, f->lead.path, f->lead.line);
	buffer_addstr(out, " | ");
	markdown_text(out, f->lead.title, MAX_ROW_TITLE);
	buffer_addstr(out, " | ");
	add_families(out, f);
	buffer_addstr(out, " |\n");
}

/* All that is verified or plausible, in the order in which it follows. */
static void add_table(struct buffer *out, const struct report *report)
{
	const struct consensus *c = report->consensus;
	size_t rows = 0, all = c->nr - c->nr_unverified;

	if (!all)
		return;
	buffer_addstr(out, "| | where | what | who |\n|---|---|---|---|\n");
	for (size_t i = 0; i < c->nr && rows < MAX_ROWS; i++) {
		if (c->findings[i].bucket == BUCKET_UNVERIFIED)
			continue;
		add_row(out, report->run, &c->findings[i]);
		rows++;
	}
	if (rows < all)
		buffer_addf(out, "\n%zu more follow below or in scrutiny.json.\n", all - rows);
	buffer_addch(out, '\n');
}

/* -- one finding ---------------------------------------------------------------------------- */

/* As a sentence: rules and models write some with, some without a capital and a full stop. */
static void add_prose(struct buffer *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buffer_addstr(out, label);
	size_t start = out->len;
	markdown_text(out, text, MAX_PROSE);
	if (out->len > start && ascii_alpha((unsigned char)out->data[start]) &&
	    out->data[start] >= 'a')
		out->data[start] -= 'a' - 'A';
	if (out->len > start && ascii_alnum((unsigned char)out->data[out->len - 1]))
		buffer_addch(out, '.');
	buffer_addstr(out, "\n\n");
}

/* Its words are not there; the place is that of a paragraph with similar ones. */
static bool is_near(const struct finding *f)
{
	return !f->rule && f->grounding == GROUNDING_NONE;
}

static void add_facts(struct buffer *out, const struct run *run, const struct consensus_finding *f)
{
	static const char *const grounding[] = {
		[GROUNDING_NONE] = "",
		[GROUNDING_LOOSE] = "quote found ignoring markup",
		[GROUNDING_WHITESPACE] = "quote found ignoring white space",
		[GROUNDING_EXACT] = "",
	};
	const char *separator = "";

	if (f->lead.path) {
		buffer_addstr(out, is_near(&f->lead) ? "near " : "");
		add_place(out, run, f->lead.path, f->lead.line);
		separator = " \xc2\xb7 ";
	}
	if (f->lead.rule) {
		buffer_addstr(out, separator);
		markdown_code(out, f->lead.rule);
		separator = " \xc2\xb7 ";
	}
	if (*grounding[f->lead.grounding]) {
		buffer_addf(out, "%s%s", separator, grounding[f->lead.grounding]);
		separator = " \xc2\xb7 ";
	}
	if (run->previous)
		buffer_addf(out, "%s%s", separator,
			    f->history == HISTORY_NEW ? "new" : "persisting");
	else
		buffer_addf(out, "%sfinding", separator);
	buffer_addf(out, " `%s`\n\n", f->id);
}

/* The same words say nothing new. */
static bool same_title(const struct finding *a, const struct finding *b)
{
	struct buffer x = BUFFER_INIT, y = BUFFER_INIT;

	ground_normalise(&x, (struct slice){ a->title, strlen(a->title) });
	ground_normalise(&y, (struct slice){ b->title, strlen(b->title) });
	bool same = x.len == y.len && !memcmp(x.data, y.data, x.len);
	buffer_release(&x);
	buffer_release(&y);
	return same;
}

static void add_voice(struct buffer *out, const struct voice *v)
{
	markdown_text(out, reviewer_name(v->record->reviewer), 80);
	if (v->finding->rule)
		return;
	buffer_addf(out, " (%s, %d %%)", severity_name(v->finding->severity),
		    (int)(v->finding->confidence * 100 + 0.5));
}

/* Whether the reviewer of voice I has one before it. */
static bool has_spoken(const struct consensus_finding *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(f->voices[k].record->reviewer, f->voices[i].record->reviewer))
			return true;
	return false;
}

static void add_voices(struct buffer *out, const struct consensus_finding *f)
{
	buffer_addstr(out, "Raised by ");
	size_t shown = f->nr_voices < MAX_VOICES ? f->nr_voices : MAX_VOICES;
	for (size_t i = 0; i < shown; i++) {
		if (has_spoken(f, i))
			continue;
		buffer_addstr(out, i ? ", " : "");
		add_voice(out, &f->voices[i]);
	}
	if (shown < f->nr_voices)
		buffer_addf(out, " and %zu more remarks (in scrutiny.json)", f->nr_voices - shown);
	/* models are not asked for what rules look for: their silence is no dissent */
	bool dissent = f->nr_silent && !f->lead.rule;
	for (size_t i = 0; i < f->nr_silent && dissent; i++) {
		buffer_addstr(out, i ? ", " : "; not by ");
		markdown_text(out, f->silent[i], 80);
	}
	buffer_addstr(out, ".\n");
	for (size_t i = 1; i < shown; i++) {
		if (same_title(f->voices[i].finding, &f->lead))
			continue;
		buffer_addstr(out, "- ");
		markdown_text(out, reviewer_name(f->voices[i].record->reviewer), 80);
		buffer_addstr(out, ": ");
		markdown_text(out, f->voices[i].finding->title, MAX_TITLE);
		buffer_addch(out, '\n');
	}
	buffer_addch(out, '\n');
}

static void add_finding(struct buffer *out, const struct report *report,
			const struct consensus_finding *f)
{
	const char *path = f->lead.path ? f->lead.path : "";
	const char *language = ends_with(path, ".md")    ? "markdown"
			       : ends_with(path, ".bib") ? "bibtex"
							 : "tex";

	buffer_addf(out, "### %s: ", severity_name(f->severity));
	markdown_text(out, f->lead.title, MAX_TITLE);
	buffer_addstr(out, "\n\n");
	add_facts(out, report->run, f);
	bool said = f->lead.rule && f->lead.quote && strstr(f->lead.title, f->lead.quote);
	if (f->lead.quote && *f->lead.quote && !said) {
		markdown_block(out, f->lead.quote, language, MAX_QUOTE);
		buffer_addch(out, '\n');
	}
	add_prose(out, "", f->lead.why);
	if (f->lead.unsupported) {
		char *note = xstrfmt("The number %s is not in the paper: it may be computed, or made up.",
				     f->lead.unsupported);
		add_prose(out, "", note);
		free(note);
	}
	add_prose(out, "*Suggestion:* ", report_suggestion(f));
	add_voices(out, f);
	report_add_rulings(out, report, f);
}

static void add_bucket(struct buffer *out, const struct report *report, enum bucket bucket)
{
	static const struct {
		const char *heading, *explanation;
	} texts[] = {
		[BUCKET_VERIFIED] = { "Verified", "Certain by a built-in rule, or raised by "
						  "several families of models "
						  "about words that stand in the paper." },
		[BUCKET_PLAUSIBLE] = { "Plausible", "Raised by one family of models, about words "
						    "that stand in the paper." },
		[BUCKET_UNVERIFIED] = { "Could not verify",
					"The quoted words or a number were not found in the paper, or the "
					"rule could not be "
					"sure. Check these before acting on them." },
	};
	const struct consensus *c = report->consensus;
	size_t nr = 0;

	for (size_t i = 0; i < c->nr; i++) {
		if (c->findings[i].bucket != bucket)
			continue;
		if (!nr++)
			buffer_addf(out, "## %s\n\n%s\n\n", texts[bucket].heading,
				    texts[bucket].explanation);
		if (nr <= MAX_SHOWN)
			add_finding(out, report, &c->findings[i]);
	}
	if (nr > MAX_SHOWN)
		buffer_addf(out, "%zu more are in scrutiny.json.\n\n", nr - MAX_SHOWN);
}

/* -- what is gone, what was not seen, who looked -------------------------------------------- */

static void add_past(struct buffer *out, const struct report *report, const char *heading,
		     bool looked, const struct past_finding *const *past, size_t nr)
{
	if (!nr)
		return;
	buffer_addf(out, "## %s since ", heading);
	date_add_day(out, report->run->previous_date);
	buffer_addstr(out, "\n\n");
	for (size_t i = 0; i < nr && i < MAX_SHOWN; i++) {
		buffer_addf(out, "- %s: ", severity_name(past[i]->severity));
		markdown_text(out, past[i]->title, MAX_TITLE);
		if (past[i]->path) {
			struct buffer relative = BUFFER_INIT;
			add_relative_path(&relative, report->run->paper, past[i]->path);
			buffer_addstr(out, " (was in ");
			markdown_text(out, relative.data, 200);
			if (past[i]->line)
				buffer_addf(out, ":%zu", past[i]->line);
			buffer_addch(out, ')');
			buffer_release(&relative);
		}
		/* models may be silent about what is still there */
		buffer_addstr(out, looked && !past[i]->rule ? ", no longer raised\n" : "\n");
	}
	if (nr > MAX_SHOWN)
		buffer_addf(out, "- and %zu more in scrutiny.json\n", nr - MAX_SHOWN);
	buffer_addch(out, '\n');
}

static void add_unseen(struct buffer *out, const struct run *run)
{
	if (!run->nr_unread && !count_incomplete(run))
		return;
	buffer_addstr(out, "## Not looked at\n\n");
	for (size_t i = 0; i < run->nr_reviewers; i++) {
		const struct run_reviewer *r = &run->reviewers[i];
		if (!strcmp(r->outcome, "ok"))
			continue;
		buffer_addstr(out, "- ");
		markdown_text(out, reviewer_name(r->reviewer), 80);
		buffer_addstr(out, ": ");
		markdown_text(out, r->outcome, 80);
		if (r->message && *r->message) {
			buffer_addstr(out, ", ");
			markdown_text(out, r->message, 400);
		}
		buffer_addch(out, '\n');
	}
	for (size_t i = 0; i < run->nr_unread && i < MAX_SHOWN; i++) {
		buffer_addstr(out, "- ");
		markdown_text(out, run->unread[i], 400);
		buffer_addch(out, '\n');
	}
	if (run->nr_unread > MAX_SHOWN)
		buffer_addf(out, "- and %zu more in scrutiny.json\n", run->nr_unread - MAX_SHOWN);
	buffer_addch(out, '\n');
}

static void add_summaries(struct buffer *out, const struct report *report)
{
	bool any = false;

	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		if (!r->summary || !*r->summary)
			continue;
		if (!any)
			buffer_addstr(out, "## In their own words\n\n");
		any = true;
		buffer_addstr(out, "**");
		markdown_text(out, reviewer_name(r->reviewer), 80);
		buffer_addstr(out, ":** ");
		markdown_text(out, r->summary, MAX_PROSE);
		buffer_addstr(out, "\n\n");
	}
}

static void add_tokens(struct buffer *out, int64_t n)
{
	if (n < 0)
		buffer_addstr(out, "unknown");
	else
		text_grouped(out, n);
}

static void add_reviewer_row(struct buffer *out, const struct record *r)
{
	bool builtin = !strcmp(r->reviewer, "builtin");

	buffer_addstr(out, "| ");
	markdown_text(out, reviewer_name(r->reviewer), 80);
	buffer_addstr(out, " | ");
	if (r->version)
		markdown_text(out, r->version, 80);
	buffer_addf(out, " | %zu | ", r->findings.nr);
	if (builtin) {
		buffer_addstr(out, " |  | free |\n");
		return;
	}
	add_tokens(out, r->input_tokens);
	buffer_addstr(out, " | ");
	add_tokens(out, r->output_tokens);
	buffer_addstr(out, " | ");
	add_cost(out, r->cost_usd);
	buffer_addstr(out, " |\n");
}

static void add_reviewers(struct buffer *out, const struct report *report)
{
	double total = 0;
	size_t unknown = 0, models = 0;

	if (!report->nr_records)
		return;
	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		models += strcmp(r->reviewer, "builtin") != 0;
		unknown += r->cost_usd < 0;
		total += r->cost_usd > 0 ? r->cost_usd : 0;
	}
	if (!models) {
		buffer_addstr(out, "Reviewed with the built-in checks, free.\n\n");
		return;
	}
	buffer_addstr(out, "## Reviewers and cost\n\n| reviewer | version | remarks | tokens in | "
			   "tokens out | cost |\n"
			   "|---|---|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < report->nr_records; i++)
		add_reviewer_row(out, report->records[i]);
	buffer_addstr(out, "\nTotal: ");
	add_cost(out, total > 0 || !unknown ? total : -1);
	if (unknown && total > 0)
		buffer_addf(out, " and %zu with unknown price", unknown);
	buffer_addstr(out, ".\n\n");
	report_add_tasks(out, report);
}

void report_markdown(struct buffer *out, const struct report *report)
{
	const struct consensus *c = report->consensus;
	const struct run *run = report->run;

	add_title(out, run);
	buffer_addstr(out, "**");
	report_verdict_sentence(out, report);
	buffer_addstr(out, "**\n\n");
	add_counts(out, report);
	add_table(out, report);
	add_bucket(out, report, BUCKET_VERIFIED);
	add_bucket(out, report, BUCKET_PLAUSIBLE);
	add_bucket(out, report, BUCKET_UNVERIFIED);
	add_past(out, report, "Fixed", true, c->fixed, c->nr_fixed);
	add_past(out, report, "Not looked at again", false, c->unchecked, c->nr_unchecked);
	add_unseen(out, run);
	add_summaries(out, report);
	report_add_assessment(out, report);
	add_reviewers(out, report);
	buffer_addstr(out, "---\n\n");
	date_add_day(out, run->date);
	buffer_addstr(out, ", git-scrutiny ");
	markdown_text(out, run->program_version, 40);
	buffer_addstr(out, ", content ");
	char *id = xstrfmt("%.12s", run->content_id);
	markdown_code(out, id);
	free(id);
	buffer_addstr(out, ". Everything is in [scrutiny.json](scrutiny.json).\n");
}
