#include "meta/meta.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "meta/section.h"

/* LEN bytes at POS become TEXT. */
struct edit {
	size_t pos, len;
	char *text;
	size_t text_len;
};

struct editor {
	struct slice text;
	size_t bom;
	const char *newline; /* as the file's first line ends */
	const char *file;
	const struct section *section;
	const struct yaml_node *root;
	struct edit *edits;
	size_t nr, alloc;
};

/* -- lines ----------------------------------------------------------------------------------- */

/* Bytes of the line break at POS, as YAML 1.1 and so libyaml sees them; 0: there is none. */
static size_t break_at(struct slice text, size_t pos)
{
	static const char *const breaks[] = { "\r\n", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8",
					      "\xe2\x80\xa9" };
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		size_t n = strlen(breaks[i]);
		if (text.len - pos >= n && !memcmp(text.data + pos, breaks[i], n))
			return n;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t line_end(struct slice text, size_t pos)
{
	while (pos < text.len && !break_at(text, pos))
		pos++;
	return pos;
}

static bool ends_with_break(struct slice text, size_t end)
{
	for (size_t n = 1; n <= 3 && n <= end; n++)
		if (break_at(text, end - n) >= n)
			return true;
	return false;
}

static size_t line_start(const struct editor *ed, size_t pos)
{
	while (pos > ed->bom && !ends_with_break(ed->text, pos))
		pos--;
	return pos;
}

static const char *newline_of(struct slice text)
{
	size_t pos = line_end(text, 0);
	if (pos < text.len && text.data[pos] == '\r')
		return break_at(text, pos) == 2 ? "\r\n" : "\r";
	return "\n";
}

/* -- edits ----------------------------------------------------------------------------------- */

/* Takes the bytes of TEXT. Edits at the same place keep their order. */
static void add_edit(struct editor *ed, size_t pos, size_t len, struct buffer *text)
{
	ALLOC_GROW(ed->edits, ed->nr, ed->alloc);
	size_t i = ed->nr++;
	for (; i && ed->edits[i - 1].pos > pos; i--)
		ed->edits[i] = ed->edits[i - 1];
	ed->edits[i] = (struct edit){ .pos = pos, .len = len };
	ed->edits[i].text = buffer_detach(text, &ed->edits[i].text_len);
}

static void apply_edits(struct buffer *out, const struct editor *ed)
{
	size_t pos = 0;
	for (size_t i = 0; i < ed->nr; i++) {
		const struct edit *edit = &ed->edits[i];
		buffer_add(out, ed->text.data + pos, edit->pos - pos);
		buffer_add(out, edit->text, edit->text_len);
		pos = edit->pos + edit->len;
	}
	buffer_add(out, ed->text.data + pos, ed->text.len - pos);
}

/* Adds LINES, each with its line break, as lines of their own behind the line that holds END, the
 * end of a node. If that line has no break, the file goes on to end without one. */
static void add_lines_behind(struct editor *ed, size_t end, struct buffer *lines)
{
	size_t pos = line_end(ed->text, end);
	size_t n = pos < ed->text.len ? break_at(ed->text, pos) : 0;
	if (!n) {
		buffer_splice(lines, 0, 0, ed->newline, strlen(ed->newline));
		buffer_truncate(lines, lines->len - strlen(ed->newline));
	}
	add_edit(ed, pos + n, 0, lines);
}

/* The end of NODE without the blank lines that are part of a block ("|+"). */
static size_t tight_end(const struct editor *ed, const struct yaml_node *node)
{
	size_t end = node->end;
	while (end > node->start && ascii_space(ed->text.data[end - 1]))
		end--;
	return end;
}

/* Takes the bytes of TEXT as the new value of a key in MAPPING. */
static void replace_value(struct editor *ed, const struct yaml_node *mapping,
			  const struct yaml_node *key, const struct yaml_node *value,
			  struct buffer *text)
{
	struct buffer out = BUFFER_INIT;
	if (value->start < value->end) {
		/* A sequence may stand in the column of its key; a scalar may not. */
		if (!mapping->flow && value->line != key->line && value->column <= mapping->column)
			add_spaces(&out, mapping->column + 1 - value->column);
	} else if (ed->text.data[value->start - 1] == ':') {
		buffer_addch(&out, ' ');
	} else {
		/* "? key" without a value */
		if (!mapping->flow) {
			buffer_addstr(&out, ed->newline);
			add_spaces(&out, mapping->column - 1);
		}
		buffer_addstr(&out, ": ");
	}
	buffer_addbuf(&out, text);
	add_edit(ed, value->start, tight_end(ed, value) - value->start, &out);
	buffer_release(text);
}

/* -- a section that is there ----------------------------------------------------------------- */

static bool has_text(const struct yaml_node *node, const char *text)
{
	return node && node->kind == YAML_SCALAR && node->value_len == strlen(text) &&
	       !memcmp(node->value, text, node->value_len);
}

static bool has_value(const struct yaml_node *node, const struct field *field)
{
	return has_text(node, field->text) && (node->plain || !field->number);
}

/* The item of KEY in MAPPING: the index of its value, or 0. */
static size_t find_item(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *value = yaml_get(mapping, key);
	for (size_t i = 1; value && i < mapping->nr; i += 2)
		if (mapping->items[i] == value)
			return i;
	return 0;
}

static enum value_style style_of(const struct editor *ed, const struct yaml_node *value)
{
	if (value->kind != YAML_SCALAR || value->start == value->end)
		return VALUE_AS_NEEDED;
	char first = ed->text.data[value->start];
	if (value->plain) /* what is no date may become one in quotes */
		return ascii_digit(first) ? VALUE_PLAIN : VALUE_AS_NEEDED;
	return first == '\'' ? VALUE_SINGLE_QUOTED : first == '"' ? VALUE_DOUBLE_QUOTED
								 : VALUE_AS_NEEDED;
}

static void update_field(struct editor *ed, const struct yaml_node *mapping, size_t item,
			 const struct field *field)
{
	const struct yaml_node *value = mapping->items[item];
	struct buffer text = BUFFER_INIT;
	if (has_value(value, field))
		return;
	section_add_value(&text, field, style_of(ed, value));
	replace_value(ed, mapping, mapping->items[item - 1], value, &text);
}

/* Adds FIELD behind the item whose value is BEFORE, or first if there is none. */
static void insert_field(struct editor *ed, const struct yaml_node *mapping,
			 const struct yaml_node *before, const struct field *field)
{
	struct buffer text = BUFFER_INIT;
	const char *lead = mapping->flow && before ? ", " : "";
	if (!mapping->flow && before)
		add_spaces(&text, mapping->column - 1);
	buffer_addf(&text, "%s%s: ", lead, field->key);
	section_add_value(&text, field, VALUE_AS_NEEDED);
	if (!mapping->flow) {
		buffer_addstr(&text, ed->newline);
		if (before) {
			add_lines_behind(ed, tight_end(ed, before), &text);
			return;
		}
		add_spaces(&text, mapping->column - 1);
		add_edit(ed, mapping->start, 0, &text);
	} else if (before) {
		add_edit(ed, before->end, 0, &text);
	} else {
		buffer_addstr(&text, mapping->nr ? ", " : "");
		add_edit(ed, mapping->start + 1, 0, &text);
	}
}

static void update_section(struct editor *ed, const struct yaml_node *mapping)
{
	const struct yaml_node *before = NULL;
	struct buffer text = BUFFER_INIT;
	if (!mapping->nr) {
		section_add_flow(&text, ed->section);
		/* Without its brackets: those of the file stay, and what stands between them. */
		buffer_truncate(&text, text.len - 1);
		buffer_splice(&text, 0, 1, "", 0);
		add_edit(ed, mapping->start + 1, 0, &text);
		return;
	}
	for (size_t i = 0; i < ed->section->nr; i++) {
		const struct field *field = &ed->section->fields[i];
		size_t item = find_item(mapping, field->key);
		if (item) {
			update_field(ed, mapping, item, field);
			before = mapping->items[item];
		} else {
			insert_field(ed, mapping, before, field);
		}
	}
}

/* `scrutiny:` with nothing or a null behind it. */
static void fill_section(struct editor *ed, const struct yaml_node *key,
			 const struct yaml_node *value)
{
	struct buffer text = BUFFER_INIT, nothing = BUFFER_INIT;
	size_t start = value->start;
	while (start > key->end && is_blank(ed->text.data[start - 1]))
		start--;
	if (ed->root->flow || ed->text.data[start - 1] != ':') {
		section_add_flow(&text, ed->section);
		replace_value(ed, ed->root, key, value, &text);
		return;
	}
	if (value->end > start)
		add_edit(ed, start, value->end - start, &nothing);
	section_add_lines(&text, ed->section, ed->root->column + 1, ed->newline);
	add_lines_behind(ed, value->end, &text);
}

/* -- no section yet -------------------------------------------------------------------------- */

/* Where the document ends: at its "..." line, or with the file. */
static size_t document_end(const struct editor *ed)
{
	size_t pos = ed->root ? ed->root->end : ed->bom;
	while (pos < ed->text.len) {
		const char *s = ed->text.data + pos;
		size_t left = ed->text.len - pos;
		if ((pos == ed->bom || ends_with_break(ed->text, pos)) && left >= 3 &&
		    !memcmp(s, "...", 3) &&
		    (left == 3 || is_blank(s[3]) || break_at(ed->text, pos + 3)))
			return pos;
		pos = line_end(ed->text, pos);
		pos += pos < ed->text.len ? break_at(ed->text, pos) : 0;
	}
	return pos;
}

/* The last scalar if it is a block ("|" or ">") that nothing but white space follows: its value
 * would change if the file went on behind it. */
static bool ends_in_block(const struct editor *ed)
{
	const struct yaml_node *node = ed->root;
	while (node && node->nr) {
		const struct yaml_node *last = node->items[node->nr - 1];
		/* "? |" without a value: the key is last. */
		if (node->kind == YAML_MAPPING && last->start == last->end)
			last = node->items[node->nr - 2];
		node = last;
	}
	if (!node || node->start == node->end || !strchr("|>", ed->text.data[node->start]))
		return false;
	return !slice_trim((struct slice){ ed->text.data + node->end, ed->text.len - node->end }).len;
}

static void append_to_flow(struct editor *ed)
{
	const struct yaml_node *root = ed->root;
	struct buffer text = BUFFER_INIT;
	size_t pos = root->nr ? root->items[root->nr - 1]->end : root->start + 1;
	/* "{a:, b: c}" would make a key of "a:". */
	buffer_addstr(&text, root->nr && ed->text.data[pos - 1] == ':' ? " " : "");
	buffer_addstr(&text, root->nr ? ", " SECTION_KEY ": " : SECTION_KEY ": ");
	section_add_flow(&text, ed->section);
	add_edit(ed, pos, 0, &text);
}

static void append_section(struct editor *ed)
{
	struct buffer text = BUFFER_INIT;
	size_t indent = ed->root && ed->root->kind == YAML_MAPPING ? ed->root->column - 1 : 0;
	size_t end = document_end(ed);
	bool open_line = end == ed->text.len && end > ed->bom && !ends_with_break(ed->text, end);
	add_spaces(&text, indent);
	buffer_addf(&text, SECTION_KEY ":%s", ed->newline);
	section_add_lines(&text, ed->section, indent + 2, ed->newline);
	if (open_line && ends_in_block(ed))
		end = line_start(ed, ed->root->start);
	else if (open_line) {
		add_lines_behind(ed, end, &text);
		return;
	}
	add_edit(ed, end, 0, &text);
}

/* -- checking -------------------------------------------------------------------------------- */

/* Recursion is bounded by YAML_MAX_DEPTH. */
static bool same_nodes(const struct yaml_node *a, const struct yaml_node *b)
{
	if (a->kind != b->kind || a->nr != b->nr || a->value_len != b->value_len ||
	    a->plain != b->plain || a->flow != b->flow)
		return false;
	if (a->value_len && memcmp(a->value, b->value, a->value_len))
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (!same_nodes(a->items[i], b->items[i]))
			return false;
	return true;
}

static bool is_field(const struct yaml_node *key, const void *data)
{
	const struct section *section = data;
	for (size_t i = 0; i < section->nr; i++)
		if (has_text(key, section->fields[i].key))
			return true;
	return false;
}

static bool is_section(const struct yaml_node *key, const void *data)
{
	(void)data;
	return has_text(key, SECTION_KEY);
}

/* Whether A and B hold the same keys and values in the same order but for the OURS ones. */
static bool same_but(const struct yaml_node *a, const struct yaml_node *b,
		     bool (*ours)(const struct yaml_node *key, const void *data), const void *data)
{
	size_t i = 0, j = 0, a_nr = a ? a->nr : 0, b_nr = b ? b->nr : 0;
	for (;;) {
		while (i < a_nr && ours(a->items[i], data))
			i += 2;
		while (j < b_nr && ours(b->items[j], data))
			j += 2;
		if (i >= a_nr || j >= b_nr)
			return i >= a_nr && j >= b_nr;
		if (!same_nodes(a->items[i], b->items[j]) ||
		    !same_nodes(a->items[i + 1], b->items[j + 1]))
			return false;
		i += 2;
		j += 2;
	}
}

static bool has_section(const struct yaml_node *root, const struct section *section)
{
	const struct yaml_node *is = yaml_get(root, SECTION_KEY);
	for (size_t i = 0; i < section->nr; i++) {
		const struct yaml_node *value = yaml_get(is, section->fields[i].key);
		if (!value || !has_value(value, &section->fields[i]))
			return false;
	}
	return is && is->kind == YAML_MAPPING;
}

/* Whether nothing but the section's fields differs from the file there was. */
static bool is_kept(const struct editor *ed, const struct yaml_node *root)
{
	const struct yaml_node *was = yaml_get(ed->root, SECTION_KEY);
	return same_but(ed->root, root, is_section, NULL) &&
	       same_but(was, yaml_get(root, SECTION_KEY), is_field, ed->section);
}

/* Whether a new file says TEXT at NODE. */
static bool says(const struct yaml_node *node, const char *text)
{
	struct buffer clean = BUFFER_INIT;
	if (!text)
		return !node;
	utf8_scrub(&clean, text, strlen(text));
	bool same = has_text(node, clean.data) && !yaml_is_null(node);
	buffer_release(&clean);
	return same;
}

static bool is_initial(const struct yaml_node *root, const struct meta_initial *initial)
{
	const struct yaml_node *authors = yaml_get(root, "authors");
	if (!initial)
		return true;
	if (!says(yaml_get(root, "title"), initial->title) ||
	    !says(yaml_get(root, "abstract"), initial->abstract) ||
	    (authors ? authors->nr : 0) != initial->nr_authors)
		return false;
	for (size_t i = 0; i < initial->nr_authors; i++)
		if (!says(authors->items[i], initial->authors[i]))
			return false;
	return true;
}

/* Behind a plain scalar libyaml lets lines of white space hold tabs, elsewhere not, so that such
 * a line can stand in the way of a new value. */
static struct error *not_settable(const struct editor *ed)
{
	struct error *err =
		error_at(ERROR_GENERIC, ed->file, 0, 0,
			 "internal error: the section '" SECTION_KEY "' could not be set without "
			 "changing other things, so the file was left as it is");
	if (ed->text.len && memchr(ed->text.data, '\t', ed->text.len))
		err = error_with_hint(err, "replace the tabs in '%s' by spaces", ed->file);
	return err;
}

/* IS_NEW: there was nothing to keep, and INITIAL to be written. */
static struct error *check_result(const struct editor *ed, const struct buffer *result, bool is_new,
				  const struct meta_initial *initial)
{
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, slice_of(result), ed->file);
	if (error_is(err, ERROR_LIMIT))
		return error_context(err, "with its section '" SECTION_KEY "'");
	if (err || !has_section(doc.root, ed->section) ||
	    !(is_new ? is_initial(doc.root, initial) : is_kept(ed, doc.root))) {
		error_free(err);
		err = not_settable(ed);
	}
	yaml_document_release(&doc);
	return err;
}

