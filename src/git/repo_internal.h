/* What the files of src/git that read a repository share; nobody else includes this. */
#ifndef GIT_REPO_INTERNAL_H
#define GIT_REPO_INTERNAL_H

#include <git2.h>

#include "git/coprocess.h"
#include "git/repo.h"

/* Environment of commands whose output we parse: they take no lock that could disturb the
 * user's own git, speak English, and see objects as every clone has them. */
#define REPO_READ_ENVIRONMENT "GIT_OPTIONAL_LOCKS=0", "GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C"

/* Ceilings for what git tells us about a repository. */
#define REPO_MAX_PATHS ((size_t)1 << 20)
#define REPO_MAX_SETTINGS ((size_t)16 << 20)
#define REPO_MAX_REFS ((size_t)16 << 20)

struct setting {
	const char *key, *value;
};

/* One tree taken apart, its entries sorted by plain bytes so that a name is found by halving
 * whether it is a file or a folder. */
struct parsed_tree {
	struct oid oid;
	struct buffer raw;
	struct tree_entry *entries; /* names point into raw */
	size_t nr;
};

/* The trees on the way to what was looked up last: whoever walks the repository folder by
 * folder finds the parents of the next folder here. */
#define TREE_CACHE_SIZE 16
#define TREE_CACHE_MAX_BYTES ((size_t)64 << 20)

struct repo {
	char *git_dir, *common_dir, *work_tree, *prefix;
	char *index_file; /* GIT_INDEX_FILE, or git's own */
	char object_format[16];
	size_t oid_size; /* bytes of a raw id */
	struct oid empty_tree;

	/* GIT_DIR and GIT_WORK_TREE, when git would not find them, and what keeps git from fetching. */
	const char *environment[5];
	char *git_dir_variable, *work_tree_variable;

	git_odb *odb; /* see open_odb */
	bool stays_local;
	bool lacks_objects; /* and it is a partial clone: git need not be asked for what libgit2 does not find */
	bool odb_refused; /* NULL: objects come from cat_file alone */
	struct coprocess cat_file;
	struct parsed_tree *trees[TREE_CACHE_SIZE]; /* most recently used first */

	struct buffer settings_text;
	struct setting *settings;
	size_t nr_settings;
};

/* config.c. Parses what `git config -z --list` said (repo->settings_text). */
void repo_parse_settings(struct repo *repo);

/* objects.c */
void repo_close_objects(struct repo *repo);

/* Whether TEXT is an object id in this repository's format, in lower case. */
bool repo_is_oid(const struct repo *repo, const char *text, size_t len);

#endif
