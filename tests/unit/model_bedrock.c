/*
 * Amazon Bedrock: which API and address a model has, what is sent, what its frames say. The bodies are
 * those of the types in @aws-sdk/client-bedrock-runtime (npm, 3.1163).
 */
#include "base_testing.h"
#include "event_stream_testing.h"

#include "base/memory.h"
#include "base/text.h"
#include "model/authorize.h"
#include "model/codec.h"
#include "model/provider.h"
#include "net/aws.h"

/* -- where -------------------------------------------------------------------------------------------- */

/* "key=value" lines; configuration keys and environment variables together. */
static const char *lookup(void *data, const char *key)
{
	const char *const *line = data;
	for (; *line; line++)
		if (!strncmp(*line, key, strlen(key)) && (*line)[strlen(key)] == '=')
			return *line + strlen(key) + 1;
	return NULL;
}

#define FIND(out, spec, ...)                                                                    \
	model_find((out), (spec), &(struct model_settings){ .config = lookup, .env = lookup,    \
							    .data = (const char *[]){ __VA_ARGS__, NULL } })
#define KEYS "AWS_ACCESS_KEY_ID=AKIDTESTTEST", "AWS_SECRET_ACCESS_KEY=a/secret+key", \
	     "AWS_EC2_METADATA_DISABLED=true"
#define REGION "AWS_REGION=eu-west-1"

static void check_model(const char *spec, const struct codec *codec, const char *endpoint, const char *family)
{
	struct model m;
	assert_ok(FIND(&m, spec, KEYS, REGION));
	assert_ptr_equal(m.codec, codec);
	assert_string_equal(m.endpoint, endpoint);
	assert_string_equal(m.family, family);
	assert_int_equal(m.auth, MODEL_AUTH_AWS);
	assert_non_null(m.aws);
	assert_string_equal(m.region, "eu-west-1");
	assert_false(m.local);
	model_release(&m);
}

#define RUNTIME "https://bedrock-runtime.eu-west-1.amazonaws.com"

static void test_claude_is_asked_in_its_own_format_and_others_through_converse(void **state)
{
	(void)state;
	check_model("bedrock/global.anthropic.claude-sonnet-5-5", &codec_anthropic, RUNTIME "/anthropic",
		    "claude");
	check_model("bedrock/us.anthropic.claude-opus-5-5", &codec_anthropic, RUNTIME "/anthropic",
		    "claude");
	check_model("bedrock/eu.anthropic.claude-sonnet-4-20250514-v1:0", &codec_converse, RUNTIME, "claude");
	check_model("bedrock/us.amazon.nova-pro-v1:0", &codec_converse, RUNTIME, "nova");
	check_model("bedrock/meta.llama4-maverick-17b-instruct-v1:0", &codec_converse, RUNTIME, "llama");
	check_model("bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-opus-5-5",
		    &codec_converse, RUNTIME, "claude");
}

static void test_api_and_endpoint_can_be_chosen(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "bedrock/global.anthropic.claude-sonnet-5-5", KEYS, REGION,
		       "scrutiny.bedrock.api=converse"));
	assert_ptr_equal(m.codec, &codec_converse);
	assert_string_equal(m.endpoint, RUNTIME);
	model_release(&m);
	assert_ok(FIND(&m, "bedrock/global.anthropic.claude-sonnet-5-5", KEYS, REGION,
		       "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https://vpce.example.org/"));
	assert_string_equal(m.endpoint, "https://vpce.example.org/anthropic");
	model_release(&m);
	assert_ok(FIND(&m, "bedrock/global.anthropic.claude-sonnet-5-5", KEYS, REGION,
		       "scrutiny.bedrock.endpoint=https://own.example.org/anthropic/v1/messages",
		       "AWS_ENDPOINT_URL=https://other.example.org"));
	assert_string_equal(m.endpoint, "https://own.example.org/anthropic");
	model_release(&m);
}

