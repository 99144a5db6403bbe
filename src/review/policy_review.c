#include "review/policy_review.h"

#include "base/memory.h"
#include "review/policy.h"
#include "review/policy_parts.h"
#include "review/tasks.h"

/* ERR, of a word that a person wrote at NODE, with its place. */
static struct error *at_node(struct error *err, const struct yaml_node *node, const char *file)
{
	struct error *placed = error_at(ERROR_SYNTAX, file, node->line, node->column, "%s",
					err->message);
	if (err->hint)
		placed = error_with_hint(placed, "%s", err->hint);
	error_free(err);
	return placed;
}

struct error *policy_read_tasks(struct policy *p, const struct yaml_node *value, const char *file)
{
	char **names = NULL;
	size_t nr = 0;
	struct error *err = policy_read_list(&names, &nr, value, file, "tasks");
	for (size_t i = 0; i < nr && !err; i++) {
		unsigned set = 0;
		err = task_set_parse(&set, names[i]);
		if (err)
			err = at_node(err, value->kind == YAML_SEQUENCE ? value->items[i] : value,
				      file);
		p->review.tasks |= set;
	}
	strings_free(names, nr);
	return err;
}

/* -- rubrics ---------------------------------------------------------------------------------- */

static struct error *read_rubric(enum rubric *out, const struct yaml_node *value, const char *file)
{
	const char *name;
	struct error *err = yaml_string(value, file, "rubric", &name);
	if (!err && !rubric_parse(name, out))
		err = error_at(ERROR_SYNTAX, file, value->line, value->column,
			       "'rubric' is theory, empirical, ml, survey, none or auto, not '%s'",
			       name);
	return err;
}

static struct error *add_rubric(struct policy_review *r, const char *glob,
				const struct yaml_node *value, const char *file)
{
	enum rubric rubric;
	struct error *err = read_rubric(&rubric, value, file);
	if (err)
		return err;
	r->rubrics = xreallocarray(r->rubrics, r->nr_rubrics + 1, sizeof(*r->rubrics));
	r->rubrics[r->nr_rubrics++] = (struct policy_rubric){ xstrdup(glob), rubric };
	return NULL;
}

/* One rubric for all papers, or a mapping from globs. */
struct error *policy_read_rubric(struct policy *p, const struct yaml_node *value, const char *file)
{
	struct error *err = NULL;
	if (value->kind == YAML_SCALAR)
		return add_rubric(&p->review, ".", value, file);
	if (value->kind != YAML_MAPPING)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'rubric' must be a word or '<papers>: <rubric>' lines");
	if (value->nr / 2 > POLICY_MAX_LIST)
		return error_at(ERROR_LIMIT, file, value->line, value->column,
				"'rubric' has more than %d items", POLICY_MAX_LIST);
	for (size_t i = 0; i + 1 < value->nr && !err; i += 2) {
		char *glob;
		err = yaml_string(value->items[i], file, "rubric", (const char **)&glob);
		if (!err)
			err = policy_check_globs(&glob, 1, value->items[i], file, "rubric");
		if (!err)
			err = add_rubric(&p->review, glob, value->items[i + 1], file);
	}
	return err;
}

enum rubric policy_rubric_of(const struct policy *p, const char *paper)
{
	for (size_t i = 0; i < p->review.nr_rubrics; i++)
		if (policy_glob_covers(p->review.rubrics[i].glob, paper))
			return p->review.rubrics[i].rubric;
	return RUBRIC_AUTO;
}

struct error *policy_read_adjudicate(struct policy *p, const struct yaml_node *value, const char *file)
{
	const char *reviewer;
	struct error *err = yaml_string(value, file, "adjudicate", &reviewer);
	if (!err)
		p->review.adjudicate = xstrdup(reviewer);
	return err;
}

/* -- routes ----------------------------------------------------------------------------------- */

static struct error *read_route_papers(struct policy_route *r, const struct yaml_node *value,
				       const char *file)
{
	struct error *err = policy_read_list(&r->papers, &r->nr_papers, value, file, "papers");
	return err ? err : policy_check_globs(r->papers, r->nr_papers, value, file, "papers");
}

static struct error *read_route_reviewers(struct policy_route *r, const struct yaml_node *value,
					  const char *file)
{
	return policy_read_list(&r->reviewers, &r->nr_reviewers, value, file, "reviewers");
}

static struct error *read_route_escalate(struct policy_route *r, const struct yaml_node *value,
					 const char *file)
{
	return policy_read_list(&r->escalate, &r->nr_escalate, value, file, "escalate");
}

static struct error *read_route_when(struct policy_route *r, const struct yaml_node *value,
				     const char *file)
{
	static const struct {
		const char *name;
		enum route_when when;
	} names[] = { { "disagree", ROUTE_DISAGREE }, { "always", ROUTE_ALWAYS },
		      { "never", ROUTE_NEVER } };
	const char *name;
	struct error *err = yaml_string(value, file, "when", &name);
	for (size_t i = 0; i < ARRAY_SIZE(names) && !err; i++) {
		if (!strcmp(names[i].name, name)) {
			r->when = names[i].when;
			return NULL;
		}
	}
	return err ? err : error_at(ERROR_SYNTAX, file, value->line, value->column,
				    "'when' is disagree, always or never, not '%s'", name);
}

