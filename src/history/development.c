#include "history/development.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "history/internal.h"
#include "review/review.h"

/* A version's findings; paths are relative to the paper. */
struct side {
	struct compare_side known;
	bool borrowed;  /* its only record's findings are the look's */
};

struct walk {
	struct paper_history *h;
	const struct development_settings *settings;
	struct strmap sides;       /* version -> struct side */
	struct strmap queued;      /* versions */
	struct strmap reports;     /* content id -> the struct version that has a report about it */
	struct version **pending;
	size_t nr_pending, alloc_pending;
	struct development *items;
	size_t nr, alloc;
};

/* -- what is known of a version ----------------------------------------------------------------- */

static void side_free(void *data)
{
	struct side *side = data;
	if (side->borrowed)
		side->known.items[0].findings = (struct finding_list){ NULL };
	compare_side_release(&side->known);
	free(side);
}

/* The checks were run already. */
static void set_checks(struct side *side, const struct look *look)
{
	side->known = (struct compare_side){ .source = COMPARE_CHECKS, .nr = 1 };
	side->known.items = xcalloc(1, sizeof(*side->known.items));
	side->known.items[0] = (struct record){ .reviewer = xstrdup("builtin"), .family = xstrdup("builtin"),
						.findings = look->findings };
	side->known.records = xcalloc(1, sizeof(*side->known.records));
	side->known.records[0] = &side->known.items[0];
	side->known.run.paper = xstrdup("");
	side->borrowed = true;
}

/* From the records, or from the report in the folder of FROM, whose content is that of the version asked about. */
static struct error *load_reviewed(struct walk *w, struct version *from, struct side *side)
{
	struct snapshot *snapshot = from->inside->is_present ? w->h->settings.snapshot : NULL;
	struct paper_inside inside = { .inputs = NULL };
	char *complaint = NULL;
	struct error *err = NULL;
	if (!snapshot)
		err = snapshot_new(&snapshot, w->h->settings.repo, SNAPSHOT_COMMIT, &from->commit);
	if (!err)
		err = paper_lookup_at(w->h->lookup, snapshot, from->folder, &inside);
	if (!err && inside.list.nr)
		err = compare_side_load(&side->known, w->settings->store, snapshot, &inside.list.items[0], "", &complaint);
	free(complaint);
	paper_inside_release(&inside);
	if (!from->inside->is_present)
		snapshot_free(snapshot);
	return err;
}

/* The report of a version is committed after it as a rule. */
static struct error *load_known(struct walk *w, struct version *v, struct side *side)
{
	const char *content;
	struct error *err = history_content_id(w->h, v, &content);
	if (err || !*content)
		return err;
	struct version *from = v->inside->reported ? v : strmap_get(&w->reports, content, strlen(content));
	if (!from && records_has(w->settings->store, content, REVIEW_RUN_NAME))
		from = v;
	if (from)
		return load_reviewed(w, from, side);
	set_checks(side, v->look);
	return NULL;
}

static struct error *side_of(struct walk *w, struct version *v, struct side **out)
{
	struct side *side = strmap_get(&w->sides, (const char *)&v, sizeof(v));
	struct error *err = NULL;
	if (!side) {
		side = xcalloc(1, sizeof(*side));
		*strmap_at(&w->sides, (const char *)&v, sizeof(v)) = side;
		err = history_look(w->h, v);
		if (!err && v->look)
			err = load_known(w, v, side);
	}
	*out = side;
	return err;
}

/* -- two versions ------------------------------------------------------------------------------- */

/* The records of those who looked at the other side, too. */
static size_t common_records(const struct record **out, const struct compare_side *of, const struct compare_side *other)
{
	size_t nr = 0;
	for (size_t i = 0; i < of->nr; i++)
		for (size_t k = 0; k < other->nr; k++)
			if (!strcmp(of->items[i].reviewer, other->items[k].reviewer)) {
				out[nr++] = of->records[i];
				break;
			}
	return nr;
}

static void count_changes(struct development *d, const struct side *now, const struct side *then)
{
	const struct compare_side *after = &now->known, *before = &then->known;
	const struct record **records_after = xcalloc(after->nr + 1, sizeof(*records_after));
	const struct record **records_before = xcalloc(before->nr + 1, sizeof(*records_before));
	struct comparison c = { .was = "", .path = "", .before = *before, .after = *after };
	c.after.records = records_after;
	c.after.nr = common_records(records_after, after, before);
	c.before.records = records_before;
	c.before.nr = common_records(records_before, before, after);
	comparison_make(&c);
	d->nr_new = c.consensus.nr_new;
	d->nr_fixed = c.consensus.nr_fixed;
	consensus_release(&c.consensus);
	run_release(&c.run);
	free(records_after);
	free(records_before);
}

