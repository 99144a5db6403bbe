#include "git_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/sha256.h"
#include "git/records.h"

static const char *const formats[] = { "sha1", "sha256" };

struct store {
	char *directory, *top;
	struct repo *repo;
	struct records *records;
};

static void reopen(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	assert_success(repo_open(&s->repo, s->top));
	assert_success(records_open(&s->records, s->repo));
}

static void setup(struct store *s, const char *format)
{
	*s = (struct store){ .directory = fixture_directory() };
	s->top = fixture_repository(s->directory, "repo", format);
	reopen(s);
}

static void teardown(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	free(s->top);
	fixture_remove(s->directory);
}

/* The content id of the paper called NAME. */
static const char *id_of(const char *name)
{
	static char id[SHA256_HEX_SIZE + 1];
	sha256_hex(name, strlen(name), id);
	return id;
}

static void put(struct store *s, const char *paper, const char *name, const char *data)
{
	assert_success(records_put(s->records, id_of(paper), name,
				   (struct slice){ data, strlen(data) }));
}

static void assert_record(struct store *s, const char *paper, const char *name,
			  const char *expected)
{
	struct buffer out = BUFFER_INIT;
	assert_success(records_read(s->records, id_of(paper), name, &out));
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void assert_names(struct store *s, const char *paper, const char *expected)
{
	char **names;
	size_t nr;
	struct buffer joined = BUFFER_INIT;
	assert_success(records_list(s->records, id_of(paper), &names, &nr));
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&joined, "%s%s", i ? " " : "", names[i]);
	assert_string_equal(joined.data, expected);
	buffer_release(&joined);
	strings_free(names, nr);
}

static void assert_journal_is_empty(struct store *s)
{
	char *path = xstrfmt("%s/scrutiny/journal", repo_common_dir(s->repo));
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			fail_msg("'%s' is left in the journal", entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
}

static void test_record_is_readable_once_journalled_and_after_commit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct store s;
		setup(&s, formats[i]);
		put(&s, "tilings", "builtin-1.json", "{}\n");
		put(&s, "tilings", "replies/0a1b.json", "{\"a\": 1}\n");
		assert_record(&s, "tilings", "builtin-1.json", "{}\n");
		assert_names(&s, "tilings", "builtin-1.json replies/0a1b.json");

		assert_success(records_commit(s.records, "Review one paper"));
		assert_journal_is_empty(&s);
		reopen(&s);
		assert_record(&s, "tilings", "replies/0a1b.json", "{\"a\": 1}\n");
		assert_names(&s, "tilings", "builtin-1.json replies/0a1b.json");
		assert_true(records_has(s.records, id_of("tilings"), "builtin-1.json"));
		assert_false(records_has(s.records, id_of("tilings"), "other.json"));
		assert_false(records_has(s.records, id_of("knots"), "builtin-1.json"));
		git(s.top, "fsck", "--strict", NULL);
		teardown(&s);
	}
}

static void test_tree_is_laid_out_as_documented(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "replies/0a1b.json", "{}\n");
	assert_success(records_commit(s.records, "Review one paper"));
	char *listed = git_says(s.top, "ls-tree", "-r", "--name-only", RECORDS_REF, NULL);
	char *expected = xstrfmt("v1/%.2s/%s/replies/0a1b.json", id_of("tilings"),
				 id_of("tilings") + 2);
	assert_string_equal(listed, expected);
	char *message = git_says(s.top, "log", "--format=%cn %s", RECORDS_REF, NULL);
	assert_string_equal(message, "C. Committer Review one paper");
	free(listed);
	free(expected);
	free(message);
	teardown(&s);
}

static void test_commit_of_an_empty_journal_makes_no_commit(void **state)
{
	(void)state;
	struct store s;
	struct oid before, after;
	setup(&s, "sha1");
	assert_success(records_commit(s.records, "nothing"));
	assert_success(repo_ref(s.repo, RECORDS_REF, &before));
	assert_string_equal(before.hex, "");
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "something"));
	assert_success(repo_ref(s.repo, RECORDS_REF, &before));
	/* The same blob once more, as after a kill between the commit and the clearing. */
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "nothing"));
	assert_success(repo_ref(s.repo, RECORDS_REF, &after));
	assert_string_equal(before.hex, after.hex);
	assert_journal_is_empty(&s);
	teardown(&s);
}

