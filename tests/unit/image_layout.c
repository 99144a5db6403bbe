/* Images in folders, as skopeo and umoci read them. */
#include "scripted_server.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "image/layout.h"

struct world {
	char folder[64];
	char *layout, *layer;
	struct image image;
	struct layer layers[2];
};

static void image_of(struct image *image, const char *text)
{
	struct manifest m = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.config = { .media_type = (char *)MEDIA_OCI_CONFIG },
		.layers = xcalloc(image->nr_layers + 1, sizeof(struct descriptor)),
		.nr_layers = image->nr_layers,
	};
	buffer_reset(&image->config);
	buffer_addf(&image->config,
		    "{\"architecture\":\"arm64\",\"os\":\"linux\",\"author\":\"%s\",\"rootfs\":{\"type\":"
		    "\"layers\",\"diff_ids\":[]}}",
		    text);
	digest_of(image->config.data, image->config.len, &image->config_digest);
	m.config.digest = image->config_digest;
	m.config.size = (int64_t)image->config.len;
	for (size_t i = 0; i < image->nr_layers; i++)
		m.layers[i] = image->layers[i].descriptor;
	buffer_reset(&image->manifest);
	manifest_write(&image->manifest, &m);
	digest_of(image->manifest.data, image->manifest.len, &image->digest);
	free(m.layers);
}

