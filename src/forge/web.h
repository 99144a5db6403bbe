/* Addresses of a forge's pages, for people. */
#ifndef FORGE_WEB_H
#define FORGE_WEB_H

#include "forge/forge.h"

struct forge_place {
	const char *branch, *commit; /* one of them */
	const char *path;            /* from the top of the repository */
	size_t line;                 /* 0: none */
};
/* Nothing in it needs quoting in Markdown. */
void forge_add_file_url(struct buffer *out, const struct forge *forge, const struct forge_place *place);

#endif
