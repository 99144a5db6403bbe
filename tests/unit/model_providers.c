/* Which model a name means, where it is and what it costs. */
#include "base_testing.h"
#include "scripted_server.h"

#include "base/memory.h"
#include "model/codec.h"
#include "model/ollama.h"
#include "model/provider.h"
#include "model/providers.h"

/* "key=value" lines; configuration keys and environment variables together. */
struct world {
	const char *const *settings;
};

static const char *lookup(void *data, const char *key)
{
	const struct world *world = data;
	for (const char *const *line = world->settings; *line; line++)
		if (!strncmp(*line, key, strlen(key)) && (*line)[strlen(key)] == '=')
			return *line + strlen(key) + 1;
	return NULL;
}

static void lookup_each(void *data, const char *prefix,
			void (*fn)(const char *key, const char *value, void *fn_data), void *fn_data)
{
	const struct world *world = data;
	for (const char *const *line = world->settings; *line; line++) {
		const char *equals = strchr(*line, '=');
		if (strncmp(*line, prefix, strlen(prefix)))
			continue;
		char *key = xmemdupz(*line, (size_t)(equals - *line));
		fn(key, equals + 1, fn_data);
		free(key);
	}
}

#define FIND(out, spec, ...)                                                                    \
	model_find((out), (spec),                                                               \
		   &(struct model_settings){                                                    \
			   .config = lookup,                                                    \
			   .config_each = lookup_each,                                          \
			   .env = lookup,                                                       \
			   .data = &(struct world){ (const char *const[]){ __VA_ARGS__, NULL } } })
#define NOTHING "none="

static void test_openai_needs_only_its_key(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "openai/gpt-6-luna", "OPENAI_API_KEY=sk-1234567890"));
	assert_string_equal(m.reviewer, "openai/gpt-6-luna");
	assert_string_equal(m.provider, "openai");
	assert_string_equal(m.name, "gpt-6-luna");
	assert_string_equal(m.family, "gpt");
	assert_string_equal(m.endpoint, "https://api.openai.com/v1");
	assert_string_equal(m.key, "sk-1234567890");
	assert_ptr_equal(m.codec, &codec_openai);
	assert_false(m.local);
	assert_true(m.price_in > 0.09 && m.price_in < 0.11);
	model_release(&m);
}

static void test_missing_key_says_which_variable(void **state)
{
	(void)state;
	struct model m;
	assert_error(FIND(&m, "openai/gpt-6-luna", NOTHING), ERROR_USAGE, "OPENAI_API_KEY is not set");
	assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=https://lab.example.org/v1",
			  "scrutiny.lab.keyenv=LAB_KEY"), ERROR_USAGE, "LAB_KEY is not set");
	assert_error(FIND(&m, "openai/x", "OPENAI_API_KEY=two\nlines"), ERROR_USAGE, "no key has");
}

/* A credential helper that keeps one key for everybody. */
static char *stored(void *data, const char *provider, const char *endpoint)
{
	(void)data, (void)endpoint;
	return xstrfmt("stored-for-%s", provider);
}

static struct error *find_stored(struct model *m, const char *spec, const char *const *settings)
{
	return model_find(m, spec, &(struct model_settings){
		.config = lookup, .env = lookup, .credential = stored, .data = &(struct world){ settings } });
}

static void test_the_credential_helper_is_asked_when_the_environment_has_no_key(void **state)
{
	(void)state;
	struct model m;
	assert_ok(find_stored(&m, "openai/gpt-6-luna", (const char *[]){ NOTHING, NULL }));
	assert_string_equal(m.key, "stored-for-openai");
	assert_string_equal(m.key_from, MODEL_KEY_STORED);
	model_release(&m);
	assert_ok(find_stored(&m, "openai/gpt-6-luna", (const char *[]){ "OPENAI_API_KEY=sk-1234567890", NULL }));
	assert_string_equal(m.key, "sk-1234567890");
	assert_string_equal(m.key_from, "OPENAI_API_KEY");
	model_release(&m);
	assert_error(find_stored(&m, "lab/x", (const char *[]){ "scrutiny.lab.endpoint=http://lab.example.org/v1",
								NULL }),
		     ERROR_USAGE, "in the clear");
}

