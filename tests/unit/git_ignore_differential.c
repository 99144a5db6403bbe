/*
 * `.ignore` against git itself: the same random rules, as `.gitignore`, in the same random tree,
 * asked about through `git check-ignore`. No answer may differ.
 *
 * IGNORE_CASES sets how many paths are compared, IGNORE_SEED where the generator starts; a
 * difference is printed with the rules that caused it.
 */
#include "git_fixture.h"

#include <inttypes.h>

#include "base/strmap.h"
#include "git/ignore.h"

#define DEFAULT_CASES 3000
#define MAX_PATHS 160
#define MAX_DEPTH 4
#define RULES_PER_TREE 8 /* sets of rules tried on one tree */

static uint64_t random_state;

/* xorshift64*: the same cases everywhere. */
static unsigned below(unsigned n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

#define PICK(array) (array)[below(ARRAY_SIZE(array))]

struct tree {
	struct {
		char *path;
		bool directory;
	} items[MAX_PATHS];
	size_t nr;
};

/* Names made of what rules treat specially, and of what they are likely to be made of. */
static const char *const names[] = {
	"a", "b", "ab", "ba", "abc", "aa", "foo", "bar", "foo.tex", "a.b", ".a", "..a", "a b",
	"a ", " a", "  ", "!a", "#a", "a#", "a!", "*", "**", "a*", "?", "[", "]", "[a]", "[a", "-",
	"a-", "\\", "a\\", "\\a", "^", "{a,b}", "~", "\t", "a\tb", "\n", "a\nb", "\v", "\x01",
	"\x7f", "\xc3\xa9", "\xff", "A", "B", "Foo", "0", "9", "a9", "_", ":", ":]", "a:b", "\r",
	"a\r", "x",
};

static const char *const pieces[] = {
	"a", "b", "ab", "foo", "bar", ".tex", ".", "a", "b", "c", "x", "A", "0", " ", "  ", "\t",
	"-", "!", "#", "^", ":", "]", "[", "{", "}", "~", "\\", "\\\\", "\\a", "\\ ", "\\*", "\\?",
	"\\[", "\\/", "\\#", "\\!", "*", "*", "*", "**", "***", "?", "?", "/", "/", "/", "**/",
	"/**", "/**/", "*/", "/*", "//", "[a]", "[ab]", "[!a]", "[^a]", "[a-c]", "[a-", "[-a]",
	"[a-]", "[]a]", "[!]a]", "[]", "[]-a]", "[a", "[\\]]", "[\\a-c]", "[a-\\c]", "[[]",
	"[c-a]", "[!", "[^", "[a-b-x]", "[[:alpha:]]", "[[:digit:]]", "[[:space:]]", "[[:punct:]]",
	"[[:upper:]a]", "[![:lower:]]", "[[:alnum:]-z]", "[[:cntrl:]]", "[[:print:]]",
	"[[:graph:]]", "[[:blank:]]", "[[:xdigit:]]", "[[:nope:]]", "[[:]", "[[::]]", "[[:alpha:]",
	"[[:a]", "[[:a]]", "[a[:digit:]]", "[/]", "[!/]", "[+--]", "[!-/]", "[ -~]", "[\x01-\xff]",
	"\xc3\xa9", "\xff", "\x01", "\x7f", "\r", "\v",
};

/* Pieces that may stand for any part of a path. */
static const char *const wildcards[] = {
	"*", "**", "**/", "**\\/", "/**/", "*/", "/*", "***/", "?",
};

/* Many rules are a path of the tree with parts of it replaced. */
static void add_rule_from_path(struct buffer *out, const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p == '\n') {
			buffer_addch(out, '?');
		} else if (below(6)) {
			buffer_addch(out, *p);
		} else if (below(2)) {
			buffer_addstr(out, PICK(pieces));
		} else {
			buffer_addstr(out, PICK(wildcards));
			for (unsigned n = below(5); n && p[1]; n--)
				p++;
		}
	}
}

static void add_rule(struct buffer *out, const struct tree *tree)
{
	static const char *const ends[] = { "", "", "", "", "/", "/", " ", "\\ ", "/ ", "\r", "/**",
					    "/*", "\\", "*" };
	if (!below(12)) {
		static const char *const odd[] = {
			"",   "#a", "\\#a", "!",   "/",   "//", "!/",  "*",  "**",
			"!*", "*/", "/*",   "**/", "!*/", " ",  "\r", "\\",
		};
		buffer_addstr(out, PICK(odd));
	} else {
		static const char *const starts[] = { "",   "",	  "",	"!",   "!",   "/", "/",
						      "!/", "**/", "*/", "\\!", "\\#", "#" };
		buffer_addstr(out, PICK(starts));
		if (below(2))
			add_rule_from_path(out, tree->items[below((unsigned)tree->nr)].path);
		else
			for (unsigned n = 1 + below(5); n; n--)
				buffer_addstr(out, PICK(pieces));
		buffer_addstr(out, PICK(ends));
	}
	buffer_addch(out, '\n');
}

