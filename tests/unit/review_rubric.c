/* What kind of paper that is. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/rubric.h"

static enum rubric rubric_of(const char *title, const char *text)
{
	struct document doc = { .text = BUFFER_INIT }, *docs = &doc;
	doc.title = title ? xstrdup(title) : NULL;
	buffer_addstr(&doc.text, text);
	enum rubric rubric = rubric_of_paper(&docs, 1);
	free(doc.title);
	buffer_release(&doc.text);
	return rubric;
}

static const char proofs[] = "\\begin{Lemma}A.\\end{Lemma}\\begin{proof}B.\\end{proof}"
			     "\\begin{theorem}[C]D.\\end{theorem}";
static const char learning[] =
	"Baselines, benchmarks, hyperparameters, epochs, ablations and language models: each baseline "
	"on each benchmark with its hyperparameters, its epochs, its ablation, its language model.";
static const char trial[] = "Participants were randomised; p < .05. Patients and participants, "
			    "p < .01, confidence intervals, patients, a confidence interval, "
			    "randomized.";

static void test_theorems_and_proofs_are_theory(void **state)
{
	(void)state;
	assert_int_equal(rubric_of("On knots", proofs), RUBRIC_THEORY);
	assert_int_equal(rubric_of(NULL, "**Theorem 1.** A.\n\n*Proof.* B.\n\n**Lemma 2.** C.\n"),
			 RUBRIC_THEORY);
}

static void test_tables_of_methods_are_machine_learning_also_with_theorems(void **state)
{
	char *text = xstrfmt("%s\n\\begin{tabular}{ll}\n%s", proofs, learning);
	(void)state;
	assert_int_equal(rubric_of("Deep knots", text), RUBRIC_ML);
	free(text);
}

static void test_a_trial_is_empirical(void **state)
{
	(void)state;
	assert_int_equal(rubric_of("Sleep", trial), RUBRIC_EMPIRICAL);
}

static void test_a_survey_says_so_in_its_title(void **state)
{
	(void)state;
	assert_int_equal(rubric_of("Knots: A Survey", proofs), RUBRIC_SURVEY);
}

static void test_a_word_in_passing_tells_nothing(void **state)
{
	(void)state;
	assert_int_equal(rubric_of("On limits", "A benchmark, a baseline, one regression; patients."),
			 RUBRIC_NONE);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(test_theorems_and_proofs_are_theory),
		cmocka_unit_test(test_tables_of_methods_are_machine_learning_also_with_theorems),
		cmocka_unit_test(test_a_trial_is_empirical),
		cmocka_unit_test(test_a_survey_says_so_in_its_title),
		cmocka_unit_test(test_a_word_in_passing_tells_nothing),
	};
	return cmocka_run_group_tests_name("review/rubric", cases, NULL, NULL);
}
