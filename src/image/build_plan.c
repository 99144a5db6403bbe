#include "image/build_plan.h"

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"

/* Where most bases have symbolic links to below /usr (and /run). A layer's folder of that name would take the
 * link's place, and nothing in the image would start any more. */
static const struct {
	const char *link, *target;
} usual_links[] = {
	{ "bin", "usr/bin" },     { "sbin", "usr/sbin" },     { "lib", "usr/lib" },
	{ "lib32", "usr/lib32" }, { "lib64", "usr/lib64" },   { "libx32", "usr/libx32" },
	{ "var/run", "run" },     { "var/lock", "run/lock" },
};

static const struct file_node *find(const struct file_tree *tree, const char *path)
{
	const struct file_node *node = &tree->root;
	while (node && *path) {
		struct slice name = { path, strcspn(path, "/") };
		node = file_node_child(node, name);
		path += name.len + (path[name.len] == '/');
	}
	return node;
}

static struct error *check_usual_links(const struct file_tree *tree)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual_links); i++) {
		if (!find(tree, usual_links[i].link))
			continue;
		struct error *err = error_new(ERROR_UNSUPPORTED,
					      "files cannot be copied to '/%s', which is a symbolic "
					      "link to '/%s' in most base images",
					      usual_links[i].link, usual_links[i].target);
		return error_with_hint(err, "copy them to '/%s'", usual_links[i].target);
	}
	return NULL;
}

/* "tree <id>\n...committer <name> <<address>> <seconds> <zone>\n". */
static struct error *read_commit(struct build_plan *out, const struct build_settings *settings)
{
	static const char key[] = "\ncommitter ";
	struct buffer text = BUFFER_INIT_MAX(OBJECT_MAX_SIZE), created = BUFFER_INIT;
	struct error *err = repo_read_object(settings->repo, &settings->commit, OBJECT_COMMIT, &text);
	const char *end = strstr(text.data, "\n\n"), *line = strstr(text.data, key);
	if (!err && line && (!end || line < end)) {
		size_t len = strcspn(line + 1, "\n");
		const char *address = memrchr(line + 1, '>', len);
		date_add(&created, address ? strtoll(address + 1, NULL, 10) : 0);
	}
	/* Times that no calendar has are those of broken commits. */
	if (!created.len)
		date_add(&created, 0);
	out->created = buffer_detach(&created, NULL);
	buffer_release(&text);
	return err;
}

struct error *build_plan_make(struct build_plan *out, const struct image_spec *spec,
			      const struct build_settings *settings)
{
	struct oid tree;
	*out = (struct build_plan){ 0 };
	struct error *err = read_commit(out, settings);
	if (!err)
		err = repo_commit_tree(settings->repo, &settings->commit, &tree);
	if (!err)
		err = file_tree_read(&out->tree, settings->repo, &tree, spec);
	if (!err && settings->base_manifest && settings->base_manifest->nr_layers)
		err = check_usual_links(&out->tree);
	if (!err)
		tree_layers_plan(&out->layers, &out->tree, spec);
	if (err)
		build_plan_release(out);
	return err;
}

void build_plan_release(struct build_plan *plan)
{
	tree_layers_release(&plan->layers);
	file_tree_release(&plan->tree);
	free(plan->created);
	*plan = (struct build_plan){ 0 };
}
