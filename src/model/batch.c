#include "model/batch.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/extract.h"
#include "model/provider.h"

/* Bytes of JSON that a token of an answer takes at most, in the mean, and what is around an answer: for
 * keeping all answers of a batch below what is read at once. */
#define ANSWER_BYTES_PER_TOKEN 8
#define ANSWER_BYTES_AROUND 4096
#define MAX_BATCH_ID 200

void batch_status_release(struct batch_status *s)
{
	free(s->problem);
	free(s->answers);
	free(s->errors);
	*s = (struct batch_status){ 0 };
}

const struct batch_api *batch_api_of(const struct model *m)
{
	const struct batch_api *api = m->row ? m->row->batch : NULL;
	for (size_t i = 0; api && i < ARRAY_SIZE(api->codecs); i++)
		if (api->codecs[i] == m->codec)
			return api;
	return NULL;
}

bool batch_id_is_safe(const char *id)
{
	const char *rest = id;
	skip_prefix(id, "batches/", &rest);
	size_t len = 0;
	while (ascii_alnum(rest[len]) || rest[len] == '_' || rest[len] == '-')
		len++;
	return len > 0 && len <= MAX_BATCH_ID && !rest[len];
}

/* -- sending -------------------------------------------------------------------------------------- */

void batch_pack_init(struct batch_pack *p, const struct model *m)
{
	*p = (struct batch_pack){ .model = m, .api = batch_api_of(m) };
	buffer_init(&p->requests, BUFFER_MAX_INTERNAL);
}

void batch_pack_release(struct batch_pack *p)
{
	buffer_release(&p->requests);
	p->nr = 0;
	p->answer_bytes = 0;
}

bool batch_pack_add(struct batch_pack *p, const char *id, const struct model_request *request,
		    const cJSON *schema, bool alone)
{
	struct buffer body = BUFFER_INIT;
	struct json_writer w;
	struct codec_question q = { .model = p->model, .request = request, .schema = schema,
				    .dialect = p->dialect, .whole = true, .alone = alone };
	size_t before = p->requests.len;
	uint64_t answer = (uint64_t)codec_output_tokens(&q) * ANSWER_BYTES_PER_TOKEN + ANSWER_BYTES_AROUND;
	json_writer_init(&w, &body, false);
	p->model->codec->write_body(&w, &q);
	p->api->add(&p->requests, p->model, id, slice_of(&body));
	buffer_release(&body);
	bool fits = p->nr < p->api->max_requests && p->requests.len <= p->api->max_bytes &&
		    p->answer_bytes + answer <= HTTP_MAX_BODY && !p->requests.overflowed;
	if (p->nr && !fits) {
		buffer_truncate(&p->requests, before);
		return false;
	}
	p->nr++;
	p->answer_bytes += answer;
	p->last_start = before;
	return true;
}

/* The room that its answer was given stays taken: the batch is sent a little earlier. */
void batch_pack_drop_last(struct batch_pack *p)
{
	buffer_truncate(&p->requests, p->last_start);
	p->nr--;
}

/* -- receiving ------------------------------------------------------------------------------------ */

static void fail(struct model_reply *out, const struct codec_answer *a, enum model_outcome outcome,
		 const char *message)
{
	out->outcome = outcome;
	out->message = model_one_line(message);
	buffer_reset(&out->answer);
	buffer_addbuf(&out->answer, &a->text);
}

static void judge(struct model_reply *out, const struct codec_answer *a, const cJSON *schema,
		  const char *const *may_lack)
{
	struct error *err = answer_extract(slice_of(&a->text), schema, may_lack, &out->answer);
	if (!err) {
		out->outcome = MODEL_OK;
	} else if (a->error) {
		fail(out, a, MODEL_FAILED, a->error);
	} else if (a->truncated) {
		fail(out, a, MODEL_TRUNCATED, "the answer broke off at the limit of its tokens");
	} else if (a->filtered) {
		fail(out, a, MODEL_REFUSED, "a content filter of the provider stopped the answer");
	} else if (a->refusal.len) {
		char *message = xstrfmt("the model refused: %s", a->refusal.data);
		fail(out, a, MODEL_REFUSED, message);
		free(message);
	} else {
		fail(out, a, MODEL_INVALID, err->message);
	}
	error_free(err);
}

void batch_reply(struct model_reply *out, const struct model *m, const cJSON *schema,
		 const char *const *may_lack, const cJSON *answer, const char *problem)
{
	struct codec_answer a;
	*out = (struct model_reply){ .usage = MODEL_USAGE_UNKNOWN, .attempts = 1 };
	buffer_init(&out->answer, BUFFER_MAX_INTERNAL);
	buffer_init(&out->raw_first, BUFFER_MAX_INTERNAL);
	codec_answer_init(&a);
	struct error *err = answer ? codec_take_json(m->codec, &a, "message", answer) : NULL;
	out->usage = a.usage;
	out->served_model = a.served_model ? xstrdup(a.served_model) : NULL;
	if (!answer)
		fail(out, &a, MODEL_FAILED, problem ? problem : "the batch holds no answer");
	else if (err)
		fail(out, &a, MODEL_FAILED, err->message);
	else
		judge(out, &a, schema, may_lack);
	error_free(err);
	codec_answer_release(&a);
}
