/* Logins from docker's and podman's files, and from credential helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "image/docker_auth.h"

/* "ann:secret", "bob:other", "hub:word" */
#define ANN "{\"auth\": \"YW5uOnNlY3JldA==\"}"
#define BOB "{\"auth\": \"Ym9iOm90aGVy\"}"
#define HUB "{\"auth\": \"aHViOndvcmQ=\"}"

static void check(const char *json, const char *host, const char *repository, const char *user,
		  const char *password)
{
	struct docker_login login = { 0 };
	char *helper;
	assert_null(
		docker_auth_parse(slice_of_string(json), "config.json", host, repository, &login, &helper));
	if (user) {
		assert_non_null(login.user);
		assert_string_equal(login.user, user);
		assert_string_equal(login.password, password);
	} else {
		assert_null(login.user);
	}
	docker_login_release(&login);
	free(helper);
}

static void test_a_host_has_the_login_under_its_name(void **state)
{
	(void)state;
	const char *json = "{\"auths\": {\"quay.io\": " BOB ", \"127.0.0.1:5000\": " ANN "}}";
	check(json, "127.0.0.1:5000", "app", "ann", "secret");
	check(json, "127.0.0.1:5001", "app", NULL, NULL);
	check(json, "127.0.0.1", "app", NULL, NULL);
}

static void test_keys_may_be_addresses(void **state)
{
	(void)state;
	check("{\"auths\": {\"https://ghcr.io\": " ANN "}}", "ghcr.io", "a/b", "ann", "secret");
	check("{\"auths\": {\"http://old.example/v1/\": " ANN "}}", "old.example", "a", "ann", "secret");
	check("{\"auths\": {\"old.example/v1/\": " ANN "}}", "old.example", "a", "ann", "secret");
}

static void test_docker_hub_goes_by_its_old_name(void **state)
{
	(void)state;
	static const char *const keys[] = { "https://index.docker.io/v1/", "index.docker.io", "docker.io",
					    "registry-1.docker.io" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *json = xstrfmt("{\"auths\": {\"%s\": " HUB "}}", keys[i]);
		check(json, "registry-1.docker.io", "library/python", "hub", "word");
		free(json);
	}
	check("{\"auths\": {\"https://index.docker.io/v1/\": " HUB "}}", "docker.example", "x", NULL, NULL);
}

static void test_the_nearest_namespace_counts(void **state)
{
	(void)state;
	const char *json = "{\"auths\": {\"quay.io\": " BOB ", \"quay.io/team/app\": " HUB
			   ", \"quay.io/team\": " ANN "}}";
	check(json, "quay.io", "team/other", "ann", "secret");
	check(json, "quay.io", "team/app", "hub", "word");
	check(json, "quay.io", "team/app/sub", "hub", "word");
	check(json, "quay.io", "team/apple", "ann", "secret");
	check(json, "quay.io", "teams", "bob", "other");
	check(json, "quay.io", NULL, "bob", "other");
}

static void test_a_host_with_namespaces_says_so(void **state)
{
	(void)state;
	const char *json = "{\"auths\": {\"quay.io/team\": " ANN ", \"ghcr.io\": " BOB "}}";
	struct docker_login login = { 0 };
	char *helper;
	assert_null(docker_auth_parse(slice_of_string(json), "f", "quay.io", "x", &login, &helper));
	assert_true(login.narrow);
	assert_null(login.user);
	login = (struct docker_login){ 0 };
	assert_null(docker_auth_parse(slice_of_string(json), "f", "ghcr.io", "x", &login, &helper));
	assert_false(login.narrow);
	docker_login_release(&login);
}

static void test_identity_tokens_and_plain_members_are_read(void **state)
{
	(void)state;
	check("{\"auths\": {\"a.io\": {\"auth\": \"YW5uOnNlY3JldA==\", \"identitytoken\": \"idt\"}}}", "a.io",
	      "x", DOCKER_IDENTITY_USER, "idt");
	check("{\"auths\": {\"a.io\": {\"username\": \"u\", \"password\": \"p:q\"}}}", "a.io", "x", "u",
	      "p:q");
	check("{\"auths\": {\"a.io\": {}}}", "a.io", "x", NULL, NULL);
	check("{\"auths\": []}", "a.io", "x", NULL, NULL);
}

static void test_a_password_may_have_colons(void **state)
{
	(void)state;
	check("{\"auths\": {\"a.io\": {\"auth\": \"dTpwOnE=\"}}}", "a.io", "x", "u", "p:q");
}

static void test_broken_logins_are_named(void **state)
{
	(void)state;
	static const char *const broken[] = {
		"{\"auths\": {\"a.io\": {\"auth\": \"%%%\"}}}",
		"{\"auths\": {\"a.io\": {\"auth\": \"bm9jb2xvbg==\"}}}",
		"{\"auths\": {\"a.io\": {\"auth\": \"OnA=\"}}}",
		"{\"credsStore\": \"../../bin/sh\"}",
		"{\"credsStore\": \"-x\"}",
		"{",
	};
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct docker_login login = { 0 };
		char *helper = NULL;
		struct error *err = docker_auth_parse(slice_of_string(broken[i]), "config.json", "a.io", "x",
						      &login, &helper);
		assert_true(error_is(err, ERROR_SYNTAX));
		assert_non_null(strstr(err->message, "config.json"));
		assert_null(login.user);
		assert_null(helper);
		error_free(err);
	}
}

/* -- helpers ---------------------------------------------------------------------------------------- */

