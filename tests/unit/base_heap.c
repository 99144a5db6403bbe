/* The queue ordered by rank. */
#include "base_testing.h"

#include "base/heap.h"

static char names[100];

static void test_smallest_rank_comes_first(void **state)
{
	(void)state;
	struct heap h = HEAP_INIT;
	for (size_t i = 0; i < 100; i++)
		heap_push(&h, i * 37 % 100, &names[i * 37 % 100]);
	for (size_t i = 0; i < 100; i++)
		assert_ptr_equal(heap_pop(&h), &names[i]);
	assert_null(heap_pop(&h));
	heap_release(&h);
}

static void test_equal_ranks_keep_their_order(void **state)
{
	(void)state;
	struct heap h = HEAP_INIT;
	for (size_t i = 0; i < 50; i++)
		heap_push(&h, 7, &names[i]);
	for (size_t i = 0; i < 50; i++)
		assert_ptr_equal(heap_pop(&h), &names[i]);
	heap_release(&h);
}

static void test_items_can_be_taken_out_of_the_middle(void **state)
{
	(void)state;
	struct heap h = HEAP_INIT;
	for (size_t i = 0; i < 100; i++)
		heap_push(&h, i * 61 % 100, &names[i * 61 % 100]);
	for (size_t i = 0; i < 100; i += 3)
		assert_true(heap_remove(&h, &names[i]));
	assert_false(heap_remove(&h, &names[0]));
	for (size_t i = 0; i < 100; i++)
		if (i % 3)
			assert_ptr_equal(heap_pop(&h), &names[i]);
	assert_null(heap_pop(&h));
	heap_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest_rank_comes_first),
		cmocka_unit_test(test_equal_ranks_keep_their_order),
		cmocka_unit_test(test_items_can_be_taken_out_of_the_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
