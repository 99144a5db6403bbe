/* Blobs: checked downloads, and uploads as all registries take them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "image/registry_internal.h"
#include "net/retry.h"

/* Bytes of a blob whose size nobody told. */
#define MAX_UNKNOWN_BLOB (INT64_C(16) << 30)
/* Characters of a digest that are enough for people. */
#define SHORT_DIGEST 19

/* -- down ------------------------------------------------------------------------------------------- */

static void hash_end(struct download *d)
{
	unsigned char ignored[SHA256_SIZE];
	if (d->hashing)
		sha256_final(&d->hash, ignored);
	d->hashing = false;
}

void download_release(struct download *d)
{
	hash_end(d);
	error_free(d->err);
	d->err = NULL;
}

static void download_reset(void *data)
{
	struct download *d = data;
	hash_end(d);
	sha256_init(&d->hash);
	d->hashing = true;
	progress_move(d->server->registries, -d->got, "fetching");
	d->got = 0;
	if (d->out)
		buffer_truncate(d->out, d->out_start);
	else if (ftruncate(d->fd, 0) || lseek(d->fd, 0, SEEK_SET) < 0)
		d->err = error_errno(ERROR_IO, "cannot start a downloaded file again");
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool download_data(void *data, const char *bytes, size_t len)
{
	struct download *d = data;
	if (d->err)
		return false;
	d->got += (int64_t)len;
	sha256_update(&d->hash, bytes, len);
	if (d->out)
		buffer_add(d->out, bytes, len);
	else if (!write_all(d->fd, bytes, len))
		d->err = error_errno(ERROR_IO, "cannot write what is downloaded");
	if (d->out && !d->err)
		d->err = buffer_check(d->out, "the blob");
	progress_move(d->server->registries, (int64_t)len, "fetching");
	return !d->err;
}

static struct error *check_download(struct download *d)
{
	struct digest got;
	digest_of_hash(&d->hash, &got);
	d->hashing = false;
	if (d->size >= 0 && d->got != d->size)
		return error_new(ERROR_NETWORK, "%lld bytes arrived instead of %lld", (long long)d->got,
				 (long long)d->size);
	if (!digest_equals(&got, d->digest))
		return error_new(ERROR_NETWORK, "what arrived is not it, but %s", got.text);
	return NULL;
}

static void download_done(void *data, const struct http_response *response, struct error *err)
{
	struct download *d = data;
	const struct reference *ref = d->ref;
	bool good = !err && !d->err && response->status / 100 == 2;
	if (d->err) { /* ours: the transport's only says that we stopped */
		error_free(err);
		err = d->err;
		d->err = NULL;
	} else if (good) {
		err = check_download(d);
	}
	if (good || err)
		err = error_context(err, "cannot get the blob %s of %s/%s", d->digest->text, ref->registry,
				    ref->repository);
	else
		err = answer_error(d->server, ref, response, "cannot get the blob %s of %s/%s",
				   d->digest->text, ref->registry, ref->repository);
	d->on_done(d->data, err);
}

void download_start(struct download *d, struct server *s, const struct reference *ref)
{
	char *url = xstrfmt("/v2/%s/blobs/%s", ref->repository, d->digest->text);
	char *scope = scope_of(ref, "pull");
	sha256_init(&d->hash);
	d->hashing = true;
	d->server = s;
	d->ref = ref;
	d->out_start = d->out ? d->out->len : 0;
	struct call_request request = {
		.method = "GET",
		.url = url,
		.repository = ref->repository,
		.scope = scope,
		.max_body = (uint64_t)(d->size > 0 ? d->size : d->size ? MAX_UNKNOWN_BLOB : 1),
		.on_data = download_data,
		.on_again = download_reset,
		.on_done = download_done,
		.data = d,
	};
	call_start(s, &request, 0);
	free(url);
	free(scope);
}

struct downloading {
	struct registries *registries;
	struct error *err; /* the first */
};

static void on_downloaded(void *data, struct error *err)
{
	struct downloading *all = data;
	if (err && !all->err) {
		all->err = err;
		calls_abandon(all->registries);
	} else {
		error_free(err);
	}
}

static struct error *download_now(struct registries *r, struct download *downloads,
				  const struct reference *const *refs, size_t nr)
{
	struct downloading all = { .registries = r };
	struct error *err = NULL;
	r->progress_done = r->progress_total = 0;
	for (size_t i = 0; i < nr; i++)
		r->progress_total += downloads[i].size > 0 ? downloads[i].size : 0;
	for (size_t i = 0; i < nr && !err && !all.err; i++) {
		struct server *s;
		downloads[i].on_done = on_downloaded;
		downloads[i].data = &all;
		err = server_of(r, refs[i], &s);
		if (!err)
			download_start(&downloads[i], s, refs[i]);
	}
	if (err)
		calls_abandon(r);
	else
		err = calls_run(r);
	for (size_t i = 0; i < nr; i++)
		download_release(&downloads[i]);
	if (!err)
		return all.err;
	error_free(all.err);
	return err;
}

struct error *registry_get_blob(struct registries *r, const struct reference *ref,
				const struct digest *digest, struct buffer *out)
{
	struct download d = { .digest = digest, .size = -1, .fd = -1, .out = out };
	size_t start = out->len;
	struct error *err = download_now(r, &d, &ref, 1);
	if (err)
		buffer_truncate(out, start);
	return err;
}

struct error *registry_download(struct registries *r, const struct reference *ref,
				const struct digest *digest, int64_t size, int fd)
{
	struct download d = { .digest = digest, .size = size, .fd = fd };
	return download_now(r, &d, &ref, 1);
}

struct error *registry_download_all(struct registries *r, const struct blob_download *blobs, size_t nr)
{
	struct download *downloads = xcalloc(nr ? nr : 1, sizeof(*downloads));
	const struct reference **refs = xcalloc(nr ? nr : 1, sizeof(*refs));
	for (size_t i = 0; i < nr; i++) {
		downloads[i] = (struct download){ .digest = &blobs[i].digest,
						  .size = blobs[i].size,
						  .fd = blobs[i].fd };
		refs[i] = blobs[i].ref;
	}
	struct error *err = download_now(r, downloads, refs, nr);
	free(downloads);
	free(refs);
	return err;
}

/* -- up --------------------------------------------------------------------------------------------- */

struct pushing {
	struct registries *registries;
	struct server *server;
	const struct reference *ref;
	char *scope;
	int64_t *bytes_sent;
	struct error *err; /* the first */
};

/* One blob on its way into the repository. */
struct upload {
	struct pushing *pushing;
	struct blob *blob;
	unsigned attempt;     /* to send, from 1; 0: not tried yet */
	bool no_mount;        /* it was tried, or cannot be */
	char *location;       /* of an upload that the registry opened */
	int copy;             /* the blob, from elsewhere, in a file; -1: not */
	bool copied;          /* it is whole */
	struct download download;
	void *map;
	size_t map_len;
	int64_t progress;
};

static void upload_ask(struct upload *u, uint64_t delay_ms);
static void upload_open(struct upload *u);
static void upload_send(struct upload *u);

static bool has_bytes(const struct upload *u)
{
	return u->blob->file || u->blob->bytes.data || u->copied;
}

static void unmap(struct upload *u)
{
	if (u->map)
		munmap(u->map, u->map_len);
	u->map = NULL;
}

static void upload_release(struct upload *u)
{
	unmap(u);
	download_release(&u->download);
	if (u->copy >= 0)
		close(u->copy);
	free(u->location);
}

/* Nothing else goes on after the first failure; takes ERR. */
static void fail(struct upload *u, struct error *err)
{
	struct pushing *p = u->pushing;
	if (p->err) {
		error_free(err);
		return;
	}
	p->err = err;
	calls_abandon(p->registries);
}

/* Takes ERR, of transport; without one it is made of RESPONSE. A LAYER that cannot be sent is named. */
static struct error *refused(const struct upload *u, const struct http_response *response, struct error *err,
			     bool layer)
{
	const struct pushing *p = u->pushing;
	struct buffer doing = BUFFER_INIT;
	buffer_addstr(&doing, "cannot push ");
	if (layer)
		buffer_addf(&doing, "the blob %.*s ", SHORT_DIGEST, u->blob->digest.text);
	buffer_addf(&doing, "to %s/%s", p->ref->registry, p->ref->repository);
	if (err)
		err = error_context(err, "%s", doing.data);
	else
		err = answer_error(p->server, p->ref, response, "%s", doing.data);
	buffer_release(&doing);
	/* It was there, and hung up. */
	if (response && response->error && response->sent)
		err = hint_no_answer(err, p->server, p->ref);
	return err;
}

static void done(struct upload *u, enum blob_outcome outcome)
{
	u->blob->outcome = outcome;
	if (outcome == BLOB_SENT || outcome == BLOB_COPIED)
		*u->pushing->bytes_sent += u->blob->size;
	progress_move(u->pushing->registries, u->blob->size - u->progress, "sending");
	u->progress = u->blob->size;
}

/* Sends it all again, to an upload of its own: what an earlier one got is not known, and not all registries
 * can go on with it. RESPONSE says whether that can help. */
static void again(struct upload *u, const struct http_response *response, struct error *err)
{
	uint64_t delay_ms = 0;
	bool gone = response && !response->error &&
		    (response->status == 404 || response->status == 416) && u->attempt < RETRY_MAX_ATTEMPTS &&
		    !answer_has_code(response, "NAME_UNKNOWN");
	if (!gone && !(response && call_retry(u->pushing->registries, response, u->attempt, &delay_ms))) {
		fail(u, refused(u, response, err, true));
		return;
	}
	error_free(err);
	progress_move(u->pushing->registries, -u->progress, "sending");
	u->progress = 0;
	upload_ask(u, delay_ms);
}

static void on_stored(void *data, const struct http_response *response, struct error *err)
{
	struct upload *u = data;
	unmap(u);
	free(u->location);
	u->location = NULL;
	if (err || response->status / 100 != 2) {
		again(u, response, err);
		return;
	}
	struct slice told = http_header(response, "docker-content-digest");
	if (told.len && !slice_equals(told, u->blob->digest.text)) {
		fail(u, error_new(ERROR_NETWORK, "%s stored %s as %.*s", u->pushing->server->name,
				  u->blob->digest.text, (int)told.len, told.data));
		return;
	}
	done(u, u->copied ? BLOB_COPIED : BLOB_SENT);
}

static void on_progress(void *data, uint64_t sent)
{
	struct upload *u = data;
	int64_t now = sent < (uint64_t)u->blob->size ? (int64_t)sent : u->blob->size;
	progress_move(u->pushing->registries, now - u->progress, "sending");
	u->progress = now;
}

/* The bytes of the blob, without reading them into memory. */
static struct error *map_blob(struct upload *u, struct slice *out)
{
	const struct blob *b = u->blob;
	struct stat st;
	if (b->bytes.data && !b->file) {
		*out = b->bytes;
		return NULL;
	}
	int fd = u->copied ? u->copy : open(b->file, O_RDONLY | O_CLOEXEC);
	struct error *err = NULL;
	if (fd < 0 || fstat(fd, &st))
		err = error_errno(ERROR_IO, "cannot open '%s'", b->file);
	else if (st.st_size != b->size)
		err = error_new(ERROR_IO, "'%s' has %lld bytes instead of %lld",
				b->file ? b->file : "the copy", (long long)st.st_size, (long long)b->size);
	*out = (struct slice){ "", 0 };
	if (!err && b->size) {
		u->map_len = (size_t)b->size;
		u->map = mmap(NULL, u->map_len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (u->map == MAP_FAILED) {
			u->map = NULL;
			err = error_errno(ERROR_IO, "cannot map '%s'", b->file ? b->file : "the copy");
		}
		*out = (struct slice){ u->map, u->map_len };
	}
	if (fd >= 0 && fd != u->copy)
		close(fd);
	return err;
}

static void upload_send(struct upload *u)
{
	struct pushing *p = u->pushing;
	struct slice body;
	struct error *err = map_blob(u, &body);
	if (err) {
		fail(u, err);
		return;
	}
	char *url = xstrfmt("%s%cdigest=sha256%%3A%s", u->location, strchr(u->location, '?') ? '&' : '?',
			    digest_hex(&u->blob->digest));
	struct call_request request = {
		.method = "PUT",
		.url = url,
		.repository = p->ref->repository,
		.scope = p->scope,
		.content_type = "application/octet-stream",
		.body = body,
		.once = true,
		.on_sent = on_progress,
		.on_done = on_stored,
		.data = u,
	};
	u->attempt++;
	call_start(p->server, &request, 0);
	free(url);
}

/* -- blobs that are elsewhere */

static struct error *open_temporary(const char *folder, int *fd)
{
	*fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return NULL;
	/* Not all file systems have files without names. */
	char *path = xstrfmt("%s/git-deploy-XXXXXX", folder);
	*fd = mkostemp(path, O_CLOEXEC);
	struct error *err =
		*fd < 0 ? error_errno(ERROR_IO, "cannot make a temporary file in '%s'", folder) : NULL;
	if (*fd >= 0)
		unlink(path);
	free(path);
	return err;
}

static void on_copied(void *data, struct error *err)
{
	struct upload *u = data;
	if (err) {
		fail(u, err);
		return;
	}
	u->copied = true;
	if (u->location)
		upload_send(u);
	else
		upload_open(u);
}

static void upload_copy(struct upload *u)
{
	struct registries *r = u->pushing->registries;
	struct server *from;
	struct error *err = server_of(r, u->blob->from, &from);
	u->download = (struct download){
		.digest = &u->blob->digest, .size = u->blob->size, .on_done = on_copied, .data = u,
	};
	if (!err)
		err = open_temporary(r->temporary, &u->copy);
	u->download.fd = u->copy;
	if (err)
		fail(u, err);
	else
		download_start(&u->download, from, u->blob->from);
}

/* -- from the question to the upload */

static bool is_same_repository(const struct reference *a, const struct reference *b)
{
	return !strcmp(a->registry, b->registry) && !strcmp(a->repository, b->repository);
}

static bool can_mount(const struct upload *u)
{
	const struct reference *from = u->blob->from, *to = u->pushing->ref;
	return from && !u->no_mount && !strcmp(from->registry, to->registry) &&
	       strcmp(from->repository, to->repository);
}

static void on_opened(void *data, const struct http_response *response, struct error *err)
{
	struct upload *u = data;
	struct pushing *p = u->pushing;
	bool mounting = can_mount(u);
	bool foreign;
	u->no_mount = true;
	if (err) {
		fail(u, refused(u, response, err, false));
	} else if (mounting && response->status == 201) {
		done(u, BLOB_MOUNTED);
	} else if (mounting && response->status / 100 == 4 && response->status != 401) {
		upload_open(u); /* perhaps only the mount is refused */
	} else if (response->status / 100 != 2) {
		fail(u, refused(u, response, NULL, false));
	} else {
		free(u->location);
		u->location = NULL;
		char *from = xstrfmt("%s/v2/%s/blobs/uploads/", p->server->origin, p->ref->repository);
		err = url_follow(p->server, from, http_header(response, "location"), "location of an upload",
				 &u->location, &foreign);
		free(from);
		if (err)
			fail(u, err);
		else if (has_bytes(u))
			upload_send(u);
		else
			upload_copy(u);
	}
}

static void is_gone(struct upload *u)
{
	const struct reference *ref = u->pushing->ref;
	u->blob->outcome = BLOB_GONE;
	fail(u, error_new(ERROR_NOT_FOUND, "%s/%s does not have the layer %s any more", ref->registry,
			  ref->repository, u->blob->digest.text));
}

static void upload_open(struct upload *u)
{
	struct pushing *p = u->pushing;
	struct buffer url = BUFFER_INIT;
	if (!has_bytes(u) && !can_mount(u) && !u->blob->from) {
		is_gone(u);
		return;
	}
	buffer_addf(&url, "/v2/%s/blobs/uploads/", p->ref->repository);
	if (can_mount(u)) {
		buffer_addf(&url, "?mount=sha256%%3A%s&from=", digest_hex(&u->blob->digest));
		text_percent(&url, slice_of_string(u->blob->from->repository), "");
	}
	struct call_request request = {
		.method = "POST", .url = url.data, .repository = p->ref->repository,
		.scope = p->scope, .on_done = on_opened, .data = u,
	};
	call_start(p->server, &request, 0);
	buffer_release(&url);
}

static void on_asked(void *data, const struct http_response *response, struct error *err)
{
	struct upload *u = data;
	struct pushing *p = u->pushing;
	bool elsewhere = u->blob->from && !is_same_repository(u->blob->from, p->ref);
	bool only_there = !has_bytes(u) && !elsewhere;
	if (err)
		fail(u, refused(u, response, err, false));
	else if (response->status / 100 == 2)
		done(u, u->attempt ? BLOB_SENT : BLOB_THERE);
	else if (response->status == 403 || response->status == 429 || (only_there && response->status != 404))
		fail(u, refused(u, response, NULL, false));
	else if (only_there)
		is_gone(u);
	else if (!has_bytes(u) && strcmp(u->blob->from->registry, p->ref->registry))
		upload_copy(u);
	else
		upload_open(u);
}

static void upload_ask(struct upload *u, uint64_t delay_ms)
{
	struct pushing *p = u->pushing;
	char *url = xstrfmt("/v2/%s/blobs/%s", p->ref->repository, u->blob->digest.text);
	struct call_request request = {
		.method = "HEAD", .url = url, .repository = p->ref->repository,
		.scope = p->scope, .on_done = on_asked, .data = u,
	};
	call_start(p->server, &request, delay_ms);
	free(url);
}

/* One token for all that is sent and mounted. */
static char *push_scope(const struct reference *ref, const struct blob *blobs, size_t nr)
{
	struct buffer scope = BUFFER_INIT;
	struct strmap seen = STRMAP_INIT;
	buffer_addf(&scope, "repository:%s:pull,push", ref->repository);
	strmap_add(&seen, ref->repository, strlen(ref->repository));
	for (size_t i = 0; i < nr; i++) {
		const struct reference *from = blobs[i].from;
		if (from && !strcmp(from->registry, ref->registry) &&
		    strmap_add(&seen, from->repository, strlen(from->repository)))
			buffer_addf(&scope, " repository:%s:pull", from->repository);
	}
	strmap_release(&seen, NULL);
	return buffer_detach(&scope, NULL);
}

struct error *registry_put_blobs(struct registries *r, const struct reference *ref, struct blob *blobs,
				 size_t nr, int64_t *bytes_sent)
{
	struct pushing p = { .registries = r, .ref = ref, .bytes_sent = bytes_sent };
	struct strmap first = STRMAP_INIT; /* the same layer may be there twice */
	struct upload *uploads = xcalloc(nr ? nr : 1, sizeof(*uploads));
	struct error *err = server_of(r, ref, &p.server);
	*bytes_sent = 0;
	r->progress_done = r->progress_total = 0;
	p.scope = push_scope(ref, blobs, nr);
	for (size_t i = 0; i < nr; i++) {
		uploads[i] = (struct upload){ .pushing = &p, .blob = &blobs[i], .copy = -1 };
		void **slot = strmap_at(&first, blobs[i].digest.text, strlen(blobs[i].digest.text));
		if (*slot)
			continue;
		*slot = &blobs[i];
		r->progress_total += blobs[i].size;
	}
	for (size_t i = 0; !err && i < first.nr && !p.err; i++)
		upload_ask(&uploads[(struct blob *)first.entries[i].value - blobs], 0);
	if (!err)
		err = calls_run(r);
	for (size_t i = 0; i < nr; i++) {
		const struct blob *same =
			strmap_get(&first, blobs[i].digest.text, strlen(blobs[i].digest.text));
		blobs[i].outcome = same->outcome;
		upload_release(&uploads[i]);
	}
	strmap_release(&first, NULL);
	free(uploads);
	free(p.scope);
	if (!err)
		return p.err;
	error_free(p.err);
	return err;
}
