#include "base_testing.h"

#include "base/memory.h"
#include "base/yaml.h"
#include "meta/meta.h"

static const struct meta_scrutiny review = { "a1b2", "2026-11-22T10:00:00Z", "clean", 0, 0, 0, 0,
					     "scrutiny.md" };

/* The section that the review adds; what follows it is what we remember. */
#define SECTION                                                                                    \
	"scrutiny:\n  content_id: a1b2\n  date: \"2026-11-22T10:00:00Z\"\n  verdict: clean\n"      \
	"  errors: 0\n  warnings: 0\n  notes: 0\n  unverified: 0\n  report: scrutiny.md\n"

static const char *const first_tags[] = { "tilings", "graph theory" };
static const char *const second_tags[] = { "graph theory", "matchings" };
static const struct meta_generated first = { "It counts tilings.", first_tags, 2, "Squares only." };
static const struct meta_generated second = { "It counts all tilings.", second_tags, 2,
					      "Squares and cubes." };

/* TEXT with its section, and G set in it. */
static char *set(const char *text, const struct meta_generated *g)
{
	struct buffer with = BUFFER_INIT, out = BUFFER_INIT;
	assert_ok(meta_set_scrutiny(&with, text_slice(text), "meta.yaml", &review, NULL));
	assert_ok(meta_set_generated(&out, slice_of(&with), "meta.yaml", g));
	buffer_release(&with);
	return buffer_detach(&out, NULL);
}

/* The part in front of the section. */
static char *head_of(char *text)
{
	char *section = strstr(text, "scrutiny:");
	assert_non_null(section);
	*section = '\0';
	return text;
}

/* BEFORE, in front of the section, becomes AFTER by G; again nothing changes. */
static void assert_set(const char *before, const struct meta_generated *g, const char *after)
{
	char *once = set(before, g), *twice = set(once, g);
	assert_string_equal(once, twice);
	assert_string_equal(head_of(once), after);
	free(once);
	free(twice);
}

/* FROM in TEXT becomes TO; TEXT is used up. */
static char *edit(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from);
	assert_non_null(at);
	char *result = xstrfmt("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
	return result;
}

#define FIRST                                                                                      \
	"description: It counts tilings.\ntags:\n  - tilings\n  - graph theory\n"            \
	"semantic_scope: Squares only.\n"

static void test_missing_keys_are_added_before_the_section(void **state)
{
	(void)state;
	assert_set("title: T # t\n# end\n", &first, "title: T # t\n" FIRST "# end\n");
	assert_set("title: T\n" SECTION "after: 1\n", &first, "title: T\n" FIRST);
	assert_set(SECTION, &first, FIRST);
	assert_set("  title: T\n", &first,
		   "  title: T\n  description: It counts tilings.\n  tags: [tilings, graph theory]\n"
		   "  semantic_scope: Squares only.\n  ");
}

static void test_what_we_wrote_is_remembered_in_the_section(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	assert_non_null(strstr(text, "  report: scrutiny.md\n  wrote_description: "));
	assert_non_null(strstr(text, "\n  wrote_tags: "));
	assert_non_null(strstr(text, "\n  wrote_semantic_scope: "));
	assert_true(meta_wants_generated(text_slice(text)));
	free(text);
}

static void test_what_is_still_ours_is_replaced(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	assert_set(text, &second,
		   "title: T\ndescription: It counts all tilings.\ntags:\n  - graph theory\n"
		   "  - matchings\nsemantic_scope: Squares and cubes.\n");
	free(text);
}

static void test_ours_in_other_quotes_and_lines_is_ours_still(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, "It counts tilings.", "'It counts tilings.' # quoted");
	assert_set(text, &second,
		   "title: T\ndescription: It counts all tilings. # quoted\ntags:\n  - graph theory\n"
		   "  - matchings\nsemantic_scope: Squares and cubes.\n");
	free(text);
}

static void test_a_persons_words_stay(void **state)
{
	static const char *const files[] = {
		"description: Mine. # keep\ntags: [my tag]\nsemantic_scope: [a, b]\n",
		"description:\n  nested: true\ntags: one\nsemantic_scope: 7\n",
		"{description: Mine, tags: [x], semantic_scope: y, ",
	};
	(void)state;
	assert_set(files[0], &first, files[0]);
	assert_set(files[1], &first, files[1]);
	assert_set("{description: Mine, tags: [x], semantic_scope: y}\n", &first, files[2]);
	assert_false(meta_wants_generated(text_slice(files[0])));
}

static void test_what_a_person_changed_is_theirs(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, "It counts tilings.", "It counts my tilings.");
	assert_set(text, &second,
		   "title: T\ndescription: It counts my tilings.\ntags:\n  - graph theory\n"
		   "  - matchings\nsemantic_scope: Squares and cubes.\n");
	free(text);
}

static void test_what_a_person_removed_does_not_come_back(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, FIRST, "semantic_scope:\n");
	assert_set(text, &second, "title: T\nsemantic_scope:\n");
	assert_false(meta_wants_generated(text_slice(text)));
	free(text);
}

