/* What must not leave the machine, and what only looks like it. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/privacy.h"

static struct privacy privacy;
static struct privacy_scan scan;

static int reset(void **state)
{
	(void)state;
	privacy_scan_release(&scan);
	privacy_release(&privacy);
	privacy_init(&privacy, privacy_rules_combine((struct privacy_rules){ 0 }, (struct privacy_rules){ 0 }));
	return 0;
}

static struct slice look(const char *text, size_t title_page)
{
	struct slice s = { text, strlen(text) };
	privacy_scan_release(&scan);
	privacy_look(&privacy, &scan, s, title_page);
	assert_false(scan.gave_up);
	return s;
}

/* TEXT as it is sent. */
static void assert_sent(const char *text, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	struct slice s = look(text, 0);
	privacy_redact(&out, s, 0, s.len, &scan);
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void test_keys_of_many_makers_are_found(void **state)
{
	/* Written in two pieces, so that nobody's scanner takes this file for a leak. */
	static const char *const keys[] = {
		"sk-" "proj-Zk3vB9qLmT7xWc2RfYh8Nd4Js6Pa",
		"sk-" "ant-api03-Zk3vB9qLmT7xWc2RfYh8Nd4Js6Pa",
		"AIza" "SyD9qLmT7xWc2RfYh8Nd4Js6PaZk3vB9qLm",
		"AKIA" "Q7WZ4XVT2NPL6RKD",
		"ghp" "_Zk3vB9qLmT7xWc2RfYh8Nd4Js6PaUe5Gi1Ho",
		"ghp" "\\_Zk3vB9qLmT7xWc2RfYh8Nd4Js6PaUe5Gi1Ho", /* in the text of a TeX file */
		"glpat" "-Zk3vB9qLmT7xWc2RfYh8",
		"xoxb" "-263594206564-FGqddMF8t08v8N7Oq4i57vs1",
		"hf" "_ZkvBqLmTxWcRfYhNdJsPaUeGiHoKlPq",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
		"-----BEGIN RSA " "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75iM\nq0lS+\n-----END RSA PRIVATE KEY-----",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *text = xstrfmt("We call it with %s, say.", keys[i]);
		look(text, 0);
		if (scan.nr != 1 || scan.hits[0].kind != PRIVACY_KEY)
			fail_msg("%zu hits in %s", scan.nr, text);
		assert_int_equal(scan.hits[0].start, strlen("We call it with "));
		assert_non_null(privacy_blocker(&privacy, &scan));
		free(text);
	}
}

static void test_passwords_are_known_by_what_stands_before_them(void **state)
{
	(void)state;
	assert_sent("password = \"hT7!kq9Zw2m\"", "password = \"[secret 1]\"");
	assert_sent("postgres://marsh:t0psecret@db.lab.org/x", "postgres://marsh:[secret 2]/x");
	assert_sent("api_key: 'f81D4fAe7dEc11d0a765'", "api_key: '[secret 3]'");
	assert_sent("Authorization: Bearer f81D4fAe7dEc11d0a765Qz", "Authorization: Bearer [secret 4]");
}

static void test_mathematics_and_hashes_are_no_secrets(void **state)
{
	static const char *const texts[] = {
		"The commit 3f786850e387550fdab836ed7e6dc881de23001b and SHA-256 "
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"We set $\\mathrm{token} = x_{1} + y_{2}$ and password = weak or strong",
		"each token: BERT-base-uncased, 512 tokens; secret = the seed; key: value1",
		"\\label{sec:sk-means-clustering-with-long-label-0}",
		"the task-sk-learn-something-very-long-2020-01-02 data",
		"AKIAIOSFODNN7EXAMPLE as the manual has it",
		"pages 123--456, 1234-5678, ISSN 0028-0836, doi:10.1038/s41586-020-2649-2, arXiv:2301.12345v2",
		"ORCID 0000-0002-1825-0097, ISBN 978-3-16-148410-0, 2020-01-02 12:00",
		"$f(x)=+15935.28150578 x^{33}+1.000012594$, +1 234 567 and +10\\,000\\,000 residuals",
		"mAP@0.5:0.95, recall@10.The next, $p@k.q$, \\pgf@x.y, icon@2x.png, git@github.com:a/b.git",
		"write to someone@example.org or noreply@journal.com",
		"tel 42; phone: 12; Mobile: 3.5 GHz; Fax 1998",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		look(texts[i], 0);
		if (scan.nr)
			fail_msg("%s at %zu in: %s", scan.hits[0].what, scan.hits[0].start, texts[i]);
	}
}

static void test_personal_data_gets_a_placeholder_the_same_for_the_same_words(void **state)
{
	(void)state;
	assert_sent("Ask ada.marsh@uni-lab.edu or ben@uni-lab.edu; again: ada.marsh@uni-lab.edu.",
		    "Ask [e-mail 1] or [e-mail 2]; again: [e-mail 1].");
	assert_sent("\\{ada,ben\\}@uni-lab.edu, j\\_doe@uni-lab.edu", "[e-mail 3], [e-mail 4]");
	assert_sent("phone: +49 431 880-4445, (401) 455-4080", "phone: [phone 1], [phone 2]");
	struct buffer line = BUFFER_INIT;
	privacy_count(&line, &privacy);
	assert_string_equal(line.data, "4 e-mail addresses, 2 phone numbers");
	buffer_release(&line);
	assert_null(privacy_blocker(&privacy, &scan));
}

static void test_addresses_of_authors_are_published_anyway(void **state)
{
	(void)state;
	const char *text = "ada@uni-lab.edu \\section{One} Ask ben@uni-lab.edu.";
	look(text, strlen("ada@uni-lab.edu "));
	assert_int_equal(scan.nr, 1);
	look("Text. \\email{\\texttt{ada@uni-lab.edu}} \\ead[url]{ada@uni-lab.edu} "
	     "\\thanks{Supported by nobody, write to ada@uni-lab.edu}", 0);
	assert_int_equal(scan.nr, 0);
	look("\\emph{ada@uni-lab.edu} \\email{} ben@uni-lab.edu", 0);
	assert_int_equal(scan.nr, 2);
}

static void test_a_quote_gets_its_words_back(void **state)
{
	(void)state;
	look("Ask ada@uni-lab.edu.", 0);
	char *quote = privacy_restore(&privacy, "Ask [e-mail 1].");
	assert_string_equal(quote, "Ask ada@uni-lab.edu.");
	free(quote);
	assert_null(privacy_restore(&privacy, "[e-mail 2], [e-mail 0], [e-mail 99999999999999999999], [e-mail"));
}

static void test_a_part_of_a_secret_is_one_too(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	struct slice s = look("Ask ada@uni-lab.edu now.", 0);
	privacy_redact(&out, s, 0, 8, &scan);
	privacy_redact(&out, s, 8, s.len, &scan);
	assert_string_equal(out.data, "Ask [e-mail 1][e-mail 1] now.");
	buffer_release(&out);
}

static void test_the_stricter_rule_wins_and_a_repository_loosens_nothing(void **state)
{
	(void)state;
	struct privacy_rules none = { 0 }, lax = { PRIVACY_REDACT, PRIVACY_ALLOW };
	struct privacy_rules strict = { PRIVACY_BLOCK, PRIVACY_BLOCK };
	struct privacy_rules r = privacy_rules_combine(none, lax);
	assert_int_equal(r.keys, PRIVACY_BLOCK);
	assert_int_equal(r.personal, PRIVACY_REDACT);
	r = privacy_rules_combine(lax, none);
	assert_int_equal(r.keys, PRIVACY_REDACT);
	assert_int_equal(r.personal, PRIVACY_ALLOW);
	r = privacy_rules_combine(lax, strict);
	assert_int_equal(r.keys, PRIVACY_BLOCK);
	assert_int_equal(r.personal, PRIVACY_BLOCK);
}

static void test_what_is_allowed_is_no_hit(void **state)
{
	(void)state;
	privacy.rules.personal = PRIVACY_ALLOW;
	look("Ask ada@uni-lab.edu, phone: +49 431 880-4445.", 0);
	assert_int_equal(scan.nr, 0);
}

/* Runs of what a pattern likes, without its end. */
static void test_hostile_texts_take_no_time(void **state)
{
	static const char *const pieces[] = {
		"a", "1", "tel 1", "-----BEGIN PRIVATE KEY-----", "a.", "eyJ", "aws secret ", "\\_", "+1 ", "[at]",
		"password=", "://a:", "{a,", "sk-", "x@a.",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct buffer text = BUFFER_INIT;
		while (text.len < 100000)
			buffer_addstr(&text, pieces[i]);
		privacy_look(&privacy, &scan, slice_of(&text), 0);
		privacy_scan_release(&scan);
		buffer_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys_of_many_makers_are_found, reset, reset),
		cmocka_unit_test_setup_teardown(test_passwords_are_known_by_what_stands_before_them, reset, reset),
		cmocka_unit_test_setup_teardown(test_mathematics_and_hashes_are_no_secrets, reset, reset),
		cmocka_unit_test_setup_teardown(
			test_personal_data_gets_a_placeholder_the_same_for_the_same_words, reset, reset),
		cmocka_unit_test_setup_teardown(test_addresses_of_authors_are_published_anyway, reset, reset),
		cmocka_unit_test_setup_teardown(test_a_quote_gets_its_words_back, reset, reset),
		cmocka_unit_test_setup_teardown(test_a_part_of_a_secret_is_one_too, reset, reset),
		cmocka_unit_test_setup_teardown(test_the_stricter_rule_wins_and_a_repository_loosens_nothing, reset,
						reset),
		cmocka_unit_test_setup_teardown(test_what_is_allowed_is_no_hit, reset, reset),
		cmocka_unit_test_setup_teardown(test_hostile_texts_take_no_time, reset, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
