#include "model/images.h"

#include <string.h>

#include "base/memory.h"

static uint32_t big_endian(const char *data, size_t nr)
{
	uint32_t value = 0;
	for (size_t i = 0; i < nr; i++)
		value = value << 8 | (unsigned char)data[i];
	return value;
}

/* Signature, then the chunk IHDR, which begins with the size. */
static bool png_size(struct slice bytes, uint32_t *width, uint32_t *height)
{
	static const char signature[8] = { '\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n' };
	if (bytes.len < 24 || memcmp(bytes.data, signature, 8) || memcmp(bytes.data + 12, "IHDR", 4))
		return false;
	*width = big_endian(bytes.data + 16, 4);
	*height = big_endian(bytes.data + 20, 4);
	return true;
}

/* Start of a frame; C4, C8 and CC in that range are other things. */
static bool is_frame(unsigned char marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* A list of segments "FF marker, length"; that of the frame has the size. */
static bool jpeg_size(struct slice bytes, uint32_t *width, uint32_t *height)
{
	if (bytes.len < 4 || memcmp(bytes.data, "\xff\xd8\xff", 3))
		return false;
	size_t i = 2;
	while (i + 9 <= bytes.len && (unsigned char)bytes.data[i] == 0xff) {
		unsigned char marker = (unsigned char)bytes.data[i + 1];
		if (marker == 0xff) { /* filling */
			i++;
			continue;
		}
		if (is_frame(marker)) {
			*height = big_endian(bytes.data + i + 5, 2);
			*width = big_endian(bytes.data + i + 7, 2);
			return true;
		}
		i += 2 + big_endian(bytes.data + i + 2, 2);
	}
	return false;
}

struct error *image_size(struct slice bytes, uint32_t *width, uint32_t *height)
{
	*width = *height = 0;
	if ((png_size(bytes, width, height) || jpeg_size(bytes, width, height)) && *width && *height)
		return NULL;
	return error_new(ERROR_SYNTAX, "it is neither a PNG nor a JPEG picture");
}

static struct error *check_image(const struct image_limits *limits, const struct model_request *r, size_t i)
{
	uint32_t width, height;
	struct slice bytes = r->images[i].data;
	bool many = limits->many && r->nr_images > limits->many;
	uint32_t most = many ? limits->side_of_many : limits->side;
	if (limits->bytes && bytes.len > limits->bytes)
		return error_new(ERROR_LIMIT, "it has %zu bytes, the model takes %zu", bytes.len,
				 limits->bytes);
	struct error *err = image_size(bytes, &width, &height);
	if (err || !most || (width <= most && height <= most))
		return err;
	return error_new(ERROR_LIMIT, "it has %u x %u pixels, the model takes %u a side%s", width, height,
			 most, many ? " of so many pictures" : "");
}

struct error *images_check(const struct codec *codec, const struct model_request *r)
{
	const struct image_limits *limits = &codec->images;
	if (limits->nr && r->nr_images > limits->nr)
		return error_new(ERROR_LIMIT, "the question has %zu pictures, the model takes %zu",
				 r->nr_images, limits->nr);
	for (size_t i = 0; i < r->nr_images; i++) {
		struct error *err = check_image(limits, r, i);
		if (err)
			return error_context(err, "picture %zu", i + 1);
	}
	return NULL;
}
