#include "image/gzip.h"

#include <libdeflate.h>

#include "base/memory.h"

struct gzip {
	struct libdeflate_compressor *compressor;
};

struct gzip *gzip_new(void)
{
	struct gzip *gzip = xcalloc(1, sizeof(*gzip));
	gzip->compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
	/* As xmalloc ends the process: there is no memory. */
	if (!gzip->compressor)
		abort();
	return gzip;
}

void gzip_free(struct gzip *gzip)
{
	if (!gzip)
		return;
	libdeflate_free_compressor(gzip->compressor);
	free(gzip);
}

void gzip_add_member(struct gzip *gzip, struct slice bytes, struct buffer *out)
{
	size_t bound = libdeflate_gzip_compress_bound(gzip->compressor, bytes.len);
	if (!buffer_reserve(out, bound)) {
		out->overflowed = true;
		return;
	}
	out->len +=
	    libdeflate_gzip_compress(gzip->compressor, bytes.data, bytes.len, out->data + out->len, bound);
	out->data[out->len] = '\0';
}
