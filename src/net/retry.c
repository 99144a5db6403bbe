#include "net/retry.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

/* Longer waits are all the same to a run: too long. */
#define MAX_SERVER_DELAY_MS (UINT64_C(400) * 24 * 3600 * 1000)

/* A decimal number with an optional fraction, times SCALE. */
static bool parse_number(struct slice s, uint64_t scale, uint64_t *out)
{
	uint64_t whole = 0, fraction = 0, divisor = 1;
	size_t i = 0;
	for (; i < s.len && ascii_digit(s.data[i]); i++)
		if (whole < MAX_SERVER_DELAY_MS)
			whole = whole * 10 + (uint64_t)(s.data[i] - '0');
	if (!i)
		return false;
	if (i < s.len && s.data[i] == '.')
		for (i++; i < s.len && ascii_digit(s.data[i]); i++)
			if (divisor < 1000) {
				fraction = fraction * 10 + (uint64_t)(s.data[i] - '0');
				divisor *= 10;
			}
	if (i != s.len)
		return false;
	*out = whole * scale + fraction * scale / divisor;
	return true;
}

static bool parse_http_date(struct slice s, int64_t now, uint64_t *out)
{
	if (!s.len || s.len > 64 || !ascii_alpha(s.data[0]))
		return false;
	char *text = xmemdupz(s.data, s.len);
	time_t date = curl_getdate(text, NULL);
	free(text);
	if (date < 0)
		return false;
	*out = date > now ? (uint64_t)(date - now) * 1000 : 0;
	return true;
}

static bool server_delay(const struct http_response *response, int64_t now, uint64_t *out)
{
	struct slice in_ms = http_header(response, "retry-after-ms");
	struct slice after = http_header(response, "retry-after");
	if (!parse_number(in_ms, 1, out) && !parse_number(after, 1000, out) &&
	    !parse_http_date(after, now, out))
		return false;
	if (*out > MAX_SERVER_DELAY_MS)
		*out = MAX_SERVER_DELAY_MS;
	/* A date that has passed says nothing about when to come back. */
	return *out > 0;
}

static bool worth_retrying(const struct http_response *response)
{
	struct slice should = http_header(response, "x-should-retry");
	if (slice_equals(should, "true"))
		return true;
	if (slice_equals(should, "false"))
		return false;
	if (response->error)
		return !response->permanent && response->error->code != ERROR_CANCELLED;
	long status = response->status;
	return status == 408 || status == 409 || status == 429 || status >= 500;
}

struct retry_advice retry_advise(const struct http_response *response, unsigned attempt, int64_t now,
				 double random, uint64_t first_ms)
{
	struct retry_advice advice = { 0 };
	advice.wanted = worth_retrying(response);
	advice.retry = advice.wanted && attempt < RETRY_MAX_ATTEMPTS;
	advice.server_said = server_delay(response, now, &advice.delay_ms);
	if (advice.server_said)
		return advice;
	uint64_t delay = first_ms;
	for (unsigned i = 1; i < attempt && delay < first_ms * RETRY_LARGEST; i++)
		delay *= 2;
	advice.delay_ms = delay - (uint64_t)((double)delay * 0.25 * random);
	return advice;
}
