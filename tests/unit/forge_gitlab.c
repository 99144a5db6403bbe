/* GitLab's API as its documentation shows it. */
#include "forge_testing.h"

#define REQUEST(more)                                                                                            \
	"{\"id\":84,\"iid\":14,\"state\":\"opened\",\"title\":\"Title\",\"description\":\"Body\",\"draft\":false," \
	"\"source_branch\":\"b\",\"target_branch\":\"main\",\"source_project_id\":3,\"target_project_id\":3,"      \
	"\"sha\":\"" COMMIT "\",\"labels\":[\"scrutiny\"],\"author\":{\"id\":1,\"username\":\"admin\"},"           \
	"\"reviewers\":[{\"id\":2,\"username\":\"sam\"}],\"web_url\":\"https://lab/o/n/-/merge_requests/14\","     \
	"\"diff_refs\":{\"base_sha\":\"aa\",\"head_sha\":\"" COMMIT "\",\"start_sha\":\"bb\"}" more "}"
#define LIST "GET /api/projects/o%2Fn/merge_requests?state="

static struct error *ensure(struct forge_world *w, struct pull_wish *more, struct pull *out, enum pull_outcome *outcome,
			    struct buffer *warnings)
{
	more->branch = "b";
	more->base = "main";
	more->title = more->title ? more->title : "Title";
	more->body = "Body";
	return forge_pull_ensure(w->forge, more, out, outcome, warnings);
}

static void a_merge_request_is_opened(void **state)
{
	struct scripted script[] = {
		{ .needle = LIST, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "\"title\":\"Draft: Title\"", .act = ACT_CLOSE, .bytes = ANSWER("201 Created", REQUEST(",\"x\":1")) },
	};
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { .draft = true };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(ensure(&w, &wish, &p, &outcome, &warnings));
	assert_int_equal(outcome, PULL_OPENED);
	assert_int_equal(p.number, 14);
	assert_string_equal(p.url, "https://lab/o/n/-/merge_requests/14");
	pull_release(&p);
	forge_world_close(&w);
}

static void one_that_is_as_it_should_be_is_left(void **state)
{
	static const char *const labels[] = { "Scrutiny", NULL }, *const reviewers[] = { "sam", "admin", NULL };
	struct scripted line = { .needle = LIST, .act = ACT_CLOSE, .bytes = JSON("[" REQUEST("") "]") };
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { .labels = labels, .reviewers = reviewers };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", &line, 1);
	assert_success(ensure(&w, &wish, &p, &outcome, &warnings));
	assert_int_equal(outcome, PULL_UNCHANGED);
	assert_int_equal(line.used, 1);
	assert_string_equal(warnings.data, "");
	pull_release(&p);
	forge_world_close(&w);
}

static void labels_and_reviewers_are_added_to_those_there_are(void **state)
{
	static const char *const labels[] = { "scrutiny", "new", NULL }, *const reviewers[] = { "zoe", NULL };
	struct scripted script[] = {
		{ .needle = LIST, .act = ACT_CLOSE, .bytes = JSON("[" REQUEST("") "]") },
		{ .needle = "GET /api/users?username=zoe", .act = ACT_CLOSE, .bytes = JSON("[{\"id\":9,\"username\":\"zoe\"}]") },
		{ .needle = "GET /api/projects/o%2Fn/merge_requests/14 ", .act = ACT_CLOSE, .bytes = JSON(REQUEST("")) },
		{ .needle = "{\"add_labels\":\"new\"}", .act = ACT_CLOSE, .bytes = JSON(REQUEST("")) },
		{ .needle = "{\"reviewer_ids\":[2,9]}", .act = ACT_CLOSE, .bytes = JSON(REQUEST("")) },
	};
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { .labels = labels, .reviewers = reviewers };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(ensure(&w, &wish, &p, &outcome, &warnings));
	assert_int_equal(outcome, PULL_UPDATED);
	assert_string_equal(warnings.data, "");
	assert_int_equal(script[3].used, 1);
	assert_int_equal(script[4].used, 1);
	pull_release(&p);
	forge_world_close(&w);
}

