/* Labels, citations and bibliography keys: what is used must be there, and be there once. */
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "check/conflict.h"
#include "check/engine.h"

/* How many other places a finding names. */
#define SHOWN_PLACES 4
/* How many pairs of keys are compared, over a document, to say which one was meant. */
#define NEAREST_BUDGET 200000

struct region {
	uint32_t file;
	struct conflict conflict;
};

struct references {
	struct check *check;
	struct document *doc;
	bool keys_have_case;     /* biblatex: A2020 and a2020 are two keys */
	struct strmap labels;    /* key -> the first struct item; keys as written */
	struct strmap entries;   /* as BibTeX compares keys */
	struct strmap cited;
	struct region *conflicts;
	size_t nr_conflicts, alloc_conflicts;
	size_t budget;
};

static bool is_certain(const struct item *item)
{
	return !item->uncertain && !item->conditional;
}

static bool has_package(const struct document *doc, const char *name)
{
	for (size_t i = 0; i < doc->nr_items; i++) {
		if (doc->items[i].kind == ITEM_PACKAGE && !strcmp(doc->items[i].key, name))
			return true;
	}
	return false;
}

/* KEY as entries are compared; the caller frees it. */
static char *entry_key(const struct references *r, const char *key)
{
	struct slice trimmed = slice_trim((struct slice){ key, strlen(key) });
	char *copy = xmemdupz(trimmed.data, trimmed.len);
	for (char *s = copy; *s && !r->keys_have_case; s++)
		*s = (char)ascii_lower((unsigned char)*s);
	return copy;
}

/* -- definitions ------------------------------------------------------------------------------ */

static void find_conflicts(struct references *r)
{
	for (size_t i = 0; i < r->doc->nr_files; i++) {
		struct slice bytes = slice_of(&r->doc->files[i].bytes);
		struct conflict found;
		for (size_t pos = 0; conflict_find(bytes, pos, &found); pos = found.end) {
			ALLOC_GROW(r->conflicts, r->nr_conflicts, r->alloc_conflicts);
			r->conflicts[r->nr_conflicts++] = (struct region){ (uint32_t)i, found };
		}
	}
}

/* The conflict that WHERE lies in, or NULL. */
static const struct region *conflict_around(const struct references *r, struct location where)
{
	size_t low = 0, high = r->nr_conflicts;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct region *region = &r->conflicts[middle];
		if (where.file > region->file ||
		    (where.file == region->file && where.start >= region->conflict.end))
			low = middle + 1;
		else
			high = middle;
	}
	const struct region *region = low < r->nr_conflicts ? &r->conflicts[low] : NULL;
	return region && region->file == where.file && where.start >= region->conflict.start
		       ? region
		       : NULL;
}

static bool are_sides_of_a_merge(const struct references *r, const struct item *a,
				 const struct item *b)
{
	const struct region *region = conflict_around(r, a->where);
	return region && region == conflict_around(r, b->where);
}

static bool same_place(struct location a, struct location b)
{
	return a.file == b.file && a.start == b.start && a.end == b.end;
}

static void raise_label_duplicate(struct references *r, const struct item *item,
				  const struct item *first)
{
	char *shown = check_shown(item->key);
	char *place = check_place(r->doc, first->where);
	bool again = same_place(item->where, first->where);
	struct claim claim = {
		.rule = "label-duplicate",
		.where = item->where,
		.subject = item->key,
		.title = again ? xstrfmt("`%s` is defined again each time %s is read", shown,
					 r->doc->files[item->where.file].path)
			       : xstrfmt("`%s` is defined again; first at %s", shown, place),
		.suggestion = xstrdup(again ? "read the file once"
					    : "rename one of the two, and look at each reference "
					      "to see which was meant"),
		.why = "every reference to it points to the last of them",
	};
	check_raise(r->check, &claim);
	free(shown);
	free(place);
}

static void look_at_label(struct references *r, struct item *item)
{
	void **slot = strmap_at(&r->labels, item->key, strlen(item->key));
	struct item *first = *slot;
	if (!first || !is_certain(first)) {
		if (!first || is_certain(item))
			*slot = item;
		return;
	}
	if (is_certain(item) && !are_sides_of_a_merge(r, item, first))
		raise_label_duplicate(r, item, first);
}

static bool is_bibitem(const struct item *item)
{
	return item->extra && !strcmp(item->extra, "bibitem");
}

static void raise_entry_duplicate(struct references *r, const struct item *item,
				  const struct item *first, bool is_cited)
{
	char *shown = check_shown(item->key), *place = check_place(r->doc, first->where);
	char *first_shown = check_shown(first->key);
	bool same = !strcmp(item->key, first->key);
	struct claim claim = {
		.rule = "bibliography-key-duplicate",
		.where = item->where,
		.subject = item->key,
		.title = same ? xstrfmt("`%s` is the key of another entry already, at %s", shown,
					place)
			      : xstrfmt("`%s` is the same key as `%s` at %s: BibTeX ignores case",
					shown, first_shown, place),
		.suggestion = xstrdup("delete one of the two entries, or give it a key of its own "
				      "if it is another work"),
		.why = is_cited ? "BibTeX stops here with \"Repeated entry\" and uses the first"
				: "nothing cites it yet; as soon as something does, BibTeX stops",
		.softer = is_cited ? 0 : 1,
	};
	check_raise(r->check, &claim);
	free(shown);
	free(first_shown);
	free(place);
}

