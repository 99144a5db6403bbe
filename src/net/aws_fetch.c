/* Asking the services, files and programs that hand out AWS credentials. */
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/aws_source.h"
#include "net/retry.h"

/* A service in the network. Everything waits for it meanwhile. */
#define STS_DEADLINE_MS 10000
/* A service on this machine or its host: one that is there answers at once. */
#define NEAR_DEADLINE_MS 2000
#define NEAR_CONNECT_MS 1000
#define MAX_ATTEMPTS 2
#define MAX_NAME 200
#define MAX_ARGUMENTS 64

struct error *aws_fetch_fixed(struct aws_source *s, struct aws_keys *out)
{
	return aws_keys_set(out, s->description, s->fixed.access_key, s->fixed.secret_key,
			    s->fixed.session_token, NULL);
}

/* -- asking over HTTP ----------------------------------------------------------------------------- */

struct question {
	const char *method, *url;
	const char *const *headers;
	struct slice body;
	bool near; /* on this machine or its host */
	unsigned attempts;
};

struct asking {
	struct http *http;
	struct http_request request;
	unsigned attempt, attempts;
	struct buffer *out;
	struct error *err;
};

static void on_answer(void *data, const struct http_response *response)
{
	struct asking *a = data;
	struct retry_advice advice = retry_advise(response, a->attempt, time(NULL), 0, RETRY_FIRST_MS);
	if (response->status / 100 == 2 && !response->error) {
		buffer_addbuf(a->out, &response->body);
		a->err = buffer_check(a->out, "the answer");
		return;
	}
	if (advice.retry && a->attempt < a->attempts && advice.delay_ms < (uint64_t)a->request.deadline_ms) {
		a->attempt++;
		a->err = http_submit(a->http, &a->request, advice.delay_ms);
		return;
	}
	if (response->error) {
		a->err = error_new(response->error->code, "%s", response->error->message);
		return;
	}
	char *complaint = aws_answer_complaint(slice_of(&response->body));
	a->err = error_new(ERROR_NETWORK, "%ld %s", response->status,
			   complaint ? complaint : "without a reason");
	free(complaint);
}

/* Appends the body of a good answer to OUT. */
static struct error *ask(const struct aws_source *s, const struct question *q, struct buffer *out)
{
	struct http_settings settings = s->http;
	struct asking a = {
		.request = { .method = q->method, .url = q->url, .headers = q->headers, .body = q->body,
			     .deadline_ms = q->near ? NEAR_DEADLINE_MS : STS_DEADLINE_MS, .on_done = on_answer },
		.attempt = 1,
		.attempts = q->attempts,
		.out = out,
	};
	a.request.data = &a;
	if (q->near)
		settings.connect_timeout_ms = NEAR_CONNECT_MS;
	struct error *err = http_new(&a.http, &settings);
	if (err)
		return err;
	err = http_submit(a.http, &a.request, 0);
	if (!err)
		err = http_run(a.http, NULL);
	http_free(a.http);
	if (!err)
		return error_context(a.err, "%s", s->description);
	error_free(a.err);
	return error_context(err, "%s", s->description);
}

/* The one line of a file that holds a token. */
static struct error *read_token(const struct aws_source *s, char **out)
{
	struct buffer text = BUFFER_INIT_MAX(AWS_MAX_TOKEN);
	struct error *err = file_read(s->token_file, &text);
	struct slice token = slice_trim(slice_of(&text));
	for (size_t i = 0; !err && i < token.len; i++)
		if (token.data[i] <= ' ' || token.data[i] >= 0x7f)
			err = error_new(ERROR_SYNTAX, "%s holds no token", s->token_file);
	if (!err && !token.len)
		err = error_new(ERROR_SYNTAX, "%s is empty", s->token_file);
	if (!err) {
		*out = xmemdupz(token.data, token.len);
		trace_add_secret(*out);
	}
	secret_release(&text);
	return error_context(err, "%s", s->description);
}

/* -- STS ------------------------------------------------------------------------------------------ */

