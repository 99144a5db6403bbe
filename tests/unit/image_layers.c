/* How files are parted into layers. */
#include "base_testing.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "image/tree_layers.h"

/* A tree of files, given by their paths, as file_tree_read would read it: their ids are hashes of the paths.
 */
struct paths {
	char **paths;
	size_t nr, alloc;
};

static void add_path(struct paths *p, char *path)
{
	ALLOC_GROW(p->paths, p->nr, p->alloc);
	p->paths[p->nr++] = path;
}

static int compare_paths(const void *a, const void *b)
{
	/* A folder's files stand together, and in the order of the folder's name. */
	const char *one = *(char *const *)a, *other = *(char *const *)b;
	for (; *one && *one == *other; one++)
		other++;
	int left = *one == '/' ? 1 : (unsigned char)*one, right = *other == '/' ? 1 : (unsigned char)*other;
	return left - right;
}

/* Fills FOLDER from the sorted PATHS, of which the first SKIP bytes are its own. */
static void fill(struct arena **arena, struct file_node *folder, char **paths, size_t nr, size_t skip)
{
	folder->children = arena_alloc(arena, nr * sizeof(*folder->children));
	folder->whole = true;
	folder->files = nr;
	for (size_t i = 0; i < nr;) {
		const char *name = paths[i] + skip;
		size_t len = strcspn(name, "/"), end = i + 1;
		struct file_node *node = &folder->children[folder->nr++];
		*node = (struct file_node){ .name = arena_strndup(arena, name, len),
					    .mode = 0100644,
					    .files = 1 };
		sha256_hex(paths[i], strlen(paths[i]), node->oid.hex);
		if (!name[len]) {
			i++;
			continue;
		}
		node->mode = 0040000;
		while (end < nr && !strncmp(paths[end] + skip, name, len + 1))
			end++;
		fill(arena, node, paths + i, end - i, skip + len + 1);
		i = end;
	}
}

struct planned {
	struct file_tree tree;
	struct tree_layers layers;
};

static void plan(struct planned *out, const struct paths *p)
{
	static struct image_copy copy = { .from = (char *)"", .to = (char *)"" };
	static const struct image_spec spec = { .copies = &copy, .nr_copies = 1 };
	char **sorted = xcalloc(p->nr + 1, sizeof(*sorted));
	memcpy(sorted, p->paths, p->nr * sizeof(*sorted));
	qsort(sorted, p->nr, sizeof(*sorted), compare_paths);
	out->tree = (struct file_tree){ .root = { .name = "", .mode = 0040000 } };
	fill(&out->tree.arena, &out->tree.root, sorted, p->nr, 0);
	tree_layers_plan(&out->layers, &out->tree, &spec);
	free(sorted);
}

static void planned_release(struct planned *p)
{
	tree_layers_release(&p->layers);
	file_tree_release(&p->tree);
}

static void paths_release(struct paths *p)
{
	strings_free(p->paths, p->nr);
}

/* An app with a large folder of libraries. */
static void app(struct paths *p)
{
	*p = (struct paths){ 0 };
	for (int i = 0; i < 5; i++)
		add_path(p, xstrfmt("top%d.py", i));
	for (int i = 0; i < 20; i++)
		add_path(p, xstrfmt("pages/page%d.py", i));
	for (int package = 0; package < 90; package++)
		for (int i = 0; i < 10 + package % 13 * 20; i++)
			add_path(p, xstrfmt("vendor/package%d/part%d/file%d.py", package, i % 5, i));
}

/* Layers of B that A does not have. */
static size_t count_new(const struct planned *a, const struct planned *b)
{
	size_t nr = 0;
	for (size_t i = 0; i < b->layers.nr; i++) {
		bool found = false;
		for (size_t k = 0; k < a->layers.nr && !found; k++)
			found = digest_equals(&a->layers.layers[k].input, &b->layers.layers[i].input);
		nr += !found;
	}
	return nr;
}

static void test_every_file_is_in_one_layer(void **state)
{
	struct paths p;
	struct planned all;
	struct strmap seen = STRMAP_INIT;
	size_t files = 0;
	(void)state;
	app(&p);
	plan(&all, &p);
	for (size_t i = 0; i < all.layers.nr; i++) {
		const struct tree_layer *layer = &all.layers.layers[i];
		for (size_t k = 0; k < layer->nr; k++)
			if (!file_node_is_folder(layer->entries[k].node))
				assert_true(strmap_add(&seen, layer->entries[k].path,
						       strlen(layer->entries[k].path)));
		files += layer->files;
	}
	assert_int_equal(files, p.nr);
	assert_int_equal(seen.nr, p.nr);
	assert_true(all.layers.nr > 15 && all.layers.nr <= BUILD_MAX_TREE_LAYERS);
	strmap_release(&seen, NULL);
	planned_release(&all);
	paths_release(&p);
}

