/* The keys that models fill: see meta_set_generated. */
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strmap.h"
#include "base/text.h"
#include "meta/editor.h"

#define MARK_DIGITS 12
#define TAG_MARK_DIGITS 8
#define MAX_TAGS 1000
/* Bytes of a text that stands on its key's line. */
#define LONG_TEXT 70

/* One key of the file, and where the section remembers what we wrote there. */
struct generated_key {
	const char *name, *mark;
};
static const struct generated_key keys[] = {
	{ "description", "wrote_description" },
	{ "tags", "wrote_tags" },
	{ "semantic_scope", "wrote_semantic_scope" },
};
enum { KEY_DESCRIPTION, KEY_TAGS, KEY_SEMANTIC_SCOPE, NR_KEYS };

static void add_hash(struct buffer *out, const char *s, size_t len, size_t digits)
{
	char hex[SHA256_HEX_SIZE + 1];

	sha256_hex(s, len, hex);
	buffer_add(out, hex, digits);
}

/* The mark that the file has for KEY; NULL: we never wrote it. */
static const char *mark_of(const struct yaml_node *root, const struct generated_key *key)
{
	const struct yaml_node *mark = yaml_get(yaml_get(root, SECTION_KEY), key->mark);

	return mark && mark->kind == YAML_SCALAR && !yaml_is_null(mark) ? mark->value : NULL;
}

static bool is_empty(const struct yaml_node *value)
{
	return !value || (value->kind == YAML_SCALAR ? yaml_is_null(value) || !value->value_len
						     : !value->nr);
}

/* -- one edit and its proof ----------------------------------------------------------------- */

static bool is_name(const struct yaml_node *key, const void *name)
{
	return has_text(key, name);
}

/* Sets NAME in FILE's text: VALUE is what it is to be, in YAML. Where it is not there it is added behind the
 * last key before the section. */
static void plan_value(struct editor *ed, const char *name, struct buffer *value)
{
	const struct yaml_node *root = ed->root, *before = NULL;
	struct buffer text = BUFFER_INIT;
	size_t item = find_item(root, name), section = find_item(root, SECTION_KEY);

	if (item) {
		replace_value(ed, root, root->items[item - 1], root->items[item], value);
		return;
	}
	if (section > 1)
		before = root->items[section - 2];
	if (root->flow) {
		buffer_addf(&text, "%s%s: %s%s", before ? ", " : "", name, value->data,
			    before ? "" : ", ");
		add_edit(ed, before ? before->end : root->items[section - 1]->start, 0, &text);
	} else {
		add_spaces(&text, root->column - 1);
		bool below = value->len && break_at(slice_of(value), 0);
		buffer_addf(&text, "%s:%s%s%s", name, below ? "" : " ", value->data, ed->newline);
		if (before)
			add_lines_behind(ed, tight_end(ed, before), &text);
		else
			add_edit(ed, line_start(ed, root->items[section - 1]->start), 0, &text);
	}
	buffer_release(value);
}

/* Applies the edits of ED to TEXT if nothing but NAME changes by them and it IS_RIGHT then. */
static bool apply_if_right(struct buffer *text, const struct editor *ed, const char *name,
			   bool (*is_right)(const struct yaml_node *value, const void *data),
			   const void *data)
{
	struct buffer result = BUFFER_INIT;
	struct yaml_document doc;

	apply_edits(&result, ed);
	struct error *err = yaml_parse(&doc, slice_of(&result), ed->file);
	bool right = !err && same_but(ed->root, doc.root, is_name, name) &&
		     is_right(yaml_get(doc.root, name), data);
	if (right) {
		buffer_reset(text);
		buffer_addbuf(text, &result);
	}
	error_free(err);
	yaml_document_release(&doc);
	buffer_release(&result);
	return right;
}

/* -- texts ---------------------------------------------------------------------------------- */

static bool says_text(const struct yaml_node *value, const void *text)
{
	return has_text(value, text) && !yaml_is_null(value);
}

