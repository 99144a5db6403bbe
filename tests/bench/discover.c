/*
 * What `git scrutiny status` does in the library, step by step, with the time each takes.
 *
 *   discover <directory> [<runs>]       milliseconds a step: the median of the runs
 *   discover --records <directory>      a stream for `git fast-import` that records a review of
 *                                       every paper, without making one
 */
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "git/records.h"
#include "paper/paper.h"
#include "review/review.h"

enum step { STEP_OPEN, STEP_SNAPSHOT, STEP_DISCOVER, STEP_RECORDS, STEP_ASK, STEP_CLOSE, STEPS };
static const char *const step_names[STEPS] = {
	"open the repository", "snapshot", "discover", "index of records", "ask for every paper",
	"close",
};
#define MAX_RUNS 1000

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct error *one_run(const char *directory, double times[STEPS], size_t counts[2])
{
	struct repo *repo = NULL;
	struct snapshot *snapshot = NULL;
	struct paper_list papers = { NULL };
	struct records *records = NULL;
	struct records_index *index = NULL;
	struct buffer builtin = BUFFER_INIT;
	review_builtin_name(&builtin);
	const char *const names[] = { builtin.data, REVIEW_RUN_NAME, NULL };
	double marks[STEPS + 1] = { now() };
	struct error *err = repo_open(&repo, directory);
	marks[STEP_OPEN + 1] = now();
	if (!err)
		err = snapshot_new(&snapshot, repo, SNAPSHOT_WORK_TREE, NULL);
	marks[STEP_SNAPSHOT + 1] = now();
	if (!err)
		err = paper_discover(&papers, snapshot, NULL);
	marks[STEP_DISCOVER + 1] = now();
	if (!err)
		err = records_open(&records, repo);
	if (!err)
		err = records_index_new(&index, records, names);
	marks[STEP_RECORDS + 1] = now();
	counts[0] = papers.nr;
	counts[1] = 0;
	for (size_t i = 0; i < papers.nr && !err; i++)
		counts[1] += records_index_has(index, papers.items[i].content_id);
	marks[STEP_ASK + 1] = now();
	records_index_free(index);
	records_free(records);
	paper_list_release(&papers);
	snapshot_free(snapshot);
	repo_free(repo);
	buffer_release(&builtin);
	marks[STEP_CLOSE + 1] = now();
	for (int i = 0; i < STEPS; i++)
		times[i] = marks[i + 1] - marks[i];
	return err;
}

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct error *measure(const char *directory, size_t runs)
{
	static double times[STEPS][MAX_RUNS];
	size_t counts[2] = { 0 };
	double sum = 0;
	for (size_t i = 0; i < runs; i++) {
		double run[STEPS];
		struct error *err = one_run(directory, run, counts);
		if (err)
			return err;
		for (int step = 0; step < STEPS; step++)
			times[step][i] = run[step];
	}
	printf("%zu papers, %zu recorded\n", counts[0], counts[1]);
	for (int step = 0; step < STEPS; step++) {
		qsort(times[step], runs, sizeof(times[step][0]), compare_times);
		printf("%8.1f ms  %s\n", times[step][runs / 2], step_names[step]);
		sum += times[step][runs / 2];
	}
	printf("%8.1f ms  together\n", sum);
	return NULL;
}

static struct error *print_records(const char *directory)
{
	struct repo *repo = NULL;
	struct snapshot *snapshot = NULL;
	struct paper_list papers = { NULL };
	struct buffer builtin = BUFFER_INIT;
	review_builtin_name(&builtin);
	struct error *err = repo_open(&repo, directory);
	if (!err)
		err = snapshot_new(&snapshot, repo, SNAPSHOT_WORK_TREE, NULL);
	if (!err)
		err = paper_discover(&papers, snapshot, NULL);
	if (!err)
		printf("commit " RECORDS_REF "\ncommitter A <a@example.org> now\ndata 4\nfake\n");
	for (size_t i = 0; i < papers.nr && !err; i++) {
		const char *id = papers.items[i].content_id;
		printf("M 100644 inline v1/%.2s/%s/%s\ndata %zu\n%s\n", id, id + 2, builtin.data,
		       strlen(id), id);
		printf("M 100644 inline v1/%.2s/%s/%s\ndata 3\n{}\n\n", id, id + 2,
		       REVIEW_RUN_NAME);
	}
	paper_list_release(&papers);
	snapshot_free(snapshot);
	repo_free(repo);
	buffer_release(&builtin);
	return err;
}

int main(int argc, char **argv)
{
	struct error *err;
	if (argc == 3 && !strcmp(argv[1], "--records")) {
		err = print_records(argv[2]);
	} else if (argc == 2 || argc == 3) {
		size_t runs = argc == 3 ? strtoul(argv[2], NULL, 10) : 9;
		err = measure(argv[1], runs && runs <= MAX_RUNS ? runs : 9);
	} else {
		fprintf(stderr, "usage: discover [--records] <directory> [<runs>]\n");
		return 129;
	}
	if (err) {
		fprintf(stderr, "fatal: %s\n", err->message);
		error_free(err);
		return 128;
	}
	return 0;
}
