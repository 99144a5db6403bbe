/* Lines of the ledger, which other clones may have written, and rows of prices. What is read is written and read
 * again: it must be the same. */
#include <stdlib.h>

#include "base/memory.h"
#include "budget/internal.h"
#include "model/prices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct spending *s, enum spending_state state, void *data)
{
	struct spending_set *set = data;
	struct buffer line = BUFFER_INIT, again = BUFFER_INIT;
	struct spending read;
	enum spending_state read_state;
	spending_write(&line, state, s);
	/* Escapes may make a line too long that was not. */
	if (spending_parse(&read, &read_state, (struct slice){ line.data, line.len - 1 })) {
		spending_write(&again, read_state, &read);
		if (read_state != state || again.len != line.len || memcmp(again.data, line.data, line.len) != 0)
			abort();
		spending_release(&read);
	} else if (line.len <= SPENDING_MAX_LINE) {
		abort();
	}
	buffer_release(&line);
	buffer_release(&again);
	spending_set_add(set, s, state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spending_set set = { 0 };
	struct price_row row;
	char *text = xmemdupz(data, size);
	size_t rest;
	spending_each_line((struct slice){ text, size }, take, &set, &rest);
	spending_set_release(&set);
	struct error *err = price_row_parse(&row, text);
	if (!err)
		free((char *)row.model);
	error_free(err);
	free(text);
	return 0;
}