/* BibTeX reads an entry behind a `%` as any other; biber knows that it is a comment. */
static bool is_commented_out(const struct references *r, const struct item *item)
{
	struct slice line = document_line(r->doc, item->where);
	const char *key = r->doc->files[item->where.file].bytes.data + item->where.start;
	const char *limit = key - line.data > 200 ? line.data + 200 : key;
	return r->keys_have_case && memchr(line.data, '%', (size_t)(limit - line.data));
}

static void look_at_entry(struct references *r, struct item *item, bool all_cited)
{
	if (is_commented_out(r, item))
		return;
	char *key = entry_key(r, item->key);
	void **slot = strmap_at(&r->entries, key, strlen(key));
	struct item *first = *slot;
	if (!first || !is_certain(first)) {
		if (!first || is_certain(item))
			*slot = item;
	} else if (is_certain(item) && is_bibitem(first) == is_bibitem(item) &&
		   !are_sides_of_a_merge(r, item, first)) {
		raise_entry_duplicate(r, item, first,
				      all_cited || is_bibitem(item) ||
					      strmap_has(&r->cited, key, strlen(key)));
	}
	free(key);
}

static void look_at_definitions(struct references *r)
{
	bool all_cited = r->doc->kind != MANUSCRIPT_TEX;
	for (size_t i = 0; i < r->doc->nr_items; i++) {
		struct item *item = &r->doc->items[i];
		if (item->kind == ITEM_LABEL)
			look_at_label(r, item);
		else if (item->kind == ITEM_BIB_ENTRY)
			look_at_entry(r, item, all_cited);
	}
}

static void note_citations(struct references *r)
{
	for (size_t i = 0; i < r->doc->nr_items; i++) {
		if (r->doc->items[i].kind != ITEM_CITATION)
			continue;
		char *key = entry_key(r, r->doc->items[i].key);
		strmap_add(&r->cited, key, strlen(key));
		free(key);
	}
}

/* -- uses ------------------------------------------------------------------------------------- */

/* A key that is used and not defined. */
struct missing {
	struct item *uses[SHOWN_PLACES + 1];
	size_t nr;
};

struct family {
	enum item_kind kind;
	const char *rule, *verb, *what; /* "is cited", "bibliography entry" */
	const char *why;
};

static const struct family uses[] = {
	{ ITEM_CITATION, "citation-undefined", "is cited but no bibliography entry has this key",
	  "citation", "the paper prints a question mark, and the sentence rests on nothing" },
	{ ITEM_REFERENCE, "reference-undefined", "is referred to but no label has this name",
	  "reference", "the paper prints ??, and the reader cannot go there" },
};

static char *lower_case(const char *s)
{
	char *copy = xstrdup(s);
	for (char *c = copy; *c; c++)
		*c = (char)ascii_lower((unsigned char)*c);
	return copy;
}

/* The key of KNOWN that was probably meant, case aside; NULL when none is near. */
static const char *nearest(struct references *r, const char *key, const struct strmap *known)
{
	if (known->nr > r->budget)
		return NULL;
	r->budget -= known->nr;
	char **folded = xcalloc(known->nr + 1, sizeof(*folded)), *word = lower_case(key);
	const char *near, *meant = NULL;
	for (size_t i = 0; i < known->nr; i++)
		folded[i] = lower_case(((const struct item *)known->entries[i].value)->key);
	near = text_nearest(word, (const char *const *)folded);
	for (size_t i = 0; i < known->nr; i++) {
		if (near == folded[i])
			meant = ((const struct item *)known->entries[i].value)->key;
		free(folded[i]);
	}
	free(folded);
	free(word);
	return meant;
}

/* "; also at paper.tex:30, paper.tex:41 and 3 more", or "". Caller frees. */
static char *other_places(struct references *r, const struct missing *m)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 1; i < m->nr && i <= SHOWN_PLACES; i++) {
		char *place = check_place(r->doc, m->uses[i]->where);
		buffer_addstr(&out, i == 1 ? "; also at " : ", ");
		buffer_addstr(&out, place);
		free(place);
	}
	if (m->nr > SHOWN_PLACES + 1)
		buffer_addf(&out, " and %zu more", m->nr - SHOWN_PLACES - 1);
	return buffer_detach(&out, NULL);
}

