#include "paper/markdown.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

/* -- front matter ------------------------------------------------------------------------------ */

static size_t line_end(const struct markdown *md, size_t p)
{
	const char *newline = memchr(md->data + p, '\n', md->len - p);
	return newline ? (size_t)(newline - md->data) : md->len;
}

static size_t next_line(const struct markdown *md, size_t p)
{
	size_t end = line_end(md, p);
	return end < md->len ? end + 1 : end;
}

static struct slice line_at(const struct markdown *md, size_t p)
{
	size_t end = line_end(md, p);
	while (end > p && ascii_space((unsigned char)md->data[end - 1]))
		end--;
	return (struct slice){ md->data + p, end - p };
}

static const char *scalar(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR && *node->value ? node->value : NULL;
}

static void add_author(struct document *doc, const struct yaml_node *node)
{
	if (node->kind == YAML_MAPPING) {
		const struct yaml_node *name = yaml_get(node, "name");
		if (name && name->kind == YAML_MAPPING && scalar(yaml_get(name, "literal")))
			name = yaml_get(name, "literal");
		if (scalar(name))
			document_add_author(doc, scalar(name));
	} else if (scalar(node)) {
		document_add_names(doc, scalar(node));
	}
}

/* Calls FN for a scalar or for each item of a sequence. */
static void each(struct markdown *md, const struct yaml_node *node, size_t offset,
		 void (*fn)(struct markdown *, const struct yaml_node *, size_t))
{
	if (!node)
		return;
	if (node->kind != YAML_SEQUENCE) {
		fn(md, node, offset);
		return;
	}
	for (size_t i = 0; i < node->nr; i++)
		fn(md, node->items[i], offset);
}

static void front_author(struct markdown *md, const struct yaml_node *node, size_t offset)
{
	(void)offset;
	add_author(md->doc, node);
}

static struct location node_place(const struct yaml_node *node, size_t offset)
{
	return (struct location){ 0, offset + node->start, offset + node->end };
}

static void front_bibliography(struct markdown *md, const struct yaml_node *node, size_t offset)
{
	const char *name = scalar(node);
	uint32_t file;
	if (!name)
		return;
	struct location where = node_place(node, offset);
	md->has_bibliography = true;
	struct item *item = reading_item(md->r, ITEM_BIB_FILE, name, strlen(name), where, NO_FLOW);
	char *path = reading_join(md->r->folder, name);
	bool found = path && reading_exists(md->r, path);
	if (item && found)
		item->path = xstrdup(path);
	/* CSL's own formats are not read. */
	if (found && ends_with(name, ".bib") && reading_load(md->r, path, where, &file))
		bibliography_read(md->r, file, 0, md->doc->files[file].bytes.len);
	else
		md->doc->citations_complete = false;
	free(path);
}

/* Entries written in the front matter itself. */
static void front_reference(struct markdown *md, const struct yaml_node *node, size_t offset)
{
	const struct yaml_node *id = node->kind == YAML_MAPPING ? yaml_get(node, "id") : NULL;
	const char *type = id ? scalar(yaml_get(node, "type")) : NULL;
	if (!scalar(id))
		return;
	md->has_bibliography = true;
	struct item *item = reading_item(md->r, ITEM_BIB_ENTRY, id->value, strlen(id->value),
					 node_place(id, offset), NO_FLOW);
	if (item)
		item->extra = xstrdup(type ? type : "reference");
}

static void front_nocite(struct markdown *md, const struct yaml_node *node, size_t offset)
{
	const char *value = scalar(node);
	for (const char *at = value ? strchr(value, '@') : NULL; at; at = strchr(at, '@')) {
		size_t len = strcspn(++at, ", \t\r\n;");
		if (!len || *at == '*')
			continue;
		struct item *item =
		    reading_item(md->r, ITEM_CITATION, at, len, node_place(node, offset), NO_FLOW);
		if (item)
			item->is_nocite = true;
	}
}

static void read_front_matter(struct markdown *md, size_t start, size_t end)
{
	struct yaml_document yaml;
	struct document *doc = md->doc;
	struct slice text = { md->data + start, end - start };
	struct error *err = yaml_parse(&yaml, text, doc->path);
	if (err) {
		reading_problem(md->r, (struct location){ 0, start, start }, "front matter: %s",
				err->message);
		error_free(err);
		return;
	}
	const struct yaml_node *root = yaml.root;
	if (root && root->kind == YAML_MAPPING) {
		const char *title = scalar(yaml_get(root, "title"));
		const char *abstract = scalar(yaml_get(root, "abstract"));
		if (title)
			doc->title = markdown_plain((struct slice){ title, strlen(title) }, false);
		if (abstract)
			doc->abstract =
			    markdown_plain((struct slice){ abstract, strlen(abstract) }, true);
		each(md, yaml_get(root, "author"), start, front_author);
		each(md, yaml_get(root, "authors"), start, front_author);
		each(md, yaml_get(root, "bibliography"), start, front_bibliography);
		each(md, yaml_get(root, "references"), start, front_reference);
		each(md, yaml_get(root, "nocite"), start, front_nocite);
	}
	yaml_document_release(&yaml);
}

