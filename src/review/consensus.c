#include "review/consensus.h"

#include "base/memory.h"
#include "review/cluster.h"
#include "review/identity.h"

static const char *const bucket_names[] = { "verified", "plausible", "unverified" };

const char *bucket_name(enum bucket bucket)
{
	return bucket_names[bucket];
}

/* -- one finding from its voices ------------------------------------------------------------ */

/* Whether A speaks for the cluster rather than B, which comes before it. */
static bool leads(const struct finding *a, const struct finding *b)
{
	if (!a->rule != !b->rule)
		return a->rule != NULL;
	if (!a->unsupported != !b->unsupported)
		return !a->unsupported;
	if (a->grounding != b->grounding)
		return a->grounding > b->grounding;
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return a->confidence > b->confidence;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, drops repetitions and returns how many stay. */
static size_t sort_names(const char **names, size_t nr)
{
	size_t kept = 0;

	if (nr)
		qsort(names, nr, sizeof(*names), compare_names);
	for (size_t i = 0; i < nr; i++) {
		if (!kept || strcmp(names[i], names[kept - 1]))
			names[kept++] = names[i];
	}
	return kept;
}

static bool is_grounded(const struct finding *f)
{
	return f->grounding != GROUNDING_NONE && !f->uncertain && !f->unsupported;
}

/* The middle one of COUNTS by severity, of two the HIGHER or the lower. */
static enum severity median_of(const size_t counts[3], bool higher)
{
	size_t total = counts[0] + counts[1] + counts[2], below = 0;
	size_t middle = higher ? total / 2 : (total - 1) / 2;

	for (int s = SEVERITY_NOTE; s < SEVERITY_ERROR; s++) {
		below += counts[s];
		if (middle < below)
			return (enum severity)s;
	}
	return SEVERITY_ERROR;
}

/* The severest word of a family that is about words of the paper is the family's; when none is,
 * the middle one. */
static enum severity family_severity(const struct consensus_finding *f, const char *family)
{
	size_t counts[3] = { 0 };
	int highest = -1;

	for (size_t i = 0; i < f->nr_voices; i++) {
		const struct finding *voice = f->voices[i].finding;
		if (strcmp(f->voices[i].record->family, family))
			continue;
		counts[voice->severity]++;
		if (is_grounded(voice) && (int)voice->severity > highest)
			highest = (int)voice->severity;
	}
	return highest >= 0 ? (enum severity)highest : median_of(counts, false);
}

static enum severity median_severity(const struct consensus_finding *f, bool grounded)
{
	size_t counts[3] = { 0 };

	for (size_t i = 0; i < f->nr_families; i++)
		counts[family_severity(f, f->families[i])]++;
	return median_of(counts, grounded);
}

static void judge(struct consensus_finding *f)
{
	const struct finding *lead = f->voices[0].finding;
	bool grounded = false, sure_rule = lead->rule && !lead->uncertain;
	const char **families = xcalloc(f->nr_voices, sizeof(*families));
	size_t nr_grounded = 0;

	f->lead = *lead;
	f->families = xcalloc(f->nr_voices, sizeof(*f->families));
	for (size_t i = 0; i < f->nr_voices; i++) {
		f->families[i] = f->voices[i].record->family;
		if (is_grounded(f->voices[i].finding))
			families[nr_grounded++] = f->voices[i].record->family;
	}
	grounded = nr_grounded > 0;
	f->nr_families = sort_names(f->families, f->nr_voices);
	nr_grounded = sort_names(families, nr_grounded);
	free(families);
	f->severity = sure_rule ? lead->severity : median_severity(f, grounded);
	f->bucket = sure_rule || nr_grounded > 1 ? BUCKET_VERIFIED
		  : grounded			 ? BUCKET_PLAUSIBLE
						 : BUCKET_UNVERIFIED;
}

/* Models that have a record and no voice in F. Built-in rules cannot disagree with a claim. */
static void list_silent(struct consensus_finding *f, const char *const *models, size_t nr_models)
{
	f->silent = xcalloc(nr_models + 1, sizeof(*f->silent));
	for (size_t i = 0; i < nr_models; i++) {
		bool spoke = false;
		for (size_t v = 0; v < f->nr_voices && !spoke; v++)
			spoke = !strcmp(f->voices[v].record->reviewer, models[i]);
		if (!spoke)
			f->silent[f->nr_silent++] = models[i];
	}
}

/* -- all findings --------------------------------------------------------------------------- */

/* One finding for every cluster, in order of its first entry; FINDING_OF gets their numbers. */
static void collect(struct consensus *out, const struct entry *entries, size_t nr,
		    size_t *finding_of)
{
	size_t *sizes = xcalloc(nr + 1, sizeof(*sizes));

	for (size_t i = 0; i < nr; i++) {
		sizes[entries[i].cluster]++;
		out->nr += entries[i].cluster == i;
	}
	out->findings = xcalloc(out->nr + 1, sizeof(*out->findings));
	for (size_t i = 0, next = 0; i < nr; i++) {
		size_t root = entries[i].cluster;
		if (root == i) {
			out->findings[next].voices = xcalloc(sizes[i], sizeof(struct voice));
			finding_of[i] = next++;
		}
		finding_of[i] = finding_of[root];
		struct consensus_finding *f = &out->findings[finding_of[i]];
		f->voices[f->nr_voices++] = (struct voice){ entries[i].record, entries[i].finding };
	}
	free(sizes);
}

/* Puts the voice that leads first; the others keep their order. */
static void choose_lead(struct consensus_finding *f)
{
	size_t best = 0;

	for (size_t i = 1; i < f->nr_voices; i++) {
		if (leads(f->voices[i].finding, f->voices[best].finding))
			best = i;
	}
	struct voice lead = f->voices[best];
	memmove(f->voices + 1, f->voices, best * sizeof(*f->voices));
	f->voices[0] = lead;
}

static int compare_sizes(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

int consensus_worst_first(const struct consensus_finding *a, const struct consensus_finding *b)
{
	int order = (int)b->severity - (int)a->severity;

	if (!order)
		order = (int)a->bucket - (int)b->bucket;
	if (!order)
		order = compare_sizes(b->nr_families, a->nr_families);
	if (!order)
		order = strcmp(a->lead.path ? a->lead.path : "", b->lead.path ? b->lead.path : "");
	if (!order)
		order = compare_sizes(a->lead.start, b->lead.start);
	return order ? order : strcmp(a->id, b->id);
}

static int compare_findings(const void *x, const void *y)
{
	const struct consensus_finding *a = x, *b = y;
	int order = (int)a->bucket - (int)b->bucket;

	return order ? order : consensus_worst_first(a, b);
}

static size_t list_models(const char **models, const struct record *const *records, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		if (strcmp(records[i]->family, "builtin"))
			models[n++] = records[i]->reviewer;
	}
	return sort_names(models, n);
}

static void count(struct consensus *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		if (c->findings[i].bucket == BUCKET_UNVERIFIED)
			c->nr_unverified++;
		else
			c->counts[c->findings[i].severity]++;
	}
}

