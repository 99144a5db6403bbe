/*
 * What each API is sent, and what is made of its answers. The rules for bodies are the types of the
 * providers' own client libraries (npm: openai 6.49, @anthropic-ai/sdk 1.12, @google/genai 2.32).
 */
#include "base_testing.h"

#include "base/memory.h"
#include "model/codec.h"

static const char schema_text[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\",\"words\"],\"properties\":{"
	"\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9,\"description\":\"How many.\"},"
	"\"words\":{\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"string\",\"maxLength\":40}}}}";

static const struct model_image picture = { "image/png", { "\x89PNG", 4 } };

/* A question of every part there is, to MODEL of CODEC. */
struct asked {
	struct model model;
	struct model_request request;
	struct codec_question question;
	cJSON *schema;
};

static void ask(struct asked *a, const struct codec *codec)
{
	static char name[] = "m-1", endpoint[] = "https://api.example.org";
	*a = (struct asked){
		.model = { .name = name, .codec = codec, .endpoint = endpoint },
		.request = { .system = "You review papers.", .shared = "The paper.", .user = "Its proofs?",
			     .images = &picture, .nr_images = 1, .schema_name = "review",
			     .schema = schema_text, .max_output_tokens = 500 },
	};
	assert_ok(json_parse(&a->schema, text_slice(schema_text), "schema"));
	a->question = (struct codec_question){ .model = &a->model, .request = &a->request,
					       .schema = a->schema };
}

/* The question's body, as text; the caller frees it. */
static char *body_text(const struct asked *a)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	a->model.codec->write_body(&w, &a->question);
	return buffer_detach(&body, NULL);
}

static void asked_release(struct asked *a)
{
	cJSON_Delete(a->schema);
}

static void assert_has(const char *body, const char *part)
{
	if (!strstr(body, part))
		print_error("no %s in %s\n", part, body);
	assert_non_null(strstr(body, part));
}

static void assert_has_not(const char *body, const char *part)
{
	if (strstr(body, part))
		print_error("%s in %s\n", part, body);
	assert_null(strstr(body, part));
}

/* -- bodies keep to the rules ------------------------------------------------------------------------ */

/* The keys an object may have; those with a "!" it must have. PATH names the object: "[]" stands for an
 * item of a list, "=x" for the object's type being x. */
struct rule {
	const char *path, *keys;
};

static bool is_listed(const char *keys, const char *key, size_t len)
{
	for (const char *p = keys; (p = strstr(p, key)); p += len)
		if ((p == keys || p[-1] == ' ') && (!p[len] || strchr(" !", p[len])))
			return true;
	return false;
}

static void assert_required(const char *path, const char *keys, const cJSON *object)
{
	for (const char *p = keys; *p;) {
		size_t len = strcspn(p, " !");
		char *key = xmemdupz(p, len);
		if (p[len] == '!' && !cJSON_GetObjectItemCaseSensitive(object, key))
			fail_msg("%s lacks %s", path, key);
		free(key);
		p += len + (p[len] == '!');
		p += *p == ' ';
	}
}

static const char *keys_of(const struct rule *rules, const char *path, const cJSON *object)
{
	char *typed = xstrfmt("%s=%s", path, json_string_or(object, "type", ""));
	const char *keys = NULL;
	for (; rules->path && !keys; rules++)
		if (!strcmp(rules->path, path) || !strcmp(rules->path, typed))
			keys = rules->keys;
	if (!keys)
		fail_msg("nothing is known of %s", typed);
	free(typed);
	return keys;
}

/* Schemas are free: a rule "*" ends the walk. */
static void assert_keeps(const struct rule *rules, const char *path, const cJSON *value)
{
	const cJSON *item;
	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return;
	const char *keys = cJSON_IsObject(value) ? keys_of(rules, path, value) : "";
	if (!strcmp(keys, "*"))
		return;
	if (cJSON_IsObject(value))
		assert_required(path, keys, value);
	cJSON_ArrayForEach(item, value) {
		if (item->string && !is_listed(keys, item->string, strlen(item->string)))
			fail_msg("%s has %s", path, item->string);
		char *below = item->string ? xstrfmt("%s.%s", path, item->string) : xstrfmt("%s[]", path);
		assert_keeps(rules, below, item);
		free(below);
	}
}

