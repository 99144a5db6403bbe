/* One paper's way through a session; used by the session's files only. */
#ifndef REVIEW_SESSION_JOB_H
#define REVIEW_SESSION_JOB_H

#include "review/ground.h"
#include "review/numbers.h"
#include "review/privacy.h"
#include "review/prompt.h"
#include "review/session.h"
#include "review/tasks.h"

struct job;
struct assignment;
struct score_histories;

/* One task on one part of a paper, put to one model. */
struct call {
	struct assignment *assignment;
	const struct task *task;
	size_t part;        /* index into the assignment's parts; their number for the metadata task */
	char *words;        /* of the question, with placeholders; NULL: as they are */
	char hash[SHA256_HEX_SIZE + 1];
	bool answered;      /* REPLY holds a usable answer */
	uint64_t sent_us;   /* when, of one whose answer is waited for; else 0 */
	struct reply reply;
};

/* One model's work on one paper. */
struct assignment {
	struct job *job;
	const struct model *model;
	unsigned tasks;        /* set of those that are asked now: none of KNOWN */
	struct record known;   /* what the store holds of this reviewer on this paper; see has_known */
	bool has_known, known_is_whole;
	struct part_list parts;
	struct buffer *shared; /* the fenced text of each part */
	int64_t output_tokens; /* of one answer, at most */
	struct call *calls;    /* part by part, its tasks in order; none when nothing is to be asked */
	size_t nr_calls, pending;
	size_t waiting;        /* calls whose answers come with a batch */
	const char *stands_in_for; /* the reviewer that failed first; NULL: this one was asked for */
	struct assignment *successor; /* who was asked when this one failed */
	bool withheld;         /* local_only, and the model is not local: not a failure */
	bool blocked;          /* there is something in it that must not be sent: a failure */
	bool recorded;         /* its record is in the store, with every task that is wanted */
	char *outcome;         /* why there is no record: a model_outcome_name or "skipped"; else NULL */
	char *message;
	char *metadata_message; /* why it gave no metadata, though it was asked; else NULL */
};

struct job {
	const struct session_settings *settings;
	const struct paper *paper;
	size_t place;                /* of the paper in the session */
	struct document *documents;  /* those that could be read */
	struct document **readable;  /* pointers to them */
	size_t nr_documents;
	struct ground_index *index;  /* made when the first answer arrives */
	struct number_index *numbers; /* likewise */
	struct privacy privacy;      /* what must not leave this machine, ... */
	struct privacy_scan *scans;  /* ... of each readable document; NULL: nobody asked yet */
	enum rubric rubric;          /* that the paper is weighed by */
	struct buffer system;        /* the system words of all questions */
	struct buffer excerpt;       /* for the metadata task: what of the paper is shown, ... */
	struct buffer excerpt_sent;  /* ... to models elsewhere (empty: nothing), ... */
	struct buffer metadata_words; /* ... and its words; all are made when they are first needed */
	struct assignment *assignments; /* room for one a model of the settings */
	size_t nr_assignments;
	struct assignment adjudication; /* of one question, when all others are settled */
	bool adjudicated;            /* it was settled whether that is asked */
	struct buffer adjudication_words;
	size_t pending;              /* calls not settled yet */
	char **unread;
	size_t nr_unread, alloc_unread;
	bool escalated;              /* it was settled whether others are asked */
	bool did_work;               /* a record was made or a model asked */
	struct strmap damaged;       /* names of records that cannot be read, and are asked for anew */
	uint64_t started_us;
	struct records_claim *claim; /* NULL when nothing was to be asked; released with the job */
	struct score_histories *histories; /* the session's; NULL: there are none */
	void *owner;                 /* the session, for callbacks */
};

/* -- session_job.c ---------------------------------------------------------------------------- */

/* Reads the paper; what cannot be read is a line in job->unread. */
void job_open(struct job *job, const struct session_settings *settings, const struct paper *paper);
void job_close(struct job *job);
/* Finds records that are damaged and sets them aside. */
struct error *job_find_damaged(struct job *job);
/* Runs the built-in checks unless their record is in the store. */
struct error *job_run_checks(struct job *job);
/* The review, from the records and this run's facts, which are recorded if KEEP. FRESH: nothing was
 * done, the stored run serves. */
struct error *job_review(struct job *job, struct review *out, bool keep, bool *fresh);
/* True when every reviewer answered and everything was read. */
bool job_is_complete(const struct job *job);
/* True when an answer comes with a batch. */
bool job_waits(const struct job *job);
/* What a new meta.yaml of this paper begins with; borrows from the job. */
void job_meta_initial(const struct job *job, struct meta_initial *out);

/* -- session_call.c --------------------------------------------------------------------------- */