/* As a block of lines where one stands, or where nothing does and it is long; else on one line. */
static void add_value(struct buffer *out, const struct editor *ed, const struct yaml_node *value,
		      const char *text)
{
	bool was_block = value && value->start < value->end &&
			 strchr("|>", ed->text.data[value->start]);
	bool fits = ed->root->column == 1 && !ed->root->flow;

	bool is_long = strlen(text) > LONG_TEXT;

	if (fits && (was_block || (!value && is_long)))
		add_text_value(out, text, ed->newline);
	else
		yaml_add_scalar(out, text);
}

/* Whether the text of KEY may be written: it is missing and we never wrote it, or still what we wrote. */
static bool is_ours(const struct yaml_node *value, const char *mark)
{
	struct buffer hash = BUFFER_INIT;

	if (!mark || is_empty(value))
		return !mark && is_empty(value);
	bool same = value->kind == YAML_SCALAR;
	if (same) {
		add_hash(&hash, value->value, value->value_len, MARK_DIGITS);
		same = !strcmp(hash.data, mark);
	}
	buffer_release(&hash);
	return same;
}

/* *MARK becomes what is to be remembered, if something was written. */
static struct error *set_text(struct buffer *text, const char *file, const struct generated_key *key,
			      const char *wanted, struct buffer *mark)
{
	struct yaml_document doc;
	struct editor ed;
	struct buffer clean = BUFFER_INIT, value = BUFFER_INIT;
	struct error *err = editor_open(&ed, &doc, slice_of(text), file);

	if (err)
		return err;
	utf8_scrub(&clean, wanted, strlen(wanted));
	const struct yaml_node *now = yaml_get(ed.root, key->name);
	if (is_ours(now, mark_of(ed.root, key)) && !says_text(now, clean.data)) {
		add_value(&value, &ed, now, clean.data);
		plan_value(&ed, key->name, &value);
		if (apply_if_right(text, &ed, key->name, says_text, clean.data))
			add_hash(mark, clean.data, clean.len, MARK_DIGITS);
	}
	buffer_release(&clean);
	buffer_release(&value);
	editor_release(&ed);
	yaml_document_release(&doc);
	return NULL;
}

/* -- tags ----------------------------------------------------------------------------------- */

/* What becomes of a list of tags. */
struct tag_plan {
	bool *dropped;       /* of the items that stand there */
	const char **added;
	size_t nr_dropped, nr_added;
	struct buffer mark;
};

static void tag_hash(char out[TAG_MARK_DIGITS + 1], const char *tag)
{
	char hex[SHA256_HEX_SIZE + 1];

	sha256_hex(tag, strlen(tag), hex);
	memcpy(out, hex, TAG_MARK_DIGITS);
	out[TAG_MARK_DIGITS] = '\0';
}

/* The words of a mark, as a set. */
static void read_mark(struct strmap *set, const char *mark)
{
	while (mark && *mark) {
		size_t n = strcspn(mark, " ");
		if (n)
			strmap_add(set, mark, n);
		mark += n + (mark[n] == ' ');
	}
}

static void remember_tag(struct buffer *mark, struct strmap *marked, const char *hash)
{
	if (strmap_add(marked, hash, TAG_MARK_DIGITS))
		buffer_addf(mark, "%s%s", mark->len ? " " : "", hash);
}

static bool has_hash(const struct strmap *set, const char *tag)
{
	char hash[TAG_MARK_DIGITS + 1];

	tag_hash(hash, tag);
	return strmap_has(set, hash, TAG_MARK_DIGITS);
}

