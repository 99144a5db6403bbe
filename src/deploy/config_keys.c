/* Tables of keys, and the values they read. */
#include <math.h>
#include <stdarg.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/config_parts.h"

#define MAX_DOLLARS 1e6

/* Keys that a repository must never set, with the reason shown to the person who tried. */
static const struct forbidden_key {
	const char *key, *why, *instead;
} forbidden_keys[] = {
#define ENDPOINT "anyone who can open a pull request could be sent your credentials"
	{ "endpoint", ENDPOINT, "set AWS_ENDPOINT_URL, or endpoint_url in your AWS configuration" },
	{ "endpoints", ENDPOINT, "set AWS_ENDPOINT_URL, or endpoint_url in your AWS configuration" },
	{ "endpoint_url", ENDPOINT, "set AWS_ENDPOINT_URL, or endpoint_url in your AWS configuration" },
	{ "proxy", ENDPOINT, "set HTTPS_PROXY, or git config http.proxy" },
#undef ENDPOINT
#define CREDENTIAL "credentials do not belong into a repository"
	{ "credentials", CREDENTIAL, "docker login, or your AWS configuration" },
	{ "access_key", CREDENTIAL, "use your AWS configuration, or the environment" },
	{ "access_key_id", CREDENTIAL, "use your AWS configuration, or the environment" },
	{ "secret_key", CREDENTIAL, "use your AWS configuration, or the environment" },
	{ "secret_access_key", CREDENTIAL, "use your AWS configuration, or the environment" },
	{ "session_token", CREDENTIAL, "use your AWS configuration, or the environment" },
	{ "token", CREDENTIAL, "docker login, or your AWS configuration" },
	{ "password", CREDENTIAL, "`secrets:` names where the app's secrets are kept" },
	{ "username", CREDENTIAL, "docker login" },
	{ "api_key", CREDENTIAL, "`secrets:` names where the app's secrets are kept" },
	{ "profile", CREDENTIAL, "set AWS_PROFILE" },
#undef CREDENTIAL
#define SCRIPT "anyone who can open a pull request could run it outside of the container"
	{ "script", SCRIPT, NULL },
	{ "scripts", SCRIPT, NULL },
	{ "shell", SCRIPT, NULL },
	{ "exec", SCRIPT, NULL },
	{ "run", SCRIPT, NULL },
	{ "hook", SCRIPT, NULL },
	{ "hooks", SCRIPT, NULL },
	{ "before", SCRIPT, NULL },
	{ "after", SCRIPT, NULL },
	{ "pre_deploy", SCRIPT, NULL },
	{ "post_deploy", SCRIPT, NULL },
	{ "before_script", SCRIPT, NULL },
	{ "after_script", SCRIPT, NULL },
	{ "user_data", SCRIPT, "`git deploy boot` renders it" },
	{ "userdata", SCRIPT, "`git deploy boot` renders it" },
	{ "unit", SCRIPT, "`git deploy boot` renders it" },
#undef SCRIPT
#define PERMISSION "anyone who can open a pull request could give themselves permissions"
	{ "policy", PERMISSION, "`git deploy iam` prints what is needed" },
	{ "policies", PERMISSION, "`git deploy iam` prints what is needed" },
	{ "role", PERMISSION, "`git deploy iam` prints what is needed" },
	{ "role_arn", PERMISSION, "`git deploy iam` prints what is needed" },
	{ "permissions", PERMISSION, "`git deploy iam` prints what is needed" },
	{ "privileged", PERMISSION, NULL },
	{ "cap_add", PERMISSION, NULL },
	{ "capabilities", PERMISSION, NULL },
	{ "devices", PERMISSION, "`gpu: true` gives the app the graphics cards" },
	{ "network", PERMISSION, NULL },
	{ "security_opt", PERMISSION, NULL },
	{ "mounts", PERMISSION, "`data:` names folders that outlive the container" },
	{ "volumes", PERMISSION, "`data:` names folders that outlive the container" },
#undef PERMISSION
};

struct error *config_fault(const struct config_value *v, const char *fmt, ...)
{
	struct buffer text = BUFFER_INIT;
	va_list ap;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	struct error *err = error_at(ERROR_SYNTAX, v->file, v->node->line, v->node->column, "%s", text.data);
	buffer_release(&text);
	return err;
}

/* -- keys ------------------------------------------------------------------------------------------ */

static struct error *forbidden_key(const struct config_value *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(forbidden_keys); i++) {
		const struct forbidden_key *f = &forbidden_keys[i];
		if (strcasecmp(f->key, key->node->value))
			continue;
		struct error *err =
			config_fault(key, "'%s' cannot be set by a repository (%s)", f->key, f->why);
		return f->instead ? error_with_hint(err, "%s", f->instead) : err;
	}
	return NULL;
}

