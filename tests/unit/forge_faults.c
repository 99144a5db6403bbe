/* What forges refuse, and how: each with the words that people need, and none with a secret. */
#include "forge_testing.h"

#define PULL "{\"number\":7,\"state\":\"open\",\"title\":\"Title\",\"body\":\"Body\",\"html_url\":\"https://h/7\"," \
	     "\"head\":{\"ref\":\"b\",\"sha\":\"" COMMIT "\",\"repo\":{\"full_name\":\"o/n\"}},"                   \
	     "\"base\":{\"ref\":\"main\",\"repo\":{\"full_name\":\"o/n\"}},\"draft\":false}"
#define REFUSAL(status, headers, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" headers "\r\n" body
#define MESSAGE(words) "{\"message\":\"" words "\"}"

static const struct fault {
	const char *answer;
	enum error_code code;
	const char *says, *hints; /* NULL: no hint is asked for */
} faults[] = {
	{ REFUSAL("401 Unauthorized", "", MESSAGE("Bad credentials")), ERROR_NETWORK,
	  "does not accept the token of GH_ENTERPRISE_TOKEN: Bad credentials", "expired" },
	{ REFUSAL("403 Forbidden", "x-accepted-github-permissions: pull_requests=write\r\n",
		  MESSAGE("Resource not accessible by integration")),
	  ERROR_NETWORK, "not accessible by integration", "`permissions:` have to grant pull_requests=write" },
	{ REFUSAL("403 Forbidden", "x-accepted-github-permissions: pull_requests=write\r\n",
		  MESSAGE("Resource not accessible by personal access token")),
	  ERROR_NETWORK, "personal access token", "needs the permissions pull_requests=write" },
	{ REFUSAL("403 Forbidden", "X-Accepted-OAuth-Scopes: repo\r\nX-OAuth-Scopes: gist\r\n", MESSAGE("Forbidden")),
	  ERROR_NETWORK, "Forbidden", "one of the scopes repo; it has gist" },
	{ REFUSAL("403 Forbidden", "X-GitHub-SSO: required; url=https://github.com/orgs/o/sso?x=1\r\n",
		  MESSAGE("Resource protected by organization SAML enforcement.")),
	  ERROR_NETWORK, "SAML", "authorize the token at https://github.com/orgs/o/sso?x=1" },
	{ REFUSAL("403 Forbidden", "",
		  MESSAGE("GitHub Actions is not permitted to create or approve pull requests.")),
	  ERROR_NETWORK, "not permitted", "Workflow permissions" },
	{ REFUSAL("403 Forbidden", "", MESSAGE("Repository was archived so is read-only.")), ERROR_NETWORK,
	  "Repository was archived so is read-only", "not allowed" },
	{ REFUSAL("404 Not Found", "", MESSAGE("Not Found")), ERROR_NOT_FOUND, ", in o/n", "may the token" },
	{ REFUSAL("409 Conflict", "", MESSAGE("Git Repository is empty.")), ERROR_CONFLICT, "Git Repository is empty", NULL },
	{ REFUSAL("410 Gone", "", MESSAGE("Issues are disabled for this repo")), ERROR_NETWORK, "Issues are disabled", NULL },
	{ REFUSAL("422 Unprocessable Entity", "",
		  "{\"message\":\"Validation Failed\",\"errors\":[{\"field\":\"base\",\"code\":\"invalid\"},"
		  "{\"message\":\"No commits between main and b\"},\"and a word\"]}"),
	  ERROR_NETWORK, "Validation Failed; base: invalid; No commits between main and b; and a word", NULL },
	{ REFUSAL("429 Too Many Requests", "Retry-After: 7200\r\n", MESSAGE("slow down")), ERROR_LIMIT,
	  "takes no more calls of ours until 20", "try again then" },
	{ REFUSAL("403 Forbidden", "Retry-After: 7200\r\n",
		  MESSAGE("You have exceeded a secondary rate limit. Please wait.")),
	  ERROR_LIMIT, "takes no more calls of ours until 20", NULL },
	{ REFUSAL("403 Forbidden", "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4102444800\r\n",
		  MESSAGE("API rate limit exceeded")),
	  ERROR_LIMIT, "until 2100-01-01", NULL },
	{ REFUSAL("501 Not Implemented", "", ""), ERROR_NETWORK, "answers 501", NULL },
	{ REFUSAL("301 Moved Permanently", "Location: https://evil.example/x\r\n", ""), ERROR_NETWORK,
	  "sends us elsewhere, to https://evil.example/x", "renamed" },
	{ REFUSAL("418 I'm a teapot", "", MESSAGE("\\u001b[31mred\\u0007 " SECRET)), ERROR_NETWORK, "\\x1b[31mred\\x07", NULL },
	{ REFUSAL("400 Bad Request", "", "<html>proxy</html>"), ERROR_NETWORK, "answers 400", NULL },
	{ REFUSAL("400 Bad Request", "", "{\"message\":7,\"errors\":{\"a\":[1]}}"), ERROR_NETWORK, "answers 400", NULL },
};

