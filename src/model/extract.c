#include "model/extract.h"

#include <string.h>

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

static struct error *try_object(struct slice json, const cJSON *schema)
{
	cJSON *value = NULL;
	struct error *err = json_parse(&value, json, "the answer");
	if (!err)
		err = schema_validate(schema, value);
	cJSON_Delete(value);
	return err;
}

struct error *answer_extract(struct slice text, const cJSON *schema, struct slice *json)
{
	struct slice candidates[MAX_CANDIDATES];
	struct error *likeliest = NULL;
	size_t longest = 0;
	text = without_thoughts(text);
	if (!text.len)
		return error_new(ERROR_SYNTAX, "the answer is empty");
	for (size_t i = find_objects(text, candidates); i--;) {
		struct error *err = try_object(candidates[i], schema);
		if (!err) {
			error_free(likeliest);
			*json = candidates[i];
			return NULL;
		}
		if (candidates[i].len > longest) {
			struct error *other = likeliest;
			likeliest = err;
			err = other;
			longest = candidates[i].len;
		}
		error_free(err);
	}
	if (likeliest)
		return likeliest;
	return error_new(ERROR_SYNTAX, memchr(text.data, '{', text.len)
					       ? "the answer holds no complete JSON object"
					       : "the answer is prose, not JSON");
}
