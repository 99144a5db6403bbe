/* The objects of a proposal: blobs, trees and the commit, made by git without index or work tree of the user's. */
#include "forge/proposal_parts.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/ref.h"

/* What git says is looked at up to here. */
#define MAX_SAID ((size_t)1 << 20)

static void add_word(const char **words, size_t *n, const char *word)
{
	words[(*n)++] = word;
	words[*n] = NULL;
}

static void add_ref_environment(const char **words, size_t *n)
{
	for (size_t i = 0; ref_environment[i]; i++)
		if (strcmp(ref_environment[i], "GIT_INDEX_FILE") != 0)
			add_word(words, n, ref_environment[i]);
}

/* -- git --------------------------------------------------------------------------------------- */

static struct error *take_id(const struct buffer *said, struct oid *out)
{
	size_t len = strcspn(said->data, "\n");
	if (!len || len > OID_MAX_HEX)
		return error_new(ERROR_GENERIC, "git said no object id");
	memcpy(out->hex, said->data, len);
	out->hex[len] = '\0';
	return NULL;
}

/* Runs git; what went wrong is told in its own words. OUT may be NULL. */
static struct error *run_git(struct repo *repo, const char *const *argv, const char *const *env, struct slice input,
			     const char *what, struct buffer *out)
{
	struct buffer words = BUFFER_INIT_MAX(MAX_SAID), unused = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct process_options options = { .env = env, .input = input, .out = out ? out : &unused, .err = &words,
					   .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	if (!err && status)
		err = ref_git_failed(&words, what);
	buffer_release(&words);
	buffer_release(&unused);
	return err;
}

static struct error *run_git_for_id(struct repo *repo, const char *const *argv, const char *const *env,
				    struct slice input, const char *what, struct oid *id)
{
	struct buffer out = BUFFER_INIT_MAX(MAX_SAID);
	struct error *err = run_git(repo, argv, env, input, what, &out);
	if (!err)
		err = take_id(&out, id);
	buffer_release(&out);
	return err;
}

/* -- blobs and trees --------------------------------------------------------------------------- */

/* All in one process: there may be thousands of reports. */
static struct error *write_blobs(struct proposal_maker *m)
{
	static const char *const argv[] = { "fast-import", "--quiet", "--done", NULL };
	const struct proposal *p = m->proposal;
	struct buffer stream = BUFFER_INIT, ids = BUFFER_INIT;
	size_t nr = 0;
	for (size_t i = 0; i < p->nr_files; i++) {
		if (!p->files[i].data.data)
			continue;
		buffer_addf(&stream, "blob\nmark :%zu\ndata %zu\n", ++nr, p->files[i].data.len);
		buffer_add(&stream, p->files[i].data.data, p->files[i].data.len);
		buffer_addf(&stream, "\nget-mark :%zu\n", nr);
	}
	buffer_addstr(&stream, "done\n");
	struct error *err = nr ? run_git(m->repo, argv, ref_environment, slice_of(&stream),
					 "cannot write the proposed files", &ids)
			       : NULL;
	struct buffer line = BUFFER_INIT;
	for (size_t i = 0, at = 0; i < p->nr_files && !err; i++) {
		if (!p->files[i].data.data)
			continue;
		buffer_reset(&line);
		buffer_addstr(&line, at < ids.len ? ids.data + at : "");
		err = take_id(&line, &m->blobs[i]);
		at += strcspn(line.data, "\n") + 1;
	}
	buffer_release(&line);
	buffer_release(&ids);
	buffer_release(&stream);
	return err;
}

static void add_index_lines(struct buffer *out, const struct proposal_maker *m)
{
	const struct proposal *p = m->proposal;
	for (size_t i = 0; i < p->nr_files; i++) {
		const char *mode = !p->files[i].data.data ? "0" : p->files[i].executable ? "100755" : "100644";
		/* A file that is removed has an id of zeros. */
		if (p->files[i].data.data)
			buffer_addf(out, "%s %s\t%s", mode, m->blobs[i].hex, p->files[i].path);
		else
			buffer_addf(out, "%s %0*d\t%s", mode, (int)strlen(m->base_tree.hex), 0, p->files[i].path);
		buffer_addch(out, '\0');
	}
}

/* Nothing of the user's index settings makes sense for this one, some would leave files behind. */
#define PLAIN_INDEX "-c", "core.splitIndex=false", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", \
		    "-c", "index.sparse=false"

/* A path that leads elsewhere git leaves out with a warning; nothing of ours is left out. */
static struct error *put_files(struct proposal_maker *m)
{
	static const char *const argv[] = { PLAIN_INDEX, "update-index", "--add", "-z", "--index-info", NULL };
	struct buffer lines = BUFFER_INIT, words = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	add_index_lines(&lines, m);
	struct process_options options = { .env = m->index_environment, .input = slice_of(&lines), .err = &words,
					   .exit_status = &status };
	struct error *err = repo_git(m->repo, argv, &options);
	if (!err && (status || words.len))
		err = ref_git_failed(&words, "cannot put the proposed files into a tree");
	buffer_release(&lines);
	buffer_release(&words);
	return err;
}

/* git makes way for a file where there was a folder, and the other way round: what is another's stays. */
static struct error *check_others(struct proposal_maker *m, const struct oid *from, const struct oid *to)
{
	const char *const argv[] = { "diff-tree", "-r", "-z", "--no-renames", "--name-only", from->hex, to->hex, NULL };
	const struct proposal *p = m->proposal;
	struct buffer paths = BUFFER_INIT;
	struct strmap ours = STRMAP_INIT;
	struct process_options options = { .out = &paths };
	struct error *err = repo_git_read(m->repo, argv, &options);
	for (size_t i = 0; i < p->nr_files; i++)
		strmap_add(&ours, p->files[i].path, strlen(p->files[i].path));
	for (size_t at = 0; at < paths.len && !err; at += strlen(paths.data + at) + 1)
		if (!strmap_has(&ours, paths.data + at, strlen(paths.data + at)))
			err = error_new(ERROR_EXISTS, "'%s' is in the way of a file that is to be proposed", paths.data + at);
	strmap_release(&ours, NULL);
	buffer_release(&paths);
	return err;
}

struct error *maker_tree(struct proposal_maker *m, const struct oid *tree, struct oid *out)
{
	struct oid from = *tree;
	const char *const read[] = { PLAIN_INDEX, "read-tree", "--", tree->hex, NULL };
	static const char *const write[] = { PLAIN_INDEX, "write-tree", "--missing-ok", NULL };
	static const struct slice nothing;
	struct error *err = run_git(m->repo, read, m->index_environment, nothing, "cannot read a tree", NULL);
	if (!err)
		err = put_files(m);
	if (!err)
		err = run_git_for_id(m->repo, write, m->index_environment, nothing, "cannot write a tree", out);
	if (!err)
		err = check_others(m, &from, out);
	return err;
}

/* -- commits ----------------------------------------------------------------------------------- */

/* Who git would say we are; nothing of ours fails for the lack of a name. */
static void find_identity(struct proposal_maker *m, size_t *n)
{
	static const char *const roles[] = { "AUTHOR", "COMMITTER" };
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		char *variable = xstrfmt("GIT_%s_IDENT", roles[i]);
		const char *const argv[] = { "var", variable, NULL };
		struct buffer said = BUFFER_INIT_MAX(MAX_SAID);
		int status = 0;
		struct process_options options = { .out = &said, .discard_err = true, .exit_status = &status };
		struct error *err = repo_git(m->repo, argv, &options);
		if (err || status) {
			buffer_addf(&m->identity[2 * i], "GIT_%s_NAME=git-scrutiny", roles[i]);
			buffer_addf(&m->identity[2 * i + 1], "GIT_%s_EMAIL=git-scrutiny@localhost", roles[i]);
			add_word(m->commit_environment, n, m->identity[2 * i].data);
			add_word(m->commit_environment, n, m->identity[2 * i + 1].data);
		}
		error_free(err);
		buffer_release(&said);
		free(variable);
	}
}

