/* What commands have in common whose first argument says what to do: hooks, records, schedule. */
#ifndef CMD_ACTION_H
#define CMD_ACTION_H

#include "cmd/cmd.h"

/* Of ROWS, NR of SIZE bytes each that begin with their name (a const char *), the one called WORD (NULL: none was
 * given). ERROR_USAGE when there is none, with the nearest. */
struct error *action_find(const void **out, const char *command, const char *word, const void *rows, size_t nr,
			  size_t size);

struct action_option {
	bool given;
	unsigned takes; /* those that take it have one of these bits */
	const char *name;
};
/* ERROR_USAGE for the first of OPTIONS that was given and that ACTION, which has the bits TAKES, does not take. */
struct error *action_check(const char *command, const char *action, unsigned takes,
			   const struct action_option *options, size_t nr);

#endif
