/* The metadata task in a session: one question a paper and model, about its beginning only. */
#include "base/memory.h"
#include "meta/meta.h"
#include "review/session_job.h"

/* Whether meta.yaml has room for what models say. Without one it has; of one that cannot be read the report
 * tells. */
static bool is_wanted(const struct job *job)
{
	struct buffer path = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	buffer_addf(&path, "%s%s" META_FILE, job->paper->path, *job->paper->path ? "/" : "");
	struct error *err = snapshot_read(job->settings->snapshot, path.data, &text);
	bool missing = error_drop_if(&err, ERROR_NOT_FOUND);
	bool wanted = missing || (!err && meta_wants_generated(slice_of(&text)));
	error_free(err);
	buffer_release(&path);
	buffer_release(&text);
	return wanted;
}

/* Asked of models that are not local, where nobody chose tasks, unless `metadata:` says otherwise. */
static bool is_asked(const struct job *job, const struct model *model)
{
	const struct session_settings *settings = job->settings;
	if (settings->tasks & TASK_BIT(TASK_METADATA))
		return true;
	if (settings->policy->metadata != POLICY_METADATA_UNSET)
		return settings->policy->metadata == POLICY_METADATA_YES;
	return !settings->tasks && !model->local;
}

void metadata_choose(struct job *job, size_t first)
{
	bool any = false;
	for (size_t i = 0; !first && i < job->nr_assignments; i++)
		any |= is_asked(job, job->assignments[i].model);
	bool wanted = any && is_wanted(job);
	for (size_t i = first; i < job->nr_assignments; i++) {
		struct assignment *a = &job->assignments[i];
		a->tasks &= ~TASK_BIT(TASK_METADATA);
		if (wanted && is_asked(job, a->model))
			a->tasks |= TASK_BIT(TASK_METADATA);
	}
}

/* What a model elsewhere is shown: with placeholders, or, when it holds what must not be sent, nothing. */
static void write_excerpts(struct job *job)
{
	struct buffer text = BUFFER_INIT;
	char *blocked = NULL;
	metadata_excerpt(&text, job->readable, job->nr_documents);
	prompt_fence(&job->excerpt, slice_of(&text));
	char *redacted = job_redact(job, text.data, &blocked);
	if (redacted && !blocked)
		prompt_fence(&job->excerpt_sent, (struct slice){ redacted, strlen(redacted) });
	else if (!blocked)
		buffer_addbuf(&job->excerpt_sent, &job->excerpt);
	free(redacted);
	free(blocked);
	buffer_release(&text);
}

bool metadata_prepare(struct assignment *a)
{
	struct job *job = a->job;
	char *blocked = NULL;
	if (!job->excerpt.len) {
		write_excerpts(job);
		metadata_words(&job->metadata_words,
			       prompt_words_get(job->settings->words, tasks[TASK_METADATA].name),
			       job->settings->vocabulary);
	}
	if (a->model->local)
		return true;
	free(job_redact(job, job->metadata_words.data, &blocked));
	if (!blocked && !job->excerpt_sent.len)
		blocked = xstrdup("not sent: the beginning of the paper holds what must not leave this machine");
	if (blocked)
		a->metadata_message = xstrfmt("no description, tags and scope: %s", blocked);
	free(blocked);
	return !a->metadata_message;
}

void metadata_release_question(struct job *job)
{
	buffer_release(&job->excerpt);
	buffer_release(&job->excerpt_sent);
	buffer_release(&job->metadata_words);
}

void metadata_request(const struct call *call, struct model_request *out)
{
	const struct assignment *a = call->assignment;
	*out = (struct model_request){
		.system = metadata_system,
		.shared = a->model->local ? a->job->excerpt.data : a->job->excerpt_sent.data,
		.user = call->words ? call->words : a->job->metadata_words.data,
		.schema_name = "metadata",
		.schema = metadata_schema,
		.max_output_tokens = a->output_tokens < METADATA_OUTPUT_TOKENS ? a->output_tokens
									       : METADATA_OUTPUT_TOKENS,
	};
}
