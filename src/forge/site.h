/*
 * Whose repository an address names: of which host, of which kind, and where its API is. Private to src/forge.
 */
#ifndef FORGE_SITE_H
#define FORGE_SITE_H

#include "forge/forge.h"

/* Bytes of a remote's address. */
#define SITE_MAX_ADDRESS 4096
/* Folders of nested groups, with the repository. */
#define SITE_MAX_DEPTH 24

/* What an address is made of. All are malloc'd. */
struct remote_address {
	char *scheme; /* "https", "http", "ssh", "git" */
	char *user;   /* NULL: none; a password is never kept */
	char *host;   /* in lower case; an IPv6 one in its brackets */
	char *port;   /* NULL: the scheme's */
	char *path;   /* "owner/name": percent-decoded where git does, no slash at its ends, no ".git" */
};

/* Reads the address of a remote in every form that git takes. False: it is a path, or served by a helper, or
 * malformed; OUT is empty then. */
bool remote_address_parse(struct remote_address *out, const char *text);
void remote_address_release(struct remote_address *a);

struct site {
	enum forge_kind kind;
	bool forgejo;      /* it is Forgejo: of the kind FORGE_GITEA */
	bool named;        /* the user's settings say so */
	bool runner;       /* the host of the CI job that we are */
	char *host;        /* "example.org", with ":port" where it is not the scheme's of http or https */
	char *api;         /* "https://api.github.com": no slash at its end */
	char *repository;  /* "owner/name" */
	char *user;        /* of the remote's address, where git logs in with it over http; or NULL */
	char *login;       /* the address that `git credential` is asked about */
};
void site_release(struct site *s);

/* ERROR_NOT_FOUND, with the setting to make, when ADDRESS is of no forge that is known. */
struct error *site_find(struct site *out, struct repo *repo, const char *address,
			const struct forge_settings *settings);

/* The remote that git would push to: REMOTE; or NULL, then the branch's, else origin. NAME is malloc'd, and so is
 * ADDRESS, where it is pushed to. */
struct error *site_remote(struct repo *repo, const char *remote, char **name, char **address);

#endif