struct place {
	char folder[64];
	char *config, *path;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A folder with docker-credential-test, which is SCRIPT, in the PATH, and CONFIG as its config.json. */
static void place_make(struct place *p, const char *config, const char *script)
{
	snprintf(p->folder, sizeof(p->folder), "/tmp/docker-auth-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	p->config = xstrfmt("%s/config.json", p->folder);
	write_file(p->config, config, 0600);
	char *program = xstrfmt("%s/docker-credential-test", p->folder);
	write_file(program, script, 0700);
	free(program);
	p->path = xstrdup(getenv("PATH"));
	char *path = xstrfmt("%s:%s", p->folder, p->path);
	setenv("PATH", path, 1);
	free(path);
}

static void place_remove(struct place *p)
{
	const char *const names[] = { "config.json", "docker-credential-test", "asked" };
	setenv("PATH", p->path, 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = xstrfmt("%s/%s", p->folder, names[i]);
		unlink(path);
		free(path);
	}
	rmdir(p->folder);
	free(p->config);
	free(p->path);
}

static struct error *find(const struct place *p, const char *host, struct docker_login *login)
{
	const char *const files[] = { "/nonexistent/config.json", p->config, NULL };
	return docker_auth_find(files, host, "app", login);
}

#define HELPER(out) "#!/bin/sh\nread -r host\n[ \"$1\" = get ] || exit 9\n" out

static void test_a_helper_is_asked_for_its_host(void **state)
{
	(void)state;
	struct place p;
	struct docker_login login;
	place_make(&p, "{\"credHelpers\": {\"a.io\": \"test\"}, \"auths\": {\"b.io\": " BOB "}}",
		   HELPER("echo "
			  "\"{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"of-$host\\\","
			  "\\\"Secret\\\":\\\"s\\\"}\"\n"));
	assert_null(find(&p, "a.io", &login));
	assert_string_equal(login.user, "of-a.io");
	assert_string_equal(login.password, "s");
	docker_login_release(&login);
	assert_null(find(&p, "b.io", &login));
	assert_string_equal(login.user, "bob");
	docker_login_release(&login);
	place_remove(&p);
}

static void test_the_store_is_asked_for_all_hosts_and_knows_the_hub_by_its_key(void **state)
{
	(void)state;
	struct place p;
	struct docker_login login;
	place_make(&p, "{\"credsStore\": \"test\", \"auths\": {\"registry-1.docker.io\": {}}}",
		   HELPER("echo \"{\\\"Username\\\":\\\"$host\\\",\\\"Secret\\\":\\\"s\\\"}\"\n"));
	assert_null(find(&p, "registry-1.docker.io", &login));
	assert_string_equal(login.user, "https://index.docker.io/v1/");
	docker_login_release(&login);
	place_remove(&p);
}

static void test_what_the_store_does_not_know_is_looked_for_in_the_file(void **state)
{
	(void)state;
	struct place p;
	struct docker_login login;
	place_make(&p, "{\"credsStore\": \"test\", \"auths\": {\"a.io\": " ANN "}}",
		   HELPER("echo 'credentials not found in native keychain'\nexit 1\n"));
	assert_null(find(&p, "a.io", &login));
	assert_string_equal(login.user, "ann");
	docker_login_release(&login);
	assert_null(find(&p, "c.io", &login));
	assert_null(login.user);
	place_remove(&p);
}

static void test_a_helper_that_fails_is_quoted(void **state)
{
	(void)state;
	struct place p;
	struct docker_login login;
	place_make(&p, "{\"credsStore\": \"test\"}", HELPER("echo 'the keychain is locked'\nexit 3\n"));
	struct error *err = find(&p, "a.io", &login);
	assert_non_null(err);
	assert_string_equal(err->message, "docker-credential-test failed: the keychain is locked");
	error_free(err);
	place_remove(&p);
}

static void test_a_helper_that_is_missing_or_talks_nonsense_is_named(void **state)
{
	(void)state;
	struct place p;
	struct docker_login login;
	place_make(&p, "{\"credsStore\": \"test\", \"credHelpers\": {\"b.io\": \"nowhere\"}}",
		   HELPER("echo hello\n"));
	struct error *err = find(&p, "a.io", &login);
	assert_true(error_is(err, ERROR_SYNTAX));
	assert_non_null(strstr(err->message, "docker-credential-test"));
	error_free(err);
	err = find(&p, "b.io", &login);
	assert_true(error_is(err, ERROR_NOT_FOUND));
	assert_non_null(strstr(err->message, "docker-credential-nowhere"));
	assert_non_null(strstr(err->hint, p.config));
	error_free(err);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_host_has_the_login_under_its_name),
		cmocka_unit_test(test_keys_may_be_addresses),
		cmocka_unit_test(test_docker_hub_goes_by_its_old_name),
		cmocka_unit_test(test_the_nearest_namespace_counts),
		cmocka_unit_test(test_a_host_with_namespaces_says_so),
		cmocka_unit_test(test_identity_tokens_and_plain_members_are_read),
		cmocka_unit_test(test_a_password_may_have_colons),
		cmocka_unit_test(test_broken_logins_are_named),
		cmocka_unit_test(test_a_helper_is_asked_for_its_host),
		cmocka_unit_test(test_the_store_is_asked_for_all_hosts_and_knows_the_hub_by_its_key),
		cmocka_unit_test(test_what_the_store_does_not_know_is_looked_for_in_the_file),
		cmocka_unit_test(test_a_helper_that_fails_is_quoted),
		cmocka_unit_test(test_a_helper_that_is_missing_or_talks_nonsense_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