static const struct rule chat_rules[] = {
	{ "", "messages! model! audio frequency_penalty logit_bias logprobs max_completion_tokens max_tokens "
	      "metadata modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key "
	      "reasoning_effort response_format safety_identifier seed service_tier stop store stream "
	      "stream_options temperature tool_choice tools top_logprobs top_p user verbosity" },
	{ ".messages[]", "role! content! name" },
	{ ".messages[].content[]=text", "type! text!" },
	{ ".messages[].content[]=image_url", "type! image_url!" },
	{ ".messages[].content[].image_url", "url! detail" },
	{ ".stream_options", "include_usage include_obfuscation" },
	{ ".response_format=json_schema", "type! json_schema!" },
	{ ".response_format=json_object", "type!" },
	{ ".response_format.json_schema", "name! description schema strict" },
	{ ".response_format.json_schema.schema", "*" },
	{ NULL, NULL },
};

static const struct rule responses_rules[] = {
	{ "", "background conversation include input instructions max_output_tokens max_tool_calls metadata "
	      "model parallel_tool_calls previous_response_id prompt prompt_cache_key reasoning "
	      "safety_identifier service_tier store stream stream_options temperature text tool_choice "
	      "tools top_logprobs top_p truncation" },
	{ ".input[]", "role! content! phase type" },
	{ ".input[].content[]=input_text", "type! text!" },
	{ ".input[].content[]=input_image", "type! detail! file_id image_url" },
	{ ".text", "format verbosity" },
	{ ".text.format=json_schema", "type! name! schema! description strict" },
	{ ".text.format=json_object", "type!" },
	{ ".text.format.schema", "*" },
	{ NULL, NULL },
};

static const struct rule anthropic_rules[] = {
	{ "", "max_tokens! messages! model! cache_control container inference_geo metadata output_config "
	      "service_tier stop_sequences stream system thinking tool_choice tools" },
	{ ".system[]=text", "type! text! cache_control citations" },
	{ ".messages[]", "role! content!" },
	{ ".messages[].content[]=text", "type! text! cache_control citations" },
	{ ".messages[].content[]=image", "type! source! cache_control" },
	{ ".messages[].content[].source=base64", "type! media_type! data!" },
	{ ".messages[].content[].cache_control=ephemeral", "type! ttl" },
	{ ".output_config", "effort format" },
	{ ".output_config.format=json_schema", "type! schema!" },
	{ ".output_config.format.schema", "*" },
	{ NULL, NULL },
};

static const struct rule gemini_rules[] = {
	{ "", "contents! systemInstruction generationConfig safetySettings tools toolConfig cachedContent" },
	{ ".systemInstruction", "role parts" },
	{ ".systemInstruction.parts[]", "text! thought" },
	{ ".contents[]", "role parts" },
	{ ".contents[].parts[]", "text inlineData fileData thought" },
	{ ".contents[].parts[].inlineData", "mimeType data displayName" },
	{ ".generationConfig", "candidateCount maxOutputTokens responseJsonSchema responseMimeType "
			       "responseSchema seed stopSequences temperature thinkingConfig topK topP" },
	{ ".generationConfig.responseJsonSchema", "*" },
	{ NULL, NULL },
};

static const struct rule ollama_rules[] = {
	{ "", "model! messages! stream format options keep_alive think tools" },
	{ ".messages[]", "role! content! images" },
	{ ".format", "*" },
	{ ".options", "num_ctx num_predict temperature" },
	{ NULL, NULL },
};

static const struct {
	const struct codec *codec;
	const struct rule *rules;
} apis[] = {
	{ &codec_openai, chat_rules },	     { &codec_responses, responses_rules },
	{ &codec_anthropic, anthropic_rules }, { &codec_gemini, gemini_rules },
	{ &codec_ollama, ollama_rules },
};

/* With all that makes a body different: the format, the repair round, in one piece, without pictures. */
static void test_bodies_keep_to_the_rules_of_the_providers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++)
		for (unsigned kind = 0; kind < 24; kind++) {
			struct asked a;
			cJSON *body;
			ask(&a, apis[i].codec);
			a.question.dialect.format = kind % 3;
			a.question.complaint = kind & 4 ? "No JSON." : NULL;
			a.question.earlier = text_slice(kind & 8 ? "prose" : "");
			a.question.whole = kind >= 12;
			a.request.nr_images = kind % 2;
			char *text = body_text(&a);
			assert_ok(json_parse(&body, text_slice(text), "the body"));
			assert_keeps(apis[i].rules, "", body);
			cJSON_Delete(body);
			free(text);
			asked_release(&a);
		}
}

static void test_all_of_a_question_is_sent(void **state)
{
	(void)state;
	static const char *const parts[] = { "You review papers.", "The paper.", "Its proofs?", "iVBORw==",
					     "500", "additionalProperties" };
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct asked a;
		ask(&a, apis[i].codec);
		char *body = body_text(&a);
		for (size_t p = 0; p < ARRAY_SIZE(parts); p++)
			assert_has(body, parts[p]);
		assert_true(strstr(body, "The paper.") < strstr(body, "Its proofs?"));
		free(body);
		asked_release(&a);
	}
}

