/* Batches: how requests are packed, how the three APIs take and give them, and what a server can do wrong. */
#include "base_testing.h"
#include "scripted_server.h"

#include "base/memory.h"
#include "model/batch.h"
#include "model/provider.h"

static const char schema_text[] = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\"],"
				  "\"properties\":{\"n\":{\"type\":\"integer\"}}}";
static const struct model_request request = { .system = "Review.", .user = "A paper.", .schema_name = "test",
					      .schema = schema_text, .max_output_tokens = 100 };
#define ID_ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define ID_TWO "2222222222222222222222222222222222222222222222222222222222222222"
#define TAG "0123456789abcdef0123456789abcdef"

static cJSON *schema(void)
{
	cJSON *json;
	assert_ok(json_parse(&json, text_slice(schema_text), "schema"));
	return json;
}

/* A model of PROVIDER, served at URL. */
static struct model model_of(const struct provider *provider, const struct codec *codec, const char *url)
{
	static char name[] = "m-1", reviewer[] = "lab/m-1";
	return (struct model){ .row = provider, .codec = codec, .name = name, .reviewer = reviewer,
			       .endpoint = (char *)url };
}

/* -- packing ------------------------------------------------------------------------------------------- */

static void add_line(struct buffer *out, const struct model *m, const char *id, struct slice body)
{
	(void)m;
	buffer_addf(out, "%s %zu\n", id, body.len);
}

static void test_a_pack_is_full_at_the_limits_of_its_api(void **state)
{
	(void)state;
	cJSON *json = schema();
	struct batch_api api = { .codecs = { &codec_openai }, .max_requests = 2, .max_bytes = 1000,
				 .add = add_line };
	struct provider provider = { .batch = &api };
	struct model m = model_of(&provider, &codec_openai, "https://api.example.org/v1");
	struct batch_pack p;
	batch_pack_init(&p, &m);
	assert_true(batch_pack_add(&p, ID_ONE, &request, json, true));
	assert_true(batch_pack_add(&p, ID_TWO, &request, json, true));
	size_t len = p.requests.len;
	assert_false(batch_pack_add(&p, ID_TWO, &request, json, true)); /* requests */
	assert_int_equal(p.requests.len, len);
	api.max_requests = 100;
	api.max_bytes = len + 10;
	assert_false(batch_pack_add(&p, ID_TWO, &request, json, true)); /* bytes */
	assert_int_equal(p.nr, 2);
	batch_pack_drop_last(&p);
	assert_int_equal(p.nr, 1);
	assert_null(strstr(p.requests.data, ID_TWO));
	batch_pack_release(&p);
	api.max_bytes = 1;
	assert_true(batch_pack_add(&p, ID_ONE, &request, json, true)); /* one alone always goes */
	batch_pack_release(&p);
	cJSON_Delete(json);
}

/* All answers of a batch are read at once: they must not pass what is read of one response. */
static void test_a_pack_is_full_when_its_answers_might_be_too_long(void **state)
{
	(void)state;
	cJSON *json = schema();
	struct batch_api api = { .codecs = { &codec_openai }, .max_requests = 100, .max_bytes = 1000000,
				 .add = add_line };
	struct provider provider = { .batch = &api };
	struct model m = model_of(&provider, &codec_openai, "https://api.example.org/v1");
	struct model_request long_one = request;
	struct batch_pack p;
	long_one.max_output_tokens = 3000000;
	batch_pack_init(&p, &m);
	assert_true(batch_pack_add(&p, ID_ONE, &long_one, json, true));
	assert_true(batch_pack_add(&p, ID_ONE, &long_one, json, true));
	assert_false(batch_pack_add(&p, ID_ONE, &long_one, json, true));
	batch_pack_release(&p);
	cJSON_Delete(json);
}

static void test_only_apis_with_batches_have_them(void **state)
{
	(void)state;
	struct model m = model_of(&provider_openai, &codec_responses, "https://api.example.org/v1");
	assert_ptr_equal(batch_api_of(&m), &batch_openai);
	m.codec = &codec_anthropic; /* OpenAI's row, spoken to in another way */
	assert_null(batch_api_of(&m));
	m.row = NULL;
	assert_null(batch_api_of(&m));
	m = model_of(&provider_ollama, &codec_ollama, "http://127.0.0.1:1");
	assert_null(batch_api_of(&m));
}

