/* SSM Parameter Store, Secrets Manager, and commands on an instance through SSM. */
#ifndef CLOUD_SECRETS_H
#define CLOUD_SECRETS_H

#include "cloud/cloud.h"

/* Whether it is there, without reading its value. NAME: "/app/key" is a parameter,
 * "secretsmanager:<name>[#<json key>]" a secret (whether the key is in it, only its value would tell). */
struct error *secret_exists(struct cloud *c, const char *name, bool *exists);

#define COMMAND_MAX_OUTPUT 24000 /* characters that SSM keeps, the first ones */
/* Runs LINES (shell, written by us, never by the repository; NULL-terminated) on the instance and waits; OUT
 * gets its output. ERROR_NOT_FOUND when no agent answers there; ERROR_TIMEOUT; ERROR_GENERIC with the last
 * line of its standard error when it failed, unless EXIT_STATUS is given: then a status other than 0 is no
 * error. */
struct error *instance_command(struct cloud *c, const char *instance, const char *const *lines,
			       uint64_t timeout_ms, struct buffer *out, int *exit_status);

#endif
