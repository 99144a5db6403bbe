#include "base_testing.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

static struct yaml_document doc;

static const struct yaml_node *parse(const char *text)
{
	yaml_document_release(&doc);
	assert_ok(yaml_parse(&doc, text_slice(text), "f.yml"));
	return doc.root;
}

static int release(void **state)
{
	(void)state;
	yaml_document_release(&doc);
	return 0;
}

static void assert_range(const char *text, const struct yaml_node *node, const char *expected)
{
	assert_non_null(node);
	char *bytes = xmemdupz(text + node->start, node->end - node->start);
	assert_string_equal(bytes, expected);
	free(bytes);
}

static void test_values_and_their_places(void **state)
{
	const char *text = "# c\ntitle: A b\nlist:\n  - 'x'\n  - {k: 2}\n";
	(void)state;
	const struct yaml_node *root = parse(text);
	const struct yaml_node *title = yaml_get(root, "title");
	assert_string_equal(title->value, "A b");
	assert_int_equal(title->line, 2);
	assert_int_equal(title->column, 8);
	assert_true(title->plain);
	const struct yaml_node *list = yaml_get(root, "list");
	assert_int_equal(list->kind, YAML_SEQUENCE);
	assert_int_equal(list->nr, 2);
	assert_false(list->items[0]->plain);
	assert_true(list->items[1]->flow);
	assert_string_equal(yaml_get(list->items[1], "k")->value, "2");
	assert_int_equal(doc.nr_nodes, 9);
	assert_null(yaml_get(root, "other"));
	assert_null(yaml_get(title, "x"));
	assert_null(yaml_get(NULL, "x"));
}

static void test_ranges_end_where_the_last_token_ends(void **state)
{
	const char *text = "a: plain # c\n"
			   "m:  # c\n"
			   "  k: \"q\"   \n"
			   "  s:\n"
			   "    - 1\n"
			   "\n"
			   "# trailing\n"
			   "f: {x: [1, 2], y: 3 }  # c\n"
			   "b: |\n"
			   "  line\n"
			   "  line\n"
			   "\n"
			   "keep: |+\n"
			   "  line\n"
			   "\n"
			   "multi: one\n"
			   "  two\n"
			   "# c\n";
	(void)state;
	const struct yaml_node *root = parse(text);
	assert_range(text, yaml_get(root, "a"), "plain");
	assert_range(text, yaml_get(root, "m"), "k: \"q\"   \n  s:\n    - 1");
	assert_range(text, yaml_get(yaml_get(root, "m"), "s"), "- 1");
	assert_range(text, yaml_get(root, "f"), "{x: [1, 2], y: 3 }");
	assert_range(text, yaml_get(root, "b"), "|\n  line\n  line");
	assert_range(text, yaml_get(root, "keep"), "|+\n  line\n\n");
	assert_range(text, yaml_get(root, "multi"), "one\n  two");
}

static void test_missing_values_stand_behind_their_keys(void **state)
{
	const char *text = "a:   # c\n\nb: # c\n  c:\n# d\n? e\n# d\nf: 1\n";
	(void)state;
	const struct yaml_node *root = parse(text);
	assert_true(yaml_is_null(yaml_get(root, "a")));
	assert_int_equal(yaml_get(root, "a")->start, 2);
	assert_range(text, yaml_get(root, "b"), "c:");
	assert_int_equal(yaml_get(root, "e")->start, (size_t)(strstr(text, "? e") + 3 - text));
	root = parse("{a:   # :\n , b, c: }");
	assert_int_equal(yaml_get(root, "a")->start, 3);
	assert_int_equal(yaml_get(root, "b")->start, 14);
	assert_int_equal(yaml_get(root, "c")->start, 18);
}

static void test_ranges_are_bytes_not_characters(void **state)
{
	(void)state;
	/* A BOM, CRLF, and more characters than are between two remembered offsets. */
	struct buffer b = BUFFER_INIT;
	buffer_addstr(&b, "\xef\xbb\xbf# \xe2\x82\xac\r\n");
	for (int i = 0; i < 300; i++)
		buffer_addf(&b, "k%d: \xc3\xa9\xf0\x9f\x98\x80%d\r\n", i, i);
	const struct yaml_node *root = parse(b.data);
	for (int i = 0; i < 300; i++) {
		char *expected = xstrfmt("\xc3\xa9\xf0\x9f\x98\x80%d", i);
		assert_range(b.data, root->items[2 * i + 1], expected);
		assert_int_equal(root->items[2 * i]->line, i + 2);
		free(expected);
	}
	buffer_release(&b);
}

