/* Which paths differ from the base tree: asked of two git processes at the same time. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/index_file.h"
#include "git/repo_internal.h"
#include "git/snapshot_internal.h"

/* A git command in the background and what it has said so far. */
struct scanner {
	const char *name;
	struct process process;
	struct buffer *out;
};

static struct error *take_output(struct scanner *scanner)
{
	char bytes[65536];
	ssize_t n = read(scanner->process.out, bytes, sizeof(bytes));
	if (n < 0 && errno == EINTR)
		return NULL;
	if (n < 0)
		return error_errno(ERROR_IO, "cannot read from git %s", scanner->name);
	if (!n) {
		close(scanner->process.out);
		scanner->process.out = -1;
	}
	buffer_add(scanner->out, bytes, (size_t)n);
	return buffer_check(scanner->out, "what git says about changed files");
}

static struct error *take_outputs(struct scanner *scanners, size_t nr)
{
	struct error *err = NULL;
	for (;;) {
		struct pollfd fds[2];
		size_t open = 0;
		for (size_t i = 0; i < nr; i++) {
			fds[i] = (struct pollfd){ scanners[i].process.out, POLLIN, 0 };
			open += fds[i].fd >= 0;
		}
		if (!open)
			return NULL;
		if (poll(fds, nr, -1) < 0 && errno != EINTR)
			return error_errno(ERROR_IO, "cannot wait for git");
		for (size_t i = 0; i < nr && !err; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				err = take_output(&scanners[i]);
		if (err)
			return err;
	}
}

/* Waits for the child; ERR, if there is one already, is the one to tell. */
static struct error *finish(struct scanner *scanner, struct error *err)
{
	int status = 0;
	if (scanner->process.pid < 0)
		return err;
	struct error *ended = process_finish(&scanner->process, &status);
	if (!ended && status)
		ended = error_new(ERROR_GENERIC, "git %s failed with exit status %d", scanner->name,
				  status);
	if (!err)
		return ended;
	error_free(ended);
	return err;
}

static struct error *start(struct snapshot *s, struct scanner *scanner, const char *const *argv,
			   const char *const *env, struct buffer *out)
{
	struct process_options options = { .env = env };
	*scanner = (struct scanner){ argv[0], { -1, -1, -1 }, out };
	return repo_git_start(s->repo, argv, &scanner->process, false, true, &options);
}

/* -- taking apart what they said --------------------------------------------------------------- */

static struct change *add_change(struct snapshot *s)
{
	ALLOC_GROW(s->changes, s->nr, s->alloc);
	struct change *change = &s->changes[s->nr++];
	*change = (struct change){ 0 };
	return change;
}

/* Takes "<text><END>" off *AT; false when there is no END. */
static bool take(const char **at, const char *end, char stop, struct slice *out)
{
	const char *found = memchr(*at, stop, (size_t)(end - *at));
	if (!found)
		return false;
	*out = (struct slice){ *at, (size_t)(found - *at) };
	*at = found + 1;
	return true;
}

static unsigned octal(struct slice digits)
{
	unsigned value = 0;
	for (size_t i = 0; i < digits.len && i < 7; i++)
		value = value * 8 + ((unsigned)(digits.data[i] - '0') & 7);
	return value;
}

static bool is_null_oid(struct slice hex)
{
	return strspn(hex.data, "0") >= hex.len;
}

/*
 * ":<mode> <mode> <id> <id> <letter>\0<path>\0". In the work tree the second id is zero for what
 * is not as the index has it, or what git did not look at closely enough to know. An unmerged
 * path is what is on disk; in the index, where it has several versions, it stays as in the base.
 */
static struct error *parse_raw(struct snapshot *s)
{
	const char *at = s->changed_text.data, *end = at + s->changed_text.len;
	while (at < end) {
		struct slice f[6];
		bool ok = *at++ == ':';
		for (size_t i = 0; i < 4 && ok; i++)
			ok = take(&at, end, ' ', &f[i]);
		if (!ok || !take(&at, end, '\0', &f[4]) || !take(&at, end, '\0', &f[5]) ||
		    f[3].len > OID_MAX_HEX)
			return error_new(ERROR_SYNTAX,
					 "git diff-index said what is not understood");
		bool unmerged = f[4].data[0] == 'U';
		if (unmerged && s->kind == SNAPSHOT_INDEX)
			continue;
		struct change *change = add_change(s);
		change->path = f[5].data;
		change->base_mode = octal(f[0]);
		change->base_oid = f[2].data;
		change->mode = unmerged ? 0100644 : octal(f[1]);
		if (change->mode && !is_null_oid(f[3]))
			memcpy(change->oid.hex, f[3].data, f[3].len);
		change->examined = !change->mode || change->oid.hex[0] || s->kind == SNAPSHOT_INDEX;
	}
	return NULL;
}

/* Paths, each with a NUL behind it. A '/' at the end marks a repository inside this one. */
static void parse_untracked(struct snapshot *s)
{
	char *at = s->untracked_text.data, *end = at + s->untracked_text.len;
	while (at < end) {
		size_t len = strlen(at);
		struct change *change = add_change(s);
		bool repository = len && at[len - 1] == '/';
		if (repository)
			at[len - 1] = '\0';
		change->path = at;
		change->mode = repository ? MODE_SUBMODULE : 0100644;
		change->untracked = true;
		change->examined = repository;
		at += len + 1;
	}
}

/* By path; of two with the same path the one to keep comes last: a file that was taken out of
 * the index and is still there is both gone and untracked. */
static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int order = strcmp(x->path, y->path);
	if (order)
		return order;
	if (x->untracked != y->untracked)
		return x->untracked ? 1 : -1;
	return (x->mode != 0) - (y->mode != 0);
}

