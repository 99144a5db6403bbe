#include "git_fixture.h"

#include "base/sha256.h"
#include "base/text.h"
#include "git/records_sync.h"

static const char *const formats[] = { "sha1", "sha256" };

struct store {
	char *directory, *top;
	struct repo *repo;
	struct records *records;
};

static void reopen(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	assert_success(repo_open(&s->repo, s->top));
	assert_success(records_open(&s->records, s->repo));
}

static void setup(struct store *s, const char *format)
{
	*s = (struct store){ .directory = fixture_directory() };
	s->top = fixture_repository(s->directory, "repo", format);
	reopen(s);
}

static void teardown(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	free(s->top);
	fixture_remove(s->directory);
}

static const char *id_of(const char *name)
{
	static char id[SHA256_HEX_SIZE + 1];
	sha256_hex(name, strlen(name), id);
	return id;
}

/* Makes the store hold what COMMIT holds; NULL: nothing. */
static void be_at(struct store *s, const struct oid *commit)
{
	if (commit)
		git(s->top, "update-ref", RECORDS_REF, commit->hex, NULL);
	else
		git(s->top, "update-ref", "-d", RECORDS_REF, NULL);
	reopen(s);
}

static struct oid tip(struct store *s)
{
	struct oid oid;
	assert_success(repo_ref(s->repo, RECORDS_REF, &oid));
	return oid;
}

static void put(struct store *s, const char *paper, const char *name, const char *data)
{
	assert_success(records_put(s->records, id_of(paper), name, (struct slice){ data, strlen(data) }));
}

/* One record on top of what the store is at. */
static struct oid commit_one(struct store *s, const char *paper, const char *name, const char *data)
{
	put(s, paper, name, data);
	assert_success(records_commit(s->records, "one more"));
	return tip(s);
}

static struct oid merge_into(struct store *s, const struct oid *ours, const struct oid *theirs,
			     struct records_merged *merged)
{
	struct records_merged unused;
	be_at(s, ours);
	assert_success(records_merge(s->records, theirs, merged ? merged : &unused));
	return tip(s);
}

/* "<name> <content>" a line, of all that is held for PAPER. */
static char *held(struct store *s, const char *paper)
{
	char **names;
	size_t nr;
	struct buffer out = BUFFER_INIT;
	assert_success(records_list(s->records, id_of(paper), &names, &nr));
	for (size_t i = 0; i < nr; i++) {
		buffer_addf(&out, "%s%s ", i ? "\n" : "", names[i]);
		assert_success(records_read(s->records, id_of(paper), names[i], &out));
	}
	strings_free(names, nr);
	return buffer_detach(&out, NULL);
}

static void assert_held(struct store *s, const char *paper, const char *expected)
{
	char *is = held(s, paper);
	assert_string_equal(is, expected);
	free(is);
}

/* "a.json" and the content that came second: "a~<hash>.json". */
static char *second(const char *stem, const char *content)
{
	char hash[SHA256_HEX_SIZE + 1];
	sha256_hex(content, strlen(content), hash);
	return xstrfmt("%s~%.16s.json", stem, hash);
}

static void assert_same_commit(const struct oid *a, const struct oid *b)
{
	assert_string_equal(a->hex, b->hex);
}

static void test_union_of_unrelated_histories_has_the_records_of_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct store s;
		struct records_merged merged;
		setup(&s, formats[i]);
		commit_one(&s, "both", "a.json", "1");
		struct oid a = commit_one(&s, "tilings", "a.json", "2");
		be_at(&s, NULL);
		commit_one(&s, "both", "b.json", "3");
		struct oid b = commit_one(&s, "knots", "replies/c.json", "4");
		merge_into(&s, &a, &b, &merged);
		assert_true(merged.moved);
		assert_int_equal(merged.papers, 1);
		assert_held(&s, "both", "a.json 1\nb.json 3");
		assert_held(&s, "tilings", "a.json 2");
		assert_held(&s, "knots", "replies/c.json 4");
		char *parents = git_says(s.top, "log", "-1", "--format=%P", RECORDS_REF, NULL);
		assert_non_null(strstr(parents, a.hex));
		assert_non_null(strstr(parents, b.hex));
		free(parents);
		git(s.top, "fsck", "--strict", NULL);
		teardown(&s);
	}
}

