#include "git_fixture.h"

#include "git/records.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

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

static void shelve(struct store *s, const char *path, const char *data)
{
	assert_success(records_shelf_put(s->records, path, (struct slice){ data, strlen(data) }));
}

static void assert_shelved(struct store *s, const char *path, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	assert_success(records_shelf_read(s->records, path, &out));
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void assert_listed(struct store *s, const char *folder, const char *expected)
{
	char **paths;
	size_t nr;
	struct buffer joined = BUFFER_INIT;
	assert_success(records_shelf_list(s->records, folder, &paths, &nr));
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&joined, "%s%s", i ? " " : "", paths[i]);
	assert_string_equal(joined.data, expected);
	buffer_release(&joined);
	strings_free(paths, nr);
}

static void test_file_is_readable_once_journalled_and_after_commit(void **state)
{
	(void)state;
	struct store s;
	setup(&s);
	shelve(&s, "ledger/2026-11/22-0a.jsonl", "{}\n");
	assert_shelved(&s, "ledger/2026-11/22-0a.jsonl", "{}\n");
	assert_listed(&s, "ledger", "ledger/2026-11/22-0a.jsonl");
	assert_success(records_commit(s.records, "Spend"));
	assert_shelved(&s, "ledger/2026-11/22-0a.jsonl", "{}\n");
	assert_listed(&s, "ledger", "ledger/2026-11/22-0a.jsonl");
	char *listed = git_says(s.top, "ls-tree", "-r", "--name-only", RECORDS_REF, NULL);
	assert_string_equal(listed, "v1/ledger/2026-11/22-0a.jsonl");
	free(listed);
	teardown(&s);
}

static void test_list_joins_journal_and_ref_and_keeps_to_the_folder(void **state)
{
	(void)state;
	struct store s;
	setup(&s);
	shelve(&s, "ledger/2026-11/22-0a.jsonl", "a");
	shelve(&s, "ledger/2026-10/31-0b.jsonl", "b");
	assert_success(records_commit(s.records, "Spend"));
	shelve(&s, "ledger/2026-11/23-0c.jsonl", "c");
	shelve(&s, "ledger/2026-111/23-0d.jsonl", "d");
	assert_listed(&s, "ledger/2026-11",
		      "ledger/2026-11/22-0a.jsonl ledger/2026-11/23-0c.jsonl");
	assert_listed(&s, "ledger/2026-12", "");
	assert_listed(&s, "batches", "");
	teardown(&s);
}

static void test_shelves_are_none_of_the_papers(void **state)
{
	(void)state;
	static const char *const names[] = { "a.json", NULL };
	struct store s;
	struct records_index *index;
	struct strmap pending = STRMAP_INIT;
	char **listed;
	size_t nr;
	setup(&s);
	shelve(&s, "ledger/a.json", "1");
	shelve(&s, "batches/a.json", "1");
	assert_success(records_put(s.records, ID, "a.json", (struct slice){ "2", 1 }));
	for (int committed = 0; committed < 2; committed++) {
		assert_success(records_index_new(&index, s.records, names));
		assert_true(records_index_has(index, ID));
		records_index_free(index);
		assert_success(records_list(s.records, ID, &listed, &nr));
		assert_int_equal(nr, 1);
		strings_free(listed, nr);
		if (committed)
			break;
		assert_success(records_pending(s.records, "a.json", &pending));
		assert_int_equal(pending.nr, 1);
		assert_success(records_commit(s.records, "All"));
	}
	strmap_release(&pending, NULL);
	git(s.top, "fsck", "--strict", NULL);
	teardown(&s);
}

static void test_second_file_of_a_path_is_kept_beside_the_first(void **state)
{
	(void)state;
	struct store s;
	setup(&s);
	shelve(&s, "batches/x.jsonl", "first");
	assert_success(records_commit(s.records, "one"));
	shelve(&s, "batches/x.jsonl", "second");
	assert_success(records_commit(s.records, "two"));
	assert_shelved(&s, "batches/x.jsonl", "first");
	assert_listed(&s, "batches", "batches/x.jsonl batches/x~16367aacb67a4a01.jsonl");
	teardown(&s);
}

static void test_paths_that_are_on_no_shelf_are_refused(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"", "ledger", "ledger/", "ab/x.json", "Ledger/x.json", "../x.json", "/x.json",
		"ledger//x.json", "ledger/../x.json", "ledger/x.txt", "ledger/a\nb.json",
		"-edger/x.json", ID "/x.json",
	};
	struct store s;
	struct buffer out = BUFFER_INIT;
	setup(&s);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_error(records_shelf_put(s.records, paths[i], (struct slice){ "x", 1 }),
			     ERROR_GENERIC);
	assert_error(records_shelf_read(s.records, ID "/x.json", &out), ERROR_GENERIC);
	assert_error(records_shelf_read(s.records, "ledger/x.json", &out), ERROR_NOT_FOUND);
	buffer_release(&out);
	teardown(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_is_readable_once_journalled_and_after_commit),
		cmocka_unit_test(test_list_joins_journal_and_ref_and_keeps_to_the_folder),
		cmocka_unit_test(test_shelves_are_none_of_the_papers),
		cmocka_unit_test(test_second_file_of_a_path_is_kept_beside_the_first),
		cmocka_unit_test(test_paths_that_are_on_no_shelf_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
