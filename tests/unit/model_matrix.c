/*
 * The fault matrix: everything that can go wrong with a request, with every API. A row is one fault, put to
 * servers of all the APIs at once; each cell is what became of the question. With --table it is printed.
 */
#include "api_testing.h"

#include <sys/resource.h>

/* Short where it decides the outcome, long where a busy machine must not. */
#define SHORT_DEADLINE_MS 1500
#define LONG_DEADLINE_MS 20000
#define IDLE_MS 100
/* An answer that has no end must not need more: what one transfer may hold, for all APIs, and the program. */
#define MAX_RSS_KB (200 << 10)

/* Where the question is sent. */
enum place_of_server { AT_SERVER, AT_DEAD_PORT, AT_TLS, AT_UNKNOWN_HOST };

struct script_writer {
	const struct api *api;
	struct buffer first, flood;
};

struct fault {
	const char *name;
	/* Writes what the server says; ONCE: to the first request only, the next gets a good answer. */
	void (*write)(struct script_writer *s, const struct fault *f);
	const char *text;           /* for WRITE */
	enum act act;
	bool once;
	enum place_of_server where;
	const struct codec *only;   /* one API has this fault, and no other */
	enum model_outcome outcome;
	unsigned attempts;
	const char *message;        /* part of it; NULL: there is none */
	bool later;
};

/* -- what servers say -------------------------------------------------------------------------------- */

static void add_head(struct script_writer *s, const char *headers)
{
	buffer_addf(&s->first, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n%s\r\n",
		    s->api->content_type, headers);
}

static void add_answer(struct script_writer *s, const char *text, enum api_end end)
{
	add_head(s, "");
	s->api->begin(&s->first);
	if (*text)
		s->api->piece(&s->first, text);
	s->api->end(&s->first, end);
}

static void write_nothing(struct script_writer *s, const struct fault *f)
{
	(void)s, (void)f;
}

static void write_good(struct script_writer *s, const struct fault *f)
{
	(void)f;
	add_answer(s, "{\\\"n\\\":1,\\\"word\\\":\\\"yes\\\"}", END_STOP);
}

static void write_part(struct script_writer *s, const struct fault *f)
{
	(void)f;
	add_head(s, "");
	s->api->begin(&s->first);
	s->api->piece(&s->first, "{\\\"n\\\":1,");
}

static void add_error(struct script_writer *s, const char *status, const char *message)
{
	buffer_addf(&s->first, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n%s%s%s",
		    status, s->api->error_before, message, s->api->error_after);
}

/* TEXT is the status line, with further headers behind it. */
static void write_status(struct script_writer *s, const struct fault *f)
{
	add_error(s, f->text, "that did not work");
}

static void write_delay_in_body(struct script_writer *s, const struct fault *f)
{
	add_error(s, "429 x", f->text);
}

static void write_overflow(struct script_writer *s, const struct fault *f)
{
	(void)f;
	add_error(s, "400 x", s->api->overflow);
}

static void write_error_in_stream(struct script_writer *s, const struct fault *f)
{
	write_part(s, f);
	s->api->error(&s->first);
}

static void write_text(struct script_writer *s, const struct fault *f)
{
	add_answer(s, f->text, END_STOP);
}

static void write_at_limit(struct script_writer *s, const struct fault *f)
{
	add_answer(s, f->text, END_LENGTH);
}

static void write_refusal(struct script_writer *s, const struct fault *f)
{
	(void)f;
	if (s->api->codec == &codec_ollama) /* this API has no word for it: the model says it in prose */
		add_answer(s, "I cannot", END_STOP);
	else
		add_answer(s, "", END_REFUSAL);
}

static void write_bad_gzip(struct script_writer *s, const struct fault *f)
{
	(void)f;
	add_head(s, "Content-Encoding: gzip\r\n");
	buffer_addstr(&s->first, "this is not compressed at all");
}

/* Bad bytes before the JSON: in the text, where they can do least. */
static void write_bad_utf8(struct script_writer *s, const struct fault *f)
{
	(void)f;
	add_answer(s, "\xc3 \xff{\\\"n\\\":1,\\\"word\\\":\\\"yes\\\"}", END_STOP);
}

static void write_wrong_crc(struct script_writer *s, const struct fault *f)
{
	write_good(s, f);
	s->first.data[s->first.len - 1] ^= 1;
}

