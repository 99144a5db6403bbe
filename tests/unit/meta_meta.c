#include "base_testing.h"

#include "base/memory.h"
#include "base/yaml.h"
#include "meta/meta.h"

static const struct meta_scrutiny sample = {
	.content_id = "a1b2",
	.date = "2026-11-22T10:00:00Z",
	.verdict = "errors",
	.errors = 5,
	.warnings = 3,
	.notes = 0,
	.unverified = 1,
	.report = "scrutiny.md",
};

/* The sample's section as it is written where there was none. */
#define LINES(indent, nl)                                                                       \
	indent "content_id: a1b2" nl                                                            \
	indent "date: \"2026-11-22T10:00:00Z\"" nl                                              \
	indent "verdict: errors" nl                                                             \
	indent "errors: 5" nl                                                                   \
	indent "warnings: 3" nl                                                                 \
	indent "notes: 0" nl                                                                    \
	indent "unverified: 1" nl                                                               \
	indent "report: scrutiny.md"
#define SECTION "scrutiny:\n" LINES("  ", "\n") "\n"
#define FLOW                                                                                    \
	"content_id: a1b2, date: \"2026-11-22T10:00:00Z\", verdict: errors, errors: 5, "        \
	"warnings: 3, notes: 0, unverified: 1, report: scrutiny.md"

static char *set(const char *text)
{
	struct buffer out = BUFFER_INIT;
	assert_ok(meta_set_scrutiny(&out, text_slice(text), "meta.yaml", &sample, NULL));
	return buffer_detach(&out, NULL);
}

/* BEFORE becomes AFTER, and AFTER stays as it is. */
static void assert_set(const char *before, const char *after)
{
	char *once = set(before);
	assert_string_equal(once, after);
	char *twice = set(once);
	assert_string_equal(twice, once);
	free(once);
	free(twice);
}

static void test_a_section_is_added_at_the_end(void **state)
{
	(void)state;
	assert_set("title: T\n", "title: T\n" SECTION);
	assert_set("# c\ntitle: T # d\n\n# e\n", "# c\ntitle: T # d\n\n# e\n" SECTION);
	assert_set("# only a comment\n", "# only a comment\n" SECTION);
	assert_set("  a: 1\n", "  a: 1\n  scrutiny:\n" LINES("    ", "\n") "\n");
	assert_set("a: |+\n  x\n\n", "a: |+\n  x\n\n" SECTION);
}

static void test_document_markers_stay_around_it(void **state)
{
	(void)state;
	assert_set("---\na: 1\n...\n", "---\na: 1\n" SECTION "...\n");
	assert_set("%YAML 1.1\n--- # c\na: 1\n# d\n... # e\n# f\n",
		   "%YAML 1.1\n--- # c\na: 1\n# d\n" SECTION "... # e\n# f\n");
	assert_set("---\n", "---\n" SECTION);
	assert_set("a: ...x\nb: |\n ...\n", "a: ...x\nb: |\n ...\n" SECTION);
}

static void test_line_ends_and_the_byte_order_mark_stay(void **state)
{
	(void)state;
	assert_set("a: 1\r\nb: 2\r\n", "a: 1\r\nb: 2\r\nscrutiny:\r\n" LINES("  ", "\r\n") "\r\n");
	assert_set("\xef\xbb\xbf" "a: \xc3\xa9\n", "\xef\xbb\xbf" "a: \xc3\xa9\n" SECTION);
	assert_set("a: 1\rb: 2\r", "a: 1\rb: 2\rscrutiny:\r" LINES("  ", "\r") "\r");
	assert_set("a: 1\r\nscrutiny:\r\n  notes: 7 # n\r\nb: 2\r\n",
		   "a: 1\r\nscrutiny:\r\n  content_id: a1b2\r\n  date: \"2026-11-22T10:00:00Z\"\r\n"
		   "  verdict: errors\r\n  errors: 5\r\n  warnings: 3\r\n  notes: 0 # n\r\n"
		   "  unverified: 1\r\n  report: scrutiny.md\r\nb: 2\r\n");
}

