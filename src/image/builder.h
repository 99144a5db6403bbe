/*
 * Image builders of others (docker buildx, buildah, podman), for what has to be run to be made: dependencies,
 * and Dockerfiles beyond ours. They are started as programs with a context that is written from the commit's
 * objects, and hand back an OCI layout; they never push.
 */
#ifndef IMAGE_BUILDER_H
#define IMAGE_BUILDER_H

#include "git/repo.h"
#include "image/image.h"

struct builder {
	const char *name;    /* "docker buildx", "buildah", "podman" */
	char *version;       /* as it says itself */
	const char *storage; /* storage driver it has to be asked for; NULL: its own choice */
};

/* The builder WANTED by name, or (NULL) the first of those that work here: that answer, and can write OCI
 * layouts. ERROR_NOT_FOUND names what was looked for, what is wrong with it, and how to get one. */
struct error *builder_find(struct builder *out, const char *wanted);
void builder_release(struct builder *b);

struct builder_job {
	struct repo *repo;
	struct oid commit;
	const char *context; /* folder of the commit; "" is the top */
	const char *const
	    *inputs; /* only these files of it, relative to it; NULL: all that .dockerignore leaves */
	size_t nr_inputs;
	struct slice dockerfile;
	const struct platform *platform;
	const char *insecure; /* a registry host that speaks http; NULL: none */
	const char *layout;   /* folder that gets the result; it must not be there yet, and its parent must */
	volatile const int *stop;
	/* A line of what the builder says, fit for a terminal; may be NULL. */
	void (*say)(void *data, const char *line);
	void *say_data;
};

/* Runs it; the OCI layout, of one image, is at job->layout afterwards. ERROR_GENERIC with the builder's last
 * words when it fails; ERROR_CANCELLED. What it wrote besides is removed in any case. */
struct error *builder_run(const struct builder *b, const struct builder_job *job);

/* Removes a layout, whatever is left of it. */
void builder_discard(const char *layout);

/* Hash of all that a dependency layer depends on: base digest, platform, instructions, contents of inputs. */
struct error *builder_input_hash(const struct builder_job *job, const struct digest *base,
				 struct digest *out);

#endif
