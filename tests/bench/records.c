/*
 * What the record store costs with many papers.
 *
 *	records <empty directory> [<papers>]
 *
 * Two clones review papers in rounds, three records and a reply each, and merge each other's. For every
 * round: the CPU time, that of git included, of journalling, of the commit, of the index, of listing one paper, and
 * of the merge, each of which is to depend on what is new and not on what is there already.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/sha256.h"
#include "git/records_sync.h"

#define ROUNDS 10
#define DEFAULT_PAPERS 10000
/* About what a finding and an answer take. */
#define FINDINGS 12
#define ANSWER_LINES 60

struct clone {
	char *path;
	struct repo *repo;
	struct records *records;
};

static void check(struct error *err)
{
	if (!err)
		return;
	fprintf(stderr, "records: %s\n", err->message);
	exit(1);
}

static double seconds(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	double sum = 0;
	for (size_t i = 0; i < ARRAY_SIZE(whose); i++) {
		struct rusage used;
		getrusage(whose[i], &used);
		sum += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	}
	return sum;
}

static void git(const char *directory, const char *const *argv)
{
	struct process_options options = { .directory = directory };
	check(process_run(argv, &options));
}

static void clone_open(struct clone *c, const char *directory, const char *name)
{
	c->path = xstrfmt("%s/%s", directory, name);
	git(NULL, (const char *const[]){ "git", "init", "-q", c->path, NULL });
	check(repo_open(&c->repo, c->path));
	check(records_open(&c->records, c->repo));
}

static void content_id(char out[SHA256_HEX_SIZE + 1], const char *who, size_t n)
{
	char name[64];
	snprintf(name, sizeof(name), "%s-%zu", who, n);
	sha256_hex(name, strlen(name), out);
}

static size_t put(struct clone *c, const char *id, const char *name, const struct buffer *text)
{
	check(records_put(c->records, id, name, slice_of(text)));
	return text->len;
}

/* Words that differ from paper to paper as those of an answer do. */
static void add_words(struct buffer *out, unsigned *seed, int lines)
{
	static const char *const words[] = { "the", "bound", "of", "lemma", "does", "not", "follow", "from",
					     "equation", "because", "constant", "depends", "on", "dimension",
					     "while", "proof", "claims", "uniform", "estimate", "missing" };
	for (int i = 0; i < lines; i++) {
		buffer_addf(out, "  \"line %d\": \"", i);
		for (int w = 0; w < 12; w++)
			buffer_addf(out, "%s ", words[(size_t)rand_r(seed) % ARRAY_SIZE(words)]);
		buffer_addf(out, "%d\",\n", rand_r(seed) % 1000);
	}
}

static size_t put_paper(struct clone *c, const char *who, size_t n, unsigned *seed)
{
	static const char *const names[] = { "builtin-3.json", "openai_gpt-6-luna-5f3a9c01.json",
					     "anthropic_claude-sonnet-5-5-00c1d2e3.json" };
	char id[SHA256_HEX_SIZE + 1], request[SHA256_HEX_SIZE + 1];
	struct buffer text = BUFFER_INIT;
	size_t bytes = 0;
	content_id(id, who, n);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		buffer_reset(&text);
		buffer_addf(&text, "{\n  \"date\": %zu,\n", n);
		add_words(&text, seed, FINDINGS);
		buffer_addstr(&text, "  \"findings\": []\n}\n");
		bytes += put(c, id, names[i], &text);
	}
	sha256_hex(id, strlen(id), request);
	char *name = xstrfmt("replies/%s.json", request);
	buffer_reset(&text);
	buffer_addf(&text, "{\n  \"date\": %zu,\n", n);
	add_words(&text, seed, ANSWER_LINES);
	buffer_addstr(&text, "  \"answer\": \"\"\n}\n");
	bytes += put(c, id, name, &text);
	buffer_release(&text);
	free(name);
	return bytes;
}

static double time_index(struct clone *c)
{
	static const char *const names[] = { "builtin-3.json", NULL };
	struct records_index *index;
	double start = seconds();
	check(records_index_new(&index, c->records, names));
	records_index_free(index);
	return seconds() - start;
}

static double time_list(struct clone *c, const char *id)
{
	char **names;
	size_t nr;
	double start = seconds();
	check(records_list(c->records, id, &names, &nr));
	strings_free(names, nr);
	return seconds() - start;
}

static double time_merge(struct clone *into, const struct clone *from)
{
	struct records_merged merged;
	bool found;
	double start = seconds();
	check(records_fetch(into->records, from->path, &merged, &found));
	return seconds() - start;
}

int main(int argc, char **argv)
{
	size_t papers = argc > 2 ? (size_t)strtoull(argv[2], NULL, 10) : DEFAULT_PAPERS;
	struct clone clones[2];
	char first[SHA256_HEX_SIZE + 1];
	unsigned seed = 1;
	size_t bytes = 0;
	if (argc < 2 || !papers) {
		fprintf(stderr, "usage: records <empty directory> [<papers>]\n");
		return 129;
	}
	clone_open(&clones[0], argv[1], "anna");
	clone_open(&clones[1], argv[1], "ben");
	content_id(first, "anna", 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("papers  journal s  commit s  index s  list ms  fetch+merge s\n");
	for (size_t round = 0, n = 0; round < ROUNDS; round++) {
		double start = seconds(), journalled, committed;
		for (size_t end = papers * (round + 1) / ROUNDS; n < end; n++) {
			const char *who = n % 2 ? "ben" : "anna";
			bytes += put_paper(&clones[n % 2], who, n, &seed);
		}
		journalled = seconds();
		for (size_t i = 0; i < 2; i++)
			check(records_commit(clones[i].records, "a round"));
		committed = seconds();
		double index = time_index(&clones[0]), list = time_list(&clones[0], first);
		double merge = time_merge(&clones[0], &clones[1]);
		printf("%6zu  %9.2f  %8.2f  %7.3f  %7.3f  %13.2f\n", n, journalled - start,
		       committed - journalled, index, list * 1e3, merge);
		time_merge(&clones[1], &clones[0]);
	}
	printf("%.1f MB of records\n", (double)bytes / 1e6);
	for (size_t i = 0; i < 2; i++) {
		records_free(clones[i].records);
		repo_free(clones[i].repo);
		free(clones[i].path);
	}
	return 0;
}
