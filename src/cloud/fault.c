#include "cloud/fault.h"

#include <curl/curl.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cloud/xml.h"

/* Bytes of a server's words that are shown. */
#define MAX_MESSAGE 600
#define MAX_CODE 100
/* AWS takes signatures up to five minutes old; a difference of less than this is not the reason. */
#define CLOCK_TOLERANCE 240

static const struct {
	const char *code;
	enum fault_kind kind;
} kinds[] = {
	{ "AccessDenied", FAULT_DENIED },
	{ "AccessDeniedException", FAULT_DENIED },
	{ "UnauthorizedOperation", FAULT_DENIED },
	{ "UnauthorizedException", FAULT_DENIED },
	{ "AuthorizationError", FAULT_DENIED },
	{ "ExpiredToken", FAULT_EXPIRED },
	{ "ExpiredTokenException", FAULT_EXPIRED },
	{ "RequestExpired", FAULT_EXPIRED },
	{ "AuthFailure", FAULT_KEYS },
	{ "IncompleteSignature", FAULT_KEYS },
	{ "InvalidAccessKeyId", FAULT_KEYS },
	{ "InvalidClientTokenId", FAULT_KEYS },
	{ "InvalidSignatureException", FAULT_KEYS },
	{ "MissingAuthenticationToken", FAULT_KEYS },
	{ "MissingAuthenticationTokenException", FAULT_KEYS },
	{ "SignatureDoesNotMatch", FAULT_KEYS },
	{ "UnrecognizedClientException", FAULT_KEYS },
	{ "RequestInTheFuture", FAULT_CLOCK },
	{ "RequestTimeTooSkewed", FAULT_CLOCK },
	{ "OptInRequired", FAULT_REGION },
	{ "InsufficientInstanceCapacity", FAULT_CAPACITY },
	{ "InsufficientHostCapacity", FAULT_CAPACITY },
	{ "InsufficientCapacityOnHost", FAULT_CAPACITY },
	{ "BandwidthLimitExceeded", FAULT_THROTTLED },
	{ "EC2ThrottledException", FAULT_THROTTLED },
	{ "PriorRequestNotComplete", FAULT_THROTTLED },
	{ "RequestLimitExceeded", FAULT_THROTTLED },
	{ "RequestThrottled", FAULT_THROTTLED },
	{ "RequestThrottledException", FAULT_THROTTLED },
	{ "SlowDown", FAULT_THROTTLED },
	{ "ThrottledException", FAULT_THROTTLED },
	{ "Throttling", FAULT_THROTTLED },
	{ "ThrottlingException", FAULT_THROTTLED },
	{ "TooManyRequestsException", FAULT_THROTTLED },
};

/* -- reading -------------------------------------------------------------------------------------- */

static enum fault_kind kind_of(const char *code)
{
	static const char *const endings[] = { "NotFound", "NotFoundException", "NotFoundFault" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].code, code))
			return kinds[i].kind;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (ends_with(code, endings[i]))
			return FAULT_NOT_FOUND;
	return FAULT_OTHER;
}

/* The name in "com.amazonaws.ecr#RepositoryNotFoundException" or "AccessDenied:http://internal/"; NULL when
 * it is no name. */
static char *plain_code(const char *text)
{
	const char *hash = text ? strrchr(text, '#') : NULL;
	if (hash)
		text = hash + 1;
	size_t len = text ? strcspn(text, ":") : 0;
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)text[i]) && !strchr("._-", text[i]))
			return NULL;
	return len && len <= MAX_CODE ? xmemdupz(text, len) : NULL;
}

/* As it may be shown. What is said for machines only is left out. */
static char *plain_message(const char *text)
{
	struct buffer line = BUFFER_INIT;
	if (!text || !*text)
		return NULL;
	const char *encoded = strstr(text, " Encoded authorization failure message:");
	char *clean = redact(xmemdupz(text, encoded ? (size_t)(encoded - text) : strlen(text)));
	struct slice trimmed = slice_trim(slice_of_string(clean));
	text_for_terminal(&line, trimmed.data, trimmed.len < MAX_MESSAGE ? trimmed.len : MAX_MESSAGE, false);
	while (line.len && line.data[line.len - 1] == '.')
		buffer_truncate(&line, line.len - 1);
	free(clean);
	return buffer_detach(&line, NULL);
}

static void read_json(struct cloud_fault *out, struct slice body)
{
	static const char *const keys[] = { "message", "Message", "errorMessage" };
	const char *message = NULL;
	cJSON *json;
	struct error *err = json_parse(&json, body, "the error");
	if (err) {
		error_free(err);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !message; i++)
		message = json_string_or(json, keys[i], NULL);
	if (!out->code)
		out->code = plain_code(json_string_or(json, "__type", json_string_or(json, "code", NULL)));
	out->message = plain_message(message);
	cJSON_Delete(json);
}

static void read_xml(struct cloud_fault *out, struct slice body)
{
	cJSON *tree;
	char *root;
	struct error *err = cloud_xml_parse(&tree, &root, body, "the error");
	if (err) {
		error_free(err);
		return;
	}
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(tree, "Errors"); /* of EC2 */
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(errors ? errors : tree, "Error");
	if (!out->code)
		out->code = plain_code(json_string_or(error, "Code", NULL));
	out->message = plain_message(json_string_or(error, "Message", NULL));
	cJSON_Delete(tree);
	free(root);
}

