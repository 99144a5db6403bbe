/*
 * AWS signatures. The cases written here always run; $TEST_SIGV4 names a folder with AWS's own suite, a
 * folder a case: request.txt and context.json in, the steps of both variants out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/sigv4.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MAX_HEADERS 16

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

/* -- by hand -------------------------------------------------------------------------------------- */

/* The keys and dates of the examples in AWS's documentation. */
static const struct sigv4_keys example_keys = {
	"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL,
};
#define MAY_24_2013 1369353600
#define AUG_30_2015 1440938160

static struct sigv4_request get(const char *service, const char *url)
{
	return (struct sigv4_request){
		.method = "GET", .url = url, .body = { "", 0 }, .region = "us-east-1", .service = service,
		.date = strcmp(service, "s3") ? AUG_30_2015 : MAY_24_2013,
	};
}

static void sign(struct sigv4_result *r, const struct sigv4_request *request)
{
	assert_ok(sigv4_sign(r, &example_keys, request));
}

/* Line number N (from 0) of the canonical request. */
static void assert_line(const struct sigv4_result *r, int n, const char *expected)
{
	const char *p = r->canonical_request.data;
	while (n--) {
		p = strchr(p, '\n');
		assert_non_null(p);
		p++;
	}
	char *line = xmemdupz(p, strcspn(p, "\n"));
	assert_string_equal(line, expected);
	free(line);
}

static void check_path(const char *service, const char *url, const char *expected)
{
	struct sigv4_result r;
	struct sigv4_request request = get(service, url);
	sign(&r, &request);
	assert_line(&r, 1, expected);
	sigv4_result_release(&r);
}

static void check_query(const char *url, const char *expected)
{
	struct sigv4_result r;
	struct sigv4_request request = get("s3", url);
	sign(&r, &request);
	assert_line(&r, 2, expected);
	sigv4_result_release(&r);
}