static void make_rules(struct buffer *out, const struct tree *tree)
{
	if (!below(16))
		buffer_addstr(out, "\xef\xbb\xbf");
	for (unsigned n = 1 + below(6); n; n--)
		add_rule(out, tree);
	if (!below(4))
		buffer_truncate(out, out->len - 1);
	if (!below(16))
		buffer_add(out, "b\0c", 3);
}

static void grow(struct tree *tree, const char *top, const char *folder, unsigned depth)
{
	for (unsigned n = 2 + below(6); n && tree->nr < MAX_PATHS; n--) {
		char *path = xstrfmt("%s%s%s", folder, *folder ? "/" : "", PICK(names));
		char *full = xstrfmt("%s/%s", top, path);
		bool directory = depth < MAX_DEPTH && below(2);
		int made = directory ? mkdir(full, 0777)
				     : open(full, O_CREAT | O_EXCL | O_WRONLY, 0666);
		if (made < 0) {
			free(path); /* drawn before */
		} else {
			if (!directory)
				close(made);
			tree->items[tree->nr].path = path;
			tree->items[tree->nr++].directory = directory;
			if (directory)
				grow(tree, top, path, depth + 1);
		}
		free(full);
	}
}

static void tree_release(struct tree *tree)
{
	for (size_t i = 0; i < tree->nr; i++)
		free(tree->items[i].path);
	tree->nr = 0;
}

/* The rules of one round by folder, both as the files git reads and as we parse them. */
struct rules {
	struct strmap texts; /* folder -> struct buffer */
	struct strmap parsed; /* folder -> struct ignore_rules */
};

static void free_text(void *text)
{
	buffer_release(text);
	free(text);
}

static void free_parsed(void *rules)
{
	ignore_rules_free(rules);
}

static void put_rules(struct rules *rules, const struct tree *tree, const char *top,
		      const char *folder)
{
	struct buffer *text = xcalloc(1, sizeof(*text));
	buffer_init(text, IGNORE_MAX_FILE);
	make_rules(text, tree);
	char *path = xstrfmt("%s/%s%s.gitignore", top, folder, *folder ? "/" : "");
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text->data, 1, text->len, file), text->len);
	assert_int_equal(fclose(file), 0);
	free(path);
	*strmap_at(&rules->texts, folder, strlen(folder)) = text;
}

static void make_all_rules(struct rules *rules, const struct tree *tree, const char *top)
{
	put_rules(rules, tree, top, "");
	for (size_t i = 0; i < tree->nr; i++)
		if (tree->items[i].directory && !below(3))
			put_rules(rules, tree, top, tree->items[i].path);
}

static void remove_all_rules(struct rules *rules, const char *top)
{
	for (size_t i = 0; i < rules->texts.nr; i++) {
		const char *folder = rules->texts.entries[i].key;
		char *path = xstrfmt("%s/%s%s.gitignore", top, folder, *folder ? "/" : "");
		assert_int_equal(unlink(path), 0);
		free(path);
	}
	strmap_release(&rules->texts, free_text);
	strmap_release(&rules->parsed, free_parsed);
}

/* The rules in force in FOLDER, parsed when first asked for. */
static const struct ignore_rules *rules_of(struct rules *rules, const char *folder, size_t len)
{
	struct ignore_rules *found = strmap_get(&rules->parsed, folder, len);
	if (found)
		return found;
	const struct ignore_rules *parent = NULL;
	if (len) {
		const char *slash = memrchr(folder, '/', len);
		parent = rules_of(rules, folder, slash ? (size_t)(slash - folder) : 0);
	}
	const struct buffer *text = strmap_get(&rules->texts, folder, len);
	char *name = xmemdupz(folder, len);
	found = ignore_rules_new(parent, name, text ? slice_of(text) : (struct slice){ "", 0 });
	free(name);
	*strmap_at(&rules->parsed, folder, len) = found;
	return found;
}

