/* A model's reply: parsed, written in both forms, and parsed again to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct buffer *out, const cJSON *json, bool indent)
{
	struct json_writer w;
	json_writer_init(&w, out, indent);
	json_value(&w, json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer compact = BUFFER_INIT, indented = BUFFER_INIT, again = BUFFER_INIT;
	cJSON *json, *back;
	struct error *err = json_parse(&json, (struct slice){ (const char *)data, size }, "reply");
	if (err) {
		if (json)
			abort();
		error_free(err);
		return 0;
	}
	write_value(&compact, json, false);
	write_value(&indented, json, true);
	err = json_parse(&back, slice_of(&indented), "written");
	if (err)
		abort();
	write_value(&again, back, false);
	if (again.len != compact.len || memcmp(again.data, compact.data, again.len))
		abort();
	cJSON_Delete(json);
	cJSON_Delete(back);
	buffer_release(&compact);
	buffer_release(&indented);
	buffer_release(&again);
	return 0;
}
