#include "base_testing.h"

#include "base/memory.h"
#include "image/image.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DESCRIPTOR(type, digest) "{\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":7}"
#define CONFIG DESCRIPTOR(MEDIA_OCI_CONFIG, ABC)
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ABC "\"]}"
#define CONFIGURATION(members) "{\"architecture\":\"amd64\",\"os\":\"linux\"," members "}"

static const char sample[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":" CONFIG
	",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" EMPTY
	"\",\"size\":12,\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}],\"annotations\":{\"x\":\"y\"}}";

/* -- digests ----------------------------------------------------------------------------------- */

static void test_a_digest_is_sha256_and_64_digits(void **state)
{
	struct digest d;
	(void)state;
	assert_true(digest_parse(text_slice(ABC), &d));
	assert_string_equal(d.text, ABC);
	assert_string_equal(digest_hex(&d), &ABC[7]);
	static const char *const bad[] = {
		"", "sha256:", "sha256:ba7816bf", ABC "0", "sha512:ba7816bf8f01cfea414140de5dae2223b00361a3",
		"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(digest_parse(text_slice(bad[i]), &d));
		assert_string_equal(d.text, "");
		assert_string_equal(digest_hex(&d), "");
	}
}

static void test_the_digest_of_bytes(void **state)
{
	struct digest d, e;
	(void)state;
	digest_of("abc", 3, &d);
	assert_string_equal(d.text, ABC);
	digest_of("", 0, &e);
	assert_string_equal(e.text, EMPTY);
	assert_false(digest_equals(&d, &e));
}

/* -- platforms --------------------------------------------------------------------------------- */

static void expect_platform(const char *text, const char *written)
{
	struct platform p;
	struct buffer out = BUFFER_INIT;
	assert_ok(platform_parse(&p, text));
	platform_add(&out, &p);
	assert_string_equal(out.data, written);
	platform_release(&p);
	buffer_release(&out);
}

static void test_platforms_are_os_architecture_and_variant(void **state)
{
	(void)state;
	expect_platform(PLATFORM_DEFAULT, "linux/amd64");
	expect_platform("linux/arm/v7", "linux/arm/v7");
	expect_platform("linux/x86_64", "linux/amd64");
	expect_platform("linux/aarch64", "linux/arm64");
	static const char *const bad[] = { "",        "linux",     "linux/",    "/amd64",
					   "a/b/c/d", "linux/a b", "linux/arm/" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct platform p;
		assert_error(platform_parse(&p, bad[i]), ERROR_SYNTAX, "not a platform");
		platform_release(&p);
	}
}

/* Which of an index's entries WANTED gets: its number, -1 for none. */
static int pick(const char *wanted, const char *const *offered, size_t nr)
{
	struct manifest index = { .is_index = true, .nr_layers = nr };
	struct platform p;
	index.layers = xcalloc(nr, sizeof(*index.layers));
	for (size_t i = 0; i < nr; i++)
		assert_ok(platform_parse(&index.layers[i].platform, offered[i]));
	assert_ok(platform_parse(&p, wanted));
	const struct descriptor *d = manifest_for_platform(&index, &p);
	int at = d ? (int)(d - index.layers) : -1;
	platform_release(&p);
	manifest_release(&index);
	return at;
}

static void test_an_index_is_searched_for_the_platform(void **state)
{
	static const char *const offered[] = { "unknown/unknown", "linux/arm/v6", "linux/arm/v7",
					       "linux/arm64/v8", "linux/amd64/v3", "linux/amd64" };
	(void)state;
	assert_int_equal(pick("linux/amd64", offered, 6), 5);
	assert_int_equal(pick("linux/arm64", offered, 6), 3);
	assert_int_equal(pick("linux/arm", offered, 6), 2);
	assert_int_equal(pick("linux/arm/v6", offered, 6), 1);
	assert_int_equal(pick("linux/s390x", offered, 6), -1);
	assert_int_equal(pick("linux/amd64", offered, 5), 4);
	assert_int_equal(pick("linux/arm/v5", offered, 6), -1);
}

/* -- manifests --------------------------------------------------------------------------------- */

static void test_a_manifest_is_read(void **state)
{
	struct manifest m;
	(void)state;
	assert_ok(manifest_parse(&m, text_slice(sample), "x"));
	assert_false(m.is_index);
	assert_string_equal(m.config.digest.text, ABC);
	assert_int_equal(m.nr_layers, 1);
	assert_int_equal(m.layers[0].size, 12);
	assert_string_equal(descriptor_annotation(&m.layers[0], "b"), "2");
	assert_null(descriptor_annotation(&m.layers[0], "c"));
	manifest_release(&m);
}

static void test_a_manifest_is_written_as_it_was_read(void **state)
{
	struct manifest m;
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_ok(manifest_parse(&m, text_slice(sample), "x"));
	manifest_write(&out, &m);
	assert_string_equal(out.data, sample);
	manifest_release(&m);
	buffer_release(&out);
}

static void test_an_index_keeps_platforms_and_subject(void **state)
{
	static const char text[] =
	    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
	    "\",\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" ABC
	    "\",\"size\":9,\"platform\":{\"architecture\":\"arm\","
	    "\"os\":\"linux\",\"variant\":\"v7\"},\"artifactType\":\"a/b\"}],\"subject\":" CONFIG "}";
	struct manifest m;
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_ok(manifest_parse(&m, text_slice(text), "x"));
	assert_true(m.is_index);
	assert_string_equal(m.layers[0].platform.variant, "v7");
	manifest_write(&out, &m);
	assert_string_equal(out.data, text);
	manifest_release(&m);
	buffer_release(&out);
}

static void test_annotations_are_kept_in_order(void **state)
{
	struct descriptor d = { 0 }, copy;
	(void)state;
	descriptor_annotate(&d, "m", "1");
	descriptor_annotate(&d, "a", "2");
	descriptor_annotate(&d, "z", "3");
	descriptor_annotate(&d, "m", "4");
	descriptor_annotate(&d, "a", NULL);
	descriptor_annotate(&d, "not there", NULL);
	descriptor_copy(&copy, &d);
	assert_int_equal(copy.nr_annotations, 2);
	assert_string_equal(copy.annotations[0].value, "4");
	assert_string_equal(copy.annotations[1].key, "z");
	descriptor_release(&d);
	descriptor_release(&copy);
}

#define MANIFEST(members) "{\"schemaVersion\":2," members "}"
#define TYPED(type, members) MANIFEST("\"mediaType\":\"" type "\"," members)

static void test_what_is_no_manifest_is_refused(void **state)
{
	static const struct {
		enum error_code code;
		const char *text, *said;
	} bad[] = {
		{ ERROR_SYNTAX, "", "ends too early" },
		{ ERROR_SYNTAX, "[]", "not an object" },
		{ ERROR_SYNTAX, "{}", "schemaVersion" },
		{ ERROR_UNSUPPORTED, "{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1" },
		{ ERROR_SYNTAX, MANIFEST("\"a\":1"), "neither" },
		{ ERROR_SYNTAX, MANIFEST("\"manifests\":[],\"layers\":[]"), "both" },
		{ ERROR_SYNTAX, MANIFEST("\"manifests\":[],\"Layers\":[]"), "both" },
		{ ERROR_UNSUPPORTED, TYPED(MEDIA_OCI_INDEX, "\"config\":" CONFIG ",\"layers\":[]"),
		  "not that of" },
		{ ERROR_UNSUPPORTED, TYPED(MEDIA_OCI_MANIFEST, "\"manifests\":[]"), "not that of" },
		{ ERROR_SYNTAX, MANIFEST("\"config\":" CONFIG), "'layers'" },
		{ ERROR_SYNTAX, MANIFEST("\"layers\":[]"), "'config'" },
		{ ERROR_SYNTAX, MANIFEST("\"config\":" CONFIG ",\"layers\":[1]"), "descriptor" },
		{ ERROR_SYNTAX, MANIFEST("\"config\":" CONFIG ",\"layers\":[],\"annotations\":{\"a\":1}"),
		  "'a'" },
		{ ERROR_SYNTAX,
		  MANIFEST("\"config\":" CONFIG ",\"layers\":[],\"annotations\":{\"a\":\"\",\"a\":\"\"}"),
		  "twice" },
		{ ERROR_SYNTAX, MANIFEST("\"manifests\":[{\"digest\":\"" ABC "\",\"size\":1}]"),
		  "'mediaType'" },
		{ ERROR_SYNTAX,
		  MANIFEST("\"manifests\":[{\"mediaType\":\"a\",\"digest\":\"" ABC "\",\"size\":1}]"),
		  "media type" },
		{ ERROR_SYNTAX,
		  MANIFEST("\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" ABC "\",\"size\":-1}]"),
		  "negative" },
		{ ERROR_UNSUPPORTED,
		  MANIFEST("\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"md5:1\",\"size\":1}]"),
		  "SHA-256" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct manifest m;
		assert_error(manifest_parse(&m, text_slice(bad[i].text), "x"), bad[i].code, bad[i].said);
		assert_int_equal(m.nr_layers, 0);
	}
}

/* Programs in Go would take the last, and "Layers" for "layers". */
static void test_two_members_of_one_name_are_refused(void **state)
{
	static const char *const manifests[] = {
		MANIFEST("\"config\":" CONFIG ",\"layers\":[],\"layers\":[" CONFIG "]"),
		MANIFEST("\"config\":" CONFIG ",\"layers\":[],\"Layers\":[" CONFIG "]"),
		MANIFEST("\"config\":" CONFIG ",\"CONFIG\":" CONFIG ",\"layers\":[]"),
		MANIFEST("\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" ABC "\",\"Digest\":\"" EMPTY
			 "\",\"size\":1}]"),
		MANIFEST("\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" ABC
			 "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\",\"OS\":\"windows\"}}]"),
	};
	static const char *const configurations[] = {
		CONFIGURATION(ROOTFS "," ROOTFS),
		CONFIGURATION(ROOTFS ",\"Rootfs\":{\"diff_ids\":[]}"),
		CONFIGURATION(ROOTFS ",\"Os\":\"windows\""),
		CONFIGURATION(ROOTFS ",\"config\":{\"Cmd\":[\"a\"],\"cmd\":[\"b\"]}"),
		CONFIGURATION(ROOTFS ",\"Config\":{\"User\":\"a\",\"User\":\"b\"}"),
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		struct manifest m;
		assert_error(manifest_parse(&m, text_slice(manifests[i]), "x"), ERROR_SYNTAX, "is there twice");
	}
	for (size_t i = 0; i < ARRAY_SIZE(configurations); i++) {
		cJSON *config;
		assert_error(config_parse(&config, text_slice(configurations[i]), "x"), ERROR_SYNTAX,
			     "is there twice");
	}
}

static void test_names_that_are_ascii_in_another_case_only_are_refused(void **state)
{
	cJSON *config;
	(void)state;
	/* U+017F, which is an S when case does not matter. */
	static const char bad[] = CONFIGURATION(ROOTFS ",\"config\":{\"U\xc5\xbf" "er\":\"b\"}");
	static const char labels[] = CONFIGURATION(ROOTFS ",\"config\":{\"Labels\":{\"a\":\"\",\"A\":\"\","
							  "\"\xc3\xa4\":\"\"}}");
	assert_error(config_parse(&config, text_slice(bad), "x"), ERROR_SYNTAX, "ASCII");
	assert_ok(config_parse(&config, text_slice(labels), "x"));
	cJSON_Delete(config);
}

static void test_layers_have_a_ceiling(void **state)
{
	struct buffer text = BUFFER_INIT;
	struct manifest m;
	(void)state;
	buffer_addstr(&text, "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[");
	for (int i = 0; i <= OCI_MAX_LAYERS; i++)
		buffer_addf(&text, "%s%s", i ? "," : "", CONFIG);
	buffer_addstr(&text, "]}");
	assert_error(manifest_parse(&m, slice_of(&text), "x"), ERROR_LIMIT, "512 layers");
	buffer_release(&text);
}

/* -- configurations ---------------------------------------------------------------------------- */

static void test_a_configuration_keeps_what_we_do_not_know(void **state)
{
	cJSON *config;
	(void)state;
	assert_ok(
	    config_parse(&config, text_slice(CONFIGURATION(ROOTFS ",\"config\":null,\"new\":[1]")), "x"));
	assert_non_null(cJSON_GetObjectItemCaseSensitive(config, "new"));
	cJSON_Delete(config);
}

static void test_what_is_no_configuration_is_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} bad[] = {
		{ "1", "not an object" },
		{ "{\"os\":\"linux\"," ROOTFS "}", "'architecture'" },
		{ "{\"architecture\":\"amd64\"," ROOTFS "}", "'os'" },
		{ "{\"architecture\":\"amd64\",\"os\":\"linux\"}", "'rootfs'" },
		{ CONFIGURATION("\"rootfs\":{}"), "'diff_ids'" },
		{ CONFIGURATION("\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}"), "SHA-256" },
		{ CONFIGURATION("\"rootfs\":{\"diff_ids\":[1]}"), "SHA-256" },
		{ CONFIGURATION(ROOTFS ",\"config\":[]"), "'config' is not an object" },
		{ CONFIGURATION(ROOTFS ",\"history\":{}"), "'history' is not an array" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cJSON *config;
		assert_error(config_parse(&config, text_slice(bad[i].text), "x"), ERROR_SYNTAX, bad[i].said);
		assert_null(config);
	}
}

static void test_an_image_can_be_released_twice(void **state)
{
	struct image image = { 0 };
	(void)state;
	image.layers = xcalloc(1, sizeof(*image.layers));
	image.nr_layers = 1;
	image.layers[0].file = xstrdup("/x");
	descriptor_annotate(&image.layers[0].descriptor, "a", "b");
	image_release(&image);
	image_release(&image);
	assert_int_equal(image.nr_layers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_digest_is_sha256_and_64_digits),
		cmocka_unit_test(test_the_digest_of_bytes),
		cmocka_unit_test(test_platforms_are_os_architecture_and_variant),
		cmocka_unit_test(test_an_index_is_searched_for_the_platform),
		cmocka_unit_test(test_a_manifest_is_read),
		cmocka_unit_test(test_a_manifest_is_written_as_it_was_read),
		cmocka_unit_test(test_an_index_keeps_platforms_and_subject),
		cmocka_unit_test(test_annotations_are_kept_in_order),
		cmocka_unit_test(test_what_is_no_manifest_is_refused),
		cmocka_unit_test(test_two_members_of_one_name_are_refused),
		cmocka_unit_test(test_names_that_are_ascii_in_another_case_only_are_refused),
		cmocka_unit_test(test_layers_have_a_ceiling),
		cmocka_unit_test(test_a_configuration_keeps_what_we_do_not_know),
		cmocka_unit_test(test_what_is_no_configuration_is_refused),
		cmocka_unit_test(test_an_image_can_be_released_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