static int64_t clock_error(const struct http_response *response, int64_t now)
{
	struct slice date = http_header(response, "date");
	char *text = xmemdupz(date.data ? date.data : "", date.len < 64 ? date.len : 0);
	time_t theirs = *text ? curl_getdate(text, NULL) : -1;
	free(text);
	return theirs < 0 ? 0 : now - (int64_t)theirs;
}

void cloud_fault_read(struct cloud_fault *out, const struct http_response *response, int64_t now)
{
	struct slice body = slice_trim(slice_of(&response->body));
	struct slice type = http_header(response, "x-amzn-errortype");
	char *header = xmemdupz(type.data ? type.data : "", type.len);
	*out = (struct cloud_fault){ .status = response->status, .clock_error = clock_error(response, now) };
	out->code = plain_code(header);
	free(header);
	if (body.len && *body.data == '<')
		read_xml(out, body);
	else if (body.len)
		read_json(out, body);
	if (out->code)
		out->kind = kind_of(out->code);
	else if (out->status == 429)
		out->kind = FAULT_THROTTLED;
	bool clock_off = out->clock_error > CLOCK_TOLERANCE || out->clock_error < -CLOCK_TOLERANCE;
	if (clock_off && (out->kind == FAULT_KEYS || out->kind == FAULT_EXPIRED))
		out->kind = FAULT_CLOCK;
}

void cloud_fault_release(struct cloud_fault *f)
{
	free(f->code);
	free(f->message);
	*f = (struct cloud_fault){ 0 };
}

/* -- saying --------------------------------------------------------------------------------------- */

/* The word behind BEFORE in TEXT, up to white space or a quote; malloc'd; NULL when there is none. */
static char *word_after(const char *text, const char *before)
{
	const char *at = text ? strstr(text, before) : NULL;
	if (!at)
		return NULL;
	at += strlen(before);
	size_t len = strcspn(at, " ,;\"'");
	while (len && (at[len - 1] == '.' || at[len - 1] == ':'))
		len--;
	return len ? xmemdupz(at, len) : NULL;
}

/* AWS names what was missing, which may be a second permission that the call's name does not tell of. */
static struct error *hint_permission(struct error *err, const struct cloud_fault *f,
				     const struct cloud_call *call)
{
	char *user = word_after(f->message, "User: ");
	char *action = word_after(f->message, "not authorized to perform: ");
	char *resource = word_after(f->message, "on resource: ");
	char *asked = xstrfmt("%s:%s", call->action->service, call->action->name);
	err = error_with_hint(err,
			      "a policy of %s has to allow %s on %s; `git deploy iam` prints one that does",
			      user ? user : "these keys", action ? action : asked,
			      resource ? resource : call->action->resource);
	free(user);
	free(action);
	free(resource);
	free(asked);
	return err;
}

static struct error *hint_clock(struct error *err, const struct cloud_fault *f)
{
	int64_t off = f->clock_error < 0 ? -f->clock_error : f->clock_error;
	if (!off)
		return error_with_hint(err, "this machine's clock is wrong: set it");
	return error_with_hint(err, "this machine's clock is %lld %s %s that of AWS: set it",
			       (long long)(off < 120 ? off : off / 60), off < 120 ? "seconds" : "minutes",
			       f->clock_error < 0 ? "behind" : "ahead of");
}

static struct error *with_hint(struct error *err, const struct cloud_fault *f,
			       const struct cloud_call *call, const char *source)
{
	switch (f->kind) {
	case FAULT_DENIED:
		return hint_permission(err, f, call);
	case FAULT_EXPIRED:
		return error_with_hint(err, "the keys, of: %s, have expired: sign in again", source);
	case FAULT_KEYS:
		return error_with_hint(err, "the call was signed with the keys of: %s; are they right, and not deleted?",
				       source);
	case FAULT_CLOCK:
		return hint_clock(err, f);
	case FAULT_REGION:
		return error_with_hint(err, "enable the region %s for the account, or choose another",
				       call->region);
	case FAULT_THROTTLED:
		return error_with_hint(err, "AWS asks for fewer calls: try again in a minute");
	case FAULT_CAPACITY:
	case FAULT_NOT_FOUND:
	case FAULT_OTHER:
		break;
	}
	return err;
}

struct error *cloud_fault_error(const struct cloud_fault *f, const struct cloud_call *call,
				const char *source)
{
	enum error_code code = f->kind == FAULT_NOT_FOUND ? ERROR_NOT_FOUND : ERROR_NETWORK;
	struct error *err;
	if (f->code)
		err = error_new(code, "%s: %s%s%s", call->service->name, f->code, f->message ? ": " : "",
				f->message ? f->message : "");
	else
		err = error_new(code, "%s: %s was answered by %ld %s", call->service->name,
				call->action->name, f->status, f->message ? f->message : "without a reason");
	return with_hint(err, f, call, source);
}
