#include "base/memory.h"
#include "base/text.h"
#include "paper/markdown.h"

#define MAX_TAG 4000

struct tag {
	struct slice name;
	size_t start, end; /* end: behind the > */
	bool closing, empty;
};

static bool name_is(struct slice s, const char *lower)
{
	size_t i = 0;
	while (i < s.len && lower[i] && ascii_lower((unsigned char)s.data[i]) == lower[i])
		i++;
	return i == s.len && !lower[i];
}

static bool name_byte(char c)
{
	return ascii_alnum((unsigned char)c) || c == '-' || c == ':' || c == '_';
}

static bool read_tag(const struct markdown *md, size_t start, struct tag *out)
{
	size_t p = start + 1, stop = md->len - start > MAX_TAG ? start + MAX_TAG : md->len;
	char quote = 0;
	*out = (struct tag){ .start = start };
	if (p < stop && md->data[p] == '/') {
		out->closing = true;
		p++;
	}
	if (p >= stop || !ascii_alpha((unsigned char)md->data[p]))
		return false;
	out->name.data = md->data + p;
	while (p < stop && name_byte(md->data[p]))
		p++;
	out->name.len = (size_t)(md->data + p - out->name.data);
	for (; p < stop; p++) {
		char c = md->data[p];
		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '<') {
			return false;
		} else if (c == '>') {
			out->empty = md->data[p - 1] == '/';
			out->end = p + 1;
			return true;
		}
	}
	return false;
}

/* The value of attribute NAME, without quotes; false if the tag has none. */
static bool find_attribute(const struct markdown *md, const struct tag *tag, const char *name,
			   struct slice *value)
{
	size_t p = (size_t)(tag->name.data - md->data) + tag->name.len, end = tag->end - 1;
	while (p < end) {
		while (p < end && !name_byte(md->data[p]))
			p++;
		struct slice key = { md->data + p, 0 };
		while (p < end && name_byte(md->data[p]))
			p++;
		key.len = (size_t)(md->data + p - key.data);
		*value = (struct slice){ md->data + p, 0 };
		size_t q = p;
		while (q < end && ascii_space((unsigned char)md->data[q]))
			q++;
		if (q < end && md->data[q] == '=') {
			for (q++; q < end && ascii_space((unsigned char)md->data[q]); q++)
				;
			char quote = q < end ? md->data[q] : 0;
			bool quoted = quote == '"' || quote == '\'';
			size_t from = q + quoted;
			for (q = from; q < end; q++)
				if (quoted ? md->data[q] == quote
					   : ascii_space((unsigned char)md->data[q]))
					break;
			*value = (struct slice){ md->data + from, q - from };
			p = q + (q < end);
		}
		if (key.len && name_is(key, name))
			return true;
	}
	return false;
}

/* -- what a style hides ------------------------------------------------------------------------ */

/* The style in lower case without white space, so that it can be searched. */
static char *normal_style(struct slice style)
{
	struct buffer out = BUFFER_INIT;
	buffer_addch(&out, ';');
	for (size_t i = 0; i < style.len; i++)
		if (!ascii_space((unsigned char)style.data[i]))
			buffer_addch(&out, (char)ascii_lower((unsigned char)style.data[i]));
	buffer_addch(&out, ';');
	return buffer_detach(&out, NULL);
}

static bool is_white(const char *color)
{
	static const char *const whites[] = {
		"white;",           "#fff;",        "#ffffff;",
		"#fefefe;",         "#fdfdfd;",     "rgb(255,255,255);",
		"rgba(255,255,255", "transparent;", "snow;",
		"hsl(0,0%,100%);",  "#fff!",        "white!",
		"#ffffff!",
	};
	for (size_t i = 0; i < ARRAY_SIZE(whites); i++)
		if (starts_with(color, whites[i]))
			return true;
	return false;
}

static const char *property(const char *style, const char *name)
{
	const char *at = strstr(style, name);
	return at ? at + strlen(name) : NULL;
}

static const char *style_hides(const char *style)
{
	const char *value;
	if (strstr(style, ";display:none"))
		return "display:none";
	if (strstr(style, ";visibility:hidden"))
		return "visibility:hidden";
	value = property(style, ";opacity:");
	if (value && strtod(value, NULL) <= 0.05)
		return "opacity:0";
	value = property(style, ";font-size:");
	if (value && ascii_digit((unsigned char)*value)) {
		char *unit;
		double size = strtod(value, &unit);
		if (size == 0 || (size < 4 && (starts_with(unit, "px") || starts_with(unit, "pt"))))
			return "tiny text";
	}
	value = property(style, ";color:");
	if (value && is_white(value) && !strstr(style, ";background"))
		return "white text";
	value = property(style, ";left:-");
	if (!value)
		value = property(style, ";text-indent:-");
	if (!value)
		value = property(style, ";top:-");
	if (value && strtod(value, NULL) >= 900)
		return "text off the page";
	return NULL;
}

