/* Moving the journal into a commit on the ref. */
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "git/records_internal.h"

/* Bytes of records in one commit; what is left goes into a further one. */
#define COMMIT_MAX_BYTES ((size_t)64 << 20)
/* Digits of its SHA-256 that tell apart a second answer under the same name. */
#define SECOND_ANSWER_DIGITS 16

#define STILL_JOURNALLED                                                                        \
	"nothing is lost: they stay journalled in the git directory and go into the next commit"

/* Some of the journal, on its way into one commit. */
struct batch {
	struct journal_entry *entries;
	size_t nr;
	struct buffer stream; /* for fast-import */
	bool has_changes;     /* false: the ref holds all of it already */
};

/* Every name has an ending. */
char *records_second_name(const char *name, const struct buffer *data)
{
	char hash[SHA256_HEX_SIZE + 1];
	const char *ending = strrchr(name, '.');
	sha256_hex(data->data, data->len, hash);
	return xstrfmt("%.*s~%.*s%s", (int)(ending - name), name, SECOND_ANSWER_DIGITS, hash, ending);
}

static char *name_aside(const char *name, struct slice data)
{
	struct buffer text = BUFFER_INIT;
	buffer_add(&text, data.data, data.len);
	char *second = records_second_name(name, &text);
	buffer_release(&text);
	return second;
}

struct error *records_set_aside(struct records *r, const char *content_id, const char *name, struct slice data)
{
	char *second = name_aside(name, data);
	struct error *err = journal_put(&r->journal, content_id, second, data);
	free(second);
	return err;
}

bool records_is_set_aside(struct records *r, const char *content_id, const char *name, struct slice data)
{
	struct tree_entry entry;
	char *second = name_aside(name, data);
	bool is = journal_has(&r->journal, content_id, second);
	if (!is) {
		struct error *err = records_find_now(r, content_id, second, &entry);
		is = !err;
		error_free(err);
	}
	free(second);
	return is;
}

enum presence { ABSENT, SAME, DIFFERENT };

/* HELD gets what the ref has under the name. */
static struct error *compare_with_ref(struct records *r, const char *content_id, const char *name,
				      const struct buffer *data, enum presence *presence, struct buffer *held)
{
	struct tree_entry entry;
	buffer_reset(held);
	*presence = ABSENT;
	struct error *err = records_find(r, content_id, name, &entry);
	if (err) {
		error_drop_if(&err, ERROR_NOT_FOUND);
		return err;
	}
	err = repo_read_object(r->repo, &entry.oid, OBJECT_BLOB, held);
	/* Larger than any record: not what we hold. */
	if (error_drop_if(&err, ERROR_LIMIT))
		*presence = DIFFERENT;
	else if (!err)
		*presence = held->len == data->len && !memcmp(held->data, data->data, held->len)
				    ? SAME
				    : DIFFERENT;
	return err;
}

/* Adds what takes the ref from what it holds to holding DATA too: nothing, or one command. */
static struct error *add_change(struct records *r, struct batch *batch,
				const struct journal_entry *entry, const struct buffer *data)
{
	enum presence presence;
	char *second = NULL;
	const char *name = entry->name;
	struct buffer held = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = compare_with_ref(r, entry->content_id, name, data, &presence, &held);
	if (!err && presence == DIFFERENT && strcmp(name, RUN_NAME) &&
	    !records_is_set_aside(r, entry->content_id, name, slice_of(&held))) {
		name = second = records_second_name(entry->name, data);
		err = compare_with_ref(r, entry->content_id, name, data, &presence, &held);
	}
	if (!err && presence != SAME) {
		/* Quoted: what is set aside may have any name, as another clone has pushed it. */
		struct buffer path = BUFFER_INIT;
		buffer_addstr(&path, RECORDS_ROOT "/");
		records_path(&path, entry->content_id, name);
		buffer_addstr(&batch->stream, "M 100644 inline ");
		records_add_quoted(&batch->stream, path.data);
		buffer_addf(&batch->stream, "data %zu\n", data->len);
		buffer_release(&path);
		buffer_addbuf(&batch->stream, data);
		buffer_addch(&batch->stream, '\n');
		batch->has_changes = true;
	}
	buffer_release(&held);
	free(second);
	return err;
}

void records_commit_head(struct buffer *out, struct records *r, const char *message)
{
	buffer_addf(out, "commit %s\ncommitter ", RECORDS_REF);
	ref_identity(out, r->repo);
	buffer_addf(out, " now\ndata %zu\n%s\n", strlen(message), message);
	if (r->tip.hex[0])
		buffer_addf(out, "from %s\n", r->tip.hex);
}

/* Facts of a run whose report may not be written yet: another process put them, and may have died since. Also where
 * this one had put its own before: its report is then no longer the last. */
