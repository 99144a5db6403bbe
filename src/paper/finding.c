#include "paper/finding.h"

#include "base/memory.h"

static const char *const severity_names[] = { "note", "warning", "error" };
static const char *const grounding_names[] = { "none", "loose", "whitespace", "exact" };

static bool parse_name(const char *const *names, size_t nr, const char *name, int *out)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(names[i], name)) {
			*out = (int)i;
			return true;
		}
	}
	return false;
}

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

bool severity_parse(const char *name, enum severity *out)
{
	int value;
	if (!parse_name(severity_names, ARRAY_SIZE(severity_names), name, &value))
		return false;
	*out = (enum severity)value;
	return true;
}

const char *grounding_name(enum grounding grounding)
{
	return grounding_names[grounding];
}

bool grounding_parse(const char *name, enum grounding *out)
{
	int value;
	if (!parse_name(grounding_names, ARRAY_SIZE(grounding_names), name, &value))
		return false;
	*out = (enum grounding)value;
	return true;
}

struct finding *finding_list_add(struct finding_list *list)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	struct finding *f = &list->items[list->nr++];
	memset(f, 0, sizeof(*f));
	return f;
}

void finding_release(struct finding *f)
{
	free(f->rule);
	free(f->title);
	free(f->why);
	free(f->suggestion);
	free(f->quote);
	free(f->subject);
	free(f->location);
	free(f->unsupported);
	free(f->path);
	memset(f, 0, sizeof(*f));
}

void finding_list_release(struct finding_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		finding_release(&list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