static const char *tag_hides(const struct markdown *md, const struct tag *tag)
{
	struct slice value;
	const char *how = NULL;
	if (find_attribute(md, tag, "hidden", &value))
		return "hidden attribute";
	if (find_attribute(md, tag, "style", &value)) {
		char *style = normal_style(value);
		how = style_hides(style);
		free(style);
	}
	if (!how && name_is(tag->name, "font") && find_attribute(md, tag, "color", &value)) {
		char *color = normal_style(value);
		how = is_white(color + 1) ? "white text" : NULL;
		free(color);
	}
	return how;
}

/* -- elements ---------------------------------------------------------------------------------- */

static bool is_void(struct slice name)
{
	static const char *const names[] = { "img",  "br",  "hr",   "input", "meta",
					     "link", "wbr", "area", "col",   "source" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (name_is(name, names[i]))
			return true;
	return false;
}

/* The tag that closes OPEN. */
static bool find_close(struct markdown *md, const struct tag *open, struct tag *close)
{
	char *name = xmemdupz(open->name.data, open->name.len);
	size_t depth = 1, p = open->end;
	bool found = false;
	for (char *c = name; *c; c++)
		*c = (char)ascii_lower((unsigned char)*c);
	while (!found && !strmap_has(&md->unclosed, name, strlen(name))) {
		const char *at = p < md->len ? memchr(md->data + p, '<', md->len - p) : NULL;
		if (!at) {
			strmap_add(&md->unclosed, name, strlen(name));
			break;
		}
		p = (size_t)(at - md->data);
		if (read_tag(md, p, close) && name_is(close->name, name)) {
			depth += close->closing ? (size_t)-1 : !close->empty;
			found = !depth;
		}
		p++;
	}
	free(name);
	return found;
}

static size_t hide_element(struct markdown *md, const struct tag *tag, const char *how)
{
	struct tag close;
	if (is_void(tag->name) || tag->empty || !find_close(md, tag, &close))
		return tag->end;
	struct location where = { 0, tag->end, close.start };
	if (slice_trim((struct slice){ md->data + where.start, where.end - where.start }).len)
		reading_hidden(md->r, where, where.start, md->data + where.start,
			       where.end - where.start, how);
	reading_cut(md->r, tag->start, close.end);
	return close.end;
}

static size_t read_comment(struct markdown *md, size_t start)
{
	const char *close =
	    md->no_comment_end ? NULL : memmem(md->data + start + 4, md->len - start - 4, "-->", 3);
	if (!close) {
		md->no_comment_end = true;
		reading_problem(md->r, (struct location){ 0, start, start + 4 },
				"this comment is not closed");
		return start + 4;
	}
	size_t end = (size_t)(close - md->data);
	reading_comment(md->r, (struct location){ 0, start + 4, end }, start + 4, ' ');
	reading_cut(md->r, start, end + 3);
	return end + 3;
}

size_t markdown_html(struct markdown *md, size_t start)
{
	struct tag tag, close;
	struct slice value;
	if (md->len - start >= 7 && !memcmp(md->data + start, "<!--", 4))
		return read_comment(md, start);
	if (!read_tag(md, start, &tag))
		return start;
	if (tag.closing)
		return tag.end;
	if (find_attribute(md, &tag, "id", &value) ||
	    (name_is(tag.name, "a") && find_attribute(md, &tag, "name", &value)))
		markdown_label(md, (size_t)(value.data - md->data),
			       (size_t)(value.data - md->data) + value.len);
	if (name_is(tag.name, "img") && find_attribute(md, &tag, "src", &value))
		markdown_image(md, (size_t)(value.data - md->data),
			       (size_t)(value.data - md->data) + value.len);
	if ((name_is(tag.name, "style") || name_is(tag.name, "script")) &&
	    find_close(md, &tag, &close)) {
		reading_cut(md->r, tag.start, close.end);
		return close.end;
	}
	const char *how = tag_hides(md, &tag);
	return how ? hide_element(md, &tag, how) : tag.end;
}