/* Where the text begins. */
static size_t skip_front_matter(struct markdown *md)
{
	size_t start = starts_with(md->data, "\xef\xbb\xbf") ? 3 : 0;
	if (!slice_equals(line_at(md, start), "---"))
		return start;
	size_t first = next_line(md, start);
	for (size_t p = first; p < md->len; p = next_line(md, p)) {
		struct slice line = line_at(md, p);
		if (slice_equals(line, "---") || slice_equals(line, "...")) {
			read_front_matter(md, first, p);
			return next_line(md, p);
		}
	}
	return start;
}

/* -- lines ------------------------------------------------------------------------------------- */

struct line {
	size_t start, end; /* without its newline */
	size_t text;       /* first byte that is not blank, behind the marks of quotations */
	size_t indent;     /* in columns, before that */
	size_t next;
};

static struct line read_line(const struct markdown *md, size_t p)
{
	struct line line = { .start = p, .end = line_end(md, p) };
	line.next = line.end < md->len ? line.end + 1 : md->len;
	while (line.end > p && ascii_space((unsigned char)md->data[line.end - 1]))
		line.end--;
	size_t quotes = 0;
	for (line.text = p; line.text < line.end; line.text++) {
		char c = md->data[line.text];
		if (c == ' ')
			line.indent++;
		else if (c == '\t')
			line.indent = (line.indent / 4 + 1) * 4;
		else if (c == '>' && line.indent < 4 && quotes++ < 20)
			line.indent = 0;
		else
			break;
	}
	return line;
}

static size_t run_of(const struct markdown *md, const struct line *line, char c)
{
	size_t n = 0;
	while (line->text + n < line->end && md->data[line->text + n] == c)
		n++;
	return n;
}

static bool is_blank(const struct line *line)
{
	return line->text >= line->end;
}

/* "- x", "2. x" */
static bool is_list_item(const struct markdown *md, const struct line *line)
{
	size_t p = line->text;
	while (p < line->end && ascii_digit((unsigned char)md->data[p]) && p - line->text < 9)
		p++;
	if (p > line->text)
		return p + 1 < line->end && (md->data[p] == '.' || md->data[p] == ')') &&
		       md->data[p + 1] == ' ';
	return p + 1 < line->end && strchr("-+*", md->data[p]) && md->data[p + 1] == ' ';
}

/* -- headings ---------------------------------------------------------------------------------- */

/* The anchor that GitHub makes of a heading; other renderers make others. */
static void add_anchor(struct markdown *md, const char *title, struct location where)
{
	struct buffer slug = BUFFER_INIT;
	for (const char *p = title; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (ascii_alnum(c) || c == '-' || c == '_' || c >= 0x80)
			buffer_addch(&slug, (char)ascii_lower(c));
		else if (c == ' ')
			buffer_addch(&slug, '-');
	}
	void **count = strmap_at(&md->anchors, slug.data, slug.len);
	uintptr_t seen = (uintptr_t)*count;
	*count = (void *)(seen + 1);
	if (seen)
		buffer_addf(&slug, "-%zu", (size_t)seen);
	struct item *item =
	    slug.len ? reading_item(md->r, ITEM_LABEL, slug.data, slug.len, where, where.start)
		     : NULL;
	if (item)
		item->uncertain = true;
	buffer_release(&slug);
}

static bool is_abstract(const char *title)
{
	while (ascii_digit((unsigned char)*title) || *title == '.' || *title == ' ')
		title++;
	return !strcasecmp(title, "abstract") || !strcasecmp(title, "abstract:");
}

static void add_heading(struct markdown *md, unsigned level, size_t start, size_t end)
{
	struct location where = { 0, start, end };
	char *title = markdown_plain((struct slice){ md->data + start, end - start }, false);
	reading_section(md->r, level, title, where, start);
	if (level == 1 && !md->doc->title && *title)
		md->doc->title = xstrdup(title);
	if (!memmem(md->data + start, end - start, "{#", 2))
		add_anchor(md, title, where);
	md->abstract_follows = is_abstract(title);
	free(title);
}

