#include "base/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void add_group(struct buffer *out, const unsigned char *bytes, size_t nr)
{
	uint32_t bits = (uint32_t)bytes[0] << 16;
	if (nr > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (nr > 2)
		bits |= bytes[2];
	char group[4];
	for (size_t i = 0; i < 4; i++)
		group[i] = i <= nr ? digits[bits >> (18 - 6 * i) & 63] : '=';
	buffer_add(out, group, sizeof(group));
}

void base64_add(struct buffer *out, struct slice bytes)
{
	const unsigned char *data = (const unsigned char *)bytes.data;
	buffer_reserve(out, (bytes.len + 2) / 3 * 4);
	for (size_t i = 0; i < bytes.len; i += 3)
		add_group(out, data + i, bytes.len - i < 3 ? bytes.len - i : 3);
}

/* The value of a digit, or 64. */
static uint32_t value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* A group of NR digits; what they leave over must be zero. */
static bool decode_group(struct buffer *out, const char *group, size_t nr)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < nr ? value_of(group[i]) : 0;
		if (value == 64)
			return false;
		bits = bits << 6 | value;
	}
	const char bytes[] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
	buffer_add(out, bytes, nr - 1);
	return !(bits & ((1u << (8 * (4 - nr))) - 1));
}

bool base64_decode(struct buffer *out, struct slice text)
{
	size_t before = out->len, digits_nr = text.len;
	bool good = text.len % 4 == 0;
	for (int i = 0; good && i < 2 && digits_nr && text.data[digits_nr - 1] == '='; i++)
		digits_nr--;
	if (good)
		buffer_reserve(out, text.len / 4 * 3);
	for (size_t i = 0; good && i < digits_nr; i += 4)
		good = decode_group(out, text.data + i, digits_nr - i < 4 ? digits_nr - i : 4);
	if (!good)
		buffer_truncate(out, before);
	return good;
}
