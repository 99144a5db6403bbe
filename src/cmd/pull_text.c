#include "cmd/pull_text.h"

#include <strings.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "forge/web.h"
#include "review/report_parts.h"

/* What stays free in a body for what follows a list. */
#define ROOM_BEHIND ((size_t)4000)
#define MAX_NAME 160
#define MAX_TITLE 240
#define MAX_REVIEWERS 20
/* Longer addresses are no use to anybody. */
#define MAX_ADDRESS ((size_t)1500)

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static size_t papers_of(struct review *const *reviews, size_t nr)
{
	size_t n = 0;
	for (size_t i = 0; i < nr; i++)
		n += reviews[i] != NULL;
	return n;
}

struct totals {
	size_t counts[3], unverified, incomplete, papers;
	double cost;
	bool cost_unknown;
};

static void add_review(struct totals *t, const struct review *review)
{
	t->papers++;
	for (int i = 0; i < 3; i++)
		t->counts[i] += review->consensus.counts[i];
	t->unverified += review->consensus.nr_unverified;
	t->incomplete += !review->nr || count_incomplete(&review->run);
	for (size_t i = 0; i < review->nr; i++) {
		t->cost_unknown |= review->records[i]->cost_usd < 0;
		t->cost += review->records[i]->cost_usd > 0 ? review->records[i]->cost_usd : 0;
	}
}

static struct totals total(struct review *const *reviews, size_t nr)
{
	struct totals t = { 0 };
	for (size_t i = 0; i < nr; i++)
		if (reviews[i])
			add_review(&t, reviews[i]);
	return t;
}

static void add_counts(struct buffer *out, const size_t counts[3])
{
	static const char *const words[] = { [SEVERITY_NOTE] = "note", [SEVERITY_WARNING] = "warning",
					     [SEVERITY_ERROR] = "error" };
	const char *separator = "";
	for (int i = SEVERITY_ERROR; i >= SEVERITY_NOTE; i--) {
		if (!counts[i])
			continue;
		buffer_addf(out, "%s%zu %s%s", separator, counts[i], words[i], plural(counts[i]));
		separator = ", ";
	}
	if (!*separator)
		buffer_addstr(out, "no findings");
}

void pull_text_summary(struct buffer *out, struct review *const *reviews, size_t nr)
{
	struct totals t = total(reviews, nr);
	add_counts(out, t.counts);
	buffer_addf(out, " in %zu paper%s", t.papers, plural(t.papers));
}

/* -- worst first ------------------------------------------------------------------------------- */

static int compare_findings(const void *x, const void *y)
{
	const struct placed_finding *a = x, *b = y;
	return consensus_worst_first(a->finding, b->finding);
}

struct placed_finding *pull_text_findings(struct review *const *reviews, size_t nr, size_t *nr_out)
{
	size_t all = 0, n = 0;
	for (size_t i = 0; i < nr; i++)
		all += reviews[i] ? reviews[i]->consensus.nr : 0;
	struct placed_finding *out = xcalloc(all + 1, sizeof(*out));
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; reviews[i] && j < reviews[i]->consensus.nr; j++) {
			const struct consensus_finding *f = &reviews[i]->consensus.findings[j];
			if (f->bucket != BUCKET_UNVERIFIED && f->lead.path && *f->lead.path && f->lead.line)
				out[n++] = (struct placed_finding){ reviews[i], f };
		}
	}
	if (n)
		qsort(out, n, sizeof(*out), compare_findings);
	*nr_out = n;
	return out;
}

static int compare_reviews(const void *x, const void *y)
{
	const struct review *a = *(const struct review *const *)x, *b = *(const struct review *const *)y;
	for (int i = SEVERITY_ERROR; i >= SEVERITY_NOTE; i--) {
		size_t m = a->consensus.counts[i], n = b->consensus.counts[i];
		if (m != n)
			return m < n ? 1 : -1;
	}
	return strcmp(a->run.paper, b->run.paper);
}

static const struct review **worst_first(struct review *const *reviews, size_t nr, size_t *nr_out)
{
	const struct review **out = xcalloc(nr + 1, sizeof(*out));
	*nr_out = 0;
	for (size_t i = 0; i < nr; i++)
		if (reviews[i])
			out[(*nr_out)++] = reviews[i];
	if (*nr_out)
		qsort(out, *nr_out, sizeof(*out), compare_reviews);
	return out;
}

/* -- the body ---------------------------------------------------------------------------------- */

