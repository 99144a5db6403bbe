#include "model/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Bytes of a path or of a list of choices in a message. */
#define MAX_SHOWN 200

/* Where a value is: a chain of frames on the stack, written out only when something is wrong. */
struct place {
	const struct place *parent;
	const char *key; /* NULL: an item */
	size_t index;
};

static void write_place(struct buffer *out, const struct place *place)
{
	if (!place)
		return;
	write_place(out, place->parent);
	if (!place->key)
		buffer_addf(out, "[%zu]", place->index);
	else
		buffer_addf(out, "%s%s", out->len ? "." : "", place->key);
}

static struct error *wrong(const struct place *place, const char *what, const char *detail)
{
	struct buffer path = BUFFER_INIT_MAX(MAX_SHOWN);
	write_place(&path, place);
	struct error *err = error_new(ERROR_SYNTAX, "%s: %s%s", path.len ? path.data : "the answer",
				      what, detail);
	buffer_release(&path);
	return err;
}

static struct error *wrong_number(const struct place *place, const char *what, double limit)
{
	char text[32];
	snprintf(text, sizeof(text), "%g", limit);
	return wrong(place, what, text);
}

/* -- keywords: each looks at VALUE with what the schema says under its name ------------------------- */

typedef struct error *keyword_fn(const cJSON *argument, const cJSON *value, const cJSON *schema,
				 const struct place *place);

static struct error *validate(const cJSON *schema, const cJSON *value, const struct place *place);

static bool is_integer(const cJSON *value)
{
	return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble);
}

static bool has_type(const char *type, const cJSON *value)
{
	static const struct {
		const char *name;
		int bits;
	} types[] = {
		{ "object", cJSON_Object }, { "array", cJSON_Array },   { "string", cJSON_String },
		{ "number", cJSON_Number }, { "null", cJSON_NULL }, { "boolean", cJSON_True | cJSON_False },
	};
	if (!strcmp(type, "integer"))
		return is_integer(value);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, type))
			return value->type & types[i].bits;
	return false;
}

static struct error *check_type(const cJSON *argument, const cJSON *value, const cJSON *schema,
				const struct place *place)
{
	(void)schema;
	if (cJSON_IsString(argument))
		return has_type(argument->valuestring, value)
			       ? NULL
			       : wrong(place, "must be of type ", argument->valuestring);
	const cJSON *one;
	cJSON_ArrayForEach(one, argument)
		if (has_type(one->valuestring, value))
			return NULL;
	return wrong(place, "has the wrong type", "");
}

static struct error *check_properties(const cJSON *argument, const cJSON *value, const cJSON *schema,
				      const struct place *place)
{
	const cJSON *closed = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
	const cJSON *member;
	if (!cJSON_IsObject(value))
		return NULL;
	cJSON_ArrayForEach(member, value) {
		struct place here = { place, member->string, 0 };
		const cJSON *sub = cJSON_GetObjectItemCaseSensitive(argument, member->string);
		if (!sub && cJSON_IsFalse(closed))
			return wrong(&here, "is not part of the schema", "");
		struct error *err = sub ? validate(sub, member, &here) : NULL;
		if (err)
			return err;
	}
	return NULL;
}

static struct error *check_required(const cJSON *argument, const cJSON *value, const cJSON *schema,
				    const struct place *place)
{
	(void)schema;
	const cJSON *key;
	if (!cJSON_IsObject(value))
		return NULL;
	cJSON_ArrayForEach(key, argument) {
		struct place here = { place, key->valuestring, 0 };
		if (!cJSON_GetObjectItemCaseSensitive(value, key->valuestring))
			return wrong(&here, "is missing", "");
	}
	return NULL;
}

static struct error *check_items(const cJSON *argument, const cJSON *value, const cJSON *schema,
				 const struct place *place)
{
	(void)schema;
	struct place here = { place, NULL, 0 };
	const cJSON *item;
	if (!cJSON_IsArray(value))
		return NULL;
	cJSON_ArrayForEach(item, value) {
		struct error *err = validate(argument, item, &here);
		if (err)
			return err;
		here.index++;
	}
	return NULL;
}

