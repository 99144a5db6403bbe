#include "base_testing.h"

#include <errno.h>

static void test_a_place_begins_the_message(void **state)
{
	(void)state;
	struct error *err = error_at(ERROR_SYNTAX, "f.yml", 7, 3, "unknown key '%s'", "budgt");
	assert_string_equal(err->message, "f.yml:7:3: unknown key 'budgt'");
	error_free(err);
	err = error_at(ERROR_SYNTAX, "f.yml", 7, 0, "x");
	assert_string_equal(err->message, "f.yml:7: x");
	error_free(err);
	err = error_at(ERROR_SYNTAX, "f.yml", 0, 0, "x");
	assert_string_equal(err->message, "f.yml: x");
	error_free(err);
}

static void test_errno_is_told_in_words(void **state)
{
	(void)state;
	errno = ENOSPC;
	struct error *err = error_errno(ERROR_IO, "cannot write '%s'", "a");
	assert_string_equal(err->message, "cannot write 'a': No space left on device");
	error_free(err);
}

static void test_context_and_hint_are_added(void **state)
{
	(void)state;
	struct error *err = error_new(ERROR_NETWORK, "refused");
	err = error_context(err, "model '%s'", "m");
	err = error_with_hint(err, "first");
	err = error_with_hint(err, "start %s", "it");
	assert_string_equal(err->message, "model 'm': refused");
	assert_string_equal(err->hint, "start it");
	assert_true(error_is(err, ERROR_NETWORK));
	assert_false(error_drop_if(&err, ERROR_IO));
	assert_true(error_drop_if(&err, ERROR_NETWORK));
	assert_null(err);
}

static void test_success_passes_through(void **state)
{
	(void)state;
	struct error *none = NULL;
	assert_null(error_context(NULL, "context"));
	assert_null(error_with_hint(NULL, "hint"));
	assert_false(error_is(NULL, ERROR_IO));
	assert_false(error_drop_if(&none, ERROR_IO));
	error_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_place_begins_the_message),
		cmocka_unit_test(test_errno_is_told_in_words),
		cmocka_unit_test(test_context_and_hint_are_added),
		cmocka_unit_test(test_success_passes_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