static void test_any_name_with_an_endpoint_is_openai_compatible(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "lab/org/qwen3:8b", "scrutiny.lab.endpoint=https://lab.example.org/",
		       "scrutiny.lab.keyenv=LAB_KEY", "LAB_KEY=secret", "scrutiny.lab.maxtokens=2000",
		       "scrutiny.lab.contexttokens=32k", "scrutiny.lab/org/qwen3:8b.contexttokens=16k",
		       "scrutiny.lab.pricein=0.5", "scrutiny.lab.priceout=1"));
	assert_string_equal(m.name, "org/qwen3:8b");
	assert_string_equal(m.family, "qwen");
	assert_string_equal(m.endpoint, "https://lab.example.org/v1");
	assert_string_equal(m.key, "secret");
	assert_int_equal(m.max_output_tokens, 2000);
	assert_int_equal(m.context_tokens, 16384);
	assert_true(model_cost(&m, &(struct model_usage){ 2000000, 1000000, -1 }, 0) == 2.0);
	model_release(&m);
}

static void test_endpoints_are_tidied(void **state)
{
	(void)state;
	static const struct {
		const char *setting, *endpoint;
	} cases[] = {
		{ "scrutiny.lab.endpoint=http://127.0.0.1:8080", "http://127.0.0.1:8080/v1" },
		{ "scrutiny.lab.endpoint=http://127.0.0.1:8080//", "http://127.0.0.1:8080/v1" },
		{ "scrutiny.lab.endpoint=http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1" },
		{ "scrutiny.lab.endpoint=http://[::1]/v1/chat/completions", "http://[::1]/v1" },
		{ "scrutiny.lab.endpoint=http://127.0.0.1/api/openai", "http://127.0.0.1/api/openai" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model m;
		assert_ok(FIND(&m, "lab/x", cases[i].setting));
		assert_string_equal(m.endpoint, cases[i].endpoint);
		assert_true(m.local);
		assert_true(m.price_in == 0);
		model_release(&m);
	}
}

static void test_each_provider_has_its_variables_address_and_way_to_show_the_key(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *key, *endpoint, *family;
		enum model_auth auth;
	} cases[] = {
		{ "anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY=k", "https://api.anthropic.com", "claude",
		  MODEL_AUTH_X_API_KEY },
		{ "gemini/gemini-3.8-flash", "GEMINI_API_KEY=k", "https://generativelanguage.googleapis.com",
		  "gemini", MODEL_AUTH_X_GOOG_API_KEY },
		{ "gemini/gemini-3.8-flash", "GOOGLE_API_KEY=k", "https://generativelanguage.googleapis.com",
		  "gemini", MODEL_AUTH_X_GOOG_API_KEY },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model m;
		assert_ok(FIND(&m, cases[i].spec, cases[i].key));
		assert_string_equal(m.endpoint, cases[i].endpoint);
		assert_string_equal(m.family, cases[i].family);
		assert_string_equal(m.key, "k");
		assert_int_equal(m.auth, cases[i].auth);
		model_release(&m);
	}
}

/* Whether the version of the API is part of the address is a matter of taste, not of the user's care. */
static void test_the_version_may_stand_in_an_endpoint_or_not(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *setting, *endpoint;
	} cases[] = {
		{ "anthropic/m", "ANTHROPIC_BASE_URL=http://127.0.0.1:1", "http://127.0.0.1:1" },
		{ "anthropic/m", "ANTHROPIC_BASE_URL=http://127.0.0.1:1/v1/", "http://127.0.0.1:1" },
		{ "anthropic/m", "ANTHROPIC_BASE_URL=http://127.0.0.1:1/sub/v1/messages",
		  "http://127.0.0.1:1/sub" },
		{ "gemini/m", "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1/v1beta", "http://127.0.0.1:1" },
		{ "gemini/m", "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1/v1beta/models", "http://127.0.0.1:1" },
		{ "openai/m", "OPENAI_BASE_URL=http://127.0.0.1:1/v1/chat/completions", "http://127.0.0.1:1/v1" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model m;
		assert_ok(FIND(&m, cases[i].spec, cases[i].setting));
		assert_string_equal(m.endpoint, cases[i].endpoint);
		model_release(&m);
	}
}