/* Prepares the calls of the assignments from FIRST on; those whose reply is in the store are answered from
 * it. */
struct error *job_prepare_calls(struct job *job, size_t first);
/* The question of CALL; borrows from it. */
void call_request(const struct call *call, struct model_request *out);
/* Which part of how many it asks about, from 1. */
void call_place(const struct call *call, int64_t *part, int64_t *parts);
/* Of the words of TASK as they are put to A's model. */
void task_version(const struct assignment *a, const struct task *task,
		  char out[PROMPT_VERSION_DIGITS + 1]);
/* Takes a model's reply to CALL: journals it at once. */
struct error *job_take_reply(struct job *job, struct call *call, const struct model_reply *reply);
/* Prepares the one question of job->adjudication. */
struct error *job_prepare_adjudication(struct job *job);
/* What an answered call cost in US dollars; < 0: unknown. */
double call_cost(const struct call *call);
/* CALL gets no answer. */
void call_fail(const struct call *call, const char *outcome, const char *message);
/* The reason why there will be no record; the first one given is the one that is told. */
void assignment_fail(struct assignment *a, const char *outcome, const char *message);
void assignment_release(struct assignment *a);

/* -- session_prompts.c -------------------------------------------------------------------------- */

/* Logs CALL, and tells of it, before it is sent. */
struct error *call_note(const struct call *call);

/* -- session_privacy.c ------------------------------------------------------------------------- */

/* Why no model elsewhere may see anything of the paper, malloc'd, or NULL. */
char *job_why_local(const struct job *job);

void job_release_privacy(struct job *job);
const struct privacy_scan *job_scan_of(const struct job *job, const struct document *doc);
/* Why the paper is not sent to another machine, malloc'd, or NULL. */
char *job_why_not_sent(struct job *job);
/* TEXT with placeholders, malloc'd; NULL when it needs none. With a reason in *BLOCKED, malloc'd, it must not be
 * sent even so. */
char *job_redact(struct job *job, const char *text, char **blocked);
/* As ground_finding; a quote with placeholders is looked up in the paper's own words, and so are numbers. */
void job_ground(struct job *job, const struct assignment *a, struct finding *f);
/* "2 e-mail addresses not sent to models on other machines", malloc'd, or NULL. */
char *job_what_was_not_sent(struct job *job);

/* -- session_route.c -------------------------------------------------------------------------- */

/* Settles who is asked first. */
void job_assign(struct job *job);
/* To be called when nobody is asked any more: adds assignments if the route has dearer reviewers and those who
 * answered disagree. From records alone, so that a run that was killed in between carries on alike. */
struct error *job_escalate(struct job *job);
/* Those assignments, whether they will be needed or not. */
void job_assign_dearer(struct job *job);
/* Adds the assignment that stands in for A, whose provider failed, and says so in A's message; NULL when there
 * is nobody (left). */
struct assignment *job_fall_back(struct job *job, struct assignment *a);
/* That A or who stood in for it has answered; or it may not be asked. */
bool assignment_is_done(const struct assignment *a);

/* -- session_metadata.c ----------------------------------------------------------------------- */

/* Settles which assignments from FIRST on have the metadata task: those that are there from the beginning, and only
 * where meta.yaml has room for it. */
void metadata_choose(struct job *job, size_t first);
/* Makes the question; false when A's model may not see it, which is told. */
bool metadata_prepare(struct assignment *a);
void metadata_release_question(struct job *job);
/* As call_request, for a call of that task. */
void metadata_request(const struct call *call, struct model_request *out);

/* -- session_scores.c -------------------------------------------------------------------------- */

struct score_histories *score_histories_new(const struct session_settings *settings);
void score_histories_free(struct score_histories *h);
/* Adds those of the models that were asked to RUN; looked up once a session. */
void job_add_score_histories(const struct job *job, struct run *run);

/* -- session_adjudication.c ------------------------------------------------------------------- */

/* Makes the question to the adjudicator from the findings as they stand, unless there are none, or its
 * answer is recorded. To be called when all reviewers are settled. */
struct error *job_adjudicate(struct job *job);
/* As job_settle, of that assignment. */
struct error *job_settle_adjudication(struct job *job);

/* -- session_record.c ------------------------------------------------------------------------- */

/* Journals R, which is used up: its paths are those of the store afterwards. */
struct error *job_put_record(struct job *job, struct record *r, const char *name);
/* Reads what the store holds of A's reviewer, and settles which tasks are left. */
struct error *job_find_known(struct job *job, struct assignment *a);
/* Makes the record of an assignment that waits for no reply. Of one that failed, the tasks that were answered
 * make a partial record: it is shown, and the next run asks for the rest. */
struct error *job_settle(struct job *job, struct assignment *a);

#endif
