#include "model/provider.h"

#include <string.h>

const struct provider *const providers[] = {
	&provider_openai,
	&provider_anthropic,
	&provider_gemini,
	&provider_bedrock,
	&provider_ollama,
	NULL,
};

const struct provider *provider_by_name(const char *name)
{
	for (size_t i = 0; providers[i]; i++)
		if (!strcmp(providers[i]->name, name))
			return providers[i];
	return NULL;
}
