/* Adding to the ledger, and keeping it in step with a remote's. */
#include "deploy/ledger.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/ref.h"

/* Attempts while other processes or clones keep adding releases. */
#define MAX_ATTEMPTS 16

/* One environment's ledger, here and at the remote. */
struct book {
	struct repo *repo;
	const char *environment, *remote;
	char *ref, *tracking;
	struct oid here, there;     /* as they were looked at; empty: none */
	struct oid tip;             /* of both together; no ref may have it yet */
	struct releases releases;   /* what ends with TIP */
};

static struct error *book_open(struct book *b, struct repo *repo, const char *environment, const char *remote)
{
	*b = (struct book){ .repo = repo, .environment = environment, .remote = remote };
	if (!release_is_environment(environment))
		return error_new(ERROR_USAGE, "'%s' cannot be an environment", environment);
	char *what = xstrfmt("deploy/%s", environment);
	b->ref = xstrfmt(LEDGER_REF_PREFIX "%s", environment);
	b->tracking = remote ? ref_tracking(repo, remote, what) : NULL;
	free(what);
	return NULL;
}

static void book_release(struct book *b)
{
	releases_release(&b->releases);
	free(b->ref);
	free(b->tracking);
}

/* -- entries ----------------------------------------------------------------------------------- */

static void add_title(struct buffer *out, const struct release *r)
{
	buffer_addf(out, "Release #%" PRId64 " of %s: ", r->number, r->environment);
	switch (r->result) {
	case RELEASE_DONE:
	case RELEASE_CANARY:
		buffer_addf(out, "%s%s", r->tag ? r->tag : r->commit.hex,
			    r->result == RELEASE_CANARY ? ", as canary" : "");
		break;
	case RELEASE_PROMOTED:
		buffer_addf(out, "the canary #%" PRId64 " is promoted", r->of);
		break;
	case RELEASE_ROLLED_BACK:
		buffer_addf(out, "back to #%" PRId64, r->of);
		break;
	case RELEASE_FAILED:
		buffer_addf(out, "#%" PRId64 " is taken back", r->of);
		break;
	}
}

static void add_message(struct buffer *out, const struct release *r)
{
	add_title(out, r);
	buffer_addf(out, "\n\nCommit: %s\nImage: %s@%s\n", r->commit.hex, r->repository, r->digest.text);
	if (r->image_bytes)
		buffer_addf(out, "Size: %" PRId64 " bytes", r->image_bytes);
	if (r->image_bytes && r->bytes_sent)
		buffer_addf(out, ", %" PRId64 " bytes sent", r->bytes_sent);
	if (r->image_bytes)
		buffer_addch(out, '\n');
	buffer_addf(out, "Where: %s\n", r->where);
	if (r->note)
		buffer_addf(out, "\n%s\n", r->note);
	/* ref_commit ends the last line. */
	buffer_truncate(out, out->len - 1);
}

/* Whether git takes WHO as an author as it is. */
static bool is_identity(const char *who)
{
	const char *open = strchr(who, '<'), *close = strchr(who, '>');
	if (!open || !close || open == who || open[-1] != ' ' || close < open || close[1] ||
	    strchr(open + 1, '<'))
		return false;
	for (const char *at = who; *at; at++)
		if ((unsigned char)*at < ' ')
			return false;
	return true;
}

/* Commits R on top of PARENT (empty: none). */
static struct error *write_entry(struct repo *repo, struct release *r, const struct oid *parent)
{
	struct buffer json = BUFFER_INIT, message = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &json, true);
	release_write(&w, r);
	buffer_addch(&json, '\n');
	add_message(&message, r);
	struct ref_file file = { LEDGER_FILE, slice_of(&json) };
	struct ref_commit commit = {
		.parents = parent,
		.nr_parents = parent->hex[0] ? 1 : 0,
		.files = &file,
		.nr_files = 1,
		.alone = true,
		.message = message.data,
		.identity = is_identity(r->who) ? r->who : NULL,
		.date = r->date,
	};
	struct error *err = ref_commit(repo, &commit, &r->entry);
	buffer_release(&json);
	buffer_release(&message);
	return err;
}

