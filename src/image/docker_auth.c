#include "image/docker_auth.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"

#define HUB "registry-1.docker.io"
/* What docker calls it, for reasons of history. */
#define HUB_KEY "https://index.docker.io/v1/"
/* Some helpers ask a person, or another service. */
#define HELPER_TIMEOUT_MS 60000
#define MAX_HELPER_NAME 64
/* What helpers say, with a failing exit status, when they know of nothing. */
#define NOT_FOUND "credentials not found"

void docker_login_release(struct docker_login *login)
{
	free(login->user);
	secret_free(login->password);
	*login = (struct docker_login){ 0 };
}

static void set_login(struct docker_login *out, char *user, char *password)
{
	free(out->user);
	secret_free(out->password);
	out->user = user;
	out->password = password;
	trace_add_secret(password);
}

/* -- keys ------------------------------------------------------------------------------------------- */

static bool is_hub(struct slice host)
{
	static const char *const names[] = { HUB, "index.docker.io", "docker.io" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (host.len == strlen(names[i]) && !strncasecmp(host.data, names[i], host.len))
			return true;
	return false;
}

/* How near KEY is to HOST and REPOSITORY: 0 not at all, 1 the host, and more for each character of the
 * repository's name. A URL is of the host, whatever its path; without a scheme, a path is the beginning of a
 * repository's name. */
static size_t nearness(const char *key, const char *host, const char *repository, bool *narrow)
{
	const char *rest = key;
	bool url = skip_prefix(key, "https://", &rest) || skip_prefix(key, "http://", &rest);
	size_t len = strcspn(rest, "/");
	bool same = (len == strlen(host) && !strncasecmp(rest, host, len)) ||
		    (!strcmp(host, HUB) && is_hub((struct slice){ rest, len }));
	const char *path = rest + len + (rest[len] == '/');
	if (!same || url || !*path || !strcmp(path, "v1/") || !strcmp(path, "v2/"))
		return same;
	*narrow = true;
	size_t path_len = strlen(path);
	if (!repository || strncmp(repository, path, path_len) ||
	    (repository[path_len] && repository[path_len] != '/'))
		return 0;
	return 1 + path_len;
}

/* The member of OBJECT whose key is nearest, or NULL. */
static const cJSON *nearest(const cJSON *object, const char *host, const char *repository, bool *narrow)
{
	const cJSON *best = NULL, *item = cJSON_IsObject(object) ? object->child : NULL;
	size_t best_nearness = 0;
	for (; item; item = item->next) {
		size_t n = nearness(item->string, host, repository, narrow);
		if (n > best_nearness) {
			best = item;
			best_nearness = n;
		}
	}
	return best;
}

/* -- what the file has itself ----------------------------------------------------------------------- */

/* base64 of "user:password". */
static struct error *take_auth(struct docker_login *out, const char *auth, const char *where, const char *key)
{
	struct buffer plain = BUFFER_INIT_MAX(DOCKER_AUTH_MAX_SIZE);
	bool good = base64_decode(&plain, slice_of_string(auth));
	/* Some versions of docker fill up with NULs. */
	while (good && plain.len && !plain.data[plain.len - 1])
		buffer_truncate(&plain, plain.len - 1);
	char *colon = good ? memchr(plain.data, ':', plain.len) : NULL;
	struct error *err = NULL;
	if (!colon || colon == plain.data || memchr(plain.data, '\0', plain.len))
		err = error_new(ERROR_SYNTAX, "%s: the login of '%s' is not base64 of 'user:password'", where,
				key);
	else
		set_login(out, xmemdupz(plain.data, (size_t)(colon - plain.data)), xstrdup(colon + 1));
	secret_release(&plain);
	return err;
}

static struct error *take_login(struct docker_login *out, const cJSON *item, const char *where)
{
	const char *identity = json_string_or(item, "identitytoken", "");
	const char *auth = json_string_or(item, "auth", "");
	const char *user = json_string_or(item, "username", ""),
		   *password = json_string_or(item, "password", "");
	if (*identity)
		set_login(out, xstrdup(DOCKER_IDENTITY_USER), xstrdup(identity));
	else if (*auth)
		return take_auth(out, auth, where, item->string);
	else if (*user)
		set_login(out, xstrdup(user), xstrdup(password));
	return NULL;
}

static bool is_helper_name(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return len && len <= MAX_HELPER_NAME && ascii_alnum((unsigned char)*name);
}

struct error *docker_auth_parse(struct slice text, const char *where, const char *host,
				const char *repository, struct docker_login *out, char **helper)
{
	cJSON *json = NULL;
	bool narrow_helper = false;
	*helper = NULL;
	struct error *err = json_parse(&json, text, where);
	if (err)
		return err;
	const cJSON *auths = cJSON_GetObjectItemCaseSensitive(json, "auths");
	const cJSON *helpers = cJSON_GetObjectItemCaseSensitive(json, "credHelpers");
	const cJSON *own = nearest(helpers, host, NULL, &narrow_helper);
	const char *name = cJSON_IsString(own) ? own->valuestring : json_string_or(json, "credsStore", "");
	const cJSON *login = nearest(auths, host, repository, &out->narrow);
	if (*name && !is_helper_name(name))
		err = error_new(ERROR_SYNTAX, "%s: '%s' is no name of a credential helper", where, name);
	else if (*name)
		*helper = xstrdup(name);
	if (!err && cJSON_IsObject(login))
		err = take_login(out, login, where);
	cJSON_Delete(json);
	return err;
}

/* -- helpers ---------------------------------------------------------------------------------------- */

/* Their error messages go to standard output. */
static struct error *helper_failed(const char *program, const struct buffer *out,
				   const struct buffer *err_out)
{
	struct slice words = slice_trim(out->len ? slice_of(out) : slice_of(err_out));
	const char *eol = memchr(words.data, '\n', words.len);
	if (eol)
		words.len = (size_t)(eol - words.data);
	if (words.len > 200)
		words.len = 200;
	char *text = redact(xmemdupz(words.data, words.len));
	struct error *err =
		error_new(ERROR_GENERIC, "%s failed: %s", program, *text ? text : "without a reason");
	free(text);
	return err;
}

static struct error *take_answer(struct docker_login *out, struct slice answer, const char *program)
{
	cJSON *json = NULL;
	const char *user, *secret;
	struct error *err = json_parse(&json, answer, program);
	if (!err)
		err = json_get_string(json, "Username", program, &user);
	if (!err)
		err = json_get_string(json, "Secret", program, &secret);
	if (!err)
		set_login(out, xstrdup(*user ? user : DOCKER_IDENTITY_USER), xstrdup(secret));
	cJSON_Delete(json);
	return err;
}

/* https://github.com/docker/docker-credential-helpers#development */
static struct error *ask_helper(struct docker_login *out, const char *name, const char *where,
				const char *host)
{
	char *program = xstrfmt("docker-credential-%s", name);
	const char *const argv[] = { program, "get", NULL };
	struct buffer said = BUFFER_INIT_MAX(DOCKER_AUTH_MAX_SIZE), complaint = BUFFER_INIT_MAX(65536);
	int status = 0;
	struct process_options options = {
		.input = slice_of_string(strcmp(host, HUB) ? host : HUB_KEY),
		.out = &said,
		.err = &complaint,
		.exit_status = &status,
		.timeout_ms = HELPER_TIMEOUT_MS,
	};
	struct error *err = process_run(argv, &options);
	if (error_is(err, ERROR_NOT_FOUND))
		err = error_with_hint(err, "%s says that it has the logins: install it, or change that file",
				      where);
	else if (!err && !status)
		err = take_answer(out, slice_of(&said), program);
	else if (!err && !strstr(said.data, NOT_FOUND) && !strstr(complaint.data, NOT_FOUND))
		err = helper_failed(program, &said, &complaint);
	secret_release(&said);
	buffer_release(&complaint);
	free(program);
	return err;
}

static struct error *find_in_file(struct docker_login *out, const char *path, const char *host,
				  const char *repository)
{
	struct buffer text = BUFFER_INIT_MAX(DOCKER_AUTH_MAX_SIZE);
	char *helper = NULL;
	struct docker_login stored = { 0 }, helped = { 0 };
	struct error *err = file_read(path, &text);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return NULL;
	if (!err)
		err = docker_auth_parse(slice_of(&text), path, host, repository, &stored, &helper);
	if (!err && helper)
		err = ask_helper(&helped, helper, path, host);
	struct docker_login *found = helped.user ? &helped : &stored;
	out->narrow |= stored.narrow;
	if (!err && found->user) {
		out->user = found->user;
		out->password = found->password;
		*found = (struct docker_login){ 0 };
	}
	docker_login_release(&stored);
	docker_login_release(&helped);
	secret_release(&text);
	free(helper);
	return err;
}

struct error *docker_auth_find(const char *const *files, const char *host, const char *repository,
			       struct docker_login *out)
{
	struct error *err = NULL;
	*out = (struct docker_login){ 0 };
	for (; *files && !err && !out->user; files++)
		err = find_in_file(out, *files, host, repository);
	return err;
}