static void test_names_of_batches_are_held_to_be_hostile(void **state)
{
	(void)state;
	static const char *const good[] = { "batch_6f", "msgbatch_01Hk", "batches/abc-9", "file-1" };
	static const char *const bad[] = { "", "batches/", "a/b", "../x", "a?b", "a b", "a\n", "batches/../x",
					   "%2e", "batches/a/b" };
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(batch_id_is_safe(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(batch_id_is_safe(bad[i]));
}

/* -- sending and receiving ----------------------------------------------------------------------------- */

#define JSON_OK "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define SLOW_DOWN "HTTP/1.1 429 Too Many\r\nConnection: close\r\nretry-after-ms: 1\r\n\r\n{\"error\":\"slow down\"}"
#define BROKEN "HTTP/1.1 500 No\r\nConnection: close\r\nretry-after-ms: 1\r\n\r\n{\"error\":\"broken\"}"

struct kind {
	const struct provider *provider;
	const struct codec *codec;
	const struct batch_api *api;
	const char *create, *id;          /* its address, and the server's name of the batch */
	const char *created;
	const char *running, *ended;      /* as its status */
	const char *results;
};

#define ONE_OPENAI                                                                                  \
	"{\"custom_id\":\"" ID_ONE "\",\"response\":{\"status_code\":200,\"body\":{\"model\":\"s\",\"choices\":[{"  \
	"\"message\":{\"content\":\"{\\\"n\\\":1}\"},\"finish_reason\":\"stop\"}]}},\"error\":null}\n"
#define TWO_OPENAI                                                                                  \
	"not JSON\n\n[1]\n{\"custom_id\":\"" ID_TWO "\",\"response\":{\"status_code\":400,\"body\":{\"error\":{"  \
	"\"message\":\"too long\"}}}}\n{\"custom_id\":7}\n"
#define ONE_ANTHROPIC                                                                               \
	"{\"custom_id\":\"" ID_ONE "\",\"result\":{\"type\":\"succeeded\",\"message\":{\"type\":\"message\","   \
	"\"content\":[{\"type\":\"text\",\"text\":\"{\\\"n\\\":1}\"}],\"stop_reason\":\"end_turn\"}}}\n"
#define TWO_ANTHROPIC                                                                               \
	"{\"custom_id\":\"" ID_TWO "\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{" \
	"\"type\":\"invalid_request_error\",\"message\":\"too long\"}}}}"
#define BOTH_GEMINI                                                                                 \
	"{\"inlinedResponses\":{\"inlinedResponses\":[{\"metadata\":{\"key\":\"" ID_TWO "\"},\"error\":{"       \
	"\"code\":3,\"message\":\"too long\"}},{\"metadata\":{\"key\":\"" ID_ONE "\"},\"response\":{"          \
	"\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{\\\"n\\\":1}\"}]},\"finishReason\":\"STOP\"}]}},1]}}"

static const struct kind kinds[] = {
	{ &provider_openai, &codec_openai, &batch_openai, "POST /batches", "batch_1",
	  "{\"id\":\"batch_1\",\"status\":\"validating\"}",
	  "{\"id\":\"batch_1\",\"status\":\"in_progress\",\"request_counts\":{\"total\":2,\"completed\":1,"
	  "\"failed\":0}}",
	  "{\"id\":\"batch_1\",\"status\":\"completed\",\"request_counts\":{\"total\":2,\"completed\":1,"
	  "\"failed\":1},\"output_file_id\":\"file-1\",\"error_file_id\":null}",
	  ONE_OPENAI TWO_OPENAI },
	{ &provider_anthropic, &codec_anthropic, &batch_anthropic, "POST /v1/messages/batches", "msgbatch_1",
	  "{\"id\":\"msgbatch_1\",\"processing_status\":\"in_progress\"}",
	  "{\"id\":\"msgbatch_1\",\"processing_status\":\"in_progress\",\"request_counts\":{\"processing\":1,"
	  "\"succeeded\":1}}",
	  "{\"id\":\"msgbatch_1\",\"processing_status\":\"ended\",\"request_counts\":{\"processing\":0,"
	  "\"succeeded\":1,\"errored\":1}}",
	  ONE_ANTHROPIC TWO_ANTHROPIC },
	{ &provider_gemini, &codec_gemini, &batch_gemini, "POST /v1beta/models/m-1:batchGenerateContent",
	  "batches/b1", "{\"name\":\"batches/b1\",\"metadata\":{\"state\":\"BATCH_STATE_PENDING\"}}",
	  "{\"name\":\"batches/b1\",\"metadata\":{\"state\":\"BATCH_STATE_RUNNING\",\"batchStats\":{"
	  "\"requestCount\":\"2\",\"successfulRequestCount\":\"1\"}}}",
	  "{\"name\":\"batches/b1\",\"done\":true,\"metadata\":{\"state\":\"BATCH_STATE_SUCCEEDED\",\"batchStats\":{"
	  "\"requestCount\":\"2\",\"successfulRequestCount\":\"1\",\"failedRequestCount\":\"1\"}},\"response\":"
	  BOTH_GEMINI "}",
	  NULL },
};

/* One server's script, and who asks it. */
struct scene {
	struct scripted_server *server;
	struct model model;
	struct batch_server asked;
};

static void scene_open(struct scene *s, const struct kind *kind, struct scripted *lines, size_t nr)
{
	s->server = server_start(lines, nr);
	s->model = model_of(kind->provider, kind->codec, s->server->url);
	s->asked = (struct batch_server){ .model = &s->model };
}

static void scene_close(struct scene *s)
{
	server_stop(s->server);
}

static char *reply_with(const char *json)
{
	return xstrfmt(JSON_OK "%s", json);
}

static void test_a_batch_is_sent_once_the_server_takes_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;
		char *created = reply_with(kinds[i].created), *id = NULL;
		struct scripted lines[] = {
			{ .needle = "POST /files", .act = ACT_CLOSE, .bytes = JSON_OK "{\"id\":\"file-9\"}" },
			{ .needle = kinds[i].create, .times = 1, .act = ACT_CLOSE, .bytes = SLOW_DOWN },
			{ .needle = kinds[i].create, .act = ACT_CLOSE, .bytes = created },
		};
		cJSON *json = schema();
		struct batch_pack p;
		scene_open(&s, &kinds[i], lines, ARRAY_SIZE(lines));
		batch_pack_init(&p, &s.model);
		assert_true(batch_pack_add(&p, ID_ONE, &request, json, true));
		assert_true(batch_pack_add(&p, ID_TWO, &request, json, true));
		assert_ok(kinds[i].api->create(&s.asked, TAG, slice_of(&p.requests), &id));
		assert_string_equal(id, kinds[i].id);
		assert_int_equal(lines[2].used, 1);
		batch_pack_release(&p);
		scene_close(&s);
		cJSON_Delete(json);
		free(created);
		free(id);
	}
}

