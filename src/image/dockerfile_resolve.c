/* The sources of a Dockerfile's copies, looked up in a commit. */
#include <stdio.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/ignore.h"
#include "image/dockerfile.h"

#define MAX_SOURCES 10000
#define MAX_PATTERN_DEPTH 64

struct source {
	char *path;
	unsigned mode;
};

struct resolver {
	struct dockerfile *d;
	struct repo *repo;
	const struct oid *context;
	const struct docker_ignore *ignore;
	const char *file;
	const struct dockerfile_copy *copy; /* that is looked at */
	struct source *sources;             /* of it */
	size_t nr, alloc, total;
	struct strmap inputs;
	size_t alloc_copies;
};

#define MODE_IS_TREE(mode) ((mode) == 040000)
#define MODE_IS_LINK(mode) ((mode) == 0120000)

static struct error *add_source(struct resolver *r, char *path, unsigned mode)
{
	ALLOC_GROW(r->sources, r->nr, r->alloc);
	r->sources[r->nr++] = (struct source){ path, mode };
	if (++r->total > MAX_SOURCES)
		return error_at(ERROR_LIMIT, r->file, r->copy->line, 0,
				"more than %d files are copied one by one", MAX_SOURCES);
	return NULL;
}

/* -- patterns --------------------------------------------------------------------------------- */

static bool is_pattern(const char *s)
{
	return strpbrk(s, "*?[\\") != NULL;
}

struct level {
	struct resolver *r;
	const char *folder; /* path of the tree that is looked at */
	char *pattern;      /* for the names in it */
	const char *rest;   /* of the pattern, below; NULL: none */
};

static struct error *match_below(struct resolver *r, const char *folder, const struct oid *tree,
				 const char *pattern);

static struct error *match_entry(const struct tree_entry *e, void *data)
{
	struct level *l = data;
	char *name = xmemdupz(e->name.data, e->name.len);
	bool matches = wildmatch(l->pattern, name, true);
	char *path = matches ? xstrfmt("%s%s%s", l->folder, *l->folder ? "/" : "", name) : NULL;
	struct error *err = NULL;
	if (matches && !l->rest && !docker_ignore_match(l->r->ignore, path)) {
		err = add_source(l->r, path, e->mode);
		path = NULL;
	} else if (matches && l->rest && MODE_IS_TREE(e->mode)) {
		err = match_below(l->r, path, &e->oid, l->rest);
	}
	free(path);
	free(name);
	return err;
}

/* Goes as deep as the pattern has slashes. */
static struct error *match_below(struct resolver *r, const char *folder, const struct oid *tree,
				 const char *pattern)
{
	const char *slash = strchr(pattern, '/');
	struct level l = { r, folder, xmemdupz(pattern, slash ? (size_t)(slash - pattern) : strlen(pattern)),
			   slash ? slash + 1 : NULL };
	struct error *err = repo_tree_each(r->repo, tree, match_entry, &l);
	free(l.pattern);
	return err;
}

static struct error *find_pattern(struct resolver *r, const char *pattern)
{
	size_t depth = 0;
	for (const char *s = pattern; *s; s++)
		depth += *s == '/';
	if (depth > MAX_PATTERN_DEPTH)
		return error_at(ERROR_LIMIT, r->file, r->copy->line, 0, "a pattern has more than %d slashes",
				MAX_PATTERN_DEPTH);
	return match_below(r, "", r->context, pattern);
}

/* -- copies ----------------------------------------------------------------------------------- */

