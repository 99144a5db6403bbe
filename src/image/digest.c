#include "image/digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"

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

bool digest_is_of_file(const struct digest *d, int64_t size, const char *path)
{
	static const size_t chunk = (size_t)1 << 20;
	struct sha256 h;
	struct digest own;
	struct stat st;
	int64_t done = 0;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != size) {
		close(fd);
		return false;
	}
	char *bytes = xmalloc(chunk);
	sha256_init(&h);
	while (done < size && (n = read(fd, bytes, chunk)) > 0) {
		sha256_update(&h, bytes, (size_t)n);
		done += n;
	}
	digest_of_hash(&h, &own);
	free(bytes);
	close(fd);
	return digest_equals(&own, d);
}

bool digest_equals(const struct digest *a, const struct digest *b)
{
	return !strcmp(a->text, b->text);
}

const char *digest_hex(const struct digest *d)
{
	return d->text[0] ? d->text + strlen(PREFIX) : d->text;
}
