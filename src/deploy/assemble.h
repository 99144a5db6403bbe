/* From .deploy.yml and a commit to an image: reads the configuration or the Dockerfile, resolves the base, finds or makes the
 * dependency layers, builds. */
#ifndef DEPLOY_ASSEMBLE_H
#define DEPLOY_ASSEMBLE_H

#include "deploy/config.h"
#include "image/build.h"
#include "image/registry.h"

struct assemble_settings {
	struct repo *repo;
	struct oid commit;
	struct registries *registries;
	const char *builder;        /* NULL: whichever is there */
	const char *cache;          /* folder */
	bool offline;               /* no registry is asked for earlier images: all layers are made */
	bool plan_only;             /* nothing is made or sent: layers that would be made have no file */
	const char *source, *version;
	volatile const int *stop;
	/* What is being done, in words for a progress line; may be NULL. */
	void (*progress)(void *data, const char *what, size_t done, size_t total);
	void *progress_data;
};

/* What was made, and what it was made of. */
struct assembly {
	struct image_spec spec;
	struct image image;
	struct manifest base_manifest;
	cJSON *base_config;
	struct digest base_digest;
	bool dependencies_made;     /* by a builder, in this run */
	bool dependencies_stale;    /* plan_only: a builder would have to make them */
	struct digest dependencies_input;
	char *builder;              /* whole image by it: "Dockerfile:7: ..." says why; NULL: not */
	struct build_settings build; /* as image_build got it: for verify, SBOM and provenance */
};

/* CONFIG must outlive OUT. */
struct error *assemble(struct assembly *out, const struct deploy_config *config,
		       const struct assemble_settings *settings);
void assembly_release(struct assembly *a);

/* The tag of a commit's image: its id. And of the dependency image with that input hash: "deps-<16 digits>". malloc'd. */
char *assemble_commit_tag(const struct oid *commit);
char *assemble_dependencies_tag(const struct digest *input);

#endif