static void test_a_schema_that_is_not_known_is_sent_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct asked a;
		ask(&a, apis[i].codec);
		a.question.dialect.format = FORMAT_NONE;
		char *body = body_text(&a);
		assert_has(body, "one JSON object of this JSON Schema");
		assert_has_not(body, "\"additionalProperties\":false");
		free(body);
		asked_release(&a);
	}
}

static void test_the_repair_round_shows_the_wrong_answer(void **state)
{
	(void)state;
	static const char *const turns[] = {
		"{\"role\":\"assistant\",\"content\":\"prose\"},{\"role\":\"user\",\"content\":\"No JSON.\"}",
		"{\"role\":\"assistant\",\"content\":\"prose\"},{\"role\":\"user\",\"content\":\"No JSON.\"}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"prose\"}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"No JSON.\"}]}",
		"{\"role\":\"model\",\"parts\":[{\"text\":\"prose\"}]},"
		"{\"role\":\"user\",\"parts\":[{\"text\":\"No JSON.\"}]}",
		"{\"role\":\"assistant\",\"content\":\"prose\"},{\"role\":\"user\",\"content\":\"No JSON.\"}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct asked a;
		ask(&a, apis[i].codec);
		a.question.earlier = text_slice("prose");
		a.question.complaint = "No JSON.";
		char *body = body_text(&a);
		assert_has(body, turns[i]);
		free(body);
		asked_release(&a);
	}
}

static void test_an_answer_in_one_piece_is_not_streamed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct asked a;
		ask(&a, apis[i].codec);
		a.question.whole = true;
		char *body = body_text(&a);
		assert_has_not(body, "\"stream\":true");
		assert_has_not(body, "stream_options");
		free(body);
		asked_release(&a);
	}
}

static void test_pictures_have_the_form_of_each_api(void **state)
{
	(void)state;
	static const char *const forms[] = {
		"{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,iVBORw==\"}}",
		"{\"type\":\"input_image\",\"detail\":\"auto\",\"image_url\":\"data:image/png;base64,iVBORw==\"}",
		"\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw==\"}}",
		"{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBORw==\"}}",
		"\"images\":[\"iVBORw==\"]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		struct asked a;
		ask(&a, apis[i].codec);
		char *body = body_text(&a);
		assert_has(body, forms[i]);
		free(body);
		asked_release(&a);
	}
}

/* What an API refuses is told to the model, and checked here. */
static void test_keywords_that_an_api_refuses_become_words(void **state)
{
	(void)state;
	struct asked a;
	ask(&a, &codec_anthropic);
	char *body = body_text(&a);
	assert_has(body, "\"n\":{\"type\":\"integer\",\"description\":\"How many. (minimum 0, maximum 9)\"}");
	assert_has(body, "\"words\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"description\":"
			 "\"(maxLength 40)\"},\"description\":\"(maxItems 3)\"}");
	free(body);
	asked_release(&a);
	ask(&a, &codec_gemini);
	body = body_text(&a);
	assert_has(body, "\"minimum\":0,\"maximum\":9,\"description\":\"How many.\"");
	assert_has_not(body, "\"maxLength\"");
	free(body);
	asked_release(&a);
	ask(&a, &codec_ollama); /* its grammar knows them all */
	body = body_text(&a);
	assert_has(body, "\"maxLength\":40");
	free(body);
	asked_release(&a);
}

static void test_only_what_is_long_and_shared_is_marked_for_the_cache(void **state)
{
	(void)state;
	static const char mark[] = "cache_control";
	struct asked a;
	struct buffer paper = BUFFER_INIT;
	for (unsigned i = 0; i < 1200; i++)
		buffer_addstr(&paper, "lemma ");
	ask(&a, &codec_anthropic);
	char *body = body_text(&a);
	assert_has_not(body, mark); /* too short to be cached */
	free(body);
	a.request.shared = paper.data;
	body = body_text(&a);
	assert_has(body, "lemma \",\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"image\"");
	const char *first = strstr(body, mark);
	assert_null(strstr(first + 1, mark));
	free(body);
	a.question.alone = true;
	body = body_text(&a);
	assert_has_not(body, mark);
	free(body);
	asked_release(&a);
	buffer_release(&paper);
}

