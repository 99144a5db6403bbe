#include "image/verify_layers.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "image/layer_reader.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"

/* What the commit has at a path, and whether a layer has had it. */
struct expected {
	const struct layer_entry *entry;
	const char *wrong; /* of the layer that was last; NULL: it is right */
	bool seen;
};

struct verifying {
	struct verify_result *out;
	struct repo *repo;
	struct strmap paths; /* to struct expected */
	struct expected *all;
	size_t nr;
	const struct verify_layer *layer;
};

void verify_add_difference(struct verify_result *out, const char *path, const char *what)
{
	if (out->nr_differences >= VERIFY_MAX_DIFFERENCES)
		return;
	bool last = out->nr_differences == VERIFY_MAX_DIFFERENCES - 1;
	out->differences =
	    xreallocarray(out->differences, out->nr_differences + 1, sizeof(*out->differences));
	out->differences[out->nr_differences++] = (struct verify_difference){
		xstrdup(last ? "" : path), last ? "there are more differences" : what };
}

/* "./a//b/" as "a/b"; false for what leads out. PATH is written into. */
static bool normalise(char *path)
{
	char *to = path;
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return false;
		if (len && !(len == 1 && *at == '.')) {
			if (to != path)
				*to++ = '/';
			memmove(to, at, len);
			to += len;
		}
		at += len + (at[len] == '/');
	}
	*to = '\0';
	return true;
}

static void note_expected(struct verifying *v, const struct tree_layers *planned)
{
	size_t nr = 0;
	for (size_t i = 0; i < planned->nr; i++)
		nr += planned->layers[i].nr;
	v->all = xcalloc(nr + 1, sizeof(*v->all));
	for (size_t i = 0; i < planned->nr; i++) {
		for (size_t k = 0; k < planned->layers[i].nr; k++) {
			const struct layer_entry *e = &planned->layers[i].entries[k];
			void **slot = strmap_at(&v->paths, e->path, strlen(e->path));
			if (*slot)
				continue;
			v->all[v->nr] = (struct expected){ .entry = e };
			*slot = &v->all[v->nr++];
		}
	}
}

static struct expected *find(const struct verifying *v, const char *path)
{
	return strmap_get(&v->paths, path, strlen(path));
}

/* -- one entry --------------------------------------------------------------------------------- */

static enum layer_file_kind kind_of(const struct file_node *node)
{
	if (file_node_is_folder(node))
		return LAYER_FOLDER;
	return node->mode == 0120000 ? LAYER_LINK : LAYER_FILE;
}

/* Whether the link at E leads to TARGET, as its blob has it. */
static struct error *compare_target(struct verifying *v, const struct layer_entry *e, const char *target,
				    bool *same)
{
	struct buffer blob = BUFFER_INIT_MAX(OBJECT_MAX_SIZE);
	struct error *err = repo_read_object(v->repo, &e->node->oid, OBJECT_BLOB, &blob);
	*same = !err && blob.len == strlen(target) && !memcmp(blob.data, target, blob.len);
	buffer_release(&blob);
	return err;
}

/* What is wrong with FILE for being what the commit has at its path; NULL: nothing. */
static struct error *compare(struct verifying *v, const struct layer_entry *e, const struct layer_file *file,
			     const char **wrong)
{
	enum layer_file_kind kind = kind_of(e->node);
	bool same = true;
	struct error *err = NULL;
	*wrong = NULL;
	if (file->kind == LAYER_LINK && kind == LAYER_LINK)
		err = compare_target(v, e, file->value, &same);
	else if (file->kind == LAYER_FILE && kind == LAYER_FILE)
		same = !strcmp(file->value, e->node->oid.hex);
	if (file->kind != kind)
		*wrong = "is of another kind";
	else if (!same)
		*wrong = "differs";
	/* The mode of a link means nothing. */
	else if (file->mode != e->mode && kind != LAYER_LINK)
		*wrong = "has another mode";
	else if (file->owner != e->owner || file->group != e->group)
		*wrong = "has another owner";
	else if (file->attributes)
		*wrong = "has attributes that no commit has";
	return err;
}

/* What a whiteout at PATH removes: PATH without its prefix, or the folder's contents. False when it is none.
 * PATH is written into. */
static bool removed_by(char *path)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)))
		return false;
	if (!strcmp(name, OPAQUE))
		*(slash ? slash : name) = '\0';
	else
		memmove(name, name + strlen(WHITEOUT), strlen(name + strlen(WHITEOUT)) + 1);
	return true;
}

