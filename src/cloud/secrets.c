#include "cloud/secrets.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* -- whether a secret is there -------------------------------------------------------------------- */

static struct error *parameter_exists(struct cloud *c, const char *name, bool *exists)
{
	cJSON *p = cJSON_CreateObject(), *filters = cJSON_AddArrayToObject(p, "ParameterFilters");
	cJSON *filter = cJSON_CreateObject(), *found;
	cJSON_AddItemToArray(filters, filter);
	cJSON_AddStringToObject(filter, "Key", "Name");
	cJSON_AddStringToObject(filter, "Option", "Equals");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(filter, "Values"), cJSON_CreateString(name));
	struct error *err = cloud_json_list(c, "ssm", "DescribeParameters", p, "Parameters", &found);
	if (err)
		return err;
	*exists = cJSON_GetArraySize(found) > 0;
	cJSON_Delete(found);
	return NULL;
}

/* What is allowed for a secret is not for a name that no secret has: AWS refuses that, and shows the name
 * where the secret's ARN would be. */
static bool is_nameless(const struct error *err, const char *name)
{
	if (!cloud_error_is(err, "AccessDeniedException"))
		return false;
	char *bare = xstrfmt(" on resource: %s ", name);
	bool found = strstr(err->message, bare) != NULL;
	free(bare);
	return found;
}

struct error *secret_exists(struct cloud *c, const char *name, bool *exists)
{
	const char *secret;
	*exists = false;
	if (!skip_prefix(name, "secretsmanager:", &secret))
		return parameter_exists(c, name, exists);
	char *id = xmemdupz(secret, strcspn(secret, "#"));
	cJSON *p = cJSON_CreateObject(), *answer = NULL;
	cJSON_AddStringToObject(p, "SecretId", id);
	struct error *err = cloud_json(c, "secretsmanager", "DescribeSecret", p, &answer);
	if (cloud_error_is(err, "ResourceNotFoundException") || is_nameless(err, id)) {
		error_free(err);
		err = NULL;
	} else if (!err) {
		/* One that is to be deleted can be described, but not read any more. */
		*exists = !cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(answer, "DeletedDate"));
		cJSON_Delete(answer);
	}
	free(id);
	return err;
}

/* -- commands ------------------------------------------------------------------------------------- */

#define DELIVERY_SECONDS 30 /* as short as SSM allows */
#define MAX_WORDS 400       /* of a command's complaint */

static struct error *no_agent(const char *instance, const char *why)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "no SSM agent answers on %s%s%s", instance,
				      *why ? ": " : "", why);
	return error_with_hint(err,
			       "the agent has to run there, and the instance's role to allow it: the policy "
			       "AmazonSSMManagedInstanceCore, or what `git deploy iam` prints");
}

static struct error *send(struct cloud *c, const char *instance, const char *const *lines,
			  uint64_t timeout_ms, char **id)
{
	cJSON *p = cJSON_CreateObject(), *answer = NULL;
	char *seconds = xstrfmt("%llu", (unsigned long long)(timeout_ms / 1000 + 1));
	cJSON_AddStringToObject(p, "DocumentName", "AWS-RunShellScript");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(p, "InstanceIds"), cJSON_CreateString(instance));
	cJSON_AddNumberToObject(p, "TimeoutSeconds", DELIVERY_SECONDS);
	cJSON *parameters = cJSON_AddObjectToObject(p, "Parameters");
	cJSON *commands = cJSON_AddArrayToObject(parameters, "commands");
	for (; *lines; lines++)
		cJSON_AddItemToArray(commands, cJSON_CreateString(*lines));
	cJSON *timeout = cJSON_AddArrayToObject(parameters, "executionTimeout");
	cJSON_AddItemToArray(timeout, cJSON_CreateString(seconds));
	free(seconds);
	struct error *err = cloud_json(c, "ssm", "SendCommand", p, &answer);
	if (cloud_error_drop(&err, "InvalidInstanceId"))
		return no_agent(instance, "");
	if (err)
		return err;
	const cJSON *sent = cJSON_GetObjectItemCaseSensitive(answer, "Command");
	const char *command = json_string_or(sent, "CommandId", NULL);
	if (command)
		*id = xstrdup(command);
	else
		err = error_new(ERROR_SYNTAX, "ssm: SendCommand: the answer names no command");
	cJSON_Delete(answer);
	return err;
}

