#include "git_fixture.h"

#include "base/text.h"
#include "cmd/pull_text.h"

/* Reviews of NR papers with a finding each, that nobody but these words knows of. */
struct papers {
	struct review **reviews;
	struct consensus_finding *findings;
	char **names;
	size_t nr;
};

static void setup(struct papers *p, size_t nr, const char *name, const char *title)
{
	*p = (struct papers){ xcalloc(nr + 1, sizeof(*p->reviews)), xcalloc(nr + 1, sizeof(*p->findings)),
			      xcalloc(nr + 1, sizeof(*p->names)), nr };
	for (size_t i = 0; i < nr; i++) {
		struct consensus_finding *f = &p->findings[i];
		p->reviews[i] = xcalloc(1, sizeof(struct review));
		p->names[i] = xstrfmt("%s%zu", name, i);
		snprintf(f->id, sizeof(f->id), "%012x", (unsigned)i);
		f->severity = SEVERITY_ERROR;
		f->lead = (struct finding){ .title = (char *)title, .path = p->names[i], .line = 7 };
		p->reviews[i]->run.paper = p->names[i];
		p->reviews[i]->consensus = (struct consensus){ .findings = f, .nr = 1, .counts = { 0, 0, 1 } };
	}
}

static void teardown(struct papers *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		free(p->reviews[i]);
		free(p->names[i]);
	}
	free(p->reviews);
	free(p->findings);
	free(p->names);
}

static char *body_of(const struct papers *p)
{
	struct pull_text text = { .reviews = p->reviews, .nr = p->nr, .commit = "0123456789abcdef" };
	struct buffer out = BUFFER_INIT;
	pull_text_body(&out, &text);
	return buffer_detach(&out, NULL);
}

static char *trailers_of(const struct papers *p)
{
	struct buffer out = BUFFER_INIT;
	pull_text_trailers(&out, p->reviews, p->nr);
	return buffer_detach(&out, NULL);
}

static void a_body_says_verdict_papers_and_findings(void **state)
{
	struct papers p;
	(void)state;
	setup(&p, 2, "paper", "something is wrong");
	char *body = body_of(&p);
	assert_string_equal(body, "**2 errors in 2 papers.** 2 papers could not be reviewed by all who were asked.\n\n"
				  "| paper | errors | warnings | notes |\n|---|--:|--:|--:|\n"
				  "| paper0 | 1 | 0 | 0 |\n| paper1 | 1 | 0 | 0 |\n\nFindings:\n\n"
				  "- **error** paper0:7: something is wrong\n- **error** paper1:7: something is wrong\n\n"
				  "Commit 0123456789, reviewed.\n");
	free(body);
	teardown(&p);
}

static void the_same_reviews_in_another_order_give_the_same_body(void **state)
{
	struct papers p;
	(void)state;
	setup(&p, 3, "paper", "something is wrong");
	char *one = body_of(&p);
	struct review *first = p.reviews[0];
	p.reviews[0] = p.reviews[2];
	p.reviews[2] = first;
	char *two = body_of(&p);
	assert_string_equal(one, two);
	free(one);
	free(two);
	teardown(&p);
}

static void words_of_an_attacker_s_choice_are_words(void **state)
{
	static const char *const hostile[] = {
		"@alice", "#12", "<img src=x>", "![x](http://evil)", "[x](javascript:y)", "http://evil", "| a | b |",
		"<!-- git-scrutiny: summary -->", "a\n\n/close\n", "\033[31m", "&#64;alice", "GH-12", "<details>",
		"![x][y]\n[y]: http://evil", "owner/name#1", "!12", "&12", "www.evil.org",
	};
	static const char *const effects[] = {
		"@alice", "#12", " <img", "![", " [x]", "http://evil", "| a |", " <!-- git", "\n/close", "\033",
		"\n&#64;", "GH-12", " <details", "\n[y]", "name#1", " !12", " &12", "www.evil",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct papers p;
		setup(&p, 1, hostile[i], hostile[i]);
		char *body = body_of(&p);
		if (strstr(body, effects[i]))
			fail_msg("'%s' takes effect in: %s", hostile[i], body);
		free(body);
		teardown(&p);
	}
}

static void a_body_is_never_too_long_and_says_what_is_left_out(void **state)
{
	struct papers p;
	(void)state;
	char *name = xcalloc(2001, 1);
	memset(name, '<', 2000);
	setup(&p, 3000, name, name);
	char *body = body_of(&p);
	assert_true(strlen(body) <= FORGE_MAX_BODY);
	assert_non_null(strstr(body, " more papers.\n"));
	assert_non_null(strstr(body, " more are in the reports.\n"));
	assert_non_null(strstr(body, "3000 errors in 3000 papers"));
	free(body);
	free(name);
	teardown(&p);
}

static void trailers_are_a_line_a_paper_up_to_a_ceiling(void **state)
{
	struct papers p;
	(void)state;
	setup(&p, PULL_TEXT_MAX_PAPERS + 23, "a\nScrutiny: b", "x");
	char *trailers = trailers_of(&p);
	size_t lines = 0;
	for (const char *s = trailers; *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, PULL_TEXT_MAX_PAPERS + 1);
	assert_true(starts_with(trailers, "Scrutiny: a\\x0aScrutiny: b0 1 error, 0 warnings\n"));
	assert_true(ends_with(trailers, "\nScrutiny: (23 more) 23 errors, 0 warnings\n"));
	free(trailers);
	teardown(&p);
}

static void a_name_in_a_trailer_closes_mentions_and_skips_nothing(void **state)
{
	static const struct {
		const char *name, *trailer;
	} cases[] = {
		{ "fixes #12/", "fixes \\x2312/0" },   { "fixes o/n#1", "fixes o/n\\x2310" },
		{ "closes GH-1", "closes \\x47H-10" },  { "see !1", "see \\x2110" },
		{ "by @alice", "by \\x40alice0" },      { "a [Skip CI]", "a \\x5bSkip CI]0" },
		{ "a [ci skip]", "a \\x5bci skip]0" },  { "C# #a [2024]", "C# #a [2024]0" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct papers p;
		setup(&p, 1, cases[i].name, "x");
		char *trailers = trailers_of(&p), *wanted = xstrfmt("Scrutiny: %s 1 error, 0 warnings\n", cases[i].trailer);
		assert_string_equal(trailers, wanted);
		free(trailers);
		free(wanted);
		teardown(&p);
	}
}

static void findings_without_a_place_or_proof_are_no_annotations(void **state)
{
	struct papers p;
	size_t nr;
	(void)state;
	setup(&p, 4, "paper", "x");
	p.findings[0].bucket = BUCKET_UNVERIFIED;
	p.findings[1].lead.line = 0;
	p.findings[2].severity = SEVERITY_NOTE;
	struct placed_finding *found = pull_text_findings(p.reviews, p.nr, &nr);
	assert_int_equal(nr, 2);
	assert_ptr_equal(found[0].finding, &p.findings[3]); /* the worst first */
	assert_ptr_equal(found[1].finding, &p.findings[2]);
	free(found);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_says_verdict_papers_and_findings),
		cmocka_unit_test(the_same_reviews_in_another_order_give_the_same_body),
		cmocka_unit_test(words_of_an_attacker_s_choice_are_words),
		cmocka_unit_test(a_body_is_never_too_long_and_says_what_is_left_out),
		cmocka_unit_test(trailers_are_a_line_a_paper_up_to_a_ceiling),
		cmocka_unit_test(a_name_in_a_trailer_closes_mentions_and_skips_nothing),
		cmocka_unit_test(findings_without_a_place_or_proof_are_no_annotations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
