#include "base_testing.h"

#include "base/memory.h"
#include "base/strmap.h"

static void test_entries_keep_the_order_of_insertion(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	for (int i = 0; i < 5000; i++) {
		char *key = xstrfmt("key %d", i * 7919 % 5000);
		*strmap_at(&map, key, strlen(key)) = xstrdup(key);
		free(key);
	}
	assert_int_equal(map.nr, 5000);
	for (int i = 0; i < 5000; i++) {
		char *key = xstrfmt("key %d", i * 7919 % 5000);
		assert_string_equal(map.entries[i].key, key);
		assert_string_equal(strmap_get(&map, key, strlen(key)), key);
		free(key);
	}
	strmap_release(&map, free);
	assert_int_equal(map.nr, 0);
}

static void test_keys_are_bytes_not_strings(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	assert_true(strmap_add(&map, "a\0b", 3));
	assert_true(strmap_add(&map, "a\0c", 3));
	assert_true(strmap_add(&map, "a", 1));
	assert_true(strmap_add(&map, "", 0));
	assert_false(strmap_add(&map, "a\0b", 3));
	assert_true(strmap_has(&map, "", 0));
	assert_false(strmap_has(&map, "a\0d", 3));
	assert_int_equal(map.nr, 4);
	strmap_release(&map, NULL);
}

static void test_an_empty_map_holds_nothing(void **state)
{
	(void)state;
	struct strmap map = STRMAP_INIT;
	assert_null(strmap_get(&map, "x", 1));
	assert_false(strmap_has(&map, "x", 1));
	strmap_release(&map, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_keep_the_order_of_insertion),
		cmocka_unit_test(test_keys_are_bytes_not_strings),
		cmocka_unit_test(test_an_empty_map_holds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
