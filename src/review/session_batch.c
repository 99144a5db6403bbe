#include "review/session_batch.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/trace.h"

/* Papers that are claimed at once: each holds a file open. */
#define MAX_CLAIMS 256

/* One batch that is being gathered: of one model, for answers of one schema. */
struct gathering {
	struct batch_pack pack;
	struct outstanding intent;
	cJSON *schema;
	struct strmap requests; /* those in PACK: papers may share one */
	struct batch_account *accounts;
	size_t nr_accounts, alloc_accounts;
	struct gathering *next;
};

struct session_batch {
	const struct session_settings *settings;
	struct session_budget *budget;
	struct batches known;
	struct gathering *gatherings;
	struct records_claim *claims[MAX_CLAIMS];
	size_t nr_claims;
};

struct error *session_batch_new(struct session_batch **out, const struct session_settings *settings,
				struct session_budget *budget)
{
	struct session_batch *b = xcalloc(1, sizeof(*b));
	b->settings = settings;
	b->budget = budget;
	struct error *err = batches_load(&b->known, settings->records);
	if (err)
		session_batch_free(b);
	else
		*out = b;
	return err;
}

static void close_accounts(struct session_batch *b, struct gathering *g, bool sent)
{
	for (size_t i = 0; i < g->nr_accounts; i++)
		session_budget_close_account(b->budget, &g->accounts[i], sent);
	g->nr_accounts = 0;
}

static void free_claims(struct session_batch *b)
{
	while (b->nr_claims)
		records_claim_free(b->claims[--b->nr_claims]);
}

void session_batch_free(struct session_batch *b)
{
	if (!b)
		return;
	while (b->gatherings) {
		struct gathering *g = b->gatherings;
		b->gatherings = g->next;
		close_accounts(b, g, false);
		free(g->accounts);
		batch_pack_release(&g->pack);
		outstanding_release(&g->intent);
		strmap_release(&g->requests, NULL);
		cJSON_Delete(g->schema);
		free(g);
	}
	free_claims(b);
	batches_release(&b->known);
	free(b);
}

struct error *session_batch_look(struct session_batch *b)
{
	return batches_refresh(&b->known, b->settings->records);
}

/* -- sending -------------------------------------------------------------------------------------- */

static void note(const struct session_batch *b, bool warning, const char *text)
{
	if (b->settings->on_note)
		b->settings->on_note(b->settings->data, warning, text);
}

static void note_sent(const struct session_batch *b, const struct gathering *g)
{
	char *text = xstrfmt("sent %zu question%s to %s as a batch, at half price, answered within a day",
			     g->pack.nr, g->pack.nr == 1 ? "" : "s", g->intent.reviewer);
	note(b, false, text);
	free(text);
}

/* The server said no, or nothing that tells whether it has the batch. */
static struct error *note_failure(const struct session_batch *b, const struct gathering *g,
				  const struct error *why)
{
	bool refused = error_is(why, ERROR_USAGE);
	char *text = xstrfmt("the batch for %s was not %s: %s%s", g->intent.reviewer,
			     refused ? "accepted" : "confirmed", why->message,
			     refused ? "" : "; `git scrutiny collect` finds out whether it was sent");
	note(b, true, text);
	free(text);
	return refused ? batches_put_done(b->settings->records, g->intent.tag, "not sent") : NULL;
}

/* Durable before it is sent: a kill in between leaves what is needed to find out. */
static struct error *send(struct session_batch *b, struct gathering *g)
{
	struct batch_server server = { .model = g->pack.model, .http = &b->settings->engine.http,
				       .stop = b->settings->stop };
	char *id = NULL;
	struct error *err = batches_put_intent(b->settings->records, &g->intent);
	if (err)
		return err;
	struct error *failure = g->pack.api->create(&server, g->intent.tag, slice_of(&g->pack.requests), &id);
	close_accounts(b, g, !error_is(failure, ERROR_USAGE));
	if (failure) {
		err = note_failure(b, g, failure);
		error_free(failure);
	} else {
		err = batches_put_sent(b->settings->records, g->intent.tag, id);
		note_sent(b, g);
	}
	free(id);
	return err;
}

/* Takes SCHEMA over. */
static struct error *start_intent(const struct session_batch *b, struct gathering *g, char *schema)
{
	char tag[BATCH_TAG_DIGITS + 1] = "";
	struct error *err = hex_random(tag, BATCH_TAG_DIGITS);
	g->intent = (struct outstanding){ .tag = xstrdup(tag), .reviewer = xstrdup(g->pack.model->reviewer),
					  .date = b->settings->now, .schema = schema,
					  .routed = b->settings->routes != NULL };
	return err;
}

static struct error *send_gathering(struct session_batch *b, struct gathering *g)
{
	struct error *err = g->pack.nr ? send(b, g) : NULL;
	char *schema = g->intent.schema;
	g->intent.schema = NULL;
	batch_pack_release(&g->pack);
	outstanding_release(&g->intent);
	strmap_release(&g->requests, NULL);
	g->requests = (struct strmap)STRMAP_INIT;
	struct error *bad = start_intent(b, g, schema);
	if (err)
		error_free(bad);
	return err ? err : bad;
}

bool session_batch_holds_claims(const struct session_batch *b)
{
	return b->nr_claims > 0;
}