static void test_anthropic_is_sent_no_sampling_parameters(void **state)
{
	(void)state;
	struct asked a;
	ask(&a, &codec_anthropic);
	a.request.max_output_tokens = 0;
	char *body = body_text(&a);
	assert_has_not(body, "temperature");
	assert_has_not(body, "top_");
	assert_has(body, "\"max_tokens\":4096");
	free(body);
	asked_release(&a);
}

static void test_addresses_name_the_model_where_the_api_wants_it(void **state)
{
	(void)state;
	static const struct {
		const struct codec *codec;
		const char *model, *path;
	} cases[] = {
		{ &codec_openai, "m", "/chat/completions" },
		{ &codec_responses, "m", "/responses" },
		{ &codec_anthropic, "m", "/v1/messages" },
		{ &codec_gemini, "gemini-3.8-flash",
		  "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse" },
		{ &codec_gemini, "models/g", "/v1beta/models/g:streamGenerateContent?alt=sse" },
		{ &codec_gemini, "tunedModels/g", "/v1beta/tunedModels/g:streamGenerateContent?alt=sse" },
		{ &codec_gemini, "../x?y", "/v1beta/models/..%2Fx%3Fy:streamGenerateContent?alt=sse" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer path = BUFFER_INIT;
		char *name = xstrdup(cases[i].model);
		codec_write_path(&path, &(struct model){ .codec = cases[i].codec, .name = name });
		assert_string_equal(path.data, cases[i].path);
		buffer_release(&path);
		free(name);
	}
}

/* -- answers ------------------------------------------------------------------------------------------ */

struct reader {
	const struct codec *codec;
	struct codec_answer answer;
};

static struct error *take(void *data, const char *event, struct slice message)
{
	struct reader *r = data;
	return codec_take_message(r->codec, &r->answer, event, message);
}

static void read_answer(struct codec_answer *out, const struct codec *codec, const char *bytes)
{
	struct reader r = { .codec = codec };
	struct stream s;
	codec_answer_init(&r.answer);
	stream_init(&s, codec->stream, take, &r);
	assert_ok(stream_feed(&s, bytes, strlen(bytes)));
	assert_ok(stream_end(&s));
	stream_release(&s);
	*out = r.answer;
}

static void assert_usage(const struct model_usage *u, int64_t input, int64_t output, int64_t cached,
			 int64_t written, int64_t reasoning)
{
	assert_int_equal(u->input_tokens, input);
	assert_int_equal(u->output_tokens, output);
	assert_int_equal(u->cached_tokens, cached);
	assert_int_equal(u->cache_write_tokens, written);
	assert_int_equal(u->reasoning_tokens, reasoning);
}

#define CHAT_USAGE                                                                                   \
	"\"usage\":{\"prompt_tokens\":900,\"completion_tokens\":60,\"total_tokens\":960,"            \
	"\"prompt_tokens_details\":{\"cached_tokens\":800,\"audio_tokens\":0,\"cache_write_tokens\":50}," \
	"\"completion_tokens_details\":{\"reasoning_tokens\":40}}"

static const char chat_stream[] =
	"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m-2026\",\"choices\":[{\"index\":0,"
	"\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n"
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"{\\\"n\\\":\"}}]}\n\n"
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"1}\"}}]}\n\n"
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	"data: {\"choices\":[]," CHAT_USAGE "}\n\n"
	"data: [DONE]\n\n";

#define RESPONSES_USAGE                                                                              \
	"\"usage\":{\"input_tokens\":900,\"input_tokens_details\":{\"cached_tokens\":800,"           \
	"\"cache_write_tokens\":50},\"output_tokens\":60,\"output_tokens_details\":{"                \
	"\"reasoning_tokens\":40},\"total_tokens\":960}"
#define RESPONSES_OUTPUT                                                                             \
	"\"output\":[{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[]},{\"type\":\"message\",\"role\":" \
	"\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"{\\\"n\\\":1}\",\"annotations\":[]}]}]"

static const char responses_stream[] =
	"event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"object\":"
	"\"response\",\"status\":\"in_progress\",\"model\":\"m-2026\",\"error\":null,\"output\":[],"
	"\"usage\":null}}\n\n"
	"event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,"
	"\"item\":{\"type\":\"message\",\"content\":[]}}\n\n"
	"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":"
	"\"{\\\"n\\\":\"}\n\n"
	"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"1}\"}\n\n"
	"event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"text\":"
	"\"{\\\"n\\\":1}\"}\n\n"
	"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"object\":\"response\","
	"\"status\":\"completed\",\"error\":null,\"incomplete_details\":null,\"model\":\"m-2026\","
	RESPONSES_OUTPUT "," RESPONSES_USAGE "}}\n\n";

static const char anthropic_stream[] =
	"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
	"\"role\":\"assistant\",\"model\":\"m-2026\",\"content\":[],\"stop_reason\":null,\"usage\":{"
	"\"input_tokens\":50,\"cache_creation_input_tokens\":50,\"cache_read_input_tokens\":800,"
	"\"output_tokens\":1}}}\n\n"
	"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
	"\"type\":\"thinking\",\"thinking\":\"\"}}\n\n"
	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
	"\"thinking_delta\",\"thinking\":\"Hm.\"}}\n\n"
	"event: ping\ndata: {\"type\": \"ping\"}\n\n"
	"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{"
	"\"type\":\"text\",\"text\":\"\"}}\n\n"
	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	"\"text_delta\",\"text\":\"{\\\"n\\\":\"}}\n\n"
	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	"\"text_delta\",\"text\":\"1}\"}}\n\n"
	"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
	"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
	"\"stop_sequence\":null},\"usage\":{\"output_tokens\":60,\"output_tokens_details\":{"
	"\"thinking_tokens\":40}}}\n\n"
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

static const char gemini_stream[] =
	"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hm.\",\"thought\":true}],\"role\":\"model\"},"
	"\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":900,\"thoughtsTokenCount\":10,"
	"\"totalTokenCount\":910},\"modelVersion\":\"m-2026\"}\r\n\r\n"
	"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{\\\"n\\\":\"}],\"role\":\"model\"}}],"
	"\"modelVersion\":\"m-2026\"}\r\n\r\n"
	"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"1}\"}],\"role\":\"model\"},"
	"\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":900,"
	"\"cachedContentTokenCount\":800,\"candidatesTokenCount\":20,\"thoughtsTokenCount\":40,"
	"\"totalTokenCount\":960},\"modelVersion\":\"m-2026\"}\r\n\r\n";

