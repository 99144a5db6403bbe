#include "history/known.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/review.h"

static double cost(const struct compare_side *side)
{
	double sum = 0;
	for (size_t i = 0; i < side->nr; i++) {
		if (side->items[i].cost_usd < 0)
			return -1;
		sum += side->items[i].cost_usd;
	}
	return sum;
}

struct error *known_load(struct known *out, struct records *store, struct snapshot *snapshot,
			 const struct paper *paper, const char *place)
{
	char *complaint = NULL;
	memset(out, 0, sizeof(*out));
	struct error *err = compare_side_load(&out->side, store, snapshot, paper, place, &complaint);
	free(complaint);
	if (err)
		return err;
	consensus_make(&out->consensus, out->side.records, out->side.nr, &out->side.run);
	out->cost_usd = cost(&out->side);
	return NULL;
}

void known_release(struct known *known)
{
	consensus_release(&known->consensus);
	compare_side_release(&known->side);
}

const char *known_verdict(const struct known *known)
{
	const struct consensus *c = &known->consensus;
	if (!known->side.nr)
		return "unread";
	if (c->counts[SEVERITY_ERROR])
		return "errors";
	if (c->counts[SEVERITY_WARNING])
		return "warnings";
	return c->counts[SEVERITY_NOTE] ? "notes" : "clean";
}

void known_words(struct buffer *out, const char *verdict, const size_t counts[3])
{
	bool any = false;
	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_NOTE; severity--) {
		size_t nr = counts[severity];
		if (!nr)
			continue;
		buffer_addf(out, "%s%zu %s%s", any ? ", " : "", nr, severity_name((enum severity)severity),
			    nr == 1 ? "" : "s");
		any = true;
	}
	if (!any)
		buffer_addstr(out, strcmp(verdict, "unread") ? "clean" : "not readable");
}

static bool same_string(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_path(const char *stored, const char *folder, const char *placed)
{
	const char *rest;
	size_t len = strlen(folder);
	if (!stored || !*stored || !placed || !*placed)
		return same_string(stored, placed);
	if (skip_prefix(stored, ":/", &rest))
		return !strcmp(rest, placed);
	if (len && (strncmp(placed, folder, len) || placed[len] != '/'))
		return false;
	return !strcmp(stored, placed + (len ? len + 1 : 0));
}

size_t known_find(const struct look *look, const char *folder, const struct finding *f)
{
	for (size_t i = 0; i < look->findings.nr; i++) {
		const struct finding *other = &look->findings.items[i];
		if (same_string(other->rule, f->rule) && other->start == f->start && other->end == f->end &&
		    same_string(other->subject, f->subject) && same_path(other->path, folder, f->path))
			return i + 1;
	}
	return 0;
}
