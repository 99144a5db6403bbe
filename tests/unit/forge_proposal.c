#include "git_fixture.h"

#include "base/text.h"
#include "forge/proposal.h"
#include "git/scratch.h"

#define BRANCH "scrutiny/main"

/* A clone with a paper on main, and the bare repository it was pushed to. */
struct place {
	char *directory, *top, *remote;
	struct repo *repo;
};

static void reopen(struct place *p)
{
	repo_free(p->repo);
	assert_success(repo_open(&p->repo, p->top));
}

static void setup_format(struct place *p, const char *format)
{
	*p = (struct place){ .directory = fixture_directory() };
	p->top = fixture_repository(p->directory, "repo", format);
	p->remote = xstrfmt("%s/remote.git", p->directory);
	char *argument = xstrfmt("--object-format=%s", format);
	git(p->top, "init", "--quiet", "--bare", "-b", "main", argument, p->remote, NULL);
	free(argument);
	git(p->top, "remote", "add", "origin", p->remote, NULL);
	put_file(p->top, "paper/main.md", "# A paper\n");
	put_file(p->top, "other.txt", "one\ntwo\nthree\n");
	git(p->top, "add", ".", NULL);
	git(p->top, "commit", "-qm", "a paper", NULL);
	git(p->top, "push", "-q", "origin", "main", NULL);
	reopen(p);
}

static void setup(struct place *p)
{
	setup_format(p, "sha1");
}

static void teardown(struct place *p)
{
	repo_free(p->repo);
	free(p->top);
	free(p->remote);
	fixture_remove(p->directory);
}

static struct oid resolve(const char *directory, const char *rev)
{
	struct oid id = { "" };
	char *said = git_says(directory, "rev-parse", rev, NULL);
	memcpy(id.hex, said, strlen(said) + 1);
	free(said);
	return id;
}

static struct error *propose_files(struct place *p, const struct proposal_file *files, size_t nr,
				   struct proposal_result *out)
{
	struct proposal proposal = { .branch = BRANCH, .base_branch = "main", .base = resolve(p->top, "HEAD"),
				     .files = files, .nr_files = nr, .message = "Review a paper\n" };
	return proposal_make(&proposal, p->repo, NULL, "origin", out);
}

/* Proposes PATH with TEXT for HEAD. */
static struct proposal_result propose(struct place *p, const char *path, const char *text)
{
	struct proposal_file file = { path, slice_of_string(text), false };
	struct proposal_result result;
	assert_success(propose_files(p, &file, 1, &result));
	return result;
}

/* As propose, of which nothing but the branch is looked at. */
static void propose_only(struct place *p, const char *path, const char *text)
{
	struct proposal_result result = propose(p, path, text);
	proposal_result_release(&result);
}

static void assert_refused(struct place *p, const char *path, enum error_code code)
{
	struct proposal_file file = { path, slice_of_string("x\n"), false };
	struct proposal_result result;
	assert_error(propose_files(p, &file, 1, &result), code);
	assert_false(result.pushed);
	proposal_result_release(&result);
}

/* What git says in DIRECTORY is EXPECTED. */
#define assert_git(directory, expected, ...)                                  \
	do {                                                                  \
		char *assert_said = git_says(directory, __VA_ARGS__, NULL);   \
		assert_string_equal(assert_said, expected);                   \
		free(assert_said);                                            \
	} while (0)

/* Somebody else's clone with the branch checked out. */
static char *clone_of_a_person(struct place *p)
{
	char *path = xstrfmt("%s/person", p->directory);
	git(p->directory, "clone", "-q", "-b", BRANCH, p->remote, path, NULL);
	return path;
}

static void push_as_a_person(const char *clone, const char *path, const char *text)
{
	put_file(clone, path, text);
	git(clone, "add", ".", NULL);
	git(clone, "commit", "-qm", "by hand", NULL);
	git(clone, "push", "-q", "origin", BRANCH, NULL);
}

static void a_new_branch_holds_one_commit_on_the_base(void **state)
{
	static const char *const formats[] = { "sha1", "sha256" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct place p;
		setup_format(&p, formats[i]);
		struct proposal_result result = propose(&p, "paper/scrutiny.md", "a report\n");
		assert_int_equal(result.outcome, PROPOSAL_PUSHED);
		assert_true(result.pushed);
		assert_git(p.remote, result.commit.hex, "rev-parse", BRANCH);
		assert_git(p.remote, "a report", "show", BRANCH ":paper/scrutiny.md");
		assert_git(p.remote, "1", "rev-list", "--count", "main.." BRANCH);
		assert_git(p.remote, "paper/scrutiny.md", "diff", "--name-only", "main", BRANCH);
		proposal_result_release(&result);
		teardown(&p);
	}
}