/* As another clone may have pushed it: what goes into the commit is the record, whatever its name says. */
static void test_name_of_a_record_is_no_command(void **state)
{
	(void)state;
	static const char name[] = "a\ndata 0\n\ndeleteall\nM 100644 inline b.json";
	struct slice data = { "damaged", 7 };
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "one.json", "1");
	assert_success(records_commit(s.records, "One"));
	assert_success(records_set_aside(s.records, id_of("tilings"), name, data));
	assert_success(records_commit(s.records, "Two"));
	assert_record(&s, "tilings", "one.json", "1");
	assert_names(&s, "tilings", "one.json");
	teardown(&s);
}

static void test_second_answer_is_kept_beside_the_first(void **state)
{
	(void)state;
	struct store s;
	char hash[SHA256_HEX_SIZE + 1];
	setup(&s, "sha1");
	put(&s, "tilings", "a.json", "first");
	assert_success(records_commit(s.records, "one"));
	put(&s, "tilings", "a.json", "second");
	assert_success(records_commit(s.records, "two"));
	sha256_hex("second", 6, hash);
	char *second = xstrfmt("a~%.16s.json", hash);
	char *both = xstrfmt("a.json %s", second);
	assert_names(&s, "tilings", both);
	assert_record(&s, "tilings", "a.json", "first");
	assert_record(&s, "tilings", second, "second");
	free(second);
	free(both);
	teardown(&s);
}

static void test_facts_of_the_last_run_are_replaced(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "run.json", "first");
	assert_success(records_commit(s.records, "one"));
	put(&s, "tilings", "run.json", "second");
	assert_success(records_commit(s.records, "two"));
	assert_names(&s, "tilings", "run.json");
	assert_record(&s, "tilings", "run.json", "second");
	teardown(&s);
}

static void test_facts_of_another_process_wait_for_their_report(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "run.json", "by one that was killed");
	put(&s, "tilings", "a.json", "1");
	reopen(&s); /* another process */
	assert_success(records_commit(s.records, "what can be"));
	struct strmap pending = STRMAP_INIT;
	assert_success(records_pending(s.records, "run.json", &pending));
	assert_int_equal(pending.nr, 1);
	assert_success(records_settle(s.records, id_of("tilings")));
	assert_success(records_commit(s.records, "the rest"));
	assert_journal_is_empty(&s);
	assert_record(&s, "tilings", "run.json", "by one that was killed");
	strmap_release(&pending, NULL);
	teardown(&s);
}

static void test_facts_that_replaced_ours_wait_for_their_report(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "run.json", "ours, whose report is written");
	struct records *other;
	assert_success(records_open(&other, s.repo));
	struct slice theirs = { "theirs", 6 };
	assert_success(records_put(other, id_of("tilings"), "run.json", theirs));
	records_free(other); /* killed before it wrote the report */
	assert_success(records_commit(s.records, "what can be"));
	struct strmap pending = STRMAP_INIT;
	assert_success(records_pending(s.records, "run.json", &pending));
	assert_int_equal(pending.nr, 1);
	strmap_release(&pending, NULL);
	assert_success(records_settle(s.records, id_of("tilings")));
	assert_success(records_commit(s.records, "the rest"));
	assert_journal_is_empty(&s);
	assert_record(&s, "tilings", "run.json", "theirs");
	teardown(&s);
}

static void test_bad_names_and_ids_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {
		"", "a", "a.txt", "../a.json", "/a.json", "a//b.json", "a.b/c.json", ".json",
		"a b.json", "a\nb.json", "a\"b.json", "a~b.json", "a/", "a/.b.json", "-a.json",
	};
	struct store s;
	struct slice data = { "x", 1 };
	setup(&s, "sha1");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_error(records_put(s.records, id_of("tilings"), names[i], data),
			     ERROR_GENERIC);
	assert_error(records_put(s.records, "../../x", "a.json", data), ERROR_GENERIC);
	assert_false(records_has(s.records, "../../x", "a.json"));
	teardown(&s);
}

static void test_bare_repository_keeps_records(void **state)
{
	(void)state;
	struct store s = { .directory = fixture_directory() };
	s.top = xstrfmt("%s/bare.git", s.directory);
	git(s.directory, "init", "-q", "--bare", "--", s.top, NULL);
	reopen(&s);
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "one"));
	assert_record(&s, "tilings", "a.json", "1");
	teardown(&s);
}

