/*
 * The files that an image gets from a commit, where they stand in the image, as one tree: the copies of a
 * spec, later ones over earlier ones, without what .dockerignore and export-ignore leave out. No blob is read
 * but those two files.
 */
#ifndef IMAGE_FILE_TREE_H
#define IMAGE_FILE_TREE_H

#include "base/arena.h"
#include "image/build.h"

#define FILE_TREE_MAX_DEPTH 256
/* Folders that are no copy's: those on the way to where it goes. */
#define FILE_TREE_NO_COPY SIZE_MAX

struct file_node {
	const char *name;
	unsigned mode;      /* as in a tree_entry */
	bool whole;         /* a folder that holds one tree of git's and nothing else */
	struct oid oid;     /* the blob; of a folder that is whole, the tree */
	size_t copy;        /* number in the spec */
	size_t files;       /* at and below it */
	struct file_node *children; /* of a folder, sorted by the bytes of their names */
	size_t nr;
};

struct file_tree {
	struct file_node root;
	struct arena *arena;
	size_t entries;
};

/* TREE is the commit's. Refuses, with path and way out: submodules, names that no layer can have, a file
 * where a folder has to be; ERROR_NOT_FOUND for what the commit does not have, or .dockerignore leaves out.
 */
struct error *file_tree_read(struct file_tree *out, struct repo *repo, const struct oid *tree,
			     const struct image_spec *spec);
void file_tree_release(struct file_tree *tree);
static inline bool file_node_is_folder(const struct file_node *node)
{
	return node->mode == 0040000;
}
/* The child of FOLDER with this name, or NULL. */
const struct file_node *file_node_child(const struct file_node *folder, struct slice name);
/* Where in the commit the node at PATH in the image comes from; malloc'd. */
char *file_node_source(const struct file_node *node, const char *path, const struct image_spec *spec);

#endif