static void test_an_empty_document_has_no_root(void **state)
{
	(void)state;
	assert_null(parse(""));
	assert_null(parse("# only a comment\n"));
	assert_null(parse("\xef\xbb\xbf"));
	assert_true(yaml_is_null(parse("---\n...\n")));
}

static void test_errors_name_the_place(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "a: 1\nb: 2\na: 3\n", "f.yml:3:1: the key 'a' is there twice" },
		{ "m: {x: 1, \"x\": 2}\n", "f.yml:1:11: the key 'x' is there twice" },
		{ "a: [1, 2\n", "f.yml:2:1:" },
		{ "a: b: c\n", "f.yml:1:5:" },
		{ "\ta: 1\n", "f.yml:1:1:" },
		{ "a: &x 1\nb: 2\n", "f.yml:1:4: anchors, aliases and tags" },
		{ "a: *x\n", "f.yml:1:4: anchors, aliases and tags" },
		{ "a: !!str 1\n", "f.yml:1:4: anchors, aliases and tags" },
		{ "a: !x [1]\n", "f.yml:1:4: anchors, aliases and tags" },
		{ "? [a]\n: 1\n", "f.yml:1:3: a key must be" },
		{ "a: 1\n---\nb: 2\n", "f.yml:2:1: a second document" },
		{ "a: 1\nb: \xff\n", "f.yml:2:4: the file is not valid UTF-8" },
		{ "a: 1\nb: \x01\n", "f.yml:2:4: control characters" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_error(yaml_parse(&doc, text_slice(bad[i].text), "f.yml"), ERROR_SYNTAX,
			     bad[i].message);
		assert_null(doc.root);
	}
	assert_error(yaml_parse(&doc, (struct slice){ "a: \0", 4 }, "f.yml"), ERROR_SYNTAX, "f.yml:1:4");
}

static void test_alias_bombs_are_refused(void **state)
{
	(void)state;
	assert_error(yaml_parse(&doc, text_slice("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"), "f"),
		     ERROR_SYNTAX, "f:1:4: anchors");
}

static void assert_limit(const char *repeated, size_t times, const char *message)
{
	struct buffer b = BUFFER_INIT;
	for (size_t i = 0; i < times; i++)
		buffer_addstr(&b, repeated);
	assert_error(yaml_parse(&doc, slice_of(&b), "f"), ERROR_LIMIT, message);
	assert_null(doc.root);
	buffer_release(&b);
}

static void test_ceilings(void **state)
{
	(void)state;
	assert_limit("[", 100000, "nesting is too deep");
	assert_limit("- ", 100000, "nesting is too deep");
	assert_limit("- 1\n", YAML_MAX_NODES, "more than 100000 values");
	assert_limit("#234567\n", YAML_MAX_SIZE / 8 + 1, "larger than");
}

