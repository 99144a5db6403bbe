/* Content ids: which files make a paper, and what stands for them. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

#define CONTENT_ID_HEAD "scrutiny-content-v1"

void input_list_release(struct input_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct input_list){ NULL, 0, 0 };
}

static void add_input(struct input_list *list, unsigned mode, const struct oid *oid, char *path)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = (struct input){ mode, *oid, path };
}

void dependency_list_release(struct dependency_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->items[i].path);
	free(list->items);
	strmap_release(&list->known, NULL);
	*list = (struct dependency_list){ NULL, 0, 0, STRMAP_INIT };
}

/* The new dependency, or NULL if PATH is one already. */
static struct dependency *add_dependency(struct dependency_list *list, const char *path,
					 enum reference_kind kind)
{
	char *key = xstrfmt("%d%s", (int)kind, path);
	bool is_new = strmap_add(&list->known, key, strlen(key));
	free(key);
	if (!is_new)
		return NULL;
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr] = (struct dependency){ .path = xstrdup(path), .kind = kind };
	return &list->items[list->nr++];
}

/* -- inputs ------------------------------------------------------------------------------------ */

/* One paper being gone through. */
struct collection {
	struct discovery *d;
	const char *paper;             /* its path */
	struct input_list *inputs;
	struct dependency_list *dependencies;
	const char **bases;            /* folders of its manuscripts: TeX runs there */
	size_t nr_bases;
};

/* Notes REFERENCE of the folder BASE in the paper if it leads out of the paper. */
static void note_reference(struct collection *c, const char *base, const char *reference,
			   enum reference_kind kind)
{
	struct buffer path = BUFFER_INIT;
	path_resolve(&path, base, reference);
	if (starts_with(path.data, "../"))
		add_dependency(c->dependencies, path.data, kind);
	buffer_release(&path);
}

static void note_references(struct collection *c, const char *inner, const struct node *node)
{
	for (size_t i = 0; i < node->nr_references; i++) {
		const uint32_t *words = memo_words(&c->d->memo, node->references) +
					i * REFERENCE_WORDS;
		const char *reference = memo_string(&c->d->memo, words[0]);
		enum reference_kind kind = (enum reference_kind)words[1];
		note_reference(c, inner, reference, kind);
		for (size_t k = 0; k < c->nr_bases && kind != REFERENCE_LINK; k++)
			note_reference(c, c->bases[k], reference, kind);
	}
}

/* The child of NODE called NAME; *CURSOR is where the one before was: both come in git's order. */
static uint32_t find_child(const struct memo *memo, const struct node *node, const char *name,
			   size_t *cursor)
{
	for (size_t i = 0; i < node->nr_children; i++) {
		size_t at = (*cursor + i) % node->nr_children;
		const uint32_t *child = memo_words(memo, node->children) + at * CHILD_WORDS;
		if (!strcmp(memo_string(memo, child[0]), name)) {
			*cursor = at + 1;
			return child[1] & ~CHILD_RELEVANT;
		}
	}
	return NODE_NONE;
}

/* Goes through the folder INNER of the paper, which is node NUMBER, seen from outside as VIEW. */
static struct error *collect(struct collection *c, const char *inner,
			     const struct ignore_rules *ignore, uint32_t number, enum view view)
{
	struct folder folder;
	struct buffer path = BUFFER_INIT;
	size_t cursor = 0;
	path_resolve(&path, c->paper, inner);
	struct error *err = folder_open(&folder, c->d, path.data, ignore);
	if (err)
		goto out;
	const struct node *node = memo_node(&c->d->memo, number);
	note_references(c, inner, node);
	for (size_t i = 0; i < folder.nr && !err; i++) {
		const struct snapshot_entry *e = &folder.entries[i];
		enum view below;
		if (folder.ignored[i])
			continue;
		buffer_reset(&path);
		path_join(&path, inner, e->name);
		if (!is_folder_mode(e->mode)) {
			enum file_role role = file_role(e->name);
			if (role != FILE_REPORT && role != FILE_GENERATED)
				add_input(c->inputs, e->mode, &e->oid, xstrdup(path.data));
			continue;
		}
		uint32_t child = find_child(&c->d->memo, node, e->name, &cursor);
		if (child == NODE_NONE)
			err = error_new(ERROR_CONFLICT, "'%s' changed while it was looked at",
					path.data);
		else if (!node_is_paper(memo_node(&c->d->memo, child)->flags, view, &below))
			err = collect(c, path.data, folder.rules, child, below);
	}
	folder_release(&folder);
out:
	buffer_release(&path);
	return err;
}

