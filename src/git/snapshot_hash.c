/*
 * What changed files are, as git would store them: `git hash-object` applies the user's filters.
 *
 * An index that has not seen the files for a while (after a copy, a checkout by another tool)
 * says of all of them that they may differ; so files are hashed many at a time, and those that
 * are as the base has them are dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "git/repo_internal.h"
#include "git/snapshot_internal.h"

/* Requests sent before the answers are read. Both directions fit into the pipes. */
#define WINDOW_FILES 256
#define WINDOW_BYTES ((size_t)32 << 10)

/* -- ids of bytes as they are, without filters ------------------------------------------------- */

static EVP_MD_CTX *blob_hash_new(const struct repo *repo, uintmax_t size)
{
	char header[40];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	const EVP_MD *kind = repo->oid_size == SHA256_SIZE ? EVP_sha256() : EVP_sha1();
	int len = snprintf(header, sizeof(header), "blob %ju", size);
	if (hash && EVP_DigestInit_ex(hash, kind, NULL) &&
	    EVP_DigestUpdate(hash, header, (size_t)len + 1))
		return hash;
	EVP_MD_CTX_free(hash);
	return NULL;
}

/* OUT stays empty when OK is false. */
static void blob_hash_finish(EVP_MD_CTX *hash, bool ok, struct oid *out)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	if (ok && EVP_DigestFinal_ex(hash, raw, &size) && size * 2 < sizeof(out->hex))
		hex_encode(raw, size, out->hex);
	EVP_MD_CTX_free(hash);
}

static void hash_bytes(const struct repo *repo, const void *data, size_t len, struct oid *out)
{
	EVP_MD_CTX *hash = blob_hash_new(repo, len);
	blob_hash_finish(hash, hash && EVP_DigestUpdate(hash, data, len), out);
}

/* OUT stays empty when the file cannot be read, or changes its size meanwhile. True if a carriage
 * return was seen. */
static bool hash_file_as_it_is(const struct repo *repo, const char *path, struct oid *out)
{
	char bytes[65536];
	bool any_return = false;
	struct stat st;
	ssize_t n = 0;
	uintmax_t total = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		EVP_MD_CTX *hash = blob_hash_new(repo, (uintmax_t)st.st_size);
		bool ok = hash != NULL;
		while (ok && (n = read(fd, bytes, sizeof(bytes))) > 0) {
			total += (uintmax_t)n;
			any_return |= memchr(bytes, '\r', (size_t)n) != NULL;
			ok = EVP_DigestUpdate(hash, bytes, (size_t)n);
		}
		blob_hash_finish(hash, ok && !n && total == (uintmax_t)st.st_size, out);
	}
	close(fd);
	return any_return;
}

/* -- ids as git would store them --------------------------------------------------------------- */

/* As `git hash-object --stdin-paths` reads it: a line, in C's quotes where it has to be. */
static void add_request(struct buffer *out, const char *path)
{
	if (path[0] != '"' && !strchr(path, '\n')) {
		buffer_addf(out, "%s\n", path);
		return;
	}
	buffer_addch(out, '"');
	for (const char *p = path; *p; p++) {
		if (*p == '\n')
			buffer_addstr(out, "\\n");
		else if (*p == '"' || *p == '\\')
			buffer_addf(out, "\\%c", *p);
		else
			buffer_addch(out, *p);
	}
	buffer_addstr(out, "\"\n");
}

/* How many of the N paths make the next window; REQUESTS gets what is to be sent. */
static size_t make_window(struct change **changes, size_t n, struct buffer *requests)
{
	size_t count = 0;
	while (count < n && count < WINDOW_FILES && requests->len < WINDOW_BYTES)
		add_request(requests, changes[count++]->path);
	return count;
}

/* git stops at the first file that it cannot read: that one stays without an id, and those
 * behind it are asked for again. *DONE gets how many have been dealt with. */
static struct error *hash_window(struct snapshot *s, struct change **changes, size_t n,
				 size_t *done)
{
	static const char *const argv[] = { "hash-object", "--stdin-paths", NULL };
	struct buffer text = BUFFER_INIT;
	struct error *err = coprocess_start(&s->hasher, s->repo, argv);
	if (err)
		return err;
	size_t count = make_window(changes, n, &text);
	/* If it has gone, that shows when the answers are read. */
	error_free(coprocess_send(&s->hasher, slice_of(&text)));
	for (*done = 0; *done < count && !err; (*done)++) {
		buffer_reset(&text);
		err = coprocess_read_line(&s->hasher, &text);
		if (!err && repo_is_oid(s->repo, text.data, text.len))
			memcpy(changes[*done]->oid.hex, text.data, text.len);
	}
	if (err)
		coprocess_stop(&s->hasher);
	error_free(err);
	buffer_release(&text);
	return NULL;
}

