/*
 * What runs on the instance: a systemd unit, its boot script, timers for idleness and uptime, and the user-data that installs them. All
 * are rendered from templates (src/deploy/boot/, compiled in) with values that were checked for their place.
 *
 * At every start the script: gets the secrets into a tmpfs, pulls the image of the environment's tag (not reachable: the last
 * good one), runs it, waits until it is healthy, remembers its digest as good; otherwise goes back to the last good one. Journal only,
 * no log of ours on disk.
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
/* One cloud-init script that installs FILES and enables the units; at most 16 KiB (EC2's ceiling) after compression. */
struct error *boot_user_data(struct buffer *out, const struct boot_file *files, size_t nr);
/* Lines for instance_command: take the newest image now, without a reboot; promote or drop a canary; the journal's last lines. */
const char *const *boot_command_refresh(void);
const char *const *boot_command_promote(void);
const char *const *boot_command_abort(void);

#endif
