/*
 * A session: papers in, reviews out. For every paper and reviewer that has no record yet, the
 * built-in checks are run, or the model is asked; every reply is journalled the moment it is
 * whole; a paper whose reviewers are all settled gets its report. Killed at any instant, the next
 * session takes up what was journalled.
 */
#ifndef REVIEW_SESSION_H
#define REVIEW_SESSION_H

#include "model/model.h"
#include "paper/paper.h"
#include "review/metadata.h"
#include "review/policy.h"
#include "review/privacy_rules.h"
#include "review/prompt_log.h"
#include "review/prompt_words.h"
#include "review/review.h"

/* Papers in memory at once. */
#define SESSION_WINDOW 64

struct session_progress {
	size_t papers_done, papers_begun, papers;
	size_t models;             /* that were asked so far */
	size_t calls_done, calls;  /* model calls known of so far */
	const char *waiting;       /* the reviewer whose answer has been waited for longest, or NULL */
	const char *waiting_paper; /* on which paper */
	uint64_t waiting_us;
	uint64_t elapsed_us;       /* since the first call */
	int64_t tokens;            /* sent and received so far, as far as the servers tell */
	double cost_usd;
};

/* What became of one paper. */
struct session_result {
	const struct paper *paper;
	size_t place;                /* of the paper among those the session was given */
	struct review *review;       /* NULL when nothing of it could be read, or of what is recorded;
	                                the receiver frees it (review_release, then free) */
	char *const *unread;         /* what could not be read, a line each */
	size_t nr_unread;
	const struct error *error;   /* what stopped its review or its report, or NULL */
	bool fresh;                  /* nothing had to be done */
	bool waiting;                /* for a batch: there is no review yet, and that is no failure */
	bool complete;               /* every reviewer asked has answered and everything was read */
	uint64_t elapsed_us;
};

/* A reviewer that was asked for but cannot be called at all: told in every report. */
struct absent_reviewer {
	const char *reviewer;
	const char *message;
};

/* How models are asked. */
enum session_asking {
	SESSION_ASK_LIVE,
	SESSION_ASK_BATCH,   /* in batches, those whose providers have them; the others live */
	SESSION_ASK_NOTHING, /* what is in the store has to do */
};

struct session_settings {
	struct snapshot *snapshot;
	struct records *records;
	const struct policy *policy;
	const struct model *models; /* all that may be asked */
	size_t nr_models;
	size_t nr_default;         /* the first of them: who reviews a paper that no route covers */
	const struct model *adjudicator; /* of them: rules upon what was found; NULL: nobody does */
	const struct policy_review *routes; /* its routes and fall-backs count; NULL: none do */
	const struct prompt_words *words; /* of the questions; NULL: the program's own */
	const struct vocabulary *vocabulary; /* the repository's tags; may be NULL */
	unsigned tasks;            /* set of them (tasks.h); 0: task_set_default of each model */
	const struct paper_list *neighbours; /* all papers here, whose scores are looked at; may be NULL */
	const struct absent_reviewer *absent;
	size_t nr_absent;
	struct prompt_log *prompt_log; /* gets every question that is sent; may be NULL */
	/* Told every question: as it is sent, and by session_plan as it would be. May be NULL. */
	void (*on_question)(void *data, const struct prompt_entry *question);
	struct privacy_rules privacy; /* the user's; the repository's may be stricter */
	struct model_engine_settings engine; /* but for its budget, which is made of LIMITS */
	const struct budget_limits *limits; /* of models that cost money; NULL: none */
	enum session_asking asking;
	const char *program_version;
	int64_t now;               /* seconds since the epoch: the date of the reports */
	volatile const int *stop;  /* a signal handler's flag */
	bool write;                /* reports and meta.yaml go into the work tree */
	/* Or below this folder, where the caller has put what the snapshot has at their places; NULL: the work tree. */
	const char *write_to;
	void (*on_result)(void *data, const struct session_result *result);
	void (*on_progress)(void *data, const struct session_progress *progress);
	/* A reviewer failed on a paper: said at once, and again in the report. PAPER is NULL when it failed and
	 * others step in for it from now on: told once a reviewer. */
	void (*on_failure)(void *data, const struct paper *paper, const char *reviewer,
			   const char *message);
	/* A budget is about to be used up: one line. */
	void (*on_warning)(void *data, const char *message);
	/* The record NAME of PAPER is damaged: it is set aside, and made anew if its reviewer is asked. */
	void (*on_damaged)(void *data, const struct paper *paper, const char *name);
	/* May models be asked about PAPER, or does another clone do that now? NULL: they may. Asked again and
	 * again until they may. */
	bool (*may_ask)(void *data, const struct paper *paper);
	/* What is left is reviewed by other processes, PAPER by the one with PID: the session waits for
	 * their records. PID 0: another clone. Said once. */
	void (*on_waiting)(void *data, const struct paper *paper, long pid);
	/* A line about a batch; a warning when something went wrong. */
	void (*on_note)(void *data, bool warning, const char *text);
	void *data;
};

struct session_totals {
	size_t papers, incomplete;
	size_t waiting;            /* papers that get their reviews when a batch is collected */
	size_t reports;            /* that were written, or stood there as they should */
	size_t counts[3];          /* findings by severity, verified and plausible */
	size_t unverified;
	size_t calls;              /* model requests that were answered now */
	double cost_usd;           /* of all requests; unknown prices count nothing */
	bool cost_unknown;
	bool month_is_known;       /* a model was asked that costs money */
	double month_usd;          /* spent and reserved this month, by all processes */
	size_t over_budget;        /* models stopped by a budget, counted once a paper */
	char *over_budget_message; /* of the first; NULL */
	bool cancelled;
	struct buffer written;     /* NUL-separated paths, from the top of the repository */
};
void session_totals_release(struct session_totals *totals);

/* Papers whose review stops at an error of theirs are reported; the session goes on. An error
 * returned here is one that concerns all of them (the store, the disk). When
 * the reports are where they should be, the caller ends with records_commit(): from then on they
 * count as written and are not looked at again. */
struct error *session_run(const struct session_settings *settings, const struct paper *const *papers,
			  size_t nr, struct session_totals *totals);

/* What a session would ask one model about one paper, without asking. */
struct session_estimate {
	/* To expect of the calls that are not answered; tokens within some 8 %, the output by what the model has
	 * answered so far. */
	int64_t input_tokens, output_tokens;
	int64_t cached_tokens;               /* of the input: from the provider's cache */
	double usd;                          /* < 0: unknown price */
	double usd_at_most;                  /* were every answer as long as is allowed, and wrong at first */
	size_t calls, calls_known;           /* of them: replies that are in the store already */
	size_t guessed;                      /* calls whose output is a guess: no answer of the model is known */
	size_t calls_waiting;                /* of them: answers that come with a batch */
	bool recorded;
	bool withheld;                       /* local_only, and the model is not local */
	bool unasked;                        /* it does not review this paper */
	bool if_needed;                      /* it does when others disagree */
	bool too_long;                       /* more than PROMPT_MAX_PARTS parts */
};
/* OUT has nr * settings->nr_models rows, paper by paper; the caller provides it. UNREADABLE (nr
 * entries) tells the papers nothing of which can be read. */
struct error *session_plan(const struct session_settings *settings, const struct paper *const *papers,
			   size_t nr, struct session_estimate *out, bool *unreadable);

#endif