/* The commit that is checked out in the submodule at PATH; OUT stays empty when there is none,
 * also because the folder has gone or is no repository any more. */
static void submodule_head(struct snapshot *s, const char *path, struct oid *out)
{
	static const char *const argv[] = { "rev-parse", "--verify", "--quiet", "HEAD", NULL };
	/* What was said of this repository does not hold for that one. */
	static const char *const env[] = {
		"GIT_DIR=.git", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
		"GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", NULL,
	};
	char *directory = xstrfmt("%s/%s", repo_work_tree(s->repo), path);
	struct buffer line = BUFFER_INIT_MAX(4096);
	int status;
	struct process_options options = { .directory = directory, .env = env, .out = &line,
					   .discard_err = true, .exit_status = &status };
	struct error *err = repo_git_read(s->repo, argv, &options);
	if (!err && !status && line.len && repo_is_oid(s->repo, line.data, line.len - 1))
		memcpy(out->hex, line.data, line.len - 1);
	error_free(err);
	buffer_release(&line);
	free(directory);
}

static void examine_link(struct snapshot *s, struct change *change, const char *full)
{
	char target[PATH_MAX];
	ssize_t n = readlink(full, target, sizeof(target));
	change->mode = MODE_LINK;
	if (n >= 0)
		hash_bytes(s->repo, target, (size_t)n, &change->oid);
}

/* Everything but the ids of regular files; true when CHANGE is one and git is to hash it. */
static bool examine_one(struct snapshot *s, struct change *change)
{
	char *full = xstrfmt("%s/%s", repo_work_tree(s->repo), change->path);
	struct stat st;
	bool regular = false;
	if (lstat(full, &st) < 0) {
		change->mode = 0;
	} else if (S_ISDIR(st.st_mode) && change->mode == MODE_SUBMODULE) {
		submodule_head(s, change->path, &change->oid);
	} else if (S_ISLNK(st.st_mode)) {
		examine_link(s, change, full);
	} else if (!S_ISREG(st.st_mode)) {
		change->mode = 0;
	} else if (change->mode == MODE_LINK) {
		/* core.symlinks=false: the file holds the target of the link. */
		hash_file_as_it_is(s->repo, full, &change->oid);
	} else {
		regular = true;
		if (s->trust_executable_bit)
			change->mode = st.st_mode & 0100 ? 0100755 : 0100644;
	}
	free(full);
	change->examined = true;
	return regular;
}

struct error *snapshot_examine(struct snapshot *s, struct change **changes, size_t n)
{
	struct change **files = xreallocarray(NULL, n + 1, sizeof(*files));
	struct error *err = NULL;
	size_t nr = 0;
	for (size_t i = 0; i < n; i++)
		if (examine_one(s, changes[i]))
			files[nr++] = changes[i];
	for (size_t done, at = 0; at < nr && !err; at += done)
		err = hash_window(s, files + at, nr - at, &done);
	free(files);
	return err;
}

static bool is_base_oid(const struct change *change, const struct oid *oid)
{
	return oid->hex[0] && !strncmp(oid->hex, change->base_oid, strlen(oid->hex));
}

/*
 * Whether the file is as the base has it. With text=auto git leaves line ends alone that it finds
 * unconverted in the index, which `git hash-object` does not look at. So where there is a
 * carriage return the very bytes that are committed count as unchanged too.
 */
static bool is_unchanged(struct snapshot *s, const struct change *change)
{
	struct oid plain = { "" };
	if (change->mode != change->base_mode)
		return false;
	if (is_base_oid(change, &change->oid))
		return true;
	if ((change->mode & 0170000) != 0100000)
		return false;
	char *full = xstrfmt("%s/%s", repo_work_tree(s->repo), change->path);
	bool any_return = hash_file_as_it_is(s->repo, full, &plain);
	free(full);
	return any_return && is_base_oid(change, &plain);
}

struct error *snapshot_examine_tracked(struct snapshot *s)
{
	struct change **open = NULL;
	size_t nr = 0, alloc = 0, kept = 0;
	if (s->examined_tracked)
		return NULL;
	for (size_t i = 0; i < s->nr; i++) {
		if (s->changes[i].examined || s->changes[i].untracked)
			continue;
		ALLOC_GROW(open, nr, alloc);
		open[nr++] = &s->changes[i];
	}
	struct error *err = snapshot_examine(s, open, nr);
	/* OPEN is in the order of the changes, so that one walk finds them again. */
	for (size_t i = 0, k = 0; i < s->nr && !err; i++) {
		bool was_open = k < nr && open[k] == &s->changes[i];
		k += was_open;
		if (!was_open || !is_unchanged(s, &s->changes[i]))
			s->changes[kept++] = s->changes[i];
	}
	if (!err) {
		s->nr = kept;
		s->examined_tracked = true;
	}
	free(open);
	return err;
}
