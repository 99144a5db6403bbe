#include "cmd/login.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/workspace.h"
#include "git/credential.h"

/* One byte at a time, so that nothing is left behind in a buffer and nothing behind the line is taken. */
static struct error *read_line(struct context *ctx, char *key, size_t size)
{
	size_t len = 0;
	char c;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR && *ctx->stop)
			return error_new(ERROR_CANCELLED, "interrupted");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(ERROR_IO, "cannot read the key");
		if (!n || c == '\n')
			break;
		if (len + 1 == size)
			return error_new(ERROR_USAGE, "this is too long for a key");
		key[len++] = c;
	}
	while (len && (key[len - 1] == '\r' || key[len - 1] == ' ' || key[len - 1] == '\t'))
		len--;
	key[len] = '\0';
	return len ? NULL : error_new(ERROR_USAGE, "there is no key in the input");
}

/* Without echo; an interrupt leaves the terminal as it was. */
static struct error *ask(struct context *ctx, const char *provider, char *key, size_t size)
{
	struct termios before, silent;
	context_catch_signals(ctx);
	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return read_line(ctx, key, size);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	silent.c_lflag |= ECHONL;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent))
		return error_errno(ERROR_IO, "cannot hide what is typed");
	fprintf(stderr, "Key of %s: ", provider);
	fflush(stderr);
	struct error *err = read_line(ctx, key, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (err && error_is(err, ERROR_CANCELLED))
		fputc('\n', stderr);
	return err;
}

static struct error *no_helper(void)
{
	return error_with_hint(error_new(ERROR_USAGE, "git has no credential helper, it would forget the key "
					 "at once"),
			       "git config --global credential.helper <helper>: `cache` keeps keys in memory, "
			       "`libsecret`, `osxkeychain` or `manager` in the system's own store, `store` in "
			       "a file in the clear");
}

/* What can be said against a key before it is kept; a server that cannot be reached says nothing. */
static struct error *check(const char *provider, const char *key, const struct model_settings *settings)
{
	struct error *err = model_check_key(provider, key, settings);
	if (!err || error_is(err, ERROR_USAGE))
		return error_context(err, "the key for %s is not kept", provider);
	char *message = redact(xstrdup(err->message));
	say_warning("the key for %s could not be checked: %s", provider, message);
	free(message);
	error_free(err);
	return NULL;
}

static struct error *keep(struct repo *repo, const char *provider, const char *endpoint, const char *key)
{
	char *kept = NULL;
	struct error *err = credential_approve(repo, endpoint, provider, key);
	if (!err)
		err = credential_fill(repo, endpoint, provider, &kept);
	if (!err && (!kept || strcmp(kept, key)))
		err = error_with_hint(error_new(ERROR_GENERIC, "git's credential helper did not keep the key"),
				      "`git config --get-all credential.helper` says which one is asked");
	secret_free(kept);
	return err;
}

/* Where the provider is, if there is somebody to keep its key; *ENDPOINT is the caller's, after an error too. */
static struct error *find_endpoint(struct context *ctx, const char *provider, struct repo **repo,
				   struct model_settings *settings, char **endpoint)
{
	*endpoint = NULL;
	struct error *err = context_repo(ctx, repo);
	if (err)
		return err;
	*settings = workspace_model_settings(*repo);
	err = model_endpoint(endpoint, provider, settings);
	return err || credential_has_helper(*repo) ? err : no_helper();
}

struct error *login(struct context *ctx, const char *provider)
{
	struct repo *repo;
	char key[CREDENTIAL_MAX], *endpoint;
	struct model_settings settings;
	struct error *err = find_endpoint(ctx, provider, &repo, &settings, &endpoint);
	if (err)
		goto out;
	err = ask(ctx, provider, key, sizeof(key));
	if (err)
		goto out;
	trace_add_secret(key);
	err = check(provider, key, &settings);
	if (!err)
		err = keep(repo, provider, endpoint, key);
	if (!err)
		printf("The key for %s is kept by git's credential helper.\n", provider);
out:
	secret_wipe(key, sizeof(key));
	free(endpoint);
	return err;
}

struct error *logout(struct context *ctx, const char *provider)
{
	struct repo *repo;
	char *endpoint, *kept = NULL, *left = NULL;
	struct model_settings settings;
	struct error *err = find_endpoint(ctx, provider, &repo, &settings, &endpoint);
	if (!err)
		err = credential_fill(repo, endpoint, provider, &kept);
	if (!err && !kept)
		err = error_new(ERROR_NOT_FOUND, "git's credential helper keeps no key for %s", provider);
	if (!err)
		err = credential_reject(repo, endpoint, provider);
	if (!err)
		err = credential_fill(repo, endpoint, provider, &left);
	if (!err && left)
		err = error_new(ERROR_GENERIC, "git's credential helper still has a key for %s", provider);
	if (!err)
		printf("The key for %s is forgotten.\n", provider);
	secret_free(kept);
	secret_free(left);
	free(endpoint);
	return err;
}
