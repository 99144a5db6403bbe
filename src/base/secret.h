/* Forgetting secrets: memory that held one is overwritten before it is given back. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "base/buffer.h"

void secret_wipe(void *data, size_t len); /* not optimised away */
void secret_free(char *s);                /* wipes the string, then free(); NULL is fine */
void secret_release(struct buffer *b);    /* wipes, then buffer_release() */

#endif