static void add_link(struct buffer *out, const struct pull_text *t, const struct forge_place *place, const char *text)
{
	struct buffer url = BUFFER_INIT;
	if (t->forge)
		forge_add_file_url(&url, t->forge, place);
	bool link = url.len && url.len <= MAX_ADDRESS;
	buffer_addstr(out, link ? "[" : "");
	markdown_text(out, text, MAX_NAME);
	if (link)
		buffer_addf(out, "](%s)", url.data);
	buffer_release(&url);
}

static const char *name_of(const struct review *review)
{
	return *review->run.paper ? review->run.paper : "."; /* the paper at the top */
}

static void add_row(struct buffer *out, const struct pull_text *t, const struct review *review)
{
	const size_t *counts = review->consensus.counts;
	buffer_addstr(out, "| ");
	markdown_text(out, name_of(review), MAX_NAME);
	buffer_addf(out, " | %zu | %zu | %zu |", counts[SEVERITY_ERROR], counts[SEVERITY_WARNING], counts[SEVERITY_NOTE]);
	if (t->branch) {
		buffer_addch(out, ' ');
		char *path = xstrfmt("%s%s" REVIEW_REPORT_MARKDOWN, review->run.paper, *review->run.paper ? "/" : "");
		add_link(out, t, &(struct forge_place){ .branch = t->branch, .path = path }, REVIEW_REPORT_MARKDOWN);
		buffer_addstr(out, " |");
		free(path);
	}
	buffer_addch(out, '\n');
}

/* Appends LINE if it fits; false when the list has to end here. */
static bool append(struct buffer *out, struct buffer *line)
{
	bool fits = out->len + line->len + ROOM_BEHIND <= FORGE_MAX_BODY;
	if (fits)
		buffer_addbuf(out, line);
	buffer_reset(line);
	return fits;
}

static void add_table(struct buffer *out, const struct pull_text *t)
{
	struct buffer line = BUFFER_INIT;
	size_t nr, shown = 0;
	const struct review **reviews = worst_first(t->reviews, t->nr, &nr);
	buffer_addf(out, "| paper | errors | warnings | notes |%s\n|---|--:|--:|--:|%s\n", t->branch ? " report |" : "",
		    t->branch ? "---|" : "");
	while (shown < nr && shown < PULL_TEXT_MAX_PAPERS) {
		add_row(&line, t, reviews[shown]);
		if (!append(out, &line))
			break;
		shown++;
	}
	if (shown < nr)
		buffer_addf(out, "\n%zu more paper%s.\n", nr - shown, plural(nr - shown));
	buffer_addch(out, '\n');
	buffer_release(&line);
	free(reviews);
}

static void add_finding(struct buffer *out, const struct pull_text *t, const struct consensus_finding *f)
{
	char *place = xstrfmt("%s:%zu", f->lead.path, f->lead.line);
	buffer_addf(out, "- **%s%s** ", f->bucket == BUCKET_PLAUSIBLE ? "plausible " : "", severity_name(f->severity));
	add_link(out, t, &(struct forge_place){ .commit = t->commit, .path = f->lead.path, .line = f->lead.line }, place);
	buffer_addstr(out, ": ");
	markdown_text(out, f->lead.title, MAX_TITLE);
	if (f->lead.rule) {
		buffer_addstr(out, " (");
		markdown_code(out, f->lead.rule);
		buffer_addch(out, ')');
	}
	buffer_addch(out, '\n');
	free(place);
}

