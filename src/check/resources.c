/* The files a paper is made of: are they there, and is each picture shown once? */
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "check/engine.h"

/* When so many pictures are named and none is there, a program probably makes them. */
#define GENERATED_FROM 3

static bool in_list(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(name, *list))
			return true;
	}
	return false;
}

static bool has_any_suffix(const char *name, const char *const *suffixes)
{
	for (; *suffixes; suffixes++) {
		if (ends_with(name, *suffixes))
			return true;
	}
	return false;
}

/* KEY is a name that can be looked for: written out, and of a file of the author's. */
static bool is_plain_name(const struct item *item)
{
	return *item->key && !strpbrk(item->key, "\\#{}$|") && !strstr(item->key, "://") &&
	       !item->uncertain && !item->conditional;
}

/* The source just before WHERE, at most LEN bytes. */
static struct slice source_before(const struct document *doc, struct location where, size_t len)
{
	const struct buffer *bytes = &doc->files[where.file].bytes;
	size_t end = where.start < bytes->len ? where.start : bytes->len;
	size_t start = end > len ? end - len : 0;
	return (struct slice){ bytes->data + start, end - start };
}

/* The command that WHERE is the argument of begins with this: its last backslash before it. */
static struct slice command_before(const struct document *doc, struct location where)
{
	struct slice before = source_before(doc, where, 400);
	const char *start = memrchr(before.data, '\\', before.len);
	if (!start)
		return (struct slice){ before.data + before.len, 0 };
	return (struct slice){ start, before.len - (size_t)(start - before.data) };
}

static bool contains(struct slice s, const char *what)
{
	return memmem(s.data, s.len, what, strlen(what)) != NULL;
}

/* -- missing files ---------------------------------------------------------------------------- */

struct missing_file {
	const char *rule, *what, *why;
	unsigned softer;
};

static void raise_missing(struct check *c, const struct item *item, const struct missing_file *m)
{
	char *shown = check_shown(item->key);
	struct claim claim = {
		.rule = m->rule,
		.where = item->where,
		.subject = item->key,
		.title = xstrfmt("the %s `%s` was not found", m->what, shown),
		.suggestion = xstrdup("add the file to the repository, or correct the name"),
		.why = m->why,
		.softer = m->softer,
	};
	check_raise(c, &claim);
	free(shown);
}

static bool is_missing_input(const struct item *item)
{
	/* come with TeX */
	static const char *const known[] = {
		"glyphtounicode", "glyphtounicode.tex", "pstricks", "pst-node", "pst-plot",
		"epsf",		  "epsf.tex",		"xy",	    "xypic",	"multido",
		"amssym.def",	  "amssym.tex",		"amssym",   "tikz",	"pgf",
		"random",	  "random.tex",		"binhex",   "binhex.tex", "insbox",
		"mathtime",	  "prepictex",		"pictex",   "postpictex", "ushyphex",
		"arrow",	  "catmac",		"diagxy",   "miniltx",	"null",
		"texdraw",	  "cyracc.def",		"fontmath.ltx", "pdf-trans", "kvmacros",
		NULL
	};
	/* made by a run, or read by TeX from its own tree */
	static const char *const suffixes[] = {
		".bbl", ".ind", ".gls", ".toc", ".lof", ".lot", ".aux", ".nls", ".acn",
		".def", ".sty", ".cls", ".clo", ".fd",  ".ldf", ".code", ".out", NULL
	};
	return !item->path && is_plain_name(item) && !in_list(item->key, known) &&
	       !has_any_suffix(item->key, suffixes);
}

static void raise_missing_input(struct check *c, const struct item *item)
{
	struct slice command = command_before(c->doc, item->where);
	struct missing_file missing = {
		.rule = "input-missing",
		.what = "file",
		.why = "LaTeX stops here, and what the file defines is not known",
	};
	if (starts_with(command.data, "\\include{") || starts_with(command.data, "\\include ")) {
		missing.why = "LaTeX goes on without it: what it holds is missing from the paper";
		missing.softer = 1;
	}
	raise_missing(c, item, &missing);
}

static void look_at_bibliography(struct check *c, const struct item *item, bool has_bbl)
{
	static const char *const known[] = {
		"IEEEabrv", "IEEEfull", "IEEEexample", "xampl", "biblatex-examples", "mrabbrev", NULL
	};
	static const struct missing_file missing = {
		.rule = "bibliography-missing",
		.what = "bibliography",
		.why = "nobody else can make the paper's list of references",
	};
	size_t len = strlen(item->key);
	char *name = xmemdupz(item->key, ends_with(item->key, ".bib") ? len - 4 : len);
	if (!item->path && !has_bbl && is_plain_name(item) && !in_list(name, known))
		raise_missing(c, item, &missing);
	free(name);
}

static bool reads_bbl(const struct document *doc)
{
	for (size_t i = 0; i < doc->nr_files; i++) {
		if (ends_with(doc->files[i].path, ".bbl"))
			return true;
	}
	return false;
}

static bool is_missing_picture(const struct item *item)
{
	return !item->path && is_plain_name(item);
}

/* What is said of all pictures when none of them is there. */
struct pictures {
	size_t nr, nr_missing;
	const struct item *first_missing;
	struct strmap folders;   /* of the missing ones: the first part of their names */
	size_t nr_inputs_beside; /* missing inputs in those folders */
};

static bool are_generated(const struct pictures *p)
{
	return p->nr_missing == p->nr && p->nr >= GENERATED_FROM;
}

