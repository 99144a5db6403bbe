/* A .gitattributes: what comes of it are lines that git/ignore.h reads, none of them empty, and it can be asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "git/ignore.h"
#include "image/export_ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "a", "docs/b.md", "x y/#c", "deep/er/and/!deeper" };
	struct buffer out = BUFFER_INIT;
	export_ignore_patterns(&out, (struct slice){ (const char *)data, size });
	require(!memchr(out.data, '\0', out.len));
	require(!out.len || out.data[out.len - 1] == '\n');
	require(!strstr(out.data, "\n\n") && *out.data != '\n');
	struct ignore_rules *rules = ignore_rules_new(NULL, "", (struct slice){ out.data, out.len });
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int said = ignore_match(rules, paths[i], i & 1);
		require(said >= -1 && said <= 1);
	}
	ignore_rules_free(rules);
	buffer_release(&out);
	return 0;
}
