/* Calls to AWS against a scripted server: how they are spelled, repeated and refused. */
#include "scripted_server.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cloud/ecr.h"
#include "cloud/instance.h"
#include "cloud/secrets.h"

/* -- a world of its own --------------------------------------------------------------------------- */

struct world {
	struct scripted_server *server;
	struct scripted script[16];
	char *answers[16];
	size_t nr;
	struct cloud *cloud;
	volatile int stop;
};

static const char *get_variable(void *data, const char *name)
{
	const struct world *w = data;
	static const char *const values[][2] = {
		{ "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE" },
		{ "AWS_SECRET_ACCESS_KEY", "secret/example" },
		{ "AWS_EC2_METADATA_DISABLED", "true" },
		{ "AWS_REGION", "eu-west-1" },
	};
	if (!strcmp(name, "AWS_ENDPOINT_URL"))
		return w->server ? w->server->url : "http://127.0.0.1:1";
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(name, values[i][0]))
			return values[i][1];
	return NULL;
}

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

/* A request that has NEEDLE is answered by STATUS ("400 Bad Request"), HEADER ("" or a whole line) and BODY,
 * TIMES times (0: always). To be called before world_open. */
static void answer(struct world *w, const char *needle, unsigned times, const char *status,
		   const char *header, const char *body)
{
	char *bytes =
		xstrfmt("HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, header, strlen(body), body);
	w->answers[w->nr] = bytes;
	w->script[w->nr++] = (struct scripted){ .needle = needle, .times = times, .bytes = bytes };
}

static void world_open(struct world *w)
{
	w->server = server_start(w->script, w->nr);
	struct cloud_settings settings = {
		.aws = { .env = get_variable, .data = w },
		.stop = &w->stop,
		.retry_ms = 1,
		.poll_ms = 1,
	};
	assert_ok(cloud_new(&w->cloud, &settings));
}

static void world_close(struct world *w)
{
	cloud_free(w->cloud);
	server_stop(w->server);
	for (size_t i = 0; i < w->nr; i++)
		free(w->answers[i]);
}

/* The call has to fail: with MESSAGE, and with HINT ("": none) somewhere in its hint. */
static void assert_fails(struct error *err, enum error_code code, const char *message, const char *hint)
{
	assert_non_null(err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, code);
	if (!strstr(err->hint ? err->hint : "", hint) || (!*hint && err->hint))
		fail_msg("the hint is: %s", err->hint ? err->hint : "none");
	error_free(err);
}

static void assert_sent(const struct world *w, const char *words)
{
	if (!strcasestr(w->server->last_request, words))
		fail_msg("'%s' is not in: %s", words, w->server->last_request);
}

/* -- how a call is spelled ------------------------------------------------------------------------ */

static void test_a_json_call(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out, *parameters = cJSON_CreateObject();
	answer(&w, NULL, 0, "200 OK", "", "{\"Command\":{\"CommandId\":\"c-1\"}}");
	world_open(&w);
	cJSON_AddStringToObject(parameters, "DocumentName", "AWS-RunShellScript");
	assert_ok(cloud_json(w.cloud, "ssm", "SendCommand", parameters, &out));
	assert_string_equal(json_string_or(cJSON_GetObjectItem(out, "Command"), "CommandId", ""), "c-1");
	assert_sent(&w, "POST / HTTP/1.1\r\n");
	assert_sent(&w, "\r\nX-Amz-Target: AmazonSSM.SendCommand\r\n");
	assert_sent(&w, "\r\nContent-Type: application/x-amz-json-1.1\r\n");
	assert_sent(&w,
		    "/eu-west-1/ssm/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target,");
	assert_sent(&w, "\r\n\r\n{\"DocumentName\":\"AWS-RunShellScript\"}");
	cJSON_Delete(out);
	world_close(&w);
}

static void test_a_query_call(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	static const char *const parameters[] = { "InstanceId.1", "i-1", "Name", "a&b c", NULL };
	answer(&w, NULL, 0, "200 OK", "",
	       "<StopInstancesResponse><requestId>1</requestId></StopInstancesResponse>");
	world_open(&w);
	assert_ok(cloud_query(w.cloud, "ec2", "StopInstances", parameters, &out));
	assert_string_equal(json_string_or(out, "requestId", ""), "1");
	assert_sent(&w, "\r\n\r\nAction=StopInstances&Version=2016-11-15&InstanceId.1=i-1&Name=a%26b%20c");
	assert_sent(&w, "/eu-west-1/ec2/aws4_request");
	cJSON_Delete(out);
	world_close(&w);
}

static void test_what_is_not_in_the_table_is_not_called(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, NULL, 0, "200 OK", "", "{}");
	world_open(&w);
	assert_fails(cloud_json(w.cloud, "ecr", "DeleteRepository", NULL, &out), ERROR_USAGE,
		     "ecr:DeleteRepository is not in the table of actions", "");
	assert_fails(cloud_json(w.cloud, "ecr", "PutImage", NULL, &out), ERROR_USAGE,
		     "ecr:PutImage is not in the table of actions", "");
	assert_fails(cloud_json(w.cloud, "ec2", "StopInstances", NULL, &out), ERROR_USAGE,
		     "ec2:StopInstances is not in the table of actions", "");
	assert_int_equal(w.server->requests, 0);
	world_close(&w);
}