/* An image with one layer, "hello", in a file. */
static void world_open(struct world *w)
{
	*w = (struct world){ .image = { .config = BUFFER_INIT, .manifest = BUFFER_INIT } };
	snprintf(w->folder, sizeof(w->folder), "/tmp/layout-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->layout = xstrfmt("%s/oci", w->folder);
	w->layer = xstrfmt("%s/layer", w->folder);
	assert_null(file_write(w->layer, "hello", 5));
	w->layers[0] = (struct layer){ .file = w->layer,
				       .descriptor = { .media_type = (char *)MEDIA_OCI_LAYER, .size = 5 } };
	digest_of("hello", 5, &w->layers[0].descriptor.digest);
	w->image.layers = w->layers;
	w->image.nr_layers = 1;
	image_of(&w->image, "first");
}

static void world_close(struct world *w)
{
	const char *const argv[] = { "rm", "-rf", w->folder, NULL };
	assert_null(process_run(argv, &(struct process_options){ 0 }));
	buffer_release(&w->image.config);
	buffer_release(&w->image.manifest);
	free(w->layout);
	free(w->layer);
}

static void write_named(struct world *w, const char *name)
{
	assert_null(layout_write(w->layout, &w->image, name, NULL));
}

static void test_an_image_is_found_again_under_its_name(void **state)
{
	(void)state;
	struct world w;
	struct descriptor d;
	struct buffer bytes = BUFFER_INIT;
	world_open(&w);
	write_named(&w, "v1");
	assert_null(layout_find(w.layout, "v1", &d));
	assert_string_equal(d.digest.text, w.image.digest.text);
	assert_string_equal(d.media_type, MEDIA_OCI_MANIFEST);
	assert_string_equal(d.platform.architecture, "arm64");
	assert_null(layout_read_blob(w.layout, &d.digest, &bytes));
	assert_string_equal(bytes.data, w.image.manifest.data);
	assert_null(layout_read_blob(w.layout, &w.layers[0].descriptor.digest, &bytes));
	assert_string_equal(bytes.data + w.image.manifest.len, "hello");
	descriptor_release(&d);
	buffer_release(&bytes);
	world_close(&w);
}

static void test_the_only_image_needs_no_name(void **state)
{
	(void)state;
	struct world w;
	struct descriptor d;
	world_open(&w);
	write_named(&w, NULL);
	write_named(&w, NULL);
	assert_null(layout_find(w.layout, NULL, &d));
	assert_string_equal(d.digest.text, w.image.digest.text);
	descriptor_release(&d);
	world_close(&w);
}

static void test_a_name_moves_to_the_newer_image_and_others_stay(void **state)
{
	(void)state;
	struct world w;
	struct descriptor d;
	world_open(&w);
	struct digest first = w.image.digest;
	write_named(&w, "v1");
	write_named(&w, "latest");
	image_of(&w.image, "second");
	write_named(&w, "latest");
	assert_null(layout_find(w.layout, "v1", &d));
	assert_string_equal(d.digest.text, first.text);
	descriptor_release(&d);
	assert_null(layout_find(w.layout, "latest", &d));
	assert_string_equal(d.digest.text, w.image.digest.text);
	descriptor_release(&d);
	struct error *err = layout_find(w.layout, "v2", &d);
	assert_true(error_is(err, ERROR_NOT_FOUND));
	assert_string_equal(err->hint, "there are v1, latest");
	error_free(err);
	err = layout_find(w.layout, NULL, &d);
	assert_non_null(strstr(err->message, "has 2 images: say which"));
	error_free(err);
	world_close(&w);
}

static void test_what_others_wrote_into_the_index_stays(void **state)
{
	(void)state;
	struct world w;
	struct buffer index = BUFFER_INIT;
	world_open(&w);
	write_named(&w, "v1");
	char *path = xstrfmt("%s/index.json", w.layout);
	static const char theirs[] =
		"{\"schemaVersion\":2,\"theirs\":[1],\"manifests\":[{\"mediaType\":\"x/y\",\"digest\":"
		"\"sha512:0\",\"size\":1,\"urls\":[\"u\"]}]}";
	assert_null(file_write(path, theirs, strlen(theirs)));
	write_named(&w, "v1");
	assert_null(file_read(path, &index));
	assert_non_null(strstr(index.data, "\"theirs\":[1]"));
	assert_non_null(strstr(index.data, "\"urls\":[\"u\"]"));
	assert_non_null(strstr(index.data, w.image.digest.text));
	buffer_release(&index);
	free(path);
	world_close(&w);
}

static void test_a_layer_that_is_elsewhere_is_fetched(void **state)
{
	(void)state;
	struct world w;
	struct scripted line;
	struct registries *r;
	struct registry_settings settings = { .retry_first_ms = 1 };
	struct scripted_server *server =
		server_start_with(&line, ACT_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	struct reference from = { .registry = server->url + strlen("http://"), .repository = (char *)"base" };
	struct buffer bytes = BUFFER_INIT;
	world_open(&w);
	assert_null(registries_new(&r, &settings));
	w.layers[0].file = NULL;
	w.layers[0].from = &from;
	w.layers[1] = w.layers[0]; /* the same twice is fetched once */
	w.image.nr_layers = 2;
	image_of(&w.image, "first");
	assert_null(layout_write(w.layout, &w.image, "v1", r));
	assert_int_equal(server->requests, 1);
	assert_null(layout_read_blob(w.layout, &w.layers[0].descriptor.digest, &bytes));
	assert_string_equal(bytes.data, "hello");
	assert_null(layout_write(w.layout, &w.image, "v1", r));
	assert_int_equal(server->requests, 1);
	registries_free(r);
	buffer_release(&bytes);
	world_close(&w);
	server_stop(server);
}

static void test_a_failure_leaves_the_old_index_and_no_file_behind(void **state)
{
	(void)state;
	struct world w;
	struct descriptor d;
	world_open(&w);
	write_named(&w, "v1");
	struct digest first = w.image.digest;
	assert_null(file_write(w.layer, "HELLO", 5)); /* not what its digest says */
	digest_of("other", 5, &w.layers[0].descriptor.digest);
	image_of(&w.image, "second");
	struct error *err = layout_write(w.layout, &w.image, "v1", NULL);
	assert_true(error_is(err, ERROR_IO));
	error_free(err);
	assert_null(layout_find(w.layout, "v1", &d));
	assert_string_equal(d.digest.text, first.text);
	descriptor_release(&d);
	const char *const argv[] = { "find", w.layout, "-name", ".blob-*", NULL };
	struct buffer found = BUFFER_INIT;
	assert_null(process_run(argv, &(struct process_options){ .out = &found }));
	assert_string_equal(found.data, "");
	buffer_release(&found);
	world_close(&w);
}

static void test_a_blob_that_is_not_what_its_name_says_is_refused(void **state)
{
	(void)state;
	struct world w;
	struct buffer bytes = BUFFER_INIT;
	world_open(&w);
	write_named(&w, "v1");
	char *path = layout_blob_path(w.layout, &w.image.config_digest);
	assert_null(file_write(path, "{}", 2));
	struct error *err = layout_read_blob(w.layout, &w.image.config_digest, &bytes);
	assert_true(error_is(err, ERROR_SYNTAX));
	assert_int_equal(bytes.len, 0);
	error_free(err);
	write_named(&w, "v1"); /* and is replaced */
	assert_null(layout_read_blob(w.layout, &w.image.config_digest, &bytes));
	buffer_release(&bytes);
	free(path);
	world_close(&w);
}

static void test_a_folder_that_is_no_layout_is_named(void **state)
{
	(void)state;
	struct world w;
	struct descriptor d;
	world_open(&w);
	struct error *err = layout_find(w.layout, "v1", &d);
	assert_true(error_is(err, ERROR_NOT_FOUND));
	assert_non_null(strstr(err->hint, "is no OCI image layout"));
	error_free(err);
	err = layout_write(w.layer, &w.image, "v1", NULL);
	assert_true(error_is(err, ERROR_EXISTS));
	error_free(err);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_image_is_found_again_under_its_name),
		cmocka_unit_test(test_the_only_image_needs_no_name),
		cmocka_unit_test(test_a_name_moves_to_the_newer_image_and_others_stay),
		cmocka_unit_test(test_what_others_wrote_into_the_index_stays),
		cmocka_unit_test(test_a_layer_that_is_elsewhere_is_fetched),
		cmocka_unit_test(test_a_failure_leaves_the_old_index_and_no_file_behind),
		cmocka_unit_test(test_a_blob_that_is_not_what_its_name_says_is_refused),
		cmocka_unit_test(test_a_folder_that_is_no_layout_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
