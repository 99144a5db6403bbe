#include "review/identity.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strmap.h"
#include "base/text.h"
#include "review/ground.h"

#define ID_LENGTH 12
/* Entries on either side of where a finding of the last run stood that it is compared with. */
#define NEARBY 64
/* Bytes of a quote or a title that make an id; no answer has more. */
#define MAX_KEY_QUOTE 8192
#define MAX_KEY_TITLE 1024
#define MIN_QUOTE_TOKENS 4
#define MIN_TITLE_TOKENS 3
#define TITLE_CONTAINMENT 0.75

/* -- what an id is made of ------------------------------------------------------------------ */

static const char *relative_to(const char *path, const char *paper)
{
	size_t n = paper ? strlen(paper) : 0;

	if (!path)
		return "";
	if (n && !strncmp(path, paper, n) && path[n] == '/')
		return path + n + 1;
	return path;
}

static void add_normalised(struct buffer *out, char tag, const char *s, size_t max)
{
	size_t before = out->len;

	buffer_addch(out, tag);
	ground_normalise(out, (struct slice){ s ? s : "", s ? strnlen(s, max) : 0 });
	if (out->len == before + 1)
		buffer_truncate(out, before);
}

/* What makes a finding itself: its rule, PATH ("" to leave it out), and what it is about. */
static void make_key(struct buffer *out, const char *rule, const char *path, const char *subject,
		     const char *quote, const char *title)
{
	buffer_reset(out);
	buffer_addstr(out, rule ? rule : "claim");
	buffer_addch(out, '\0');
	buffer_addstr(out, path);
	buffer_addch(out, '\0');
	size_t head = out->len;
	if (subject) {
		buffer_addch(out, 's');
		utf8_scrub(out, subject, strlen(subject));
	}
	if (out->len == head)
		add_normalised(out, 'q', quote, MAX_KEY_QUOTE);
	if (out->len == head)
		add_normalised(out, 't', title, MAX_KEY_TITLE);
	buffer_addch(out, '\0');
}

void identity_key(struct buffer *out, const struct finding *f, const char *path)
{
	make_key(out, f->rule, path, f->subject, f->quote, f->title);
}

/* Counts how often KEY was seen; the map's values are numbers in disguise. */
static uintptr_t count_up(struct strmap *seen, const struct buffer *key)
{
	void **slot = strmap_at(seen, key->data, key->len);
	uintptr_t n = (uintptr_t)*slot;
	*slot = (void *)(n + 1);
	return n;
}

void identity_assign(struct consensus *c, const struct run *run)
{
	struct strmap seen = STRMAP_INIT;
	struct buffer key = BUFFER_INIT;
	char hex[SHA256_HEX_SIZE + 1];

	for (size_t i = 0; i < c->nr; i++) {
		struct consensus_finding *f = &c->findings[i];
		identity_key(&key, &f->lead, relative_to(f->lead.path, run->paper));
		uintptr_t ordinal = count_up(&seen, &key);
		buffer_addf(&key, "%llu", (unsigned long long)ordinal);
		sha256_hex(key.data, key.len, hex);
		memcpy(f->id, hex, ID_LENGTH);
		f->id[ID_LENGTH] = '\0';
	}
	buffer_release(&key);
	strmap_release(&seen, NULL);
}

/* -- the last run --------------------------------------------------------------------------- */

struct matcher {
	struct consensus *c;
	const struct run *run;
	const struct entry *entries;
	size_t nr_entries;
	const size_t *finding_of;
	bool *matched;          /* of run->past */
	bool *taken;            /* of c->findings: it has a past */
	struct strmap used_ids;
};

static bool is_id(const char *s)
{
	return s && hex_is(s, ID_LENGTH);
}

/* Finding F was raised as P before. The first past gives its id, unless another has it already. */
static void match(struct matcher *m, size_t p, size_t f)
{
	struct consensus_finding *finding = &m->c->findings[f];
	const char *id = m->run->past[p].id;

	m->matched[p] = true;
	if (!m->taken[f] && is_id(id) && strmap_add(&m->used_ids, id, ID_LENGTH))
		memcpy(finding->id, id, ID_LENGTH);
	m->taken[f] = true;
	finding->history = HISTORY_PERSISTING;
}

static void match_by_id(struct matcher *m)
{
	struct strmap by_id = STRMAP_INIT;

	for (size_t i = 0; i < m->c->nr; i++)
		*strmap_at(&by_id, m->c->findings[i].id, ID_LENGTH) = &m->c->findings[i];
	for (size_t p = 0; p < m->run->nr_past; p++) {
		const char *id = m->run->past[p].id;
		const struct consensus_finding *f =
			is_id(id) ? strmap_get(&by_id, id, ID_LENGTH) : NULL;
		if (f)
			match(m, p, (size_t)(f - m->c->findings));
	}
	strmap_release(&by_id, NULL);
}

/* Matches P with an entry of the same key; FIRST and NEXT chain those. A rule's finding stands for
 * one past one; claims that were apart may have become one. */
static void match_key(struct matcher *m, size_t p, struct strmap *first, const size_t *next,
		      struct buffer *key)
{
	const struct past_finding *past = &m->run->past[p];

	make_key(key, past->rule, "", past->subject, past->quote, past->title);
	if (m->matched[p] || !strmap_has(first, key->data, key->len))
		return;
	void **slot = strmap_at(first, key->data, key->len);
	size_t i = (size_t)(uintptr_t)*slot;
	while (i && past->rule && m->taken[m->finding_of[i - 1]])
		i = next[i - 1];
	if (past->rule)
		*slot = (void *)(uintptr_t)i;
	if (i)
		match(m, p, m->finding_of[i - 1]);
}