static bool has_key(const struct config_keys *keys, const char *name)
{
	for (size_t i = 0; keys && i < keys->nr; i++)
		if (!strcmp(keys->keys[i].name, name))
			return true;
	return false;
}

static struct error *unknown_key(const struct config_keys *keys, const struct config_value *key)
{
	const char **names = xcalloc(keys->nr + 1, sizeof(*names));
	struct buffer known = BUFFER_INIT, shown = BUFFER_INIT;
	struct error *err = forbidden_key(key);
	if (err)
		goto out;
	for (size_t i = 0; i < keys->nr; i++) {
		names[i] = keys->keys[i].name;
		buffer_addf(&known, "%s%s", i ? ", " : "", names[i]);
		if (has_key(keys->keys[i].section, key->node->value)) {
			err = config_fault(key, "'%s' belongs below '%s'", key->node->value, names[i]);
			goto out;
		}
	}
	const char *near = text_nearest(key->node->value, names);
	buffer_addch(&shown, '\'');
	config_text_show(&shown, key->node->value, key->node->value_len);
	buffer_addch(&shown, '\'');
	if (*keys->in)
		buffer_addf(&shown, " in '%s'", keys->in);
	if (near)
		err = config_fault(key, "unknown key %s; did you mean '%s'?", shown.data, near);
	else
		err = error_with_hint(config_fault(key, "unknown key %s", shown.data), "known keys: %s",
				      known.data);
out:
	free(names);
	buffer_release(&shown);
	buffer_release(&known);
	return err;
}

static struct error *read_pair(const struct config_keys *keys, const struct config_value *section,
			       const struct yaml_node *key, const struct yaml_node *value, void *to)
{
	struct config_value at_key = { section->file, section->name, key };
	if (key->kind != YAML_SCALAR)
		return config_fault(&at_key, "a key must be a word");
	const struct config_key *known = NULL;
	for (size_t i = 0; i < keys->nr; i++)
		if (!strcmp(keys->keys[i].name, key->value))
			known = &keys->keys[i];
	if (!known)
		return unknown_key(keys, &at_key);
	char *name = xstrfmt("%s%s%s", section->name, *section->name ? "." : "", known->name);
	struct config_value v = { section->file, name, value };
	struct error *err;
	if (yaml_is_null(value))
		err = config_fault(&at_key, "'%s' says nothing: write a value, or take it out", name);
	else
		err = known->read(known, &v, to);
	free(name);
	return err;
}

struct error *config_read_keys(const struct config_keys *keys, const struct config_value *v, void *to)
{
	struct error *err = NULL;
	if (v->node->kind != YAML_MAPPING && *v->name)
		return config_fault(v, "'%s' must hold 'key: value' lines", v->name);
	if (v->node->kind != YAML_MAPPING)
		return config_fault(v, "expected 'key: value' lines");
	for (size_t i = 0; i + 1 < v->node->nr && !err; i += 2)
		err = read_pair(keys, v, v->node->items[i], v->node->items[i + 1], to);
	return err;
}

struct error *config_read_section(const struct config_key *key, const struct config_value *v, void *to)
{
	return config_read_keys(key->section, v, to);
}

/* -- strings and lists ----------------------------------------------------------------------------- */

static void *member(void *to, size_t at)
{
	return (char *)to + at;
}

struct error *config_read_text(const struct config_key *key, const struct config_value *v, void *to)
{
	return config_text_read(member(to, key->at), key->text, v->node, v->file, v->name);
}

/* Whoever writes a line of words meant a shell to take it apart; there is none. */
static struct error *no_list(const struct config_value *v)
{
	struct error *err = config_fault(v, "'%s' must be a list, such as [a, b]", v->name);
	if (v->node->kind != YAML_SCALAR || strpbrk(v->node->value, "\"'\\$`|&;<>(){}[],#:*\n\t"))
		return err;
	struct buffer words = BUFFER_INIT_MAX(512);
	const char *s = v->node->value;
	while (*s) {
		size_t len = strcspn(s, " ");
		if (len) {
			buffer_addstr(&words, words.len ? ", " : "");
			buffer_add(&words, s, len);
		}
		s += len + (s[len] == ' ');
	}
	err = error_with_hint(err, "%s: [%s]", strrchr(v->name, '.') ? strrchr(v->name, '.') + 1 : v->name,
			      words.data);
	buffer_release(&words);
	return err;
}

