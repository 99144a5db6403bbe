#include "meta/meta.h"

#include "base/memory.h"
#include "base/text.h"
#include "meta/editor.h"

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
	struct editor ed;
	section_init(&section, s);
	struct error *err = editor_open(&ed, &doc, text, file);
	if (err)
		return err;
	ed.section = &section;
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
	editor_release(&ed);
	buffer_release(&result);
	yaml_document_release(&doc);
	return err;
}
