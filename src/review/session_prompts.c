/* Questions shown and logged as they are sent. */
#include <time.h>

#include "review/session_job.h"

struct error *call_note(const struct call *call)
{
	const struct assignment *a = call->assignment;
	const struct session_settings *settings = a->job->settings;
	struct model_request request;
	if (!settings->prompt_log && !settings->on_question)
		return NULL;
	call_request(call, &request);
	struct prompt_entry entry = {
		.date = (int64_t)time(NULL),
		.reviewer = a->model->reviewer,
		.paper = a->job->paper->path,
		.task = call->task->name,
		.part = call->part + 1,
		.parts = a->parts.nr,
		.request = call->hash,
		.system = request.system,
		.shared = request.shared,
		.user = request.user,
	};
	if (settings->on_question)
		settings->on_question(settings->data, &entry);
	return settings->prompt_log ? prompt_log_add(settings->prompt_log, &entry) : NULL;
}