static const char ollama_stream[] =
	"{\"model\":\"m-2026\",\"message\":{\"role\":\"assistant\",\"content\":\"{\\\"n\\\":\"},\"done\":false}\n"
	"{\"model\":\"m-2026\",\"message\":{\"role\":\"assistant\",\"content\":\"1}\"},\"done\":false}\n"
	"{\"model\":\"m-2026\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
	"\"done_reason\":\"stop\",\"prompt_eval_count\":900,\"eval_count\":60}\n";

#define CHAT_WHOLE                                                                                   \
	"{\"object\":\"chat.completion\",\"model\":\"m-2026\",\"choices\":[{\"message\":{\"content\":"   \
	"\"{\\\"n\\\":1}\",\"refusal\":null},\"finish_reason\":\"stop\"}]," CHAT_USAGE "}"
#define RESPONSES_WHOLE                                                                              \
	"{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"error\":null,\"model\":\"m-2026\"," \
	RESPONSES_OUTPUT "," RESPONSES_USAGE "}"
#define ANTHROPIC_WHOLE                                                                              \
	"{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m-2026\",\"content\":[{\"type\":" \
	"\"thinking\",\"thinking\":\"Hm.\",\"signature\":\"x\"},{\"type\":\"text\",\"text\":\"{\\\"n\\\":1}\"}]," \
	"\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":50,\"cache_creation_input_tokens\":50," \
	"\"cache_read_input_tokens\":800,\"output_tokens\":60,\"output_tokens_details\":{"           \
	"\"thinking_tokens\":40}}}"
#define GEMINI_WHOLE                                                                                 \
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hm.\",\"thought\":true},{\"text\":"       \
	"\"{\\\"n\\\":1}\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":900,"  \
	"\"cachedContentTokenCount\":800,\"candidatesTokenCount\":20,\"thoughtsTokenCount\":40},"    \
	"\"modelVersion\":\"m-2026\"}"

static const struct {
	const struct codec *codec;
	const char *bytes;
	int64_t cached, written, reasoning;
} answers[] = {
	{ &codec_openai, chat_stream, 800, 50, 40 },
	{ &codec_openai, CHAT_WHOLE, 800, 50, 40 },
	{ &codec_responses, responses_stream, 800, 50, 40 },
	{ &codec_responses, RESPONSES_WHOLE, 800, 50, 40 },
	{ &codec_anthropic, anthropic_stream, 800, 50, 40 },
	{ &codec_anthropic, ANTHROPIC_WHOLE, 800, 50, 40 },
	{ &codec_gemini, gemini_stream, 800, -1, 40 },
	{ &codec_gemini, GEMINI_WHOLE, 800, -1, 40 },
	{ &codec_gemini, "[" GEMINI_WHOLE "]", 800, -1, 40 },
	{ &codec_ollama, ollama_stream, -1, -1, -1 },
};