static void test_who_we_are_is_asked_once(void **state)
{
	(void)state;
	struct world w = { 0 };
	const char *account, *arn;
	answer(&w, "Action=GetCallerIdentity&Version=2011-06-15", 0, "200 OK", "",
	       "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
	       "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ci</Arn><UserId>AIDA</UserId>"
	       "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
	world_open(&w);
	for (int i = 0; i < 2; i++) {
		assert_ok(cloud_identity(w.cloud, &account, &arn));
		assert_string_equal(account, "123456789012");
		assert_string_equal(arn, "arn:aws:iam::123456789012:user/ci");
	}
	assert_int_equal(w.server->requests, 1);
	world_close(&w);
}

static void test_pages_become_one_list(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *list;
	answer(&w, "\"NextToken\":\"two\"", 0, "200 OK", "", "{\"Parameters\":[{\"Name\":\"/c\"}]}");
	answer(&w, NULL, 0, "200 OK", "",
	       "{\"Parameters\":[{\"Name\":\"/a\"},{\"Name\":\"/b\"}],\"NextToken\":\"two\"}");
	world_open(&w);
	assert_ok(cloud_json_list(w.cloud, "ssm", "DescribeParameters", NULL, "Parameters", &list));
	assert_int_equal(cJSON_GetArraySize(list), 3);
	assert_string_equal(json_string_or(cJSON_GetArrayItem(list, 2), "Name", ""), "/c");
	cJSON_Delete(list);
	world_close(&w);
}

static void test_pages_without_an_end(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *list;
	answer(&w, NULL, 0, "200 OK", "",
	       "<DescribeVolumesResponse><volumeSet><item><size>8</size></item></volumeSet>"
	       "<nextToken>again</nextToken></DescribeVolumesResponse>");
	world_open(&w);
	assert_fails(cloud_query_list(w.cloud, "ec2", "DescribeVolumes", NULL, "volumeSet", &list),
		     ERROR_LIMIT, "ec2: DescribeVolumes does not come to an end", "");
	assert_int_equal(w.server->requests, CLOUD_MAX_PAGES);
	world_close(&w);
}

static void test_answers_that_are_none(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, "SendCommand", 0, "200 OK", "", "[1]");
	answer(&w, "DescribeRegions", 0, "200 OK", "", "<StopInstancesResponse><a/></StopInstancesResponse>");
	answer(&w, "DescribeInstances", 0, "200 OK", "", "<!DOCTYPE x><DescribeInstancesResponse/>");
	world_open(&w);
	assert_fails(cloud_json(w.cloud, "ssm", "SendCommand", NULL, &out), ERROR_SYNTAX,
		     "ssm: SendCommand: the answer is not an object", "");
	assert_fails(cloud_query(w.cloud, "ec2", "DescribeRegions", NULL, &out), ERROR_SYNTAX,
		     "ec2: DescribeRegions: the answer is no DescribeRegionsResponse", "");
	assert_fails(cloud_query(w.cloud, "ec2", "DescribeInstances", NULL, &out), ERROR_SYNTAX,
		     "ec2: DescribeInstances: the answer:1:12: a document type has no place in an answer",
		     "");
	world_close(&w);
}

/* -- repetition ----------------------------------------------------------------------------------- */

static void test_throttling_is_waited_for(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, "SendCommand", 2, "400 Bad Request", "",
	       "{\"__type\":\"ThrottlingException\",\"message\":\"Rate "
	       "exceeded\"}");
	answer(&w, "SendCommand", 1, "503 Slow", "", "{\"__type\":\"TooManyRequestsException\"}");
	answer(&w, "SendCommand", 0, "200 OK", "", "{}");
	world_open(&w);
	assert_ok(cloud_json(w.cloud, "ssm", "SendCommand", NULL, &out));
	assert_int_equal(w.server->requests, 4);
	cJSON_Delete(out);
	world_close(&w);
}

static void test_throttling_has_an_end(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, NULL, 0, "503 Service Unavailable", "",
	       "<Response><Errors><Error><Code>RequestLimitExceeded</Code>"
	       "<Message>Request limit exceeded.</Message></Error></Errors><RequestID>1</RequestID></Response>");
	world_open(&w);
	assert_fails(cloud_query(w.cloud, "ec2", "DescribeRegions", NULL, &out), ERROR_NETWORK,
		     "ec2: RequestLimitExceeded: Request limit exceeded", "try again in a minute");
	assert_int_equal(w.server->requests, 5);
	world_close(&w);
}

static void test_a_fault_of_the_server_is_asked_again_if_that_is_safe(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, "DescribeParameters", 1, "500 Internal Server Error", "",
	       "{\"__type\":\"InternalServerError\"}");
	answer(&w, "DescribeParameters", 0, "200 OK", "", "{}");
	answer(&w, "SendCommand", 0, "500 Internal Server Error", "", "{\"__type\":\"InternalServerError\"}");
	world_open(&w);
	assert_ok(cloud_json(w.cloud, "ssm", "DescribeParameters", NULL, &out));
	assert_int_equal(w.server->requests, 2);
	cJSON_Delete(out);
	assert_fails(cloud_json(w.cloud, "ssm", "SendCommand", NULL, &out), ERROR_NETWORK,
		     "ssm: InternalServerError", "");
	assert_int_equal(w.server->requests, 3);
	world_close(&w);
}