static double cost(const struct compare_side *side)
{
	double sum = 0;
	for (size_t i = 0; i < side->nr; i++)
		sum = sum < 0 || side->items[i].cost_usd < 0 ? -1 : sum + side->items[i].cost_usd;
	return sum;
}

static void count_findings(struct development *d, const struct side *side)
{
	struct known known = { .side = side->known };
	consensus_make(&known.consensus, side->known.records, side->known.nr, &side->known.run);
	d->source = side->known.source;
	d->verdict = known_verdict(&known);
	memcpy(d->counts, known.consensus.counts, sizeof(d->counts));
	d->nr_unverified = known.consensus.nr_unverified;
	d->cost_usd = cost(&side->known);
	d->nr_new = known.consensus.nr;
	consensus_release(&known.consensus);
}

/* -- the walk ----------------------------------------------------------------------------------- */

static void queue(struct walk *w, struct version *v)
{
	if (!strmap_add(&w->queued, (const char *)&v, sizeof(v)))
		return;
	ALLOC_GROW(w->pending, w->nr_pending, w->alloc_pending);
	w->pending[w->nr_pending++] = v;
}

/* The newest of those that are left; the present is newer than all. */
static struct version *take_newest(struct walk *w)
{
	size_t best = 0;
	for (size_t i = 1; i < w->nr_pending; i++)
		if (w->pending[i]->time > w->pending[best]->time)
			best = i;
	struct version *v = w->pending[best];
	w->pending[best] = w->pending[--w->nr_pending];
	return v;
}

/* Whether the content of V is new; *BEFORE is the parent it is compared with, *END that one is not here. */
static struct error *is_change(struct walk *w, struct version *v, bool *change, struct version **before, bool *end)
{
	const char *content, *of_parent;
	struct error *err = history_content_id(w->h, v, &content);
	*change = v->nr_parents == 0;
	*before = NULL;
	*end = v->boundary;
	if (!err && v->inside->reported)
		*strmap_at(&w->reports, content, strlen(content)) = v;
	for (size_t i = 0; i < v->nr_parents && !err; i++) {
		err = history_look(w->h, v->parents[i]);
		if (err || v->parents[i]->missing) {
			*end = *change = true;
			continue;
		}
		err = history_content_id(w->h, v->parents[i], &of_parent);
		*change |= !err && strcmp(content, of_parent) != 0;
		if (!*before)
			*before = v->parents[i];
	}
	return err;
}

static struct error *add(struct walk *w, struct version *v, struct version *before, bool end)
{
	struct side *now, *then = NULL;
	const char *content;
	struct error *err = side_of(w, v, &now);
	if (!err)
		err = history_content_id(w->h, v, &content);
	if (err || (w->settings->recorded && now->known.source != COMPARE_RECORDS &&
		    now->known.source != COMPARE_REPORT))
		return err;
	struct development d = { .version = v, .first = !before, .end = end };
	memcpy(d.content_id, content, strlen(content));
	count_findings(&d, now);
	if (before)
		err = side_of(w, before, &then);
	if (!err && before && *content && *before->inside->content_id)
		count_changes(&d, now, then);
	ALLOC_GROW(w->items, w->nr, w->alloc);
	w->items[w->nr++] = d;
	return err;
}

static struct error *step(struct walk *w)
{
	struct version *v = take_newest(w), *before;
	bool change, end;
	struct error *err = history_look(w->h, v);
	if (err || v->missing || (w->settings->since && v->commit.hex[0] && v->time < w->settings->since))
		return err;
	err = history_parents(w->h, v);
	if (!err)
		err = is_change(w, v, &change, &before, &end);
	if (!err && change)
		err = add(w, v, before, end);
	for (size_t i = 0; i < v->nr_parents && !err; i++)
		queue(w, v->parents[i]);
	return err;
}

static void walk_reset(struct walk *w)
{
	strmap_release(&w->sides, side_free);
	strmap_release(&w->queued, NULL);
	strmap_release(&w->reports, NULL);
	w->nr_pending = w->nr = 0;
}

struct error *development_list(struct paper_history *h, const struct development_settings *settings,
			       struct development **out, size_t *nr)
{
	struct walk w = { .h = h, .settings = settings };
	struct version *present;
	struct error *err;
	do {
		walk_reset(&w);
		err = history_begin(h, &present);
		if (!err)
			queue(&w, present);
		while (!err && w.nr_pending && (!settings->limit || w.nr < settings->limit))
			err = step(&w);
	} while (!err && history_must_begin_again(h));
	*out = w.items;
	*nr = err ? 0 : w.nr;
	w.items = NULL;
	walk_reset(&w);
	free(w.pending);
	return err;
}
