/* Which forge an address is of, and whose token goes there. */
#include "git_fixture.h"

#include "base/text.h"
#include "forge/site.h"
#include "forge/token.h"
#include "forge/web.h"
#include "git/repo.h"

struct world {
	char *directory;
	const char *variables[12][2];
	struct forge_settings settings;
};

static const char *env(void *data, const char *name)
{
	const struct world *w = data;
	for (size_t i = 0; i < ARRAY_SIZE(w->variables) && w->variables[i][0]; i++)
		if (!strcmp(w->variables[i][0], name))
			return w->variables[i][1];
	return NULL;
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	fixture_environment();
	w->directory = fixture_directory();
	git(w->directory, "init", "-q", NULL);
	w->settings = (struct forge_settings){ .env = env, .env_data = w };
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	fixture_remove(w->directory);
	free(w);
	return 0;
}

/* -- addresses ---------------------------------------------------------------------------------------------- */

/* "scheme host port path", or "" */
static void expect_parts(const char *address, const char *expected)
{
	struct remote_address a;
	char *parts = NULL;
	if (remote_address_parse(&a, address))
		parts = xstrfmt("%s %s %s %s", a.scheme, a.host, a.port ? a.port : "-", a.path);
	if (strcmp(parts ? parts : "", expected) != 0)
		fail_msg("%s: '%s' instead of '%s'", address, parts ? parts : "", expected);
	remote_address_release(&a);
	free(parts);
}

