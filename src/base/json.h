/*
 * JSON: cJSON behind helpers that check type, depth and size. Documents from outside are parsed
 * with json_parse only; what we write comes from json_writer, whose key order and number
 * format do not depend on anything but the calls, so that the same data gives the same bytes.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Nesting accepted from outside. cJSON itself recurses. */
#define JSON_MAX_DEPTH 64
/* Bytes of one JSON document accepted from outside. */
#define JSON_MAX_SIZE ((size_t)64 << 20)
/* Values in one document: each costs cJSON 64 bytes or more, whatever it cost the sender. */
#define JSON_MAX_VALUES ((size_t)2 << 20)
/* Bytes of one number; cJSON misreads longer ones. */
#define JSON_MAX_NUMBER 60

/* Parses exactly one JSON value (white space around it is fine). ERROR_SYNTAX names WHAT and
 * the line and column; ERROR_LIMIT beyond the ceilings. Invalid UTF-8, lone surrogates and NUL
 * escapes are errors. Of a key that is there twice, the first counts. The caller frees *OUT with cJSON_Delete. */
struct error *json_parse(cJSON **out, struct slice text, const char *what);

/* Typed access. Each is ERROR_SYNTAX "<what>: '<key>' is missing" or "... is not a string".
 * Strings stay owned by the tree. */
struct error *json_get_string(const cJSON *object, const char *key, const char *what, const char **out);
struct error *json_get_object(const cJSON *object, const char *key, const char *what, const cJSON **out);
struct error *json_get_array(const cJSON *object, const char *key, const char *what, const cJSON **out);
struct error *json_get_integer(const cJSON *object, const char *key, const char *what, int64_t *out);
struct error *json_get_number(const cJSON *object, const char *key, const char *what, double *out);
/* The string of KEY, or FALLBACK when it is absent, null or no string. */
const char *json_string_or(const cJSON *object, const char *key, const char *fallback);
int64_t json_integer_or(const cJSON *object, const char *key, int64_t fallback);
double json_number_or(const cJSON *object, const char *key, double fallback);
bool json_bool_or(const cJSON *object, const char *key, bool fallback);

/*
 * Writing. Indented by two spaces when INDENT, otherwise compact on one line. Strings are
 * written as UTF-8 with malformed bytes replaced by U+FFFD.
 */
struct json_writer {
	struct buffer *out;
	bool indent;
	unsigned depth;
	bool need_comma;
	bool after_key;
};

void json_writer_init(struct json_writer *w, struct buffer *out, bool indent);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_string(struct json_writer *w, const char *s); /* NULL is written as null */
void json_string_n(struct json_writer *w, const char *s, size_t len);
void json_integer(struct json_writer *w, int64_t value);
/* Shortest decimal that reads back as the same double; not finite is written as null. */
void json_number(struct json_writer *w, double value);
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
/* Writes a parsed value in the writer's own form, keeping the order of its keys. */
void json_value(struct json_writer *w, const cJSON *value);

/* json_key and the value in one. */
void json_put_string(struct json_writer *w, const char *key, const char *s);
void json_put_integer(struct json_writer *w, const char *key, int64_t value);
void json_put_number(struct json_writer *w, const char *key, double value);
void json_put_bool(struct json_writer *w, const char *key, bool value);

#endif
