/*
 * Everything a model server can do wrong, and what the engine makes of it. Each case is a script for
 * the server.
 */
#include "engine_testing.h"

#include "base/trace.h"

static const struct model_engine_settings quick = {
	.http = { .idle_timeout_ms = 500 },
	.deadline_ms = 20000,
};

static void ask_with(const struct codec *codec, struct scripted *script, size_t nr,
		     const struct model_engine_settings *settings, struct outcome *out)
{
	struct scripted_server *server = server_start(script, nr);
	struct served served;
	struct model_engine *engine;
	struct model_request r = question("A paper.");
	*out = (struct outcome){ 0 };
	serve(&served, codec, server);
	assert_ok(model_engine_new(&engine, settings));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, out));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(out->replies, 1);
	model_engine_free(engine);
	server_stop(server);
}

static void ask(struct scripted *script, size_t nr, struct outcome *out)
{
	ask_with(&codec_openai, script, nr, &quick, out);
}

/* Asks a server that always says the same. */
static void ask_one(enum act act, const char *bytes, struct outcome *out)
{
	struct scripted line = { .act = act, .bytes = bytes };
	ask(&line, 1, out);
}

static void test_streamed_answer_is_put_together(void **state)
{
	(void)state;
	struct outcome o;
	static const enum act acts[] = { ACT_CLOSE, ACT_DRIP };
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		ask_one(acts[i], GOOD_ANSWER, &o);
		assert_int_equal(o.outcome, MODEL_OK);
		assert_string_equal(o.answer, GOOD);
		assert_string_equal(o.raw_first, "");
		assert_string_equal(o.served_model, "m-1");
		assert_int_equal(o.usage.input_tokens, 10);
		assert_int_equal(o.usage.output_tokens, 5);
		assert_int_equal(o.usage.cached_tokens, 4);
		assert_int_equal(o.attempts, 1);
		assert_false(o.repaired);
		assert_null(o.message);
		outcome_release(&o);
	}
}

static void test_server_that_does_not_stream_is_understood(void **state)
{
	(void)state;
	struct outcome o;
	ask_one(ACT_CLOSE,
		STATUS("200 OK", "Content-Type: application/json\r\n",
		       "{\n\"choices\":[{\"message\":{\"content\":\"{\\\"n\\\":1,\\\"word\\\":\\\"yes\\\"}\"},"
		       "\"finish_reason\":\"stop\"}],\n\"usage\":{\"prompt_tokens\":1}}\n"), &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_string_equal(o.answer, GOOD);
	assert_int_equal(o.usage.input_tokens, 1);
	assert_int_equal(o.usage.output_tokens, -1);
	outcome_release(&o);
}

static void test_whole_answer_counts_although_the_connection_breaks(void **state)
{
	(void)state;
	struct outcome o;
	ask_one(ACT_HANG, HEAD GOOD_PIECES FINISH("stop"), &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_int_equal(o.attempts, 1);
	outcome_release(&o);
}

static void test_retryable_faults_are_tried_again(void **state)
{
	(void)state;
	static const struct {
		enum act act;
		const char *bytes;
	} faults[] = {
		{ ACT_CLOSE, STATUS("429 Too Many Requests", AT_ONCE, "{\"error\":{\"message\":\"slow down\"}}") },
		{ ACT_CLOSE, STATUS("500 x", AT_ONCE, "oops") },
		{ ACT_CLOSE, STATUS("503 x", AT_ONCE, "<html>nginx</html>") },
		{ ACT_RESET, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n" PIECE("{\\\"n\\\"") },
		{ ACT_HANG, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n" PIECE("{\\\"n\\\"") },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n" PIECE("{\\\"n\\\"") },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n"
			     "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n" },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n"
			     "event: error\ndata: {\"error\":\"upstream died\"}\n\n" },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\ndata: <html>\n\n" },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\nContent-Encoding: gzip\r\n\r\nnot gzip" },
		{ ACT_HANG, "" },
		{ ACT_CLOSE, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct scripted script[] = {
			{ .times = 1, .act = faults[i].act, .bytes = faults[i].bytes },
			{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
		};
		struct outcome o;
		ask(script, 2, &o);
		if (o.outcome != MODEL_OK)
			print_error("fault %zu: %s\n", i, o.message);
		assert_int_equal(o.outcome, MODEL_OK);
		assert_string_equal(o.answer, GOOD);
		assert_int_equal(o.attempts, 2);
		assert_false(o.repaired);
		outcome_release(&o);
	}
}

