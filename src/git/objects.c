/*
 * Reading objects: with libgit2 where it can, otherwise through `git cat-file --batch`.
 *
 * libgit2 is given the object directory alone, not the repository: so it has no opinion on
 * extensions it does not know (partial clones, per-worktree settings, other ref stores), none of
 * which change how objects lie there. Whatever it cannot find or read, git is asked for: an
 * object to be fetched first, one in a hook's quarantine, a file format of tomorrow.
 */
#include <stdint.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "git/repo_internal.h"

static const char *const type_names[] = {
	[OBJECT_COMMIT] = "commit", [OBJECT_TREE] = "tree",
	[OBJECT_BLOB] = "blob",	    [OBJECT_TAG] = "tag",
};

static const git_object_t libgit2_types[] = {
	[OBJECT_COMMIT] = GIT_OBJECT_COMMIT, [OBJECT_TREE] = GIT_OBJECT_TREE,
	[OBJECT_BLOB] = GIT_OBJECT_BLOB,     [OBJECT_TAG] = GIT_OBJECT_TAG,
};

/* A handle on the object directory, to be given to free_odb; NULL where libgit2 cannot read it. */
static git_odb *new_odb(const struct repo *repo)
{
	git_odb *odb = NULL;
	if (strcmp(repo->object_format, "sha1"))
		return NULL;
	git_libgit2_init();
	/* git hashes objects when it writes them, not each time it reads them; nor do we. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	char *directory = xstrfmt("%s/objects", repo->common_dir);
	if (git_odb_open(&odb, directory) < 0) {
		odb = NULL;
		git_libgit2_shutdown();
	}
	free(directory);
	return odb;
}

static void free_odb(git_odb *odb)
{
	if (!odb)
		return;
	git_odb_free(odb);
	git_libgit2_shutdown();
}

/* The object directory, opened when the first object is asked for: libgit2 reads certificates to
 * begin with, which is better done while git looks for changes. NULL where it cannot be used. */
static git_odb *open_odb(struct repo *repo)
{
	if (!repo->odb && !repo->odb_refused) {
		repo->odb_refused = true;
		repo->odb = new_odb(repo);
	}
	return repo->odb;
}

static void parsed_tree_free(struct parsed_tree *tree)
{
	if (!tree)
		return;
	buffer_release(&tree->raw);
	free(tree->entries);
	free(tree);
}

void repo_close_objects(struct repo *repo)
{
	for (size_t i = 0; i < TREE_CACHE_SIZE; i++)
		parsed_tree_free(repo->trees[i]);
	coprocess_stop(&repo->cat_file);
	free_odb(repo->odb);
}

bool repo_uses_libgit2(struct repo *repo)
{
	return open_odb(repo) != NULL;
}

/* -- one object -------------------------------------------------------------------------------- */

static struct error *too_large(const struct oid *oid, uint64_t size)
{
	return error_new(ERROR_LIMIT, "object %s is too large to read (%llu bytes)", oid->hex,
			 (unsigned long long)size);
}

static struct error *wrong_type(const struct oid *oid, const char *type, enum object_type want)
{
	return error_new(ERROR_GENERIC, "object %s is a %s, not a %s", oid->hex, type,
			 type_names[want]);
}

static uint64_t room(const struct buffer *out)
{
	size_t left = out->max > out->len ? out->max - out->len : 0;
	return left < OBJECT_MAX_SIZE ? left : OBJECT_MAX_SIZE;
}

/* *DONE stays false when libgit2 does not have it, whatever the reason. */
static struct error *read_with_libgit2(git_odb *odb, const struct oid *oid,
				       enum object_type want, struct buffer *out, bool *done)
{
	git_oid id;
	git_odb_object *object = NULL;
	git_object_t type;
	size_t size;
	if (git_oid_fromstr(&id, oid->hex) < 0 ||
	    git_odb_read_header(&size, &type, odb, &id) < 0)
		return NULL;
	*done = true;
	if (type != libgit2_types[want])
		return wrong_type(oid, git_object_type2string(type), want);
	if (size > room(out))
		return too_large(oid, size);
	if (git_odb_read(&object, odb, &id) < 0) {
		*done = false;
		return NULL;
	}
	buffer_add(out, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return buffer_check(out, oid->hex);
}

static struct error *missing(const struct oid *oid)
{
	return error_new(ERROR_NOT_FOUND, "object %s is missing", oid->hex);
}

/* "<id> <type> <size>" or "<id> missing". */
static struct error *parse_batch_header(const struct oid *oid, const char *line, char *type,
					size_t type_size, uint64_t *size)
{
	const char *rest;
	if (!skip_prefix(line, oid->hex, &rest) || *rest++ != ' ')
		return error_new(ERROR_SYNTAX, "git cat-file did not answer about %s", oid->hex);
	size_t len = strcspn(rest, " ");
	if (!strcmp(rest, "missing"))
		return missing(oid);
	if (len >= type_size || rest[len] != ' ' || !ascii_digit(rest[len + 1]))
		return error_new(ERROR_SYNTAX, "git cat-file did not describe %s", oid->hex);
	memcpy(type, rest, len);
	type[len] = '\0';
	*size = strtoull(rest + len + 1, NULL, 10);
	return NULL;
}

static struct error *read_with_cat_file(struct coprocess *git, struct repo *repo, const struct oid *oid,
					enum object_type want, struct buffer *out)
{
	static const char *const argv[] = { "cat-file", "--batch", NULL };
	struct buffer line = BUFFER_INIT_MAX(4096);
	char type[16];
	uint64_t size = 0;
	bool in_step = false;
	struct error *err = coprocess_start(git, repo, argv);
	if (err)
		goto out;
	buffer_addf(&line, "%s\n", oid->hex);
	err = coprocess_send(git, slice_of(&line));
	buffer_reset(&line);
	if (!err)
		err = coprocess_read_line(git, &line);
	/* Some versions of git end when they may not fetch. */
	if (repo->lacks_objects && error_drop_if(&err, ERROR_IO)) {
		err = missing(oid);
		goto out;
	}
	if (err) {
		err = error_context(err, "cannot read object %s", oid->hex);
		goto out;
	}
	err = parse_batch_header(oid, line.data, type, sizeof(type), &size);
	in_step = error_is(err, ERROR_NOT_FOUND);
	if (!err && strcmp(type, type_names[want]))
		err = wrong_type(oid, type, want);
	if (!err && size > room(out))
		err = too_large(oid, size);
	if (err)
		goto out;
	err = coprocess_read(git, (size_t)size, out);
	if (!err)
		err = coprocess_read(git, 1, NULL);
	in_step = !err;
out:
	/* One that is in the middle of an answer nobody wants is started afresh next time. */
	if (!in_step)
		coprocess_stop(git);
	buffer_release(&line);
	return err;
}

/* ODB may be NULL. */
static struct error *read_object(git_odb *odb, struct coprocess *git, struct repo *repo,
				 const struct oid *oid, enum object_type want, struct buffer *out)
{
	bool done = false;
	struct error *err = NULL;
	if (!repo_is_oid(repo, oid->hex, strlen(oid->hex)))
		return error_new(ERROR_NOT_FOUND, "'%s' is not the id of an object", oid->hex);
	/* git knows this one whether it was ever written or not. */
	if (want == OBJECT_TREE && !strcmp(oid->hex, repo->empty_tree.hex))
		return NULL;
	if (odb)
		err = read_with_libgit2(odb, oid, want, out, &done);
	if (err || done)
		return err;
	if (odb && repo->lacks_objects)
		return missing(oid);
	return read_with_cat_file(git, repo, oid, want, out);
}

struct error *repo_read_object(struct repo *repo, const struct oid *oid, enum object_type want,
			       struct buffer *out)
{
	return read_object(open_odb(repo), &repo->cat_file, repo, oid, want, out);
}

/* -- beside other threads ---------------------------------------------------------------------- */

struct object_reader {
	struct repo *repo;
	git_odb *odb;
	struct coprocess cat_file;
};

struct object_reader *object_reader_new(struct repo *repo)
{
	struct object_reader *reader = xcalloc(1, sizeof(*reader));
	reader->repo = repo;
	reader->odb = new_odb(repo);
	return reader;
}

void object_reader_free(struct object_reader *reader)
{
	if (!reader)
		return;
	free_odb(reader->odb);
	coprocess_stop(&reader->cat_file);
	free(reader);
}

struct error *object_reader_read(struct object_reader *reader, const struct oid *oid, enum object_type want,
				 struct buffer *out)
{
	return read_object(reader->odb, &reader->cat_file, reader->repo, oid, want, out);
}

/* -- commits ----------------------------------------------------------------------------------- */

struct error *repo_commit_tree(struct repo *repo, const struct oid *commit, struct oid *tree)
{
	struct buffer text = BUFFER_INIT;
	const char *rest;
	*tree = (struct oid){ "" };
	struct error *err = repo_read_object(repo, commit, OBJECT_COMMIT, &text);
	if (!err && (!skip_prefix(text.data, "tree ", &rest) ||
		     !repo_is_oid(repo, rest, strcspn(rest, "\n"))))
		err = error_new(ERROR_SYNTAX, "commit %s names no tree", commit->hex);
	if (!err)
		memcpy(tree->hex, rest, repo->oid_size * 2);
	buffer_release(&text);
	return err;
}

/* -- trees ------------------------------------------------------------------------------------- */

/* Trees of old, or made by other programs, have modes such as 0100664. */
static unsigned canonical_mode(unsigned mode)
{
	switch (mode & 0170000) {
	case 0040000:
	case 0120000:
	case 0160000:
		return mode & 0170000;
	default:
		return mode & 0100 ? 0100755 : 0100644;
	}
}

/* Names that would mean another place, and that git never writes. */
static bool is_bad_name(struct slice name)
{
	return !name.len || memchr(name.data, '/', name.len) || slice_equals(name, ".") ||
	       slice_equals(name, "..");
}

/* Takes the entry "<octal mode> <name>\0<raw id>" at *AT apart; false when it is malformed. */
static bool parse_entry(const struct repo *repo, const char **at, const char *end,
			struct tree_entry *e)
{
	const char *p = *at;
	unsigned mode = 0;
	while (p < end && *p >= '0' && *p <= '7' && p - *at < 7)
		mode = mode * 8 + (unsigned)(*p++ - '0');
	if (p == *at || p == end || *p != ' ')
		return false;
	e->name.data = ++p;
	const char *zero = memchr(p, '\0', (size_t)(end - p));
	if (!zero || (size_t)(end - zero - 1) < repo->oid_size)
		return false;
	e->name.len = (size_t)(zero - p);
	e->mode = canonical_mode(mode);
	hex_encode((const unsigned char *)zero + 1, repo->oid_size, e->oid.hex);
	*at = zero + 1 + repo->oid_size;
	return !is_bad_name(e->name);
}

struct error *repo_tree_each(struct repo *repo, const struct oid *tree,
			     struct error *(*fn)(const struct tree_entry *e, void *data),
			     void *data)
{
	struct buffer raw = BUFFER_INIT;
	struct error *err = repo_read_object(repo, tree, OBJECT_TREE, &raw);
	const char *at = raw.data, *end = raw.data + raw.len;
	while (!err && at < end) {
		struct tree_entry e;
		if (parse_entry(repo, &at, end, &e))
			err = fn(&e, data);
		else
			err = error_new(ERROR_SYNTAX, "tree %s holds a malformed entry", tree->hex);
	}
	buffer_release(&raw);
	return err;
}

static int compare_slices(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.data, b.data, n);
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b)
{
	return compare_slices(((const struct tree_entry *)a)->name,
			      ((const struct tree_entry *)b)->name);
}

static struct error *parse_tree(struct parsed_tree **out, struct repo *repo, const struct oid *oid)
{
	struct parsed_tree *tree = xcalloc(1, sizeof(*tree));
	size_t alloc = 0;
	tree->oid = *oid;
	buffer_init(&tree->raw, OBJECT_MAX_SIZE);
	struct error *err = repo_read_object(repo, oid, OBJECT_TREE, &tree->raw);
	const char *at = tree->raw.data, *end = at + tree->raw.len;
	while (!err && at < end) {
		ALLOC_GROW(tree->entries, tree->nr, alloc);
		if (!parse_entry(repo, &at, end, &tree->entries[tree->nr++]))
			err = error_new(ERROR_SYNTAX, "tree %s holds a malformed entry", oid->hex);
	}
	if (err) {
		parsed_tree_free(tree);
		return err;
	}
	if (tree->nr)
		qsort(tree->entries, tree->nr, sizeof(*tree->entries), compare_entries);
	*out = tree;
	return NULL;
}

static size_t memory_of(const struct parsed_tree *tree)
{
	return tree->raw.len + tree->nr * sizeof(*tree->entries);
}

/* Puts TREE in front and drops the oldest ones that no longer fit. */
static void remember_tree(struct repo *repo, struct parsed_tree *tree)
{
	size_t total = memory_of(tree);
	parsed_tree_free(repo->trees[TREE_CACHE_SIZE - 1]);
	memmove(repo->trees + 1, repo->trees, (TREE_CACHE_SIZE - 1) * sizeof(*repo->trees));
	repo->trees[0] = tree;
	for (size_t i = 1; i < TREE_CACHE_SIZE && repo->trees[i]; i++) {
		total += memory_of(repo->trees[i]);
		if (total <= TREE_CACHE_MAX_BYTES)
			continue;
		for (; i < TREE_CACHE_SIZE; i++) {
			parsed_tree_free(repo->trees[i]);
			repo->trees[i] = NULL;
		}
	}
}

/* Borrowed from the cache: valid until the next call. */
static struct error *get_tree(const struct parsed_tree **out, struct repo *repo,
			      const struct oid *oid)
{
	struct parsed_tree *tree;
	for (size_t i = 0; i < TREE_CACHE_SIZE && repo->trees[i]; i++) {
		if (strcmp(repo->trees[i]->oid.hex, oid->hex))
			continue;
		tree = repo->trees[i];
		memmove(repo->trees + 1, repo->trees, i * sizeof(*repo->trees));
		*out = repo->trees[0] = tree;
		return NULL;
	}
	struct error *err = parse_tree(&tree, repo, oid);
	if (err)
		return err;
	remember_tree(repo, tree);
	*out = tree;
	return NULL;
}

struct error *repo_tree_lookup(struct repo *repo, const struct oid *tree, const char *path,
			       struct tree_entry *out)
{
	*out = (struct tree_entry){ .mode = 0040000, .oid = *tree };
	for (const char *at = path; *at;) {
		struct tree_entry key = { .name = { at, strcspn(at, "/") } };
		const struct parsed_tree *in;
		const struct tree_entry *found = NULL;
		if (out->mode == 0040000) {
			struct error *err = get_tree(&in, repo, &out->oid);
			if (err)
				return err;
			if (in->nr)
				found = bsearch(&key, in->entries, in->nr, sizeof(key),
						compare_entries);
		}
		if (!found)
			return error_new(ERROR_NOT_FOUND, "there is no '%s'", path);
		out->mode = found->mode;
		out->oid = found->oid;
		at += key.name.len;
		at += *at == '/';
	}
	return NULL;
}
