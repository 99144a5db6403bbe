/* Dropping what nobody needs any more, and folding the history. */
#include <inttypes.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

#define REPLIES "replies/"

struct gc {
	const struct records_gc_settings *settings;
	struct records_gc_result *result;
	struct records_edit *edit;
	/* Of the content id that is being walked over: */
	char place[CONTENT_ID_SIZE + 1];
	struct strmap replies;  /* name -> its size + 1 */
	struct strmap requests; /* that records are made of */
	int64_t newest;         /* date of its records; -1: none told */
	uint64_t bytes;
	bool damaged;           /* something cannot be read: nothing of it goes */
};

/* -- one content id ---------------------------------------------------------------------------- */

static bool is_reply_of(const char *name, const struct strmap *requests)
{
	name += strlen(REPLIES);
	return strmap_has(requests, name, strcspn(name, ".~"));
}

static void drop_replies(struct gc *gc)
{
	size_t before = gc->result->replies;
	for (size_t i = 0; i < gc->replies.nr; i++) {
		const struct strmap_entry *e = &gc->replies.entries[i];
		if (!is_reply_of(e->key, &gc->requests))
			continue;
		records_edit_add(gc->edit, gc->place, e->key, NULL);
		gc->result->replies++;
		gc->result->bytes += (uintptr_t)e->value - 1;
	}
	gc->result->papers += gc->result->replies > before;
}

static void drop_all(struct gc *gc)
{
	records_edit_add(gc->edit, gc->place, "", NULL);
	gc->result->papers++;
	gc->result->replies += gc->replies.nr;
	gc->result->bytes += gc->bytes;
}

/* Decides about the content id whose files have all been seen. */
static void finish_place(struct gc *gc)
{
	const struct records_gc_settings *settings = gc->settings;
	bool goes = gc->place[0] && !gc->damaged && gc->newest >= 0 && gc->newest < settings->before;
	if (goes && settings->reviews)
		drop_all(gc);
	else if (goes)
		drop_replies(gc);
	strmap_release(&gc->replies, NULL);
	strmap_release(&gc->requests, NULL);
	gc->replies = gc->requests = (struct strmap)STRMAP_INIT;
	gc->newest = -1;
	gc->bytes = 0;
	gc->damaged = false;
	gc->place[0] = '\0';
}

static void note_record(struct gc *gc, const struct records_item *item)
{
	cJSON *root = NULL;
	struct error *err = json_parse(&root, item->data, item->name);
	int64_t date = root ? json_integer_or(root, "date", -1) : -1;
	gc->damaged |= err || date < 0;
	if (date > gc->newest)
		gc->newest = date;
	const cJSON *requests = root ? cJSON_GetObjectItemCaseSensitive(root, "requests") : NULL;
	const cJSON *request;
	cJSON_ArrayForEach(request, requests)
		if (cJSON_IsString(request))
			strmap_add(&gc->requests, request->valuestring, strlen(request->valuestring));
	cJSON_Delete(root);
	error_free(err);
}

static struct error *visit(const struct records_item *item, void *data)
{
	struct gc *gc = data;
	if (strcmp(gc->place, item->place))
		finish_place(gc);
	if (item->on_shelf || item->journalled || !is_content_id(item->place) ||
	    strmap_has(gc->settings->in_use, item->place, CONTENT_ID_SIZE))
		return NULL;
	memcpy(gc->place, item->place, sizeof(gc->place));
	gc->bytes += item->data.len;
	if (item->problem)
		gc->damaged = true;
	else if (starts_with(item->name, REPLIES))
		*strmap_at(&gc->replies, item->name, strlen(item->name)) =
			(void *)((uintptr_t)item->data.len + 1);
	else
		note_record(gc, item);
	return NULL;
}

struct error *records_gc(struct records *r, const struct records_gc_settings *settings, struct records_gc_result *out)
{
	struct gc gc = { .settings = settings, .result = out, .edit = records_edit_new(r), .newest = -1 };
	*out = (struct records_gc_result){ 0 };
	struct error *err = records_each(r, visit, &gc);
	if (!err)
		finish_place(&gc);
	strmap_release(&gc.replies, NULL);
	strmap_release(&gc.requests, NULL);
	if (err || settings->dry_run) {
		records_edit_free(gc.edit);
		return err;
	}
	char *message = xstrfmt("Drop what is no longer needed of %zu papers", out->papers);
	err = records_edit_commit(gc.edit, message);
	free(message);
	return error_context(err, "cannot drop records");
}

/* -- the history ------------------------------------------------------------------------------- */

static struct error *check_journal(struct records *r)
{
	struct journal_entry *entries = NULL;
	size_t nr = 0;
	struct error *err = journal_list(&r->journal, &entries, &nr);
	journal_entries_free(entries, nr);
	if (err || !nr)
		return err;
	return error_with_hint(error_new(ERROR_CONFLICT, "%zu record%s not committed yet, so the history is not folded", nr,
					 nr == 1 ? " is" : "s are"),
			       "let the run that is going on end, or carry on with `git scrutiny run`");
}

/* Writes a commit of TREE without a parent. */
static struct error *write_root(struct records *r, const struct oid *tree, struct oid *out)
{
	static const char *const argv[] = { "hash-object", "-t", "commit", "-w", "--stdin", NULL };
	struct buffer who = BUFFER_INIT, text = BUFFER_INIT, said = BUFFER_INIT_MAX(4096);
	struct process_options options = { .env = ref_environment, .out = &said };
	ref_identity(&who, r->repo);
	buffer_addf(&text, "tree %s\n", tree->hex);
	static const char *const roles[] = { "author", "committer" };
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		buffer_addf(&text, "%s %s %" PRId64 " +0000\n", roles[i], who.data, (int64_t)time(NULL));
	buffer_addf(&text, "\nFold the history of records\n\nFolds: %s\n", r->tip.hex);
	options.input = slice_of(&text);
	struct error *err = repo_git(r->repo, argv, &options);
	size_t len = strcspn(said.data, "\n");
	if (!err && len < sizeof(out->hex)) {
		memcpy(out->hex, said.data, len);
		out->hex[len] = '\0';
	}
	buffer_release(&who);
	buffer_release(&text);
	buffer_release(&said);
	return err;
}

struct error *records_squash(struct records *r)
{
	struct error *err = NULL;
	bool again = true;
	for (unsigned attempt = 0; again && !err && attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		struct oid tree, root = { "" };
		if (attempt)
			ref_pause(attempt);
		err = check_journal(r);
		if (!err)
			err = records_refresh(r, NULL);
		if (!err && !r->tip.hex[0])
			return NULL;
		if (!err)
			err = repo_commit_tree(r->repo, &r->tip, &tree);
		if (!err)
			err = write_root(r, &tree, &root);
		if (!err)
			err = records_move(r, &root, "records: folded", &again);
	}
	if (!err && again)
		err = error_new(ERROR_CONFLICT, "%s keeps moving or is locked", RECORDS_REF);
	return err;
}
