/* What the commands of git deploy need: the commit, its .deploy.yml, registries and the cloud. */
#ifndef CMD_DEPLOYMENT_H
#define CMD_DEPLOYMENT_H

#include "cloud/cloud.h"
#include "cmd/cmd.h"
#include "deploy/config.h"
#include "image/registry.h"

/* The option of all commands about one environment, at OFFSET a string. */
#define OPTION_ENVIRONMENT(offset)                                  \
	{ OPTION_STRING, 'e', "env", offset, "<name>",              \
	  "the environment; without it the only one, or prod" }

struct deployment {
	struct context *ctx;
	struct repo *repo;
	struct oid commit;
	struct deploy_config config;
	const struct deploy_environment *environment; /* NULL when .deploy.yml has none */
	struct registries *registries; /* see deployment_registries */
	struct cloud *cloud;           /* see deployment_cloud */
};

/* Reads .deploy.yml of REV (NULL: HEAD) and picks ENVIRONMENT (NULL: the only one, or prod). With NULL, not with
 * "HEAD", it warns of a dirty work tree, which is never what is deployed. */
struct error *deployment_open(struct deployment *d, struct context *ctx, const char *rev, const char *environment);
void deployment_release(struct deployment *d);

/* Opened on first use, both are D's. */
struct error *deployment_registries(struct deployment *d, struct registries **out);
/* In the environment's region. */
struct error *deployment_cloud(struct deployment *d, struct cloud **out);

/* Where layers are kept: <git dir>/scrutiny/layers; malloc'd. */
char *deployment_cache(const struct deployment *d);
/* What assemblies and releases call while they go on; LINE is a struct progress. */
void deployment_progress(void *line, const char *what, size_t done, size_t total);
/* Lines of warnings (of an assembly; NULL: none), each for itself. */
void deployment_warn(const char *lines);
/* The URL of origin without user and password, for provenance; malloc'd; NULL when there is none. */
char *deployment_source(const struct deployment *d);
/* Brings the ledger of hours here up to what other clones have booked; that it cannot be is a warning. */
void deployment_fetch_hours(struct repo *repo);
/* For cloud_new without a .deploy.yml; what it points to lives as long as REPO. */
struct cloud_settings deployment_cloud_settings(struct context *ctx, struct repo *repo, const char *region);

#endif