static void test_final_faults_have_one_clear_line(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *message;
		unsigned attempts;
	} faults[] = {
		{ STATUS("429 x", "Retry-After: 32400\r\n",
			 "{\"error\":{\"message\":\"quota exceeded.\",\"type\":\"tokens\"}}"),
		  "429 quota exceeded, retry after 9 h", 1 },
		{ STATUS("429 x", "",
			 "{\"error\":{\"message\":\"You exceeded your current quota\","
			 "\"code\":\"insufficient_quota\"}}"),
		  "429 You exceeded your current quota", 1 },
		{ STATUS("401 x", "", "{\"error\":{\"message\":\"Incorrect API key: sk-verysecretkey\"}}"),
		  "401 Incorrect API key: <redacted>", 1 },
		{ STATUS("401 x", "", ""), "401 the key was not accepted", 1 },
		{ STATUS("404 x", "", "{\"error\":\"model 'm' not found\"}"), "404 model 'm' not found", 1 },
		{ STATUS("422 x", "", "{\"detail\":\"bad \\u001b[31m\\nrole\"}"), "422 bad \\x1b[31m role", 1 },
		{ STATUS("302 x", "Location: http://127.0.0.2/\r\n", ""), "redirects are not followed", 1 },
		{ STATUS("500 x", "x-should-retry: false\r\n", "<html>"), "500 the server failed", 1 },
		{ STATUS("502 x", AT_ONCE, ""), "502 bad gateway, retry after 1 s (5 attempts)", 5 },
		{ "HTTP/1.1 200 OK\r\n\r\n"
		  "data: {\"error\":{\"message\":\"context too long\",\"type\":\"invalid_request_error\"}}\n\n",
		  "context too long", 1 },
		{ "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n" PIECE("{"),
		  "the answer broke off before its end (3 attempts)", 3 },
	};
	trace_add_secret("sk-verysecretkey");
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct outcome o;
		ask_one(ACT_CLOSE, faults[i].bytes, &o);
		assert_message(&o, MODEL_FAILED, faults[i].message);
		assert_int_equal(o.attempts, faults[i].attempts);
		outcome_release(&o);
	}
}

static void test_server_that_does_not_run_fails_at_once(void **state)
{
	(void)state;
	struct scripted_server nobody = { 0 };
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	snprintf(nobody.url, sizeof(nobody.url), "http://127.0.0.1:%d", server_dead_port());
	serve(&served, &codec_ollama, &nobody);
	assert_ok(model_engine_new(&engine, &quick));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_message(&o, MODEL_FAILED, "cannot connect to 127.0.0.1:");
	assert_message(&o, MODEL_FAILED, "(is ollama running?)");
	assert_int_equal(o.attempts, 1);
	outcome_release(&o);
	model_engine_free(engine);
}

static void test_truncated_and_refused_answers_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		enum model_outcome outcome;
		const char *message;
	} cases[] = {
		{ HEAD PIECE("{\\\"n\\\":1") FINISH("length") DONE, MODEL_TRUNCATED, "limit of 100 tokens" },
		{ HEAD FINISH("length") DONE, MODEL_TRUNCATED, "limit of 100 tokens" },
		{ HEAD PIECE("{\\\"n\\\"") FINISH("content_filter") DONE, MODEL_REFUSED, "content filter" },
		{ HEAD "data: {\"choices\":[{\"delta\":{\"refusal\":\"I cannot \"}}]}\n\n"
		       "data: {\"choices\":[{\"delta\":{\"refusal\":\"do that\"}}]}\n\n" FINISH("stop") DONE,
		  MODEL_REFUSED, "the model refused: I cannot do that" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct outcome o;
		ask_one(ACT_CLOSE, cases[i].bytes, &o);
		assert_message(&o, cases[i].outcome, cases[i].message);
		assert_int_equal(o.attempts, 1);
		outcome_release(&o);
	}
}