struct error *session_batch_flush(struct session_batch *b)
{
	struct error *err = NULL;
	for (struct gathering *g = b->gatherings; g && !err; g = g->next)
		err = send_gathering(b, g);
	free_claims(b);
	return err;
}

struct error *session_batch_close_job(struct session_batch *b, struct job *job)
{
	if (!job->claim || !b->gatherings)
		return NULL;
	b->claims[b->nr_claims++] = job->claim;
	job->claim = NULL;
	return b->nr_claims == MAX_CLAIMS ? session_batch_flush(b) : NULL;
}

/* -- gathering ------------------------------------------------------------------------------------ */

static struct error *gathering_of(struct session_batch *b, const struct model *m, const char *schema,
				  struct gathering **out)
{
	struct gathering *g = b->gatherings;
	while (g && (g->pack.model != m || strcmp(g->intent.schema, schema) != 0))
		g = g->next;
	*out = g;
	if (g)
		return NULL;
	cJSON *json;
	struct error *err = json_parse(&json, (struct slice){ schema, strlen(schema) }, "the answer's schema");
	if (err)
		return err;
	g = xcalloc(1, sizeof(*g));
	g->schema = json;
	batch_pack_init(&g->pack, m);
	g->next = b->gatherings;
	b->gatherings = g;
	*out = g;
	return start_intent(b, g, xstrdup(schema));
}

/* At most: the estimate may be far too low for a text of signs, never by more than this. */
#define WORST_OF_ESTIMATE 2

static int64_t tokens_of(const char *text)
{
	return text ? model_estimate_tokens((struct slice){ text, strlen(text) }) : 0;
}

static double worst_cost(const struct session_batch *b, const struct call *call)
{
	const struct model *m = call->assignment->model;
	struct model_usage worst = MODEL_USAGE_UNKNOWN;
	struct model_request r;
	call_request(call, &r);
	worst.input_tokens = WORST_OF_ESTIMATE * (tokens_of(r.system) + tokens_of(r.shared) +
						  tokens_of(r.user) + tokens_of(r.schema));
	worst.output_tokens = call->assignment->output_tokens;
	double usd = model_cost(m, &worst, b->settings->now);
	return usd < 0 ? usd : usd * model_batch_fraction(m, worst.input_tokens, b->settings->now);
}

static struct error *open_account(struct session_batch *b, struct gathering *g, const struct call *call)
{
	char id[BATCH_SPENDING_DIGITS + 1];
	struct batch_account account;
	if (!b->budget || model_is_free(call->assignment->model))
		return NULL;
	outstanding_spending_id(g->intent.tag, call->hash, id);
	struct error *err = session_budget_open_account(b->budget, call, id, worst_cost(b, call), &account);
	if (err)
		return err;
	ALLOC_GROW(g->accounts, g->nr_accounts, g->alloc_accounts);
	g->accounts[g->nr_accounts++] = account;
	return NULL;
}

static void add_entry(struct session_batch *b, struct gathering *g, const struct call *call)
{
	const struct paper *paper = call->assignment->job->paper;
	int64_t part, parts;
	call_place(call, &part, &parts);
	outstanding_add(&g->intent, &(struct batch_entry){
		.request = (char *)call->hash,
		.content_id = (char *)paper->content_id,
		.paper = (char *)paper->path,
		.author = (char *)session_budget_author(b->budget, paper),
		.task = (char *)call->task->name,
		.part = part,
		.parts = parts,
	});
}

static struct error *gather(struct session_batch *b, const struct call *call)
{
	const struct assignment *a = call->assignment;
	struct model_request request;
	struct gathering *g;
	call_request(call, &request);
	struct error *err = gathering_of(b, a->model, request.schema, &g);
	if (err)
		return err;
	bool alone = a->nr_calls <= a->parts.nr;
	bool is_new = !strmap_has(&g->requests, call->hash, strlen(call->hash));
	err = is_new ? call_note(call) : NULL;
	if (err)
		return err;
	if (is_new && !batch_pack_add(&g->pack, call->hash, &request, g->schema, alone)) {
		err = send_gathering(b, g);
		if (err)
			return err;
		batch_pack_add(&g->pack, call->hash, &request, g->schema, alone);
	}
	if (is_new)
		err = open_account(b, g, call);
	if (err) {
		batch_pack_drop_last(&g->pack);
		return err;
	}
	strmap_add(&g->requests, call->hash, strlen(call->hash));
	add_entry(b, g, call);
	return NULL;
}

struct error *session_batch_take(struct session_batch *b, const struct call *call, enum call_way *way)
{
	const struct assignment *a = call->assignment;
	bool waits = batches_wait_for(&b->known, a->job->paper->content_id, call->hash);
	/* Rulings come last and end the review: who asks for them is there to see it. */
	bool into_batch = b->settings->asking == SESSION_ASK_BATCH && batch_api_of(a->model) &&
			  call->task->id != TASK_ADJUDICATION;
	*way = CALL_WAITS;
	if (waits)
		return NULL;
	if (into_batch)
		return gather(b, call);
	*way = b->settings->asking == SESSION_ASK_NOTHING ? CALL_UNASKED : CALL_LIVE;
	return NULL;
}
