/* Everything that was said about a paper, for a terminal: nothing folded, nothing cut. */
#include "base/date.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"

#define WIDTH 80
#define STEP 4

static const enum color severity_colors[] = { COLOR_CYAN, COLOR_YELLOW, COLOR_RED };

struct writer {
	struct buffer *out;
	const struct report *report;
	bool color;
};

/* -- lines ---------------------------------------------------------------------------------- */

static size_t columns_of(const struct buffer *word)
{
	size_t columns = 0;
	uint32_t cp;

	for (size_t i = 0; i < word->len;) {
		i += utf8_decode(word->data + i, word->len - i, &cp);
		int width = utf8_width(cp);
		columns += width > 0 ? (size_t)width : 0;
	}
	return columns;
}

static void add_indent(struct buffer *out, size_t indent)
{
	buffer_addf(out, "%*s", (int)indent, "");
}

/* TEXT in lines behind INDENT blanks. */
static void add_wrapped(struct writer *w, size_t indent, enum color color, const char *text)
{
	struct buffer word = BUFFER_INIT;
	size_t column = 0;

	while (*text) {
		size_t len = 0;
		while (ascii_space((unsigned char)*text))
			text++;
		while (text[len] && !ascii_space((unsigned char)text[len]))
			len++;
		if (!len)
			break;
		buffer_reset(&word);
		text_for_terminal(&word, text, len, false);
		size_t columns = columns_of(&word);
		if (column && column + 1 + columns > WIDTH) {
			buffer_addch(w->out, '\n');
			column = 0;
		}
		if (column)
			buffer_addch(w->out, ' ');
		else
			add_indent(w->out, indent);
		column = (column ? column + 1 : indent) + columns;
		color_add(w->out, w->color, color, word.data);
		text += len;
	}
	if (column)
		buffer_addch(w->out, '\n');
	buffer_release(&word);
}

/* A buffer that is used up. */
static void add_wrapped_buffer(struct writer *w, size_t indent, enum color color, struct buffer *text)
{
	add_wrapped(w, indent, color, text->data);
	buffer_release(text);
}

static void add_labelled(struct writer *w, size_t indent, const char *label, const char *text)
{
	struct buffer line = BUFFER_INIT;

	if (!text || !*text)
		return;
	buffer_addf(&line, "%s%s", label, text);
	add_wrapped_buffer(w, indent, COLOR_NONE, &line);
}

static void add_heading(struct writer *w, const char *text)
{
	buffer_addch(w->out, '\n');
	add_wrapped(w, 0, COLOR_BOLD, text);
}

/* -- one finding ---------------------------------------------------------------------------- */

static void add_place(struct buffer *line, const struct run *run, const struct finding *f)
{
	if (!f->path)
		return;
	buffer_addstr(line, !f->rule && f->grounding == GROUNDING_NONE ? "near " : "");
	add_relative_path(line, run->paper, f->path);
	if (f->line)
		buffer_addf(line, ":%zu", f->line);
}

/* Who, how severe, how sure, and where. */
static void add_voice_head(struct writer *w, const struct voice *v)
{
	const struct finding *f = v->finding;
	struct buffer line = BUFFER_INIT;

	buffer_addf(&line, "%s: %s", v->record->reviewer, severity_name(f->severity));
	if (!f->rule)
		buffer_addf(&line, ", %d %% sure", (int)(f->confidence * 100 + 0.5));
	else if (f->uncertain)
		buffer_addstr(&line, ", could not be sure");
	if (f->path) {
		buffer_addstr(&line, ", ");
		add_place(&line, w->report->run, f);
	}
	add_wrapped_buffer(w, STEP, COLOR_BOLD, &line);
}

static void add_quote(struct writer *w, const struct finding *f)
{
	static const char *const how[] = {
		[GROUNDING_NONE] = " (not in the paper)",
		[GROUNDING_LOOSE] = " (ignoring markup)",
		[GROUNDING_WHITESPACE] = " (ignoring white space)",
		[GROUNDING_EXACT] = "",
	};
	struct buffer line = BUFFER_INIT;

	if (!f->quote || !*f->quote || f->rule)
		return;
	buffer_addf(&line, "\xe2\x80\x9c%s\xe2\x80\x9d%s", f->quote, how[f->grounding]);
	add_wrapped_buffer(w, 2 * STEP, COLOR_DIM, &line);
}