/* -- all of it ------------------------------------------------------------------------------- */

static struct error *check_root(const struct editor *ed)
{
	const struct yaml_node *root = ed->root;
	const struct yaml_node *value = yaml_get(root, SECTION_KEY);
	if (root && root->kind != YAML_MAPPING && root->start != root->end)
		return error_at(ERROR_SYNTAX, ed->file, root->line, root->column,
				"the file must be a mapping of keys to values");
	if (value && value->kind != YAML_MAPPING && !yaml_is_null(value))
		return error_at(ERROR_SYNTAX, ed->file, value->line, value->column,
				"'" SECTION_KEY "' is not a mapping");
	return NULL;
}

static void plan_edits(struct editor *ed)
{
	size_t item = find_item(ed->root, SECTION_KEY);
	if (item && ed->root->items[item]->kind == YAML_MAPPING)
		update_section(ed, ed->root->items[item]);
	else if (item)
		fill_section(ed, ed->root->items[item - 1], ed->root->items[item]);
	else if (ed->root && ed->root->flow)
		append_to_flow(ed);
	else
		append_section(ed);
}

static void new_file(struct editor *ed, struct buffer *out, const struct meta_initial *initial)
{
	buffer_add(out, ed->text.data, ed->bom);
	new_file_add(out, initial, ed->newline);
	buffer_addf(out, SECTION_KEY ":%s", ed->newline);
	section_add_lines(out, ed->section, 2, ed->newline);
}

