/* What the bodies of errors say, to a person and to who decides about asking again. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "model/codec.h"

/* Longer delays mean the same: not in this run. */
#define MAX_DELAY_MS ((uint64_t)30 * 24 * 3600 * 1000)
/* A quota of the day comes back at midnight of some time zone, whatever delay is told with it. */
#define DAILY_QUOTA_MS ((uint64_t)3600 * 1000)

/* Secrets are taken out before the line is cut, so that no half of one is left. */
char *model_one_line(const char *text)
{
	struct buffer scrubbed = BUFFER_INIT, line = BUFFER_INIT;
	char *safe = redact(xmemdupz(text, strnlen(text, HTTP_MAX_ERROR_BODY)));
	utf8_scrub(&scrubbed, safe, strlen(safe));
	free(safe);
	for (size_t i = 0; i < scrubbed.len; i++)
		if (ascii_space(scrubbed.data[i]))
			scrubbed.data[i] = ' ';
	struct slice trimmed = slice_trim(slice_of(&scrubbed));
	size_t kept = 0;
	while (kept < trimmed.len) {
		uint32_t cp;
		size_t n = utf8_decode(trimmed.data + kept, trimmed.len - kept, &cp);
		if (kept + n > MODEL_MAX_MESSAGE)
			break;
		kept += n;
	}
	text_for_terminal(&line, trimmed.data, kept, false);
	if (kept < trimmed.len)
		buffer_addstr(&line, "...");
	buffer_release(&scrubbed);
	return buffer_detach(&line, NULL);
}

/* -- delays --------------------------------------------------------------------------------------- */

/* Milliseconds of the unit that starts at *S, which is moved behind it; 0: none. */
static uint64_t take_unit(const char **s)
{
	static const struct {
		const char *start;
		uint64_t ms;
	} units[] = { /* longer beginnings first */
		{ "ms", 1 },	    { "mil", 1 },   { "m", 60 * 1000 },
		{ "s", 1000 },	    { "h", 3600 * 1000 }, { "d", 24 * 3600 * 1000 },
	};
	uint64_t ms = 0;
	for (size_t i = 0; !ms && i < ARRAY_SIZE(units); i++)
		if (starts_with(*s, units[i].start))
			ms = units[i].ms;
	while (ascii_alpha(**s))
		(*s)++;
	return ms;
}

/* "46s", "46.5s", "1h2m3.5s", "20 seconds", "6ms"; 0 when it is none. */
static uint64_t parse_delay(const char *s)
{
	uint64_t total = 0;
	while (ascii_digit(*s)) {
		uint64_t whole = 0, thousandths = 0, place = 100;
		for (; ascii_digit(*s); s++)
			whole = whole < MAX_DELAY_MS ? whole * 10 + (uint64_t)(*s - '0') : MAX_DELAY_MS;
		if (*s == '.')
			for (s++; ascii_digit(*s); s++, place /= 10)
				thousandths += place * (uint64_t)(*s - '0');
		while (*s == ' ')
			s++;
		uint64_t unit = take_unit(&s);
		total += whole * unit + (thousandths * unit + 999) / 1000;
		if (total > MAX_DELAY_MS)
			return MAX_DELAY_MS;
		while (*s == ' ')
			s++;
	}
	return total;
}

/* "Please retry in 46.07s.", "Please try again in 1m12s." */
static uint64_t delay_in_words(const char *message)
{
	static const char *const words[] = { "retry in ", "try again in ", "retry after " };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *found = strcasestr(message, words[i]);
		uint64_t ms = found ? parse_delay(found + strlen(words[i])) : 0;
		if (ms)
			return ms;
	}
	return 0;
}

static bool has_daily_quota(const cJSON *detail)
{
	const cJSON *violation;
	cJSON_ArrayForEach(violation, cJSON_GetObjectItemCaseSensitive(detail, "violations"))
		if (strstr(json_string_or(violation, "quotaId", ""), "PerDay"))
			return true;
	return false;
}

/* Google's details: a list of objects, each of which names its type. */
static uint64_t delay_of(const cJSON *error, const char *message)
{
	uint64_t ms = 0, least = 0;
	const cJSON *detail, *details = cJSON_GetObjectItemCaseSensitive(error, "details");
	if (cJSON_IsArray(details))
		cJSON_ArrayForEach(detail, details) {
			uint64_t told = parse_delay(json_string_or(detail, "retryDelay", ""));
			if (told)
				ms = told;
			if (has_daily_quota(detail))
				least = DAILY_QUOTA_MS;
		}
	if (!ms)
		ms = delay_in_words(message);
	return ms > least ? ms : least;
}

/* -- what cannot be helped by asking again ----------------------------------------------------------- */