/* A server that fails may have the batch nevertheless: sending it again would pay for it twice. */
static void test_a_batch_is_not_sent_again_after_a_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;
		char *id = NULL;
		struct scripted lines[] = {
			{ .needle = "POST /files", .act = ACT_CLOSE, .bytes = JSON_OK "{\"id\":\"file-9\"}" },
			{ .needle = kinds[i].create, .act = ACT_CLOSE, .bytes = BROKEN },
		};
		scene_open(&s, &kinds[i], lines, ARRAY_SIZE(lines));
		assert_error(kinds[i].api->create(&s.asked, TAG, text_slice("{}"), &id), ERROR_NETWORK,
			     "500 broken");
		assert_int_equal(lines[1].used, 1);
		assert_null(id);
		scene_close(&s);
	}
}

static void test_names_that_a_server_makes_up_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;
		char *id = NULL;
		struct scripted lines[] = {
			{ .needle = "POST /files", .act = ACT_CLOSE, .bytes = JSON_OK "{\"id\":\"file-9\"}" },
			{ .act = ACT_CLOSE, .bytes = JSON_OK "{\"id\":\"../x\",\"name\":\"../x\"}" },
		};
		scene_open(&s, &kinds[i], lines, ARRAY_SIZE(lines));
		assert_error(kinds[i].api->create(&s.asked, TAG, text_slice("{}"), &id), ERROR_SYNTAX, "that is none");
		assert_null(id);
		scene_close(&s);
	}
}

