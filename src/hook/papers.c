#include "hook/papers.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/index_file.h"
#include "hook/background.h"

/* The first line names the format and the program: a newer one may have other rules. */
#define HEAD "git-scrutiny papers 2 " VERSION " "
#define NO_COMMIT "-"
#define MODE_FILE_KIND 0100000u
#define MODE_KIND 0170000u

/* -- names ------------------------------------------------------------------------------------- */

static bool same_word(const char *s, size_t len, const char *word)
{
	size_t i = 0;
	while (i < len && word[i] && ascii_lower((unsigned char)s[i]) == word[i])
		i++;
	return i == len && !word[i];
}

static bool is_one_of(const char *s, size_t len, const char *const *words)
{
	while (*words && !same_word(s, len, *words))
		words++;
	return *words != NULL;
}

static const char *name_of(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	return slash ? slash + 1 : path;
}

/* Of the files that are never manuscripts, those that are changed most often. */
static bool is_project_file(const char *name, size_t len)
{
	static const char *const stems[] = { "readme", "changelog", "license", "contributing", NULL };
	const char *dot = memrchr(name, '.', len);
	return is_one_of(name, dot ? (size_t)(dot - name) : len, stems);
}

/* What we write ourselves is no part of a paper. */
static bool is_generated(const char *name, size_t len)
{
	static const char *const names[] = { "scrutiny.md", "scrutiny.json", "meta.yaml" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !memcmp(name, names[i], len))
			return true;
	return false;
}

bool hook_path_decides(const char *path, size_t len, unsigned mode)
{
	static const char *const extensions[] = { "tex", "md", "pdf", "sty", "cls", NULL };
	static const char *const rules[] = { ".ignore", ".scrutiny.yml", NULL };
	static const char last_letters[] = "xdfysel"; /* of all of these */
	if ((mode & MODE_KIND) != MODE_FILE_KIND)
		return true; /* a link, a submodule */
	if (!len || !memchr(last_letters, ascii_lower((unsigned char)path[len - 1]), strlen(last_letters)))
		return false; /* most files, at once */
	const char *name = name_of(path, len);
	size_t name_len = len - (size_t)(name - path);
	if (*name == '.')
		return is_one_of(name, name_len, rules);
	const char *dot = memrchr(name, '.', name_len);
	if (!dot || is_generated(name, name_len))
		return false;
	size_t extension_len = name_len - (size_t)(dot + 1 - name);
	if (!is_one_of(dot + 1, extension_len, extensions))
		return false;
	/* A README.tex may be included by others. */
	return !(extension_len < 3 || same_word(dot + 1, extension_len, "pdf")) || !is_project_file(name, name_len);
}

static bool is_hidden(const char *path)
{
	return *path == '.' || strstr(path, "/.");
}

static int compare_folder(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
}

static bool is_in_paper(const struct hook_papers *list, const char *path)
{
	char *folder = xstrdup(path);
	bool found = false;
	while (*folder && !found && list->nr_papers) {
		char *slash = strrchr(folder, '/');
		*(slash ? slash : folder) = '\0';
		found = bsearch(folder, list->papers, list->nr_papers, sizeof(*list->papers), compare_folder);
	}
	free(folder);
	return found;
}

bool hook_path_concerns(const struct hook_papers *list, const char *path, unsigned before, unsigned after)
{
	size_t len = strlen(path);
	if ((before && hook_path_decides(path, len, before)) || (after && hook_path_decides(path, len, after)))
		return true;
	for (size_t i = 0; i < list->nr_outside; i++)
		if (starts_with(path, list->outside[i]))
			return true;
	const char *name = name_of(path, len);
	return !is_hidden(path) && !is_generated(name, strlen(name)) && is_in_paper(list, path);
}

/* -- the state of the files that decide -------------------------------------------------------- */

struct state {
	const unsigned char *key;
	size_t oid_size;
	uint64_t hash;
	bool too_long;
};

static void add_entry(const struct index_entry *e, void *data)
{
	struct state *s = data;
	unsigned char bytes[sizeof(s->hash) + sizeof(e->mode) + 32 + INDEX_FILE_MAX_PATH];
	size_t n = 0;
	if (!hook_path_decides(e->path, e->path_len, e->mode))
		return;
	if (e->path_len >= INDEX_FILE_MAX_PATH) {
		s->too_long = true;
		return;
	}
	memcpy(bytes, &s->hash, sizeof(s->hash));
	n += sizeof(s->hash);
	memcpy(bytes + n, &e->mode, sizeof(e->mode));
	n += sizeof(e->mode);
	memcpy(bytes + n, e->oid, s->oid_size);
	n += s->oid_size;
	memcpy(bytes + n, e->path, e->path_len);
	s->hash = siphash(s->key, bytes, n + e->path_len);
}

