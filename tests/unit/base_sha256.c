#include "base/hex.h"
#include "base_testing.h"

#include "base/sha256.h"

/* The vectors of FIPS 180-4's examples. */
static void test_published_vectors(void **state)
{
	static const struct {
		const char *text, *hex;
	} vectors[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		char hex[SHA256_HEX_SIZE + 1];
		sha256_hex(vectors[i].text, strlen(vectors[i].text), hex);
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void test_pieces_give_the_hash_of_the_whole(void **state)
{
	(void)state;
	struct sha256 h;
	char whole[SHA256_HEX_SIZE + 1], pieces[SHA256_HEX_SIZE + 1];
	const char *text = "a text that comes in pieces";
	sha256_hex(text, strlen(text), whole);
	sha256_init(&h);
	for (const char *s = text; *s; s++) {
		sha256_update(&h, s, 1);
		sha256_update(&h, NULL, 0);
	}
	sha256_final_hex(&h, pieces);
	assert_string_equal(pieces, whole);
}

static void test_hex_is_lower_case(void **state)
{
	(void)state;
	char out[7];
	hex_encode((const unsigned char *)"\x00\xab\xff", 3, out);
	assert_string_equal(out, "00abff");
}

static void test_random_names_are_digits_and_differ(void **state)
{
	char one[33], other[33];
	(void)state;
	assert_null(hex_random(one, 32));
	assert_null(hex_random(other, 32));
	assert_true(hex_is(one, 32));
	assert_false(hex_is(one, 31));
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_pieces_give_the_hash_of_the_whole),
		cmocka_unit_test(test_hex_is_lower_case),
		cmocka_unit_test(test_random_names_are_digits_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
