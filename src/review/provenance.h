/*
 * Whose change this is, as the environment of a CI job tells it: a pull request from a fork brings text that
 * nobody of the repository has seen, and its author chose the words that models would be paid to read.
 * What cannot be read counts as a fork.
 */
#ifndef REVIEW_PROVENANCE_H
#define REVIEW_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Of the file that describes the event. */
#define PROVENANCE_MAX_EVENT ((size_t)8 << 20)

struct provenance {
	bool from_fork;
	char *why;   /* "a pull request from mallory/papers", for people; NULL without a fork */
	char *base;  /* the revision it is to go into; NULL: not told */
};
void provenance_release(struct provenance *p);

struct provenance_settings {
	const char *(*env)(void *data, const char *name); /* NULL or the value */
	/* Appends the file at PATH; false when it cannot be read. */
	bool (*read)(void *data, const char *path, struct buffer *out);
	void *data;
};

/* GitHub, Gitea and Forgejo (whose variables have the same names), GitLab, Azure, CircleCI, Travis, Jenkins. */
void provenance_find(struct provenance *out, const struct provenance_settings *settings);

#endif
