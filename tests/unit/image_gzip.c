#include "base_testing.h"

#include <libdeflate.h>

#include "base/memory.h"
#include "image/gzip.h"

static void test_members_are_joined_by_readers(void **state)
{
	struct buffer out = BUFFER_INIT, back = BUFFER_INIT;
	struct gzip *gzip = gzip_new();
	(void)state;
	gzip_add_member(gzip, text_slice("one "), &out);
	gzip_add_member(gzip, text_slice(""), &out);
	gzip_add_member(gzip, text_slice("two"), &out);
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	for (size_t at = 0; at < out.len;) {
		char text[16];
		size_t in, len;
		assert_int_equal(libdeflate_gzip_decompress_ex(d, out.data + at, out.len - at, text,
							       sizeof(text), &in, &len),
				 LIBDEFLATE_SUCCESS);
		buffer_add(&back, text, len);
		at += in;
	}
	assert_string_equal(back.data, "one two");
	libdeflate_free_decompressor(d);
	gzip_free(gzip);
	buffer_release(&out);
	buffer_release(&back);
}

static void test_a_member_has_no_name_and_no_time(void **state)
{
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0 };
	struct buffer out = BUFFER_INIT;
	struct gzip *gzip = gzip_new();
	(void)state;
	gzip_add_member(gzip, text_slice("text"), &out);
	assert_memory_equal(out.data, header, sizeof(header));
	gzip_free(gzip);
	buffer_release(&out);
}

static void test_a_full_buffer_takes_no_member(void **state)
{
	struct buffer out = BUFFER_INIT_MAX(10);
	struct gzip *gzip = gzip_new();
	(void)state;
	gzip_add_member(gzip, text_slice("text"), &out);
	assert_int_equal(out.len, 0);
	assert_error(buffer_check(&out, "an archive"), ERROR_LIMIT, "an archive");
	gzip_free(gzip);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_joined_by_readers),
		cmocka_unit_test(test_a_member_has_no_name_and_no_time),
		cmocka_unit_test(test_a_full_buffer_takes_no_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
