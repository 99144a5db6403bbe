/*
 * Batches: many requests that a provider answers within a day, at half the price.
 *
 * The bodies are those of live requests in one piece, and the answers are judged like live ones. Each
 * provider's way to take and give them is a struct batch_api; what is outstanding is remembered by
 * review/batches.h. All calls here block until the server has answered, ask again as net/retry.h says where
 * that is harmless, and end with ERROR_CANCELLED when they are stopped.
 */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "model/codec.h"

/* Requests of one batch have ids: the request hash, in 64 hexadecimal digits, which every API takes. */
#define BATCH_ID_DIGITS 64
/* A batch is known by a tag of ours: 32 hexadecimal digits. */
#define BATCH_TAG_DIGITS 32

/* Who is asked, and how. */
struct batch_server {
	const struct model *model;
	const struct http_settings *http; /* may be NULL */
	volatile const int *stop;         /* a signal handler's flag; may be NULL */
};

struct batch_status {
	bool ended;            /* no more answers will come */
	size_t done, total;    /* requests; 0: not told */
	char *problem;         /* of a batch that ended before it was done: one line; else NULL */
	char *answers, *errors; /* ids of the files that hold them, where there are such */
};
void batch_status_release(struct batch_status *s);

/* What became of one request: ANSWER is what a live request would have got, or NULL; then PROBLEM says why,
 * in one line. */
typedef void batch_result_fn(void *data, const char *id, const cJSON *answer, const char *problem);

/* A batch that was sent, or may have been. */
struct batch_search {
	const char *tag;
	int64_t date;          /* when it was about to be sent, in seconds since the epoch */
	size_t nr;             /* its requests */
	/* Whether this is the server's id of another batch that is known; whether this is one of its
	 * requests. */
	bool (*is_other)(void *data, const char *id);
	bool (*has_request)(void *data, const char *id);
	void *data;
};

struct batch_api {
	const struct codec *codecs[3]; /* that it takes the bodies of; the rest NULL */
	size_t max_requests, max_bytes; /* of one batch */
	/* Appends the request called ID to the others in OUT. BODY is what its codec wrote, in one piece. */
	void (*add)(struct buffer *out, const struct model *m, const char *id, struct slice body);
	/* Sends them. *ID (malloc'd) is the server's name of the batch. After an error other than ERROR_USAGE,
	 * it may be on its way nevertheless: FIND knows. */
	struct error *(*create)(const struct batch_server *s, const char *tag, struct slice requests, char **id);
	/* Looks whether the server has a batch. ERROR_NOT_FOUND: it does not; ERROR_CONFLICT: that cannot be told
	 * yet. */
	struct error *(*find)(const struct batch_server *s, const struct batch_search *search, char **id);
	struct error *(*status)(const struct batch_server *s, const char *id, struct batch_status *out);
	/* Of a batch that has ended. A request that is passed over got no answer. */
	struct error *(*results)(const struct batch_server *s, const char *id,
				 const struct batch_status *status, batch_result_fn *fn, void *data);
	struct error *(*cancel)(const struct batch_server *s, const char *id);
};
extern const struct batch_api batch_openai, batch_anthropic, batch_gemini;

/* How M's provider takes batches; NULL when it does not. */
const struct batch_api *batch_api_of(const struct model *m);

/* -- sending -- */

/* Requests gathered for one batch. */
struct batch_pack {
	const struct model *model;
	const struct batch_api *api;
	struct codec_dialect dialect;
	struct buffer requests;
	size_t nr;
	uint64_t answer_bytes; /* of the answers, at most */
	size_t last_start;     /* in REQUESTS */
};
/* M must have an api and live as long. */
void batch_pack_init(struct batch_pack *p, const struct model *m);
void batch_pack_release(struct batch_pack *p);
/* Appends REQUEST, whose schema, parsed, is SCHEMA. ALONE: no other has its shared part. False when it does not
 * fit any more: the pack is to be sent first. Into an empty one everything goes. */
bool batch_pack_add(struct batch_pack *p, const char *id, const struct model_request *request,
		    const cJSON *schema, bool alone);
/* Takes back what was added last: once. */
void batch_pack_drop_last(struct batch_pack *p);

/* -- receiving -- */

/* What became of a request, from ANSWER or PROBLEM (see batch_result_fn), as if it had been live: release
 * with model_reply_release. SCHEMA and MAY_LACK are the request's. There is no repair round. */
void batch_reply(struct model_reply *out, const struct model *m, const cJSON *schema,
		 const char *const *may_lack, const cJSON *answer, const char *problem);

/* Whether ID, which may come from anywhere, can be part of an address. */
bool batch_id_is_safe(const char *id);

#endif
