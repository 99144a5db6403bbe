#include "cmd/table.h"

#include "base/memory.h"
#include "base/text.h"

void table_add(struct table *t, const char *text)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, text, strlen(text), false);
	ALLOC_GROW(t->cells, t->nr, t->alloc);
	t->cells[t->nr++] = buffer_detach(&safe, NULL);
}

void table_add_count(struct table *t, int64_t n)
{
	struct buffer text = BUFFER_INIT;
	if (n < 0)
		buffer_addch(&text, '?');
	else
		text_grouped(&text, n);
	table_add(t, text.data);
	buffer_release(&text);
}

static int width_of(const char *s)
{
	int width = 0;
	for (size_t len = strlen(s); len;) {
		uint32_t cp;
		size_t taken = utf8_decode(s, len, &cp);
		width += utf8_width(cp);
		s += taken;
		len -= taken;
	}
	return width;
}

void table_print(struct buffer *out, const struct table *t)
{
	int widths[TABLE_MAX_COLUMNS] = { 0 };
	unsigned columns = t->columns < TABLE_MAX_COLUMNS ? t->columns : TABLE_MAX_COLUMNS;
	for (size_t i = 0; i < t->nr; i++) {
		int *width = &widths[i % t->columns < columns ? i % t->columns : 0];
		int own = i % t->columns < columns ? width_of(t->cells[i]) : 0;
		*width = own > *width ? own : *width;
	}
	for (size_t row = 0; row + t->columns <= t->nr; row += t->columns) {
		size_t start = out->len;
		for (unsigned c = 0; c < columns; c++) {
			const char *cell = t->cells[row + c];
			int pad = widths[c] - width_of(cell);
			bool left = !c || t->left >> c & 1;
			buffer_addf(out, "%s%*s%s%*s", c ? "  " : "", left ? 0 : pad, "", cell, left ? pad
				    : 0, "");
		}
		while (out->len > start && out->data[out->len - 1] == ' ')
			buffer_truncate(out, out->len - 1);
		buffer_addch(out, '\n');
	}
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table)TABLE_INIT(t->columns);
}
