/* Pictures are measured and held against what an API takes, before anything is sent. */
#include "base_testing.h"

#include "base/memory.h"
#include "model/images.h"

#define PNG(width, height) "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" width height "\x08\x02\0\0\0"
#define BYTES(literal) { literal, sizeof(literal) - 1 }

static const struct slice png_page = BYTES(PNG("\0\0\x06\xa4", "\0\0\x08\x98"));    /* 1700 x 2200 */
static const struct slice png_poster = BYTES(PNG("\0\0\x1f\x41", "\0\0\0\x01"));    /* 8001 x 1 */
static const struct slice jpeg_page = BYTES("\xff\xd8\xff\xe0\0\x04JF\xff\xff\xdb\0\x03q\xff\xc4\0\x02"
					     "\xff\xc2\0\x11\x08\x08\x98\x06\xa4\x03\0\0");

static void test_sizes_of_pictures(void **state)
{
	(void)state;
	uint32_t width, height;
	assert_ok(image_size(png_page, &width, &height));
	assert_int_equal(width, 1700);
	assert_int_equal(height, 2200);
	assert_ok(image_size(jpeg_page, &width, &height));
	assert_int_equal(width, 1700);
	assert_int_equal(height, 2200);
}

static void test_what_is_no_picture_is_told(void **state)
{
	(void)state;
	uint32_t width, height;
	static const struct slice bad[] = {
		BYTES(""), BYTES("GIF89a"), BYTES("\x89PNG\r\n\x1a\n"), BYTES(PNG("\0\0\0\0", "\0\0\0\x01")),
		BYTES("\xff\xd8\xff\xe0\xff\xff"), BYTES("\xff\xd8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		BYTES("\xff\xd8\xff\xe0\0\0\xff\xe0\0\0\xff\xe0\0\0\xff\xe0"),
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(image_size(bad[i], &width, &height), ERROR_SYNTAX, "neither a PNG nor a JPEG");
}

static void check(const struct codec *codec, const struct slice *bytes, size_t nr, const char *problem)
{
	struct model_image *images = xcalloc(nr, sizeof(*images));
	for (size_t i = 0; i < nr; i++)
		images[i] = (struct model_image){ "image/png", *bytes };
	struct model_request r = { .images = images, .nr_images = nr };
	struct error *err = images_check(codec, &r);
	if (problem) {
		assert_non_null(err);
		assert_non_null(strstr(err->message, problem));
	} else {
		assert_null(err);
	}
	error_free(err);
	free(images);
}

static void test_limits_of_an_api(void **state)
{
	(void)state;
	check(&codec_anthropic, &png_page, 20, NULL);
	check(&codec_anthropic, &png_page, 21, "picture 1: it has 1700 x 2200 pixels, the model takes 2000 a "
					       "side of so many pictures");
	check(&codec_anthropic, &png_poster, 1, "the model takes 8000 a side");
	check(&codec_openai, &png_poster, 30, NULL);
	check(&codec_anthropic, &png_page, 101, "101 pictures, the model takes 100");
	check(&codec_gemini, &(struct slice){ "%PDF", 4 }, 1, "picture 1: it is neither");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_of_pictures),
		cmocka_unit_test(test_what_is_no_picture_is_told),
		cmocka_unit_test(test_limits_of_an_api),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