static const struct {
	const char *name;
	struct error *(*read)(struct policy_route *r, const struct yaml_node *value, const char *file);
} route_keys[] = {
	{ "escalate", read_route_escalate },
	{ "papers", read_route_papers },
	{ "reviewers", read_route_reviewers },
	{ "when", read_route_when },
};

static struct error *read_route_pair(struct policy_route *r, const struct yaml_node *key,
				     const struct yaml_node *value, const char *file)
{
	const char *name;
	struct error *err = yaml_string(key, file, "routes", &name);
	for (size_t i = 0; i < ARRAY_SIZE(route_keys) && !err; i++)
		if (!strcmp(route_keys[i].name, name))
			return yaml_is_null(value) ? NULL : route_keys[i].read(r, value, file);
	return err ? err
		   : error_with_hint(error_at(ERROR_SYNTAX, file, key->line, key->column,
					      "a route has no key '%.40s'", name),
				     "its keys are papers, reviewers, escalate and when");
}

static struct error *read_route(struct policy_route *r, const struct yaml_node *value,
				const char *file)
{
	struct error *err = NULL;
	if (value->kind != YAML_MAPPING)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"a route is made of 'key: value' lines");
	for (size_t i = 0; i + 1 < value->nr && !err; i += 2)
		err = read_route_pair(r, value->items[i], value->items[i + 1], file);
	return err;
}

struct error *policy_read_routes(struct policy *p, const struct yaml_node *value, const char *file)
{
	struct policy_review *r = &p->review;
	struct error *err = NULL;
	if (value->kind != YAML_SEQUENCE)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'routes' must be a list");
	if (value->nr > POLICY_MAX_ROUTES)
		return error_at(ERROR_LIMIT, file, value->line, value->column,
				"'routes' has more than %d items", POLICY_MAX_ROUTES);
	r->routes = xcalloc(value->nr + 1, sizeof(*r->routes));
	for (size_t i = 0; i < value->nr && !err; i++)
		err = read_route(&r->routes[r->nr_routes++], value->items[i], file);
	return err;
}

static bool covers(const struct policy_route *route, const char *paper)
{
	for (size_t i = 0; i < route->nr_papers; i++)
		if (policy_glob_covers(route->papers[i], paper))
			return true;
	return !route->nr_papers;
}

const struct policy_route *policy_route_of(const struct policy_review *r, const char *paper)
{
	for (size_t i = 0; i < r->nr_routes; i++)
		if (covers(&r->routes[i], paper))
			return &r->routes[i];
	return NULL;
}

/* -- fall-back chains ------------------------------------------------------------------------- */

struct error *policy_read_fallback(struct policy *p, const struct yaml_node *value, const char *file)
{
	struct policy_review *r = &p->review;
	struct error *err = NULL;
	if (value->kind != YAML_MAPPING)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'fallback' must be '<reviewer>: [<reviewer>, ...]' lines");
	if (value->nr / 2 > POLICY_MAX_ROUTES)
		return error_at(ERROR_LIMIT, file, value->line, value->column,
				"'fallback' has more than %d items", POLICY_MAX_ROUTES);
	r->chains = xcalloc(value->nr / 2 + 1, sizeof(*r->chains));
	for (size_t i = 0; i + 1 < value->nr && !err; i += 2) {
		struct policy_chain *chain = &r->chains[r->nr_chains++];
		const char *reviewer;
		err = yaml_string(value->items[i], file, "fallback", &reviewer);
		if (!err) {
			chain->reviewer = xstrdup(reviewer);
			err = policy_read_list(&chain->then, &chain->nr_then, value->items[i + 1],
					       file, "fallback");
		}
	}
	return err;
}

const struct policy_chain *policy_chain_of(const struct policy_review *r, const char *reviewer)
{
	for (size_t i = 0; i < r->nr_chains; i++)
		if (!strcmp(r->chains[i].reviewer, reviewer))
			return &r->chains[i];
	return NULL;
}

void policy_review_release(struct policy_review *r)
{
	for (size_t i = 0; i < r->nr_rubrics; i++)
		free(r->rubrics[i].glob);
	free(r->rubrics);
	for (size_t i = 0; i < r->nr_routes; i++) {
		strings_free(r->routes[i].papers, r->routes[i].nr_papers);
		strings_free(r->routes[i].reviewers, r->routes[i].nr_reviewers);
		strings_free(r->routes[i].escalate, r->routes[i].nr_escalate);
	}
	free(r->routes);
	for (size_t i = 0; i < r->nr_chains; i++) {
		free(r->chains[i].reviewer);
		strings_free(r->chains[i].then, r->chains[i].nr_then);
	}
	free(r->chains);
	free(r->adjudicate);
	*r = (struct policy_review){ 0 };
}
