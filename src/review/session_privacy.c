/* What of a paper may leave this machine. */
#include "review/session_job.h"

#include "base/memory.h"
#include "base/text.h"

char *job_why_local(const struct job *job)
{
	const struct policy *policy = job->settings->policy;
	if (policy_is_foreign(policy, job->paper->path))
		return xstrfmt("not sent: %s changes the paper", policy->foreign);
	if (policy_is_local_only(policy, job->paper->path))
		return xstrdup("not sent: the paper is local_only");
	for (size_t i = 0; i < job->paper->nr_manuscripts; i++)
		if (policy_is_local_only(policy, job->paper->manuscripts[i].path))
			return xstrfmt("not sent: %s is local_only", job->paper->manuscripts[i].path);
	for (size_t i = 0; i < job->nr_documents; i++)
		for (size_t f = 0; f < job->readable[i]->nr_files; f++)
			if (policy_is_local_only(policy, job->readable[i]->files[f].path))
				return xstrfmt("not sent: %s is local_only", job->readable[i]->files[f].path);
	return NULL;
}

/* Looks the paper through; done once, whoever asks. */
static void look_for_secrets(struct job *job)
{
	if (job->scans)
		return;
	job->scans = xcalloc(job->nr_documents + 1, sizeof(*job->scans));
	privacy_init(&job->privacy, privacy_rules_combine(job->settings->privacy,
							  job->settings->policy->privacy));
	for (size_t i = 0; i < job->nr_documents; i++) {
		const struct document *doc = job->readable[i];
		privacy_look(&job->privacy, &job->scans[i], slice_of(&doc->text), privacy_title_page(doc));
	}
}

void job_release_privacy(struct job *job)
{
	for (size_t i = 0; job->scans && i < job->nr_documents; i++)
		privacy_scan_release(&job->scans[i]);
	free(job->scans);
	privacy_release(&job->privacy);
}

const struct privacy_scan *job_scan_of(const struct job *job, const struct document *doc)
{
	size_t i = 0;
	while (job->readable[i] != doc)
		i++;
	return &job->scans[i];
}

/* "not sent: main.tex:12 holds what looks like a key of OpenAI": where it is, not what it is. */
static char *blocked_at(struct document *doc, const struct privacy_hit *hit)
{
	struct location where = document_locate(doc, hit->start, hit->end);
	size_t line, column;
	document_position(doc, where, &line, &column);
	return xstrfmt("not sent: %s:%zu holds what looks like %s (take it out, or have a placeholder "
		       "sent with git config scrutiny.privacy.%s redact)", doc->files[where.file].path, line, hit->what,
		       hit->kind == PRIVACY_KEY ? "keys" : "personal");
}

char *job_why_not_sent(struct job *job)
{
	look_for_secrets(job);
	for (size_t i = 0; i < job->nr_documents; i++) {
		const struct privacy_hit *hit = privacy_blocker(&job->privacy, &job->scans[i]);
		if (job->scans[i].gave_up)
			return xstrfmt("not sent: %s cannot be looked through for keys",
				       job->readable[i]->path);
		if (hit)
			return blocked_at(job->readable[i], hit);
	}
	return NULL;
}

char *job_redact(struct job *job, const char *text, char **blocked)
{
	struct slice whole = { text, strlen(text) };
	struct privacy_scan scan;
	struct buffer out = BUFFER_INIT;
	*blocked = NULL;
	look_for_secrets(job);
	privacy_look(&job->privacy, &scan, whole, 0);
	const struct privacy_hit *hit = privacy_blocker(&job->privacy, &scan);
	if (scan.gave_up)
		*blocked = xstrdup("not sent: the question cannot be looked through for keys");
	else if (hit)
		*blocked = xstrfmt("not sent: the question holds what looks like %s", hit->what);
	bool changed = scan.nr || scan.gave_up;
	if (!scan.gave_up)
		privacy_redact(&out, whole, 0, whole.len, &scan);
	privacy_scan_release(&scan);
	if (changed)
		return buffer_detach(&out, NULL);
	buffer_release(&out);
	return NULL;
}

void job_ground(struct job *job, const struct assignment *a, struct finding *f)
{
	char *quote = NULL;
	if (!job->numbers)
		job->numbers = number_index_new(job->readable, job->nr_documents);
	ground_finding(job->index, f);
	if (f->grounding == GROUNDING_NONE && !a->model->local && job->scans && f->quote)
		quote = privacy_restore(&job->privacy, f->quote);
	if (quote) {
		free(f->quote);
		f->quote = quote;
		ground_finding(job->index, f);
	}
	f->unsupported = number_unsupported(job->numbers, f);
}

/* Whether the paper, or what is left of it, goes to another machine; when it went there in an earlier
 * session, it is said all the same. */
static bool is_sent_elsewhere(const struct job *job)
{
	for (size_t i = 0; i < job->nr_assignments; i++) {
		const struct assignment *a = &job->assignments[i];
		if (!a->model->local && !a->withheld && (!a->outcome || strcmp(a->outcome, "skipped") != 0))
			return true;
	}
	return false;
}

char *job_what_was_not_sent(struct job *job)
{
	struct buffer line = BUFFER_INIT;
	if (!is_sent_elsewhere(job))
		return NULL;
	look_for_secrets(job);
	privacy_count(&line, &job->privacy);
	if (line.len) {
		buffer_addstr(&line, " not sent to models on other machines");
		return buffer_detach(&line, NULL);
	}
	buffer_release(&line);
	return NULL;
}
