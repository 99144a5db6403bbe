/*
 * Asks a model one question and takes the answer in one piece, as batches do:
 *
 *     ask-whole <provider>/<model> <path behind the endpoint>
 *
 * prints the outcome, the answer or what is wrong with it, and the tokens in and out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/batch_http.h"

static const char schema_text[] = "{\"type\":\"object\",\"additionalProperties\":true}";

static const char *no_config(void *data, const char *key)
{
	(void)data;
	(void)key;
	return NULL;
}

static const char *environment(void *data, const char *name)
{
	(void)data;
	return getenv(name);
}

static struct error *ask(const struct model *m, const char *path)
{
	struct model_request request = { .system = "Review.", .user = "A paper.", .schema_name = "review",
					 .schema = schema_text, .max_output_tokens = 500 };
	struct batch_server server = { .model = m };
	struct codec_question q = { .model = m, .request = &request, .whole = true };
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	struct model_reply reply;
	cJSON *schema = NULL, *answer = NULL;
	struct error *err = json_parse(&schema, (struct slice){ schema_text, strlen(schema_text) }, "schema");
	q.schema = schema;
	json_writer_init(&w, &body, false);
	m->codec->write_body(&w, &q);
	if (!err)
		err = batch_http_json(&server, &(struct batch_http){ "POST", path, NULL, slice_of(&body) }, &answer);
	if (!err) {
		batch_reply(&reply, m, schema, NULL, answer, NULL);
		printf("%s %s %lld %lld\n", model_outcome_name(reply.outcome),
		       reply.message ? reply.message : reply.answer.data, (long long)reply.usage.input_tokens,
		       (long long)reply.usage.output_tokens);
		model_reply_release(&reply);
	}
	buffer_release(&body);
	cJSON_Delete(schema);
	cJSON_Delete(answer);
	return err;
}

int main(int argc, char **argv)
{
	struct model_settings settings = { .config = no_config, .env = environment };
	struct model m = { 0 };
	if (argc != 3)
		return 2;
	struct error *err = model_find(&m, argv[1], &settings);
	if (!err)
		err = ask(&m, argv[2]);
	if (err)
		fprintf(stderr, "%s\n", err->message);
	model_release(&m);
	error_free(err);
	return err != NULL;
}
