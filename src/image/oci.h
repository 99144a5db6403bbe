/*
 * The documents that make an image: descriptors, manifests, indexes, configurations, of OCI and of Docker
 * (schema 2), which differ in media types only.
 * https://github.com/opencontainers/image-spec
 *
 * What is read comes from a registry or a folder and is hostile; what is written has the same bytes for the
 * same contents.
 */
#ifndef IMAGE_OCI_H
#define IMAGE_OCI_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"

#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar.gzip"

/* Bytes of a manifest, as registries have it, and of a configuration. */
#define OCI_MAX_MANIFEST ((size_t)4 << 20)
#define OCI_MAX_CONFIG ((size_t)8 << 20)
#define OCI_MAX_LAYERS 512
#define OCI_MAX_ANNOTATIONS 256

/* Keys of our own annotations on layers, which are what the next build recognises them by. */
#define ANNOTATION_LAYER "org.git-scrutiny.layer"     /* "tree", "dependencies" */
#define ANNOTATION_INPUT "org.git-scrutiny.input"     /* hash of all that the layer is made of */
#define ANNOTATION_TREE "org.git-scrutiny.tree"       /* git's id of the tree it holds, if it is one whole */
#define ANNOTATION_PATH "org.git-scrutiny.path"       /* that tree's path in the commit; "" is the top */
#define ANNOTATION_DIFF_ID "org.git-scrutiny.diff-id" /* digest of the uncompressed tar */

struct annotation {
	char *key, *value;
};

struct platform {
	char *os, *architecture, *variant; /* variant may be NULL */
};
#define PLATFORM_DEFAULT "linux/amd64"
/* "linux/arm64", "linux/arm/v7". ERROR_SYNTAX. */
struct error *platform_parse(struct platform *out, const char *text);
void platform_release(struct platform *p);
void platform_add(struct buffer *out, const struct platform *p);

struct descriptor {
	char *media_type;
	struct digest digest;
	int64_t size;
	struct annotation *annotations; /* sorted by key */
	size_t nr_annotations;
	struct platform platform;       /* in an index; os is NULL otherwise */
	char *artifact_type;            /* or NULL */
};
void descriptor_release(struct descriptor *d);
void descriptor_copy(struct descriptor *out, const struct descriptor *from);
/* NULL when there is none. */
const char *descriptor_annotation(const struct descriptor *d, const char *key);
void descriptor_annotate(struct descriptor *d, const char *key,
			 const char *value); /* replaces; NULL removes */

struct manifest {
	char *media_type;
	bool is_index;                  /* then LAYERS are the manifests it lists, and there is no CONFIG */
	struct descriptor config;
	struct descriptor *layers;
	size_t nr_layers;
	struct annotation *annotations;
	size_t nr_annotations;
	char *artifact_type;            /* or NULL */
	struct descriptor subject;      /* digest empty: none */
};
/* WHAT names it in errors. ERROR_UNSUPPORTED for the schema 1 of old registries. */
struct error *manifest_parse(struct manifest *out, struct slice json, const char *what);
void manifest_release(struct manifest *m);
/* Appends its bytes: no white space, keys in the order of the specification, annotations sorted. */
void manifest_write(struct buffer *out, const struct manifest *m);
/* The entry of an index for PLATFORM, or NULL. */
const struct descriptor *manifest_for_platform(const struct manifest *index, const struct platform *platform);

/* A configuration as a tree that keeps keys we do not know. Checked: architecture, os, rootfs.diff_ids are
 * there and of the right form. The caller frees with cJSON_Delete. */
struct error *config_parse(cJSON **out, struct slice json, const char *what);

#endif
