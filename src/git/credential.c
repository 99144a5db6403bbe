#include "git/credential.h"

#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"

#define MAX_ANSWER ((size_t)64 << 10)
#define TIMEOUT_MS 60000

/* git asks nobody: not the terminal, no askpass program (an empty name is none, whatever core.askPass
 * says), no window of a helper that knows one of the usual ways to be told. */
static const char *const no_questions[] = {
	"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GCM_INTERACTIVE=never", NULL,
};

static void note_helper(const char *key, const char *value, void *data)
{
	bool *any = data;
	if (ends_with(key, ".helper"))
		*any = *value != '\0'; /* an empty one takes back those before it */
}

bool credential_has_helper(struct repo *repo)
{
	bool any = false;
	repo_config_each(repo, "credential.", note_helper, &any);
	return any;
}

/* A line break would begin another line of the protocol. */
static struct error *add_line(struct buffer *out, const char *name, const char *value)
{
	if (strpbrk(value, "\r\n"))
		return error_new(ERROR_USAGE, "the %s of a credential holds a line break", name);
	buffer_addf(out, "%s=%s\n", name, value);
	return NULL;
}

static void wipe(struct buffer *b)
{
	if (b->len)
		explicit_bzero(b->data, b->len);
	buffer_release(b);
}

static struct error *talk(struct repo *repo, const char *action, const char *url, const char *username,
			  const char *secret, struct buffer *out, int *status)
{
	const char *const argv[] = { "-c", "credential.interactive=false", "credential", action, NULL };
	/* Grows once only, so that no copy of the secret is left in memory. */
	struct buffer input = BUFFER_INIT, ignored = BUFFER_INIT_MAX(MAX_ANSWER);
	buffer_reserve(&input, strlen(url) + (username ? strlen(username) : 0) + CREDENTIAL_MAX + 64);
	struct error *err = add_line(&input, "url", url); /* it would clear the others */
	if (!err && username)
		err = add_line(&input, "username", username);
	if (!err && secret)
		err = add_line(&input, "password", secret);
	buffer_addch(&input, '\n');
	struct process_options options = {
		.env = no_questions,
		.input = slice_of(&input),
		.out = out ? out : &ignored,
		.discard_err = true,
		.exit_status = status,
		.timeout_ms = TIMEOUT_MS,
	};
	if (!err)
		err = repo_git(repo, argv, &options);
	wipe(&input);
	buffer_release(&ignored);
	return err;
}

/* The value of the last line "NAME=...", or an empty slice. */
static struct slice line_of(struct slice text, const char *name)
{
	struct slice found = { "", 0 };
	size_t len = strlen(name);
	while (text.len) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t line = newline ? (size_t)(newline - text.data) : text.len;
		if (line > len && !memcmp(text.data, name, len) && text.data[len] == '=')
			found = (struct slice){ text.data + len + 1, line - len - 1 };
		size_t step = line + (newline ? 1 : 0);
		text.data += step;
		text.len -= step;
	}
	return found;
}

struct error *credential_find(struct repo *repo, const char *url, const char *username, char **user,
			      char **secret)
{
	struct buffer out = BUFFER_INIT_MAX(MAX_ANSWER);
	int status = 0;
	*user = *secret = NULL;
	struct error *err = talk(repo, "fill", url, username, NULL, &out, &status);
	struct slice password = line_of(slice_of(&out), "password");
	if (!err && !status && password.len && password.len <= CREDENTIAL_MAX) {
		struct slice name = line_of(slice_of(&out), "username");
		*user = xmemdupz(name.data, name.len);
		*secret = xmemdupz(password.data, password.len);
		trace_add_secret(*secret);
	}
	wipe(&out);
	return err;
}

struct error *credential_fill(struct repo *repo, const char *url, const char *username, char **secret)
{
	char *user;
	struct error *err = credential_find(repo, url, username, &user, secret);
	if (*secret && strcmp(user, username) != 0) {
		trace_printf("a credential helper answers for another user than %s: not used", username);
		secret_free(*secret);
		*secret = NULL;
	}
	free(user);
	return err;
}

struct error *credential_approve(struct repo *repo, const char *url, const char *username,
				 const char *secret)
{
	int status;
	return talk(repo, "approve", url, username, secret, NULL, &status);
}

struct error *credential_reject(struct repo *repo, const char *url, const char *username)
{
	int status;
	return talk(repo, "reject", url, username, NULL, NULL, &status);
}
