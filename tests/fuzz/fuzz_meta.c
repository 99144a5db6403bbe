/*
 * A meta.yaml: its section is set, or the file is refused for what is wrong with it; the result
 * stays as it is when the same is set again; so do the keys that models fill. What the first bytes
 * hold also makes a new file, and is what models say.
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

/* What models say, twice: the second time nothing changes. What they say is the fuzzer's too. */
static void set_generated(const struct buffer *file, const char *said)
{
	const char *const tags[] = { "one", said, "two" };
	const struct meta_generated answers[] = { { said, tags, 3, "scope" },
						  { "description", tags + 1, 2, said } };
	struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct error *err = meta_set_generated(
			&once, i ? slice_of(&twice) : slice_of(file), "meta.yaml", &answers[i]);
		if (!err)
			err = meta_set_generated(&twice, slice_of(&once), "meta.yaml", &answers[i]);
		/* Room in the file is all that may be missing. */
		if (err && !error_is(err, ERROR_LIMIT))
			abort();
		if (err || once.len != twice.len || memcmp(once.data, twice.data, once.len)) {
			if (!err)
				abort();
			error_free(err);
			break;
		}
	}
	meta_wants_generated(slice_of(&once));
	buffer_release(&once);
	buffer_release(&twice);
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
	char *text = xmemdupz(data, size);
	if (!err)
		set_generated(&once, text);
	error_free(err);
	const char *authors[] = { text };
	const struct meta_initial initial = { text, authors, 1, text };
	buffer_reset(&once);
	error_free(set(&once, (struct slice){ "", 0 }, &initial));
	free(text);
	buffer_release(&once);
	buffer_release(&twice);
	return 0;
}
