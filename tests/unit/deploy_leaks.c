/* Secrets that stop a build, and what only looks like one. Keys are written in two pieces, so that nobody's
 * scanner takes this file for a leak. */
#include "git_fixture.h"

#include "base/text.h"
#include "deploy/leaks.h"
#include "deploy/leaks_text.h"

#define OPENAI "sk-" "proj-Zk3vB9qLmT7xWc2RfYh8Nd4Js6Pa"
#define GITHUB "ghp" "_Zk3vB9qLmT7xWc2RfYh8Nd4Js6PaUe5Gi1Ho"
#define AWS_ID "AKIA" "Q7WZ4XVT2NPL6RKD"
#define AWS_KEY "kT9x/Wq3LmZ7vRb2" "NcYh8sPd4Js6FaUe5Gi1HoXu"
#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
#define PRIVATE "-----BEGIN " "PRIVATE KEY-----\n" BODY BODY BODY BODY "-----END " "PRIVATE KEY-----\n"

/* -- one file ----------------------------------------------------------------------------------------- */

static struct leaks_text *shapes;
static bool was_clean;

static int make_shapes(void **state)
{
	(void)state;
	shapes = leaks_text_new();
	return 0;
}

static int free_shapes(void **state)
{
	(void)state;
	leaks_text_free(shapes);
	return 0;
}

static void add_line(void *data, size_t line, const char *what, const char *excerpt)
{
	buffer_addf(data, "%zu: %s (%s)\n", line, what, excerpt ? excerpt : "-");
}

static void assert_told(const char *path, const char *text, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	was_clean = leaks_text_look(shapes, path, slice_of_string(text), add_line, &out);
	if (strcmp(out.data, expected))
		fail_msg("%s: %s", path, out.data);
	buffer_release(&out);
}

static void test_keys_in_code_are_told_with_their_line_and_without_themselves(void **state)
{
	(void)state;
	assert_told("app.py", "import os\n\nclient = OpenAI(api_key=\"" OPENAI "\")\n",
			"3: a key of OpenAI (client = OpenAI(api_key=\"sk-p****)\n");
	assert_told("src/git.js", "const token = '" GITHUB "'; // ours\n",
			"1: a token of GitHub (const token = 'ghp_****)\n");
	assert_told("a.py", "id = \"" AWS_ID "\"\naws_secret = \"" AWS_KEY "\"\n",
		    "1: an access key id of AWS (id = \"AKIA****)\n2: a secret key of AWS (aws_secret = "
		    "\"kT9x****)\n");
	assert_told("key.pem", PRIVATE, "1: a private key (----****)\n");
	assert_told("settings.py", "DATABASE = 'postgres://app:" "Zk3vB9qLm@db1.corp.internal/app'\n",
			"1: a password in an address (DATABASE = 'postgres://app:****)\n");
	assert_told("config.yml",
		    "db:\n  password: Zk3vB9q"
		    "LmT7xWc2\n",
		    "2: a password (password: ****)\n");
}

static void test_nothing_of_a_secret_beside_it_is_shown(void **state)
{
	(void)state;
	assert_told("a.py", "x = \"" OPENAI "\" \"" GITHUB "\"\n",
			"1: a key of OpenAI (x = \"sk-p****)\n1: a token of GitHub (\" \"ghp_****)\n");
}

static void test_files_are_secrets_by_name_when_they_hold_one(void **state)
{
	(void)state;
	assert_told(".env", "DEBUG=1\nexport STRIPE_KEY=abcdef123456\n",
		    "2: a secret in a file of variables (export STRIPE_KEY=****)\n");
	assert_told("web/.env.production", "DB_PASSWORD='correct-horse'\n",
			"1: a secret in a file of variables (DB_PASSWORD='****)\n");
	assert_told(".streamlit/secrets.toml", "[db]\nurl = \"correcthorse\"\n",
		    "2: a secret of Streamlit (url = \"****)\n");
	assert_told(".aws/credentials", "[default]\naws_secret_access_key = abcdefghij\n",
			"2: a secret key of AWS (aws_secret_access_key = ****)\n");
	assert_told(".netrc", "machine a login b password hunter22\n",
		    "1: a password of .netrc (machine a login b password ****)\n");
	assert_told(".npmrc", "//registry.example/:_authToken=abcdef-1234\n",
		    "1: a token of npm (//registry.example/:_authToken=****)\n");
	assert_told(".ssh/id_rsa", "-----BEGIN OPENSSH " "PRIVATE KEY-----\n", "0: a private key (-)\n");
	assert_told("certs/server.p12", "\x01\x02", "0: a store of keys (-)\n");
	assert_told("gcp.json",
		    "{\"type\": \"service_account\", \"private_key\": \"-----BEGIN "
		    "PRIVATE KEY-----\\n"
		    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n"
		    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n"
		    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n-----END "
		    "PRIVATE KEY-----\\n\"}\n",
		    "1: a private key (rvice_account\", \"private_key\": \"----****)\n");
}

