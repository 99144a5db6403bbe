/* A file that may hold secrets: its first line is its path. No more of a secret is told than its maker's mark. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deploy/leaks_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

struct told {
	size_t lines, last;
};

static void tell(void *data, size_t line, const char *what, const char *excerpt)
{
	struct told *told = data;
	require(what && *what && line <= told->lines && line >= told->last);
	told->last = line;
	if (!excerpt)
		return;
	size_t len = strlen(excerpt);
	require(len >= 4 && !strcmp(excerpt + len - 4, "****"));
	for (; *excerpt; excerpt++)
		require((unsigned char)*excerpt >= ' ' && *excerpt != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct leaks_text *shapes;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t first = end ? (size_t)(end - data) : size;
	struct told told = { .lines = 1 };
	if (!shapes)
		shapes = leaks_text_new();
	char *path = xmemdupz(data, first);
	struct slice text = { (const char *)data + (end ? first + 1 : size), end ? size - first - 1 : 0 };
	for (size_t i = 0; i < text.len; i++)
		told.lines += text.data[i] == '\n';
	leaks_text_look(shapes, path, text, tell, &told);
	free(path);
	return 0;
}
