#include "daemon/poll_state.h"

#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "daemon/noise.h"

#define POLL_MAX_STATUS ((size_t)256 << 20)

/* The path of a record of `git status --porcelain=v2 -z`, which stands behind so many spaces; NULL: it has none. */
static const char *path_of(const char *record)
{
	static const struct {
		char kind;
		int fields;
	} kinds[] = { { '1', 8 }, { '2', 9 }, { 'u', 10 }, { '?', 1 } };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (record[0] != kinds[i].kind)
			continue;
		for (int n = 0; record && n < kinds[i].fields; n++) {
			record = strchr(record, ' ');
			record = record ? record + 1 : NULL;
		}
		return record;
	}
	return NULL;
}

static void add_file(struct sha256 *hash, const char *top, const char *path)
{
	struct stat st;
	char *full = xstrfmt("%s/%s", top, path);
	if (!lstat(full, &st)) {
		int64_t facts[] = { st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (int64_t)st.st_ino };
		sha256_update(hash, facts, sizeof(facts));
	}
	free(full);
}

static bool is_noise(const char *path)
{
	const char *slash = strrchr(path, '/');
	return noise_is_name(slash ? slash + 1 : path, false);
}

struct error *poll_state_read(struct repo *repo, char state[SHA256_HEX_SIZE + 1])
{
	struct buffer out = BUFFER_INIT_MAX(POLL_MAX_STATUS);
	struct process_options options = { .out = &out };
	struct sha256 hash;
	const char *argv[] = { "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--no-renames",
			       NULL };
	struct error *err = repo_git_read(repo, argv, &options);
	sha256_init(&hash);
	for (size_t at = 0; !err && at < out.len; at += strlen(out.data + at) + 1) {
		const char *path = path_of(out.data + at);
		if (path && is_noise(path))
			continue;
		sha256_update(&hash, out.data + at, strlen(out.data + at) + 1);
		if (path)
			add_file(&hash, repo_work_tree(repo), path);
	}
	sha256_final_hex(&hash, state);
	buffer_release(&out);
	return err;
}
