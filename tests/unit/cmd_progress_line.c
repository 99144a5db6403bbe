/* The line that a run shows while models are asked. */
#include "base_testing.h"

#include "cmd/progress_line.h"

static void assert_line(const struct session_progress *p, const char *expected)
{
	struct buffer line = BUFFER_INIT;
	progress_line(&line, p);
	assert_string_equal(line.data, expected);
	buffer_release(&line);
}

static void test_models_by_papers_with_the_slowest_call_cost_and_time_left(void **state)
{
	struct session_progress p = {
		.papers = 2, .papers_begun = 2, .models = 3, .calls = 6, .calls_done = 5,
		.waiting = "anthropic/claude-haiku-5-5", .waiting_paper = "theory/fixed-points",
		.waiting_us = 41900000, .elapsed_us = 60000000, .cost_usd = 0.007,
		.tokens = 31400,
	};
	(void)state;
	assert_line(&p, "2 papers x 3 models   5/6 done   claude-haiku-5-5 on fixed-points 41 s   "
			"31k tokens   $0.007  eta 12 s");
}

static void test_papers_to_come_are_counted_in(void **state)
{
	struct session_progress p = { .papers = 640, .papers_begun = 64, .models = 1, .calls = 128,
				      .calls_done = 64, .elapsed_us = 64000000 };
	(void)state;
	assert_line(&p, "640 papers x 1 model   64/1280 done  eta 20 min 16 s");
}

static void test_before_the_first_answer_nothing_is_foretold(void **state)
{
	struct session_progress p = { .papers = 1, .papers_begun = 1, .models = 1, .calls = 1,
				      .waiting = "ollama/llama3.1", .waiting_paper = "",
				      .waiting_us = 3700000000 };
	(void)state;
	assert_line(&p, "1 paper x 1 model   0/1 done   llama3.1 on . 1 h 01 min");
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(test_models_by_papers_with_the_slowest_call_cost_and_time_left),
		cmocka_unit_test(test_papers_to_come_are_counted_in),
		cmocka_unit_test(test_before_the_first_answer_nothing_is_foretold),
	};
	return cmocka_run_group_tests_name("cmd/progress_line", cases, NULL, NULL);
}
