/* A queue of pointers ordered by a number, the smallest first; equal numbers in the order they came. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
	uint64_t rank, sequence;
	void *data; /* not owned */
};

struct heap {
	struct heap_item *items; /* items[0] is the smallest */
	size_t nr, alloc;
	uint64_t sequence;
};

#define HEAP_INIT { NULL, 0, 0, 0 }

void heap_release(struct heap *h);
void heap_push(struct heap *h, uint64_t rank, void *data);
/* The smallest is taken out; NULL when there is none. */
void *heap_pop(struct heap *h);
/* Takes DATA out, wherever it is: in time linear in the size. False if it is not there. */
bool heap_remove(struct heap *h, const void *data);

#endif
