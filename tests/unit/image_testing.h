/* What the tests of images share: a repository, a base image, and reading layers with another program's
 * library. */
#ifndef TESTS_IMAGE_TESTING_H
#define TESTS_IMAGE_TESTING_H

#include "git_fixture.h"

#include <archive.h>
#include <archive_entry.h>

#include "image/build.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define assert_fails(call, expected, text)                                                      \
	do {                                                                                    \
		struct error *bad = (call);                                                     \
		assert_non_null(bad);                                                           \
		if (bad->code != (expected) || !strstr(bad->message, (text)))                   \
			fail_msg("not '%s': code %d, %s", (text), (int)bad->code, bad->message); \
		error_free(bad);                                                                \
	} while (0)

static const char base_manifest_text[] =
    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST
    "\",\"config\":{\"mediaType\":\"" MEDIA_DOCKER_CONFIG "\",\"size\":7,\"digest\":\"" ABC
    "\"},\"layers\":[{\"mediaType\":\"" MEDIA_DOCKER_LAYER "\",\"size\":12,\"digest\":\"" EMPTY
    "\",\"annotations\":{\"" ANNOTATION_LAYER "\":\"tree\",\"kept\":\"yes\"}}]}";

static const char base_config_text[] =
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/"
    "bin\",\"A=1\"],\"Cmd\":[\"sh\"],"
    "\"Labels\":{\"org.opencontainers.image.version\":\"12\",\"maintainer\":\"x\"}},\"future\":{\"key\":[1,2]"
    "},"
    "\"history\":[{\"created_by\":\"ADD\"},{\"created_by\":\"CMD\",\"empty_layer\":true}],"
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ABC "\"]}}";

/* Everything of a build, with one copy of the top to /app. */
struct fixture {
	char *directory, *top, *cache;
	struct repo *repo;
	struct manifest base;
	cJSON *config;
	struct image_copy copies[8];
	struct image_spec spec;
	struct build_settings settings;
	struct image image;
};

static inline void fixture_commit(struct fixture *f)
{
	git(f->top, "add", "-A", "-f", ".", NULL);
	git(f->top, "commit", "-q", "--allow-empty", "-m", "a commit", NULL);
	assert_success(repo_head(f->repo, &f->settings.commit));
}

static inline void fixture_open(struct fixture *f, const char *top)
{
	repo_free(f->repo);
	assert_success(repo_open(&f->repo, top));
	f->settings.repo = f->repo;
	assert_success(repo_head(f->repo, &f->settings.commit));
}

static inline void fixture_start_with(struct fixture *f, const char *format)
{
	*f = (struct fixture){ .directory = fixture_directory() };
	f->top = fixture_repository(f->directory, "repo", format);
	f->cache = xstrfmt("%s/cache", f->directory);
	assert_success(manifest_parse(&f->base, slice_of_string(base_manifest_text), "base"));
	assert_success(config_parse(&f->config, slice_of_string(base_config_text), "base"));
	assert_success(reference_parse(&f->spec.base, "python:3.12"));
	assert_success(platform_parse(&f->spec.platform, PLATFORM_DEFAULT));
	f->copies[0] = (struct image_copy){ .from = (char *)"", .to = (char *)"app" };
	f->spec.copies = f->copies;
	f->spec.nr_copies = 1;
	f->settings.base_manifest = &f->base;
	f->settings.base_config = f->config;
	f->settings.cache = f->cache;
	f->settings.threads = 2;
	digest_of("base", 4, &f->settings.base_digest);
	put_file(f->top, "main.py", "print('hello')\n");
	put_file(f->top, "lib/one.py", "1\n");
	put_file(f->top, "lib/deep/two.py", "2\n");
	put_file(f->top, "static/style.css", "body {}\n");
	fixture_open(f, f->top);
	fixture_commit(f);
}

static inline void fixture_start(struct fixture *f)
{
	fixture_start_with(f, "sha1");
}

static inline void fixture_end(struct fixture *f)
{
	image_release(&f->image);
	repo_free(f->repo);
	manifest_release(&f->base);
	cJSON_Delete(f->config);
	reference_release(&f->spec.base);
	platform_release(&f->spec.platform);
	free(f->top);
	free(f->cache);
	fixture_remove(f->directory);
}

static inline struct error *fixture_build(struct fixture *f)
{
	image_release(&f->image);
	return image_build(&f->image, &f->spec, &f->settings);
}

/* Forgets the layers that were made. */
static inline void fixture_forget(struct fixture *f)
{
	const char *argv[] = { "rm", "-rf", "--", f->cache, NULL };
	assert_success(process_run(argv, NULL));
}

/* Appends a line for each entry of the archive in FILE: "<type and mode> <path> [<target or text>]". */
static inline void list_archive(struct buffer *out, const char *file)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	archive_read_support_format_tar(a);
	archive_read_support_filter_gzip(a);
	assert_int_equal(archive_read_open_filename(a, file, 16384), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		char text[64] = "";
		ssize_t n = archive_read_data(a, text, sizeof(text) - 1);
		const char *target = archive_entry_symlink(e);
		assert_true(n >= 0);
		text[strcspn(text, "\n")] = '\0';
		assert_int_equal(archive_entry_mtime(e), BUILD_FILE_TIME);
		buffer_addf(out, "%o %s%s%s\n", archive_entry_mode(e), archive_entry_pathname(e),
			    target || *text ? " " : "", target ? target : text);
	}
	archive_read_free(a);
}

/* All of the commit's layers, a line "--" before each. */
static inline char *list_layers(const struct image *image)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < image->nr_layers; i++) {
		if (image->layers[i].origin != LAYER_TREE)
			continue;
		buffer_addstr(&out, "--\n");
		list_archive(&out, image->layers[i].file);
	}
	return buffer_detach(&out, NULL);
}

static inline void assert_layers(struct fixture *f, const char *expected)
{
	char *listed = list_layers(&f->image);
	assert_string_equal(listed, expected);
	free(listed);
}

#endif