static struct error *take_own(struct verifying *v, char *path, const struct layer_file *file)
{
	struct expected *expected = find(v, path);
	const char *wrong;
	if (removed_by(path)) {
		verify_add_difference(v->out, path, "is removed by a layer");
		return NULL;
	}
	if (!expected) {
		verify_add_difference(v->out, path, "is not in the commit");
		return NULL;
	}
	struct error *err = compare(v, expected->entry, file, &wrong);
	/* As long as it stays a folder, the parents of copies are the base's as well. */
	if (wrong && file->kind == LAYER_FOLDER && expected->entry->node->copy == FILE_TREE_NO_COPY)
		wrong = NULL;
	expected->seen = true;
	expected->wrong = wrong;
	v->out->files += file->kind != LAYER_FOLDER;
	return err;
}

/* Whether PATH would be in a folder that was copied. PATH is written into. */
static bool is_in_copied_folder(const struct verifying *v, char *path)
{
	for (char *slash; (slash = strrchr(path, '/'));) {
		*slash = '\0';
		const struct expected *folder = find(v, path);
		if (folder)
			return folder->entry->node->copy != FILE_TREE_NO_COPY;
	}
	return false;
}

static struct error *take_foreign(struct verifying *v, char *path, const struct layer_file *file)
{
	char *whole = xstrdup(path);
	bool removes = removed_by(path);
	struct expected *expected = find(v, path);
	const char *wrong = NULL;
	struct error *err = NULL;
	if (removes && (expected || !*path))
		verify_add_difference(v->out, path, "is removed by a later layer");
	else if (!removes && expected && file->kind == LAYER_FOLDER &&
		 file_node_is_folder(expected->entry->node))
		wrong = NULL; /* a folder on the way to something */
	else if (!removes && expected)
		err = compare(v, expected->entry, file, &wrong);
	else if (!removes && is_in_copied_folder(v, path))
		verify_add_difference(v->out, whole, "is put there by a later layer");
	if (wrong)
		verify_add_difference(v->out, whole, "is changed by a later layer");
	free(whole);
	return err;
}

static struct error *take_file(const struct layer_file *file, void *data)
{
	struct verifying *v = data;
	char *path = xstrdup(file->path);
	struct error *err = NULL;
	if (!normalise(path))
		verify_add_difference(v->out, file->path, "is no path in an image");
	else if (*path)
		err = v->layer->of_commit ? take_own(v, path, file) : take_foreign(v, path, file);
	free(path);
	return err;
}

/* -- all of them ------------------------------------------------------------------------------- */

static void conclude(struct verifying *v)
{
	for (size_t i = 0; i < v->nr; i++) {
		const struct expected *e = &v->all[i];
		bool folder = file_node_is_folder(e->entry->node);
		if (!e->seen && !(folder && e->entry->node->copy == FILE_TREE_NO_COPY))
			verify_add_difference(v->out, e->entry->path, "is missing");
		else if (e->wrong)
			verify_add_difference(v->out, e->entry->path, e->wrong);
	}
}

static int compare_differences(const void *a, const void *b)
{
	const struct verify_difference *one = a, *other = b;
	/* The one that tells of more has no path, and stays last. */
	if (!*one->path != !*other->path)
		return *one->path ? -1 : 1;
	int order = strcmp(one->path, other->path);
	return order ? order : strcmp(one->what, other->what);
}

struct error *verify_layers(struct verify_result *out, struct repo *repo, const struct tree_layers *planned,
			    const struct verify_layer *layers, size_t nr)
{
	struct verifying v = { .out = out, .repo = repo, .paths = STRMAP_INIT };
	struct error *err = NULL;
	note_expected(&v, planned);
	for (size_t i = 0; i < nr && !err; i++) {
		struct digest diff_id;
		v.layer = &layers[i];
		err =
		    layer_read(v.layer->fd, repo_object_format(repo), v.layer->name, &diff_id, take_file, &v);
		out->layers += v.layer->of_commit;
		if (!err && !digest_equals(&diff_id, &v.layer->diff_id))
			verify_add_difference(out, v.layer->name,
					      "has other bytes than the configuration says");
	}
	if (!err)
		conclude(&v);
	if (!err && out->nr_differences)
		qsort(out->differences, out->nr_differences, sizeof(*out->differences), compare_differences);
	strmap_release(&v.paths, NULL);
	free(v.all);
	return err;
}
