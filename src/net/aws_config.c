#include "net/aws_config.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"

struct setting {
	const char *file;
	char *profile, *key, *value;
};

struct aws_config {
	char *config_path, *credentials_path, *profile;
	struct setting *items;
	size_t nr, alloc;
};

const char *aws_env(const struct aws_settings *settings, const char *name)
{
	const char *value = settings->env(settings->data, name);
	return value && *value ? value : NULL;
}

bool aws_env_is_true(const struct aws_settings *settings, const char *name)
{
	const char *value = aws_env(settings, name);
	return value && !strcasecmp(value, "true");
}

static void add_setting(struct aws_config *c, const char *file, const char *profile, struct slice key,
			struct slice value)
{
	ALLOC_GROW(c->items, c->nr, c->alloc);
	struct setting *s = &c->items[c->nr++];
	*s = (struct setting){ file, xstrdup(profile), xmemdupz(key.data, key.len),
			       xmemdupz(value.data, value.len) };
	for (char *p = s->key; *p; p++)
		*p = (char)ascii_lower((unsigned char)*p);
}

/* -- reading -------------------------------------------------------------------------------------- */

/* "[default]", "[profile lab]"; in the credentials file "[lab]". Others ("[sso-session x]") are nobody's
 * profile. */
static char *profile_of_section(struct slice section, bool credentials)
{
	static const char word[] = "profile";
	section = slice_trim(section);
	size_t len = sizeof(word) - 1;
	if (credentials || slice_equals(section, "default"))
		return xmemdupz(section.data, section.len);
	if (section.len <= len || memcmp(section.data, word, len) || !ascii_space(section.data[len]))
		return NULL;
	section = slice_trim((struct slice){ section.data + len, section.len - len });
	if (section.len >= 2 && *section.data == '"' && section.data[section.len - 1] == '"')
		section = (struct slice){ section.data + 1, section.len - 2 };
	return xmemdupz(section.data, section.len);
}

/* A comment behind a value has white space in front. */
static struct slice without_comment(struct slice value)
{
	for (size_t i = 1; i < value.len; i++)
		if ((value.data[i] == '#' || value.data[i] == ';') && ascii_space(value.data[i - 1]))
			return slice_trim((struct slice){ value.data, i });
	return value;
}

struct reader {
	struct aws_config *config;
	const char *path;
	bool credentials;
	char *profile; /* of the section; NULL: the lines are nobody's */
	size_t line;
};

static struct error *read_section(struct reader *r, struct slice line)
{
	const char *end = memchr(line.data, ']', line.len);
	if (!end)
		return error_at(ERROR_SYNTAX, r->path, r->line, 1, "the section's ']' is missing");
	free(r->profile);
	r->profile = profile_of_section((struct slice){ line.data + 1, (size_t)(end - line.data - 1) },
					r->credentials);
	/* So that a profile without settings is known, too. */
	if (r->profile)
		add_setting(r->config, r->path, r->profile, (struct slice){ "", 0 }, (struct slice){ "", 0 });
	return NULL;
}

static struct error *read_line(struct reader *r, struct slice line)
{
	bool nested = line.len && ascii_space(line.data[0]); /* belongs to the setting above: "s3 =" */
	line = slice_trim(line);
	if (!line.len || *line.data == '#' || *line.data == ';')
		return NULL;
	if (!nested && *line.data == '[')
		return read_section(r, line);
	if (nested || !r->profile)
		return NULL;
	const char *equals = memchr(line.data, '=', line.len);
	if (!equals)
		return error_at(ERROR_SYNTAX, r->path, r->line, 1, "this is no 'name = value'");
	size_t len = (size_t)(equals - line.data);
	struct slice key = slice_trim((struct slice){ line.data, len });
	struct slice value = slice_trim((struct slice){ equals + 1, line.len - len - 1 });
	add_setting(r->config, r->path, r->profile, key, without_comment(value));
	return NULL;
}

static struct error *read_file(struct aws_config *c, const char *path, bool credentials)
{
	struct buffer text = BUFFER_INIT_MAX(AWS_CONFIG_MAX_SIZE);
	struct reader r = { .config = c, .path = path, .credentials = credentials };
	struct error *err = path ? file_read(path, &text) : NULL;
	error_drop_if(&err, ERROR_NOT_FOUND);
	if (!err && memchr(text.data, '\0', text.len))
		err = error_new(ERROR_SYNTAX, "%s is no text file", path);
	const char *p = text.data, *end = text.data + text.len;
	while (!err && p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		r.line++;
		err = read_line(&r, (struct slice){ p, (size_t)(stop - p) });
		p = eol ? eol + 1 : end;
	}
	free(r.profile);
	secret_release(&text);
	return err;
}

static char *path_of(const struct aws_settings *settings, const char *variable, const char *name)
{
	const char *path = aws_env(settings, variable), *below;
	if (!path)
		return settings->home ? xstrfmt("%s/.aws/%s", settings->home, name) : NULL;
	if (settings->home && skip_prefix(path, "~/", &below))
		return xstrfmt("%s/%s", settings->home, below);
	return xstrdup(path);
}

struct error *aws_config_read(struct aws_config **out, const struct aws_settings *settings)
{
	struct aws_config *c = xcalloc(1, sizeof(*c));
	const char *profile = settings->profile ? settings->profile : aws_env(settings, "AWS_PROFILE");
	if (!profile)
		profile = aws_env(settings, "AWS_DEFAULT_PROFILE");
	c->profile = xstrdup(profile ? profile : "default");
	c->config_path = path_of(settings, "AWS_CONFIG_FILE", "config");
	c->credentials_path = path_of(settings, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
	/* Of two settings the later counts. */
	struct error *err = read_file(c, c->config_path, false);
	if (!err)
		err = read_file(c, c->credentials_path, true);
	if (err)
		aws_config_free(c);
	else
		*out = c;
	return err;
}

void aws_config_free(struct aws_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nr; i++) {
		free(c->items[i].profile);
		free(c->items[i].key);
		secret_free(c->items[i].value);
	}
	free(c->items);
	free(c->config_path);
	free(c->credentials_path);
	free(c->profile);
	free(c);
}

/* -- asking --------------------------------------------------------------------------------------- */

const char *aws_config_profile(const struct aws_config *c)
{
	return c->profile;
}

static const struct setting *find(const struct aws_config *c, const char *profile, const char *key)
{
	for (size_t i = c->nr; i-- > 0;)
		if (!strcmp(c->items[i].profile, profile) && !strcmp(c->items[i].key, key))
			return &c->items[i];
	return NULL;
}

bool aws_config_has_profile(const struct aws_config *c, const char *profile)
{
	return find(c, profile, "") != NULL;
}

const char *aws_config_get(const struct aws_config *c, const char *profile, const char *key)
{
	const struct setting *s = find(c, profile, key);
	return s && *s->value ? s->value : NULL;
}

const char *aws_config_file(const struct aws_config *c, const char *profile, const char *key)
{
	const struct setting *s = find(c, profile, key);
	return s ? s->file : c->config_path ? c->config_path : "~/.aws/config";
}
