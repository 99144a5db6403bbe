/* A registry that is a script. */
#ifndef TESTS_REGISTRY_TESTING_H
#define TESTS_REGISTRY_TESTING_H

#include "scripted_server.h"

#include "base/memory.h"
#include "base/text.h"
#include "image/docker_auth.h"
#include "image/registry_internal.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define NOT_THERE "HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n"
#define OPENED "HTTP/1.1 202 Accepted\r\nLocation: /up/1?state=a%2Fb\r\nContent-Length: 0\r\n\r\n"
#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
#define WANTS_BASIC "HTTP/1.1 401 no\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n"
#define CUT_SHORT "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\nhalf"
/* base64 of "ann:1", "ann:2" */
#define ANN_1 "Authorization: Basic YW5uOjE="
#define ANN_2 "Authorization: Basic YW5uOjI="
/* SHA-256 of "hello" */
#define HELLO_DIGEST "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER_DIGEST "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"

struct world {
	struct scripted_server *server;
	struct registries *registries;
	struct reference ref;
	unsigned logins, fresh;
	const char *user;   /* NULL: "ann" */
	bool nobody;
	int stop;
};

/* Passwords are "1", "2", ... */
static inline struct error *login(void *data, const char *host, const char *repository, bool fresh,
			   struct registry_login *out)
{
	struct world *w = data;
	assert_non_null(strstr(w->server->url, host));
	assert_string_equal(repository, "team/app");
	w->logins++;
	w->fresh += fresh;
	if (w->nobody)
		return NULL;
	out->user = xstrdup(w->user ? w->user : "ann");
	out->password = xstrfmt("%u", w->logins);
	return NULL;
}

static inline void world_open(struct world *w, struct scripted *script, size_t nr)
{
	*w = (struct world){ .server = server_start(script, nr) };
	struct registry_settings settings = {
		.login = login, .login_data = w, .retry_first_ms = 1, .temporary = "/tmp", .stop = &w->stop,
	};
	assert_null(registries_new(&w->registries, &settings));
	char *name = xstrfmt("%s/team/app:v1", w->server->url + strlen("http://"));
	assert_null(reference_parse(&w->ref, name));
	free(name);
}

#define WORLD(w, script) world_open(&(w), script, ARRAY_SIZE(script))

static inline void world_close(struct world *w)
{
	registries_free(w->registries);
	reference_release(&w->ref);
	server_stop(w->server);
}

static inline void assert_error(struct error *err, enum error_code code, const char *part)
{
	assert_non_null(err);
	if (!strstr(err->message, part))
		print_error("'%s' is not in: %s\n", part, err->message);
	assert_non_null(strstr(err->message, part));
	assert_int_equal(err->code, code);
	error_free(err);
}

static inline struct error *get(struct world *w, char **text)
{
	struct buffer out = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct error *err = registry_get_manifest(w->registries, &w->ref, &out, NULL, NULL);
	if (text)
		*text = buffer_detach(&out, NULL);
	buffer_release(&out);
	return err;
}

static inline struct error *put_hello(struct world *w, struct blob *blob)
{
	int64_t sent;
	*blob = (struct blob){ .size = 5, .bytes = { "hello", 5 } };
	digest_of("hello", 5, &blob->digest);
	return registry_put_blobs(w->registries, &w->ref, blob, 1, &sent);
}

#endif
