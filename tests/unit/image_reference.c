#include "base_testing.h"

#include "image/reference.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX

static void expect(const char *name, const char *registry, const char *repository, const char *tag,
		   const char *digest)
{
	struct reference r;
	assert_ok(reference_parse(&r, name));
	assert_string_equal(r.registry, registry);
	assert_string_equal(r.repository, repository);
	if (tag)
		assert_string_equal(r.tag, tag);
	else
		assert_null(r.tag);
	assert_string_equal(r.digest.text, digest);
	reference_release(&r);
}

static void test_a_name_of_one_part_is_docker_hubs(void **state)
{
	(void)state;
	expect("python", "registry-1.docker.io", "library/python", NULL, "");
	expect("python:3.12-slim", "registry-1.docker.io", "library/python", "3.12-slim", "");
	expect("grafana/grafana", "registry-1.docker.io", "grafana/grafana", NULL, "");
	expect("docker.io/python", "registry-1.docker.io", "library/python", NULL, "");
	expect("index.docker.io/a/b", "registry-1.docker.io", "a/b", NULL, "");
}

static void test_a_first_part_with_dot_or_port_is_a_registry(void **state)
{
	(void)state;
	expect("ghcr.io/a/b:1", "ghcr.io", "a/b", "1", "");
	expect("127.0.0.1:5000/app", "127.0.0.1:5000", "app", NULL, "");
	expect("localhost/app:x", "localhost", "app", "x", "");
	expect("[::1]:5000/app", "[::1]:5000", "app", NULL, "");
	expect("a--b/c__d/e.f", "registry-1.docker.io", "a--b/c__d/e.f", NULL, "");
}

static void test_a_digest_may_follow_a_tag(void **state)
{
	(void)state;
	expect("python@" DIGEST, "registry-1.docker.io", "library/python", NULL, DIGEST);
	expect("localhost:5000/a:1@" DIGEST, "localhost:5000", "a", "1", DIGEST);
}

static void test_what_is_wrong_with_a_name_is_said(void **state)
{
	static const struct {
		const char *name, *said;
	} bad[] = {
		{ "", "empty" },
		{ "Python", "lower case" },
		{ "a/", "lower-case letters and digits" },
		{ "/a", "lower-case letters and digits" },
		{ "a//b", "lower-case letters and digits" },
		{ "a___b", "lower-case letters and digits" },
		{ "a..b/c:", "host name" },
		{ "a:", "a tag has" },
		{ "a:-x", "a tag has" },
		{ "a:1:2", "a tag has" },
		{ "localhost:5000/", "missing" },
		{ "localhost:99999/a", "host name" },
		{ "localhost:/a", "host name" },
		{ "-x.io/a", "host name" },
		{ "a@sha256:12", "64 lower-case digits" },
		{ "a@", "64 lower-case digits" },
		{ HEX, "it is the id of one" },
		{ "https://ghcr.io/a", "without http:// and https://" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct reference r;
		assert_error(reference_parse(&r, bad[i].name), ERROR_SYNTAX, bad[i].said);
		reference_release(&r);
	}
}

static void test_lengths_have_ceilings(void **state)
{
	char name[REFERENCE_MAX + 2] = { 0 };
	struct reference r;
	(void)state;
	memset(name, 'a', 256);
	assert_error(reference_parse(&r, name), ERROR_SYNTAX, "255 bytes");
	reference_release(&r);
	memset(name, 'a', sizeof(name) - 1);
	assert_error(reference_parse(&r, name), ERROR_SYNTAX, "512 bytes");
	reference_release(&r);
}

static void test_names_are_written_as_people_write_them(void **state)
{
	static const char *const pairs[][2] = {
		{ "docker.io/library/python:3", "python:3" },
		{ "registry-1.docker.io/a/b", "a/b" },
		{ "library/python@" DIGEST, "python@" DIGEST },
		{ "docker.io/a.b/c", "docker.io/a.b/c" },
		{ "docker.io/library/" HEX, "library/" HEX },
		{ "ghcr.io/library/x:1", "ghcr.io/library/x:1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct reference r, copy, again;
		struct buffer out = BUFFER_INIT;
		assert_ok(reference_parse(&r, pairs[i][0]));
		reference_copy(&copy, &r);
		reference_add(&out, &copy);
		assert_string_equal(out.data, pairs[i][1]);
		assert_ok(reference_parse(&again, out.data));
		assert_string_equal(again.registry, r.registry);
		assert_string_equal(again.repository, r.repository);
		reference_release(&r);
		reference_release(&copy);
		reference_release(&again);
		buffer_release(&out);
	}
}

static void test_ecr_is_known_by_its_host(void **state)
{
	struct reference r;
	struct slice account, region;
	(void)state;
	assert_ok(reference_parse(&r, "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:1"));
	assert_true(reference_is_ecr(&r, &account, &region));
	assert_int_equal(account.len, 12);
	assert_memory_equal(region.data, "eu-central-1", region.len);
	reference_release(&r);
	assert_ok(reference_parse(&r, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app"));
	assert_true(reference_is_ecr(&r, &account, &region));
	reference_release(&r);
	static const char *const others[] = {
		"12345.dkr.ecr.eu-central-1.amazonaws.com/app",
		"123456789012.dkr.ecr.eu.amazonaws.com.evil.example/app",
		"123456789012.dkr.ecr..amazonaws.com.evil/app", "ghcr.io/app",
	};
	for (size_t i = 0; i < 4; i++) {
		error_free(reference_parse(&r, others[i]));
		assert_false(r.registry && reference_is_ecr(&r, &account, &region));
		reference_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_of_one_part_is_docker_hubs),
		cmocka_unit_test(test_a_first_part_with_dot_or_port_is_a_registry),
		cmocka_unit_test(test_a_digest_may_follow_a_tag),
		cmocka_unit_test(test_what_is_wrong_with_a_name_is_said),
		cmocka_unit_test(test_lengths_have_ceilings),
		cmocka_unit_test(test_names_are_written_as_people_write_them),
		cmocka_unit_test(test_ecr_is_known_by_its_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
