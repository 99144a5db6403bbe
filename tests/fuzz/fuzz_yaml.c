/* A YAML file: byte ranges lie inside each other and in order, and every scalar can be written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_goes_round(const struct yaml_node *node)
{
	struct buffer out = BUFFER_INIT;
	struct yaml_document doc;
	if (strlen(node->value) != node->value_len)
		return;
	yaml_add_scalar(&out, node->value);
	require(yaml_parse(&doc, slice_of(&out), "written") == NULL);
	require(doc.root && doc.root->kind == YAML_SCALAR && doc.root->value_len == node->value_len &&
		!memcmp(doc.root->value, node->value, node->value_len));
	yaml_document_release(&doc);
	buffer_release(&out);
}

static void check_node(const struct yaml_node *node, size_t start, size_t end)
{
	require(node->start >= start && node->start <= node->end && node->end <= end);
	require(node->line >= 1 && node->column >= 1);
	require(node->kind != YAML_MAPPING || node->nr % 2 == 0);
	if (node->kind == YAML_SCALAR)
		check_goes_round(node);
	for (size_t i = 0, pos = node->start; i < node->nr; i++) {
		check_node(node->items[i], pos, node->end);
		pos = node->items[i]->end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, (struct slice){ (const char *)data, size }, "f.yml");
	require(!err || !doc.root);
	if (doc.root)
		check_node(doc.root, 0, size);
	error_free(err);
	yaml_document_release(&doc);
	return 0;
}
