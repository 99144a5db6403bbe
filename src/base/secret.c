#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

void secret_wipe(void *data, size_t len)
{
	if (len)
		explicit_bzero(data, len);
}

void secret_free(char *s)
{
	if (s)
		secret_wipe(s, strlen(s));
	free(s);
}

void secret_release(struct buffer *b)
{
	if (b->alloc)
		secret_wipe(b->data, b->alloc);
	buffer_release(b);
}
