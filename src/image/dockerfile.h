/*
 * Dockerfiles, as far as an image can be made of them without running anything: FROM one image, COPY (of the
 * context, without --from or --chmod), ENV, LABEL, WORKDIR, EXPOSE, USER, CMD, ENTRYPOINT, STOPSIGNAL,
 * HEALTHCHECK, ARG; and RUN as long as only single files were copied before it: then all up to the last RUN
 * makes dependency layers. https://docs.docker.com/reference/dockerfile/
 */
#ifndef IMAGE_DOCKERFILE_H
#define IMAGE_DOCKERFILE_H

#include "image/build.h"

#define DOCKERFILE_MAX_SIZE ((size_t)1 << 20)

/* A COPY as it is written: sources may be patterns (Go's filepath.Match), relative to the context, without
 * slashes around them. */
struct dockerfile_copy {
	char **from;
	size_t nr_from;
	char *to;        /* in the image, absolute and clean: "/app" */
	bool into;       /* TO is a folder: it was written with a slash, or is one for certain */
	bool dependency; /* a RUN comes after it */
	size_t line;
};

struct dockerfile {
	/* Of what comes after the dependencies; its copies are there after dockerfile_resolve(). */
	struct image_spec spec;
	/* Instructions that a builder has to run on the base, without the FROM; empty: none. */
	struct buffer dependencies;
	char **inputs; /* paths in the context that they read, sorted; after dockerfile_resolve() */
	size_t nr_inputs;
	/* Why all of it must be left to a builder, as "Dockerfile:7: COPY --from ..."; NULL: it need not.
	 * Nothing but spec.base counts then. */
	char *beyond;
	struct dockerfile_copy *copies;
	size_t nr_copies, alloc_copies;
};

/* FILE names it in errors, which have its lines. BASE_CONFIG is the base's configuration, whose variables,
 * folder and shell instructions build on; NULL: it is not known yet, and only spec.base and spec.platform of
 * OUT count. ERROR_SYNTAX. To be released in any case. */
struct error *dockerfile_parse(struct dockerfile *out, struct slice text, const char *file,
			       const cJSON *base_config);
void dockerfile_release(struct dockerfile *d);

/* .dockerignore. */
struct docker_ignore;
struct error *docker_ignore_parse(struct docker_ignore **out, struct slice text, const char *file);
void docker_ignore_free(struct docker_ignore *ignore);
/* Whether PATH, relative to the context, is left out. NULL ignores nothing. */
bool docker_ignore_match(const struct docker_ignore *ignore, const char *path);
/* Whether something below the folder PATH may be let back in by an exception. */
bool docker_ignore_may_return(const struct docker_ignore *ignore, const char *path);

/* Finds the sources of copies among the files of CONTEXT (a tree): fills spec.copies, inputs and perhaps
 * beyond. ERROR_NOT_FOUND at FILE's line for a source that is not there. */
struct error *dockerfile_resolve(struct dockerfile *d, struct repo *repo, const struct oid *context,
				 const struct docker_ignore *ignore, const char *file);

#endif