static void test_any_server_may_speak_any_api(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "lab/m", "scrutiny.lab.endpoint=http://127.0.0.1:1/v1",
		       "scrutiny.lab.api=anthropic", "scrutiny.lab.keyenv=LAB_KEY", "LAB_KEY=k"));
	assert_ptr_equal(m.codec, &codec_anthropic);
	assert_int_equal(m.auth, MODEL_AUTH_X_API_KEY);
	assert_string_equal(m.endpoint, "http://127.0.0.1:1");
	model_release(&m);
	assert_ok(FIND(&m, "openai/m", "scrutiny.openai.api=responses", "OPENAI_API_KEY=k"));
	assert_ptr_equal(m.codec, &codec_responses);
	assert_int_equal(m.auth, MODEL_AUTH_BEARER);
	model_release(&m);
	struct error *err = FIND(&m, "lab/m", "scrutiny.lab.endpoint=http://127.0.0.1:1", "scrutiny.lab.api=x");
	assert_non_null(strstr(err->message, "it must be one of openai, responses, anthropic, gemini"));
	error_free(err);
}

static void test_names_that_mean_nothing_are_explained(void **state)
{
	(void)state;
	struct model m;
	static const char *const bad[] = { "", "/", "/x", "a/", "a b/c", "../x", "lab/with space",
					   "lab/\x1b[31m", "lab/\xff" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(FIND(&m, bad[i], NOTHING), ERROR_USAGE, "does not name a model");
	assert_error(FIND(&m, "opnai/gpt", NOTHING), ERROR_USAGE, "no provider 'opnai'");
	assert_error(FIND(&m, "openai", "OPENAI_API_KEY=k"), ERROR_USAGE, "which model of openai?");
	assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=file:///etc/passwd"), ERROR_USAGE, "lab");
	assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=http://127.0.0.1",
			  "scrutiny.lab.api=telepathy"), ERROR_USAGE, "telepathy");
	assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=http://127.0.0.1",
			  "scrutiny.lab.maxtokens=many"), ERROR_USAGE, "number of tokens");
	assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=http://127.0.0.1",
			  "scrutiny.lab.pricein=-1"), ERROR_USAGE, "US dollars");
}

static void test_key_does_not_leave_in_the_clear(void **state)
{
	(void)state;
	struct model m;
	assert_error(FIND(&m, "openai/x", "OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://gpu.example.org/v1"),
		     ERROR_USAGE, "in the clear");
	assert_ok(FIND(&m, "openai/x", "OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://gpu.example.org/v1",
		       "scrutiny.openai.allowplainhttp=true"));
	model_release(&m);
	assert_ok(FIND(&m, "openai/x", "OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://127.0.0.1:1/v1"));
	model_release(&m);
}

static void test_families_group_models_of_one_maker(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "llama3.1:8b", "llama" },		{ "meta-llama/Llama-3.3-70B", "llama" },
		{ "gpt-oss:20b", "gpt" },		{ "o3-mini", "gpt" },
		{ "chatgpt-4o-latest", "gpt" },		{ "claude-haiku-5-5", "claude" },
		{ "gemini-3.8-flash", "gemini" },	{ "gemma3-270m", "gemma" },
		{ "Qwen2.5-7B-Instruct", "qwen" },	{ "qwq", "qwen" },
		{ "mixtral:8x7b", "mistral" },		{ "phi4", "phi" },
		{ "deepseek-r1:7b", "deepseek" },	{ "deepseek-r1-distill-llama", "llama" },
		{ "SmolLM2-135M", "smollm" },		{ "Falcon3:3b", "falcon" },
		{ "olmo-2", "olmo" },			{ "3b", "3b" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *family = model_family(cases[i][0]);
		assert_string_equal(family, cases[i][1]);
		free(family);
	}
}

static void test_forms_of_ollama_host(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "127.0.0.1", "http://127.0.0.1:11434" },
		{ "gpu-box:9000", "http://gpu-box:9000" },
		{ "0.0.0.0", "http://127.0.0.1:11434" },
		{ "0.0.0.0:7000", "http://127.0.0.1:7000" },
		{ ":7000", "http://127.0.0.1:7000" },
		{ "[::1]:7000", "http://[::1]:7000" },
		{ "[::1]", "http://[::1]:11434" },
		{ "[::]:5", "http://127.0.0.1:5" },
		{ "http://gpu-box", "http://gpu-box" },
		{ "https://ollama.example.org/sub", "https://ollama.example.org/sub" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *address = model_ollama_address(cases[i][0]);
		assert_string_equal(address, cases[i][1]);
		free(address);
	}
}

