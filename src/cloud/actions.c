#include "cloud/actions.h"

#include <string.h>

#include "base/memory.h"

#define EVERYTHING "*"
#define REPOSITORY "the repository"
#define INSTANCE "the instance"
#define AGENT "logs, status, release" /* what commands go through */

const struct cloud_action cloud_actions[] = {
	{ "ecr", "GetAuthorizationToken", ACTION_CALL, true, EVERYTHING, "build, push, status, verify" },
	{ "ecr", "DescribeRepositories", ACTION_CALL, true, REPOSITORY, "push, release, plan" },
	{ "ecr", "CreateRepository", ACTION_CALL, true, REPOSITORY, "push, release" },
	{ "ecr", "PutLifecyclePolicy", ACTION_CALL, true, REPOSITORY, "push, release" },
	{ "ecr", "BatchCheckLayerAvailability", ACTION_REGISTRY, true, REPOSITORY, "push" },
	{ "ecr", "InitiateLayerUpload", ACTION_REGISTRY, true, REPOSITORY, "push" },
	{ "ecr", "UploadLayerPart", ACTION_REGISTRY, true, REPOSITORY, "push" },
	{ "ecr", "CompleteLayerUpload", ACTION_REGISTRY, true, REPOSITORY, "push" },
	{ "ecr", "PutImage", ACTION_REGISTRY, true, REPOSITORY, "push, rollback" },
	{ "ecr", "BatchGetImage", ACTION_REGISTRY, true, REPOSITORY, "build, status; every start" },
	{ "ecr", "GetDownloadUrlForLayer", ACTION_REGISTRY, true, REPOSITORY, "build, verify; every start" },
	{ "ec2", "DescribeInstances", ACTION_CALL, true, EVERYTHING, "start, stop, logs, status, plan" },
	{ "ec2", "DescribeRegions", ACTION_CALL, true, EVERYTHING, "start, stop, hibernate, logs" },
	{ "ec2", "DescribeVolumes", ACTION_CALL, true, EVERYTHING, "plan" },
	{ "ec2", "StartInstances", ACTION_CALL, true, INSTANCE, "start" },
	{ "ec2", "StopInstances", ACTION_CALL, true, INSTANCE, "stop, hibernate" },
	{ "ec2", "TerminateInstances", ACTION_CALL, true, "what stands in for the instance", "stop" },
	{ "ec2", "CreateTags", ACTION_CALL, true, INSTANCE, "start" },
	{ "ec2", "RunInstances", ACTION_CALL, true, "an instance and what it is made of", "start" },
	{ "ec2", "GetConsoleOutput", ACTION_CALL, true, INSTANCE, "logs" },
	{ "ssm", "DescribeParameters", ACTION_CALL, true, EVERYTHING, "plan, init" },
	{ "secretsmanager", "DescribeSecret", ACTION_CALL, true, "the secret", "plan, init" },
	{ "ssm", "SendCommand", ACTION_CALL, false, "the instance and AWS-RunShellScript",
	  "logs, status, release, promote, abort" },
	{ "ssm", "GetCommandInvocation", ACTION_CALL, true, EVERYTHING,
	  "logs, status, release, promote, abort" },
	{ "ssm", "GetParameter", ACTION_INSTANCE, true, "the parameters", "every start" },
	{ "secretsmanager", "GetSecretValue", ACTION_INSTANCE, true, "the secrets", "every start" },
	{ "kms", "Decrypt", ACTION_IMPLIED, true, "the keys of the secrets", "every start" },
	{ "iam", "PassRole", ACTION_IMPLIED, true, "the role of the instance", "start" },
	{ "ssm", "UpdateInstanceInformation", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ssmmessages", "CreateControlChannel", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ssmmessages", "CreateDataChannel", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ssmmessages", "OpenControlChannel", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ssmmessages", "OpenDataChannel", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "AcknowledgeMessage", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "DeleteMessage", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "FailMessage", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "GetEndpoint", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "GetMessages", ACTION_INSTANCE, true, EVERYTHING, AGENT },
	{ "ec2messages", "SendReply", ACTION_INSTANCE, true, EVERYTHING, AGENT },
};
const size_t cloud_actions_nr = ARRAY_SIZE(cloud_actions);

const struct cloud_action *cloud_action_find(const char *service, const char *name)
{
	for (size_t i = 0; i < cloud_actions_nr; i++) {
		const struct cloud_action *a = &cloud_actions[i];
		if (a->way == ACTION_CALL && !strcmp(a->service, service) && !strcmp(a->name, name))
			return a;
	}
	return NULL;
}
