#include "base_testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_below.h"
#include "base/memory.h"

/* Each test runs in a directory of its own, with another one, holding "secret", beside it. */
static char *directory;

static int enter(void **state)
{
	(void)state;
	directory = make_directory();
	assert_int_equal(chdir(directory), 0);
	assert_ok(file_write("secret", "secret", 6));
	assert_int_equal(mkdir("root", 0777), 0);
	assert_int_equal(mkdir("root/sub", 0777), 0);
	assert_ok(file_write("root/sub/file", "inside", 6));
	return 0;
}

static int leave(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	remove_directory(directory);
	return 0;
}

static size_t entries(const char *path)
{
	size_t nr = 0;
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr - 2;
}

static void assert_content(const char *path, const char *expected)
{
	struct buffer b = BUFFER_INIT;
	assert_ok(file_read(path, &b));
	assert_string_equal(b.data, expected);
	buffer_release(&b);
}

static void test_reading_appends(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	buffer_addstr(&b, "> ");
	assert_ok(file_read("secret", &b));
	assert_string_equal(b.data, "> secret");
	buffer_release(&b);
}

static void test_what_is_no_file_is_refused(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_error(file_read("fifo", &b), ERROR_UNSUPPORTED, "not a regular file");
	assert_error(file_read("/dev/zero", &b), ERROR_UNSUPPORTED, "not a regular file");
	assert_error(file_read("root", &b), ERROR_UNSUPPORTED, "is a directory");
	assert_error(file_read("missing", &b), ERROR_NOT_FOUND, "cannot read 'missing'");
	assert_error(file_read("secret/x", &b), ERROR_NOT_FOUND, "cannot read 'secret/x'");
	buffer_release(&b);
}

static void test_a_ceiling_keeps_nothing(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT_MAX(7);
	buffer_addstr(&b, "ab");
	assert_error(file_read("secret", &b), ERROR_LIMIT, "'secret' is larger");
	assert_string_equal(b.data, "ab");
	/* A file whose size is not known beforehand. */
	assert_error(file_read("/proc/self/status", &b), ERROR_LIMIT, "larger");
	assert_string_equal(b.data, "ab");
	buffer_release(&b);
	b.max = 6;
	assert_ok(file_read("secret", &b));
	buffer_release(&b);
}

