/* An index: what is read of it lies inside of it, and a tree is believed only where all of it is understood. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "git/index_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct index_entry *e, void *count)
{
	unsigned char sum = 0;
	for (size_t i = 0; i < e->path_len; i++)
		sum ^= (unsigned char)e->path[i];
	for (size_t i = 0; i < 20; i++)
		sum ^= e->oid[i];
	if (e->path[e->path_len] || e->path_len >= INDEX_FILE_MAX_SIZE)
		abort();
	*(size_t *)count += 1 + (sum & 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = { 20, 32 };
	for (size_t i = 0; i < 2; i++) {
		struct index_contents contents;
		size_t count = 0;
		bool understood = index_file_parse((struct slice){ (const char *)data, size }, sizes[i], check_entry, &count,
						   &contents);
		if (understood && count != contents.nr)
			abort();
		if (contents.tree.hex[0] && (!understood || strlen(contents.tree.hex) != 2 * sizes[i]))
			abort();
	}
	return 0;
}
