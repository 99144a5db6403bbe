#include "cmd/sharing.h"

#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* How often another clone's work is looked after: soon, then less and less often. */
#define FIRST_INTERVAL_MS 500
#define LAST_INTERVAL_MS 5000

const char sharing_as_configured[] = "";

/* Once a run, that is enough to know. */
static void warn(struct sharing *s, struct error *err)
{
	if (err && !s->warned)
		say_warning("%s: other clones may pay for the same answers", err->message);
	s->warned |= err != NULL;
	error_free(err);
}

struct error *sharing_begin(struct sharing *s, struct workspace *ws, const char *wanted)
{
	struct records_merged merged;
	bool found, configured = wanted == sharing_as_configured;
	*s = (struct sharing){ .ws = ws, .interval_ms = FIRST_INTERVAL_MS };
	if (configured ? !text_is_true(repo_config(ws->repo, "scrutiny.recordssync")) : !wanted)
		return NULL;
	struct error *err = records_remote(&s->remote, ws->repo, !configured && *wanted ? wanted : NULL);
	if (!err)
		err = records_fetch(ws->records, s->remote, &merged, &found);
	if (!err)
		return NULL;
	free(s->remote);
	s->remote = NULL;
	return error_with_hint(err, "--no-sync reviews without the records of others");
}

/* In this order: who gives a claim back has pushed what it paid for, so that with the claim come the records. */
static struct error *claim_and_fetch(struct sharing *s)
{
	struct records_merged merged;
	bool found;
	struct error *err = shared_claims_take(s->claims, s->wanted, s->nr_wanted);
	return err ? err : records_fetch(s->ws->records, s->remote, &merged, &found);
}

struct error *sharing_claim(struct sharing *s, const struct paper *const *papers, size_t nr)
{
	if (!s->remote || !s->ws->nr_models || !nr)
		return NULL;
	s->wanted = xcalloc(nr, sizeof(*s->wanted));
	for (size_t i = 0; i < nr; i++)
		s->wanted[s->nr_wanted++] = papers[i]->content_id;
	struct error *err = shared_claims_new(&s->claims, s->ws->records, s->remote, NULL);
	if (!err)
		err = claim_and_fetch(s);
	return error_with_hint(err, "--no-sync reviews without asking other clones");
}

static void look_again(struct sharing *s)
{
	s->asked_ms = clock_ms();
	warn(s, claim_and_fetch(s));
	s->interval_ms = s->interval_ms * 2 < LAST_INTERVAL_MS ? s->interval_ms * 2 : LAST_INTERVAL_MS;
}

bool sharing_may_ask(struct sharing *s, const struct paper *paper)
{
	if (!s->claims || shared_claims_has(s->claims, paper->content_id))
		return true;
	if (clock_ms() - s->asked_ms < s->interval_ms)
		return false;
	look_again(s);
	return shared_claims_has(s->claims, paper->content_id);
}

void sharing_keep(struct sharing *s)
{
	if (s->claims)
		warn(s, shared_claims_keep(s->claims));
}

void sharing_end(struct sharing *s)
{
	struct records_pushed pushed;
	struct error *err = s->remote ? records_push(s->ws->records, s->remote, &pushed) : NULL;
	if (err)
		say_warning("%s; `git scrutiny records push` shares the records later", err->message);
	error_free(err);
	if (s->claims)
		warn(s, shared_claims_release(s->claims));
	shared_claims_free(s->claims);
	free(s->wanted);
	free(s->remote);
}