static void test_how_far_a_batch_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;
		struct batch_status status;
		char *running = reply_with(kinds[i].running), *ended = reply_with(kinds[i].ended);
		struct scripted lines[] = {
			{ .times = 1, .act = ACT_CLOSE, .bytes = BROKEN }, /* to look again is harmless */
			{ .times = 1, .act = ACT_CLOSE, .bytes = running },
			{ .act = ACT_CLOSE, .bytes = ended },
		};
		scene_open(&s, &kinds[i], lines, ARRAY_SIZE(lines));
		assert_ok(kinds[i].api->status(&s.asked, kinds[i].id, &status));
		assert_false(status.ended);
		assert_int_equal(status.done, 1);
		assert_int_equal(status.total, 2);
		batch_status_release(&status);
		assert_ok(kinds[i].api->status(&s.asked, kinds[i].id, &status));
		assert_true(status.ended);
		assert_int_equal(status.done, 2);
		assert_null(status.problem);
		batch_status_release(&status);
		scene_close(&s);
		free(running);
		free(ended);
	}
}

static void test_batches_that_ended_badly_say_why(void **state)
{
	(void)state;
	static const struct {
		size_t kind;
		const char *status, *problem;
	} cases[] = {
		{ 0, "{\"status\":\"failed\",\"errors\":{\"data\":[{\"message\":\"Enqueued token limit reached\"}]}}",
		  "Enqueued token limit reached" },
		{ 0, "{\"status\":\"expired\"}", "expired" },
		{ 0, "{\"status\":\"cancelled\"}", "cancelled" },
		{ 1, "{\"processing_status\":\"ended\",\"request_counts\":{\"expired\":2}}", "expired" },
		{ 1, "{\"processing_status\":\"ended\",\"request_counts\":{\"canceled\":1}}", "cancelled" },
		{ 2, "{\"done\":true,\"error\":{\"code\":13,\"message\":\"Internal\"}}", "Internal" },
		{ 2, "{\"metadata\":{\"state\":\"JOB_STATE_EXPIRED\"}}", "expired" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene s;
		struct batch_status status;
		const struct kind *kind = &kinds[cases[i].kind];
		char *bytes = reply_with(cases[i].status);
		struct scripted line = { .act = ACT_CLOSE, .bytes = bytes };
		scene_open(&s, kind, &line, 1);
		assert_ok(kind->api->status(&s.asked, kind->id, &status));
		assert_true(status.ended);
		assert_string_equal(status.problem, cases[i].problem);
		batch_status_release(&status);
		scene_close(&s);
		free(bytes);
	}
}

struct received {
	const struct model *model;
	unsigned one, two, others;
};

static void on_result(void *data, const char *id, const cJSON *answer, const char *problem)
{
	struct received *r = data;
	struct model_reply reply;
	cJSON *json = schema();
	batch_reply(&reply, r->model, json, NULL, answer, problem);
	if (!strcmp(id, ID_ONE)) {
		assert_int_equal(reply.outcome, MODEL_OK);
		assert_string_equal(reply.answer.data, "{\"n\":1}");
		r->one++;
	} else if (!strcmp(id, ID_TWO)) {
		assert_int_equal(reply.outcome, MODEL_FAILED);
		assert_string_equal(reply.message, "too long");
		r->two++;
	} else {
		r->others++;
	}
	model_reply_release(&reply);
	cJSON_Delete(json);
}

static void test_answers_and_failures_of_a_batch(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene s;
		char file[] = "file-1";
		struct batch_status status = { .ended = true, .answers = file };
		char *bytes = reply_with(kinds[i].results ? kinds[i].results : kinds[i].ended);
		struct scripted line = { .act = ACT_CLOSE, .bytes = bytes };
		scene_open(&s, &kinds[i], &line, 1);
		struct received r = { .model = &s.model };
		assert_ok(kinds[i].api->results(&s.asked, kinds[i].id, &status, on_result, &r));
		assert_int_equal(r.one, 1);
		assert_int_equal(r.two, 1);
		assert_true(r.others <= 1); /* lines of nobody */
		scene_close(&s);
		free(bytes);
	}
}

