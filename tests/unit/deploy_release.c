/* The steps of a release that need no build: the ledger's rules, and what the registry has to confirm. */
#include "git_fixture.h"
#include "scripted_server.h"

#include <inttypes.h>

#include "deploy/release.h"

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ELSEWHERE "sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define NOT_THERE "HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n"

/* -- releases in memory ------------------------------------------------------------------------ */

static struct release release_of(int64_t number, enum release_result result, int64_t of, const char *tag,
				 const char *commit, char image)
{
	struct release r = { .number = number, .environment = xstrdup("prod"), .result = result, .of = of,
			     .tag = tag ? xstrdup(tag) : NULL, .repository =
				     xstrdup("registry.example.org/web"),
			     .who = xstrdup("A <a@b>"), .where = xstrdup("shell") };
	memcpy(r.commit.hex, commit, strlen(commit) + 1);
	memcpy(r.digest.text, "sha256:", 7);
	memset(r.digest.text + 7, image, SHA256_HEX_SIZE);
	return r;
}

/* Puts it before those that are there. */
static void add(struct releases *all, enum release_result result, int64_t of, const char *tag,
		const char *commit,
		char image)
{
	ALLOC_GROW(all->items, all->nr, all->alloc);
	memmove(all->items + 1, all->items, all->nr * sizeof(*all->items));
	all->nr++;
	all->items[0] = release_of((int64_t)all->nr, result, of, tag, commit, image);
}

/* The number of the release that TAG of COMMIT is; 0: it is to be made. */
static int64_t check(const struct releases *all, const char *tag, const char *commit)
{
	const struct release *done;
	struct oid oid = { "" };
	memcpy(oid.hex, commit, strlen(commit) + 1);
	assert_success(release_check(all, "prod", tag, &oid, &done));
	return done ? done->number : 0;
}

static void assert_refused(const struct releases *all, const char *tag, const char *commit, const char *says)
{
	const struct release *done;
	struct oid oid = { "" };
	memcpy(oid.hex, commit, strlen(commit) + 1);
	struct error *err = release_check(all, "prod", tag, &oid, &done);
	assert_non_null(err);
	if (!strstr(err->message, says))
		fail_msg("'%s' is not in: %s", says, err->message);
	assert_non_null(err->hint);
	assert_error(err, ERROR_CONFLICT);
}

/* -- step 1 ------------------------------------------------------------------------------------ */

static void test_a_new_tag_is_to_be_released(void **state)
{
	(void)state;
	struct releases all = { 0 };
	assert_int_equal(check(&all, "deploy-prod-20261122-1", COMMIT_A), 0);
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-1", COMMIT_A, 'a');
	assert_int_equal(check(&all, "deploy-prod-20261122-2", COMMIT_A), 0);
	assert_int_equal(check(&all, "deploy-prod-20261122-10", COMMIT_B), 0);
	releases_release(&all);
}

static void test_the_tag_that_is_served_is_done(void **state)
{
	(void)state;
	struct releases all = { 0 };
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-1", COMMIT_A, 'a');
	assert_int_equal(check(&all, "deploy-prod-20261122-1", COMMIT_A), 1);
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-2", COMMIT_B, 'b');
	add(&all, RELEASE_ROLLED_BACK, 1, NULL, COMMIT_A, 'a');
	assert_int_equal(check(&all, "deploy-prod-20261122-1", COMMIT_A), 3);
	releases_release(&all);
}

static void test_a_tag_that_was_overtaken_is_refused(void **state)
{
	(void)state;
	struct releases all = { 0 };
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-1", COMMIT_A, 'a');
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-2", COMMIT_B, 'b');
	assert_refused(&all, "deploy-prod-20261122-1", COMMIT_A, "#2 is served now");
	add(&all, RELEASE_FAILED, 2, NULL, COMMIT_B, 'b');
	assert_refused(&all, "deploy-prod-20261122-2", COMMIT_B, "#1 is served now");
	releases_release(&all);
}

static void test_a_tag_older_than_the_newest_release_is_refused(void **state)
{
	(void)state;
	struct releases all = { 0 };
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-10", COMMIT_A, 'a');
	assert_refused(&all, "deploy-prod-20261122-9", COMMIT_B, "comes too late");
	assert_refused(&all, "deploy-prod-20261121-11", COMMIT_B, "comes too late");
	releases_release(&all);
}