static void raise_missing(struct references *r, const struct family *family,
			  const struct missing *m, const struct strmap *known)
{
	const struct item *item = m->uses[0];
	const char *near = nearest(r, item->key, known);
	char *shown = check_shown(item->key), *places = other_places(r, m);
	struct claim claim = {
		.rule = family->rule,
		.where = item->where,
		.subject = item->key,
		.title = xstrfmt("`%s` %s%s", shown, family->verb, places),
		.suggestion = near ? xstrfmt("did you mean `%s`?", near) : NULL,
		.why = family->why,
	};
	check_raise(r->check, &claim);
	free(shown);
	free(places);
}

/* What keeps us from knowing all labels or entries; the caller frees it. */
static char *obstacle(const struct document *doc)
{
	for (size_t i = 0; i < doc->nr_items; i++) {
		const struct item *item = &doc->items[i];
		if ((item->kind == ITEM_INPUT || item->kind == ITEM_BIB_FILE) && !item->path)
			return xstrfmt("`%s` was not found", item->key);
	}
	if (doc->nr_problems)
		return xstrdup(doc->problems[0].message);
	return xstrdup("the paper takes some from elsewhere");
}

static void raise_unknown(struct references *r, const struct family *family,
			  const struct strmap *missing)
{
	const struct missing *m = missing->entries[0].value;
	char *shown = check_shown(m->uses[0]->key), *reason = obstacle(r->doc);
	struct claim claim = {
		.rule = family->rule,
		.where = m->uses[0]->where,
		.subject = "cannot tell",
		.title = missing->nr > 1 ? xstrfmt("cannot tell whether `%s` and %zu more %ss are "
						   "defined: %s",
						   shown, missing->nr - 1, family->what, reason)
					 : xstrfmt("cannot tell whether the %s `%s` is defined: %s",
						   family->what, shown, reason),
		.why = "what is not there may define it",
		.softer = 2,
		.uncertain = true,
	};
	check_raise(r->check, &claim);
	free(shown);
	free(reason);
}

static bool is_known(const struct references *r, const struct item *item)
{
	/* in Markdown @fig:loss may be either */
	bool may_be_label = item->kind == ITEM_REFERENCE || r->doc->kind == MANUSCRIPT_MARKDOWN;
	if (may_be_label && strmap_has(&r->labels, item->key, strlen(item->key)))
		return true;
	if (item->kind == ITEM_REFERENCE)
		return false;
	char *key = entry_key(r, item->key);
	bool known = strmap_has(&r->entries, key, strlen(key));
	free(key);
	return known;
}

/* No entry was found, and a package is loaded that brings bibliographies by commands of its own. */
static bool has_own_bibliography(const struct references *r)
{
	static const char *const packages[] = { "amsrefs",    "bibtopic", "bibunits", "chapterbib",
						"multibib",   "nmbib",	  "splitbib", "footbib",
						"biblist",    "opcit",	  "jurabib" };
	for (size_t i = 0; !r->entries.nr && i < ARRAY_SIZE(packages); i++) {
		if (has_package(r->doc, packages[i]))
			return true;
	}
	return false;
}

/* Then no citation can be told, which goes without saying: the bibliography is called missing. */
static bool misses_bibliography(const struct document *doc)
{
	for (size_t i = 0; i < doc->nr_items; i++) {
		const struct item *item = &doc->items[i];
		if (item->kind == ITEM_BIB_FILE && !item->path && is_certain(item))
			return true;
	}
	return false;
}

static void look_at_uses(struct references *r, const struct family *family)
{
	bool is_citation = family->kind == ITEM_CITATION;
	bool complete = is_citation ? r->doc->citations_complete && !has_own_bibliography(r)
				    : r->doc->labels_complete;
	const struct strmap *known = is_citation ? &r->entries : &r->labels;
	struct strmap missing = STRMAP_INIT;
	for (size_t i = 0; i < r->doc->nr_items; i++) {
		struct item *item = &r->doc->items[i];
		if (item->kind != family->kind || !is_certain(item) || !*item->key ||
		    is_known(r, item))
			continue;
		void **slot = strmap_at(&missing, item->key, strlen(item->key));
		struct missing *m = *slot;
		if (!m)
			m = *slot = xcalloc(1, sizeof(*m));
		if (m->nr < ARRAY_SIZE(m->uses))
			m->uses[m->nr] = item;
		m->nr++;
	}
	if (missing.nr && !complete && !(is_citation && misses_bibliography(r->doc)))
		raise_unknown(r, family, &missing);
	for (size_t i = 0; complete && i < missing.nr; i++)
		raise_missing(r, family, missing.entries[i].value, known);
	strmap_release(&missing, free);
}

void check_references(struct check *c)
{
	struct references r = { .check = c, .doc = c->doc, .budget = NEAREST_BUDGET };
	r.keys_have_case = c->doc->kind == MANUSCRIPT_MARKDOWN || has_package(c->doc, "biblatex");
	find_conflicts(&r);
	note_citations(&r);
	look_at_definitions(&r);
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		look_at_uses(&r, &uses[i]);
	check_resources(c);
	strmap_release(&r.labels, NULL);
	strmap_release(&r.entries, NULL);
	strmap_release(&r.cited, NULL);
	free(r.conflicts);
}