/* "## Title ##": false when it is none. */
static bool atx_heading(struct markdown *md, const struct line *line)
{
	size_t level = run_of(md, line, '#');
	size_t start = line->text + level, end = line->end;
	if (!level || level > 6 || line->indent > 3 ||
	    (start < end && !ascii_space((unsigned char)md->data[start])))
		return false;
	while (start < end && ascii_space((unsigned char)md->data[start]))
		start++;
	size_t closing = end;
	while (closing > start && md->data[closing - 1] == '#')
		closing--;
	if (closing > start && closing < end && md->data[closing - 1] == ' ')
		end = closing - 1;
	add_heading(md, (unsigned)level, start, end);
	return true;
}

/* -- blocks ------------------------------------------------------------------------------------ */

/* `#| label: fig-x` in a chunk of Quarto's, and {#lst:x} behind the fence. */
static void chunk_label(struct markdown *md, const struct line *line)
{
	static const char option[] = "#| label:";
	size_t len = strlen(option);
	if (line->end - line->text <= len || memcmp(md->data + line->text, option, len) != 0)
		return;
	struct slice key =
	    slice_trim((struct slice){ md->data + line->text + len, line->end - line->text - len });
	size_t start = (size_t)(key.data - md->data);
	markdown_label(md, start, start + key.len);
}

/* A fenced block that begins at LINE; returns where the text goes on, or the line's start. */
static size_t fenced_code(struct markdown *md, const struct line *line)
{
	char c = line->text < line->end ? md->data[line->text] : 0;
	size_t ticks = c == '`' || c == '~' ? run_of(md, line, c) : 0;
	size_t info = line->text + ticks;
	if (ticks < 3 || (c == '`' && memchr(md->data + info, '`', line->end - info)))
		return line->start;
	const char *brace = memchr(md->data + info, '{', line->end - info);
	if (brace)
		markdown_attributes(md, (size_t)(brace - md->data), line->end);
	size_t p = line->next;
	while (p < md->len) {
		struct line inner = read_line(md, p);
		size_t n = run_of(md, &inner, c);
		p = inner.next;
		if (n >= ticks && inner.text + n == inner.end)
			return p;
		chunk_label(md, &inner);
	}
	return md->len;
}

/* [name]: url. As [//]: # (words) it is a comment that is never shown. */
static bool link_definition(struct markdown *md, const struct line *line, bool collect)
{
	size_t p = line->text, limit = line->end;
	const char *close = p < limit && md->data[p] == '[' && line->indent < 4
				? memchr(md->data + p, ']', limit - p)
				: NULL;
	if (!close || close + 1 >= md->data + limit || close[1] != ':')
		return false;
	size_t name = p + 1, name_end = (size_t)(close - md->data), url = name_end + 2, url_end;
	if (md->data[name] == '^') { /* a footnote */
		if (!collect)
			markdown_item(md, ITEM_LABEL, name, name_end);
		return false;
	}
	while (url < limit && ascii_space((unsigned char)md->data[url]))
		url++;
	url_end = url;
	while (url_end < limit && !ascii_space((unsigned char)md->data[url_end]))
		url_end++;
	size_t note = url_end;
	while (note < limit && ascii_space((unsigned char)md->data[note]))
		note++;
	struct slice target = { md->data + url, url_end - url };
	bool comment = slice_equals(target, "#") || slice_equals(target, "<>");
	if (comment && !collect && note < limit) {
		reading_comment(md->r, (struct location){ 0, note, limit }, note, ' ');
		reading_cut(md->r, line->start, line->next);
	} else if (!comment && collect) {
		char *key = reading_tidy((struct slice){ md->data + name, name_end - name }, false);
		for (char *c = key; *c; c++)
			*c = (char)ascii_lower((unsigned char)*c);
		void **slot = strmap_at(&md->definitions, key, strlen(key));
		free(key);
		if (!*slot) {
			struct flow_range *range = xmalloc(sizeof(*range));
			bool angle = target.len > 2 && *target.data == '<';
			*range = (struct flow_range){ url + angle, url_end - angle };
			*slot = range;
		}
	}
	return true;
}

static void collect_definitions(struct markdown *md, size_t start)
{
	for (size_t p = start; p < md->len;) {
		struct line line = read_line(md, p);
		if (line.text < line.end && md->data[line.text] == '[')
			link_definition(md, &line, true);
		p = line.next;
	}
}

/* "Title\n=====" */
static unsigned underline_level(const struct markdown *md, const struct line *line)
{
	char c = line->text < line->end ? md->data[line->text] : 0;
	if ((c != '=' && c != '-') || line->indent > 3 ||
	    line->text + run_of(md, line, c) != line->end)
		return 0;
	return c == '=' ? 1 : 2;
}

