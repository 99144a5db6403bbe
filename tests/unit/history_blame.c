/* Since when findings are there: against a walk that reads every commit. */
#include "discover_testing.h"

#include "git/records.h"
#include "history/blame.h"
#include "history/match.h"
#include "paper/document.h"
#include "review/review.h"

/* In small; HISTORY_ROUNDS=100 makes more of them. */
#define ROUNDS 3
#define COMMITS 24

static uint32_t state_of_chance;

/* A number below N. */
static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * 1664525u + 1013904223u;
	return (state_of_chance >> 16) % n;
}

static unsigned rounds(void)
{
	const char *asked = getenv("HISTORY_ROUNDS");
	return asked ? (unsigned)atoi(asked) : ROUNDS;
}

/* -- the naive walk ----------------------------------------------------------------------------- */

struct naive_version {
	struct finding_list findings;
	struct finding_key *keys;
	char *folder;
};

static void read_version(struct naive_version *out, struct repo *repo, const char *commit)
{
	struct oid oid = { "" };
	struct snapshot *snapshot;
	struct paper_rules rules = { NULL };
	struct paper_list papers;
	memcpy(oid.hex, commit, strlen(commit));
	*out = (struct naive_version){ .folder = xstrdup("") };
	assert_success(snapshot_new(&snapshot, repo, SNAPSHOT_COMMIT, &oid));
	assert_success(paper_discover(&papers, snapshot, &rules));
	for (size_t i = 0; i < papers.nr; i++) {
		const struct paper *paper = &papers.items[i];
		struct document doc, *list = &doc;
		assert_success(document_read(&doc, snapshot, paper, &paper->manuscripts[0]));
		check_run(&out->findings, &list, 1);
		document_release(&doc);
		review_store_paths(&out->findings, paper->path);
		free(out->folder);
		out->folder = xstrdup(paper->path);
	}
	out->keys = finding_keys(&out->findings);
	paper_list_release(&papers);
	snapshot_free(snapshot);
}

static void release_version(struct naive_version *v)
{
	finding_list_release(&v->findings);
	free(v->keys);
	free(v->folder);
}

/* All that the paper is made of, in one word. */
static char *content(struct world *w, const char *commit)
{
	return git_says(w->top, "ls-tree", commit, "paper", "old", "shared", NULL);
}

static size_t before(struct repo *repo, const char *newer, const char *older, size_t number)
{
	struct naive_version a, b;
	read_version(&a, repo, newer);
	read_version(&b, repo, older);
	size_t *map = xcalloc(a.findings.nr + 1, sizeof(*map));
	findings_match(map, a.keys, a.findings.nr, b.keys, b.findings.nr);
	size_t found = map[number];
	free(map);
	release_version(&a);
	release_version(&b);
	return found;
}

/* The commit that brought in finding NUMBER of COMMIT; malloc'd. */
static char *naive_blame(struct world *w, struct repo *repo, const char *commit, size_t number)
{
	char *at = xstrdup(commit);
	for (;;) {
		char *parents = git_says(w->top, "log", "-1", "--format=%P", at, NULL);
		char *here = content(w, at), *next = NULL, *rest = NULL;
		for (char *p = strtok_r(parents, " ", &rest); p && !next; p = strtok_r(NULL, " ", &rest)) {
			char *there = content(w, p);
			if (!strcmp(here, there))
				next = xstrdup(p);
			free(there);
		}
		free(parents);
		parents = git_says(w->top, "log", "-1", "--format=%P", at, NULL);
		for (char *p = strtok_r(parents, " ", &rest); p && !next; p = strtok_r(NULL, " ", &rest)) {
			size_t found = before(repo, at, p, number);
			if (found) {
				number = found - 1;
				next = xstrdup(p);
			}
		}
		free(parents);
		free(here);
		if (!next)
			return at;
		free(at);
		at = next;
	}
}

/* -- random histories --------------------------------------------------------------------------- */

/* A paper of two files with some labels and references, of which some are undefined, some alike. */
static void put_paper(struct world *w, const char *folder)
{
	struct buffer main = BUFFER_INIT, part = BUFFER_INIT;
	char *path = xstrfmt("%s/main.tex", folder);
	buffer_addstr(&main, "\\documentclass{article}\n\\begin{document}\n\\input{part}\n\\input{../shared/labels}\n");
	for (unsigned i = 0; i < 6; i++) {
		struct buffer *to = chance(3) ? &main : &part;
		if (chance(2))
			buffer_addf(to, "\\section{S}\\label{l%u}\n", chance(5));
		else
			buffer_addf(to, "%s \\ref{l%u}.\n", chance(2) ? "See" : "As in", chance(5));
		if (!chance(6))
			buffer_addstr(to, "TODO: more.\n");
	}
	buffer_addstr(&main, "\\end{document}\n");
	put(w, path, main.data);
	free(path);
	path = xstrfmt("%s/part.tex", folder);
	put(w, path, part.data ? part.data : "");
	free(path);
	buffer_release(&main);
	buffer_release(&part);
}