static void look_over_pictures(const struct document *doc, struct pictures *p)
{
	for (size_t i = 0; i < doc->nr_items; i++) {
		const struct item *item = &doc->items[i];
		if (item->kind != ITEM_GRAPHICS || (!item->path && !is_missing_picture(item)))
			continue;
		p->nr++;
		if (item->path)
			continue;
		p->nr_missing++;
		p->first_missing = p->first_missing ? p->first_missing : item;
		if (strchr(item->key, '/'))
			strmap_add(&p->folders, item->key, strcspn(item->key, "/"));
	}
}

/* Numbers that a program writes beside the pictures it makes. */
static bool is_beside_pictures(const struct pictures *p, const struct item *item)
{
	return are_generated(p) && strchr(item->key, '/') &&
	       strmap_has(&p->folders, item->key, strcspn(item->key, "/"));
}

static void raise_all_missing(struct check *c, const struct pictures *p)
{
	struct buffer title = BUFFER_INIT;
	buffer_addf(&title, "none of the %zu pictures", p->nr);
	if (p->nr_inputs_beside)
		buffer_addf(&title, ", nor any of %zu files that are read in from beside them,",
			    p->nr_inputs_beside);
	buffer_addstr(&title, " is in the repository; a program may make them");
	struct claim claim = {
		.rule = "graphics-missing",
		.where = p->first_missing->where,
		.subject = "all",
		.title = buffer_detach(&title, NULL),
		.suggestion = xstrdup("commit what it makes, or say in a README how to make it"),
		.why = "the paper cannot be made from what is here alone",
		.softer = 2,
		.uncertain = true,
	};
	check_raise(c, &claim);
}

static void raise_missing_pictures(struct check *c, const struct pictures *p)
{
	static const struct missing_file missing = {
		.rule = "graphics-missing",
		.what = "picture",
		.why = "the paper cannot be made without it",
	};
	const struct document *doc = c->doc;
	if (are_generated(p)) {
		raise_all_missing(c, p);
		return;
	}
	for (size_t i = 0; i < doc->nr_items && p->nr_missing; i++) {
		if (doc->items[i].kind == ITEM_GRAPHICS && is_missing_picture(&doc->items[i]))
			raise_missing(c, &doc->items[i], &missing);
	}
}

/* -- pictures shown twice --------------------------------------------------------------------- */

/* Whether the options of a picture show a part of the file, or make it as small as a letter. */
static bool has_own_view(const struct item *item)
{
	static const char *const views[] = { "page", "trim", "viewport", "clip", "bb=", "draft",
					     "\\baselineskip", "\\fontcharht" };
	const char *options = item->extra ? item->extra : "";
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		if (strstr(options, views[i]))
			return true;
	}
	for (const char *s = options; *s; s++) {
		bool number = ascii_digit((unsigned char)*s) || *s == '.';
		if (number && s[1] == 'e' && (s[2] == 'm' || s[2] == 'x'))
			return true;
	}
	return false;
}

static bool is_decoration(const char *path)
{
	static const char *const words[] = { "logo", "icon", "orcid", "badge", "flag", "emoji",
					     "avatar", "blank", "placeholder", "legend" };
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasestr(name, words[i]))
			return true;
	}
	return false;
}

static bool is_slides(const struct document *doc)
{
	struct slice start = slice_of(&doc->files[0].bytes);
	const char *class = memmem(start.data, start.len, "\\documentclass", 14);
	if (!class)
		return false;
	struct slice line = { class, start.len - (size_t)(class - start.data) };
	const char *end = memchr(line.data, '}', line.len);
	line.len = end ? (size_t)(end - line.data) : line.len;
	return contains(line, "beamer") || contains(line, "poster") || contains(line, "slides");
}

static void raise_used_twice(struct check *c, const struct item *item, const struct item *first)
{
	char *shown = check_shown(item->key), *place = check_place(c->doc, first->where);
	struct claim claim = {
		.rule = "figure-used-twice",
		.where = item->where,
		.subject = item->path ? item->path : item->key,
		.title = xstrfmt("`%s` is shown again; first at %s", shown, place),
		.suggestion = xstrdup("name the file that belongs here, or refer to the first "
				      "figure"),
		.why = "one of the two captions may speak of a picture that is not there",
	};
	check_raise(c, &claim);
	free(shown);
	free(place);
}

static void look_at_repeated_pictures(struct check *c)
{
	struct strmap shown = STRMAP_INIT;
	const struct document *doc = c->doc;
	for (size_t i = 0; i < doc->nr_items; i++) {
		struct item *item = &doc->items[i];
		if (item->kind != ITEM_GRAPHICS || item->from_macro || !is_plain_name(item) ||
		    is_decoration(item->key) || has_own_view(item))
			continue;
		const char *name = item->path ? item->path : item->key;
		void **first = strmap_at(&shown, name, strlen(name));
		if (*first)
			raise_used_twice(c, item, *first);
		else
			*first = item;
	}
	strmap_release(&shown, NULL);
}

void check_resources(struct check *c)
{
	bool has_bbl = reads_bbl(c->doc);
	struct pictures pictures = { 0 };
	look_over_pictures(c->doc, &pictures);
	for (size_t i = 0; i < c->doc->nr_items; i++) {
		const struct item *item = &c->doc->items[i];
		if (item->kind == ITEM_BIB_FILE)
			look_at_bibliography(c, item, has_bbl);
		else if (item->kind == ITEM_INPUT && is_missing_input(item)) {
			if (is_beside_pictures(&pictures, item))
				pictures.nr_inputs_beside++;
			else
				raise_missing_input(c, item);
		}
	}
	raise_missing_pictures(c, &pictures);
	strmap_release(&pictures.folders, NULL);
	if (!is_slides(c->doc))
		look_at_repeated_pictures(c);
}
