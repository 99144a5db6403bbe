/* Entries as lines of JSON: docs/formats/spending.schema.json. */
#include "base/hex.h"
#include "budget/internal.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* The end of the year 9999. */
#define MAX_DATE INT64_C(253402300799)

static const char *const state_names[] = {
	[SPENDING_RESERVED] = "reserved", [SPENDING_SETTLED] = "settled",
};

/* The texts of an entry, in the order they are written. */
static const struct text_field {
	const char *key;
	size_t at;
	bool required;
} texts[] = {
	{ "reviewer", offsetof(struct spending, reviewer), true },
	{ "paper", offsetof(struct spending, paper), true },
	{ "content_id", offsetof(struct spending, content_id), false },
	{ "task", offsetof(struct spending, task), false },
	{ "author", offsetof(struct spending, author), false },
	{ "request", offsetof(struct spending, request), false },
};

static const struct count_field {
	const char *key;
	size_t at;
} counts[] = {
	{ "input_tokens", offsetof(struct spending, input_tokens) },
	{ "output_tokens", offsetof(struct spending, output_tokens) },
	{ "cached_tokens", offsetof(struct spending, cached_tokens) },
};

static char **text_of(const struct spending *s, const struct text_field *field)
{
	return (char **)((char *)s + field->at);
}

static int64_t *count_of(const struct spending *s, const struct count_field *field)
{
	return (int64_t *)((char *)s + field->at);
}

void spending_release(struct spending *s)
{
	free(s->id);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(*text_of(s, &texts[i]));
	*s = (struct spending){ 0 };
}

void spending_copy(struct spending *out, const struct spending *s)
{
	*out = *s;
	out->id = s->id ? xstrdup(s->id) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = *text_of(s, &texts[i]);
		*text_of(out, &texts[i]) = text ? xstrdup(text) : NULL;
	}
}

/* -- writing --------------------------------------------------------------------------------- */

void spending_write(struct buffer *out, enum spending_state state, const struct spending *s)
{
	struct json_writer w;
	json_writer_init(&w, out, false);
	json_begin_object(&w);
	if (state != SPENDING_BOOKED)
		json_put_string(&w, "state", state_names[state]);
	json_put_string(&w, "id", s->id);
	json_put_integer(&w, "date", s->date);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = *text_of(s, &texts[i]);
		if (!text && !texts[i].required)
			continue;
		json_key(&w, texts[i].key);
		json_string_n(&w, text ? text : "", text ? strnlen(text, SPENDING_MAX_TEXT) : 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (*count_of(s, &counts[i]) >= 0)
			json_put_integer(&w, counts[i].key, *count_of(s, &counts[i]));
	if (s->usd >= 0)
		json_put_number(&w, "usd", s->usd < SPENDING_MAX_USD ? s->usd : SPENDING_MAX_USD);
	if (s->estimated)
		json_put_bool(&w, "estimated", true);
	if (s->batch)
		json_put_bool(&w, "batch", true);
	json_end_object(&w);
	buffer_addch(out, '\n');
}

/* -- reading --------------------------------------------------------------------------------- */

static bool is_id(const char *s)
{
	return s && hex_is(s, SPENDING_ID_DIGITS);
}

static bool parse_state(const cJSON *json, enum spending_state *state)
{
	const char *name = json_string_or(json, "state", NULL);
	*state = SPENDING_BOOKED;
	if (!name)
		return true;
	for (size_t i = SPENDING_RESERVED; i < ARRAY_SIZE(state_names); i++)
		if (!strcmp(name, state_names[i])) {
			*state = (enum spending_state)i;
			return true;
		}
	return false;
}

static bool parse_usd(const cJSON *json, double *usd)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "usd");
	*usd = -1;
	if (!item || cJSON_IsNull(item))
		return true;
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < 0 ||
	    item->valuedouble > SPENDING_MAX_USD)
		return false;
	*usd = item->valuedouble;
	return true;
}

