/*
 * Which files go into which layer: a function of the file tree alone, so that every clone makes the same
 * layers, and one that changes little when the tree does. Folders get layers of their own, the largest by
 * number of files (a partial clone does not know sizes) are split further, small ones share one. Numbers
 * count by powers of two, and what has no folder of its own is parted by hashes of names, so that a new file
 * moves no other.
 */
#ifndef IMAGE_TREE_LAYERS_H
#define IMAGE_TREE_LAYERS_H

#include "image/file_tree.h"

struct layer_entry {
	const char *path; /* in the image */
	const struct file_node *node;
	unsigned mode;    /* permissions it gets */
	unsigned owner, group;
};

struct tree_layer {
	struct layer_entry *entries; /* folders on the way first, then each folder before what is in it */
	size_t nr;
	size_t files;
	struct digest input;         /* hash of LAYER_FORMAT and all entries */
	const char *folder;          /* that the files are in or below, in the image */
	const struct file_node *whole; /* the folder, if the layer is all of it and it is one tree of git's */
	size_t taken, of;            /* so many of the folder's entries */
};

struct tree_layers {
	struct tree_layer *layers; /* in the order in which they lie upon each other */
	size_t nr;
	struct arena *arena;
};

/* TREE must outlive OUT. */
void tree_layers_plan(struct tree_layers *out, const struct file_tree *tree, const struct image_spec *spec);
void tree_layers_release(struct tree_layers *layers);

#endif
