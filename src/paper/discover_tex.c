/*
 * A quick look at a TeX file, for discovery only: is it a document of its own, which files of its
 * folder does it include, and which files outside does it name? Comments and verbatim text do
 * not count. The document reader looks properly.
 */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

struct scanner {
	const char *text;
	size_t len, at;
	bool past_class;     /* \documentclass, or the text itself, has been seen */
	unsigned no_end;     /* bit by verbatim environment: it is closed nowhere further on */
	struct tex_scan *out;
};

static const char *const verbatim_environments[] = {
	"verbatim", "verbatim*", "Verbatim", "BVerbatim", "LVerbatim", "lstlisting", "minted",
	"comment", "filecontents", "filecontents*",
};

/* Classes of files that are only parts of a document, though they can be compiled alone. */
static const char *const part_classes[] = { "subfiles", "standalone" };

/* -- pieces of syntax -------------------------------------------------------------------------- */

static void skip_comment(struct scanner *s)
{
	const char *end = memchr(s->text + s->at, '\n', s->len - s->at);
	s->at = end ? (size_t)(end - s->text) + 1 : s->len;
}

static void skip_space(struct scanner *s)
{
	while (s->at < s->len) {
		if (s->text[s->at] == '%')
			skip_comment(s);
		else if (ascii_space((unsigned char)s->text[s->at]))
			s->at++;
		else
			break;
	}
}

/* Steps over "[...]" if it comes next. */
static void skip_option(struct scanner *s)
{
	unsigned depth = 0;
	skip_space(s);
	if (s->at >= s->len || s->text[s->at] != '[')
		return;
	size_t start = s->at;
	s->at++;
	while (s->at < s->len && s->at - start < DISCOVER_MAX_OPTION) {
		char c = s->text[s->at++];
		if (c == ']' && !depth)
			return;
		if (c == '\\' && s->at < s->len)
			s->at++;
		else if (c == '%')
			skip_comment(s);
		else if (c == '{')
			depth++;
		else if (c == '}' && depth)
			depth--;
	}
}

/* The text of "{...}" if that comes next and is short and plain; S stays before it. */
static bool peek_group(struct scanner *s, struct slice *group)
{
	skip_space(s);
	if (s->at >= s->len || s->text[s->at] != '{')
		return false;
	const char *start = s->text + s->at + 1;
	size_t room = s->len - s->at - 1, len = 0;
	while (len < room && len < DISCOVER_MAX_REFERENCE && start[len] != '{' && start[len] != '}')
		len++;
	*group = slice_trim((struct slice){ start, len });
	return len < room && start[len] == '}';
}

static void step_over_group(struct scanner *s)
{
	const char *end = memchr(s->text + s->at, '}', s->len - s->at);
	s->at = end ? (size_t)(end - s->text) + 1 : s->len;
}

/* -- what is collected ------------------------------------------------------------------------- */

static struct slice less_dot_slash(struct slice path)
{
	while (path.len > 2 && path.data[0] == '.' && path.data[1] == '/') {
		path.data += 2;
		path.len -= 2;
	}
	return path;
}

/* Keeps PATH if it leads out of the folder. A macro in it cannot be known here. */
static void add_reference(struct scanner *s, struct slice path, enum reference_kind kind)
{
	char key[DISCOVER_MAX_REFERENCE + 2];
	path = less_dot_slash(slice_trim(path));
	if (path.len < 4 || path.len > DISCOVER_MAX_REFERENCE || memcmp(path.data, "../", 3) ||
	    memchr(path.data, '\\', path.len) || memchr(path.data, '\0', path.len) ||
	    s->out->references.nr >= DISCOVER_MAX_REFERENCES)
		return;
	key[0] = (char)('0' + kind);
	memcpy(key + 1, path.data, path.len);
	strmap_add(&s->out->references, key, path.len + 1);
}

/* Each part of "a,../b". */
static void add_references(struct scanner *s, struct slice list)
{
	while (list.len) {
		const char *comma = memchr(list.data, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.data) : list.len;
		add_reference(s, (struct slice){ list.data, len }, REFERENCE_FILE);
		len += comma != NULL;
		list.data += len;
		list.len -= len;
	}
}

static void add_included(struct scanner *s, struct slice name)
{
	name = less_dot_slash(slice_trim(name));
	if (name.len && !memchr(name.data, '/', name.len) &&
	    s->out->included.nr < DISCOVER_MAX_REFERENCES)
		strmap_add(&s->out->included, name.data, name.len);
}

/* -- commands ---------------------------------------------------------------------------------- */

static void on_documentclass(struct scanner *s)
{
	struct slice class;
	if (s->past_class)
		return;
	skip_option(s);
	if (!peek_group(s, &class))
		return;
	s->past_class = true;
	s->out->is_manuscript = true;
	for (size_t i = 0; i < ARRAY_SIZE(part_classes); i++)
		if (slice_equals(class, part_classes[i]))
			s->out->is_manuscript = false;
}

