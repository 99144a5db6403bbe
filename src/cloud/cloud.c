#include "cloud/cloud.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "cloud/call.h"
#include "cloud/xml.h"
#include "net/retry.h"

#define MAX_REGION 40
#define MAX_TOKEN ((size_t)16 << 10)
#define DEFAULT_POLL_MS 500
#define LONGEST_POLL 6 /* times the first pause */
#define STOP_POLL_MS 50

/* -- opening -------------------------------------------------------------------------------------- */

/* It becomes part of an address. */
bool cloud_is_region(const char *region)
{
	size_t len = strlen(region);
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)region[i]) && region[i] != '-')
			return false;
	return len > 0 && len <= MAX_REGION;
}

static struct error *find_region(struct cloud *c, const char *wanted)
{
	c->region = wanted ? xstrdup(wanted) : aws_region(&c->aws);
	if (!c->region)
		return error_with_hint(error_new(ERROR_USAGE, "which AWS region is meant?"),
				       "export AWS_REGION=..., or write `region:` into .deploy.yml");
	if (!cloud_is_region(c->region))
		return error_new(ERROR_USAGE, "'%s' is no AWS region", c->region);
	return NULL;
}

struct error *cloud_new(struct cloud **out, const struct cloud_settings *settings)
{
	struct cloud *c = xcalloc(1, sizeof(*c));
	c->home = settings->aws.home ? xstrdup(settings->aws.home) : NULL;
	c->profile = settings->aws.profile ? xstrdup(settings->aws.profile) : NULL;
	c->aws = settings->aws;
	c->aws.home = c->home;
	c->aws.profile = c->profile;
	c->stop = settings->stop;
	c->retry_ms = settings->retry_ms ? settings->retry_ms : RETRY_FIRST_MS;
	c->poll_ms = settings->poll_ms ? settings->poll_ms : DEFAULT_POLL_MS;
	struct error *err = find_region(c, settings->region);
	if (!err)
		err = aws_credentials_new(&c->credentials, &c->aws);
	if (!err)
		err = http_new(&c->http, &c->aws.http);
	if (err)
		cloud_free(c);
	else
		*out = c;
	return err;
}

void cloud_free(struct cloud *c)
{
	if (!c)
		return;
	if (c->http)
		http_free(c->http);
	aws_credentials_free(c->credentials);
	free(c->home);
	free(c->profile);
	free(c->region);
	free(c);
}

const char *cloud_region(const struct cloud *c)
{
	return c->region;
}

const char *cloud_credentials_source(const struct cloud *c)
{
	return aws_credentials_source(c->credentials);
}

/* -- JSON services -------------------------------------------------------------------------------- */

static struct error *read_object(cJSON **out, struct slice text, const char *what)
{
	if (!text.len) {
		*out = cJSON_CreateObject();
		return NULL;
	}
	struct error *err = json_parse(out, text, what);
	if (!err && !cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		err = error_new(ERROR_SYNTAX, "%s is not an object", what);
	}
	return err;
}

static struct error *send_json(struct cloud *c, const char *service, const char *action,
			       const cJSON *parameters, cJSON **out)
{
	struct buffer body = BUFFER_INIT, answer = BUFFER_INIT_MAX(CLOUD_MAX_ANSWER);
	struct cloud_call call;
	struct json_writer w;
	struct error *err = cloud_call_init(&call, c, service, action, true);
	if (!err) {
		json_writer_init(&w, &body, false);
		json_value(&w, parameters);
		call.body = slice_of(&body);
		err = cloud_call_send(c, &call, &answer);
	}
	if (!err)
		err = error_context(read_object(out, slice_of(&answer), "the answer"), "%s: %s", service,
				    action);
	buffer_release(&body);
	secret_release(&answer);
	return err;
}

