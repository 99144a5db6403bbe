#include "paper/document.h"

/* A document from a snapshot of a repository. */

static struct error *read_snapshot(void *data, const char *path, struct buffer *out)
{
	struct error *err = snapshot_read(data, path, out);
	if (!err && snapshot_is_lfs_pointer(slice_of(out)))
		err = error_with_hint(
		    error_new(ERROR_UNSUPPORTED, "stored with Git LFS, and not fetched"),
		    "run `git lfs pull`");
	return err;
}

static bool exists_in_snapshot(void *data, const char *path)
{
	return snapshot_exists(data, path);
}

struct error *document_read(struct document *out, struct snapshot *snapshot,
			    const struct paper *paper, const struct manuscript *manuscript)
{
	struct document_source source = { read_snapshot, exists_in_snapshot, snapshot };
	(void)paper;
	return document_read_from(out, &source, manuscript->path, manuscript->kind);
}
