/* What the readers of .deploy.yml's sections share: tables of keys. */
#ifndef DEPLOY_CONFIG_PARTS_H
#define DEPLOY_CONFIG_PARTS_H

#include "base/yaml.h"
#include "deploy/config.h"
#include "deploy/config_text.h"

#define CONFIG_MAX_LIST 256

struct config_key;
struct config_keys {
	const char *in;        /* "" at the top, "image" */
	const struct config_key *keys;
	size_t nr;
};

/* One value: where it stands, and its name in full ("environments.prod.port"). */
struct config_value {
	const char *file, *name;
	const struct yaml_node *node;
};

struct config_key {
	const char *name;
	/* Reads V into TO, the struct that the table is of. */
	struct error *(*read)(const struct config_key *key, const struct config_value *v, void *to);
	size_t at;              /* of the member */
	size_t nr_at;           /* lists: of their number */
	enum config_text text;  /* strings and lists of them */
	unsigned min, max;      /* numbers, and lengths of lists */
	const struct config_keys *section; /* read_section: into the same struct */
};

/* Reads all keys of V, a mapping, into TO. Unknown ones are refused, with the nearest name or the reason why
 * no repository may set them. */
struct error *config_read_keys(const struct config_keys *keys, const struct config_value *v, void *to);
struct error *config_fault(const struct config_value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result));

/* Readers for tables. */
struct error *config_read_section(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_text(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_list(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_number(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_flag(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_minutes(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_seconds(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_megabytes(const struct config_key *key, const struct config_value *v, void *to);
struct error *config_read_dollars(const struct config_key *key, const struct config_value *v, void *to);

/* `environments:`; TO is the struct deploy_config. */
struct error *config_read_environments(const struct config_key *key, const struct config_value *v, void *to);
void config_environment_release(struct deploy_environment *env);

#endif