static void test_whole_object_at_the_limit_is_good(void **state)
{
	(void)state;
	struct outcome o;
	ask_one(ACT_CLOSE, HEAD GOOD_PIECES FINISH("length") DONE, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	outcome_release(&o);
}

static void test_prose_gets_one_repair_round(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "cannot be used: the answer is prose", .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
		{ .times = 1, .act = ACT_CLOSE, .bytes = PROSE_ANSWER },
	};
	struct outcome o;
	ask(script, 2, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_true(o.repaired);
	assert_string_equal(o.answer, GOOD);
	assert_string_equal(o.raw_first, "I like this paper.");
	assert_int_equal(o.attempts, 2);
	assert_int_equal(o.usage.input_tokens, 20); /* both rounds were paid for */
	outcome_release(&o);
}

static void test_repair_round_shows_the_model_its_answer(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "{\"role\":\"assistant\",\"content\":\"I like this paper.\"}",
		  .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
		{ .times = 1, .act = ACT_CLOSE, .bytes = PROSE_ANSWER },
	};
	struct outcome o;
	ask(script, 2, &o);
	assert_true(o.repaired);
	outcome_release(&o);
}

static void test_second_wrong_answer_is_invalid_and_kept(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *answer, *message;
	} cases[] = {
		{ PROSE_ANSWER, "I like this paper.", "the answer is prose, not JSON" },
		{ HEAD PIECE("{\\\"n\\\":99,\\\"word\\\":\\\"yes\\\"}") FINISH("stop") DONE,
		  "{\"n\":99,\"word\":\"yes\"}", "n: must be at most 9" },
		{ HEAD FINISH("stop") DONE, "", "the answer is empty" },
		{ HEAD DONE, "", "the answer is empty" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct outcome o;
		ask_one(ACT_CLOSE, cases[i].bytes, &o);
		assert_message(&o, MODEL_INVALID, cases[i].message);
		assert_string_equal(o.answer, cases[i].answer);
		assert_string_equal(o.raw_first, cases[i].answer);
		assert_int_equal(o.attempts, 2);
		outcome_release(&o);
	}
}

