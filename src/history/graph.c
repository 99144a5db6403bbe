/* The commits that changed a folder, as git simplifies their history. */
#include <stdint.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "history/internal.h"

/* Of one commit, each ended by a NUL. */
enum field { FIELD_SHORTENED, FIELD_AUTHOR, FIELD_MAIL, FIELD_DATE, FIELD_TIME, FIELD_SUBJECT, NR_FIELDS };
#define FORMAT "--format=%h%x00%aN%x00%aE%x00%aI%x00%ct%x00%s%x00"

struct version *version_new(const char *folder)
{
	struct version *v = xcalloc(1, sizeof(*v));
	v->inside = xcalloc(1, sizeof(*v->inside));
	v->folder = xstrdup(folder);
	return v;
}

void version_free(void *data)
{
	struct version *v = data;
	if (!v)
		return;
	for (size_t i = 0; i < v->nr_parents && v->inside->maps; i++)
		free(v->inside->maps[i]);
	free(v->inside->maps);
	free(v->inside);
	free(v->parents);
	free(v->shortened);
	free(v->author);
	free(v->mail);
	free(v->date);
	free(v->subject);
	free(v->folder);
	free(v);
}

/* -- what git is asked -------------------------------------------------------------------------- */

struct pathspecs {
	const char **items;
	size_t nr, alloc;
};

/* PATH "" is the top, with all below. */
static void add_pathspec(struct pathspecs *list, const char *path)
{
	ALLOC_GROW(list->items, list->nr + 1, list->alloc);
	list->items[list->nr++] = *path ? xstrfmt(":(top,literal)%s", path) : xstrdup(":(top)");
	list->items[list->nr] = NULL;
}

static void add_folders(struct pathspecs *list, const struct strmap *paths)
{
	struct strmap folders = STRMAP_INIT;
	for (size_t i = 0; i < paths->nr; i++) {
		const char *path = paths->entries[i].key, *slash = strrchr(path, '/');
		if (strmap_add(&folders, path, slash ? (size_t)(slash - path) : 0))
			add_pathspec(list, folders.entries[folders.nr - 1].key);
	}
	strmap_release(&folders, NULL);
}

static void make_pathspecs(struct pathspecs *list, struct paper_history *h, const char *folder)
{
	add_pathspec(list, folder);
	if (!*folder)
		return;
	if (h->outside.nr > HISTORY_MAX_OUTSIDE) {
		add_folders(list, &h->outside);
		return;
	}
	for (size_t i = 0; i < h->outside.nr; i++)
		add_pathspec(list, h->outside.entries[i].key);
}

static struct error *ask(struct paper_history *h, const struct oid *start, const char *folder, struct buffer *out)
{
	static const char *const head[] = { "rev-list", "--parents", "--topo-order", "--encoding=UTF-8", FORMAT };
	static const char *const lazy[] = { "GIT_NO_LAZY_FETCH=1", NULL };
	struct pathspecs specs = { NULL, 0, 0 };
	make_pathspecs(&specs, h, folder);
	const char **argv = xcalloc(ARRAY_SIZE(head) + specs.nr + 5, sizeof(*argv));
	struct buffer said = BUFFER_INIT_MAX(1 << 16);
	struct process_options options = { .out = out, .err = &said, .env = lazy };
	size_t n = 0;
	for (; n < ARRAY_SIZE(head); n++)
		argv[n] = head[n];
	if (h->settings.first_parent)
		argv[n++] = "--first-parent";
	argv[n++] = "--end-of-options";
	argv[n++] = start->hex;
	argv[n++] = "--";
	for (size_t i = 0; i < specs.nr; i++)
		argv[n++] = specs.items[i];
	struct error *err = repo_git_read(h->settings.repo, argv, &options);
	buffer_release(&said);
	free(argv);
	strings_free((char **)specs.items, specs.nr);
	err = error_context(err, "cannot read the history of '%s'", *folder ? folder : ".");
	return h->is_partial ? error_with_hint(err, "this partial clone may lack folders of earlier commits; "
						    "`git fetch --refetch --no-filter` gets them")
			     : err;
}