static void test_a_missing_final_newline_stays_missing(void **state)
{
	(void)state;
	assert_set("a: 1", "a: 1\nscrutiny:\n" LINES("  ", "\n"));
	assert_set("a: 1 # c", "a: 1 # c\nscrutiny:\n" LINES("  ", "\n"));
	assert_set("scrutiny:", "scrutiny:\n" LINES("  ", "\n"));
	assert_set("scrutiny:\n  content_id: a1b2", "scrutiny:\n" LINES("  ", "\n"));
	assert_set("a: 1\n...", "a: 1\n" SECTION "...");
	/* Going on behind this block would add a line break to its value. */
	assert_set("# c\nt: T\na: |\n  text", "# c\n" SECTION "t: T\na: |\n  text");
	assert_set("? |\n text", SECTION "? |\n text");
	assert_set("a:\n  - b: >\n      text\n  ", SECTION "a:\n  - b: >\n      text\n  ");
}

static void test_only_values_that_differ_change(void **state)
{
	(void)state;
	assert_set("title: T\n"
		   "scrutiny:   # by the tool\n"
		   "    # which version\n"
		   "    content_id:   'old'   # id\n"
		   "    date: 2026-11-21T09:00:00Z\n"
		   "\n"
		   "    \"verdict\": \"clean\"\n"
		   "    errors: 5     # many\n"
		   "    warnings: '3'\n"
		   "    notes:  # none\n"
		   "    unverified : 2\n"
		   "    report: other.md\n"
		   "\n"
		   "# about the next\n"
		   "tags: [a, b]\n",
		   "title: T\n"
		   "scrutiny:   # by the tool\n"
		   "    # which version\n"
		   "    content_id:   'a1b2'   # id\n"
		   "    date: 2026-11-22T10:00:00Z\n"
		   "\n"
		   "    \"verdict\": \"errors\"\n"
		   "    errors: 5     # many\n"
		   "    warnings: 3\n"
		   "    notes: 0  # none\n"
		   "    unverified : 1\n"
		   "    report: scrutiny.md\n"
		   "\n"
		   "# about the next\n"
		   "tags: [a, b]\n");
}

static void test_tabs_that_stand_in_the_way_are_told(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	/* Nothing but spaces may stand behind a sequence in brackets or a quoted scalar. */
	struct error *err = meta_set_scrutiny(&out, text_slice("? scrutiny\n \t"), "f", &sample, NULL);
	assert_non_null(err);
	assert_string_equal(err->hint, "replace the tabs in 'f' by spaces");
	error_free(err);
	/* In the middle of lines they do no harm. */
	assert_set("a: 1\t# c\nscrutiny:\t# c\nz:\t1\n",
		   "a: 1\t# c\nscrutiny:\t# c\n" LINES("  ", "\n") "\nz:\t1\n");
}

static void test_keys_a_person_added_stay(void **state)
{
	(void)state;
	assert_set("scrutiny:\n"
		   "  mine: |+\n"
		   "    text\n"
		   "\n"
		   "  report: scrutiny.md\n"
		   "  nested: {a: [1]}\n"
		   "  verdict: errors\n"
		   "z: 1\n",
		   "scrutiny:\n"
		   "  content_id: a1b2\n"
		   "  date: \"2026-11-22T10:00:00Z\"\n"
		   "  mine: |+\n"
		   "    text\n"
		   "\n"
		   "  report: scrutiny.md\n"
		   "  nested: {a: [1]}\n"
		   "  verdict: errors\n"
		   "  errors: 5\n"
		   "  warnings: 3\n"
		   "  notes: 0\n"
		   "  unverified: 1\n"
		   "z: 1\n");
}

static void test_an_empty_section_is_filled(void **state)
{
	(void)state;
	assert_set("scrutiny:\nz: 1\n", SECTION "z: 1\n");
	assert_set("scrutiny: # c\n\nz: 1\n", "scrutiny: # c\n" LINES("  ", "\n") "\n\nz: 1\n");
	assert_set("scrutiny: ~ # c\nz: 1\n", "scrutiny: # c\n" LINES("  ", "\n") "\nz: 1\n");
	assert_set("'scrutiny': null\n", "'scrutiny':\n" LINES("  ", "\n") "\n");
	assert_set("scrutiny: {}\n", "scrutiny: {" FLOW "}\n");
	assert_set("scrutiny:\n  ~\n", "scrutiny:\n  {" FLOW "}\n");
	assert_set("? scrutiny\n# c\nz: 1\n", "? scrutiny\n: {" FLOW "}\n# c\nz: 1\n");
	assert_set("? scrutiny\n:\nz: 1\n", "? scrutiny\n:\n" LINES("  ", "\n") "\nz: 1\n");
}

