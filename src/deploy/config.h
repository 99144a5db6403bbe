/*
 * .deploy.yml: what is deployed, and where to. Read from the commit that is deployed, so it is attacker
 * input: it cannot set an endpoint, a credential, a command that runs outside the container, or a path
 * outside the repository, and money only downwards (git config deploy.budgetStop and deploy.budgetWarn are
 * the ceilings). All strings are checked against the characters their place allows, so that they can be put
 * into units, scripts and policies. docs/formats/deploy-yml.schema.json
 */
#ifndef DEPLOY_CONFIG_H
#define DEPLOY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "git/repo.h"
#include "image/reference.h"

#define DEPLOY_CONFIG_FILE ".deploy.yml"
#define DEPLOY_CONFIG_MAX_SIZE ((size_t)256 << 10)
#define DEPLOY_MAX_ENVIRONMENTS 16
#define DEPLOY_MAX_SECRETS 64
#define DEPLOY_MAX_VARIABLES 64
#define DEPLOY_DEFAULT_HEALTH_SECONDS 90
#define DEPLOY_DEFAULT_WARN 15.0
#define DEPLOY_DEFAULT_STOP 20.0
#define DEPLOY_DEFAULT_IDLE_MINUTES 30
#define DEPLOY_DEFAULT_UPTIME_MINUTES (12 * 60)

struct deploy_secret {
	char *variable;     /* "OPENAI_API_KEY" */
	char *source;       /* "/web-demo/openai" or "secretsmanager:web-demo/db#password" */
};

struct deploy_variable {
	char *name, *value;
};

enum deploy_strategy {
	DEPLOY_REPLACE,    /* stop the old, start the new, fall back if it is not healthy */
	DEPLOY_BLUE_GREEN, /* the new one becomes healthy on the second port before the old one stops */
	DEPLOY_CANARY,     /* the new one runs beside the old on the second port or instance until `git deploy
			      promote` */
};

struct deploy_environment {
	char *name;         /* "prod": of tags deploy-prod-... */
	char *region;       /* NULL: of the registry if it is ECR, else of the user's AWS settings */
	char *instance;     /* id, or value of the tag Name; NULL: none yet */
	char *type;         /* "t3.medium"; NULL: unknown */
	char *canary_instance; /* or NULL */
	unsigned port;      /* on the instance: 80 */
	unsigned second_port;  /* 0: none */
	bool spot, hibernate;
	enum deploy_strategy strategy;
	char *url;          /* where people find it, if it has a name of its own; else NULL */
};

struct deploy_config {
	char *app;                     /* "web-demo" */
	/* Registry and repository; no tag. The file need not name it: of git config deploy.registry then, or
	 * (registry NULL) unknown. */
	struct reference repository;
	/* How the image is made. */
	char *dockerfile;              /* path; NULL: as the members below say */
	char *context;                 /* folder; "" is the top */
	char *base; /* "python:3.12-slim"; NULL with a Dockerfile, as are all below but the platform */
	char *platform;                /* "linux/amd64" */
	char *dependencies; /* path of requirements.txt, pyproject.toml, package.json; NULL: none */
	char **packages; size_t nr_packages;  /* of the base's distribution */
	char **files; size_t nr_files;        /* paths in the context; 0: all */
	char **command; size_t nr_command;    /* 0: the base's */
	struct deploy_variable *environment; size_t nr_environment; /* ENV of the image; no secrets */
	char *user;                           /* NULL: the base's */
	/* How it runs. */
	unsigned port;                 /* in the container */
	char *health;                  /* "/healthz" */
	unsigned health_timeout;       /* seconds until the first 2xx or 3xx */
	struct deploy_secret *secrets; size_t nr_secrets;
	char **data; size_t nr_data;   /* folders in the container that outlive it: "/data" */
	char **allowed_secrets; size_t nr_allowed_secrets; /* paths that the scan may pass over */
	unsigned memory_megabytes;     /* 0: no limit */
	bool gpu;
	unsigned idle_minutes, uptime_minutes; /* 0: never */
	double warn_usd, stop_usd;     /* a month; below 0: no limit, which only git config can say */
	struct deploy_environment *environments; size_t nr_environments;
};

/* Reads FILE's TEXT. ERROR_SYNTAX at file:line:column. To be released in any case. */
struct error *deploy_config_parse(struct deploy_config *out, struct slice text, const char *file);
/* The file of COMMIT; ERROR_NOT_FOUND with `git deploy init` as hint. Budgets are lowered to the user's (git
 * config). */
struct error *deploy_config_read(struct deploy_config *out, struct repo *repo, const struct oid *commit);
void deploy_config_release(struct deploy_config *c);
/* NAME NULL: the only one, or "prod"; *OUT is NULL when there are none at all, and all of it is prod.
 * ERROR_USAGE lists those that there are. */
struct error *deploy_config_environment(const struct deploy_config *c, const char *name,
					const struct deploy_environment **out);
/* The region ENV is in, if the file or the registry's name tells; NULL otherwise. malloc'd. */
char *deploy_config_region(const struct deploy_config *c, const struct deploy_environment *env);

#endif
