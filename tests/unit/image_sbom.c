#include "git_fixture.h"

#include "base/json.h"
#include "image/sbom.h"

#define STATUS "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\n\n" \
	       "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n" \
	       "Package: zlib1g\nStatus: install ok installed\nVersion: 1:1.2.13\n"

struct layer_folder {
	char *directory, *archive;
	struct sbom_package *packages;
	size_t nr;
};

static void begin(struct layer_folder *f)
{
	*f = (struct layer_folder){ .directory = fixture_directory() };
	f->archive = xstrfmt("%s/layer", f->directory);
}

/* Packs what was put below "root"; COMPRESS is a flag of tar's. */
static struct error *read_packed(struct layer_folder *f, const char *compress)
{
	const char *argv[] = { "tar", "-c", compress, "-f", f->archive, "-C", f->directory, "root", "--transform=s,^root/,,",
			       NULL };
	assert_success(process_run(argv, NULL));
	return sbom_read_layer(f->archive, &f->packages, &f->nr);
}

static void end(struct layer_folder *f)
{
	sbom_packages_free(f->packages, f->nr);
	free(f->archive);
	fixture_remove(f->directory);
}

static void is_package(const struct sbom_package *p, const char *ecosystem, const char *name, const char *version)
{
	assert_string_equal(p->ecosystem, ecosystem);
	assert_string_equal(p->name, name);
	assert_string_equal(p->version, version);
}

static void test_packages_of_all_managers_are_found_and_sorted(void **state)
{
	struct layer_folder f;
	(void)state;
	begin(&f);
	put_file(f.directory, "root/usr/lib/python3/site-packages/streamlit-1.40.dist-info/METADATA",
		 "Metadata-Version: 2.4\nName: streamlit\nVersion: 1.40\nLicense: Apache License\nLicense-Expression: "
		 "Apache-2.0\n\nName: not-this\n");
	put_file(f.directory, "root/app/node_modules/@scope/thing/package.json",
		 "{\"name\":\"@scope/thing\",\"version\":\"2.0.0\",\"license\":\"MIT\"}");
	put_file(f.directory, "root/app/node_modules/a/lib/package.json", "{\"name\":\"inner\",\"version\":\"1\"}");
	put_file(f.directory, "root/app/package.json", "{\"name\":\"app\",\"version\":\"1\"}");
	put_file(f.directory, "root/var/lib/dpkg/status", STATUS);
	put_file(f.directory, "root/lib/apk/db/installed", "P:musl\nV:1.2.4\nL:MIT\nF:lib\n\n");
	assert_success(read_packed(&f, "-z"));
	assert_int_equal(f.nr, 5);
	is_package(&f.packages[0], "apk", "musl", "1.2.4");
	is_package(&f.packages[1], "deb", "libc6", "2.36-9");
	is_package(&f.packages[2], "deb", "zlib1g", "1:1.2.13");
	is_package(&f.packages[3], "npm", "@scope/thing", "2.0.0");
	is_package(&f.packages[4], "pypi", "streamlit", "1.40");
	assert_string_equal(f.packages[4].license, "Apache-2.0");
	end(&f);
}

static void test_a_package_that_is_there_twice_counts_once(void **state)
{
	struct layer_folder f;
	(void)state;
	begin(&f);
	put_file(f.directory, "root/a/x.dist-info/METADATA", "Name: x\nVersion: 1\n");
	put_file(f.directory, "root/b/x.dist-info/METADATA", "Name: x\nVersion: 1\n");
	put_file(f.directory, "root/c/x.dist-info/METADATA", "Name: x\nVersion: 2\n");
	assert_success(read_packed(&f, "-z"));
	assert_int_equal(f.nr, 2);
	end(&f);
}

static void test_files_that_are_no_lists_are_passed_over(void **state)
{
	struct layer_folder f;
	(void)state;
	begin(&f);
	put_file(f.directory, "root/a/x.dist-info/METADATA", "Name: x\nNo version here\n");
	put_file(f.directory, "root/node_modules/a/package.json", "{\"name\": [");
	put_file(f.directory, "root/node_modules/b/package.json", "[]");
	put_file(f.directory, "root/var/lib/dpkg/status", "\n\n\n");
	assert_success(read_packed(&f, "-z"));
	assert_int_equal(f.nr, 0);
	end(&f);
}

static void test_zstd_and_no_compression_are_read_too(void **state)
{
	static const char *const flags[] = { "--zstd", "--no-same-owner" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct layer_folder f;
		begin(&f);
		put_file(f.directory, "root/a/x.dist-info/METADATA", "Name: x\nVersion: 1\n");
		assert_success(read_packed(&f, flags[i]));
		assert_int_equal(f.nr, 1);
		end(&f);
	}
}

static void test_what_is_no_archive_is_an_error(void **state)
{
	struct layer_folder f;
	(void)state;
	begin(&f);
	put_file(f.directory, "layer", "this is no archive at all, and never was one");
	struct error *err = sbom_read_layer(f.archive, &f.packages, &f.nr);
	assert_non_null(strstr(err->message, "is no archive"));
	assert_error(err, ERROR_SYNTAX);
	assert_null(f.packages);
	end(&f);
}

