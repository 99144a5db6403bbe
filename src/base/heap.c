#include "base/heap.h"

#include "base/memory.h"

static bool before(const struct heap_item *a, const struct heap_item *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->sequence < b->sequence;
}

static void move_up(struct heap *h, size_t i)
{
	struct heap_item item = h->items[i];
	while (i && before(&item, &h->items[(i - 1) / 2])) {
		h->items[i] = h->items[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->items[i] = item;
}

static void move_down(struct heap *h, size_t i)
{
	struct heap_item item = h->items[i];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= h->nr)
			break;
		if (child + 1 < h->nr && before(&h->items[child + 1], &h->items[child]))
			child++;
		if (!before(&h->items[child], &item))
			break;
		h->items[i] = h->items[child];
		i = child;
	}
	h->items[i] = item;
}

void heap_release(struct heap *h)
{
	free(h->items);
	*h = (struct heap)HEAP_INIT;
}

void heap_push(struct heap *h, uint64_t rank, void *data)
{
	ALLOC_GROW(h->items, h->nr, h->alloc);
	h->items[h->nr] = (struct heap_item){ rank, h->sequence++, data };
	move_up(h, h->nr++);
}

static void *take(struct heap *h, size_t i)
{
	void *data = h->items[i].data;
	h->nr--;
	if (i < h->nr) {
		h->items[i] = h->items[h->nr];
		move_up(h, i);
		move_down(h, i);
	}
	return data;
}

void *heap_pop(struct heap *h)
{
	return h->nr ? take(h, 0) : NULL;
}

bool heap_remove(struct heap *h, const void *data)
{
	for (size_t i = 0; i < h->nr; i++)
		if (h->items[i].data == data) {
			take(h, i);
			return true;
		}
	return false;
}