static bool parse_fields(struct spending *out, enum spending_state *state, const cJSON *json)
{
	const char *id = json_string_or(json, "id", NULL);
	out->date = json_integer_or(json, "date", -1);
	if (!is_id(id) || out->date < 0 || out->date > MAX_DATE || !parse_state(json, state) ||
	    !parse_usd(json, &out->usd))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = json_string_or(json, texts[i].key, NULL);
		if (!text && texts[i].required)
			return false;
		*text_of(out, &texts[i]) = text ? xstrdup(text) : NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		int64_t count = json_integer_or(json, counts[i].key, -1);
		*count_of(out, &counts[i]) = count >= 0 ? count : -1;
	}
	out->id = xstrdup(id);
	out->estimated = json_bool_or(json, "estimated", false);
	out->batch = json_bool_or(json, "batch", false);
	return true;
}

bool spending_parse(struct spending *out, enum spending_state *state, struct slice line)
{
	cJSON *json;
	*out = (struct spending){ 0 };
	if (line.len > SPENDING_MAX_LINE)
		return false;
	struct error *err = json_parse(&json, line, "an entry");
	if (err) {
		error_free(err);
		return false;
	}
	bool parsed = parse_fields(out, state, json);
	if (!parsed)
		spending_release(out);
	cJSON_Delete(json);
	return parsed;
}

size_t spending_each_line(struct slice text, void (*fn)(struct spending *s, enum spending_state state,
							 void *data),
			  void *data, size_t *rest)
{
	size_t at = 0, damaged = 0;
	while (at < text.len) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		if (!end)
			break;
		struct slice line = { text.data + at, (size_t)(end - text.data) - at };
		struct spending s;
		enum spending_state state;
		at += line.len + 1;
		if (!slice_trim(line).len)
			continue;
		if (spending_parse(&s, &state, line))
			fn(&s, state, data);
		else
			damaged++;
	}
	if (rest)
		*rest = text.len - at;
	return damaged;
}

/* -- sets ------------------------------------------------------------------------------------ */

static bool counts_more(const struct spending *a, enum spending_state a_state, const struct spending *b,
			enum spending_state b_state)
{
	if ((a_state == SPENDING_RESERVED) != (b_state == SPENDING_RESERVED))
		return b_state == SPENDING_RESERVED;
	if (a->estimated != b->estimated)
		return b->estimated;
	return a->usd > b->usd;
}

size_t spending_set_find(const struct spending_set *set, const char *id)
{
	uintptr_t place = (uintptr_t)strmap_get(&set->ids, id, strlen(id));
	return place ? (size_t)place - 1 : SIZE_MAX;
}

bool spending_set_add(struct spending_set *set, struct spending *s, enum spending_state state)
{
	void **slot = strmap_at(&set->ids, s->id, strlen(s->id));
	if (!*slot) {
		if (set->nr == set->alloc) {
			set->alloc = set->alloc ? 2 * set->alloc : 64;
			set->items = xreallocarray(set->items, set->alloc, sizeof(*set->items));
			set->states = xreallocarray(set->states, set->alloc, sizeof(*set->states));
		}
		set->items[set->nr] = *s;
		set->states[set->nr++] = state;
		*slot = (void *)(uintptr_t)set->nr;
		return true;
	}
	size_t at = (size_t)(uintptr_t)*slot - 1;
	if (!counts_more(s, state, &set->items[at], set->states[at])) {
		spending_release(s);
		return false;
	}
	spending_release(&set->items[at]);
	set->items[at] = *s;
	set->states[at] = state;
	return true;
}

void spending_set_release(struct spending_set *set)
{
	for (size_t i = 0; i < set->nr; i++)
		spending_release(&set->items[i]);
	free(set->items);
	free(set->states);
	strmap_release(&set->ids, NULL);
	*set = (struct spending_set){ 0 };
}
