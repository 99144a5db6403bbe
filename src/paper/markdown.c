#include "paper/reading.h"

void markdown_read(struct reading *r)
{
	reading_append(r, 0, 0, r->doc->files[0].bytes.len);
}
