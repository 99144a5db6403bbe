/* Words of papers and models are words at a forge, and nothing else: no commands, mentions, references, addresses. */
#include "forge_testing.h"

static void a_line_that_begins_with_a_slash_is_no_command_of_gitlab_s(void **state)
{
	struct scripted script[] = {
		{ .needle = "GET /api/user ", .act = ACT_CLOSE, .bytes = JSON("{\"username\":\"me\"}") },
		{ .needle = "/notes?", .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "GET /api/projects/o%2Fn/merge_requests/14 ", .act = ACT_CLOSE,
		  .bytes = JSON("{\"iid\":14,\"diff_refs\":{\"head_sha\":\"" COMMIT "\"}}") },
		{ .needle = "/diffs?", .act = ACT_CLOSE, .bytes = JSON("[]") },
		{ .needle = "**T**\\n\\n /merge\\n\\n```\\n\\r /close\\n", .act = ACT_CLOSE, .bytes = ANSWER("201 Created", "{}") },
	};
	const struct annotation a = { .path = "p.tex", .line = 2, .level = "error", .title = "T",
				      .message = "/merge\n\n```\n\r/close\n```", .id = "a" };
	struct forge_world w;
	size_t posted;
	(void)state;
	forge_world_open(&w, "gitlab", "GITLAB_TOKEN", script, ARRAY_SIZE(script));
	assert_success(forge_add_review(w.forge, 14, COMMIT, "", &a, 1, &posted));
	assert_int_equal(posted, 1);
	assert_int_equal(script[4].used, 1);
	forge_world_close(&w);
}

/* A backslash keeps Markdown from being markup, but no forge from finding a name or a number in the text it makes. */
static void a_title_mentions_refers_to_and_links_nothing(void **state)
{
	static const char *const hostile[] = { "@alice", "o/n#12", "!12", "&12", "GH-12", "https://evil.org", "www.evil.org" };
	static const char *const effects[] = { "@alice", "#12", "!12", "&12", "GH-12", "://", "www." };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct scripted script[] = {
			{ .needle = "GET /api/user ", .act = ACT_CLOSE, .bytes = JSON("{\"login\":\"me\"}") },
			{ .needle = "/pulls/14/comments?", .act = ACT_CLOSE, .bytes = JSON("[]") },
			{ .needle = "POST ", .act = ACT_CLOSE, .bytes = JSON("{}") },
		};
		const struct annotation a = { .path = "p.tex", .line = 2, .level = "error", .title = hostile[i],
					      .message = "M", .id = "a" };
		struct forge_world w;
		size_t posted;
		forge_world_open(&w, "github", "GH_ENTERPRISE_TOKEN", script, ARRAY_SIZE(script));
		assert_success(forge_add_review(w.forge, 14, COMMIT, "", &a, 1, &posted));
		const char *body = strstr(w.server->last_request, "\r\n\r\n");
		if (!body || strstr(body, effects[i]))
			fail_msg("'%s' takes effect in %s", hostile[i], w.server->last_request);
		forge_world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_begins_with_a_slash_is_no_command_of_gitlab_s),
		cmocka_unit_test(a_title_mentions_refers_to_and_links_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
