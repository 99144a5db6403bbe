#include "base_testing.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "image/tar.h"

#define TIME 315532800

static struct tar_entry file_entry(const char *path, uint64_t size)
{
	return (struct tar_entry){ .kind = TAR_FILE, .path = path, .mode = 0644, .size = size, .time = TIME };
}

static void add_file(struct buffer *out, const char *path, const char *text)
{
	struct tar_entry e = file_entry(path, strlen(text));
	tar_add_header(out, &e);
	buffer_addstr(out, text);
	tar_add_padding(out, strlen(text));
}

/* Another program's reading of OUT's only entry. */
static struct archive *open_archive(const struct buffer *out, struct archive_entry **entry)
{
	struct archive *a = archive_read_new();
	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_memory(a, out->data, out->len), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(a, entry), ARCHIVE_OK);
	return a;
}

static void test_the_bytes_never_change(void **state)
{
	struct buffer out = BUFFER_INIT;
	char hex[SHA256_HEX_SIZE + 1];
	struct tar_entry folder = { .kind = TAR_FOLDER, .path = "app", .mode = 0755, .time = TIME };
	struct tar_entry link = {
		.kind = TAR_LINK, .path = "app/l", .target = "a", .mode = 0777, .time = TIME
	};
	(void)state;
	tar_add_header(&out, &folder);
	add_file(&out, "app/a", "hello\n");
	tar_add_header(&out, &link);
	tar_add_end(&out);
	assert_int_equal(out.len, 6 * TAR_BLOCK);
	sha256_hex(out.data, out.len, hex);
	assert_string_equal(hex, "5154828b98bc2a813d2529be125c2d011a8ba0ffa45b2ee5005a43bc6743c1b6");
	buffer_release(&out);
}

static void test_a_file_is_read_back(void **state)
{
	struct buffer out = BUFFER_INIT;
	struct archive_entry *entry;
	char text[16] = { 0 };
	(void)state;
	add_file(&out, "a/b.txt", "some text");
	tar_add_end(&out);
	assert_int_equal(out.len % TAR_BLOCK, 0);
	struct archive *a = open_archive(&out, &entry);
	assert_string_equal(archive_entry_pathname(entry), "a/b.txt");
	assert_int_equal(archive_entry_mode(entry), S_IFREG | 0644);
	assert_int_equal(archive_entry_uid(entry), 0);
	assert_int_equal(archive_entry_mtime(entry), TIME);
	assert_int_equal(archive_read_data(a, text, sizeof(text)), 9);
	assert_string_equal(text, "some text");
	assert_int_equal(archive_read_next_header(a, &entry), ARCHIVE_EOF);
	archive_read_free(a);
	buffer_release(&out);
}

static char *path_of(size_t len, size_t component)
{
	char *path = xmalloc(len + 1);
	for (size_t i = 0; i < len; i++)
		path[i] = (i + 1) % (component + 1) ? 'x' : '/';
	path[len - 1] = 'y';
	path[len] = '\0';
	return path;
}

/* A path of LEN bytes in components of COMPONENT comes back, and takes BLOCKS header blocks. */
static void expect_path(size_t len, size_t component, size_t blocks)
{
	struct buffer out = BUFFER_INIT;
	struct archive_entry *entry;
	char *path = path_of(len, component);
	struct tar_entry e = file_entry(path, 0);
	tar_add_header(&out, &e);
	assert_int_equal(out.len, blocks * TAR_BLOCK);
	tar_add_end(&out);
	struct archive *a = open_archive(&out, &entry);
	assert_string_equal(archive_entry_pathname(entry), path);
	archive_read_free(a);
	free(path);
	buffer_release(&out);
}

static void test_paths_of_all_lengths(void **state)
{
	(void)state;
	expect_path(100, 200, 1);
	expect_path(101, 200, 3);
	expect_path(101, 20, 1);
	expect_path(255, 154, 1);
	expect_path(256, 155, 1);
	expect_path(255, 50, 3);
	expect_path(257, 50, 3);
	expect_path(300, 20, 3);
	expect_path(TAR_MAX_PATH, 250, 2 + TAR_MAX_PATH / TAR_BLOCK + 1);
	for (size_t len = 90; len < 280; len++) {
		struct buffer out = BUFFER_INIT;
		struct archive_entry *entry;
		char *path = path_of(len, 30);
		struct tar_entry e = { .kind = TAR_FOLDER, .path = path, .mode = 0755, .time = TIME };
		tar_add_header(&out, &e);
		tar_add_end(&out);
		struct archive *a = open_archive(&out, &entry);
		assert_memory_equal(archive_entry_pathname(entry), path, len);
		assert_string_equal(archive_entry_pathname(entry) + len, "/");
		archive_read_free(a);
		free(path);
		buffer_release(&out);
	}
}

static void test_long_targets_and_strange_bytes(void **state)
{
	struct buffer out = BUFFER_INIT;
	struct archive_entry *entry;
	char *target = path_of(300, 40), *path = path_of(120, 200);
	struct tar_entry e = { .kind = TAR_LINK, .path = path, .target = target, .mode = 0777, .time = TIME };
	(void)state;
	path[7] = (char)0xff;
	tar_add_header(&out, &e);
	tar_add_end(&out);
	struct archive *a = open_archive(&out, &entry);
	assert_string_equal(archive_entry_symlink(entry), target);
	assert_string_equal(archive_entry_pathname(entry), path);
	archive_read_free(a);
	free(target);
	free(path);
	buffer_release(&out);
}

static void test_owners_beyond_the_field(void **state)
{
	struct buffer out = BUFFER_INIT;
	struct archive_entry *entry;
	struct tar_entry e = file_entry("f", 0);
	(void)state;
	e.owner = 4000000000u;
	e.group = 2097151;
	tar_add_header(&out, &e);
	tar_add_end(&out);
	struct archive *a = open_archive(&out, &entry);
	assert_int_equal(archive_entry_uid(entry), 4000000000u);
	assert_int_equal(archive_entry_gid(entry), 2097151);
	archive_read_free(a);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bytes_never_change),
		cmocka_unit_test(test_a_file_is_read_back),
		cmocka_unit_test(test_paths_of_all_lengths),
		cmocka_unit_test(test_long_targets_and_strange_bytes),
		cmocka_unit_test(test_owners_beyond_the_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