/* Walks down to PATH as callers do: an ignored folder is not entered. */
static int our_answer(struct rules *rules, const char *path, bool directory)
{
	size_t folder_len = 0;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *folder = xmemdupz(path, (size_t)(slash - path));
		int answer = ignore_match(rules_of(rules, path, folder_len), folder, true);
		free(folder);
		if (answer == 1)
			return 1;
		folder_len = (size_t)(slash - path);
	}
	return ignore_match(rules_of(rules, path, folder_len), path, directory);
}

static void ask_git(const char *top, const struct tree *tree, struct buffer *out)
{
	static const char *const argv[] = { "git", "check-ignore", "--no-index", "-v", "-n",
					    "-z",  "--stdin",	   NULL };
	struct buffer in = BUFFER_INIT, said = BUFFER_INIT;
	int status;
	/* "./" keeps a ':' in first place from being pathspec magic. */
	for (size_t i = 0; i < tree->nr; i++)
		buffer_addf(&in, "./%s%c", tree->items[i].path, '\0');
	struct process_options options = { .directory = top, .input = slice_of(&in), .out = out,
					   .err = &said, .exit_status = &status };
	assert_success(process_run(argv, &options));
	if (status > 1)
		fail_msg("git check-ignore: %s", said.data);
	buffer_release(&in);
	buffer_release(&said);
}

/* FIELD is git's answer: source, line, pattern, path. */
static void show_difference(const struct rules *rules, bool directory, const char *const *field,
			    int theirs, int ours)
{
	print_error("path '%s'%s: git says %d (%s:%s:%s), we say %d\n", field[3],
		    directory ? " (a folder)" : "", theirs, field[0], field[1], field[2], ours);
	for (size_t i = 0; i < rules->texts.nr; i++) {
		const struct buffer *text = rules->texts.entries[i].value;
		print_error("-- .gitignore in '%s'\n%s\n", rules->texts.entries[i].key, text->data);
	}
}

struct tally {
	uint64_t cases, differences;
	uint64_t answers[3]; /* nothing said, kept, ignored */
};

/* One set of rules on one tree. */
static void compare(const char *top, const struct tree *tree, struct tally *tally)
{
	struct rules rules = { STRMAP_INIT, STRMAP_INIT };
	struct buffer out = BUFFER_INIT;
	make_all_rules(&rules, tree, top);
	ask_git(top, tree, &out);
	const char *at = out.data, *end = out.data + out.len;
	for (size_t i = 0; i < tree->nr; i++) {
		const char *field[4];
		for (size_t f = 0; f < 4; f++) {
			assert_true(at < end);
			field[f] = at;
			at += strlen(at) + 1;
		}
		const char *path = tree->items[i].path;
		assert_string_equal(field[3] + 2, path);
		int theirs = !*field[0] ? -1 : *field[2] != '!';
		int ours = our_answer(&rules, path, tree->items[i].directory);
		tally->cases++;
		tally->answers[theirs + 1]++;
		if (theirs != ours && !tally->differences++)
			show_difference(&rules, tree->items[i].directory, field, theirs, ours);
	}
	buffer_release(&out);
	remove_all_rules(&rules, top);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);
	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

static void test_every_answer_is_the_one_of_git_check_ignore(void **state)
{
	(void)state;
	uint64_t cases = setting("IGNORE_CASES", DEFAULT_CASES);
	struct tally tally = { 0 };
	char *directory = fixture_directory();
	random_state = setting("IGNORE_SEED", 20240501) * 2 + 1;
	for (unsigned round = 0; tally.cases < cases; round++) {
		struct tree tree = { .nr = 0 };
		char *name = xstrfmt("t%u", round);
		char *top = fixture_repository(directory, name, "sha1");
		while (tree.nr < MAX_PATHS / 2)
			grow(&tree, top, "", 0);
		for (unsigned n = 0; n < RULES_PER_TREE && tally.cases < cases; n++)
			compare(top, &tree, &tally);
		tree_release(&tree);
		fixture_remove(top);
		free(name);
	}
	fixture_remove(directory);
	print_message("%" PRIu64 " cases (%" PRIu64 " ignored, %" PRIu64 " kept, %" PRIu64
		      " not mentioned): %" PRIu64 " differences\n",
		      tally.cases, tally.answers[2], tally.answers[1], tally.answers[0],
		      tally.differences);
	assert_int_equal(tally.differences, 0);
	/* A generator gone blind would find no difference either. */
	for (size_t i = 0; i < ARRAY_SIZE(tally.answers); i++)
		assert_true(tally.answers[i] > tally.cases / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer_is_the_one_of_git_check_ignore),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
