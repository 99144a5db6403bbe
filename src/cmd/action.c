#include "cmd/action.h"

#include "base/memory.h"
#include "base/text.h"

struct error *action_find(const void **out, const char *command, const char *word, const void *rows, size_t nr,
			  size_t size)
{
	const char **names = xcalloc(nr + 1, sizeof(*names)), *near = NULL;
	struct error *err = NULL;
	*out = NULL;
	for (size_t i = 0; i < nr; i++) {
		const void *row = (const char *)rows + i * size;
		names[i] = *(const char *const *)row;
		if (word && !strcmp(word, names[i]))
			*out = row;
	}
	if (!*out) {
		near = word ? text_nearest(word, names) : NULL;
		err = word ? error_new(ERROR_USAGE, "`%s' is nothing that %s does", word, command)
			   : error_new(ERROR_USAGE, "what of the %s?", command);
		err = near ? error_with_hint(err, "did you mean `git scrutiny %s %s'?", command, near)
			   : error_with_hint(err, "`git scrutiny %s -h' lists what there is", command);
	}
	free(names);
	return err;
}

struct error *action_check(const char *command, const char *action, unsigned takes,
			   const struct action_option *options, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (options[i].given && !(options[i].takes & takes))
			return error_new(ERROR_USAGE, "%s %s takes no --%s", command, action, options[i].name);
	return NULL;
}