/* -- what git says ------------------------------------------------------------------------------ */

static void **version_slot(struct paper_history *h, const char *commit, size_t len, const char *folder)
{
	char *key = xstrfmt("%.*s:%s", (int)len, commit, folder);
	void **slot = strmap_at(&h->versions, key, strlen(key));
	free(key);
	return slot;
}

/* PARENTS: ids behind blanks. They come later, if they were not there before. With --first-parent git names the
 * others, too, though it does not list them. */
static void set_parents(struct paper_history *h, struct version *v, const char *parents)
{
	while (*parents == ' ' && !(v->nr_parents && h->settings.first_parent)) {
		size_t len = strcspn(++parents, " ");
		void **slot = version_slot(h, parents, len, v->folder);
		if (!*slot)
			*slot = version_new(v->folder);
		v->parents = xreallocarray(v->parents, v->nr_parents + 1, sizeof(*v->parents));
		v->parents[v->nr_parents++] = *slot;
		parents += len;
	}
}

static void set_fields(struct paper_history *h, struct version *v, char *const fields[NR_FIELDS])
{
	v->shortened = xstrdup(fields[FIELD_SHORTENED]);
	v->author = xstrdup(fields[FIELD_AUTHOR]);
	v->mail = xstrdup(fields[FIELD_MAIL]);
	v->date = xstrdup(fields[FIELD_DATE]);
	v->subject = xstrdup(fields[FIELD_SUBJECT]);
	v->time = strtoll(fields[FIELD_TIME], NULL, 10);
	v->boundary = strmap_has(&h->shallow, v->commit.hex, strlen(v->commit.hex));
}

/* "commit <id>[ <parent>]...\n<field>\0...\n"; *AT moves behind it. */
static struct error *parse_commit(struct paper_history *h, const char *folder, char **at, char *end, struct version **out)
{
	static const char word[] = "commit ";
	char *fields[NR_FIELDS], *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
	size_t digits = strlen(repo_empty_tree(h->settings.repo)->hex);
	if (!stop || !starts_with(line, word) || (size_t)(stop - line) < strlen(word) + digits)
		return error_new(ERROR_SYNTAX, "git rev-list did not list commits");
	*stop = '\0';
	line += strlen(word);
	*at = stop + 1;
	for (int i = 0; i < NR_FIELDS; i++) {
		fields[i] = *at;
		char *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;
		if (!nul)
			return error_new(ERROR_SYNTAX, "git rev-list did not describe %s", line);
		*at = nul + 1;
	}
	*at += *at < end && **at == '\n';
	void **slot = version_slot(h, line, digits, folder);
	struct version *v = *slot ? *slot : version_new(folder);
	*slot = v;
	*out = v;
	if (v->commit.hex[0])
		return NULL; /* known from another commit that it is reached from */
	memcpy(v->commit.hex, line, digits);
	set_fields(h, v, fields);
	set_parents(h, v, line + digits);
	return NULL;
}

/* The first is what START has of the folder: the others are its ancestors. */
static struct error *parse(struct paper_history *h, const char *folder, struct buffer *text, struct version **out)
{
	char *at = text->data, *end = text->data + text->len;
	struct error *err = NULL;
	*out = NULL;
	while (at < end && !err) {
		struct version *v = NULL;
		err = parse_commit(h, folder, &at, end, &v);
		if (!err && !*out)
			*out = v;
	}
	return err;
}

struct error *graph_find(struct paper_history *h, const struct oid *commit, const char *folder, struct version **out)
{
	char *key = xstrfmt("%s:%s", commit->hex, folder);
	struct buffer text = BUFFER_INIT_MAX(HISTORY_MAX_LOG);
	struct error *err = NULL;
	*out = NULL;
	if (strmap_has(&h->segments, key, strlen(key))) {
		*out = strmap_get(&h->segments, key, strlen(key));
	} else if (commit->hex[0]) {
		err = ask(h, commit, folder, &text);
		if (!err)
			err = parse(h, folder, &text, out);
		if (!err)
			*strmap_at(&h->segments, key, strlen(key)) = *out;
	}
	buffer_release(&text);
	free(key);
	return err;
}