static void all_forms_of_addresses_that_git_takes_are_read(void **state)
{
	static const char *const forms[][2] = {
		{ "https://github.com/owner/name.git", "https github.com - owner/name" },
		{ "https://github.com/owner/name", "https github.com - owner/name" },
		{ "https://github.com/owner/name/", "https github.com - owner/name" },
		{ "https://github.com/owner/name.git/", "https github.com - owner/name" },
		{ "https://user:secret@GitHub.com:8443/owner/name.git", "https github.com 8443 owner/name" },
		{ "HTTPS://github.com//owner/name", "https github.com - owner/name" },
		{ "http://127.0.0.1:3000/owner/name", "http 127.0.0.1 3000 owner/name" },
		{ "ssh://git@github.com/owner/name.git", "ssh github.com - owner/name" },
		{ "ssh://git@example.org:2222/owner/name.git", "ssh example.org 2222 owner/name" },
		{ "git+ssh://git@example.org/owner/name", "ssh example.org - owner/name" },
		{ "git@github.com:owner/name.git", "ssh github.com - owner/name" },
		{ "github.com:owner/name", "ssh github.com - owner/name" },
		{ "git@github.com:/owner/name.git", "ssh github.com - owner/name" },
		{ "work:owner/name", "ssh work - owner/name" },
		{ "[git@example.org:2222]:owner/name", "ssh example.org 2222 owner/name" },
		{ "git://example.org/owner/name.git", "git example.org - owner/name" },
		{ "git@gitlab.com:group/sub/deep/name.git", "ssh gitlab.com - group/sub/deep/name" },
		{ "https://example.org/own%20er/n%c3%a4me", "https example.org - own er/n\xc3\xa4me" },
		{ "ssh://git@[2001:db8::1]:22/owner/name", "ssh [2001:db8::1] 22 owner/name" },
		{ "git@[2001:db8::1]:owner/name", "ssh [2001:db8::1] - owner/name" },
		{ "[::1]:owner/name", "ssh [::1] - owner/name" },
		{ "https://[::1]:3000/owner/name", "https [::1] 3000 owner/name" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		expect_parts(forms[i][0], forms[i][1]);
}

static void what_no_forge_has_is_no_address(void **state)
{
	static const char *const others[] = {
		"",			   "/srv/papers.git",		"../papers",
		"./a:b/c",		   "papers",			"file:///srv/owner/name",
		"ext::ssh host %S foo",	   "codecommit::eu-west-1://x/y", "https://github.com",
		"https://github.com/",	   "https://github.com/owner",	"https://github.com/owner/..",
		"https://github.com/../x", "git@github.com:~/owner/name", "https://github.com/owner/name?x=y",
		"https:///owner/name",	   "https://a b/owner/name",	"https://example.org:port/owner/name",
		"ssh://-oProxyCommand=x/owner/name", "-oProxyCommand=x:owner/name", "https://h/o%0an/name",
		"ftp://example.org/owner/name", "https://example.org/a//b", "[::1:owner/name", "[]:owner/name",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect_parts(others[i], "");
}

static void an_endless_address_is_none(void **state)
{
	struct buffer b = BUFFER_INIT;
	(void)state;
	buffer_addstr(&b, "https://example.org/a");
	for (int i = 0; i < 100; i++)
		buffer_addstr(&b, "/a");
	expect_parts(b.data, "");
	for (int i = 0; i < SITE_MAX_ADDRESS; i++)
		buffer_addch(&b, 'a');
	expect_parts(b.data, "");
	buffer_release(&b);
}

/* -- pages ---------------------------------------------------------------------------------------------------- */

static void expect_page(struct world *w, const char *address, const char *expected)
{
	struct repo *repo;
	struct forge *forge;
	struct buffer url = BUFFER_INIT;
	assert_success(repo_open(&repo, w->directory));
	assert_success(forge_open(&forge, repo, address, &w->settings));
	forge_add_file_url(&url, forge, &(struct forge_place){ .branch = "b", .path = "p q.tex", .line = 7 });
	assert_string_equal(url.data, expected);
	buffer_release(&url);
	forge_free(forge);
	repo_free(repo);
}

static void pages_are_where_the_api_is(void **state)
{
	struct world *w = *state;
	git(w->directory, "config", "scrutiny.forge.lan.type", "gitea", NULL);
	git(w->directory, "config", "scrutiny.forge.gl.example.org.type", "gitlab", NULL);
	git(w->directory, "config", "scrutiny.forge.gl.example.org.api", "https://gl.example.org:8443/git/api/v4", NULL);
	expect_page(w, "git@github.com:o/n", "https://github.com/o/n/blob/b/p%20q.tex#L7");
	expect_page(w, "https://acme.ghe.com/o/n", "https://acme.ghe.com/o/n/blob/b/p%20q.tex#L7");
	expect_page(w, "http://lan:3000/o/n", "http://lan:3000/o/n/src/branch/b/p%20q.tex#L7");
	expect_page(w, "https://lan/below/o/n", "https://lan/below/o/n/src/branch/b/p%20q.tex#L7");
	expect_page(w, "git@gl.example.org:g/s/n", "https://gl.example.org:8443/git/g/s/n/-/blob/b/p%20q.tex#L7");
}

/* -- forges --------------------------------------------------------------------------------------------------- */

static struct error *find(struct world *w, const char *address, struct site *out)
{
	struct repo *repo;
	assert_success(repo_open(&repo, w->directory));
	struct error *err = site_find(out, repo, address, &w->settings);
	repo_free(repo);
	return err;
}

static void expect_site(struct world *w, const char *address, const char *expected)
{
	static const char *const kinds[] = { "github", "gitea", "gitlab" };
	struct site s;
	assert_success(find(w, address, &s));
	char *is = xstrfmt("%s %s %s %s", kinds[s.kind], s.host, s.api, s.repository);
	assert_string_equal(is, expected);
	free(is);
	site_release(&s);
}

static void public_forges_are_known_by_their_hosts(void **state)
{
	expect_site(*state, "git@github.com:o/n.git", "github github.com https://api.github.com o/n");
	expect_site(*state, "ssh://git@ssh.github.com:443/o/n.git", "github github.com https://api.github.com o/n");
	expect_site(*state, "https://gitlab.com/g/s/n.git", "gitlab gitlab.com https://gitlab.com/api/v4 g/s/n");
	expect_site(*state, "https://codeberg.org/o/n", "gitea codeberg.org https://codeberg.org/api/v1 o/n");
	expect_site(*state, "https://gitea.com/o/n", "gitea gitea.com https://gitea.com/api/v1 o/n");
	expect_site(*state, "https://acme.ghe.com/o/n", "github acme.ghe.com https://api.acme.ghe.com o/n");
}

static void a_host_that_is_not_known_needs_a_setting(void **state)
{
	struct site s;
	struct error *err = find(*state, "https://forge.example.org/o/n", &s);
	assert_non_null(err);
	assert_non_null(strstr(err->hint, "git config scrutiny.forge.forge.example.org.type"));
	assert_error(err, ERROR_NOT_FOUND);
}

static void an_alias_of_ssh_needs_its_api_too(void **state)
{
	struct world *w = *state;
	struct site s;
	struct error *err = find(w, "work:o/n", &s);
	assert_non_null(strstr(err->hint, "scrutiny.forge.work.api"));
	assert_error(err, ERROR_NOT_FOUND);
	git(w->directory, "config", "scrutiny.forge.work.type", "github", NULL);
	git(w->directory, "config", "scrutiny.forge.work.api", "https://api.github.com", NULL);
	expect_site(w, "work:o/n", "github github.com https://api.github.com o/n");
}

static void the_setting_says_what_a_host_is(void **state)
{
	struct world *w = *state;
	git(w->directory, "config", "scrutiny.forge.Forge.example.org.type", "Forgejo", NULL);
	expect_site(w, "git@forge.example.org:o/n", "gitea forge.example.org https://forge.example.org/api/v1 o/n");
	expect_site(w, "https://forge.example.org:8443/git/o/n",
		    "gitea forge.example.org:8443 https://forge.example.org:8443/git/api/v1 o/n");
	git(w->directory, "config", "scrutiny.forge.forge.example.org:8443.type", "gitlab", NULL);
	git(w->directory, "config", "scrutiny.forge.forge.example.org:8443.api", "https://a.example.org/gl/api/v4/", NULL);
	expect_site(w, "https://forge.example.org:8443/gl/g/s/n",
		    "gitlab forge.example.org:8443 https://a.example.org/gl/api/v4 g/s/n");
}

static void a_type_that_is_none_is_refused(void **state)
{
	struct world *w = *state;
	struct site s;
	git(w->directory, "config", "scrutiny.forge.x.example.org.type", "bitbucket", NULL);
	assert_error(find(w, "git@x.example.org:o/n", &s), ERROR_USAGE);
}

static void a_job_knows_its_own_server(void **state)
{
	struct world *w = *state;
	w->variables[0][0] = "GITHUB_SERVER_URL";
	w->variables[0][1] = "https://ghe.example.org";
	w->variables[1][0] = "GITHUB_API_URL";
	w->variables[1][1] = "https://ghe.example.org/api/v3";
	w->variables[2][0] = "CI_SERVER_URL";
	w->variables[2][1] = "https://lab.example.org:8443";
	expect_site(w, "https://ghe.example.org/o/n", "github ghe.example.org https://ghe.example.org/api/v3 o/n");
	expect_site(w, "git@lab.example.org:g/s/n", "gitlab lab.example.org https://lab.example.org/api/v4 g/s/n");
	w->variables[3][0] = "GITEA_ACTIONS";
	w->variables[3][1] = "true";
	w->variables[1][0] = "-";
	expect_site(w, "https://ghe.example.org/o/n", "gitea ghe.example.org https://ghe.example.org/api/v1 o/n");
}

static void rewritten_addresses_count(void **state)
{
	struct world *w = *state;
	struct repo *repo;
	char *name, *address;
	git(w->directory, "config", "url.git@github.com:.pushInsteadOf", "gh:", NULL);
	git(w->directory, "config", "url.https://gitlab.com/.insteadOf", "gl:", NULL);
	git(w->directory, "remote", "add", "origin", "gh:o/n", NULL);
	git(w->directory, "remote", "add", "fork", "https://gitea.com/o/fork", NULL);
	git(w->directory, "config", "remote.pushDefault", "fork", NULL);
	git(w->directory, "commit", "-q", "--allow-empty", "-m", "x", NULL);
	assert_success(repo_open(&repo, w->directory));
	assert_success(site_remote(repo, "origin", &name, &address));
	assert_string_equal(address, "git@github.com:o/n");
	free(name);
	free(address);
	assert_success(site_remote(repo, "gl:g/n", &name, &address));
	assert_string_equal(address, "https://gitlab.com/g/n");
	free(name);
	free(address);
	assert_success(site_remote(repo, NULL, &name, &address));
	assert_string_equal(name, "fork");
	free(name);
	free(address);
	assert_error(site_remote(repo, "nobody", &name, &address), ERROR_NOT_FOUND);
	repo_free(repo);
}

/* -- tokens ----------------------------------------------------------------------------------------------------- */

static void expect_header(struct world *w, const char *address, const char *expected)
{
	struct repo *repo;
	struct site s;
	struct token t;
	const char *why;
	assert_success(repo_open(&repo, w->directory));
	assert_success(site_find(&s, repo, address, &w->settings));
	assert_success(token_find(&t, &s, repo, &w->settings, &why));
	if (strcmp(t.header ? t.header : "", expected) != 0)
		fail_msg("%s: '%s' instead of '%s'", address, t.header ? t.header : "", expected);
	token_release(&t);
	site_release(&s);
	repo_free(repo);
}

static void set_all_tokens(struct world *w)
{
	static const char *const all[][2] = {
		{ "GITHUB_TOKEN", "hub" },   { "GITEA_TOKEN", "tea" },
		{ "FORGEJO_TOKEN", "jo" },   { "GITLAB_TOKEN", "lab" },
		{ "GH_ENTERPRISE_TOKEN", "ghe" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (int j = 0; j < 2; j++)
			w->variables[i][j] = all[i][j];
}

static void each_host_gets_its_own_token_and_no_other(void **state)
{
	struct world *w = *state;
	set_all_tokens(w);
	git(w->directory, "config", "scrutiny.forge.hub.example.org.type", "github", NULL);
	git(w->directory, "config", "scrutiny.forge.tea.example.org.type", "gitea", NULL);
	expect_header(w, "git@github.com:o/n", "Authorization: Bearer hub");
	expect_header(w, "git@gitea.com:o/n", "Authorization: token tea");
	expect_header(w, "git@codeberg.org:o/n", "Authorization: token jo");
	expect_header(w, "git@gitlab.com:o/n", "Authorization: Bearer lab");
	expect_header(w, "git@tea.example.org:o/n", "Authorization: token tea");
	expect_header(w, "git@hub.example.org:o/n", "Authorization: Bearer ghe");
	expect_header(w, "https://acme.ghe.com/o/n", "Authorization: Bearer ghe");
}

static void the_token_of_a_job_stays_at_its_server(void **state)
{
	struct world *w = *state;
	set_all_tokens(w);
	w->variables[5][0] = "GITHUB_SERVER_URL";
	w->variables[5][1] = "https://tea.example.org";
	w->variables[6][0] = "GITEA_ACTIONS";
	w->variables[6][1] = "true";
	w->variables[1][0] = "-"; /* no GITEA_TOKEN */
	expect_header(w, "https://tea.example.org/o/n", "Authorization: Bearer hub");
	expect_header(w, "https://github.com/o/n", "");
}

static void the_job_token_of_gitlab_has_a_header_of_its_own(void **state)
{
	struct world *w = *state;
	w->variables[0][0] = "CI_JOB_TOKEN";
	w->variables[0][1] = "job";
	expect_header(w, "https://gitlab.com/g/n", "");
	w->variables[1][0] = "CI_SERVER_URL";
	w->variables[1][1] = "https://gitlab.com";
	expect_header(w, "https://gitlab.com/g/n", "JOB-TOKEN: job");
}

static void no_token_goes_over_plain_http_but_to_loopback(void **state)
{
	struct world *w = *state;
	set_all_tokens(w);
	git(w->directory, "config", "scrutiny.forge.tea.example.org.type", "gitea", NULL);
	git(w->directory, "config", "scrutiny.forge.127.0.0.1.type", "gitea", NULL);
	expect_header(w, "http://tea.example.org/o/n", "");
	expect_header(w, "http://127.0.0.1:3000/o/n", "Authorization: token tea");
}

static void a_token_with_a_line_break_is_refused(void **state)
{
	struct world *w = *state;
	struct repo *repo;
	struct site s;
	struct token t;
	const char *why;
	w->variables[0][0] = "GITHUB_TOKEN";
	w->variables[0][1] = "hub\r\nX-Evil: 1";
	assert_success(repo_open(&repo, w->directory));
	assert_success(site_find(&s, repo, "git@github.com:o/n", &w->settings));
	struct error *err = token_find(&t, &s, repo, &w->settings, &why);
	assert_null(strstr(err->message, "hub\r"));
	assert_error(err, ERROR_USAGE);
	site_release(&s);
	repo_free(repo);
}

/* A helper that knows alice everywhere. */
static void what_git_logs_in_with_is_taken_from_its_helpers(void **state)
{
	struct world *w = *state;
	git(w->directory, "config", "credential.helper",
	    "!f() { test \"$1\" = get && echo username=alice && echo password=kept; }; f", NULL);
	git(w->directory, "config", "scrutiny.forge.tea.example.org.type", "gitea", NULL);
	expect_header(w, "git@github.com:o/n", "Authorization: Bearer kept");
	expect_header(w, "https://alice@tea.example.org/o/n", "Authorization: Basic YWxpY2U6a2VwdA==");
	set_all_tokens(w);
	expect_header(w, "git@github.com:o/n", "Authorization: Bearer hub");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_of_addresses_that_git_takes_are_read),
		cmocka_unit_test(what_no_forge_has_is_no_address),
		cmocka_unit_test(an_endless_address_is_none),
		cmocka_unit_test_setup_teardown(public_forges_are_known_by_their_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_are_where_the_api_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_that_is_not_known_needs_a_setting, setup, teardown),
		cmocka_unit_test_setup_teardown(an_alias_of_ssh_needs_its_api_too, setup, teardown),
		cmocka_unit_test_setup_teardown(the_setting_says_what_a_host_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_type_that_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_knows_its_own_server, setup, teardown),
		cmocka_unit_test_setup_teardown(rewritten_addresses_count, setup, teardown),
		cmocka_unit_test_setup_teardown(each_host_gets_its_own_token_and_no_other, setup, teardown),
		cmocka_unit_test_setup_teardown(the_token_of_a_job_stays_at_its_server, setup, teardown),
		cmocka_unit_test_setup_teardown(the_job_token_of_gitlab_has_a_header_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(no_token_goes_over_plain_http_but_to_loopback, setup, teardown),
		cmocka_unit_test_setup_teardown(a_token_with_a_line_break_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_git_logs_in_with_is_taken_from_its_helpers, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