static void expect_error(struct error *err, const struct fault *f)
{
	assert_non_null(err);
	if (err->code != f->code || !strstr(err->message, f->says))
		fail_msg("code %d: %s", err->code, err->message);
	if (f->hints && (!err->hint || !strstr(err->hint, f->hints)))
		fail_msg("%s: hint: %s", err->message, err->hint);
	assert_null(strstr(err->message, SECRET));
	assert_true(strlen(err->message) < 1000);
	error_free(err);
}

static void every_refusal_is_told_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct scripted script[] = {
			{ .needle = "GET ", .act = ACT_CLOSE, .bytes = JSON("[]") },
			{ .needle = "POST ", .act = ACT_CLOSE, .bytes = faults[i].answer },
		};
		struct forge_world w;
		struct pull p;
		enum pull_outcome outcome;
		forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
		expect_error(forge_world_ensure(&w, &p, &outcome), &faults[i]);
		assert_int_equal(script[1].used, 1);
		forge_world_close(&w);
	}
}

/* -- what a second try cures ---------------------------------------------------------------------------------- */

static struct error *get(struct scripted *script, size_t nr, struct pull *p, struct forge_world *w)
{
	forge_world_open(w, "github", "GH_ENTERPRISE_TOKEN", script, nr);
	return forge_pull_get(w->forge, 7, p);
}

static void a_fault_of_the_server_is_tried_again(void **state)
{
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE, .bytes = REFUSAL("502 Bad Gateway", "", "<html>") },
		{ .times = 1, .act = ACT_RESET, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"numb" },
		{ .times = 1, .act = ACT_CLOSE, .bytes = REFUSAL("503 Unavailable", "retry-after-ms: 1\r\n", "") },
		{ .act = ACT_CLOSE, .bytes = JSON(PULL) },
	};
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_success(get(script, ARRAY_SIZE(script), &p, &w));
	assert_int_equal(p.number, 7);
	pull_release(&p);
	forge_world_close(&w);
}

static void but_not_for_ever(void **state)
{
	struct scripted line = { .act = ACT_CLOSE, .bytes = REFUSAL("500 Oops", "", MESSAGE("boom")) };
	struct forge_world w;
	struct pull p;
	(void)state;
	expect_error(get(&line, 1, &p, &w),
		     &(struct fault){ NULL, ERROR_NETWORK, "answers 500, 4 times: boom", "try again later" });
	assert_int_equal(line.used, FORGE_MAX_TRIES);
	forge_world_close(&w);
}

