/* What commands ask AWS for: logins and repositories, instances, secrets, commands that run on instances. */
#include "cloud_testing.h"

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
		("&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web%20%28spot%29&"
		 "TagSpecification.1.Tag.2.Key=app&TagSpecification.1.Tag.2.Value=web"),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
