#include "daemon/debounce.h"

#include <limits.h>

void debounce_event(struct debounce *d, uint64_t now)
{
	if (!d->pending)
		d->first = now;
	d->pending = true;
	d->last = now;
}

void debounce_clear(struct debounce *d)
{
	d->pending = false;
}

int debounce_wait(const struct debounce *d, uint64_t now)
{
	if (!d->pending)
		return -1;
	uint64_t quiet = d->last + d->quiet_ms, ceiling = d->first + d->ceiling_ms;
	uint64_t due = quiet < ceiling ? quiet : ceiling;
	if (due <= now)
		return 0;
	return due - now > INT_MAX ? INT_MAX : (int)(due - now);
}
