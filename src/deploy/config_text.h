/*
 * The strings that .deploy.yml may hold. They end up in shell scripts, units, policies and templates, so what
 * each may be is a table of characters and lengths, narrower than what any of those places could be harmed
 * by.
 */
#ifndef DEPLOY_CONFIG_TEXT_H
#define DEPLOY_CONFIG_TEXT_H

#include "base/yaml.h"

enum config_text {
	TEXT_APP,
	TEXT_ENVIRONMENT,
	TEXT_REGION,
	TEXT_INSTANCE,
	TEXT_INSTANCE_TYPE,
	TEXT_REPOSITORY_FILE,    /* a path in the repository */
	TEXT_REPOSITORY_PATH,    /* the same, or "" for the top */
	TEXT_CONTAINER_FOLDER,   /* an absolute path in the container that may hold data */
	TEXT_VARIABLE,           /* the name of a secret's variable */
	TEXT_IMAGE_VARIABLE,     /* of one in the image */
	TEXT_SECRET_SOURCE,
	TEXT_HEALTH,             /* the path of a URL */
	TEXT_WORD,               /* of a command */
	TEXT_USER,
	TEXT_PACKAGE,
	TEXT_IMAGE,              /* an image's name; its grammar is reference_parse's */
	TEXT_PLATFORM,
	TEXT_URL,
	TEXT_KINDS
};

/* Why S is none of KIND, malloc'd: "must be ..."; NULL: it is one. */
char *config_text_fault(enum config_text kind, const char *s);
/* The string of VALUE, malloc'd, in the form it has from here on (paths without "./" and a last '/').
 * ERROR_SYNTAX at its place, naming NAME, what it is and what it must be. */
struct error *config_text_read(char **out, enum config_text kind, const struct yaml_node *value,
			       const char *file, const char *name);
/* Appends what a person may see of the bytes of a hostile file, on one line and short. */
void config_text_show(struct buffer *out, const char *s, size_t len);

#endif