static void test_region_and_keys_have_to_be_known(void **state)
{
	(void)state;
	struct model m;
	assert_error(FIND(&m, "bedrock/amazon.nova-lite-v1:0", KEYS), ERROR_USAGE, "which AWS region");
	assert_error(FIND(&m, "bedrock/amazon.nova-lite-v1:0", KEYS, "AWS_REGION=evil.example.org/"),
		     ERROR_USAGE, "no AWS region");
	assert_error(FIND(&m, "bedrock/amazon.nova-lite-v1:0", REGION, "AWS_EC2_METADATA_DISABLED=true"),
		     ERROR_NOT_FOUND, "no AWS credentials");
	assert_error(FIND(&m, "bedrock", KEYS, REGION), ERROR_USAGE, "which model of bedrock");
	assert_ok(FIND(&m, "bedrock", KEYS, "scrutiny.bedrock.region=us-west-2",
		       "scrutiny.bedrock.model=amazon.nova-lite-v1:0", REGION));
	assert_string_equal(m.region, "us-west-2");
	assert_string_equal(m.endpoint, "https://bedrock-runtime.us-west-2.amazonaws.com");
	assert_string_equal(m.name, "amazon.nova-lite-v1:0");
	model_release(&m);
}

static void check_price(const char *spec, double in, double out)
{
	struct model m;
	assert_ok(FIND(&m, spec, KEYS, REGION));
	assert_true(m.price_in > in - 1e-9 && m.price_in < in + 1e-9);
	assert_true(m.price_out > out - 1e-9 && m.price_out < out + 1e-9);
	model_release(&m);
}

static void test_prices_of_claude_are_anthropics(void **state)
{
	(void)state;
	check_price("bedrock/global.anthropic.claude-sonnet-5-5", 2, 10);
	check_price("bedrock/global.anthropic.claude-opus-5-5-20260801-v1:0", 4, 20);
	check_price("bedrock/eu.anthropic.claude-sonnet-5-5", 2.2, 11);
	check_price("bedrock/anthropic.claude-opus-5-5-v1:0", 4.4, 22);
	check_price("bedrock/amazon.nova-pro-v1:0", -1, -1);
	check_price("bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5-5", -1,
		    -1);
}

/* -- who ---------------------------------------------------------------------------------------------- */

static void test_requests_are_signed_with_what_is_sent(void **state)
{
	(void)state;
	struct model m;
	struct header_list list = { .nr = 0 };
	assert_ok(FIND(&m, "bedrock/us.amazon.nova-pro-v1:0", KEYS, REGION, "AWS_SESSION_TOKEN=tok/en"));
	struct http_request request = { .method = "POST", .body = { "{}", 2 },
					.url = RUNTIME "/model/us.amazon.nova-pro-v1%3A0/converse-stream" };
	header_list_add(&list, "Content-Type: application/json");
	assert_ok(model_authorize(&m, &request, &list));
	assert_int_equal(list.nr, 5);
	assert_true(starts_with(list.lines[1], "X-Amz-Date: "));
	assert_string_equal(list.lines[2], "X-Amz-Security-Token: tok/en");
	assert_string_equal(list.lines[3], "Host: bedrock-runtime.eu-west-1.amazonaws.com");
	assert_true(starts_with(list.lines[4], "Authorization: AWS4-HMAC-SHA256 Credential=AKIDTESTTEST/"));
	assert_non_null(strstr(list.lines[4], "/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;"
			       "host;x-amz-date;x-amz-security-token, Signature="));
	header_list_release(&list);
	model_release(&m);
}

static void test_a_bedrock_key_needs_no_signature(void **state)
{
	(void)state;
	struct model m;
	struct header_list list = { .nr = 0 };
	assert_ok(FIND(&m, "bedrock/us.amazon.nova-pro-v1:0", KEYS, REGION,
		       "AWS_BEARER_TOKEN_BEDROCK=absk-123"));
	struct http_request request = { .method = "POST", .url = RUNTIME, .body = { "{}", 2 } };
	assert_null(m.aws);
	assert_ok(model_authorize(&m, &request, &list));
	assert_int_equal(list.nr, 1);
	assert_string_equal(list.lines[0], "Authorization: Bearer absk-123");
	header_list_release(&list);
	model_release(&m);
}

/* -- what is sent --------------------------------------------------------------------------------------- */

static const char schema_text[] = "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\"],"
				  "\"properties\":{\"n\":{\"type\":\"integer\",\"maximum\":9}}}";