static void test_linked_worktrees_share_journal_and_records(void **state)
{
	(void)state;
	struct store s, linked = { NULL, NULL, NULL, NULL };
	setup(&s, "sha1");
	git(s.top, "commit", "-q", "--allow-empty", "-m", "root", NULL);
	linked.top = xstrfmt("%s/linked", s.directory);
	git(s.top, "worktree", "add", "-q", linked.top, NULL);
	reopen(&linked);
	put(&linked, "tilings", "a.json", "1");
	assert_record(&s, "tilings", "a.json", "1");
	assert_success(records_commit(linked.records, "one"));
	assert_record(&s, "tilings", "a.json", "1");
	records_free(linked.records);
	repo_free(linked.repo);
	free(linked.top);
	teardown(&s);
}

/* What left the journal after we opened the store is found on the ref. */
static void test_commit_of_another_process_is_seen(void **state)
{
	(void)state;
	struct store s, other = { NULL, NULL, NULL, NULL };
	setup(&s, "sha1");
	put(&s, "tilings", "a.json", "1");
	other.top = s.top;
	reopen(&other);
	assert_success(records_commit(other.records, "one"));
	assert_record(&s, "tilings", "a.json", "1");
	assert_names(&s, "tilings", "a.json");
	records_free(other.records);
	repo_free(other.repo);
	teardown(&s);
}

static void test_missing_identity_does_not_lose_records(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	git(s.top, "config", "user.useConfigOnly", "true", NULL);
	unsetenv("GIT_COMMITTER_NAME");
	unsetenv("GIT_COMMITTER_EMAIL");
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "one"));
	fixture_environment();
	char *by = git_says(s.top, "log", "--format=%cn <%ce>", RECORDS_REF, NULL);
	assert_string_equal(by, "git-scrutiny <git-scrutiny@localhost>");
	free(by);
	teardown(&s);
}

/* As in pre-receive: new objects would go to a quarantine that a refused push throws away, and
 * git forbids moving refs. */
static void test_records_are_committed_from_inside_a_hook(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	char *git_dir = xstrfmt("%s/.git", s.top);
	char *quarantine = xstrfmt("%s/objects/tmp_objdir-incoming", git_dir);
	char *objects = xstrfmt("%s/objects", git_dir);
	char *index = xstrfmt("%s/index.lock", git_dir);
	assert_success(file_make_directories(quarantine));
	setenv("GIT_DIR", git_dir, 1);
	setenv("GIT_INDEX_FILE", index, 1);
	setenv("GIT_QUARANTINE_PATH", quarantine, 1);
	setenv("GIT_OBJECT_DIRECTORY", quarantine, 1);
	setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects, 1);
	reopen(&s);
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "one"));
	fixture_environment();
	unsetenv("GIT_QUARANTINE_PATH");
	reopen(&s);
	assert_record(&s, "tilings", "a.json", "1");
	git(s.top, "fsck", "--strict", NULL);
	free(git_dir);
	free(quarantine);
	free(objects);
	free(index);
	teardown(&s);
}

static void test_unwritable_git_directory_is_an_error_but_reading_works(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "one"));
	char *ours = xstrfmt("%s/scrutiny", repo_common_dir(s.repo));
	const char *argv[] = { "rm", "-r", "--", ours, NULL };
	assert_success(process_run(argv, NULL));
	/* Stands for a directory that may not be written: this test may run as root. */
	put_file(repo_common_dir(s.repo), "scrutiny", "in the way");
	struct slice data = { "2", 1 };
	struct error *err = records_put(s.records, id_of("tilings"), "b.json", data);
	assert_non_null(strstr(err->message, "cannot keep a record: "));
	assert_non_null(strstr(err->message, ours));
	assert_error(err, ERROR_IO);
	assert_record(&s, "tilings", "a.json", "1");
	static const char *const names[] = { "a.json", NULL };
	struct records_index *index;
	assert_success(records_index_new(&index, s.records, names));
	assert_true(records_index_has(index, id_of("tilings")));
	records_index_free(index);
	free(ours);
	teardown(&s);
}