static void test_answer_in_a_fence_needs_no_repair(void **state)
{
	(void)state;
	struct outcome o;
	ask_one(ACT_CLOSE,
		HEAD PIECE("Sure:\\n```json\\n{\\\"n\\\":1,") PIECE("\\\"word\\\":\\\"yes\\\"}\\n```\\n")
		FINISH("stop") DONE, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_false(o.repaired);
	assert_string_equal(o.answer, GOOD);
	outcome_release(&o);
}

static void test_bad_utf8_does_no_harm(void **state)
{
	(void)state;
	struct outcome o;
	ask_one(ACT_CLOSE, HEAD ": \xff\xfe\n\n" PIECE("\xc3 \xff{\\\"n\\\":1,") PIECE("\\\"word\\\":\\\"yes\\\"}")
		FINISH("stop") DONE, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_string_equal(o.answer, GOOD);
	outcome_release(&o);
}

static void test_endless_answers_are_bounded(void **state)
{
	(void)state;
	static const char *const heads[] = { HEAD, HEAD "data: {\"choices\":[{\"delta\":{\"content\":\"" };
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct outcome o;
		ask_one(ACT_ENDLESS, heads[i], &o);
		assert_message(&o, MODEL_FAILED, "is larger than");
		assert_int_equal(o.attempts, 1);
		outcome_release(&o);
	}
}

static void test_server_that_only_pings_meets_the_deadline(void **state)
{
	(void)state;
	struct model_engine_settings settings = { .deadline_ms = 150 };
	struct scripted line = { .act = ACT_PING, .bytes = HEAD };
	struct outcome o;
	ask_with(&codec_openai, &line, 1, &settings, &o);
	assert_message(&o, MODEL_FAILED, "did not finish within 0.15 s");
	outcome_release(&o);
}

/* -- servers that do not know everything -------------------------------------------------------------- */

static void test_request_that_is_refused_is_put_in_other_words(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "\"max_tokens\"", .act = ACT_CLOSE,
		  .bytes = STATUS("400 x", "", "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens'\"}}") },
		{ .needle = "stream_options", .act = ACT_CLOSE,
		  .bytes = STATUS("400 x", "", "{\"error\":{\"message\":\"unknown field stream_options\","
					       "\"type\":\"invalid_request_error\"}}") },
		{ .needle = "json_schema", .act = ACT_CLOSE,
		  .bytes = STATUS("422 x", "", "{\"detail\":\"response_format.type must be text\"}") },
		{ .needle = "json_object", .act = ACT_CLOSE,
		  .bytes = STATUS("400 x", "", "response_format is not supported") },
		{ .needle = "nothing else:", .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct outcome o;
	ask(script, ARRAY_SIZE(script), &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_int_equal(o.attempts, 5);
	outcome_release(&o);
}

static void test_what_was_learnt_holds_for_the_next_requests(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "json_schema", .act = ACT_CLOSE,
		  .bytes = STATUS("400 x", "", "json_schema is not supported") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scripted_server *server = server_start(script, ARRAY_SIZE(script));
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	struct model_engine_settings settings = { .per_provider = 3 };
	serve(&served, &codec_openai, server);
	assert_ok(model_engine_new(&engine, &settings));
	for (int i = 0; i < 20; i++)
		assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(o.replies, 20);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_in_range(server->requests, 21, 23); /* only the three first could not know */
	assert_in_range(server->most_at_once, 1, 3);
	outcome_release(&o);
	model_engine_free(engine);
	server_stop(server);
}

/* -- many at once -------------------------------------------------------------------------------------- */

static void test_failures_do_not_touch_other_requests(void **state)
{
	(void)state;
	static const char *const papers[] = { "good one", "dead", "good two", "prose", "hang", "quota",
					      "good three", "truncated" };
	static const enum model_outcome expected[] = { MODEL_OK, MODEL_FAILED, MODEL_OK, MODEL_INVALID,
						       MODEL_FAILED, MODEL_FAILED, MODEL_OK,
						       MODEL_TRUNCATED };
	struct scripted script[] = {
		{ .needle = "dead", .act = ACT_CLOSE, .bytes = STATUS("500 x", "x-should-retry: false\r\n", "") },
		{ .needle = "prose", .act = ACT_CLOSE, .bytes = PROSE_ANSWER },
		{ .needle = "hang", .act = ACT_HANG, .bytes = "" },
		{ .needle = "quota", .act = ACT_CLOSE, .bytes = STATUS("429 x", "Retry-After: 9999\r\n", "") },
		{ .needle = "truncated", .act = ACT_CLOSE, .bytes = HEAD PIECE("{") FINISH("length") DONE },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scripted_server *server = server_start(script, ARRAY_SIZE(script));
	struct served served, limited;
	struct model_engine *engine;
	struct outcome o[ARRAY_SIZE(papers)] = { { 0 } };
	static char other[] = "lab/limited";
	struct model_engine_settings settings = { .http = { .idle_timeout_ms = 500 }, .deadline_ms = 2000 };
	serve(&served, &codec_openai, server);
	serve(&limited, &codec_openai, server);
	limited.model.reviewer = other; /* a quota holds for all questions to a model */
	assert_ok(model_engine_new(&engine, &settings));
	for (size_t i = 0; i < ARRAY_SIZE(papers); i++) {
		struct model_request r = question(papers[i]);
		const struct model *m = strcmp(papers[i], "quota") ? &served.model : &limited.model;
		assert_ok(model_submit(engine, m, &r, on_reply, &o[i]));
	}
	assert_ok(model_run(engine, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(papers); i++) {
		assert_int_equal(o[i].replies, 1);
		assert_int_equal(o[i].outcome, expected[i]);
		outcome_release(&o[i]);
	}
	model_engine_free(engine);
	server_stop(server);
}

static void test_server_that_asks_for_silence_gets_it_from_all(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .times = 1, .act = ACT_CLOSE, .bytes = STATUS("429 x", "retry-after-ms: 100\r\n", "") },
		{ .act = ACT_CLOSE, .bytes = GOOD_ANSWER },
	};
	struct scripted_server *server = server_start(script, ARRAY_SIZE(script));
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	struct model_engine_settings settings = { .per_provider = 1 };
	serve(&served, &codec_openai, server);
	assert_ok(model_engine_new(&engine, &settings));
	for (int i = 0; i < 5; i++)
		assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_int_equal(o.replies, 5);
	assert_int_equal(server->requests, 6);
	outcome_release(&o);
	model_engine_free(engine);
	server_stop(server);
}

struct chain {
	struct model_engine *engine;
	const struct model *model;
	unsigned replies;
};

static void ask_next(void *data, const struct model_reply *reply)
{
	struct chain *chain = data;
	assert_int_equal(reply->outcome, MODEL_OK);
	if (++chain->replies == 5)
		return;
	struct model_request r = question("The next paper.");
	assert_ok(model_submit(chain->engine, chain->model, &r, ask_next, chain));
}

static void test_reply_may_lead_to_the_next_question(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_CLOSE, GOOD_ANSWER);
	struct served served;
	struct chain chain = { .model = &served.model };
	struct model_request r = question("A paper.");
	serve(&served, &codec_openai, server);
	assert_ok(model_engine_new(&chain.engine, &quick));
	assert_ok(model_submit(chain.engine, chain.model, &r, ask_next, &chain));
	assert_ok(model_run(chain.engine, NULL));
	assert_int_equal(chain.replies, 5);
	assert_int_equal(model_engine_in_flight(chain.engine), 0);
	model_engine_free(chain.engine);
	server_stop(server);
}

static void raise_flag(void *data)
{
	volatile int *flag = data;
	*flag = 1;
}

static void test_interrupt_settles_every_request_as_cancelled(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, HEAD PIECE("{"));
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	struct model_engine_settings settings = { .per_provider = 2 };
	volatile int stop = 0;
	serve(&served, &codec_openai, server);
	assert_ok(model_engine_new(&engine, &settings));
	model_engine_set_tick(engine, raise_flag, (void *)&stop);
	for (int i = 0; i < 7; i++)
		assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_error(model_run(engine, &stop), ERROR_CANCELLED, "interrupted");
	assert_int_equal(o.replies, 7);
	assert_message(&o, MODEL_CANCELLED, "interrupted");
	assert_error(model_submit(engine, &served.model, &r, on_reply, &o), ERROR_CANCELLED, "interrupted");
	outcome_release(&o);
	model_engine_free(engine);
	server_stop(server);
}

