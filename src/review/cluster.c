#include "review/cluster.h"

#include "base/memory.h"

/* Overlapping findings that one is compared with, nearest first. Real papers stay far below; it
 * bounds the time when thousands are said about the same bytes. */
#define MAX_NEIGHBOURS 256
/* Findings without a place have only their words: more of them must agree. */
#define UNPLACED_MIN_TOKENS 4
#define UNPLACED_JACCARD 0.5
/* Two remarks on the same words may be about different things: their own words must agree a little. Below
 * this, remarks of real reviewers do not; any two English texts share half of it. */
#define SAME_QUOTE_JACCARD 0.16

static int compare_sizes(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_strings(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* A total order on contents; only entries that are equal in everything compare equal. */
static int compare_entries(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;
	const struct finding *a = p->finding, *b = q->finding;
	const char *const strings[][2] = {
		{ p->record->reviewer, q->record->reviewer },
		{ a->rule, b->rule },
		{ a->subject, b->subject },
		{ a->quote, b->quote },
		{ a->title, b->title },
		{ a->why, b->why },
		{ a->suggestion, b->suggestion },
		{ a->location, b->location },
		{ a->unsupported, b->unsupported },
		{ p->record->version, q->record->version },
		{ p->record->family, q->record->family },
	};
	int order = (int)q->placed - (int)p->placed;

	if (!order)
		order = compare_strings(a->path, b->path);
	if (!order)
		order = compare_sizes(a->start, b->start);
	if (!order)
		order = compare_sizes(a->end, b->end);
	if (!order)
		order = compare_sizes(a->line, b->line);
	if (!order)
		order = compare_sizes(a->column, b->column);
	for (size_t i = 0; !order && i < ARRAY_SIZE(strings); i++)
		order = compare_strings(strings[i][0], strings[i][1]);
	if (!order)
		order = (int)b->severity - (int)a->severity;
	if (!order)
		order = (a->confidence < b->confidence) - (a->confidence > b->confidence);
	if (!order)
		order = (int)b->grounding - (int)a->grounding;
	return order ? order : (int)a->uncertain - (int)b->uncertain;
}

struct entry *entries_make(const struct record *const *records, size_t nr_records, size_t *nr)
{
	size_t total = 0, n = 0;
	for (size_t i = 0; i < nr_records; i++)
		total += records[i]->findings.nr;

	struct entry *entries = xcalloc(total ? total : 1, sizeof(*entries));
	for (size_t i = 0; i < nr_records; i++) {
		for (size_t j = 0; j < records[i]->findings.nr; j++) {
			const struct finding *f = &records[i]->findings.items[j];
			const char *text[] = { f->title, f->why };
			struct entry *e = &entries[n++];
			e->record = records[i];
			e->finding = f;
			e->placed = f->path && (f->end > f->start || f->line);
			tokens_make(&e->quote, (const char *const *)&f->quote, 1);
			tokens_make(&e->title, text, 1);
			tokens_make(&e->text, text, ARRAY_SIZE(text));
			tokens_make(&e->subject, (const char *const *)&f->subject, 1);
		}
	}
	qsort(entries, n, sizeof(*entries), compare_entries);
	*nr = n;
	return entries;
}

void entries_free(struct entry *entries, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		tokens_release(&entries[i].quote);
		tokens_release(&entries[i].title);
		tokens_release(&entries[i].text);
		tokens_release(&entries[i].subject);
	}
	free(entries);
}

/* A rule and a claim about the same bytes say the same only when the claim names the rule's subject
 * or its reasons: a label's tokens are contained in any sentence that uses it. */
static bool say_same(const struct entry *a, const struct entry *b)
{
	bool a_rule = a->finding->rule != NULL, b_rule = b->finding->rule != NULL;

	if (a_rule && b_rule)
		return false;
	if (tokens_are_similar(&a->text, &b->text, a->placed ? CLUSTER_JACCARD : UNPLACED_JACCARD))
		return true;
	if (a_rule || b_rule)
		return a->placed && tokens_are_contained(a_rule ? &a->subject : &b->subject,
							 a_rule ? &b->text : &a->text, 1);
	if (!a->placed && (a->quote.nr < UNPLACED_MIN_TOKENS || b->quote.nr < UNPLACED_MIN_TOKENS))
		return false;
	return tokens_are_contained(&a->quote, &b->quote, CLUSTER_CONTAINMENT) &&
	       (tokens_are_similar(&a->text, &b->text, SAME_QUOTE_JACCARD) ||
		tokens_are_contained(&a->title, &b->title, CLUSTER_CONTAINMENT));
}

/* -- union-find: the root of a set is its lowest number ------------------------------------- */

static size_t find_root(struct entry *entries, size_t i)
{
	while (entries[i].cluster != i) {
		entries[i].cluster = entries[entries[i].cluster].cluster;
		i = entries[i].cluster;
	}
	return i;
}

/* Joins two sets unless both hold a rule's finding: those are never folded into one another. */
static void join(struct entry *entries, bool *has_rule, size_t i, size_t j)
{
	size_t a = find_root(entries, i), b = find_root(entries, j);

	if (a == b || (has_rule[a] && has_rule[b]))
		return;
	size_t low = a < b ? a : b, high = a < b ? b : a;
	entries[high].cluster = low;
	has_rule[low] |= has_rule[high];
}

/* Whether A, which does not start after B, reaches into B. All that have no place are together. */
static bool overlaps(const struct entry *a, const struct entry *b)
{
	if (a->placed != b->placed)
		return false;
	if (!a->placed)
		return true;
	return !strcmp(a->finding->path, b->finding->path) &&
	       (a->finding->end > b->finding->start || a->finding->start == b->finding->start);
}

void entries_cluster(struct entry *entries, size_t nr)
{
	bool *has_rule = xcalloc(nr ? nr : 1, sizeof(*has_rule));
	size_t active[MAX_NEIGHBOURS], nr_active = 0;

	for (size_t i = 0; i < nr; i++) {
		entries[i].cluster = i;
		has_rule[i] = entries[i].finding->rule != NULL;
	}
	for (size_t i = 0; i < nr; i++) {
		size_t kept = 0;
		for (size_t k = 0; k < nr_active; k++) {
			if (!overlaps(&entries[active[k]], &entries[i]))
				continue;
			if (say_same(&entries[active[k]], &entries[i]))
				join(entries, has_rule, active[k], i);
			active[kept++] = active[k];
		}
		nr_active = kept;
		if (nr_active == MAX_NEIGHBOURS)
			memmove(active, active + 1, --nr_active * sizeof(*active));
		active[nr_active++] = i;
	}
	for (size_t i = 0; i < nr; i++)
		entries[i].cluster = find_root(entries, i);
	free(has_rule);
}