static void change(struct world *w, const char *folder)
{
	struct buffer text = BUFFER_INIT;
	switch (chance(6)) {
	case 0:
		buffer_addf(&text, "Note %u\n", chance(1000000));
		put(w, "notes/log.txt", text.data);
		break;
	case 1:
		buffer_addf(&text, "\\section{Shared}\\label{l%u}\n", chance(5));
		put(w, "shared/labels.tex", text.data);
		break;
	default:
		put_paper(w, folder);
	}
	buffer_release(&text);
}

static void start(struct world *w, unsigned seed)
{
	state_of_chance = seed;
	setup(w);
	put_paper(w, "paper");
	put(w, "shared/labels.tex", "\\section{Shared}\\label{l0}\n");
	commit(w);
}

static void assert_as_naive(struct world *w, bool *any)
{
	struct repo *repo;
	struct snapshot *snapshot;
	const struct look *present;
	char *head = git_says(w->top, "rev-parse", "HEAD", NULL);
	struct paper_rules rules = { NULL };
	assert_success(repo_open(&repo, w->top));
	struct history_settings settings = { .repo = repo, .folder = "paper", .rules = &rules,
					     .families = CHECK_ALL_FAMILIES };
	memcpy(settings.commit.hex, head, strlen(head));
	assert_success(snapshot_new(&snapshot, repo, SNAPSHOT_COMMIT, &settings.commit));
	settings.snapshot = snapshot;
	struct paper_history *h = history_new(&settings);
	assert_success(history_present(h, &present));
	struct blame_item *items = xcalloc(present->findings.nr + 1, sizeof(*items));
	for (size_t i = 0; i < present->findings.nr; i++)
		items[i].number = i;
	assert_success(blame_items(h, items, present->findings.nr));
	for (size_t i = 0; i < present->findings.nr; i++) {
		char *expected = naive_blame(w, repo, head, i);
		assert_int_equal(items[i].outcome, BLAME_COMMIT);
		assert_string_equal(items[i].version->commit.hex, expected);
		*any |= strcmp(expected, head) != 0;
		free(expected);
	}
	free(items);
	history_free(h);
	snapshot_free(snapshot);
	repo_free(repo);
	free(head);
}

static void test_any_history_is_blamed_as_if_every_commit_was_read(void **state)
{
	bool any = false;
	(void)state;
	for (unsigned round = 0; round < rounds(); round++) {
		struct world w;
		start(&w, round + 1);
		for (unsigned i = 0; i < COMMITS; i++) {
			change(&w, "paper");
			commit(&w);
		}
		assert_as_naive(&w, &any);
		teardown(&w);
	}
	assert_true(any);
}

static void test_merges_are_followed_as_git_does(void **state)
{
	bool any = false;
	(void)state;
	for (unsigned round = 0; round < rounds(); round++) {
		struct world w;
		start(&w, 100 + round);
		for (unsigned i = 0; i < COMMITS / 6; i++) {
			git(w.top, "checkout", "-q", "-b", "side", NULL);
			for (unsigned k = chance(3); k < 3; k++) {
				change(&w, "paper");
				commit(&w);
			}
			git(w.top, "checkout", "-q", "main", NULL);
			for (unsigned k = chance(3); k < 2; k++) {
				change(&w, "paper");
				commit(&w);
			}
			git(w.top, "merge", "-q", "-s", chance(2) ? "ours" : "ort", "-X", "theirs", "-m", "merge",
			    "side", NULL);
			git(w.top, "branch", "-q", "-D", "side", NULL);
			if (chance(2)) {
				change(&w, "paper");
				commit(&w);
			}
		}
		assert_as_naive(&w, &any);
		teardown(&w);
	}
	assert_true(any);
}

static void test_a_renamed_folder_is_followed(void **state)
{
	bool any = false;
	(void)state;
	for (unsigned round = 0; round < rounds(); round++) {
		struct world w;
		start(&w, 200 + round);
		git(w.top, "mv", "paper", "old", NULL);
		commit(&w);
		for (unsigned i = 0; i < 4; i++) {
			change(&w, "old");
			commit(&w);
		}
		git(w.top, "mv", "old", "paper", NULL);
		commit(&w);
		for (unsigned i = chance(4); i < 4; i++) {
			change(&w, "paper");
			commit(&w);
		}
		assert_as_naive(&w, &any);
		teardown(&w);
	}
	assert_true(any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_history_is_blamed_as_if_every_commit_was_read),
		cmocka_unit_test(test_merges_are_followed_as_git_does),
		cmocka_unit_test(test_a_renamed_folder_is_followed),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
