/* Walking over and changing what is committed. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

/* Folders below a content id or a shelf. */
#define EACH_MAX_DEPTH 4

/* -- everything -------------------------------------------------------------------------------- */

struct each {
	struct records *r;
	struct error *(*fn)(const struct records_item *item, void *data);
	void *data;
	char place[CONTENT_ID_SIZE + 1];
	bool on_shelf;
};

struct each_folder {
	struct each *each;
	const char *prefix; /* of the names in it: "replies/" */
	unsigned depth;
};

static struct error *tell_strange(struct each *each, const char *place, const char *name, const char *problem)
{
	struct records_item item = { .place = place, .name = name, .problem = problem };
	return each->fn(&item, each->data);
}

static struct error *tell_file(struct each *each, const char *name, const struct tree_entry *e)
{
	struct buffer data = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct records_item item = { .place = each->place, .name = name, .on_shelf = each->on_shelf };
	struct error *err = repo_read_object(each->r->repo, &e->oid, OBJECT_BLOB, &data);
	if (error_drop_if(&err, ERROR_LIMIT))
		item.problem = "larger than any record";
	else if (error_drop_if(&err, ERROR_NOT_FOUND))
		item.problem = "its object is missing";
	item.data = slice_of(&data);
	if (!err)
		err = each->fn(&item, each->data);
	buffer_release(&data);
	return err;
}

static struct error *visit_name(const struct tree_entry *e, void *data)
{
	const struct each_folder *folder = data;
	struct each *each = folder->each;
	struct error *err;
	struct buffer name = BUFFER_INIT;
	buffer_addstr(&name, folder->prefix);
	buffer_add(&name, e->name.data, e->name.len);
	if (e->mode == 040000 && folder->depth < EACH_MAX_DEPTH) {
		buffer_addch(&name, '/');
		struct each_folder below = { each, name.data, folder->depth + 1 };
		err = repo_tree_each(each->r->repo, &e->oid, visit_name, &below);
	} else if (e->mode == 0100644 || e->mode == 0100755) {
		err = tell_file(each, name.data, e);
	} else {
		err = tell_strange(each, each->place, name.data, "neither a file nor a folder of ours");
	}
	buffer_release(&name);
	return err;
}

static struct error *visit_content_id(const struct tree_entry *e, void *data)
{
	struct each *each = data;
	struct each_folder folder = { each, "", 0 };
	snprintf(each->place + 2, sizeof(each->place) - 2, "%.*s", (int)e->name.len, e->name.data);
	if (e->mode != 040000 || e->name.len != CONTENT_ID_SIZE - 2 || !is_content_id(each->place)) {
		char *name = xmemdupz(e->name.data, e->name.len);
		char digits[3] = { each->place[0], each->place[1], '\0' };
		struct error *err = tell_strange(each, digits, name, "not a content id");
		free(name);
		return err;
	}
	return repo_tree_each(each->r->repo, &e->oid, visit_name, &folder);
}

static struct error *visit_top(const struct tree_entry *e, void *data)
{
	struct each *each = data;
	struct each_folder folder = { each, "", 0 };
	if (e->mode != 040000 || e->name.len >= sizeof(each->place)) {
		char *name = xmemdupz(e->name.data, e->name.len);
		struct error *err = tell_strange(each, "", name, "not a folder of ours");
		free(name);
		return err;
	}
	snprintf(each->place, sizeof(each->place), "%.*s", (int)e->name.len, e->name.data);
	each->on_shelf = e->name.len > 2;
	return repo_tree_each(each->r->repo, &e->oid, each->on_shelf ? visit_name : visit_content_id,
			      each->on_shelf ? (void *)&folder : each);
}