static void a_short_limit_is_waited_for_with_a_word(void **state)
{
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE,
		  .bytes = REFUSAL("403 Forbidden", "retry-after-ms: 1\r\n", MESSAGE("secondary rate limit")) },
		{ .act = ACT_CLOSE, .bytes = JSON(PULL) },
	};
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_success(get(script, ARRAY_SIZE(script), &p, &w));
	assert_non_null(strstr(w.waited, "asks to be left alone for a while: waiting 1 s"));
	pull_release(&p);
	forge_world_close(&w);
}

static void nobody_who_listens_is_told_at_once(void **state)
{
	struct scripted line = { .act = ACT_CLOSE, .bytes = JSON(PULL) };
	struct forge_world w;
	struct pull p;
	char *api = xstrfmt("http://127.0.0.1:%d", server_dead_port());
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", &line, 1);
	struct forge_settings settings = { .env = forge_world_env, .env_data = &w, .retry_ms = 60000 };
	forge_free(w.forge);
	repo_free(w.repo);
	git(w.directory, "config", "scrutiny.forge.127.0.0.1.api", api, NULL);
	assert_success(repo_open(&w.repo, w.directory));
	assert_success(forge_open(&w.forge, w.repo, NULL, &settings));
	assert_error(forge_pull_get(w.forge, 7, &p), ERROR_NETWORK);
	forge_world_close(&w);
	free(api);
}

/* -- answers that were lost ------------------------------------------------------------------------------------- */

static void a_lost_answer_is_looked_for_before_it_is_asked_again(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET ", .times = 1, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .times = 1, .act = ACT_CLOSE, .bytes = "HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{" },
		{ .needle = "GET ", .act = ACT_CLOSE, .bytes = JSON("[" PULL "]") },
	};
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_world_ensure(&w, &p, &outcome));
	assert_int_equal(outcome, PULL_OPENED);
	assert_int_equal(p.number, 7);
	pull_release(&p);
	forge_world_close(&w);
}

static void what_was_not_done_after_all_is_asked_again(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET ", .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .times = 1, .act = ACT_CLOSE, .bytes = REFUSAL("502 Bad Gateway", "", "") },
		{ .needle = "POST ", .act = ACT_CLOSE, .bytes = ANSWER("201 Created", PULL) },
	};
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_world_ensure(&w, &p, &outcome));
	assert_int_equal(outcome, PULL_OPENED);
	pull_release(&p);
	forge_world_close(&w);
}

static void whoever_was_faster_is_brought_up_to_date(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET ", .times = 1, .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .act = ACT_CLOSE,
		  .bytes = REFUSAL("422 Unprocessable", "", MESSAGE("A pull request already exists for o:b.")) },
		{ .needle = "GET ", .act = ACT_CLOSE, .bytes = JSON("[" PULL "]") },
	};
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_world_ensure(&w, &p, &outcome));
	assert_int_equal(outcome, PULL_UNCHANGED);
	pull_release(&p);
	forge_world_close(&w);
}

static void a_server_that_always_fails_is_given_up(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET ", .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "POST ", .act = ACT_CLOSE, .bytes = REFUSAL("500 Oops", "", "") },
	};
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
	assert_error(forge_world_ensure(&w, &p, &outcome), ERROR_NETWORK);
	assert_true(script[1].used <= 4);
	forge_world_close(&w);
}

/* -- where the token goes ------------------------------------------------------------------------------------------ */

static void a_renamed_repository_is_followed_on_its_host(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET /api/repos/o/n/", .act = ACT_CLOSE,
		  .bytes = REFUSAL("301 Moved", "Location: /api/repositories/9/pulls/7\r\n", MESSAGE("Moved Permanently")) },
		{ .needle = "Authorization: Bearer " SECRET, .act = ACT_CLOSE, .bytes = JSON(PULL) },
	};
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_success(get(script, ARRAY_SIZE(script), &p, &w));
	assert_int_equal(p.number, 7);
	pull_release(&p);
	forge_world_close(&w);
}

