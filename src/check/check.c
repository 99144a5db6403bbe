#include "check/check.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "check/engine.h"

/* A finding on its way: sorted by place before it is handed out. */
struct raised {
	struct finding finding;
	struct location where;
	size_t doc_nr;
	size_t order; /* as raised, so that sorting is stable */
};

char *check_shown(const char *key)
{
	size_t len = strlen(key);
	bool cut = len > CHECK_MAX_SHOWN;
	if (cut) {
		len = CHECK_MAX_SHOWN;
		while (len && ((unsigned char)key[len] & 0xc0) == 0x80)
			len--;
	}
	char *shown = cut ? xstrfmt("%.*s...", (int)len, key) : xstrdup(key);
	for (char *s = shown; *s; s++) {
		if (*s == '\n' || *s == '\r' || *s == '\t')
			*s = ' ';
	}
	return shown;
}

char *check_place(struct document *doc, struct location where)
{
	/* asked for the line's first byte, so that no column is counted on a line of megabytes */
	const struct source_file *file = &doc->files[where.file];
	size_t line, column, start = (size_t)(document_line(doc, where).data - file->bytes.data);
	document_position(doc, (struct location){ where.file, start, start }, &line, &column);
	/* as seen from the manuscript: that stays true when the paper's folder is moved */
	const char *slash = strrchr(doc->path, '/');
	size_t folder = slash ? (size_t)(slash - doc->path) + 1 : 0;
	bool below = !strncmp(file->path, doc->path, folder);
	return xstrfmt("%s:%zu", file->path + (below ? folder : 0), line);
}

/* The line that WHERE stands on, cut to what is near when it is long. */
static char *quote_around(struct document *doc, struct location where)
{
	struct slice line = slice_trim(document_line(doc, where));
	const char *bytes = doc->files[where.file].bytes.data;
	if (line.len <= CHECK_MAX_QUOTE)
		return xmemdupz(line.data, line.len);
	size_t line_start = (size_t)(line.data - bytes), line_end = line_start + line.len;
	size_t start = where.start > line_start + CHECK_MAX_QUOTE / 3
			       ? where.start - CHECK_MAX_QUOTE / 3
			       : line_start;
	size_t end = line_end - start > CHECK_MAX_QUOTE ? start + CHECK_MAX_QUOTE : line_end;
	while (start > line_start && ((unsigned char)bytes[start] & 0xc0) == 0x80)
		start--;
	while (end > start && end < line_end && ((unsigned char)bytes[end] & 0xc0) == 0x80)
		end--;
	return xmemdupz(bytes + start, end - start);
}

static struct raised *add_raised(struct check *c)
{
	ALLOC_GROW(c->raised, c->nr, c->alloc);
	struct raised *r = &c->raised[c->nr];
	memset(r, 0, sizeof(*r));
	r->doc_nr = c->doc_nr;
	r->order = c->nr++;
	return r;
}

bool check_may_raise(struct check *c, const char *rule)
{
	size_t *said = &c->per_rule[check_rule_find(rule) - check_rules];
	if (*said < CHECK_MAX_PER_RULE)
		return true;
	++*said;
	return false;
}

void check_raise(struct check *c, const struct claim *claim)
{
	const struct rule *rule = check_rule_find(claim->rule);
	if (++c->per_rule[rule - check_rules] > CHECK_MAX_PER_RULE) {
		free(claim->title);
		free(claim->suggestion);
		return;
	}
	struct raised *r = add_raised(c);
	struct finding *f = &r->finding;
	r->where = claim->where;
	f->rule = xstrdup(rule->id);
	f->severity = rule->severity;
	for (unsigned i = 0; i < claim->softer && f->severity > SEVERITY_NOTE; i++)
		f->severity--;
	f->title = claim->title;
	f->suggestion = claim->suggestion;
	f->why = claim->why ? xstrdup(claim->why) : NULL;
	f->subject = claim->subject ? xstrdup(claim->subject) : NULL;
	f->confidence = 1;
	f->uncertain = claim->uncertain;
	f->grounding = GROUNDING_NONE;
	f->path = xstrdup("");
	if (claim->where.file == NO_FILE)
		return;
	free(f->path);
	f->path = xstrdup(c->doc->files[claim->where.file].path);
	f->start = claim->where.start;
	f->end = claim->where.end;
	f->quote = quote_around(c->doc, claim->where);
	f->grounding = GROUNDING_EXACT;
}

