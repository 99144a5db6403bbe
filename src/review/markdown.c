#include "base/memory.h"
#include "base/text.h"
#include "review/report_parts.h"

#define CUT_MARK " [\xe2\x80\xa6]"

/* S without control bytes, its white space collapsed to single spaces when ONE_LINE. */
static char *presentable(const char *s, size_t max, bool one_line, bool *cut)
{
	struct buffer clean = BUFFER_INIT, flat = BUFFER_INIT;
	size_t len;

	*cut = cut_text(s, max, &len);
	text_for_terminal(&clean, s, len, true);
	if (!one_line) {
		buffer_release(&flat);
		return buffer_detach(&clean, NULL);
	}
	struct slice t = slice_trim(slice_of(&clean));
	for (size_t i = 0; i < t.len; i++) {
		bool space = ascii_space((unsigned char)t.data[i]);
		if (!space)
			buffer_addch(&flat, t.data[i]);
		else if (flat.len && flat.data[flat.len - 1] != ' ')
			buffer_addch(&flat, ' ');
	}
	buffer_release(&clean);
	return buffer_detach(&flat, NULL);
}

/* A zero-width space, as an entity so that it can be seen in the file: keeps renderers from making
 * links and mentions of plain text. */
#define BREAK_LINK "&#8203;"

/* What would start a list, heading, quotation or rule at the beginning of a block. */
static size_t escape_start(struct buffer *out, const char *s)
{
	size_t digits = strspn(s, "0123456789");
	bool starts = !out->len || out->data[out->len - 1] == '\n' ||
		      (out->len >= 2 && !memcmp(out->data + out->len - 2, "- ", 2));

	if (!starts)
		return 0;
	if (digits && digits < 10 && (s[digits] == '.' || s[digits] == ')')) {
		buffer_add(out, s, digits);
		buffer_addf(out, "\\%c", s[digits]);
		return digits + 1;
	}
	if (*s && strchr("-+=#>", *s)) {
		buffer_addf(out, "\\%c", *s);
		return 1;
	}
	return 0;
}

/* Whether the punctuation at P would be markup where it stands. */
static bool needs_escape(const char *p, const char *start)
{
	unsigned char before = p > start ? (unsigned char)p[-1] : 0, after = (unsigned char)p[1];

	switch (*p) {
	case '<':
		return ascii_alpha(after) || (after && strchr("/!?", after));
	case '&':
		return ascii_alpha(after) || after == '#';
	case '_': /* within a word it is none */
		return !ascii_alnum(before) || !ascii_alnum(after);
	default:
		return strchr("\\`*[]|~$", *p) != NULL;
	}
}

/* Words that renderers make links of, and how many bytes of them stand before the break. */
static const struct link {
	const char *text;
	size_t before;
} links[] = {
	{ "://", 1 }, { "www.", 3 }, { "mailto:", 6 }, { "xmpp:", 4 }, { "GH-", 2 }, { "@", 1 },
};

static size_t break_link(struct buffer *out, const char *p)
{
	/* issues; of GitLab merge requests and epics, too */
	if (strchr("#!&", *p) && ascii_digit((unsigned char)p[1])) {
		buffer_addch(out, *p);
		buffer_addstr(out, BREAK_LINK);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		size_t n = strlen(links[i].text);
		if (strncasecmp(p, links[i].text, n))
			continue;
		buffer_add(out, p, links[i].before);
		buffer_addstr(out, BREAK_LINK);
		buffer_add(out, p + links[i].before, n - links[i].before);
		return n;
	}
	return 0;
}

/* `code` stays code. A bar in it could end a table's cell. */
static size_t keep_code(struct buffer *out, const char *p)
{
	size_t n = strcspn(p + 1, "`|");

	if (*p != '`' || !n || p[n + 1] != '`' || p[n + 2] == '`')
		return 0;
	buffer_add(out, p, n + 2);
	return n + 2;
}

void markdown_text(struct buffer *out, const char *s, size_t max)
{
	bool cut;
	char *flat = presentable(s, max, true, &cut);
	const char *p = flat + escape_start(out, flat);

	while (*p) {
		size_t n = p > flat && p[-1] == '`' ? 0 : keep_code(out, p);
		if (!n)
			n = break_link(out, p);
		if (!n && needs_escape(p, flat))
			buffer_addch(out, '\\');
		if (!n)
			buffer_add(out, p, n = 1);
		p += n;
	}
	if (cut)
		buffer_addstr(out, CUT_MARK);
	free(flat);
}

/* The longest run of backticks in S. */
static size_t longest_fence(const char *s)
{
	size_t longest = 0;

	while (*s) {
		size_t n = strspn(s, "`");
		longest = n > longest ? n : longest;
		s += n ? n : 1;
	}
	return longest;
}

static void add_fence(struct buffer *out, size_t n)
{
	while (n--)
		buffer_addch(out, '`');
}

void markdown_code(struct buffer *out, const char *s)
{
	bool cut;
	char *flat = presentable(s, 200, true, &cut);
	size_t len = strlen(flat), fence = longest_fence(flat) + 1;
	bool pad = len && (flat[0] == '`' || flat[len - 1] == '`');

	if (len) {
		add_fence(out, fence);
		buffer_addstr(out, pad ? " " : "");
		buffer_add(out, flat, len);
		buffer_addstr(out, pad ? " " : "");
		add_fence(out, fence);
	}
	if (cut)
		buffer_addstr(out, CUT_MARK);
	free(flat);
}

void markdown_block(struct buffer *out, const char *s, const char *language, size_t max)
{
	bool cut;
	char *text = presentable(s, max, false, &cut);
	size_t fence = longest_fence(text) + 1;

	fence = fence < 3 ? 3 : fence;
	add_fence(out, fence);
	buffer_addf(out, "%s\n%s%s\n", language, text, cut ? CUT_MARK : "");
	add_fence(out, fence);
	buffer_addch(out, '\n');
	free(text);
}
