/*
 * YAML: libyaml behind a small tree that keeps where everything stood, so that errors can name
 * file:line:column and meta.yaml can be edited by splicing bytes.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define YAML_MAX_SIZE ((size_t)4 << 20)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 100000

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	size_t line, column; /* from 1 */
	size_t start, end;   /* byte range of the node in the text */
	char *value;         /* scalar: its text, NUL-terminated */
	size_t value_len;
	bool plain;          /* scalar written without quotes and not as a block */
	bool flow;           /* sequence or mapping in flow style */
	struct yaml_node **items; /* sequence: the items; mapping: key, value, key, value, ... */
	size_t nr;
};

struct yaml_document {
	struct yaml_node *root; /* NULL for an empty document */
	size_t nr_nodes;
};

/* Parses one document. Anchors, aliases and tags are refused (no reader needs them and they
 * make small files large); a second document, a duplicate key, malformed UTF-8 and the
 * ceilings are errors at FILE:line:column. */
struct error *yaml_parse(struct yaml_document *out, struct slice text, const char *file);
void yaml_document_release(struct yaml_document *doc);

/* The value of KEY in a mapping, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
bool yaml_is_null(const struct yaml_node *node); /* plain ~, null or empty */
struct error *yaml_string(const struct yaml_node *node, const char *file, const char *name, const char **out);
struct error *yaml_integer(const struct yaml_node *node, const char *file, const char *name, int64_t *out);
struct error *yaml_number(const struct yaml_node *node, const char *file, const char *name, double *out);
struct error *yaml_bool(const struct yaml_node *node, const char *file, const char *name, bool *out);

/* Appends S (malformed UTF-8 as U+FFFD) as a scalar on one line that reads back as the same
 * string whatever it holds: plain when that is safe, otherwise quoted. */
void yaml_add_scalar(struct buffer *out, const char *s);

#endif
