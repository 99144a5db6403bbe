/* Money: asked for before every request, settled exactly once when it has ended. */
#include "engine_testing.h"

#include "model/prices.h"

#define MAX_RESERVATIONS 4096

struct ledger {
	unsigned allowed;   /* reservations before the budget refuses; 0: all */
	unsigned nr, settled;
	bool open[MAX_RESERVATIONS];
	struct model_usage worst, last;
	double worst_usd, usd, last_usd;
	bool last_sure;
	void *request_data;
};

static struct error *reserve(void *data, void *request_data, const struct model_usage *worst, double usd,
			     uint64_t *reservation)
{
	struct ledger *l = data;
	if (l->allowed && l->nr >= l->allowed)
		return error_new(ERROR_BUDGET, "the budget of $1 for this run is used up");
	assert_true(l->nr < MAX_RESERVATIONS);
	l->worst = *worst;
	l->worst_usd = usd;
	l->request_data = request_data;
	l->open[l->nr] = true;
	*reservation = l->nr++;
	return NULL;
}

static void settle(void *data, uint64_t reservation, const struct model_usage *usage, double usd, bool sure)
{
	struct ledger *l = data;
	assert_true(reservation < l->nr);
	assert_true(l->open[reservation]); /* never twice */
	l->open[reservation] = false;
	l->settled++;
	l->last = *usage;
	l->last_usd = usd;
	l->usd += usd;
	l->last_sure = sure;
}

static struct model_engine_settings watched(struct ledger *l)
{
	return (struct model_engine_settings){
		.http = { .idle_timeout_ms = 300 },
		.deadline_ms = 5000,
		.retry_first_ms = 1,
		.budget = { reserve, settle, l },
	};
}

/* A dollar a token. */
static void make_dear(struct served *s)
{
	static char name[] = "m";
	static struct price_row rows[] = { { .model = name, .price = { 1e6, 1e6 } }, { 0 } };
	s->model.prices = rows;
}

static void ask_model(struct scripted *script, size_t nr, const struct model_engine_settings *settings,
		      void (*change)(struct served *s), struct outcome *o)
{
	struct scripted_server *server = server_start(script, nr);
	struct served served;
	struct model_engine *engine;
	struct model_request r = question("A paper.");
	*o = (struct outcome){ 0 };
	serve(&served, &codec_openai, server);
	if (change)
		change(&served);
	assert_ok(model_engine_new(&engine, settings));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, o));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(o->replies, 1);
	model_engine_free(engine);
	server_stop(server);
}

static void test_answer_costs_what_the_server_counted(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = GOOD_ANSWER };
	struct model_engine_settings settings = watched(&l);
	struct outcome o;
	ask_model(&line, 1, &settings, make_dear, &o);
	assert_int_equal(l.nr, 1);
	assert_int_equal(l.settled, 1);
	assert_ptr_equal(l.request_data, &o);
	assert_int_equal(l.last.input_tokens, 10);
	assert_int_equal(l.last.output_tokens, 5);
	assert_true(l.usd == 15);
	assert_true(l.last_sure);
	outcome_release(&o);
}

/* Who is killed in between has the answer, and books too much rather than paying twice. */
static void note_settled(void *data, const struct model_reply *reply)
{
	const struct ledger *l = data;
	assert_int_equal(reply->outcome, MODEL_OK);
	assert_int_equal(l->nr, 1);
	assert_int_equal(l->settled, 0);
}

static void test_answer_is_handed_over_before_it_is_booked(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = GOOD_ANSWER };
	struct model_engine_settings settings = watched(&l);
	struct scripted_server *server = server_start(&line, 1);
	struct served served;
	struct model_engine *engine;
	struct model_request r = question("A paper.");
	serve(&served, &codec_openai, server);
	make_dear(&served);
	assert_ok(model_engine_new(&engine, &settings));
	assert_ok(model_submit(engine, &served.model, &r, note_settled, &l));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(l.settled, 1);
	model_engine_free(engine);
	server_stop(server);
}

static void test_what_is_reserved_is_an_upper_bound(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = GOOD_ANSWER };
	struct model_engine_settings settings = watched(&l);
	struct outcome o;
	ask_model(&line, 1, &settings, make_dear, &o);
	assert_int_equal(l.worst.output_tokens, 100); /* the limit */
	assert_in_range(l.worst.input_tokens, 100, 1000); /* schema and prompts are some 250 bytes */
	assert_true(l.worst_usd == (double)(l.worst.input_tokens + 100));
	outcome_release(&o);
}

