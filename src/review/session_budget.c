#include "review/session_budget.h"

#include "base/memory.h"
#include "review/authors.h"

/* Calls submitted again for each one that was settled: one takes its place, one what is left of its
 * reservation. */
#define RESUMED_PER_SETTLEMENT 2

struct session_budget {
	const struct session_settings *settings;
	struct budget *budget;
	struct authors *authors;
	struct error *err;      /* the first of keeping account */
	size_t open;            /* reservations that are not settled */
	struct call **postponed;
	size_t nr_postponed, alloc_postponed, first_postponed;
	size_t to_resume;
	double spent;
	bool unknown;
};

static bool costs_money(const struct session_settings *settings)
{
	for (size_t i = 0; i < settings->nr_models; i++)
		if (!model_is_free(&settings->models[i]))
			return true;
	return false;
}

struct session_budget *session_budget_new(const struct session_settings *settings,
					  const struct paper *const *papers, size_t nr)
{
	if (!costs_money(settings))
		return NULL;
	struct session_budget *b = xcalloc(1, sizeof(*b));
	b->settings = settings;
	b->authors = authors_new(snapshot_repo(settings->snapshot), papers, nr);
	return b;
}

static void tell_warning(struct session_budget *b)
{
	char *warning;
	while ((warning = budget_warning(b->budget))) {
		if (b->settings->on_warning)
			b->settings->on_warning(b->settings->data, warning);
		free(warning);
	}
}

/* Only where something is to be spent: the ledger may be long, and the git directory one that cannot be
 * written to. */
static struct error *set_aside(struct session_budget *b, const struct spending *what, double usd,
			       uint64_t *reservation)
{
	static const struct budget_limits none = BUDGET_NO_LIMITS;
	const struct session_settings *settings = b->settings;
	struct error *err = NULL;
	if (!b->budget) {
		err = budget_open(&b->budget, snapshot_repo(settings->snapshot), settings->records,
				  settings->limits ? settings->limits : &none, NULL);
		if (err)
			return err;
		tell_warning(b);
	}
	return budget_reserve(b->budget, what, usd, reservation);
}

void session_budget_free(struct session_budget *b)
{
	if (!b)
		return;
	budget_free(b->budget);
	authors_free(b->authors);
	error_free(b->err);
	free(b->postponed);
	free(b);
}

/* -- around every request ----------------------------------------------------------------------------- */

/* Its strings are borrowed. */
static struct spending spending_of(struct session_budget *b, const struct call *call)
{
	const struct assignment *a = call->assignment;
	const struct paper *paper = a->job->paper;
	return (struct spending){
		.reviewer = a->model->reviewer,
		.paper = (char *)paper->path,
		.content_id = (char *)paper->content_id,
		.task = (char *)call->task->name,
		.author = (char *)authors_find(b->authors, paper->path),
		.request = (char *)call->hash,
	};
}

static struct error *reserve(void *data, void *request_data, const struct model_usage *worst, double usd,
			     uint64_t *reservation)
{
	struct session_budget *b = data;
	struct spending what = spending_of(b, request_data);
	(void)worst;
	struct error *err = set_aside(b, &what, usd, reservation);
	b->open += !err;
	return err;
}

/* The call may be gone with its paper. */
static void settle(void *data, uint64_t reservation, const struct model_usage *usage, double usd, bool sure)
{
	struct session_budget *b = data;
	struct spending actual = {
		.input_tokens = usage->input_tokens,
		.output_tokens = usage->output_tokens,
		.cached_tokens = usage->cached_tokens,
		.usd = usd,
		.estimated = !sure,
	};
	struct error *err = budget_settle(b->budget, reservation, &actual);
	if (b->err)
		error_free(err);
	else
		b->err = err;
	b->open--;
	b->to_resume += RESUMED_PER_SETTLEMENT;
	if (usd < 0)
		b->unknown = true;
	else
		b->spent += usd;
	tell_warning(b);
}

void session_budget_watch(struct session_budget *b, struct model_engine_settings *engine)
{
	if (b)
		engine->budget = (struct model_budget){ reserve, settle, b };
}

/* -- batches ------------------------------------------------------------------------------------------- */

struct error *session_budget_open_account(struct session_budget *b, const struct call *call, const char *id,
					  double usd, struct batch_account *out)
{
	*out = (struct batch_account){ 0 };
	if (!b)
		return NULL;
	struct spending what = spending_of(b, call);
	what.id = (char *)id;
	what.batch = true;
	struct error *err = set_aside(b, &what, usd, &out->reservation);
	if (err)
		return err;
	spending_copy(&out->what, &what);
	out->what.usd = usd;
	return NULL;
}

void session_budget_close_account(struct session_budget *b, struct batch_account *a, bool sent)
{
	if (!a->reservation)
		return;
	a->what.input_tokens = a->what.output_tokens = a->what.cached_tokens = -1;
	a->what.estimated = sent;
	if (!sent)
		a->what.usd = 0;
	struct error *err = budget_settle(b->budget, a->reservation, &a->what);
	if (b->err)
		error_free(err);
	else
		b->err = err;
	spending_release(&a->what);
	*a = (struct batch_account){ 0 };
	tell_warning(b);
}

const char *session_budget_author(struct session_budget *b, const struct paper *paper)
{
	return b ? authors_find(b->authors, paper->path) : NULL;
}

/* -- waiting for room ---------------------------------------------------------------------------------- */

bool session_budget_postpone(struct session_budget *b, struct call *call, const struct model_reply *reply)
{
	/* What was sent once is not sent from the start again. */
	if (!b || reply->outcome != MODEL_OVER_BUDGET || reply->attempts || !b->open)
		return false;
	ALLOC_GROW(b->postponed, b->nr_postponed, b->alloc_postponed);
	b->postponed[b->nr_postponed++] = call;
	return true;
}

struct call *session_budget_resume(struct session_budget *b, bool all)
{
	if (!b || b->first_postponed == b->nr_postponed || (!all && !b->to_resume))
		return NULL;
	struct call *call = b->postponed[b->first_postponed++];
	if (b->first_postponed == b->nr_postponed)
		b->first_postponed = b->nr_postponed = 0;
	b->to_resume -= b->to_resume > 0;
	return call;
}

/* -- the end ------------------------------------------------------------------------------------------- */

double session_budget_spent(const struct session_budget *b)
{
	return b ? b->spent : 0;
}

struct error *session_budget_finish(struct session_budget *b, struct session_totals *totals)
{
	struct budget_state state;
	if (!b || !b->budget)
		return NULL;
	totals->cost_usd = b->spent;
	totals->cost_unknown = b->unknown;
	struct error *err = b->err;
	b->err = NULL;
	if (!err)
		err = budget_state(b->budget, &state);
	if (!err) {
		totals->month_is_known = true;
		totals->month_usd = state.month;
		err = budget_journal(b->budget);
	}
	return err;
}