static void test_typed_values(void **state)
{
	const char *s;
	int64_t integer;
	double number;
	bool boolean;
	(void)state;
	const struct yaml_node *root = parse("i: -12\nbig: 9223372036854775808\nn: 2.5e1\nt: yes\n"
					     "f: False\nq: '12'\nnull: ~\nempty:\nz: \"a\\0b\"\nl: []\n"
					     "huge: 1e999\n");
#define AT(key) yaml_get(root, key), "f", key
	assert_ok(yaml_integer(AT("i"), &integer));
	assert_int_equal(integer, -12);
	assert_error(yaml_integer(AT("big"), &integer), ERROR_SYNTAX, "f:2:6: 'big' is not an integer");
	assert_error(yaml_integer(AT("n"), &integer), ERROR_SYNTAX, "'n' is not an integer");
	assert_error(yaml_integer(AT("q"), &integer), ERROR_SYNTAX, "'q' is not an integer");
	assert_error(yaml_integer(AT("missing"), &integer), ERROR_SYNTAX, "f: 'missing' is missing");
	assert_ok(yaml_number(AT("n"), &number));
	assert_true(number == 25);
	assert_ok(yaml_number(AT("i"), &number));
	assert_error(yaml_number(AT("huge"), &number), ERROR_SYNTAX, "'huge' is not a number");
	assert_error(yaml_number(AT("t"), &number), ERROR_SYNTAX, "'t' is not a number");
	assert_ok(yaml_bool(AT("t"), &boolean));
	assert_true(boolean);
	assert_ok(yaml_bool(AT("f"), &boolean));
	assert_false(boolean);
	assert_error(yaml_bool(AT("i"), &boolean), ERROR_SYNTAX, "'i' is not true or false");
	assert_ok(yaml_string(AT("q"), &s));
	assert_string_equal(s, "12");
	assert_ok(yaml_string(AT("i"), &s));
	assert_error(yaml_string(AT("empty"), &s), ERROR_SYNTAX, "'empty' is not a string");
	assert_error(yaml_string(AT("z"), &s), ERROR_SYNTAX, "'z' is not a string without NUL");
	assert_error(yaml_string(AT("l"), &s), ERROR_SYNTAX, "'l' is not a string");
	assert_true(yaml_is_null(yaml_get(root, "null")));
	assert_false(yaml_is_null(yaml_get(root, "q")));
	assert_false(yaml_is_null(NULL));
}

static void assert_goes_round(const char *value)
{
	struct buffer b = BUFFER_INIT;
	buffer_addstr(&b, "k: ");
	yaml_add_scalar(&b, value);
	buffer_addstr(&b, "\nl: [");
	yaml_add_scalar(&b, value);
	buffer_addstr(&b, ", x]\n");
	const struct yaml_node *root = parse(b.data);
	const struct yaml_node *k = yaml_get(root, "k");
	assert_string_equal(k->value, value);
	assert_false(yaml_is_null(k));
	assert_string_equal(yaml_get(root, "l")->items[0]->value, value);
	assert_int_equal(yaml_get(root, "l")->nr, 2);
	buffer_release(&b);
}

static void test_written_scalars_read_back(void **state)
{
	static const char *const values[] = {
		"", " ", "a b", " a", "a ", "a: b", "a:", "a #b", "a#b", "#a", "- a", "-", "null", "Yes",
		"~", "12", "1.5", "2026-11-22", "a\nb", "a\n", "\t", "a\tb", "\"", "'", "it's", "\\",
		"{a}", "[a", "a, b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "?", "? a", ":", "---",
		"...", "\x01\x1b", "\x7f", "\xc2\x85", "\xc2\xa0x", "\xe2\x80\xa8", "\xef\xbb\xbfx",
		"\xc3\xa9t\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbf\xbe", "http://a/b", "a:b", "main.tex",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_goes_round(values[i]);
}

static void assert_scalar(const char *value, const char *expected)
{
	struct buffer b = BUFFER_INIT;
	yaml_add_scalar(&b, value);
	assert_string_equal(b.data, expected);
	buffer_release(&b);
}

static void test_plain_only_where_every_reader_sees_a_string(void **state)
{
	(void)state;
	assert_scalar("scrutiny.md", "scrutiny.md");
	assert_scalar("A title (of sorts)", "A title (of sorts)");
	assert_scalar("2026-11-22T10:00:00Z", "\"2026-11-22T10:00:00Z\"");
	assert_scalar("on", "\"on\"");
	assert_scalar("1e3", "\"1e3\"");
	assert_scalar("a\nb", "\"a\\nb\"");
	assert_scalar("a\xff", "\"a\xef\xbf\xbd\"");
}

#define with_release(f) cmocka_unit_test_teardown(f, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_release(test_values_and_their_places),
		with_release(test_ranges_end_where_the_last_token_ends),
		with_release(test_missing_values_stand_behind_their_keys),
		with_release(test_ranges_are_bytes_not_characters),
		with_release(test_an_empty_document_has_no_root),
		with_release(test_errors_name_the_place),
		with_release(test_alias_bombs_are_refused),
		with_release(test_ceilings),
		with_release(test_typed_values),
		with_release(test_written_scalars_read_back),
		with_release(test_plain_only_where_every_reader_sees_a_string),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
