#include "review/policy.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "git/ignore.h"
#include "review/limits.h"
#include "review/policy_parts.h"

/* Keys that a repository must never set, with the reason shown to the person who tried. */
struct forbidden_key {
	const char *key;
	const char *why;
	const char *instead;
};

static const struct forbidden_key forbidden_keys[] = {
	{ "endpoint", "anyone who can open a pull request could read your key",
	  "git config scrutiny.<provider>.endpoint https://..." },
	{ "endpoints", "anyone who can open a pull request could read your key",
	  "git config scrutiny.<provider>.endpoint https://..." },
	{ "base_url", "anyone who can open a pull request could read your key",
	  "git config scrutiny.<provider>.endpoint https://..." },
	{ "url", "anyone who can open a pull request could read your key",
	  "git config scrutiny.<provider>.endpoint https://..." },
	{ "key", "keys do not belong into a repository",
	  "set the provider's environment variable, such as OPENAI_API_KEY" },
	{ "api_key", "keys do not belong into a repository",
	  "set the provider's environment variable, such as OPENAI_API_KEY" },
	{ "token", "keys do not belong into a repository",
	  "set the provider's environment variable, such as OPENAI_API_KEY" },
	{ "command", "anyone who can open a pull request could run it on your machine", NULL },
	{ "commands", "anyone who can open a pull request could run it on your machine", NULL },
	{ "exec", "anyone who can open a pull request could run it on your machine", NULL },
	{ "shell", "anyone who can open a pull request could run it on your machine", NULL },
};

struct error *policy_read_list(char ***out, size_t *nr, const struct yaml_node *value,
			       const char *file, const char *name)
{
	if (value->kind == YAML_SCALAR) {
		const char *s;
		struct error *err = yaml_string(value, file, name, &s);
		if (err)
			return err;
		*out = xcalloc(2, sizeof(**out)); /* ends with NULL, as a list does */
		(*out)[0] = xstrdup(s);
		*nr = 1;
		return NULL;
	}
	if (value->kind != YAML_SEQUENCE)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'%s' must be a list", name);
	if (value->nr > POLICY_MAX_LIST)
		return error_at(ERROR_LIMIT, file, value->line, value->column,
				"'%s' has more than %d items", name, POLICY_MAX_LIST);
	*out = xcalloc(value->nr + 1, sizeof(**out));
	for (size_t i = 0; i < value->nr; i++) {
		const char *s;
		struct error *err = yaml_string(value->items[i], file, name, &s);
		if (err)
			return err;
		(*out)[(*nr)++] = xstrdup(s);
	}
	return NULL;
}

/* What is no pattern of ours, or none at all: NULL, or why. Whoever wrote it meant it to match something. */
static const char *not_a_glob(const char *g)
{
	if (!*g)
		return "is empty";
	if (*g == '!' || *g == ':')
		return "begins with a mark that is not known here";
	if (*g == '~' || *g == '\\' || strchr(g, '$'))
		return "is no path in the repository";
	if (strchr(g, '{'))
		return "has braces, which are not known here: write one pattern for each";
	for (const char *p = g; *p; p++) {
		if (*p == '\\' && !*++p)
			return "ends in a backslash";
		if (*p != '[')
			continue;
		const char *end = strchr(p + 2 < g + strlen(g) ? p + 2 : p + 1, ']');
		if (!end)
			return "has a bracket that is not closed";
		p = end;
	}
	return NULL;
}

/* Not silently unmatched: whoever wrote it meant something by it. */
struct error *policy_check_globs(char *const *globs, size_t nr, const struct yaml_node *value,
				 const char *file, const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		const char *g = globs[i];
		const struct yaml_node *at = value->kind == YAML_SEQUENCE ? value->items[i] : value;
		bool outside = *g == '/' || !strcmp(g, "..") || starts_with(g, "../") ||
			       strstr(g, "/../") || ends_with(g, "/..");
		if (outside)
			return error_at(ERROR_SYNTAX, file, at->line, at->column,
					"'%s' in '%s' leads out of the repository", g, name);
		const char *why = not_a_glob(g);
		if (why)
			return error_at(ERROR_SYNTAX, file, at->line, at->column, "'%s' in '%s' %s", g, name,
					why);
	}
	return NULL;
}

static struct error *read_papers(struct policy *p, const struct yaml_node *value, const char *file)
{
	struct error *err = policy_read_list(&p->papers, &p->nr_papers, value, file, "papers");
	return err ? err : policy_check_globs(p->papers, p->nr_papers, value, file, "papers");
}

static struct error *read_local_only(struct policy *p, const struct yaml_node *value,
				     const char *file)
{
	struct error *err = policy_read_list(&p->local_only, &p->nr_local_only, value, file, "local_only");
	return err ? err : policy_check_globs(p->local_only, p->nr_local_only, value, file, "local_only");
}

