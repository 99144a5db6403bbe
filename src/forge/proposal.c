#include "forge/proposal.h"

#include "base/memory.h"
#include "base/text.h"
#include "forge/proposal_parts.h"
#include "git/ref.h"

#define HEADS "refs/heads/"
/* Of what a remote says of two of its branches; names that end alike are listed, too. */
#define MAX_LISTING ((size_t)1 << 20)
/* Times that a pull request is asked for after a push, with pauses of up to half a second. */
#define PULL_MAX_ATTEMPTS 12
#define PULL_PAUSE 8 /* as ref_pause counts */
/* git's and the server's words that are shown when a push was refused. */
#define MAX_WORDS ((size_t)4000)

static const struct oid none = { "" };

static bool same(const struct oid *a, const struct oid *b)
{
	return !strcmp(a->hex, b->hex);
}

void proposal_result_release(struct proposal_result *result)
{
	pull_release(&result->pull);
	buffer_release(&result->warnings);
}

/* -- the remote -------------------------------------------------------------------------------- */

/* The branches as they are at the remote; empty: not there. */
struct there {
	struct oid tip, base;
};

static void find_branch(const struct buffer *listing, const char *branch, struct oid *out)
{
	*out = none;
	for (const char *line = listing->data; *line;) {
		size_t len = strcspn(line, "\n"), id = strcspn(line, "\t\n");
		const char *name = line + id + (id < len);
		const char *rest;
		if (id <= OID_MAX_HEX && skip_prefix(name, HEADS, &rest) && rest + strlen(branch) == line + len &&
		    !strncmp(rest, branch, strlen(branch))) {
			memcpy(out->hex, line, id);
			out->hex[id] = '\0';
		}
		line += len + (line[len] == '\n');
	}
}

/* BRANCH may be NULL. */
static struct error *look(struct repo *repo, const char *remote, const char *branch, const char *base, struct there *out)
{
	char *refs[2] = { xstrfmt(HEADS "%s", base), xstrfmt(HEADS "%s", branch ? branch : base) };
	const char *const argv[] = { "ls-remote", "--quiet", "--refs", "--", remote, refs[0], refs[1], NULL };
	struct buffer listing = BUFFER_INIT_MAX(MAX_LISTING), said = BUFFER_INIT_MAX(MAX_LISTING);
	int status = 0;
	struct process_options options = { .env = ref_environment, .out = &listing, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	if (!err && status)
		err = ref_remote_failed(&said, status, "list", "of", "the branches", remote);
	*out = (struct there){ 0 };
	if (!err) {
		find_branch(&listing, base, &out->base);
		find_branch(&listing, branch ? branch : base, &out->tip);
	}
	buffer_release(&listing);
	buffer_release(&said);
	free(refs[0]);
	free(refs[1]);
	return err;
}

static struct error *has_commit(struct repo *repo, const struct oid *commit, bool *has)
{
	char *object = xstrfmt("%s^{commit}", commit->hex);
	const char *const argv[] = { "cat-file", "-e", object, NULL };
	static const char *const env[] = { "GIT_NO_LAZY_FETCH=1", NULL };
	int status = 0;
	struct process_options options = { .env = env, .exit_status = &status, .discard_err = true };
	struct error *err = repo_git_read(repo, argv, &options);
	free(object);
	*has = !err && !status;
	return err;
}

/* Fetches BRANCH unless COMMIT is here; *MOVED: it is not that any more. No ref remembers it. */
static struct error *need_commit(struct repo *repo, const char *remote, const char *branch, const struct oid *commit,
				 bool *moved)
{
	bool has = false, found;
	struct error *err = has_commit(repo, commit, &has);
	*moved = false;
	if (err || has)
		return err;
	char *refspec = xstrfmt(HEADS "%s", branch), *what = xstrfmt("the branch '%s'", branch);
	err = ref_fetch(repo, remote, refspec, what, &found);
	if (!err)
		err = has_commit(repo, commit, &has);
	*moved = !err && !has;
	free(refspec);
	free(what);
	return err;
}

static struct error *is_ancestor(struct repo *repo, const struct oid *a, const struct oid *b, bool *is)
{
	const char *const argv[] = { "merge-base", "--is-ancestor", a->hex, b->hex, NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_LISTING);
	int status = 0;
	struct process_options options = { .err = &said, .exit_status = &status };
	struct error *err = same(a, b) ? NULL : repo_git_read(repo, argv, &options);
	*is = !err && !status;
	if (!err && status > 1)
		err = ref_git_failed(&said, "cannot compare two commits");
	buffer_release(&said);
	return err;
}

static struct error *not_contained(struct repo *repo, const char *remote, const char *branch, const struct oid *base)
{
	static const char *const argv[] = { "rev-parse", "--is-shallow-repository", NULL };
	struct buffer shallow = BUFFER_INIT;
	error_free(repo_git_line(repo, argv, &shallow));
	struct error *err = error_new(ERROR_CONFLICT, "the commit %.10s is not in the branch '%s' of '%s'", base->hex,
				      branch, remote);
	if (!strcmp(shallow.data, "true"))
		err = error_with_hint(err, "this clone is shallow: `git fetch --unshallow` gets the history that would tell");
	else
		err = error_with_hint(err, "push it first: a proposal would carry commits along that nobody has asked for");
	buffer_release(&shallow);
	return err;
}

static struct error *check_base(struct repo *repo, const char *remote, const char *branch, const struct oid *base,
				const struct there *there, bool *moved)
{
	bool contained = false;
	if (!there->base.hex[0])
		return error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' has no branch '%s'", remote, branch),
				       "push it first, or name another one as what the proposal is to go into");
	*moved = false;
	if (same(base, &there->base))
		return NULL;
	struct error *err = need_commit(repo, remote, branch, &there->base, moved);
	if (!err && !*moved)
		err = is_ancestor(repo, base, &there->base, &contained);
	return err || *moved || contained ? err : not_contained(repo, remote, branch, base);
}