/* BASE: what we wrote last. Ours are remembered in the order of the list, then those a person took out. */
static void plan_tags(struct tag_plan *plan, const struct yaml_node *now, const char *base_mark,
		      const struct meta_generated *g)
{
	struct strmap base = STRMAP_INIT, there = STRMAP_INIT, wanted = STRMAP_INIT,
		      marked = STRMAP_INIT;
	char hash[TAG_MARK_DIGITS + 1];
	size_t nr = is_empty(now) ? 0 : now->nr;

	*plan = (struct tag_plan){ .dropped = xcalloc(nr + 1, sizeof(bool)),
				   .added = xcalloc(g->nr_tags + 1, sizeof(char *)),
				   .mark = BUFFER_INIT };
	read_mark(&base, base_mark);
	for (size_t i = 0; i < g->nr_tags; i++)
		strmap_add(&wanted, g->tags[i], strlen(g->tags[i]));
	for (size_t i = 0; i < nr; i++) {
		const char *tag = now->items[i]->value;
		bool ours = has_hash(&base, tag);
		tag_hash(hash, tag);
		strmap_add(&there, hash, TAG_MARK_DIGITS);
		plan->dropped[i] = ours && !strmap_has(&wanted, tag, strlen(tag));
		plan->nr_dropped += plan->dropped[i];
		if (ours && !plan->dropped[i])
			remember_tag(&plan->mark, &marked, hash);
	}
	for (size_t i = 0; i < g->nr_tags; i++) {
		tag_hash(hash, g->tags[i]);
		if (has_hash(&there, g->tags[i]) || has_hash(&base, g->tags[i]))
			continue;
		strmap_add(&there, hash, TAG_MARK_DIGITS);
		plan->added[plan->nr_added++] = g->tags[i];
		remember_tag(&plan->mark, &marked, hash);
	}
	for (size_t i = 0; i < base.nr; i++)
		if (base.entries[i].key_len == TAG_MARK_DIGITS &&
		    !strmap_has(&there, base.entries[i].key, TAG_MARK_DIGITS))
			remember_tag(&plan->mark, &marked, base.entries[i].key);
	strmap_release(&base, NULL);
	strmap_release(&there, NULL);
	strmap_release(&wanted, NULL);
	strmap_release(&marked, NULL);
}

static void tag_plan_release(struct tag_plan *plan)
{
	free(plan->dropped);
	free(plan->added);
	buffer_release(&plan->mark);
}

/* "[a, b]": what stays of NOW, as it is written there, and what is added. */
static void add_flow_list(struct buffer *out, const struct editor *ed, const struct yaml_node *now,
			  const struct tag_plan *plan)
{
	const char *separator = "";

	buffer_addch(out, '[');
	for (size_t i = 0; !is_empty(now) && i < now->nr; i++) {
		const struct yaml_node *item = now->items[i];
		if (plan->dropped[i])
			continue;
		buffer_addstr(out, separator);
		buffer_add(out, ed->text.data + item->start, item->end - item->start);
		separator = ", ";
	}
	for (size_t i = 0; i < plan->nr_added; i++) {
		buffer_addstr(out, separator);
		yaml_add_scalar(out, plan->added[i]);
		separator = ", ";
	}
	buffer_addch(out, ']');
}

/* Adds lines "- tag" behind INDENT, each behind a line break. */
static void add_block_list(struct buffer *out, const struct tag_plan *plan, const char *newline)
{
	for (size_t i = 0; i < plan->nr_added; i++) {
		buffer_addf(out, "%s  - ", newline);
		yaml_add_scalar(out, plan->added[i]);
	}
}

/* The item stands on a line of its own, with nothing else on it. */
static bool has_own_line(const struct editor *ed, const struct yaml_node *item)
{
	size_t start = line_start(ed, item->start), end = line_end(ed->text, item->start), dashes = 0;

	for (size_t i = start; i < item->start; i++) {
		dashes += ed->text.data[i] == '-';
		if (!is_blank(ed->text.data[i]) && ed->text.data[i] != '-')
			return false;
	}
	for (size_t i = item->end; i < end; i++)
		if (!is_blank(ed->text.data[i]))
			return false;
	return dashes == 1 && item->end <= end;
}

static bool edit_block_list(struct editor *ed, const struct yaml_node *now,
			    const struct tag_plan *plan)
{
	const struct yaml_node *last = now->items[now->nr - 1];
	size_t start = line_start(ed, last->start), dash = start;
	struct buffer lines = BUFFER_INIT;

	for (size_t i = 0; i < now->nr; i++) {
		struct buffer nothing = BUFFER_INIT;
		if (!plan->dropped[i])
			continue;
		if (!has_own_line(ed, now->items[i]))
			return false;
		size_t from = line_start(ed, now->items[i]->start);
		size_t to = line_end(ed->text, from);
		to += to < ed->text.len ? break_at(ed->text, to) : 0;
		add_edit(ed, from, to - from, &nothing);
	}
	if (!plan->nr_added)
		return true;
	while (dash < last->start && is_blank(ed->text.data[dash]))
		dash++;
	if (ed->text.data[dash] != '-')
		return false;
	for (size_t i = 0; i < plan->nr_added; i++) {
		buffer_add(&lines, ed->text.data + start, dash - start);
		buffer_addstr(&lines, "- ");
		yaml_add_scalar(&lines, plan->added[i]);
		buffer_addstr(&lines, ed->newline);
	}
	add_lines_behind(ed, tight_end(ed, last), &lines);
	return true;
}