static struct error *read_reviewers(struct policy *p, const struct yaml_node *value,
				    const char *file)
{
	p->reviewers_set = true;
	return policy_read_list(&p->reviewers, &p->nr_reviewers, value, file, "reviewers");
}

static struct error *read_fail_on(struct policy *p, const struct yaml_node *value, const char *file)
{
	const char *s;
	struct error *err = yaml_string(value, file, "fail_on", &s);
	if (err)
		return err;
	enum severity severity;
	if (!strcmp(s, "never"))
		p->fail_on = FAIL_ON_NEVER;
	else if (severity_parse(s, &severity))
		p->fail_on = (int)severity;
	else
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'fail_on' is error, warning, note or never, not '%s'", s);
	return NULL;
}

static struct error *read_budget(struct policy *p, const struct yaml_node *value, const char *file)
{
	return limits_read_policy(&p->budget, value, file);
}

static struct error *read_privacy(struct policy *p, const struct yaml_node *value, const char *file)
{
	return privacy_rules_read(&p->privacy, value, file);
}

static struct error *read_metadata(struct policy *p, const struct yaml_node *value, const char *file)
{
	bool wanted;
	struct error *err = yaml_bool(value, file, "metadata", &wanted);
	if (!err)
		p->metadata = wanted ? POLICY_METADATA_YES : POLICY_METADATA_NO;
	return err;
}

static const struct policy_key {
	const char *name;
	struct error *(*read)(struct policy *p, const struct yaml_node *value, const char *file);
	bool protects; /* without a value it is a mistake, not a default */
} policy_keys[] = {
	{ "adjudicate", policy_read_adjudicate },
	{ "budget", read_budget },
	{ "fail_on", read_fail_on },
	{ "fallback", policy_read_fallback },
	{ "local_only", read_local_only, true },
	{ "metadata", read_metadata },
	{ "papers", read_papers },
	{ "privacy", read_privacy, true },
	{ "reviewers", read_reviewers },
	{ "routes", policy_read_routes },
	{ "rubric", policy_read_rubric },
	{ "tasks", policy_read_tasks },
};

static const struct forbidden_key *find_forbidden(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden_keys); i++)
		if (!strcmp(forbidden_keys[i].key, key))
			return &forbidden_keys[i];
	return NULL;
}

/* Forbidden keys are looked for at any depth: `openai: {endpoint: ...}` means the same harm. */
static struct error *refuse_forbidden(const struct yaml_node *node, const char *file)
{
	for (size_t i = 0; node->kind == YAML_MAPPING && i + 1 < node->nr; i += 2) {
		const struct yaml_node *key = node->items[i];
		const struct forbidden_key *f =
			key->kind == YAML_SCALAR ? find_forbidden(key->value) : NULL;
		if (f) {
			struct error *err = error_at(ERROR_SYNTAX, file, key->line, key->column,
						     "'%s' cannot be set by a repository (%s)",
						     f->key, f->why);
			return f->instead ? error_with_hint(err, "%s", f->instead) : err;
		}
	}
	size_t step = node->kind == YAML_MAPPING ? 2 : 1;
	for (size_t i = step - 1; node->kind != YAML_SCALAR && i < node->nr; i += step) {
		struct error *err = refuse_forbidden(node->items[i], file);
		if (err)
			return err;
	}
	return NULL;
}

static struct error *unknown_key(const struct yaml_node *key, const char *file)
{
	const char *names[ARRAY_SIZE(policy_keys) + 1] = { NULL };
	struct buffer known = BUFFER_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(policy_keys); i++) {
		names[i] = policy_keys[i].name;
		buffer_addf(&known, "%s%s", i ? ", " : "", names[i]);
	}
	const char *near = text_nearest(key->value, names);
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, key->value, key->value_len, false);
	struct error *err;
	if (near)
		err = error_at(ERROR_SYNTAX, file, key->line, key->column,
			       "unknown key '%s'; did you mean '%s'?", shown.data, near);
	else
		err = error_with_hint(error_at(ERROR_SYNTAX, file, key->line, key->column,
					       "unknown key '%s'", shown.data),
				      "known keys: %s", known.data);
	buffer_release(&shown);
	buffer_release(&known);
	return err;
}

static struct error *read_pair(struct policy *p, const struct yaml_node *key,
			       const struct yaml_node *value, const char *file)
{
	if (key->kind != YAML_SCALAR)
		return error_at(ERROR_SYNTAX, file, key->line, key->column, "a key must be a word");
	const struct policy_key *known = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(policy_keys); i++)
		if (!strcmp(policy_keys[i].name, key->value))
			known = &policy_keys[i];
	if (!known)
		return unknown_key(key, file);
	if (!yaml_is_null(value))
		return known->read(p, value, file);
	if (!known->protects)
		return NULL;
	return error_at(ERROR_SYNTAX, file, key->line, key->column,
			"'%s' says nothing: take it out, or write what it protects", known->name);
}