static void test_locked_ref_is_told_and_nothing_is_lost(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "a.json", "1");
	put_file(s.top, ".git/" RECORDS_REF ".lock", "");
	assert_error(records_commit(s.records, "one"), ERROR_CONFLICT);
	assert_record(&s, "tilings", "a.json", "1");
	remove_file(s.top, ".git/" RECORDS_REF ".lock");
	assert_success(records_commit(s.records, "one"));
	assert_journal_is_empty(&s);
	teardown(&s);
}

#define WRITERS 4
#define RECORDS_EACH 25

static int write_records(const char *top, int writer)
{
	struct store s = { .top = xstrdup(top) };
	struct error *err = repo_open(&s.repo, s.top);
	if (!err)
		err = records_open(&s.records, s.repo);
	for (int i = 0; i < RECORDS_EACH && !err; i++) {
		char *paper = xstrfmt("%d", i);
		char *name = xstrfmt("writer-%d.json", writer);
		struct slice data = { paper, strlen(paper) };
		err = records_put(s.records, id_of(paper), name, data);
		if (!err && i % 5 == 4)
			err = records_commit(s.records, "some");
		free(paper);
		free(name);
	}
	if (err)
		fprintf(stderr, "writer %d: %s\n", writer, err->message);
	return err ? 1 : 0;
}

static void test_concurrent_writers_lose_nothing(void **state)
{
	(void)state;
	struct store s;
	pid_t writers[WRITERS];
	setup(&s, "sha1");
	for (int w = 0; w < WRITERS; w++) {
		writers[w] = fork();
		assert_true(writers[w] >= 0);
		if (!writers[w])
			_exit(write_records(s.top, w));
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;
		assert_int_equal(waitpid(writers[w], &status, 0), writers[w]);
		assert_int_equal(status, 0);
	}
	assert_success(records_commit(s.records, "the rest"));
	assert_journal_is_empty(&s);
	char *count = git_says(s.top, "ls-tree", "-r", "--name-only", RECORDS_REF, NULL);
	size_t lines = 1;
	for (const char *c = count; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, WRITERS * RECORDS_EACH);
	for (int i = 0; i < RECORDS_EACH; i++) {
		char *paper = xstrfmt("%d", i);
		assert_names(&s, paper, "writer-0.json writer-1.json writer-2.json writer-3.json");
		free(paper);
	}
	git(s.top, "fsck", "--strict", NULL);
	free(count);
	teardown(&s);
}

/* Puts and commits without end, telling DONE each record that was acknowledged. */
static void write_until_killed(const char *top, unsigned round, int done)
{
	struct store s = { .top = xstrdup(top) };
	assert_success(repo_open(&s.repo, s.top));
	assert_success(records_open(&s.records, s.repo));
	for (unsigned i = 0;; i++) {
		char paper[32];
		snprintf(paper, sizeof(paper), "%u-%u", round, i);
		put(&s, paper, "a.json", paper);
		if (write(done, &i, sizeof(i)) != (ssize_t)sizeof(i))
			_exit(1);
		if (i % 3 == 2)
			assert_success(records_commit(s.records, "some"));
	}
}

#define KILLS 30