static void of_two_at_the_same_moment_the_older_stays(void **state)
{
	struct scripted script[] = {
		{ .needle = LIST, .times = 1, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .act = ACT_CLOSE,
		  .bytes = ANSWER("201 Created", "{\"iid\":15,\"state\":\"opened\",\"title\":\"Title\",\"description\":\"Body\"}") },
		{ .needle = LIST, .act = ACT_CLOSE, .bytes = JSON("[" REQUEST("") "]") },
		{ .needle = "{\"state_event\":\"close\"}", .act = ACT_CLOSE, .bytes = JSON(REQUEST("")) },
	};
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { 0 };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(ensure(&w, &wish, &p, &outcome, &warnings));
	assert_int_equal(p.number, 14);
	assert_int_equal(outcome, PULL_UNCHANGED);
	assert_int_equal(script[3].used, 1);
	pull_release(&p);
	forge_world_close(&w);
}

static void the_token_of_a_job_cannot_open_one(void **state)
{
	struct scripted script[] = {
		{ .needle = "JOB-TOKEN: " SECRET "\r\n", .times = 1, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .act = ACT_CLOSE, .bytes = ANSWER("403 Forbidden", "{\"message\":\"403 Forbidden\"}") },
	};
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { 0 };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", NULL, script, ARRAY_SIZE(script));
	git(w.directory, "config", "credential.helper",
	    "!f() { test \"$1\" = get && echo username=gitlab-ci-token && echo password=" SECRET "; }; f", NULL);
	struct forge_settings settings = { .env = forge_world_env, .env_data = &w, .retry_ms = 1 };
	forge_free(w.forge);
	repo_free(w.repo);
	assert_success(repo_open(&w.repo, w.directory));
	assert_success(forge_open(&w.forge, w.repo, NULL, &settings));
	struct error *err = ensure(&w, &wish, &p, &outcome, &warnings);
	assert_non_null(err);
	assert_non_null(strstr(err->hint, "GITLAB_TOKEN"));
	error_free(err);
	forge_world_close(&w);
}

static void validations_by_field_are_told(void **state)
{
	struct scripted script[] = {
		{ .needle = LIST, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .act = ACT_CLOSE,
		  .bytes = ANSWER("400 Bad Request", "{\"message\":{\"title\":[\"is too long\"],\"base\":\"is odd\"}}") },
	};
	struct buffer warnings = BUFFER_INIT;
	struct pull_wish wish = { 0 };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	struct error *err = ensure(&w, &wish, &p, &outcome, &warnings);
	assert_non_null(strstr(err->message, "title: is too long; base: is odd"));
	assert_error(err, ERROR_NETWORK);
	forge_world_close(&w);
}

static void a_status_has_gitlabs_words(void **state)
{
	struct scripted script[] = {
		{ .needle = "/repository/commits/" COMMIT "/statuses?name=scrutiny&", .act = ACT_CLOSE,
		  .bytes = JSON("[{\"name\":\"scrutiny\",\"status\":\"success\",\"description\":\"none\",\"target_url\":null}]") },
		{ .needle = "{\"state\":\"failed\",\"name\":\"scrutiny\",\"description\":\"2\"}", .act = ACT_CLOSE,
		  .bytes = ANSWER("201 Created", "{\"id\":1}") },
	};
	struct forge_world w;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_set_status(w.forge, COMMIT, "scrutiny", STATUS_SUCCESS, "none", NULL));
	assert_int_equal(script[1].used, 0);
	assert_success(forge_set_status(w.forge, COMMIT, "scrutiny", STATUS_FAILURE, "2", NULL));
	assert_int_equal(script[1].used, 1);
	forge_world_close(&w);
}

