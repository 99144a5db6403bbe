#include "review/session_batch.h"

#include <string.h>
#include <sys/random.h>

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
	struct gathering *next;
};

struct session_batch {
	const struct session_settings *settings;
	struct batches known;
	struct gathering *gatherings;
	struct records_claim *claims[MAX_CLAIMS];
	size_t nr_claims;
};

struct error *session_batch_new(struct session_batch **out, const struct session_settings *settings)
{
	struct session_batch *b = xcalloc(1, sizeof(*b));
	b->settings = settings;
	struct error *err = batches_load(&b->known, settings->records);
	if (err)
		session_batch_free(b);
	else
		*out = b;
	return err;
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

static struct error *new_tag(char out[BATCH_TAG_DIGITS + 1])
{
	unsigned char bytes[BATCH_TAG_DIGITS / 2];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(ERROR_IO, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return NULL;
}

static void note_sent(const struct session_batch *b, const struct gathering *g)
{
	char *text = xstrfmt("sent %zu question%s to %s as a batch, at half price; `git scrutiny collect` takes "
			     "in the answers, within a day", g->pack.nr, g->pack.nr == 1 ? "" : "s",
			     g->intent.reviewer);
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
	char tag[BATCH_TAG_DIGITS + 1];
	struct error *err = new_tag(tag);
	if (err)
		return err;
	g->intent.tag = xstrdup(tag);
	err = batches_put_intent(b->settings->records, &g->intent);
	if (err)
		return err;
	struct error *failure = g->pack.api->create(&server, g->intent.tag, slice_of(&g->pack.requests), &id);
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

static struct error *send_gathering(struct session_batch *b, struct gathering *g)
{
	struct error *err = g->pack.nr ? send(b, g) : NULL;
	char *schema = g->intent.schema;
	g->intent.schema = NULL;
	batch_pack_release(&g->pack);
	outstanding_release(&g->intent);
	strmap_release(&g->requests, NULL);
	g->requests = (struct strmap)STRMAP_INIT;
	g->intent = (struct outstanding){ .reviewer = xstrdup(g->pack.model->reviewer),
					  .date = b->settings->now, .schema = schema };
	return err;
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
	g->intent = (struct outstanding){ .reviewer = xstrdup(m->reviewer), .date = b->settings->now,
					  .schema = xstrdup(schema) };
	g->next = b->gatherings;
	b->gatherings = g;
	*out = g;
	return NULL;
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
	if (!strmap_has(&g->requests, call->hash, strlen(call->hash)) &&
	    !batch_pack_add(&g->pack, call->hash, &request, g->schema)) {
		err = send_gathering(b, g);
		batch_pack_add(&g->pack, call->hash, &request, g->schema);
	}
	strmap_add(&g->requests, call->hash, strlen(call->hash));
	outstanding_add(&g->intent, call->hash, a->job->paper->content_id, call->task->name,
			(int64_t)call->part + 1, (int64_t)a->parts.nr);
	return err;
}

struct error *session_batch_take(struct session_batch *b, const struct call *call, enum call_way *way)
{
	const struct assignment *a = call->assignment;
	bool waits = batches_wait_for(&b->known, a->job->paper->content_id, call->hash);
	bool into_batch = b->settings->asking == SESSION_ASK_BATCH && batch_api_of(a->model);
	*way = CALL_WAITS;
	if (waits)
		return NULL;
	if (into_batch)
		return gather(b, call);
	*way = b->settings->asking == SESSION_ASK_NOTHING ? CALL_UNASKED : CALL_LIVE;
	return NULL;
}
