/* The registry client against servers that say what real ones do, down to the byte. */
#include "registry_testing.h"

/* -- manifests ---------------------------------------------------------------------------------------- */

static void test_a_manifest_is_read_with_its_type_and_digest(void **state)
{
	(void)state;
	struct scripted script[] = { { .needle = "GET /v2/team/app/manifests/v1 ",
				       .bytes = "HTTP/1.1 200 OK\r\nContent-Type: " MEDIA_OCI_MANIFEST
						"; charset=utf-8\r\nDocker-Content-Digest: " HELLO_DIGEST
						"\r\nContent-Length: 5\r\n\r\nhello" } };
	struct world w;
	struct buffer out = BUFFER_INIT;
	struct digest digest;
	char *type;
	WORLD(w, script);
	assert_null(registry_get_manifest(w.registries, &w.ref, &out, &type, &digest));
	assert_string_equal(out.data, "hello");
	assert_string_equal(type, MEDIA_OCI_MANIFEST);
	assert_string_equal(digest.text, HELLO_DIGEST);
	assert_non_null(strstr(w.server->last_request, MEDIA_DOCKER_INDEX));
	free(type);
	buffer_release(&out);
	world_close(&w);
}

static void test_a_manifest_that_is_another_is_refused(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "/manifests/v1 ",
		  .bytes = "HTTP/1.1 200 OK\r\nDocker-Content-Digest: " OTHER_DIGEST
			   "\r\nContent-Length: 5\r\n\r\nhello" },
		{ .needle = "/manifests/sha256:",
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	};
	struct world w;
	WORLD(w, script);
	assert_error(get(&w, NULL), ERROR_NETWORK, "sent a manifest as " OTHER_DIGEST);
	assert_true(digest_parse(slice_of_string(OTHER_DIGEST), &w.ref.digest));
	assert_error(get(&w, NULL), ERROR_NETWORK, "answered for " OTHER_DIGEST);
	world_close(&w);
}

static void test_a_registry_that_does_not_tell_a_digest_is_asked_for_the_bytes(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .bytes = OK_EMPTY },
		{ .needle = "GET ", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	};
	struct world w;
	struct digest digest;
	WORLD(w, script);
	assert_null(registry_find_manifest(w.registries, &w.ref, &digest));
	assert_string_equal(digest.text, HELLO_DIGEST);
	world_close(&w);
}

static void test_an_endless_manifest_is_bounded(void **state)
{
	(void)state;
	struct scripted script[] = { { .act = ACT_ENDLESS, .bytes = "HTTP/1.1 200 OK\r\n\r\n" } };
	struct world w;
	WORLD(w, script);
	assert_error(get(&w, NULL), ERROR_LIMIT, "larger than");
	world_close(&w);
}

/* -- logins ------------------------------------------------------------------------------------------- */

static void test_a_login_is_asked_for_once_and_only_when_it_is_wanted(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = ANN_1, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ .bytes = WANTS_BASIC },
	};
	struct world w;
	WORLD(w, script);
	for (int i = 0; i < 3; i++)
		assert_null(get(&w, NULL));
	assert_int_equal(w.logins, 1);
	assert_int_equal(w.server->requests, 4);
	world_close(&w);
}

static void test_nobody_logs_in_where_nobody_asks(void **state)
{
	(void)state;
	struct scripted script[] = { { .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" } };
	struct world w;
	WORLD(w, script);
	assert_null(get(&w, NULL));
	assert_int_equal(w.logins, 0);
	assert_null(strstr(w.server->last_request, "Authorization"));
	world_close(&w);
}

static void test_a_login_that_has_ended_is_renewed_in_the_middle(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = ANN_1, .times = 1, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ .needle = ANN_2, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ .bytes = WANTS_BASIC },
	};
	struct world w;
	WORLD(w, script);
	assert_null(get(&w, NULL));
	assert_null(get(&w, NULL));
	assert_int_equal(w.logins, 2);
	assert_int_equal(w.fresh, 1);
	world_close(&w);
}