static void nothing_of_the_user_s_is_touched(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	put_file(p.top, "other.txt", "changed\n");
	put_file(p.top, "staged.txt", "staged\n");
	git(p.top, "add", "staged.txt", NULL);
	char *status = git_says(p.top, "status", "--porcelain=v2", "--branch", NULL);
	char *refs = git_says(p.top, "for-each-ref", NULL);
	char *index = xstrfmt("%s/.git/index", p.top);
	struct buffer before = BUFFER_INIT, after = BUFFER_INIT;
	assert_success(file_read(index, &before));
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	assert_success(file_read(index, &after));
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	assert_git(p.top, status, "status", "--porcelain=v2", "--branch");
	/* but for what a push of any branch records */
	git(p.top, "update-ref", "-d", "refs/remotes/origin/" BRANCH, NULL);
	assert_git(p.top, refs, "for-each-ref");
	buffer_release(&before);
	buffer_release(&after);
	free(index);
	free(status);
	free(refs);
	teardown(&p);
}

static void nothing_is_left_in_the_git_directory(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *folder = xstrfmt("%s/.git/" SCRATCH_FOLDER, p.top);
	assert_int_equal(rmdir(folder), 0);
	free(folder);
	teardown(&p);
}

static void the_same_again_changes_nothing(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	struct proposal_result first = propose(&p, "paper/scrutiny.md", "a report\n");
	struct proposal_result second = propose(&p, "paper/scrutiny.md", "a report\n");
	assert_false(second.pushed);
	assert_string_equal(first.commit.hex, second.commit.hex);
	proposal_result_release(&first);
	proposal_result_release(&second);
	teardown(&p);
}

static void what_the_base_has_already_is_not_proposed(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	struct proposal_result result = propose(&p, "paper/main.md", "# A paper\n");
	assert_int_equal(result.outcome, PROPOSAL_NOTHING);
	assert_string_equal(result.commit.hex, "");
	assert_git(p.remote, "", "for-each-ref", "refs/heads/scrutiny/");
	proposal_result_release(&result);
	teardown(&p);
}

static void the_next_run_adds_a_commit(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	propose_only(&p, "second/scrutiny.md", "another\n");
	assert_git(p.remote, "2", "rev-list", "--count", "main.." BRANCH);
	assert_git(p.remote, "a report", "show", BRANCH ":paper/scrutiny.md");
	assert_git(p.remote, "another", "show", BRANCH ":second/scrutiny.md");
	teardown(&p);
}

static void a_file_can_be_removed_and_be_executable(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	struct proposal_file files[] = { { "other.txt", { NULL, 0 }, false },
					 { "tool", slice_of_string("#!/bin/true\n"), true },
					 { "empty", slice_of_string(""), false } };
	struct proposal_result result;
	assert_success(propose_files(&p, files, ARRAY_SIZE(files), &result));
	assert_git(p.remote, "A\tempty\nD\tother.txt\nA\ttool", "diff", "--name-status", "main", BRANCH);
	assert_git(p.remote, "100755", "ls-tree", "--format=%(objectmode)", BRANCH, "tool");
	proposal_result_release(&result);
	teardown(&p);
}

