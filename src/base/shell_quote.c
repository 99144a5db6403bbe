#include "base/shell_quote.h"

void shell_quote(struct buffer *out, const char *s)
{
	buffer_addch(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buffer_addstr(out, "'\\''");
		else
			buffer_addch(out, *s);
	}
	buffer_addch(out, '\'');
}