#define JSON_REPLY(text) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" text

static void test_a_key_is_checked_as_each_server_wants_to_see_it(void **state)
{
	static const struct {
		const char *provider, *variable, *sent;
	} cases[] = {
		{ "openai", "OPENAI_BASE_URL", "Authorization: Bearer key-1234567890" },
		{ "anthropic", "ANTHROPIC_BASE_URL", "x-api-key: key-1234567890" },
		{ "gemini", "GOOGLE_GEMINI_BASE_URL", "x-goog-api-key: key-1234567890" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scripted lines[] = {
			{ .needle = "wrong-key", .act = ACT_CLOSE,
			  .bytes = "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n"
				   "{\"error\":{\"message\":\"API key not valid: wrong-key-1234567890\"}}" },
			{ .needle = "down-key", .act = ACT_CLOSE,
			  .bytes = "HTTP/1.1 503 Down\r\nConnection: close\r\n\r\n" },
			{ .needle = cases[i].sent, .act = ACT_CLOSE, .bytes = JSON_REPLY("{\"data\":[]}") },
		};
		struct scripted_server *server = server_start(lines, ARRAY_SIZE(lines));
		char *base = xstrfmt("%s=http://127.0.0.1:%d", cases[i].variable, server->port);
		const char *settings[] = { base, NULL };
		struct model_settings s = { .config = lookup, .env = lookup,
					    .data = &(struct world){ settings } };
		assert_ok(model_check_key(cases[i].provider, "key-1234567890", &s));
		struct error *err = model_check_key(cases[i].provider, "wrong-key-1234567890", &s);
		assert_true(error_is(err, ERROR_USAGE));
		assert_null(strstr(err->message, "wrong-key"));
		error_free(err);
		err = model_check_key(cases[i].provider, "down-key-1234567890", &s);
		assert_true(error_is(err, ERROR_NETWORK)); /* nobody could tell */
		error_free(err);
		assert_error(model_check_key(cases[i].provider, "two words", &s), ERROR_USAGE, "no key has");
		server_stop(server);
		free(base);
	}
}

static void test_a_model_that_an_ollama_forwards_is_not_local(void **state)
{
	static const char *const told[] = {
		JSON_REPLY("{\"remote_model\":\"gpt-oss:120b\",\"remote_host\":\"https://ollama.com:443\"}"),
		JSON_REPLY("{\"remote_host\":\"http://gpu.lab.example\"}"),
		"HTTP/1.1 500 Broken\r\nConnection: close\r\n\r\n", /* nobody knows */
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		struct scripted lines[] = {
			{ .needle = "GET /api/tags", .act = ACT_CLOSE,
			  .bytes = JSON_REPLY("{\"models\":[{\"name\":\"mine:latest\"}]}") },
			{ .needle = "POST /api/show", .act = ACT_CLOSE, .bytes = told[i] },
		};
		struct scripted_server *server = server_start(lines, ARRAY_SIZE(lines));
		char host[80];
		struct model m;
		snprintf(host, sizeof(host), "OLLAMA_HOST=127.0.0.1:%d", server->port);
		assert_ok(FIND(&m, "ollama/mine", host));
		assert_false(m.local);
		model_release(&m);
		/* Nor is it taken when nobody named one. */
		assert_error(FIND(&m, "ollama", host), ERROR_NOT_FOUND, "no model yet");
		server_stop(server);
	}
}

static void test_what_is_called_cloud_is_not_local(void **state)
{
	(void)state;
	assert_true(ollama_is_cloud("big:cloud"));
	assert_true(ollama_is_cloud("gpt-oss:120b-cloud"));
	assert_true(ollama_is_cloud("Big:CLOUD"));
	assert_false(ollama_is_cloud("cloud"));
	assert_false(ollama_is_cloud("stcloud"));
}

static void test_only_loopback_addresses_are_local(void **state)
{
	static const struct {
		const char *endpoint;
		bool local;
	} cases[] = {
		{ "http://127.0.0.1:8000/v1", true },
		{ "http://127.8.9.1:8000/v1", true },
		{ "http://[::1]:8000/v1", true },
		{ "http://LocalHost:8000/v1", true },
		{ "http://localhost.evil.example/v1", false },
		{ "http://127.0.0.1.evil.example/v1", false },
		{ "http://127.0.0.1@evil.example/v1", false },
		{ "http://evil.example/127.0.0.1/v1", false },
		{ "http://10.0.0.7:8000/v1", false },
		{ "http://0.0.0.0:8000/v1", false },
		{ "http://169.254.169.254/v1", false },
		{ "http://[::ffff:10.0.0.7]:8000/v1", false },
		{ "http://localhost%2eevil.example/v1", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model m;
		char *setting = xstrfmt("scrutiny.lab.endpoint=%s", cases[i].endpoint);
		struct error *err = FIND(&m, "lab/x", setting);
		if (!err && m.local != cases[i].local)
			fail_msg("%s", cases[i].endpoint);
		if (!err)
			model_release(&m);
		error_free(err);
		free(setting);
	}
}

static void test_ollama_is_asked_what_it_has(void **state)
{
	(void)state;
	struct scripted lines[] = {
		{ .needle = "GET /api/tags", .act = ACT_CLOSE,
		  .bytes = JSON_REPLY("{\"models\":[{\"name\":\"big:cloud\"},{\"name\":\"embed\"},"
				      "{\"name\":\"llama3.1:latest\"}]}") },
		{ .needle = "\"embed\"", .act = ACT_CLOSE,
		  .bytes = JSON_REPLY("{\"capabilities\":[\"embedding\"]}") },
		{ .needle = "POST /api/show", .act = ACT_CLOSE,
		  .bytes = JSON_REPLY("{\"capabilities\":[\"completion\"],\"model_info\":"
				      "{\"general.architecture\":\"llama\",\"llama.context_length\":131072}}") },
	};
	struct scripted_server *server = server_start(lines, ARRAY_SIZE(lines));
	char host[80];
	struct model m;
	snprintf(host, sizeof(host), "OLLAMA_HOST=127.0.0.1:%d", server->port);
	assert_ok(FIND(&m, "ollama/llama3.1", host));
	assert_string_equal(m.reviewer, "ollama/llama3.1");
	assert_int_equal(m.context_tokens, 131072);
	assert_true(m.local);
	model_release(&m);
	assert_ok(FIND(&m, "ollama", host)); /* neither the cloud's nor one that only embeds */
	assert_string_equal(m.reviewer, "ollama/llama3.1:latest");
	model_release(&m);
	assert_ok(FIND(&m, "ollama/big:cloud", host));
	assert_false(m.local);
	assert_true(m.price_in < 0);
	model_release(&m);
	assert_error(FIND(&m, "ollama/embed", host), ERROR_USAGE, "only embeds");
	struct error *err = FIND(&m, "ollama/qwen", host);
	assert_string_equal(err->message, "ollama has no model 'qwen'");
	assert_non_null(strstr(err->hint, "ollama pull qwen; it has: big:cloud, embed, llama3.1:latest"));
	error_free(err);
	server_stop(server);
}

static void test_ollama_that_does_not_run_is_said(void **state)
{
	(void)state;
	char host[80], **names;
	size_t nr;
	struct model m;
	int port = server_dead_port();
	snprintf(host, sizeof(host), "OLLAMA_HOST=127.0.0.1:%d", port);
	assert_error(FIND(&m, "ollama/x", host), ERROR_NETWORK, "cannot connect to 127.0.0.1");
	snprintf(host, sizeof(host), "http://127.0.0.1:%d", port);
	assert_error(model_ollama_list(host, &(struct http_settings){ 0 }, &names, &nr), ERROR_NETWORK, "cannot connect");
}

static void test_prices_have_tiers_and_unknown_ones_are_not_free(void **state)
{
	(void)state;
	const struct price_row *rows = provider_openai.prices;
	assert_non_null(price_find(rows, "gpt-6-sol", 272000, 1800000000));
	assert_null(price_find(rows, "gpt-6-sol", 272001, 1800000000));
	assert_non_null(price_find(rows, "gpt-6-luna-2026-10-01", 1, 1800000000));
	assert_null(price_find(rows, "gpt-6-lunatic", 1, 1800000000));
	assert_null(price_find(NULL, "gpt-6-luna", 1, 1800000000));

	struct model m;
	struct model_usage usage = { 1000000, 1000000, 500000, 0, 0 };
	assert_ok(FIND(&m, "openai/gpt-7", "OPENAI_API_KEY=k"));
	assert_true(m.price_in < 0 && m.price_out < 0);
	assert_true(model_cost(&m, &usage, 1800000000) < 0);
	model_release(&m);
	assert_ok(FIND(&m, "openai/gpt-6-luna", "OPENAI_API_KEY=k"));
	double cost = model_cost(&m, &usage, 1800000000);
	assert_true(cost > 0.554 && cost < 0.556); /* 0.05 + 0.005 + 0.5 */
	assert_true(model_cost(&m, &MODEL_USAGE_UNKNOWN, 1800000000) < 0);
	model_release(&m);
}

/* What M charges for a million tokens of input in a prompt of PROMPT tokens at DATE. */
static double price_in(const struct model *m, int64_t prompt, int64_t date)
{
	struct model_usage usage = { prompt, 0, 0, 0, 0 };
	return model_cost(m, &usage, date) * 1e6 / (double)prompt;
}

#define assert_price(m, prompt, date, expected)                                                 \
	do {                                                                                    \
		double price_ = price_in((m), (prompt), (date));                                \
		if (price_ < (expected) - 1e-6 || price_ > (expected) + 1e-6)                   \
			fail_msg("the price is %g, not %g", price_, (double)(expected));        \
	} while (0)
#define NOVEMBER INT64_C(1793491200) /* 2026-11-01 */

static void test_users_rows_of_prices_come_first(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "openai/gpt-6-luna", "OPENAI_API_KEY=k",
		       "scrutiny.openai.price=gpt-6-luna 4 8",
		       "scrutiny.openai.price=gpt-6-luna 3 6 upTo=5000 until=2026-11-01",
		       "scrutiny.openai.price=gpt-6-luna 2 4 upTo=5000",
		       "scrutiny.openai.price=gpt-6-luna 1 2 upTo=100",
		       "scrutiny.openai.price=gpt-6-sol 50 50 upTo=10",
		       "scrutiny.openai.pricein=70"));
	assert_price(&m, 10, NOVEMBER, 1);
	assert_price(&m, 100, NOVEMBER, 1);
	assert_price(&m, 101, NOVEMBER, 2);
	assert_price(&m, 101, NOVEMBER - 1, 3);
	assert_price(&m, 5001, NOVEMBER, 4);
	assert_true(m.price_in == 1);
	model_release(&m);
}

