/* In which order requests are sent: leaders, hedges, limits, the circuit and deadlines. */
#include "engine_testing.h"

#include "model/provider.h"

#define SERVED "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

struct scene {
	struct scripted_server *server;
	struct served served;
	struct model_engine *engine;
};

static void scene_open(struct scene *s, struct scripted *script, size_t nr,
		       const struct model_engine_settings *settings)
{
	s->server = server_start(script, nr);
	serve(&s->served, &codec_openai, s->server);
	assert_ok(model_engine_new(&s->engine, settings));
}

static void scene_ask(struct scene *s, const char *shared, const char *user, struct outcome *o)
{
	struct model_request r = question(user);
	r.shared = shared;
	assert_ok(model_submit(s->engine, &s->served.model, &r, on_reply, o));
}

static void scene_close(struct scene *s)
{
	model_engine_free(s->engine);
	server_stop(s->server);
}

/* A paper that is worth caching. */
static const char *long_paper(char letter)
{
	static char text[16384];
	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = i % 4 == 3 ? ' ' : letter;
	text[sizeof(text) - 1] = '\0';
	return text;
}

/* -- leaders -------------------------------------------------------------------------------------------- */

/* Stops the run after some ticks, but not before so many requests were in flight at once, and so many
 * answers have come, as are expected: a busy machine may take its time. */
struct watch {
	struct scene *scene;
	unsigned expected_in_flight, expected_replies;
	const struct outcome *outcome;
	unsigned most_in_flight, ticks;
	volatile int stop;
};

static void watch_tick(void *data)
{
	struct watch *w = data;
	unsigned in_flight = model_engine_in_flight(w->scene->engine);
	if (in_flight > w->most_in_flight)
		w->most_in_flight = in_flight;
	if (++w->ticks >= 3 && w->most_in_flight >= w->expected_in_flight &&
	    (!w->outcome || w->outcome->replies >= w->expected_replies))
		w->stop = 1;
}