static void our_own_note_is_updated(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET /api/user ", .act = ACT_CLOSE, .bytes = JSON("{\"username\":\"me\"}") },
		{ .needle = "/notes?", .act = ACT_CLOSE,
		  .bytes = JSON("[{\"id\":1,\"system\":true,\"author\":{\"username\":\"me\"},\"body\":\"<!-- m --> x\"},"
				"{\"id\":2,\"author\":{\"username\":\"mallory\"},\"body\":\"<!-- m --> x\"},"
				"{\"id\":3,\"author\":{\"username\":\"Me\"},\"body\":\"<!-- m --> x\"}]") },
		{ .needle = "PUT /api/projects/o%2Fn/merge_requests/14/notes/3 ", .act = ACT_CLOSE, .bytes = JSON("{\"id\":3}") },
	};
	struct forge_world w;
	enum comment_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_set_comment(w.forge, 14, "<!-- m -->", "<!-- m --> y", &outcome));
	assert_int_equal(outcome, COMMENT_UPDATED);
	forge_world_close(&w);
}

/* Line 4 was line 3: GitLab wants both of it; line 2 is new. */
static void a_comment_on_a_line_says_where_it_was_before(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET /api/user ", .act = ACT_CLOSE, .bytes = JSON("{\"username\":\"me\"}") },
		{ .needle = "/notes?", .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "GET /api/projects/o%2Fn/merge_requests/14 ", .act = ACT_CLOSE, .bytes = JSON(REQUEST("")) },
		{ .needle = "/diffs?", .act = ACT_CLOSE,
		  .bytes = JSON("[{\"old_path\":\"old.tex\",\"new_path\":\"p.tex\","
				"\"diff\":\"@@ -1,3 +1,4 @@\\n a\\n+new\\n b\\n c\\n\"}]") },
		{ .needle = "\"old_path\":\"old.tex\",\"new_line\":4,\"old_line\":3}", .act = ACT_CLOSE, .bytes = ANSWER("201 Created", "{}") },
		{ .needle = "\"old_path\":\"old.tex\",\"new_line\":2}", .act = ACT_CLOSE, .bytes = ANSWER("201 Created", "{}") },
		{ .needle = "\"new_line\":900}", .act = ACT_CLOSE,
		  .bytes = ANSWER("400 Bad Request", "{\"message\":\"line_code can't be blank\"}") },
	};
	const struct annotation annotations[] = {
		{ .path = "p.tex", .line = 4, .level = "error", .title = "T", .message = "M", .id = "a" },
		{ .path = "p.tex", .line = 900, .level = "error", .title = "T", .message = "M", .id = "b" },
		{ .path = "p.tex", .line = 2, .level = "error", .title = "T", .message = "M", .id = "c" },
	};
	struct forge_world w;
	size_t posted;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_add_review(w.forge, 14, COMMIT, "Body", annotations, 3, &posted));
	assert_int_equal(posted, 2);
	assert_int_equal(script[4].used, 1);
	assert_int_equal(script[5].used, 1);
	forge_world_close(&w);
}

static void a_check_run_is_not_gitlabs(void **state)
{
	struct scripted line = { .act = ACT_CLOSE, .bytes = JSON("[]") };
	struct forge_world w;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", &line, 1);
	assert_error(forge_set_check(w.forge, COMMIT, "n", STATUS_SUCCESS, "t", "s", NULL, 0), ERROR_UNSUPPORTED);
	assert_int_equal(line.used, 0);
	forge_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_merge_request_is_opened),
		cmocka_unit_test(one_that_is_as_it_should_be_is_left),
		cmocka_unit_test(labels_and_reviewers_are_added_to_those_there_are),
		cmocka_unit_test(of_two_at_the_same_moment_the_older_stays),
		cmocka_unit_test(the_token_of_a_job_cannot_open_one),
		cmocka_unit_test(validations_by_field_are_told),
		cmocka_unit_test(a_status_has_gitlabs_words),
		cmocka_unit_test(our_own_note_is_updated),
		cmocka_unit_test(a_comment_on_a_line_says_where_it_was_before),
		cmocka_unit_test(a_check_run_is_not_gitlabs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