struct error *config_read_list(const struct config_key *key, const struct config_value *v, void *to)
{
	char ***out = member(to, key->at);
	size_t *nr = member(to, key->nr_at);
	if (v->node->kind != YAML_SEQUENCE)
		return no_list(v);
	if (v->node->nr < key->min || v->node->nr > key->max)
		return config_fault(v, "'%s' must have %u to %u items", v->name, key->min, key->max);
	*out = xcalloc(v->node->nr + 1, sizeof(**out)); /* ends with NULL, as a list does */
	for (size_t i = 0; i < v->node->nr; i++) {
		struct error *err =
			config_text_read(&(*out)[i], key->text, v->node->items[i], v->file, v->name);
		if (err)
			return err;
		*nr = i + 1;
	}
	return NULL;
}

/* -- numbers ----------------------------------------------------------------------------------------- */

struct error *config_read_number(const struct config_key *key, const struct config_value *v, void *to)
{
	int64_t number;
	struct error *err = yaml_integer(v->node, v->file, v->name, &number);
	if (err)
		return err;
	if (number < key->min || number > key->max)
		return config_fault(v, "'%s' must be from %u to %u", v->name, key->min, key->max);
	*(unsigned *)member(to, key->at) = (unsigned)number;
	return NULL;
}

struct error *config_read_flag(const struct config_key *key, const struct config_value *v, void *to)
{
	return yaml_bool(v->node, v->file, v->name, member(to, key->at));
}

struct unit {
	const char *name;
	unsigned of;
};

/* "<number> <unit>", or a number alone if the first unit has no name. */
static bool read_quantity(const struct yaml_node *node, const struct unit *units, uint64_t max, uint64_t *out)
{
	const char *s = node->kind == YAML_SCALAR ? node->value : "";
	uint64_t number = 0;
	if (!ascii_digit((unsigned char)*s))
		return false;
	for (; ascii_digit((unsigned char)*s); s++) {
		number = number * 10 + (uint64_t)(*s - '0');
		if (number > max)
			return false;
	}
	while (*s == ' ')
		s++;
	for (; units->name; units++)
		if (!strcasecmp(units->name, s))
			break;
	*out = number * units->of;
	return units->name && *out <= max;
}

static const struct unit seconds_units[] = {
	{ "", 1 },     { "s", 1 },       { "second", 1 },   { "seconds", 1 }, { "m", 60 },
	{ "min", 60 }, { "minute", 60 }, { "minutes", 60 }, { NULL, 0 },
};
static const struct unit minutes_units[] = {
	{ "m", 1 },      { "min", 1 },  { "minute", 1 }, { "minutes", 1 }, { "h", 60 }, { "hour", 60 },
	{ "hours", 60 }, { "d", 1440 }, { "day", 1440 }, { "days", 1440 }, { NULL, 0 },
};
static const struct unit megabytes_units[] = {
	{ "MB", 1 }, { "MiB", 1 }, { "M", 1 }, { "GB", 1024 }, { "GiB", 1024 }, { "G", 1024 }, { NULL, 0 },
};

struct error *config_read_seconds(const struct config_key *key, const struct config_value *v, void *to)
{
	uint64_t number;
	if (!read_quantity(v->node, seconds_units, key->max, &number) || number < key->min)
		return config_fault(v, "'%s' must be from %u to %u seconds", v->name, key->min, key->max);
	*(unsigned *)member(to, key->at) = (unsigned)number;
	return NULL;
}

struct error *config_read_minutes(const struct config_key *key, const struct config_value *v, void *to)
{
	uint64_t number = 0;
	bool never = v->node->kind == YAML_SCALAR &&
		     (!strcmp(v->node->value, "never") || !strcmp(v->node->value, "0"));
	if (!never && !read_quantity(v->node, minutes_units, key->max, &number))
		return config_fault(v, "'%s' must be a time such as '30 minutes' or '12 hours' (%u days at "
				    "most), or never", v->name, key->max / 1440);
	if (!never && number < key->min)
		return config_fault(v, "'%s' must be at least %u minutes, or never", v->name, key->min);
	*(unsigned *)member(to, key->at) = (unsigned)number;
	return NULL;
}

struct error *config_read_megabytes(const struct config_key *key, const struct config_value *v, void *to)
{
	uint64_t number;
	if (!read_quantity(v->node, megabytes_units, key->max, &number) || number < key->min)
		return config_fault(v, "'%s' must be a size such as '1500 MB' or '2 GB', at least %u MB",
				    v->name, key->min);
	*(unsigned *)member(to, key->at) = (unsigned)number;
	return NULL;
}

struct error *config_read_dollars(const struct config_key *key, const struct config_value *v, void *to)
{
	double dollars;
	struct error *err = yaml_number(v->node, v->file, v->name, &dollars);
	if (err || dollars < 0 || signbit(dollars) || dollars > MAX_DOLLARS) {
		error_free(err);
		return config_fault(v, "'%s' must be an amount in US dollars a month, such as 15", v->name);
	}
	*(double *)member(to, key->at) = dollars;
	return NULL;
}