static void test_tags_a_person_added_and_removed_stay_so(void **state)
{
	static const char *const third_tags[] = { "graph theory", "matchings", "tilings" };
	static const struct meta_generated third = { NULL, third_tags, 3, NULL };
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, "  - tilings\n", "  - mine # really\n"); /* tilings is taken out */
	text = edit(text, "  - graph theory\n", "  - graph theory\n  # theirs\n  - also mine\n");
	char *after = set(text, &third);
	assert_non_null(strstr(after, "tags:\n  - mine # really\n  - graph theory\n  # theirs\n"
				      "  - also mine\n  - matchings\n"));
	/* what the next answer lacks goes, if it is ours */
	static const char *const fourth_tags[] = { "tilings", "new one" };
	static const struct meta_generated fourth = { NULL, fourth_tags, 2, NULL };
	char *last = set(after, &fourth);
	assert_non_null(strstr(last, "tags:\n  - mine # really\n  # theirs\n  - also mine\n"
				     "  - new one\nsemantic"));
	free(text);
	free(after);
	free(last);
}

static void test_lists_in_brackets_stay_in_brackets(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, "tags:\n  - tilings\n  - graph theory\n",
		    "tags: [tilings, 'graph theory', \"my own\"] # c\n");
	assert_set(text, &second,
		   "title: T\ndescription: It counts all tilings.\n"
		   "tags: ['graph theory', \"my own\", matchings] # c\nsemantic_scope: Squares and cubes.\n");
	free(text);
	assert_set("tags: []\n", &first,
		   "tags: [tilings, graph theory]\ndescription: It counts tilings.\n"
		   "semantic_scope: Squares only.\n");
}

static void test_a_list_that_cannot_be_edited_without_harm_is_left(void **state)
{
	char *text = set("title: T\n", &first);
	(void)state;
	text = edit(text, "tags:\n  - tilings\n  - graph theory\n",
		    "tags: [tilings, # first\n  graph theory]\n");
	char *after = set(text, &second);
	assert_non_null(strstr(after, "tags: [tilings, # first\n  graph theory]\n"));
	assert_non_null(strstr(after, "It counts all tilings."));
	free(after);
	text = edit(text, "[tilings, # first\n  graph theory]", "\n  - tilings # mine now\n  - graph theory");
	after = set(text, &second);
	assert_non_null(strstr(after, "  - tilings # mine now\n  - graph theory\n"));
	free(text);
	free(after);
}

static void test_empty_values_are_filled_once(void **state)
{
	(void)state;
	assert_set("description:\ntags: ~ # none yet\nsemantic_scope: ''\n", &first,
		   "description: It counts tilings.\ntags: [tilings, graph theory] # none yet\n"
		   "semantic_scope: Squares only.\n");
}

static void test_line_ends_stay(void **state)
{
	(void)state;
	assert_set("title: T\r\nb: 1\r\n", &first,
		   "title: T\r\nb: 1\r\ndescription: It counts tilings.\r\ntags:\r\n  - tilings\r\n"
		   "  - graph theory\r\nsemantic_scope: Squares only.\r\n");
}

static void test_long_texts_are_blocks_and_stay_so(void **state)
{
	static const struct meta_generated longer = {
		"It counts the tilings of squares by dominoes, up to a side of twenty, and of cubes "
		"up to a side of six.", NULL, 0, NULL };
	static const struct meta_generated shorter = { "It counts tilings.", NULL, 0, NULL };
	char *text = set("title: T\n", &longer);
	(void)state;
	assert_non_null(strstr(text, "title: T\ndescription: >-\n  It counts the tilings of squares by "
				     "dominoes, up to a side of twenty, and of cubes up to\n  a side of "
				     "six.\nscrutiny:\n"));
	assert_set(text, &shorter, "title: T\ndescription: |-\n  It counts tilings.\n");
	free(text);
}

static void test_nothing_said_changes_nothing(void **state)
{
	static const struct meta_generated nothing = { NULL, NULL, 0, "" };
	(void)state;
	assert_set("title: T\n", &nothing, "title: T\n");
}

static void test_what_has_no_section_is_left(void **state)
{
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_ok(meta_set_generated(&out, text_slice("a: 1\n"), "meta.yaml", &first));
	assert_string_equal(out.data, "a: 1\n");
	struct error *err = meta_set_generated(&out, text_slice("a: [\n"), "meta.yaml", &first);
	assert_non_null(err);
	error_free(err);
	buffer_release(&out);
	assert_true(meta_wants_generated(text_slice("")));
	assert_true(meta_wants_generated(text_slice("# nothing\n")));
	assert_false(meta_wants_generated(text_slice("a: [\n")));
}

/* -- any file and any answers ---------------------------------------------------------------- */

static uint64_t random_state;