static void when_the_base_moved_on_the_branch_begins_anew(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	git(p.top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	assert_git(p.remote, "1", "rev-list", "--count", "main.." BRANCH);
	assert_git(p.remote, "0", "rev-list", "--count", BRANCH "..main");
	assert_git(p.remote, "a newer report", "show", BRANCH ":paper/scrutiny.md");
	teardown(&p);
}

static void a_run_of_an_older_commit_leaves_the_branch_alone(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	git(p.top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	git(p.top, "checkout", "-q", "HEAD~1", NULL);
	struct proposal_result result = propose(&p, "paper/scrutiny.md", "a report\n");
	assert_int_equal(result.outcome, PROPOSAL_OLDER);
	assert_git(p.remote, "a newer report", "show", BRANCH ":paper/scrutiny.md");
	proposal_result_release(&result);
	teardown(&p);
}

static void commits_of_people_are_kept(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *person = clone_of_a_person(&p);
	push_as_a_person(person, "other.txt", "one\ntwo, by hand\nthree\n");
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	assert_git(p.remote, "3", "rev-list", "--count", "main.." BRANCH);
	assert_git(p.remote, "one\ntwo, by hand\nthree", "show", BRANCH ":other.txt");
	assert_git(p.remote, "a newer report", "show", BRANCH ":paper/scrutiny.md");
	free(person);
	teardown(&p);
}

static void commits_of_people_are_merged_with_a_base_that_moved_on(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *person = clone_of_a_person(&p);
	push_as_a_person(person, "notes.txt", "by hand\n");
	put_file(p.top, "paper/main.md", "# A better paper\n");
	git(p.top, "commit", "-qam", "more", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	assert_git(p.remote, "0", "rev-list", "--count", BRANCH "..main");
	assert_git(p.remote, "A\tnotes.txt\nA\tpaper/scrutiny.md", "diff", "--name-status", "main", BRANCH);
	assert_git(p.remote, "a newer report", "show", BRANCH ":paper/scrutiny.md");
	free(person);
	teardown(&p);
}

static void what_people_wrote_into_a_proposed_file_is_not_overwritten(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/meta.yaml", "title: a\n");
	char *person = clone_of_a_person(&p);
	push_as_a_person(person, "paper/meta.yaml", "title: by hand\n");
	assert_refused(&p, "paper/meta.yaml", ERROR_CONFLICT);
	assert_git(p.remote, "title: by hand", "show", BRANCH ":paper/meta.yaml");
	/* what we would not change is no conflict */
	propose_only(&p, "paper/meta.yaml", "title: a\n");
	assert_git(p.remote, "title: by hand", "show", BRANCH ":paper/meta.yaml");
	free(person);
	teardown(&p);
}

static void a_commit_that_was_amended_is_its_author_s(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *person = clone_of_a_person(&p);
	put_file(person, "notes.txt", "by hand\n");
	git(person, "add", ".", NULL);
	git(person, "commit", "-q", "--amend", "--no-edit", NULL);
	git(person, "push", "-q", "--force", "origin", BRANCH, NULL);
	git(p.top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	propose_only(&p, "second/scrutiny.md", "another\n");
	assert_git(p.remote, "by hand", "show", BRANCH ":notes.txt");
	assert_git(p.remote, "another", "show", BRANCH ":second/scrutiny.md");
	free(person);
	teardown(&p);
}

static void after_a_merge_it_begins_anew(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	git(p.top, "fetch", "-q", "origin", BRANCH, NULL);
	git(p.top, "merge", "-q", "--no-ff", "--no-edit", "FETCH_HEAD", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	struct proposal_result same = propose(&p, "paper/scrutiny.md", "a report\n");
	assert_int_equal(same.outcome, PROPOSAL_NOTHING);
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	assert_git(p.remote, "1", "rev-list", "--count", "main.." BRANCH);
	proposal_result_release(&same);
	teardown(&p);
}

static void a_base_that_is_not_pushed_is_refused(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	git(p.top, "commit", "-q", "--allow-empty", "-m", "not pushed", NULL);
	struct oid head = resolve(p.top, "HEAD"), pushed = resolve(p.top, "HEAD~1");
	assert_success(proposal_check_base(p.repo, "origin", "main", &pushed));
	assert_error(proposal_check_base(p.repo, "origin", "main", &head), ERROR_CONFLICT);
	assert_error(proposal_check_base(p.repo, "origin", "nowhere", &head), ERROR_NOT_FOUND);
	assert_refused(&p, "paper/scrutiny.md", ERROR_CONFLICT);
	assert_git(p.remote, "", "for-each-ref", "refs/heads/scrutiny/");
	teardown(&p);
}

static void a_base_that_others_have_moved_on_contains_it(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	char *person = xstrfmt("%s/person", p.directory);
	git(p.directory, "clone", "-q", p.remote, person, NULL);
	git(person, "commit", "-q", "--allow-empty", "-m", "theirs", NULL);
	git(person, "push", "-q", "origin", "main", NULL);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	assert_git(p.remote, "1", "rev-list", "--count", "main.." BRANCH);
	free(person);
	teardown(&p);
}

static void a_refused_push_is_told_in_the_server_s_words(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	char *hook = xstrfmt("%s/hooks/pre-receive", p.remote);
	put_file(p.remote, "hooks/pre-receive", "#!/bin/sh\necho 'only robots may push here' >&2\nexit 1\n");
	assert_int_equal(chmod(hook, 0755), 0);
	struct proposal_file file = { "paper/scrutiny.md", slice_of_string("a report\n"), false };
	struct proposal_result result;
	struct error *err = propose_files(&p, &file, 1, &result);
	assert_non_null(err);
	assert_true(starts_with(err->message, "cannot push the branch 'scrutiny/main' to 'origin': "));
	assert_non_null(strstr(err->hint, "only robots may push here"));
	assert_false(result.pushed);
	error_free(err);
	proposal_result_release(&result);
	free(hook);
	teardown(&p);
}

static void other_people_s_hooks_run_and_ours_is_told_to_skip(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	char *hook = xstrfmt("%s/.git/hooks/pre-push", p.top);
	put_file(p.top, ".git/hooks/pre-push", "#!/bin/sh\necho \"$SCRUTINY\" >ran\n");
	assert_int_equal(chmod(hook, 0755), 0);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *path = xstrfmt("%s/ran", p.top);
	struct buffer said = BUFFER_INIT;
	assert_success(file_read(path, &said));
	assert_string_equal(said.data, "0\n");
	buffer_release(&said);
	free(path);
	free(hook);
	teardown(&p);
}

static void paths_that_lead_elsewhere_or_are_taken_are_refused(void **state)
{
	static const char *const paths[] = { "../x", ".git/config", "paper/../x", "/etc/x" };
	struct place p;
	(void)state;
	setup(&p);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_refused(&p, paths[i], ERROR_IO);
	assert_refused(&p, "other.txt/x", ERROR_EXISTS);
	assert_refused(&p, "paper", ERROR_EXISTS);
	assert_git(p.remote, "", "for-each-ref", "refs/heads/scrutiny/");
	teardown(&p);
}

static void the_message_keeps_its_trailers(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	struct proposal_file file = { "x", slice_of_string("x\n"), false };
	struct proposal proposal = { .branch = BRANCH, .base_branch = "main", .base = resolve(p.top, "HEAD"),
				     .files = &file, .nr_files = 1, .message = "Title\n\nScrutiny: a 1 error\n" };
	struct proposal_result result;
	assert_success(proposal_make(&proposal, p.repo, NULL, "origin", &result));
	assert_git(p.remote, "a 1 error", "log", "-1", "--format=%(trailers:key=Scrutiny,valueonly,separator=)", BRANCH);
	proposal_result_release(&result);
	teardown(&p);
}

static void it_works_without_an_identity(void **state)
{
	static const char *const variables[] = { "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME",
						 "GIT_COMMITTER_EMAIL" };
	struct place p;
	(void)state;
	setup(&p);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	git(p.top, "config", "user.useConfigOnly", "true", NULL);
	reopen(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	assert_git(p.remote, "git-scrutiny", "log", "-1", "--format=%an", BRANCH);
	fixture_environment();
	teardown(&p);
}

static void a_signature_that_fails_leaves_nothing(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	git(p.top, "config", "commit.gpgSign", "true", NULL);
	git(p.top, "config", "gpg.program", "/bin/false", NULL);
	reopen(&p);
	assert_refused(&p, "paper/scrutiny.md", ERROR_IO);
	assert_git(p.remote, "", "for-each-ref", "refs/heads/scrutiny/");
	teardown(&p);
}

static void it_is_signed_as_the_user_s_settings_say(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	char *key = xstrfmt("%s/key", p.directory), *public_key = xstrfmt("%s.pub", key);
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL };
	struct buffer said = BUFFER_INIT;
	struct process_options options = { .out = &said, .err = &said };
	struct error *err = process_run(argv, &options);
	bool missing = error_drop_if(&err, ERROR_NOT_FOUND);
	assert_success(err);
	if (!missing) {
		git(p.top, "config", "commit.gpgSign", "true", NULL);
		git(p.top, "config", "gpg.format", "ssh", NULL);
		git(p.top, "config", "user.signingKey", public_key, NULL);
		git(p.top, "config", "i18n.commitEncoding", "latin1", NULL);
		reopen(&p);
		propose_only(&p, "paper/scrutiny.md", "a report\n");
		char *commit = git_says(p.remote, "cat-file", "commit", BRANCH, NULL);
		assert_non_null(strstr(commit, "\ngpgsig -----BEGIN SSH SIGNATURE-----\n"));
		assert_null(strstr(commit, "\nencoding ")); /* what we write is UTF-8 */
		free(commit);
		/* and it is known as ours */
		git(p.top, "commit", "-q", "--no-gpg-sign", "--allow-empty", "-m", "more", NULL);
		git(p.top, "push", "-q", "origin", "main", NULL);
		propose_only(&p, "paper/scrutiny.md", "a newer report\n");
		assert_git(p.remote, "1", "rev-list", "--count", "main.." BRANCH);
	}
	buffer_release(&said);
	free(key);
	free(public_key);
	teardown(&p);
}

static void a_shallow_clone_can_propose(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	git(p.top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
	git(p.top, "push", "-q", "origin", "main", NULL);
	char *url = xstrfmt("file://%s", p.remote), *shallow = xstrfmt("%s/shallow", p.directory);
	git(p.directory, "clone", "-q", "--depth=1", url, shallow, NULL);
	free(p.top);
	p.top = shallow;
	reopen(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	propose_only(&p, "paper/scrutiny.md", "a newer report\n");
	assert_git(p.remote, "2", "rev-list", "--count", "main.." BRANCH);
	free(url);
	teardown(&p);
}

static void it_works_inside_a_hook_of_git_s(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	setenv("GIT_INDEX_FILE", "/nonexistent/index", 1);
	setenv("GIT_QUARANTINE_PATH", "/nonexistent", 1);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	unsetenv("GIT_INDEX_FILE");
	unsetenv("GIT_QUARANTINE_PATH");
	assert_git(p.remote, "a report", "show", BRANCH ":paper/scrutiny.md");
	teardown(&p);
}

static void settings_of_the_index_leave_no_files_behind(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	git(p.top, "config", "core.splitIndex", "true", NULL);
	git(p.top, "config", "core.untrackedCache", "true", NULL);
	reopen(&p);
	propose_only(&p, "paper/scrutiny.md", "a report\n");
	char *folder = xstrfmt("%s/.git/" SCRATCH_FOLDER, p.top);
	assert_int_equal(rmdir(folder), 0);
	free(folder);
	teardown(&p);
}

static void a_scratch_folder_that_was_left_is_removed(void **state)
{
	struct place p;
	struct scratch mine = SCRATCH_INIT, next = SCRATCH_INIT;
	(void)state;
	setup(&p);
	put_file(p.top, ".git/" SCRATCH_FOLDER "/left/index.lock", "x");
	assert_success(scratch_open(&mine, p.repo));
	assert_success(scratch_open(&next, p.repo));
	char *left = xstrfmt("%s/.git/" SCRATCH_FOLDER "/left", p.top);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(mine.path, F_OK), 0); /* that of a process that lives stays */
	scratch_close(&mine);
	scratch_close(&next);
	free(left);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_branch_holds_one_commit_on_the_base),
		cmocka_unit_test(nothing_of_the_user_s_is_touched),
		cmocka_unit_test(nothing_is_left_in_the_git_directory),
		cmocka_unit_test(the_same_again_changes_nothing),
		cmocka_unit_test(what_the_base_has_already_is_not_proposed),
		cmocka_unit_test(the_next_run_adds_a_commit),
		cmocka_unit_test(a_file_can_be_removed_and_be_executable),
		cmocka_unit_test(when_the_base_moved_on_the_branch_begins_anew),
		cmocka_unit_test(a_run_of_an_older_commit_leaves_the_branch_alone),
		cmocka_unit_test(commits_of_people_are_kept),
		cmocka_unit_test(commits_of_people_are_merged_with_a_base_that_moved_on),
		cmocka_unit_test(what_people_wrote_into_a_proposed_file_is_not_overwritten),
		cmocka_unit_test(a_commit_that_was_amended_is_its_author_s),
		cmocka_unit_test(after_a_merge_it_begins_anew),
		cmocka_unit_test(a_base_that_is_not_pushed_is_refused),
		cmocka_unit_test(a_base_that_others_have_moved_on_contains_it),
		cmocka_unit_test(a_refused_push_is_told_in_the_server_s_words),
		cmocka_unit_test(other_people_s_hooks_run_and_ours_is_told_to_skip),
		cmocka_unit_test(paths_that_lead_elsewhere_or_are_taken_are_refused),
		cmocka_unit_test(the_message_keeps_its_trailers),
		cmocka_unit_test(it_works_without_an_identity),
		cmocka_unit_test(a_signature_that_fails_leaves_nothing),
		cmocka_unit_test(it_is_signed_as_the_user_s_settings_say),
		cmocka_unit_test(a_shallow_clone_can_propose),
		cmocka_unit_test(it_works_inside_a_hook_of_git_s),
		cmocka_unit_test(settings_of_the_index_leave_no_files_behind),
		cmocka_unit_test(a_scratch_folder_that_was_left_is_removed),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
