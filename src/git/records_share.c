/* Claims among clones. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

#define CLAIMS_HEAD "scrutiny-claims v1\n"
#define CLAIMS_MAX_SIZE ((size_t)64 << 20)
/* Digits of the clone's and of the process's name. */
#define NAME_DIGITS 16
#define HOLDER_SIZE (2 * NAME_DIGITS + 1)
/* Content id, holder, time, what is between them, and a NUL. */
#define LINE_SIZE (CONTENT_ID_SIZE + 1 + HOLDER_SIZE + 1 + 20 + 1)
/* Of the clocks of two clones. Nobody claims for longer than SHARED_CLAIM_SECONDS and this. */
#define MAX_CLOCK_SKEW 3600
/* After a renewal that failed. */
#define RETRY_SECONDS 60

struct shared_claims {
	struct records *r;
	char *remote;
	int64_t (*now)(void);
	char holder[HOLDER_SIZE + 1];
	struct records_claim *alive; /* locked as long as this process lives */
	struct strmap held;          /* content ids */
	int64_t renew;               /* when that is due */
};

/* One line of the blob. */
struct line {
	char content_id[CONTENT_ID_SIZE + 1];
	char holder[HOLDER_SIZE + 1];
	int64_t until;
};

struct claims_list {
	struct line *items;
	size_t nr, alloc;
	char object[OID_MAX_HEX + 1]; /* the blob it was read from; "": there is none */
};

static int64_t clock_now(void)
{
	return (int64_t)time(NULL);
}

/* -- names ------------------------------------------------------------------------------------- */

static bool is_name(const char *s)
{
	return strspn(s, "0123456789abcdef") >= NAME_DIGITS;
}

/* The clone's name is made once. */
static struct error *clone_name(struct records *r, char out[NAME_DIGITS + 1])
{
	char *path = xstrfmt("%s/scrutiny/clone-name", repo_common_dir(r->repo));
	char *folder = xstrfmt("%s/scrutiny", repo_common_dir(r->repo));
	struct buffer text = BUFFER_INIT_MAX(4096);
	struct error *err = file_read(path, &text);
	if (!err && is_name(text.data)) {
		memcpy(out, text.data, NAME_DIGITS);
		out[NAME_DIGITS] = '\0';
	} else {
		error_free(err);
		err = hex_random(out, NAME_DIGITS);
		if (!err)
			err = file_make_directories(folder);
		if (!err)
			err = file_write(path, out, NAME_DIGITS);
	}
	buffer_release(&text);
	free(path);
	free(folder);
	return err;
}

/* The claim on this machine that shows that a holder lives. */
static void life_of(const char *holder, char out[SHA256_HEX_SIZE + 1])
{
	sha256_hex(holder, strlen(holder), out);
}

/* A process of this clone that has died; of other clones nothing can be told. */
static bool is_dead(struct shared_claims *c, const char *holder)
{
	char life[SHA256_HEX_SIZE + 1];
	struct records_claim *claim = NULL;
	if (strncmp(holder, c->holder, NAME_DIGITS) != 0 || !strcmp(holder, c->holder))
		return false;
	life_of(holder, life);
	error_free(records_claim(c->r, life, &claim));
	bool dead = claim != NULL;
	records_claim_free(claim);
	return dead;
}

struct error *shared_claims_new(struct shared_claims **out, struct records *r, const char *remote,
				int64_t (*now)(void))
{
	struct shared_claims *c = xcalloc(1, sizeof(*c));
	char life[SHA256_HEX_SIZE + 1];
	c->r = r;
	c->remote = xstrdup(remote);
	c->now = now ? now : clock_now;
	struct error *err = clone_name(r, c->holder);
	c->holder[NAME_DIGITS] = '-';
	if (!err)
		err = hex_random(c->holder + NAME_DIGITS + 1, NAME_DIGITS);
	if (!err) {
		life_of(c->holder, life);
		err = records_claim(r, life, &c->alive);
	}
	if (err) {
		shared_claims_free(c);
		return err;
	}
	*out = c;
	return NULL;
}

void shared_claims_free(struct shared_claims *c)
{
	if (!c)
		return;
	records_claim_free(c->alive);
	strmap_release(&c->held, NULL);
	free(c->remote);
	free(c);
}

/* -- the list ---------------------------------------------------------------------------------- */

static void list_release(struct claims_list *list)
{
	free(list->items);
}

static struct line *list_add(struct claims_list *list)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	return &list->items[list->nr++];
}

