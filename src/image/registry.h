/*
 * A registry, by the distribution specification, with what registries really do: relative and changing
 * locations, redirects to storage, tokens that end, ECR's uploads.
 * https://github.com/opencontainers/distribution-spec
 *
 * Calls block, but do all of their requests at once on one event loop. What may be repeated is, a few times.
 * ERROR_NOT_FOUND: the repository, tag or blob is not there. Errors name the image, what the registry said,
 * and what to do; no secret is in them.
 */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include "image/oci.h"
#include "image/reference.h"
#include "net/http.h"

/* Where user name and password (or token) for HOST come from. Fills OUT, which is zero; without a user,
 * nobody logs in. REPOSITORY is for which; FRESH: what was given for it last is not accepted any more. */
struct registry_login {
	char *user, *password; /* malloc'd */
	bool narrow;           /* for this repository; other ones of HOST are to be asked for, too */
};
typedef struct error *registry_login_fn(void *data, const char *host, const char *repository, bool fresh,
					struct registry_login *out);

struct registry_settings {
	struct http_settings http;  /* what it points to must outlive the registry */
	registry_login_fn *login;   /* NULL: nobody */
	void *login_data;
	uint64_t retry_first_ms; /* delay before the second attempt, doubled each time; 0: RETRY_FIRST_MS */
	const char *temporary;      /* folder for blobs on their way between registries; NULL: /var/tmp */
	volatile const int *stop;   /* a signal handler's flag; may be NULL */
	/* Bytes sent or received so far, of all under way; may be NULL. */
	void (*progress)(void *data, int64_t done, int64_t total, const char *what);
	void *progress_data;
};

struct registries; /* the servers of one run: connections, tokens */
struct error *registries_new(struct registries **out, const struct registry_settings *settings);
void registries_free(struct registries *r);

/* http is spoken with loopback hosts and with those the user names (deploy.insecureRegistry, several), https
 * with all others. */
void registries_allow_http(struct registries *r, const char *host);
bool registries_use_http(struct registries *r, const char *host);

/* As the settings have it, from now on. */
void registries_set_progress(struct registries *r,
			     void (*progress)(void *data, int64_t done, int64_t total, const char *what),
			     void *data);

/* The bytes of the manifest of TAG, or of the digest if REF has one, whose digest is checked. DIGEST may be
 * NULL. */
struct error *registry_get_manifest(struct registries *r, const struct reference *ref, struct buffer *out,
				    char **media_type, struct digest *digest);
/* Several at once, of any registries; what cannot be had, for whatever reason, is not FOUND. */
struct manifest_request {
	const struct reference *ref;
	bool found;
	struct buffer bytes;   /* the caller's to release */
	struct digest digest;  /* of the bytes */
};
struct error *registry_get_manifests(struct registries *r, struct manifest_request *requests, size_t nr);
/* Whether it is there, and its digest, without its bytes. */
struct error *registry_find_manifest(struct registries *r, const struct reference *ref,
				     struct digest *digest);
/* Puts it under its digest and, if REF has one, its tag. A tag that may not be changed and has the same
 * digest already is success; with another it is ERROR_EXISTS. */
struct error *registry_put_manifest(struct registries *r, const struct reference *ref, const char *media_type,
				    struct slice bytes, const struct digest *digest);
/* The tags, sorted; at most MAX. */
struct error *registry_list_tags(struct registries *r, const struct reference *ref, size_t max, char ***tags,
				 size_t *nr);

/* A blob into memory (small ones: OUT's ceiling), or into the file descriptor FD of an empty file; its digest
 * and SIZE (-1: not known) are checked. */
struct error *registry_get_blob(struct registries *r, const struct reference *ref,
				const struct digest *digest, struct buffer *out);
struct error *registry_download(struct registries *r, const struct reference *ref,
				const struct digest *digest, int64_t size, int fd);
/* Several at once, of any registries; the first failure ends all. */
struct blob_download {
	const struct reference *ref;
	struct digest digest;
	int64_t size;
	int fd;
};
struct error *registry_download_all(struct registries *r, const struct blob_download *blobs, size_t nr);

/* A blob that a repository has to have afterwards. */
struct blob {
	struct digest digest;
	int64_t size;
	const char *file;       /* its bytes, in a file; or */
	struct slice bytes;     /* in memory; or neither: they are in */
	const struct reference *from; /* this repository, from which it is mounted, or else copied; may be
				       * given besides the bytes. NULL: nowhere else */
	/* What became of it. */
	enum blob_outcome {
		BLOB_THERE,
		BLOB_MOUNTED,
		BLOB_SENT,
		BLOB_COPIED,
		BLOB_GONE /* it was to be there, and is not: the error says so */
	} outcome;
};
/* Makes sure that REF's repository has all of BLOBS: asks for all at once, mounts, sends several at a time;
 * stops at the first that fails for good. Blobs that are there already are not sent again, so an interrupted
 * push goes on. */
struct error *registry_put_blobs(struct registries *r, const struct reference *ref, struct blob *blobs,
				 size_t nr, int64_t *bytes_sent);

/* What is attached to a manifest, by the referrers API or its fall-back tag; OUT is an index
 * (manifest_release). */
struct error *registry_referrers(struct registries *r, const struct reference *ref,
				 const struct digest *subject, struct manifest *out);
/* Attaches documents to the manifest SUBJECT, once: what is attached already changes nothing. */
struct attachment {
	const char *artifact_type, *media_type;
	struct slice bytes;
};
struct error *registry_attach(struct registries *r, const struct reference *ref,
			      const struct descriptor *subject, const struct attachment *attachments,
			      size_t nr);

#endif
