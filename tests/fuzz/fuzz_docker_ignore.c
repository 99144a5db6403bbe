/* A .dockerignore and, behind the first NUL, a path: what may not return does not return. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	char *path = nul ? xmemdupz(nul + 1, size - len - 1) : xstrdup("a/b.c");
	struct docker_ignore *ignore = NULL;
	struct error *err = docker_ignore_parse(&ignore, (struct slice){ (const char *)data, len }, "f");
	if (!err) {
		bool kept = !docker_ignore_match(ignore, path);
		for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			if (*path && kept && docker_ignore_match(ignore, path) && !docker_ignore_may_return(ignore, path))
				abort();
			*slash = '/';
		}
	}
	error_free(err);
	docker_ignore_free(ignore);
	free(path);
	return 0;
}
