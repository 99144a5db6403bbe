/* Requests to the receiver of webhooks: what is refused, who is believed, and what is read. */
#include "git_fixture.h"

#include "daemon/delivery.h"
#include "daemon/noise.h"

#define SECRET "a secret that nobody guesses"
/* printf '{}' | openssl dgst -sha256 -hmac "$SECRET" */
#define SIGNATURE_OF_EMPTY "9c282fcec40218c4bf21f10f10c7f9b2c05e6d260018c0800282609b654ae0fc"

static int parse(struct http_head *head, const char *text)
{
	return http_head_parse(head, slice_of_string(text));
}

static void a_head_is_taken_apart(void **state)
{
	(void)state;
	struct http_head head;
	assert_int_equal(parse(&head, "POST /lab?x=1 HTTP/1.1\r\nHost: here\r\nContent-Length:  12 \r\n\r\nbody"), 200);
	assert_memory_equal(head.method.data, "POST", head.method.len);
	assert_int_equal(head.path.len, 4);
	assert_int_equal(head.content_length, 12);
	assert_int_equal(http_head_get(&head, "host").len, 4);
	assert_int_equal(http_head_get(&head, "x-other").len, 0);
}

static void a_head_that_is_not_whole_yet_is_waited_for(void **state)
{
	(void)state;
	struct http_head head;
	assert_int_equal(parse(&head, ""), 0);
	assert_int_equal(parse(&head, "POST /lab HTTP/1.1\r\nHost: here\r\n"), 0);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
	} heads[] = {
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 501 },
		{ "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1,1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length : 1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nA: b\r\n folded\r\nContent-Length: 1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nA: b\nContent-Length: 1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n: b\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\n\r\n", 411 },
		{ "POST / HTTP/2.0\r\n\r\n", 505 },
		{ "POST http://x/ HTTP/1.1\r\n\r\n", 400 },
		{ "POST  / HTTP/1.1\r\n\r\n", 400 },
		{ "P\x01ST / HTTP/1.1\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", 417 },
		{ "\r\n\r\n", 400 },
	};
	struct http_head head;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		assert_int_equal(parse(&head, heads[i].text), heads[i].status);
}

static void a_large_head_is_refused_before_it_ends(void **state)
{
	(void)state;
	struct http_head head;
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, "GET / HTTP/1.1\r\nA: ");
	while (text.len <= HTTP_HEAD_MAX)
		buffer_addch(&text, 'x');
	assert_int_equal(http_head_parse(&head, slice_of(&text)), 431);
	buffer_release(&text);
}

static void many_headers_are_refused(void **state)
{
	(void)state;
	struct http_head head;
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, "GET / HTTP/1.1\r\n");
	for (int i = 0; i <= HTTP_HEAD_MAX_HEADERS; i++)
		buffer_addf(&text, "A: b\r\n");
	buffer_addstr(&text, "\r\n");
	assert_int_equal(http_head_parse(&head, slice_of(&text)), 431);
	buffer_release(&text);
}

static void a_header_that_is_there_twice_counts_as_none(void **state)
{
	(void)state;
	struct http_head head;
	assert_int_equal(parse(&head, "GET / HTTP/1.1\r\nX-Gitlab-Token: a\r\nx-gitlab-token: b\r\n\r\n"), 200);
	assert_int_equal(http_head_get(&head, "X-Gitlab-Token").len, 0);
}

static bool verify(const char *header, const char *body, const char *secret)
{
	struct http_head head;
	char *text = xstrfmt("POST /lab HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n", header);
	assert_int_equal(parse(&head, text), 200);
	bool good = delivery_verify(&head, slice_of_string(body), secret);
	free(text);
	return good;
}

static void a_signature_is_of_these_bytes_and_this_secret(void **state)
{
	(void)state;
	assert_true(verify("X-Hub-Signature-256: sha256=" SIGNATURE_OF_EMPTY, "{}", SECRET));
	assert_true(verify("X-Gitea-Signature: " SIGNATURE_OF_EMPTY, "{}", SECRET));
	assert_true(verify("X-Forgejo-Signature: " SIGNATURE_OF_EMPTY, "{}", SECRET));
	assert_false(verify("X-Hub-Signature-256: " SIGNATURE_OF_EMPTY, "{}", SECRET));
	assert_false(verify("X-Hub-Signature-256: sha256=" SIGNATURE_OF_EMPTY, "{ }", SECRET));
	assert_false(verify("X-Hub-Signature-256: sha256=" SIGNATURE_OF_EMPTY, "{}", SECRET "!"));
	assert_false(verify("X-Hub-Signature-256: sha256=" SIGNATURE_OF_EMPTY "0", "{}", SECRET));
	assert_false(verify("X-Hub-Signature-256: sha256=", "{}", SECRET));
	assert_false(verify("X-Other: x", "{}", SECRET));
}

static void a_wrong_signature_is_not_made_good_by_a_token(void **state)
{
	(void)state;
	assert_true(verify("X-Gitlab-Token: " SECRET, "{}", SECRET));
	assert_false(verify("X-Gitlab-Token: " SECRET "\r\nX-Hub-Signature-256: sha256=00", "{}", SECRET));
	assert_false(verify("X-Gitlab-Token: ", "{}", SECRET));
}

static void a_short_secret_believes_nobody(void **state)
{
	(void)state;
	assert_false(verify("X-Gitlab-Token: ", "{}", ""));
	assert_false(verify("X-Gitlab-Token: short", "{}", "short"));
}