static void write_flood(struct script_writer *s, const struct fault *f)
{
	char text[4001];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_part(s, f);
	while (s->flood.len < 60000)
		s->api->piece(&s->flood, text);
}

static const struct fault faults[] = {
	{ "none", write_good, .act = ACT_CLOSE, .outcome = MODEL_OK, .attempts = 1 },
	{ "connection refused", write_nothing, .where = AT_DEAD_PORT, .outcome = MODEL_FAILED, .attempts = 1,
	  .message = "cannot connect to" },
	{ "reset in the stream", write_part, .act = ACT_RESET, .outcome = MODEL_FAILED, .attempts = 5,
	  .message = "the connection to" },
	{ "reset once", write_part, .act = ACT_RESET, .once = true, .outcome = MODEL_OK, .attempts = 2 },
	{ "hang before headers", write_nothing, .act = ACT_HANG, .outcome = MODEL_FAILED, .attempts = 5,
	  .message = "sent nothing for" },
	{ "hang in the stream", write_part, .act = ACT_HANG, .outcome = MODEL_FAILED, .attempts = 5,
	  .message = "sent nothing for" },
	{ "slow drip", write_good, .act = ACT_DRIP, .outcome = MODEL_OK, .attempts = 1 },
	{ "400", write_status, "400 x", .outcome = MODEL_FAILED, .attempts = 1, .message = "400 that did not work" },
	{ "401", write_status, "401 x", .outcome = MODEL_FAILED, .attempts = 1, .message = "401 that did not work" },
	{ "403", write_status, "403 x", .outcome = MODEL_FAILED, .attempts = 1, .message = "403 that did not work" },
	{ "404", write_status, "404 x", .outcome = MODEL_FAILED, .attempts = 1, .message = "404 that did not work" },
	{ "408", write_status, "408 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "408 that did not work" },
	{ "409", write_status, "409 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "409 that did not work" },
	{ "413", write_status, "413 x", .outcome = MODEL_FAILED, .attempts = 1, .message = "413 that did not work" },
	{ "429, seconds", write_status, "429 x\r\nRetry-After: 0.02", .once = true, .outcome = MODEL_OK,
	  .attempts = 2 },
	{ "429, date gone by", write_status, "429 x\r\nRetry-After: Sun, 22 Nov 2020 06:30:00 GMT", .once = true,
	  .outcome = MODEL_OK, .attempts = 2 },
	{ "429, date", write_status, "429 x\r\nRetry-After: Sun, 22 Nov 2099 06:30:00 GMT", .outcome = MODEL_FAILED,
	  .attempts = 1, .message = "429 that did not work, retry after", .later = true },
	{ "429, ms", write_status, "429 x\r\nretry-after-ms: 20", .once = true, .outcome = MODEL_OK, .attempts = 2 },
	{ "429, delay in the body", write_delay_in_body, "Please retry in 0.02s.", .once = true,
	  .outcome = MODEL_OK, .attempts = 2 },
	{ "429, hours in the body", write_delay_in_body, "Please retry in 9h2m.", .outcome = MODEL_FAILED,
	  .attempts = 1, .message = "retry after 10 h", .later = true },
	{ "429, beyond the deadline", write_status, "429 x\r\nRetry-After: 60", .outcome = MODEL_FAILED,
	  .attempts = 1, .message = "429 that did not work, retry after 60 s", .later = true },
	{ "429 for ever", write_status, "429 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "429" },
	{ "500", write_status, "500 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "500 that did not work" },
	{ "502", write_status, "502 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "502 that did not work" },
	{ "503", write_status, "503 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "503 that did not work" },
	{ "503 once", write_status, "503 x", .once = true, .outcome = MODEL_OK, .attempts = 2 },
	{ "529", write_status, "529 x", .outcome = MODEL_FAILED, .attempts = 5, .message = "529 that did not work" },
	{ "error in a 200 stream", write_error_in_stream, .outcome = MODEL_FAILED, .attempts = 3,
	  .message = "overloaded" },
	{ "stream breaks off", write_part, .outcome = MODEL_FAILED, .attempts = 3,
	  .message = "the answer broke off before its end" },
	{ "truncated at the limit", write_at_limit, "{\\\"n\\\":1,", .outcome = MODEL_TRUNCATED, .attempts = 1,
	  .message = "broke off at the limit of 100 tokens" },
	{ "truncated JSON", write_text, "{\\\"n\\\":1,", .outcome = MODEL_INVALID, .attempts = 2,
	  .message = "no complete JSON object" },
	{ "wrong JSON", write_text, "{\\\"n\\\":99,\\\"word\\\":\\\"yes\\\"}", .outcome = MODEL_INVALID,
	  .attempts = 2, .message = "n: must be at most 9" },
	{ "prose", write_text, "I like this paper.", .outcome = MODEL_INVALID, .attempts = 2, .message = "prose" },
	{ "prose once", write_text, "I like this paper.", .once = true, .outcome = MODEL_OK, .attempts = 2 },
	{ "empty", write_text, "", .outcome = MODEL_INVALID, .attempts = 2, .message = "the answer is empty" },
	{ "refusal", write_refusal, .outcome = MODEL_REFUSED, .attempts = 1, .message = "" },
	{ "context overflow", write_overflow, .outcome = MODEL_FAILED, .attempts = 1, .message = "400 " },
	{ "bad gzip", write_bad_gzip, .outcome = MODEL_FAILED, .attempts = 5, .message = "does not decompress" },
	{ "bad UTF-8", write_bad_utf8, .outcome = MODEL_OK, .attempts = 1 },
	{ "wrong checksum of a frame", write_wrong_crc, .only = &codec_converse, .outcome = MODEL_FAILED,
	  .attempts = 3, .message = "the checksum of a message is wrong" },
	{ "answer without end", write_flood, .act = ACT_ENDLESS, .outcome = MODEL_FAILED, .attempts = 1,
	  .message = "is larger than" },
	{ "TLS failure", write_status, "400 x", .act = ACT_GREET, .where = AT_TLS, .outcome = MODEL_FAILED,
	  .attempts = 5, .message = "cannot set up TLS with" },
	{ "unknown host", write_nothing, .where = AT_UNKNOWN_HOST, .outcome = MODEL_FAILED, .attempts = 0,
	  .message = "" },
};

/* -- one row ------------------------------------------------------------------------------------------- */

struct cell {
	struct script_writer first, good;
	struct scripted script[2];
	struct scripted_server *server;
	struct model model;
	char reviewer[32], endpoint[96];
	struct outcome outcome;
	uint64_t elapsed_ms;
};

static void note_reply(void *data, const struct model_reply *reply)
{
	struct cell *c = data;
	on_reply(&c->outcome, reply);
	c->elapsed_ms = reply->elapsed_ms;
}

static void write_script(struct cell *c, const struct api *api, const struct fault *f)
{
	c->first.api = c->good.api = api;
	buffer_init(&c->first.first, BUFFER_MAX_INTERNAL);
	buffer_init(&c->first.flood, BUFFER_MAX_INTERNAL);
	buffer_init(&c->good.first, BUFFER_MAX_INTERNAL);
	f->write(&c->first, f);
	write_good(&c->good, f);
	c->script[0] = (struct scripted){
		.times = f->once ? 1 : 0,
		.act = f->act == ACT_SEND ? ACT_CLOSE : f->act,
		.bytes = c->first.first.data, .len = c->first.first.len,
		.flood = c->first.flood.data, .flood_len = c->first.flood.len,
	};
	c->script[1] = (struct scripted){
		.act = ACT_CLOSE, .bytes = c->good.first.data, .len = c->good.first.len,
	};
}

static void open_cell(struct cell *c, const struct api *api, const struct fault *f)
{
	static char provider[] = "lab", name[] = "m", key[] = "sk-verysecretkey";
	write_script(c, api, f);
	c->server = server_start(c->script, 2);
	int port = f->where == AT_DEAD_PORT ? server_dead_port() : c->server->port;
	snprintf(c->endpoint, sizeof(c->endpoint), "http%s://%s:%d", f->where == AT_TLS ? "s" : "",
		 f->where == AT_UNKNOWN_HOST ? "no-such-host.invalid" : "127.0.0.1", port);
	snprintf(c->reviewer, sizeof(c->reviewer), "lab/%s", api->codec->name);
	c->model = (struct model){
		.reviewer = c->reviewer, .codec = api->codec, .provider = provider, .name = name,
		.endpoint = c->endpoint, .key = key, .auth = api->auth,
	};
}

static void close_cell(struct cell *c)
{
	server_stop(c->server);
	outcome_release(&c->outcome);
	buffer_release(&c->first.first);
	buffer_release(&c->first.flood);
	buffer_release(&c->good.first);
}

static bool has_cell(const struct fault *f, size_t api)
{
	return !f->only || f->only == apis[api].codec;
}

static long deadline_of(const struct fault *f)
{
	bool short_one = f->act == ACT_HANG || f->where == AT_UNKNOWN_HOST;
	return short_one ? SHORT_DEADLINE_MS : LONG_DEADLINE_MS;
}

static void run_row(const struct fault *f, struct cell cells[NR_APIS])
{
	struct model_engine_settings settings = {
		.http = { .idle_timeout_ms = f->act == ACT_HANG ? IDLE_MS : 0 },
		.deadline_ms = deadline_of(f),
		.retry_first_ms = 2,
	};
	struct model_engine *engine;
	struct model_request r = question("A paper.");
	assert_ok(model_engine_new(&engine, &settings));
	for (size_t i = 0; i < NR_APIS; i++) {
		cells[i] = (struct cell){ .elapsed_ms = 0 };
		if (!has_cell(f, i))
			continue;
		open_cell(&cells[i], &apis[i], f);
		assert_ok(model_submit(engine, &cells[i].model, &r, note_reply, &cells[i]));
	}
	assert_ok(model_run(engine, NULL));
	model_engine_free(engine);
}

/* What an API cannot say, or says in a way of its own. */
static enum model_outcome expected_outcome(const struct fault *f, const struct api *api)
{
	return f->write == write_refusal && api->codec == &codec_ollama ? MODEL_INVALID : f->outcome;
}

static void check_cell(const struct fault *f, const struct api *api, const struct cell *c)
{
	const struct outcome *o = &c->outcome;
	enum model_outcome outcome = expected_outcome(f, api);
	bool said = f->message ? o->message && strstr(o->message, f->message) : !o->message;
	if (o->outcome != outcome || !said || (f->attempts && outcome == f->outcome && o->attempts != f->attempts))
		print_error("%s, %s: %s after %u requests: %s\n", f->name, api->codec->name,
			    model_outcome_name(o->outcome), o->attempts, o->message ? o->message : "");
	assert_int_equal(o->replies, 1);
	assert_int_equal(o->outcome, outcome);
	assert_true(said);
	if (f->attempts && outcome == f->outcome)
		assert_int_equal(o->attempts, f->attempts);
	assert_int_equal(o->later, f->later);
	assert_true(c->elapsed_ms < (uint64_t)deadline_of(f) + 1000);
	assert_true(!o->message || !strstr(o->message, "verysecret"));
}

static void test_every_fault_of_every_api_has_its_outcome(void **state)
{
	(void)state;
	struct cell cells[NR_APIS];
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		run_row(&faults[i], cells);
		for (size_t k = 0; k < NR_APIS; k++)
			if (has_cell(&faults[i], k)) {
				check_cell(&faults[i], &apis[k], &cells[k]);
				close_cell(&cells[k]);
			}
	}
}

static void test_memory_stays_bounded(void **state)
{
	(void)state;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage); /* after the answers without end */
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(usage.ru_maxrss, 1, MAX_RSS_KB);
#endif
}

/* -- as a table ---------------------------------------------------------------------------------------- */

static void print_row(const struct fault *f, const struct cell cells[NR_APIS])
{
	const char *message = NULL;
	printf("| %s |", f->name);
	for (size_t i = 0; i < NR_APIS; i++) {
		const struct outcome *o = &cells[i].outcome;
		if (!o->replies) {
			printf(" - |");
			continue;
		}
		printf(" %s%s, %u |", model_outcome_name(o->outcome), o->later ? " (later)" : "", o->attempts);
		if (!message)
			message = o->message;
	}
	printf(" %s |\n", message ? message : "");
}

static int print_table(void)
{
	struct cell cells[NR_APIS];
	printf("Outcome and number of HTTP requests; the message is that of the first API.\n\n| fault |");
	for (size_t i = 0; i < NR_APIS; i++)
		printf(" %s |", apis[i].codec->name);
	printf(" message |\n|---|");
	for (size_t i = 0; i < NR_APIS; i++)
		printf("---|");
	printf("---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		run_row(&faults[i], cells);
		print_row(&faults[i], cells);
		for (size_t k = 0; k < NR_APIS; k++)
			if (has_cell(&faults[i], k))
				close_cell(&cells[k]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_fault_of_every_api_has_its_outcome),
		cmocka_unit_test(test_memory_stays_bounded),
	};
	if (argc > 1 && !strcmp(argv[1], "--table"))
		return print_table();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