static void test_a_broken_connection_is_tried_again_if_that_is_safe(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	w.script[0] = (struct scripted){
		.needle = "DescribeParameters", .times = 1, .act = ACT_CLOSE, .bytes = ""
	};
	w.script[1] = (struct scripted){ .needle = "SendCommand", .act = ACT_CLOSE, .bytes = "" };
	w.answers[0] = w.answers[1] = NULL;
	w.nr = 2;
	answer(&w, "DescribeParameters", 0, "200 OK", "", "{}");
	world_open(&w);
	assert_ok(cloud_json(w.cloud, "ssm", "DescribeParameters", NULL, &out));
	assert_int_equal(w.server->requests, 2);
	cJSON_Delete(out);
	struct error *err = cloud_json(w.cloud, "ssm", "SendCommand", NULL, &out);
	assert_true(error_is(err, ERROR_NETWORK) && starts_with(err->message, "ssm: SendCommand: "));
	error_free(err);
	assert_int_equal(w.server->requests, 3);
	world_close(&w);
}

static void test_what_is_wrong_is_not_asked_again(void **state)
{
	(void)state;
	struct world w = { 0 };
	cJSON *out;
	answer(&w, NULL, 0, "400 Bad Request", "",
	       "{\"__type\":\"com.amazonaws.ssm#ValidationException\",\"message\":"
	       "\"1 validation error.\"}");
	world_open(&w);
	assert_fails(cloud_json(w.cloud, "ssm", "DescribeParameters", NULL, &out), ERROR_NETWORK,
		     "ssm: ValidationException: 1 validation error", "");
	assert_int_equal(w.server->requests, 1);
	world_close(&w);
}

static void test_an_interrupt_ends_a_call(void **state)
{
	(void)state;
	struct world w = { .stop = 1 };
	cJSON *out;
	answer(&w, NULL, 0, "200 OK", "", "{}");
	world_open(&w);
	struct error *err = cloud_json(w.cloud, "ssm", "DescribeParameters", NULL, &out);
	assert_true(error_is(err, ERROR_CANCELLED));
	error_free(err);
	err = cloud_pause(w.cloud, 1);
	assert_true(error_is(err, ERROR_CANCELLED));
	error_free(err);
	world_close(&w);
}

/* -- what refusals say ---------------------------------------------------------------------------- */

/* The answer STATUS, HEADER and BODY to a call gives MESSAGE and HINT. */
static void check_refusal(const char *status, const char *header, const char *body, const char *message,
			  const char *hint)
{
	struct world w = { 0 };
	cJSON *out;
	answer(&w, NULL, 0, status, header, body);
	world_open(&w);
	struct error *err = cloud_json(w.cloud, "ecr", "DescribeRepositories", NULL, &out);
	assert_non_null(err);
	if (strcmp(err->message, message) || !strstr(err->hint ? err->hint : "", hint))
		fail_msg("%s\nhint: %s", err->message, err->hint ? err->hint : "none");
	error_free(err);
	world_close(&w);
}

static void test_no_permission(void **state)
{
	(void)state;
	check_refusal(
		"400 Bad Request", "",
		"{\"__type\":\"AccessDeniedException\",\"Message\":\"User: "
		"arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:DescribeRepositories on "
		"resource: arn:aws:ecr:eu-west-1:123456789012:repository/web because no identity-based policy "
		"allows the ecr:DescribeRepositories action\"}",
		"ecr: AccessDeniedException: User: arn:aws:iam::123456789012:user/ci is not authorized to "
		"perform: ecr:DescribeRepositories on resource: "
		"arn:aws:ecr:eu-west-1:123456789012:repository/web because no identity-based policy allows the "
		"ecr:DescribeRepositories action",
		"a policy of arn:aws:iam::123456789012:user/ci has to allow ecr:DescribeRepositories on "
		"arn:aws:ecr:eu-west-1:123456789012:repository/web; `git deploy iam` prints one that does");
	check_refusal("400 Bad Request", "", "{\"__type\":\"AccessDeniedException\"}",
		      "ecr: AccessDeniedException",
		      "a policy of these keys has to allow ecr:DescribeRepositories on the repository;");
}

static void test_no_permission_in_ec2(void **state)
{
	(void)state;
	struct world w = { 0 };
	answer(&w, NULL, 0, "403 Forbidden", "",
	       "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>"
	       "UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. User: "
	       "arn:aws:iam::1:user/ci is not authorized to perform: ec2:StartInstances on resource: "
	       "arn:aws:ec2:eu-west-1:1:instance/i-1 because of that. Encoded authorization failure message: "
	       "AAAABBBB</Message></Error></Errors></Response>");
	world_open(&w);
	assert_fails(
		instance_start(w.cloud, "i-1"), ERROR_NETWORK,
		"ec2: UnauthorizedOperation: You are not "
		"authorized to perform this operation. User: arn:aws:iam::1:user/ci is not authorized to "
		"perform: ec2:StartInstances on resource: arn:aws:ec2:eu-west-1:1:instance/i-1 because of that",
		"allow ec2:StartInstances on arn:aws:ec2:eu-west-1:1:instance/i-1");
	world_close(&w);
}

static void test_keys_that_are_wrong(void **state)
{
	(void)state;
	check_refusal(
		"400 Bad Request", "",
		"{\"__type\":\"UnrecognizedClientException\",\"message\":\"The security "
		"token included in the request is invalid.\"}",
		"ecr: UnrecognizedClientException: The security token included in the request is invalid",
		"signed with the keys of: environment");
}