/* GitHub sends us to its new name, and says that in all answers. */
static void the_pull_request_of_a_renamed_repository_is_found(void **state)
{
	struct scripted line = { .act = ACT_CLOSE,
				 .bytes = JSON("[{\"number\":7,\"state\":\"open\",\"title\":\"Title\",\"body\":\"Body\","
					       "\"head\":{\"ref\":\"b\",\"repo\":{\"full_name\":\"new/name\"}},"
					       "\"base\":{\"ref\":\"main\",\"repo\":{\"full_name\":\"new/name\"}}}]") };
	struct forge_world w;
	struct pull p;
	bool found;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", &line, 1);
	assert_success(forge_pull_find(w.forge, "b", "main", &p, &found));
	assert_true(found);
	pull_release(&p);
	forge_world_close(&w);
}

static void a_fork_with_the_same_branch_is_not_ours(void **state)
{
	struct scripted line = { .act = ACT_CLOSE,
				 .bytes = JSON("[{\"number\":7,\"state\":\"open\",\"head\":{\"ref\":\"b\","
					       "\"repo\":{\"full_name\":\"mallory/n\"}},"
					       "\"base\":{\"ref\":\"main\",\"repo\":{\"full_name\":\"o/n\"}}}]") };
	struct forge_world w;
	struct pull p;
	bool found;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", &line, 1);
	assert_success(forge_pull_find(w.forge, "b", "main", &p, &found));
	assert_false(found);
	forge_world_close(&w);
}

static void a_circle_of_redirects_ends(void **state)
{
	struct scripted line = { .act = ACT_CLOSE, .bytes = REFUSAL("307 Moved", "Location: /api/x\r\n", "") };
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_error(get(&line, 1, &p, &w), ERROR_NETWORK);
	assert_true(line.used < 6);
	forge_world_close(&w);
}

static void other_servers_never_see_the_token(void **state)
{
	struct scripted other = { .act = ACT_CLOSE, .bytes = JSON(PULL) };
	struct scripted_server *elsewhere = server_start(&other, 1);
	char *answer = xstrfmt("HTTP/1.1 307 Moved\r\nConnection: close\r\nLocation: %s/api/x\r\n\r\n", elsewhere->url);
	struct scripted line = { .act = ACT_CLOSE, .bytes = answer };
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_error(get(&line, 1, &p, &w), ERROR_NETWORK);
	assert_int_equal(other.used, 0);
	forge_world_close(&w);
	server_stop(elsewhere);
	free(answer);
}

static void without_a_token_nothing_is_written(void **state)
{
	struct scripted line = { .act = ACT_CLOSE, .bytes = JSON("[]") };
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", NULL, &line, 1);
	struct error *err = forge_world_ensure(&w, &p, &outcome);
	assert_non_null(strstr(err->hint, "GH_ENTERPRISE_TOKEN"));
	assert_error(err, ERROR_NOT_FOUND);
	assert_null(strstr(w.server->last_request, "POST"));
	forge_world_close(&w);
}

/* -- hostile answers ------------------------------------------------------------------------------------------------- */

static void what_is_no_answer_of_an_api_is_an_error(void **state)
{
	static const char *const answers[] = {
		ANSWER("200 OK", "<html>Sign in</html>"), ANSWER("200 OK", "{\"number\":"), ANSWER("200 OK", "[]"),
		ANSWER("200 OK", "{}"), ANSWER("200 OK", "null"), ANSWER("200 OK", "{\"number\":\"7\"}"),
		ANSWER("200 OK", "{\"number\":-7}"), ANSWER("200 OK", "7"), ANSWER("204 No Content", ""),
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct scripted line = { .act = ACT_CLOSE, .bytes = answers[i] };
		struct forge_world w;
		struct pull p;
		assert_error(get(&line, 1, &p, &w), ERROR_NETWORK);
		pull_release(&p);
		forge_world_close(&w);
	}
}