/* Folders, from the paper's, that hold its manuscripts. */
static void find_bases(struct collection *c, struct strmap *bases, const char *inner,
		       uint32_t number, bool takes)
{
	const struct node *node = memo_node(&c->d->memo, number);
	if (node->nr_manuscripts)
		strmap_add(bases, inner, strlen(inner));
	for (size_t i = 0; i < node->nr_children && takes; i++) {
		const uint32_t *child = memo_words(&c->d->memo, node->children) + i * CHILD_WORDS;
		uint32_t below = child[1] & ~CHILD_RELEVANT;
		if (!(child[1] & CHILD_RELEVANT))
			continue;
		struct buffer path = BUFFER_INIT;
		path_join(&path, inner, memo_string(&c->d->memo, child[0]));
		find_bases(c, bases, path.data, below, takes);
		buffer_release(&path);
	}
}

static int compare_inputs(const void *a, const void *b)
{
	return strcmp(((const struct input *)a)->path, ((const struct input *)b)->path);
}

/* A way out of the folder may lead back into it by its name: nothing outside is meant then, as
 * long as the folder is called so. */
static bool leads_back(const struct collection *c, const char *reference)
{
	struct buffer path = BUFFER_INIT;
	const char *rest;
	path_resolve(&path, c->paper, reference);
	bool back = skip_prefix(path.data, c->paper, &rest) && (!*rest || *rest == '/');
	buffer_release(&path);
	return back;
}

/* Adds the files that the dependencies find, sorted, each once. */
static struct error *add_outside(struct collection *c)
{
	struct input_list outside = { NULL, 0, 0 };
	struct error *err = NULL;
	for (size_t i = 0; i < c->dependencies->nr && !err; i++) {
		struct dependency *dep = &c->dependencies->items[i];
		const struct resolution *r;
		err = discover_resolve(c->d, c->paper, dep->path, dep->kind, &r);
		if (err)
			break;
		memcpy(dep->digest, r->digest, sizeof(dep->digest));
		for (size_t k = 0; k < r->found.nr && !leads_back(c, dep->path); k++) {
			const struct input *found = &r->found.items[k];
			add_input(&outside, found->mode, &found->oid,
				  xstrfmt("%s%s", dep->path, found->path));
		}
	}
	if (outside.nr)
		qsort(outside.items, outside.nr, sizeof(*outside.items), compare_inputs);
	for (size_t i = 0; i < outside.nr && !err; i++) {
		struct input *input = &outside.items[i];
		if (i && !strcmp(input->path, outside.items[i - 1].path))
			continue;
		add_input(c->inputs, input->mode, &input->oid, xstrdup(input->path));
	}
	input_list_release(&outside);
	return err;
}

struct error *discover_inputs(struct discovery *d, const char *path,
			      const struct ignore_rules *ignore, uint32_t number,
			      struct input_list *inputs, struct dependency_list *dependencies)
{
	struct strmap bases = STRMAP_INIT;
	struct collection c = { .d = d, .paper = path, .inputs = inputs,
				.dependencies = dependencies };
	uint32_t flags = memo_node(&d->memo, number)->flags;
	enum view below;
	node_is_paper(flags, VIEW_FREE, &below);
	find_bases(&c, &bases, "", number, below == VIEW_TAKEN);
	c.bases = xreallocarray(NULL, bases.nr + 1, sizeof(*c.bases));
	for (size_t i = 0; i < bases.nr; i++)
		c.bases[c.nr_bases++] = bases.entries[i].key;
	struct error *err = collect(&c, "", ignore, number, below);
	if (!err)
		err = add_outside(&c);
	free(c.bases);
	strmap_release(&bases, NULL);
	return err;
}

void discover_content_id(unsigned char id[SHA256_SIZE], const struct input_list *inputs)
{
	struct sha256 h;
	struct buffer line = BUFFER_INIT;
	sha256_init(&h);
	sha256_update(&h, CONTENT_ID_HEAD, sizeof(CONTENT_ID_HEAD));
	for (size_t i = 0; i < inputs->nr; i++) {
		const struct input *input = &inputs->items[i];
		buffer_reset(&line);
		buffer_addf(&line, "%06o %s %s", input->mode, input->oid.hex, input->path);
		sha256_update(&h, line.data, line.len + 1);
	}
	sha256_final(&h, id);
	buffer_release(&line);
}

/* -- completing nodes -------------------------------------------------------------------------- */

/* Whether what NODE depends on outside of the folder PATH is as it was. */
static struct error *depends_on_same(struct discovery *d, const char *path,
				     const struct node *node, bool *same)
{
	struct error *err = NULL;
	*same = true;
	for (size_t i = 0; i < node->nr_dependencies && *same && !err; i++) {
		const uint32_t *words = memo_words(&d->memo, node->dependencies) +
					i * DEPENDENCY_WORDS;
		const struct resolution *r;
		err = discover_resolve(d, path, memo_string(&d->memo, words[0]),
				       (enum reference_kind)words[1], &r);
		*same = !err && !memcmp(words + 2, r->digest, sizeof(r->digest));
	}
	return err;
}

/* Adds NODE's dependencies, as they are for the folder that holds it under NAME ("": NODE's own
 * folder), to LIST. Those that do not lead out of that folder are no dependencies of it. */
