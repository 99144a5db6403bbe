/* The questions of a session that go, or have gone, into batches; used by the session's files only. */
#ifndef REVIEW_SESSION_BATCH_H
#define REVIEW_SESSION_BATCH_H

#include "review/batches.h"
#include "review/session_budget.h"
#include "review/session_job.h"

struct session_batch;

/* What becomes of a question that is not answered. */
enum call_way {
	CALL_LIVE,    /* it is put to the model now */
	CALL_WAITS,   /* its answer comes with a batch */
	CALL_UNASKED, /* this session asks nothing */
};

/* BUDGET may be NULL. It must live longer. */
struct error *session_batch_new(struct session_batch **out, const struct session_settings *settings,
				struct session_budget *budget);
/* What was gathered and not sent is forgotten: nobody was asked. */
void session_batch_free(struct session_batch *b);

/* Looks for batches that other processes have sent meanwhile: once a paper, before its calls. */
struct error *session_batch_look(struct session_batch *b);
/* A call that goes into a batch is copied; its job may be closed before it is sent. ERROR_BUDGET refuses it. */
struct error *session_batch_take(struct session_batch *b, const struct call *call, enum call_way *way);
/* JOB is done with. As long as its questions are not sent, nobody else is to ask them: its claim is
 * kept until then. Sends when there is enough. */
struct error *session_batch_close_job(struct session_batch *b, struct job *job);
bool session_batch_holds_claims(const struct session_batch *b);
/* Sends everything, and gives up the claims. */
struct error *session_batch_flush(struct session_batch *b);

#endif