static void test_killed_writers_lose_nothing_acknowledged(void **state)
{
	(void)state;
	struct store s;
	unsigned seed = 20240501;
	setup(&s, "sha1");
	for (unsigned round = 0; round < KILLS; round++) {
		int pipe_ends[2];
		unsigned acknowledged = 0, number;
		assert_int_equal(pipe(pipe_ends), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			write_until_killed(s.top, round, pipe_ends[1]);
		close(pipe_ends[1]);
		struct timespec moment = { 0, rand_r(&seed) % 40 * 1000000L };
		nanosleep(&moment, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(pipe_ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
			acknowledged = number + 1;
		close(pipe_ends[0]);
		for (unsigned i = 0; i < acknowledged; i++) {
			char paper[32];
			snprintf(paper, sizeof(paper), "%u-%u", round, i);
			assert_record(&s, paper, "a.json", paper);
		}
		git(s.top, "fsck", "--strict", NULL);
		assert_success(records_commit(s.records, "after the kill"));
		assert_journal_is_empty(&s);
	}
	teardown(&s);
}

static bool indexed(struct store *s, const char *paper, const char *const *names)
{
	struct records_index *index;
	assert_success(records_index_new(&index, s->records, names));
	bool has = records_index_has(index, id_of(paper));
	records_index_free(index);
	return has;
}

static void test_index_follows_ref_and_journal(void **state)
{
	(void)state;
	static const char *const one[] = { "a.json", NULL };
	static const char *const two[] = { "a.json", "b.json", NULL };
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct store s;
		setup(&s, formats[i]);
		assert_false(indexed(&s, "tilings", one));
		put(&s, "tilings", "a.json", "1");
		assert_true(indexed(&s, "tilings", one));
		assert_false(indexed(&s, "tilings", two));
		assert_success(records_commit(s.records, "one"));
		assert_true(indexed(&s, "tilings", one));
		assert_false(indexed(&s, "knots", one));
		/* One name on the ref, the other in the journal. */
		put(&s, "tilings", "b.json", "2");
		assert_true(indexed(&s, "tilings", two));
		assert_success(records_commit(s.records, "two"));
		assert_true(indexed(&s, "tilings", two));
		teardown(&s);
	}
}

static void test_index_of_many_papers_stays_right_as_they_are_added(void **state)
{
	(void)state;
	static const char *const names[] = { "a.json", NULL };
	struct store s;
	setup(&s, "sha1");
	for (int round = 0; round < 3; round++) {
		struct records_index *index;
		char paper[32];
		for (int i = 0; i < 300; i++) {
			snprintf(paper, sizeof(paper), "%d-%d", round, i);
			put(&s, paper, i % 3 ? "a.json" : "b.json", "1");
		}
		assert_success(records_commit(s.records, "more"));
		assert_success(records_index_new(&index, s.records, names));
		for (int i = 0; i < 300 * (round + 2); i++) {
			snprintf(paper, sizeof(paper), "%d-%d", i / 300, i % 300);
			assert_int_equal(records_index_has(index, id_of(paper)),
					 i / 300 <= round && i % 3);
		}
		records_index_free(index);
	}
	teardown(&s);
}

static void test_damaged_index_is_made_anew(void **state)
{
	(void)state;
	static const char *const names[] = { "a.json", NULL };
	struct store s;
	setup(&s, "sha1");
	put(&s, "tilings", "a.json", "1");
	assert_success(records_commit(s.records, "one"));
	assert_true(indexed(&s, "tilings", names));
	char *path = xstrfmt("%s/scrutiny/records-index", repo_common_dir(s.repo));
	struct buffer good = BUFFER_INIT;
	assert_success(file_read(path, &good));
	for (size_t cut = 0; cut < good.len; cut += good.len / 40 + 1) {
		assert_success(file_write(path, good.data, cut));
		assert_true(indexed(&s, "tilings", names));
		good.data[cut] ^= 1;
		assert_success(file_write(path, good.data, good.len));
		good.data[cut] ^= 1;
		assert_true(indexed(&s, "tilings", names));
		assert_false(indexed(&s, "knots", names));
	}
	buffer_release(&good);
	free(path);
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_is_readable_once_journalled_and_after_commit),
		cmocka_unit_test(test_tree_is_laid_out_as_documented),
		cmocka_unit_test(test_commit_of_an_empty_journal_makes_no_commit),
		cmocka_unit_test(test_name_of_a_record_is_no_command),
		cmocka_unit_test(test_second_answer_is_kept_beside_the_first),
		cmocka_unit_test(test_facts_of_the_last_run_are_replaced),
		cmocka_unit_test(test_facts_of_another_process_wait_for_their_report),
		cmocka_unit_test(test_facts_that_replaced_ours_wait_for_their_report),
		cmocka_unit_test(test_bad_names_and_ids_are_refused),
		cmocka_unit_test(test_bare_repository_keeps_records),
		cmocka_unit_test(test_linked_worktrees_share_journal_and_records),
		cmocka_unit_test(test_commit_of_another_process_is_seen),
		cmocka_unit_test(test_missing_identity_does_not_lose_records),
		cmocka_unit_test(test_records_are_committed_from_inside_a_hook),
		cmocka_unit_test(test_unwritable_git_directory_is_an_error_but_reading_works),
		cmocka_unit_test(test_locked_ref_is_told_and_nothing_is_lost),
		cmocka_unit_test(test_concurrent_writers_lose_nothing),
		cmocka_unit_test(test_killed_writers_lose_nothing_acknowledged),
		cmocka_unit_test(test_index_follows_ref_and_journal),
		cmocka_unit_test(test_index_of_many_papers_stays_right_as_they_are_added),
		cmocka_unit_test(test_damaged_index_is_made_anew),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