/* The message with the trailer by which the commit is known again. */
static struct error *add_trailer(struct proposal_maker *m, const struct oid *tree, struct buffer *out)
{
	char *trailer = xstrfmt(PROPOSAL_TRAILER ": %s", tree->hex);
	const char *const argv[] = { "-c", "trailer.separators=:", "interpret-trailers", "--no-divider", "--where",
				     "end", "--if-exists", "add", "--if-missing", "add", "--trailer", trailer, NULL };
	struct error *err = run_git(m->repo, argv, ref_environment, slice_of_string(m->proposal->message),
				    "cannot write the message of a commit", out);
	free(trailer);
	return err;
}

static struct error *commit_tree(struct proposal_maker *m, const struct oid *tree, const struct oid *parent,
				 const struct oid *second, struct slice message, bool sign, struct oid *out)
{
	/* What we write is UTF-8, whatever the user writes. */
	const char *argv[16] = { "-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-p", parent->hex };
	size_t n = 5;
	if (second->hex[0]) {
		add_word(argv, &n, "-p");
		add_word(argv, &n, second->hex);
	}
	if (sign)
		add_word(argv, &n, "-S");
	add_word(argv, &n, "-F");
	add_word(argv, &n, "-");
	add_word(argv, &n, tree->hex);
	return run_git_for_id(m->repo, argv, m->commit_environment, message,
			      sign ? "cannot make and sign the commit (commit.gpgSign)" : "cannot make the commit", out);
}