struct error *cloud_json(struct cloud *c, const char *service, const char *action, cJSON *parameters,
			 cJSON **out)
{
	cJSON *sent = parameters ? parameters : cJSON_CreateObject();
	struct error *err = send_json(c, service, action, sent, out);
	cJSON_Delete(sent);
	return err;
}

/* -- Query services ------------------------------------------------------------------------------- */

static void add_field(struct buffer *form, const char *name, const char *value)
{
	buffer_addf(form, "%s%s=", form->len ? "&" : "", name);
	text_percent(form, slice_of_string(value), "");
}

/* What <ACTION>Response holds. */
static struct error *read_tree(cJSON **out, struct slice text, const struct cloud_call *call)
{
	const char *action = call->action->name;
	char *root, *expected = xstrfmt("%sResponse", action);
	struct error *err = cloud_xml_parse(out, &root, text, "the answer");
	if (!err && (strcmp(root, expected) || !cJSON_IsObject(*out))) {
		cJSON_Delete(*out);
		err = error_new(ERROR_SYNTAX, "the answer is no %s", expected);
	}
	free(root);
	free(expected);
	return error_context(err, "%s: %s", call->service->name, action);
}

struct error *cloud_query_in(struct cloud *c, const char *region, const char *service, const char *action,
			     const char *const *parameters, cJSON **out)
{
	struct buffer form = BUFFER_INIT, answer = BUFFER_INIT_MAX(CLOUD_MAX_ANSWER);
	struct cloud_call call;
	struct error *err = cloud_call_init(&call, c, service, action, false);
	if (!err) {
		call.region = region;
		add_field(&form, "Action", action);
		add_field(&form, "Version", call.service->version);
		for (; parameters && *parameters; parameters += 2)
			add_field(&form, parameters[0], parameters[1]);
		call.body = slice_of(&form);
		err = cloud_call_send(c, &call, &answer);
	}
	if (!err)
		err = read_tree(out, slice_of(&answer), &call);
	buffer_release(&form);
	secret_release(&answer);
	return err;
}

struct error *cloud_query(struct cloud *c, const char *service, const char *action,
			  const char *const *parameters, cJSON **out)
{
	return cloud_query_in(c, c->region, service, action, parameters, out);
}

/* -- pages ---------------------------------------------------------------------------------------- */

/* The token of the next page, or NULL; *NAME is how it is spelled here. */
static const char *next_token(const cJSON *answer, const char **name)
{
	static const char *const spellings[] = { "nextToken", "NextToken" };
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		const char *token = json_string_or(answer, spellings[i], NULL);
		*name = spellings[i];
		if (token && *token)
			return token;
	}
	return NULL;
}

/* Moves what PAGE holds under KEY to the end of LIST. An empty list of XML is no list but an empty string. */
static struct error *take_page(cJSON *list, size_t *nr, cJSON *page, const char *key, const char *action)
{
	cJSON *items = cJSON_GetObjectItemCaseSensitive(page, key);
	if (!cJSON_IsArray(items))
		return NULL;
	while (items->child) {
		if (++*nr > CLOUD_MAX_ITEMS)
			return error_new(ERROR_LIMIT, "%s lists more than %d items", action, CLOUD_MAX_ITEMS);
		cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(items, items->child));
	}
	return NULL;
}

struct pages {
	const char *service, *action, *key;
	cJSON *list;
	size_t nr, pages;
	char *token;      /* of the next page; NULL: there is none */
	const char *name; /* how it is spelled here */
};

static struct error *take_answer(struct pages *p, cJSON *answer)
{
	const char *token = next_token(answer, &p->name);
	free(p->token);
	p->token = token ? xstrdup(token) : NULL;
	struct error *err = take_page(p->list, &p->nr, answer, p->key, p->action);
	cJSON_Delete(answer);
	if (!err && p->token && (++p->pages >= CLOUD_MAX_PAGES || strlen(p->token) > MAX_TOKEN))
		err = error_new(ERROR_LIMIT, "%s does not come to an end", p->action);
	return error_context(err, "%s", p->service);
}