static bool ends_paragraph(const struct markdown *md, const struct line *line)
{
	char c = line->text < line->end ? md->data[line->text] : 0;
	if (is_blank(line))
		return true;
	if ((c == '`' || c == '~') && run_of(md, line, c) >= 3)
		return true;
	/* the notes of a paper often stand line by line */
	if (c == '[' && line->text + 1 < line->end && md->data[line->text + 1] == '^' &&
	    memmem(md->data + line->text, line->end - line->text, "]:", 2))
		return true;
	size_t level = run_of(md, line, '#');
	return level && level <= 6 && line->indent < 4 &&
	       (line->text + level >= line->end || md->data[line->text + level] == ' ');
}

/* The paragraph [start, end) as the abstract, without what was cut of it. */
static void keep_abstract(struct markdown *md, size_t start, size_t end, size_t first_cut)
{
	struct buffer seen = BUFFER_INIT;
	if (!md->abstract_follows || md->doc->abstract)
		return;
	for (size_t i = first_cut; i < md->r->nr_cuts && start < end; i++) {
		const struct flow_range *cut = &md->r->cuts[i];
		if (cut->start < start || cut->start > end)
			continue;
		buffer_add(&seen, md->data + start, cut->start - start);
		start = cut->end;
	}
	if (start < end)
		buffer_add(&seen, md->data + start, end - start);
	char *text = markdown_plain(slice_of(&seen), true);
	buffer_release(&seen);
	if (*text)
		md->doc->abstract = text;
	else
		free(text);
}

/* A paragraph, or whatever else has no empty line in it; returns where the text goes on. */
static size_t paragraph(struct markdown *md, const struct line *first)
{
	struct line line = *first, last = *first;
	size_t lines = 0;
	while (!lines || (line.start < md->len && !ends_paragraph(md, &line))) {
		unsigned level = lines ? underline_level(md, &line) : 0;
		if (level) {
			add_heading(md, level, last.text, last.end);
			size_t stop = markdown_inline(md, first->text, last.end);
			return stop > line.next ? stop : line.next;
		}
		last = line;
		lines++;
		if (line.next >= md->len)
			break;
		line = read_line(md, line.next);
	}
	size_t first_cut = md->r->nr_cuts;
	size_t stop = markdown_inline(md, first->text, last.end);
	keep_abstract(md, first->text, last.end, first_cut);
	return stop > last.next ? stop : last.next;
}

static void read_blocks(struct markdown *md, size_t start)
{
	bool after_blank = true, in_list = false;
	for (size_t p = start; p < md->len;) {
		struct line line = read_line(md, p);
		if (is_blank(&line)) {
			after_blank = true;
			p = line.next;
			continue;
		}
		size_t next = fenced_code(md, &line);
		bool list_item = is_list_item(md, &line);
		if (next > p)
			p = next;
		else if (line.indent >= 4 && after_blank && !in_list)
			p = line.next; /* code */
		else if (atx_heading(md, &line))
			p = markdown_inline(md, line.text, line.end);
		else if (md->data[line.text] == '[' && link_definition(md, &line, false))
			p = line.next;
		else
			p = paragraph(md, &line);
		/* Code goes on after code; a list ends with a line that is not indented. */
		after_blank = line.indent >= 4 && after_blank && !in_list;
		in_list = list_item || (in_list && line.indent > 0);
		if (p < line.next)
			p = line.next;
	}
}

/* -- the end ----------------------------------------------------------------------------------- */

/* What renderers may make themselves is not surely missing. */
static void mark_uncertain(struct markdown *md)
{
	for (size_t i = 0; i < md->doc->nr_items; i++) {
		struct item *item = &md->doc->items[i];
		if (item->kind != ITEM_REFERENCE || item->key[0] == '^')
			continue;
		size_t at = item->where.start;
		bool link = at && md->data[at - 1] == '#';
		bool explicit = strmap_has(&md->explicit_labels, item->key, strlen(item->key));
		item->uncertain = !explicit && (link || !md->has_cross_references);
	}
}

void markdown_read(struct reading *r)
{
	struct markdown md = {
		.r = r,
		.doc = r->doc,
		.data = r->doc->files[0].bytes.data,
		.len = r->doc->files[0].bytes.len,
	};
	reading_append(r, 0, 0, md.len);
	size_t start = skip_front_matter(&md);
	reading_cut(r, 0, start);
	md.data = r->doc->files[0].bytes.data;
	collect_definitions(&md, start);
	read_blocks(&md, start);
	mark_uncertain(&md);
	strmap_release(&md.explicit_labels, NULL);
	strmap_release(&md.anchors, NULL);
	strmap_release(&md.definitions, free);
	strmap_release(&md.unclosed, NULL);
}