static void judge(const char *answer, enum model_outcome outcome, const char *message)
{
	struct model m = model_of(&provider_openai, &codec_openai, "https://api.example.org");
	struct model_reply reply;
	cJSON *json = schema(), *body;
	assert_ok(json_parse(&body, text_slice(answer), "answer"));
	batch_reply(&reply, &m, json, NULL, body, NULL);
	assert_int_equal(reply.outcome, outcome);
	if (message)
		assert_non_null(strstr(reply.message, message));
	model_reply_release(&reply);
	cJSON_Delete(json);
	cJSON_Delete(body);
}

static void test_answers_are_judged_like_live_ones(void **state)
{
	(void)state;
	judge("{\"choices\":[{\"message\":{\"content\":\"```{\\\"n\\\":1}```\"},\"finish_reason\":\"stop\"}]}", MODEL_OK,
	      NULL);
	judge("{\"choices\":[{\"message\":{\"content\":\"No.\"},\"finish_reason\":\"stop\"}]}", MODEL_INVALID, "prose");
	judge("{\"choices\":[{\"message\":{\"content\":\"{\\\"n\\\":\"},\"finish_reason\":\"length\"}]}",
	      MODEL_TRUNCATED, "limit");
	judge("{\"choices\":[{\"message\":{\"refusal\":\"I will not\"},\"finish_reason\":\"stop\"}]}", MODEL_REFUSED,
	      "I will not");
	judge("{\"choices\":[{\"message\":{},\"finish_reason\":\"content_filter\"}]}", MODEL_REFUSED, "filter");
	judge("{\"error\":{\"message\":\"broken\"}}", MODEL_FAILED, "broken");
	judge("{}", MODEL_INVALID, "empty");
}

/* -- finding one again ----------------------------------------------------------------------------------- */

static bool is_other(void *data, const char *id)
{
	return data && !strcmp(data, id);
}

static bool has_request(void *data, const char *id)
{
	(void)data;
	return !strcmp(id, ID_ONE);
}

#define NOVEMBER_22 1795305600 /* 0:00 UTC */

static struct error *find(const struct kind *kind, struct scripted *lines, size_t nr, char *other, char **id)
{
	struct scene s;
	struct batch_search search = { .tag = TAG, .date = NOVEMBER_22, .nr = 2, .is_other = is_other,
				       .has_request = has_request, .data = other };
	scene_open(&s, kind, lines, nr);
	struct error *err = kind->api->find(&s.asked, &search, id);
	scene_close(&s);
	return err;
}

static void test_openai_and_gemini_know_a_batch_by_its_tag(void **state)
{
	(void)state;
	struct scripted openai[] = {
		{ .needle = "after=batch_2", .act = ACT_CLOSE,
		  .bytes = JSON_OK "{\"data\":[{\"id\":\"batch_1\",\"created_at\":1795305601,\"metadata\":{"
				   "\"scrutiny\":\"" TAG "\"}}],\"has_more\":false}" },
		{ .act = ACT_CLOSE,
		  .bytes = JSON_OK "{\"data\":[{\"id\":\"../x\",\"metadata\":{\"scrutiny\":\"" TAG "\"}},"
				   "{\"id\":\"batch_2\",\"created_at\":1795305602,\"metadata\":null}],"
				   "\"has_more\":true}" },
	};
	struct scripted gemini[] = {
		{ .needle = "pageToken=next", .act = ACT_CLOSE,
		  .bytes = JSON_OK "{\"operations\":[{\"name\":\"batches/b\",\"metadata\":{\"displayName\":\"" TAG
				   "\"}}]}" },
		{ .act = ACT_CLOSE, .bytes = JSON_OK "{\"operations\":[{\"name\":\"batches/a\"}],"
						     "\"nextPageToken\":\"next\"}" },
	};
	char *id;
	assert_ok(find(&kinds[0], openai, 2, NULL, &id));
	assert_string_equal(id, "batch_1");
	free(id);
	assert_ok(find(&kinds[2], gemini, 2, NULL, &id));
	assert_string_equal(id, "batches/b");
	free(id);
	struct scripted none = { .act = ACT_CLOSE, .bytes = JSON_OK "{\"data\":[],\"operations\":[]}" };
	assert_error(find(&kinds[0], &none, 1, NULL, &id), ERROR_NOT_FOUND, "no batch of ours");
	assert_error(find(&kinds[2], &none, 1, NULL, &id), ERROR_NOT_FOUND, "no batch of ours");
}

