#include "model/extract.h"

#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/schema.h"

/* Braces of prose from which the search starts again, and objects that are tried. */
#define MAX_STARTS 64
#define MAX_CANDIDATES 16

/* Reasoning that some models put in front. A block that is never closed is all there is. */
static struct slice without_thoughts(struct slice text)
{
	static const char open[] = "<think>", close[] = "</think>";
	text = slice_trim(text);
	const char *p = text.data, *end = text.data + text.len;
	const char *last = NULL;
	while ((p = memmem(p, (size_t)(end - p), close, sizeof(close) - 1))) {
		p += sizeof(close) - 1;
		last = p;
	}
	if (last)
		return slice_trim((struct slice){ last, (size_t)(end - last) });
	if (text.len >= sizeof(open) - 1 && !memcmp(text.data, open, sizeof(open) - 1))
		return (struct slice){ end, 0 };
	return text;
}

/* The end of the object that begins at START: behind its closing brace, or 0. */
static size_t object_end(struct slice text, size_t start)
{
	size_t depth = 0;
	bool in_string = false;
	for (size_t i = start; i < text.len; i++) {
		char c = text.data[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{') {
			depth++;
		} else if (c == '}' && !--depth) {
			return i + 1;
		}
	}
	return 0;
}

static size_t find_objects(struct slice text, struct slice *candidates)
{
	size_t nr = 0, pos = 0;
	for (unsigned starts = 0; starts < MAX_STARTS && pos < text.len; starts++) {
		const char *brace = memchr(text.data + pos, '{', text.len - pos);
		if (!brace)
			break;
		size_t start = (size_t)(brace - text.data);
		size_t end = object_end(text, start);
		pos = end ? end : start + 1;
		if (!end)
			continue;
		if (nr == MAX_CANDIDATES) /* what comes last is likelier to be meant */
			memmove(candidates, candidates + 1, --nr * sizeof(*candidates));
		candidates[nr++] = (struct slice){ text.data + start, end - start };
	}
	return nr;
}

/* Whether the backslash at S begins an escape of JSON; LEN bytes are left. */
static bool is_escape(const char *s, size_t len)
{
	if (len < 2 || !s[1] || !strchr("\"\\/bfnrtu", s[1]))
		return false;
	return s[1] != 'u' || (len >= 6 && hex_value(s[2]) >= 0 && hex_value(s[3]) >= 0 && hex_value(s[4]) >= 0 &&
			       hex_value(s[5]) >= 0);
}

/* One byte of a string (an escape: two). Returns how many were taken. */
static size_t mend_in_string(struct buffer *out, const char *s, size_t len)
{
	if ((unsigned char)*s < 0x20) {
		buffer_addf(out, "\\u%04x", (unsigned)*s);
		return 1;
	}
	if (*s != '\\') {
		buffer_addch(out, *s);
		return 1;
	}
	if (is_escape(s, len)) {
		buffer_add(out, s, 2);
		return 2;
	}
	buffer_addstr(out, "\\\\");
	return 1;
}

/* A comma that closes nothing but its list. */
static bool is_trailing_comma(struct slice json, size_t i)
{
	if (json.data[i] != ',')
		return false;
	for (i++; i < json.len && ascii_space(json.data[i]); i++)
		;
	return i < json.len && (json.data[i] == '}' || json.data[i] == ']');
}

static void mend(struct buffer *out, struct slice json)
{
	bool in_string = false;
	for (size_t i = 0; i < json.len;) {
		if (in_string && json.data[i] != '"') {
			i += mend_in_string(out, json.data + i, json.len - i);
			continue;
		}
		if (json.data[i] == '"')
			in_string = !in_string;
		if (in_string || !is_trailing_comma(json, i))
			buffer_addch(out, json.data[i]);
		i++;
	}
}

/* What an answer is held against. */
struct demand {
	const cJSON *schema;
	const char *const *may_lack;
};

static bool may_lack(const struct demand *demand, const char *key)
{
	for (const char *const *k = demand->may_lack; k && *k; k++)
		if (!strcmp(*k, key))
			return true;
	return false;
}

static void add_empty(cJSON *object, const cJSON *property)
{
	if (!strcmp(json_string_or(property, "type", ""), "array"))
		cJSON_AddArrayToObject(object, property->string);
	else
		cJSON_AddStringToObject(object, property->string, "");
}

/* Goes as deep as SCHEMA, which is ours. */
static void add_lacking(cJSON *value, const cJSON *schema, const struct demand *demand)
{
	cJSON *item;
	const cJSON *property;
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
	if (cJSON_IsArray(value) && items)
		cJSON_ArrayForEach(item, value)
			add_lacking(item, items, demand);
	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
		item = cJSON_GetObjectItemCaseSensitive(value, property->string);
		if (item)
			add_lacking(item, property, demand);
		else if (may_lack(demand, property->string))
			add_empty(value, property);
	}
}

static struct error *try_object(struct slice json, const struct demand *demand)
{
	cJSON *value = NULL;
	struct error *err = json_parse(&value, json, "the answer");
	if (!err) {
		add_lacking(value, demand->schema, demand);
		err = schema_validate(demand->schema, value);
	}
	cJSON_Delete(value);
	return err;
}

/* Tries the candidates from the last, as they are or mended. *LIKELIEST is set to what is wrong with the
 * longest of them. */
static bool try_objects(const struct slice *candidates, size_t nr, bool mended,
			const struct demand *demand, struct buffer *json, struct error **likeliest)
{
	size_t longest = 0;
	for (size_t i = nr; i--;) {
		struct buffer text = BUFFER_INIT;
		if (mended)
			mend(&text, candidates[i]);
		else
			buffer_add(&text, candidates[i].data, candidates[i].len);
		struct error *err = try_object(slice_of(&text), demand);
		if (!err)
			buffer_addbuf(json, &text);
		buffer_release(&text);
		if (!err)
			return true;
		if (candidates[i].len > longest) {
			struct error *other = *likeliest;
			*likeliest = err;
			err = other;
			longest = candidates[i].len;
		}
		error_free(err);
	}
	return false;
}

struct error *answer_extract(struct slice text, const cJSON *schema, const char *const *may_lack,
			     struct buffer *json)
{
	struct demand demand = { schema, may_lack };
	struct slice candidates[MAX_CANDIDATES];
	struct error *likeliest = NULL;
	text = without_thoughts(text);
	if (!text.len)
		return error_new(ERROR_SYNTAX, "the answer is empty");
	size_t nr = find_objects(text, candidates);
	if (try_objects(candidates, nr, false, &demand, json, &likeliest) ||
	    try_objects(candidates, nr, true, &demand, json, &likeliest)) {
		error_free(likeliest);
		return NULL;
	}
	if (likeliest)
		return likeliest;
	return error_new(ERROR_SYNTAX, memchr(text.data, '{', text.len)
					       ? "the answer holds no complete JSON object"
					       : "the answer is prose, not JSON");
}
