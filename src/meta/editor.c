#include "meta/editor.h"

#include "base/memory.h"
#include "base/text.h"

/* -- lines ----------------------------------------------------------------------------------- */

/* Bytes of the line break at POS, as YAML 1.1 and so libyaml sees them; 0: there is none. */
size_t break_at(struct slice text, size_t pos)
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

bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t line_end(struct slice text, size_t pos)
{
	while (pos < text.len && !break_at(text, pos))
		pos++;
	return pos;
}

bool ends_with_break(struct slice text, size_t end)
{
	for (size_t n = 1; n <= 3 && n <= end; n++)
		if (break_at(text, end - n) >= n)
			return true;
	return false;
}

size_t line_start(const struct editor *ed, size_t pos)
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
void add_edit(struct editor *ed, size_t pos, size_t len, struct buffer *text)
{
	ALLOC_GROW(ed->edits, ed->nr, ed->alloc);
	size_t i = ed->nr++;
	for (; i && ed->edits[i - 1].pos > pos; i--)
		ed->edits[i] = ed->edits[i - 1];
	ed->edits[i] = (struct edit){ .pos = pos, .len = len };
	ed->edits[i].text = buffer_detach(text, &ed->edits[i].text_len);
}

void apply_edits(struct buffer *out, const struct editor *ed)
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
void add_lines_behind(struct editor *ed, size_t end, struct buffer *lines)
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
size_t tight_end(const struct editor *ed, const struct yaml_node *node)
{
	size_t end = node->end;
	while (end > node->start && ascii_space(ed->text.data[end - 1]))
		end--;
	return end;
}

/* Takes the bytes of TEXT as the new value of a key in MAPPING. */
void replace_value(struct editor *ed, const struct yaml_node *mapping,
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

bool has_text(const struct yaml_node *node, const char *text)
{
	return node && node->kind == YAML_SCALAR && node->value_len == strlen(text) &&
	       !memcmp(node->value, text, node->value_len);
}

bool has_value(const struct yaml_node *node, const struct field *field)
{
	return has_text(node, field->text) && (node->plain || !field->number);
}

/* The item of KEY in MAPPING: the index of its value, or 0. */
size_t find_item(const struct yaml_node *mapping, const char *key)
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

void update_section(struct editor *ed, const struct yaml_node *mapping)
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
	if (ed->section->at_end)
		before = mapping->items[mapping->nr - 1];
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

/* -- comparing ------------------------------------------------------------------------------- */

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

/* Whether A and B hold the same keys and values in the same order but for the OURS ones. */
bool same_but(const struct yaml_node *a, const struct yaml_node *b,
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

/* -- documents ------------------------------------------------------------------------------- */

struct error *editor_open(struct editor *ed, struct yaml_document *doc, struct slice text,
			  const char *file)
{
	*ed = (struct editor){ .text = text, .file = file, .newline = newline_of(text) };
	ed->bom = text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3) ? 3 : 0;
	struct error *err = yaml_parse(doc, text, file);
	if (!err)
		ed->root = doc->root;
	return err;
}

void editor_release(struct editor *ed)
{
	for (size_t i = 0; i < ed->nr; i++)
		free(ed->edits[i].text);
	free(ed->edits);
}
