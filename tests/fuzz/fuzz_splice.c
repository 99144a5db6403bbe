/* Files of managers of hooks: what is added is found and goes again, and every other byte stays. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hook/splice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

/* TEXT is WAS again, but for the end of its last line. */
static void require_same(const struct buffer *text, const uint8_t *was, size_t size)
{
	require(text->len >= size && text->len <= size + 2 && !memcmp(text->data, was, size));
	for (size_t i = size; i < text->len; i++)
		require(text->data[i] == '\n' || text->data[i] == '\r');
}

static void fill(struct buffer *text, const uint8_t *data, size_t size)
{
	buffer_reset(text);
	buffer_add(text, data, size);
}

static void try_script(struct buffer *text, const uint8_t *data, size_t size, enum splice_script kind)
{
	bool changed;
	fill(text, data, size);
	bool had = splice_script_has(slice_of(text));
	struct error *err = splice_script_add(text, "pre-push", kind, &changed);
	require(changed == (!err && !had));
	if (changed) {
		require(splice_script_has(slice_of(text)));
		if (!memmem(data, size, "# git scrutiny hooks:", 21) && size > 0) {
			splice_script_drop(text, &changed);
			require(changed);
			/* What is nothing, or becomes that, is left empty. */
			if (text->len)
				require_same(text, data, size);
		}
	}
	error_free(err);
}

static void try_lefthook(struct buffer *text, const uint8_t *data, size_t size)
{
	bool changed;
	fill(text, data, size);
	bool had = splice_lefthook_has(slice_of(text), "pre-commit");
	struct error *err = splice_lefthook_add(text, "pre-commit", "f.yml", &changed);
	require(!changed || (!err && !had));
	if (changed && splice_lefthook_has(slice_of(text), "pre-commit")) {
		require(splice_lefthook_drop(text, "pre-commit", "f.yml", &changed) == NULL && changed);
		require_same(text, data, size);
	}
	error_free(err);
}

static void try_framework(struct buffer *text, const uint8_t *data, size_t size)
{
	bool changed;
	fill(text, data, size);
	bool had = splice_framework_has(slice_of(text));
	struct error *err = splice_framework_add(text, "f.yaml", &changed);
	require(!changed || (!err && !had));
	if (changed && splice_framework_has(slice_of(text))) {
		require(splice_framework_drop(text, "f.yaml", &changed) == NULL && changed);
		require_same(text, data, size);
	}
	error_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = BUFFER_INIT;
	try_script(&text, data, size, SPLICE_SCRIPT);
	try_script(&text, data, size, SPLICE_HUSKY);
	try_lefthook(&text, data, size);
	try_framework(&text, data, size);
	buffer_release(&text);
	return 0;
}
