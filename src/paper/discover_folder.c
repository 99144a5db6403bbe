/* Folders and places: what one listing says, and what is inherited on the way down. */
#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

bool is_file_mode(unsigned mode)
{
	return mode == 0100644 || mode == 0100755;
}

bool is_folder_mode(unsigned mode)
{
	return mode == 040000;
}

void path_join(struct buffer *out, const char *folder, const char *name)
{
	buffer_addstr(out, folder);
	if (*folder)
		buffer_addch(out, '/');
	buffer_addstr(out, name);
}

static void set_rules_id(struct discovery *d)
{
	struct sha256 hash;
	if (!d->rules || !d->rules->globs || !d->rules->globs[0])
		return;
	sha256_init(&hash);
	for (const char *const *glob = d->rules->globs; *glob; glob++)
		sha256_update(&hash, *glob, strlen(*glob) + 1);
	sha256_final_hex(&hash, d->rules_id);
}

void discovery_init(struct discovery *d, struct snapshot *snapshot,
		    const struct paper_rules *rules)
{
	*d = (struct discovery){ .snapshot = snapshot, .rules = rules };
	memo_open(&d->memo, repo_common_dir(snapshot_repo(snapshot)));
	set_rules_id(d);
}

void discovery_init_beside(struct discovery *d, struct snapshot *snapshot, const struct paper_rules *rules,
			   const struct discovery *other)
{
	*d = (struct discovery){ .snapshot = snapshot, .rules = rules };
	memo_open_beside(&d->memo, &other->memo);
	set_rules_id(d);
}

void discovery_release(struct discovery *d)
{
	memo_release(&d->memo);
	discover_resolve_release(d);
}

bool is_away(const struct discovery *d, const struct error *err)
{
	return error_is(err, ERROR_NOT_FOUND) && repo_stays_local(snapshot_repo(d->snapshot));
}

/* -- listings ---------------------------------------------------------------------------------- */

static struct error *read_ignore_file(struct folder *folder, struct discovery *d, const char *path,
				      const struct ignore_rules *inherited)
{
	struct buffer text = BUFFER_INIT_MAX(IGNORE_MAX_FILE), file = BUFFER_INIT;
	path_join(&file, path, IGNORE_FILE);
	struct error *err = snapshot_read(d->snapshot, file.data, &text);
	if (is_away(d, err)) {
		folder->is_incomplete = error_drop_if(&err, ERROR_NOT_FOUND);
	} else if (!err) {
		folder->own_rules = ignore_rules_new(inherited, path, slice_of(&text));
		folder->rules = folder->own_rules;
		if (ignore_rules_truncated(folder->own_rules))
			err = error_new(ERROR_LIMIT, "'%s' has more than %d patterns", file.data,
					IGNORE_MAX_PATTERNS);
	}
	buffer_release(&text);
	buffer_release(&file);
	return err;
}

/* Moves what discovery looks at to the front. Hidden files and folders are tools' settings, and
 * a submodule is another repository. */
static void drop_others(struct folder *folder)
{
	size_t kept = 0;
	for (size_t i = 0; i < folder->nr; i++) {
		const struct snapshot_entry *e = &folder->entries[i];
		if (!strcmp(e->name, IGNORE_FILE) && is_file_mode(e->mode))
			folder->has_ignore_file = true;
		if (e->name[0] == '.' ||
		    (!is_file_mode(e->mode) && !is_folder_mode(e->mode) && e->mode != 0120000))
			continue;
		folder->entries[kept++] = *e;
	}
	folder->nr = kept;
}

struct error *folder_open(struct folder *folder, struct discovery *d, const char *path,
			  const struct ignore_rules *inherited)
{
	*folder = (struct folder){ .rules = inherited };
	struct error *err = snapshot_list(d->snapshot, path, &folder->entries, &folder->nr, NULL);
	if (err)
		return err;
	drop_others(folder);
	if (folder->has_ignore_file)
		err = read_ignore_file(folder, d, path, inherited);
	folder->ignored = xcalloc(folder->nr, sizeof(*folder->ignored));
	struct buffer full = BUFFER_INIT;
	for (size_t i = 0; i < folder->nr && !err; i++) {
		const struct snapshot_entry *e = &folder->entries[i];
		if (folder->rules) {
			buffer_reset(&full);
			path_join(&full, path, e->name);
			folder->ignored[i] = ignore_match(folder->rules, full.data,
							  is_folder_mode(e->mode)) == 1;
		}
	}
	buffer_release(&full);
	if (err)
		folder_release(folder);
	return err;
}

void folder_release(struct folder *folder)
{
	free(folder->entries);
	free(folder->ignored);
	ignore_rules_free(folder->own_rules);
	*folder = (struct folder){ NULL };
}

/* -- globs ------------------------------------------------------------------------------------- */

/* A glob takes in the folders it matches and all below: "theory", "theory/", "theory/" then two
 * stars are the same. */
static bool glob_takes_in(const char *glob, const char *path)
{
	while (skip_prefix(glob, "./", &glob) || skip_prefix(glob, "/", &glob))
		;
	size_t len = strlen(glob);
	while (len && glob[len - 1] == '/')
		len--;
	if (len >= 2 && !memcmp(glob + len - 2, "**", 2) && (len == 2 || glob[len - 3] == '/'))
		len -= len == 2 ? 2 : 3;
	/* What is left of "." and of two stars alone is the top. */
	if (len == 1 && *glob == '.')
		len = 0;
	char *pattern = xmemdupz(glob, len);
	bool matches = len ? wildmatch(pattern, path, true) : !*path;
	free(pattern);
	return matches;
}

static bool in_scope(const struct discovery *d, const char *path)
{
	if (!*d->rules_id)
		return true;
	for (const char *const *glob = d->rules->globs; *glob; glob++)
		if (glob_takes_in(*glob, path))
			return true;
	return false;
}

/* -- places ------------------------------------------------------------------------------------ */

struct place place_top(const struct discovery *d)
{
	return (struct place){ .in_scope = in_scope(d, "") };
}

struct place place_inside(const struct place *place, const struct folder *folder)
{
	struct place inside = *place;
	inside.ignore = folder->rules;
	return inside;
}

struct place place_below(const struct discovery *d, const struct place *inside, const char *path,
			 const char *name)
{
	struct place below = *inside;
	below.in_assets = inside->in_assets || is_asset_folder(name);
	below.in_scope = inside->in_scope || in_scope(d, path);
	/* Who names such a folder means it. */
	if (*d->rules_id && in_scope(d, path))
		below.in_assets = false;
	below.depth = inside->depth + 1;
	return below;
}