static void test_who_merges_into_whom_makes_no_difference(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	struct oid a = commit_one(&s, "both", "a.json", "{\"date\": 5}");
	be_at(&s, NULL);
	commit_one(&s, "other", "a.json", "1");
	struct oid b = commit_one(&s, "both", "a.json", "{\"date\": 4}");
	struct oid into_a = merge_into(&s, &a, &b, NULL), into_b = merge_into(&s, &b, &a, NULL);
	assert_same_commit(&into_a, &into_b);
	teardown(&s);
}

static void test_older_answer_keeps_its_name_and_the_other_stands_beside_it(void **state)
{
	(void)state;
	static const char older[] = "{\"date\": 4}", newer[] = "{\"date\": 5}";
	struct store s;
	struct records_merged merged;
	setup(&s, "sha1");
	struct oid a = commit_one(&s, "tilings", "a.json", newer);
	be_at(&s, NULL);
	struct oid b = commit_one(&s, "tilings", "a.json", older);
	merge_into(&s, &a, &b, &merged);
	char *name = second("a", newer), *expected = xstrfmt("a.json %s\n%s %s", older, name, newer);
	assert_held(&s, "tilings", expected);
	assert_int_equal(merged.second_answers, 1);
	free(name);
	free(expected);
	teardown(&s);
}

static void test_answer_that_cannot_be_read_gives_way(void **state)
{
	(void)state;
	static const char good[] = "{\"date\": 4}", damaged[] = "{\"date";
	struct store s;
	setup(&s, "sha1");
	struct oid a = commit_one(&s, "tilings", "a.json", damaged);
	be_at(&s, NULL);
	struct oid b = commit_one(&s, "tilings", "a.json", good);
	merge_into(&s, &a, &b, NULL);
	char *name = second("a", damaged), *expected = xstrfmt("a.json %s\n%s %s", good, name, damaged);
	assert_held(&s, "tilings", expected);
	free(name);
	free(expected);
	teardown(&s);
}

static void test_newer_facts_of_a_run_replace_the_older(void **state)
{
	(void)state;
	/* The last: of the same date, so the greater bytes count. */
	static const char newest[] = "{\"date\": 40}";
	static const char *const others[] = { "{\"date\": 5}", "?", "", "{\"date\": 40, \"a\": 1}" };
	struct store s;
	setup(&s, "sha1");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		be_at(&s, NULL);
		struct oid a = commit_one(&s, "tilings", "run.json", others[i]);
		be_at(&s, NULL);
		struct oid b = commit_one(&s, "tilings", "run.json", newest);
		merge_into(&s, &a, &b, NULL);
		assert_held(&s, "tilings", "run.json {\"date\": 40}");
	}
	teardown(&s);
}

static void test_second_answer_is_not_kept_twice(void **state)
{
	(void)state;
	static const char one[] = "{\"date\": 1}", two[] = "{\"date\": 2}", three[] = "{\"date\": 3}";
	struct store s;
	setup(&s, "sha1");
	/* Here the second answer came first, there it did not. */
	commit_one(&s, "tilings", "a.json", two);
	struct oid a = commit_one(&s, "tilings", "a.json", one);
	be_at(&s, NULL);
	commit_one(&s, "tilings", "a.json", one);
	struct oid b = commit_one(&s, "tilings", "a.json", three);
	struct oid into_a = merge_into(&s, &a, &b, NULL), into_b = merge_into(&s, &b, &a, NULL);
	assert_same_commit(&into_a, &into_b);
	char *second_two = second("a", two), *second_three = second("a", three);
	bool order = strcmp(second_two, second_three) < 0;
	char *expected = xstrfmt("a.json %s\n%s %s\n%s %s", one, order ? second_two : second_three,
				 order ? two : three, order ? second_three : second_two, order ? three : two);
	assert_held(&s, "tilings", expected);
	free(expected);
	free(second_two);
	free(second_three);
	teardown(&s);
}

static void test_related_histories_move_forward_without_a_merge(void **state)
{
	(void)state;
	struct store s;
	struct records_merged merged;
	setup(&s, "sha1");
	struct oid old = commit_one(&s, "tilings", "a.json", "1");
	struct oid young = commit_one(&s, "knots", "a.json", "2");
	struct oid after = merge_into(&s, &old, &young, &merged);
	assert_same_commit(&after, &young);
	assert_int_equal(merged.papers, 1);
	after = merge_into(&s, &young, &old, &merged);
	assert_same_commit(&after, &young);
	assert_false(merged.moved);
	/* From nothing. */
	after = merge_into(&s, NULL, &young, &merged);
	assert_same_commit(&after, &young);
	assert_int_equal(merged.papers, 2);
	teardown(&s);
}

