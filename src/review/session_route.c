/* Who reviews a paper: its route, who is asked when those disagree, and who steps in for one that failed. */
#include "review/session_job.h"

#include "base/memory.h"
#include "base/trace.h"

/* Overall scores that lie this far apart are a disagreement. */
#define SCORES_APART 2.0

static bool is_assigned(const struct job *job, const struct model *model)
{
	for (size_t i = 0; i < job->nr_assignments; i++)
		if (job->assignments[i].model == model)
			return true;
	return false;
}

/* Each model at most once a paper; NULL when it is there already. */
static struct assignment *assign(struct job *job, const struct model *model)
{
	if (!model || is_assigned(job, model))
		return NULL;
	struct assignment *a = &job->assignments[job->nr_assignments++];
	*a = (struct assignment){
		.job = job,
		.model = model,
		.tasks = job->settings->tasks ? job->settings->tasks : task_set_default(model),
	};
	return a;
}

static void assign_all(struct job *job, char *const *reviewers, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		assign(job, model_of_reviewer(job->settings->models, job->settings->nr_models, reviewers[i]));
}

static const struct policy_route *route_of(const struct session_settings *settings, const char *paper)
{
	return settings->routes ? policy_route_of(settings->routes, paper) : NULL;
}

void job_assign(struct job *job)
{
	const struct session_settings *settings = job->settings;
	const struct policy_route *route = route_of(settings, job->paper->path);
	job->assignments = xcalloc(settings->nr_models + 1, sizeof(*job->assignments));
	if (route && route->nr_reviewers)
		assign_all(job, route->reviewers, route->nr_reviewers);
	else
		for (size_t i = 0; i < settings->nr_default; i++)
			assign(job, &settings->models[i]);
	if (route && route->when == ROUTE_ALWAYS)
		assign_all(job, route->escalate, route->nr_escalate);
}

/* -- disagreement ----------------------------------------------------------------------------- */

/* The records of those who were asked so far. */
static size_t pick_records(const struct job *job, const struct review *review,
			   const struct record **out)
{
	size_t nr = 0;
	for (size_t i = 0; i < review->nr; i++)
		for (size_t a = 0; a < job->nr_assignments; a++)
			if (!strcmp(review->items[i].reviewer,
				    job->assignments[a].model->reviewer))
				out[nr++] = &review->items[i];
	return nr;
}

static bool findings_differ(const struct record *const *records, size_t nr, const struct run *run)
{
	struct consensus consensus;
	bool differ = false;
	consensus_make(&consensus, records, nr, run);
	for (size_t i = 0; i < consensus.nr && !differ; i++) {
		const struct consensus_finding *f = &consensus.findings[i];
		differ = f->severity >= SEVERITY_WARNING && f->nr_families == 1 &&
			 f->bucket != BUCKET_UNVERIFIED;
	}
	consensus_release(&consensus);
	return differ;
}

static bool scores_differ(const struct record *const *records, size_t nr)
{
	double low = 0, high = 0;
	bool any = false;
	for (size_t i = 0; i < nr; i++) {
		const struct score *s = assessment_score(&records[i]->assessment,
							 CRITERION_OVERALL);
		if (!s)
			continue;
		low = any && low < s->value ? low : s->value;
		high = any && high > s->value ? high : s->value;
		any = true;
	}
	return high - low >= SCORES_APART;
}

static struct error *disagree(const struct job *job, bool *out)
{
	struct run run = { .content_id = xstrdup(job->paper->content_id),
			   .paper = xstrdup(job->paper->path) };
	struct review review;
	struct error *err = review_make(&review, job->settings->records, &run);
	if (err) {
		run_release(&run);
		return err;
	}
	const struct record **records = xcalloc(review.nr + 1, sizeof(*records));
	size_t nr = pick_records(job, &review, records);
	/* Without any answer nobody has looked yet. */
	*out = !nr || scores_differ(records, nr) || findings_differ(records, nr, &review.run);
	free(records);
	review_release(&review);
	return NULL;
}

static bool may_escalate(const struct job *job, const struct policy_route *route)
{
	return route && route->when == ROUTE_DISAGREE && route->nr_escalate && job->nr_documents;
}

void job_assign_dearer(struct job *job)
{
	const struct policy_route *route = route_of(job->settings, job->paper->path);
	if (may_escalate(job, route))
		assign_all(job, route->escalate, route->nr_escalate);
}

struct error *job_escalate(struct job *job)
{
	const struct policy_route *route = route_of(job->settings, job->paper->path);
	bool needed = false;
	if (job->escalated || !may_escalate(job, route) || job_waits(job))
		return NULL;
	job->escalated = true;
	struct error *err = disagree(job, &needed);
	/* A record that cannot be read is told when the review is put together. */
	if (error_drop_if(&err, ERROR_SYNTAX) || error_drop_if(&err, ERROR_LIMIT) ||
	    error_drop_if(&err, ERROR_UNSUPPORTED) || err || !needed)
		return err;
	trace_printf("%s: the reviewers disagree, others are asked", job->paper->path);
	job_assign_dearer(job);
	return NULL;
}

/* -- falling back ----------------------------------------------------------------------------- */

/* Who stands behind REVIEWER in its chain and may be sent this paper. */
static struct assignment *next_of_chain(struct job *job, const char *reviewer)
{
	const struct session_settings *settings = job->settings;
	const struct policy_chain *chain =
		settings->routes ? policy_chain_of(settings->routes, reviewer) : NULL;
	struct assignment *next = NULL;
	if (!chain)
		return NULL;
	char *why_local = job_why_local(job);
	char *why_not = why_local ? why_local : job_why_not_sent(job);
	for (size_t i = 0; i < chain->nr_then && !next; i++) {
		const struct model *model = model_of_reviewer(settings->models, settings->nr_models,
							      chain->then[i]);
		if (model && (model->local || !why_not))
			next = assign(job, model);
	}
	free(why_not);
	return next;
}

struct assignment *job_fall_back(struct job *job, struct assignment *a)
{
	const char *first = a->stands_in_for ? a->stands_in_for : a->model->reviewer;
	if (a->successor)
		return NULL;
	struct assignment *next = next_of_chain(job, first);
	if (!next)
		return NULL;
	next->stands_in_for = first;
	a->successor = next;
	char *message = xstrfmt("%s; fell back to %s", a->message, next->model->reviewer);
	free(a->message);
	a->message = message;
	return next;
}

bool assignment_is_done(const struct assignment *a)
{
	while (a->outcome && a->successor)
		a = a->successor;
	return !a->outcome || a->withheld;
}