static void test_a_tag_that_was_moved_is_refused(void **state)
{
	(void)state;
	struct releases all = { 0 };
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-1", COMMIT_A, 'a');
	assert_refused(&all, "deploy-prod-20261122-1", COMMIT_B, "was released as #1 when it was of "
								 "aaaaaaaaaaaa");
	releases_release(&all);
}

static void test_a_canary_that_waits_is_done(void **state)
{
	(void)state;
	struct releases all = { 0 };
	add(&all, RELEASE_DONE, 0, "deploy-prod-20261122-1", COMMIT_A, 'a');
	add(&all, RELEASE_CANARY, 0, "deploy-prod-20261122-2", COMMIT_B, 'b');
	assert_int_equal(check(&all, "deploy-prod-20261122-2", COMMIT_B), 2);
	add(&all, RELEASE_PROMOTED, 2, NULL, COMMIT_B, 'b');
	assert_int_equal(check(&all, "deploy-prod-20261122-2", COMMIT_B), 3);
	releases_release(&all);
}

static void test_a_commit_without_a_tag_is_released_once_in_a_row(void **state)
{
	(void)state;
	struct releases all = { 0 };
	assert_int_equal(check(&all, NULL, COMMIT_A), 0);
	add(&all, RELEASE_DONE, 0, NULL, COMMIT_A, 'a');
	assert_int_equal(check(&all, NULL, COMMIT_A), 1);
	add(&all, RELEASE_DONE, 0, NULL, COMMIT_B, 'b');
	assert_int_equal(check(&all, NULL, COMMIT_A), 0);
	releases_release(&all);
}

/* -- tags and locks ---------------------------------------------------------------------------- */

static void assert_tags(struct deploy_config *config, const char *environment, bool canary,
			const char *expected)
{
	struct moving_tag tags[RELEASE_MAX_TAGS];
	struct buffer text = BUFFER_INIT;
	size_t nr = release_moving_tags(config, environment, canary, tags);
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&text, "%s%s", i ? " " : "", tags[i].name);
	assert_string_equal(text.data, expected);
	moving_tags_free(tags, nr);
	buffer_release(&text);
}

static void test_latest_is_prods_or_the_only_environments(void **state)
{
	(void)state;
	struct deploy_config config = { .nr_environments = 0 };
	assert_tags(&config, "prod", false, "prod latest");
	config.nr_environments = 1;
	assert_tags(&config, "live", false, "live latest");
	config.nr_environments = 2;
	assert_tags(&config, "test", false, "test");
	assert_tags(&config, "prod", true, "prod prod-canary latest");
}