static void sort_changes(struct snapshot *s)
{
	size_t kept = 0;
	if (!s->nr)
		return;
	qsort(s->changes, s->nr, sizeof(*s->changes), compare_changes);
	for (size_t i = 0; i < s->nr; i++)
		if (i + 1 == s->nr || strcmp(s->changes[i].path, s->changes[i + 1].path))
			s->changes[kept++] = s->changes[i];
	s->nr = kept;
}

static struct error *set_base(struct snapshot *s)
{
	struct oid head;
	struct error *err = repo_head(s->repo, &head);
	if (err || !head.hex[0])
		return err;
	return repo_commit_tree(s->repo, &head, &s->base);
}

/* What the index, or the work tree, has changed from the base. */
static struct error *start_changes(struct snapshot *s, struct scanner *scanner)
{
	bool index = s->kind == SNAPSHOT_INDEX;
	const char *tree = s->base.hex[0] ? s->base.hex : repo_empty_tree(s->repo)->hex;
	const char *changed[] = { "diff-index", "-z", "--raw", "--no-abbrev", "--no-renames",
				  "--no-ext-diff", "--no-relative", "--ignore-submodules=dirty",
				  "--ita-invisible-in-index", index ? "--cached" : tree,
				  index ? tree : "--", index ? "--" : NULL, NULL };
	return start(s, scanner, changed, NULL, &s->changed_text);
}

/* As start_changes of an index that knows its TREE: a comparison of trees. git diff-tree would read the index all the
 * same, for nothing: hence the one that is not there. */
static struct error *start_tree_changes(struct snapshot *s, struct scanner *scanner, const struct oid *tree)
{
	const char *base = s->base.hex[0] ? s->base.hex : repo_empty_tree(s->repo)->hex;
	const char *const changed[] = { "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff",
					"--no-relative", "--ignore-submodules=dirty", base, tree->hex, "--", NULL };
	char *nothing = xstrfmt("GIT_INDEX_FILE=%s/scrutiny/no-index", s->repo->git_dir);
	const char *const env[] = { nothing, NULL };
	struct error *err = start(s, scanner, changed, env, &s->changed_text);
	free(nothing);
	return err;
}

/* Asks git for the changes and, in the work tree for the first time, for untracked files: that
 * takes longest, so it starts first. TREE is the index's, empty when it is not known. */
static struct error *ask_git(struct snapshot *s, bool untracked, const struct oid *tree)
{
	static const char *const others[] = { "ls-files", "-z", "--others", "--exclude-standard",
					      NULL };
	struct scanner scanners[2] = { { .process = { -1, -1, -1 } },
				       { .process = { -1, -1, -1 } } };
	struct error *err = NULL;
	if (untracked)
		err = start(s, &scanners[0], others, NULL, &s->untracked_text);
	if (!err)
		err = set_base(s);
	if (!err)
		err = tree->hex[0] ? start_tree_changes(s, &scanners[1], tree) : start_changes(s, &scanners[1]);
	if (!err)
		err = take_outputs(scanners, ARRAY_SIZE(scanners));
	for (size_t i = 0; i < ARRAY_SIZE(scanners); i++)
		err = finish(&scanners[i], err);
	return err ? err : parse_raw(s);
}

/* Whether git suspects more files than are worth hashing one by one to be changed. */
static bool is_index_out_of_date(const struct snapshot *s)
{
	size_t unsure = 0;
	for (size_t i = 0; i < s->nr; i++)
		unsure += !s->changes[i].examined && s->changes[i].mode == s->changes[i].base_mode;
	return unsure >= SNAPSHOT_REFRESH_AT;
}

/*
 * After a copy of the whole repository, say, the index knows none of the files. `git status` then
 * looks at each and writes down what it found, if it may (GIT_OPTIONAL_LOCKS) and can; so do we,
 * through it. If that fails all files are hashed, which is slower and comes to the same.
 */
static void refresh_index(struct snapshot *s)
{
	static const char *const argv[] = { "status", "-z", "--untracked-files=no", "--no-renames",
					    "--ignore-submodules=all", NULL };
	struct buffer ignored = BUFFER_INIT_MAX(SNAPSHOT_MAX_SCAN);
	struct process_options options = { .out = &ignored, .discard_err = true };
	error_free(repo_git(s->repo, argv, &options));
	buffer_release(&ignored);
}

static void forget_changes(struct snapshot *s)
{
	buffer_reset(&s->changed_text);
	s->nr = 0;
}

struct error *snapshot_scan(struct snapshot *s)
{
	static const struct oid unknown;
	struct index_contents contents = { 0 };
	if (s->kind == SNAPSHOT_INDEX)
		index_file_read(s->repo->index_file, s->repo->oid_size, NULL, NULL, &contents);
	struct error *err = ask_git(s, s->kind == SNAPSHOT_WORK_TREE, &contents.tree);
	if (err && contents.tree.hex[0]) {
		/* Nobody has written that tree, perhaps. */
		error_free(err);
		forget_changes(s);
		err = ask_git(s, false, &unknown);
	}
	if (!err && is_index_out_of_date(s)) {
		refresh_index(s);
		forget_changes(s);
		err = ask_git(s, false, &unknown);
	}
	if (err)
		return err;
	parse_untracked(s);
	sort_changes(s);
	return NULL;
}
