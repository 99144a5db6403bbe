/* What the files of this room share; nobody else includes this. */
#ifndef BUDGET_INTERNAL_H
#define BUDGET_INTERNAL_H

#include "base/strmap.h"
#include "budget/budget.h"

#define LEDGER_SHELF "ledger"
/* One line of a spending file or of the ledger; what is longer is damaged. */
#define SPENDING_MAX_LINE ((size_t)64 << 10)
/* One spending file. */
#define SPENDING_MAX_FILE ((size_t)256 << 20)
/* Text of one entry, each; what is longer is cut. */
#define SPENDING_MAX_TEXT 4096
/* US dollars of one entry: more is no price but damage. */
#define SPENDING_MAX_USD 1e4

#define SPENDING_ID_DIGITS 32

enum spending_state {
	SPENDING_BOOKED,   /* a line of the ledger */
	SPENDING_RESERVED, /* lines of a spending file */
	SPENDING_SETTLED,
};

/* One line, its newline included. */
void spending_write(struct buffer *out, enum spending_state state, const struct spending *s);
/* False when LINE is none. */
bool spending_parse(struct spending *out, enum spending_state *state, struct slice line);

/* Calls FN for each line of TEXT; returns how many could not be read. The last one counts only when it ends
 * with a newline: *REST (may be NULL) is what is left behind the last newline. FN takes over the
 * strings. */
size_t spending_each_line(struct slice text, void (*fn)(struct spending *s, enum spending_state state,
							 void *data),
			  void *data, size_t *rest);

/* Entries, each id once. */
struct spending_set {
	struct spending *items;
	enum spending_state *states;
	size_t nr, alloc;
	struct strmap ids; /* id -> place + 1 */
};
size_t spending_set_find(const struct spending_set *set, const char *id); /* its place, or SIZE_MAX */
/* Takes S over. Of two with one id what is settled counts, of two settled ones the sure one, then the dearer;
 * true when S is new or what counts now. */
bool spending_set_add(struct spending_set *set, struct spending *s, enum spending_state state);
void spending_set_release(struct spending_set *set);

/* The committed and journalled part of the ledger. SEEN holds the paths read already, whose contents
 * never change: they are passed over, what is read is added. */
struct error *ledger_read_store(struct spending_set *out, size_t *damaged, struct records *store,
				struct ledger_span span, struct strmap *seen);
/* Puts the settled ones of SET, from FROM on, on the shelf. */
struct error *ledger_put(struct records *store, const struct spending_set *set, size_t from);

/* -- files: <common dir>/scrutiny/spending/ -------------------------------------------------- */

struct spending_folder {
	char *path;
	char *lock_path;
	int lock;            /* while it is held; else -1 */
};
void spending_folder_init(struct spending_folder *f, struct repo *repo);
void spending_folder_release(struct spending_folder *f);
/* Locks it, and makes it when it is not there. *GENERATION has changed when a file was removed. */
struct error *spending_folder_lock(struct spending_folder *f, uint64_t *generation);
void spending_folder_unlock(struct spending_folder *f);
/* Names of the spending files; no folder is an empty one. */
struct error *spending_folder_list(const struct spending_folder *f, struct strmap *names);
/* A new file, locked as long as *FD is open. The folder is locked. */
struct error *spending_folder_create(struct spending_folder *f, char **name, int *fd);
/* Removes a file. The folder is locked. */
struct error *spending_folder_remove(struct spending_folder *f, const char *name);
/* Opens a file to read it; ERROR_NOT_FOUND. *DEAD (may be NULL): its owner has died, and as long as *FD is
 * open it is ours. */
struct error *spending_folder_open(const struct spending_folder *f, const char *name, int *fd, bool *dead);
/* Appends what FD holds from OFFSET on. */
struct error *spending_read_from(int fd, off_t offset, struct buffer *out);

#endif
