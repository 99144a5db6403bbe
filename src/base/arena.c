#include "base/arena.h"

#include <stdalign.h>
#include <stddef.h>

#include "base/memory.h"

/* Blocks grow from the first size to the second, so that a small arena stays small. */
#define ARENA_FIRST_BLOCK ((size_t)4 << 10)
#define ARENA_LARGEST_BLOCK ((size_t)4 << 20)

struct arena {
	struct arena *next; /* an older, full block */
	size_t used, size;
	alignas(max_align_t) char data[];
};

static struct arena *add_block(struct arena *older, size_t need)
{
	size_t size = older ? older->size * 2 : ARENA_FIRST_BLOCK;
	if (size > ARENA_LARGEST_BLOCK)
		size = ARENA_LARGEST_BLOCK;
	if (size < need)
		size = need;
	struct arena *block = xmalloc(sizeof(*block) + size);
	block->next = older;
	block->used = 0;
	block->size = size;
	return block;
}

static void *take(struct arena **arena, size_t size)
{
	if (!*arena || (*arena)->size - (*arena)->used < size)
		*arena = add_block(*arena, size);
	void *p = (*arena)->data + (*arena)->used;
	(*arena)->used += size;
	return p;
}

void *arena_alloc(struct arena **arena, size_t size)
{
	size_t alignment = alignof(max_align_t);
	if (*arena) {
		size_t used = ((*arena)->used + alignment - 1) / alignment * alignment;
		(*arena)->used = used < (*arena)->size ? used : (*arena)->size;
	}
	return take(arena, size);
}

char *arena_strndup(struct arena **arena, const char *data, size_t len)
{
	char *copy = take(arena, len + 1);
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena) {
		struct arena *next = arena->next;
		free(arena);
		arena = next;
	}
}