static struct error *find_one(struct resolver *r, const char *path)
{
	struct tree_entry e = { .mode = 040000 };
	struct error *err = *path ? repo_tree_lookup(r->repo, r->context, path, &e) : NULL;
	bool missing = error_drop_if(&err, ERROR_NOT_FOUND);
	if (err)
		return err;
	if (missing)
		return error_at(ERROR_NOT_FOUND, r->file, r->copy->line, 0, "'%s' is not in the commit",
				path);
	if (*path && docker_ignore_match(r->ignore, path) && !docker_ignore_may_return(r->ignore, path))
		return error_at(ERROR_NOT_FOUND, r->file, r->copy->line, 0,
				"'%s' is left out by .dockerignore", path);
	return add_source(r, xstrdup(path), e.mode);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Whether TO reads like the name that the file PATH gets, and not like a folder's that the base may have. */
static bool names_file(const char *to, const char *path)
{
	const char *name = base_name(to), *source = base_name(path);
	const char *dot = strrchr(name, '.'), *source_dot = strrchr(source, '.');
	return !strcmp(name, source) || (dot && source_dot && !strcmp(dot, source_dot));
}

static void go_beyond(struct resolver *r, char *why)
{
	if (!r->d->beyond)
		r->d->beyond = xstrfmt("%s:%zu: %s", r->file, r->copy->line, why);
	free(why);
}

static void add_input(struct resolver *r, const struct source *s)
{
	if (MODE_IS_TREE(s->mode))
		go_beyond(
		    r,
		    xstrfmt("a RUN comes after the folder '%s' is copied (what lists the dependencies can be "
			    "copied before it as single files)",
			    *s->path ? s->path : "."));
	strmap_add(&r->inputs, s->path, strlen(s->path));
}

static struct error *add_copy(struct resolver *r, const struct source *s)
{
	const struct dockerfile_copy *c = r->copy;
	struct image_spec *spec = &r->d->spec;
	if (!MODE_IS_TREE(s->mode) && !c->into && r->nr > 1)
		return error_at(ERROR_SYNTAX, r->file, c->line, 0,
				"several files are copied to '%s': a folder's name has to end with '/'",
				c->to);
	if (!MODE_IS_TREE(s->mode) && !c->into && !names_file(c->to, s->path))
		go_beyond(r,
			  xstrfmt("only the base tells whether '%s' is a folder ('%s/' is one for certain)",
				  c->to, c->to));
	ALLOC_GROW(spec->copies, spec->nr_copies, r->alloc_copies);
	spec->copies[spec->nr_copies++] = (struct image_copy){
		.from = xstrdup(s->path),
		.to = xstrdup(c->to + 1),
		.into = c->into && !MODE_IS_TREE(s->mode),
	};
	return NULL;
}

static struct error *resolve_copy(struct resolver *r)
{
	struct error *err = NULL;
	for (size_t i = 0; !err && i < r->copy->nr_from; i++) {
		const char *from = r->copy->from[i];
		err = is_pattern(from) ? find_pattern(r, from) : find_one(r, from);
	}
	for (size_t i = 0; !err && i < r->nr; i++) {
		if (MODE_IS_LINK(r->sources[i].mode))
			go_beyond(r, xstrfmt("'%s' is a symbolic link", r->sources[i].path));
		if (r->copy->dependency)
			add_input(r, &r->sources[i]);
		else
			err = add_copy(r, &r->sources[i]);
	}
	for (size_t i = 0; i < r->nr; i++)
		free(r->sources[i].path);
	r->nr = 0;
	return err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct error *dockerfile_resolve(struct dockerfile *d, struct repo *repo, const struct oid *context,
				 const struct docker_ignore *ignore, const char *file)
{
	struct resolver r = { .d = d, .repo = repo, .context = context, .ignore = ignore, .file = file };
	struct error *err = NULL;
	for (size_t i = 0; !err && i < d->nr_copies; i++) {
		r.copy = &d->copies[i];
		err = resolve_copy(&r);
	}
	d->inputs = r.inputs.nr ? xcalloc(r.inputs.nr, sizeof(*d->inputs)) : NULL;
	for (size_t i = 0; i < r.inputs.nr; i++)
		d->inputs[d->nr_inputs++] = xstrdup(r.inputs.entries[i].key);
	if (d->nr_inputs)
		qsort(d->inputs, d->nr_inputs, sizeof(*d->inputs), by_name);
	strmap_release(&r.inputs, NULL);
	free(r.sources);
	return err;
}
