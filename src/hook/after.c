#include "hook/after.h"

#include "base/memory.h"
#include "hook/background.h"

static const struct {
	const char *name;
	bool reviews;
	bool ends_sequence; /* runs while that is not cleared away yet */
} hooks[] = {
	{ "post-commit", true, false },
	{ "post-merge", true, false },
	{ "post-rewrite", true, true },
	{ "post-checkout", false, false },
};

static size_t find(const char *hook)
{
	size_t i = 0;
	while (i < ARRAY_SIZE(hooks) && strcmp(hook, hooks[i].name))
		i++;
	return i;
}

bool hook_is_after(const char *hook)
{
	return find(hook) < ARRAY_SIZE(hooks);
}

void hook_after(const char *hook, const struct hook_places *places, const char *program, struct buffer *page)
{
	const char *const review[] = { program, "hooks", "background", NULL };
	size_t i = find(hook);
	bool started;
	if (i == ARRAY_SIZE(hooks) || (!hooks[i].ends_sequence && hook_in_sequence(places->git_dir)))
		return;
	hook_take_result(places->git_dir, page);
	if (hooks[i].reviews)
		hook_detach(review, &started);
}
