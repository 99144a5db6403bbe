/*
 * sigv4-request <service> <method> <url> [<body> [<header>...]]: sends a request that is signed with the
 * AWS credentials of the environment, as net/aws.h finds them, and prints the status and the answer.
 *
 * With SIGV4_DATE (seconds since the epoch) nothing is sent: the signature is printed, or with
 * SIGV4_EXPIRES (seconds), too, the signed URL.
 *
 * sigv4-request - reads such lines, fields with tabs between, from standard input and prints one line for
 * each; it stops at the first error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "net/aws.h"

#define MAX_FIELDS 32
#define MAX_LINE 65536

static const char *env(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static const struct aws_settings settings_without_home = { .env = env };

static void on_done(void *data, const struct http_response *response)
{
	struct error **err = data;
	if (response->error)
		*err = error_new(response->error->code, "%s", response->error->message);
	else
		printf("%ld\n%s\n", response->status, response->body.data);
}

static struct error *send_signed(const struct sigv4_request *q, const struct sigv4_result *signature)
{
	const char *headers[2 * MAX_FIELDS] = { NULL };
	struct http_settings settings = { 0 };
	struct error *err = NULL, *answer_error = NULL;
	struct http *http;
	size_t nr = 0;
	char *lines = xstrdup(signature->headers.data);
	for (; q->headers[nr]; nr++)
		headers[nr] = q->headers[nr];
	for (char *p = lines, *end; (end = strchr(p, '\n')); p = end + 1) {
		*end = '\0';
		headers[nr++] = p;
	}
	struct http_request request = {
		.method = q->method, .url = q->url, .headers = headers, .body = q->body,
		.deadline_ms = 30000, .on_done = on_done, .data = &answer_error,
	};
	err = http_new(&http, &settings);
	if (!err)
		err = http_submit(http, &request, 0);
	if (!err)
		err = http_run(http, NULL);
	http_free(http);
	free(lines);
	return err ? err : answer_error;
}

/* FIELDS: service, method, URL, body, headers. */
static struct error *do_request(struct aws_credentials *credentials, const char *const *fields)
{
	const char *date = getenv("SIGV4_DATE"), *expires = getenv("SIGV4_EXPIRES");
	char *region = aws_region(&settings_without_home);
	const char *body = fields[3] ? fields[3] : "";
	static const char *const no_headers[] = { NULL };
	struct sigv4_request q = {
		.service = fields[0], .method = fields[1], .url = fields[2],
		.body = { body, strlen(body) },
		.headers = fields[3] ? fields + 4 : no_headers,
		.region = region ? region : "us-east-1",
		.date = date ? strtoll(date, NULL, 10) : (int64_t)time(NULL),
		.place = expires ? SIGV4_QUERY : SIGV4_HEADERS,
		.expires = expires ? strtol(expires, NULL, 10) : 0,
	};
	struct sigv4_keys keys;
	struct sigv4_result signature;
	struct error *err = aws_credentials_keys(credentials, &keys);
	if (err)
		return err;
	err = sigv4_sign(&signature, &keys, &q);
	if (!err && expires)
		puts(signature.url.data);
	else if (!err && date)
		puts(signature.signature);
	else if (!err)
		err = send_signed(&q, &signature);
	sigv4_result_release(&signature);
	free(region);
	return err;
}

static struct error *do_lines(struct aws_credentials *credentials)
{
	static char line[MAX_LINE];
	struct error *err = NULL;
	while (!err && fgets(line, sizeof(line), stdin)) {
		const char *fields[MAX_FIELDS + 1] = { NULL };
		size_t nr = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *p = line, *tab; p && nr < MAX_FIELDS; p = tab ? tab + 1 : NULL) {
			tab = strchr(p, '\t');
			if (tab)
				*tab = '\0';
			fields[nr++] = p;
		}
		err = nr < 3 ? error_new(ERROR_USAGE, "a line has no service, method and URL")
			     : do_request(credentials, fields);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct aws_credentials *credentials = NULL;
	struct aws_settings settings = settings_without_home;
	settings.home = getenv("HOME");
	if (argc < 4 && !(argc == 2 && !strcmp(argv[1], "-"))) {
		fputs("usage: sigv4-request <service> <method> <url> [<body> [<header>...]]\n", stderr);
		return 129;
	}
	struct error *err = aws_credentials_new(&credentials, &settings);
	if (!err)
		err = argc == 2 ? do_lines(credentials)
				: do_request(credentials, (const char *const *)argv + 1);
	aws_credentials_free(credentials);
	if (!err)
		return 0;
	fprintf(stderr, "fatal: %s\n", err->message);
	error_free(err);
	return 128;
}
