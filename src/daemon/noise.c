#include "daemon/noise.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "git/ignore.h"

/* Folders in folders that are looked into. */
#define NOISE_MAX_DEPTH 200
/* What git says about the paths it was given. */
#define NOISE_MAX_ANSWER ((size_t)256 << 20)

/* -- by name ---------------------------------------------------------------------------------------- */

bool noise_is_name(const char *name, bool is_directory)
{
	static const char *const settings[] = { ".scrutiny.yml", ".ignore", ".gitignore", ".gitattributes" };
	static const char *const ours[] = { "scrutiny.md", "scrutiny.json", "meta.yaml" };
	static const char *const endings[] = { "~", ".swp", ".swx", ".kate-swp", ".crswap" };
	size_t len = strlen(name);
	if (is_directory)
		return name[0] == '.' && strcmp(name, ".scrutiny") != 0;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(name, settings[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(name, ours[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (ends_with(name, endings[i]))
			return true;
	/* vim looks whether it may write by making a file of this name; emacs saves what is not saved as #name#. */
	return name[0] == '.' || !strcmp(name, "4913") || (len > 2 && name[0] == '#' && name[len - 1] == '#');
}

/* -- by .ignore ------------------------------------------------------------------------------------- */

struct rules_chain {
	struct ignore_rules *rules[NOISE_MAX_DEPTH];
	size_t nr;
};

static const struct ignore_rules *innermost(const struct rules_chain *chain)
{
	return chain->nr ? chain->rules[chain->nr - 1] : NULL;
}

/* Takes in the .ignore of FOLDER ("" is the top), if there is one. */
static void enter(struct rules_chain *chain, const char *top, const char *folder)
{
	struct buffer text = BUFFER_INIT_MAX(IGNORE_MAX_FILE);
	char *path = xstrfmt("%s%s.ignore", folder, *folder ? "/" : "");
	struct error *err = file_read_below(top, path, &text);
	if (!err && chain->nr < NOISE_MAX_DEPTH)
		chain->rules[chain->nr++] = ignore_rules_new(innermost(chain), folder, slice_of(&text));
	error_free(err);
	free(path);
	buffer_release(&text);
}

/* Walks down from the top, as git does: what is below an ignored folder is ignored whatever else is said. */
static bool dot_ignores(const char *top, const char *path, bool is_directory)
{
	struct rules_chain chain = { .nr = 0 };
	bool ignored = false;
	size_t depth = 0;
	enter(&chain, top, "");
	for (const char *slash = path; !ignored && slash && depth < NOISE_MAX_DEPTH; depth++) {
		slash = strchr(slash, '/');
		char *part = slash ? xmemdupz(path, (size_t)(slash - path)) : xstrdup(path);
		ignored = chain.nr && ignore_match(innermost(&chain), part, slash || is_directory) == 1;
		if (slash && !ignored)
			enter(&chain, top, part);
		if (slash)
			slash++;
		free(part);
	}
	while (chain.nr)
		ignore_rules_free(chain.rules[--chain.nr]);
	return ignored;
}

/* -- by .gitignore ---------------------------------------------------------------------------------- */

/* check-ignore knows no literal pathspecs; before a path it keeps a leading colon from meaning something. */
#define HERE "./"

/* Whether git tracks a file below FOLDER. */
static struct error *tracks_some(struct repo *repo, const char *folder, bool *some)
{
	struct buffer out = BUFFER_INIT_MAX(NOISE_MAX_ANSWER);
	struct process_options options = { .out = &out };
	const char *argv[] = { "--literal-pathspecs", "ls-files", "-z", "--", folder, NULL };
	struct error *err = repo_git_read(repo, argv, &options);
	*some = !err && out.len > 0;
	buffer_release(&out);
	return err;
}

static struct error *take_ignored(struct repo *repo, const struct buffer *answer, bool folders, struct strmap *ignored)
{
	struct error *err = NULL;
	for (size_t at = 0; !err && at < answer->len;) {
		const char *path = answer->data + at;
		bool tracked = false;
		at += strlen(path) + 1;
		skip_prefix(path, HERE, &path);
		if (folders)
			err = tracks_some(repo, path, &tracked);
		if (!err && !tracked)
			strmap_add(ignored, path, strlen(path));
	}
	return err;
}

struct error *noise_find_ignored(struct repo *repo, const struct strmap *paths, bool folders, struct strmap *ignored)
{
	struct buffer asked = BUFFER_INIT, answer = BUFFER_INIT_MAX(NOISE_MAX_ANSWER);
	for (size_t i = 0; i < paths->nr; i++) {
		const struct strmap_entry *e = &paths->entries[i];
		if (dot_ignores(repo_work_tree(repo), e->key, folders)) {
			strmap_add(ignored, e->key, e->key_len);
			continue;
		}
		buffer_addstr(&asked, HERE);
		buffer_add(&asked, e->key, e->key_len + 1);
	}
	int status = 0; /* 1: none is ignored; more: git does not like a path, which may have become a link meanwhile */
	struct process_options options = { .input = slice_of(&asked), .out = &answer, .discard_err = true,
					   .exit_status = &status };
	const char *argv[] = { "--no-literal-pathspecs", "check-ignore", "-z", "--stdin", NULL };
	struct error *err = asked.len ? repo_git_read(repo, argv, &options) : NULL;
	if (!err && status > 1)
		trace_printf("git check-ignore ended with %d", status);
	if (!err)
		err = take_ignored(repo, &answer, folders, ignored);
	buffer_release(&asked);
	buffer_release(&answer);
	return err;
}