static void add_voice(struct writer *w, const struct voice *v)
{
	add_voice_head(w, v);
	add_quote(w, v->finding);
	add_labelled(w, 2 * STEP, "", v->finding->title);
	add_labelled(w, 2 * STEP, "", v->finding->why);
	add_labelled(w, 2 * STEP, "Suggestion: ", v->finding->suggestion);
	add_labelled(w, 2 * STEP, "Not in the paper, so computed or made up: ", v->finding->unsupported);
}

static void add_names(struct buffer *line, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		buffer_addf(line, "%s%s", i ? ", " : "", names[i]);
}

/* Bucket, families, those who were silent, history, id. */
static void add_standing(struct writer *w, const struct consensus_finding *f)
{
	struct buffer line = BUFFER_INIT;

	buffer_addf(&line, "%s; raised by ",
		    f->bucket == BUCKET_UNVERIFIED ? "could not verify" : bucket_name(f->bucket));
	add_names(&line, f->families, f->nr_families);
	/* models are not asked for what a rule is sure of: their silence is no dissent */
	if (f->nr_silent && !f->lead.rule) {
		buffer_addstr(&line, "; not by ");
		add_names(&line, f->silent, f->nr_silent);
	}
	if (w->report->run->previous)
		buffer_addstr(&line, f->history == HISTORY_NEW ? "; new" : "; persisting");
	buffer_addf(&line, "; %s", f->id);
	add_wrapped_buffer(w, STEP, COLOR_DIM, &line);
}

static void add_finding(struct writer *w, const struct consensus_finding *f)
{
	struct buffer line = BUFFER_INIT;

	buffer_addch(w->out, '\n');
	buffer_addf(&line, "%s  ", severity_name(f->severity));
	add_place(&line, w->report->run, &f->lead);
	buffer_addf(&line, "  %s", f->lead.title);
	if (f->lead.rule)
		buffer_addf(&line, " [%s]", f->lead.rule);
	add_wrapped_buffer(w, 0, severity_colors[f->severity], &line);
	add_standing(w, f);
	for (size_t i = 0; i < f->nr_voices; i++)
		add_voice(w, &f->voices[i]);
}

/* -- the rest ------------------------------------------------------------------------------- */

static void add_past(struct writer *w, const char *heading, const struct past_finding *const *past,
		     size_t nr)
{
	if (nr)
		add_heading(w, heading);
	for (size_t i = 0; i < nr; i++) {
		struct buffer line = BUFFER_INIT;
		buffer_addf(&line, "%s  ", severity_name(past[i]->severity));
		if (past[i]->path) {
			add_relative_path(&line, w->report->run->paper, past[i]->path);
			if (past[i]->line)
				buffer_addf(&line, ":%zu", past[i]->line);
			buffer_addstr(&line, "  ");
		}
		buffer_addf(&line, "%s; raised by ", past[i]->title);
		add_names(&line, (const char *const *)past[i]->reviewers, past[i]->nr_reviewers);
		add_wrapped_buffer(w, STEP, COLOR_NONE, &line);
	}
}

static void add_unseen(struct writer *w)
{
	const struct run *run = w->report->run;

	if (run->nr_unread || count_incomplete(run))
		add_heading(w, "Not looked at");
	for (size_t i = 0; i < run->nr_reviewers; i++) {
		const struct run_reviewer *r = &run->reviewers[i];
		struct buffer line = BUFFER_INIT;
		if (!strcmp(r->outcome, "ok"))
			continue;
		buffer_addf(&line, "%s: %s%s%s", r->reviewer, r->outcome,
			    r->message && *r->message ? ", " : "", r->message ? r->message : "");
		add_wrapped_buffer(w, STEP, COLOR_NONE, &line);
	}
	for (size_t i = 0; i < run->nr_unread; i++)
		add_wrapped(w, STEP, COLOR_NONE, run->unread[i]);
}

