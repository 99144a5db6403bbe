/* Which repositories `serve --webhook` has: git config scrutiny.webhook.<name>.*, or a file of that form. */
#ifndef CMD_SERVE_CONFIG_H
#define CMD_SERVE_CONFIG_H

#include "cmd/cmd.h"
#include "daemon/webhook.h"

#define SERVE_MAX_REPOSITORIES 256
#define SERVE_MAX_NAME 64
#define SERVE_MAX_CONFIG ((size_t)4 << 20)

struct serve_config {
	struct webhook_repository *repositories; /* sorted as they stand in the configuration */
	size_t nr;
	struct buffer text; /* what git printed; most strings point into it */
};

/* FILE: NULL for the user's git config. Opens every repository, and finds every secret unless WITHOUT_SECRETS. PROGRAM must
 * outlive it. */
struct error *serve_config_read(struct serve_config *c, const char *file, const char *program, bool without_secrets);
void serve_config_release(struct serve_config *c);

#endif
