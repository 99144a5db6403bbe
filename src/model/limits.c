#include "model/limits.h"

#include <math.h>
#include <stdio.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"

#define MAX_RESET_MS (400.0 * 24 * 3600 * 1000)
/* Where the time of a reset is not told, limits are those of a minute. */
#define USUAL_RESET_MS 60000
/* Numbers from here on are a point in time and no duration. */
#define LEAST_EPOCH_S 1e9
#define LEAST_EPOCH_MS 1e12

/* -- places --------------------------------------------------------------------------------------- */

void window_init(struct window *w, unsigned size, unsigned ceiling)
{
	*w = (struct window){ .size = size, .ceiling = ceiling > size ? ceiling : size };
}

void window_answered(struct window *w, unsigned in_flight)
{
	if (in_flight < w->size || w->size >= w->ceiling || ++w->answers < w->size)
		return;
	w->size++;
	w->answers = 0;
}

void window_cut(struct window *w, uint64_t sent_ms, uint64_t now_ms)
{
	if (sent_ms < w->cut_ms)
		return;
	w->size = w->size > 1 ? w->size / 2 : 1;
	w->answers = 0;
	w->cut_ms = now_ms + 1; /* what was sent in this millisecond did not know yet */
}

/* -- allowances ----------------------------------------------------------------------------------- */

void allowance_learn(struct allowance *a, double limit, double left, uint64_t reset_ms, uint64_t now_ms)
{
	*a = (struct allowance){ .known = true, .level = left, .capacity = limit, .as_of_ms = now_ms };
	if (limit > left && reset_ms)
		a->per_ms = (limit - left) / (double)reset_ms;
	else if (limit >= 0)
		a->per_ms = limit / USUAL_RESET_MS;
	a->whole_ms = now_ms + (reset_ms ? reset_ms : USUAL_RESET_MS);
}

static double level_at(const struct allowance *a, uint64_t now_ms)
{
	double level = a->level + a->per_ms * (double)(now_ms - a->as_of_ms);
	return a->capacity >= 0 && level > a->capacity ? a->capacity : level;
}

void allowance_spend(struct allowance *a, double cost, uint64_t now_ms)
{
	if (!a->known)
		return;
	a->level = level_at(a, now_ms) - cost;
	a->as_of_ms = now_ms;
}

uint64_t allowance_wait(const struct allowance *a, double cost, uint64_t now_ms)
{
	if (!a->known || (a->per_ms <= 0 && now_ms >= a->whole_ms))
		return 0;
	if (a->capacity >= 0 && cost > a->capacity)
		cost = a->capacity;
	double missing = cost - level_at(a, now_ms);
	if (missing <= 0)
		return 0;
	if (a->per_ms <= 0)
		return a->whole_ms - now_ms;
	double wait = ceil(missing / a->per_ms);
	return wait < MAX_RESET_MS ? (uint64_t)wait : (uint64_t)MAX_RESET_MS;
}

/* -- the forms of a reset -------------------------------------------------------------------------- */

/* A decimal number at the beginning of S; false when there is none. */
static bool take_number(struct slice *s, double *out)
{
	double value = 0, unit = 1;
	bool any = false, fraction = false;
	while (s->len && (ascii_digit(*s->data) || (*s->data == '.' && !fraction))) {
		if (*s->data == '.') {
			fraction = true;
		} else if (fraction) {
			unit /= 10;
			value += (*s->data - '0') * unit;
		} else {
			value = value * 10 + (*s->data - '0');
		}
		any |= *s->data != '.';
		s->data++;
		s->len--;
	}
	*out = value;
	return any;
}

static bool take_unit(struct slice *s, double *ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = { { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 }, { "d", 8.64e7 } };
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t len = strlen(units[i].name);
		if (s->len < len || memcmp(s->data, units[i].name, len))
			continue;
		s->data += len;
		s->len -= len;
		*ms = units[i].ms;
		return true;
	}
	return false;
}

static bool parse_duration(struct slice s, int64_t epoch, double *ms)
{
	double number, unit;
	*ms = 0;
	if (!take_number(&s, &number))
		return false;
	if (!s.len) {
		*ms = number * 1e3;
		if (number >= LEAST_EPOCH_MS)
			*ms = number - (double)epoch * 1e3;
		else if (number >= LEAST_EPOCH_S)
			*ms = (number - (double)epoch) * 1e3;
		return true;
	}
	for (;;) {
		if (!take_unit(&s, &unit))
			return false;
		*ms += number * unit;
		if (!s.len)
			return true;
		if (!take_number(&s, &number))
			return false;
	}
}

bool limits_parse_reset(struct slice text, int64_t epoch, uint64_t *ms)
{
	double value;
	text = slice_trim(text);
	if (!parse_duration(text, epoch, &value)) {
		if (!date_parse(text, &value))
			return false;
		value = (value - (double)epoch) * 1e3;
	}
	if (value < 0)
		value = 0;
	*ms = (uint64_t)(value < MAX_RESET_MS ? value : MAX_RESET_MS);
	return true;
}

/* -- the pace of one model -------------------------------------------------------------------------- */

struct pace_mark pace_spend(struct pace *p, double tokens, uint64_t now_ms)
{
	p->nr_sent++;
	p->tokens_sent += tokens;
	allowance_spend(&p->requests, 1, now_ms);
	allowance_spend(&p->tokens, tokens, now_ms);
	return (struct pace_mark){ p->nr_sent, p->tokens_sent };
}

static bool header_number(const struct http_response *response, const char *name, double *out)
{
	struct slice text = name ? http_header(response, name) : (struct slice){ "", 0 };
	return take_number(&text, out) && !text.len;
}

/* SINCE was spent after the request that tells this was sent. */
static bool learn(struct allowance *a, const char *limit_name, const char *left_name, const char *reset_name,
		  const struct http_response *response, double since, uint64_t now_ms, int64_t epoch)
{
	double limit, left;
	uint64_t reset_ms = 0;
	if (!header_number(response, left_name, &left))
		return false;
	if (!header_number(response, limit_name, &limit))
		limit = -1;
	if (reset_name)
		limits_parse_reset(http_header(response, reset_name), epoch, &reset_ms);
	allowance_learn(a, limit, left, reset_ms, now_ms);
	allowance_spend(a, since, now_ms);
	return true;
}

void pace_learn(struct pace *p, const struct pace_mark *mark, const struct limit_headers *names,
		const struct http_response *response, uint64_t now_ms, int64_t epoch)
{
	if (mark->nr_sent < p->as_of) /* a later request has told already */
		return;
	bool requests = learn(&p->requests, names->requests_limit, names->requests_left,
			      names->requests_reset, response, (double)(p->nr_sent - mark->nr_sent),
			      now_ms, epoch);
	bool tokens = learn(&p->tokens, names->tokens_limit, names->tokens_left, names->tokens_reset,
			    response, p->tokens_sent - mark->tokens_sent, now_ms, epoch);
	if (requests || tokens)
		p->as_of = mark->nr_sent;
}

uint64_t pace_wait(const struct pace *p, double tokens, uint64_t now_ms)
{
	uint64_t requests_ms = allowance_wait(&p->requests, 1, now_ms);
	uint64_t tokens_ms = allowance_wait(&p->tokens, tokens, now_ms);
	return requests_ms > tokens_ms ? requests_ms : tokens_ms;
}