static unsigned pick(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

#define ANY(array) array[pick(ARRAY_SIZE(array))]

static const char *const words[] = { "tilings", "graph theory", "a: b", "#1", "yes", "it's", "\xc3\xa9t\xc3\xa9",
				     "1e3", "\"q\"", "- x", "null" };

/* What a person may have written, a key each. */
static void add_any_file(struct buffer *out)
{
	static const char *const descriptions[] = { "", "description:\n", "description: ''\n",
						    "description: Mine # c\n",
						    "description: >\n  Mine\n  too\n\n",
						    "description: |+\n  Mine\n\n" };
	static const char *const tags[] = { "", "tags:\n", "tags: []\n", "tags: [ a , 'b' ] # c\n",
					    "tags:\n- a\n# c\n- 'b'\n", "tags:\n    - a # c\n    -   b\n",
					    "tags: {a: b}\n" };
	static const char *const others[] = { "title: T\n", "# a comment\n", "x:\n  y: |\n    z\n",
					      "\"semantic_scope\": mine\n", "\n", "n: [1,\n  2]\n", SECTION };
	bool used[ARRAY_SIZE(others)] = { false };
	unsigned before = pick(3), after = pick(4);
	for (unsigned i = 0; i < before + after + 2; i++) {
		unsigned k = pick(ARRAY_SIZE(others));
		if (i == before)
			buffer_addstr(out, ANY(descriptions));
		else if (i == before + 1)
			buffer_addstr(out, ANY(tags));
		else if (!used[k])
			buffer_addstr(out, others[k]);
		if (i != before && i != before + 1)
			used[k] = true;
	}
}

/* What stands at KEY, in one string. */
static char *value_of(const char *text, const char *key)
{
	struct yaml_document doc;
	struct buffer out = BUFFER_INIT;
	assert_ok(yaml_parse(&doc, text_slice(text), "meta.yaml"));
	const struct yaml_node *value = yaml_get(doc.root, key);
	if (value && value->kind == YAML_SCALAR)
		buffer_addf(&out, "=%s", yaml_is_null(value) ? "" : value->value);
	for (size_t i = 0; value && value->kind != YAML_SCALAR && i < value->nr; i++)
		buffer_addf(&out, "[%s]", value->items[i]->value);
	yaml_document_release(&doc);
	return buffer_detach(&out, NULL);
}

static void assert_same_value(const char *before, const char *after, const char *key)
{
	char *was = value_of(before, key), *is = value_of(after, key);
	if (*was && strcmp(was, "="))
		assert_string_equal(was, is);
	free(was);
	free(is);
}

static void make_any(struct meta_generated *g, const char *tags[3], struct buffer *description)
{
	buffer_reset(description);
	for (unsigned i = pick(40); i; i--)
		buffer_addf(description, "%s%s", description->len ? " " : "", ANY(words));
	size_t nr = 0;
	for (unsigned i = 0, from = pick(8); i < pick(4); i++)
		tags[nr++] = words[from + i];
	*g = (struct meta_generated){ description->data, tags, nr, ANY(words) };
}

static void test_any_file_keeps_what_a_person_wrote(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4000; seed++) {
		struct buffer file = BUFFER_INIT, description = BUFFER_INIT;
		struct meta_generated g;
		const char *tags[3];
		random_state = seed * 2654435761u;
		add_any_file(&file);
		make_any(&g, tags, &description);
		char *once = set(file.data, &g), *twice = set(once, &g);
		assert_string_equal(once, twice);
		assert_same_value(file.data, once, "description");
		assert_same_value(file.data, once, "tags");
		assert_same_value(file.data, once, "title");
		assert_same_value(file.data, once, "semantic_scope");
		make_any(&g, tags, &description);
		char *next = set(once, &g), *again = set(next, &g);
		assert_string_equal(next, again);
		assert_same_value(file.data, next, "description");
		assert_same_value(file.data, next, "tags");
		free(once);
		free(twice);
		free(next);
		free(again);
		buffer_release(&file);
		buffer_release(&description);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_keys_are_added_before_the_section),
		cmocka_unit_test(test_what_we_wrote_is_remembered_in_the_section),
		cmocka_unit_test(test_what_is_still_ours_is_replaced),
		cmocka_unit_test(test_ours_in_other_quotes_and_lines_is_ours_still),
		cmocka_unit_test(test_a_persons_words_stay),
		cmocka_unit_test(test_what_a_person_changed_is_theirs),
		cmocka_unit_test(test_what_a_person_removed_does_not_come_back),
		cmocka_unit_test(test_tags_a_person_added_and_removed_stay_so),
		cmocka_unit_test(test_lists_in_brackets_stay_in_brackets),
		cmocka_unit_test(test_a_list_that_cannot_be_edited_without_harm_is_left),
		cmocka_unit_test(test_empty_values_are_filled_once),
		cmocka_unit_test(test_line_ends_stay),
		cmocka_unit_test(test_long_texts_are_blocks_and_stay_so),
		cmocka_unit_test(test_nothing_said_changes_nothing),
		cmocka_unit_test(test_what_has_no_section_is_left),
		cmocka_unit_test(test_any_file_keeps_what_a_person_wrote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
