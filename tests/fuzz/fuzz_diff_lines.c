/* A diff: whatever it says, it is refused, or its lines can be asked for. */
#include <stdint.h>
#include <stdlib.h>

#include "git/diff_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diff_lines *d;
	struct error *err = diff_lines_parse(&d, (struct slice){ (const char *)data, size });
	if (!err != !!d)
		abort();
	for (size_t line = 0; d && line < 64; line++)
		if (diff_lines_has(d, "x", line) && !line)
			abort();
	error_free(err);
	diff_lines_free(d);
	return 0;
}
