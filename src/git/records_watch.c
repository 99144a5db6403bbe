#include "git/records_watch.h"

#include <sys/stat.h>

#include "base/memory.h"

void records_watch_look(struct records_watch *out, const char *common_dir, const char *refname)
{
	const char *const names[RECORDS_WATCHED] = { refname, "packed-refs", "reftable/tables.list" };
	*out = (struct records_watch){ 0 };
	for (size_t i = 0; i < RECORDS_WATCHED; i++) {
		char *path = xstrfmt("%s/%s", common_dir, names[i]);
		struct stat st;
		if (!stat(path, &st)) {
			out->files[i].inode = st.st_ino;
			out->files[i].size = st.st_size;
			out->files[i].seconds = st.st_mtim.tv_sec;
			out->files[i].nanoseconds = st.st_mtim.tv_nsec;
		}
		free(path);
	}
}

bool records_watch_same(const struct records_watch *a, const struct records_watch *b)
{
	for (size_t i = 0; i < RECORDS_WATCHED; i++)
		if (a->files[i].inode != b->files[i].inode || a->files[i].size != b->files[i].size ||
		    a->files[i].seconds != b->files[i].seconds ||
		    a->files[i].nanoseconds != b->files[i].nanoseconds)
			return false;
	return true;
}
