/* Who we are to a registry: docker's configuration file and its credential helpers, as docker, podman and skopeo
 * read them. https://docs.docker.com/reference/cli/docker/login/#credential-stores */
#ifndef IMAGE_DOCKER_AUTH_H
#define IMAGE_DOCKER_AUTH_H

#include "base/error.h"

/* Looks for HOST in FILES (paths, NULL-terminated; those that are not there are passed over): credHelpers, auths,
 * credsStore, in docker's order. *USER is NULL when there is nothing. Both are malloc'd and known to the redactor; a
 * user "<token>" has an identity token as password. */
struct error *docker_auth_find(const char *const *files, const char *host, char **user, char **password);

#endif
