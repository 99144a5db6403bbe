#include "model/providers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "model/bedrock.h"
#include "model/ollama.h"
#include "model/provider.h"
#include "net/aws.h"

#define MAX_SPEC 300
#define MAX_PROVIDERS 32
#define MAX_KEY 4096
#define MAX_CONCURRENCY 10000
#define MAX_TOKENS_SETTING 100000000

const char *model_provider_name(size_t i)
{
	return providers[i] ? providers[i]->name : NULL;
}

void model_release(struct model *m)
{
	free(m->reviewer);
	free(m->provider);
	free(m->name);
	free(m->family);
	free(m->endpoint);
	free(m->key);
	free(m->prices);
	free(m->region);
	aws_credentials_free(m->aws);
	free(m->key_from);
	*m = (struct model){ 0 };
}

const struct model *model_of_reviewer(const struct model *models, size_t nr, const char *reviewer)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(models[i].reviewer, reviewer))
			return &models[i];
	return NULL;
}

/* -- settings ------------------------------------------------------------------------------------- */

const char *provider_setting(const struct model_settings *s, const char *subsection, const char *name)
{
	char *key = xstrfmt("scrutiny.%s.%s", subsection, name);
	const char *value = s->config(s->data, key);
	free(key);
	return value && *value ? value : NULL;
}

static const char *env(const struct model_settings *s, const char *name)
{
	const char *value = name ? s->env(s->data, name) : NULL;
	return value && *value ? value : NULL;
}

/* The first of NAMES (three at most) that is set; its name in *NAME. */
static const char *env_first(const struct model_settings *s, const char *const *names, const char **name)
{
	for (size_t i = 0; i < 3 && names[i]; i++) {
		*name = names[i];
		const char *value = env(s, names[i]);
		if (value)
			return value;
	}
	*name = names[0];
	return NULL;
}

const char *model_setting(const struct model_settings *s, const struct model *m, const char *name)
{
	const char *value = provider_setting(s, m->reviewer, name);
	return value ? value : provider_setting(s, m->provider, name);
}

static struct error *read_tokens(const struct model_settings *s, const struct model *m,
				 const char *name, int64_t *out)
{
	const char *text = model_setting(s, m, name);
	char *end;
	if (!text)
		return NULL;
	long long value = strtoll(text, &end, 10);
	if (*end == 'k')
		value *= value < MAX_TOKENS_SETTING ? 1024 : 1, end++;
	if (*end || value <= 0 || value > MAX_TOKENS_SETTING)
		return error_new(ERROR_USAGE, "scrutiny.%s.%s is '%s': it must be a number of tokens",
				 m->provider, name, text);
	*out = value;
	return NULL;
}

/* -- names ---------------------------------------------------------------------------------------- */

char *model_family(const char *name)
{
	/* In the order of search: a distilled model is of the family whose weights it has. */
	static const struct {
		const char *word, *family;
	} families[] = {
		{ "llama", "llama" },	    { "qwen", "qwen" },	    { "qwq", "qwen" },
		{ "gemma", "gemma" },	    { "gemini", "gemini" }, { "claude", "claude" },
		{ "mixtral", "mistral" },   { "mistral", "mistral" }, { "ministral", "mistral" },
		{ "codestral", "mistral" }, { "devstral", "mistral" }, { "magistral", "mistral" },
		{ "smollm", "smollm" },	    { "phi", "phi" },	    { "deepseek", "deepseek" },
		{ "gpt", "gpt" },	    { "nova", "nova" },	    { "titan", "titan" },
		{ "command", "command" },   { "jamba", "jamba" },   { "palmyra", "palmyra" },
	};
	const char *base = strrchr(name, '/');
	base = base ? base + 1 : name;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strcasestr(base, families[i].word))
			return xstrdup(families[i].family);
	if ((base[0] == 'o' || base[0] == 'O') && ascii_digit(base[1])) /* o1, o3-mini */
		return xstrdup("gpt");
	size_t len = strcspn(base, "0123456789-:_.");
	char *family = len ? xmemdupz(base, len) : xstrdup(base);
	for (char *p = family; *p; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	return family;
}

