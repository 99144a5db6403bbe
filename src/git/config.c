#include <stdint.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/repo_internal.h"

/* `git config -z --list` writes "<key>\n<value>\0"; a key without '=' has no newline and means
 * true. Keys hold no newline, values may. */
void repo_parse_settings(struct repo *repo)
{
	char *at = repo->settings_text.data, *end = at + repo->settings_text.len;
	size_t alloc = 0;
	while (at < end) {
		char *value = strchr(at, '\n');
		size_t len = strlen(at);
		ALLOC_GROW(repo->settings, repo->nr_settings, alloc);
		if (value)
			*value++ = '\0';
		repo->settings[repo->nr_settings++] =
			(struct setting){ at, value ? value : "true" };
		at += len + 1;
	}
}

const char *repo_config(struct repo *repo, const char *key)
{
	for (size_t i = repo->nr_settings; i > 0; i--)
		if (!strcmp(repo->settings[i - 1].key, key))
			return repo->settings[i - 1].value;
	return NULL;
}

void repo_config_each(struct repo *repo, const char *prefix,
		      void (*fn)(const char *key, const char *value, void *data), void *data)
{
	for (size_t i = 0; i < repo->nr_settings; i++)
		if (starts_with(repo->settings[i].key, prefix))
			fn(repo->settings[i].key, repo->settings[i].value, data);
}