static void test_one_release_of_an_environment_at_a_time(void **state)
{
	(void)state;
	char *directory = fixture_directory(), *top = fixture_repository(directory, "a", "sha1");
	struct repo *repo;
	struct release_lock *lock, *second;
	assert_success(repo_open(&repo, top));
	assert_success(release_lock(&lock, repo, "prod"));
	assert_error(release_lock(&second, repo, "prod"), ERROR_CONFLICT);
	assert_success(release_lock(&second, repo, "test"));
	release_unlock(second);
	release_unlock(lock);
	assert_success(release_lock(&lock, repo, "prod"));
	release_unlock(lock);
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

/* -- the registry ------------------------------------------------------------------------------ */

#define MAX_SCRIPT 12

/* A registry that is a script, and an image in it whose configuration says that it is of COMMIT_A. */
struct world {
	struct scripted script[MAX_SCRIPT];
	size_t nr;
	char *strings[2 * MAX_SCRIPT];
	size_t nr_strings;
	struct scripted_server *server;
	struct registries *registries;
	struct deploy_config config;
	struct digest image;
	char *manifest;
};

static char *keep(struct world *w, char *text)
{
	assert_true(w->nr_strings < ARRAY_SIZE(w->strings));
	return w->strings[w->nr_strings++] = text;
}

static void answer(struct world *w, char *request, char *bytes)
{
	assert_true(w->nr < MAX_SCRIPT);
	w->script[w->nr++] = (struct scripted){ .needle = keep(w, request), .bytes = keep(w, bytes) };
}

static void add_image(struct world *w, const char *label)
{
	struct digest config;
	char *json = xstrfmt("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
			     "\"diff_ids\":[]},\"config\":{\"Labels\":{%s}}}", label);
	digest_of(json, strlen(json), &config);
	w->manifest = keep(w,
			   xstrfmt("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{"
				      "\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
				      "\"layers\":[]}", config.text, strlen(json)));
	digest_of(w->manifest, strlen(w->manifest), &w->image);
	answer(w, xstrfmt("GET /v2/web/blobs/%s ", config.text),
	       xstrfmt("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json));
	answer(w, xstrfmt("GET /v2/web/manifests/%s ", w->image.text),
	       xstrfmt("HTTP/1.1 200 OK\r\nContent-Type: " MEDIA_OCI_MANIFEST "\r\nContent-Length: "
									      "%zu\r\n\r\n%s",
		       strlen(w->manifest), w->manifest));
	free(json);
}

static void add_tag(struct world *w, const char *tag, const char *digest)
{
	answer(w, xstrfmt("HEAD /v2/web/manifests/%s ", tag),
	       xstrfmt("HTTP/1.1 200 OK\r\nContent-Type: " MEDIA_OCI_MANIFEST
		       "\r\nDocker-Content-Digest: %s\r\nContent-Length: 2\r\n\r\n", digest));
}

static void world_start(struct world *w)
{
	answer(w, xstrdup("HEAD "), xstrdup(NOT_THERE));
	answer(w, xstrdup("GET "), xstrdup(NOT_THERE));
	w->server = server_start(w->script, w->nr);
	struct registry_settings settings = { .retry_first_ms = 1 };
	assert_success(registries_new(&w->registries, &settings));
	char *name = xstrfmt("%s/web", w->server->url + strlen("http://"));
	assert_success(reference_parse(&w->config.repository, name));
	free(name);
}

static void world_stop(struct world *w)
{
	registries_free(w->registries);
	reference_release(&w->config.repository);
	server_stop(w->server);
	for (size_t i = 0; i < w->nr_strings; i++)
		free(w->strings[i]);
}

/* How often something was answered whose request begins so. */
static unsigned times(const struct world *w, const char *request)
{
	unsigned n = 0;
	for (size_t i = 0; i < w->nr; i++)
		n += !strncmp(w->script[i].needle, request, strlen(request)) ? w->script[i].used : 0;
	return n;
}

/* A release of the image, as the ledger may have it. */
static struct release release_in(const struct world *w, const char *commit)
{
	struct release r = release_of(1, RELEASE_DONE, 0, "deploy-prod-20261122-1", commit, 'a');
	free(r.repository);
	r.repository = xstrfmt("%s/web", w->config.repository.registry);
	r.digest = w->image;
	return r;
}

static void assert_confirmed(struct world *w, const char *commit)
{
	struct release r = release_in(w, commit);
	assert_success(release_confirm(w->registries, &w->config, &r));
	release_release(&r);
}

static void assert_not_confirmed(struct world *w, const char *commit, enum error_code code)
{
	struct release r = release_in(w, commit);
	assert_error(release_confirm(w->registries, &w->config, &r), code);
	release_release(&r);
}

#define LABEL "\"org.opencontainers.image.revision\":\"" COMMIT_A "\""

static void test_an_image_is_confirmed_by_its_label(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	add_image(&w, LABEL);
	world_start(&w);
	assert_confirmed(&w, COMMIT_A);
	world_stop(&w);
}

static void test_an_image_without_a_label_is_confirmed_by_the_tag_of_its_commit(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	add_image(&w, "");
	add_tag(&w, COMMIT_A, w.image.text);
	add_tag(&w, COMMIT_B, ELSEWHERE);
	world_start(&w);
	assert_confirmed(&w, COMMIT_A);
	assert_not_confirmed(&w, COMMIT_B, ERROR_CONFLICT);
	world_stop(&w);
}

static void test_an_image_of_another_commit_is_not_what_the_ledger_says(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	add_image(&w, LABEL);
	world_start(&w);
	assert_not_confirmed(&w, COMMIT_B, ERROR_CONFLICT);
	world_stop(&w);
}

static void test_an_image_that_is_gone_is_said(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	w.image = (struct digest){ ELSEWHERE };
	world_start(&w);
	assert_not_confirmed(&w, COMMIT_A, ERROR_NOT_FOUND);
	world_stop(&w);
}

static void test_a_registry_that_only_the_ledger_names_is_not_asked(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	add_image(&w, LABEL);
	world_start(&w);
	struct release r = release_in(&w, COMMIT_A);
	free(r.repository);
	r.repository = xstrfmt("%s/other", w.config.repository.registry);
	assert_error(release_confirm(w.registries, &w.config, &r), ERROR_CONFLICT);
	assert_int_equal(w.server->requests, 0);
	release_release(&r);
	world_stop(&w);
}

/* -- step 4 ------------------------------------------------------------------------------------ */

/* Writes the ledger and has the registry follow it. */
static struct error *serve(struct world *w, const char *commit, bool *moved)
{
	char *directory = fixture_directory(), *top = fixture_repository(directory, "a", "sha1");
	struct repo *repo;
	struct release r = release_in(w, commit);
	struct release_outcome out;
	bool added;
	assert_success(repo_open(&repo, top));
	assert_success(releases_add(repo, NULL, &r, &added));
	struct release_settings settings = { .repo = repo, .config = &w->config, .environment = "prod",
					     .registries = w->registries, .where = "shell" };
	struct error *err = release_serve(&out, &settings);
	*moved = out.moved;
	release_outcome_release(&out);
	release_release(&r);
	repo_free(repo);
	free(top);
	fixture_remove(directory);
	return err;
}

static void test_tags_are_put_where_the_ledger_says(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	bool moved;
	add_image(&w, LABEL);
	add_tag(&w, "prod", ELSEWHERE);
	add_tag(&w, "latest", w.image.text);
	answer(&w, xstrdup("PUT /v2/web/manifests/prod "),
	       xstrfmt("HTTP/1.1 201 Created\r\nDocker-Content-Digest: %s\r\nContent-Length: 0\r\n\r\n",
		       w.image.text));
	world_start(&w);
	assert_success(serve(&w, COMMIT_A, &moved));
	assert_true(moved);
	assert_int_equal(times(&w, "PUT "), 1);
	world_stop(&w);
}

static void test_tags_in_their_place_are_left_alone(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	bool moved;
	add_image(&w, LABEL);
	add_tag(&w, "prod", w.image.text);
	add_tag(&w, "latest", w.image.text);
	world_start(&w);
	assert_success(serve(&w, COMMIT_A, &moved));
	assert_false(moved);
	assert_int_equal(w.server->requests, 2);
	world_stop(&w);
}

/* Somebody who may push to the repository, but not to the registry, has written that prod is to be another image. */
static void test_a_forged_ledger_moves_nothing(void **state)
{
	(void)state;
	struct world w = { .nr = 0 };
	bool moved;
	add_image(&w, LABEL);
	add_tag(&w, "prod", ELSEWHERE);
	answer(&w, xstrdup("PUT "), xstrdup("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"));
	world_start(&w);
	assert_error(serve(&w, COMMIT_B, &moved), ERROR_CONFLICT);
	assert_false(moved);
	assert_int_equal(times(&w, "PUT "), 0);
	world_stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_tag_is_to_be_released),
		cmocka_unit_test(test_the_tag_that_is_served_is_done),
		cmocka_unit_test(test_a_tag_that_was_overtaken_is_refused),
		cmocka_unit_test(test_a_tag_older_than_the_newest_release_is_refused),
		cmocka_unit_test(test_a_tag_that_was_moved_is_refused),
		cmocka_unit_test(test_a_canary_that_waits_is_done),
		cmocka_unit_test(test_a_commit_without_a_tag_is_released_once_in_a_row),
		cmocka_unit_test(test_latest_is_prods_or_the_only_environments),
		cmocka_unit_test(test_one_release_of_an_environment_at_a_time),
		cmocka_unit_test(test_an_image_is_confirmed_by_its_label),
		cmocka_unit_test(test_an_image_without_a_label_is_confirmed_by_the_tag_of_its_commit),
		cmocka_unit_test(test_an_image_of_another_commit_is_not_what_the_ledger_says),
		cmocka_unit_test(test_an_image_that_is_gone_is_said),
		cmocka_unit_test(test_a_registry_that_only_the_ledger_names_is_not_asked),
		cmocka_unit_test(test_tags_are_put_where_the_ledger_says),
		cmocka_unit_test(test_tags_in_their_place_are_left_alone),
		cmocka_unit_test(test_a_forged_ledger_moves_nothing),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