static const struct model_image picture = { "image/png", { "\x89PNG", 4 } };

struct asked {
	struct model model;
	struct model_request request;
	struct codec_question question;
	cJSON *schema;
};

static void ask(struct asked *a)
{
	static char name[] = "eu.anthropic.claude-sonnet-4-20250514-v1:0", family[] = "claude";
	*a = (struct asked){
		.model = { .name = name, .family = family, .codec = &codec_converse },
		.request = { .system = "You review.", .shared = "The paper.", .user = "Its proofs?",
			     .schema_name = "review", .schema = schema_text, .max_output_tokens = 500 },
	};
	assert_ok(json_parse(&a->schema, text_slice(schema_text), "schema"));
	a->question = (struct codec_question){ .model = &a->model, .request = &a->request,
					       .schema = a->schema };
}

/* What is written for A is EXPECTED. */
static void check_body(struct asked *a, const char *expected)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	codec_converse.write_body(&w, &a->question);
	assert_string_equal(body.data, expected);
	buffer_release(&body);
	cJSON_Delete(a->schema);
}

#define SYSTEM "\"system\":[{\"text\":\"You review.\"}],"
#define LIMIT ",\"inferenceConfig\":{\"maxTokens\":500}"
#define FORMAT                                                                                       \
	",\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{"  \
	"\"name\":\"review\",\"schema\":\"{\\\"type\\\":\\\"object\\\",\\\"additionalProperties\\\":false,"  \
	"\\\"required\\\":[\\\"n\\\"],\\\"properties\\\":{\\\"n\\\":{\\\"type\\\":\\\"integer\\\","       \
	"\\\"description\\\":\\\"(maximum 9)\\\"}}}\"}}}}"

static void test_body_of_a_question_with_a_picture(void **state)
{
	(void)state;
	struct asked a;
	ask(&a);
	a.request.images = &picture;
	a.request.nr_images = 1;
	check_body(&a, "{" SYSTEM "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"The paper.\"},"
		       "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"iVBORw==\"}}},"
		       "{\"text\":\"Its proofs?\"}]}]" LIMIT FORMAT "}");
}

static void test_body_of_the_repair_round(void **state)
{
	(void)state;
	struct asked a;
	ask(&a);
	a.request.shared = NULL;
	a.question.complaint = "No JSON.";
	a.question.earlier = text_slice("prose");
	check_body(&a, "{" SYSTEM "\"messages\":[{\"role\":\"user\",\"content\":["
		       "{\"text\":\"Its proofs?\"}]},"
		       "{\"role\":\"assistant\",\"content\":[{\"text\":\"prose\"}]},"
		       "{\"role\":\"user\",\"content\":[{\"text\":\"No JSON.\"}]}]" LIMIT FORMAT "}");
}

static void test_body_without_limit_and_system_still_has_a_limit(void **state)
{
	(void)state;
	struct asked a;
	ask(&a);
	a.request.system = "";
	a.request.max_output_tokens = 0;
	check_body(&a, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"The paper.\"},"
		       "{\"text\":\"Its proofs?\"}]}],\"inferenceConfig\":{\"maxTokens\":4096}" FORMAT "}");
}

static void check_mark(const char *family, bool alone, bool marked)
{
	struct asked a;
	struct buffer paper = BUFFER_INIT, body = BUFFER_INIT;
	struct json_writer w;
	char *own = xstrdup(family);
	for (unsigned i = 0; i < 1200; i++)
		buffer_addstr(&paper, "lemma ");
	ask(&a);
	a.model.family = own;
	a.request.shared = paper.data;
	a.question.alone = alone;
	json_writer_init(&w, &body, false);
	codec_converse.write_body(&w, &a.question);
	const char *mark = strstr(body.data, "lemma \"},{\"cachePoint\":{\"type\":\"default\"}},"
					     "{\"text\":\"Its");
	assert_int_equal(mark != NULL, marked);
	assert_int_equal(strstr(body.data, "cachePoint") != NULL, marked);
	cJSON_Delete(a.schema);
	buffer_release(&paper);
	buffer_release(&body);
	free(own);
}