static void test_local_models_are_free(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = GOOD_ANSWER };
	struct model_engine_settings settings = watched(&l);
	struct outcome o;
	ask_model(&line, 1, &settings, NULL, &o);
	assert_int_equal(l.nr, 0);
	outcome_release(&o);
}

static void test_unknown_price_is_said(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct scripted line = { .act = ACT_CLOSE, .bytes = GOOD_ANSWER };
	struct model_engine_settings settings = watched(&l);
	struct outcome o;
	struct scripted_server *server = server_start(&line, 1);
	struct served served;
	struct model_engine *engine;
	struct model_request r = question("A paper.");
	o = (struct outcome){ 0 };
	serve(&served, &codec_openai, server);
	served.model.local = false;
	assert_ok(model_engine_new(&engine, &settings));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_true(l.worst_usd < 0);
	assert_true(l.last_usd < 0);
	assert_int_equal(l.settled, 1);
	outcome_release(&o);
	model_engine_free(engine);
	server_stop(server);
}

static void test_failed_requests_cost_nothing_broken_streams_may(void **state)
{
	(void)state;
	static const struct {
		enum act act;
		const char *bytes;
		bool free;
	} cases[] = {
		{ ACT_CLOSE, STATUS("500 x", "", "oops"), true },
		{ ACT_CLOSE, STATUS("429 x", AT_ONCE, ""), true },
		{ ACT_CLOSE, STATUS("401 x", "", ""), true },
		{ ACT_HANG, "", false },                          /* it may be at work on it */
		{ ACT_HANG, HEAD, false },
		{ ACT_CLOSE, HEAD PIECE("{\\\"n\\\":1,"), false },
		{ ACT_RESET, HEAD PIECE("{\\\"n\\\":1,"), false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ledger l = { 0 };
		struct scripted line = { .act = cases[i].act, .bytes = cases[i].bytes };
		struct model_engine_settings settings = watched(&l);
		struct outcome o;
		settings.http.idle_timeout_ms = 50;
		ask_model(&line, 1, &settings, make_dear, &o);
		assert_int_equal(o.outcome, MODEL_FAILED);
		assert_int_equal(l.nr, o.attempts);
		assert_int_equal(l.settled, l.nr);
		assert_int_equal(l.usd == 0, cases[i].free);
		assert_int_equal(l.last_sure, cases[i].free);
		if (!cases[i].free)
			assert_in_range(l.last.input_tokens, 20, 200); /* estimated */
		outcome_release(&o);
	}
}

static void test_server_that_was_not_reached_is_not_paid(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct model_engine_settings settings = watched(&l);
	struct scripted_server nobody = { 0 };
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	snprintf(nobody.url, sizeof(nobody.url), "http://127.0.0.1:%d", server_dead_port());
	serve(&served, &codec_openai, &nobody);
	make_dear(&served);
	assert_ok(model_engine_new(&engine, &settings));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(l.settled, 1);
	assert_true(l.usd == 0);
	assert_true(l.last_sure);
	outcome_release(&o);
	model_engine_free(engine);
}

static void test_refusal_of_the_budget_ends_the_request_unsent(void **state)
{
	(void)state;
	struct ledger l = { .allowed = 1 };
	struct model_engine_settings settings = watched(&l);
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_CLOSE, GOOD_ANSWER);
	struct served served;
	struct model_engine *engine;
	struct outcome o[3] = { { 0 } };
	unsigned ok = 0, over = 0;
	struct model_request r = question("A paper.");
	serve(&served, &codec_openai, server);
	make_dear(&served);
	assert_ok(model_engine_new(&engine, &settings));
	for (int i = 0; i < 3; i++)
		assert_ok(model_submit(engine, &served.model, &r, on_reply, &o[i]));
	assert_ok(model_run(engine, NULL));
	for (int i = 0; i < 3; i++) {
		ok += o[i].outcome == MODEL_OK;
		over += o[i].outcome == MODEL_OVER_BUDGET;
		if (o[i].outcome == MODEL_OVER_BUDGET)
			assert_message(&o[i], MODEL_OVER_BUDGET, "the budget of $1 for this run is used up");
		outcome_release(&o[i]);
	}
	assert_int_equal(ok, 1);
	assert_int_equal(over, 2);
	assert_int_equal(server->requests, 1);
	model_engine_free(engine);
	server_stop(server);
}

