#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* Integers below are written by %g without an exponent, too. */
#define MAX_PLAIN_INTEGER 1e15

void json_writer_init(struct json_writer *w, struct buffer *out, bool indent)
{
	*w = (struct json_writer){ .out = out, .indent = indent };
}

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	buffer_addch(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		buffer_addstr(w->out, "  ");
}

/* What stands between the previous value or key and the next. */
static void separate(struct json_writer *w)
{
	if (!w->after_key) {
		if (w->need_comma)
			buffer_addch(w->out, ',');
		if (w->depth)
			new_line(w);
	}
	w->after_key = false;
	w->need_comma = true;
}

static void begin(struct json_writer *w, char bracket)
{
	separate(w);
	buffer_addch(w->out, bracket);
	w->depth++;
	w->need_comma = false;
}

static void end(struct json_writer *w, char bracket)
{
	bool empty = !w->need_comma;
	w->depth--;
	if (!empty)
		new_line(w);
	buffer_addch(w->out, bracket);
	w->need_comma = true;
}

void json_begin_object(struct json_writer *w)
{
	begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
	end(w, ']');
}

#define LONGEST_ESCAPE 6
/* Bytes that are escaped in one go. */
#define PIECE 1024

/* Writes S, valid UTF-8, to OUT, where LONGEST_ESCAPE bytes for each of its own have to fit; returns where it
 * ends. */
static char *escape(char *out, const char *s, size_t len)
{
	static const char letters[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\') {
			*out++ = (char)c;
			continue;
		}
		*out++ = '\\';
		if (c >= 0x20) {
			*out++ = (char)c;
		} else if (letters[c]) {
			*out++ = letters[c];
		} else {
			memcpy(out, "u00", 3);
			out[3] = hex[c >> 4];
			out[4] = hex[c & 15];
			out += 5;
		}
	}
	return out;
}

static void add_escaped(struct buffer *out, const char *s, size_t len)
{
	char piece[PIECE * LONGEST_ESCAPE];
	while (len) {
		size_t n = len < PIECE ? len : PIECE;
		if (buffer_reserve(out, n * LONGEST_ESCAPE)) {
			out->len = (size_t)(escape(out->data + out->len, s, n) - out->data);
			out->data[out->len] = '\0';
		} else { /* near its ceiling */
			buffer_add(out, piece, (size_t)(escape(piece, s, n) - piece));
		}
		s += n;
		len -= n;
	}
}

static void add_quoted(struct buffer *out, const char *s, size_t len)
{
	buffer_addch(out, '"');
	if (utf8_valid(s, len)) {
		add_escaped(out, s, len);
	} else {
		struct buffer scrubbed = BUFFER_INIT;
		utf8_scrub(&scrubbed, s, len);
		add_escaped(out, scrubbed.data, scrubbed.len);
		buffer_release(&scrubbed);
	}
	buffer_addch(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
	separate(w);
	add_quoted(w->out, key, strlen(key));
	buffer_addstr(w->out, w->indent ? ": " : ":");
	w->after_key = true;
}

void json_string_n(struct json_writer *w, const char *s, size_t len)
{
	separate(w);
	add_quoted(w->out, s, len);
}

void json_string(struct json_writer *w, const char *s)
{
	if (s)
		json_string_n(w, s, strlen(s));
	else
		json_null(w);
}

void json_integer(struct json_writer *w, int64_t value)
{
	separate(w);
	buffer_addf(w->out, "%lld", (long long)value);
}

void json_number(struct json_writer *w, double value)
{
	char text[40];
	if (!isfinite(value)) {
		json_null(w);
		return;
	}
	bool plain = fabs(value) < MAX_PLAIN_INTEGER && value == trunc(value);
	if (plain && (value != 0 || !signbit(value))) {
		json_integer(w, (int64_t)value);
		return;
	}
	separate(w);
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	/* The decimal point follows the locale, and may be several bytes. */
	const char *point = localeconv()->decimal_point;
	const char *found = strstr(text, point);
	if (found) {
		buffer_add(w->out, text, (size_t)(found - text));
		buffer_addch(w->out, '.');
		buffer_addstr(w->out, found + strlen(point));
	} else {
		buffer_addstr(w->out, text);
	}
}

void json_bool(struct json_writer *w, bool value)
{
	separate(w);
	buffer_addstr(w->out, value ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	separate(w);
	buffer_addstr(w->out, "null");
}

/* Recursion is bounded by JSON_MAX_DEPTH for what json_parse gave. */
static void add_members(struct json_writer *w, const cJSON *container, bool object)
{
	const cJSON *item;
	begin(w, object ? '{' : '[');
	cJSON_ArrayForEach(item, container) {
		if (object)
			json_key(w, item->string);
		json_value(w, item);
	}
	end(w, object ? '}' : ']');
}

void json_value(struct json_writer *w, const cJSON *value)
{
	if (cJSON_IsObject(value) || cJSON_IsArray(value))
		add_members(w, value, cJSON_IsObject(value));
	else if (cJSON_IsString(value))
		json_string(w, value->valuestring);
	else if (cJSON_IsNumber(value))
		json_number(w, value->valuedouble);
	else if (cJSON_IsBool(value))
		json_bool(w, cJSON_IsTrue(value));
	else
		json_null(w);
}

void json_put_string(struct json_writer *w, const char *key, const char *s)
{
	json_key(w, key);
	json_string(w, s);
}

void json_put_integer(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_integer(w, value);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
	json_key(w, key);
	json_number(w, value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_bool(w, value);
}