static void test_long_shared_part_is_cached_for_claude(void **state)
{
	(void)state;
	check_mark("claude", false, true);
	check_mark("claude", true, false);
	check_mark("nova", false, false);
}

static void test_complaint_about_the_schema_takes_it_out(void **state)
{
	(void)state;
	static const char refused[] = "This model doesn't support the outputConfig.textFormat field.";
	struct codec_dialect d = { FORMAT_SCHEMA };
	assert_false(codec_converse.adapt(&d, "the model is not ready"));
	assert_true(codec_converse.adapt(&d, refused));
	assert_int_equal(d.format, FORMAT_NONE);
	assert_false(codec_converse.adapt(&d, refused));
}

static void check_path(const char *model, const char *path)
{
	struct buffer out = BUFFER_INIT;
	char *name = xstrdup(model);
	codec_converse.write_path(&out, &(struct model){ .name = name });
	assert_string_equal(out.data, path);
	buffer_release(&out);
	free(name);
}

static void test_ids_are_one_segment_of_the_path(void **state)
{
	(void)state;
	check_path("us.amazon.nova-pro-v1:0", "/model/us.amazon.nova-pro-v1%3A0/converse-stream");
	check_path("arn:aws:bedrock:us-east-1:1:inference-profile/x",
		   "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream");
	check_path("../x?y#z", "/model/..%2Fx%3Fy%23z/converse-stream");
}

/* -- what comes back ------------------------------------------------------------------------------------ */

static struct error *take(void *data, const char *event, struct slice message)
{
	return codec_take_message(&codec_converse, data, event, message);
}

static void read_answer(struct codec_answer *out, const struct buffer *bytes)
{
	struct stream s;
	codec_answer_init(out);
	stream_init(&s, codec_converse.stream, take, out);
	assert_ok(stream_feed(&s, bytes->data, bytes->len));
	assert_ok(stream_end(&s));
	stream_release(&s);
}

#define USAGE "\"usage\":{\"inputTokens\":50,\"outputTokens\":60,\"totalTokens\":960,"              \
	      "\"cacheReadInputTokens\":800,\"cacheWriteInputTokens\":50}"

static void add_start(struct buffer *bytes)
{
	frame_message(bytes, "event", "messageStart", "{\"role\":\"assistant\"}");
	frame_message(bytes, "event", "contentBlockDelta",
		      "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"Hm.\"}}}");
	frame_message(bytes, "event", "contentBlockStart", "{\"contentBlockIndex\":1,\"start\":{}}");
	frame_message(bytes, "event", "contentBlockDelta",
		      "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"{\\\"n\\\":\"}}");
	frame_message(bytes, "event", "contentBlockDelta",
		      "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"1}\"}}");
	frame_message(bytes, "event", "contentBlockStop", "{\"contentBlockIndex\":1}");
}

static void check_answer(const struct buffer *bytes)
{
	struct codec_answer a;
	read_answer(&a, bytes);
	assert_null(a.error);
	assert_string_equal(a.text.data, "{\"n\":1}");
	assert_true(a.finished);
	assert_false(a.truncated || a.filtered || a.refusal.len);
	assert_int_equal(a.usage.input_tokens, 900);
	assert_int_equal(a.usage.output_tokens, 60);
	assert_int_equal(a.usage.cached_tokens, 800);
	assert_int_equal(a.usage.cache_write_tokens, 50);
	codec_answer_release(&a);
}