/* A line of another form is nobody's claim. It is read by itself: sscanf goes through all that follows, each time. */
static bool parse_line(const char *text, size_t len, struct line *out)
{
	char line[LINE_SIZE];
	int end = 0;
	if (len >= sizeof(line))
		return false;
	memcpy(line, text, len);
	line[len] = '\0';
	if (sscanf(line, "%64s %33s %" SCNd64 "%n", out->content_id, out->holder, &out->until, &end) != 3)
		return false;
	return !line[end] && is_content_id(out->content_id) && strlen(out->holder) == HOLDER_SIZE;
}

static struct error *parse_list(struct claims_list *list, const struct buffer *text)
{
	const char *at;
	if (!skip_prefix(text->data, CLAIMS_HEAD, &at))
		return error_with_hint(error_new(ERROR_UNSUPPORTED, "the claims at the remote were written by a newer "
								    "git scrutiny"),
				       "upgrade git scrutiny");
	for (const char *end; (end = strchr(at, '\n')); at = end + 1) {
		struct line line;
		if (parse_line(at, (size_t)(end - at), &line))
			*list_add(list) = line;
	}
	return NULL;
}

static struct error *read_list(struct shared_claims *c, struct claims_list *list)
{
	char *tracking = ref_tracking(c->r->repo, c->remote, "claims");
	char *refspec = xstrfmt("+%s:%s", SHARED_CLAIMS_REF, tracking);
	struct buffer name = BUFFER_INIT_MAX(4096), text = BUFFER_INIT_MAX(CLAIMS_MAX_SIZE);
	struct oid oid = { "" };
	bool found;
	*list = (struct claims_list){ 0 };
	struct error *err = ref_fetch(c->r->repo, c->remote, refspec, RECORDS_SPOKEN, &found);
	if (!err && found) {
		const char *const argv[] = { "rev-parse", "--verify", "--quiet", tracking, NULL };
		err = repo_git_line(c->r->repo, argv, &name);
		if (!err && name.len < sizeof(oid.hex)) {
			memcpy(oid.hex, name.data, name.len + 1);
			memcpy(list->object, name.data, name.len + 1);
		}
		if (!err)
			err = repo_read_object(c->r->repo, &oid, OBJECT_BLOB, &text);
		if (!err)
			err = parse_list(list, &text);
	}
	free(tracking);
	free(refspec);
	buffer_release(&name);
	buffer_release(&text);
	return err;
}

static struct error *write_blob(struct shared_claims *c, const struct claims_list *list, struct buffer *object)
{
	static const char *const argv[] = { "hash-object", "-w", "--stdin", NULL };
	struct buffer text = BUFFER_INIT;
	struct process_options options = { .env = ref_environment, .out = object };
	/* An empty list stays as a blob: some servers let nobody delete a ref. */
	buffer_addstr(&text, CLAIMS_HEAD);
	for (size_t i = 0; i < list->nr; i++)
		buffer_addf(&text, "%s %s %" PRId64 "\n", list->items[i].content_id, list->items[i].holder,
			    list->items[i].until);
	options.input = slice_of(&text);
	struct error *err = repo_git(c->r->repo, argv, &options);
	while (object->len && object->data[object->len - 1] == '\n')
		buffer_truncate(object, object->len - 1);
	buffer_release(&text);
	return err;
}

static struct error *push_list(struct shared_claims *c, const struct claims_list *list, bool *again)
{
	struct buffer object = BUFFER_INIT_MAX(4096);
	struct error *err = write_blob(c, list, &object);
	struct push_try try = { .remote = c->remote, .ref = SHARED_CLAIMS_REF, .object = object.data,
				.lease = list->object };
	bool same = !strcmp(object.data, list->object) || (!list->nr && !list->object[0]);
	if (!err && !same)
		err = ref_push(c->r->repo, &try, RECORDS_SPOKEN);
	*again = !err && !same && try.outcome == PUSH_BEHIND;
	buffer_release(&object);
	return err;
}

/* -- taking and giving ------------------------------------------------------------------------- */

/* What this process wants to hold. */
struct wish {
	const struct strmap *ids;
	int64_t until;
};

