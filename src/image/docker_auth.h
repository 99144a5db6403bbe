/* Who we are to a registry: docker's configuration file and its credential helpers, and podman's auth.json,
 * as docker, podman and skopeo read them.
 * https://docs.docker.com/reference/cli/docker/login/#credential-stores */
#ifndef IMAGE_DOCKER_AUTH_H
#define IMAGE_DOCKER_AUTH_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Bytes of a configuration file, and of a helper's answer. */
#define DOCKER_AUTH_MAX_SIZE ((size_t)1 << 20)
/* User of a login whose password is an identity token. */
#define DOCKER_IDENTITY_USER "<token>"

struct docker_login {
	/* USER is NULL: there is none. Both malloc'd; the password is known to the redactor. */
	char *user, *password;
	bool narrow; /* other repositories of the host may have another */
};
void docker_login_release(struct docker_login *login); /* wipes the password */

/* Looks for HOST ("127.0.0.1:5000", "registry-1.docker.io") in FILES (paths, NULL-terminated; those that are
 * not there are passed over): in each its credHelpers, its credsStore, then its auths. Keys may name a part
 * of the host's repositories, as podman has it ("quay.io/user"); the one nearest to REPOSITORY (may be NULL)
 * counts. */
struct error *docker_auth_find(const char *const *files, const char *host, const char *repository,
			       struct docker_login *out);
/* The same in the TEXT of one file, WHERE in errors; helpers are not asked, but *HELPER (malloc'd, NULL:
 * none) says which would be. */
struct error *docker_auth_parse(struct slice text, const char *where, const char *host,
				const char *repository, struct docker_login *out, char **helper);

#endif