static void test_answers_are_read_streamed_and_whole(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	add_start(&bytes);
	frame_message(&bytes, "event", "messageStop", "{\"stopReason\":\"end_turn\"}");
	frame_message(&bytes, "event", "metadata", "{" USAGE ",\"metrics\":{\"latencyMs\":5}}");
	check_answer(&bytes);
	buffer_reset(&bytes);
	buffer_addstr(&bytes, "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":["
			      "{\"reasoningContent\":{}},{\"text\":\"{\\\"n\\\":1}\"}]}},"
			      "\"stopReason\":\"end_turn\"," USAGE "}");
	check_answer(&bytes);
	buffer_release(&bytes);
}

static void test_answer_without_its_stop_is_not_finished(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	struct codec_answer a;
	add_start(&bytes);
	read_answer(&a, &bytes);
	assert_false(a.finished);
	assert_int_equal(a.usage.input_tokens, -1);
	codec_answer_release(&a);
	buffer_release(&bytes);
}

static void test_reasons_to_stop(void **state)
{
	(void)state;
	static const struct {
		const char *reason;
		bool finished, truncated, filtered;
	} cases[] = {
		{ "end_turn", true, false, false },
		{ "stop_sequence", true, false, false },
		{ "max_tokens", true, true, false },
		{ "model_context_window_exceeded", true, true, false },
		{ "guardrail_intervened", true, false, true },
		{ "content_filtered", true, false, true },
		{ "malformed_model_output", false, false, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer bytes = BUFFER_INIT;
		struct codec_answer a;
		char *stop = xstrfmt("{\"stopReason\":\"%s\"}", cases[i].reason);
		add_start(&bytes);
		frame_message(&bytes, "event", "messageStop", stop);
		read_answer(&a, &bytes);
		assert_int_equal(a.finished, cases[i].finished);
		assert_int_equal(a.truncated, cases[i].truncated);
		assert_int_equal(a.filtered, cases[i].filtered);
		codec_answer_release(&a);
		buffer_release(&bytes);
		free(stop);
	}
}

static void test_exceptions_in_the_stream(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool permanent;
	} cases[] = {
		{ "throttlingException", false },	  { "serviceUnavailableException", false },
		{ "internalServerException", false },	  { "modelStreamErrorException", false },
		{ "modelTimeoutException", false },	  { "validationException", true },
		{ "accessDeniedException", true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer bytes = BUFFER_INIT;
		struct codec_answer a;
		add_start(&bytes);
		frame_message(&bytes, "exception", cases[i].name, "{\"message\":\"Because.\"}");
		read_answer(&a, &bytes);
		assert_non_null(a.error);
		assert_string_equal(a.error, "Because.");
		assert_int_equal(a.error_permanent, cases[i].permanent);
		codec_answer_release(&a);
		buffer_release(&bytes);
	}
}

static void test_bodies_of_errors(void **state)
{
	(void)state;
	static const struct {
		const char *body, *message;
		bool permanent;
	} cases[] = {
		{ "{\"message\":\"The security token included in the request is invalid.\"}",
		  "The security token included in the request is invalid.", false },
		{ "{\"Message\":\"User: x is not authorized\"}", "User: x is not authorized", false },
		{ "{\"message\":\"Too many tokens per day, please wait before trying again.\"}",
		  "Too many tokens per day, please wait before trying again.", true },
		{ "{\"message\":\"Too many requests, please wait before trying again.\"}",
		  "Too many requests, please wait before trying again.", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct codec_error e;
		codec_error_parse(&e, text_slice(cases[i].body));
		assert_non_null(e.message);
		assert_string_equal(e.message, cases[i].message);
		assert_int_equal(e.permanent, cases[i].permanent);
		codec_error_release(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claude_is_asked_in_its_own_format_and_others_through_converse),
		cmocka_unit_test(test_api_and_endpoint_can_be_chosen),
		cmocka_unit_test(test_region_and_keys_have_to_be_known),
		cmocka_unit_test(test_prices_of_claude_are_anthropics),
		cmocka_unit_test(test_requests_are_signed_with_what_is_sent),
		cmocka_unit_test(test_a_bedrock_key_needs_no_signature),
		cmocka_unit_test(test_body_of_a_question_with_a_picture),
		cmocka_unit_test(test_body_of_the_repair_round),
		cmocka_unit_test(test_body_without_limit_and_system_still_has_a_limit),
		cmocka_unit_test(test_long_shared_part_is_cached_for_claude),
		cmocka_unit_test(test_complaint_about_the_schema_takes_it_out),
		cmocka_unit_test(test_ids_are_one_segment_of_the_path),
		cmocka_unit_test(test_answers_are_read_streamed_and_whole),
		cmocka_unit_test(test_answer_without_its_stop_is_not_finished),
		cmocka_unit_test(test_reasons_to_stop),
		cmocka_unit_test(test_exceptions_in_the_stream),
		cmocka_unit_test(test_bodies_of_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
