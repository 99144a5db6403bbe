/* From .deploy.yml and a commit to an image: reads the configuration or the Dockerfile, resolves the base,
 * finds or makes the dependency layers, builds. */
#ifndef DEPLOY_ASSEMBLE_H
#define DEPLOY_ASSEMBLE_H

#include "deploy/config.h"
#include "image/build.h"
#include "image/push.h"
#include "image/registry.h"
#include "image/sbom.h"

/* Where files of the commit and dependencies go without a Dockerfile. */
#define ASSEMBLE_FOLDER "app"
#define ASSEMBLE_MAX_EARLIER 8

struct assemble_settings {
	struct repo *repo;
	struct oid commit;
	struct registries *registries;
	const char *builder; /* by name; NULL: whichever is there */
	const char *cache;   /* folder */
	/* Tags of the repository whose images may have layers to use again, besides `latest` and the commit's
	 * own: the newest releases', the environment's. The first ASSEMBLE_MAX_EARLIER count. */
	const char *const *earlier;
	size_t nr_earlier;
	bool offline;    /* no registry is asked for earlier images: all layers are made */
	bool keep_local; /* nothing is sent: dependencies that are made stay on this machine */
	bool plan_only;  /* nothing is made or sent: layers that would be made have no file */
	const struct digest
	    *base; /* what is taken for the base's name, instead of what it stands for now; may be NULL */
	const char *source;
	volatile const int *stop;
	/* What is being done, in words for a progress line; TOTAL 0: no numbers. May be NULL. */
	void (*progress)(void *data, const char *what, size_t done, size_t total);
	void *progress_data;
};

/* What was made, and what it was made of. It points into itself: it cannot be copied. */
struct assembly {
	struct image_spec spec;
	struct image image;
	struct manifest base_manifest; /* none when all of it is a builder's */
	cJSON *base_config;
	struct digest base_digest;        /* of what the base's name stands for */
	struct digest base_platform;      /* of its manifest for the platform */
	bool dependencies_made;           /* by a builder, in this run */
	const char *made_by;              /* which; else NULL */
	uint64_t made_ms;                 /* and how long it took */
	bool dependencies_stale;          /* plan_only: a builder would have to make them */
	struct digest dependencies_input; /* empty: there are none */
	char *builder;                    /* whole image by it: "Dockerfile:7: ..." says why; NULL: not */
	struct build_settings build;      /* as image_build got it: for verify, SBOM and provenance */
	char *warnings;                   /* lines: secrets that the history gives away; NULL: none */
	/* What the settings point to. */
	struct layer *dependencies;
	size_t nr_dependencies;
	cJSON *dependencies_config;
	struct sbom_package *packages; /* of the dependencies, wherever those came from */
	size_t nr_packages;
	struct manifest *earlier;
	const struct manifest **earlier_list;
	size_t nr_earlier;
};

/* CONFIG and what SETTINGS point to must outlive OUT, which is to be released in any case. ERROR_NOT_FOUND
 * and ERROR_UNSUPPORTED for bases that are not there or not for the platform, with what there is;
 * ERROR_CONFLICT for secrets that would be in the image (deploy/leaks.h). */
struct error *assemble(struct assembly *out, const struct deploy_config *config,
		       const struct assemble_settings *settings);
/* Pushes (image_push) what assemble made OUT of these CONFIG and SETTINGS. When the repository lacks a layer
 * that an earlier image there has, all layers are made here, and OUT is what they make. */
struct error *assembly_push(struct assembly *out, const struct deploy_config *config,
			    const struct assemble_settings *settings, const struct reference *target,
			    const char *const *tags, size_t nr_tags, struct push_result *result);
void assembly_release(struct assembly *a);

/* The tag of a commit's image: its id. And of the dependency image with that input hash: "deps-<16 digits>".
 * malloc'd. */
char *assemble_commit_tag(const struct oid *commit);
char *assemble_dependencies_tag(const struct digest *input);

#endif