static bool valid_provider_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum(name[i]) && !memchr("-_.", name[i], 3))
			return false;
	return len > 0 && ascii_alnum(name[0]);
}

static bool valid_model_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return utf8_valid(name, strlen(name));
}

static struct error *split_spec(struct model *out, const char *spec)
{
	const char *slash = strchr(spec, '/');
	size_t len = slash ? (size_t)(slash - spec) : strlen(spec);
	if (strlen(spec) > MAX_SPEC || !valid_provider_name(spec, len) ||
	    (slash && (!slash[1] || !valid_model_name(slash + 1))))
		return error_with_hint(error_new(ERROR_USAGE, "'%.*s' does not name a model", MAX_SPEC, spec),
				       "write <provider>/<model>, such as ollama/llama3.1");
	out->provider = xmemdupz(spec, len);
	out->name = slash ? xstrdup(slash + 1) : NULL;
	return NULL;
}

/* -- endpoints ------------------------------------------------------------------------------------ */

char *model_ollama_address(const char *host)
{
	const char *scheme = "http://", *rest;
	bool url = true;
	if (skip_prefix(host, "https://", &rest))
		scheme = "https://";
	else if (!skip_prefix(host, "http://", &rest))
		rest = host, url = false;
	size_t len = strcspn(rest, "/");
	const char *path = rest + len;
	const char *bracket = memchr(rest, ']', len); /* [::1]:11434 */
	const char *from = bracket ? bracket : rest;
	const char *colon = memchr(from, ':', len - (size_t)(from - rest));
	size_t host_len = colon ? (size_t)(colon - rest) : len;
	char *name = xmemdupz(rest, host_len);
	/* "Listen everywhere" is no address to connect to. */
	bool anywhere = !*name || !strcmp(name, "0.0.0.0") || !strcmp(name, "[::]");
	char *port = colon ? xmemdupz(colon, len - host_len) : xstrdup(url ? "" : ":" OLLAMA_PORT);
	char *out = xstrfmt("%s%s%s%s", scheme, anywhere ? "127.0.0.1" : name, port, path);
	free(name);
	free(port);
	return out;
}

static void strip_end(char *s, const char *end)
{
	if (ends_with(s, end))
		s[strlen(s) - strlen(end)] = '\0';
}

/* A base URL as people write it: a trailing slash, the whole address of the call, with or without the
 * version of the API. */
static char *tidy_endpoint(const struct codec *codec, const char *url)
{
	char *out = xstrdup(url);
	while (ends_with(out, "/"))
		out[strlen(out) - 1] = '\0';
	strip_end(out, codec->chat_path);
	const char *host = strstr(out, "://");
	if (!codec->version_in_endpoint && codec->version) {
		strip_end(out, codec->version);
	} else if (codec->version && host && !strchr(host + 3, '/')) {
		char *with_version = xstrfmt("%s%s", out, codec->version);
		free(out);
		out = with_version;
	}
	return out;
}

static struct error *unknown_provider(const char *name)
{
	const char *known[MAX_PROVIDERS + 1] = { NULL };
	for (size_t i = 0; i < MAX_PROVIDERS && providers[i]; i++)
		known[i] = providers[i]->name;
	const char *nearest = text_nearest(name, known);
	struct error *err = error_new(ERROR_USAGE, "no provider '%s' is configured", name);
	if (nearest)
		return error_with_hint(err, "did you mean %s?", nearest);
	return error_with_hint(err, "git config scrutiny.%s.endpoint https://<host>/v1 names an "
			       "OpenAI-compatible server", name);
}

