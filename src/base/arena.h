/* Memory that is given out in small pieces and freed all at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena; /* NULL is an empty one */

/* SIZE bytes, aligned for anything, not cleared; *ARENA is made if it is NULL. */
void *arena_alloc(struct arena **arena, size_t size);
/* A copy of LEN bytes with a NUL after them. */
char *arena_strndup(struct arena **arena, const char *data, size_t len);
void arena_free(struct arena *arena);

#endif