static void test_a_login_that_is_never_accepted_ends_with_what_to_do(void **state)
{
	(void)state;
	struct scripted script[] = { { .bytes = WANTS_BASIC } };
	struct world w;
	WORLD(w, script);
	struct error *err = get(&w, NULL);
	assert_non_null(err);
	assert_non_null(err->hint);
	assert_non_null(strstr(err->hint, "docker login 127.0.0.1:"));
	assert_error(err, ERROR_GENERIC, "does not accept the login");
	assert_true(w.server->requests <= 5);
	w.nobody = true;
	world_close(&w);
	WORLD(w, script);
	w.nobody = true;
	assert_error(get(&w, NULL), ERROR_GENERIC, "wants a login, and there is none");
	world_close(&w);
}

/* The registry's answer names its own server as the realm. */
struct bearer {
	char challenge[512];
	struct scripted script[8];
};

#define TOKEN(text) "HTTP/1.1 200 OK\r\nContent-Length: " #text

static void bearer_name_realm(struct bearer *b, const struct world *w, const char *realm)
{
	snprintf(b->challenge, sizeof(b->challenge),
		 "HTTP/1.1 401 no\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Bearer "
		 "realm=\"%s%s\",service=\"the service\",scope=\"x\"\r\nContent-Length: 0\r\n\r\n",
		 *realm == '/' ? w->server->url : "", realm);
}