/* Batches further back than ours can have been made need not be looked through. */
static void test_the_search_ends_at_older_batches(void **state)
{
	(void)state;
	char *id;
	struct scripted endless = { .act = ACT_CLOSE,
				    .bytes = JSON_OK "{\"data\":[{\"id\":\"batch_3\",\"created_at\":1795000000}],"
						     "\"has_more\":true}" };
	assert_error(find(&kinds[0], &endless, 1, NULL, &id), ERROR_NOT_FOUND, "no batch of ours");
	assert_int_equal(endless.used, 1);
}

#define LISTED(name, time, status, counts)                                                           \
	"{\"id\":\"" name "\",\"created_at\":\"2026-11-22T" time "Z\",\"processing_status\":\"" status "\","      \
	"\"request_counts\":{" counts "}}"
#define TWO_WAIT "\"processing\":2"
#define TWO_DONE "\"succeeded\":2"

static void test_anthropic_knows_a_batch_by_its_time_its_size_and_its_answers(void **state)
{
	(void)state;
	static char other[] = "msgbatch_1";
	char *id;
	struct scripted two_running = { .act = ACT_CLOSE, .bytes = JSON_OK "{\"data\":["
		LISTED("msgbatch_1", "00:00:03.5", "in_progress", TWO_WAIT) ","
		LISTED("msgbatch_2", "00:00:03", "in_progress", TWO_WAIT) ","
		LISTED("msgbatch_3", "00:00:03", "in_progress", "\"processing\":3") ","
		LISTED("msgbatch_4", "09:00:00", "in_progress", TWO_WAIT) "]}" };
	assert_error(find(&kinds[1], &two_running, 1, NULL, &id), ERROR_CONFLICT, "when they have ended");
	assert_ok(find(&kinds[1], &two_running, 1, other, &id)); /* one of them is known */
	assert_string_equal(id, "msgbatch_2");
	free(id);
	struct scripted two_ended[] = {
		{ .needle = "/msgbatch_1/results", .act = ACT_CLOSE, .bytes = JSON_OK TWO_ANTHROPIC "\n" },
		{ .needle = "/msgbatch_2/results", .act = ACT_CLOSE, .bytes = JSON_OK ONE_ANTHROPIC },
		{ .act = ACT_CLOSE, .bytes = JSON_OK "{\"data\":["
			LISTED("msgbatch_1", "00:00:03", "ended", TWO_DONE) ","
			LISTED("msgbatch_2", "00:00:03", "ended", TWO_DONE) "]}" },
	};
	assert_ok(find(&kinds[1], two_ended, 3, NULL, &id));
	assert_string_equal(id, "msgbatch_2");
	free(id);
	struct scripted none = { .act = ACT_CLOSE, .bytes = JSON_OK "{\"data\":["
		LISTED("msgbatch_4", "09:00:00", "ended", TWO_DONE) "]}" };
	assert_error(find(&kinds[1], &none, 1, NULL, &id), ERROR_NOT_FOUND, "no batch of ours");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pack_is_full_at_the_limits_of_its_api),
		cmocka_unit_test(test_a_pack_is_full_when_its_answers_might_be_too_long),
		cmocka_unit_test(test_only_apis_with_batches_have_them),
		cmocka_unit_test(test_names_of_batches_are_held_to_be_hostile),
		cmocka_unit_test(test_a_batch_is_sent_once_the_server_takes_it),
		cmocka_unit_test(test_a_batch_is_not_sent_again_after_a_failure),
		cmocka_unit_test(test_names_that_a_server_makes_up_are_refused),
		cmocka_unit_test(test_how_far_a_batch_is),
		cmocka_unit_test(test_batches_that_ended_badly_say_why),
		cmocka_unit_test(test_answers_and_failures_of_a_batch),
		cmocka_unit_test(test_answers_are_judged_like_live_ones),
		cmocka_unit_test(test_openai_and_gemini_know_a_batch_by_its_tag),
		cmocka_unit_test(test_the_search_ends_at_older_batches),
		cmocka_unit_test(test_anthropic_knows_a_batch_by_its_time_its_size_and_its_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