static void test_of_equal_rows_the_last_counts_and_the_table_covers_the_rest(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "openai/gpt-6-luna-2026-10-01", "OPENAI_API_KEY=k",
		       "scrutiny.openai.price=gpt-6-luna 5 5 upTo=1000",
		       "scrutiny.openai.price=* 6 6 upTo=1000"));
	assert_price(&m, 1000, NOVEMBER, 6);
	assert_price(&m, 1001, NOVEMBER, 0.10);
	model_release(&m);
}

static void test_row_tells_caches_and_batches(void **state)
{
	(void)state;
	struct model m;
	struct model_usage usage = { 1000000, 0, 400000, 100000, 0 };
	assert_ok(FIND(&m, "lab/x", "scrutiny.lab.endpoint=https://lab.example.org",
		       "scrutiny.lab.price=x 10 20 cached=1 cacheWrite=12.5 batch=0.25"));
	double cost = model_cost(&m, &usage, NOVEMBER);
	assert_true(cost > 6.649 && cost < 6.651); /* 5 + 0.4 + 1.25 */
	assert_true(model_batch_fraction(&m, 1, NOVEMBER) == 0.25);
	model_release(&m);
	assert_ok(FIND(&m, "lab/y", "scrutiny.lab.endpoint=https://lab.example.org",
		       "scrutiny.lab.price=x 10 20"));
	assert_true(model_cost(&m, &usage, NOVEMBER) < 0);
	assert_true(model_batch_fraction(&m, 1, NOVEMBER) == 0.5);
	model_release(&m);
}