static void test_a_token_is_fetched_once_for_its_scope_and_again_when_it_ends(void **state)
{
	(void)state;
	struct world w;
	struct bearer b = { .script = {
				    { .needle = "GET "
						"/token?client_id=git-deploy&service=the%20service&scope="
						"repository:team/app:pull ",
				      .times = 1,
				      .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"token\": "
					       "\"old\"} " },
				    { .needle = "GET /token?",
				      .bytes = "HTTP/1.1 200 OK\r\nContent-Length: "
					       "24\r\n\r\n{\"access_token\": \"new\"} " },
				    { .needle = "Bearer old",
				      .times = 2,
				      .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
				    { .needle = "Bearer new",
				      .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
				    { .bytes = b.challenge },
			    } };
	world_open(&w, b.script, 5);
	bearer_name_realm(&b, &w, "/token");
	for (int i = 0; i < 4; i++)
		assert_null(get(&w, NULL));
	assert_int_equal(b.script[0].used, 1);
	assert_int_equal(b.script[1].used, 1);
	assert_int_equal(w.logins, 1);
	world_close(&w);
}

static void test_a_server_may_ask_otherwise_for_another_repository(void **state)
{
	(void)state;
	struct world w;
	struct bearer
		b = { .script = {
			      { .needle = "GET /token?",
				.bytes =
					"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"token\": \"new\"}" },
			      { .needle = "Bearer new",
				.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
			      { .needle = ANN_1,
				.times = 1,
				.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
			      { .times = 1, .bytes = WANTS_BASIC },
			      { .bytes = b.challenge },
		      } };
	struct manifest_request requests[4];
	world_open(&w, b.script, 5);
	bearer_name_realm(&b, &w, "/token");
	assert_null(get(&w, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		requests[i].ref = &w.ref;
	assert_null(registry_get_manifests(w.registries, requests, ARRAY_SIZE(requests)));
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		assert_true(requests[i].found);
		buffer_release(&requests[i].bytes);
	}
	assert_int_equal(w.logins, 1);
	world_close(&w);
}

static void test_an_identity_token_is_exchanged(void **state)
{
	(void)state;
	struct world w;
	struct bearer b = { .script = {
		{ .needle = "grant_type=refresh_token&client_id=git-deploy&service=the%20service&"
			    "scope=repository%3Ateam%2Fapp%3Apull&refresh_token=1",
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"access_token\": \"new\"}" },
		{ .needle = "Bearer new", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ .bytes = b.challenge },
	} };
	world_open(&w, b.script, 3);
	bearer_name_realm(&b, &w, "/token");
	w.user = DOCKER_IDENTITY_USER;
	assert_null(get(&w, NULL));
	assert_int_equal(b.script[0].used, 1);
	world_close(&w);
}

static void test_no_password_goes_to_a_realm_in_the_clear_or_to_a_cloud(void **state)
{
	(void)state;
	static const char *const realms[] = { "http://auth.example/token", "http://169.254.169.254/token",
					      "https://169.254.169.254/token", "ftp://127.0.0.1/" };
	for (size_t i = 0; i < ARRAY_SIZE(realms); i++) {
		struct world w;
		struct bearer b = { .script = { { .bytes = b.challenge } } };
		world_open(&w, b.script, 1);
		bearer_name_realm(&b, &w, realms[i]);
		struct error *err = get(&w, NULL);
		assert_non_null(err);
		assert_non_null(strstr(err->message, "wants us to log in at"));
		assert_int_equal(w.logins, 0);
		assert_int_equal(w.server->requests, 1);
		error_free(err);
		world_close(&w);
	}
}

static void test_challenges_are_read_as_servers_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		enum challenge_scheme scheme;
		const char *realm, *service;
	} cases[] = {
		{ "Bearer realm=\"https://a/t\",service=\"s\"", CHALLENGE_BEARER, "https://a/t", "s" },
		{ "bearer Realm=https://a/t , SERVICE = \"two words\"", CHALLENGE_BEARER, "https://a/t",
		  "two words" },
		{ "Basic realm=\"x, Bearer realm=y\"", CHALLENGE_BASIC, NULL, NULL },
		{ "Negotiate, Basic realm=x, Bearer realm=\"https://a\"", CHALLENGE_BEARER, "https://a",
		  NULL },
		{ "Bearer service=\"s\"", CHALLENGE_NONE, NULL, NULL },
		{ "Bearer realm=\"https://a/\nX-Evil: 1\"", CHALLENGE_NONE, NULL, NULL },
		{ "Digest realm=\"x\"", CHALLENGE_NONE, NULL, NULL },
		{ "", CHALLENGE_NONE, NULL, NULL },
		{ "Bearer realm=\"unfinished", CHALLENGE_BEARER, "unfinished", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct challenge c = { .scheme = CHALLENGE_NONE };
		challenge_parse(&c, slice_of_string(cases[i].header));
		assert_int_equal(c.scheme, cases[i].scheme);
		assert_string_equal(c.realm ? c.realm : "", cases[i].realm ? cases[i].realm : "");
		assert_string_equal(c.service ? c.service : "", cases[i].service ? cases[i].service : "");
		challenge_release(&c);
	}
}

/* -- where servers send us ---------------------------------------------------------------------------- */

static void test_nobody_is_led_from_https_to_http_or_inwards(void **state)
{
	(void)state;
	static const struct {
		const char *origin, *location;
		const char *url; /* NULL: refused */
		bool foreign;
	} cases[] = {
		{ "https://r.io", "/v2/x?a=b", "https://r.io/v2/x?a=b", false },
		{ "https://r.io", "y", "https://r.io/from/y", false },
		{ "https://r.io", "https://r.io:443/z#part", "https://r.io:443/z", false },
		{ "https://r.io", "https://r.io:444/z", "https://r.io:444/z", true },
		{ "https://r.io", "https://s3.example/z?sig=1%2F2", "https://s3.example/z?sig=1%2F2", true },
		{ "https://r.io", "https://user:word@r.io/z", "https://r.io/z", false },
		{ "https://r.io", "//other.io/z", "https://other.io/z", true },
		{ "https://r.io", "http://r.io/z", NULL, false },
		{ "https://r.io", "https://127.0.0.1/z", NULL, false },
		{ "https://r.io", "https://localhost:5000/z", NULL, false },
		{ "https://r.io", "https://169.254.169.254/latest/meta-data", NULL, false },
		{ "http://127.0.0.1:5000", "http://169.254.169.254/latest", NULL, false },
		{ "http://127.0.0.1:5000", "http://127.0.0.1:5001/z", "http://127.0.0.1:5001/z", true },
		{ "https://r.io", "file:///etc/passwd", NULL, false },
		{ "https://r.io", "", NULL, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct server s = { .name = (char *)"r", .origin = (char *)cases[i].origin };
		char *from = xstrfmt("%s/from/x", cases[i].origin), *url = NULL;
		bool foreign = false;
		struct error *err =
			url_follow(&s, from, slice_of_string(cases[i].location), "redirect", &url, &foreign);
		assert_int_equal(err == NULL, cases[i].url != NULL);
		assert_string_equal(url ? url : "", cases[i].url ? cases[i].url : "");
		assert_int_equal(foreign, cases[i].foreign);
		error_free(err);
		free(from);
		free(url);
	}
}

static void test_storage_elsewhere_is_not_told_who_we_are(void **state)
{
	(void)state;
	char redirect[256];
	struct scripted storage_script[] = {
		{ .needle = "Authorization", .bytes = "HTTP/1.1 400 no\r\nContent-Length: 0\r\n\r\n" },
		{ .needle = "GET /stored?sig=x ",
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	};
	struct scripted script[] = { { .needle = ANN_1, .bytes = redirect }, { .bytes = WANTS_BASIC } };
	struct world w;
	struct scripted_server *storage = server_start(storage_script, ARRAY_SIZE(storage_script));
	snprintf(redirect, sizeof(redirect),
		 "HTTP/1.1 307 there\r\nLocation: %s/stored?sig=x\r\nContent-Length: 0\r\n\r\n",
		 storage->url);
	WORLD(w, script);
	struct digest digest;
	struct buffer out = BUFFER_INIT_MAX(100);
	assert_true(digest_parse(slice_of_string(HELLO_DIGEST), &digest));
	assert_null(registry_get_blob(w.registries, &w.ref, &digest, &out));
	assert_string_equal(out.data, "hello");
	assert_int_equal(storage_script[0].used, 0);
	buffer_release(&out);
	world_close(&w);
	server_stop(storage);
}

static void test_redirects_in_a_circle_end(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .bytes = "HTTP/1.1 302 x\r\nLocation: again\r\nContent-Length: 0\r\n\r\n" }
	};
	struct world w;
	WORLD(w, script);
	assert_error(get(&w, NULL), ERROR_NETWORK, "redirects more than 5 times");
	assert_int_equal(w.server->requests, 6);
	world_close(&w);
}

static void test_a_registry_at_a_clouds_own_address_is_refused(void **state)
{
	(void)state;
	struct registries *r;
	struct registry_settings settings = { 0 };
	struct reference ref = { .registry = (char *)"169.254.169.254", .repository = (char *)"x" };
	struct buffer out = BUFFER_INIT;
	assert_null(registries_new(&r, &settings));
	assert_error(registry_get_manifest(r, &ref, &out, NULL, NULL), ERROR_USAGE, "not a registry");
	registries_free(r);
}

/* -- trouble ------------------------------------------------------------------------------------------ */

static void test_trouble_that_passes_is_waited_out(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .times = 1, .bytes = "HTTP/1.1 503 busy\r\nContent-Length: 0\r\n\r\n" },
		{ .times = 1, .bytes = "HTTP/1.1 429 slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n" },
		{ .times = 1, .act = ACT_RESET, .bytes = "" },
		{ .times = 1,
		  .act = ACT_CLOSE,
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf" },
		{ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	};
	struct world w;
	char *text;
	WORLD(w, script);
	assert_null(get(&w, &text));
	assert_string_equal(text, "hello");
	free(text);
	world_close(&w);
}

static void test_a_server_that_never_answers_is_asked_twice(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, "");
	struct registry_settings settings = { .http = { .idle_timeout_ms = 50 }, .retry_first_ms = 1 };
	struct reference ref = { .registry = server->url + strlen("http://"), .repository = (char *)"app" };
	struct registries *r;
	struct digest digest;
	assert_null(registries_new(&r, &settings));
	assert_error(registry_find_manifest(r, &ref, &digest), ERROR_TIMEOUT, "sent nothing for");
	assert_int_equal(server->requests, 2);
	registries_free(r);
	server_stop(server);
}

static void test_refusals_are_said_in_words_with_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *status, *body;
		enum error_code code;
		const char *message, *hint;
	} cases[] = {
		{ "404 no",
		  "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"The repository does not exist.\"}]}",
		  ERROR_NOT_FOUND,
		  "the repository does not exist (404 NAME_UNKNOWN): The repository does not exist",
		  "is the name right?" },
		{ "404 no", "", ERROR_NOT_FOUND, "it is not there (404)", NULL },
		{ "403 no", "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not yours\"}]}", ERROR_GENERIC,
		  "permission denied (403 DENIED): not yours", "right to push" },
		{ "405 no",
		  "{\"errors\":[{\"code\":\"UNSUPPORTED\",\"message\":\"The operation is unsupported.\"}]}",
		  ERROR_UNSUPPORTED, "the registry is read-only (405 UNSUPPORTED)", "mirror" },
		{ "507 full", "", ERROR_IO, "the registry is full (507)", "remove images" },
		{ "413 large", "<html>nginx</html>", ERROR_LIMIT, "too large for the registry or a proxy",
		  NULL },
		{ "429 slow\r\nRetry-After: 4000", "", ERROR_NETWORK, "too many requests (429)", "wait" },
		{ "400 bad", "{\"errors\":[{\"code\":\"NAME_INVALID\",\"message\":\"\\u001b[31mred\"}]}",
		  ERROR_NETWORK, "the registry refused (400 NAME_INVALID)", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char answer[512];
		struct scripted script[] = { { .bytes = answer } };
		struct world w;
		snprintf(answer, sizeof(answer), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
			 cases[i].status, strlen(cases[i].body), cases[i].body);
		WORLD(w, script);
		struct error *err = get(&w, NULL);
		assert_non_null(err);
		assert_int_equal(err->hint != NULL, cases[i].hint != NULL);
		if (cases[i].hint)
			assert_non_null(strstr(err->hint, cases[i].hint));
		assert_int_equal(w.server->requests, 1);
		assert_error(err, cases[i].code, cases[i].message);
		world_close(&w);
	}
}

static void test_a_registry_that_hangs_up_may_be_an_ecr_without_the_repository(void **state)
{
	(void)state;
	static const struct {
		const char *registry, *hint;
	} cases[] = {
		{ "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
		  "`git deploy push --accept-cost` makes it" },
		{ "registry.example", NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct server s = { .name = (char *)cases[i].registry };
		struct reference ref = { .registry = s.name, .repository = (char *)"team/app" };
		struct error *err = hint_no_answer(error_new(ERROR_NETWORK, "x"), &s, &ref);
		assert_int_equal(err->hint != NULL, cases[i].hint != NULL);
		if (err->hint)
			assert_non_null(strstr(err->hint, cases[i].hint));
		error_free(err);
	}
}

static void test_an_interrupt_ends_what_is_under_way(void **state)
{
	(void)state;
	struct scripted script[] = { { .act = ACT_HANG, .bytes = "" } };
	struct world w;
	struct blob blob;
	WORLD(w, script);
	w.stop = 1;
	assert_error(get(&w, NULL), ERROR_CANCELLED, "interrupted");
	assert_error(put_hello(&w, &blob), ERROR_CANCELLED, "interrupted");
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_manifest_is_read_with_its_type_and_digest),
		cmocka_unit_test(test_a_manifest_that_is_another_is_refused),
		cmocka_unit_test(test_a_registry_that_does_not_tell_a_digest_is_asked_for_the_bytes),
		cmocka_unit_test(test_an_endless_manifest_is_bounded),
		cmocka_unit_test(test_a_login_is_asked_for_once_and_only_when_it_is_wanted),
		cmocka_unit_test(test_nobody_logs_in_where_nobody_asks),
		cmocka_unit_test(test_a_login_that_has_ended_is_renewed_in_the_middle),
		cmocka_unit_test(test_a_login_that_is_never_accepted_ends_with_what_to_do),
		cmocka_unit_test(test_a_token_is_fetched_once_for_its_scope_and_again_when_it_ends),
		cmocka_unit_test(test_a_server_may_ask_otherwise_for_another_repository),
		cmocka_unit_test(test_an_identity_token_is_exchanged),
		cmocka_unit_test(test_no_password_goes_to_a_realm_in_the_clear_or_to_a_cloud),
		cmocka_unit_test(test_challenges_are_read_as_servers_write_them),
		cmocka_unit_test(test_nobody_is_led_from_https_to_http_or_inwards),
		cmocka_unit_test(test_storage_elsewhere_is_not_told_who_we_are),
		cmocka_unit_test(test_redirects_in_a_circle_end),
		cmocka_unit_test(test_a_registry_at_a_clouds_own_address_is_refused),
		cmocka_unit_test(test_trouble_that_passes_is_waited_out),
		cmocka_unit_test(test_a_server_that_never_answers_is_asked_twice),
		cmocka_unit_test(test_refusals_are_said_in_words_with_what_to_do),
		cmocka_unit_test(test_a_registry_that_hangs_up_may_be_an_ecr_without_the_repository),
		cmocka_unit_test(test_an_interrupt_ends_what_is_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
