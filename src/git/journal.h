/*
 * The journal of the record store: blobs that are known but not yet committed.
 *
 *   <common dir>/scrutiny/journal/<content id, or name of a shelf>/<name, '/' written as %2F>
 *
 * A file appears by rename, synced, so a reader sees all of it or nothing. Readers take no lock.
 * Who writes or removes holds <common dir>/scrutiny/journal.lock (flock: the system drops it
 * when its holder dies, so it is never stale). It closes one gap only: between seeing that a file
 * is still the one that was committed and unlinking it, another process must not put a newer
 * answer under the same name. A temporary file seen while holding it belongs to a dead writer.
 */
#ifndef GIT_JOURNAL_H
#define GIT_JOURNAL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/strmap.h"

/* Which bytes a journalled file held: a later answer under that name has another identity. */
struct journal_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	int64_t seconds, nanoseconds;
};

struct journal_entry {
	char *content_id;
	char *name;
	struct journal_identity identity; /* set by journal_read */
};

struct journal {
	char *directory; /* <common dir>/scrutiny/journal */
	char *lock_path;
};

void journal_init(struct journal *journal, const char *common_dir);
void journal_release(struct journal *journal);

/* Durable when it returns. */
struct error *journal_put(struct journal *journal, const char *content_id, const char *name,
			  struct slice data);
/* Appends the bytes to OUT and fills IDENTITY (may be NULL). ERROR_NOT_FOUND. */
struct error *journal_read(const struct journal *journal, const char *content_id, const char *name,
			   struct buffer *out, struct journal_identity *identity);
bool journal_has(const struct journal *journal, const char *content_id, const char *name);
/* Adds the names journalled for CONTENT_ID to the set NAMES. */
struct error *journal_names(const struct journal *journal, const char *content_id,
			    struct strmap *names);
/* Everything there is, sorted by content id and name. */
struct error *journal_list(const struct journal *journal, struct journal_entry **entries,
			   size_t *nr);
void journal_entries_free(struct journal_entry *entries, size_t nr);
/* Removes those of ENTRIES that still hold the bytes of their identity. */
struct error *journal_remove(struct journal *journal, const struct journal_entry *entries,
			     size_t nr);
/* Removes what is left of content ids without entries. */
struct error *journal_sweep(struct journal *journal);

#endif
