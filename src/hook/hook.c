#include "hook/hook.h"

#include <string.h>

const char *const hook_names[] = {
	"pre-commit", "post-commit", "pre-push", "post-merge", "post-rewrite", "post-checkout", NULL,
};

bool hook_is_known(const char *name)
{
	for (size_t i = 0; hook_names[i]; i++)
		if (!strcmp(hook_names[i], name))
			return true;
	return false;
}