static void test_flow_style_stays_flow_style(void **state)
{
	(void)state;
	assert_set("scrutiny: { mine: 1 } # c\nz: 1\n", "scrutiny: {content_id: a1b2, "
		   "date: \"2026-11-22T10:00:00Z\", verdict: errors, errors: 5, warnings: 3, notes: 0, "
		   "unverified: 1, report: scrutiny.md,  mine: 1 } # c\nz: 1\n");
	assert_set("scrutiny: {content_id: a1b2, date: x, verdict: , errors,\n  mine: 1}\n",
		   "scrutiny: {content_id: a1b2, date: \"2026-11-22T10:00:00Z\", verdict: errors , "
		   "errors: 5, warnings: 3, notes: 0, unverified: 1, report: scrutiny.md,\n  mine: 1}\n");
	assert_set("{\"a\":1}\n", "{\"a\":1, scrutiny: {" FLOW "}}\n");
	assert_set("{a: , }", "{a: , scrutiny: {" FLOW "} , }");
	assert_set("{}", "{scrutiny: {" FLOW "}}");
	assert_set("{\"scrutiny\":{\"verdict\":\"x\",\"errors\":1}}",
		   "{\"scrutiny\":{content_id: a1b2, date: \"2026-11-22T10:00:00Z\", "
		   "\"verdict\":\"errors\",\"errors\":5, warnings: 3, notes: 0, unverified: 1, "
		   "report: scrutiny.md}}");
	assert_set("{scrutiny}", "{scrutiny: {" FLOW "}}");
}

static void test_values_of_other_kinds_are_replaced(void **state)
{
	(void)state;
	assert_set("scrutiny:\n"
		   "  content_id: |+\n"
		   "    x\n"
		   "    y\n"
		   "\n"
		   "  date:\n"
		   "  - 1\n"
		   "  - 2 # c\n"
		   "  verdict: >-\n"
		   "    err\n"
		   "  errors:\n"
		   "    a: 1\n"
		   "    b: 2\n"
		   "  warnings: [1,\n"
		   "    2]\n"
		   "  notes: one\n"
		   "    two\n"
		   "  ? unverified\n"
		   "  ? report\n"
		   "  : x\n",
		   "scrutiny:\n"
		   "  content_id: a1b2\n"
		   "\n"
		   "  date:\n"
		   "   \"2026-11-22T10:00:00Z\" # c\n"
		   "  verdict: errors\n"
		   "  errors:\n"
		   "    5\n"
		   "  warnings: 3\n"
		   "  notes: 0\n"
		   "  ? unverified\n"
		   "  : 1\n"
		   "  ? report\n"
		   "  : scrutiny.md\n");
}

static void test_lines_follow_the_right_value_after_a_kept_block(void **state)
{
	(void)state;
	assert_set("scrutiny:\n  report: |+\n    x\n\n\nz: 1\n",
		   "scrutiny:\n  content_id: a1b2\n  date: \"2026-11-22T10:00:00Z\"\n"
		   "  verdict: errors\n  errors: 5\n  warnings: 3\n  notes: 0\n  unverified: 1\n"
		   "  report: scrutiny.md\n\n\nz: 1\n");
	assert_set("scrutiny:\n  content_id: |+\n    x\n\nz: 1\n", SECTION "\nz: 1\n");
}

static void assert_refused(const char *text, enum error_code code, const char *message)
{
	struct buffer out = BUFFER_INIT;
	buffer_addstr(&out, "kept");
	assert_error(meta_set_scrutiny(&out, text_slice(text), "p/meta.yaml", &sample, NULL), code,
		     message);
	assert_string_equal(out.data, "kept");
	buffer_release(&out);
}

static void test_what_cannot_be_edited_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("a: [1\n", ERROR_SYNTAX, "p/meta.yaml:2:1:");
	assert_refused("- a\n", ERROR_SYNTAX, "p/meta.yaml:1:1: the file must be a mapping");
	assert_refused("~\n", ERROR_SYNTAX, "p/meta.yaml:1:1: the file must be a mapping");
	assert_refused("a: 1\nscrutiny: yes\n", ERROR_SYNTAX,
		       "p/meta.yaml:2:11: 'scrutiny' is not a mapping");
	assert_refused("scrutiny:\n- 1\n", ERROR_SYNTAX, "p/meta.yaml:2:1: 'scrutiny' is not a mapping");
	assert_refused("a: 1\n\tb: 2\n", ERROR_SYNTAX, "p/meta.yaml:2:");
	assert_refused("a: 1\n--- \nb: 2\n", ERROR_SYNTAX, "p/meta.yaml:2:1: a second document");
}

