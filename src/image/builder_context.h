/* The folder that a builder works on. For image/builder.c. */
#ifndef IMAGE_BUILDER_CONTEXT_H
#define IMAGE_BUILDER_CONTEXT_H

#include "image/builder.h"

/* Writes the files of JOB, as they are in the commit, into FOLDER, which is made. */
struct error *builder_context_write(const struct builder_job *job, const char *folder);
/* Removes FOLDER and all below it, without following links. */
void builder_remove(const char *folder);

#endif