static void add_findings(struct buffer *out, const struct pull_text *t)
{
	struct buffer line = BUFFER_INIT;
	size_t nr, shown = 0;
	struct placed_finding *findings = pull_text_findings(t->reviews, t->nr, &nr);
	if (nr)
		buffer_addf(out, "%s\n\n", nr > PULL_TEXT_MAX_FINDINGS ? "The worst findings:" : "Findings:");
	while (shown < nr && shown < PULL_TEXT_MAX_FINDINGS) {
		add_finding(&line, t, findings[shown].finding);
		if (!append(out, &line))
			break;
		shown++;
	}
	if (shown < nr)
		buffer_addf(out, "\n%zu more %s in the reports.\n", nr - shown, nr - shown == 1 ? "is" : "are");
	if (nr)
		buffer_addch(out, '\n');
	buffer_release(&line);
	free(findings);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_reviewers(struct buffer *out, const struct pull_text *t)
{
	struct strmap seen = STRMAP_INIT;
	const char **names = NULL;
	size_t nr = 0;
	for (size_t i = 0; i < t->nr; i++) {
		for (size_t j = 0; t->reviews[i] && j < t->reviews[i]->nr; j++) {
			const char *name = t->reviews[i]->records[j]->reviewer;
			if (!strmap_add(&seen, name, strlen(name)))
				continue;
			names = xreallocarray(names, nr + 1, sizeof(*names));
			names[nr++] = name;
		}
	}
	if (nr)
		qsort(names, nr, sizeof(*names), compare_names);
	for (size_t i = 0; i < nr && i < MAX_REVIEWERS; i++) {
		buffer_addstr(out, i ? ", " : " by ");
		markdown_text(out, !strcmp(names[i], "builtin") ? "the built-in checks" : names[i], MAX_NAME);
	}
	if (nr > MAX_REVIEWERS)
		buffer_addf(out, " and %zu more", nr - MAX_REVIEWERS);
	strmap_release(&seen, NULL);
	free(names);
}

static void add_verdict(struct buffer *out, const struct totals *t)
{
	buffer_addstr(out, "**");
	add_counts(out, t->counts);
	out->data[2] = (char)(out->data[2] == 'n' ? 'N' : out->data[2]); /* "No findings" */
	buffer_addf(out, " in %zu paper%s.**", t->papers, plural(t->papers));
	if (t->unverified)
		buffer_addf(out, " %zu claim%s of models could not be verified.", t->unverified, plural(t->unverified));
	if (t->incomplete)
		buffer_addf(out, " %zu paper%s could not be reviewed by all who were asked.", t->incomplete,
			    plural(t->incomplete));
	buffer_addstr(out, "\n\n");
}

void pull_text_body(struct buffer *out, const struct pull_text *text)
{
	struct totals t = total(text->reviews, text->nr);
	struct buffer body = BUFFER_INIT;
	add_verdict(&body, &t);
	add_table(&body, text);
	add_findings(&body, text);
	buffer_addf(&body, "Commit %.10s, reviewed", text->commit);
	add_reviewers(&body, text);
	if (t.cost > 0) {
		buffer_addstr(&body, "; it cost ");
		text_dollars(&body, t.cost);
		buffer_addstr(&body, t.cost_unknown ? " and what has no known price" : "");
	}
	buffer_addstr(&body, ".\n");
	if (text->closing)
		buffer_addf(&body, "\n%s\n", text->closing);
	buffer_addbuf(out, &body);
	buffer_release(&body);
}

/* -- trailers ---------------------------------------------------------------------------------- */

/* What forges act upon in the message of a commit, where nothing can be escaped: issues that are closed ("fixes #1"),
 * people who are told, jobs that are skipped. The first byte of such words is spelled out, as control bytes are. */
static bool has_effect(const char *s)
{
	static const char *const words[] = { "@", "GH-", "[skip", "[no", "[ci", "[actions" };
	if (strchr("#!", *s) && ascii_digit((unsigned char)s[1]))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncasecmp(s, words[i], strlen(words[i])))
			return true;
	return false;
}

static void add_trailer_name(struct buffer *out, const char *name)
{
	struct buffer line = BUFFER_INIT;
	text_for_terminal(&line, name, strlen(name), false);
	for (const char *p = line.data; *p; p++) {
		if (has_effect(p))
			buffer_addf(out, "\\x%02x", (unsigned)(unsigned char)*p);
		else
			buffer_addch(out, *p);
	}
	buffer_release(&line);
}

static void add_trailer_counts(struct buffer *out, const size_t counts[3])
{
	size_t errors = counts[SEVERITY_ERROR], warnings = counts[SEVERITY_WARNING];
	buffer_addf(out, "%zu error%s, %zu warning%s\n", errors, plural(errors), warnings, plural(warnings));
}

void pull_text_trailers(struct buffer *out, struct review *const *reviews, size_t nr)
{
	struct totals rest = { 0 };
	size_t shown = 0, papers = papers_of(reviews, nr);
	size_t most = papers > PULL_TEXT_MAX_PAPERS ? PULL_TEXT_MAX_PAPERS : papers;
	for (size_t i = 0; i < nr; i++) {
		if (!reviews[i])
			continue;
		if (shown++ >= most) {
			add_review(&rest, reviews[i]);
			continue;
		}
		buffer_addstr(out, "Scrutiny: ");
		add_trailer_name(out, name_of(reviews[i]));
		buffer_addch(out, ' ');
		add_trailer_counts(out, reviews[i]->consensus.counts);
	}
	if (rest.papers) {
		buffer_addf(out, "Scrutiny: (%zu more) ", rest.papers);
		add_trailer_counts(out, rest.counts);
	}
}
