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
	policy_free_list(names, nr);
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

void policy_review_release(struct policy_review *r)
{
	for (size_t i = 0; i < r->nr_rubrics; i++)
		free(r->rubrics[i].glob);
	free(r->rubrics);
	*r = (struct policy_review){ 0 };
}
