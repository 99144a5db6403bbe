#include "git_fixture.h"

#include <pthread.h>

#include "git/object_reader.h"

#define FILES 40

static const char *const formats[] = { "sha1", "sha256" };

static char *repository_of_many(const char *directory, const char *format)
{
	char *top = fixture_repository(directory, "repo", format);
	for (int i = 0; i < FILES; i++) {
		char *path = xstrfmt("file%d", i), *text = xstrfmt("text %d", i);
		put_file(top, path, text);
		free(path);
		free(text);
	}
	git(top, "add", ".", NULL);
	git(top, "commit", "-q", "-m", "one", NULL);
	return top;
}

struct listing {
	struct oid oids[FILES];
	size_t nr;
};

static struct error *note(const struct tree_entry *e, void *data)
{
	struct listing *list = data;
	list->oids[list->nr++] = e->oid;
	return NULL;
}

static struct repo *open_and_list(const char *top, struct listing *list)
{
	struct repo *repo;
	struct oid commit, tree;
	list->nr = 0;
	assert_success(repo_open(&repo, top));
	assert_success(repo_head(repo, &commit));
	assert_success(repo_commit_tree(repo, &commit, &tree));
	assert_success(repo_tree_each(repo, &tree, note, list));
	return repo;
}

struct work {
	struct object_reader *reader;
	const struct listing *list;
	size_t good;
};

static void *read_all(void *data)
{
	struct work *work = data;
	for (size_t i = 0; i < work->list->nr; i++) {
		struct buffer text = BUFFER_INIT;
		struct error *err = object_reader_read(work->reader, &work->list->oids[i], OBJECT_BLOB, &text);
		work->good += !err && !strncmp(text.data, "text ", 5);
		error_free(err);
		buffer_release(&text);
	}
	return NULL;
}

static void test_threads_read_at_the_same_time(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
		char *directory = fixture_directory(), *top = repository_of_many(directory, formats[f]);
		struct listing list;
		struct repo *repo = open_and_list(top, &list);
		struct work work[3];
		pthread_t threads[3];
		for (int i = 0; i < 3; i++) {
			work[i] = (struct work){ object_reader_new(repo), &list, 0 };
			assert_int_equal(pthread_create(&threads[i], NULL, read_all, &work[i]), 0);
		}
		for (int i = 0; i < 3; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(work[i].good, FILES);
			object_reader_free(work[i].reader);
		}
		repo_free(repo);
		free(top);
		fixture_remove(directory);
	}
}

static size_t count_missing(const char *top)
{
	char *said = git_says(top, "rev-list", "--objects", "--all", "--missing=print", NULL);
	size_t n = 0;
	for (const char *p = said; (p = strchr(p, '?')); p++)
		n++;
	free(said);
	return n;
}

static void test_what_a_partial_clone_lacks_is_fetched_at_once(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(formats); f++) {
		char *directory = fixture_directory(), *top = repository_of_many(directory, formats[f]);
		char *clone = xstrfmt("%s/clone", directory), *url = xstrfmt("file://%s", top);
		struct listing list;
		git(top, "config", "uploadpack.allowFilter", "true", NULL);
		git(top, "config", "uploadpack.allowAnySHA1InWant", "true", NULL);
		git(directory, "clone", "-q", "--bare", "--filter=blob:none", url, clone, NULL);
		assert_int_equal(count_missing(clone), FILES);
		struct repo *repo = open_and_list(clone, &list);
		assert_success(repo_fetch_missing(repo, list.oids, 10));
		assert_int_equal(count_missing(clone), FILES - 10);
		struct work work = { object_reader_new(repo), &list, 0 };
		read_all(&work);
		assert_int_equal(work.good, FILES);
		object_reader_free(work.reader);
		repo_free(repo);
		free(clone);
		free(url);
		free(top);
		fixture_remove(directory);
	}
}

static void test_a_whole_clone_asks_nobody(void **state)
{
	char *directory = fixture_directory(), *top = repository_of_many(directory, "sha1");
	struct listing list;
	struct oid none = { "1111111111111111111111111111111111111111" };
	(void)state;
	struct repo *repo = open_and_list(top, &list);
	assert_success(repo_fetch_missing(repo, &none, 1));
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

static void test_a_remote_that_is_gone_is_told(void **state)
{
	char *directory = fixture_directory(), *top = repository_of_many(directory, "sha1");
	struct oid none = { "1111111111111111111111111111111111111111" };
	struct repo *repo;
	(void)state;
	git(top, "config", "remote.origin.url", "/nonexistent", NULL);
	git(top, "config", "remote.origin.promisor", "true", NULL);
	assert_success(repo_open(&repo, top));
	struct error *err = repo_fetch_missing(repo, &none, 1);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "this partial clone lacks"));
	assert_non_null(strstr(err->hint, "'origin'"));
	error_free(err);
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_read_at_the_same_time),
		cmocka_unit_test(test_what_a_partial_clone_lacks_is_fetched_at_once),
		cmocka_unit_test(test_a_whole_clone_asks_nobody),
		cmocka_unit_test(test_a_remote_that_is_gone_is_told),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
