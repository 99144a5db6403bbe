#include "base_testing.h"

static void test_appending_grows_and_stays_terminated(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	assert_string_equal(b.data, "");
	for (int i = 0; i < 1000; i++)
		buffer_addf(&b, "%d,", i);
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(b.data), b.len);
	assert_memory_equal(b.data, "0,1,2,3,", 8);
	buffer_release(&b);
	assert_string_equal(b.data, "");
}

static void test_what_does_not_fit_is_dropped_and_reported(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT_MAX(5);
	buffer_addstr(&b, "hello");
	assert_ok(buffer_check(&b, "the reply"));
	buffer_addch(&b, '!');
	assert_string_equal(b.data, "hello");
	assert_error(buffer_check(&b, "the reply"), ERROR_LIMIT, "the reply is larger than 5 bytes");
	buffer_reset(&b);
	assert_ok(buffer_check(&b, "the reply"));
	buffer_addf(&b, "%0300d", 1);
	assert_true(b.overflowed);
	assert_int_equal(b.len, 0);
	buffer_release(&b);
}

static void test_reserving_more_than_memory_holds_is_refused(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	buffer_addstr(&b, "x");
	assert_false(buffer_reserve(&b, SIZE_MAX));
	assert_false(buffer_reserve(&b, BUFFER_MAX_INTERNAL));
	assert_true(buffer_reserve(&b, 100));
	assert_string_equal(b.data, "x");
	buffer_release(&b);
}

static void test_splice_replaces_in_the_middle(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT_MAX(12);
	buffer_addstr(&b, "one two");
	buffer_splice(&b, 4, 3, "three", 5);
	assert_string_equal(b.data, "one three");
	buffer_splice(&b, 0, 4, "", 0);
	assert_string_equal(b.data, "three");
	buffer_splice(&b, 5, 0, "!", 1);
	assert_string_equal(b.data, "three!");
	buffer_splice(&b, 0, 0, "too long", 8);
	assert_string_equal(b.data, "three!");
	assert_true(b.overflowed);
	buffer_release(&b);
}

static void test_splice_into_an_empty_buffer(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	buffer_splice(&b, 0, 0, "", 0);
	assert_string_equal(b.data, "");
	buffer_splice(&b, 0, 0, "new", 3);
	assert_string_equal(b.data, "new");
	buffer_release(&b);
}

static void test_detach_hands_over_the_bytes(void **state)
{
	(void)state;
	size_t len;
	struct buffer b = BUFFER_INIT_MAX(100);
	buffer_add(&b, "a\0b", 3);
	char *data = buffer_detach(&b, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "a\0b", 4);
	free(data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 100);
	data = buffer_detach(&b, NULL);
	assert_string_equal(data, "");
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_appending_grows_and_stays_terminated),
		cmocka_unit_test(test_what_does_not_fit_is_dropped_and_reported),
		cmocka_unit_test(test_reserving_more_than_memory_holds_is_refused),
		cmocka_unit_test(test_splice_replaces_in_the_middle),
		cmocka_unit_test(test_splice_into_an_empty_buffer),
		cmocka_unit_test(test_detach_hands_over_the_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