struct error *policy_parse(struct policy *out, struct slice text, const char *file)
{
	*out = (struct policy){ .fail_on = FAIL_ON_UNSET, .budget = BUDGET_NO_LIMITS };
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, text, file);
	if (err)
		return err;
	const struct yaml_node *root = doc.root;
	if (root && !yaml_is_null(root)) {
		if (root->kind != YAML_MAPPING)
			err = error_at(ERROR_SYNTAX, file, root->line, root->column,
				       "expected 'key: value' lines");
		if (!err)
			err = refuse_forbidden(root, file);
		for (size_t i = 0; !err && i + 1 < root->nr; i += 2)
			err = read_pair(out, root->items[i], root->items[i + 1], file);
	}
	yaml_document_release(&doc);
	if (err)
		policy_release(out);
	return err;
}

struct error *policy_read(struct policy *out, struct snapshot *snapshot)
{
	*out = (struct policy){ .fail_on = FAIL_ON_UNSET, .budget = BUDGET_NO_LIMITS };
	struct buffer text = BUFFER_INIT_MAX(POLICY_MAX_SIZE);
	struct error *err = snapshot_read(snapshot, POLICY_FILE, &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err)
		err = policy_parse(out, slice_of(&text), POLICY_FILE);
	buffer_release(&text);
	return err;
}

void policy_release(struct policy *p)
{
	strings_free(p->papers, p->nr_papers);
	strings_free(p->reviewers, p->nr_reviewers);
	strings_free(p->local_only, p->nr_local_only);
	policy_review_release(&p->review);
	free(p->foreign);
	strmap_release(&p->foreign_papers, NULL);
	*p = (struct policy){ .fail_on = FAIL_ON_UNSET, .budget = BUDGET_NO_LIMITS };
}

bool policy_glob_covers(const char *glob, const char *paper)
{
	while (skip_prefix(glob, "./", &glob))
		;
	if (!*glob || !strcmp(glob, "."))
		return true; /* the top: everything */
	size_t len = strlen(glob);
	char *pattern = xmemdupz(glob, len && glob[len - 1] == '/' ? len - 1 : len);
	char *path = xstrdup(paper);
	bool found = wildmatch(pattern, path, true);
	for (char *slash = strrchr(path, '/'); slash && !found; slash = strrchr(path, '/')) {
		*slash = '\0';
		found = wildmatch(pattern, path, true);
	}
	free(pattern);
	free(path);
	return found;
}

int policy_fail_level(const struct policy *p, const char *option)
{
	enum severity severity;
	if (option && !strcmp(option, "never"))
		return FAIL_ON_NEVER;
	if (option && severity_parse(option, &severity))
		return (int)severity;
	return p->fail_on == FAIL_ON_UNSET ? (int)SEVERITY_ERROR : p->fail_on;
}

/* Moves the globs of local_only behind those that are there. */
static void move_local_only(struct policy *to, struct policy *from)
{
	to->local_only = xreallocarray(to->local_only, to->nr_local_only + from->nr_local_only + 1,
				       sizeof(*to->local_only));
	for (size_t i = 0; i < from->nr_local_only; i++)
		to->local_only[to->nr_local_only++] = from->local_only[i];
	to->local_only[to->nr_local_only] = NULL;
	from->nr_local_only = 0;
}

void policy_take_ours(struct policy *p, struct policy *ours)
{
	move_local_only(ours, p);
	ours->privacy.keys = ours->privacy.keys > p->privacy.keys ? ours->privacy.keys : p->privacy.keys;
	ours->privacy.personal = ours->privacy.personal > p->privacy.personal ? ours->privacy.personal
									       : p->privacy.personal;
	ours->foreign = p->foreign;
	ours->all_foreign = p->all_foreign;
	p->foreign = NULL;
	policy_release(p);
	*p = *ours;
	*ours = (struct policy){ .fail_on = FAIL_ON_UNSET };
}

void policy_add_foreign(struct policy *p, const char *paper)
{
	strmap_add(&p->foreign_papers, paper, strlen(paper));
}

bool policy_is_foreign(const struct policy *p, const char *paper)
{
	return p->foreign && (p->all_foreign || strmap_has(&p->foreign_papers, paper, strlen(paper)));
}

bool policy_keeps_here(const struct policy *p, const char *paper)
{
	return policy_is_local_only(p, paper) || policy_is_foreign(p, paper);
}

bool policy_is_local_only(const struct policy *p, const char *path)
{
	for (size_t i = 0; i < p->nr_local_only; i++)
		if (policy_glob_covers(p->local_only[i], path))
			return true;
	return false;
}