struct error *meta_check(struct slice text, const char *file)
{
	struct yaml_document doc;
	struct editor ed = { .text = text, .file = file };
	struct error *err = yaml_parse(&doc, text, file);
	if (err)
		return err;
	ed.root = doc.root;
	err = check_root(&ed);
	yaml_document_release(&doc);
	return err;
}

struct error *meta_set_scrutiny(struct buffer *out, struct slice text, const char *file,
				const struct meta_scrutiny *s, const struct meta_initial *initial)
{
	struct section section;
	struct yaml_document doc;
	struct buffer result = BUFFER_INIT;
	struct editor ed = { .text = text, .file = file, .section = &section };
	section_init(&section, s);
	struct error *err = yaml_parse(&doc, text, file);
	if (err)
		return err;
	ed.root = doc.root;
	ed.newline = newline_of(text);
	ed.bom = text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3) ? 3 : 0;
	err = check_root(&ed);
	if (err)
		goto out;
	bool is_new = !slice_trim((struct slice){ text.data + ed.bom, text.len - ed.bom }).len;
	if (is_new) {
		new_file(&ed, &result, initial);
	} else {
		plan_edits(&ed);
		apply_edits(&result, &ed);
	}
	err = check_result(&ed, &result, is_new, initial);
	if (!err) {
		buffer_reset(out);
		buffer_addbuf(out, &result);
		err = buffer_check(out, file);
	}
out:
	for (size_t i = 0; i < ed.nr; i++)
		free(ed.edits[i].text);
	free(ed.edits);
	buffer_release(&result);
	yaml_document_release(&doc);
	return err;
}
