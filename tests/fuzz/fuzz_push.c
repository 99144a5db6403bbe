/* What git tells the hook pre-push: what is understood, written down again, is what was read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "hook/push.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void add_id(struct buffer *out, const struct oid *id, size_t len)
{
	if (id->hex[0])
		require(strlen(id->hex) == len);
	for (size_t i = 0; i < len; i++)
		buffer_addch(out, id->hex[0] ? id->hex[i] : '0');
}

/* The length of ids is that of the line's last word. */
static void write_again(struct buffer *out, const struct push_update *u, const char *line, size_t line_len)
{
	const char *space = memrchr(line, ' ', line_len);
	require(space != NULL);
	size_t len = line_len - (size_t)(space + 1 - line);
	buffer_addf(out, "%s ", u->local_ref);
	add_id(out, &u->local, len);
	buffer_addf(out, " %s ", u->remote_ref);
	add_id(out, &u->remote, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct push push;
	struct buffer again = BUFFER_INIT;
	const char *at = (const char *)data, *end = at + size;
	struct error *err = push_parse(&push, (struct slice){ at, size });
	require(!err || (!push.updates && !push.nr && !push.memory));
	for (size_t i = 0; i < push.nr; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		buffer_reset(&again);
		write_again(&again, &push.updates[i], at, len);
		require(again.len == len && !memcmp(again.data, at, len));
		at += len + (newline != NULL);
	}
	require(err || at == end);
	error_free(err);
	push_release(&push);
	buffer_release(&again);
	return 0;
}