static void add_remarks(struct writer *w, const char *label, const struct remarks *remarks)
{
	for (size_t i = 0; i < remarks->nr; i++)
		add_labelled(w, 2 * STEP, label, remarks->items[i]);
}

static void add_scores(struct writer *w, const struct assessment *a)
{
	for (size_t i = 0; i < a->nr_scores; i++) {
		const struct score *s = &a->scores[i];
		struct buffer line = BUFFER_INIT;
		buffer_addf(&line, "%s ", criteria[s->criterion].name);
		report_add_score(&line, s->value);
		if (s->reason)
			buffer_addf(&line, ": %s", s->reason);
		add_wrapped_buffer(w, 2 * STEP, COLOR_NONE, &line);
	}
}

static void add_metadata(struct writer *w, const struct metadata *m)
{
	struct buffer tags = BUFFER_INIT;

	if (!m)
		return;
	add_labelled(w, 2 * STEP, "Description: ", m->description);
	for (size_t i = 0; i < m->nr_tags; i++)
		buffer_addf(&tags, "%s%s%s", i ? ", " : "", m->tags[i].name,
			    m->tags[i].is_new ? " (new)" : "");
	add_labelled(w, 2 * STEP, "Tags: ", tags.data);
	add_labelled(w, 2 * STEP, "Scope: ", m->scope);
	buffer_release(&tags);
}

/* What each reviewer said of the paper as a whole, and what it cost. */
static void add_record(struct writer *w, const struct record *r)
{
	struct buffer line = BUFFER_INIT;

	buffer_addstr(&line, r->reviewer);
	if (r->version)
		buffer_addf(&line, " (%s)", r->version);
	buffer_addstr(&line, ", ");
	date_add_day(&line, r->date);
	buffer_addstr(&line, ": ");
	add_count(&line, r->findings.nr, "remark");
	bool model = strcmp(r->reviewer, "builtin") != 0;
	if (model && r->input_tokens >= 0 && r->output_tokens >= 0) {
		buffer_addstr(&line, ", ");
		text_grouped(&line, r->input_tokens);
		buffer_addstr(&line, " tokens in, ");
		text_grouped(&line, r->output_tokens);
		buffer_addstr(&line, " out");
	}
	if (model) {
		buffer_addstr(&line, ", ");
		add_cost(&line, r->cost_usd);
	}
	add_wrapped_buffer(w, STEP, COLOR_BOLD, &line);
	add_labelled(w, 2 * STEP, "", r->summary);
	add_remarks(w, "Strength: ", &r->assessment.strengths);
	add_remarks(w, "Weakness: ", &r->assessment.weaknesses);
	add_remarks(w, "Question: ", &r->assessment.questions);
	add_scores(w, &r->assessment);
	add_metadata(w, r->metadata);
}

void report_all(struct buffer *out, const struct report *report, bool color)
{
	const struct consensus *c = report->consensus;
	struct writer w = { out, report, color };
	struct buffer line = BUFFER_INIT;

	add_wrapped(&w, 0, COLOR_BOLD,
		    report->run->title && *report->run->title ? report->run->title
		    : *report->run->paper                     ? report->run->paper
							      : "this paper");
	report_verdict_sentence(&line, report);
	if (c->nr_voices > c->nr) {
		buffer_addch(&line, ' ');
		add_count(&line, c->nr_voices, "remark");
		buffer_addstr(&line, " in ");
		add_count(&line, c->nr, "finding");
		buffer_addch(&line, '.');
	}
	add_wrapped_buffer(&w, 0, COLOR_NONE, &line);
	for (size_t i = 0; i < c->nr; i++)
		add_finding(&w, &c->findings[i]);
	add_past(&w, "Fixed, or no longer raised", c->fixed, c->nr_fixed);
	add_past(&w, "Not looked at again", c->unchecked, c->nr_unchecked);
	add_unseen(&w);
	if (report->nr_records)
		add_heading(&w, "Reviewers");
	for (size_t i = 0; i < report->nr_records; i++)
		add_record(&w, report->records[i]);
}