static void test_keys_that_have_expired(void **state)
{
	(void)state;
	check_refusal("400 Bad Request", "",
		      "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token "
		      "included in the request is expired\"}",
		      "ecr: ExpiredTokenException: The security token included in the request is expired",
		      "the keys, of: environment, have expired: sign in again");
}

static void test_a_wrong_clock(void **state)
{
	(void)state;
	check_refusal("403 Forbidden", "Date: Sun, 22 Nov 2020 10:00:00 GMT\r\n",
		      "{\"__type\":"
		      "\"InvalidSignatureException\",\"message\":\"Signature expired.\"}",
		      "ecr: InvalidSignatureException: Signature expired",
		      "minutes ahead of that of AWS: set it");
	check_refusal("403 Forbidden", "Date: Sun, 22 Nov 2099 10:00:00 GMT\r\n",
		      "{\"__type\":\"RequestTimeTooSkewed\"}", "ecr: RequestTimeTooSkewed",
		      "minutes behind that of AWS: set it");
	check_refusal("403 Forbidden", "", "{\"__type\":\"RequestTimeTooSkewed\"}",
		      "ecr: RequestTimeTooSkewed", "clock is wrong: set it");
}

static void test_a_region_that_is_not_enabled(void **state)
{
	(void)state;
	check_refusal("401 Unauthorized", "", "{\"__type\":\"OptInRequired\"}", "ecr: OptInRequired",
		      "enable the region eu-west-1");
}

static void test_answers_of_others_on_the_way(void **state)
{
	(void)state;
	check_refusal("403 Forbidden", "", "<html><body>proxy</body></html>",
		      "ecr: DescribeRepositories was answered by 403 without a reason", "");
	check_refusal("404 Not Found", "", "nothing",
		      "ecr: DescribeRepositories was answered by 404 without a reason", "");
}

static void test_what_is_said_is_made_safe(void **state)
{
	(void)state;
	check_refusal("400 Bad Request", "x-amzn-ErrorType: OtherException:http://internal/\r\n",
		      "{\"message\":\"\\u001b[31mred\\nsecond line secret/example\"}",
		      "ecr: OtherException: \\x1b[31mred\\x0asecond line <redacted>", "");
	check_refusal("400 Bad Request", "", "{\"__type\":\"no code\\u0007\",\"message\":\"m\"}",
		      "ecr: DescribeRepositories was answered by 400 m", "");
}

static void test_codes_of_errors(void **state)
{
	(void)state;
	struct error *err = error_new(ERROR_NETWORK, "x: ec2: InvalidInstanceID.NotFound: ecr: Other: i-1");
	assert_true(cloud_error_is(err, "InvalidInstanceID.NotFound"));
	assert_true(cloud_error_is(err, "InvalidInstanceID"));
	assert_false(cloud_error_is(err, "InvalidInstance"));
	assert_false(cloud_error_is(err, "Other"));
	assert_false(cloud_error_drop(&err, "Other"));
	assert_true(cloud_error_drop(&err, "InvalidInstanceID"));
	assert_null(err);
	assert_false(cloud_error_is(NULL, "Other"));
	err = error_new(ERROR_IO, "no code: at all");
	assert_false(cloud_error_is(err, "at all"));
	error_free(err);
}

/* -- what commands ask ---------------------------------------------------------------------------- */

static void test_a_login(void **state)
{
	(void)state;
	struct world w = { 0 };
	char *user, *password;
	answer(&w, "GetAuthorizationToken", 1, "200 OK", "",
	       "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOnBhc3M6d29yZA==\"}]}");
	answer(&w, "GetAuthorizationToken", 1, "200 OK", "",
	       "{\"authorizationData\":[{\"authorizationToken\":\"QVdT\"}]}");
	answer(&w, "GetAuthorizationToken", 1, "200 OK", "", "{\"authorizationData\":[]}");
	world_open(&w);
	assert_ok(ecr_login(w.cloud, &user, &password));
	assert_string_equal(user, "AWS");
	assert_string_equal(password, "pass:word");
	free(user);
	free(password);
	assert_fails(ecr_login(w.cloud, &user, &password), ERROR_SYNTAX,
		     "ecr: GetAuthorizationToken: the answer holds no password", "");
	assert_fails(ecr_login(w.cloud, &user, &password), ERROR_SYNTAX,
		     "ecr: GetAuthorizationToken: the answer holds no token", "");
	world_close(&w);
}

#define REPOSITORY                                                                                           \
	"\"repositoryName\":\"web\",\"repositoryArn\":\"arn:aws:ecr:eu-west-1:1:repository/web\","           \
	"\"repositoryUri\":\"1.dkr.ecr.eu-west-1.amazonaws.com/web\""

static void check_repository(const char *mutability, bool immutable, bool latest_movable)
{
	struct world w = { 0 };
	struct ecr_repository r;
	char *body = xstrfmt("{\"repositories\":[{" REPOSITORY "%s}]}", mutability);
	answer(&w, NULL, 0, "200 OK", "", body);
	world_open(&w);
	assert_ok(ecr_find_repository(w.cloud, "web", &r));
	assert_string_equal(r.name, "web");
	assert_string_equal(r.uri, "1.dkr.ecr.eu-west-1.amazonaws.com/web");
	assert_int_equal(r.immutable, immutable);
	assert_int_equal(r.latest_movable, latest_movable);
	ecr_repository_release(&r);
	free(body);
	world_close(&w);
}