/* -- two ledgers of one environment ------------------------------------------------------------ */

static bool has_entry(const struct releases *r, const struct oid *entry)
{
	for (size_t i = 0; i < r->nr; i++)
		if (!strcmp(r->items[i].entry.hex, entry->hex))
			return true;
	return false;
}

/* The same thing done, and not only the same outcome. */
static bool is_same_event(const struct release *a, const struct release *b)
{
	return a->result == b->result && a->date == b->date && digest_equals(&a->digest, &b->digest) &&
	       !strcmp(a->commit.hex, b->commit.hex) && !strcmp(a->tag ? a->tag : "", b->tag ? b->tag : "");
}

static bool has_event(const struct releases *r, const struct release *event)
{
	for (size_t i = 0; i < r->nr; i++)
		if (is_same_event(&r->items[i], event))
			return true;
	return false;
}

static void push_front(struct releases *r, const struct release *new)
{
	ALLOC_GROW(r->items, r->nr, r->alloc);
	memmove(r->items + 1, r->items, r->nr++ * sizeof(*r->items));
	release_copy(&r->items[0], new);
}

/* Puts what only MINE has on top of the releases of B, oldest first. */
static struct error *append_mine(struct book *b, const struct releases *mine)
{
	struct error *err = NULL;
	size_t only_here = 0;
	while (only_here < mine->nr && !has_entry(&b->releases, &mine->items[only_here].entry))
		only_here++;
	int64_t shift = 0;
	for (size_t i = only_here; i-- && !err;) {
		struct release copy;
		if (has_event(&b->releases, &mine->items[i]))
			continue;
		release_copy(&copy, &mine->items[i]);
		copy.number = b->releases.nr ? b->releases.items[0].number + 1 : 1;
		shift = copy.number - mine->items[i].number;
		/* What it is about may have moved along. */
		if (copy.of && only_here < mine->nr && copy.of > mine->items[only_here].number)
			copy.of += shift;
		err = write_entry(b->repo, &copy, &b->tip);
		if (!err) {
			push_front(&b->releases, &copy);
			b->tip = copy.entry;
		}
		release_release(&copy);
	}
	return err;
}

static struct error *unite(struct book *b)
{
	struct releases mine = { 0 };
	struct error *err;
	if (!b->there.hex[0] || !strcmp(b->here.hex, b->there.hex)) {
		b->tip = b->here;
		return releases_read_from(b->repo, b->environment, &b->here, 0, &b->releases);
	}
	b->tip = b->there;
	err = releases_read_from(b->repo, b->environment, &b->there, 0, &b->releases);
	err = error_context(err, "at '%s'", b->remote);
	if (err || !b->here.hex[0] || has_entry(&b->releases, &b->here))
		return err;
	err = releases_read_from(b->repo, b->environment, &b->here, 0, &mine);
	if (!err && has_entry(&mine, &b->there)) {
		struct releases theirs = b->releases;
		b->tip = b->here;
		b->releases = mine;
		mine = theirs;
	} else if (!err) {
		err = append_mine(b, &mine);
	}
	releases_release(&mine);
	return err;
}

/* Looks at both, and puts them together. */
static struct error *book_read(struct book *b)
{
	releases_release(&b->releases);
	b->there = (struct oid){ "" };
	bool found = false;
	struct error *err = repo_ref(b->repo, b->ref, &b->here);
	if (!err && b->remote) {
		char *refspec = xstrfmt("+%s:%s", b->ref, b->tracking);
		err = ref_fetch(b->repo, b->remote, refspec, "the releases", &found);
		free(refspec);
	}
	if (!err && found) {
		err = repo_ref(b->repo, b->tracking, &b->there);
		if (!err && !b->there.hex[0])
			err = error_new(ERROR_SYNTAX, "%s at '%s' is no commit", b->ref, b->remote);
	}
	return err ? err : unite(b);
}

