#include "image/file_tree.h"

#include "base/memory.h"
#include "base/text.h"
#include "git/ignore.h"
#include "image/dockerfile.h"
#include "image/export_ignore.h"
#include "image/tar.h"

#define NAME_BYTES_MAX 255
/* Names by which layers say that a file of a lower one is gone. */
#define WHITEOUT ".wh."

/* Reading one copy: the path in the commit grows and shrinks with the depth. */
struct reading {
	struct file_tree *tree;
	struct repo *repo;
	const struct docker_ignore *ignore;
	size_t context_len; /* bytes of a path that stand before the context, with their slash */
	size_t copy;
	struct buffer path;
};

static bool is_folder(unsigned mode)
{
	return mode == 0040000;
}

/* -- paths ------------------------------------------------------------------------------------- */

/* Appends "/name", or "name" to nothing. */
static void push(struct buffer *path, struct slice name)
{
	if (path->len)
		buffer_addch(path, '/');
	buffer_add(path, name.data, name.len);
}

static char *join(const char *folder, const char *name)
{
	return xstrfmt("%s%s%s", folder, *folder && *name ? "/" : "", name);
}

static struct slice take_component(const char **at)
{
	struct slice name = { *at, strcspn(*at, "/") };
	*at += name.len + ((*at)[name.len] == '/');
	return name;
}

static struct error *check_name(struct slice name, const char *path)
{
	if (name.len > NAME_BYTES_MAX)
		return error_new(ERROR_LIMIT,
				 "'%s' has a name of more than %d bytes, which no container can have", path,
				 NAME_BYTES_MAX);
	if (name.len >= strlen(WHITEOUT) && !memcmp(name.data, WHITEOUT, strlen(WHITEOUT)))
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "'%s' cannot be in an image: a name that begins with "
						 "'" WHITEOUT "' removes a file there",
						 path),
				       "rename it, or leave it out with .dockerignore");
	return NULL;
}

/* -- what is left out -------------------------------------------------------------------------- */

/* The rules in force in the folder TREE at reading->path: ABOVE, or new ones, which the caller frees. */
static struct error *read_attributes(struct reading *r, const struct oid *blob,
				     const struct ignore_rules *above, struct ignore_rules **out)
{
	struct buffer text = BUFFER_INIT_MAX(IGNORE_MAX_FILE), patterns = BUFFER_INIT;
	struct error *err = repo_read_object(r->repo, blob, OBJECT_BLOB, &text);
	if (!err)
		export_ignore_patterns(&patterns, slice_of(&text));
	if (!err && patterns.len) {
		*out = ignore_rules_new(above, r->path.data, slice_of(&patterns));
		if (ignore_rules_truncated(*out))
			err = error_new(ERROR_LIMIT, "there are too many patterns");
	}
	if (err)
		err = error_context(err, "%s%s.gitattributes", r->path.data, r->path.len ? "/" : "");
	buffer_release(&text);
	buffer_release(&patterns);
	return err;
}

/* The file that leaves out what is at reading->path, or NULL. */
static const char *left_out_by(const struct reading *r, const struct ignore_rules *rules, bool folder)
{
	if (ignore_match(rules, r->path.data, folder) == 1)
		return ".gitattributes (export-ignore)";
	if (!r->ignore || r->path.len <= r->context_len)
		return NULL;
	const char *path = r->path.data + r->context_len;
	if (!docker_ignore_match(r->ignore, path) || (folder && docker_ignore_may_return(r->ignore, path)))
		return NULL;
	return ".dockerignore";
}

/* -- reading a tree ---------------------------------------------------------------------------- */

struct listing {
	struct reading *reading;
	struct file_node *nodes;
	size_t nr, alloc;
	struct oid attributes; /* of .gitattributes */
};

static struct error *too_many(void)
{
	return error_with_hint(error_new(ERROR_LIMIT, "there are more than %d files and folders to copy",
					 BUILD_MAX_FILES), "leave some out with .dockerignore");
}

static struct error *list_entry(const struct tree_entry *e, void *data)
{
	struct listing *list = data;
	struct reading *r = list->reading;
	if (++r->tree->entries > BUILD_MAX_FILES)
		return too_many();
	ALLOC_GROW(list->nodes, list->nr, list->alloc);
	list->nodes[list->nr++] = (struct file_node){
		.name = arena_strndup(&r->tree->arena, e->name.data, e->name.len),
		.mode = e->mode,
		.oid = e->oid,
		.copy = r->copy,
		.files = 1,
	};
	if (slice_equals(e->name, ".gitattributes") && (e->mode & 0170000) == 0100000)
		list->attributes = e->oid;
	return NULL;
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct file_node *)a)->name, ((const struct file_node *)b)->name);
}