static void test_shelves_are_united(void **state)
{
	(void)state;
	struct store s;
	struct slice data = { "x\n", 2 };
	struct buffer out = BUFFER_INIT;
	setup(&s, "sha1");
	assert_success(records_shelf_put(s.records, "ledger/2026-11/22-aa.jsonl", data));
	struct oid a = commit_one(&s, "tilings", "a.json", "1");
	be_at(&s, NULL);
	assert_success(records_shelf_put(s.records, "ledger/2026-11/22-bb.jsonl", data));
	struct oid b = commit_one(&s, "tilings", "a.json", "1");
	merge_into(&s, &a, &b, NULL);
	assert_success(records_shelf_read(s.records, "ledger/2026-11/22-aa.jsonl", &out));
	assert_success(records_shelf_read(s.records, "ledger/2026-11/22-bb.jsonl", &out));
	assert_string_equal(out.data, "x\nx\n");
	buffer_release(&out);
	teardown(&s);
}

static void test_journal_stays_and_is_committed_beside_what_was_merged(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	struct oid theirs = commit_one(&s, "tilings", "a.json", "theirs");
	be_at(&s, NULL);
	commit_one(&s, "knots", "a.json", "1");
	put(&s, "tilings", "a.json", "ours");
	struct records_merged merged;
	assert_success(records_merge(s.records, &theirs, &merged));
	assert_held(&s, "tilings", "a.json ours");
	assert_success(records_commit(s.records, "ours"));
	char *name = second("a", "ours"), *expected = xstrfmt("a.json theirs\n%s ours", name);
	assert_held(&s, "tilings", expected);
	free(name);
	free(expected);
	teardown(&s);
}

/* Writes a tree of one entry; returns its id. */
static struct oid tree_of(struct store *s, const char *mode, const char *type, const char *oid, const char *name)
{
	struct oid tree = { "" };
	struct buffer out = BUFFER_INIT;
	char *line = xstrfmt("%s %s %s\t%s\n", mode, type, oid, name);
	const char *const argv[] = { "git", "-C", s->top, "mktree", NULL };
	struct process_options options = { .input = { line, strlen(line) }, .out = &out };
	assert_success(process_run(argv, &options));
	memcpy(tree.hex, out.data, out.len - 1);
	buffer_release(&out);
	free(line);
	return tree;
}

static struct oid commit_of(struct store *s, const struct oid *tree)
{
	struct oid commit = { "" };
	char *said = git_says(s->top, "commit-tree", "-m", "by hand", tree->hex, NULL);
	memcpy(commit.hex, said, strlen(said));
	free(said);
	return commit;
}

static char *blob_of(struct store *s, const char *content)
{
	struct buffer out = BUFFER_INIT;
	const char *const argv[] = { "git", "-C", s->top, "hash-object", "-w", "--stdin", NULL };
	struct process_options options = { .input = { content, strlen(content) }, .out = &out };
	assert_success(process_run(argv, &options));
	buffer_truncate(&out, out.len - 1);
	return buffer_detach(&out, NULL);
}

static void test_newer_layout_is_told_and_nothing_is_touched(void **state)
{
	(void)state;
	struct store s;
	struct records_merged merged;
	setup(&s, "sha1");
	struct oid ours = commit_one(&s, "tilings", "a.json", "1");
	char *blob = blob_of(&s, "new");
	struct oid inner = tree_of(&s, "100644", "blob", blob, "x");
	struct oid tree = tree_of(&s, "040000", "tree", inner.hex, "v2");
	struct oid theirs = commit_of(&s, &tree);
	struct error *err = records_merge(s.records, &theirs, &merged);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "newer git scrutiny"));
	error_free(err);
	struct oid after = tip(&s);
	assert_same_commit(&after, &ours);
	free(blob);
	teardown(&s);
}