static void test_which_tags_of_a_repository_move(void **state)
{
	(void)state;
	check_repository("", false, true);
	check_repository(",\"imageTagMutability\":\"IMMUTABLE\"", true, false);
	check_repository(
		",\"imageTagMutability\":\"IMMUTABLE_WITH_EXCLUSION\",\"imageTagMutabilityExclusionFilters\":"
		"[{\"filterType\":\"WILDCARD\",\"filter\":\"latest\"}]",
		true, true);
	check_repository(
		",\"imageTagMutability\":\"IMMUTABLE_WITH_EXCLUSION\",\"imageTagMutabilityExclusionFilters\":"
		"[{\"filterType\":\"WILDCARD\",\"filter\":\"dev-*\"},{\"filter\":\"la*s\"}]",
		true, false);
	check_repository(
		",\"imageTagMutability\":\"MUTABLE_WITH_EXCLUSION\",\"imageTagMutabilityExclusionFilters\":"
		"[{\"filterType\":\"WILDCARD\",\"filter\":\"l*t\"}]",
		false, false);
}

/* A repository is made by a request that has WORDS. */
static void check_making(const char *const *movable, const char *words)
{
	struct world w = { 0 };
	struct ecr_repository r;
	answer(&w, words, 1, "200 OK", "", "{\"repository\":{" REPOSITORY "}}");
	answer(&w, "PutLifecyclePolicy", 1, "200 OK", "", "{}");
	world_open(&w);
	assert_ok(ecr_make_repository(w.cloud, "web", movable, 100, &r));
	assert_string_equal(r.name, "web");
	ecr_repository_release(&r);
	world_close(&w);
}

static void test_tags_of_a_new_repository_stay_but_for_those_that_move(void **state)
{
	(void)state;
	check_making((const char *const[]){ "latest", "prod", NULL },
		     "\"imageTagMutability\":\"IMMUTABLE_WITH_EXCLUSION\",\"imageTagMutabilityExclusionFilters\":"
		     "[{\"filterType\":\"WILDCARD\",\"filter\":\"latest\"},"
		     "{\"filterType\":\"WILDCARD\",\"filter\":\"prod\"}]");
}

static void test_more_tags_that_move_than_can_be_excluded_make_all_movable(void **state)
{
	(void)state;
	check_making((const char *const[]){ "latest", "a", "b", "c", "d", "e", NULL },
		     "\"imageTagMutability\":\"MUTABLE\",\"imageScanningConfiguration\"");
}

static void test_no_repository(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct ecr_repository r;
	answer(&w, NULL, 0, "400 Bad Request", "",
	       "{\"__type\":\"RepositoryNotFoundException\",\"message\":\"The "
	       "repository with name 'web' does not exist in the registry with id '1'\"}");
	world_open(&w);
	assert_fails(ecr_find_repository(w.cloud, "web", &r), ERROR_NOT_FOUND,
		     "there is no repository 'web' in ECR in eu-west-1", "git deploy push --accept-cost");
	world_close(&w);
}

/* What DescribeInstances answers of one instance. */
#define INSTANCE(state, more)                                                                                  \
	"<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-0ab1</instanceId>" \
	"<imageId>ami-1</imageId><instanceState><code>1</code><name>" state "</name></instanceState>"          \
	"<instanceType>t3.medium</instanceType><launchTime>2026-11-22T06:30:00.000Z</launchTime>" more         \
	"</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"

static void test_an_instance(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, "Filter.1.Name=tag%3AName&Filter.1.Value.1=web-demo", 0, "200 OK", "",
	       INSTANCE(
		       "running",
		       "<dnsName>ec2-1.example</dnsName><ipAddress>1.2.3.4</ipAddress><architecture>arm64"
		       "</architecture><placement><availabilityZone>eu-west-1a</availabilityZone></placement>"
		       "<instanceLifecycle>spot</instanceLifecycle><hibernationOptions><configured>true</configured>"
		       "</hibernationOptions><tagSet><item><key>Name</key><value>web-demo</value></item></tagSet>"
		       "<groupSet><item><groupId>sg-1</groupId></item></groupSet>"));
	world_open(&w);
	assert_ok(instance_find(w.cloud, "web-demo", &i));
	assert_string_equal(i.id, "i-0ab1");
	assert_string_equal(i.type, "t3.medium");
	assert_string_equal(i.public_name, "ec2-1.example");
	assert_string_equal(i.zone, "eu-west-1a");
	assert_string_equal(i.name, "web-demo");
	assert_string_equal(i.architecture, "arm64");
	assert_true(i.spot && i.hibernation && instance_is(&i, "running"));
	assert_int_equal(i.launched, 1795329000);
	assert_int_equal(i.stopped, 0);
	assert_int_equal(i.volume_gigabytes, -1);
	instance_release(&i);
	world_close(&w);
}

/* What DescribeInstances says of the reason gives STOPPED. */
static void check_stop(const char *reason, int64_t stopped)
{
	struct world w = { 0 };
	struct instance i;
	char *body = xstrfmt(INSTANCE("stopped", "<reason>%s</reason>"), reason);
	answer(&w, NULL, 0, "200 OK", "", body);
	world_open(&w);
	assert_ok(instance_find(w.cloud, "web-demo", &i));
	assert_int_equal(i.stopped, stopped);
	instance_release(&i);
	free(body);
	world_close(&w);
}

