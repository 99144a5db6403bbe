#include "review/limits.h"

#include <stddef.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

/* More than anybody means. */
#define MAX_DOLLARS 1e6

static const struct limit_key {
	const char *name; /* in .scrutiny.yml, and in git config, which lowers the case */
	size_t at;
	bool in_policy;
} keys[] = {
	{ "run", offsetof(struct budget_limits, run), true },
	{ "paper", offsetof(struct budget_limits, paper), true },
	{ "day", offsetof(struct budget_limits, day), true },
	{ "month", offsetof(struct budget_limits, month), true },
	{ "daywarn", offsetof(struct budget_limits, day_warn), false },
	{ "monthwarn", offsetof(struct budget_limits, month_warn), false },
};

static double *limit_of(struct budget_limits *limits, const struct limit_key *key)
{
	return (double *)((char *)limits + key->at);
}

static double limit_in(const struct budget_limits *limits, const struct limit_key *key)
{
	return *(const double *)((const char *)limits + key->at);
}

bool limits_parse_dollars(const char *text, double *out)
{
	char *end;
	if (!strcasecmp(text, "none")) {
		*out = -1;
		return true;
	}
	if (!ascii_digit((unsigned char)*text) && *text != '.')
		return false;
	double value = strtod(text, &end);
	if (end == text || *end || !(value >= 0) || value > MAX_DOLLARS)
		return false;
	*out = value;
	return true;
}

/* -- .scrutiny.yml --------------------------------------------------------------------------- */

static struct error *unknown_key(const struct yaml_node *key, const char *file)
{
	const char *names[ARRAY_SIZE(keys) + 1] = { NULL };
	size_t nr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].in_policy)
			names[nr++] = keys[i].name;
	const char *near = text_nearest(key->value, names);
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, key->value, key->value_len, false);
	struct error *err = error_at(ERROR_SYNTAX, file, key->line, key->column,
				     "unknown key '%s' in 'budget'%s%s%s", shown.data,
				     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	buffer_release(&shown);
	return near ? err : error_with_hint(err, "known keys: run, paper, day, month");
}

static struct error *read_limit(struct budget_limits *out, const struct yaml_node *key,
				const struct yaml_node *value, const char *file)
{
	if (key->kind != YAML_SCALAR)
		return error_at(ERROR_SYNTAX, file, key->line, key->column, "a key must be a word");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		double dollars = 0;
		if (!keys[i].in_policy || strcmp(keys[i].name, key->value))
			continue;
		if (value->kind != YAML_SCALAR || !limits_parse_dollars(value->value, &dollars) || dollars < 0)
			return error_at(ERROR_SYNTAX, file, value->line, value->column,
					"'budget.%s' must be an amount in US dollars, such as 0.50",
					keys[i].name);
		*limit_of(out, &keys[i]) = dollars;
		return NULL;
	}
	return unknown_key(key, file);
}

struct error *limits_read_policy(struct budget_limits *out, const struct yaml_node *value, const char *file)
{
	struct error *err = NULL;
	if (value->kind != YAML_MAPPING)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'budget' must hold limits, such as 'run: 0.50'");
	for (size_t i = 0; i + 1 < value->nr && !err; i += 2)
		err = read_limit(out, value->items[i], value->items[i + 1], file);
	return err;
}

/* -- git config ------------------------------------------------------------------------------ */

static struct error *read_setting(double *out, struct repo *repo, const char *name, bool *found)
{
	char *key = xstrfmt("scrutiny.budget.%s", name);
	const char *text = repo_config(repo, key);
	struct error *err = NULL;
	*found = text != NULL;
	if (text && !limits_parse_dollars(text, out))
		err = error_with_hint(error_new(ERROR_USAGE, "%s is '%s': it must be an amount in US "
						"dollars, or none", key, text),
				      "git config --show-origin --get-all %s tells where it is set", key);
	free(key);
	return err;
}

static struct error *read_allow_unknown(bool *out, struct repo *repo)
{
	static const char *const words[] = { "false", "no", "off", "0", "true", "yes", "on", "1" };
	const char *text = repo_config(repo, "scrutiny.budget.allowunknown");
	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i])) {
			*out = i >= ARRAY_SIZE(words) / 2;
			return NULL;
		}
	if (!text)
		return NULL;
	return error_new(ERROR_USAGE, "scrutiny.budget.allowUnknown is '%s': it must be true or false", text);
}

/* A repository can only ask for less. */
static void lower(struct budget_limits *limits, const struct budget_limits *policy)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		double asked = limit_in(policy, &keys[i]), *allowed = limit_of(limits, &keys[i]);
		if (!keys[i].in_policy || asked < 0 || (*allowed >= 0 && asked >= *allowed))
			continue;
		*allowed = asked;
		if (allowed == &limits->month)
			limits->month_is_default = false;
	}
}

struct error *limits_find(struct budget_limits *out, struct repo *repo, const struct budget_limits *policy,
			  double run)
{
	struct error *err = NULL;
	bool found;
	*out = BUDGET_NO_LIMITS;
	out->month = BUDGET_DEFAULT_MONTH;
	out->month_warn = BUDGET_DEFAULT_MONTH_WARN;
	out->month_is_default = true;
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !err; i++) {
		err = read_setting(limit_of(out, &keys[i]), repo, keys[i].name, &found);
		if (found && limit_of(out, &keys[i]) == &out->month)
			out->month_is_default = false;
	}
	if (!err)
		err = read_allow_unknown(&out->allow_unknown, repo);
	if (run >= 0)
		out->run = run;
	if (policy)
		lower(out, policy);
	return err;
}
