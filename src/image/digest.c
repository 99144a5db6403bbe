#include "image/digest.h"

#include "base/hex.h"

#define PREFIX "sha256:"

bool digest_parse(struct slice text, struct digest *out)
{
	*out = (struct digest){ "" };
	if (text.len != DIGEST_LENGTH || memcmp(text.data, PREFIX, strlen(PREFIX)))
		return false;
	memcpy(out->text, text.data, text.len);
	if (hex_is(digest_hex(out), SHA256_HEX_SIZE))
		return true;
	*out = (struct digest){ "" };
	return false;
}

void digest_of(const void *data, size_t len, struct digest *out)
{
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, data, len);
	digest_of_hash(&h, out);
}

void digest_of_hash(struct sha256 *h, struct digest *out)
{
	memcpy(out->text, PREFIX, strlen(PREFIX));
	sha256_final_hex(h, out->text + strlen(PREFIX));
}

bool digest_equals(const struct digest *a, const struct digest *b)
{
	return !strcmp(a->text, b->text);
}

const char *digest_hex(const struct digest *d)
{
	return d->text[0] ? d->text + strlen(PREFIX) : d->text;
}