static void wrong_types_are_as_if_they_were_not_there(void **state)
{
	struct scripted line = { .act = ACT_CLOSE,
				 .bytes = JSON("{\"number\":7,\"title\":[],\"body\":null,\"head\":\"x\",\"base\":7,"
					       "\"labels\":{\"a\":1},\"requested_reviewers\":[1,null,{}],"
					       "\"html_url\":\"javascript:alert(1)\"}") };
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_success(get(&line, 1, &p, &w));
	assert_string_equal(p.url, "");
	assert_string_equal(p.head_commit, "");
	assert_string_equal(p.title, "");
	pull_release(&p);
	forge_world_close(&w);
}

static void control_bytes_of_titles_do_not_reach_a_terminal(void **state)
{
	struct scripted line = { .act = ACT_CLOSE,
				 .bytes = JSON("{\"number\":7,\"title\":\"a\\u001b]0;b\\u0007\",\"html_url\":\"https://h/\\u001b\"}") };
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_success(get(&line, 1, &p, &w));
	assert_null(strchr(p.title, '\x1b'));
	assert_string_equal(p.url, "");
	pull_release(&p);
	forge_world_close(&w);
}

static void an_answer_without_end_is_cut(void **state)
{
	struct scripted line = { .act = ACT_ENDLESS, .bytes = "HTTP/1.1 200 OK\r\n\r\n[" };
	struct forge_world w;
	struct pull p;
	(void)state;
	assert_error(get(&line, 1, &p, &w), ERROR_LIMIT);
	forge_world_close(&w);
}

static void pages_without_end_are_not_read_to_it(void **state)
{
	struct scripted script[] = {
		{ .needle = "/comments", .act = ACT_CLOSE,
		  .bytes = REFUSAL("200 OK", "Link: <http://evil.example/x?page=2>; rel=\"next\"\r\n",
				   "[{\"id\":1,\"body\":\"x\",\"user\":{\"login\":\"a\"}}]") },
		{ .needle = "/user", .act = ACT_CLOSE, .bytes = JSON("{\"login\":\"me\"}") },
	};
	struct forge_world w;
	enum comment_outcome outcome;
	(void)state;
	forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
	assert_error(forge_set_comment(w.forge, 7, "<!-- m -->", "<!-- m --> x", &outcome), ERROR_LIMIT);
	assert_int_equal(script[0].used, FORGE_MAX_PAGES);
	forge_world_close(&w);
}