static void test_engine_can_be_freed_before_it_ran(void **state)
{
	(void)state;
	struct scripted_server nobody = { .url = "http://127.0.0.1:1" };
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper.");
	serve(&served, &codec_openai, &nobody);
	assert_ok(model_engine_new(&engine, &quick));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	model_engine_free(engine);
	assert_int_equal(o.replies, 0);
}

static void test_question_larger_than_the_context_is_not_sent(void **state)
{
	(void)state;
	struct scripted_server nobody = { .url = "http://127.0.0.1:1" };
	struct served served;
	struct model_engine *engine;
	struct outcome o = { 0 };
	struct model_request r = question("A paper of more than eight tokens, which is its context.");
	serve(&served, &codec_openai, &nobody);
	served.model.context_tokens = 8;
	assert_ok(model_engine_new(&engine, &quick));
	assert_ok(model_submit(engine, &served.model, &r, on_reply, &o));
	assert_ok(model_run(engine, NULL));
	assert_message(&o, MODEL_FAILED, "the model's context 8");
	assert_int_equal(o.attempts, 0);
	outcome_release(&o);
	model_engine_free(engine);
}

/* -- Ollama ---------------------------------------------------------------------------------------------- */

#define NDJSON "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
#define LINE(json_text) "{\"model\":\"llama3.1\",\"message\":{\"role\":\"assistant\",\"content\":\"" json_text "\"},\"done\":false}\n"
#define LAST(reason)                                                                            \
	"{\"model\":\"llama3.1\",\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"" reason "\"," \
	"\"prompt_eval_count\":26,\"eval_count\":9}\n"

