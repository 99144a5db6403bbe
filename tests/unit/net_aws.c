/* AWS credentials: where they are looked for, and what each source answers. */
#include "scripted_server.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/aws_source.h"

#define MAX_VARIABLES 16

/* A world of its own: variables, and a home directory with ~/.aws. */
struct world {
	const char *names[MAX_VARIABLES];
	char *values[MAX_VARIABLES];
	size_t nr;
	char home[64];
	struct aws_settings settings;
};

static const char *get_variable(void *data, const char *name)
{
	const struct world *w = data;
	for (size_t i = 0; i < w->nr; i++)
		if (!strcmp(w->names[i], name))
			return w->values[i];
	return NULL;
}

static void set(struct world *w, const char *name, const char *value)
{
	assert_true(w->nr < MAX_VARIABLES);
	w->names[w->nr] = name;
	w->values[w->nr++] = xstrdup(value);
}

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

static void write_below_home(struct world *w, const char *name, const char *text)
{
	char *path = xstrfmt("%s/%s", w->home, name);
	assert_ok(file_write(path, text, strlen(text)));
	free(path);
}

static void world_open(struct world *w)
{
	*w = (struct world){ .home = "/tmp/aws-test-XXXXXX" };
	assert_non_null(mkdtemp(w->home));
	char *folder = xstrfmt("%s/.aws", w->home);
	assert_int_equal(mkdir(folder, 0700), 0);
	free(folder);
	w->settings = (struct aws_settings){ .env = get_variable, .data = w, .home = w->home };
	set(w, "AWS_EC2_METADATA_DISABLED", "true");
}

static void world_close(struct world *w)
{
	static const char *const files[] = { "/.aws/config", "/.aws/credentials", "/token", "/.aws", "" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *path = xstrfmt("%s%s", w->home, files[i]);
		remove(path);
		free(path);
	}
	for (size_t i = 0; i < w->nr; i++)
		free(w->values[i]);
}

/* The credentials are KEY, SECRET and TOKEN (may be NULL), from SOURCE. */
static void check_keys(struct world *w, const char *key, const char *secret, const char *token,
		       const char *source)
{
	struct aws_credentials *c;
	struct sigv4_keys keys;
	assert_ok(aws_credentials_new(&c, &w->settings));
	assert_ok(aws_credentials_keys(c, &keys));
	assert_string_equal(keys.access_key, key);
	assert_string_equal(keys.secret_key, secret);
	if (token)
		assert_string_equal(keys.session_token, token);
	else
		assert_null(keys.session_token);
	if (!starts_with(aws_credentials_source(c), source))
		fail_msg("from %s", aws_credentials_source(c));
	aws_credentials_free(c);
}

static void check_fails(struct world *w, enum error_code code, const char *words)
{
	struct aws_credentials *c;
	struct error *err = aws_credentials_new(&c, &w->settings);
	assert_non_null(err);
	if (!strstr(err->message, words) || err->code != code)
		fail_msg("code %d: %s", (int)err->code, err->message);
	error_free(err);
}

/* -- environment ---------------------------------------------------------------------------------- */

static void test_environment_comes_first(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_ACCESS_KEY_ID", "AKIDENV");
	set(&w, "AWS_SECRET_ACCESS_KEY", "secret/env");
	write_below_home(&w, ".aws/credentials", "[default]\naws_access_key_id=AKIDFILE\n"
			 "aws_secret_access_key=x\n");
	check_keys(&w, "AKIDENV", "secret/env", NULL, "environment");
	set(&w, "AWS_SESSION_TOKEN", "token==");
	check_keys(&w, "AKIDENV", "secret/env", "token==", "environment");
	world_close(&w);
}

static void test_half_of_the_keys_is_an_error(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_ACCESS_KEY_ID", "AKIDENV");
	check_fails(&w, ERROR_USAGE, "AWS_SECRET_ACCESS_KEY is not set");
	world_close(&w);
}

static void test_keys_with_line_breaks_are_refused(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_ACCESS_KEY_ID", "AKID\r\nX-Injected: y");
	set(&w, "AWS_SECRET_ACCESS_KEY", "secret");
	check_fails(&w, ERROR_SYNTAX, "characters no key has");
	world_close(&w);
}