static void skip_verbatim(struct scanner *s, size_t which)
{
	char end[64];
	if (s->no_end & 1u << which)
		return;
	int len = snprintf(end, sizeof(end), "\\end{%s}", verbatim_environments[which]);
	const char *found = memmem(s->text + s->at, s->len - s->at, end, (size_t)len);
	if (found)
		s->at = (size_t)(found - s->text) + (size_t)len;
	else
		s->no_end |= 1u << which;
}

static void on_begin(struct scanner *s)
{
	struct slice name;
	if (!peek_group(s, &name))
		return;
	if (slice_equals(name, "document"))
		s->past_class = true;
	for (size_t i = 0; i < ARRAY_SIZE(verbatim_environments); i++) {
		if (slice_equals(name, verbatim_environments[i])) {
			skip_verbatim(s, i);
			return;
		}
	}
}

/* \verb|...| ends on its line. */
static void on_verb(struct scanner *s)
{
	if (s->at < s->len && s->text[s->at] == '*')
		s->at++;
	if (s->at >= s->len || s->text[s->at] == '{' || s->text[s->at] == '\n')
		return;
	char mark = s->text[s->at++];
	while (s->at < s->len && s->text[s->at] != mark && s->text[s->at] != '\n')
		s->at++;
}

static void on_listing(struct scanner *s)
{
	skip_option(s);
	on_verb(s);
}

/* The name stays to be read as any group is: it may lead out. */
static void on_include(struct scanner *s)
{
	struct slice name;
	skip_option(s);
	if (peek_group(s, &name))
		add_included(s, name);
}

/* Plain TeX's "\input name" ends at white space. */
static void on_input(struct scanner *s)
{
	struct slice name;
	skip_space(s);
	if (peek_group(s, &name)) {
		add_included(s, name);
		return;
	}
	size_t start = s->at;
	while (s->at < s->len && s->at - start < DISCOVER_MAX_REFERENCE &&
	       !ascii_space((unsigned char)s->text[s->at]) && !strchr("{}%\\", s->text[s->at]))
		s->at++;
	name = (struct slice){ s->text + start, s->at - start };
	add_included(s, name);
	add_reference(s, name, REFERENCE_FILE);
}

/* \import{folder/}{file} */
static void on_import(struct scanner *s)
{
	struct slice folder, file;
	if (!peek_group(s, &folder))
		return;
	step_over_group(s);
	if (!peek_group(s, &file))
		return;
	struct buffer whole = BUFFER_INIT;
	buffer_add(&whole, folder.data, folder.len);
	if (folder.len && folder.data[folder.len - 1] != '/')
		buffer_addch(&whole, '/');
	buffer_add(&whole, file.data, file.len);
	add_reference(s, slice_of(&whole), REFERENCE_FILE);
	buffer_release(&whole);
}

/* \graphicspath{{../figures/}{./}} */
static void on_graphicspath(struct scanner *s)
{
	struct slice folder;
	skip_space(s);
	if (s->at >= s->len || s->text[s->at] != '{')
		return;
	s->at++;
	while (peek_group(s, &folder)) {
		add_reference(s, folder, REFERENCE_GRAPHICS);
		step_over_group(s);
	}
}

static const struct {
	const char *name;
	void (*act)(struct scanner *s);
} commands[] = {
	{ "documentclass", on_documentclass },
	{ "begin", on_begin },
	{ "verb", on_verb },
	{ "lstinline", on_listing },
	{ "input", on_input },
	{ "include", on_include },
	{ "subfile", on_include },
	{ "subfileinclude", on_include },
	{ "includestandalone", on_include },
	{ "import", on_import },
	{ "subimport", on_import },
	{ "includefrom", on_import },
	{ "subincludefrom", on_import },
	{ "inputfrom", on_import },
	{ "subinputfrom", on_import },
	{ "graphicspath", on_graphicspath },
};

/* At a backslash. */
static void on_command(struct scanner *s)
{
	size_t start = ++s->at;
	while (s->at < s->len && ascii_alpha((unsigned char)s->text[s->at]))
		s->at++;
	if (s->at == start) {
		s->at += s->at < s->len;
		return;
	}
	struct slice name = { s->text + start, s->at - start };
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (slice_equals(name, commands[i].name)) {
			commands[i].act(s);
			return;
		}
	}
}

void tex_scan(struct tex_scan *scan, struct slice text)
{
	struct scanner s = { .text = text.data, .len = text.len, .out = scan };
	struct slice group;
	while (s.at < s.len) {
		switch (s.text[s.at]) {
		case '%':
			skip_comment(&s);
			break;
		case '\\':
			on_command(&s);
			break;
		case '{':
			if (peek_group(&s, &group))
				add_references(&s, group);
			s.at++;
			break;
		default:
			s.at++;
		}
	}
}

void tex_scan_release(struct tex_scan *scan)
{
	strmap_release(&scan->included, NULL);
	strmap_release(&scan->references, NULL);
}