static struct error *read_folder(struct reading *r, struct file_node *folder,
				 const struct ignore_rules *rules, size_t depth);

/* Takes in what is at reading->path; *KEPT is whether anything of it is left. */
static struct error *read_node(struct reading *r, struct file_node *node, const struct ignore_rules *rules,
			       size_t depth, bool *kept)
{
	*kept = false;
	if (left_out_by(r, rules, is_folder(node->mode)))
		return NULL;
	if (node->mode == 0160000)
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "'%s' is a submodule, whose files are not in the "
						 "commit",
						 r->path.data),
				       "leave it out with .dockerignore, or add its files to the repository");
	if (r->path.len > TAR_MAX_PATH)
		return error_new(ERROR_LIMIT, "'%.60s...' has a path of more than %d bytes", r->path.data,
				 TAR_MAX_PATH);
	struct error *err = check_name(slice_of_string(node->name), r->path.data);
	if (!err && is_folder(node->mode))
		err = read_folder(r, node, rules, depth + 1);
	*kept = !err && node->files;
	return err;
}

static struct error *sort_children(struct reading *r, struct file_node *folder, struct file_node *nodes,
				   size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		if (compare_nodes(&nodes[i - 1], &nodes[i]) < 0)
			continue;
		qsort(nodes, nr, sizeof(*nodes), compare_nodes);
		break;
	}
	for (size_t i = 1; i < nr; i++)
		if (!compare_nodes(&nodes[i - 1], &nodes[i]))
			return error_new(ERROR_SYNTAX, "the commit has '%s/%s' twice", r->path.data,
					 nodes[i].name);
	folder->children = arena_alloc(&r->tree->arena, (nr ? nr : 1) * sizeof(*nodes));
	folder->nr = nr;
	if (nr)
		memcpy(folder->children, nodes, nr * sizeof(*nodes));
	return NULL;
}

/* Fills FOLDER, whose oid is its tree. */
static struct error *read_folder(struct reading *r, struct file_node *folder,
				 const struct ignore_rules *rules, size_t depth)
{
	struct listing list = { .reading = r };
	struct ignore_rules *own = NULL;
	size_t kept = 0, path_len = r->path.len;
	struct error *err = NULL;
	if (depth > FILE_TREE_MAX_DEPTH)
		err = error_new(ERROR_LIMIT, "'%.60s...' lies more than %d folders deep", r->path.data,
				FILE_TREE_MAX_DEPTH);
	if (!err)
		err = repo_tree_each(r->repo, &folder->oid, list_entry, &list);
	if (!err && list.attributes.hex[0])
		err = read_attributes(r, &list.attributes, rules, &own);
	folder->files = 0;
	folder->whole = true;
	for (size_t i = 0; i < list.nr && !err; i++) {
		struct file_node *node = &list.nodes[i];
		bool keep;
		push(&r->path, slice_of_string(node->name));
		err = read_node(r, node, own ? own : rules, depth, &keep);
		buffer_truncate(&r->path, path_len);
		folder->whole &= keep && (!is_folder(node->mode) || node->whole);
		folder->files += keep ? node->files : 0;
		if (keep)
			list.nodes[kept++] = *node;
	}
	if (!err)
		err = sort_children(r, folder, list.nodes, kept);
	ignore_rules_free(own);
	free(list.nodes);
	return err;
}

/* -- one copy ---------------------------------------------------------------------------------- */

struct rules_chain {
	struct ignore_rules *rules[FILE_TREE_MAX_DEPTH + 1];
	size_t nr;
};

/* Adds what the .gitattributes of TREE, at reading->path, says. */
static struct error *enter(struct reading *r, const struct oid *tree, struct rules_chain *chain)
{
	struct tree_entry e;
	struct error *err = repo_tree_lookup(r->repo, tree, ".gitattributes", &e);
	if (error_drop_if(&err, ERROR_NOT_FOUND) || err || (e.mode & 0170000) != 0100000)
		return err;
	struct ignore_rules *own = NULL;
	err = read_attributes(r, &e.oid, chain->nr ? chain->rules[chain->nr - 1] : NULL, &own);
	if (own)
		chain->rules[chain->nr++] = own;
	return err;
}