static bool state_of(const char *index, size_t oid_size, const unsigned char *key, uint64_t *state, struct oid *tree)
{
	struct state s = { key, oid_size, 0, false };
	struct index_contents contents;
	bool understood = index_file_read(index, oid_size, add_entry, &s, &contents) && !s.too_long;
	*state = s.hash;
	*tree = contents.tree;
	return understood;
}

bool hook_papers_fit(const struct hook_papers *list, const char *index, struct oid *tree)
{
	uint64_t state;
	return state_of(index, list->oid_size, list->key, &state, tree) && state == list->state;
}

/* -- the file ---------------------------------------------------------------------------------- */

static void add_strings(struct buffer *out, const char *const *strings, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		buffer_add(out, strings[i], strlen(strings[i]) + 1);
}

bool hook_papers_write(const char *git_dir, const char *index, const struct oid *tree, const struct oid *commit,
		       size_t oid_size, const char *const *papers, size_t nr_papers, const char *const *outside, size_t nr_outside)
{
	unsigned char key[SIPHASH_KEY_SIZE];
	char hex[2 * SIPHASH_KEY_SIZE + 1];
	struct buffer text = BUFFER_INIT_MAX(HOOK_PAPERS_MAX);
	struct oid found;
	uint64_t state;
	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key) || !state_of(index, oid_size, key, &state, &found))
		return false;
	if (*tree->hex && strcmp(tree->hex, found.hex) != 0)
		return false;
	hex_encode(key, sizeof(key), hex);
	buffer_addf(&text, HEAD "%zu %s %016jx %s %zu %zu\n", oid_size, hex, (uintmax_t)state,
		    *commit->hex ? commit->hex : NO_COMMIT, nr_papers, nr_outside);
	add_strings(&text, papers, nr_papers);
	add_strings(&text, outside, nr_outside);
	char *path = hook_file(git_dir, "papers");
	struct error *err = buffer_check(&text, "the list of papers");
	if (!err)
		err = hook_make_folder(git_dir);
	if (!err)
		err = file_write(path, text.data, text.len);
	bool done = !err;
	error_free(err);
	free(path);
	buffer_release(&text);
	return done;
}

/* NR strings from *AT on; NULL when there are not so many. */
static char **split(const struct buffer *text, size_t *at, size_t nr)
{
	if (nr > text->len)
		return NULL;
	char **strings = xcalloc(nr + 1, sizeof(*strings));
	for (size_t i = 0; i < nr; i++) {
		if (*at >= text->len) {
			free(strings);
			return NULL;
		}
		strings[i] = text->data + *at;
		*at += strlen(strings[i]) + 1;
	}
	return strings;
}

static bool parse(struct hook_papers *list)
{
	char hex[2 * SIPHASH_KEY_SIZE + 1];
	uintmax_t state;
	const char *rest;
	int head = 0;
	if (!skip_prefix(list->text.data, HEAD, &rest) ||
	    sscanf(rest, "%zu %32s %16jx %64s %zu %zu%n", &list->oid_size, hex, &state, list->commit.hex,
		   &list->nr_papers, &list->nr_outside, &head) != 6 ||
	    rest[head] != '\n' || !hex_decode(hex, list->key, SIPHASH_KEY_SIZE) ||
	    (list->oid_size != 20 && list->oid_size != 32))
		return false;
	size_t at = (size_t)(rest + head + 1 - list->text.data);
	list->state = state;
	if (!strcmp(list->commit.hex, NO_COMMIT))
		list->commit.hex[0] = '\0';
	list->papers = split(&list->text, &at, list->nr_papers);
	list->outside = list->papers ? split(&list->text, &at, list->nr_outside) : NULL;
	return list->outside && at == list->text.len;
}

bool hook_papers_open(struct hook_papers *out, const char *git_dir)
{
	char *path = hook_file(git_dir, "papers");
	*out = (struct hook_papers){ .text = BUFFER_INIT_MAX(HOOK_PAPERS_MAX) };
	struct error *err = file_read(path, &out->text);
	bool usable = !err && parse(out);
	error_free(err);
	free(path);
	if (!usable)
		hook_papers_release(out);
	return usable;
}

void hook_papers_release(struct hook_papers *list)
{
	free(list->papers);
	free(list->outside);
	buffer_release(&list->text);
	list->papers = list->outside = NULL;
	list->nr_papers = list->nr_outside = 0;
}
