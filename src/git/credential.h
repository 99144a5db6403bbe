/*
 * The user's credential helpers, reached through `git credential`: where a key is kept that is not in the
 * environment. A credential is named by a URL and a user name; secrets travel over pipes only.
 */
#ifndef GIT_CREDENTIAL_H
#define GIT_CREDENTIAL_H

#include "git/repo.h"

/* Bytes of one secret. */
#define CREDENTIAL_MAX ((size_t)4096)

/* Whether git is told of any helper. Without one, git keeps nothing, and says nothing about it. */
bool credential_has_helper(struct repo *repo);

/* What the helpers keep for USERNAME at URL, malloc'd and known to the redactor; NULL in *SECRET when there is
 * nothing. Nobody is ever asked for it, neither on the terminal nor in a window of git's. What a helper
 * gives for another user name is not taken: some hand out one and the same token for every host.
 * ERROR_TIMEOUT when a helper does not end within a minute. */
struct error *credential_fill(struct repo *repo, const char *url, const char *username, char **secret);
/* What git itself would log in with at URL, as USERNAME (NULL: whoever the helpers know there): of a server that
 * git talks to anyway. *USER and *SECRET are malloc'd, the secret known to the redactor; both NULL when there is
 * nothing. Nobody is asked. ERROR_TIMEOUT as above. */
struct error *credential_find(struct repo *repo, const char *url, const char *username, char **user,
			      char **secret);
/* Hands SECRET to the helpers. Whether one of them kept it, only credential_fill() tells. */
struct error *credential_approve(struct repo *repo, const char *url, const char *username,
				 const char *secret);
/* Makes the helpers forget it. */
struct error *credential_reject(struct repo *repo, const char *url, const char *username);

#endif