static void test_samples_and_what_says_nothing_are_no_secrets(void **state)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ ".env",
		  "DEBUG=1\nAPI_KEY=\nTOKEN=${TOKEN}\nSECRET_KEY=changeme\nVITE_API_KEY=abcdef123456\n" },
		{ ".env.example", "STRIPE_KEY=abcdef123456\n" },
		{ ".npmrc", "//registry.example/:_authToken=${NPM_TOKEN}\n" },
		{ ".netrc", "machine example.org\n" },
		{ "id_rsa", "not a key" },
		{ "app.py", "os.environ[\"OPENAI_API_KEY\"]\nkey = \""
			    "AKIA"
			    "IOSFODNN7EXAMPLE\"\n" },
		{ "a.py", "aws_secret = \"wJalrXUtnFEMI/K7MDENG/"
			  "bPxRfiCYEXAMPLEKEY\"\n" },
		{ "a.py", "OpenAI(api_key=\"sk-"
			  "your-api-key-goes-here-0000\")\n" },
		{ "a.py", "url = 'postgres://postgres:postgres@localhost/x'\n" },
		{ "a.py", "url = 'redis://user:Zk3vB9qLm"
			  "T7@localhost:6379'\n" },
		{ "a.py", "password = get_password(2)\ntoken = self.accessToken2\n" },
		{ "README.md", "password: Zk3vB9qLm"
			       "T7xWc2\n" },
		{ "ca.pem",
		  "-----BEGIN CERTIFICATE-----\n" BODY BODY BODY BODY "-----END CERTIFICATE-----\n" },
		{ "tls.py", "BEGIN = '-----BEGIN "
			    "PRIVATE KEY-----'\n" },
		{ "tests/fixtures/key.pem", PRIVATE },
		{ "node_modules/tls/test.pem", PRIVATE },
		{ "node_modules/x/index.js", "var k = '" GITHUB "'\n" },
		{ "tests/test_db.py", "password = \"Zk3vB9qLm"
				      "T7xWc2\"\n" },
		{ "firebase.js", "const firebaseConfig = { apiKey: 'AIza"
				 "SyD9qLmT7xWc2RfYh8Nd4Js6PaZk3vB9qLm' }\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_told(files[i].path, files[i].text, "");
}

/* Who copies a file from tests to the app makes a leak of what was none. */
static void test_what_only_its_path_excuses_is_not_clean(void **state)
{
	(void)state;
	assert_told("tests/key.pem", PRIVATE, "");
	assert_false(was_clean);
	assert_told("key.txt", "nothing\n", "");
	assert_true(was_clean);
}

static void test_what_is_no_text_is_not_looked_into(void **state)
{
	struct buffer out = BUFFER_INIT;
	static const char data[] = "\0 " GITHUB;
	(void)state;
	assert_true(
		leaks_text_look(shapes, "a.bin", (struct slice){ data, sizeof(data) - 1 }, add_line, &out));
	assert_string_equal(out.data, "");
	buffer_release(&out);
}

/* -- a repository -----------------------------------------------------------------------------------------
 */

static char *directory, *path;

static int make_repository(void **state)
{
	(void)state;
	fixture_environment();
	directory = fixture_directory();
	path = fixture_repository(directory, "r", "sha1");
	return 0;
}

static int remove_repository(void **state)
{
	(void)state;
	free(path);
	fixture_remove(directory);
	return 0;
}

static char *commit_all(const char *message)
{
	git(path, "add", "-A", NULL);
	git(path, "commit", "-q", "--allow-empty", "-m", message, NULL);
	return git_says(path, "rev-parse", "HEAD", NULL);
}

/* "<path>:<line> <commit or nothing>" of all that is found. */
static char *find_in(const char *where, const char *from, const char *allowed, bool history,
		     const char *earlier)
{
	struct repo *repo;
	struct oid head, since = { "" };
	struct leak *leaks;
	size_t nr;
	struct image_copy copy = { .from = (char *)(uintptr_t)from, .to = (char *)(uintptr_t) "app" };
	struct image_spec spec = { .copies = &copy, .nr_copies = from ? 1 : 0 };
	char *allow[] = { (char *)(uintptr_t)allowed };
	struct deploy_config config = { .allowed_secrets = allow, .nr_allowed_secrets = allowed ? 1 : 0 };
	struct buffer out = BUFFER_INIT;
	assert_success(repo_open(&repo, where));
	assert_success(repo_head(repo, &head));
	if (earlier)
		snprintf(since.hex, sizeof(since.hex), "%s", earlier);
	assert_success(leaks_find(&leaks, &nr, repo, &head, &spec, &config, history, &since));
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&out, "%s:%zu %.7s\n", leaks[i].path, leaks[i].line, leaks[i].commit.hex);
	leaks_free(leaks, nr);
	repo_free(repo);
	return buffer_detach(&out, NULL);
}

