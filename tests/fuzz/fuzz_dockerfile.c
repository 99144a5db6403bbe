/* A Dockerfile: its dependencies read back as a Dockerfile, of the same inputs and with nothing left to copy. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static size_t count_dependencies(const struct dockerfile *d)
{
	size_t nr = 0;
	for (size_t i = 0; i < d->nr_copies; i++)
		nr += d->copies[i].dependency;
	return nr;
}

static void check_dependencies(const struct dockerfile *d)
{
	struct buffer text = BUFFER_INIT;
	struct dockerfile again;
	const char *first = d->dependencies.data;
	/* A directive has to stay the first line. */
	const char *rest = first[0] == '#' ? strchr(first, '\n') + 1 : first;
	buffer_add(&text, first, (size_t)(rest - first));
	buffer_addstr(&text, "FROM a\n");
	buffer_addstr(&text, rest);
	require(dockerfile_parse(&again, slice_of(&text), "again", NULL) == NULL);
	require(!again.beyond);
	require(again.dependencies.len == d->dependencies.len &&
		!memcmp(again.dependencies.data, d->dependencies.data, d->dependencies.len));
	require(count_dependencies(&again) == count_dependencies(d) && again.nr_copies == count_dependencies(d));
	dockerfile_release(&again);
	buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile d;
	struct error *err = dockerfile_parse(&d, (struct slice){ (const char *)data, size }, "f", NULL);
	for (size_t i = 0; i < d.nr_copies; i++)
		require(!d.copies[i].to || *d.copies[i].to == '/');
	if (!err && !d.beyond && d.dependencies.len)
		check_dependencies(&d);
	error_free(err);
	dockerfile_release(&d);
	return 0;
}
