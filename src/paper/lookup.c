/* One paper, without a list of all of them. */
#include "paper/lookup.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

/* The folders on the way down to a paper, kept open because patterns refer to those above. */
struct descent {
	struct folder folders[DISCOVER_MAX_DEPTH + 2];
	size_t nr;
	bool ignored; /* one of them, or PATH itself */
};

/* Opens the folders above PATH; *PLACE becomes that of PATH. */
static struct error *descend(struct descent *descent, struct discovery *d, const char *path,
			     struct place *place)
{
	struct buffer above = BUFFER_INIT, below = BUFFER_INIT;
	struct error *err = NULL;
	*place = place_top(d);
	while (*path && !err) {
		struct folder *folder = &descent->folders[descent->nr];
		size_t len = strcspn(path, "/");
		if (place->depth >= DISCOVER_MAX_DEPTH)
			err = error_new(ERROR_LIMIT, "'%s' lies in more than %d folders", path,
					DISCOVER_MAX_DEPTH);
		else
			err = folder_open(folder, d, above.data, place->ignore);
		if (err)
			break;
		descent->nr++;
		struct place inside = place_inside(place, folder);
		char *name = xmemdupz(path, len);
		buffer_reset(&below);
		path_join(&below, above.data, name);
		*place = place_below(d, &inside, below.data, name);
		descent->ignored |= inside.ignore && ignore_match(inside.ignore, below.data, true) == 1;
		free(name);
		buffer_reset(&above);
		buffer_addbuf(&above, &below);
		path += len + (path[len] == '/');
	}
	buffer_release(&above);
	buffer_release(&below);
	return err;
}

struct error *paper_inputs(struct snapshot *snapshot, const struct paper_rules *rules,
			   const struct paper *paper, char ***paths, size_t *nr)
{
	struct discovery d;
	struct descent *descent = xcalloc(1, sizeof(*descent));
	struct place place;
	struct snapshot_entry *entries;
	size_t nr_entries;
	struct oid tree;
	uint32_t number;
	struct input_list inputs = { NULL, 0, 0 };
	struct dependency_list dependencies = { NULL, 0, 0, STRMAP_INIT };
	*paths = NULL;
	*nr = 0;
	discovery_init(&d, snapshot, rules);
	struct error *err = descend(descent, &d, paper->path, &place);
	if (!err)
		err = snapshot_list(snapshot, paper->path, &entries, &nr_entries, &tree);
	if (err)
		goto out;
	free(entries);
	err = discover_facts(&d, paper->path, &tree, &place, &number);
	if (!err)
		err = discover_inputs(&d, paper->path, place.ignore, number, &inputs,
				      &dependencies);
	if (err)
		goto out;
	*paths = xreallocarray(NULL, inputs.nr + 1, sizeof(**paths));
	for (size_t i = 0; i < inputs.nr; i++) {
		struct buffer path = BUFFER_INIT;
		path_resolve(&path, paper->path, inputs.items[i].path);
		(*paths)[(*nr)++] = buffer_detach(&path, NULL);
	}
out:
	while (descent->nr)
		folder_release(&descent->folders[--descent->nr]);
	free(descent);
	input_list_release(&inputs);
	dependency_list_release(&dependencies);
	discovery_release(&d);
	return err;
}

/* -- one folder in many views ------------------------------------------------------------------ */

struct paper_lookup {
	const struct paper_rules *rules;
	bool is_open;
	struct discovery d; /* its memo stays; the rest is of one snapshot */
};

struct paper_lookup *paper_lookup_new(const struct paper_rules *rules)
{
	struct paper_lookup *lookup = xcalloc(1, sizeof(*lookup));
	lookup->rules = rules;
	return lookup;
}

void paper_lookup_free(struct paper_lookup *lookup)
{
	if (lookup && lookup->is_open)
		discovery_release(&lookup->d);
	free(lookup);
}

void paper_inside_release(struct paper_inside *inside)
{
	paper_list_release(&inside->list);
	strings_free(inside->inputs, inside->nr_inputs);
	strings_free(inside->outside, inside->nr_outside);
	*inside = (struct paper_inside){ .inputs = NULL };
}