static struct error *busy(const char *remote)
{
	return error_with_hint(error_new(ERROR_CONFLICT, "others keep changing the branches of '%s'", remote),
			       "try again in a moment");
}

struct error *proposal_check_base(struct repo *repo, const char *remote, const char *base_branch, const struct oid *base)
{
	for (unsigned attempt = 1; attempt <= PROPOSAL_MAX_ATTEMPTS; attempt++) {
		struct there there;
		bool moved = false;
		struct error *err = look(repo, remote, NULL, base_branch, &there);
		if (!err)
			err = check_base(repo, remote, base_branch, base, &there, &moved);
		if (err || !moved)
			return err;
		ref_pause(attempt);
	}
	return busy(remote);
}

/* -- what is on the branch --------------------------------------------------------------------- */

struct standing {
	bool people;       /* it has commits that are not ours */
	struct oid ours;   /* the newest that is, or empty */
	bool contains_base, newer, merged;
};

/* Lines of `%H %T <trees of the trailer>`. */
static void read_log(const struct buffer *log, struct standing *out)
{
	for (const char *line = log->data; *line;) {
		size_t len = strcspn(line, "\n"), id = strcspn(line, " ");
		const char *tree = line + id + 1;
		size_t tree_len = id < len ? strcspn(tree, " \n") : 0;
		const char *trailer = tree + tree_len + 1;
		bool ours = tree_len && trailer + tree_len == line + len && !strncmp(tree, trailer, tree_len);
		out->people |= !ours;
		if (ours && !out->ours.hex[0] && id <= OID_MAX_HEX) {
			memcpy(out->ours.hex, line, id);
			out->ours.hex[id] = '\0';
		}
		line += len + (line[len] == '\n');
	}
}

static struct error *find_newer(struct repo *repo, const struct proposal *p, const struct there *there, bool *newer)
{
	const char *const argv[] = { "merge-base", there->tip.hex, there->base.hex, NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_LISTING);
	struct oid fork = none;
	struct error *err = repo_git_line(repo, argv, &said);
	if (!err && said.len <= OID_MAX_HEX)
		memcpy(fork.hex, said.data, said.len + 1);
	*newer = false;
	if (!err && fork.hex[0] && !same(&fork, &p->base))
		err = is_ancestor(repo, &p->base, &fork, newer);
	buffer_release(&said);
	return err;
}

static struct error *find_standing(struct repo *repo, const struct proposal *p, const struct there *there,
				   struct standing *out)
{
	const char *const argv[] = {
		"log", "--no-show-signature", "--no-color", "--topo-order",
		"--format=%H %T %(trailers:key=" PROPOSAL_TRAILER ",valueonly,separator=%x2C)", there->tip.hex, "--not",
		p->base.hex, there->base.hex, "--", NULL,
	};
	struct buffer log = BUFFER_INIT_MAX(PROPOSAL_MAX_LOG);
	struct process_options options = { .out = &log };
	*out = (struct standing){ 0 };
	struct error *err = repo_git_read(repo, argv, &options);
	if (!err)
		read_log(&log, out);
	if (!err)
		err = is_ancestor(repo, &there->tip, &p->base, &out->merged);
	if (!err)
		err = is_ancestor(repo, &p->base, &there->tip, &out->contains_base);
	if (!err && out->contains_base)
		err = find_newer(repo, p, there, &out->newer);
	buffer_release(&log);
	return error_context(err, "cannot see what is on the branch '%s'", p->branch);
}

