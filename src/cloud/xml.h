/*
 * XML as AWS answers it, as a tree of JSON values: an element without children is a string (its text), one
 * whose children are called `item` or `member` is an array of them, any other an object whose keys are its
 * children; of two with one name the first counts, as in base/json.h. Attributes count for nothing. A
 * document type is refused, and with it all entities but the five of XML.
 */
#ifndef CLOUD_XML_H
#define CLOUD_XML_H

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/error.h"

#define CLOUD_XML_MAX_SIZE ((size_t)16 << 20)
#define CLOUD_XML_MAX_DEPTH 32
#define CLOUD_XML_MAX_VALUES 500000
#define CLOUD_XML_MAX_KEYS 500 /* of one element */

/* ERROR_SYNTAX "<what>:line:column: ..." or ERROR_LIMIT. *ROOT gets the name of the outermost element, *OUT
 * what is in it. The caller frees both. */
struct error *cloud_xml_parse(cJSON **out, char **root, struct slice text, const char *what);

#endif