static void test_retries_and_the_repair_round_ask_again(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE, .bytes = STATUS("503 x", "", "") },
		{ .times = 1, .act = ACT_CLOSE, .bytes = PROSE_ANSWER },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct ledger l = { 0 };
	struct model_engine_settings settings = watched(&l);
	struct outcome o;
	ask_model(script, 3, &settings, make_dear, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_int_equal(l.nr, 3);
	assert_int_equal(l.settled, 3);
	assert_true(l.usd == 30); /* two answers */
	outcome_release(&o);
	struct ledger poor = { .allowed = 2 };
	for (size_t i = 0; i < ARRAY_SIZE(script); i++)
		script[i].used = 0;
	settings = watched(&poor);
	ask_model(script, 3, &settings, make_dear, &o);
	assert_message(&o, MODEL_OVER_BUDGET, "used up");
	assert_string_equal(o.raw_first, "I like this paper."); /* it was paid for */
	assert_int_equal(poor.settled, 2);
	outcome_release(&o);
}

static void raise_flag(void *data)
{
	volatile int *flag = data;
	*flag = 1;
}

static void test_interrupt_settles_what_is_under_way(void **state)
{
	(void)state;
	struct ledger l = { 0 };
	struct model_engine_settings settings = watched(&l);
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, HEAD PIECE("{\\\"n\\\":1,"));
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	volatile int stop = 0;
	serve(&served, &codec_openai, server);
	make_dear(&served);
	settings.http.idle_timeout_ms = 5000;
	settings.per_provider = 4;
	assert_ok(model_engine_new(&engine, &settings));
	model_engine_set_tick(engine, raise_flag, (void *)&stop);
	for (int i = 0; i < 10; i++)
		assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_error(model_run(engine, &stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(o.replies, 10);
	assert_int_equal(l.nr, 4);
	assert_int_equal(l.settled, 4);
	assert_false(l.last_sure);
	outcome_release(&o);
	model_engine_free(engine);
	server_stop(server);
}

/* Stops a run of many requests against a server that does everything wrong, after NEEDED ticks or replies. */
struct chaos {
	volatile int stop;
	unsigned until, seen, replies;
};

static void count_tick(void *data)
{
	struct chaos *c = data;
	if (++c->seen >= c->until)
		c->stop = 1;
}

static void count_reply(void *data, const struct model_reply *reply)
{
	struct chaos *c = data;
	(void)reply;
	c->replies++;
	count_tick(c);
}

static void test_every_reservation_is_settled_whatever_happens(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct scripted script[] = {
			{ .needle = "one", .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
			{ .needle = "two", .act = ACT_RESET, .bytes = HEAD PIECE("{") },
			{ .needle = "three", .act = ACT_HANG, .bytes = HEAD PIECE("{") },
			{ .needle = "four", .act = ACT_CLOSE, .bytes = STATUS("500 x", "", "") },
			{ .needle = "five", .act = ACT_CLOSE, .bytes = PROSE_ANSWER },
		};
		static const char *const papers[] = { "one", "two", "three", "four", "five" };
		struct scripted_server *server = server_start(script, ARRAY_SIZE(script));
		struct ledger l = { .allowed = round % 3 == 2 ? 30 : 0 };
		struct chaos chaos = { .until = round < 10 ? round * 10 : UINT32_MAX };
		struct model_engine_settings settings = watched(&l);
		struct served served;
		struct model_engine *engine;
		settings.http.idle_timeout_ms = 40;
		settings.run_deadline_ms = round == 11 ? 100 : 0;
		settings.hedge = 1;
		serve(&served, &codec_openai, server);
		make_dear(&served);
		served.model.local = false;
		assert_ok(model_engine_new(&engine, &settings));
		for (int i = 0; i < 60; i++) {
			struct model_request r = question(papers[i % 5]);
			assert_ok(model_submit(engine, &served.model, &r, count_reply, &chaos));
		}
		error_free(model_run(engine, &chaos.stop));
		assert_int_equal(chaos.replies, 60);
		assert_int_equal(l.settled, l.nr);
		model_engine_free(engine);
		server_stop(server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_costs_what_the_server_counted),
		cmocka_unit_test(test_answer_is_handed_over_before_it_is_booked),
		cmocka_unit_test(test_what_is_reserved_is_an_upper_bound),
		cmocka_unit_test(test_local_models_are_free),
		cmocka_unit_test(test_unknown_price_is_said),
		cmocka_unit_test(test_failed_requests_cost_nothing_broken_streams_may),
		cmocka_unit_test(test_server_that_was_not_reached_is_not_paid),
		cmocka_unit_test(test_refusal_of_the_budget_ends_the_request_unsent),
		cmocka_unit_test(test_retries_and_the_repair_round_ask_again),
		cmocka_unit_test(test_interrupt_settles_what_is_under_way),
		cmocka_unit_test(test_every_reservation_is_settled_whatever_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
