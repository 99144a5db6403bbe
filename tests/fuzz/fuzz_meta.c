/*
 * A meta.yaml: its section is set, or the file is refused for what is wrong with it; the result
 * stays as it is when the same is set again. What the first bytes hold also makes a new file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "meta/meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct meta_scrutiny sample = {
	"a1b2", "2026-11-22T10:00:00Z", "errors", 5, 3, 0, 1, "scrutiny.md",
};

static struct error *set(struct buffer *out, struct slice text, const struct meta_initial *initial)
{
	struct error *err = meta_set_scrutiny(out, text, "meta.yaml", &sample, initial);
	/* What the file says is its own affair; that we could not edit it is ours. With tabs there
	 * are files that no edit fits into, and the hint says so. */
	if (error_is(err, ERROR_GENERIC) && !err->hint)
		abort();
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
	struct error *err = set(&once, (struct slice){ (const char *)data, size }, NULL);
	if (!err) {
		err = set(&twice, slice_of(&once), NULL);
		if (err || once.len != twice.len || memcmp(once.data, twice.data, once.len))
			abort();
	}
	error_free(err);
	char *text = xmemdupz(data, size);
	const char *authors[] = { text };
	const struct meta_initial initial = { text, authors, 1, text };
	buffer_reset(&once);
	error_free(set(&once, (struct slice){ "", 0 }, &initial));
	free(text);
	buffer_release(&once);
	buffer_release(&twice);
	return 0;
}