static struct error *not_there(const char *source, const char *context)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "the commit has no '%s' to copy", source);
	return error_with_hint(err,
			       *context
				   ? "paths are those in the commit, below '%s'"
				   : "paths are those in the commit: what is not committed is not deployed",
			       context);
}

/* Goes down to SOURCE in the commit, which NODE becomes. */
static struct error *find_source(struct reading *r, const struct oid *tree, const char *source,
				 const char *context, struct file_node *node, struct rules_chain *chain)
{
	struct tree_entry e = { .mode = 0040000, .oid = *tree };
	for (const char *at = source; *at;) {
		struct slice name = take_component(&at);
		char *text = xmemdupz(name.data, name.len);
		struct error *err = chain->nr < FILE_TREE_MAX_DEPTH ? enter(r, &e.oid, chain)
								    : not_there(source, context);
		if (!err)
			err = repo_tree_lookup(r->repo, &e.oid, text, &e);
		free(text);
		if (error_drop_if(&err, ERROR_NOT_FOUND) || (!err && *at && !is_folder(e.mode)))
			return not_there(source, context);
		if (err)
			return err;
		push(&r->path, name);
		const char *by =
		    left_out_by(r, chain->nr ? chain->rules[chain->nr - 1] : NULL, is_folder(e.mode));
		if (by)
			return error_with_hint(error_new(ERROR_NOT_FOUND,
							 "'%s' is to be copied, but %s leaves it out", source,
							 by),
					       "change one of the two");
	}
	*node = (struct file_node){ .mode = e.mode, .oid = e.oid, .copy = r->copy, .files = 1 };
	return NULL;
}

/* Puts NODE below new folders along the path TO, as far as there is one; OUT is the top. */
static struct error *put_at(struct file_tree *tree, const char *to, struct file_node *node,
			    struct file_node *out)
{
	struct slice names[FILE_TREE_MAX_DEPTH];
	size_t nr = 0;
	for (const char *at = to; *at;) {
		if (nr == FILE_TREE_MAX_DEPTH)
			return error_new(ERROR_LIMIT, "'%.60s...' lies more than %d folders deep", to,
					 FILE_TREE_MAX_DEPTH);
		names[nr] = take_component(&at);
		if (!names[nr].len || slice_equals(names[nr], ".") || slice_equals(names[nr], ".."))
			return error_new(ERROR_SYNTAX, "'%s' is no path in an image", to);
		struct error *err = check_name(names[nr++], to);
		if (err)
			return err;
	}
	for (; nr; nr--) {
		struct file_node *child = arena_alloc(&tree->arena, sizeof(*child));
		*child = *node;
		child->name = arena_strndup(&tree->arena, names[nr - 1].data, names[nr - 1].len);
		*node = (struct file_node){ .mode = 0040000, .copy = FILE_TREE_NO_COPY, .files = child->files,
					    .children = child, .nr = 1 };
	}
	*out = *node;
	return NULL;
}

/* Lays the folder OVER upon UNDER. PATH is both's. */
static struct error *merge(struct file_tree *tree, struct file_node *under, const struct file_node *over,
			   struct buffer *path)
{
	struct file_node *merged = arena_alloc(&tree->arena, (under->nr + over->nr + 1) * sizeof(*merged));
	size_t nr = 0, i = 0, k = 0, path_len = path->len;
	struct error *err = NULL;
	bool was_empty = !under->nr;
	while ((i < under->nr || k < over->nr) && !err) {
		int order = i == under->nr ? 1 : k == over->nr ? -1
				: strcmp(under->children[i].name, over->children[k].name);
		if (order) {
			merged[nr++] = order < 0 ? under->children[i++] : over->children[k++];
			continue;
		}
		struct file_node *node = &merged[nr++];
		const struct file_node *new = &over->children[k++];
		*node = under->children[i++];
		push(path, slice_of_string(node->name));
		if (is_folder(node->mode) != is_folder(new->mode))
			err = error_new(ERROR_EXISTS, "one copy puts a file at '/%s', another a folder",
					path->data);
		else if (is_folder(node->mode))
			err = merge(tree, node, new, path);
		else
			*node = *new;
		buffer_truncate(path, path_len);
	}
	under->children = merged;
	under->nr = nr;
	tree->entries += nr;
	if (!err && tree->entries > BUILD_MAX_FILES)
		err = too_many();
	under->files = 0;
	for (size_t n = 0; n < nr; n++)
		under->files += merged[n].files;
	if (over->copy != FILE_TREE_NO_COPY)
		under->copy = over->copy;
	under->whole = was_empty && over->whole;
	under->oid = over->oid;
	return err;
}

