#include "cmd/run_summary.h"

#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/money.h"
#include "cmd/pull_text.h"

static void add_count(struct buffer *out, size_t n, const char *word)
{
	if (!n)
		return;
	if (out->len)
		buffer_addstr(out, ", ");
	buffer_addf(out, "%zu %s%s", n, word, n == 1 ? "" : "s");
}

static void add_counts(struct buffer *out, const size_t counts[3], size_t unverified)
{
	add_count(out, counts[SEVERITY_ERROR], "error");
	add_count(out, counts[SEVERITY_WARNING], "warning");
	add_count(out, counts[SEVERITY_NOTE], "note");
	if (unverified)
		buffer_addf(out, "%s%zu unverified", out->len ? ", " : "", unverified);
	if (!out->len)
		buffer_addstr(out, "no findings");
}

static void add_reviewers(struct buffer *out, const struct review *review)
{
	for (size_t i = 0; i < review->nr; i++) {
		const char *name = review->records[i]->reviewer;
		bool builtin = !strcmp(name, "builtin");
		buffer_addf(out, "%s%s", i ? ", " : "", builtin ? "built-in" : name);
	}
}

void run_print_result(const struct gathered *g, const struct session_result *r)
{
	struct buffer line = BUFFER_INIT, counts = BUFFER_INIT;
	add_paper_name(&line, r->paper);
	int pad = g->name_width - (int)line.len;
	buffer_addf(&line, "%*s", pad > 0 ? pad : 0, "");
	if (r->review) {
		const struct consensus *c = &r->review->consensus;
		add_counts(&counts, c->counts, c->nr_unverified);
		buffer_addf(&line, "  %-24s  ", counts.data);
		if (r->fresh)
			buffer_addstr(&line, "recorded   ");
		else
			buffer_addf(&line, "%.3f s   ", (double)r->elapsed_us / 1e6);
		add_reviewers(&line, r->review);
	} else if (r->waiting) {
		buffer_addf(&line, "  %-24s  its answers come with a batch", "waiting");
	} else {
		buffer_addf(&line, "  %-24s  nothing of %s can be read", "not reviewed",
			    r->error ? "its records" : "it");
	}
	if (line.len)
		buffer_addch(&line, '\n');
	print_buffer(&line);
	buffer_release(&line);
	buffer_release(&counts);
}

void run_print_summary(const struct gathered *g, const struct session_totals *t,
			  const char *committed)
{
	struct buffer line = BUFFER_INIT, counts = BUFFER_INIT;
	size_t reports = t->reports, reviewed = t->papers - t->waiting;
	add_counts(&counts, t->counts, t->unverified);
	if (g->reported)
		buffer_addch(&line, '\n');
	if (reviewed || !(t->waiting || t->cancelled))
		buffer_addf(&line, "%s in %zu paper%s.", counts.data, reviewed, reviewed == 1 ? "" : "s");
	if (t->waiting)
		buffer_addf(&line, "%s%zu paper%s for a batch: `git scrutiny collect` takes in the answers.",
			    reviewed ? " " : "", t->waiting, t->waiting == 1 ? " waits" : "s wait");
	money_add_totals(&line, t);
	/* What was paid makes the line long. */
	const char *gap = !line.len ? "" : t->month_is_known ? "\n" : " ";
	if (!g->options->write)
		buffer_addf(&line, "%sNothing was written.", gap);
	else if (g->options->proposing)
		/* It ends with an address, and a line of its own is easily copied. */
		buffer_addf(&line, "%s%zu report%s (scrutiny.md) and meta.yaml: %s", line.len ? "\n" : "", reports,
			    reports == 1 ? "" : "s", committed);
	else if (reports && committed)
		buffer_addf(&line, "%sWrote %zu report%s (scrutiny.md) and meta.yaml; %s.", gap, reports,
			    reports == 1 ? "" : "s", committed);
	if (line.len)
		buffer_addch(&line, '\n');
	print_buffer(&line);
	buffer_release(&line);
	buffer_release(&counts);
}

void run_add_commit_message(struct buffer *out, const struct gathered *g,
			       const struct session_totals *t)
{
	struct buffer counts = BUFFER_INIT;
	add_counts(&counts, t->counts, t->unverified);
	buffer_addf(out, "Review %zu paper%s: %s\n", t->papers, t->papers == 1 ? "" : "s",
		    counts.data);
	buffer_addch(out, '\n');
	pull_text_trailers(out, g->reviews, g->nr);
	buffer_release(&counts);
}

void run_print_hints(const struct gathered *g)
{
	const char *rule = NULL;
	for (size_t i = 0; i < g->nr && !rule; i++)
		for (size_t f = 0; g->reviews[i] && f < g->reviews[i]->consensus.nr && !rule; f++)
			rule = g->reviews[i]->consensus.findings[f].lead.rule;
	if (rule && !g->options->commit && !g->options->proposing && g->options->write)
		say_hint(g->ws->ctx, "`git scrutiny explain %s` says why; "
				     "`git scrutiny run --all --commit` commits the reports.", rule);
	else if (rule)
		say_hint(g->ws->ctx, "`git scrutiny explain %s` says why.", rule);
}

void run_say_interrupted(const struct gathered *g, const struct session_totals *t)
{
	if (t->cancelled)
		say_warning("interrupted: %zu of %zu papers are left; every reply that came back is "
			    "kept, `git scrutiny` carries on", g->nr - g->reported, g->nr);
}

void run_print_up_to_date(struct workspace *ws, bool commit, bool quiet)
{
	const char *const argv[] = { "log", "-1", "--format=%ct", RECORDS_REF, "--", NULL };
	struct buffer line = BUFFER_INIT, date = BUFFER_INIT;
	size_t n = ws->papers.nr;
	if (quiet)
		return;
	if (!n) {
		buffer_addstr(&line, "no papers here\n");
	} else {
		buffer_addf(&line, "%zu paper%s up to date", n, n == 1 ? "" : "s");
		struct error *err = repo_git_line(ws->repo, argv, &date);
		if (!err) {
			buffer_addstr(&line, " (last reviewed ");
			text_age(&line, (int64_t)time(NULL) - strtoll(date.data, NULL, 10));
			buffer_addch(&line, ')');
		}
		error_free(err);
		buffer_addstr(&line, ".\n");
	}
	print_buffer(&line);
	if (!n)
		say_hint(ws->ctx, "a paper is a folder with a .tex that has \\documentclass, a .md or "
				  "a .pdf");
	else if (commit)
		say_hint(ws->ctx, "reports that were written before are committed with "
				  "`git scrutiny run --all --commit`");
	buffer_release(&line);
	buffer_release(&date);
}