static bool is_unsettled(const struct records *r, const struct journal_entry *entry, struct slice data)
{
	char hash[SHA256_HEX_SIZE + 1];
	if (strcmp(entry->name, RUN_NAME))
		return false;
	sha256_hex(data.data, data.len, hash);
	const char *settled = strmap_get(&r->settled, entry->content_id, strlen(entry->content_id));
	return !settled || strcmp(settled, hash);
}

/* Takes as many of the NR entries into BATCH as one commit should hold. An entry that is gone
 * because another process has committed it keeps its empty identity. */
static struct error *batch_fill(struct batch *batch, struct records *r,
				struct journal_entry *entries, size_t nr, const char *message)
{
	struct buffer data = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = NULL;
	batch->entries = entries;
	records_commit_head(&batch->stream, r, message);
	while (!err && batch->nr < nr && batch->stream.len < COMMIT_MAX_BYTES) {
		struct journal_entry *entry = &entries[batch->nr++];
		buffer_reset(&data);
		err = journal_read(&r->journal, entry->content_id, entry->name, &data,
				   &entry->identity);
		if (!err && is_unsettled(r, entry, slice_of(&data)))
			entry->identity = (struct journal_identity){ 0 }; /* stays where it is */
		else if (!err)
			err = add_change(r, batch, entry, &data);
		else
			error_drop_if(&err, ERROR_NOT_FOUND);
	}
	buffer_addstr(&batch->stream, "\ndone\n");
	buffer_release(&data);
	return err ? err : buffer_check(&batch->stream, "the journal of records");
}

struct error *records_import(struct records *r, const char *date_format, const struct buffer *stream,
			     int *status, struct buffer *said)
{
	/* The journal goes away afterwards, so what replaces it must be on the disk by then.
	 * --done: a stream that ends early, because we were killed, changes nothing. */
	char *date = xstrfmt("--date-format=%s", date_format);
	const char *const argv[] = {
		"-c", "core.fsync=committed,reference", "fast-import", "--quiet", "--done", date, NULL,
	};
	struct buffer out = BUFFER_INIT_MAX(4096);
	struct process_options options = { .env = ref_environment, .input = slice_of(stream),
					   .out = &out, .err = said, .exit_status = status };
	struct error *err = repo_git(r->repo, argv, &options);
	buffer_release(&out);
	free(date);
	return err;
}

struct error *records_lost_race(struct records *r, const struct buffer *said, bool *lost)
{
	struct error *err = records_refresh(r, lost);
	*lost = *lost || strstr(said->data, ".lock");
	return err;
}

/*
 * Commits what the batch holds. fast-import does not move a ref to a commit that leaves out what
 * the ref holds by then, so losing a race shows as a failure after which the ref is elsewhere
 * (*AGAIN), or as somebody's lock.
 */
static struct error *batch_commit(struct batch *batch, struct records *r, bool *again)
{
	int status = 0;
	bool lost = false;
	struct buffer said = BUFFER_INIT_MAX(65536);
	struct error *err = NULL;
	if (batch->has_changes)
		err = records_import(r, "now", &batch->stream, &status, &said);
	if (!err)
		err = records_lost_race(r, &said, &lost);
	if (!err && !status)
		err = journal_remove(&r->journal, batch->entries, batch->nr);
	else if (!err && lost)
		*again = true;
	else if (!err)
		err = error_with_hint(ref_git_failed(&said, "cannot commit the records to " RECORDS_REF),
				      STILL_JOURNALLED);
	buffer_release(&said);
	return err;
}

/* Commits all ENTRIES unless the ref moves meanwhile (*AGAIN). */
static struct error *commit_entries(struct records *r, struct journal_entry *entries, size_t nr,
				    const char *message, bool *again)
{
	struct error *err = NULL;
	size_t done = 0;
	while (done < nr && !err && !*again) {
		struct batch batch = { .stream = BUFFER_INIT };
		err = batch_fill(&batch, r, entries + done, nr - done, message);
		if (!err)
			err = batch_commit(&batch, r, again);
		done += batch.nr;
		buffer_release(&batch.stream);
	}
	return err;
}

struct error *records_commit(struct records *r, const char *message)
{
	struct error *err = NULL;
	for (unsigned attempt = 0; attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		struct journal_entry *entries;
		size_t nr;
		bool again = false;
		if (attempt)
			ref_pause(attempt);
		err = journal_list(&r->journal, &entries, &nr);
		if (!err && nr)
			err = records_refresh(r, NULL);
		if (!err)
			err = commit_entries(r, entries, nr, message, &again);
		journal_entries_free(entries, nr);
		if (!err && !again) {
			records_sweep_claims(r);
			return journal_sweep(&r->journal);
		}
		if (err)
			return err;
	}
	err = error_new(ERROR_CONFLICT, "cannot commit the records: %s keeps moving or is locked",
			RECORDS_REF);
	return error_with_hint(err, STILL_JOURNALLED);
}