static void test_nothing_found_is_told_with_what_to_do(void **state)
{
	(void)state;
	struct world w;
	struct aws_credentials *c;
	world_open(&w);
	struct error *err = aws_credentials_new(&c, &w.settings);
	assert_true(error_is(err, ERROR_NOT_FOUND));
	assert_non_null(strstr(err->message, "no AWS credentials were found"));
	assert_non_null(strstr(err->hint, "AWS_ACCESS_KEY_ID"));
	error_free(err);
	world_close(&w);
}

static void test_all_keys_are_redacted(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_ACCESS_KEY_ID", "redactedkeyid");
	set(&w, "AWS_SECRET_ACCESS_KEY", "redactedsecret");
	set(&w, "AWS_SESSION_TOKEN", "redactedtoken");
	check_keys(&w, "redactedkeyid", "redactedsecret", "redactedtoken", "environment");
	char *text = redact(xstrdup("a redactedkeyid b redactedsecret c redactedtoken d"));
	assert_string_equal(text, "a <redacted> b <redacted> c <redacted> d");
	free(text);
	world_close(&w);
}

/* -- profiles ------------------------------------------------------------------------------------- */

static const char two_profiles[] = "# the usual one\r\n[default]\r\nregion = eu-west-1 ; a comment\r\n"
				   "s3 =\r\n    max_concurrent_requests = 20\r\n"
				   "[profile lab]\r\nregion=us-east-2\r\n"
				   "AWS_ACCESS_KEY_ID = AKIDCONFIG\r\n"
				   "aws_secret_access_key = from/config=\r\n"
				   "[profile \"with space\"]\r\naws_access_key_id = AKIDSPACE\r\n"
				   "aws_secret_access_key = s\r\n[sso-session x]\r\nregion = nowhere\r\n";

static void test_profiles_of_both_files(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	write_below_home(&w, ".aws/config", two_profiles);
	write_below_home(&w, ".aws/credentials", "[default]\naws_access_key_id = AKIDDEFAULT\n"
			 "aws_secret_access_key = a+b/c\naws_session_token = t\n");
	check_keys(&w, "AKIDDEFAULT", "a+b/c", "t", "profile default of /tmp/aws-test-");
	w.settings.profile = "lab";
	check_keys(&w, "AKIDCONFIG", "from/config=", NULL, "profile lab of");
	w.settings.profile = "with space";
	check_keys(&w, "AKIDSPACE", "s", NULL, "profile with space");
	world_close(&w);
}

static void test_credentials_file_wins_over_config(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	write_below_home(&w, ".aws/config", two_profiles);
	write_below_home(&w, ".aws/credentials", "[lab]\naws_access_key_id = AKIDCRED\n"
			 "aws_secret_access_key = c\n");
	set(&w, "AWS_PROFILE", "lab");
	check_keys(&w, "AKIDCRED", "c", NULL, "profile lab of");
	world_close(&w);
}

static void test_named_profile_wins_over_keys_in_the_environment(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_ACCESS_KEY_ID", "AKIDENV");
	set(&w, "AWS_SECRET_ACCESS_KEY", "secret/env");
	write_below_home(&w, ".aws/config", two_profiles);
	w.settings.profile = "lab";
	check_keys(&w, "AKIDCONFIG", "from/config=", NULL, "profile lab");
	world_close(&w);
}

static void check_config(const char *config, const char *profile, enum error_code code, const char *words)
{
	struct world w;
	world_open(&w);
	write_below_home(&w, ".aws/config", config);
	w.settings.profile = profile;
	check_fails(&w, code, words);
	world_close(&w);
}