static void test_when_an_instance_was_stopped(void **state)
{
	(void)state;
	check_stop("User initiated (2026-11-22 07:30:00 GMT)", 1795332600);
	check_stop("User initiated (2026-11-22 05:30:00 GMT)", 0); /* before it was launched */
	check_stop("User initiated (2026-11-22 07:30)", 0);
	check_stop("User initiated (2026-11-22T07:30:00 GMT)", 0);
	check_stop("User initiated (", 0);
	check_stop("", 0);
}

static void test_an_instance_in_another_region(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, "DescribeRegions", 0, "200 OK", "",
	       "<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1"
	       "</regionName></item><item><regionName>us-east-1</regionName></item><item><regionName>us-west-2"
	       "</regionName></item></regionInfo></DescribeRegionsResponse>");
	answer(&w, "/us-west-2/ec2/", 0, "200 OK", "", INSTANCE("stopped", ""));
	answer(&w, "/us-east-1/ec2/", 0, "403 Forbidden", "",
	       "<Response><Errors><Error><Code>UnauthorizedOperation"
	       "</Code></Error></Errors></Response>");
	answer(&w, NULL, 0, "400 Bad Request", "",
	       "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
	       "<Message>The instance ID 'i-0ab1' does not exist</Message></Error></Errors></Response>");
	world_open(&w);
	assert_fails(instance_find(w.cloud, "i-0ab1", &i), ERROR_NOT_FOUND,
		     "there is no instance 'i-0ab1' in eu-west-1, but in us-west-2", "region: us-west-2");
	world_close(&w);
}

static void test_several_instances_with_one_name(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, NULL, 0, "200 OK", "",
	       "<DescribeInstancesResponse><reservationSet><item><instancesSet>"
	       "<item><instanceId>i-1</instanceId><instanceType>t</instanceType><instanceState><name>running</name>"
	       "</instanceState></item><item><instanceId>i-2</instanceId><instanceType>t</instanceType><instanceState>"
	       "<name>stopped</name></instanceState></item><item><instanceId>i-3</instanceId><instanceType>t"
	       "</instanceType><instanceState><name>terminated</name></instanceState></item></instancesSet></item>"
	       "</reservationSet></DescribeInstancesResponse>");
	world_open(&w);
	assert_fails(instance_find(w.cloud, "web", &i), ERROR_USAGE, "2 instances are called 'web': i-1, i-2",
		     "write the id");
	world_close(&w);
}

static void test_waiting_for_a_state(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, NULL, 1, "200 OK", "", INSTANCE("stopped", ""));
	answer(&w, NULL, 2, "200 OK", "", INSTANCE("pending", ""));
	answer(&w, NULL, 1, "200 OK", "", INSTANCE("running", ""));
	world_open(&w);
	assert_ok(instance_wait(w.cloud, "i-0ab1", "running", 60000, NULL, NULL, &i));
	assert_true(instance_is(&i, "running"));
	assert_int_equal(w.server->requests, 4);
	instance_release(&i);
	world_close(&w);
}

static void test_a_state_that_is_not_reached(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, NULL, 1, "200 OK", "", INSTANCE("pending", ""));
	answer(&w, NULL, 0, "200 OK", "",
	       INSTANCE("stopped", "<stateReason><code>Server.InternalError</code>"
				   "<message>Server.InternalError: no key</message></stateReason>"));
	world_open(&w);
	assert_fails(instance_wait(w.cloud, "i-0ab1", "running", 60000, NULL, NULL, &i), ERROR_GENERIC,
		     "i-0ab1 did not become running but is stopped: Server.InternalError: no key", "");
	instance_release(&i);
	world_close(&w);
}

static void test_a_state_that_takes_too_long(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance i;
	answer(&w, NULL, 0, "200 OK", "", INSTANCE("stopping", ""));
	world_open(&w);
	assert_fails(instance_wait(w.cloud, "i-0ab1", "stopped", 0, NULL, NULL, &i), ERROR_TIMEOUT,
		     "i-0ab1 is stopping and not stopped after 0 s", "");
	instance_release(&i);
	world_close(&w);
}

static void test_no_capacity(void **state)
{
	(void)state;
	struct world w = { 0 };
	answer(&w, "i-1", 0, "500 Internal Server Error", "",
	       "<Response><Errors><Error><Code>"
	       "InsufficientInstanceCapacity</Code><Message>There is none.</Message></Error></Errors></Response>");
	answer(&w, "i-2", 0, "400 Bad Request", "",
	       "<Response><Errors><Error><Code>VcpuLimitExceeded</Code><Message>"
	       "You have requested more vCPU capacity.</Message></Error></Errors></Response>");
	answer(&w, "i-3", 0, "400 Bad Request", "",
	       "<Response><Errors><Error><Code>IncorrectInstanceState</Code>"
	       "</Error></Errors></Response>");
	world_open(&w);
	assert_fails(instance_start(w.cloud, "i-1"), ERROR_UNSUPPORTED,
		     "no capacity: ec2: InsufficientInstanceCapacity: There is none", "try again later");
	assert_int_equal(w.server->requests, 1);
	assert_fails(instance_start(w.cloud, "i-2"), ERROR_UNSUPPORTED,
		     "the account's quota does not allow it: ec2: "
		     "VcpuLimitExceeded: You have requested more vCPU capacity",
		     "Service Quotas");
	assert_fails(instance_start(w.cloud, "i-3"), ERROR_CONFLICT, "ec2: IncorrectInstanceState",
		     "try again in a minute");
	world_close(&w);
}