static void add_field(struct buffer *form, const char *name, const char *value)
{
	if (!value)
		return;
	buffer_addf(form, "%s%s=", form->len ? "&" : "", name);
	text_percent(form, slice_of_string(value), "");
}

static void write_form(struct buffer *form, const struct aws_source *s, const char *token)
{
	char *duration = s->duration > 0 ? xstrfmt("%ld", s->duration) : NULL;
	buffer_reserve(form, 1024 + 3 * (token ? strlen(token) : 0)); /* no copies left behind */
	add_field(form, "Action", token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
	add_field(form, "Version", "2011-06-15");
	add_field(form, "RoleArn", s->role);
	add_field(form, "RoleSessionName", s->session_name);
	add_field(form, "DurationSeconds", duration);
	add_field(form, "ExternalId", s->external_id);
	add_field(form, "WebIdentityToken", token);
	free(duration);
}

/* The lines of a signature as a list for http_request. */
static void split_lines(char *lines, const char **out, size_t max)
{
	for (char *p = lines, *end; (end = strchr(p, '\n')) && max--; p = end + 1) {
		*end = '\0';
		*out++ = p;
	}
}

static struct error *ask_sts(const struct aws_source *s, const struct buffer *form,
			     const struct aws_keys *keys, struct buffer *answer)
{
	const char *headers[8] = { "Content-Type: application/x-www-form-urlencoded" };
	struct sigv4_result signature = { BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, "" };
	struct error *err = NULL;
	if (keys) {
		struct sigv4_keys sigv4 = { keys->access_key, keys->secret_key, keys->session_token };
		struct sigv4_request request = {
			.method = "POST", .url = s->url, .headers = headers, .body = slice_of(form),
			.region = s->region, .service = "sts", .date = time(NULL),
		};
		err = sigv4_sign(&signature, &sigv4, &request);
		split_lines(signature.headers.data, headers + 1, 6);
	}
	struct question q = { "POST", s->url, headers, slice_of(form), false, MAX_ATTEMPTS };
	if (!err)
		err = ask(s, &q, answer);
	sigv4_result_release(&signature);
	return err;
}

struct error *aws_fetch_role(struct aws_source *s, struct aws_keys *out)
{
	struct buffer form = BUFFER_INIT, answer = BUFFER_INIT_MAX(AWS_MAX_ANSWER);
	struct aws_keys keys = { 0 };
	char *token = NULL;
	struct error *err = s->base ? s->base->fetch(s->base, &keys) : read_token(s, &token);
	if (!err) {
		write_form(&form, s, token);
		err = ask_sts(s, &form, s->base ? &keys : NULL, &answer);
	}
	if (!err)
		err = aws_answer_xml(out, slice_of(&answer), s->description);
	aws_keys_release(&keys);
	secret_free(token);
	secret_release(&form);
	secret_release(&answer);
	return err;
}

/* -- the container and the instance ---------------------------------------------------------------- */

struct error *aws_fetch_container(struct aws_source *s, struct aws_keys *out)
{
	struct buffer answer = BUFFER_INIT_MAX(AWS_MAX_ANSWER);
	char *token = NULL, *line = NULL;
	struct error *err = s->token_file ? read_token(s, &token) : NULL;
	const char *authorization = token ? token : s->token;
	if (authorization)
		line = xstrfmt("Authorization: %s", authorization);
	const char *headers[] = { line, NULL };
	struct question q = { "GET", s->url, headers, { "", 0 }, true, MAX_ATTEMPTS };
	if (!err)
		err = ask(s, &q, &answer);
	if (!err)
		err = aws_answer_json(out, slice_of(&answer), "Token", s->description);
	secret_free(token);
	secret_free(line);
	secret_release(&answer);
	return err;
}

/* GETs (or PUTs, for a token) PATH of the metadata service with HEADER; the answer, a line, in *OUT. */
static struct error *ask_instance(const struct aws_source *s, const char *method, const char *path,
				  const char *header, struct buffer *out)
{
	char *url = xstrfmt("%s/latest/%s", s->url, path);
	const char *headers[] = { header, NULL };
	struct question q = { method, url, headers, { "", 0 }, true, 1 };
	struct error *err = ask(s, &q, out);
	free(url);
	return err;
}

/* Only as a name can it become part of an address. */
static struct error *role_name(const struct aws_source *s, struct buffer *answer)
{
	size_t len = strcspn(answer->data, "\r\n");
	bool good = len > 0 && len <= MAX_NAME;
	buffer_truncate(answer, len);
	for (size_t i = 0; i < len; i++)
		good &= ascii_alnum(answer->data[i]) || strchr("+=,.@_-", answer->data[i]);
	return good ? NULL : error_new(ERROR_SYNTAX, "%s: the instance has no role", s->description);
}

static struct error *token_header(const struct aws_source *s, char **out)
{
	struct buffer answer = BUFFER_INIT_MAX(AWS_MAX_TOKEN);
	struct error *err = ask_instance(s, "PUT", "api/token",
					 "X-aws-ec2-metadata-token-ttl-seconds: 21600", &answer);
	for (size_t i = 0; !err && i < answer.len; i++)
		if (answer.data[i] <= ' ' || answer.data[i] >= 0x7f)
			err = error_new(ERROR_SYNTAX, "%s: the token is malformed", s->description);
	if (!err) {
		trace_add_secret(answer.data);
		*out = xstrfmt("X-aws-ec2-metadata-token: %s", answer.data);
	}
	secret_release(&answer);
	return err;
}

struct error *aws_fetch_instance(struct aws_source *s, struct aws_keys *out)
{
	static const char folder[] = "meta-data/iam/security-credentials/";
	struct buffer role = BUFFER_INIT_MAX(AWS_MAX_ANSWER), answer = BUFFER_INIT_MAX(AWS_MAX_ANSWER);
	char *header = NULL;
	struct error *err = token_header(s, &header);
	if (!err)
		err = ask_instance(s, "GET", folder, header, &role);
	if (!err)
		err = role_name(s, &role);
	char *path = xstrfmt("%s%s", folder, role.data);
	if (!err)
		err = ask_instance(s, "GET", path, header, &answer);
	if (!err)
		err = aws_answer_json(out, slice_of(&answer), "Token", s->description);
	free(path);
	secret_free(header);
	buffer_release(&role);
	secret_release(&answer);
	return err;
}

/* -- a program ------------------------------------------------------------------------------------ */

/* Splits COMMAND as the SDKs do without a shell: at white space outside of quotes. Writes the words, one
 * behind the other with a NUL each, to TEXT. False when a quote is open or there are too many. */
static bool split_command(const char *command, char *text, const char **argv)
{
	size_t nr = 0;
	const char *p = command;
	for (;;) {
		while (ascii_space(*p))
			p++;
		if (!*p)
			break;
		if (nr + 1 >= MAX_ARGUMENTS)
			return false;
		argv[nr++] = text;
		char quote = '\0';
		for (; *p && (quote || !ascii_space(*p)); p++) {
			if (!quote && (*p == '"' || *p == '\''))
				quote = *p;
			else if (*p == quote)
				quote = '\0';
			else if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
				*text++ = *++p;
			else
				*text++ = *p;
		}
		*text++ = '\0';
		if (quote)
			return false;
	}
	argv[nr] = NULL;
	return nr > 0;
}

struct error *aws_fetch_process(struct aws_source *s, struct aws_keys *out)
{
	struct buffer answer = BUFFER_INIT_MAX(AWS_MAX_ANSWER);
	struct process_options options = { .out = &answer };
	const char *argv[MAX_ARGUMENTS];
	char *text = xmalloc(2 * strlen(s->command) + 2);
	struct error *err = NULL;
	if (!split_command(s->command, text, argv))
		err = error_new(ERROR_USAGE, "%s: credential_process is no list of words", s->description);
	if (!err)
		err = error_context(process_run(argv, &options), "%s", s->description);
	if (!err)
		err = aws_answer_json(out, slice_of(&answer), "SessionToken", s->description);
	free(text);
	secret_release(&answer);
	return err;
}