static void assert_found_with(const char *from, const char *allowed, const char *expected)
{
	/* The second time from what the first one kept. */
	for (int i = 0; i < 2; i++) {
		char *found = find_in(path, from, allowed, false, NULL);
		assert_string_equal(found, expected);
		free(found);
	}
}

static void test_only_what_goes_into_the_image_counts(void **state)
{
	(void)state;
	put_file(path, "web/app.py", "key = '" OPENAI "'\n");
	put_file(path, "other/b.py", "key = '" OPENAI "'\n");
	put_file(path, "web/clean.py", "1\n");
	free(commit_all("c"));
	assert_found_with("web", NULL, "web/app.py:1 \n");
	assert_found_with(NULL, NULL, "other/b.py:1 \nweb/app.py:1 \n");
	put_file(path, ".dockerignore", "other\n");
	free(commit_all("c"));
	assert_found_with(NULL, NULL, "web/app.py:1 \n");
	assert_found_with(NULL, "web/app.py", "");
	assert_found_with(NULL, "web", "");
	assert_found_with(NULL, "we", "web/app.py:1 \n");
}

static void test_a_blob_that_was_clean_is_looked_at_under_a_name_that_is_not(void **state)
{
	(void)state;
	put_file(path, "settings.txt", "STRIPE_KEY=abcdef123456\n");
	free(commit_all("c"));
	assert_found_with("", NULL, "");
	put_file(path, ".env", "STRIPE_KEY=abcdef123456\n");
	free(commit_all("c"));
	assert_found_with("", NULL, ".env:1 \n");
}

static void test_a_key_of_tests_that_moves_into_the_app_is_found(void **state)
{
	(void)state;
	put_file(path, "tests/key.pem", PRIVATE);
	free(commit_all("c"));
	assert_found_with("", NULL, "");
	put_file(path, "app/key.pem", PRIVATE);
	free(commit_all("c"));
	assert_found_with("", NULL, "app/key.pem:1 \n");
}

static void test_a_dockerfile_is_looked_at_too(void **state)
{
	struct repo *repo;
	struct oid head;
	struct leak *leaks;
	size_t nr;
	char file[] = "Dockerfile", from[] = "src", to[] = "app";
	struct image_copy copy = { .from = from, .to = to };
	const struct image_spec spec = { .copies = &copy, .nr_copies = 1 };
	const struct deploy_config config = { .dockerfile = file };
	(void)state;
	put_file(path, "src/a.py", "1\n");
	put_file(path, "Dockerfile", "FROM x\nENV TOKEN=" GITHUB "\n");
	free(commit_all("c"));
	assert_success(repo_open(&repo, path));
	assert_success(repo_head(repo, &head));
	assert_success(leaks_find(&leaks, &nr, repo, &head, &spec, &config, false, NULL));
	assert_int_equal(nr, 1);
	assert_string_equal(leaks[0].path, "Dockerfile");
	struct error *err = leaks_error(leaks, nr);
	assert_string_equal(
		err->message,
		"a secret would be in the image:\nDockerfile:2: a token of GitHub (ENV TOKEN=ghp_****)");
	error_free(err);
	leaks_free(leaks, nr);
	repo_free(repo);
}

static void test_deleted_secrets_are_told_of_the_history(void **state)
{
	(void)state;
	put_file(path, "a.py", "1\n");
	char *first = commit_all("first");
	put_file(path, "b.py", "key = '" OPENAI "'\n");
	char *second = commit_all("second");
	put_file(path, "b.py", "key = os.environ['KEY']\n");
	char *third = commit_all("third");
	char *found = find_in(path, "", NULL, true, NULL);
	char *expected = xstrfmt("b.py:1 %.7s\n", second);
	assert_string_equal(found, expected);
	free(found);
	found = find_in(path, "", NULL, true, first);
	assert_string_equal(found, expected);
	free(found);
	found = find_in(path, "", NULL, true, third);
	assert_string_equal(found, "");
	free(found);
	found = find_in(path, "", NULL, false, NULL);
	assert_string_equal(found, "");
	free(found);
	free(expected);
	free(first);
	free(second);
	free(third);
}