static void test_a_launch(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct instance like = { .id = (char *)"i-1",
				 .image = (char *)"ami-1",
				 .type = (char *)"g5.xlarge",
				 .subnet = (char *)"subnet-1",
				 .root_device = (char *)"/dev/xvda",
				 .volume_gigabytes = 100 };
	struct instance out;
	cJSON *tags = cJSON_CreateObject();
	like.security_groups = cJSON_CreateArray();
	cJSON_AddItemToArray(like.security_groups, cJSON_CreateString("sg-1"));
	cJSON_AddStringToObject(tags, "Name", "not this one");
	cJSON_AddStringToObject(tags, "aws:cloudformation:stack", "nor this");
	cJSON_AddStringToObject(tags, "no key/of metadata", "nor this");
	cJSON_AddStringToObject(tags, "app", "web");
	answer(&w, NULL, 0, "200 OK", "",
	       "<RunInstancesResponse><instancesSet><item><instanceId>i-2</instanceId>"
	       "<instanceType>g5.xlarge</instanceType><instanceState><name>pending</name></instanceState></item>"
	       "</instancesSet></RunInstancesResponse>");
	world_open(&w);
	assert_ok(instance_launch(w.cloud,
				  &(struct instance_launch){
					  .like = &like,
					  .name = "web (spot)",
					  .user_data = slice_of_string("#!/bin/sh\n"),
					  .spot = true,
					  .tags = tags,
					  .token = "once",
				  },
				  &out));
	assert_string_equal(out.id, "i-2");
	static const char *const sent[] = {
		"&ClientToken=once&",
		"&ImageId=ami-1&",
		"&InstanceType=g5.xlarge&",
		"&UserData=IyEvYmluL3NoCg%3D%3D&",
		"&InstanceMarketOptions.MarketType=spot&",
		"&InstanceInitiatedShutdownBehavior=terminate&",
		"&MetadataOptions.HttpTokens=required&",
		"&NetworkInterface.1.SubnetId=subnet-1&",
		"&NetworkInterface.1.SecurityGroupId.1=sg-1&",
		"&BlockDeviceMapping.1.Ebs.VolumeSize=100&",
		"&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web%20%28spot%29&"
		"TagSpecification.1.Tag.2.Key=app&TagSpecification.1.Tag.2.Value=web",
	};
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
		assert_sent(&w, sent[i]);
	assert_null(strstr(w.server->last_request, "KeyName"));
	instance_release(&out);
	cJSON_Delete(like.security_groups);
	cJSON_Delete(tags);
	world_close(&w);
}

static void test_the_console(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct buffer out = BUFFER_INIT;
	answer(&w, "&Latest=true", 0, "400 Bad Request", "",
	       "<Response><Errors><Error><Code>UnsupportedOperation"
	       "</Code></Error></Errors></Response>");
	answer(&w, NULL, 0, "200 OK", "",
	       "<GetConsoleOutputResponse><instanceId>i-1</instanceId><output>Ym9v\ndGluZwo="
	       "</output></GetConsoleOutputResponse>");
	world_open(&w);
	assert_ok(instance_console(w.cloud, "i-1", &out));
	assert_string_equal(out.data, "booting\n");
	buffer_release(&out);
	world_close(&w);
}

static void test_whether_a_secret_is_there(void **state)
{
	(void)state;
	struct world w = { 0 };
	bool exists;
	answer(&w, "\"Values\":[\"/web/key\"]", 0, "200 OK", "",
	       "{\"Parameters\":[{\"Name\":\"/web/key\"}]}");
	answer(&w, "DescribeParameters", 0, "200 OK", "", "{\"Parameters\":[]}");
	answer(&w, "{\"SecretId\":\"web/db\"}", 0, "200 OK", "",
	       "{\"Name\":\"web/db\",\"DeletedDate\":null}");
	answer(&w, "{\"SecretId\":\"web/nameless\"}", 0, "400 Bad Request", "",
	       "{\"__type\":\"AccessDeniedException\",\"Message\":\"User: arn:aws:iam::1:user/ci is not authorized to "
	       "perform: secretsmanager:DescribeSecret on resource: web/nameless because no identity-based policy "
	       "allows the secretsmanager:DescribeSecret action\"}");
	answer(&w, "{\"SecretId\":\"web/old\"}", 0, "200 OK", "",
	       "{\"Name\":\"web/old\",\"DeletedDate\":1.0}");
	answer(&w, "DescribeSecret", 0, "400 Bad Request", "", "{\"__type\":\"ResourceNotFoundException\"}");
	world_open(&w);
	static const struct {
		const char *name;
		bool exists;
	} cases[] = { { "/web/key", true },
		      { "/web/none", false },
		      { "secretsmanager:web/db#password", true },
		      { "secretsmanager:web/old", false },
		      { "secretsmanager:none", false },
		      { "secretsmanager:web/nameless", false } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ok(secret_exists(w.cloud, cases[i].name, &exists));
		if (exists != cases[i].exists)
			fail_msg("%s", cases[i].name);
	}
	world_close(&w);
}

/* -- commands on an instance ---------------------------------------------------------------------- */

static const char *const lines[] = { "echo 'a'", NULL };