void consensus_make(struct consensus *out, const struct record *const *records, size_t nr,
		    const struct run *run)
{
	size_t nr_entries;
	struct entry *entries = entries_make(records, nr, &nr_entries);
	size_t *finding_of = xcalloc(nr_entries + 1, sizeof(*finding_of));
	const char **models = xcalloc(nr + 1, sizeof(*models));
	size_t nr_models = list_models(models, records, nr);

	memset(out, 0, sizeof(*out));
	entries_cluster(entries, nr_entries);
	collect(out, entries, nr_entries, finding_of);
	out->nr_voices = nr_entries;
	for (size_t i = 0; i < out->nr; i++) {
		choose_lead(&out->findings[i]);
		judge(&out->findings[i]);
		list_silent(&out->findings[i], models, nr_models);
	}
	identity_assign(out, run);
	identity_match_past(out, run, records, nr, entries, nr_entries, finding_of);
	if (out->nr)
		qsort(out->findings, out->nr, sizeof(*out->findings), compare_findings);
	count(out);
	free(models);
	free(finding_of);
	entries_free(entries, nr_entries);
}

void consensus_release(struct consensus *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		free(c->findings[i].voices);
		free(c->findings[i].families);
		free(c->findings[i].silent);
	}
	free(c->findings);
	free(c->fixed);
	free(c->unchecked);
	memset(c, 0, sizeof(*c));
}
