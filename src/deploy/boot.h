/*
 * What runs on the instance: systemd units, their boot script, timers for idleness and uptime, and the user-data
 * that installs them. All are rendered from templates (src/deploy/boot/, compiled in); values are checked, and quoted
 * for their place.
 *
 * At every start the script gets the secrets into a tmpfs, pulls the image of the environment's tag (not reachable:
 * the last good one), runs it, waits until it is healthy and remembers its digest as good; otherwise it goes back to
 * the last good one. It writes to the journal only.
 */
#ifndef DEPLOY_BOOT_H
#define DEPLOY_BOOT_H

#include "base/buffer.h"
#include "deploy/config.h"

struct boot_file {
	const char *path;     /* on the instance: "/usr/local/lib/git-deploy/boot" */
	unsigned mode;
	struct buffer text;
};

/* The files for ENV; to be freed by boot_files_free. ERROR_USAGE when something is missing in CONFIG. */
struct error *boot_render(struct boot_file **files, size_t *nr, const struct deploy_config *config,
			  const struct deploy_environment *env, const char *region);
void boot_files_free(struct boot_file *files, size_t nr);
/* One cloud-init script that installs FILES, less their comments, and enables the units: text, without "${".
 * ERROR_LIMIT when it has more than the 16 KiB that EC2 takes. */
struct error *boot_user_data(struct buffer *out, const struct boot_file *files, size_t nr);
/* Lines for instance_command: take the newest image now, without a reboot (fails, and says so, when the one before
 * goes on serving); promote or drop a canary. */
const char *const *boot_command_refresh(void);
const char *const *boot_command_promote(void);
const char *const *boot_command_abort(void);
/* What runs there: lines "environment prod", "serving <digest> active", "canary <digest> active", "good <digest>",
 * "previous <digest>", "bad <digest>". */
const char *const *boot_command_status(void);

#endif