static struct error *visit_journal(struct each *each)
{
	struct journal_entry *entries = NULL;
	size_t nr = 0;
	struct buffer data = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = journal_list(&each->r->journal, &entries, &nr);
	for (size_t i = 0; i < nr && !err; i++) {
		struct records_item item = { .place = entries[i].content_id, .name = entries[i].name,
					     .journalled = true,
					     .on_shelf = !is_content_id(entries[i].content_id) };
		buffer_reset(&data);
		err = journal_read(&each->r->journal, entries[i].content_id, entries[i].name, &data, NULL);
		if (error_drop_if(&err, ERROR_NOT_FOUND))
			continue; /* committed meanwhile */
		if (error_drop_if(&err, ERROR_LIMIT))
			item.problem = "larger than any record";
		item.data = slice_of(&data);
		if (!err)
			err = each->fn(&item, each->data);
	}
	journal_entries_free(entries, nr);
	buffer_release(&data);
	return err;
}

struct error *records_each(struct records *r, struct error *(*fn)(const struct records_item *item, void *data),
			   void *data)
{
	struct each each = { .r = r, .fn = fn, .data = data };
	struct error *err = records_refresh(r, NULL);
	if (!err && r->root.hex[0])
		err = repo_tree_each(r->repo, &r->root, visit_top, &each);
	return err ? err : visit_journal(&each);
}

/* -- changes ----------------------------------------------------------------------------------- */

struct records_edit {
	struct records *r;
	struct buffer commands; /* for fast-import */
};

void records_add_quoted(struct buffer *out, const char *path)
{
	buffer_addch(out, '"');
	for (const char *c = path; *c; c++) {
		if (ascii_alnum((unsigned char)*c) || strchr("._+@=,-~/", *c))
			buffer_addch(out, *c);
		else
			buffer_addf(out, "\\%03o", (unsigned char)*c);
	}
	buffer_addstr(out, "\"\n");
}

struct records_edit *records_edit_new(struct records *r)
{
	struct records_edit *edit = xcalloc(1, sizeof(*edit));
	edit->r = r;
	buffer_init(&edit->commands, BUFFER_MAX_INTERNAL);
	return edit;
}

void records_edit_free(struct records_edit *edit)
{
	if (!edit)
		return;
	buffer_release(&edit->commands);
	free(edit);
}

void records_edit_add(struct records_edit *edit, const char *place, const char *name, const struct slice *data)
{
	struct buffer path = BUFFER_INIT;
	buffer_addstr(&path, RECORDS_ROOT "/");
	records_path(&path, place, name);
	while (path.len && path.data[path.len - 1] == '/')
		buffer_truncate(&path, path.len - 1);
	buffer_addstr(&edit->commands, data ? "M 100644 inline " : "D ");
	records_add_quoted(&edit->commands, path.data);
	if (data) {
		buffer_addf(&edit->commands, "data %zu\n", data->len);
		buffer_add(&edit->commands, data->data, data->len);
		buffer_addch(&edit->commands, '\n');
	}
	buffer_release(&path);
}

static struct error *try_commit(struct records_edit *edit, const char *message, bool *again)
{
	struct records *r = edit->r;
	struct buffer stream = BUFFER_INIT, said = BUFFER_INIT_MAX(65536);
	int status = 0;
	records_commit_head(&stream, r, message);
	buffer_addbuf(&stream, &edit->commands);
	buffer_addstr(&stream, "\ndone\n");
	struct error *err = buffer_check(&stream, "the changes of records");
	if (!err)
		err = records_import(r, "now", &stream, &status, &said);
	if (!err)
		err = records_lost_race(r, &said, again);
	if (!err && !status)
		*again = false;
	else if (!err && !*again)
		err = ref_git_failed(&said, "cannot commit to " RECORDS_REF);
	buffer_release(&stream);
	buffer_release(&said);
	return err;
}

struct error *records_edit_commit(struct records_edit *edit, const char *message)
{
	struct error *err = NULL;
	bool again = edit->commands.len > 0;
	for (unsigned attempt = 0; again && !err && attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause(attempt);
		err = records_refresh(edit->r, NULL);
		if (!err)
			err = try_commit(edit, message, &again);
	}
	if (!err && again)
		err = error_new(ERROR_CONFLICT, "%s keeps moving or is locked", RECORDS_REF);
	records_edit_free(edit);
	return err;
}