/* -- new files ------------------------------------------------------------------------------- */

static void test_a_new_file_says_what_is_known(void **state)
{
	static const char *const authors[] = { "Ada Lovelace", "\xc3\x89. Galois", "no" };
	const struct meta_initial initial = {
		.title = "On: everything",
		.authors = authors,
		.nr_authors = 3,
		.abstract = "A first sentence that is long enough to be filled, because it goes on past "
			    "the width of a line.\n\nA second paragraph.\n",
	};
	struct buffer out = BUFFER_INIT;
	(void)state;
	assert_ok(meta_set_scrutiny(&out, text_slice(""), "meta.yaml", &sample, &initial));
	assert_string_equal(out.data,
			    "# What is known about this paper. The section 'scrutiny' is kept up to "
			    "date by git scrutiny.\n"
			    "title: \"On: everything\"\n"
			    "authors:\n"
			    "  - Ada Lovelace\n"
			    "  - \xc3\x89. Galois\n"
			    "  - \"no\"\n"
			    "abstract: >\n"
			    "  A first sentence that is long enough to be filled, because it goes on past "
			    "the width of\n"
			    "  a line.\n"
			    "\n"
			    "\n"
			    "  A second paragraph.\n" SECTION);
	char *again = set(out.data);
	assert_string_equal(again, out.data);
	free(again);
	buffer_release(&out);
}

static void test_a_new_file_leaves_out_what_is_not_known(void **state)
{
	struct buffer out = BUFFER_INIT;
	const struct meta_initial nothing = { 0 };
	(void)state;
	assert_ok(meta_set_scrutiny(&out, text_slice("\xef\xbb\xbf \r\n"), "meta.yaml", &sample,
				    &nothing));
	assert_string_equal(out.data, "\xef\xbb\xbf# What is known about this paper. The section "
				      "'scrutiny' is kept up to date by git scrutiny.\r\nscrutiny:\r\n" LINES(
					      "  ", "\r\n") "\r\n");
	buffer_release(&out);
}

/* -- any file -------------------------------------------------------------------------------- */

#ifndef SEEDS
#define SEEDS 5000
#endif
static uint64_t random_state;

static unsigned pick(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

static const char *any(const char *const *choices, size_t nr)
{
	return choices[pick((unsigned)nr)];
}

#define ANY(array) any(array, ARRAY_SIZE(array))

/* How the file at hand is written. */
static struct {
	const char *newline;
	unsigned key;
} style;

static void add_newline(struct buffer *b)
{
	buffer_addstr(b, style.newline);
}

static void add_noise(struct buffer *b, size_t indent)
{
	static const char *const comments[] = { "# c", "# scrutiny: no", "# \xc3\xa9\xe2\x82\xac", "#" };
	while (pick(4) == 0) {
		if (pick(2)) {
			while (indent && pick(3))
				buffer_addch(b, ' '), indent--;
			buffer_addstr(b, ANY(comments));
		} else if (pick(4) == 0) {
			buffer_addstr(b, "   ");
		}
		add_newline(b);
	}
}

static void add_indent(struct buffer *b, size_t indent)
{
	while (indent--)
		buffer_addch(b, ' ');
}

/* A value and the rest of its line, or its lines. */
static void add_any_value(struct buffer *b, size_t indent, unsigned depth)
{
	static const char *const scalars[] = { "1", "x y", "'it''s'", "\"q\\n\"", "~", "", "\xc3\xa9",
					       "[a, {b: c}]", "{ }", "{x: 1, y}", "a:b", "http://x#y",
					       "\"two\n    lines\"", "2026-11-22T10:00:00Z", "0", "3" };
	static const char *const blocks[] = { "|", ">", "|-", ">-", "|+", ">+" };
	static const char *const tails[] = { "", "", "", " # tail", "   ", "\t# tab" };
	unsigned kind = pick(depth < 3 ? 10 : 7);
	if (kind < 6) {
		buffer_addf(b, " %s%s", ANY(scalars), ANY(tails));
		add_newline(b);
	} else if (kind == 6) {
		buffer_addf(b, " %s", ANY(blocks));
		add_newline(b);
		for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
			add_indent(b, indent + 2);
			buffer_addstr(b, pick(4) ? "text: # no comment" : "...");
			add_newline(b);
			if (pick(4) == 0)
				add_newline(b);
		}
	} else {
		size_t inner = indent + (kind == 7 ? 0 : 1 + pick(4));
		buffer_addstr(b, pick(4) ? "" : " # in");
		add_newline(b);
		for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
			add_noise(b, inner);
			add_indent(b, inner);
			if (kind == 7)
				buffer_addstr(b, "-");
			else
				buffer_addf(b, "k%u:", style.key++);
			add_any_value(b, inner + 1 - (kind != 7), depth + 1);
		}
	}
}

