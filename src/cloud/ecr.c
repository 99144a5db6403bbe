#include "cloud/ecr.h"

#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"

#define MAX_LOGIN ((size_t)16 << 10)

/* -- logging in ----------------------------------------------------------------------------------- */

/* "user:password" in base 64. */
static struct error *split_token(const char *token, char **user, char **password)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_LOGIN);
	bool good = base64_decode(&text, slice_of_string(token)) && !text.overflowed;
	char *colon = good ? strchr(text.data, ':') : NULL;
	good = colon && colon > text.data && colon[1] && !memchr(text.data, '\0', text.len);
	for (size_t i = 0; good && i < text.len; i++)
		good = text.data[i] > ' ' && text.data[i] < 0x7f;
	if (good) {
		*user = xmemdupz(text.data, (size_t)(colon - text.data));
		*password = xstrdup(colon + 1);
		trace_add_secret(*password);
	}
	secret_release(&text);
	if (good)
		return NULL;
	return error_new(ERROR_SYNTAX, "ecr: GetAuthorizationToken: the answer holds no password");
}

struct error *ecr_login(struct cloud *c, char **user, char **password)
{
	cJSON *answer;
	struct error *err = cloud_json(c, "ecr", "GetAuthorizationToken", NULL, &answer);
	if (err)
		return err;
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(answer, "authorizationData");
	cJSON *token = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(data, 0), "authorizationToken");
	if (cJSON_IsString(token)) {
		trace_add_secret(token->valuestring);
		err = split_token(token->valuestring, user, password);
		secret_wipe(token->valuestring, strlen(token->valuestring));
	} else {
		err = error_new(ERROR_SYNTAX, "ecr: GetAuthorizationToken: the answer holds no token");
	}
	cJSON_Delete(answer);
	return err;
}

/* -- repositories --------------------------------------------------------------------------------- */

void ecr_repository_release(struct ecr_repository *r)
{
	free(r->name);
	free(r->arn);
	free(r->uri);
	*r = (struct ecr_repository){ 0 };
}

/* Whether an exclusion ("latest", "dev-*") lets the tag "latest" move: a "*" stands for anything. */
static bool excludes_latest(const char *filter)
{
	const char *name = "latest", *star = NULL, *from = NULL;
	while (*name) {
		if (*filter == '*') {
			star = filter++;
			from = name;
		} else if (*filter == *name) {
			filter++;
			name++;
		} else if (star) {
			filter = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*filter == '*')
		filter++;
	return !*filter;
}

static struct error *read_repository(struct ecr_repository *out, const cJSON *json)
{
	const char *what = "ecr: the repository", *name, *arn, *uri;
	const char *mutability = json_string_or(json, "imageTagMutability", "MUTABLE");
	struct error *err = json_get_string(json, "repositoryName", what, &name);
	if (!err)
		err = json_get_string(json, "repositoryArn", what, &arn);
	if (!err)
		err = json_get_string(json, "repositoryUri", what, &uri);
	if (err)
		return err;
	const cJSON *f, *filters = cJSON_GetObjectItemCaseSensitive(json, "imageTagMutabilityExclusionFilters");
	bool excluded = false;
	cJSON_ArrayForEach(f, filters)
		excluded |= excludes_latest(json_string_or(f, "filter", ""));
	bool inverted = !strcmp(mutability, "MUTABLE_WITH_EXCLUSION");
	*out = (struct ecr_repository){
		.name = xstrdup(name), .arn = xstrdup(arn), .uri = xstrdup(uri),
		.immutable = starts_with(mutability, "IMMUTABLE"),
	};
	out->latest_movable = out->immutable ? excluded : !(inverted && excluded);
	return NULL;
}

struct error *ecr_find_repository(struct cloud *c, const char *name, struct ecr_repository *out)
{
	cJSON *parameters = cJSON_CreateObject(), *answer;
	cJSON *names = cJSON_AddArrayToObject(parameters, "repositoryNames");
	cJSON_AddItemToArray(names, cJSON_CreateString(name));
	struct error *err = cloud_json(c, "ecr", "DescribeRepositories", parameters, &answer);
	if (cloud_error_drop(&err, "RepositoryNotFoundException"))
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "there is no repository '%s' in ECR in %s", name,
				  cloud_region(c)),
			"`git deploy push --accept-cost` makes it; `git deploy infra` prints it for "
			"CloudFormation and Terraform");
	if (err)
		return err;
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(answer, "repositories");
	err = read_repository(out, cJSON_GetArrayItem(list, 0));
	cJSON_Delete(answer);
	return err;
}

