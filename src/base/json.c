#include "base/json.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"

/* -- checking before cJSON sees it ----------------------------------------------------------- */

/*
 * cJSON takes more than JSON (numbers such as 01, control bytes in strings, key escapes for
 * NUL), tells no position and recurses to a depth fixed when it was compiled. So a document is
 * first checked here, without recursion, against the whole grammar of RFC 8259.
 */
struct checker {
	const char *s, *end, *start;
	const char *what;
	bool in_object[JSON_MAX_DEPTH];
	size_t depth;
	size_t values;
};

static struct error *check_error(const struct checker *c, enum error_code code, const char *message)
{
	size_t line = 1, column = 1;
	for (const char *p = c->start; p < c->s; p++) {
		column++;
		if (*p == '\n') {
			line++;
			column = 1;
		}
	}
	return error_at(code, c->what, line, column, "%s", message);
}

static struct error *syntax(const struct checker *c, const char *message)
{
	return check_error(c, ERROR_SYNTAX, c->s < c->end ? message : "the JSON ends too early");
}

static int peek(const struct checker *c)
{
	return c->s < c->end ? (unsigned char)*c->s : -1;
}

static void skip_space(struct checker *c)
{
	while (c->s < c->end && (*c->s == ' ' || *c->s == '\t' || *c->s == '\n' || *c->s == '\r'))
		c->s++;
}

/* The four digits after \u, or -1. */
static int read_unit(struct checker *c)
{
	int unit = 0;
	for (int i = 0; i < 4; i++, c->s++) {
		int digit = hex_value(peek(c));
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static struct error *check_unicode_escape(struct checker *c)
{
	int unit = read_unit(c);
	if (unit < 0)
		return syntax(c, "\\u must be followed by four hexadecimal digits");
	if (!unit)
		return check_error(c, ERROR_SYNTAX, "a string may not hold a NUL");
	if (unit < 0xd800 || unit > 0xdfff)
		return NULL;
	if (unit < 0xdc00 && c->end - c->s >= 6 && c->s[0] == '\\' && c->s[1] == 'u') {
		c->s += 2;
		unit = read_unit(c);
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return NULL;
	}
	return check_error(c, ERROR_SYNTAX, "a surrogate stands alone");
}

static struct error *check_string(struct checker *c)
{
	c->s++;
	for (;;) {
		uint32_t cp;
		int byte = peek(c);
		if (byte < 0x20)
			return syntax(c, "a control byte stands in a string");
		if (byte == '"') {
			c->s++;
			return NULL;
		}
		if (byte == '\\') {
			c->s++;
			int escaped = peek(c);
			if (escaped <= 0 || !strchr("\"\\/bfnrtu", escaped))
				return syntax(c, "there is no such escape");
			c->s++;
			struct error *err = escaped == 'u' ? check_unicode_escape(c) : NULL;
			if (err)
				return err;
			continue;
		}
		if (byte < 0x80) {
			c->s++;
			continue;
		}
		size_t n = utf8_decode(c->s, (size_t)(c->end - c->s), &cp);
		if (n == 1)
			return syntax(c, "a string is not valid UTF-8");
		c->s += n;
	}
}

static bool skip_digits(struct checker *c)
{
	const char *start = c->s;
	while (ascii_digit(peek(c)))
		c->s++;
	return c->s > start;
}

static struct error *check_number(struct checker *c)
{
	const char *start = c->s;
	if (peek(c) == '-')
		c->s++;
	if (peek(c) == '0')
		c->s++;
	else if (!skip_digits(c))
		return syntax(c, "a value is expected");
	if (peek(c) == '.') {
		c->s++;
		if (!skip_digits(c))
			return syntax(c, "a digit is expected after the point");
	}
	if (ascii_lower(peek(c)) == 'e') {
		c->s++;
		if (peek(c) == '+' || peek(c) == '-')
			c->s++;
		if (!skip_digits(c))
			return syntax(c, "a digit is expected in the exponent");
	}
	if (c->s - start > JSON_MAX_NUMBER)
		return check_error(c, ERROR_LIMIT, "a number is too long");
	return NULL;
}

static struct error *check_word(struct checker *c)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t left = (size_t)(c->end - c->s);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);
		if (left >= n && !memcmp(c->s, words[i], n)) {
			c->s += n;
			return NULL;
		}
	}
	return syntax(c, "a value is expected");
}

static struct error *check_key(struct checker *c)
{
	skip_space(c);
	if (peek(c) != '"')
		return syntax(c, "a key in double quotes is expected");
	struct error *err = check_string(c);
	if (err)
		return err;
	skip_space(c);
	if (peek(c) != ':')
		return syntax(c, "':' is expected after a key");
	c->s++;
	return NULL;
}

/* Begins a value: a scalar is taken whole, a container is entered. *OPEN: a value or key comes
 * next, not the rest of an enclosing container. */
