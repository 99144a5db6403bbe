/* Blobs, manifests and lists of tags, sent to registries and got from them. */
#include "registry_testing.h"

#include <sys/mman.h>

/* -- blobs -------------------------------------------------------------------------------------------- */

static void test_a_blob_is_sent_in_one_piece_to_where_the_registry_says(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD /v2/team/app/blobs/" HELLO_DIGEST, .bytes = NOT_THERE },
		{ .needle = "POST /v2/team/app/blobs/uploads/ ", .bytes = OPENED },
		{ .needle = "PUT /up/1?state=a%2Fb&digest=sha256%3A2cf24dba", .bytes = CREATED },
	};
	struct world w;
	struct blob blob;
	WORLD(w, script);
	assert_null(put_hello(&w, &blob));
	assert_int_equal(blob.outcome, BLOB_SENT);
	assert_non_null(strstr(w.server->last_request, "\r\n\r\nhello"));
	assert_non_null(strstr(w.server->last_request, "Content-Length: 5\r\n"));
	world_close(&w);
}

/* Opens an upload at LOCATION, where a server of its own takes it unless it is told who we are. */
static void check_location(const char *location, const char *put, bool elsewhere)
{
	char opened[300];
	struct scripted storage_script[] = {
		{ .needle = "Authorization", .bytes = "HTTP/1.1 400 no\r\nContent-Length: 0\r\n\r\n" },
		{ .needle = put, .bytes = CREATED },
	};
	struct scripted script[] = {
		{ .needle = "HEAD ", .times = 1, .bytes = WANTS_BASIC },
		{ .needle = "HEAD ", .bytes = NOT_THERE },
		{ .needle = "POST ", .bytes = opened },
		{ .needle = put, .bytes = CREATED },
	};
	struct world w;
	struct blob blob;
	struct scripted_server *storage = server_start(storage_script, ARRAY_SIZE(storage_script));
	WORLD(w, script);
	snprintf(opened, sizeof(opened),
		 "HTTP/1.1 202 Accepted\r\nLocation: %s%s\r\nContent-Length: 0\r\n\r\n",
		 elsewhere ? storage->url : "", location);
	assert_null(put_hello(&w, &blob));
	assert_int_equal(blob.outcome, BLOB_SENT);
	assert_int_equal(storage_script[0].used, 0);
	assert_int_equal(storage_script[1].used, elsewhere);
	assert_int_equal(strstr(w.server->last_request, ANN_1) != NULL, true);
	world_close(&w);
	server_stop(storage);
}

static void test_an_upload_goes_where_it_was_opened_and_elsewhere_without_a_login(void **state)
{
	(void)state;
	check_location("/up/1", "PUT /up/1?digest=", false);
	check_location("1?a=b", "PUT /v2/team/app/blobs/uploads/1?a=b&digest=", false);
	check_location("/stored", "PUT /stored?digest=", true);
}

static void test_a_blob_that_is_there_is_not_sent(void **state)
{
	(void)state;
	struct scripted script[] = { { .needle = "HEAD ", .bytes = OK_EMPTY } };
	struct world w;
	struct blob blob;
	WORLD(w, script);
	assert_null(put_hello(&w, &blob));
	assert_int_equal(blob.outcome, BLOB_THERE);
	world_close(&w);
}

static void test_after_a_failure_the_upload_is_opened_anew(void **state)
{
	(void)state;
	static const struct scripted failures[] = {
		{ .needle = "PUT ", .times = 1, .act = ACT_CLOSE, .bytes = CUT_SHORT },
		{ .needle = "PUT ", .times = 1, .bytes = "HTTP/1.1 416 range\r\nContent-Length: 0\r\n\r\n" },
		{ .needle = "PUT ", .times = 1, .bytes = "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n" },
		{ .needle = "PUT ", .times = 1, .bytes = NOT_THERE },
	};
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct scripted script[] = {
			failures[i],
			{ .needle = "HEAD ", .bytes = NOT_THERE },
			{ .needle = "POST ", .bytes = OPENED },
			{ .needle = "PUT ", .bytes = CREATED },
		};
		struct world w;
		struct blob blob;
		WORLD(w, script);
		assert_null(put_hello(&w, &blob));
		assert_int_equal(blob.outcome, BLOB_SENT);
		assert_int_equal(script[2].used, 2);
		world_close(&w);
	}
}

