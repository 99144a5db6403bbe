#include "cloud/call.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "cloud/fault.h"
#include "net/retry.h"

#define DEADLINE_MS 60000
/* Nobody waits longer than this for a server that asks to be left alone. */
#define MAX_DELAY_MS 60000
#define MAX_HEADERS 12

static const struct cloud_service services[] = {
	{ "ec2", "ec2", "EC2", NULL, "2016-11-15" },
	{ "ecr", "api.ecr", "ECR", "AmazonEC2ContainerRegistry_V20150921" },
	{ "secretsmanager", "secretsmanager", "SECRETS_MANAGER", "secretsmanager" },
	{ "ssm", "ssm", "SSM", "AmazonSSM" },
};

bool cloud_is_service(struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (slice_equals(name, services[i].name))
			return true;
	return false;
}

struct error *cloud_call_init(struct cloud_call *call, const struct cloud *c, const char *service,
			      const char *action, bool json)
{
	*call = (struct cloud_call){ .action = cloud_action_find(service, action) };
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (!strcmp(services[i].name, service))
			call->service = &services[i];
	if (!call->action || !call->service || json != (call->service->target != NULL))
		return error_new(ERROR_USAGE, "%s:%s is not in the table of actions", service, action);
	call->region = c->region;
	return NULL;
}

/* -- one try after the other ---------------------------------------------------------------------- */

struct sending {
	struct cloud *cloud;
	struct http *http;
	const struct cloud_call *call;
	char *url;
	unsigned attempt;
	struct buffer *out;
	struct error *err;
};

static void add_signature(char *lines, const char **headers, size_t nr)
{
	for (char *p = lines, *end; (end = strchr(p, '\n')) && nr + 1 < MAX_HEADERS; p = end + 1) {
		*end = '\0';
		headers[nr++] = p;
	}
	headers[nr] = NULL;
}

static void on_answer(void *data, const struct http_response *response);

/* Signs the request as of when it will leave, and submits it. */
static struct error *submit(struct sending *s, uint64_t delay_ms)
{
	const struct cloud_service *service = s->call->service;
	const char *headers[MAX_HEADERS] = { 0 };
	struct sigv4_keys keys;
	struct sigv4_result signature = { BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, "" };
	char *target = xstrfmt("X-Amz-Target: %s.%s", service->target ? service->target : "",
			       s->call->action->name);
	size_t nr = 0;
	headers[nr++] = service->target ? "Content-Type: application/x-amz-json-1.1"
					: "Content-Type: application/x-www-form-urlencoded; charset=utf-8";
	if (service->target)
		headers[nr++] = target;
	struct error *err = aws_credentials_keys(s->cloud->credentials, &keys);
	struct sigv4_request to_sign = {
		.method = "POST", .url = s->url, .headers = headers, .body = s->call->body,
		.region = s->call->region, .service = service->name,
		.date = (int64_t)time(NULL) + (int64_t)(delay_ms / 1000),
	};
	if (!err)
		err = sigv4_sign(&signature, &keys, &to_sign);
	if (!err) {
		add_signature(signature.headers.data, headers, nr);
		err = http_submit(s->http, &(struct http_request){
			.method = "POST", .url = s->url, .headers = headers, .body = s->call->body,
			.deadline_ms = DEADLINE_MS, .on_done = on_answer, .data = s,
		}, delay_ms);
	}
	sigv4_result_release(&signature);
	free(target);
	return err;
}

/* What was refused for being too much was not carried out; of all else that failed only AWS knows. */
static bool may_repeat(const struct sending *s, const struct http_response *response, enum fault_kind kind,
		       const struct retry_advice *advice)
{
	if (s->attempt >= RETRY_MAX_ATTEMPTS || advice->delay_ms > MAX_DELAY_MS)
		return false;
	if (kind == FAULT_THROTTLED || kind == FAULT_CAPACITY)
		return kind == FAULT_THROTTLED;
	if (response->error)
		return advice->retry && (s->call->action->repeatable || !response->sent);
	return advice->retry && s->call->action->repeatable &&
	       (response->status >= 500 || response->status == 408);
}

static void on_answer(void *data, const struct http_response *response)
{
	struct sending *s = data;
	struct cloud_fault fault = { 0 };
	if (!response->error && response->status / 100 == 2) {
		buffer_addbuf(s->out, &response->body);
		s->err = buffer_check(s->out, "the answer of AWS");
		return;
	}
	int64_t now = (int64_t)time(NULL);
	double random = (double)(clock_us() % 1000) / 1000;
	struct retry_advice advice = retry_advise(response, s->attempt, now, random, s->cloud->retry_ms);
	if (!response->error)
		cloud_fault_read(&fault, response, now);
	if (may_repeat(s, response, fault.kind, &advice)) {
		s->attempt++;
		s->err = submit(s, advice.delay_ms);
	} else if (response->error) {
		s->err = error_new(response->error->code, "%s: %s: %s", s->call->service->name,
				   s->call->action->name, response->error->message);
	} else {
		s->err = cloud_fault_error(&fault, s->call, aws_credentials_source(s->cloud->credentials));
	}
	cloud_fault_release(&fault);
}

static char *url_of(const struct cloud *c, const struct cloud_call *call)
{
	char *url = aws_endpoint(&c->aws, call->service->variable);
	if (url)
		return url;
	return aws_service_url(call->service->host, call->region);
}

struct error *cloud_call_send(struct cloud *c, const struct cloud_call *call, struct buffer *out)
{
	struct sending s = { .cloud = c, .http = c->http, .call = call, .attempt = 1, .out = out };
	struct error *err = NULL;
	/* libcurl repeats by itself what breaks off on a connection that was used before. */
	if (!call->action->repeatable)
		err = http_new(&s.http, &c->aws.http);
	if (err)
		return err;
	s.url = url_of(c, call);
	err = submit(&s, 0);
	if (!err)
		err = http_run(s.http, c->stop);
	if (err)
		error_free(s.err);
	else
		err = s.err;
	if (s.http != c->http)
		http_free(s.http);
	free(s.url);
	return err;
}
