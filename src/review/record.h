/*
 * Records and replies as they are stored (docs/formats/record.schema.json, reply.schema.json,
 * run.schema.json). Written in one canonical form: the same contents give the same bytes.
 */
#ifndef REVIEW_RECORD_H
#define REVIEW_RECORD_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "paper/finding.h"
#include "review/assessment.h"
#include "review/metadata.h"

/* The formats that are written. Format 1 of records and replies, from before there were tasks, is read as the
 * answer to the one task "review". */
#define RECORD_FORMAT 2
#define REPLY_FORMAT 2
#define RUN_FORMAT 1
/* What is accepted from a store, whose blobs may come from other clones. */
#define RECORD_MAX_FINDINGS 200000

/* A task that a record answers. */
struct record_task {
	char *name;
	char *version;       /* of its words (prompt_words.h); NULL: from before words had versions */
	char *words;         /* whose they are: a prompt_source_name; NULL likewise */
};

/* One reviewer's complete answer for one content id. */
struct record {
	char *reviewer;      /* "builtin" or "ollama/llama3.1" */
	char *version;       /* of the checks, or the model as the server named it; may be NULL */
	char *family;        /* "builtin", "llama", ... */
	char *content_id;
	int64_t date;        /* seconds since the epoch, UTC */
	struct record_task *tasks; /* none for built-in */
	size_t nr_tasks;
	char *rubric;        /* that the paper was weighed by; NULL: none */
	char **requests;     /* hashes of the replies it was made from; none for built-in */
	size_t nr_requests;
	int64_t input_tokens, output_tokens; /* -1: unknown */
	double cost_usd;     /* < 0: unknown; 0: free */
	char *summary;       /* may be NULL */
	struct assessment assessment;
	struct metadata *metadata; /* what the paper is about; NULL: not asked */
	struct finding_list findings;
};
void record_release(struct record *r);
void record_write(struct buffer *out, const struct record *r);
struct error *record_parse(struct record *out, struct slice text, const char *what);
bool record_has_task(const struct record *r, const char *task);
/* Copies; a task that is there already gets the new version. */
void record_add_task(struct record *r, const char *task, const char *version, const char *words);
/* A record of rulings upon the findings of others, whose subjects are those findings' ids; it is stored under
 * the reviewer's name with this ending, and is no review. */
#define RECORD_ADJUDICATION_ENDING ".adjudication.json"
bool record_is_adjudication(const struct record *r);
/* A reviewer's record is stored as "builtin-1.json", "ollama_llama3.1-5f3a9c01.json". */
void record_name(struct buffer *out, const char *reviewer, const char *builtin_version);

/* One reply that was received, keyed by its request hash. */
struct reply {
	char *request;       /* hash */
	char *reviewer;
	int64_t date;
	char *task;          /* what was asked */
	char *outcome;       /* model_outcome_name */
	char *answer;        /* as the model gave it (malformed UTF-8 and NUL bytes replaced) */
	size_t answer_len;
	char *served_model;
	int64_t input_tokens, output_tokens, cached_tokens; /* see struct model_usage; -1: unknown */
	int64_t cache_write_tokens, reasoning_tokens;
	int64_t part, parts; /* which part of the paper, from 1 */
	int64_t attempts;
	bool repaired;
	bool batch;          /* it came with a batch, at the price of one */
};
void reply_release(struct reply *r);
void reply_write(struct buffer *out, const struct reply *r);
struct error *reply_parse(struct reply *out, struct slice text, const char *what);

/* Facts of a run on one paper that no record holds, so that a report can be rebuilt from the
 * store alone: run.json. */
struct run_reviewer {
	char *reviewer;
	char *outcome;       /* "ok", or why not: model_outcome_name, "skipped" */
	char *message;       /* one line when not ok; NULL */
};
struct past_finding {    /* of the report before this one: see report_read_past */
	char *id;
	char *rule;          /* NULL for models' */
	char *subject;       /* may be NULL */
	char *title;
	char *path;          /* may be NULL */
	size_t line;         /* then; 0: unknown */
	char *quote;         /* may be NULL */
	enum severity severity;
	char **reviewers;    /* who raised it: it is gone only if one of them looked again */
	size_t nr_reviewers;
};
void past_finding_release(struct past_finding *past);
/* How a model had scored (overall) the papers of the repository at the time of the run: what makes its score of
 * this one comparable with another model's. */
struct score_history {
	char *reviewer;
	int64_t papers;
	double mean, deviation; /* standard deviation, of all of them */
};
#define SCORE_HISTORY_MIN_PAPERS 3
struct run {
	char *program_version;
	char *content_id;
	char *paper;         /* its path when it was reviewed */
	char *title;         /* of the paper; may be NULL */
	char **manuscripts;
	size_t nr_manuscripts;
	int64_t date;
	struct run_reviewer *reviewers;
	size_t nr_reviewers;
	char **unread;       /* "figure.pdf: not readable yet", problems met: one line each */
	size_t nr_unread;
	char *previous;      /* content id of the report before, or NULL */
	int64_t previous_date;
	struct past_finding *past;
	size_t nr_past;
	struct score_history *histories; /* of models with SCORE_HISTORY_MIN_PAPERS or more */
	size_t nr_histories;
};
void run_release(struct run *r);
void run_write(struct buffer *out, const struct run *r);
struct error *run_parse(struct run *out, struct slice text, const char *what);

#endif