static void test_an_upload_whose_answer_was_lost_is_not_repeated(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .times = 1, .bytes = NOT_THERE },
		{ .needle = "POST ", .bytes = OPENED },
		{ .needle = "PUT ", .times = 1, .act = ACT_CLOSE, .bytes = CUT_SHORT },
		{ .needle = "HEAD ", .bytes = OK_EMPTY },
	};
	struct world w;
	struct blob blob;
	WORLD(w, script);
	assert_null(put_hello(&w, &blob));
	assert_int_equal(blob.outcome, BLOB_SENT);
	assert_int_equal(script[1].used, 1);
	world_close(&w);
}

static void test_a_failing_upload_ends_all_others(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .bytes = NOT_THERE },
		{ .needle = "POST ", .bytes = "HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n" },
	};
	struct world w;
	struct blob blobs[40];
	int64_t sent;
	WORLD(w, script);
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		char text[8];
		snprintf(text, sizeof(text), "%zu", i);
		blobs[i] = (struct blob){ .size = 1, .bytes = { "x", 1 } };
		digest_of(text, strlen(text), &blobs[i].digest);
	}
	assert_error(registry_put_blobs(w.registries, &w.ref, blobs, ARRAY_SIZE(blobs), &sent), ERROR_GENERIC,
		     "permission denied (403)");
	assert_int_equal(sent, 0);
	world_close(&w);
}

static void test_a_blob_of_another_repository_is_mounted(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .bytes = NOT_THERE },
		{ .needle = "POST "
			    "/v2/team/app/blobs/uploads/"
			    "?mount=sha256%3A2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1f"
			    "a7425e73043362938b9824&from=other%2Fbase ",
		  .bytes = CREATED },
	};
	struct world w;
	struct blob blob = { .size = 5 };
	int64_t sent;
	WORLD(w, script);
	struct reference from = { w.ref.registry, (char *)"other/base", NULL, { "" } };
	blob.from = &from;
	assert_true(digest_parse(slice_of_string(HELLO_DIGEST), &blob.digest));
	assert_null(registry_put_blobs(w.registries, &w.ref, &blob, 1, &sent));
	assert_int_equal(blob.outcome, BLOB_MOUNTED);
	assert_int_equal(sent, 0);
	world_close(&w);
}

static void test_a_blob_that_cannot_be_mounted_is_copied(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .bytes = NOT_THERE },
		{ .needle = "POST ", .bytes = OPENED },
		{ .needle = "GET /v2/other/base/blobs/" HELLO_DIGEST,
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
		{ .needle = "PUT /up/1", .bytes = CREATED },
	};
	struct world w;
	struct blob blob = { .size = 5 };
	int64_t sent;
	WORLD(w, script);
	struct reference from = { w.ref.registry, (char *)"other/base", NULL, { "" } };
	blob.from = &from;
	assert_true(digest_parse(slice_of_string(HELLO_DIGEST), &blob.digest));
	assert_null(registry_put_blobs(w.registries, &w.ref, &blob, 1, &sent));
	assert_int_equal(blob.outcome, BLOB_COPIED);
	assert_int_equal(sent, 5);
	assert_non_null(strstr(w.server->last_request, "\r\n\r\nhello"));
	world_close(&w);
}

static void test_the_same_blob_twice_is_sent_once(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "HEAD ", .bytes = NOT_THERE },
		{ .needle = "POST ", .bytes = OPENED },
		{ .needle = "PUT ", .bytes = CREATED },
	};
	struct world w;
	struct blob blobs[2];
	int64_t sent;
	WORLD(w, script);
	for (size_t i = 0; i < 2; i++) {
		blobs[i] = (struct blob){ .size = 5, .bytes = { "hello", 5 } };
		digest_of("hello", 5, &blobs[i].digest);
	}
	assert_null(registry_put_blobs(w.registries, &w.ref, blobs, 2, &sent));
	assert_int_equal(w.server->requests, 3);
	assert_int_equal(blobs[1].outcome, BLOB_SENT);
	assert_int_equal(sent, 5);
	world_close(&w);
}