/* Moves the refs to TIP: there first, so that nothing is here that others do not get to see. */
static struct error *book_write(struct book *b, const char *why, bool *again)
{
	struct error *err = NULL;
	*again = false;
	if (b->remote && strcmp(b->there.hex, b->tip.hex) != 0) {
		struct push_try try = { .remote = b->remote, .ref = b->ref, .object = b->tip.hex,
					.lease = b->there.hex };
		err = ref_push(b->repo, &try, "the releases");
		*again = !err && try.outcome == PUSH_BEHIND;
	}
	if (!err && !*again && strcmp(b->here.hex, b->tip.hex) != 0)
		err = ref_update(b->repo, b->ref, &b->here, &b->tip, why, again);
	return err;
}

/* -- adding ------------------------------------------------------------------------------------ */

static bool is_same_image(const struct release *a, const struct release *b)
{
	return digest_equals(&a->digest, &b->digest) && !strcmp(a->repository, b->repository);
}

static bool is_same_image_of_tag(const struct release *a, const struct release *b)
{
	return a->tag && b->tag && !strcmp(a->tag, b->tag) && a->result == b->result && is_same_image(a, b);
}

static bool is_same_outcome(const struct release *a, const struct release *b)
{
	return a->result == b->result && a->of == b->of && is_same_image(a, b) &&
	       !strcmp(a->tag ? a->tag : "", b->tag ? b->tag : "");
}

static const struct release *find_same(const struct releases *r, const struct release *wanted)
{
	if (r->nr && is_same_outcome(&r->items[0], wanted))
		return &r->items[0];
	for (size_t i = 0; i < r->nr; i++)
		if (is_same_image_of_tag(&r->items[i], wanted))
			return &r->items[i];
	return NULL;
}

static struct error *try_to_add(struct book *b, struct release *r, bool *added, bool *again)
{
	struct error *err = book_read(b);
	const struct release *same = err ? NULL : find_same(&b->releases, r);
	*added = false;
	if (err)
		return err;
	if (same) {
		struct release copy;
		release_copy(&copy, same);
		release_release(r);
		*r = copy;
		return book_write(b, "deploy: fetch", again);
	}
	r->number = b->releases.nr ? b->releases.items[0].number + 1 : 1;
	if (r->number > LEDGER_MAX_RELEASES)
		return error_new(ERROR_LIMIT, "%s has %d releases: no more can be added", b->environment,
				 LEDGER_MAX_RELEASES);
	err = write_entry(b->repo, r, &b->tip);
	if (!err) {
		b->tip = r->entry;
		err = book_write(b, "deploy: release", again);
	}
	*added = !err && !*again;
	return err;
}

struct error *releases_add(struct repo *repo, const char *remote, struct release *r, bool *added)
{
	struct book b;
	bool again = true;
	struct error *err = book_open(&b, repo, r->environment, remote);
	char *environment = xstrdup(r->environment); /* R may be replaced */
	b.environment = environment;
	for (unsigned attempt = 0; again && !err && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause(attempt);
		err = try_to_add(&b, r, added, &again);
	}
	if (!err && again)
		err = error_with_hint(error_new(ERROR_CONFLICT,
						"cannot add a release of %s: the ledger keeps changing",
						environment),
				      "try again later");
	book_release(&b);
	free(environment);
	return err;
}

struct error *releases_fetch(struct repo *repo, const char *remote, const char *environment, bool *found)
{
	struct book b;
	bool again = true;
	struct error *err = book_open(&b, repo, environment, remote);
	for (unsigned attempt = 0; again && !err && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause(attempt);
		err = book_read(&b);
		again = false;
		if (!err && b.tip.hex[0] && strcmp(b.here.hex, b.tip.hex) != 0)
			err = ref_update(repo, b.ref, &b.here, &b.tip, "deploy: fetch", &again);
	}
	if (found)
		*found = !err && b.there.hex[0];
	book_release(&b);
	return err;
}