static void test_no_layer_is_much_larger_than_others(void **state)
{
	struct paths p;
	struct planned all;
	(void)state;
	app(&p);
	plan(&all, &p);
	for (size_t i = 0; i < all.layers.nr; i++)
		assert_true(all.layers.layers[i].files <= p.nr / 8);
	planned_release(&all);
	paths_release(&p);
}

static void test_parents_stand_before_what_is_in_them(void **state)
{
	struct paths p;
	struct planned all;
	(void)state;
	app(&p);
	plan(&all, &p);
	for (size_t i = 0; i < all.layers.nr; i++) {
		const struct tree_layer *layer = &all.layers.layers[i];
		struct strmap folders = STRMAP_INIT;
		for (size_t k = 0; k < layer->nr; k++) {
			const char *path = layer->entries[k].path, *slash = strrchr(path, '/');
			if (slash)
				assert_true(strmap_has(&folders, path, (size_t)(slash - path)));
			if (file_node_is_folder(layer->entries[k].node))
				strmap_add(&folders, path, strlen(path));
		}
		strmap_release(&folders, NULL);
	}
	planned_release(&all);
	paths_release(&p);
}

/* A file more or less changes the layer it is in, and (where a number of files passes a power of two) a few
 * others. */
static void test_a_new_file_moves_no_other(void **state)
{
	static const char *const added[] = { "new.py", "pages/new.py", "vendor/package3/part1/new.py",
					     "vendor/new.py", "vendor/package88/new/deep/file.py" };
	struct paths p;
	struct planned before, after;
	(void)state;
	app(&p);
	plan(&before, &p);
	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		add_path(&p, xstrdup(added[i]));
		plan(&after, &p);
		assert_true(count_new(&before, &after) <= 1);
		planned_release(&before);
		before = after;
	}
	planned_release(&before);
	paths_release(&p);
}

static void test_growing_slowly_changes_few_layers_in_all(void **state)
{
	struct paths p;
	struct planned before, after;
	size_t changed = 0;
	(void)state;
	app(&p);
	plan(&before, &p);
	for (int i = 0; i < 150; i++) {
		add_path(&p, xstrfmt("vendor/package%d/part%d/new%d.py", i % 90, i % 3, i));
		plan(&after, &p);
		changed += count_new(&before, &after);
		planned_release(&before);
		before = after;
	}
	/* One each is the least there can be. */
	assert_true(changed >= 150 && changed < 200);
	planned_release(&before);
	paths_release(&p);
}

static void test_a_flat_folder_is_parted_by_names(void **state)
{
	struct paths p = { 0 };
	struct planned all;
	(void)state;
	for (int i = 0; i < 5000; i++)
		add_path(&p, xstrfmt("data/flat/%d.csv", i));
	plan(&all, &p);
	assert_int_equal(all.layers.nr, BUILD_MAX_TREE_LAYERS);
	for (size_t i = 0; i < all.layers.nr; i++)
		assert_true(all.layers.layers[i].files < 5000 / 10);
	planned_release(&all);
	paths_release(&p);
}

static void test_many_small_folders_share_a_layer(void **state)
{
	struct paths p = { 0 };
	struct planned all;
	(void)state;
	for (int i = 0; i < 50; i++)
		add_path(&p, xstrfmt("folder%d/file", i));
	plan(&all, &p);
	assert_int_equal(all.layers.nr, BUILD_MAX_TREE_LAYERS / 2);
	planned_release(&all);
	paths_release(&p);
}

static void test_a_small_app_has_a_layer_for_each_folder(void **state)
{
	struct paths p = { 0 };
	struct planned all;
	(void)state;
	add_path(&p, xstrdup("app.py"));
	add_path(&p, xstrdup("models/large.bin"));
	add_path(&p, xstrdup("pages/one.py"));
	plan(&all, &p);
	assert_int_equal(all.layers.nr, 3);
	assert_null(all.layers.layers[0].whole);
	assert_string_equal(all.layers.layers[1].folder, "models");
	assert_non_null(all.layers.layers[1].whole);
	planned_release(&all);
	paths_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_file_is_in_one_layer),
		cmocka_unit_test(test_no_layer_is_much_larger_than_others),
		cmocka_unit_test(test_parents_stand_before_what_is_in_them),
		cmocka_unit_test(test_a_new_file_moves_no_other),
		cmocka_unit_test(test_growing_slowly_changes_few_layers_in_all),
		cmocka_unit_test(test_a_flat_folder_is_parted_by_names),
		cmocka_unit_test(test_many_small_folders_share_a_layer),
		cmocka_unit_test(test_a_small_app_has_a_layer_for_each_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