static void test_local_model_is_free_unless_it_has_a_row(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "lab/x", "scrutiny.lab.endpoint=http://127.0.0.1:1/v1"));
	assert_price(&m, 1000, NOVEMBER, 0);
	model_release(&m);
	assert_ok(FIND(&m, "lab/x", "scrutiny.lab.endpoint=http://127.0.0.1:1/v1",
		       "scrutiny.lab.price=x 10 20"));
	assert_price(&m, 1000, NOVEMBER, 10);
	model_release(&m);
}

static void test_rows_that_cannot_be_read_are_errors(void **state)
{
	(void)state;
	static const struct {
		const char *row, *message;
	} cases[] = {
		{ "scrutiny.lab.price=x", "scrutiny.lab.price 'x': it must begin with <model> <in> <out>" },
		{ "scrutiny.lab.price=x 1", "it must begin with" },
		{ "scrutiny.lab.price=x -1 2", "it must begin with" },
		{ "scrutiny.lab.price=x 1 nan", "it must begin with" },
		{ "scrutiny.lab.price=x 1 2 3", "'3' is none of cached=" },
		{ "scrutiny.lab.price=x 1 2 cache=3", "'cache=3' is none of" },
		{ "scrutiny.lab.price=x 1 2 cached=0", "'cached=0' must be US dollars" },
		{ "scrutiny.lab.price=x 1 2 batch=2", "'batch=2' must be a fraction" },
		{ "scrutiny.lab.price=x 1 2 upTo=1k", "'upTo=1k' must be a number of tokens" },
		{ "scrutiny.lab.price=x 1 2 from=2026-02-31", "'from=2026-02-31' must be a date" },
		{ "scrutiny.lab.price=other 1 2 until=soon", "'until=soon' must be a date" },
	};
	struct model m;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_error(FIND(&m, "lab/x", "scrutiny.lab.endpoint=https://lab.example.org", cases[i].row),
			     ERROR_USAGE, cases[i].message);
}

