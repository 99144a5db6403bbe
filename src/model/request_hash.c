#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "model/codec.h"

/* Changes whenever the same request would be hashed differently. */
#define HASH_DOMAIN "scrutiny-request-2"

/* Length first, so that no two lists of fields give the same bytes. */
static void add_bytes(struct sha256 *h, const char *data, uint64_t len)
{
	unsigned char prefix[8];
	for (int i = 0; i < 8; i++)
		prefix[i] = (unsigned char)(len >> (8 * i));
	sha256_update(h, prefix, sizeof(prefix));
	if (len)
		sha256_update(h, data, len);
}

static void add_field(struct sha256 *h, const char *s)
{
	add_bytes(h, s, s ? strlen(s) : 0);
}

void model_request_hash(const struct model *m, const struct model_request *r, char out[65])
{
	struct codec_question q = { .model = m, .request = r };
	char limit[24];
	snprintf(limit, sizeof(limit), "%lld", (long long)codec_output_tokens(&q));
	const char *const fields[] = { HASH_DOMAIN,    m->provider, m->name, r->schema_name,
				       r->schema, r->system,	  r->shared, r->user, limit };
	struct sha256 h;
	sha256_init(&h);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		add_field(&h, fields[i]);
	for (size_t i = 0; i < r->nr_images; i++) {
		add_field(&h, r->images[i].media_type);
		add_bytes(&h, r->images[i].data.data, r->images[i].data.len);
	}
	sha256_final_hex(&h, out);
}
