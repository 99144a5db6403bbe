/* Calls to AWS against a scripted server: how they are spelled, repeated and refused. */
#include "cloud_testing.h"

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
		cmocka_unit_test(test_a_region_is_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
