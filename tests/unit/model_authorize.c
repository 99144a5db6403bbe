/* How a request shows its key. */
#include "base_testing.h"

#include "base/memory.h"
#include "model/authorize.h"

static void test_each_kind_of_server_sees_its_own_header(void **state)
{
	(void)state;
	static const struct {
		enum model_auth auth;
		const char *line;
	} cases[] = {
		{ MODEL_AUTH_BEARER, "Authorization: Bearer sk-1" },
		{ MODEL_AUTH_X_API_KEY, "x-api-key: sk-1" },
		{ MODEL_AUTH_X_GOOG_API_KEY, "x-goog-api-key: sk-1" },
	};
	static char key[] = "sk-1";
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model m = { .auth = cases[i].auth, .key = key };
		struct http_request request = { .method = "POST", .url = "http://127.0.0.1/" };
		struct header_list list = { .nr = 0 };
		assert_ok(model_authorize(&m, &request, &list));
		assert_int_equal(list.nr, 1);
		assert_string_equal(list.lines[0], cases[i].line);
		assert_null(list.lines[1]);
		header_list_release(&list);
		m.key = NULL;
		assert_ok(model_authorize(&m, &request, &list));
		assert_int_equal(list.nr, 0);
	}
}

static void test_list_of_headers_has_a_ceiling(void **state)
{
	(void)state;
	struct header_list list = { .nr = 0 };
	for (int i = 0; i < 100; i++)
		header_list_add(&list, "x-%d: y", i);
	assert_int_equal(list.nr, HEADER_LIST_MAX);
	assert_null(list.lines[HEADER_LIST_MAX]);
	header_list_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_of_server_sees_its_own_header),
		cmocka_unit_test(test_list_of_headers_has_a_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
