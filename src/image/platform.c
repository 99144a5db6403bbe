#include "base/memory.h"
#include "base/text.h"
#include "image/oci.h"
#include "image/oci_internal.h"

/* Names of architectures that uname and others have for OCI's. */
static const struct {
	const char *name, *architecture, *variant;
} architectures[] = {
	{ "x86_64", "amd64", NULL },  { "x86-64", "amd64", NULL }, { "aarch64", "arm64", NULL },
	{ "armhf", "arm", "v7" },     { "armel", "arm", "v6" },	   { "i386", "386", NULL },
};

static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum(s.data[i]) && !strchr("._-", s.data[i]))
			return false;
	return s.len > 0 && s.len <= 64;
}

struct error *platform_parse(struct platform *out, const char *text)
{
	*out = (struct platform){ 0 };
	struct slice parts[3] = { 0 };
	size_t nr = 0;
	bool good = true;
	for (const char *at = text; at && good;) {
		size_t len = strcspn(at, "/");
		good = nr < ARRAY_SIZE(parts) && is_word((struct slice){ at, len });
		if (good)
			parts[nr++] = (struct slice){ at, len };
		at = at[len] ? at + len + 1 : NULL;
	}
	if (!good || nr < 2)
		return error_with_hint(error_new(ERROR_SYNTAX, "'%s' is not a platform", text),
				       "write <os>/<architecture>[/<variant>], such as " PLATFORM_DEFAULT
				       " or linux/arm64");
	out->os = xmemdupz(parts[0].data, parts[0].len);
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++) {
		if (nr != 2 || !slice_equals(parts[1], architectures[i].name))
			continue;
		out->architecture = xstrdup(architectures[i].architecture);
		out->variant = architectures[i].variant ? xstrdup(architectures[i].variant) : NULL;
		return NULL;
	}
	out->architecture = xmemdupz(parts[1].data, parts[1].len);
	out->variant = nr == 3 ? xmemdupz(parts[2].data, parts[2].len) : NULL;
	return NULL;
}

void platform_release(struct platform *p)
{
	free(p->os);
	free(p->architecture);
	free(p->variant);
	*p = (struct platform){ 0 };
}

void platform_add(struct buffer *out, const struct platform *p)
{
	buffer_addf(out, "%s/%s", p->os, p->architecture);
	if (p->variant)
		buffer_addf(out, "/%s", p->variant);
}

void platform_copy(struct platform *out, const struct platform *from)
{
	*out = (struct platform){
		.os = from->os ? xstrdup(from->os) : NULL,
		.architecture = from->architecture ? xstrdup(from->architecture) : NULL,
		.variant = from->variant ? xstrdup(from->variant) : NULL,
	};
}

/* The variant, where the architecture alone means one: 32-bit ARM is v7, 64-bit v8, x86-64 v1. */
static const char *variant_of(const struct platform *p)
{
	static const struct {
		const char *architecture, *variant;
	} usual[] = { { "arm", "v7" }, { "arm64", "v8" }, { "amd64", "v1" } };
	if (p->variant)
		return p->variant;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (!strcmp(p->architecture, usual[i].architecture))
			return usual[i].variant;
	return "";
}

const struct descriptor *manifest_for_platform(const struct manifest *index, const struct platform *platform)
{
	const struct descriptor *near = NULL;
	for (size_t i = 0; i < index->nr_layers; i++) {
		const struct descriptor *d = &index->layers[i];
		if (!d->platform.os || strcmp(d->platform.os, platform->os) ||
		    strcmp(d->platform.architecture, platform->architecture))
			continue;
		if (!strcmp(variant_of(&d->platform), variant_of(platform)))
			return d;
		if (!near && !platform->variant)
			near = d;
	}
	return near;
}