/* So many requests are under way when the leader hangs before its answer (or in it). */
static void check_in_flight(unsigned expected, const char *bytes, const char *shared, const struct codec *codec)
{
	static const struct model_engine_settings settings = { .deadline_ms = 60000 };
	struct scripted line = { .act = ACT_HANG, .bytes = bytes };
	struct scene s;
	struct watch w = { .scene = &s, .expected_in_flight = expected };
	struct outcome o = { 0 };
	scene_open(&s, &line, 1, &settings);
	s.served.model.codec = codec;
	for (int i = 0; i < 5; i++)
		scene_ask(&s, shared, "task", &o);
	model_engine_set_tick(s.engine, watch_tick, &w);
	assert_error(model_run(s.engine, &w.stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(o.replies, 5);
	scene_close(&s);
	outcome_release(&o);
	assert_int_equal(w.most_in_flight, expected);
}

static void test_followers_wait_until_the_answer_begins(void **state)
{
	(void)state;
	const char *paper = long_paper('b');
	check_in_flight(1, "", paper, &codec_openai);
	check_in_flight(1, "HTTP/1.1 200 OK\r\n\r\n", paper, &codec_openai);
	check_in_flight(5, SERVED "\r\n: x\n\n", paper, &codec_openai);
	/* Nothing to gain by waiting. */
	check_in_flight(5, "", "A short paper.", &codec_openai);
	check_in_flight(5, "", NULL, &codec_openai);
	check_in_flight(5, "", paper, &codec_ollama);
}

static void test_followers_of_a_leader_that_fails_are_sent(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = { .deadline_ms = 60000 };
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE, .bytes = STATUS("403 x", "", "") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scene s;
	struct outcome leader = { 0 }, followers = { 0 };
	const char *paper = long_paper('c');
	scene_open(&s, script, 2, &settings);
	scene_ask(&s, paper, "task", &leader);
	for (int i = 0; i < 4; i++)
		scene_ask(&s, paper, "task", &followers);
	assert_ok(model_run(s.engine, NULL));
	assert_int_equal(leader.outcome, MODEL_FAILED);
	assert_int_equal(followers.replies, 4);
	assert_int_equal(followers.outcome, MODEL_OK);
	scene_close(&s);
	outcome_release(&leader);
	outcome_release(&followers);
}

/* -- hedges ---------------------------------------------------------------------------------------------- */

static void test_straggler_is_asked_a_second_time(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = { .deadline_ms = 60000, .hedge = 5 };
	struct scripted script[] = {
		{ .needle = "straggler", .times = 1, .act = ACT_HANG, .bytes = HEAD PIECE("{") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scene s;
	struct outcome o = { 0 }, straggler = { 0 };
	scene_open(&s, script, 2, &settings);
	s.served.model.local = false;
	scene_ask(&s, NULL, "straggler", &straggler);
	for (int i = 0; i < 10; i++)
		scene_ask(&s, NULL, "paper", &o);
	assert_ok(model_run(s.engine, NULL));
	assert_int_equal(straggler.outcome, MODEL_OK);
	assert_int_equal(straggler.attempts, 2);
	scene_close(&s);
	outcome_release(&o);
	outcome_release(&straggler);
}

/* Stops the run some ticks after the second line of the script was used. */
static void stop_after_second_line(void *data)
{
	struct watch *w = data;
	if (w->scene->server->script[1].used && ++w->ticks == 3)
		w->stop = 1;
}

static void test_failed_hedge_leaves_the_first_request_alone(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = {
		.deadline_ms = 60000, .hedge = 5, .retry_first_ms = 1,
	};
	struct scripted script[] = {
		{ .needle = "straggler", .times = 1, .act = ACT_HANG, .bytes = HEAD GOOD_PIECES FINISH("stop") },
		{ .needle = "straggler", .act = ACT_CLOSE, .bytes = STATUS("400 x", "", "no") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scene s;
	struct watch w = { .scene = &s };
	struct outcome o = { 0 }, straggler = { 0 };
	scene_open(&s, script, 3, &settings);
	s.served.model.local = false;
	scene_ask(&s, NULL, "straggler", &straggler);
	for (int i = 0; i < 10; i++)
		scene_ask(&s, NULL, "paper", &o);
	model_engine_set_tick(s.engine, stop_after_second_line, &w);
	assert_error(model_run(s.engine, &w.stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(straggler.outcome, MODEL_OK); /* its answer was whole when the run was stopped */
	assert_int_equal(straggler.attempts, 2);
	scene_close(&s);
	outcome_release(&o);
	outcome_release(&straggler);
}

/* -- limits ---------------------------------------------------------------------------------------------- */

static void test_delay_beyond_the_deadline_fails_at_once_for_all(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = { .deadline_ms = 60000, .per_provider = 1 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = STATUS("429 x", "Retry-After: 9000\r\n", "") };
	struct scene s;
	struct outcome first = { 0 }, others = { 0 };
	scene_open(&s, &line, 1, &settings);
	scene_ask(&s, NULL, "paper", &first);
	for (int i = 0; i < 20; i++)
		scene_ask(&s, NULL, "paper", &others);
	assert_ok(model_run(s.engine, NULL));
	assert_message(&first, MODEL_FAILED, "429 too many requests, retry after 3 h");
	assert_true(first.later);
	assert_int_equal(others.replies, 20);
	assert_true(others.later);
	assert_message(&others, MODEL_FAILED, "not asked: 429");
	assert_int_equal(s.server->requests, 1);
	scene_close(&s);
	outcome_release(&first);
	outcome_release(&others);
}

static void test_what_a_server_says_is_left_holds_the_next_requests_back(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = { .deadline_ms = 7200000, .per_provider = 1 };
	static const struct provider row = { .limits = { "x-limit", "x-left", "x-reset" } };
	struct scripted line = {
		.act = ACT_CLOSE,
		.bytes = SERVED "Connection: close\r\nx-limit: 3\r\nx-left: 0\r\nx-reset: 1h0m0s\r\n\r\n" GOOD_PIECES
			 FINISH("stop") DONE,
	};
	struct scene s;
	struct outcome first = { 0 }, others = { 0 };
	struct watch w = { .scene = &s, .outcome = &first, .expected_replies = 1 };
	scene_open(&s, &line, 1, &settings);
	s.served.model.row = &row;
	scene_ask(&s, NULL, "paper", &first);
	for (int i = 0; i < 5; i++)
		scene_ask(&s, NULL, "paper", &others);
	model_engine_set_tick(s.engine, watch_tick, &w);
	assert_error(model_run(s.engine, &w.stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(first.outcome, MODEL_OK);
	assert_int_equal(others.outcome, MODEL_CANCELLED); /* they would have waited for twenty minutes */
	assert_int_equal(others.replies, 5);
	assert_int_equal(s.server->requests, 1);
	scene_close(&s);
	outcome_release(&first);
	outcome_release(&others);
}

static void test_other_models_do_not_wait_for_a_pause(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = { .deadline_ms = 60000, .per_provider = 1 };
	static char other[] = "lab/other";
	struct scripted script[] = {
		{ .needle = "limited", .act = ACT_CLOSE, .bytes = STATUS("429 x", "Retry-After: 50\r\n", "") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scene s;
	struct served served;
	struct model_request r = question("paper");
	struct outcome limited = { 0 }, free_ones = { 0 };
	struct watch w = { .scene = &s, .outcome = &free_ones, .expected_replies = 5 };
	scene_open(&s, script, 2, &settings);
	scene_ask(&s, NULL, "limited", &limited);
	serve(&served, &codec_openai, s.server);
	served.model.reviewer = other;
	for (int i = 0; i < 5; i++)
		assert_ok(model_submit(s.engine, &served.model, &r, on_reply, &free_ones));
	model_engine_set_tick(s.engine, watch_tick, &w);
	assert_error(model_run(s.engine, &w.stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(free_ones.replies, 5);
	assert_int_equal(free_ones.outcome, MODEL_OK);
	assert_int_equal(limited.outcome, MODEL_CANCELLED); /* it would have waited 50 s */
	scene_close(&s);
	outcome_release(&limited);
	outcome_release(&free_ones);
}

static void test_server_that_keeps_failing_is_left_alone(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = {
		.deadline_ms = 60000, .per_provider = 1, .retry_first_ms = 1,
	};
	struct scripted line = { .act = ACT_CLOSE, .bytes = STATUS("503 x", "", "") };
	struct scene s;
	struct outcome o = { 0 };
	scene_open(&s, &line, 1, &settings);
	for (int i = 0; i < 50; i++)
		scene_ask(&s, NULL, "paper", &o);
	assert_ok(model_run(s.engine, NULL));
	assert_int_equal(o.replies, 50);
	assert_message(&o, MODEL_FAILED, "not asked, because the last requests to the server failed: 503");
	assert_true(o.later);
	assert_in_range(s.server->requests, 5, 12);
	scene_close(&s);
	outcome_release(&o);
}

/* -- deadlines ------------------------------------------------------------------------------------------- */

static void test_deadline_of_the_run_ends_everything(void **state)
{
	(void)state;
	static const struct model_engine_settings settings = {
		.deadline_ms = 60000, .run_deadline_ms = 150, .per_provider = 2,
	};
	struct scripted script[] = {
		{ .needle = "good", .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
		{ .needle = "whole", .act = ACT_HANG, .bytes = HEAD GOOD_PIECES FINISH("stop") },
		{ .act = ACT_HANG, .bytes = "" },
	};
	struct scene s;
	struct outcome good = { 0 }, whole = { 0 }, hanging = { 0 }, waiting = { 0 };
	scene_open(&s, script, 3, &settings);
	scene_ask(&s, NULL, "good", &good);
	scene_ask(&s, NULL, "hang", &hanging);
	scene_ask(&s, NULL, "whole", &whole);
	for (int i = 0; i < 5; i++)
		scene_ask(&s, NULL, "wait", &waiting);
	assert_ok(model_run(s.engine, NULL));
	assert_int_equal(good.outcome, MODEL_OK);
	assert_int_equal(whole.outcome, MODEL_OK); /* all that was needed had come */
	assert_int_equal(hanging.outcome, MODEL_FAILED);
	assert_message(&waiting, MODEL_FAILED, "not answered within the 0.15 s of the whole run");
	assert_int_equal(waiting.replies, 5);
	scene_close(&s);
	outcome_release(&good);
	outcome_release(&whole);
	outcome_release(&hanging);
	outcome_release(&waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_followers_wait_until_the_answer_begins),
		cmocka_unit_test(test_followers_of_a_leader_that_fails_are_sent),
		cmocka_unit_test(test_straggler_is_asked_a_second_time),
		cmocka_unit_test(test_failed_hedge_leaves_the_first_request_alone),
		cmocka_unit_test(test_delay_beyond_the_deadline_fails_at_once_for_all),
		cmocka_unit_test(test_what_a_server_says_is_left_holds_the_next_requests_back),
		cmocka_unit_test(test_other_models_do_not_wait_for_a_pause),
		cmocka_unit_test(test_server_that_keeps_failing_is_left_alone),
		cmocka_unit_test(test_deadline_of_the_run_ends_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