static void add_string(char ***strings, size_t *nr, char *s)
{
	*strings = xreallocarray(*strings, *nr + 1, sizeof(**strings));
	(*strings)[(*nr)++] = s;
}

/* Of a dependency that is tried with several endings all of them may come to be. */
static void add_outside(struct paper_inside *out, const char *path, const struct dependency_list *dependencies)
{
	for (size_t i = 0; i < dependencies->nr; i++) {
		const struct dependency *dep = &dependencies->items[i];
		struct buffer target = BUFFER_INIT;
		path_resolve(&target, path, dep->path);
		if (!target.len || !strcmp(target.data, "..") || starts_with(target.data, "../")) {
			buffer_release(&target);
			continue;
		}
		for (size_t k = 1; dep->kind == REFERENCE_FILE && discover_extensions[k]; k++)
			add_string(&out->outside, &out->nr_outside,
				   xstrfmt("%s%s", target.data, discover_extensions[k]));
		add_string(&out->outside, &out->nr_outside, buffer_detach(&target, NULL));
	}
}

/* The patterns of the folders above count. */
static void add_ignore_files(struct paper_inside *out, const char *path)
{
	if (*path)
		add_string(&out->outside, &out->nr_outside, xstrdup(IGNORE_FILE));
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		add_string(&out->outside, &out->nr_outside,
			   xstrfmt("%.*s/" IGNORE_FILE, (int)(slash - path), path));
}

static void fill(struct paper_inside *out, struct paper_lookup *lookup, const char *path, uint32_t number,
		 const struct input_list *inputs)
{
	unsigned char id[SHA256_SIZE];
	discover_list_one(&out->list, &lookup->d, number, path);
	struct paper *paper = &out->list.items[0];
	discover_content_id(id, inputs);
	hex_encode(id, SHA256_SIZE, paper->content_id);
	paper->nr_inputs = inputs->nr;
	out->inputs = xcalloc(inputs->nr + 1, sizeof(*out->inputs));
	for (size_t i = 0; i < inputs->nr; i++) {
		struct buffer full = BUFFER_INIT;
		path_resolve(&full, path, inputs->items[i].path);
		out->inputs[out->nr_inputs++] = buffer_detach(&full, NULL);
	}
}

static void use_snapshot(struct paper_lookup *lookup, struct snapshot *snapshot)
{
	if (!lookup->is_open)
		discovery_init(&lookup->d, snapshot, lookup->rules);
	else
		discover_resolve_release(&lookup->d);
	lookup->is_open = true;
	lookup->d.snapshot = snapshot;
}

struct error *paper_lookup_at(struct paper_lookup *lookup, struct snapshot *snapshot, const char *path,
			      struct paper_inside *out)
{
	struct descent *descent = xcalloc(1, sizeof(*descent));
	struct place place;
	struct snapshot_entry *entries = NULL;
	size_t nr_entries;
	struct oid tree;
	uint32_t number;
	enum view below;
	struct input_list inputs = { NULL, 0, 0 };
	struct dependency_list dependencies = { NULL, 0, 0, STRMAP_INIT };
	*out = (struct paper_inside){ .inputs = NULL };
	add_ignore_files(out, path);
	use_snapshot(lookup, snapshot);
	struct error *err = descend(descent, &lookup->d, path, &place);
	if (!err)
		err = snapshot_list(snapshot, path, &entries, &nr_entries, &tree);
	if (err || descent->ignored)
		goto out;
	err = discover_facts(&lookup->d, path, &tree, &place, &number);
	if (err || !node_is_paper(memo_node(&lookup->d.memo, number)->flags, VIEW_FREE, &below))
		goto out;
	err = discover_inputs(&lookup->d, path, place.ignore, number, &inputs, &dependencies);
	if (err)
		goto out;
	fill(out, lookup, path, number, &inputs);
	add_outside(out, path, &dependencies);
out:
	error_drop_if(&err, ERROR_NOT_FOUND); /* then there is no such folder */
	free(entries);
	while (descent->nr)
		folder_release(&descent->folders[--descent->nr]);
	free(descent);
	input_list_release(&inputs);
	dependency_list_release(&dependencies);
	return err;
}