/* -- documents -------------------------------------------------------------------------------- */

static void make_image(struct image *image, struct image_spec *spec, struct build_settings *settings,
		       struct reference *target)
{
	*image = (struct image){ .config = BUFFER_INIT, .manifest = BUFFER_INIT };
	*spec = (struct image_spec){ 0 };
	buffer_addstr(&image->config, "{\"created\":\"2024-05-01T12:00:00Z\"}");
	digest_of("image", 5, &image->digest);
	image->layers = xcalloc(1, sizeof(*image->layers));
	image->nr_layers = 1;
	image->layers[0].origin = LAYER_DEPENDENCIES;
	digest_of("layer", 5, &image->layers[0].descriptor.digest);
	assert_success(reference_parse(&spec->base, "python:3.12"));
	assert_success(reference_parse(target, "127.0.0.1:5000/web-demo"));
	assert_success(platform_parse(&spec->platform, "linux/amd64"));
	*settings = (struct build_settings){ .source = "https://example.org/web-demo.git", .target = target };
	memset(settings->commit.hex, 'a', 40);
	digest_of("base", 4, &settings->base_digest);
}

static cJSON *written(struct buffer *out)
{
	cJSON *json;
	assert_success(json_parse(&json, slice_of(out), "document"));
	buffer_release(out);
	return json;
}

static void test_the_list_of_packages_is_spdx(void **state)
{
	struct sbom_package packages[] = { { (char *)"@a/b", (char *)"1", (char *)"MIT", "npm" },
					   { (char *)"Foo_Bar", (char *)"2+x", (char *)"My own", "pypi" } };
	struct image image;
	struct image_spec spec;
	struct build_settings settings;
	struct reference target;
	struct buffer out = BUFFER_INIT, again = BUFFER_INIT;
	(void)state;
	make_image(&image, &spec, &settings, &target);
	sbom_write(&out, &image, &spec, &settings, packages, 2);
	sbom_write(&again, &image, &spec, &settings, packages, 2);
	assert_string_equal(out.data, again.data);
	buffer_release(&again);
	assert_non_null(strstr(out.data, "pkg:npm/%40a/b@1"));
	assert_non_null(strstr(out.data, "pkg:pypi/foo-bar@2%2Bx"));
	cJSON *json = written(&out);
	assert_string_equal(json_string_or(json, "spdxVersion", ""), "SPDX-2.3");
	const cJSON *list = cJSON_GetObjectItem(json, "packages");
	assert_int_equal(cJSON_GetArraySize(list), 5);
	assert_string_equal(json_string_or(cJSON_GetArrayItem(list, 3), "licenseDeclared", ""), "MIT");
	assert_string_equal(json_string_or(cJSON_GetArrayItem(list, 4), "licenseDeclared", ""), "NOASSERTION");
	assert_string_equal(json_string_or(cJSON_GetArrayItem(list, 4), "licenseComments", ""), "My own");
	assert_string_equal(json_string_or(cJSON_GetObjectItem(json, "creationInfo"), "created", ""),
			    "2024-05-01T12:00:00Z");
	cJSON_Delete(json);
	image_release(&image);
	image_spec_release(&spec);
	reference_release(&target);
}

static void test_provenance_names_commit_base_and_dependencies(void **state)
{
	struct image image;
	struct image_spec spec;
	struct build_settings settings;
	struct reference target;
	struct buffer out = BUFFER_INIT;
	(void)state;
	make_image(&image, &spec, &settings, &target);
	provenance_write(&out, &image, &spec, &settings);
	cJSON *json = written(&out);
	const cJSON *subject = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "subject"), 0);
	assert_string_equal(json_string_or(subject, "name", ""), "127.0.0.1:5000/web-demo");
	assert_string_equal(json_string_or(cJSON_GetObjectItem(subject, "digest"), "sha256", ""), digest_hex(&image.digest));
	const cJSON *build = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "predicate"), "buildDefinition");
	const cJSON *made_of = cJSON_GetObjectItem(build, "resolvedDependencies");
	assert_int_equal(cJSON_GetArraySize(made_of), 3);
	assert_string_equal(json_string_or(cJSON_GetArrayItem(made_of, 0), "uri", ""),
			    "git+https://example.org/web-demo.git@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_string_equal(json_string_or(cJSON_GetArrayItem(made_of, 1), "uri", ""), "oci://python:3.12");
	cJSON_Delete(json);
	image_release(&image);
	image_spec_release(&spec);
	reference_release(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packages_of_all_managers_are_found_and_sorted),
		cmocka_unit_test(test_a_package_that_is_there_twice_counts_once),
		cmocka_unit_test(test_files_that_are_no_lists_are_passed_over),
		cmocka_unit_test(test_zstd_and_no_compression_are_read_too),
		cmocka_unit_test(test_what_is_no_archive_is_an_error),
		cmocka_unit_test(test_the_list_of_packages_is_spdx),
		cmocka_unit_test(test_provenance_names_commit_base_and_dependencies),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