#define LAST_OF_2026 1798761599

static void test_tariffs_are_tiered_and_dated(void **state)
{
	(void)state;
	static const struct {
		const struct provider *provider;
		const char *model;
		int64_t prompt, date;
		double in, out, cached, cache_write;
	} cases[] = {
		{ &provider_anthropic, "claude-haiku-5-5", 100000, 1800000000, 0.10, 0.50, 0, 0.125 },
		{ &provider_anthropic, "claude-haiku-5-5-20261001", 100001, 1800000000, 0.50, 2.50, 0, 0.625 },
		{ &provider_anthropic, "claude-opus-5-5", 900000, 1800000000, 4, 20, 0.20, 5 },
		{ &provider_gemini, "gemini-3.8-flash", 1, LAST_OF_2026, 0.75, 3.75, 0, 0 },
		{ &provider_gemini, "gemini-3.8-flash", 1, LAST_OF_2026 + 1, 1.50, 7.50, 0, 0 },
		{ &provider_gemini, "gemini-3.1-pro-preview", 200000, 1800000000, 2, 12, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct price_row *row = price_find(cases[i].provider->prices, cases[i].model,
							 cases[i].prompt, cases[i].date);
		assert_non_null(row);
		assert_true(row->price.in == cases[i].in && row->price.out == cases[i].out);
		assert_true(row->price.cached == cases[i].cached);
		assert_true(row->price.cache_write == cases[i].cache_write);
	}
	assert_null(price_find(provider_gemini.prices, "gemini-3.1-pro-preview", 200001, 1800000000));
}

static void test_writing_to_a_cache_costs_more_than_reading_it(void **state)
{
	(void)state;
	struct model m;
	assert_ok(FIND(&m, "anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY=k"));
	double first = model_cost(&m, &(struct model_usage){ 1000000, 0, 0, 900000, 0 }, 1800000000);
	double next = model_cost(&m, &(struct model_usage){ 1000000, 0, 900000, 0, 0 }, 1800000000);
	assert_true(first > 2.449 && first < 2.451); /* 0.1 at 2, 0.9 at 2.50 */
	assert_true(next > 0.379 && next < 0.381);   /* 0.1 at 2, 0.9 at 0.20 */
	model_release(&m);
}

static void test_request_hash_is_stable(void **state)
{
	(void)state;
	char provider[] = "openai", name[] = "gpt-6-luna", key[] = "secret", endpoint[] = "https://x";
	struct model m = { .provider = provider, .name = name };
	struct model_request r = { .system = "system", .user = "user", .schema_name = "review",
				   .schema = "{\"type\":\"object\"}", .max_output_tokens = 100 };
	char golden[65], other[65];
	model_request_hash(&m, &r, golden);
	assert_string_equal(golden, "1fe063070eb57681d2dea9bb49dc077907b007a7b81b39badf3d9938995f61a6");
	m.key = key;
	m.endpoint = endpoint;
	m.context_tokens = 5;
	m.price_in = 3;
	model_request_hash(&m, &r, other);
	assert_string_equal(golden, other);

	struct model_request variants[7] = { r, r, r, r, r, r, r };
	const struct model_image image = { "image/png", { "P", 1 } };
	variants[0].system = "systemu", variants[0].user = "ser";
	variants[1].user = "user!";
	variants[2].schema_name = "other";
	variants[3].schema = "{}";
	variants[4].max_output_tokens = 101;
	variants[5].shared = "the paper";
	variants[6].images = &image, variants[6].nr_images = 1;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		model_request_hash(&m, &variants[i], other);
		assert_string_not_equal(golden, other);
	}
	name[0] = 'G';
	model_request_hash(&m, &r, other);
	assert_string_not_equal(golden, other);
}

