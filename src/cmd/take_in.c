#include "cmd/take_in.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "review/tasks.h"

struct taking {
	struct workspace *ws;
	bool quiet;
};

static struct error *find_model(void *data, const char *reviewer, const struct model **out)
{
	const struct taking *t = data;
	*out = model_of_reviewer(t->ws->models, t->ws->nr_models, reviewer);
	if (*out)
		return NULL;
	for (size_t i = 0; i < t->ws->nr_absent; i++)
		if (!strcmp(t->ws->absent[i].reviewer, reviewer))
			return error_new(ERROR_NOT_FOUND, "%s", t->ws->absent[i].message);
	return error_new(ERROR_NOT_FOUND, "it is not configured here");
}

static void on_note(void *data, bool warning, const char *text)
{
	const struct taking *t = data;
	struct buffer line = BUFFER_INIT;
	text_for_terminal(&line, text, strlen(text), false);
	if (warning)
		say_warning("%s", line.data);
	else if (!t->quiet)
		fprintf(stderr, "%s\n", line.data);
	buffer_release(&line);
}

/* Leaves out the batches of models that are not asked now. */
static void keep_those_asked(struct batches *b, const struct workspace *ws)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->nr; i++) {
		if (model_of_reviewer(ws->models, ws->nr_models, b->items[i].reviewer))
			b->items[kept++] = b->items[i];
		else
			outstanding_release(&b->items[i]);
	}
	b->nr = kept;
}

/* What was asked is what can have been answered. */
static void add_tasks(struct workspace *ws, const struct outstanding *o)
{
	for (size_t i = 0; i < o->nr; i++) {
		const struct task *task = task_by_name(o->entries[i].task);
		ws->tasks |= task && task->id != TASK_ADJUDICATION ? TASK_BIT(task->id) : 0;
	}
}

/* Where papers went ways of .scrutiny.yml, those who stand further on are known, too: a review that needs them is
 * then told to be incomplete, and the next run asks them. */
static struct error *add_all(struct batches *b, struct workspace *ws)
{
	bool routed = false;
	for (size_t i = 0; i < b->nr; i++)
		routed |= b->items[i].routed;
	struct error *err = routed ? workspace_find_models(ws, NULL, false) : NULL;
	for (size_t i = 0; i < b->nr && !err; i++) {
		workspace_add_reviewer(ws, b->items[i].reviewer);
		add_tasks(ws, &b->items[i]);
	}
	return err;
}

/* Nothing that is collected is refused: it was allowed when it was sent. */
static struct error *collect_and_book(struct workspace *ws, const struct batches *b,
				      struct collect_settings *settings, struct collect_totals *totals)
{
	static const struct budget_limits none = BUDGET_NO_LIMITS;
	struct error *err = budget_open(&settings->budget, ws->repo, ws->records, &none, NULL);
	if (err)
		return err;
	err = batches_collect(b, settings, totals);
	if (!err)
		err = budget_journal(settings->budget);
	budget_free(settings->budget);
	return err;
}

struct error *take_in_batches(struct workspace *ws, const struct take_in *how, struct collect_totals *totals)
{
	struct batches b;
	struct taking t = { ws, how->quiet };
	struct http_settings http = workspace_http_settings(ws->repo);
	*totals = (struct collect_totals){ .content_ids = STRMAP_INIT };
	struct error *err = batches_load(&b, ws->records);
	if (err)
		return err;
	if (how->all)
		err = add_all(&b, ws);
	else
		keep_those_asked(&b, ws);
	struct collect_settings settings = {
		.records = ws->records,
		.find_model = find_model,
		.http = &http,
		.now = (int64_t)time(NULL),
		.stop = ws->ctx->stop,
		.cancel = how->cancel,
		.on_note = on_note,
		.data = &t,
	};
	if (b.nr && !err) {
		context_catch_signals(ws->ctx);
		settings.stop = ws->ctx->stop;
		err = collect_and_book(ws, &b, &settings, totals);
	}
	batches_release(&b);
	return err;
}
