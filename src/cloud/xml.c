#include "cloud/xml.h"

#include <expat.h>

#include "base/memory.h"

struct element {
	cJSON *value;    /* NULL as long as it has no children */
	char *name;
	size_t keys;
};

struct reader {
	XML_Parser parser;
	struct element stack[CLOUD_XML_MAX_DEPTH];
	size_t depth, values;
	struct buffer text; /* since the last tag */
	cJSON *result;
	char *root;
	const char *what;
	struct error *err;
};

static void refuse(struct reader *r, enum error_code code, const char *why)
{
	if (r->err)
		return;
	r->err = error_at(code, r->what, XML_GetCurrentLineNumber(r->parser),
			  XML_GetCurrentColumnNumber(r->parser) + 1, "%s", why);
	XML_StopParser(r->parser, XML_FALSE);
}

static bool is_list_item(const char *name)
{
	return !strcmp(name, "item") || !strcmp(name, "member");
}

static void on_start(void *data, const char *name, const char **attributes)
{
	struct reader *r = data;
	(void)attributes;
	if (r->depth == CLOUD_XML_MAX_DEPTH) {
		refuse(r, ERROR_LIMIT, "elements are nested too deeply");
		return;
	}
	if (++r->values > CLOUD_XML_MAX_VALUES) {
		refuse(r, ERROR_LIMIT, "there are too many elements");
		return;
	}
	struct element *parent = r->depth ? &r->stack[r->depth - 1] : NULL;
	if (parent && !parent->value)
		parent->value = is_list_item(name) ? cJSON_CreateArray() : cJSON_CreateObject();
	if (parent && cJSON_IsArray(parent->value) != is_list_item(name)) {
		refuse(r, ERROR_SYNTAX, "a list holds something else");
		return;
	}
	r->stack[r->depth++] = (struct element){ .name = xstrdup(name) };
	buffer_reset(&r->text);
}

static void add_child(struct reader *r, struct element *parent, const char *name, cJSON *value)
{
	if (cJSON_IsArray(parent->value)) {
		cJSON_AddItemToArray(parent->value, value);
	} else if (cJSON_GetObjectItemCaseSensitive(parent->value, name)) {
		cJSON_Delete(value);
	} else if (++parent->keys > CLOUD_XML_MAX_KEYS) {
		refuse(r, ERROR_LIMIT, "an element has too many different children");
		cJSON_Delete(value);
	} else {
		cJSON_AddItemToObject(parent->value, name, value);
	}
}

static void on_end(void *data, const char *name)
{
	struct reader *r = data;
	struct element *e = &r->stack[--r->depth];
	cJSON *value = e->value ? e->value : cJSON_CreateString(r->text.data);
	(void)name;
	buffer_reset(&r->text);
	if (r->depth) {
		add_child(r, e - 1, e->name, value);
		free(e->name);
	} else {
		r->result = value;
		r->root = e->name;
	}
}

static void on_text(void *data, const char *bytes, int len)
{
	struct reader *r = data;
	buffer_add(&r->text, bytes, (size_t)len);
}

static void on_document_type(void *data, const char *name, const char *system, const char *public,
			     int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	refuse(data, ERROR_SYNTAX, "a document type has no place in an answer");
}

static struct error *read_text(struct reader *r, struct slice text)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_document_type);
	if (XML_Parse(r->parser, text.data, (int)text.len, 1) != XML_STATUS_OK && !r->err)
		refuse(r, ERROR_SYNTAX, XML_ErrorString(XML_GetErrorCode(r->parser)));
	return r->err;
}

struct error *cloud_xml_parse(cJSON **out, char **root, struct slice text, const char *what)
{
	struct reader r = { .what = what };
	*out = NULL;
	*root = NULL;
	if (text.len > CLOUD_XML_MAX_SIZE)
		return error_new(ERROR_LIMIT, "%s is larger than %zu bytes", what, CLOUD_XML_MAX_SIZE);
	buffer_init(&r.text, CLOUD_XML_MAX_SIZE);
	r.parser = XML_ParserCreate("UTF-8");
	struct error *err = r.parser ? read_text(&r, text) : error_new(ERROR_GENERIC, "cannot start expat");
	while (r.depth) {
		cJSON_Delete(r.stack[--r.depth].value);
		free(r.stack[r.depth].name);
	}
	XML_ParserFree(r.parser);
	buffer_release(&r.text);
	if (err) {
		cJSON_Delete(r.result);
		free(r.root);
		return err;
	}
	*out = r.result;
	*root = r.root;
	return NULL;
}
