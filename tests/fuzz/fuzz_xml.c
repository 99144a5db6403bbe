/* XML of AWS: a tree within its ceilings, or an error and nothing; and what a refusal says can be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cloud/fault.h"
#include "cloud/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

/* Strings are leaves, lists hold what objects may, nothing is deeper than elements may be. */
static void check_tree(const cJSON *value, size_t depth, size_t *values)
{
	const cJSON *item;
	size_t keys = 0;
	require(depth <= CLOUD_XML_MAX_DEPTH && ++*values <= CLOUD_XML_MAX_VALUES);
	require(cJSON_IsString(value) || cJSON_IsArray(value) || cJSON_IsObject(value));
	cJSON_ArrayForEach(item, value) {
		require(cJSON_IsArray(value) == (item->string == NULL));
		check_tree(item, depth + 1, values);
		keys++;
	}
	require(cJSON_IsArray(value) || keys <= CLOUD_XML_MAX_KEYS);
}

static void check_fault(struct slice text)
{
	struct http_response response = { .status = 400, .body = BUFFER_INIT, .headers = BUFFER_INIT };
	struct cloud_fault fault;
	buffer_add(&response.body, text.data, text.len);
	cloud_fault_read(&fault, &response, 0);
	require(!fault.code ||
		!fault.code[strspn(fault.code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					       "0123456789._-")]);
	for (const char *p = fault.message; p && *p; p++)
		require((unsigned char)*p >= ' ' && *p != 0x7f);
	cloud_fault_release(&fault);
	buffer_release(&response.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	cJSON *tree;
	char *root;
	size_t values = 0;
	struct error *err = cloud_xml_parse(&tree, &root, text, "answer");
	require((err == NULL) == (tree != NULL) && (err == NULL) == (root != NULL));
	if (tree)
		check_tree(tree, 1, &values);
	error_free(err);
	cJSON_Delete(tree);
	free(root);
	check_fault(text);
	return 0;
}
