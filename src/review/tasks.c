#include "review/tasks.h"

#include "base/memory.h"
#include "base/text.h"

const struct task tasks[TASK_NR] = {
	{ TASK_REVIEW, "review", "everything in one pass" },
	{ TASK_SUMMARY, "summary", "summary and scores" },
	{ TASK_CORRECTNESS, "correctness", "arguments and proofs" },
	{ TASK_EXPERIMENTS, "experiments", "experiments and statistics" },
	{ TASK_NOVELTY, "novelty", "novelty and related work" },
	{ TASK_CLARITY, "clarity", "clarity" },
	{ TASK_METADATA, "metadata", "description, tags and scope" },
	{ TASK_ADJUDICATION, "adjudication", "the findings of the others" },
};

const struct task *task_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++)
		if (!strcmp(tasks[i].name, name))
			return &tasks[i];
	return NULL;
}

static struct error *unknown_task(const char *word)
{
	const char *names[TASK_NR + 1] = { NULL };
	struct buffer known = BUFFER_INIT, shown = BUFFER_INIT;
	for (size_t i = 0; i < TASK_ADJUDICATION; i++) {
		names[i] = tasks[i].name;
		buffer_addf(&known, "%s%s", i ? ", " : "", tasks[i].name);
	}
	text_for_terminal(&shown, word, strlen(word), false);
	const char *near = text_nearest(word, names);
	struct error *err = error_new(ERROR_USAGE, "there is no task '%s'", shown.data);
	if (near)
		err = error_with_hint(err, "did you mean '%s'?", near);
	else
		err = error_with_hint(err, "the tasks are %s", known.data);
	buffer_release(&known);
	buffer_release(&shown);
	return err;
}

struct error *task_set_parse(unsigned *out, const char *list)
{
	struct error *err = NULL;
	*out = 0;
	while (*list && !err) {
		size_t len = strcspn(list, ",");
		struct slice word = slice_trim((struct slice){ list, len });
		if (word.len) {
			char *name = xmemdupz(word.data, word.len);
			const struct task *task = task_by_name(name);
			if (task && task->id != TASK_ADJUDICATION)
				*out |= TASK_BIT(task->id);
			else
				err = unknown_task(name);
			free(name);
		}
		list += len;
		list += *list == ',';
	}
	if (!err && !*out)
		err = error_new(ERROR_USAGE, "the list of tasks is empty");
	return err;
}

unsigned task_set_default(const struct model *model)
{
	return model->local ? TASK_SET_COMBINED : TASK_SET_FULL;
}