/* -- one attempt ------------------------------------------------------------------------------- */

struct attempt {
	struct proposal_maker *maker;
	const struct proposal *proposal;
	struct repo *repo;
	struct forge *forge;
	const char *remote;
	struct proposal_result *out;
	struct there there;
	bool again; /* somebody was faster */
};

/* Its pull request was merged or closed as the branch is now. */
static struct error *is_over(const struct attempt *a, bool *over)
{
	struct pull pull = { 0 };
	bool found = false;
	*over = false;
	if (!a->forge)
		return NULL;
	struct error *err = forge_pull_find(a->forge, a->proposal->branch, a->proposal->base_branch, &pull, &found);
	if (!err && found && pull.state != PULL_OPEN)
		*over = pull.head_commit && !strcmp(pull.head_commit, a->there.tip.hex);
	pull_release(&pull);
	return err;
}

static struct error *commit_on(const struct attempt *a, const struct oid *tree, const struct oid *parent,
			       const struct oid *second)
{
	struct oid its_tree;
	if (parent->hex[0] && same(parent, &a->there.tip)) {
		struct error *err = repo_commit_tree(a->repo, parent, &its_tree);
		if (err)
			return err;
		if (same(&its_tree, tree)) {
			a->out->commit = *parent;
			return NULL;
		}
	}
	return maker_commit(a->maker, tree, parent, second, &a->out->commit);
}

static struct error *commit_on_theirs(const struct attempt *a, const struct standing *s)
{
	const struct proposal *p = a->proposal;
	struct oid tree;
	struct error *err = maker_merge(a->maker, &a->there.tip, s->ours.hex[0] ? &s->ours : &p->base, &tree);
	return err ? err : commit_on(a, &tree, &a->there.tip, s->contains_base ? &none : &p->base);
}

static struct error *commit_on_ours(const struct attempt *a)
{
	struct oid tree;
	struct error *err = repo_commit_tree(a->repo, &a->there.tip, &tree);
	if (!err)
		err = maker_tree(a->maker, &tree, &tree);
	return err ? err : commit_on(a, &tree, &a->there.tip, &none);
}

/* Anew from BASE; unless that is what is there. */
static struct error *commit_on_base(const struct attempt *a)
{
	const struct proposal *p = a->proposal;
	char *first = xstrfmt("%s^", a->there.tip.hex);
	const char *const argv[] = { "rev-parse", "--quiet", "--verify", first, NULL };
	struct buffer parent = BUFFER_INIT_MAX(MAX_LISTING);
	struct oid tree = none;
	int status = 0;
	struct process_options options = { .out = &parent, .exit_status = &status, .discard_err = true };
	struct error *err = repo_git_read(a->repo, argv, &options);
	if (!err)
		err = repo_commit_tree(a->repo, &a->there.tip, &tree);
	struct slice id = slice_trim(slice_of(&parent));
	bool there = !err && !status && slice_equals(id, p->base.hex) && same(&tree, &a->maker->wanted);
	if (there)
		a->out->commit = a->there.tip;
	buffer_release(&parent);
	free(first);
	return err || there ? err : commit_on(a, &a->maker->wanted, &p->base, &none);
}

/* out->commit becomes what the branch is to be. */
static struct error *make_commit(struct attempt *a)
{
	const struct proposal *p = a->proposal;
	struct standing s;
	bool moved = false, over = false;
	if (!a->there.tip.hex[0])
		return commit_on(a, &a->maker->wanted, &p->base, &none);
	struct error *err = need_commit(a->repo, a->remote, p->branch, &a->there.tip, &moved);
	a->again = moved;
	if (!err && !moved)
		err = is_over(a, &over);
	if (err || moved)
		return err;
	if (over)
		return commit_on_base(a);
	err = find_standing(a->repo, p, &a->there, &s);
	if (err)
		return err;
	if (s.newer) {
		a->out->commit = a->there.tip;
		a->out->outcome = PROPOSAL_OLDER;
		return NULL;
	}
	if (s.people)
		return commit_on_theirs(a, &s);
	if (s.contains_base && !s.merged)
		return commit_on_ours(a);
	return commit_on_base(a);
}