static void test_writing_replaces_and_keeps_the_mode(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(chmod("secret", 0640), 0);
	assert_ok(file_write("secret", "new", 3));
	assert_content("secret", "new");
	assert_int_equal(stat("secret", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	mode_t mask = umask(027);
	assert_ok(file_write("fresh", "", 0));
	umask(mask);
	assert_int_equal(stat("fresh", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(entries("."), 3);
}

static void test_a_link_named_by_the_user_is_written_through(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(symlink("../secret", "root/link"), 0);
	assert_ok(file_write("root/link", "changed", 7));
	assert_content("secret", "changed");
	assert_int_equal(lstat("root/link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_writing_where_nothing_can_be(void **state)
{
	(void)state;
	assert_error(file_write("missing/x", "x", 1), ERROR_NOT_FOUND, "cannot write 'missing/x'");
	assert_error(file_write("root", "x", 1), ERROR_UNSUPPORTED, "not a regular file");
	assert_error(file_write("root/", "x", 1), ERROR_UNSUPPORTED, "not a regular file");
	assert_error(file_write("new/", "x", 1), ERROR_NOT_FOUND, "cannot write 'new/'");
	assert_error(file_write("/dev/full", "x", 1), ERROR_IO, "No space left on device");
}

/* A limit on the size of files stands in for a full disk: write() fails half-way. */
static void test_a_failed_write_leaves_the_old_bytes_and_no_rubbish(void **state)
{
	struct rlimit before, tiny;
	char data[8192];
	(void)state;
	memset(data, 'x', sizeof(data));
	getrlimit(RLIMIT_FSIZE, &before);
	tiny = before;
	tiny.rlim_cur = 1000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tiny);
	struct error *err = file_write("secret", data, sizeof(data));
	struct error *below = file_write_below("root", "sub/file", data, sizeof(data));
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	assert_error(err, ERROR_IO, "cannot write 'secret': File too large");
	assert_error(below, ERROR_IO, "cannot write 'sub/file': File too large");
	assert_content("secret", "secret");
	assert_content("root/sub/file", "inside");
	assert_int_equal(entries("."), 2);
	assert_int_equal(entries("root/sub"), 1);
}

static void test_links_that_stay_inside_are_read(void **state)
{
	struct buffer b = BUFFER_INIT;
	(void)state;
	assert_int_equal(symlink("sub/../sub/file", "root/link"), 0);
	assert_int_equal(symlink("sub", "root/dir"), 0);
	assert_ok(file_read_below("root", "link", &b));
	assert_ok(file_read_below("root", "dir/file", &b));
	assert_string_equal(b.data, "insideinside");
	assert_true(file_exists_below("root", "dir/file"));
	assert_true(file_exists_below("root", "sub"));
	assert_false(file_exists_below("root", "missing"));
	buffer_reset(&b);
	assert_ok(file_read_below("", "root/sub/file", &b));
	assert_ok(file_read_below(".", "root/sub/file", &b));
	buffer_release(&b);
}

static void test_nothing_outside_is_read(void **state)
{
	static const char *const paths[] = { "../secret", "link", "dir/secret", "absolute",
					     "sub/../../secret", "/etc/passwd" };
	struct buffer b = BUFFER_INIT;
	(void)state;
	char *absolute = xstrfmt("%s/secret", directory);
	assert_int_equal(symlink("../secret", "root/link"), 0);
	assert_int_equal(symlink("..", "root/dir"), 0);
	assert_int_equal(symlink(absolute, "root/absolute"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_error(file_read_below("root", paths[i], &b), ERROR_UNSUPPORTED, "leads out");
		assert_false(file_exists_below("root", paths[i]));
	}
	assert_int_equal(b.len, 0);
	free(absolute);
	buffer_release(&b);
}

static void test_a_directory_is_made_below_and_not_through_a_link(void **state)
{
	(void)state;
	assert_int_equal(symlink("..", "root/dir"), 0);
	assert_ok(file_make_directory_below("root", "made"));
	assert_ok(file_make_directory_below("root", "made"));
	assert_ok(file_write_below("root", "made/file", "x", 1));
	assert_error(file_make_directory_below("root", "dir/made"), ERROR_UNSUPPORTED, "symbolic link");
	assert_error(file_make_directory_below("root", "../made"), ERROR_UNSUPPORTED, "leads out");
	assert_error(file_make_directory_below("root", "none/made"), ERROR_NOT_FOUND, "cannot write 'none/made'");
}

static void test_no_link_is_written_through_below(void **state)
{
	(void)state;
	assert_int_equal(symlink("../secret", "root/link"), 0);
	assert_int_equal(symlink("sub/file", "root/inner"), 0);
	assert_int_equal(symlink("..", "root/dir"), 0);
	assert_int_equal(symlink("sub", "root/subdir"), 0);
	assert_error(file_write_below("root", "link", "x", 1), ERROR_UNSUPPORTED, "symbolic link");
	assert_error(file_write_below("root", "inner", "x", 1), ERROR_UNSUPPORTED, "symbolic link");
	assert_error(file_write_below("root", "dir/secret", "x", 1), ERROR_UNSUPPORTED,
		     "symbolic links");
	assert_error(file_write_below("root", "subdir/file", "x", 1), ERROR_UNSUPPORTED,
		     "symbolic links");
	assert_error(file_write_below("root", "../secret", "x", 1), ERROR_UNSUPPORTED, "leads out");
	assert_error(file_write_below("root", "sub", "x", 1), ERROR_UNSUPPORTED, "not a regular file");
	assert_content("secret", "secret");
	assert_content("root/sub/file", "inside");
	assert_ok(file_write_below("root", "sub/file", "changed", 7));
	assert_content("root/sub/file", "changed");
	assert_ok(file_write_below("root", "new", "new", 3));
	assert_content("root/new", "new");
}

/* The two ways of opening must agree on what they open and what they refuse. */
static void test_walking_agrees_with_the_kernel(void **state)
{
	static const struct {
		const char *target, *link;
	} links[] = {
		{ "../secret", "out" },       { "..", "up" },          { "sub", "down" },
		{ "down/file", "twice" },     { "loop", "loop" },      { "nowhere", "dangling" },
		{ "/", "absolute" },          { "down/../sub/", "d" }, { ".", "here" },
		{ "sub/file/", "file-slash" },
	};
	static const char *const paths[] = {
		"sub/file", "sub//file", "./sub/./file", "sub/../sub/file", "down/file", "twice",
		"loop", "dangling", "absolute/etc/passwd", "up/secret", "out", "sub", "sub/", ".", "",
		"..", "/", "sub/file/", "sub/file/x", "d/file", "here/here/sub/file", "file-slash",
		"missing", "missing/x", "sub/..", "sub/../..", "down/..", "down/../sub/file",
	};
	(void)state;
	int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		char *path = xstrfmt("root/%s", links[i].link);
		assert_int_equal(symlink(links[i].target, path), 0);
		free(path);
	}
	for (size_t i = 0; i < 2 * ARRAY_SIZE(paths); i++) {
		const char *path = paths[i / 2];
		struct stat a, b;
		int kernel = open_below(root, path, O_RDONLY, i % 2);
		int kernel_errno = kernel < 0 ? errno : 0;
		int walked = open_below_by_walking(root, path, O_RDONLY, i % 2);
		int walked_errno = walked < 0 ? errno : 0;
		if (kernel_errno != walked_errno)
			print_error("'%s': %d, but %d by walking\n", path, kernel_errno, walked_errno);
		assert_int_equal(kernel_errno, walked_errno);
		if (kernel < 0)
			continue;
		assert_int_equal(fstat(kernel, &a) | fstat(walked, &b), 0);
		assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
		close(kernel);
		close(walked);
	}
	close(root);
}

static void test_a_path_too_deep_is_refused(void **state)
{
	(void)state;
	struct buffer path = BUFFER_INIT;
	char name[300];
	int root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3000; i++)
		buffer_addstr(&path, "x/");
	assert_int_equal(open_below_by_walking(root, path.data, O_RDONLY, true), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	assert_int_equal(open_below_by_walking(root, name, O_RDONLY, true), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	close(root);
	buffer_release(&path);
}

static void test_directories_are_made(void **state)
{
	(void)state;
	assert_ok(file_make_directories("a/b//c/"));
	assert_ok(file_make_directories("a/b/c"));
	assert_int_equal(entries("a/b/c"), 0);
	assert_ok(file_make_directories("/"));
	assert_error(file_make_directories("secret/x"), ERROR_IO, "'secret'");
}

#define in_directory(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(test_reading_appends),
		in_directory(test_what_is_no_file_is_refused),
		in_directory(test_a_ceiling_keeps_nothing),
		in_directory(test_writing_replaces_and_keeps_the_mode),
		in_directory(test_a_link_named_by_the_user_is_written_through),
		in_directory(test_writing_where_nothing_can_be),
		in_directory(test_a_failed_write_leaves_the_old_bytes_and_no_rubbish),
		in_directory(test_links_that_stay_inside_are_read),
		in_directory(test_nothing_outside_is_read),
		in_directory(test_a_directory_is_made_below_and_not_through_a_link),
		in_directory(test_no_link_is_written_through_below),
		in_directory(test_walking_agrees_with_the_kernel),
		in_directory(test_a_path_too_deep_is_refused),
		in_directory(test_directories_are_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
