/* Columns of text, two blanks apart; the first is aligned to the left, the others to the right unless told
 * otherwise. */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stdint.h>

#include "base/buffer.h"

#define TABLE_MAX_COLUMNS 64

struct table {
	char **cells; /* safe for a terminal */
	size_t nr, alloc;
	unsigned columns; /* of a row */
	uint64_t left;    /* bit n: column n is aligned to the left, too */
};
#define TABLE_INIT(nr_columns) { NULL, 0, 0, (nr_columns) }

void table_add(struct table *t, const char *text);
/* 18400 as "18,400"; below 0: "?". */
void table_add_count(struct table *t, int64_t n);
/* Appends the rows, whole ones, each on a line. */
void table_print(struct buffer *out, const struct table *t);
void table_release(struct table *t);

#endif
