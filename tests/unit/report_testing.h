/* Reviews under construction, and reports of them. */
#ifndef TESTS_REPORT_TESTING_H
#define TESTS_REPORT_TESTING_H

#include "review_testing.h"

#include "review/report.h"

#define MAX_RECORDS 5

struct scene {
	struct record *records[MAX_RECORDS];
	size_t nr;
	struct run run;
	struct consensus c;
	struct report report;
};

/* Of the paper "p", if nobody has said otherwise. */
static inline struct record *reviewer(struct scene *s, const char *name, const char *family)
{
	if (!s->run.paper)
		s->run = make_run("p");
	return s->records[s->nr++] = make_record(name, family);
}

static inline const struct report *make(struct scene *s)
{
	const struct record *const *records = (const struct record *const *)s->records;

	consensus_make(&s->c, records, s->nr, &s->run);
	s->report = (struct report){ &s->run, records, s->nr, &s->c };
	return &s->report;
}

static inline void release(struct scene *s)
{
	consensus_release(&s->c);
	for (size_t i = 0; i < s->nr; i++)
		free_record(s->records[i]);
	run_release(&s->run);
	memset(s, 0, sizeof(*s));
}

#endif