static void test_entries_of_a_strange_shape_are_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *mode, *name;
	} strange[] = {
		{ "120000", "link.json" }, { "100644", "a b.json" }, { "100644", "a\"b.json" },
		{ "100644", "-a.json" }, { "100644", ".hidden.json" }, { "100644", "git~1" },
	};
	struct store s;
	setup(&s, "sha1");
	struct oid ours = commit_one(&s, "tilings", "a.json", "1");
	char *blob = blob_of(&s, "theirs");
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		struct records_merged merged;
		struct oid tree = tree_of(&s, strange[i].mode, "blob", blob, strange[i].name);
		tree = tree_of(&s, "040000", "tree", tree.hex, id_of("tilings") + 2);
		char digits[3] = { id_of("tilings")[0], id_of("tilings")[1], '\0' };
		tree = tree_of(&s, "040000", "tree", tree.hex, digits);
		tree = tree_of(&s, "040000", "tree", tree.hex, "v1");
		struct oid theirs = commit_of(&s, &tree);
		merge_into(&s, &ours, &theirs, &merged);
		assert_held(&s, "tilings", "a.json 1");
		assert_int_equal(merged.left_out, 1);
	}
	free(blob);
	teardown(&s);
}

static void test_folder_nested_without_end_is_refused(void **state)
{
	(void)state;
	struct store s;
	struct records_merged merged;
	struct oid commits[2];
	setup(&s, "sha1");
	for (int side = 0; side < 2; side++) {
		char *blob = blob_of(&s, side ? "1" : "2");
		struct oid tree = tree_of(&s, "100644", "blob", blob, "a.json");
		for (int depth = 0; depth < 40; depth++)
			tree = tree_of(&s, "040000", "tree", tree.hex, "v1");
		commits[side] = commit_of(&s, &tree);
		free(blob);
	}
	be_at(&s, &commits[0]);
	assert_error(records_merge(s.records, &commits[1], &merged), ERROR_LIMIT);
	teardown(&s);
}

/* -- looking after it -------------------------------------------------------------------------- */

static void collect(struct store *s, const char *in_use, int64_t before, bool reviews, bool dry_run,
		    struct records_gc_result *result)
{
	struct strmap ids = STRMAP_INIT;
	struct records_gc_settings settings = { .in_use = &ids, .before = before, .reviews = reviews,
						.dry_run = dry_run };
	if (in_use)
		strmap_add(&ids, id_of(in_use), SHA256_HEX_SIZE);
	assert_success(records_gc(s->records, &settings, result));
	strmap_release(&ids, NULL);
}

/* A paper with one record made of two replies, one unusable reply, and facts of a run. */
static void put_review(struct store *s, const char *paper, int date)
{
	char *record = xstrfmt("{\"date\": %d, \"requests\": [\"aa\", \"bb\"]}", date);
	char *run = xstrfmt("{\"date\": %d}", date);
	put(s, paper, "m.json", record);
	put(s, paper, "run.json", run);
	put(s, paper, "replies/aa.json", "{\"date\": 1}");
	put(s, paper, "replies/bb.json", "{\"date\": 1}");
	put(s, paper, "replies/bb.invalid.json", "{\"date\": 1}");
	put(s, paper, "replies/cc.json", "{\"date\": 1}");
	free(record);
	free(run);
}

static void test_gc_drops_replies_that_old_records_are_made_of(void **state)
{
	(void)state;
	struct store s;
	struct records_gc_result result;
	struct slice line = { "{}\n", 3 };
	setup(&s, "sha1");
	put_review(&s, "old", 10);
	put_review(&s, "recent", 20);
	put_review(&s, "current", 10);
	assert_success(records_shelf_put(s.records, "ledger/2020-01/01-aa.jsonl", line));
	assert_success(records_commit(s.records, "reviews"));
	struct oid before = tip(&s);
	collect(&s, "current", 15, false, true, &result);
	assert_int_equal(result.papers, 1);
	assert_int_equal(result.replies, 3);
	struct oid after = tip(&s);
	assert_same_commit(&before, &after);

	collect(&s, "current", 15, false, false, &result);
	assert_int_equal(result.replies, 3);
	assert_held(&s, "old", "m.json {\"date\": 10, \"requests\": [\"aa\", \"bb\"]}\n"
			       "replies/cc.json {\"date\": 1}\nrun.json {\"date\": 10}");
	assert_true(records_has(s.records, id_of("recent"), "replies/aa.json"));
	assert_true(records_has(s.records, id_of("current"), "replies/aa.json"));
	collect(&s, "current", 15, false, false, &result);
	assert_int_equal(result.papers, 0);

	collect(&s, "current", 15, true, false, &result);
	assert_int_equal(result.papers, 1);
	assert_held(&s, "old", "");
	assert_true(records_has(s.records, id_of("recent"), "m.json"));
	struct buffer ledger = BUFFER_INIT;
	assert_success(records_shelf_read(s.records, "ledger/2020-01/01-aa.jsonl", &ledger));
	buffer_release(&ledger);
	teardown(&s);
}

