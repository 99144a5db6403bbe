/*
 * Many questions to one server: what the engine itself costs. Prints one line of JSON.
 *
 * usage: fanout <base URL> <requests> <at once> <bytes of prompt>
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "model/codec.h"

static const char schema[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\",\"word\"],\"properties\":{"
	"\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9},"
	"\"word\":{\"type\":\"string\",\"enum\":[\"yes\",\"no\"]}}}";

static void on_reply(void *data, const struct model_reply *reply)
{
	unsigned *good = data;
	*good += reply->outcome == MODEL_OK;
	if (reply->outcome != MODEL_OK)
		fprintf(stderr, "fanout: %s: %s\n", model_outcome_name(reply->outcome), reply->message);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void fail(struct error *err)
{
	if (!err)
		return;
	fprintf(stderr, "fanout: %s\n", err->message);
	exit(1);
}

static char *prompt_of(size_t len)
{
	static const char words[] = "the proof of lemma three is \"not\" complete\n";
	char *prompt = xcalloc(len + 1, 1);
	for (size_t i = 0; i < len; i++)
		prompt[i] = words[i % (sizeof(words) - 1)];
	return prompt;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 129;
	unsigned nr = (unsigned)strtoul(argv[2], NULL, 10), good = 0;
	char *prompt = prompt_of(strtoul(argv[4], NULL, 10));
	static char reviewer[] = "lab/m", provider[] = "lab", name[] = "m";
	struct model m = { .reviewer = reviewer, .codec = &codec_openai, .provider = provider, .name = name,
			   .endpoint = argv[1], .local = true };
	struct model_request r = { .system = "Review.", .user = prompt, .schema_name = "test",
				   .schema = schema, .max_output_tokens = 100 };
	struct model_engine_settings settings = { .per_provider = (unsigned)strtoul(argv[3], NULL, 10) };
	struct model_engine *engine;
	struct rusage usage;
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	fail(model_engine_new(&engine, &settings));
	for (unsigned i = 0; i < nr; i++)
		fail(model_submit(engine, &m, &r, on_reply, &good));
	fail(model_run(engine, NULL));
	clock_gettime(CLOCK_MONOTONIC, &end);
	model_engine_free(engine);
	free(prompt);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"ok\": %u, \"wall\": %.4f, \"user\": %.4f, \"system\": %.4f, \"rss_kb\": %ld}\n", good,
	       (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
	       seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss);
	return good == nr ? 0 : 1;
}
