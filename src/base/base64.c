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