static void test_answers_are_read_streamed_and_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct codec_answer a;
		read_answer(&a, answers[i].codec, answers[i].bytes);
		assert_null(a.error);
		assert_string_equal(a.text.data, "{\"n\":1}");
		assert_string_equal(a.served_model, "m-2026");
		assert_true(a.finished);
		assert_false(a.truncated || a.filtered || a.refusal.len);
		assert_usage(&a.usage, 900, 60, answers[i].cached, answers[i].written, answers[i].reasoning);
		codec_answer_release(&a);
	}
}

/* Whatever of a stream has not come, the answer is known to be incomplete. */
static void test_a_stream_cut_before_its_end_is_not_finished(void **state)
{
	(void)state;
	static const char *const ends[] = { "\"finish_reason\":\"stop\"", "event: response.completed",
					    "\"stop_reason\":\"end_turn\"", "\"finishReason\"", "\"done\":true" };
	static const char *const streams[] = { chat_stream, responses_stream, anthropic_stream, gemini_stream,
					       ollama_stream };
	for (size_t i = 0; i < ARRAY_SIZE(apis); i++) {
		const char *end = strstr(streams[i], ends[i]);
		const char *line = end;
		while (line > streams[i] && line[-1] != '\n')
			line--;
		char *cut = xmemdupz(streams[i], (size_t)(line - streams[i]));
		struct codec_answer a;
		read_answer(&a, apis[i].codec, cut);
		assert_false(a.finished);
		codec_answer_release(&a);
		free(cut);
	}
}

#define RESPONSES_END(kind, rest)                                                                    \
	"event: response." kind "\ndata: {\"type\":\"response." kind "\",\"response\":{\"object\":"    \
	"\"response\",\"status\":\"" kind "\"," rest "}}\n\n"
#define ANTHROPIC_END(reason, details)                                                               \
	"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason   \
	"\",\"stop_details\":" details "},\"usage\":{\"output_tokens\":5}}\n\n"
#define GEMINI_END(reason) "data: {\"candidates\":[{\"finishReason\":\"" reason "\"}]}\n\n"

