#include "image/layer_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_file.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"

#define BLOB ".tar.gz"
#define NOTE ".layer"
#define TEMPORARY "making-"
#define NOTE_KIND "layer"
/* Seconds after which a file that was being made is nobody's any more. */
#define TEMPORARY_MAX_AGE (24 * 3600)

struct note {
	int64_t size;
	char digest[DIGEST_LENGTH], diff_id[DIGEST_LENGTH];
};

static char *path_of(const char *folder, const struct digest *input, const char *suffix)
{
	return xstrfmt("%s/%s%s", folder, digest_hex(input), suffix);
}

static bool read_note(const char *path, struct cached_layer *out)
{
	struct cache_file cache;
	struct note note;
	cache_file_open(&cache, path, NOTE_KIND, LAYER_FORMAT);
	bool good = cache.data && cache.len == sizeof(note);
	if (good)
		memcpy(&note, cache.data, sizeof(note));
	good = good && digest_parse((struct slice){ note.digest, DIGEST_LENGTH }, &out->digest) &&
	       digest_parse((struct slice){ note.diff_id, DIGEST_LENGTH }, &out->diff_id);
	out->size = good ? note.size : 0;
	cache_file_release(&cache);
	return good;
}

bool layer_cache_find(const char *folder, const struct digest *input, struct cached_layer *out)
{
	char *note = path_of(folder, input, NOTE);
	*out = (struct cached_layer){ .file = path_of(folder, input, BLOB) };
	/* It is going to be named by its digest: what is damaged is not there. */
	bool found = read_note(note, out) && digest_is_of_file(&out->digest, out->size, out->file);
	free(note);
	if (found) {
		/* The time of its last use, which layer_cache_prune goes by. */
		utimensat(AT_FDCWD, out->file, NULL, AT_SYMLINK_NOFOLLOW);
		return true;
	}
	free(out->file);
	*out = (struct cached_layer){ 0 };
	return false;
}

struct error *layer_cache_begin(const char *folder, char **temporary, int *fd)
{
	char name[33];
	struct error *err = file_make_directories(folder);
	if (!err)
		err = hex_random(name, 32);
	if (err)
		return err;
	*temporary = xstrfmt("%s/" TEMPORARY "%s", folder, name);
	*fd = open(*temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (*fd < 0) {
		err = error_errno(ERROR_IO, "cannot write '%s'", *temporary);
		free(*temporary);
		*temporary = NULL;
	}
	return err;
}

struct error *layer_cache_keep(const char *folder, const char *temporary, const struct layer_job *job,
			       struct cached_layer *out)
{
	struct note note = { .size = job->size };
	*out = (struct cached_layer){ path_of(folder, &job->layer->input, BLOB), job->digest, job->diff_id,
				      job->size };
	memcpy(note.digest, job->digest.text, DIGEST_LENGTH);
	memcpy(note.diff_id, job->diff_id.text, DIGEST_LENGTH);
	/* Not synced: what a crash leaves is seen when it is looked for. */
	if (rename(temporary, out->file))
		return error_errno(ERROR_IO, "cannot write '%s'", out->file);
	char *path = path_of(folder, &job->layer->input, NOTE);
	cache_file_write(path, NOTE_KIND, LAYER_FORMAT, (struct slice){ (const char *)&note, sizeof(note) });
	free(path);
	return NULL;
}

/* -- the ceiling ------------------------------------------------------------------------------- */

struct kept {
	char *name;
	int64_t size, used;
};

static int compare_used(const void *a, const void *b)
{
	const struct kept *one = a, *other = b;
	return (one->used > other->used) - (one->used < other->used);
}

static void drop(const char *folder, const char *name)
{
	char *path = xstrfmt("%s/%s", folder, name);
	unlink(path);
	free(path);
}

static void drop_layer(const char *folder, const char *blob)
{
	char *note = xstrfmt("%.*s" NOTE, (int)(strlen(blob) - strlen(BLOB)), blob);
	drop(folder, note);
	drop(folder, blob);
	free(note);
}

void layer_cache_prune(const char *folder, int64_t max, int64_t now)
{
	struct kept *kept = NULL;
	size_t nr = 0, alloc = 0;
	int64_t total = 0;
	struct stat st;
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (const struct dirent *e; (e = readdir(dir));) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		if (starts_with(e->d_name, TEMPORARY) && st.st_mtime < now - TEMPORARY_MAX_AGE)
			drop(folder, e->d_name);
		if (!ends_with(e->d_name, BLOB))
			continue;
		ALLOC_GROW(kept, nr, alloc);
		kept[nr++] = (struct kept){ xstrdup(e->d_name), st.st_size, st.st_mtime };
		total += st.st_size;
	}
	closedir(dir);
	if (nr)
		qsort(kept, nr, sizeof(*kept), compare_used);
	for (size_t i = 0; i < nr; i++) {
		if (total > max && kept[i].used < now) {
			drop_layer(folder, kept[i].name);
			total -= kept[i].size;
		}
		free(kept[i].name);
	}
	free(kept);
}
