/* The steps of deploy/assemble.c. */
#ifndef DEPLOY_ASSEMBLE_PARTS_H
#define DEPLOY_ASSEMBLE_PARTS_H

#include "deploy/assemble.h"
#include "image/builder.h"

struct assembling {
	struct assembly *out;
	const struct deploy_config *config;
	const struct assemble_settings *settings;
	struct oid tree;              /* of the commit */
	struct oid context;           /* of config->context in it */
	struct docker_ignore *ignore; /* of the context; or NULL */
};

void assembling_say(const struct assembling *a, const char *what);

/* Reads manifest and configuration of spec.base for spec.platform. */
struct error *assemble_base(struct assembling *a);
/* A blob that REF's repository has, by way of the cache. */
struct error *assemble_fetch(struct assembling *a, const struct reference *ref, const struct digest *digest,
			     size_t max, struct buffer *out);

/* Instructions that a builder has to run for CONFIG, without the FROM, and the files of the context that they
 * read; none: TEXT stays empty. INPUTS are malloc'd. */
struct error *assemble_recipe(struct assembling *a, struct buffer *text, char ***inputs, size_t *nr_inputs);

/* Fills out->dependencies and what belongs to it with what JOB makes on the base's layers (none: WHOLE): from
 * FOUND (what the registry has under its tag; may be NULL), the cache, or by a builder. */
struct error *assemble_dependencies(struct assembling *a, struct builder_job *job,
				    const struct manifest *found);

#endif