static void command_world(struct world *w, const char *invocation)
{
	answer(w, "SendCommand", 0, "200 OK", "", "{\"Command\":{\"CommandId\":\"c-1\"}}");
	answer(w, "GetCommandInvocation", 1, "400 Bad Request", "",
	       "{\"__type\":\"InvocationDoesNotExist\"}");
	answer(w, "GetCommandInvocation", 1, "200 OK", "", "{\"Status\":\"InProgress\"}");
	answer(w, "GetCommandInvocation", 0, "200 OK", "", invocation);
	world_open(w);
}

static void test_a_command(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct buffer out = BUFFER_INIT;
	int status = -1;
	command_world(&w, "{\"Status\":\"Success\",\"ResponseCode\":0,\"StandardOutputContent\":\"a\\n\"}");
	assert_ok(instance_command(w.cloud, "i-1", lines, 60000, &out, &status));
	assert_string_equal(out.data, "a\n");
	assert_int_equal(status, 0);
	assert_int_equal(w.server->requests, 4);
	buffer_release(&out);
	world_close(&w);
}

static void test_a_command_that_fails(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct buffer out = BUFFER_INIT;
	int status;
	command_world(&w, "{\"Status\":\"Failed\",\"StatusDetails\":\"Failed\",\"ResponseCode\":4,"
			  "\"StandardErrorContent\":\"one\\ntwo\\u001b\\n\"}");
	assert_fails(instance_command(w.cloud, "i-1", lines, 60000, &out, NULL), ERROR_GENERIC,
		     "the command on i-1 ended with status 4: two\\x1b", "");
	assert_ok(instance_command(w.cloud, "i-1", lines, 60000, &out, &status));
	assert_int_equal(status, 4);
	buffer_release(&out);
	world_close(&w);
}

static void test_no_agent_answers(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct buffer out = BUFFER_INIT;
	answer(&w, "i-2", 0, "400 Bad Request", "",
	       "{\"__type\":\"InvalidInstanceId\",\"message\":\"Instances [[i-2]] "
	       "not in a valid state for account 1\"}");
	command_world(&w,
		      "{\"Status\":\"TimedOut\",\"StatusDetails\":\"DeliveryTimedOut\",\"ResponseCode\":-1}");
	assert_fails(instance_command(w.cloud, "i-1", lines, 60000, &out, NULL), ERROR_NOT_FOUND,
		     "no SSM agent answers on i-1: DeliveryTimedOut", "AmazonSSMManagedInstanceCore");
	assert_fails(instance_command(w.cloud, "i-2", lines, 60000, &out, NULL), ERROR_NOT_FOUND,
		     "no SSM agent answers on i-2", "AmazonSSMManagedInstanceCore");
	buffer_release(&out);
	world_close(&w);
}

/* -- opening -------------------------------------------------------------------------------------- */

static void test_a_region_is_a_name(void **state)
{
	(void)state;
	struct world w = { 0 };
	struct cloud_settings settings = { .aws = { .env = get_variable, .data = &w }, .region = "eu/../x" };
	assert_fails(cloud_new(&w.cloud, &settings), ERROR_USAGE, "'eu/../x' is no AWS region", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_json_call),
		cmocka_unit_test(test_a_query_call),
		cmocka_unit_test(test_what_is_not_in_the_table_is_not_called),
		cmocka_unit_test(test_who_we_are_is_asked_once),
		cmocka_unit_test(test_pages_become_one_list),
		cmocka_unit_test(test_pages_without_an_end),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_throttling_is_waited_for),
		cmocka_unit_test(test_throttling_has_an_end),
		cmocka_unit_test(test_a_fault_of_the_server_is_asked_again_if_that_is_safe),
		cmocka_unit_test(test_a_broken_connection_is_tried_again_if_that_is_safe),
		cmocka_unit_test(test_what_is_wrong_is_not_asked_again),
		cmocka_unit_test(test_an_interrupt_ends_a_call),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_no_permission_in_ec2),
		cmocka_unit_test(test_keys_that_are_wrong),
		cmocka_unit_test(test_keys_that_have_expired),
		cmocka_unit_test(test_a_wrong_clock),
		cmocka_unit_test(test_a_region_that_is_not_enabled),
		cmocka_unit_test(test_answers_of_others_on_the_way),
		cmocka_unit_test(test_what_is_said_is_made_safe),
		cmocka_unit_test(test_codes_of_errors),
		cmocka_unit_test(test_a_login),
		cmocka_unit_test(test_which_tags_of_a_repository_move),
		cmocka_unit_test(test_tags_of_a_new_repository_stay_but_for_those_that_move),
		cmocka_unit_test(test_more_tags_that_move_than_can_be_excluded_make_all_movable),
		cmocka_unit_test(test_no_repository),
		cmocka_unit_test(test_an_instance),
		cmocka_unit_test(test_when_an_instance_was_stopped),
		cmocka_unit_test(test_an_instance_in_another_region),
		cmocka_unit_test(test_several_instances_with_one_name),
		cmocka_unit_test(test_waiting_for_a_state),
		cmocka_unit_test(test_a_state_that_is_not_reached),
		cmocka_unit_test(test_a_state_that_takes_too_long),
		cmocka_unit_test(test_no_capacity),
		cmocka_unit_test(test_a_launch),
		cmocka_unit_test(test_the_console),
		cmocka_unit_test(test_whether_a_secret_is_there),
		cmocka_unit_test(test_a_command),
		cmocka_unit_test(test_a_command_that_fails),
		cmocka_unit_test(test_no_agent_answers),
		cmocka_unit_test(test_a_region_is_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
