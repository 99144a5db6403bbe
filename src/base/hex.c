#include "base/hex.h"

#include <string.h>
#include <sys/random.h>

#include "base/text.h"

void hex_encode(const unsigned char *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *hex, unsigned char *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = digit_value(hex[2 * i]);
		int low = high < 0 ? -1 : digit_value(hex[2 * i + 1]);
		if (low < 0) {
			memset(out, 0, len);
			return false;
		}
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool hex_is(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

int hex_value(int c)
{
	int lower = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct error *hex_random(char *out, size_t digits)
{
	unsigned char bytes[32];
	if (getrandom(bytes, digits / 2, 0) != (ssize_t)(digits / 2))
		return error_errno(ERROR_IO, "cannot get random bytes");
	hex_encode(bytes, digits / 2, out);
	return NULL;
}