/* The server's words say most about a branch that is protected, or a right that is missing. */
static struct error *with_words(struct error *err, const struct buffer *said)
{
	struct buffer words = BUFFER_INIT;
	struct slice text = slice_trim(slice_of(said));
	if (text.len > MAX_WORDS)
		text.len = MAX_WORDS;
	if (err->hint)
		buffer_addf(&words, "%s%s", err->hint, text.len ? "; git says:\n" : "");
	text_for_terminal(&words, text.data, text.len, true);
	if (words.len)
		err = error_with_hint(err, "%s", words.data);
	buffer_release(&words);
	return err;
}

static struct error *push(struct attempt *a)
{
	const struct proposal *p = a->proposal;
	struct buffer said = BUFFER_INIT;
	char *ref = xstrfmt(HEADS "%s", p->branch), *what = xstrfmt("the branch '%s'", p->branch);
	struct push_try try = { .remote = a->remote, .ref = ref, .object = a->out->commit.hex,
				.lease = a->there.tip.hex, .said = &said };
	struct error *err = ref_push(a->repo, &try, what);
	a->again = !err && try.outcome == PUSH_BEHIND;
	a->out->pushed = !err && !a->again;
	if (err && !error_is(err, ERROR_CANCELLED))
		err = with_words(err, &said);
	buffer_release(&said);
	free(ref);
	free(what);
	return err;
}

static struct error *try_once(struct attempt *a)
{
	const struct proposal *p = a->proposal;
	bool moved = false;
	a->again = false;
	struct error *err = look(a->repo, a->remote, p->branch, p->base_branch, &a->there);
	if (!err)
		err = check_base(a->repo, a->remote, p->base_branch, &p->base, &a->there, &moved);
	a->again = moved;
	if (!err && !a->again)
		err = make_commit(a);
	if (err || a->again || same(&a->out->commit, &a->there.tip))
		return err;
	return push(a);
}

/* -- the pull request -------------------------------------------------------------------------- */

/* Forges take a moment to see a branch that was pushed: until then they say that it is not there. */
static bool is_not_seen_yet(const struct attempt *a, const struct error *err)
{
	return a->out->pushed && err && (err->code == ERROR_NOT_FOUND || strstr(err->message, "head: invalid"));
}

static struct error *ensure_patiently(const struct attempt *a, const struct pull_wish *wish, enum pull_outcome *outcome)
{
	for (unsigned attempt = 1;; attempt++) {
		struct error *err = forge_pull_ensure(a->forge, wish, &a->out->pull, outcome, &a->out->warnings);
		if (!is_not_seen_yet(a, err) || attempt == PULL_MAX_ATTEMPTS)
			return err;
		error_free(err);
		buffer_reset(&a->out->warnings);
		ref_pause(PULL_PAUSE + attempt);
	}
}

static struct error *ensure_pull(const struct attempt *a)
{
	const struct proposal *p = a->proposal;
	struct proposal_result *out = a->out;
	struct pull_wish wish = p->pull;
	enum pull_outcome outcome;
	if (!a->forge) {
		out->outcome = PROPOSAL_PUSHED;
		return NULL;
	}
	wish.branch = p->branch;
	wish.base = p->base_branch;
	struct error *err = ensure_patiently(a, &wish, &outcome);
	if (err) {
		char *hint = err->hint ? xstrdup(err->hint) : NULL;
		err = error_context(err, "the branch '%s' is pushed; its pull request is not as it should be", p->branch);
		err = error_with_hint(err, "%s%sthe same command completes it", hint ? hint : "", hint ? "; then " : "");
		free(hint);
		return err;
	}
	if (outcome == PULL_OPENED)
		out->outcome = PROPOSAL_OPENED;
	else
		out->outcome = out->pushed || outcome == PULL_UPDATED ? PROPOSAL_UPDATED : PROPOSAL_UNCHANGED;
	return NULL;
}

struct error *proposal_make(const struct proposal *proposal, struct repo *repo, struct forge *forge, const char *remote,
			    struct proposal_result *out)
{
	struct proposal_maker maker;
	struct attempt a = { &maker, proposal, repo, forge, remote, out, { { "" }, { "" } }, true };
	*out = (struct proposal_result){ .outcome = PROPOSAL_UNCHANGED, .warnings = BUFFER_INIT };
	struct error *err = maker_open(&maker, proposal, repo);
	if (!err && same(&maker.wanted, &maker.base_tree)) {
		out->outcome = PROPOSAL_NOTHING;
		goto out;
	}
	for (unsigned attempt = 1; !err && a.again; attempt++) {
		if (attempt > 1)
			ref_pause(attempt);
		err = attempt > PROPOSAL_MAX_ATTEMPTS ? busy(remote) : try_once(&a);
	}
	if (err)
		out->commit = none;
	else if (out->outcome != PROPOSAL_OLDER)
		err = ensure_pull(&a);
out:
	maker_release(&maker);
	return err;
}
