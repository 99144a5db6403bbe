/*
 * Dockerfiles, as far as an image can be made of them without running anything: FROM one image, COPY (of the
 * context, without --from or --chmod), ENV, LABEL, WORKDIR, EXPOSE, USER, CMD, ENTRYPOINT, STOPSIGNAL, ARG with a
 * default; and RUN before the first COPY of more than dependency files (then it makes dependency layers).
 * https://docs.docker.com/reference/dockerfile/
 */
#ifndef IMAGE_DOCKERFILE_H
#define IMAGE_DOCKERFILE_H

#include "image/build.h"

#define DOCKERFILE_MAX_SIZE ((size_t)1 << 20)

struct dockerfile {
	struct image_spec spec;    /* of what comes after the dependencies */
	/* Instructions that a builder has to run, as a Dockerfile of its own; empty: none. */
	struct buffer dependencies;
	char **inputs;             /* paths in the context that they read */
	size_t nr_inputs;
	/* Why all of it must be left to a builder, as "Dockerfile:7: COPY --from ..."; NULL: it need not. */
	char *beyond;
};

/* FILE names it in errors, which have its lines. ERROR_SYNTAX. */
struct error *dockerfile_parse(struct dockerfile *out, struct slice text, const char *file);
void dockerfile_release(struct dockerfile *d);

/* .dockerignore; see git/wildmatch. */
struct docker_ignore;
struct error *docker_ignore_parse(struct docker_ignore **out, struct slice text, const char *file);
void docker_ignore_free(struct docker_ignore *ignore);
/* Whether PATH, relative to the context, is left out. NULL ignores nothing. */
bool docker_ignore_match(const struct docker_ignore *ignore, const char *path);
/* Whether something below the folder PATH may be let back in by an exception. */
bool docker_ignore_may_return(const struct docker_ignore *ignore, const char *path);

#endif