static void take_dependencies(const struct memo *memo, const struct node *node, const char *name,
			      struct dependency_list *list)
{
	for (size_t i = 0; i < node->nr_dependencies; i++) {
		const uint32_t *words = memo_words(memo, node->dependencies) + i * DEPENDENCY_WORDS;
		struct buffer path = BUFFER_INIT;
		path_resolve(&path, name, memo_string(memo, words[0]));
		struct dependency *dep = NULL;
		if (starts_with(path.data, "../"))
			dep = add_dependency(list, path.data, (enum reference_kind)words[1]);
		if (dep)
			memcpy(dep->digest, words + 2, sizeof(dep->digest));
		buffer_release(&path);
	}
}

static void set_dependencies(struct memo *memo, uint32_t number, const struct dependency_list *list)
{
	uint32_t place = 0;
	for (size_t i = 0; i < list->nr; i++) {
		const struct dependency *dep = &list->items[i];
		uint32_t words[DEPENDENCY_WORDS] = {
			memo_add_string(memo, dep->path, strlen(dep->path)), dep->kind,
		};
		memcpy(words + 2, dep->digest, sizeof(dep->digest));
		uint32_t at = memo_add_words(memo, words, DEPENDENCY_WORDS);
		if (!i)
			place = at;
	}
	struct node *node = memo_change(memo, number);
	node->dependencies = place;
	node->nr_dependencies = (uint32_t)list->nr;
}

/* Completes the folders in node NUMBER, which is this run's own. */
static struct error *complete_children(struct discovery *d, const char *path,
				       const struct ignore_rules *ignore, enum view below,
				       uint32_t number, struct dependency_list *dependencies)
{
	struct folder folder = { NULL };
	struct buffer child_path = BUFFER_INIT;
	struct error *err = NULL;
	uint32_t nr = memo_node(&d->memo, number)->nr_children;
	/* Its patterns are needed only to look at folders again. */
	if (memo_node(&d->memo, number)->flags & NODE_IGNORE_FILE) {
		err = folder_open(&folder, d, path, ignore);
		ignore = folder.rules;
	}
	for (size_t i = 0; i < nr && !err; i++) {
		const struct node *node = memo_node(&d->memo, number);
		const uint32_t *words = memo_words(&d->memo, node->children) + i * CHILD_WORDS;
		uint32_t name = words[0], was = words[1] & ~CHILD_RELEVANT, child = was;
		if (!(words[1] & CHILD_RELEVANT))
			continue;
		buffer_reset(&child_path);
		path_join(&child_path, path, memo_string(&d->memo, name));
		err = discover_complete(d, child_path.data, ignore, below, &child);
		if (!err && child != was)
			memo_set_child(&d->memo, number, i, child);
		if (!err)
			take_dependencies(&d->memo, memo_node(&d->memo, child),
					  memo_string(&d->memo, name), dependencies);
	}
	buffer_release(&child_path);
	if (folder.entries)
		folder_release(&folder);
	return err;
}

static struct error *settle_id(struct discovery *d, const char *path,
			       const struct ignore_rules *ignore, uint32_t number,
			       struct dependency_list *dependencies)
{
	struct input_list inputs = { NULL, 0, 0 };
	struct error *err = discover_inputs(d, path, ignore, number, &inputs, dependencies);
	if (!err) {
		struct node *node = memo_change(&d->memo, number);
		discover_content_id(node->content_id, &inputs);
		node->nr_inputs = (uint32_t)inputs.nr;
		node->flags |= NODE_HAS_ID;
	}
	input_list_release(&inputs);
	return err;
}

struct error *discover_complete(struct discovery *d, const char *path,
				const struct ignore_rules *ignore, enum view view,
				uint32_t *number)
{
	const struct node *node = memo_node(&d->memo, *number);
	const uint32_t complete = (uint32_t)NODE_COMPLETE << view;
	struct dependency_list dependencies = { NULL, 0, 0, STRMAP_INIT };
	enum view below;
	bool same;
	if (!(node->flags & NODE_RELEVANT))
		return NULL;
	struct error *err = depends_on_same(d, path, node, &same);
	if (err || (same && node->flags & complete))
		return err;
	*number = memo_own(&d->memo, *number);
	node = memo_node(&d->memo, *number);
	/* What was found in another view of this folder depends on the same. */
	if (same)
		take_dependencies(&d->memo, node, "", &dependencies);
	else
		memo_change(&d->memo, *number)->flags &=
			~(uint32_t)(NODE_HAS_ID | NODE_COMPLETE * NODE_KINDS);
	bool is_paper = node_is_paper(node->flags, view, &below);
	if (is_paper && !(node->flags & NODE_HAS_ID))
		err = settle_id(d, path, ignore, *number, &dependencies);
	if (!err)
		err = complete_children(d, path, ignore, below, *number, &dependencies);
	if (!err) {
		set_dependencies(&d->memo, *number, &dependencies);
		memo_change(&d->memo, *number)->flags |= complete;
	}
	dependency_list_release(&dependencies);
	return err;
}
