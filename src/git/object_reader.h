/*
 * Reading objects in several threads at once: one reader for each, since what libgit2 keeps of an object
 * directory is locked as a whole, and a repository's own handle is for the thread that opened it.
 */
#ifndef GIT_OBJECT_READER_H
#define GIT_OBJECT_READER_H

#include "git/repo.h"

struct object_reader; /* for one thread at a time */

/* REPO must outlive it. Readers do not disturb each other, nor repo_read_object in another thread. */
struct object_reader *object_reader_new(struct repo *repo);
void object_reader_free(struct object_reader *reader);
/* As repo_read_object. */
struct error *object_reader_read(struct object_reader *reader, const struct oid *oid, enum object_type want,
				 struct buffer *out);

/* Whether objects may be missing here that git would fetch when they are asked for. */
bool repo_is_partial(struct repo *repo);
/* In a partial clone: has git fetch those of OIDS that are not here, in one go. Elsewhere it does nothing. */
struct error *repo_fetch_missing(struct repo *repo, const struct oid *oids, size_t nr);

/* Whether all of OIDS are here; git is not made to fetch any. */
struct error *repo_has_objects(struct repo *repo, const struct oid *oids, size_t nr, bool *all);

#endif
