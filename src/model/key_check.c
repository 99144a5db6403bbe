/* Keys, before they are kept and after they were refused. */
#include <string.h>

#include "base/memory.h"
#include "model/authorize.h"
#include "model/fetch.h"
#include "model/providers.h"
#include "model/provider.h"
#include "net/aws.h"

#define CHECK_DEADLINE_MS 20000

/* Some say 400 for a key they do not know. There is nothing else in the request to be wrong. */
static bool key_was_refused(long status)
{
	return status == 400 || status == 401 || status == 403;
}

static struct error *ask_for_list(const struct model *m, const struct http_settings *http)
{
	if (!m->codec->list_path)
		return error_new(ERROR_UNSUPPORTED, "%s has no list of models to ask for", m->provider);
	struct header_list headers = { .nr = 0 };
	char *url = xstrfmt("%s%s", m->endpoint, m->codec->list_path);
	for (const char *const *h = m->codec->headers; h && *h; h++)
		header_list_add(&headers, "%s", *h);
	struct http_request request = { .method = "GET", .url = url };
	cJSON *json = NULL;
	long status = 0;
	struct error *err = model_authorize(m, &request, &headers);
	if (!err)
		err = fetch_json_with(&json, url, (const char *const *)headers.lines, NULL, http,
				      CHECK_DEADLINE_MS, &status);
	if (err && key_was_refused(status))
		err->code = ERROR_USAGE;
	cJSON_Delete(json);
	free(url);
	header_list_release(&headers);
	return err;
}

struct error *model_check_key(const char *provider, const char *key, const struct model_settings *settings)
{
	struct model m = { .provider = xstrdup(provider), .row = provider_by_name(provider) };
	struct error *err = provider_endpoint(settings, provider, NULL, &m.codec, &m.endpoint);
	if (!err)
		m.auth = m.row ? m.row->auth : m.codec->auth;
	if (!err)
		err = provider_take_key(&m, settings, "the input", key);
	if (!err)
		err = ask_for_list(&m, &settings->http);
	model_release(&m);
	return err;
}

char *model_key_advice(const struct model *m, long status, char *message)
{
	/* AWS says 403 to a signature that it does not accept, and to who may not use the model. */
	if (status != 401 && !(status == 403 && m->aws))
		return message;
	char *longer;
	if (m->aws)
		longer = xstrfmt("%s; signed with the keys of: %s", message, aws_credentials_source(m->aws));
	else if (!m->key)
		longer = xstrfmt("%s; no key was sent, `git scrutiny models login %s` keeps one", message,
				 m->provider);
	else if (m->key_from && !strcmp(m->key_from, MODEL_KEY_STORED))
		longer = xstrfmt("%s; the key is the one in %s, `git scrutiny models login %s` replaces it",
				 message, m->key_from, m->provider);
	else
		longer = xstrfmt("%s; the key is the one in %s", message,
				 m->key_from ? m->key_from : "the environment");
	free(message);
	return longer;
}