static struct error *download(struct world *w, int64_t size, char *out)
{
	struct digest digest;
	int fd = memfd_create("download", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(digest_parse(slice_of_string(HELLO_DIGEST), &digest));
	struct error *err = registry_download(w->registries, &w->ref, &digest, size, fd);
	ssize_t n = pread(fd, out, 99, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
	return err;
}

static void test_a_download_that_breaks_begins_again(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel" },
		{ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" },
	};
	struct world w;
	char text[100];
	WORLD(w, script);
	assert_null(download(&w, 5, text));
	assert_string_equal(text, "hello");
	assert_null(strstr(w.server->last_request, "Accept-Encoding"));
	world_close(&w);
}

static void test_a_download_that_is_something_else_is_refused(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .times = 1, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld" },
		{ .times = 1, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell" },
		{ .times = 1, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!" },
		{ .bytes = NOT_THERE },
	};
	struct world w;
	char text[100];
	WORLD(w, script);
	assert_error(download(&w, 5, text), ERROR_NETWORK, "what arrived is not it, but " OTHER_DIGEST);
	assert_error(download(&w, 5, text), ERROR_NETWORK, "4 bytes arrived instead of 5");
	assert_error(download(&w, 5, text), ERROR_LIMIT, "larger than 5 bytes");
	assert_error(download(&w, 5, text), ERROR_NOT_FOUND, "cannot get the blob " HELLO_DIGEST);
	world_close(&w);
}

/* -- putting manifests -------------------------------------------------------------------------------- */

#define IMMUTABLE                                                                                            \
	"{\"errors\":[{\"code\":\"TAG_INVALID\",\"message\":\"The image tag 'v1' already exists\"}]}"

static struct error *put_manifest_hello(struct world *w)
{
	struct digest digest;
	digest_of("hello", 5, &digest);
	return registry_put_manifest(w->registries, &w->ref, MEDIA_OCI_MANIFEST, (struct slice){ "hello", 5 },
				     &digest);
}

static void test_a_tag_that_cannot_be_changed_is_fine_when_it_is_this_image(void **state)
{
	(void)state;
	char refusal[256], has[256];
	struct scripted script[] = {
		{ .needle = "PUT /v2/team/app/manifests/v1 ", .bytes = refusal },
		{ .needle = "HEAD /v2/team/app/manifests/v1 ", .bytes = has },
	};
	snprintf(refusal, sizeof(refusal), "HTTP/1.1 400 no\r\nContent-Length: %zu\r\n\r\n" IMMUTABLE,
		 strlen(IMMUTABLE));
	static const char head[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDocker-Content-Digest: %s\r\n\r\n";
	struct world w;
	WORLD(w, script);
	snprintf(has, sizeof(has), head, HELLO_DIGEST);
	assert_null(put_manifest_hello(&w));
	snprintf(has, sizeof(has), head, OTHER_DIGEST);
	struct error *err = put_manifest_hello(&w);
	assert_non_null(err);
	assert_non_null(strstr(err->hint, "use another tag"));
	assert_error(err, ERROR_EXISTS, "is another image already (" OTHER_DIGEST ")");
	world_close(&w);
}

static void test_a_manifest_that_was_stored_as_another_is_an_error(void **state)
{
	(void)state;
	struct scripted script[] = { { .bytes = "HTTP/1.1 201 Created\r\nDocker-Content-Digest: " OTHER_DIGEST
						"\r\nContent-Length: 0\r\n\r\n" } };
	struct world w;
	WORLD(w, script);
	assert_error(put_manifest_hello(&w), ERROR_NETWORK,
		     "stored the manifest " HELLO_DIGEST " as " OTHER_DIGEST);
	world_close(&w);
}

/* -- lists -------------------------------------------------------------------------------------------- */

static void test_tags_are_read_page_by_page_and_sorted(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "GET /v2/team/app/tags/list?n=1000 ",
		  .bytes = "HTTP/1.1 200 OK\r\nLink: </v2/team/app/tags/list?last=b&n=2>; rel=\"next\"\r\n"
			   "Content-Length: 20\r\n\r\n{\"tags\": [\"c\", \"b\"]}" },
		{ .needle = "?last=b&n=2 ",
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"tags\": [\"a\"]}" },
	};
	struct world w;
	char **tags;
	size_t nr;
	WORLD(w, script);
	assert_null(registry_list_tags(w.registries, &w.ref, 10, &tags, &nr));
	assert_int_equal(nr, 3);
	assert_string_equal(tags[0], "a");
	assert_string_equal(tags[2], "c");
	strings_free(tags, nr);
	assert_null(registry_list_tags(w.registries, &w.ref, 2, &tags, &nr));
	assert_int_equal(nr, 2);
	strings_free(tags, nr);
	world_close(&w);
}

static void test_a_list_that_goes_in_a_circle_or_elsewhere_ends(void **state)
{
	(void)state;
	struct scripted circle[] = {
		{ .bytes = "HTTP/1.1 200 OK\r\nLink: <list>; rel=next\r\nContent-Length: 15\r\n\r\n"
			   "{\"tags\": [\"a\"]}" }
	};
	struct scripted elsewhere[] = {
		{ .bytes = "HTTP/1.1 200 OK\r\nLink: <http://127.0.0.1:1/x>; rel=next\r\n"
			   "Content-Length: 15\r\n\r\n{\"tags\": [\"a\"]}" }
	};
	struct world w;
	char **tags;
	size_t nr;
	WORLD(w, circle);
	assert_null(registry_list_tags(w.registries, &w.ref, 10, &tags, &nr));
	assert_int_equal(w.server->requests, 2);
	strings_free(tags, nr);
	world_close(&w);
	WORLD(w, elsewhere);
	assert_error(registry_list_tags(w.registries, &w.ref, 10, &tags, &nr), ERROR_NETWORK,
		     "on another server");
	assert_int_equal(nr, 0);
	world_close(&w);
}

static void test_tags_that_are_none_are_refused(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"tags\": [\"a/../b\"" }
	};
	struct scripted none[] = {
		{ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"tags\": [\"a/../b\"]}" }
	};
	struct world w;
	char **tags;
	size_t nr;
	WORLD(w, script);
	assert_error(registry_list_tags(w.registries, &w.ref, 10, &tags, &nr), ERROR_SYNTAX, "list of tags");
	world_close(&w);
	WORLD(w, none);
	assert_error(registry_list_tags(w.registries, &w.ref, 10, &tags, &nr), ERROR_SYNTAX,
		     "one that is none");
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_blob_is_sent_in_one_piece_to_where_the_registry_says),
		cmocka_unit_test(test_an_upload_goes_where_it_was_opened_and_elsewhere_without_a_login),
		cmocka_unit_test(test_a_blob_that_is_there_is_not_sent),
		cmocka_unit_test(test_after_a_failure_the_upload_is_opened_anew),
		cmocka_unit_test(test_an_upload_whose_answer_was_lost_is_not_repeated),
		cmocka_unit_test(test_a_failing_upload_ends_all_others),
		cmocka_unit_test(test_a_blob_of_another_repository_is_mounted),
		cmocka_unit_test(test_a_blob_that_cannot_be_mounted_is_copied),
		cmocka_unit_test(test_the_same_blob_twice_is_sent_once),
		cmocka_unit_test(test_a_download_that_breaks_begins_again),
		cmocka_unit_test(test_a_download_that_is_something_else_is_refused),
		cmocka_unit_test(test_a_tag_that_cannot_be_changed_is_fine_when_it_is_this_image),
		cmocka_unit_test(test_a_manifest_that_was_stored_as_another_is_an_error),
		cmocka_unit_test(test_tags_are_read_page_by_page_and_sorted),
		cmocka_unit_test(test_a_list_that_goes_in_a_circle_or_elsewhere_ends),
		cmocka_unit_test(test_tags_that_are_none_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
