/*
 * Validation against the part of JSON Schema that answers need: type (a name or a list of names),
 * properties, required, additionalProperties (false or absent), items, minItems, maxItems, enum,
 * minimum, maximum, minLength, maxLength (in characters). Annotations ($schema, $id, title,
 * description) are passed over; any other keyword is an error of the schema, so that nothing is
 * believed to be checked that is not.
 */
#ifndef MODEL_SCHEMA_H
#define MODEL_SCHEMA_H

#include "base/json.h"

/* ERROR_USAGE when SCHEMA itself uses something else. */
struct error *schema_check(const cJSON *schema);
/* ERROR_SYNTAX "findings[3].severity: must be one of \"error\", \"warning\", \"note\"". SCHEMA must have
 * passed schema_check. */
struct error *schema_validate(const cJSON *schema, const cJSON *value);

#endif
