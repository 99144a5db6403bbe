/* What registries say when they refuse, for people.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
#include <stdarg.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "image/registry_internal.h"

/* Bytes of a registry's own words that are repeated. */
#define MAX_WORDS 300

/* The first of {"errors": [{"code": ..., "message": ...}]}; both malloc'd, NULL when they are not there. */
static void read_complaint(const struct http_response *response, char **code, char **message)
{
	cJSON *json = NULL;
	*code = *message = NULL;
	struct error *err = json_parse(&json, slice_of(&response->body), "the answer");
	error_free(err); /* then there is none */
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "errors"), 0);
	const char *c = json_string_or(first, "code", NULL), *m = json_string_or(first, "message", NULL);
	if (c)
		*code = xmemdupz(c, strnlen(c, 64));
	if (m && *m) {
		*message = redact(xmemdupz(m, strnlen(m, MAX_WORDS)));
		size_t len = strlen(*message);
		if ((*message)[len - 1] == '.')
			(*message)[len - 1] = '\0';
	}
	cJSON_Delete(json);
}

bool answer_has_code(const struct http_response *response, const char *code)
{
	char *has, *message;
	read_complaint(response, &has, &message);
	bool same = has && !strcmp(has, code);
	free(has);
	free(message);
	return same;
}

/* The first that fits: 0 and NULL fit all. */
struct complaint {
	long status;
	const char *code;
	const char *word;      /* in the registry's message */
	enum error_code error;
	const char *meaning;
	struct error *(*hint)(struct error *err, const struct server *s, const struct reference *ref);
};

struct error *hint_repository(struct error *err, const struct server *s, const struct reference *ref)
{
	struct slice account, region;
	if (ref && reference_is_ecr(ref, &account, &region))
		return error_with_hint(
			err,
			"`git deploy push --accept-cost` makes it; `git deploy infra` prints it for "
			"CloudFormation and Terraform");
	return error_with_hint(
		err,
		"is the name right? Some registries want a repository to be made first, and hide "
		"those that the user may not see (docker login %s)",
		s->name);
}

static struct error *hint_permission(struct error *err, const struct server *s, const struct reference *ref)
{
	struct slice account, region;
	if (ref && reference_is_ecr(ref, &account, &region))
		return error_with_hint(err, "`git deploy iam` prints the permissions that are needed");
	return error_with_hint(
		err, "the user needs the right to push there; log in as another: docker login %s", s->name);
}

static struct error *hint_limit(struct error *err, const struct server *s, const struct reference *ref)
{
	(void)ref;
	return error_with_hint(
		err, "wait; if you are not logged in, more may be allowed after docker login %s", s->name);
}

static struct error *hint_full(struct error *err, const struct server *s, const struct reference *ref)
{
	(void)s, (void)ref;
	return error_with_hint(
		err, "remove images there, or ask for more room; what has arrived is not sent again");
}

static struct error *hint_read_only(struct error *err, const struct server *s, const struct reference *ref)
{
	(void)ref;
	return error_with_hint(err, "is %s a mirror, or in maintenance? Push to another, or later", s->name);
}

struct error *hint_no_answer(struct error *err, const struct server *s, const struct reference *ref)
{
	struct slice account, region;
	return reference_is_ecr(ref, &account, &region) ? hint_repository(err, s, ref) : err;
}

static const struct complaint complaints[] = {
	{ 0, "NAME_UNKNOWN", NULL, ERROR_NOT_FOUND, "the repository does not exist", hint_repository },
	{ 0, "DENIED", NULL, ERROR_GENERIC, "permission denied", hint_permission },
	{ 403, NULL, NULL, ERROR_GENERIC, "permission denied", hint_permission },
	{ 0, "TOOMANYREQUESTS", NULL, ERROR_NETWORK, "too many requests", hint_limit },
	{ 429, NULL, NULL, ERROR_NETWORK, "too many requests", hint_limit },
	{ 0, NULL, "no space left", ERROR_IO, "the registry is full", hint_full },
	/* docker-registry passes on ENOSPC by its number. */
	{ 500, NULL, "\"Err\":28", ERROR_IO, "the registry is full", hint_full },
	{ 0, NULL, "quota", ERROR_IO, "the registry is full", hint_full },
	{ 507, NULL, NULL, ERROR_IO, "the registry is full", hint_full },
	{ 405, NULL, NULL, ERROR_UNSUPPORTED, "the registry is read-only", hint_read_only },
	{ 0, NULL, "read-only", ERROR_UNSUPPORTED, "the registry is read-only", hint_read_only },
	{ 413, NULL, NULL, ERROR_LIMIT, "it is too large for the registry or a proxy before it", NULL },
	{ 404, NULL, NULL, ERROR_NOT_FOUND, "it is not there", NULL },
};

static bool fits(const struct complaint *c, long status, const char *code, const char *body)
{
	return (!c->status || c->status == status) && (!c->code || (code && !strcmp(code, c->code))) &&
	       (!c->word || strcasestr(body, c->word));
}

struct error *answer_error(const struct server *s, const struct reference *ref,
			   const struct http_response *response, const char *fmt, ...)
{
	const struct complaint *found = NULL;
	struct buffer doing = BUFFER_INIT, words = BUFFER_INIT;
	char *code, *message;
	va_list ap;
	va_start(ap, fmt);
	buffer_vaddf(&doing, fmt, ap);
	va_end(ap);
	read_complaint(response, &code, &message);
	for (size_t i = 0; i < ARRAY_SIZE(complaints) && !found; i++)
		if (fits(&complaints[i], response->status, code, response->body.data))
			found = &complaints[i];
	if (message)
		buffer_addf(&words, ": %s", message);
	struct error *err = error_new(found ? found->error : ERROR_NETWORK, "%s: %s (%ld%s%s)%s", doing.data,
				      found			? found->meaning
				      : response->status >= 500 ? "the registry failed"
								: "the registry refused",
				      response->status, code ? " " : "", code ? code : "", words.data);
	if (found && found->hint)
		err = found->hint(err, s, ref);
	buffer_release(&doing);
	buffer_release(&words);
	free(code);
	free(message);
	return err;
}

struct error *login_error(const struct server *s, bool refused)
{
	const struct reference ref = { .registry = s->name };
	struct slice account, region;
	bool ecr = reference_is_ecr(&ref, &account, &region);
	if (!refused)
		return error_with_hint(
			error_new(ERROR_GENERIC, "%s wants a login, and there is none for it", s->name),
			ecr ? "set AWS credentials, or log in with docker login %s"
			    : "log in: docker login %s",
			s->name);
	return error_with_hint(
		error_new(ERROR_GENERIC, "%s does not accept the login: it is wrong or has ended", s->name),
		ecr ? "are the AWS credentials of the right account? Or log in again: docker login %s"
		    : "log in again: docker login %s",
		s->name);
}
