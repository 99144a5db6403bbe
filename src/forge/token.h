/*
 * Who asks: the token for one host, and the header it travels in. Private to src/forge.
 */
#ifndef FORGE_TOKEN_H
#define FORGE_TOKEN_H

#include "forge/site.h"

struct token {
	char *header;       /* "Authorization: Bearer ..."; NULL: there is none. A secret */
	const char *source; /* "GITHUB_TOKEN" or "git credential", for people */
	bool job;           /* GitLab's of a CI job, which may do little */
};
void token_release(struct token *t);

/* The token for SITE. OUT has no header when there is none, or when it would have to go over plain http; then *WHY_NOT
 * says so. ERROR_TIMEOUT when a credential helper does not end. */
struct error *token_find(struct token *out, const struct site *site, struct repo *repo,
			 const struct forge_settings *settings, const char **why_not);
/* ERROR_NOT_FOUND that says where a token for SITE can be put. */
struct error *token_missing(const struct site *site, const char *what, const char *why_not);

#endif