/* False: this list cannot be edited without touching what is not ours. */
static bool edit_tags(struct editor *ed, const struct yaml_node *now, const struct tag_plan *plan)
{
	struct buffer value = BUFFER_INIT;
	bool block = !ed->root->flow && ed->root->column == 1;

	if (!now && block) {
		add_block_list(&value, plan, ed->newline);
		plan_value(ed, keys[KEY_TAGS].name, &value);
		return true;
	}
	if (!is_empty(now) && !now->flow)
		return edit_block_list(ed, now, plan);
	for (size_t i = now ? now->start : 0; now && i < now->end; i++)
		if (break_at(ed->text, i) || ed->text.data[i] == '#')
			return false;
	add_flow_list(&value, ed, now, plan);
	plan_value(ed, keys[KEY_TAGS].name, &value);
	return true;
}

struct tag_result {
	const struct yaml_node *was;
	const struct tag_plan *plan;
};

/* What was kept, in order, then what was added. */
static bool says_tags(const struct yaml_node *value, const void *data)
{
	const struct tag_result *r = data;
	size_t n = 0, nr_was = is_empty(r->was) ? 0 : r->was->nr;

	if (!value || value->kind != YAML_SEQUENCE ||
	    value->nr != nr_was - r->plan->nr_dropped + r->plan->nr_added)
		return false;
	for (size_t i = 0; i < nr_was; i++)
		if (!r->plan->dropped[i] && !has_text(value->items[n++], r->was->items[i]->value))
			return false;
	for (size_t i = 0; i < r->plan->nr_added; i++)
		if (!has_text(value->items[n++], r->plan->added[i]))
			return false;
	return true;
}

/* A list of words, or nothing at all. */
static bool is_tag_list(const struct yaml_node *now)
{
	if (is_empty(now))
		return true;
	if (now->kind != YAML_SEQUENCE || now->nr > MAX_TAGS)
		return false;
	for (size_t i = 0; i < now->nr; i++)
		if (now->items[i]->kind != YAML_SCALAR ||
		    strlen(now->items[i]->value) != now->items[i]->value_len)
			return false;
	return true;
}

/* A person's list has no mark; a list without one is ours to begin. One that was emptied stays so. */
static bool may_write_tags(const struct yaml_node *now, const char *mark)
{
	return is_tag_list(now) && is_empty(now) == !mark;
}

static struct error *set_tags(struct buffer *text, const char *file, const struct meta_generated *g,
			      struct buffer *mark)
{
	struct yaml_document doc;
	struct editor ed;
	struct error *err = editor_open(&ed, &doc, slice_of(text), file);

	if (err)
		return err;
	const struct yaml_node *now = yaml_get(ed.root, keys[KEY_TAGS].name);
	const char *base = mark_of(ed.root, &keys[KEY_TAGS]);
	if (may_write_tags(now, base)) {
		struct tag_plan plan;
		plan_tags(&plan, now, base, g);
		struct tag_result result = { now, &plan };
		size_t left = (is_empty(now) ? 0 : now->nr) - plan.nr_dropped + plan.nr_added;
		bool changes = plan.nr_dropped || plan.nr_added;
		if (left && changes && edit_tags(&ed, now, &plan) &&
		    apply_if_right(text, &ed, keys[KEY_TAGS].name, says_tags, &result))
			buffer_addbuf(mark, &plan.mark);
		tag_plan_release(&plan);
	}
	editor_release(&ed);
	yaml_document_release(&doc);
	return NULL;
}

/* -- all of it ------------------------------------------------------------------------------ */

static bool is_mark(const struct yaml_node *key, const void *data)
{
	(void)data;
	for (size_t i = 0; i < NR_KEYS; i++)
		if (has_text(key, keys[i].mark))
			return true;
	return false;
}