/* Whatever would have to be fetched for it is not: the remote has gone. */
static void test_a_partial_clone_is_searched_without_what_was_deployed(void **state)
{
	(void)state;
	put_file(path, "a.py", "key = '" OPENAI "'\n");
	char *first = commit_all("first");
	put_file(path, "a.py", "1\n");
	char *second = commit_all("second");
	git(path, "config", "uploadpack.allowFilter", "true", NULL);
	char *url = xstrfmt("file://%s", path), *clone = xstrfmt("%s/clone", directory),
	     *gone = xstrfmt("%s/gone", directory);
	git(directory, "clone", "-q", "--filter=blob:none", "--no-checkout", url, clone, NULL);
	assert_int_equal(rename(path, gone), 0);
	char *found = find_in(clone, NULL, NULL, true, second);
	assert_string_equal(found, "");
	assert_int_equal(rename(gone, path), 0);
	free(found);
	free(url);
	free(clone);
	free(gone);
	free(first);
	free(second);
}

static void test_what_is_seen_while_layers_are_made_is_judged_before_they_are_kept(void **state)
{
	struct repo *repo;
	char allowed[] = "docs/sample.py";
	char *allow[] = { allowed };
	const struct deploy_config config = { .allowed_secrets = allow, .nr_allowed_secrets = 1 };
	const struct oid blob = { "0123456789012345678901234567890123456789" },
			 other = { "1123456789012345678901234567890123456789" };
	const struct slice key = slice_of_string("key = '" OPENAI "'\n"), nothing = slice_of_string("1\n");
	(void)state;
	assert_success(repo_open(&repo, path));
	struct leaks_watch *watch = leaks_watch_new(repo, &config);
	leaks_watch_inspect(watch, "a.py", &other, nothing);
	leaks_watch_inspect(watch, "docs/sample.py", &blob, key);
	assert_null(leaks_watch_judge(watch));
	leaks_watch_inspect(watch, "src/b.py", &blob, key);
	struct error *err = leaks_watch_judge(watch);
	assert_string_equal(
		err->message,
		"a secret would be in the image:\nsrc/b.py:1: a key of OpenAI (key = 'sk-p****)");
	error_free(err);
	leaks_watch_free(watch);
	/* What was clean is not looked at again, what was not is. */
	watch = leaks_watch_new(repo, &config);
	leaks_watch_inspect(watch, "a.py", &other, key);
	assert_null(leaks_watch_judge(watch));
	leaks_watch_inspect(watch, "src/b.py", &blob, key);
	assert_error(leaks_watch_judge(watch), ERROR_CONFLICT);
	leaks_watch_free(watch);
	repo_free(repo);
}

static void test_words_for_people(void **state)
{
	char a[] = "a.py", b[] = "b\033.py", x[] = "key='sk-p****";
	const struct leak leaks[] = {
		{ .path = a, .line = 3, .what = "a key of OpenAI", .excerpt = x },
		{ .path = b, .what = "a private key" },
		{ .path = a,
		  .line = 1,
		  .what = "a token of GitHub",
		  .excerpt = x,
		  .commit = { "0123456789" } },
	};
	struct buffer out = BUFFER_INIT;
	(void)state;
	struct error *err = leaks_error(leaks, 3);
	assert_string_equal(err->message,
			    "2 secrets would be in the image:\na.py:3: a key of OpenAI (key='sk-p****)\n"
			    "b\\x1b.py: a private key");
	error_free(err);
	assert_null(leaks_error(leaks + 2, 1));
	leaks_warn(&out, leaks, 3);
	assert_string_equal(
		out.data,
		"a.py:1: a token of GitHub (key='sk-p****) is in commit 0123456 of the history: whoever "
		"reads it has it, rotate it\n");
	buffer_release(&out);
}

#define WITH_SHAPES(test) cmocka_unit_test_setup_teardown(test, make_shapes, free_shapes)
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, make_repository, remove_repository)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHAPES(test_keys_in_code_are_told_with_their_line_and_without_themselves),
		WITH_SHAPES(test_nothing_of_a_secret_beside_it_is_shown),
		WITH_SHAPES(test_files_are_secrets_by_name_when_they_hold_one),
		WITH_SHAPES(test_samples_and_what_says_nothing_are_no_secrets),
		WITH_SHAPES(test_what_only_its_path_excuses_is_not_clean),
		WITH_SHAPES(test_what_is_no_text_is_not_looked_into),
		WITH_REPOSITORY(test_only_what_goes_into_the_image_counts),
		WITH_REPOSITORY(test_a_blob_that_was_clean_is_looked_at_under_a_name_that_is_not),
		WITH_REPOSITORY(test_a_key_of_tests_that_moves_into_the_app_is_found),
		WITH_REPOSITORY(test_a_dockerfile_is_looked_at_too),
		WITH_REPOSITORY(test_deleted_secrets_are_told_of_the_history),
		WITH_REPOSITORY(test_a_partial_clone_is_searched_without_what_was_deployed),
		WITH_REPOSITORY(test_what_is_seen_while_layers_are_made_is_judged_before_they_are_kept),
		cmocka_unit_test(test_words_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