static void test_gc_leaves_alone_what_it_cannot_read(void **state)
{
	(void)state;
	struct store s;
	struct records_gc_result result;
	setup(&s, "sha1");
	put_review(&s, "old", 10);
	put(&s, "old", "n.json", "{\"date");
	assert_success(records_commit(s.records, "reviews"));
	collect(&s, NULL, 15, true, false, &result);
	assert_int_equal(result.papers, 0);
	teardown(&s);
}

static void test_squash_folds_the_history_and_old_clones_follow(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	struct oid behind = commit_one(&s, "tilings", "a.json", "1");
	struct oid old = commit_one(&s, "knots", "a.json", "2");
	assert_success(records_squash(s.records));
	struct oid folded = tip(&s);
	char *parents = git_says(s.top, "log", "-1", "--format=%P", folded.hex, NULL);
	assert_string_equal(parents, "");
	free(parents);
	assert_held(&s, "tilings", "a.json 1");
	git(s.top, "fsck", "--strict", NULL);

	/* The old history is no news to the folded one, and gives way to it. */
	struct oid after = merge_into(&s, &folded, &old, NULL);
	assert_same_commit(&after, &folded);
	after = merge_into(&s, &old, &folded, NULL);
	assert_same_commit(&after, &folded);
	after = merge_into(&s, &behind, &folded, NULL);
	assert_same_commit(&after, &folded);
	/* What was added to it meanwhile is not lost. */
	be_at(&s, &old);
	struct oid ahead = commit_one(&s, "braids", "a.json", "3");
	merge_into(&s, &folded, &ahead, NULL);
	assert_held(&s, "braids", "a.json 3");
	teardown(&s);
}

static void test_clone_that_is_behind_takes_a_folded_history_without_the_old_objects(void **state)
{
	(void)state;
	struct store s, other;
	setup(&s, "sha1");
	setup(&other, "sha1");
	struct oid behind = commit_one(&s, "tilings", "a.json", "1");
	git(other.top, "fetch", "-q", s.top, RECORDS_REF ":" RECORDS_REF, NULL);
	commit_one(&s, "knots", "a.json", "2");
	assert_success(records_squash(s.records));
	struct oid folded = tip(&s);
	git(other.top, "fetch", "-q", s.top, RECORDS_REF ":refs/theirs", NULL);
	struct oid after = merge_into(&other, &behind, &folded, NULL);
	assert_same_commit(&after, &folded);
	teardown(&s);
	teardown(&other);
}

static void test_squash_waits_for_what_is_journalled(void **state)
{
	(void)state;
	struct store s;
	setup(&s, "sha1");
	struct oid before = commit_one(&s, "tilings", "a.json", "1");
	put(&s, "knots", "a.json", "2");
	assert_error(records_squash(s.records), ERROR_CONFLICT);
	struct oid after = tip(&s);
	assert_same_commit(&before, &after);
	teardown(&s);
}

static void test_damaged_record_gives_its_name_to_the_next(void **state)
{
	(void)state;
	static const char damaged[] = "{\"date";
	struct store s;
	struct slice data = { damaged, strlen(damaged) };
	setup(&s, "sha1");
	commit_one(&s, "tilings", "a.json", damaged);
	assert_false(records_is_set_aside(s.records, id_of("tilings"), "a.json", data));
	assert_success(records_set_aside(s.records, id_of("tilings"), "a.json", data));
	assert_true(records_is_set_aside(s.records, id_of("tilings"), "a.json", data));
	commit_one(&s, "tilings", "a.json", "{\"date\": 1}");
	char *name = second("a", damaged), *expected = xstrfmt("a.json {\"date\": 1}\n%s %s", name, damaged);
	assert_held(&s, "tilings", expected);
	free(name);
	free(expected);
	teardown(&s);
}

/* -- many random stores ------------------------------------------------------------------------ */