static bool is_section_key(const struct yaml_node *key, const void *data)
{
	(void)data;
	return has_text(key, SECTION_KEY);
}

/* Whether AFTER remembers SECTION, and is BEFORE otherwise. */
static bool remembers(const struct yaml_node *before, const struct yaml_node *after,
		      const struct section *section)
{
	const struct yaml_node *is = yaml_get(after, SECTION_KEY);

	for (size_t i = 0; i < section->nr; i++)
		if (!has_text(yaml_get(is, section->fields[i].key), section->fields[i].text))
			return false;
	return same_but(before, after, is_section_key, NULL) &&
	       same_but(yaml_get(before, SECTION_KEY), is, is_mark, NULL);
}

/* Writes MARKS into the section; false when that cannot be done. */
static bool set_marks(struct buffer *text, const char *file, const struct buffer marks[NR_KEYS])
{
	struct section section = { .at_end = true };
	struct yaml_document doc, again;
	struct editor ed;
	struct buffer result = BUFFER_INIT;
	struct error *err = editor_open(&ed, &doc, slice_of(text), file);
	bool done = !err;

	for (size_t i = 0; i < NR_KEYS; i++)
		if (marks[i].len)
			section.fields[section.nr++] =
				(struct field){ .key = keys[i].mark, .text = marks[i].data };
	ed.section = &section;
	if (done && section.nr) {
		update_section(&ed, yaml_get(ed.root, SECTION_KEY));
		apply_edits(&result, &ed);
		err = yaml_parse(&again, slice_of(&result), file);
		done = !err && remembers(ed.root, again.root, &section);
		yaml_document_release(&again);
		if (done) {
			buffer_reset(text);
			buffer_addbuf(text, &result);
		}
	}
	error_free(err);
	editor_release(&ed);
	yaml_document_release(&doc);
	buffer_release(&result);
	return done;
}

static bool can_be_edited(const struct yaml_node *root)
{
	const struct yaml_node *section = yaml_get(root, SECTION_KEY);
	return root && root->kind == YAML_MAPPING && section && section->kind == YAML_MAPPING;
}

bool meta_wants_generated(struct slice text)
{
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, text, META_FILE);
	bool wants = false;

	if (err) {
		error_free(err);
		return false;
	}
	bool empty = !doc.root || yaml_is_null(doc.root);
	for (size_t i = 0; i < NR_KEYS && !empty; i++) {
		const struct yaml_node *now = yaml_get(doc.root, keys[i].name);
		const char *mark = mark_of(doc.root, &keys[i]);
		wants |= i == KEY_TAGS ? may_write_tags(now, mark) : is_ours(now, mark);
	}
	yaml_document_release(&doc);
	return empty || wants;
}

struct error *meta_set_generated(struct buffer *out, struct slice text, const char *file,
				 const struct meta_generated *g)
{
	const char *const texts[NR_KEYS] = { [KEY_DESCRIPTION] = g->description,
					     [KEY_SEMANTIC_SCOPE] = g->semantic_scope };
	struct buffer result = BUFFER_INIT, marks[NR_KEYS];
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, text, file);

	if (err)
		return err;
	bool possible = can_be_edited(doc.root);
	yaml_document_release(&doc);
	buffer_add(&result, text.data, text.len);
	for (size_t i = 0; i < NR_KEYS; i++) {
		buffer_init(&marks[i], BUFFER_MAX_INTERNAL);
		if (err || !possible)
			continue;
		if (i == KEY_TAGS)
			err = g->nr_tags ? set_tags(&result, file, g, &marks[i]) : NULL;
		else if (texts[i] && *texts[i])
			err = set_text(&result, file, &keys[i], texts[i], &marks[i]);
	}
	buffer_reset(out);
	if (!err && possible && set_marks(&result, file, marks))
		buffer_addbuf(out, &result);
	else if (!err)
		buffer_add(out, text.data, text.len);
	if (!err)
		err = buffer_check(out, file);
	for (size_t i = 0; i < NR_KEYS; i++)
		buffer_release(&marks[i]);
	buffer_release(&result);
	return err;
}