static cJSON *add_object(cJSON *array)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddItemToArray(array, object);
	return object;
}

static cJSON *creation(const char *name, const char *const *movable)
{
	cJSON *p = cJSON_CreateObject();
	size_t nr = 0;
	while (movable[nr])
		nr++;
	bool excludes = nr && nr <= ECR_MAX_EXCLUSIONS;
	cJSON_AddStringToObject(p, "repositoryName", name);
	cJSON_AddStringToObject(p, "imageTagMutability",
				excludes ? "IMMUTABLE_WITH_EXCLUSION" : nr ? "MUTABLE" : "IMMUTABLE");
	cJSON *filters = excludes ? cJSON_AddArrayToObject(p, "imageTagMutabilityExclusionFilters") : NULL;
	for (; excludes && *movable; movable++) {
		cJSON *filter = add_object(filters);
		cJSON_AddStringToObject(filter, "filterType", "WILDCARD");
		cJSON_AddStringToObject(filter, "filter", *movable);
	}
	cJSON *scanning = cJSON_AddObjectToObject(p, "imageScanningConfiguration");
	cJSON_AddBoolToObject(scanning, "scanOnPush", true);
	return p;
}

/* One rule by what the images' tags are: like PATTERN, or, NULL, none. */
static void put_rule(struct json_writer *w, int priority, const char *description, const char *pattern,
		     unsigned number)
{
	json_begin_object(w);
	json_put_integer(w, "rulePriority", priority);
	json_put_string(w, "description", description);
	json_key(w, "selection");
	json_begin_object(w);
	json_put_string(w, "tagStatus", pattern ? "tagged" : "untagged");
	if (pattern) {
		json_key(w, "tagPatternList");
		json_begin_array(w);
		json_string(w, pattern);
		json_end_array(w);
	}
	json_put_string(w, "countType", pattern ? "imageCountMoreThan" : "sinceImagePushed");
	if (!pattern)
		json_put_string(w, "countUnit", "days");
	json_put_integer(w, "countNumber", number);
	json_end_object(w);
	json_key(w, "action");
	json_begin_object(w);
	json_put_string(w, "type", "expire");
	json_end_object(w);
	json_end_object(w);
}

/* What a rule of a higher priority is about, later ones leave alone; and a tag names one image, which is never
 * more than KEEP. */
void ecr_add_lifecycle(struct buffer *out, const char *const *movable, unsigned keep, bool pretty)
{
	struct json_writer w;
	int priority = 1;
	json_writer_init(&w, out, pretty);
	json_begin_object(&w);
	json_key(&w, "rules");
	json_begin_array(&w);
	for (; *movable; movable++)
		put_rule(&w, priority++, "what is served", *movable, keep);
	put_rule(&w, priority++, "untagged images", NULL, ECR_UNTAGGED_DAYS);
	put_rule(&w, priority, "all but the newest images", "*", keep);
	json_end_array(&w);
	json_end_object(&w);
}

static struct error *put_lifecycle(struct cloud *c, const char *name, const char *const *movable,
				   unsigned keep)
{
	struct buffer policy = BUFFER_INIT;
	cJSON *p = cJSON_CreateObject(), *answer = NULL;
	ecr_add_lifecycle(&policy, movable, keep, false);
	cJSON_AddStringToObject(p, "repositoryName", name);
	cJSON_AddStringToObject(p, "lifecyclePolicyText", policy.data);
	struct error *err = cloud_json(c, "ecr", "PutLifecyclePolicy", p, &answer);
	if (!err)
		cJSON_Delete(answer);
	buffer_release(&policy);
	return err;
}

struct error *ecr_make_repository(struct cloud *c, const char *name, const char *const *movable,
				  unsigned keep, struct ecr_repository *out)
{
	cJSON *answer = NULL;
	struct error *err = cloud_json(c, "ecr", "CreateRepository", creation(name, movable), &answer);
	if (cloud_error_drop(&err, "RepositoryAlreadyExistsException"))
		return ecr_find_repository(c, name, out);
	if (err)
		return err;
	err = read_repository(out, cJSON_GetObjectItemCaseSensitive(answer, "repository"));
	cJSON_Delete(answer);
	return err ? err : put_lifecycle(c, name, movable, keep);
}