static struct error *unknown_codec(const char *provider, const char *api)
{
	struct buffer names = BUFFER_INIT;
	for (size_t i = 0; codec_name(i); i++)
		buffer_addf(&names, "%s%s", i ? ", " : "", codec_name(i));
	struct error *err = error_new(ERROR_USAGE, "scrutiny.%s.api is '%s': it must be one of %s", provider,
				      api, names.data);
	buffer_release(&names);
	return err;
}

/* MODEL may be NULL. */
static struct error *find_codec(const struct model_settings *s, const char *name, const char *model,
				const struct codec **out)
{
	const struct provider *row = provider_by_name(name);
	const char *api = provider_setting(s, name, "api");
	if (api)
		*out = codec_by_name(api);
	else if (row)
		*out = model && row->codec_of ? row->codec_of(model) : row->codec;
	else
		*out = &codec_openai;
	return *out ? NULL : unknown_codec(name, api);
}

/* Some providers have an API at a path of its own. */
static char *with_path(const struct provider *row, const struct codec *codec, char *endpoint)
{
	const char *path = row && row->path_of ? row->path_of(codec) : "";
	if (ends_with(endpoint, path))
		return endpoint;
	char *longer = xstrfmt("%s%s", endpoint, path);
	free(endpoint);
	return longer;
}

struct error *provider_endpoint(const struct model_settings *s, const char *name, const char *model,
				const struct codec **codec, char **endpoint)
{
	const struct provider *row = provider_by_name(name);
	struct error *err = find_codec(s, name, model, codec);
	if (err)
		return err;
	const char *configured = provider_setting(s, name, "endpoint");
	const char *variable_name = NULL;
	const char *variable = row ? env_first(s, row->endpoint_env, &variable_name) : NULL;
	if (!configured && !row)
		return unknown_provider(name);
	char *url = NULL;
	if (configured)
		url = xstrdup(configured);
	else if (variable)
		url = row->read_endpoint ? row->read_endpoint(variable) : xstrdup(variable);
	else if (row->find_endpoint)
		err = row->find_endpoint(&url, s);
	else
		url = xstrdup(row->endpoint);
	if (err)
		return err;
	*endpoint = with_path(row, *codec, tidy_endpoint(*codec, url));
	free(url);
	err = http_check_url(*endpoint);
	if (err)
		err = error_context(err, "the endpoint of %s", name);
	return err;
}

struct error *model_endpoint(char **out, const char *name, const struct model_settings *settings)
{
	const struct codec *codec;
	char *endpoint = NULL;
	struct error *err = provider_endpoint(settings, name, NULL, &codec, &endpoint);
	if (err)
		free(endpoint);
	else
		*out = endpoint;
	return err;
}

/* -- keys ----------------------------------------------------------------------------------------- */

/* FROM is where VALUE comes from, for people. */
static struct error *take_key(struct model *m, const char *from, const char *value)
{
	struct slice key = slice_trim((struct slice){ value, strnlen(value, MAX_KEY + 1) });
	bool printable = key.len > 0 && key.len <= MAX_KEY;
	for (size_t i = 0; i < key.len; i++)
		printable &= key.data[i] > ' ' && key.data[i] < 0x7f;
	if (!printable)
		return error_new(ERROR_USAGE, "the key in %s holds characters no key has", from);
	m->key = xmemdupz(key.data, key.len);
	m->key_from = xstrdup(from);
	trace_add_secret(m->key);
	return NULL;
}

struct error *provider_take_key(struct model *m, const struct model_settings *s, const char *from,
				const char *value)
{
	struct error *err = take_key(m, from, value);
	if (err || http_url_is_loopback(m->endpoint) || strncasecmp(m->endpoint, "http:", 5) ||
	    text_is_true(provider_setting(s, m->provider, "allowplainhttp")))
		return err;
	return error_with_hint(error_new(ERROR_USAGE, "the key for %s would go over the network in the "
					 "clear, its endpoint is not https", m->provider),
			       "git config scrutiny.%s.allowPlainHttp true permits it", m->provider);
}

