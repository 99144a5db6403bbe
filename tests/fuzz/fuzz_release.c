/* release.json, which anybody who may push to the repository may have written. */
#include <stdint.h>
#include <stdlib.h>

#include "deploy/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct release r, again;
	struct error *err = release_parse(&r, text, "release.json");
	if (!err) {
		/* What was read is written in a form that reads the same. */
		struct buffer written = BUFFER_INIT;
		struct json_writer w;
		json_writer_init(&w, &written, true);
		release_write(&w, &r);
		struct error *second = release_parse(&again, slice_of(&written), "release.json");
		if (second || again.number != r.number || !digest_equals(&again.digest, &r.digest))
			abort();
		release_release(&again);
		buffer_release(&written);
	}
	release_release(&r);
	error_free(err);
	return 0;
}