/* Takes out what has ended, and our own lines. */
static void drop_ended(struct shared_claims *c, struct claims_list *list)
{
	size_t kept = 0;
	int64_t now = c->now();
	struct strmap dead = STRMAP_INIT;
	for (size_t i = 0; i < list->nr; i++) {
		const struct line *line = &list->items[i];
		bool ended = line->until <= now || line->until > now + SHARED_CLAIM_SECONDS + MAX_CLOCK_SKEW ||
			     !strcmp(line->holder, c->holder);
		if (!ended && !strmap_has(&dead, line->holder, HOLDER_SIZE) && is_dead(c, line->holder))
			strmap_add(&dead, line->holder, HOLDER_SIZE);
		if (!ended && !strmap_has(&dead, line->holder, HOLDER_SIZE))
			list->items[kept++] = *line;
	}
	list->nr = kept;
	strmap_release(&dead, NULL);
}

/* Adds what is wished for and free; HELD gets it. */
static void add_ours(struct shared_claims *c, struct claims_list *list, const struct wish *wish, struct strmap *held)
{
	struct strmap taken = STRMAP_INIT;
	for (size_t i = 0; i < list->nr; i++)
		strmap_add(&taken, list->items[i].content_id, CONTENT_ID_SIZE);
	for (size_t i = 0; i < wish->ids->nr; i++) {
		const char *id = wish->ids->entries[i].key;
		if (!strmap_add(&taken, id, CONTENT_ID_SIZE))
			continue;
		struct line *line = list_add(list);
		memset(line, 0, sizeof(*line));
		memcpy(line->content_id, id, CONTENT_ID_SIZE);
		memcpy(line->holder, c->holder, HOLDER_SIZE);
		line->until = wish->until;
		strmap_add(held, id, CONTENT_ID_SIZE);
	}
	strmap_release(&taken, NULL);
}

static int by_content_id(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	return strcmp(x->content_id, y->content_id);
}

/* Makes the remote's list say that we hold what IDS names and is free, and nothing else. */
static struct error *hold(struct shared_claims *c, const struct strmap *ids)
{
	bool again = true;
	struct error *err = NULL;
	for (unsigned attempt = 0; again && !err && attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		struct claims_list list;
		struct strmap held = STRMAP_INIT;
		struct wish wish = { ids, c->now() + SHARED_CLAIM_SECONDS };
		if (attempt)
			ref_pause(attempt);
		err = read_list(c, &list);
		if (!err) {
			drop_ended(c, &list);
			add_ours(c, &list, &wish, &held);
			if (list.nr)
				qsort(list.items, list.nr, sizeof(*list.items), by_content_id);
			err = push_list(c, &list, &again);
		}
		if (!err && !again) {
			strmap_release(&c->held, NULL);
			c->held = held;
			c->renew = wish.until - SHARED_CLAIM_SECONDS / 2;
		} else {
			strmap_release(&held, NULL);
		}
		list_release(&list);
	}
	if (!err && again)
		err = error_new(ERROR_CONFLICT, "the claims at '%s' keep changing", c->remote);
	return error_context(err, "cannot claim papers");
}

struct error *shared_claims_take(struct shared_claims *c, const char *const *content_ids, size_t nr)
{
	struct strmap ids = STRMAP_INIT;
	for (size_t i = 0; i < c->held.nr; i++)
		strmap_add(&ids, c->held.entries[i].key, CONTENT_ID_SIZE);
	for (size_t i = 0; i < nr; i++)
		if (is_content_id(content_ids[i]))
			strmap_add(&ids, content_ids[i], CONTENT_ID_SIZE);
	struct error *err = ids.nr > c->held.nr ? hold(c, &ids) : NULL;
	strmap_release(&ids, NULL);
	return err;
}

bool shared_claims_has(const struct shared_claims *c, const char *content_id)
{
	return strmap_has(&c->held, content_id, strlen(content_id));
}

struct error *shared_claims_keep(struct shared_claims *c)
{
	if (!c->held.nr || c->now() < c->renew)
		return NULL;
	struct strmap ids = STRMAP_INIT;
	for (size_t i = 0; i < c->held.nr; i++)
		strmap_add(&ids, c->held.entries[i].key, CONTENT_ID_SIZE);
	c->renew = c->now() + RETRY_SECONDS;
	struct error *err = hold(c, &ids);
	if (!err && c->held.nr < ids.nr)
		err = error_new(ERROR_CONFLICT, "claims at '%s' had ended, and others have them now", c->remote);
	strmap_release(&ids, NULL);
	return err;
}

struct error *shared_claims_release(struct shared_claims *c)
{
	struct strmap none = STRMAP_INIT;
	return c->held.nr ? hold(c, &none) : NULL;
}