struct error *maker_commit(struct proposal_maker *m, const struct oid *tree, const struct oid *parent,
			   const struct oid *second, struct oid *out)
{
	struct buffer message = BUFFER_INIT;
	bool sign = text_is_true(repo_config(m->repo, "commit.gpgsign"));
	struct error *err = add_trailer(m, tree, &message);
	if (!err)
		err = commit_tree(m, tree, parent, second, slice_of(&message), sign, out);
	buffer_release(&message);
	return err;
}

static struct error *conflict(const struct proposal_maker *m)
{
	struct error *err = error_new(ERROR_CONFLICT, "people have changed what is to be proposed on the branch '%s' in "
						      "another way", m->proposal->branch);
	return error_with_hint(err, "merge or close its pull request, or delete the branch: it was left as it is");
}

struct error *maker_merge(struct proposal_maker *m, const struct oid *tip, const struct oid *ours, struct oid *out)
{
	/* A commit beside theirs that says what we want from our last one on: what is common to both is that one. */
	static const struct oid none = { "" };
	struct oid beside;
	struct error *err = commit_tree(m, &m->wanted, ours, &none, slice_of_string("what is wanted"), false, &beside);
	if (err)
		return err;
	const char *const argv[] = { "merge-tree", "--write-tree", "--no-messages", tip->hex, beside.hex, NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID), words = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct process_options options = { .env = ref_environment, .out = &said, .err = &words, .exit_status = &status };
	err = repo_git(m->repo, argv, &options);
	if (!err && status == 1)
		err = conflict(m);
	else if (!err && status == 129)
		err = error_with_hint(error_new(ERROR_UNSUPPORTED, "people have added commits to the branch '%s', and this "
								   "git cannot merge without a work tree",
						m->proposal->branch), "git 2.38 can");
	else if (!err && status)
		err = ref_git_failed(&words, "cannot merge with what people have added to the branch");
	if (!err)
		err = take_id(&said, out);
	buffer_release(&said);
	buffer_release(&words);
	return err;
}

/* -- all of it --------------------------------------------------------------------------------- */

struct error *maker_open(struct proposal_maker *m, const struct proposal *proposal, struct repo *repo)
{
	size_t n = 0;
	*m = (struct proposal_maker){ .proposal = proposal, .repo = repo, .scratch = SCRATCH_INIT };
	for (size_t i = 0; i < ARRAY_SIZE(m->identity); i++)
		buffer_init(&m->identity[i], MAX_SAID);
	buffer_init(&m->index, MAX_SAID);
	m->blobs = xcalloc(proposal->nr_files + 1, sizeof(*m->blobs));
	struct error *err = scratch_open(&m->scratch, repo);
	if (err)
		return err;
	buffer_addf(&m->index, "GIT_INDEX_FILE=%s/index", m->scratch.path);
	add_word(m->index_environment, &n, m->index.data);
	add_ref_environment(m->index_environment, &n);
	n = 0;
	add_word(m->commit_environment, &n, "GIT_INDEX_FILE");
	add_ref_environment(m->commit_environment, &n);
	find_identity(m, &n);
	err = repo_commit_tree(repo, &proposal->base, &m->base_tree);
	if (!err)
		err = write_blobs(m);
	return err ? err : maker_tree(m, &m->base_tree, &m->wanted);
}

void maker_release(struct proposal_maker *m)
{
	scratch_close(&m->scratch);
	for (size_t i = 0; i < ARRAY_SIZE(m->identity); i++)
		buffer_release(&m->identity[i]);
	buffer_release(&m->index);
	free(m->blobs);
}