/* Says how often each rule had more to say than it may. */
static void raise_rest(struct check *c)
{
	for (size_t i = 0; check_rules[i].id; i++) {
		if (c->per_rule[i] <= CHECK_MAX_PER_RULE)
			continue;
		size_t rest = c->per_rule[i] - CHECK_MAX_PER_RULE;
		struct raised *r = add_raised(c);
		r->where = NOWHERE;
		r->finding.rule = xstrdup(check_rules[i].id);
		r->finding.severity = check_rules[i].severity;
		r->finding.title = xstrfmt("%zu more of this kind in %s are not listed", rest,
					   c->doc->path);
		r->finding.subject = xstrfmt("more in %s", c->doc->path);
		r->finding.path = xstrdup("");
		r->finding.confidence = 1;
	}
}

static int compare_raised(const void *a, const void *b)
{
	const struct raised *x = a, *y = b;
	if (x->doc_nr != y->doc_nr)
		return x->doc_nr < y->doc_nr ? -1 : 1;
	if (x->where.file != y->where.file)
		return x->where.file < y->where.file ? -1 : 1;
	if (x->where.start != y->where.start)
		return x->where.start < y->where.start ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Where the last finding stood: the next one on the same line is counted on from there, so that a
 * line of megabytes is walked once. */
struct cursor {
	size_t doc_nr, offset, line, column;
	uint32_t file;
	bool set;
};

static void cursor_move(struct cursor *cur, struct document *doc, size_t doc_nr, uint32_t file,
			size_t offset)
{
	const struct buffer *bytes = &doc->files[file].bytes;
	if (offset > bytes->len)
		offset = bytes->len;
	bool same = cur->set && cur->doc_nr == doc_nr && cur->file == file &&
		    offset >= cur->offset &&
		    !memchr(bytes->data + cur->offset, '\n', offset - cur->offset);
	if (!same) {
		struct location where = { file, offset, offset };
		document_position(doc, where, &cur->line, &cur->column);
	} else {
		for (size_t i = cur->offset; i < offset; cur->column++) {
			uint32_t cp;
			i += utf8_decode(bytes->data + i, offset - i, &cp);
		}
	}
	cur->set = true;
	cur->doc_nr = doc_nr;
	cur->file = file;
	cur->offset = offset;
}

static void place(struct raised *r, struct document *doc, struct cursor *cur)
{
	struct finding *f = &r->finding;
	if (r->where.file == NO_FILE)
		return;
	cursor_move(cur, doc, r->doc_nr, r->where.file, r->where.start);
	f->line = cur->line;
	f->column = cur->column;
	struct cursor end = *cur;
	cursor_move(&end, doc, r->doc_nr, r->where.file, r->where.end);
	f->end_line = end.line;
	f->end_column = end.column;
}

/* The same place may be read by two documents of a paper (a bibliography they share). */
static bool is_new(struct strmap *seen, const struct finding *f)
{
	char *key = xstrfmt("%s %zu %zu %s %s", f->rule, f->start, f->end, f->path,
			    f->subject ? f->subject : "");
	bool new = strmap_add(seen, key, strlen(key));
	free(key);
	return new;
}

static void hand_out(struct check *c, struct finding_list *out, struct document *const *documents)
{
	struct strmap seen = STRMAP_INIT;
	struct cursor cur = { 0 };
	if (c->nr)
		qsort(c->raised, c->nr, sizeof(*c->raised), compare_raised);
	for (size_t i = 0; i < c->nr; i++) {
		struct raised *r = &c->raised[i];
		if (!is_new(&seen, &r->finding)) {
			finding_release(&r->finding);
			continue;
		}
		place(r, documents[r->doc_nr], &cur);
		*finding_list_add(out) = r->finding;
	}
	strmap_release(&seen, NULL);
}

static const struct {
	const char *name;
	void (*run)(struct check *c);
} families[] = {
	{ "hidden", check_hidden },
	{ "leftovers", check_leftovers },
	{ "references", check_references },
};

unsigned check_family(const char *rule)
{
	const struct rule *r = check_rule_find(rule);
	for (size_t i = 0; r && i < ARRAY_SIZE(families); i++)
		if (!strcmp(r->family, families[i].name))
			return 1u << i;
	return 0;
}

void check_run_families(struct finding_list *out, struct document *const *documents, size_t nr, unsigned asked)
{
	size_t nr_rules = 0;
	while (check_rules[nr_rules].id)
		nr_rules++;
	struct check c = { .per_rule = xcalloc(nr_rules, sizeof(*c.per_rule)) };
	for (size_t i = 0; i < nr; i++) {
		c.doc = documents[i];
		c.doc_nr = i;
		memset(c.per_rule, 0, nr_rules * sizeof(*c.per_rule));
		for (size_t k = 0; k < ARRAY_SIZE(families); k++)
			if (asked & 1u << k)
				families[k].run(&c);
		raise_rest(&c);
	}
	hand_out(&c, out, documents);
	free(c.raised);
	free(c.per_rule);
}

void check_run(struct finding_list *out, struct document *const *documents, size_t nr)
{
	check_run_families(out, documents, nr, CHECK_ALL_FAMILIES);
}