static struct error *read_copy(struct reading *r, const struct oid *tree, const struct image_spec *spec)
{
	const struct image_copy *copy = &spec->copies[r->copy];
	const char *context = spec->context ? spec->context : "";
	char *source = join(context, copy->from), *to = xstrdup(copy->to);
	struct rules_chain chain = { .nr = 0 };
	struct file_node node, top;
	struct buffer path = BUFFER_INIT;
	struct error *err = find_source(r, tree, source, context, &node, &chain);
	if (!err && is_folder(node.mode))
		err = read_folder(r, &node, chain.nr ? chain.rules[chain.nr - 1] : NULL, 0);
	else if (!err && (node.mode & 0170000) != 0100000)
		err = error_with_hint(error_new(ERROR_UNSUPPORTED,
						"'%s' is a %s, which cannot be copied by its name", source,
						node.mode == 0120000 ? "symbolic link" : "submodule"),
				      "name the file or folder that is meant");
	if (!err && !is_folder(node.mode) && copy->into) {
		const char *slash = strrchr(source, '/');
		free(to);
		to = join(copy->to, slash ? slash + 1 : source);
	}
	if (!err && !is_folder(node.mode) && !*to)
		err = error_new(ERROR_SYNTAX, "'%s' is a file and needs a name in the image", source);
	if (!err)
		err = put_at(r->tree, to, &node, &top);
	if (!err && top.files)
		err = merge(r->tree, &r->tree->root, &top, &path);
	for (size_t i = chain.nr; i > 0; i--)
		ignore_rules_free(chain.rules[i - 1]);
	buffer_release(&path);
	free(source);
	free(to);
	return err;
}

static struct error *read_docker_ignore(struct repo *repo, const struct oid *tree, const char *context,
					struct docker_ignore **out)
{
	struct tree_entry e;
	struct buffer text = BUFFER_INIT_MAX(IGNORE_MAX_FILE);
	char *path = join(context, ".dockerignore");
	struct error *err = repo_tree_lookup(repo, tree, path, &e);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err && (e.mode & 0170000) == 0100000) {
		err = repo_read_object(repo, &e.oid, OBJECT_BLOB, &text);
		if (!err)
			err = docker_ignore_parse(out, slice_of(&text), path);
	}
	buffer_release(&text);
	free(path);
	return err;
}

struct error *file_tree_read(struct file_tree *out, struct repo *repo, const struct oid *tree,
			     const struct image_spec *spec)
{
	const char *context = spec->context ? spec->context : "";
	struct docker_ignore *ignore = NULL;
	*out = (struct file_tree){ .root = { .name = "", .mode = 0040000, .copy = FILE_TREE_NO_COPY } };
	struct error *err = read_docker_ignore(repo, tree, context, &ignore);
	for (size_t i = 0; i < spec->nr_copies && !err; i++) {
		struct reading r = {
			.tree = out, .repo = repo, .ignore = ignore, .copy = i, .path = BUFFER_INIT
		};
		r.context_len = *context ? strlen(context) + 1 : 0;
		err = read_copy(&r, tree, spec);
		buffer_release(&r.path);
	}
	docker_ignore_free(ignore);
	if (err)
		file_tree_release(out);
	return err;
}

void file_tree_release(struct file_tree *tree)
{
	arena_free(tree->arena);
	*tree = (struct file_tree){ 0 };
}

const struct file_node *file_node_child(const struct file_node *folder, struct slice name)
{
	size_t low = 0, high = folder->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *there = folder->children[middle].name;
		int order = strncmp(there, name.data, name.len);
		if (!order && !there[name.len])
			return &folder->children[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

char *file_node_source(const struct file_node *node, const char *path, const struct image_spec *spec)
{
	const char *context = spec->context ? spec->context : "", *rest;
	if (node->copy == FILE_TREE_NO_COPY)
		return xstrdup(path);
	const struct image_copy *copy = &spec->copies[node->copy];
	char *from = join(context, copy->from);
	/* A tree's files have their own path below it; a file is what was copied itself. */
	const char *name = strrchr(from, '/') ? strrchr(from, '/') + 1 : from;
	if (!skip_prefix(path, copy->to, &rest) || !*rest)
		return from;
	if (copy->into && !file_node_is_folder(node) && !strcmp(rest + (*rest == '/'), name))
		return from;
	char *source = join(from, *rest == '/' ? rest + 1 : rest);
	free(from);
	return source;
}