static void test_s3_object_with_a_range_is_signed_as_documented(void **state)
{
	(void)state;
	const char *const headers[] = { "Range: bytes=0-9", NULL };
	struct sigv4_request request = get("s3", "https://examplebucket.s3.amazonaws.com/test.txt");
	struct sigv4_result r;
	request.headers = headers;
	sign(&r, &request);
	assert_string_equal(r.signature, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	assert_string_equal(
		r.headers.data,
		"X-Amz-Date: 20130524T000000Z\n"
		"X-Amz-Content-Sha256: " EMPTY_HASH "\n"
		"Host: examplebucket.s3.amazonaws.com\n"
		"Authorization: AWS4-HMAC-SHA256 "
		"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
		"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
		"Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\n");
	sigv4_result_release(&r);
}

static void test_s3_put_signs_the_body_and_an_encoded_key(void **state)
{
	(void)state;
	const char *const headers[] = { "Date: Fri, 24 May 2013 00:00:00 GMT",
					"x-amz-storage-class: REDUCED_REDUNDANCY", NULL };
	struct sigv4_request request = get("s3", "https://examplebucket.s3.amazonaws.com/test%24file.text");
	struct sigv4_result r;
	request.method = "PUT";
	request.headers = headers;
	request.body = (struct slice){ "Welcome to Amazon S3.", 21 };
	sign(&r, &request);
	assert_string_equal(r.signature, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	sigv4_result_release(&r);
}

static void test_parameter_without_a_value_gets_an_equals_sign(void **state)
{
	(void)state;
	struct sigv4_request request = get("s3", "https://examplebucket.s3.amazonaws.com?lifecycle");
	struct sigv4_result r;
	sign(&r, &request);
	assert_line(&r, 1, "/");
	assert_line(&r, 2, "lifecycle=");
	assert_string_equal(r.signature, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	sigv4_result_release(&r);
	check_query("https://b.s3.amazonaws.com/?uploads", "uploads=");
	check_query("https://b.s3.amazonaws.com/?uploads=&x", "uploads=&x=");
}

static void test_presigned_url_is_the_documented_one(void **state)
{
	(void)state;
	struct sigv4_request request = get("s3", "https://examplebucket.s3.amazonaws.com/test.txt");
	struct sigv4_result r;
	request.place = SIGV4_QUERY;
	request.expires = 86400;
	sign(&r, &request);
	assert_string_equal(
		r.url.data,
		"https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
		"&X-Amz-Date=20130524T000000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=86400"
		"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
	assert_string_equal(r.headers.data, "");
	sigv4_result_release(&r);
}

static void test_presigned_query_joins_what_is_there(void **state)
{
	(void)state;
	static const char *const urls[] = { "https://h.example/?a=1", "https://h.example/?",
					    "https://h.example/" };
	static const char *const begins[] = { "https://h.example/?a=1&X-Amz-Algorithm=",
					      "https://h.example/?X-Amz-Algorithm=",
					      "https://h.example/?X-Amz-Algorithm=" };
	for (size_t i = 0; i < 3; i++) {
		struct sigv4_request request = get("s3", urls[i]);
		struct sigv4_result r;
		request.place = SIGV4_QUERY;
		sign(&r, &request);
		assert_true(starts_with(r.url.data, begins[i]));
		sigv4_result_release(&r);
	}
}

static void test_query_is_sorted_by_encoded_names_then_values(void **state)
{
	(void)state;
	check_query("https://h.example/?b=2&a=2&a=1", "a=1&a=2&b=2");
	check_query("https://h.example/?a-b=1&a=1&A=1", "A=1&a=1&a-b=1");
	check_query("https://h.example/?prefix=a/b&delimiter=%2F&list-type=2",
		    "delimiter=%2F&list-type=2&prefix=a%2Fb");
	check_query("https://h.example/?\xe1\x88\xb4=1&z=~%7e%41", "%E1%88%B4=1&z=~~A");
	check_query("https://h.example/?a=1&&=&b=x=y#part", "=&a=1&b=x%3Dy");
	check_query("https://h.example/?a=%zz%4", "a=%25zz%254");
}

static void test_paths_are_encoded_twice_except_for_s3(void **state)
{
	(void)state;
	check_path("bedrock", "https://h.example/model/us.amazon.nova-pro-v1%3A0/converse",
		   "/model/us.amazon.nova-pro-v1%253A0/converse");
	check_path("bedrock", "https://h.example/model/us.amazon.nova-pro-v1:0/converse",
		   "/model/us.amazon.nova-pro-v1%3A0/converse");
	check_path("bedrock",
		   "https://h.example/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprovisioned-model%2Fx/"
		   "converse",
		   "/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A1%253Aprovisioned-model%252Fx/converse");
	check_path("s3", "https://h.example/a%20b%2Bc+d/%E1%88%B4", "/a%20b%2Bc%2Bd/%E1%88%B4");
}

static void test_paths_are_normalised_except_for_s3(void **state)
{
	(void)state;
	check_path("sqs", "https://h.example/a/./b//../c/", "/a/c/");
	check_path("sqs", "https://h.example/../..", "/");
	check_path("sqs", "https://h.example/a/b/..", "/a/");
	check_path("sqs", "https://h.example", "/");
	check_path("s3", "https://h.example/a/../b//c/.", "/a/../b//c/.");
}

static void test_host_has_the_port_that_is_sent(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "https://h.example:443/", "host:h.example" },
		{ "https://h.example:80/", "host:h.example:80" },
		{ "http://h.example:80", "host:h.example" },
		{ "http://127.0.0.1:5000/?a:80", "host:127.0.0.1:5000" },
		{ "http://[::1]:5000/", "host:[::1]:5000" },
		{ "https://user:secret@h.example/", "host:h.example" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sigv4_request request = get("sqs", cases[i][0]);
		struct sigv4_result r;
		sign(&r, &request);
		assert_line(&r, 3, cases[i][1]);
		sigv4_result_release(&r);
	}
}

static void test_headers_are_joined_folded_and_trimmed(void **state)
{
	(void)state;
	const char *const headers[] = { "HOST: other.example", "b:  2 \t 2  ", "B:1", "A: x\r\n  y", NULL };
	struct sigv4_request request = get("sqs", "https://h.example/");
	struct sigv4_result r;
	request.headers = headers;
	sign(&r, &request);
	assert_line(&r, 3, "a:x y");
	assert_line(&r, 4, "b:2 2,1");
	assert_line(&r, 5, "host:other.example");
	assert_null(strstr(r.headers.data, "Host:"));
	sigv4_result_release(&r);
}

static void test_headers_that_are_changed_or_not_sent_are_not_signed(void **state)
{
	(void)state;
	const char *const headers[] = { "Expect:", "Accept: ", "User-Agent: x", "expect: 100-continue",
					"Connection: close", "Authorization: Bearer x", NULL };
	struct sigv4_request request = get("sqs", "https://h.example/");
	struct sigv4_result r;
	request.headers = headers;
	sign(&r, &request);
	assert_line(&r, 6, "host;x-amz-date");
	sigv4_result_release(&r);
}

static void test_session_token_is_signed_unless_told_otherwise(void **state)
{
	(void)state;
	struct sigv4_keys keys = example_keys;
	struct sigv4_request request = get("sqs", "https://h.example/");
	struct sigv4_result r;
	keys.session_token = "token/of+the==";
	assert_ok(sigv4_sign(&r, &keys, &request));
	assert_line(&r, 5, "x-amz-security-token:token/of+the==");
	assert_non_null(strstr(r.headers.data, "\nX-Amz-Security-Token: token/of+the==\n"));
	sigv4_result_release(&r);
	request.token_unsigned = true;
	assert_ok(sigv4_sign(&r, &keys, &request));
	assert_null(strstr(r.canonical_request.data, "token"));
	assert_non_null(strstr(r.headers.data, "\nX-Amz-Security-Token: token/of+the==\n"));
	sigv4_result_release(&r);
	request.place = SIGV4_QUERY;
	assert_ok(sigv4_sign(&r, &keys, &request));
	assert_null(strstr(r.canonical_request.data, "Token"));
	assert_non_null(strstr(r.url.data, "&X-Amz-Security-Token=token%2Fof%2Bthe%3D%3D&X-Amz-Signature="));
	sigv4_result_release(&r);
}

static void test_payload_can_stay_unsigned(void **state)
{
	(void)state;
	struct sigv4_request request = get("s3", "https://h.example/");
	struct sigv4_result r;
	request.payload_hash = "UNSIGNED-PAYLOAD";
	request.body = (struct slice){ "body", 4 };
	sign(&r, &request);
	assert_line(&r, 4, "x-amz-content-sha256:UNSIGNED-PAYLOAD");
	assert_true(ends_with(r.canonical_request.data, "\nUNSIGNED-PAYLOAD"));
	sigv4_result_release(&r);
}

static void check_refused(const char *url, const char *header, const char *key)
{
	const char *const headers[] = { header, NULL };
	struct sigv4_keys keys = example_keys;
	struct sigv4_request request = get("sqs", url);
	struct sigv4_result r;
	request.headers = headers;
	keys.access_key = key;
	struct error *err = sigv4_sign(&r, &keys, &request);
	assert_true(error_is(err, ERROR_USAGE));
	error_free(err);
	sigv4_result_release(&r);
}

static void test_what_cannot_be_sent_is_refused(void **state)
{
	(void)state;
	check_refused("ftp://h.example/", NULL, "AKID");
	check_refused("https://", NULL, "AKID");
	check_refused("https:///path", NULL, "AKID");
	check_refused("https://:443/", NULL, "AKID");
	check_refused("https://h.example/\r\nX: y", NULL, "AKID");
	check_refused("https://h.example/", "A: b\r\nInjected: c", "AKID");
	check_refused("https://h.example/", "no name", "AKID");
	check_refused("https://h.example/", NULL, "AKID\r\nInjected: c");
}

/* -- the suite ------------------------------------------------------------------------------------ */

struct suite_case {
	const char *folder;
	char *request_text, *method, *url, *headers[MAX_HEADERS + 1];
	cJSON *context;
	struct sigv4_keys keys;
	struct sigv4_request request;
};

static char *read_part(const char *folder, const char *name)
{
	struct buffer text = BUFFER_INIT;
	char *path = xstrfmt("%s/%s", folder, name);
	assert_ok(file_read(path, &text));
	free(path);
	return buffer_detach(&text, NULL);
}

/* Headers up to the empty line; a line that begins with a space continues the one before. */
static const char *read_header_lines(struct suite_case *c, const char *p)
{
	size_t nr = 0;
	while (*p && *p != '\n') {
		const char *end = p + strcspn(p, "\n");
		while (end[0] == '\n' && end[1] == ' ')
			end += 1 + strcspn(end + 1, "\n");
		assert_true(nr < MAX_HEADERS);
		c->headers[nr++] = xmemdupz(p, (size_t)(end - p));
		p = *end ? end + 1 : end;
	}
	return *p ? p + 1 : p;
}

static void read_request(struct suite_case *c)
{
	const char *text = c->request_text;
	const char *space = strchr(text, ' '), *end = strstr(text, " HTTP/1.1\n");
	assert_non_null(space);
	assert_non_null(end);
	char *path = xmemdupz(space + 1, (size_t)(end - space - 1));
	c->method = xmemdupz(text, (size_t)(space - text));
	c->url = xstrfmt("https://example.amazonaws.com%s", path);
	free(path);
	const char *body = read_header_lines(c, end + strlen(" HTTP/1.1\n"));
	c->request.body = (struct slice){ body, strlen(body) };
}

static int64_t read_date(const char *text)
{
	struct tm tm = { 0 };
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
	return (int64_t)timegm(&tm);
}

static void case_open(struct suite_case *c, const char *folder)
{
	*c = (struct suite_case){ .folder = folder };
	char *context = read_part(folder, "context.json");
	assert_ok(json_parse(&c->context, (struct slice){ context, strlen(context) }, folder));
	free(context);
	c->request_text = read_part(folder, "request.txt");
	read_request(c);
	const cJSON *keys = cJSON_GetObjectItem(c->context, "credentials");
	c->keys = (struct sigv4_keys){
		json_string_or(keys, "access_key_id", NULL),
		json_string_or(keys, "secret_access_key", NULL),
		json_string_or(keys, "token", NULL),
	};
	c->request.method = c->method;
	c->request.url = c->url;
	c->request.headers = (const char *const *)c->headers;
	c->request.region = json_string_or(c->context, "region", NULL);
	c->request.service = json_string_or(c->context, "service", NULL);
	c->request.date = read_date(json_string_or(c->context, "timestamp", ""));
	c->request.expires = (long)json_integer_or(c->context, "expiration_in_seconds", 0);
	c->request.keep_path = !json_bool_or(c->context, "normalize", true);
	c->request.content_sha256 = json_bool_or(c->context, "sign_body", false);
	c->request.token_unsigned = json_bool_or(c->context, "omit_session_token", false);
}

static void case_close(struct suite_case *c)
{
	for (size_t i = 0; c->headers[i]; i++)
		free(c->headers[i]);
	free(c->request_text);
	free(c->method);
	free(c->url);
	cJSON_Delete(c->context);
}

static void check_step(const struct suite_case *c, const char *variant, const char *step, const char *got)
{
	char *name = xstrfmt("%s-%s.txt", variant, step);
	char *expected = read_part(c->folder, name);
	if (strcmp(expected, got))
		fail_msg("%s/%s\nexpected:\n%s\ngot:\n%s", c->folder, name, expected, got);
	free(expected);
	free(name);
}

static void check_variant(struct suite_case *c, enum sigv4_place place, const char *variant)
{
	struct sigv4_result r;
	c->request.place = place;
	assert_ok(sigv4_sign(&r, &c->keys, &c->request));
	check_step(c, variant, "canonical-request", r.canonical_request.data);
	check_step(c, variant, "string-to-sign", r.string_to_sign.data);
	check_step(c, variant, "signature", r.signature);
	sigv4_result_release(&r);
}

static int has_context(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type == DT_DIR;
}

static void test_suite_of_aws(void **state)
{
	(void)state;
	const char *folder = getenv("TEST_SIGV4");
	struct dirent **entries = NULL;
	if (!folder) {
		print_message("TEST_SIGV4 does not name the folder of AWS's test suite: skipped\n");
		skip();
	}
	int nr = scandir(folder, &entries, has_context, alphasort);
	assert_true(nr >= 38);
	for (int i = 0; i < nr; i++) {
		struct suite_case c;
		char *path = xstrfmt("%s/%s", folder, entries[i]->d_name);
		case_open(&c, path);
		check_variant(&c, SIGV4_HEADERS, "header");
		check_variant(&c, SIGV4_QUERY, "query");
		case_close(&c);
		free(path);
		free(entries[i]);
	}
	free(entries);
	print_message("%d cases, both variants\n", nr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s3_object_with_a_range_is_signed_as_documented),
		cmocka_unit_test(test_s3_put_signs_the_body_and_an_encoded_key),
		cmocka_unit_test(test_parameter_without_a_value_gets_an_equals_sign),
		cmocka_unit_test(test_presigned_url_is_the_documented_one),
		cmocka_unit_test(test_presigned_query_joins_what_is_there),
		cmocka_unit_test(test_query_is_sorted_by_encoded_names_then_values),
		cmocka_unit_test(test_paths_are_encoded_twice_except_for_s3),
		cmocka_unit_test(test_paths_are_normalised_except_for_s3),
		cmocka_unit_test(test_host_has_the_port_that_is_sent),
		cmocka_unit_test(test_headers_are_joined_folded_and_trimmed),
		cmocka_unit_test(test_headers_that_are_changed_or_not_sent_are_not_signed),
		cmocka_unit_test(test_session_token_is_signed_unless_told_otherwise),
		cmocka_unit_test(test_payload_can_stay_unsigned),
		cmocka_unit_test(test_what_cannot_be_sent_is_refused),
		cmocka_unit_test(test_suite_of_aws),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