static const char *const permanent_codes[] = {
	/* OpenAI and servers like it */
	"insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "invalid_api_key",
	"invalid_request_error", "exceed_context_size_error", "context_length_exceeded",
	"model_not_found", "invalid_prompt", "bio_policy", "data_residency_mismatch",
	"image_content_policy_violation", "image_too_large", "image_file_too_large",
	/* Anthropic */
	"not_found_error", "authentication_error", "permission_error", "billing_error",
	"request_too_large", "contract_spend_limit_reached", "enforced_spend_limit_reached",
	"linked_organization_spend_limit_reached", "linked_organization_billing_unavailable",
	"organization_on_hold",
	/* Google */
	"INVALID_ARGUMENT", "FAILED_PRECONDITION", "PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND",
	"UNIMPLEMENTED", "OUT_OF_RANGE",
};

/* Older servers say it in words only. */
static const char *const permanent_words[] = {
	"spend limit", "spending limit", "credit balance", "too many tokens per day",
};

static bool is_permanent_code(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(permanent_codes); i++)
		if (!strcmp(code, permanent_codes[i]))
			return true;
	return false;
}

static bool is_permanent(const cJSON *error, const char *message)
{
	static const char *const keys[] = { "code", "type", "status" };
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		if (is_permanent_code(json_string_or(error, keys[k], "")))
			return true;
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(error, "details");
	if (is_permanent_code(json_string_or(details, "error_code", "")))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(permanent_words); i++)
		if (strcasestr(message, permanent_words[i]))
			return true;
	int64_t status = json_integer_or(error, "code", 0);
	return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

bool codec_error_of_json(struct codec_error *out, const cJSON *body)
{
	static const char *const keys[] = { "message", "Message", "error", "detail" };
	*out = (struct codec_error){ 0 };
	if (cJSON_IsArray(body)) /* Gemini's, when it does not stream events */
		body = cJSON_GetArrayItem(body, 0);
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(body, "error");
	const cJSON *object = cJSON_IsObject(error) ? error : body;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text = json_string_or(object, keys[i], NULL);
		if (!text || !*text)
			continue;
		out->message = model_one_line(text);
		out->permanent = is_permanent(object, text);
		out->retry_ms = delay_of(object, text);
		return true;
	}
	return false;
}

void codec_error_parse(struct codec_error *out, struct slice body)
{
	*out = (struct codec_error){ 0 };
	body = slice_trim(body);
	if (!body.len || body.data[0] == '<') /* a page for a browser explains nothing */
		return;
	cJSON *json = NULL;
	struct error *err = json_parse(&json, body, "error");
	if (!err && codec_error_of_json(out, json)) {
		cJSON_Delete(json);
		return;
	}
	if (err) {
		char *text = xmemdupz(body.data, body.len);
		out->message = model_one_line(text);
		free(text);
	}
	error_free(err);
	cJSON_Delete(json);
}

void codec_error_release(struct codec_error *e)
{
	free(e->message);
	e->message = NULL;
}

/* -- for a person ----------------------------------------------------------------------------------- */

static const struct {
	long status;
	const char *words;
} status_words[] = {
	{ 400, "the server did not accept the request" },
	{ 401, "the key was not accepted" },
	{ 402, "payment required" },
	{ 403, "access denied" },
	{ 404, "the server knows no such model or address" },
	{ 408, "the server gave up waiting" },
	{ 413, "the request is too large" },
	{ 429, "too many requests" },
	{ 500, "the server failed" },
	{ 502, "bad gateway" },
	{ 503, "the server is not available" },
	{ 504, "the gateway gave up waiting" },
	{ 529, "the server is overloaded" },
};

static const char *words_of(long status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_words); i++)
		if (status_words[i].status == status)
			return status_words[i].words;
	if (status / 100 == 3)
		return "the server redirects elsewhere; redirects are not followed";
	return status >= 500 ? "the server failed" : "unexpected answer of the server";
}

char *codec_status_message(long status, const struct codec_error *e, uint64_t retry_ms)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = { { 24 * 3600 * 1000, "d" }, { 3600 * 1000, "h" }, { 60 * 1000, "min" }, { 1000, "s" } };
	struct buffer line = BUFFER_INIT;
	buffer_addf(&line, "%ld %s", status, e->message ? e->message : words_of(status));
	while (line.len && line.data[line.len - 1] == '.')
		buffer_truncate(&line, line.len - 1);
	size_t u = 0;
	while (u + 1 < ARRAY_SIZE(units) && retry_ms < 2 * units[u].ms)
		u++;
	if (retry_ms)
		buffer_addf(&line, ", retry after %llu %s",
			    (unsigned long long)((retry_ms + units[u].ms - 1) / units[u].ms),
			    units[u].unit);
	return buffer_detach(&line, NULL);
}