static void test_other_ends_than_the_usual(void **state)
{
	(void)state;
	static const struct {
		const struct codec *codec;
		const char *bytes;
		bool finished, truncated, filtered;
		const char *refusal;
	} cases[] = {
		{ &codec_openai, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", true,
		  true, false, "" },
		{ &codec_openai, "data: {\"choices\":[{\"delta\":{\"refusal\":\"I will not\"},\"finish_reason\":"
				 "\"stop\"}]}\n\n", true, false, false, "I will not" },
		{ &codec_responses, RESPONSES_END("incomplete", "\"incomplete_details\":{\"reason\":"
				    "\"max_output_tokens\"}"), true, true, false, "" },
		{ &codec_responses, RESPONSES_END("incomplete", "\"incomplete_details\":{\"reason\":"
				    "\"content_filter\"}"), true, false, true, "" },
		{ &codec_responses, "event: response.refusal.delta\ndata: {\"type\":\"response.refusal.delta\","
				    "\"delta\":\"I will not\"}\n\n" RESPONSES_END("completed", "\"output\":[{"
				    "\"content\":[{\"type\":\"refusal\",\"refusal\":\"I will not\"}]}]"), true,
		  false, false, "I will not" },
		{ &codec_anthropic, ANTHROPIC_END("max_tokens", "null"), true, true, false, "" },
		{ &codec_anthropic, ANTHROPIC_END("model_context_window_exceeded", "null"), true, true, false,
		  "" },
		{ &codec_anthropic, ANTHROPIC_END("refusal", "null"), true, false, true, "" },
		{ &codec_anthropic, ANTHROPIC_END("refusal", "{\"type\":\"refusal\",\"category\":\"bio\","
				    "\"explanation\":null}"), true, false, false,
		  "its provider classed the question as bio" },
		{ &codec_anthropic, ANTHROPIC_END("refusal", "{\"type\":\"refusal\",\"category\":\"bio\","
				    "\"explanation\":\"Against the rules.\"}"), true, false, false,
		  "Against the rules." },
		{ &codec_anthropic, ANTHROPIC_END("pause_turn", "null"), false, false, false, "" },
		{ &codec_gemini, GEMINI_END("MAX_TOKENS"), true, true, false, "" },
		{ &codec_gemini, GEMINI_END("SAFETY"), true, false, true, "" },
		{ &codec_gemini, GEMINI_END("RECITATION"), true, false, true, "" },
		{ &codec_gemini, GEMINI_END("PROHIBITED_CONTENT"), true, false, true, "" },
		{ &codec_gemini, GEMINI_END("FINISH_REASON_UNSPECIFIED"), false, false, false, "" },
		{ &codec_gemini, "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}}\n\n", true,
		  false, true, "" },
		{ &codec_ollama, "{\"done\":true,\"done_reason\":\"length\"}\n", true, true, false, "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct codec_answer a;
		read_answer(&a, cases[i].codec, cases[i].bytes);
		if (a.finished != cases[i].finished || a.truncated != cases[i].truncated ||
		    a.filtered != cases[i].filtered || strcmp(a.refusal.data, cases[i].refusal))
			fail_msg("%s: finished %d, truncated %d, filtered %d, refusal '%s'", cases[i].bytes,
				 a.finished, a.truncated, a.filtered, a.refusal.data);
		codec_answer_release(&a);
	}
}

static void test_errors_inside_good_streams(void **state)
{
	(void)state;
	static const struct {
		const struct codec *codec;
		const char *bytes, *error;
		bool permanent;
	} cases[] = {
		{ &codec_openai, "data: {\"error\":{\"message\":\"The server had an error\",\"type\":"
				 "\"server_error\"}}\n\n", "The server had an error", false },
		{ &codec_responses, RESPONSES_END("failed", "\"error\":{\"code\":\"server_error\",\"message\":"
				    "\"Out of luck\"}"), "Out of luck", false },
		{ &codec_responses, RESPONSES_END("failed", "\"error\":{\"code\":\"invalid_prompt\",\"message\":"
				    "\"Against the policy\"}"), "Against the policy", true },
		{ &codec_responses, "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\","
				    "\"message\":\"Slow down\",\"param\":null}\n\n", "Slow down", false },
		{ &codec_anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
				    "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", "Overloaded", false },
		{ &codec_anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
				    "\"invalid_request_error\",\"message\":\"Too long\"}}\n\n", "Too long", true },
		{ &codec_gemini, "data: {\"error\":{\"code\":503,\"message\":\"Overloaded\",\"status\":"
				 "\"UNAVAILABLE\"}}\n\n", "Overloaded", false },
		{ &codec_gemini, "[{\"error\":{\"code\":400,\"message\":\"Bad key\",\"status\":"
				 "\"INVALID_ARGUMENT\"}}]", "Bad key", true },
		{ &codec_ollama, "{\"error\":\"out of memory\"}\n", "out of memory", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct codec_answer a;
		read_answer(&a, cases[i].codec, cases[i].bytes);
		assert_non_null(a.error);
		assert_string_equal(a.error, cases[i].error);
		assert_int_equal(a.error_permanent, cases[i].permanent);
		codec_answer_release(&a);
	}
}

/* -- bodies of errors ---------------------------------------------------------------------------------- */

#define GOOGLE(message, details)                                                                     \
	"{\"error\":{\"code\":429,\"message\":\"" message "\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[" \
	details "]}}"
#define RETRY_INFO(delay)                                                                            \
	"{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"" delay "\"}"
#define QUOTA(id)                                                                                    \
	"{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{\"quotaId\":\"" id "\"}]}"
#define ANTHROPIC(type, message, details)                                                            \
	"{\"type\":\"error\",\"error\":{\"type\":\"" type "\",\"message\":\"" message "\"" details "},"   \
	"\"request_id\":\"r\"}"

static void test_what_bodies_of_errors_tell(void **state)
{
	(void)state;
	static const struct {
		const char *body, *message;
		bool permanent;
		uint64_t retry_ms;
	} cases[] = {
		{ GOOGLE("Quota exceeded", QUOTA("PerMinute") "," RETRY_INFO("46s")), "Quota exceeded", false,
		  46000 },
		{ GOOGLE("Quota exceeded", RETRY_INFO("46.5s")), "Quota exceeded", false, 46500 },
		{ GOOGLE("Please retry in 46.07s.", ""), "Please retry in 46.07s.", false, 46070 },
		{ GOOGLE("Please retry in 3h2m1.5s.", ""), "Please retry in 3h2m1.5s.", false, 10921500 },
		{ GOOGLE("Quota exceeded", QUOTA("RequestsPerDayPerModel-FreeTier") "," RETRY_INFO("20s")),
		  "Quota exceeded", false, 3600000 },
		{ "[" GOOGLE("Quota exceeded", RETRY_INFO("1s")) "]", "Quota exceeded", false, 1000 },
		{ "{\"error\":{\"code\":403,\"message\":\"No\",\"status\":\"PERMISSION_DENIED\"}}", "No", true, 0 },
		{ "{\"error\":{\"message\":\"Rate limit reached. Please try again in 1m12s.\",\"type\":\"tokens\","
		  "\"code\":\"rate_limit_exceeded\"}}", "Rate limit reached. Please try again in 1m12s.", false,
		  72000 },
		{ "{\"error\":{\"message\":\"Try again in 6ms\"}}", "Try again in 6ms", false, 6 },
		{ "{\"error\":{\"message\":\"try again in 20 seconds\"}}", "try again in 20 seconds", false, 20000 },
		{ "{\"error\":{\"message\":\"try again in 99999999999999999999999999 d\"}}",
		  "try again in 99999999999999999999999999 d", false, 2592000000 },
		{ "{\"error\":{\"message\":\"try again in a while\"}}", "try again in a while", false, 0 },
		{ "{\"error\":{\"message\":\"Buy more\",\"code\":\"insufficient_quota\"}}", "Buy more", true, 0 },
		{ ANTHROPIC("overloaded_error", "Overloaded", ""), "Overloaded", false, 0 },
		{ ANTHROPIC("rate_limit_error", "Slow down", ",\"details\":{\"error_code\":\"ramp_limit_exceeded\"}"),
		  "Slow down", false, 0 },
		{ ANTHROPIC("rate_limit_error", "No more", ",\"details\":{\"error_code\":"
			    "\"enforced_spend_limit_reached\"}"), "No more", true, 0 },
		{ ANTHROPIC("rate_limit_error", "This would exceed your monthly spend limit", ""),
		  "This would exceed your monthly spend limit", true, 0 },
		{ ANTHROPIC("billing_error", "Pay", ""), "Pay", true, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct codec_error e;
		codec_error_parse(&e, text_slice(cases[i].body));
		assert_string_equal(e.message, cases[i].message);
		assert_int_equal(e.permanent, cases[i].permanent);
		assert_int_equal(e.retry_ms, cases[i].retry_ms);
		codec_error_release(&e);
	}
}

/* -- servers that know less ------------------------------------------------------------------------------ */

static void test_complaints_about_the_format_lead_to_another(void **state)
{
	(void)state;
	static const struct {
		const struct codec *codec;
		const char *complaint;
		enum codec_format then;
	} cases[] = {
		{ &codec_openai, "response_format is not supported", FORMAT_OBJECT },
		{ &codec_responses, "Invalid parameter: 'text.format'", FORMAT_OBJECT },
		{ &codec_anthropic, "output_config: Extra inputs are not permitted", FORMAT_NONE },
		{ &codec_anthropic, "this model does not support output format", FORMAT_NONE },
		{ &codec_gemini, "Unknown name \\\"responseJsonSchema\\\"", FORMAT_OBJECT },
		{ &codec_gemini, "JSON mode is not enabled for models/gemma-3", FORMAT_OBJECT },
		{ &codec_ollama, "invalid format", FORMAT_OBJECT },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct codec_dialect dialect = { FORMAT_SCHEMA };
		assert_false(cases[i].codec->adapt(&dialect, "the prompt is too long"));
		assert_true(cases[i].codec->adapt(&dialect, cases[i].complaint));
		assert_int_equal(dialect.format, cases[i].then);
		dialect.format = FORMAT_NONE;
		assert_false(cases[i].codec->adapt(&dialect, cases[i].complaint));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies_keep_to_the_rules_of_the_providers),
		cmocka_unit_test(test_all_of_a_question_is_sent),
		cmocka_unit_test(test_a_schema_that_is_not_known_is_sent_in_words),
		cmocka_unit_test(test_the_repair_round_shows_the_wrong_answer),
		cmocka_unit_test(test_an_answer_in_one_piece_is_not_streamed),
		cmocka_unit_test(test_pictures_have_the_form_of_each_api),
		cmocka_unit_test(test_keywords_that_an_api_refuses_become_words),
		cmocka_unit_test(test_only_what_is_long_and_shared_is_marked_for_the_cache),
		cmocka_unit_test(test_anthropic_is_sent_no_sampling_parameters),
		cmocka_unit_test(test_addresses_name_the_model_where_the_api_wants_it),
		cmocka_unit_test(test_answers_are_read_streamed_and_whole),
		cmocka_unit_test(test_a_stream_cut_before_its_end_is_not_finished),
		cmocka_unit_test(test_other_ends_than_the_usual),
		cmocka_unit_test(test_errors_inside_good_streams),
		cmocka_unit_test(test_what_bodies_of_errors_tell),
		cmocka_unit_test(test_complaints_about_the_format_lead_to_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
