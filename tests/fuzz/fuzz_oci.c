/* Manifests, configurations and names of images: what is read can be written, and reads back as the same.
 * The first byte says which: 'm', 'c' or 'r'. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/oci.h"
#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_manifest(struct slice text)
{
	static const struct platform platform = { (char *)"linux", (char *)"amd64", NULL };
	struct manifest m, again;
	struct buffer out = BUFFER_INIT, twice = BUFFER_INIT;
	struct error *err = manifest_parse(&m, text, "f");
	require(!err || !m.media_type);
	if (!err) {
		const struct descriptor *d = manifest_for_platform(&m, &platform);
		require(!d || (d >= m.layers && d < m.layers + m.nr_layers));
		manifest_write(&out, &m);
		require(manifest_parse(&again, slice_of(&out), "written") == NULL);
		manifest_write(&twice, &again);
		require(out.len == twice.len && !memcmp(out.data, twice.data, out.len));
		manifest_release(&again);
	}
	error_free(err);
	manifest_release(&m);
	buffer_release(&out);
	buffer_release(&twice);
}

static void check_config(struct slice text)
{
	cJSON *config;
	struct error *err = config_parse(&config, text, "f");
	require(!err == (config != NULL));
	cJSON_Delete(config);
	error_free(err);
}

static void check_reference(struct slice text)
{
	struct reference r, again;
	struct slice account, region;
	struct buffer out = BUFFER_INIT;
	char *name = xmemdupz(text.data, text.len);
	struct error *err = reference_parse(&r, name);
	if (!err) {
		reference_add(&out, &r);
		require(reference_parse(&again, out.data) == NULL);
		require(!strcmp(again.registry, r.registry) && !strcmp(again.repository, r.repository));
		require(!again.tag == !r.tag && (!r.tag || !strcmp(again.tag, r.tag)));
		require(digest_equals(&again.digest, &r.digest));
		reference_is_ecr(&r, &account, &region);
		reference_release(&again);
	}
	error_free(err);
	reference_release(&r);
	buffer_release(&out);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct slice text = { (const char *)data + 1, size - 1 };
	if (data[0] == 'm')
		check_manifest(text);
	else if (data[0] == 'c')
		check_config(text);
	else
		check_reference(text);
	return 0;
}
