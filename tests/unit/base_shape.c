/* Finding shapes one by one and many at once gives the same. */
#include "base_testing.h"

#include "base/memory.h"
#include "base/secret_shapes.h"

static bool is_even(struct slice text, size_t start, size_t end)
{
	(void)text;
	return (end - start) % 2 == 0;
}

static const struct shape shapes[] = {
	{ "a number after id", "ID=", "id=([0-9]+)", true, is_even },
	{ "the word deed", "deed", "deed", false, NULL },
	{ "an e", NULL, "e+", false, NULL },
};

static bool add(void *data, const struct shape *shape, size_t start, size_t end)
{
	buffer_addf(data, "%s %zu-%zu\n", shape->what, start, end);
	return true;
}

static bool add_first(void *data, size_t start, size_t end)
{
	buffer_addf(data, "%zu-%zu\n", start, end);
	return false;
}

static void assert_found(const char *text, const char *expected)
{
	struct shape_finder *finder = shape_finder_new(shapes, ARRAY_SIZE(shapes));
	struct buffer out = BUFFER_INIT;
	assert_true(shape_finder_run(finder, text_slice(text), add, &out));
	assert_string_equal(out.data, expected);
	shape_finder_free(finder);
	buffer_release(&out);
}

static void test_all_matches_that_are_accepted_are_found(void **state)
{
	(void)state;
	assert_found("Id=12 id=123, ID=1234.", "a number after id 3-5\na number after id 17-21\n");
	assert_found("iid=12", "a number after id 4-6\n");
	assert_found("indeed", "the word deed 2-6\nan e 3-5\n");
	assert_found("DEED", "");
	assert_found("", "");
}

static void test_a_literal_is_found_behind_the_beginning_of_another(void **state)
{
	static const struct shape overlapping[] = {
		{ "first", "abcd", "abcd", false, NULL },
		{ "second", "bc", "bcx", false, NULL },
		{ "third", "abe", "abe", false, NULL },
	};
	struct shape_finder *finder = shape_finder_new(overlapping, ARRAY_SIZE(overlapping));
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_true(shape_finder_run(finder, text_slice("abcx ababe"), add, &out));
	assert_string_equal(out.data, "second 1-4\nthird 7-10\n");
	shape_finder_free(finder);
	buffer_release(&out);
}

static bool count(void *data, const struct shape *shape, size_t start, size_t end)
{
	(void)shape;
	(void)start;
	(void)end;
	++*(size_t *)data;
	return true;
}

static void test_far_apart_and_long_matches_are_found(void **state)
{
	static const struct shape far[] = { { "a run", "begin", "begin[a-z ]+", false, NULL } };
	struct shape_finder *finder = shape_finder_new(far, 1);
	struct buffer text = BUFFER_INIT, out = BUFFER_INIT;
	(void)state;
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 1000; j++)
			buffer_addstr(&text, "1234567890");
		buffer_addstr(&text, "begin");
		for (int j = 0; j < 1000; j++)
			buffer_addch(&text, 'x');
	}
	assert_true(shape_finder_run(finder, slice_of(&text), add, &out));
	assert_string_equal(out.data, "a run 10000-11005\na run 21005-22010\na run 32010-33015\n");
	shape_finder_free(finder);
	buffer_release(&text);
	buffer_release(&out);
}

/* In a text with each maker's key after each other's, many at once find what each finds alone. */
static void test_all_shapes_at_once_find_what_each_finds_alone(void **state)
{
	static const char text[] =
		"\"sk-"
		"proj-Zk3vB9qLmT7xWc2RfYh8Nd4Js6Pa\" ghp"
		"_Zk3vB9qLmT7xWc2RfYh8Nd4Js6PaUe5Gi1Ho, AKIA"
		"Q7WZ4XVT2NPL6RKD\n"
		"password = 'Zk3vB9q"
		"LmT7xWc2'; my_client_secret: Zk3vB9q"
		"LmT7xWc2 secret secret_key=Zk3vB9q"
		"LmT7xWc3\n"
		"postgres://app:Zk3vB9q"
		"Lm@db.corp.net/ key api_key = \"Zk3vB9q"
		"LmT7xWc2\" token bearer Zk3vB9qLm"
		"T7xWc2RfYh8Nd4\n"
		"-----BEGIN RSA "
		"PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75iM\nq0lS+\n-----END RSA PRIVATE KEY-----\n";
	struct shape_finder *finder = shape_finder_new(secret_shapes, secret_shapes_nr);
	size_t together = 0, alone = 0;
	(void)state;
	assert_true(shape_finder_run(finder, text_slice(text), count, &together));
	for (size_t i = 0; i < secret_shapes_nr; i++) {
		struct shape_finder *one = shape_finder_new(&secret_shapes[i], 1);
		struct shape always = secret_shapes[i];
		always.literal = NULL; /* everywhere */
		struct shape_finder *whole = shape_finder_new(&always, 1);
		size_t with = 0, without = 0;
		assert_true(shape_finder_run(one, text_slice(text), count, &with));
		assert_true(shape_finder_run(whole, text_slice(text), count, &without));
		assert_int_equal(with, without);
		alone += with;
		shape_finder_free(one);
		shape_finder_free(whole);
	}
	assert_true(alone >= 9);
	assert_int_equal(together, alone);
	shape_finder_free(finder);
}

static void test_looking_ends_when_enough_was_found(void **state)
{
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_true(shape_find(&shapes[2], text_slice("e e e"), add_first, &out));
	assert_string_equal(out.data, "0-1\n");
	buffer_release(&out);
}

static void test_every_shape_of_a_secret_compiles_and_has_its_literal(void **state)
{
	(void)state;
	assert_true(secret_shapes_nr < 64);
	for (size_t i = 0; i < secret_shapes_nr; i++) {
		struct buffer out = BUFFER_INIT;
		assert_non_null(secret_shapes[i].literal);
		assert_true(
			shape_find(&secret_shapes[i], text_slice(secret_shapes[i].literal), add_first, &out));
		buffer_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_matches_that_are_accepted_are_found),
		cmocka_unit_test(test_a_literal_is_found_behind_the_beginning_of_another),
		cmocka_unit_test(test_far_apart_and_long_matches_are_found),
		cmocka_unit_test(test_all_shapes_at_once_find_what_each_finds_alone),
		cmocka_unit_test(test_looking_ends_when_enough_was_found),
		cmocka_unit_test(test_every_shape_of_a_secret_compiles_and_has_its_literal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
