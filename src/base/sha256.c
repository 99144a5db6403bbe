#include "base/sha256.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/hex.h"
#include "base/memory.h"

/* Looking the algorithm up is slow in OpenSSL 3 (locks, provider search), so it is done once a
 * process. Never freed: it is needed until the end. */
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static const EVP_MD *algorithm;

static void fetch(void)
{
	algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!algorithm)
		algorithm = EVP_sha256();
}

/* libcrypto can only fail here for want of memory, which ends the process as in base/memory.c. */
static void require(int ok)
{
	if (ok != 1)
		abort();
}

void sha256_init(struct sha256 *h)
{
	pthread_once(&fetched, fetch);
	h->context = EVP_MD_CTX_new();
	require(h->context != NULL && EVP_DigestInit_ex(h->context, algorithm, NULL));
}

void sha256_update(struct sha256 *h, const void *data, size_t len)
{
	if (len)
		require(EVP_DigestUpdate(h->context, data, len));
}

void sha256_final(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
	require(EVP_DigestFinal_ex(h->context, out, NULL));
	EVP_MD_CTX_free(h->context);
	h->context = NULL;
}

void sha256_final_hex(struct sha256 *h, char out[SHA256_HEX_SIZE + 1])
{
	unsigned char digest[SHA256_SIZE];
	sha256_final(h, digest);
	hex_encode(digest, sizeof(digest), out);
}

void sha256_hex(const void *data, size_t len, char out[SHA256_HEX_SIZE + 1])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, data, len);
	sha256_final_hex(&h, out);
}
