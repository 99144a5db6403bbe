/* Which models are asked, and where they are configured. */
#include "cmd/workspace.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "git/credential.h"

static const char *config_of(void *data, const char *key)
{
	return repo_config(data, key);
}

static void config_each_of(void *data, const char *prefix,
			   void (*fn)(const char *key, const char *value, void *fn_data), void *fn_data)
{
	repo_config_each(data, prefix, fn, fn_data);
}

static const char *env_of(void *data, const char *name)
{
	(void)data;
	return context_env(name);
}

/* A helper that fails, or is not there, keeps nothing. */
static char *credential_of(void *data, const char *provider, const char *endpoint)
{
	char *secret = NULL;
	if (!credential_has_helper(data))
		return NULL;
	struct error *err = credential_fill(data, endpoint, provider, &secret);
	if (err)
		say_warning("no key for %s: %s", provider, err->message);
	error_free(err);
	return secret;
}

struct model_settings workspace_model_settings(struct repo *repo)
{
	return (struct model_settings){ .config = config_of, .config_each = config_each_of, .env = env_of,
					.credential = credential_of, .data = repo,
					.http = workspace_http_settings(repo) };
}

static bool already_there(const struct workspace *ws, const char *reviewer)
{
	return model_of_reviewer(ws->models, ws->nr_models, reviewer) != NULL;
}

static void add_absent(struct workspace *ws, const char *spec, struct error *err)
{
	for (size_t i = 0; i < ws->nr_absent; i++) {
		if (!strcmp(ws->absent[i].reviewer, spec)) {
			error_free(err);
			return;
		}
	}
	char *message = err->hint ? xstrfmt("%s (%s)", err->message, err->hint)
				  : xstrdup(err->message);
	ws->absent = xreallocarray(ws->absent, ws->nr_absent + 1, sizeof(*ws->absent));
	ws->absent[ws->nr_absent++] = (struct absent_reviewer){ xstrdup(spec), redact(message) };
	error_free(err);
}

/* A reviewer that the command line NAMED has to be right; one that a file asks for may need a key
 * that this person does not have. *REVIEWER (may be NULL) becomes its whole name, malloc'd, if it can be
 * called. */
static struct error *find_reviewer(struct workspace *ws, const char *spec, bool named,
				   char **reviewer)
{
	struct model_settings settings = workspace_model_settings(ws->repo);
	struct model model;
	if (!strcmp(spec, "builtin"))
		return NULL;
	struct error *err = model_find(&model, spec, &settings);
	if (named && error_is(err, ERROR_USAGE))
		return err;
	if (err) {
		add_absent(ws, spec, err);
		return NULL;
	}
	if (reviewer)
		*reviewer = xstrdup(model.reviewer);
	if (already_there(ws, model.reviewer)) {
		model_release(&model);
		return NULL;
	}
	ws->models = xreallocarray(ws->models, ws->nr_models + 1, sizeof(*ws->models));
	ws->models[ws->nr_models++] = model;
	return NULL;
}

static struct error *add_model(struct workspace *ws, const char *spec, bool named)
{
	return find_reviewer(ws, spec, named, NULL);
}

void workspace_add_reviewer(struct workspace *ws, const char *reviewer)
{
	for (size_t i = 0; i < ws->nr_absent; i++)
		if (!strcmp(ws->absent[i].reviewer, reviewer))
			return;
	if (!already_there(ws, reviewer))
		error_free(add_model(ws, reviewer, false)); /* told as absent */
	for (size_t i = ws->nr_default; i < ws->nr_models; i++) {
		if (strcmp(ws->models[i].reviewer, reviewer) != 0)
			continue;
		struct model first = ws->models[ws->nr_default];
		ws->models[ws->nr_default++] = ws->models[i];
		ws->models[i] = first;
		break;
	}
}

static struct error *add_models(struct workspace *ws, const char *list, bool named)
{
	struct error *err = NULL;
	while (*list && !err) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);
		struct slice word = slice_trim((struct slice){ list, len });
		if (word.len) {
			char *spec = xmemdupz(word.data, word.len);
			err = add_model(ws, spec, named);
			free(spec);
		}
		list += len + (comma ? 1 : 0);
	}
	return err;
}