static void test_ollama_lines_are_put_together(void **state)
{
	(void)state;
	struct scripted line = {
		.needle = "\"num_ctx\":4096,\"num_predict\":100",
		.act = ACT_DRIP,
		.bytes = NDJSON LINE("{\\\"n\\\":1,") LINE("\\\"word\\\":\\\"yes\\\"}") LAST("stop"),
	};
	struct outcome o;
	ask_with(&codec_ollama, &line, 1, &quick, &o);
	assert_int_equal(o.outcome, MODEL_OK);
	assert_string_equal(o.answer, GOOD);
	assert_string_equal(o.served_model, "llama3.1");
	assert_int_equal(o.usage.input_tokens, 26);
	assert_int_equal(o.usage.output_tokens, 9);
	outcome_release(&o);
}

static void test_ollama_faults(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		enum model_outcome outcome;
		const char *message;
	} cases[] = {
		{ NDJSON LINE("{") LAST("length"), MODEL_TRUNCATED, "limit of 100 tokens" },
		{ STATUS("404 x", "", "{\"error\":\"model 'm' not found\"}"), MODEL_FAILED, "404 model 'm' not found" },
		{ NDJSON LINE("fine paper") LAST("stop"), MODEL_INVALID, "prose" },
		{ "HTTP/1.1 200 OK\r\nretry-after-ms: 1\r\n\r\n" LINE("{") "{\"error\":\"llama runner terminated\"}\n",
		  MODEL_FAILED, "llama runner terminated (3 attempts)" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scripted line = { .act = ACT_CLOSE, .bytes = cases[i].bytes };
		struct outcome o;
		ask_with(&codec_ollama, &line, 1, &quick, &o);
		assert_message(&o, cases[i].outcome, cases[i].message);
		outcome_release(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streamed_answer_is_put_together),
		cmocka_unit_test(test_server_that_does_not_stream_is_understood),
		cmocka_unit_test(test_whole_answer_counts_although_the_connection_breaks),
		cmocka_unit_test(test_retryable_faults_are_tried_again),
		cmocka_unit_test(test_final_faults_have_one_clear_line),
		cmocka_unit_test(test_server_that_does_not_run_fails_at_once),
		cmocka_unit_test(test_truncated_and_refused_answers_are_told_apart),
		cmocka_unit_test(test_whole_object_at_the_limit_is_good),
		cmocka_unit_test(test_prose_gets_one_repair_round),
		cmocka_unit_test(test_repair_round_shows_the_model_its_answer),
		cmocka_unit_test(test_second_wrong_answer_is_invalid_and_kept),
		cmocka_unit_test(test_answer_in_a_fence_needs_no_repair),
		cmocka_unit_test(test_bad_utf8_does_no_harm),
		cmocka_unit_test(test_endless_answers_are_bounded),
		cmocka_unit_test(test_server_that_only_pings_meets_the_deadline),
		cmocka_unit_test(test_request_that_is_refused_is_put_in_other_words),
		cmocka_unit_test(test_what_was_learnt_holds_for_the_next_requests),
		cmocka_unit_test(test_failures_do_not_touch_other_requests),
		cmocka_unit_test(test_server_that_asks_for_silence_gets_it_from_all),
		cmocka_unit_test(test_reply_may_lead_to_the_next_question),
		cmocka_unit_test(test_interrupt_settles_every_request_as_cancelled),
		cmocka_unit_test(test_engine_can_be_freed_before_it_ran),
		cmocka_unit_test(test_question_larger_than_the_context_is_not_sent),
		cmocka_unit_test(test_ollama_lines_are_put_together),
		cmocka_unit_test(test_ollama_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