static struct error *begin_value(struct checker *c, bool *open)
{
	*open = false;
	skip_space(c);
	if (++c->values > JSON_MAX_VALUES)
		return check_error(c, ERROR_LIMIT, "the JSON holds too many values");
	int byte = peek(c);
	if (byte == '"')
		return check_string(c);
	if (byte == '-' || ascii_digit(byte))
		return check_number(c);
	if (byte != '{' && byte != '[')
		return check_word(c);
	if (c->depth >= JSON_MAX_DEPTH)
		return check_error(c, ERROR_LIMIT, "the JSON is nested too deeply");
	c->s++;
	skip_space(c);
	if (peek(c) == (byte == '{' ? '}' : ']')) {
		c->s++;
		return NULL;
	}
	c->in_object[c->depth++] = byte == '{';
	*open = true;
	return byte == '{' ? check_key(c) : NULL;
}

/* After a value: leaves the containers that end here, or goes on to the next of their values. */
static struct error *end_value(struct checker *c, bool *open)
{
	*open = false;
	while (c->depth) {
		bool object = c->in_object[c->depth - 1];
		skip_space(c);
		int byte = peek(c);
		if (byte == ',') {
			c->s++;
			*open = true;
			return object ? check_key(c) : NULL;
		}
		if (byte != (object ? '}' : ']'))
			return syntax(c, object ? "',' or '}' is expected" : "',' or ']' is expected");
		c->s++;
		c->depth--;
	}
	return NULL;
}

static struct error *check_document(struct slice text, const char *what)
{
	struct checker c = { .s = text.data, .start = text.data, .end = text.data + text.len,
			     .what = what };
	bool open = true;
	struct error *err = NULL;
	while (!err && open) {
		err = begin_value(&c, &open);
		if (!err && !open)
			err = end_value(&c, &open);
	}
	if (err)
		return err;
	skip_space(&c);
	return c.s < c.end ? check_error(&c, ERROR_SYNTAX, "something follows the JSON value") : NULL;
}

struct error *json_parse(cJSON **out, struct slice text, const char *what)
{
	*out = NULL;
	if (text.len > JSON_MAX_SIZE)
		return error_new(ERROR_LIMIT, "%s: the JSON is larger than %zu bytes", what,
				 JSON_MAX_SIZE);
	struct error *err = check_document(text, what);
	if (err)
		return err;
	*out = cJSON_ParseWithLength(text.data, text.len);
	if (!*out)
		return error_new(ERROR_SYNTAX, "%s: the JSON cannot be read", what);
	return NULL;
}

/* -- typed access ---------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static struct error *get(const cJSON *object, const char *key, const char *what,
			 cJSON_bool (*is_type)(const cJSON *), const char *type, const cJSON **out)
{
	const cJSON *item = member(object, key);
	*out = NULL;
	if (!item)
		return error_new(ERROR_SYNTAX, "%s: '%s' is missing", what, key);
	if (!is_type(item))
		return error_new(ERROR_SYNTAX, "%s: '%s' is not %s", what, key, type);
	*out = item;
	return NULL;
}

struct error *json_get_string(const cJSON *object, const char *key, const char *what, const char **out)
{
	const cJSON *item;
	struct error *err = get(object, key, what, cJSON_IsString, "a string", &item);
	*out = item ? item->valuestring : NULL;
	return err;
}

struct error *json_get_object(const cJSON *object, const char *key, const char *what, const cJSON **out)
{
	return get(object, key, what, cJSON_IsObject, "an object", out);
}

struct error *json_get_array(const cJSON *object, const char *key, const char *what, const cJSON **out)
{
	return get(object, key, what, cJSON_IsArray, "an array", out);
}

/* cJSON keeps numbers as doubles: beyond 2^53 they are no longer the ones that were written. */
#define LARGEST_EXACT 9007199254740992.0

static bool as_integer(const cJSON *item, int64_t *out)
{
	double value = item->valuedouble;
	if (!(value >= -LARGEST_EXACT && value <= LARGEST_EXACT) || value != (double)(int64_t)value)
		return false;
	*out = (int64_t)value;
	return true;
}

struct error *json_get_integer(const cJSON *object, const char *key, const char *what, int64_t *out)
{
	const cJSON *item;
	*out = 0;
	struct error *err = get(object, key, what, cJSON_IsNumber, "an integer", &item);
	if (!err && !as_integer(item, out))
		err = error_new(ERROR_SYNTAX, "%s: '%s' is not an integer", what, key);
	return err;
}

struct error *json_get_number(const cJSON *object, const char *key, const char *what, double *out)
{
	const cJSON *item;
	struct error *err = get(object, key, what, cJSON_IsNumber, "a number", &item);
	*out = item ? item->valuedouble : 0;
	return err;
}

const char *json_string_or(const cJSON *object, const char *key, const char *fallback)
{
	const cJSON *item = member(object, key);
	return cJSON_IsString(item) ? item->valuestring : fallback;
}

int64_t json_integer_or(const cJSON *object, const char *key, int64_t fallback)
{
	const cJSON *item = member(object, key);
	int64_t value;
	return cJSON_IsNumber(item) && as_integer(item, &value) ? value : fallback;
}

double json_number_or(const cJSON *object, const char *key, double fallback)
{
	const cJSON *item = member(object, key);
	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

bool json_bool_or(const cJSON *object, const char *key, bool fallback)
{
	const cJSON *item = member(object, key);
	return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}