static struct error *finish_pages(struct pages *p, struct error *err, cJSON **out)
{
	free(p->token);
	if (err)
		cJSON_Delete(p->list);
	else
		*out = p->list;
	return err;
}

struct error *cloud_json_list(struct cloud *c, const char *service, const char *action, cJSON *parameters,
			      const char *key, cJSON **out)
{
	struct pages p = { service, action, key, cJSON_CreateArray() };
	cJSON *sent = parameters ? parameters : cJSON_CreateObject(), *answer;
	struct error *err;
	do {
		if (p.token) {
			cJSON_DeleteItemFromObjectCaseSensitive(sent, p.name);
			cJSON_AddStringToObject(sent, p.name, p.token);
		}
		err = send_json(c, service, action, sent, &answer);
		if (!err)
			err = take_answer(&p, answer);
	} while (!err && p.token);
	cJSON_Delete(sent);
	return finish_pages(&p, err, out);
}

struct error *cloud_query_list_in(struct cloud *c, const char *region, const char *service,
				  const char *action, const char *const *parameters, const char *key,
				  cJSON **out)
{
	struct pages p = { service, action, key, cJSON_CreateArray() };
	size_t nr = 0;
	while (parameters && parameters[nr])
		nr++;
	const char **all = xcalloc(nr + 3, sizeof(*all));
	if (nr)
		memcpy(all, parameters, nr * sizeof(*all));
	cJSON *answer;
	struct error *err;
	do {
		if (p.token) {
			all[nr] = "NextToken";
			all[nr + 1] = p.token;
		}
		err = cloud_query_in(c, region, service, action, all, &answer);
		if (!err)
			err = take_answer(&p, answer);
	} while (!err && p.token);
	free(all);
	return finish_pages(&p, err, out);
}

struct error *cloud_query_list(struct cloud *c, const char *service, const char *action,
			       const char *const *parameters, const char *key, cJSON **out)
{
	return cloud_query_list_in(c, c->region, service, action, parameters, key, out);
}

/* -- errors --------------------------------------------------------------------------------------- */

/* The code in "...: <service>: <Code>: <message>"; its length in *LEN; NULL when ERR is not of AWS. */
static const char *code_of(const struct error *err, size_t *len)
{
	for (const char *at = err ? err->message : NULL; at; at = strstr(at, ": "), at = at ? at + 2 : NULL) {
		size_t word = strcspn(at, ":");
		if (!cloud_is_service((struct slice){ at, word }) || strncmp(at + word, ": ", 2))
			continue;
		const char *code = at + word + 2;
		*len = strcspn(code, ":");
		return code;
	}
	return NULL;
}

bool cloud_error_is(const struct error *err, const char *code)
{
	size_t len, wanted = strlen(code);
	const char *found = code_of(err, &len);
	if (!found || len < wanted || memcmp(found, code, wanted))
		return false;
	return len == wanted || (found[wanted] == '.' && !memchr(found + wanted + 1, '.', len - wanted - 1));
}

bool cloud_error_drop(struct error **err, const char *code)
{
	if (!cloud_error_is(*err, code))
		return false;
	error_free(*err);
	*err = NULL;
	return true;
}

/* -- waiting -------------------------------------------------------------------------------------- */

struct error *cloud_pause(struct cloud *c, unsigned attempt)
{
	uint64_t factor = attempt < LONGEST_POLL ? attempt : LONGEST_POLL;
	uint64_t until = clock_ms() + c->poll_ms * factor;
	for (uint64_t now = clock_ms(); now < until; now = clock_ms()) {
		if (c->stop && *c->stop)
			return error_new(ERROR_CANCELLED, "interrupted");
		uint64_t left = until - now < STOP_POLL_MS ? until - now : STOP_POLL_MS;
		nanosleep(&(struct timespec){ .tv_nsec = (long)left * 1000000 }, NULL);
	}
	return NULL;
}
