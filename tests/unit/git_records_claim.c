#include "git_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/sha256.h"
#include "git/records.h"

struct store {
	char *directory, *top;
	struct repo *repo;
	struct records *records;
};

static void setup(struct store *s)
{
	*s = (struct store){ .directory = fixture_directory() };
	s->top = fixture_repository(s->directory, "repo", "sha1");
	assert_success(repo_open(&s->repo, s->top));
	assert_success(records_open(&s->records, s->repo));
}

static void teardown(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	free(s->top);
	fixture_remove(s->directory);
}

static const char *id_of(const char *name)
{
	static char id[SHA256_HEX_SIZE + 1];
	sha256_hex(name, strlen(name), id);
	return id;
}

static size_t claim_files(struct store *s)
{
	char *path = xstrfmt("%s/scrutiny/claims", repo_common_dir(s->repo));
	DIR *dir = opendir(path);
	size_t nr = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		nr += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	free(path);
	return nr;
}

/* Another process that holds the claim on PAPER until its pipe is closed, or it is killed. */
struct holder {
	pid_t pid;
	int end; /* closed: the holder lets go */
};

static void hold_until_closed(const char *top, const char *paper, int said, int end)
{
	struct repo *repo;
	struct records *records;
	struct records_claim *claim = NULL;
	char byte = 'y';
	bool held = !repo_open(&repo, top) && !records_open(&records, repo) &&
		    !records_claim(records, id_of(paper), &claim) && claim;
	if (!held || write(said, &byte, 1) != 1)
		_exit(1);
	while (read(end, &byte, 1) > 0)
		;
	records_claim_free(claim);
	_exit(0);
}

static void start_holder(struct holder *h, struct store *s, const char *paper)
{
	int said[2], end[2];
	char byte;
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (!h->pid) {
		close(end[1]);
		hold_until_closed(s->top, paper, said[1], end[0]);
	}
	close(said[1]);
	close(end[0]);
	h->end = end[1];
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
}

static int end_holder(struct holder *h)
{
	int status;
	close(h->end);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	return status;
}

static void test_claim_keeps_another_process_out_until_it_ends(void **state)
{
	(void)state;
	struct store s;
	struct holder other;
	struct records_claim *claim;
	setup(&s);
	start_holder(&other, &s, "tilings");
	assert_success(records_claim(s.records, id_of("tilings"), &claim));
	assert_null(claim);
	assert_int_equal(records_claim_holder(s.records, id_of("tilings")), other.pid);
	/* Another paper is free. */
	assert_success(records_claim(s.records, id_of("knots"), &claim));
	assert_non_null(claim);
	records_claim_free(claim);

	assert_int_equal(end_holder(&other), 0);
	assert_int_equal(records_claim_holder(s.records, id_of("tilings")), 0);
	assert_success(records_claim(s.records, id_of("tilings"), &claim));
	assert_non_null(claim);
	records_claim_free(claim);
	assert_int_equal(claim_files(&s), 0);
	teardown(&s);
}

static void test_claim_of_a_killed_process_is_free(void **state)
{
	(void)state;
	struct store s;
	struct holder other;
	struct records_claim *claim;
	setup(&s);
	start_holder(&other, &s, "tilings");
	kill(other.pid, SIGKILL);
	assert_true(WIFSIGNALED(end_holder(&other)));
	assert_int_equal(claim_files(&s), 1);
	assert_success(records_claim(s.records, id_of("tilings"), &claim));
	assert_non_null(claim);
	assert_int_equal(records_claim_holder(s.records, id_of("tilings")), getpid());
	records_claim_free(claim);
	assert_int_equal(claim_files(&s), 0);
	teardown(&s);
}

static void test_commit_sweeps_claims_that_nobody_holds(void **state)
{
	(void)state;
	struct store s;
	struct holder killed, alive;
	setup(&s);
	start_holder(&killed, &s, "tilings");
	start_holder(&alive, &s, "knots");
	kill(killed.pid, SIGKILL);
	end_holder(&killed);
	assert_int_equal(claim_files(&s), 2);
	assert_success(records_commit(s.records, "nothing new"));
	assert_int_equal(claim_files(&s), 1);
	assert_int_equal(records_claim_holder(s.records, id_of("knots")), alive.pid);
	assert_int_equal(end_holder(&alive), 0);
	teardown(&s);
}

/* Many processes want the same few papers: each is held by one at a time. */
#define RACERS 8
#define ROUNDS 200

static int race(const char *top)
{
	struct repo *repo;
	struct records *records;
	if (repo_open(&repo, top) || records_open(&records, repo))
		return 1;
	char *path = xstrfmt("%s/inside", top);
	for (int i = 0; i < ROUNDS; i++) {
		struct records_claim *claim;
		if (records_claim(records, id_of("tilings"), &claim))
			return 2;
		if (!claim)
			continue;
		/* O_EXCL fails if another one is inside. */
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
		if (fd < 0)
			return 3;
		close(fd);
		unlink(path);
		records_claim_free(claim);
	}
	return 0;
}

static void test_claim_is_held_by_one_of_many(void **state)
{
	(void)state;
	struct store s;
	pid_t racers[RACERS];
	setup(&s);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = fork();
		assert_true(racers[i] >= 0);
		if (!racers[i])
			_exit(race(s.top));
	}
	for (int i = 0; i < RACERS; i++) {
		int status;
		assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(claim_files(&s), 0);
	teardown(&s);
}

static void test_claim_of_no_content_id_is_refused(void **state)
{
	(void)state;
	struct store s;
	struct records_claim *claim;
	setup(&s);
	assert_error(records_claim(s.records, "../../config", &claim), ERROR_GENERIC);
	assert_int_equal(records_claim_holder(s.records, "../../config"), 0);
	teardown(&s);
}

int main(void)
{
	fixture_environment();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim_keeps_another_process_out_until_it_ends),
		cmocka_unit_test(test_claim_of_a_killed_process_is_free),
		cmocka_unit_test(test_commit_sweeps_claims_that_nobody_holds),
		cmocka_unit_test(test_claim_is_held_by_one_of_many),
		cmocka_unit_test(test_claim_of_no_content_id_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
