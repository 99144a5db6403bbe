/*
 * Images from the objects of a commit: never from the work tree, and without reading what has not changed.
 *
 * The files go into layers along the commit's trees: which subtrees become a layer of their own depends on
 * the commit's trees and the spec alone (never on earlier images or sizes of blobs, which a partial clone
 * does not have), so that every clone makes the same image. Each layer's descriptor carries the hash of its
 * inputs; layers that an earlier image in the registry has are taken from there by it. The format of the tar
 * (order, owners, times, modes) is part of LAYER_FORMAT, and so of that hash.
 */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include "git/repo.h"
#include "image/image.h"

#define LAYER_FORMAT 1
/* Layers that are made of the commit. */
#define BUILD_MAX_TREE_LAYERS 24
#define BUILD_MAX_FILES 1000000
#define BUILD_MAX_FILE_SIZE OBJECT_MAX_SIZE
/* All files change at this time (seconds since the epoch), whatever commit they are of. */
#define BUILD_FILE_TIME 315532800 /* 1980-01-01, the first that zip files can have */

/* Part of the commit and where it goes; all paths without leading or trailing slash. */
struct image_copy {
	char *from; /* in the commit: a file or a tree; "" is the top */
	char *to;   /* in the image: "app/src" */
	bool into;  /* a file is put into the folder TO under its own name; else TO is its name */
	unsigned owner, group; /* of all that is copied; 0 is root */
};

struct image_variable {
	char *name, *value;
};

/* What an image is to be. Owned strings; NULL or 0: as the base has it. */
struct image_spec {
	struct reference base;
	struct platform platform;
	struct image_copy *copies;
	size_t nr_copies;
	char *context; /* folder of the commit that copies and .dockerignore are relative to; "" is the top */
	char *workdir;                   /* "/app" */
	char *user;
	char **command; size_t nr_command;       /* Cmd */
	char **entrypoint; size_t nr_entrypoint;
	struct image_variable *environment; size_t nr_environment;
	struct image_variable *labels; size_t nr_labels;
	unsigned *ports; size_t nr_ports;
	char *stop_signal;
	char *healthcheck;               /* docker's addition to the configuration, as JSON */
};
void image_spec_release(struct image_spec *spec);

struct build_settings {
	struct repo *repo;
	struct oid commit;
	const char *source;        /* URL of the repository for the provenance, without credentials; may be NULL */
	/* The base, read from its registry: manifest and configuration of the platform. */
	const struct manifest *base_manifest;
	const cJSON *base_config;
	struct digest base_digest; /* of the manifest the name resolved to */
	/* Layers between the base and the files, and the configuration they leave behind, whose diff_ids are
	 * the base's and theirs (NULL: the base's configuration). */
	const struct layer *dependencies;
	size_t nr_dependencies;
	const cJSON *dependencies_config;
	/* Earlier images of the same repository: their layers are used again. */
	const struct manifest *const *earlier;
	size_t nr_earlier;
	const struct reference *target; /* the repository that the image is for; may be NULL */
	const char *cache;         /* folder for layers that are made; made if missing */
	unsigned threads;          /* 0: as many as processors */
	volatile const int *stop;  /* may be NULL */
	/* Gets each file of the commit that goes into a layer which is made, with its path in the commit; by
	 * several threads at once. JUDGE is then asked once, before the layers are kept: its error ends the
	 * build, and they are not. May be NULL. */
	void (*inspect)(void *data, const char *path, const struct oid *blob, struct slice bytes);
	struct error *(*judge)(void *data);
	void *inspect_data;
	void (*progress)(void *data, size_t files_done, size_t files_total);
	void *progress_data;
};

/* Makes IMAGE of SPEC. Refuses, with the path and the way out: submodules, LFS pointers, names that no tar or
 * container can have, links that lead out of the image's root. */
struct error *image_build(struct image *image, const struct image_spec *spec,
			  const struct build_settings *settings);

/* The same without reading a file, for `plan`: layers that neither an earlier image nor the cache has get
 * their annotations, and an empty digest; the image has a configuration, a manifest and a digest only if
 * there are none of them. */
struct error *image_plan(struct image *image, const struct image_spec *spec,
			 const struct build_settings *settings);

#endif