/* What the user's credential helper keeps. Not asked for an Ollama on this machine, which wants no key:
 * helpers take their time. */
static char *stored_key(const struct model *m, const struct model_settings *s)
{
	if (!s->credential || (m->codec == &codec_ollama && http_url_is_loopback(m->endpoint)))
		return NULL;
	return s->credential(s->data, m->provider, m->endpoint);
}

static struct error *find_key(struct model *m, const struct model_settings *s)
{
	const struct provider *row = provider_by_name(m->provider);
	const char *configured = provider_setting(s, m->provider, "keyenv");
	const char *name = configured;
	const char *value = env(s, name);
	if (!configured && row)
		value = env_first(s, row->key_env, &name);
	if (value)
		return provider_take_key(m, s, name, value);
	char *stored = stored_key(m, s);
	struct error *err = NULL;
	if (stored)
		err = provider_take_key(m, s, MODEL_KEY_STORED, stored);
	else if (configured || (row && row->needs_key && !http_url_is_loopback(m->endpoint)))
		err = error_with_hint(error_new(ERROR_USAGE, "there is no key for %s: %s is not set",
						m->provider, name),
				      "`git scrutiny models login %s` keeps one in git's credential helper; or "
				      "export %s=..., or name another variable with git config "
				      "scrutiny.%s.keyEnv", m->provider, name, m->provider);
	free(stored);
	return err;
}

/* -- all of it ------------------------------------------------------------------------------------- */

/* Of the provider as a whole: its models share one queue. */
static struct error *read_concurrency(struct model *m, const struct model_settings *s)
{
	const char *text = provider_setting(s, m->provider, "concurrency");
	char *end;
	if (!text)
		return NULL;
	long value = strtol(text, &end, 10);
	if (*end || value < 1 || value > MAX_CONCURRENCY)
		return error_new(ERROR_USAGE,
				 "scrutiny.%s.concurrency is '%s': it must be a number from 1 to %d",
				 m->provider, text, MAX_CONCURRENCY);
	m->concurrency = (unsigned)value;
	return NULL;
}

static struct error *find_numbers(struct model *m, const struct model_settings *s)
{
	struct error *err = model_find_prices(m, s);
	if (!err)
		err = read_tokens(s, m, "maxtokens", &m->max_output_tokens);
	if (!err)
		err = read_tokens(s, m, "contexttokens", &m->context_tokens);
	if (!err)
		err = read_concurrency(m, s);
	return err;
}

struct error *model_find(struct model *out, const char *spec, const struct model_settings *settings)
{
	struct model m = { 0 };
	bool here = true;
	struct error *err = split_spec(&m, spec);
	const char *usual = err || m.name ? NULL : provider_setting(settings, m.provider, "model");
	if (usual)
		m.name = xstrdup(usual);
	if (!err)
		err = provider_endpoint(settings, m.provider, m.name, &m.codec, &m.endpoint);
	m.row = err ? NULL : provider_by_name(m.provider);
	if (!err)
		m.auth = m.row ? m.row->auth : m.codec->auth;
	if (!err)
		err = find_key(&m, settings);
	if (!err && !m.name && m.codec != &codec_ollama)
		err = error_with_hint(error_new(ERROR_USAGE, "which model of %s?", m.provider),
				      "write %s/<model>, or git config scrutiny.%s.model <model>",
				      m.provider, m.provider);
	if (!err && m.codec == &codec_ollama)
		err = ollama_complete(&m, &settings->http, &here);
	if (!err && m.auth == MODEL_AUTH_AWS)
		err = bedrock_complete(&m, settings);
	if (err)
		goto out;
	m.reviewer = xstrfmt("%s/%s", m.provider, m.name);
	m.family = model_family(m.name);
	m.local = here && http_url_is_loopback(m.endpoint) && !ollama_is_cloud(m.name);
	err = find_numbers(&m, settings);
out:
	if (err)
		model_release(&m);
	else
		*out = m;
	return err;
}