/* *ANSWER is NULL as long as it is not done. */
static struct error *look(struct cloud *c, const char *instance, const char *id, cJSON **answer)
{
	static const char *const not_done[] = { "Pending", "InProgress", "Delayed", "Cancelling", "" };
	cJSON *p = cJSON_CreateObject();
	*answer = NULL;
	cJSON_AddStringToObject(p, "CommandId", id);
	cJSON_AddStringToObject(p, "InstanceId", instance);
	struct error *err = cloud_json(c, "ssm", "GetCommandInvocation", p, answer);
	if (cloud_error_drop(&err, "InvocationDoesNotExist")) /* not known everywhere yet */
		return NULL;
	for (size_t i = 0; !err && *answer && i < ARRAY_SIZE(not_done); i++) {
		if (strcmp(json_string_or(*answer, "Status", ""), not_done[i]) != 0)
			continue;
		cJSON_Delete(*answer);
		*answer = NULL;
	}
	return err;
}

static struct error *last_words(const char *instance, const cJSON *answer, int64_t status)
{
	struct buffer line = BUFFER_INIT;
	struct slice words = slice_trim(slice_of_string(json_string_or(answer, "StandardErrorContent", "")));
	const char *newline = words.len ? memrchr(words.data, '\n', words.len) : NULL;
	if (newline)
		words = (struct slice){ newline + 1, words.len - (size_t)(newline + 1 - words.data) };
	text_for_terminal(&line, words.data, words.len < MAX_WORDS ? words.len : MAX_WORDS, false);
	struct error *err = error_new(ERROR_GENERIC, "the command on %s ended with status %lld%s%s", instance,
				      (long long)status, line.len ? ": " : "", line.data);
	buffer_release(&line);
	return err;
}

static struct error *judge(const char *instance, const cJSON *answer, struct buffer *out, int *exit_status)
{
	static const char *const undelivered[] = { "Undeliverable", "DeliveryTimedOut", "Terminated",
						   "InvalidPlatform" };
	const char *status = json_string_or(answer, "Status", "");
	const char *details = json_string_or(answer, "StatusDetails", status);
	int64_t code = json_integer_or(answer, "ResponseCode", -1);
	for (size_t i = 0; i < ARRAY_SIZE(undelivered); i++)
		if (!strcmp(details, undelivered[i]))
			return no_agent(instance, details);
	buffer_addstr(out, json_string_or(answer, "StandardOutputContent", ""));
	if (exit_status)
		*exit_status = (int)code;
	if (!strcmp(status, "Success") || (!strcmp(status, "Failed") && code > 0 && exit_status))
		return NULL;
	if (!strcmp(status, "TimedOut"))
		return error_new(ERROR_TIMEOUT, "the command on %s did not end in time", instance);
	if (!strcmp(status, "Cancelled"))
		return error_new(ERROR_GENERIC, "the command on %s was cancelled", instance);
	return last_words(instance, answer, code);
}

struct error *instance_command(struct cloud *c, const char *instance, const char *const *lines,
			       uint64_t timeout_ms, struct buffer *out, int *exit_status)
{
	/* What SSM waits for the agent comes before the command's own time. */
	uint64_t until = clock_ms() + timeout_ms + DELIVERY_SECONDS * 1000;
	char *id = NULL;
	cJSON *answer = NULL;
	struct error *err = send(c, instance, lines, timeout_ms, &id);
	for (unsigned attempt = 1; !err && !answer; attempt++) {
		err = cloud_pause(c, attempt);
		if (!err)
			err = look(c, instance, id, &answer);
		if (!err && !answer && clock_ms() >= until)
			err = error_new(ERROR_TIMEOUT, "the command on %s did not end in time", instance);
	}
	if (!err)
		err = judge(instance, answer, out, exit_status);
	cJSON_Delete(answer);
	free(id);
	return err;
}