static void test_what_a_profile_cannot_give_is_said(void **state)
{
	(void)state;
	check_config("[default]\n", "lab", ERROR_NOT_FOUND, "no AWS profile 'lab'");
	check_config("[profile lab]\nsso_start_url = https://x\n", "lab", ERROR_UNSUPPORTED,
		     "Identity Center");
	check_config("[profile lab]\nsso_session = x\n", "lab", ERROR_UNSUPPORTED, "Identity Center");
	check_config("[profile lab]\nrole_arn = r\nmfa_serial = m\nsource_profile = x\n", "lab",
		     ERROR_UNSUPPORTED, "second factor");
	check_config("[profile lab]\nrole_arn = r\n", "lab", ERROR_USAGE, "no source_profile");
	check_config("[profile lab]\nrole_arn = r\nsource_profile = x\n", "lab", ERROR_NOT_FOUND,
		     "no AWS profile 'x'");
	check_config("[profile lab]\nrole_arn = r\nsource_profile = x\n[profile x]\nregion = y\n", "lab",
		     ERROR_NOT_FOUND, "source_profile 'x' has no credentials");
	check_config("[profile lab]\nrole_arn = r\ncredential_source = Magic\n", "lab", ERROR_USAGE,
		     "'Magic'");
	check_config("[profile lab]\nrole_arn = r\ncredential_source = Environment\n", "lab", ERROR_NOT_FOUND,
		     "has no credentials");
	check_config("[profile lab]\nrole_arn = r\nsource_profile = lab\nduration_seconds = long\n", "lab",
		     ERROR_USAGE, "duration_seconds");
	check_config("[profile lab]\nthis is nothing\n", "lab", ERROR_SYNTAX, "config:2:1: this is no");
	check_config("[profile lab\n", "lab", ERROR_SYNTAX, "config:1:1:");
}

static void test_profiles_in_a_circle_end(void **state)
{
	(void)state;
	check_config("[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\n"
		     "source_profile = a\n", "a", ERROR_USAGE, "circle");
	struct buffer many = BUFFER_INIT;
	for (int i = 0; i < 20; i++)
		buffer_addf(&many, "[profile p%d]\nrole_arn = r\nsource_profile = p%d\n", i, i + 1);
	check_config(many.data, "p0", ERROR_LIMIT, "more than 8");
	buffer_release(&many);
}

