/* `git scrutiny models login|logout <provider>`. */
#ifndef CMD_LOGIN_H
#define CMD_LOGIN_H

#include "cmd/cmd.h"

/* Reads a key, without echo from a terminal, has the provider's server check it, and hands it to git's
 * credential helper. */
struct error *login(struct context *ctx, const char *provider);
struct error *logout(struct context *ctx, const char *provider);

#endif