static struct error *check_enum(const cJSON *argument, const cJSON *value, const cJSON *schema,
				const struct place *place)
{
	(void)schema;
	struct buffer choices = BUFFER_INIT_MAX(MAX_SHOWN);
	const cJSON *choice;
	cJSON_ArrayForEach(choice, argument) {
		if (cJSON_Compare(choice, value, true)) {
			buffer_release(&choices);
			return NULL;
		}
		struct json_writer w;
		json_writer_init(&w, &choices, false);
		buffer_addstr(&choices, choices.len ? ", " : "");
		json_value(&w, choice);
	}
	struct error *err = wrong(place, "must be one of ", choices.data);
	buffer_release(&choices);
	return err;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static struct error *check_minimum(const cJSON *argument, const cJSON *value, const cJSON *schema,
				   const struct place *place)
{
	(void)schema;
	if (!cJSON_IsNumber(value) || value->valuedouble >= argument->valuedouble)
		return NULL;
	return wrong_number(place, "must be at least ", argument->valuedouble);
}

static struct error *check_maximum(const cJSON *argument, const cJSON *value, const cJSON *schema,
				   const struct place *place)
{
	(void)schema;
	if (!cJSON_IsNumber(value) || value->valuedouble <= argument->valuedouble)
		return NULL;
	return wrong_number(place, "must be at most ", argument->valuedouble);
}

static struct error *check_min_length(const cJSON *argument, const cJSON *value,
				      const cJSON *schema, const struct place *place)
{
	(void)schema;
	if (!cJSON_IsString(value) || (double)characters(value->valuestring) >= argument->valuedouble)
		return NULL;
	return wrong_number(place, "is shorter than ", argument->valuedouble);
}

static struct error *check_max_length(const cJSON *argument, const cJSON *value,
				      const cJSON *schema, const struct place *place)
{
	(void)schema;
	if (!cJSON_IsString(value) || (double)characters(value->valuestring) <= argument->valuedouble)
		return NULL;
	return wrong_number(place, "is longer than ", argument->valuedouble);
}

static struct error *check_min_items(const cJSON *argument, const cJSON *value, const cJSON *schema,
				     const struct place *place)
{
	(void)schema;
	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) >= argument->valuedouble)
		return NULL;
	return wrong_number(place, "has fewer items than ", argument->valuedouble);
}

static struct error *check_max_items(const cJSON *argument, const cJSON *value, const cJSON *schema,
				     const struct place *place)
{
	(void)schema;
	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) <= argument->valuedouble)
		return NULL;
	return wrong_number(place, "has more items than ", argument->valuedouble);
}

/* What an argument must look like in a schema that is in order. */
enum argument { TYPES, SCHEMA, SCHEMAS, STRINGS, VALUES, NUMBER, CLOSED, ANY };

static const struct keyword {
	const char *name;
	enum argument argument;
	keyword_fn *check;
} keywords[] = {
	{ "type", TYPES, check_type },
	{ "required", STRINGS, check_required },
	{ "properties", SCHEMAS, check_properties },
	{ "additionalProperties", CLOSED, NULL }, /* part of "properties" */
	{ "items", SCHEMA, check_items },
	{ "enum", VALUES, check_enum },
	{ "minimum", NUMBER, check_minimum },
	{ "maximum", NUMBER, check_maximum },
	{ "minLength", NUMBER, check_min_length },
	{ "maxLength", NUMBER, check_max_length },
	{ "minItems", NUMBER, check_min_items },
	{ "maxItems", NUMBER, check_max_items },
	{ "$schema", ANY, NULL },
	{ "$id", ANY, NULL },
	{ "title", ANY, NULL },
	{ "description", ANY, NULL },
};

static const struct keyword *keyword_of(const cJSON *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (!strcmp(keywords[i].name, member->string))
			return &keywords[i];
	return NULL;
}

static bool all_strings(const cJSON *array)
{
	const cJSON *item;
	if (!cJSON_IsArray(array))
		return false;
	cJSON_ArrayForEach(item, array)
		if (!cJSON_IsString(item))
			return false;
	return true;
}

static bool argument_fits(enum argument kind, const cJSON *value)
{
	switch (kind) {
	case TYPES:
		return cJSON_IsString(value) || all_strings(value);
	case SCHEMA:
	case SCHEMAS:
		return cJSON_IsObject(value);
	case STRINGS:
		return all_strings(value);
	case VALUES:
		return cJSON_IsArray(value);
	case NUMBER:
		return cJSON_IsNumber(value);
	case CLOSED:
		return cJSON_IsFalse(value);
	case ANY:
		return true;
	}
	return false;
}

struct error *schema_check(const cJSON *schema)
{
	const cJSON *member, *sub;
	struct error *err = NULL;
	if (!cJSON_IsObject(schema))
		return error_new(ERROR_USAGE, "the schema is not an object");
	cJSON_ArrayForEach(member, schema) {
		const struct keyword *keyword = keyword_of(member);
		if (!keyword || !argument_fits(keyword->argument, member))
			return error_new(ERROR_USAGE, "the schema's '%s' is not supported", member->string);
		if (keyword->argument == SCHEMA)
			err = schema_check(member);
		if (keyword->argument == SCHEMAS)
			cJSON_ArrayForEach(sub, member)
				if (!err)
					err = schema_check(sub);
		if (err)
			return err;
	}
	return NULL;
}

/* The depth of the recursion is that of the schema. */
static struct error *validate(const cJSON *schema, const cJSON *value, const struct place *place)
{
	const cJSON *member;
	struct error *err = NULL;
	cJSON_ArrayForEach(member, schema) {
		const struct keyword *keyword = keyword_of(member);
		if (!err && keyword && keyword->check)
			err = keyword->check(member, value, schema, place);
	}
	return err;
}

struct error *schema_validate(const cJSON *schema, const cJSON *value)
{
	return validate(schema, value, NULL);
}
