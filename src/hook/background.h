/*
 * Reviews in the background: one at a time in a repository, with a queue of one for each of its work trees, and a
 * page that says what the last one found until somebody has seen it. All of it lies in HOOK_FOLDER of the work tree's
 * git directory, but for the turn, which is in that of the common one:
 *
 *   lock       held (flock) by the process that reviews: a lock of one that was killed holds nobody up
 *   turn       likewise: work trees take turns
 *   wanted     there when another review is to follow; many commits make one
 *   reviewed   the commit that was reviewed last
 *   result     what was found, for people, until it is shown
 *   log        what the last review said, for who looks into a failure
 */
#ifndef HOOK_BACKGROUND_H
#define HOOK_BACKGROUND_H

#include "base/buffer.h"
#include "base/error.h"
#include "hook/hook.h"

#define HOOK_MAX_RESULT ((size_t)16 << 10)
#define HOOK_MAX_LOG ((size_t)256 << 10)

/* <git dir>/HOOK_FOLDER/<name>; malloc'd. */
char *hook_file(const char *git_dir, const char *name);
/* Makes the folder unless it is there. */
struct error *hook_make_folder(const char *git_dir);

/*
 * Starts ARGV (argv[0] is a path, or is found through PATH) as a process of its own that outlives this one: in its own
 * session, without a terminal and with none of our descriptors, at the lowest priority, without the variables by
 * which git tells a hook of this commit. *STARTED is false when the system refuses. Returns at once.
 */
void hook_detach(const char *const *argv, bool *started);

/* A review is wanted: call it, then hook_begin. */
struct error *hook_want(const char *git_dir);
/* *LOCK is -1 when somebody else reviews here, who will see what is wanted. Close it (hook_end) when nothing is wanted
 * any more, and look once more then: see hook_take_wanted. */
struct error *hook_begin(const char *git_dir, int *lock);
/* Waits until no other work tree of the repository is reviewed; hook_end ends the turn. */
struct error *hook_take_turn(const char *common_dir, int *turn);
void hook_end(int lock);
/* Whether a review is wanted, which it is not any more. */
bool hook_take_wanted(const char *git_dir);
bool hook_is_wanted(const char *git_dir);

/* Replaces the page; TEXT is fit for a terminal. */
struct error *hook_put_result(const char *git_dir, struct slice text);
bool hook_has_result(const char *git_dir);
/* Appends the page to OUT, which nobody else gets to see then; nothing when there is none. */
void hook_take_result(const char *git_dir, struct buffer *out);

/* The commit that was reviewed last; empty when none was. */
void hook_read_reviewed(const char *git_dir, struct buffer *out);
struct error *hook_put_reviewed(const char *git_dir, const char *commit);

#endif
