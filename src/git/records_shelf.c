/* Files of the record store that belong to no paper; in the journal a shelf's name stands in a content id's place. */
#include "base/memory.h"
#include "base/text.h"
#include "git/records_internal.h"

/* Longer than a fan-out folder's name, shorter than a content id. */
#define SHELF_MIN_NAME 3
#define SHELF_MAX_NAME 40

/* Splits PATH into a shelf, malloc'd, and what stands behind its slash: empty for the shelf itself. */
static struct error *split_path(const char *path, char **shelf, const char **rest)
{
	size_t len = strcspn(path, "/");
	if (len < SHELF_MIN_NAME || len > SHELF_MAX_NAME || path[0] == '-' ||
	    strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789-") < len)
		return error_new(ERROR_GENERIC, "'%s' is on no shelf of records", path);
	*shelf = xmemdupz(path, len);
	*rest = path + len + (path[len] == '/');
	return NULL;
}

static struct error *split_file(const char *path, char **shelf, const char **name)
{
	struct error *err = split_path(path, shelf, name);
	if (!err && !is_record_name(*name, ".json") && !is_record_name(*name, ".jsonl"))
		err = error_new(ERROR_GENERIC, "'%s' cannot be the path of a record", path);
	return err;
}

struct error *records_shelf_put(struct records *r, const char *path, struct slice data)
{
	char *shelf = NULL;
	const char *name;
	struct error *err = split_file(path, &shelf, &name);
	if (!err && data.len > RECORD_MAX_SIZE)
		err = error_new(ERROR_LIMIT, "the record '%s' is larger than %zu bytes", path,
				RECORD_MAX_SIZE);
	if (!err)
		err = journal_put(&r->journal, shelf, name, data);
	free(shelf);
	return err;
}

struct error *records_shelf_read(struct records *r, const char *path, struct buffer *out)
{
	char *shelf = NULL;
	const char *name;
	struct tree_entry entry;
	struct error *err = split_path(path, &shelf, &name);
	if (err)
		return err;
	err = journal_read(&r->journal, shelf, name, out, NULL);
	if (error_drop_if(&err, ERROR_NOT_FOUND)) {
		err = records_find_now(r, shelf, name, &entry);
		if (!err)
			err = repo_read_object(r->repo, &entry.oid, OBJECT_BLOB, out);
	}
	free(shelf);
	return err;
}

/* Adds the journalled names of SHELF that start with FOLDER, as paths. */
static struct error *add_journalled(struct records *r, const char *shelf, const char *folder,
				    struct strmap *paths)
{
	struct strmap names = STRMAP_INIT;
	struct error *err = journal_names(&r->journal, shelf, &names);
	struct buffer path = BUFFER_INIT;
	size_t len = strlen(folder);
	for (size_t i = 0; i < names.nr && !err; i++) {
		const char *name = names.entries[i].key;
		if (len && (strncmp(name, folder, len) || name[len] != '/'))
			continue;
		buffer_reset(&path);
		buffer_addf(&path, "%s/%s", shelf, name);
		strmap_add(paths, path.data, path.len);
	}
	buffer_release(&path);
	strmap_release(&names, NULL);
	return err;
}

struct error *records_shelf_list(struct records *r, const char *folder, char ***paths, size_t *nr)
{
	struct strmap set = STRMAP_INIT;
	char *shelf = NULL, *prefix = xstrfmt("%s/", folder);
	const char *rest;
	*paths = NULL;
	*nr = 0;
	struct error *err = split_path(folder, &shelf, &rest);
	/* The journal first: what leaves it meanwhile is on the ref by then. */
	if (!err)
		err = add_journalled(r, shelf, rest, &set);
	if (!err)
		err = records_refresh(r, NULL);
	if (!err)
		err = records_committed_names(r, folder, prefix, &set);
	if (!err)
		records_sorted_names(&set, paths, nr);
	strmap_release(&set, NULL);
	free(prefix);
	free(shelf);
	return err;
}