static struct delivery read_body(const char *header, const char *body)
{
	struct delivery d;
	struct http_head head;
	char *text = xstrfmt("POST /lab HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n", header);
	assert_int_equal(parse(&head, text), 200);
	assert_success(delivery_read(&d, &head, slice_of_string(body)));
	free(text);
	return d;
}

static void a_push_names_its_branch(void **state)
{
	(void)state;
	struct delivery d = read_body("X-GitHub-Event: push\r\nX-GitHub-Delivery: a1-\x7e;2",
				      "{\"ref\": \"refs/heads/area/one\", \"after\": \"12\"}");
	assert_int_equal(d.kind, DELIVERY_PUSH);
	assert_string_equal(d.branch, "area/one");
	assert_string_equal(d.id, "a1-2");
}

static void what_is_no_push_of_a_branch_is_nothing(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"{\"ref\": \"refs/tags/v1\", \"after\": \"12\"}", "{\"ref\": \"refs/heads/x\", \"after\": \"000\"}",
		"{\"ref\": \"refs/heads/x\"}", "{\"ref\": 5, \"after\": \"12\"}", "{}",
		"{\"ref\": \"refs/heads/\", \"after\": \"12\"}", "{\"ref\": \"refs/heads/-x\", \"after\": \"12\"}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_int_equal(read_body("X-GitHub-Event: push", bodies[i]).kind, DELIVERY_OTHER);
	assert_int_equal(read_body("X-GitHub-Event: issues", "not even JSON").kind, DELIVERY_OTHER);
}

static void what_cannot_be_told_counts_as_a_fork(void **state)
{
	(void)state;
	struct delivery d = read_body("X-GitHub-Event: pull_request",
				      "{\"action\": \"opened\", \"number\": 7, \"pull_request\": {\"head\": {\"repo\": null},"
				      "\"base\": {\"repo\": null}}}");
	assert_int_equal(d.kind, DELIVERY_PULL);
	assert_int_equal(d.pull, 7);
	assert_true(d.from_fork);
	d = read_body("X-Gitlab-Event: Merge Request Hook", "{\"object_attributes\": {\"action\": \"open\", \"iid\": 3}}");
	assert_int_equal(d.pull, 3);
	assert_true(d.from_fork && d.gitlab);
}

static void a_pull_request_that_was_opened_names_its_branch(void **state)
{
	(void)state;
	struct delivery d = read_body("X-GitHub-Event: pull_request",
				      "{\"action\": \"opened\", \"number\": 7, \"pull_request\": {\"head\": {\"ref\": \"area\","
				      "\"repo\": {\"full_name\": \"a/b\"}}, \"base\": {\"repo\": {\"full_name\": \"a/b\"}}}}");
	assert_string_equal(d.branch, "area");
	assert_false(d.from_fork);
	d = read_body("X-GitHub-Event: pull_request",
		      "{\"action\": \"synchronize\", \"number\": 7, \"pull_request\": {\"head\": {\"ref\": \"area\"}}}");
	assert_string_equal(d.branch, "");
	d = read_body("X-Gitlab-Event: Merge Request Hook",
		      "{\"object_attributes\": {\"action\": \"open\", \"iid\": 3, \"source_branch\": \"--x\"}}");
	assert_string_equal(d.branch, "");
}

static void branches_are_what_git_calls_branches(void **state)
{
	(void)state;
	static const char *const good[] = { "main", "a/b", "\xc3\xa9t\xc3\xa9", "x-y_z.1", "$(x)" };
	static const char *const bad[] = { "", "-x", "/x", "x/", "a//b", "a..b", ".x", "a/.b", "x.", "x.lock", "a.lock/b",
					   "a b", "a\tb", "a\nb", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a@{b",
					   "\xff", "a\x7f" };
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(delivery_is_branch(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(delivery_is_branch(bad[i]));
}

static void editors_and_our_reports_are_noise(void **state)
{
	(void)state;
	static const char *const noise[] = { "4913", ".main.tex.swp", "main.tex~", ".#main.tex", "#main.tex#", "scrutiny.md",
					     "scrutiny.json", "meta.yaml", ".scrutiny-0123456789abcdef.tmp", ".x" };
	static const char *const news[] = { "main.tex", "4914", "#", "##x", "refs.bib", ".ignore", ".gitignore",
					    ".scrutiny.yml", "scrutiny.tex" };
	for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
		assert_true(noise_is_name(noise[i], false));
	for (size_t i = 0; i < ARRAY_SIZE(news); i++)
		assert_false(noise_is_name(news[i], false));
	assert_true(noise_is_name(".git", true));
	assert_false(noise_is_name(".scrutiny", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(a_head_that_is_not_whole_yet_is_waited_for),
		cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
		cmocka_unit_test(a_large_head_is_refused_before_it_ends),
		cmocka_unit_test(many_headers_are_refused),
		cmocka_unit_test(a_header_that_is_there_twice_counts_as_none),
		cmocka_unit_test(a_signature_is_of_these_bytes_and_this_secret),
		cmocka_unit_test(a_wrong_signature_is_not_made_good_by_a_token),
		cmocka_unit_test(a_short_secret_believes_nobody),
		cmocka_unit_test(a_push_names_its_branch),
		cmocka_unit_test(what_is_no_push_of_a_branch_is_nothing),
		cmocka_unit_test(what_cannot_be_told_counts_as_a_fork),
		cmocka_unit_test(a_pull_request_that_was_opened_names_its_branch),
		cmocka_unit_test(branches_are_what_git_calls_branches),
		cmocka_unit_test(editors_and_our_reports_are_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
