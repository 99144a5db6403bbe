#include "model/ollama.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/codec.h"
#include "model/fetch.h"

#define LIST_CONNECT_MS 300
#define LIST_DEADLINE_MS 300
#define FIND_CONNECT_MS 500
#define FIND_DEADLINE_MS 5000
#define MAX_MODELS 10000
/* Names shown when the one asked for is not there. */
#define MAX_SHOWN 8

bool ollama_is_cloud(const char *name)
{
	size_t len = strlen(name);
	return len >= 6 && (name[len - 6] == ':' || name[len - 6] == '-') && !strcasecmp(name + len - 5, "cloud");
}

static struct error *list_models(const struct codec *codec, const char *endpoint, const char *key,
				 const struct http_settings *http, long deadline_ms, char ***names,
				 size_t *nr)
{
	size_t alloc = 0;
	cJSON *json = NULL;
	const cJSON *list, *item;
	char *url = xstrfmt("%s%s", endpoint, codec->list_path);
	*names = NULL;
	*nr = 0;
	struct error *err = fetch_json(&json, url, key, NULL, http, deadline_ms);
	if (!err)
		err = json_get_array(json, codec->list_array, "the list of models", &list);
	if (err)
		goto out;
	cJSON_ArrayForEach(item, list) {
		const char *name = json_string_or(item, codec->list_name, NULL);
		if (!name || !*name || *nr == MAX_MODELS)
			continue;
		ALLOC_GROW(*names, *nr, alloc);
		(*names)[(*nr)++] = xstrdup(name);
	}
out:
	cJSON_Delete(json);
	free(url);
	return err;
}

struct error *model_ollama_list(const char *endpoint, const struct http_settings *http, char ***names,
				size_t *nr)
{
	struct http_settings settings = *http;
	settings.connect_timeout_ms = LIST_CONNECT_MS;
	return list_models(&codec_ollama, endpoint, NULL, &settings, LIST_DEADLINE_MS, names, nr);
}

/* {"capabilities":["completion"],"model_info":{"llama.context_length":131072}} */
static bool read_show(const cJSON *json, int64_t *context)
{
	const cJSON *item;
	const cJSON *capabilities = cJSON_GetObjectItemCaseSensitive(json, "capabilities");
	bool chats = !cJSON_IsArray(capabilities);
	cJSON_ArrayForEach(item, capabilities)
		chats |= cJSON_IsString(item) && !strcmp(item->valuestring, "completion");
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "model_info"))
		if (item->string && ends_with(item->string, ".context_length") &&
		    cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 1e9)
			*context = (int64_t)item->valuedouble;
	return chats;
}

/* A model may be a name for one of another host: {"remote_model": ..., "remote_host": ...}. */
static bool is_forwarded(const cJSON *json)
{
	return *json_string_or(json, "remote_model", "") || *json_string_or(json, "remote_host", "");
}

/* Whether NAME answers chats; a server that does not tell is believed to. *HERE: it computes the answers itself,
 * as far as it says; one that knows no such question cannot forward, of any other failure the worst is thought. */
static bool show(const struct model *m, const char *name, const struct http_settings *http,
		 int64_t *context, bool *here)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "model", name);
	json_end_object(&w);
	char *url = xstrfmt("%s/api/show", m->endpoint);
	cJSON *json = NULL;
	struct error *err = fetch_json(&json, url, m->key, body.data, http, FIND_DEADLINE_MS);
	bool chats = err || read_show(json, context);
	*here = err ? error_is(err, ERROR_NOT_FOUND) : !is_forwarded(json);
	error_free(err);
	cJSON_Delete(json);
	free(url);
	buffer_release(&body);
	return chats;
}

static bool same_model(const char *have, const char *want)
{
	size_t len = strlen(want);
	return !strcmp(have, want) || (!strncmp(have, want, len) && !strcmp(have + len, ":latest"));
}

static struct error *not_there(const struct model *m, char **names, size_t nr)
{
	struct buffer shown = BUFFER_INIT_MAX(1000);
	for (size_t i = 0; i < nr && i < MAX_SHOWN; i++) {
		buffer_addstr(&shown, i ? ", " : "");
		text_for_terminal(&shown, names[i], strlen(names[i]), false);
	}
	struct error *err = error_new(ERROR_NOT_FOUND, "%s has no model '%s'", m->provider, m->name);
	err = error_with_hint(err, "ollama pull %s; it has: %s%s", m->name,
			      nr ? shown.data : "no model", nr > MAX_SHOWN ? ", ..." : "");
	buffer_release(&shown);
	return err;
}

static struct error *take_first(struct model *m, char **names, size_t nr,
				const struct http_settings *http, bool *here)
{
	for (size_t i = 0; i < nr; i++) {
		if (ollama_is_cloud(names[i]) || !show(m, names[i], http, &m->context_tokens, here) || !*here)
			continue;
		m->name = xstrdup(names[i]);
		return NULL;
	}
	return error_with_hint(error_new(ERROR_NOT_FOUND, "%s has no model yet", m->provider),
			       "ollama pull llama3.1");
}

static struct error *take_named(struct model *m, char **names, size_t nr,
				const struct http_settings *http, bool *here)
{
	for (size_t i = 0; i < nr; i++) {
		if (!same_model(names[i], m->name))
			continue;
		if (show(m, m->name, http, &m->context_tokens, here))
			return NULL;
		return error_new(ERROR_USAGE, "%s/%s does not answer questions, it only embeds",
				 m->provider, m->name);
	}
	return not_there(m, names, nr);
}

struct error *ollama_complete(struct model *m, const struct http_settings *http, bool *here)
{
	char **names;
	size_t nr;
	struct http_settings settings = *http;
	*here = false;
	settings.connect_timeout_ms = FIND_CONNECT_MS;
	struct error *err = list_models(m->codec, m->endpoint, m->key, &settings, FIND_DEADLINE_MS,
					&names, &nr);
	if (err && (err->code == ERROR_NETWORK || err->code == ERROR_TIMEOUT))
		err = error_with_hint(err, "is ollama running? `ollama serve` starts it; OLLAMA_HOST or "
				      "git config scrutiny.%s.endpoint say where", m->provider);
	if (!err)
		err = m->name ? take_named(m, names, nr, &settings, here)
			      : take_first(m, names, nr, &settings, here);
	*here = *here && m->name && !ollama_is_cloud(m->name);
	strings_free(names, nr);
	return err;
}