/* The counts are those of the two tokenizers named in tokens.c. */
static void test_estimate_is_near_real_tokenizers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t least, most;
	} cases[] = {
		{ "", 0, 0 },
		{ "word", 1, 2 },
		{ "We prove that every finite group of odd order is solvable.", 12, 15 },
		{ "\\begin{equation}\\label{eq:one} x_{t+1} = \\frac{1}{2} x_t \\end{equation}", 33, 42 },
		{ "\xe2\x88\x80\xce\xb5 > 0", 3, 8 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_in_range(model_estimate_tokens(text_slice(cases[i].text)), cases[i].least,
				cases[i].most);
}

static void test_encoded_data_is_not_taken_for_one_word(void **state)
{
	(void)state;
	char blob[4001];
	memset(blob, 'Q', sizeof(blob) - 1);
	blob[sizeof(blob) - 1] = '\0';
	assert_in_range(model_estimate_tokens(text_slice(blob)), 1000, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openai_needs_only_its_key),
		cmocka_unit_test(test_missing_key_says_which_variable),
		cmocka_unit_test(test_the_credential_helper_is_asked_when_the_environment_has_no_key),
		cmocka_unit_test(test_any_name_with_an_endpoint_is_openai_compatible),
		cmocka_unit_test(test_endpoints_are_tidied),
		cmocka_unit_test(test_each_provider_has_its_variables_address_and_way_to_show_the_key),
		cmocka_unit_test(test_the_version_may_stand_in_an_endpoint_or_not),
		cmocka_unit_test(test_any_server_may_speak_any_api),
		cmocka_unit_test(test_names_that_mean_nothing_are_explained),
		cmocka_unit_test(test_key_does_not_leave_in_the_clear),
		cmocka_unit_test(test_families_group_models_of_one_maker),
		cmocka_unit_test(test_forms_of_ollama_host),
		cmocka_unit_test(test_a_key_is_checked_as_each_server_wants_to_see_it),
		cmocka_unit_test(test_a_model_that_an_ollama_forwards_is_not_local),
		cmocka_unit_test(test_what_is_called_cloud_is_not_local),
		cmocka_unit_test(test_only_loopback_addresses_are_local),
		cmocka_unit_test(test_ollama_is_asked_what_it_has),
		cmocka_unit_test(test_ollama_that_does_not_run_is_said),
		cmocka_unit_test(test_prices_have_tiers_and_unknown_ones_are_not_free),
		cmocka_unit_test(test_users_rows_of_prices_come_first),
		cmocka_unit_test(test_of_equal_rows_the_last_counts_and_the_table_covers_the_rest),
		cmocka_unit_test(test_row_tells_caches_and_batches),
		cmocka_unit_test(test_local_model_is_free_unless_it_has_a_row),
		cmocka_unit_test(test_rows_that_cannot_be_read_are_errors),
		cmocka_unit_test(test_tariffs_are_tiered_and_dated),
		cmocka_unit_test(test_writing_to_a_cache_costs_more_than_reading_it),
		cmocka_unit_test(test_request_hash_is_stable),
		cmocka_unit_test(test_estimate_is_near_real_tokenizers),
		cmocka_unit_test(test_encoded_data_is_not_taken_for_one_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