static void test_region_and_endpoint(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	write_below_home(&w, ".aws/config", "[default]\nregion = eu-west-1\nendpoint_url = http://profile\n");
	char *region = aws_region(&w.settings), *endpoint = aws_endpoint(&w.settings, "BEDROCK_RUNTIME");
	assert_string_equal(region, "eu-west-1");
	assert_string_equal(endpoint, "http://profile");
	free(region);
	free(endpoint);
	set(&w, "AWS_DEFAULT_REGION", "us-west-2");
	set(&w, "AWS_ENDPOINT_URL", "http://all");
	region = aws_region(&w.settings), endpoint = aws_endpoint(&w.settings, "BEDROCK_RUNTIME");
	assert_string_equal(region, "us-west-2");
	assert_string_equal(endpoint, "http://all");
	free(region);
	free(endpoint);
	set(&w, "AWS_REGION", "us-east-1");
	set(&w, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://one");
	region = aws_region(&w.settings), endpoint = aws_endpoint(&w.settings, "BEDROCK_RUNTIME");
	assert_string_equal(region, "us-east-1");
	assert_string_equal(endpoint, "http://one");
	free(region);
	free(endpoint);
	set(&w, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
	assert_null(aws_endpoint(&w.settings, "BEDROCK_RUNTIME"));
	world_close(&w);
}

static void test_addresses_of_services(void **state)
{
	(void)state;
	char *url = aws_service_url("sts", "eu-west-1");
	assert_string_equal(url, "https://sts.eu-west-1.amazonaws.com");
	free(url);
	url = aws_service_url("sts", "cn-north-1");
	assert_string_equal(url, "https://sts.cn-north-1.amazonaws.com.cn");
	free(url);
}

static void test_credential_process_is_run_without_a_shell(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	write_below_home(&w, ".aws/config",
			 "[default]\ncredential_process = printf '%s' \"{\\\"Version\\\":1,"
			 "\\\"AccessKeyId\\\":\\\"$(id)\\\",\\\"SecretAccessKey\\\":\\\"s\\\"}\"\n"
			 "[profile good]\ncredential_process = echo "
			 "'{\"Version\":1,\"AccessKeyId\":\"AKIDPROC\",\"SecretAccessKey\":\"p/q\","
			 "\"SessionToken\":\"t\",\"Expiration\":\"2126-11-22T10:00:00Z\"}'\n"
			 "[profile open]\ncredential_process = echo 'x\n"
			 "[profile gone]\ncredential_process = /nowhere/at/all\n");
	check_keys(&w, "$(id)", "s", NULL, "profile default");
	w.settings.profile = "good";
	check_keys(&w, "AKIDPROC", "p/q", "t", "profile good");
	w.settings.profile = "open";
	check_fails(&w, ERROR_USAGE, "no list of words");
	w.settings.profile = "gone";
	check_fails(&w, ERROR_NOT_FOUND, "profile gone");
	world_close(&w);
}

/* -- STS ------------------------------------------------------------------------------------------ */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: "
#define STS_ANSWER(key, time)                                                                   \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"            \
	"<AssumeRoleResult><Credentials><AccessKeyId>" key "</AccessKeyId>"                     \
	"<SecretAccessKey>s&amp;s</SecretAccessKey><SessionToken> tok/en= </SessionToken>"       \
	"<Expiration>" time "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

/* A response of STATUS with BODY, to be freed. */
static char *response(const char *status, const char *body)
{
	return xstrfmt("HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
}

static void test_web_identity_asks_sts_without_a_signature(void **state)
{
	(void)state;
	struct world w;
	struct scripted line;
	char *answer = response("200 OK", STS_ANSWER("ASIAWEB", "2126-11-22T10:00:00Z"));
	struct scripted_server *s = server_start_with(&line, ACT_SEND, answer);
	world_open(&w);
	char *file = xstrfmt("%s/token", w.home);
	write_below_home(&w, "token", "eyJ.web+token\n");
	set(&w, "AWS_WEB_IDENTITY_TOKEN_FILE", file);
	set(&w, "AWS_ROLE_ARN", "arn:aws:iam::1:role/x");
	set(&w, "AWS_ENDPOINT_URL_STS", s->url);
	check_keys(&w, "ASIAWEB", "s&s", "tok/en=", "web identity");
	assert_non_null(strstr(s->last_request, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
			       "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=git-scrutiny"
			       "&WebIdentityToken=eyJ.web%2Btoken"));
	assert_null(strstr(s->last_request, "Authorization"));
	server_stop(s);
	free(file);
	free(answer);
	world_close(&w);
}

static void test_web_identity_without_its_file_or_role_is_an_error(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	set(&w, "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
	check_fails(&w, ERROR_USAGE, "AWS_ROLE_ARN is not");
	set(&w, "AWS_ROLE_ARN", "arn:aws:iam::1:role/x");
	check_fails(&w, ERROR_NOT_FOUND, "/nowhere/token");
	world_close(&w);
}

static void test_role_is_assumed_with_the_keys_of_the_source(void **state)
{
	(void)state;
	struct world w;
	struct scripted line;
	char *answer = response("200 OK", STS_ANSWER("ASIAROLE", "2126-11-22T10:00:00.000Z"));
	struct scripted_server *s = server_start_with(&line, ACT_SEND, answer);
	world_open(&w);
	set(&w, "AWS_ENDPOINT_URL", s->url);
	write_below_home(&w, ".aws/config",
			 "[profile job]\nrole_arn = arn:aws:iam::1:role/job\nsource_profile = base\n"
			 "external_id = e+1\nrole_session_name = me\nduration_seconds = 900\n"
			 "region = eu-west-1\n");
	write_below_home(&w, ".aws/credentials", "[base]\naws_access_key_id = AKIDBASE\n"
			 "aws_secret_access_key = base\n[self]\naws_access_key_id = AKIDSELF\n"
			 "aws_secret_access_key = self\nrole_arn = arn:x\nsource_profile = self\n");
	w.settings.profile = "job";
	check_keys(&w, "ASIAROLE", "s&s", "tok/en=", "profile job");
	assert_non_null(strstr(s->last_request, "Action=AssumeRole&"));
	assert_non_null(strstr(s->last_request, "RoleSessionName=me&DurationSeconds=900&ExternalId=e%2B1"));
	assert_non_null(strstr(s->last_request, "Credential=AKIDBASE/"));
	assert_non_null(strstr(s->last_request, "/eu-west-1/sts/aws4_request, "
			       "SignedHeaders=content-type;host;"));
	w.settings.profile = "self";
	check_keys(&w, "ASIAROLE", "s&s", "tok/en=", "profile self");
	assert_non_null(strstr(s->last_request, "Credential=AKIDSELF/"));
	server_stop(s);
	free(answer);
	world_close(&w);
}

static void test_role_is_assumed_with_the_keys_of_a_credential_source(void **state)
{
	(void)state;
	struct world w;
	char *container = response("200 OK", "{\"AccessKeyId\":\"ASIACONT\",\"SecretAccessKey\":\"s\","
				   "\"Token\":\"cont/token\"}");
	char *role = response("200 OK", STS_ANSWER("ASIAROLE", "2126-11-22T10:00:00Z"));
	struct scripted script[] = { { "GET /cont ", 0, ACT_SEND, container, 0 },
				     { "Action=AssumeRole&", 0, ACT_SEND, role, 0 } };
	struct scripted_server *s = server_start(script, 2);
	world_open(&w);
	char *url = xstrfmt("%s/cont", s->url);
	set(&w, "AWS_ENDPOINT_URL_STS", s->url);
	set(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
	write_below_home(&w, ".aws/config", "[profile p]\nrole_arn = r\ncredential_source = EcsContainer\n");
	w.settings.profile = "p";
	check_keys(&w, "ASIAROLE", "s&s", "tok/en=", "profile p");
	assert_non_null(strstr(s->last_request, "Credential=ASIACONT/"));
	assert_non_null(strcasestr(s->last_request, "\r\nX-Amz-Security-Token: cont/token\r\n"));
	server_stop(s);
	free(url);
	free(container);
	free(role);
	world_close(&w);
}

static void check_sts(const char *status, const char *body, enum error_code code, const char *words)
{
	struct world w;
	struct scripted line;
	char *answer = response(status, body);
	struct scripted_server *s = server_start_with(&line, ACT_SEND, answer);
	world_open(&w);
	set(&w, "AWS_ENDPOINT_URL_STS", s->url);
	write_below_home(&w, ".aws/credentials", "[default]\naws_access_key_id = AKIDBASE\n"
			 "aws_secret_access_key = base\nrole_arn = arn:x\nsource_profile = default\n");
	check_fails(&w, code, words);
	server_stop(s);
	free(answer);
	world_close(&w);
}

static void test_answers_of_sts_that_are_no_keys(void **state)
{
	(void)state;
	check_sts("403 Forbidden", "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
		  "<Message>not &quot;you&quot;\x1b[31m</Message></Error></ErrorResponse>", ERROR_NETWORK,
		  "403 AccessDenied: not \"you\"\\x1b[31m");
	check_sts("403 Forbidden", "", ERROR_NETWORK, "403 without a reason");
	check_sts("200 OK", "<html></html>", ERROR_SYNTAX, "holds no credentials");
	check_sts("200 OK", "<Credentials><AccessKeyId>A</AccessKeyId></Credentials>", ERROR_SYNTAX,
		  "incomplete");
	check_sts("200 OK", "<Credentials><AccessKeyId><b>A</b></AccessKeyId><SecretAccessKey>s"
		  "</SecretAccessKey></Credentials>", ERROR_SYNTAX, "incomplete");
	check_sts("200 OK", STS_ANSWER("A", "tomorrow"), ERROR_SYNTAX, "expire");
}

#define EXPIRES_FIRST INT64_C(4951015200) /* 2126-11-22T10:00:00Z */
#define EXPIRES_SECOND (EXPIRES_FIRST + 3600)

static void check_key_at(struct aws_credentials *c, int64_t now, const char *key,
			 const struct scripted_server *s, unsigned requests)
{
	struct sigv4_keys keys;
	assert_ok(aws_credentials_keys_at(c, now, &keys));
	assert_string_equal(keys.access_key, key);
	assert_int_equal(s->requests, requests);
}

static void test_keys_are_renewed_before_they_expire(void **state)
{
	(void)state;
	struct world w;
	struct aws_credentials *c;
	struct sigv4_keys keys;
	char *first = response("200 OK", STS_ANSWER("ASIAFIRST", "2126-11-22T10:00:00Z"));
	char *second = response("200 OK", STS_ANSWER("ASIASECOND", "2126-11-22T11:00:00Z"));
	char *denied = response("400 Bad Request", "<Error><Code>ExpiredToken</Code></Error>");
	struct scripted script[] = { { NULL, 1, ACT_SEND, first, 0 }, { NULL, 1, ACT_SEND, second, 0 },
				     { NULL, 0, ACT_SEND, denied, 0 } };
	struct scripted_server *s = server_start(script, 3);
	world_open(&w);
	set(&w, "AWS_ENDPOINT_URL_STS", s->url);
	write_below_home(&w, ".aws/credentials", "[default]\naws_access_key_id = AKIDBASE\n"
			 "aws_secret_access_key = base\nrole_arn = arn:x\nsource_profile = default\n");
	assert_ok(aws_credentials_new(&c, &w.settings));
	check_key_at(c, EXPIRES_FIRST - 301, "ASIAFIRST", s, 1);
	check_key_at(c, EXPIRES_FIRST - 299, "ASIASECOND", s, 2);
	check_key_at(c, EXPIRES_SECOND - 301, "ASIASECOND", s, 2);
	/* What still holds is used when it cannot be renewed, and asking again waits a while. */
	check_key_at(c, EXPIRES_SECOND - 299, "ASIASECOND", s, 3);
	check_key_at(c, EXPIRES_SECOND - 298, "ASIASECOND", s, 3);
	check_key_at(c, EXPIRES_SECOND - 270, "ASIASECOND", s, 4);
	struct error *err = aws_credentials_keys_at(c, EXPIRES_SECOND, &keys);
	assert_true(error_is(err, ERROR_NETWORK));
	assert_non_null(strstr(err->message, "expired and cannot be renewed: profile default of"));
	error_free(err);
	aws_credentials_free(c);
	server_stop(s);
	free(first);
	free(second);
	free(denied);
	world_close(&w);
}

/* -- container ------------------------------------------------------------------------------------ */

#define JSON_KEYS "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAJSON\",\"SecretAccessKey\":\"j/k\"," \
		  "\"Token\":\"jt\",\"Expiration\":\"2126-11-22T10:00:00Z\"}"

static void test_container_endpoint_gets_the_token_of_the_file(void **state)
{
	(void)state;
	struct world w;
	struct scripted line;
	char *answer = response("200 OK", JSON_KEYS);
	struct scripted_server *s = server_start_with(&line, ACT_SEND, answer);
	world_open(&w);
	char *url = xstrfmt("%s/v1/credentials", s->url), *file = xstrfmt("%s/token", w.home);
	set(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
	set(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "from-variable");
	check_keys(&w, "ASIAJSON", "j/k", "jt", "container endpoint");
	assert_non_null(strstr(s->last_request, "GET /v1/credentials HTTP"));
	assert_non_null(strstr(s->last_request, "\r\nAuthorization: from-variable\r\n"));
	write_below_home(&w, "token", "from-file\n");
	set(&w, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file);
	check_keys(&w, "ASIAJSON", "j/k", "jt", "container endpoint");
	assert_non_null(strstr(s->last_request, "\r\nAuthorization: from-file\r\n"));
	server_stop(s);
	free(url);
	free(file);
	free(answer);
	world_close(&w);
}

static void test_container_endpoint_elsewhere_must_be_https(void **state)
{
	(void)state;
	static const char *const refused[] = { "http://example.org/c", "http://169.254.170.2@example.org/c",
					       "http://169.254.170.20/c",
					       "http://169.254.170.2:80@example.org/", "ftp://127.0.0.1/c" };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct world w;
		world_open(&w);
		set(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", refused[i]);
		check_fails(&w, ERROR_USAGE, "FULL_URI");
		world_close(&w);
	}
}

static void test_container_answer_without_keys_is_an_error(void **state)
{
	(void)state;
	static const char *const bodies[] = { "", "[]", "{}", "{\"AccessKeyId\":\"a\"}", "<html>",
					      "{\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"s\"}" };
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct world w;
		struct scripted line;
		char *answer = response("200 OK", bodies[i]);
		struct scripted_server *s = server_start_with(&line, ACT_SEND, answer);
		world_open(&w);
		set(&w, "AWS_CONTAINER_CREDENTIALS_FULL_URI", s->url);
		check_fails(&w, ERROR_SYNTAX, "container endpoint");
		server_stop(s);
		free(answer);
		world_close(&w);
	}
}

/* -- instance ------------------------------------------------------------------------------------- */

static void open_instance(struct world *w, const struct scripted_server *s)
{
	world_open(w);
	free(w->values[0]);
	w->nr = 0;
	set(w, "AWS_EC2_METADATA_SERVICE_ENDPOINT", s->url);
}

static void test_instance_is_asked_with_a_token(void **state)
{
	(void)state;
	struct world w;
	char *keys = response("200 OK", JSON_KEYS);
	struct scripted script[] = {
		{ "PUT /latest/api/token HTTP/1.1\r\n", 0, ACT_SEND, OK "8\r\n\r\nIMDSTOKN", 0 },
		{ "GET /latest/meta-data/iam/security-credentials/my-role HTTP", 0, ACT_SEND, keys, 0 },
		{ "GET /latest/meta-data/iam/security-credentials/ HTTP", 0, ACT_SEND,
		  OK "8\r\n\r\nmy-role\n", 0 },
	};
	struct scripted_server *s = server_start(script, 3);
	open_instance(&w, s);
	check_keys(&w, "ASIAJSON", "j/k", "jt", "instance metadata");
	assert_int_equal(s->requests, 3);
	assert_non_null(strcasestr(s->last_request, "\r\nX-aws-ec2-metadata-token: IMDSTOKN\r\n"));
	server_stop(s);
	free(keys);
	world_close(&w);
}

static void test_instance_without_the_token_service_is_not_used(void **state)
{
	(void)state;
	struct world w;
	struct scripted line;
	struct scripted_server *s = server_start_with(&line, ACT_SEND,
						      "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n");
	open_instance(&w, s);
	check_fails(&w, ERROR_NOT_FOUND, "no AWS credentials were found");
	assert_int_equal(s->requests, 1);
	server_stop(s);
	world_close(&w);
}

static void test_role_name_of_the_instance_cannot_be_a_path(void **state)
{
	(void)state;
	struct world w;
	struct scripted script[] = {
		{ "PUT /latest/api/token", 0, ACT_SEND, OK "8\r\n\r\nIMDSTOKN", 0 },
		{ NULL, 0, ACT_SEND, OK "9\r\n\r\n../../x?y", 0 },
	};
	struct scripted_server *s = server_start(script, 2);
	open_instance(&w, s);
	check_fails(&w, ERROR_NOT_FOUND, "the instance has no role");
	assert_int_equal(s->requests, 2);
	server_stop(s);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_comes_first),
		cmocka_unit_test(test_half_of_the_keys_is_an_error),
		cmocka_unit_test(test_keys_with_line_breaks_are_refused),
		cmocka_unit_test(test_nothing_found_is_told_with_what_to_do),
		cmocka_unit_test(test_all_keys_are_redacted),
		cmocka_unit_test(test_profiles_of_both_files),
		cmocka_unit_test(test_credentials_file_wins_over_config),
		cmocka_unit_test(test_named_profile_wins_over_keys_in_the_environment),
		cmocka_unit_test(test_what_a_profile_cannot_give_is_said),
		cmocka_unit_test(test_profiles_in_a_circle_end),
		cmocka_unit_test(test_region_and_endpoint),
		cmocka_unit_test(test_addresses_of_services),
		cmocka_unit_test(test_credential_process_is_run_without_a_shell),
		cmocka_unit_test(test_web_identity_asks_sts_without_a_signature),
		cmocka_unit_test(test_web_identity_without_its_file_or_role_is_an_error),
		cmocka_unit_test(test_role_is_assumed_with_the_keys_of_the_source),
		cmocka_unit_test(test_role_is_assumed_with_the_keys_of_a_credential_source),
		cmocka_unit_test(test_answers_of_sts_that_are_no_keys),
		cmocka_unit_test(test_keys_are_renewed_before_they_expire),
		cmocka_unit_test(test_container_endpoint_gets_the_token_of_the_file),
		cmocka_unit_test(test_container_endpoint_elsewhere_must_be_https),
		cmocka_unit_test(test_container_answer_without_keys_is_an_error),
		cmocka_unit_test(test_instance_is_asked_with_a_token),
		cmocka_unit_test(test_instance_without_the_token_service_is_not_used),
		cmocka_unit_test(test_role_name_of_the_instance_cannot_be_a_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