static void add_section(struct buffer *b)
{
	static const char *const keys[] = { "content_id", "date", "verdict", "errors", "warnings",
					    "notes", "unverified", "report", "mine", "other" };
	static const char *const names[] = { "scrutiny", "'scrutiny'", "\"scrutiny\"", "scrutiny " };
	static const char *const flow[] = { " {}", " {errors: 1}", " { mine: [a], verdict: 'x' } # c",
					    " {content_id: a1b2,\n    date: x}", " ~", "", " # c" };
	size_t indent = 1 + pick(5);
	unsigned used = 0;
	buffer_addf(b, "%s:", ANY(names));
	if (pick(3) == 0) {
		buffer_addstr(b, ANY(flow));
		add_newline(b);
		return;
	}
	buffer_addstr(b, pick(4) ? "" : "  # c");
	add_newline(b);
	for (unsigned i = 0, n = 1 + pick(9); i < n; i++) {
		unsigned key = pick(ARRAY_SIZE(keys));
		if (used >> key & 1)
			continue;
		used |= 1u << key;
		if (i)
			add_noise(b, indent);
		add_indent(b, indent);
		buffer_addf(b, pick(5) ? "%s:" : "\"%s\":", keys[key]);
		add_any_value(b, indent, 1);
	}
}

/* A file in three parts; the section may be missing. */
static void make_file(struct buffer *before, struct buffer *section, struct buffer *after)
{
	style.newline = pick(4) ? "\n" : "\r\n";
	style.key = 0;
	buffer_addstr(before, pick(5) ? "" : "\xef\xbb\xbf");
	add_noise(before, 0);
	if (pick(4) == 0) {
		buffer_addstr(before, "---");
		add_newline(before);
	}
	for (unsigned i = 0, n = pick(4); i < n; i++) {
		add_noise(before, 0);
		buffer_addf(before, "k%u:", style.key++);
		add_any_value(before, 0, 0);
	}
	if (pick(3))
		add_section(section);
	for (unsigned i = 0, n = pick(4); i < n; i++) {
		add_noise(after, 0);
		buffer_addf(after, "k%u:", style.key++);
		add_any_value(after, 0, 0);
	}
	add_noise(after, 0);
	if (pick(6) == 0)
		buffer_addstr(after, "...");
	struct buffer *last = after->len ? after : section->len ? section : before;
	if (pick(4) == 0 && last->len && last->data[last->len - 1] == '\n')
		buffer_truncate(last, last->len - strlen(style.newline));
}

/* Everything but the section, as one string. */
static void flatten(struct buffer *out, const struct yaml_node *node, bool is_root)
{
	buffer_addf(out, "%d%d(", node->kind, node->flow);
	if (node->kind == YAML_SCALAR)
		buffer_addf(out, "%zu %d %s", node->value_len, node->plain, node->value);
	for (size_t i = 0; i < node->nr; i++) {
		if (is_root && i % 2 == 0 && !strcmp(node->items[i]->value, "scrutiny"))
			i++;
		else
			flatten(out, node->items[i], false);
	}
	buffer_addch(out, ')');
}

static void assert_same_rest(const struct buffer *old, const struct buffer *new)
{
	struct yaml_document a, b;
	struct buffer flat_a = BUFFER_INIT, flat_b = BUFFER_INIT;
	assert_ok(yaml_parse(&a, slice_of(old), "old"));
	assert_ok(yaml_parse(&b, slice_of(new), "new"));
	if (a.root && a.root->kind == YAML_MAPPING) {
		flatten(&flat_a, a.root, true);
		flatten(&flat_b, b.root, true);
		assert_string_equal(flat_a.data, flat_b.data);
	}
	yaml_document_release(&a);
	yaml_document_release(&b);
	buffer_release(&flat_a);
	buffer_release(&flat_b);
}

static void assert_only_inserted(const struct buffer *old, const struct buffer *new)
{
	size_t prefix = 0, suffix = 0;
	while (prefix < old->len && old->data[prefix] == new->data[prefix])
		prefix++;
	while (suffix < old->len && old->data[old->len - 1 - suffix] == new->data[new->len - 1 - suffix])
		suffix++;
	assert_true(prefix + suffix >= old->len);
}

