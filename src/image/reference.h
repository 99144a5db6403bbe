/*
 * Image names: "registry/repository:tag@sha256:...".
 * Grammar: https://github.com/distribution/reference
 */
#ifndef IMAGE_REFERENCE_H
#define IMAGE_REFERENCE_H

#include "base/error.h"
#include "image/digest.h"

#define REFERENCE_MAX 512

struct reference {
	char *registry;       /* "registry-1.docker.io", "127.0.0.1:5000": host and, if written, port */
	char *repository;     /* "library/python" */
	char *tag;            /* NULL: none was written */
	struct digest digest; /* empty: none was written */
};

/* As docker reads names: without a registry it is Docker Hub, and a name of one part there is below
 * "library/". ERROR_SYNTAX says what is wrong with NAME. To be released in any case. */
struct error *reference_parse(struct reference *out, const char *name);
void reference_release(struct reference *r);
void reference_copy(struct reference *out, const struct reference *from);
/* Appends the whole name, the way people write it ("python:3.12", not "registry-1.docker.io/library/..."). */
void reference_add(struct buffer *out, const struct reference *r);
/* "<account>.dkr.ecr.<region>.amazonaws.com" (or amazonaws.com.cn); ACCOUNT and REGION are views into the
 * registry's name. */
bool reference_is_ecr(const struct reference *r, struct slice *account, struct slice *region);

#endif
