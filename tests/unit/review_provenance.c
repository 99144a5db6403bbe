/* Whose change a CI job is about. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/provenance.h"

/* "NAME=value" lines; the event's file is what EVENT is set to. */
static const char *lookup(void *data, const char *name)
{
	for (const char *const *line = data; *line; line++)
		if (!strncmp(*line, name, strlen(name)) && (*line)[strlen(name)] == '=')
			return *line + strlen(name) + 1;
	return NULL;
}

static bool read_event(void *data, const char *path, struct buffer *out)
{
	const char *event = lookup(data, "EVENT");
	if (!event || strcmp(path, "/event") != 0)
		return false;
	buffer_addstr(out, event);
	return true;
}

static struct provenance found;

#define FIND(...)                                                                                          \
	do {                                                                                               \
		provenance_release(&found);                                                                \
		const char *lines[] = { __VA_ARGS__, NULL };                                               \
		provenance_find(&found, &(struct provenance_settings){ lookup, read_event, (void *)lines }); \
	} while (0)
#define GITHUB(name, event) FIND("GITHUB_EVENT_NAME=" name, "GITHUB_EVENT_PATH=/event", "EVENT=" event)

static void test_no_pull_request_is_no_fork(void **state)
{
	(void)state;
	FIND("HOME=/home/ada");
	assert_false(found.from_fork);
	GITHUB("push", "{}");
	assert_false(found.from_fork);
	FIND("GITHUB_EVENT_NAME=schedule");
	assert_false(found.from_fork);
	FIND("TRAVIS_PULL_REQUEST=false");
	assert_false(found.from_fork);
}

#define REQUEST(head) "{\"pull_request\":{\"head\":{\"repo\":" head "},\"base\":{\"sha\":\"abc\","  \
		      "\"repo\":{\"full_name\":\"lab/papers\",\"fork\":true}}}}"

static void test_a_pull_request_is_of_the_repository_its_head_is_in(void **state)
{
	(void)state;
	GITHUB("pull_request", REQUEST("{\"full_name\":\"mallory/papers\",\"fork\":true}"));
	assert_true(found.from_fork);
	assert_string_equal(found.why, "a pull request from mallory/papers");
	assert_string_equal(found.base, "abc");
	GITHUB("pull_request_target", REQUEST("{\"full_name\":\"mallory/papers\"}"));
	assert_true(found.from_fork);
	/* A branch of a repository that is itself a fork of another one. */
	GITHUB("pull_request", REQUEST("{\"full_name\":\"Lab/papers\",\"fork\":true}"));
	assert_false(found.from_fork);
}

static void test_what_cannot_be_read_counts_as_a_fork(void **state)
{
	(void)state;
	GITHUB("pull_request", REQUEST("null")); /* the fork is gone */
	assert_true(found.from_fork);
	GITHUB("pull_request", REQUEST("{\"full_name\":7}"));
	assert_true(found.from_fork);
	GITHUB("pull_request", "{}");
	assert_true(found.from_fork);
	GITHUB("pull_request", "[");
	assert_true(found.from_fork);
	FIND("GITHUB_EVENT_NAME=pull_request");
	assert_true(found.from_fork);
	FIND("GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=/nowhere");
	assert_true(found.from_fork);
	GITHUB("pull_request_of_a_new_kind", REQUEST("{\"full_name\":\"lab/papers\"}"));
	assert_true(found.from_fork);
	GITHUB("issue_comment", "{\"issue\":{\"pull_request\":{}}}");
	assert_true(found.from_fork);
	GITHUB("issue_comment", "{\"issue\":{\"number\":1}}");
	assert_false(found.from_fork);
}

static void test_a_run_that_follows_another_has_its_provenance(void **state)
{
	(void)state;
	GITHUB("workflow_run", "{\"repository\":{\"full_name\":\"lab/papers\"},\"workflow_run\":{"
			       "\"head_repository\":{\"full_name\":\"mallory/papers\"}}}");
	assert_true(found.from_fork);
	GITHUB("workflow_run", "{\"repository\":{\"full_name\":\"lab/papers\"},\"workflow_run\":{"
			       "\"head_repository\":{\"full_name\":\"lab/papers\"}}}");
	assert_false(found.from_fork);
	GITHUB("workflow_run", "{\"repository\":{\"full_name\":\"lab/papers\"},\"workflow_run\":{}}");
	assert_true(found.from_fork);
}

static void test_other_forges_tell_it_in_variables(void **state)
{
	(void)state;
	FIND("CI_MERGE_REQUEST_IID=3", "CI_MERGE_REQUEST_PROJECT_ID=1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID=2",
	     "CI_MERGE_REQUEST_DIFF_BASE_SHA=def");
	assert_true(found.from_fork);
	assert_string_equal(found.base, "def");
	FIND("CI_MERGE_REQUEST_IID=3", "CI_MERGE_REQUEST_PROJECT_ID=1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID=1");
	assert_false(found.from_fork);
	FIND("CI_MERGE_REQUEST_IID=3", "CI_MERGE_REQUEST_PROJECT_ID=1");
	assert_true(found.from_fork);
	FIND("SYSTEM_PULLREQUEST_PULLREQUESTID=3", "SYSTEM_PULLREQUEST_ISFORK=True");
	assert_true(found.from_fork);
	FIND("SYSTEM_PULLREQUEST_PULLREQUESTID=3", "SYSTEM_PULLREQUEST_ISFORK=False");
	assert_false(found.from_fork);
	FIND("TRAVIS_PULL_REQUEST=3", "TRAVIS_PULL_REQUEST_SLUG=m/p", "TRAVIS_REPO_SLUG=lab/p");
	assert_true(found.from_fork);
	FIND("CIRCLE_PR_NUMBER=3");
	assert_true(found.from_fork);
	provenance_release(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_pull_request_is_no_fork),
		cmocka_unit_test(test_a_pull_request_is_of_the_repository_its_head_is_in),
		cmocka_unit_test(test_what_cannot_be_read_counts_as_a_fork),
		cmocka_unit_test(test_a_run_that_follows_another_has_its_provenance),
		cmocka_unit_test(test_other_forges_tell_it_in_variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
