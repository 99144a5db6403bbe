#include "net/aws_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"

/* Bytes of a server's words that are shown. */
#define MAX_COMPLAINT 300

void aws_keys_release(struct aws_keys *k)
{
	secret_free(k->access_key);
	secret_free(k->secret_key);
	secret_free(k->session_token);
	*k = (struct aws_keys){ 0 };
}

static bool has_form(const char *key, size_t max)
{
	size_t len = key ? strlen(key) : 0;
	for (size_t i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] >= 0x7f)
			return false;
	return len > 0 && len <= max;
}

struct error *aws_keys_set(struct aws_keys *out, const char *what, const char *access_key,
			   const char *secret_key, const char *token, const char *expires)
{
	struct aws_keys k = { 0 };
	double date = 0;
	if (token && !*token)
		token = NULL;
	if (!has_form(access_key, AWS_MAX_KEY) || !has_form(secret_key, AWS_MAX_KEY) ||
	    (token && !has_form(token, AWS_MAX_TOKEN)))
		return error_new(ERROR_SYNTAX, "%s: the keys are incomplete or hold characters no key has",
				 what);
	if (expires && *expires && !date_parse(slice_of_string(expires), &date))
		return error_new(ERROR_SYNTAX, "%s: the time at which the keys expire is malformed", what);
	k.expires = (int64_t)date;
	k.access_key = xstrdup(access_key);
	k.secret_key = xstrdup(secret_key);
	k.session_token = token ? xstrdup(token) : NULL;
	trace_add_secret(k.access_key);
	trace_add_secret(k.secret_key);
	trace_add_secret(k.session_token);
	aws_keys_release(out);
	*out = k;
	return NULL;
}

static void wipe_and_delete(cJSON *json)
{
	cJSON *item;
	cJSON_ArrayForEach(item, json)
		if (cJSON_IsString(item))
			secret_wipe(item->valuestring, strlen(item->valuestring));
	cJSON_Delete(json);
}

struct error *aws_answer_json(struct aws_keys *out, struct slice body, const char *token_name,
			      const char *what)
{
	cJSON *json;
	struct error *err = json_parse(&json, body, "the answer");
	if (err) {
		error_free(err); /* may repeat what it stumbled over */
		return error_new(ERROR_SYNTAX, "%s: the answer is not JSON", what);
	}
	err = aws_keys_set(out, what, json_string_or(json, "AccessKeyId", NULL),
			   json_string_or(json, "SecretAccessKey", NULL),
			   json_string_or(json, token_name, NULL), json_string_or(json, "Expiration", NULL));
	wipe_and_delete(json);
	return err;
}

/* -- XML ------------------------------------------------------------------------------------------ */

/* What stands between <NAME> and the next </NAME>; its data is NULL when there is no such element. */
static struct slice element(struct slice xml, const char *name)
{
	char open[64], close[64];
	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	const char *begin = memmem(xml.data, xml.len, open, strlen(open));
	if (!begin)
		return (struct slice){ NULL, 0 };
	begin += strlen(open);
	const char *end = memmem(begin, xml.len - (size_t)(begin - xml.data), close, strlen(close));
	return end ? (struct slice){ begin, (size_t)(end - begin) } : (struct slice){ NULL, 0 };
}

/* The text of the element NAME without children, malloc'd, or NULL. */
static char *element_text(struct slice xml, const char *name)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' },
	};
	struct slice text = slice_trim(element(xml, name));
	struct buffer out = BUFFER_INIT;
	if (!text.data || memchr(text.data, '<', text.len) || memchr(text.data, '\0', text.len))
		return NULL;
	buffer_reserve(&out, text.len); /* no copies left behind */
	for (size_t i = 0; i < text.len;) {
		size_t e = 0;
		while (e < ARRAY_SIZE(entities) &&
		       (text.len - i < strlen(entities[e].entity) ||
			memcmp(text.data + i, entities[e].entity, strlen(entities[e].entity))))
			e++;
		bool found = e < ARRAY_SIZE(entities);
		buffer_addch(&out, found ? entities[e].c : text.data[i]);
		i += found ? strlen(entities[e].entity) : 1;
	}
	return buffer_detach(&out, NULL);
}

struct error *aws_answer_xml(struct aws_keys *out, struct slice body, const char *what)
{
	struct slice credentials = element(body, "Credentials");
	if (!credentials.data)
		return error_new(ERROR_SYNTAX, "%s: the answer holds no credentials", what);
	char *access_key = element_text(credentials, "AccessKeyId");
	char *secret_key = element_text(credentials, "SecretAccessKey");
	char *token = element_text(credentials, "SessionToken");
	char *expires = element_text(credentials, "Expiration");
	struct error *err = aws_keys_set(out, what, access_key, secret_key, token, expires);
	secret_free(access_key);
	secret_free(secret_key);
	secret_free(token);
	free(expires);
	return err;
}

/* -- errors --------------------------------------------------------------------------------------- */

static char *one_line(const char *code, const char *message)
{
	struct buffer line = BUFFER_INIT;
	if (!code && !message)
		return NULL;
	char *text = redact(xstrfmt("%s%s%s", code ? code : "", code && message ? ": " : "",
				    message ? message : ""));
	text_for_terminal(&line, text, strnlen(text, MAX_COMPLAINT), false);
	free(text);
	return buffer_detach(&line, NULL);
}

static char *json_complaint(struct slice body)
{
	static const char *const keys[] = { "message", "Message", "error" };
	cJSON *json;
	struct error *err = json_parse(&json, body, "error");
	const char *message = NULL;
	if (err) {
		error_free(err);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !message; i++)
		message = json_string_or(json, keys[i], NULL);
	char *line = one_line(json_string_or(json, "code", json_string_or(json, "Code", NULL)), message);
	cJSON_Delete(json);
	return line;
}

char *aws_answer_complaint(struct slice body)
{
	struct slice error = element(body, "Error");
	if (!error.data)
		return json_complaint(body);
	char *code = element_text(error, "Code"), *message = element_text(error, "Message");
	char *line = one_line(code, message);
	free(code);
	free(message);
	return line;
}
