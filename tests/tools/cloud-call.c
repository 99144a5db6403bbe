/*
 * cloud-call <what> [<name>]: asks AWS as the commands do, with the credentials of the environment, and
 * prints what it says: `login`, `repository <name>`, `make <name>` (with `latest` and `prod` as
 * tags that move), `secret <name>`, `volumes <instance>`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cloud/ecr.h"
#include "cloud/instance.h"
#include "cloud/secrets.h"

#define KEPT 30

static const char *env(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static struct error *login(struct cloud *c, const char *name)
{
	char *user, *password;
	struct error *err = ecr_login(c, &user, &password);
	(void)name;
	if (err)
		return err;
	printf("%s %s\n", user, *password ? "with a password" : "");
	free(user);
	free(password);
	return NULL;
}

static struct error *show(struct error *err, struct ecr_repository *r)
{
	if (err)
		return err;
	printf("%s %s %s\n", r->uri, r->immutable ? "immutable" : "mutable",
	       r->latest_movable ? "latest moves" : "latest stays");
	ecr_repository_release(r);
	return NULL;
}

static struct error *repository(struct cloud *c, const char *name)
{
	struct ecr_repository r;
	return show(ecr_find_repository(c, name, &r), &r);
}

static struct error *make(struct cloud *c, const char *name)
{
	static const char *const movable[] = { "latest", "prod", NULL };
	struct ecr_repository r;
	return show(ecr_make_repository(c, name, movable, KEPT, &r), &r);
}

static struct error *secret(struct cloud *c, const char *name)
{
	bool exists;
	struct error *err = secret_exists(c, name, &exists);
	if (!err)
		printf("%s\n", exists ? "there" : "not there");
	return err;
}

static struct error *volumes(struct cloud *c, const char *name)
{
	struct instance i;
	struct error *err = instance_find(c, name, &i);
	if (!err)
		err = instance_volumes(c, &i);
	if (!err)
		printf("%s %lld GB\n", i.type, (long long)i.volume_gigabytes);
	instance_release(&i);
	return err;
}

static const struct {
	const char *name;
	struct error *(*ask)(struct cloud *c, const char *name);
} questions[] = {
	{ "login", login },	{ "repository", repository },
	{ "make", make },	  { "secret", secret }, { "volumes", volumes },
};

int main(int argc, char **argv)
{
	struct cloud_settings settings = { .aws = { .env = env }, .retry_ms = 10, .poll_ms = 10 };
	struct cloud *c = NULL;
	struct error *err = argc < 2 ? error_new(ERROR_USAGE, "usage: cloud-call <what> [<name>]")
				     : cloud_new(&c, &settings);
	for (size_t i = 0; !err && i < ARRAY_SIZE(questions); i++)
		if (!strcmp(argv[1], questions[i].name))
			err = questions[i].ask(c, argc > 2 ? argv[2] : "");
	cloud_free(c);
	if (!err)
		return 0;
	fprintf(stderr, "%s\n%s%s\n", err->message, err->hint ? "hint: " : "", err->hint ? err->hint : "");
	error_free(err);
	return 1;
}