/* By what a finding is about, wherever its file went. */
static void match_by_key(struct matcher *m)
{
	struct strmap first = STRMAP_INIT; /* key -> first entry + 1; `next` leads on */
	size_t *next = xcalloc(m->nr_entries + 1, sizeof(*next));
	struct buffer key = BUFFER_INIT;

	for (size_t i = m->nr_entries; i-- > 0;) {
		identity_key(&key, m->entries[i].finding, "");
		void **slot = strmap_at(&first, key.data, key.len);
		next[i] = (size_t)(uintptr_t)*slot;
		*slot = (void *)(uintptr_t)(i + 1);
	}
	/* rules first: a claim that joined a rule's finding must not use up its place */
	for (size_t p = 0; p < m->run->nr_past; p++) {
		if (m->run->past[p].rule)
			match_key(m, p, &first, next, &key);
	}
	for (size_t p = 0; p < m->run->nr_past; p++) {
		if (!m->run->past[p].rule)
			match_key(m, p, &first, next, &key);
	}
	buffer_release(&key);
	free(next);
	strmap_release(&first, NULL);
}

/* The first entry that does not stand before PAST. */
static size_t lower_bound(const struct matcher *m, const struct past_finding *past)
{
	size_t low = 0, high = m->nr_entries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *e = &m->entries[middle];
		int order = (int)(past->path != NULL) - (int)e->placed;
		if (!order && e->placed)
			order = strcmp(e->finding->path, past->path);
		if (!order)
			order = e->finding->line < past->line ? -1 : 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool same_file(const struct entry *e, const struct past_finding *past)
{
	return e->placed ? past->path && !strcmp(e->finding->path, past->path) : !past->path;
}

/* Claims are worded anew each time: the nearest in place that shares the quote or the title. */
static void match_nearby(struct matcher *m, size_t p)
{
	const struct past_finding *past = &m->run->past[p];
	size_t middle = lower_bound(m, past), best = m->nr_entries;
	size_t low = middle > NEARBY ? middle - NEARBY : 0;
	double best_score = 0;
	struct tokens quote, title;

	tokens_make(&quote, (const char *const *)&past->quote, 1);
	tokens_make(&title, (const char *const *)&past->title, 1);
	for (size_t i = low; i < m->nr_entries && i < middle + NEARBY; i++) {
		const struct entry *e = &m->entries[i];
		if (e->finding->rule || !same_file(e, past))
			continue;
		bool long_enough = quote.nr >= MIN_QUOTE_TOKENS && e->quote.nr >= MIN_QUOTE_TOKENS;
		double by_quote = long_enough ? tokens_containment(&quote, &e->quote) : 0;
		double by_title =
			title.nr >= MIN_TITLE_TOKENS ? tokens_containment(&title, &e->text) : 0;
		if (by_quote < CLUSTER_CONTAINMENT && by_title < TITLE_CONTAINMENT)
			continue;
		if (by_quote + by_title > best_score) {
			best_score = by_quote + by_title;
			best = i;
		}
	}
	if (best < m->nr_entries)
		match(m, p, m->finding_of[best]);
	tokens_release(&quote);
	tokens_release(&title);
}

/* Whether somebody who raised it has looked again. */
static bool looked_again(const struct past_finding *past, const struct strmap *reviewers)
{
	for (size_t i = 0; i < past->nr_reviewers; i++) {
		if (strmap_has(reviewers, past->reviewers[i], strlen(past->reviewers[i])))
			return true;
	}
	return !past->nr_reviewers;
}

static void sort_out_unmatched(struct matcher *m, const struct record *const *records,
			       size_t nr_records)
{
	struct consensus *c = m->c;
	struct strmap reviewers = STRMAP_INIT;

	for (size_t i = 0; i < nr_records; i++)
		strmap_add(&reviewers, records[i]->reviewer, strlen(records[i]->reviewer));
	c->fixed = xcalloc(m->run->nr_past + 1, sizeof(*c->fixed));
	c->unchecked = xcalloc(m->run->nr_past + 1, sizeof(*c->unchecked));
	for (size_t p = 0; p < m->run->nr_past; p++) {
		const struct past_finding *past = &m->run->past[p];
		if (m->matched[p])
			continue;
		if (looked_again(past, &reviewers))
			c->fixed[c->nr_fixed++] = past;
		else
			c->unchecked[c->nr_unchecked++] = past;
	}
	strmap_release(&reviewers, NULL);
}

void identity_match_past(struct consensus *c, const struct run *run,
			 const struct record *const *records, size_t nr_records,
			 const struct entry *entries, size_t nr_entries, const size_t *finding_of)
{
	struct matcher m = { c, run, entries, nr_entries, finding_of, NULL, NULL, STRMAP_INIT };

	m.matched = xcalloc(run->nr_past + 1, sizeof(*m.matched));
	m.taken = xcalloc(c->nr + 1, sizeof(*m.taken));
	match_by_id(&m);
	for (size_t i = 0; i < c->nr; i++)
		strmap_add(&m.used_ids, c->findings[i].id, ID_LENGTH);
	if (run->nr_past)
		match_by_key(&m);
	for (size_t p = 0; p < run->nr_past; p++) {
		if (!m.matched[p] && !run->past[p].rule)
			match_nearby(&m, p);
	}
	sort_out_unmatched(&m, records, nr_records);
	for (size_t i = 0; i < c->nr; i++)
		c->nr_new += c->findings[i].history == HISTORY_NEW;
	strmap_release(&m.used_ids, NULL);
	free(m.matched);
	free(m.taken);
}