static struct oid random_store(struct store *s, unsigned *seed, const struct oid *on)
{
	static const char *const names[] = { "a.json", "run.json", "replies/x.json", "replies/y.json" };
	be_at(s, on);
	int nr = 1 + rand_r(seed) % 6;
	for (int i = 0; i < nr; i++) {
		char paper[8], content[64];
		snprintf(paper, sizeof(paper), "p%d", rand_r(seed) % 3);
		snprintf(content, sizeof(content), "{\"date\": %d, \"x\": %d}", rand_r(seed) % 3, rand_r(seed) % 3);
		put(s, paper, names[(size_t)rand_r(seed) % ARRAY_SIZE(names)], content);
		if (rand_r(seed) % 2)
			assert_success(records_commit(s->records, "some"));
	}
	assert_success(records_commit(s->records, "the rest"));
	return tip(s);
}

/* Every content that COMMIT holds, but for run.json, is held by UNITED under the name or beside it. */
static void assert_nothing_lost(struct store *s, const struct oid *commit, const struct oid *united)
{
	char *before = git_says(s->top, "ls-tree", "-r", commit->hex, NULL);
	char *after = git_says(s->top, "ls-tree", "-r", united->hex, NULL);
	char *save = NULL;
	for (char *line = strtok_r(before, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *oid = line + strlen("100644 blob "), *path = strchr(line, '\t') + 1;
		if (ends_with(path, "/run.json"))
			continue;
		/* Same blob below the same folder. */
		char *folder = xmemdupz(path, strlen("v1/xx/") + 62);
		char *blob = xmemdupz(oid, 40);
		bool found = false;
		for (char *at = after; at && !found; at = (at = strchr(at, '\n')) ? at + 1 : NULL) {
			char *end = strchrnul(at, '\n');
			char *whole = xmemdupz(at, (size_t)(end - at));
			found = strstr(whole, blob) && strstr(whole, folder);
			free(whole);
		}
		if (!found)
			fail_msg("'%s' of %s is lost in %s", path, commit->hex, united->hex);
		free(folder);
		free(blob);
	}
	free(before);
	free(after);
}

static void test_random_stores_unite_the_same_way_and_lose_nothing(void **state)
{
	(void)state;
	struct store s;
	unsigned seed = 7;
	setup(&s, "sha1");
	for (int round = 0; round < 5; round++) {
		struct oid base = random_store(&s, &seed, NULL);
		struct oid a = random_store(&s, &seed, rand_r(&seed) % 2 ? &base : NULL);
		struct oid b = random_store(&s, &seed, rand_r(&seed) % 2 ? &base : NULL);
		struct oid into_a = merge_into(&s, &a, &b, NULL), into_b = merge_into(&s, &b, &a, NULL);
		assert_same_commit(&into_a, &into_b);
		assert_nothing_lost(&s, &a, &into_a);
		assert_nothing_lost(&s, &b, &into_a);
		/* Once more changes nothing. */
		struct oid again = merge_into(&s, &into_a, &b, NULL);
		assert_same_commit(&again, &into_a);
	}
	git(s.top, "fsck", "--strict", NULL);
	teardown(&s);
}

int main(void)
{
	fixture_environment();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union_of_unrelated_histories_has_the_records_of_both),
		cmocka_unit_test(test_who_merges_into_whom_makes_no_difference),
		cmocka_unit_test(test_older_answer_keeps_its_name_and_the_other_stands_beside_it),
		cmocka_unit_test(test_answer_that_cannot_be_read_gives_way),
		cmocka_unit_test(test_newer_facts_of_a_run_replace_the_older),
		cmocka_unit_test(test_second_answer_is_not_kept_twice),
		cmocka_unit_test(test_related_histories_move_forward_without_a_merge),
		cmocka_unit_test(test_shelves_are_united),
		cmocka_unit_test(test_journal_stays_and_is_committed_beside_what_was_merged),
		cmocka_unit_test(test_newer_layout_is_told_and_nothing_is_touched),
		cmocka_unit_test(test_entries_of_a_strange_shape_are_left_out),
		cmocka_unit_test(test_folder_nested_without_end_is_refused),
		cmocka_unit_test(test_gc_drops_replies_that_old_records_are_made_of),
		cmocka_unit_test(test_gc_leaves_alone_what_it_cannot_read),
		cmocka_unit_test(test_squash_folds_the_history_and_old_clones_follow),
		cmocka_unit_test(test_clone_that_is_behind_takes_a_folded_history_without_the_old_objects),
		cmocka_unit_test(test_squash_waits_for_what_is_journalled),
		cmocka_unit_test(test_damaged_record_gives_its_name_to_the_next),
		cmocka_unit_test(test_random_stores_unite_the_same_way_and_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
