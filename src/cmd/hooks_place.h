/* The hooks that a command is about, and the folder they are in. */
#ifndef CMD_HOOKS_PLACE_H
#define CMD_HOOKS_PLACE_H

#include "cmd/hooks.h"
#include "hook/folder.h"
#include "hook/manager.h"
#include "hook/place.h"

struct hooks_site {
	struct hooks_call *call;
	struct repo *repo;
	char *program;       /* git-scrutiny-hook, absolute */
	const char **hooks;  /* chosen with --only; ends with NULL; the names are hook_names' */
	struct hook_place place;
	struct hook_folder folder;
	struct hook_way *ways; /* one for each hook */
};

/* The site is to be released also after an error. */
struct error *hooks_site_open(struct hooks_site *site, struct hooks_call *call);
/* Whether hooks can be put there; a warning for what will not run. */
struct error *hooks_site_check(const struct hooks_site *site);
void hooks_site_release(struct hooks_site *site);

/* A line for a person, unless --quiet. */
void hooks_say(const struct hooks_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* hooks_global.c: with --global. */
struct error *hooks_install_global(struct hooks_call *call);
struct error *hooks_remove_global(struct hooks_call *call);
/* Whether PATH is the folder of ours that core.hooksPath names for all of the user's repositories. */
bool hooks_is_global(const char *path);
/* NAME below the user's folder of settings; NULL: there is none. */
char *hooks_global_folder(const char *name);

/* git-scrutiny-hook beside this program, or by its name alone. */
char *hooks_program(void);
/* Those of LIST, comma-separated; NULL: all. */
struct error *hooks_chosen(const char ***out, const char *list);

#endif