/* An Ollama on this machine is used by itself when it answers and has a model. */
static void add_local_ollama(struct workspace *ws)
{
	struct model_settings settings = workspace_model_settings(ws->repo);
	struct model model;
	struct error *err = model_find(&model, "ollama", &settings);
	if (err) {
		trace_printf("no local model: %s", err->message);
		error_free(err);
		return;
	}
	if (!model.local) {
		/* OLLAMA_HOST may point elsewhere: that is no "localhost", so it must be named. */
		model_release(&model);
		return;
	}
	ws->models = xcalloc(1, sizeof(*ws->models));
	ws->models[ws->nr_models++] = model;
}

/* Of those that would be asked, the ones on this machine: a gateway that has a price is not one of them, wherever
 * it runs. The others are not asked for, so they are not absent. */
static void keep_local(struct workspace *ws)
{
	size_t kept = 0;
	for (size_t i = 0; i < ws->nr_models; i++) {
		if (model_is_free(&ws->models[i]))
			ws->models[kept++] = ws->models[i];
		else
			model_release(&ws->models[i]);
	}
	ws->nr_models = kept;
	while (ws->nr_absent) {
		struct absent_reviewer *a = &ws->absent[--ws->nr_absent];
		free((char *)a->reviewer);
		free((char *)a->message);
	}
	ws->routed = false;
}

static struct error *find_default_models(struct workspace *ws, const char *spec)
{
	const char *configured = repo_config(ws->repo, "scrutiny.reviewers");
	if (spec)
		return add_models(ws, spec, true);
	if (configured)
		return add_models(ws, configured, false);
	ws->routed = true;
	if (!ws->policy.reviewers_set) {
		add_local_ollama(ws);
		return NULL;
	}
	struct error *err = NULL;
	for (size_t i = 0; i < ws->policy.nr_reviewers && !err; i++)
		err = add_model(ws, ws->policy.reviewers[i], false);
	return err;
}

/* The models that LIST names, whose items become the names these are recorded by. */
static struct error *add_routed(struct workspace *ws, char **list, size_t nr)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		char *reviewer = NULL;
		err = find_reviewer(ws, list[i], false, &reviewer);
		if (reviewer) {
			free(list[i]);
			list[i] = reviewer;
		}
	}
	return err;
}

/* Who cannot be called cannot step in for anybody: that is told if it comes to it, by the failure. */
static void add_fall_backs(struct workspace *ws, struct policy_chain *chain)
{
	size_t absent = ws->nr_absent;
	error_free(add_routed(ws, &chain->reviewer, 1));
	error_free(add_routed(ws, chain->then, chain->nr_then));
	while (ws->nr_absent > absent) {
		struct absent_reviewer *a = &ws->absent[--ws->nr_absent];
		trace_printf("%s cannot step in for %s: %s", a->reviewer, chain->reviewer, a->message);
		free((char *)a->reviewer);
		free((char *)a->message);
	}
}

struct error *workspace_find_models(struct workspace *ws, const char *spec, bool checks_only)
{
	struct policy_review *review = &ws->policy.review;
	if (checks_only)
		return NULL;
	bool local = spec && !strcmp(spec, "local");
	struct error *err = find_default_models(ws, local ? NULL : spec);
	if (!err && local)
		keep_local(ws);
	ws->nr_default = ws->nr_models;
	for (size_t i = 0; i < review->nr_routes && ws->routed && !err; i++) {
		err = add_routed(ws, review->routes[i].reviewers, review->routes[i].nr_reviewers);
		if (!err && review->routes[i].when != ROUTE_NEVER)
			err = add_routed(ws, review->routes[i].escalate,
					 review->routes[i].nr_escalate);
	}
	for (size_t i = 0; i < review->nr_chains && ws->routed && !err; i++)
		add_fall_backs(ws, &review->chains[i]);
	return err;
}

struct error *workspace_find_adjudicator(struct workspace *ws, const char *spec, bool checks_only)
{
	const char *configured = repo_config(ws->repo, "scrutiny.adjudicate");
	const char *name = spec ? spec : configured;
	if (!name && ws->routed)
		name = ws->policy.review.adjudicate;
	if (!name || checks_only || !strcmp(name, "none"))
		return NULL;
	return find_reviewer(ws, name, spec != NULL, &ws->adjudicator);
}

const struct model *workspace_adjudicator(const struct workspace *ws)
{
	return ws->adjudicator ? model_of_reviewer(ws->models, ws->nr_models, ws->adjudicator) : NULL;
}

const struct policy_review *workspace_routes(const struct workspace *ws)
{
	return ws->routed ? &ws->policy.review : NULL;
}