/* False if the file is no YAML at all, which the generator does not rule out. */
static bool check_any_file(void)
{
	struct yaml_document doc;
	struct buffer before = BUFFER_INIT, section = BUFFER_INIT, after = BUFFER_INIT;
	struct buffer old = BUFFER_INIT, new = BUFFER_INIT, again = BUFFER_INIT;
	make_file(&before, &section, &after);
	buffer_addbuf(&old, &before);
	buffer_addbuf(&old, &section);
	buffer_addbuf(&old, &after);
	struct error *invalid = yaml_parse(&doc, slice_of(&old), "f");
	yaml_document_release(&doc);
	if (invalid)
		goto out;
	struct error *err = meta_set_scrutiny(&new, slice_of(&old), "f", &sample, NULL);
	if (err)
		print_error("%s\n%s\n", err->message, old.data);
	assert_ok(err);
	assert_ok(meta_set_scrutiny(&again, slice_of(&new), "f", &sample, NULL));
	assert_string_equal(new.data, again.data);
	if (strspn(old.data, "\xef\xbb\xbf \r\n") < old.len) {
		assert_same_rest(&old, &new);
		if (section.len) {
			assert_memory_equal(new.data, before.data, before.len);
			assert_string_equal(new.data + new.len - after.len, after.data);
		} else {
			assert_only_inserted(&old, &new);
		}
	}
out:
	buffer_release(&before);
	buffer_release(&section);
	buffer_release(&after);
	buffer_release(&old);
	buffer_release(&new);
	buffer_release(&again);
	bool valid = !invalid;
	error_free(invalid);
	return valid;
}

static void test_any_file_keeps_what_is_outside_the_section(void **state)
{
	unsigned valid = 0;
	(void)state;
	for (unsigned seed = 0; seed < SEEDS; seed++) {
		random_state = seed * 2654435761u;
		valid += check_any_file();
	}
	assert_true(valid > SEEDS / 2);
}

static void test_any_initial_text_reads_back(void **state)
{
	static const char *const pieces[] = { "word", "word", "word", " ", " ", " ", "\n", "\n\n", "  ",
					      "\t", "#", ": ", "-", "\xc3\xa9", "\xff", "\x01", "'", "\"",
					      "a-long-word-without-any-space-in-it-that-fills-lines", ".",
					      "\xe2\x80\xa8", "\xef\xbb\xbf", "null", "\r" };
	(void)state;
	for (unsigned seed = 0; seed < 3000; seed++) {
		struct buffer title = BUFFER_INIT, abstract = BUFFER_INIT, out = BUFFER_INIT;
		random_state = seed * 40503u;
		size_t usual = pick(3) ? 9 : ARRAY_SIZE(pieces);
		for (unsigned i = pick(5); i; i--)
			buffer_addstr(&title, ANY(pieces));
		for (unsigned i = pick(120); i; i--)
			buffer_addstr(&abstract, any(pieces, usual));
		const char *authors[] = { title.data, abstract.data };
		const struct meta_initial initial = { title.data, authors, 2, abstract.data };
		/* That it reads back is checked by the function itself. */
		assert_ok(meta_set_scrutiny(&out, text_slice(""), "f", &sample, &initial));
		buffer_release(&title);
		buffer_release(&abstract);
		buffer_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_section_is_added_at_the_end),
		cmocka_unit_test(test_document_markers_stay_around_it),
		cmocka_unit_test(test_line_ends_and_the_byte_order_mark_stay),
		cmocka_unit_test(test_a_missing_final_newline_stays_missing),
		cmocka_unit_test(test_only_values_that_differ_change),
		cmocka_unit_test(test_tabs_that_stand_in_the_way_are_told),
		cmocka_unit_test(test_keys_a_person_added_stay),
		cmocka_unit_test(test_an_empty_section_is_filled),
		cmocka_unit_test(test_flow_style_stays_flow_style),
		cmocka_unit_test(test_values_of_other_kinds_are_replaced),
		cmocka_unit_test(test_lines_follow_the_right_value_after_a_kept_block),
		cmocka_unit_test(test_what_cannot_be_edited_is_refused_with_its_place),
		cmocka_unit_test(test_a_new_file_says_what_is_known),
		cmocka_unit_test(test_a_new_file_leaves_out_what_is_not_known),
		cmocka_unit_test(test_any_file_keeps_what_is_outside_the_section),
		cmocka_unit_test(test_any_initial_text_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