static void a_label_that_may_not_be_made_keeps_no_other_from_being_set(void **state)
{
	static const char *const labels[] = { "new", "there", NULL };
	struct scripted script[] = {
		{ .needle = "GET /api/repos/o/n/pulls/main/b ", .act = ACT_CLOSE, .bytes = JSON(PULL) },
		{ .needle = "GET /api/repos/o/n/labels?", .act = ACT_CLOSE, .bytes = JSON("[{\"id\":3,\"name\":\"there\"}]") },
		{ .needle = "GET /api/orgs/o/labels?", .act = ACT_CLOSE, .bytes = ANSWER("404 Not Found", "{}") },
		{ .needle = "POST /api/repos/o/n/labels ", .act = ACT_CLOSE, .bytes = ANSWER("403 Forbidden", "{}") },
		{ .needle = "{\"labels\":[3]}", .act = ACT_CLOSE, .bytes = JSON("[]") },
	};
	const struct pull_wish wish = { .branch = "b", .base = "main", .title = "Title", .body = "Body", .labels = labels };
	struct buffer warnings = BUFFER_INIT;
	struct forge_world w;
	struct pull p;
	enum pull_outcome outcome;
	(void)state;
	forge_world_open(&w, "gitea", "GITEA_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_pull_ensure(w.forge, &wish, &p, &outcome, &warnings));
	assert_int_equal(script[4].used, 1);
	assert_non_null(strstr(warnings.data, "cannot make a label: "));
	pull_release(&p);
	buffer_release(&warnings);
	forge_world_close(&w);
}

/* What a forge of TYPE that answers with REPOSITORY lets be known before anything is paid for. */
static struct error *check_access(const char *type, const char *variable, const char *repository, unsigned *asked)
{
	struct scripted line = { .needle = "GET /api/repos/o/n ", .act = ACT_CLOSE, .bytes = repository };
	struct forge_world w;
	forge_world_open(&w, type, variable, &line, 1);
	struct error *err = forge_check_access(w.forge);
	*asked = w.server->requests;
	forge_world_close(&w);
	return err;
}

static void who_may_not_propose_is_told_before_anything_is_paid_for(void **state)
{
	unsigned asked;
	(void)state;
	assert_error(check_access("github", NULL, JSON("{}"), &asked), ERROR_NOT_FOUND);
	assert_int_equal(asked, 0);
	assert_error(check_access("github", "GH_ENTERPRISE_TOKEN", JSON("{\"permissions\":{\"pull\":true,\"push\":false}}"),
				  &asked), ERROR_NETWORK);
	assert_error(check_access("gitea", "GITEA_TOKEN", JSON("{\"archived\":true}"), &asked), ERROR_NETWORK);
	assert_error(check_access("gitea", "GITEA_TOKEN", ANSWER("401 Unauthorized", "{}"), &asked), ERROR_NETWORK);
}

static void what_a_server_does_not_tell_is_no_obstacle(void **state)
{
	unsigned asked;
	(void)state;
	assert_success(check_access("github", "GH_ENTERPRISE_TOKEN", JSON("{\"permissions\":{\"pull\":true,\"push\":true}}"),
				    &asked));
	assert_int_equal(asked, 1);
	assert_success(check_access("github", "GH_ENTERPRISE_TOKEN", JSON("{}"), &asked));
	/* that of an app */
	assert_success(check_access("github", "GH_ENTERPRISE_TOKEN", JSON("{\"permissions\":{\"pull\":false,\"push\":false}}"),
				    &asked));
	/* Gitea lets readers open one */
	assert_success(check_access("gitea", "GITEA_TOKEN", JSON("{\"permissions\":{\"pull\":true,\"push\":false}}"), &asked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_is_told_in_words),
		cmocka_unit_test(a_fault_of_the_server_is_tried_again),
		cmocka_unit_test(but_not_for_ever),
		cmocka_unit_test(a_short_limit_is_waited_for_with_a_word),
		cmocka_unit_test(nobody_who_listens_is_told_at_once),
		cmocka_unit_test(a_lost_answer_is_looked_for_before_it_is_asked_again),
		cmocka_unit_test(what_was_not_done_after_all_is_asked_again),
		cmocka_unit_test(whoever_was_faster_is_brought_up_to_date),
		cmocka_unit_test(a_server_that_always_fails_is_given_up),
		cmocka_unit_test(a_renamed_repository_is_followed_on_its_host),
		cmocka_unit_test(the_pull_request_of_a_renamed_repository_is_found),
		cmocka_unit_test(a_fork_with_the_same_branch_is_not_ours),
		cmocka_unit_test(a_circle_of_redirects_ends),
		cmocka_unit_test(other_servers_never_see_the_token),
		cmocka_unit_test(without_a_token_nothing_is_written),
		cmocka_unit_test(what_is_no_answer_of_an_api_is_an_error),
		cmocka_unit_test(wrong_types_are_as_if_they_were_not_there),
		cmocka_unit_test(control_bytes_of_titles_do_not_reach_a_terminal),
		cmocka_unit_test(an_answer_without_end_is_cut),
		cmocka_unit_test(pages_without_end_are_not_read_to_it),
		cmocka_unit_test(a_label_that_may_not_be_made_keeps_no_other_from_being_set),
		cmocka_unit_test(who_may_not_propose_is_told_before_anything_is_paid_for),
		cmocka_unit_test(what_a_server_does_not_tell_is_no_obstacle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
