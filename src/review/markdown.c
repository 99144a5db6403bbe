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

/* What would start a list, heading or rule at the beginning of a line. */
static size_t escape_start(struct buffer *out, const char *s)
{
	size_t digits = strspn(s, "0123456789");

	if (digits && digits < 10 && (s[digits] == '.' || s[digits] == ')')) {
		buffer_add(out, s, digits);
		buffer_addf(out, "\\%c", s[digits]);
		return digits + 1;
	}
	if (*s && strchr("-+=", *s)) {
		buffer_addf(out, "\\%c", *s);
		return 1;
	}
	return 0;
}

void markdown_text(struct buffer *out, const char *s, size_t max)
{
	static const struct {
		const char *text;
		const char *escaped;
	} links[] = {
		{ "://", ":" BREAK_LINK "//" },
		{ "www.", "www" BREAK_LINK "." },
		{ "WWW.", "WWW" BREAK_LINK "." },
		{ "mailto:", "mailto" BREAK_LINK ":" },
		{ "xmpp:", "xmpp" BREAK_LINK ":" },
		{ "GH-", "GH" BREAK_LINK "-" },
		{ "@", "@" BREAK_LINK },
	};
	bool cut;
	char *flat = presentable(s, max, true, &cut);

	for (const char *p = flat + escape_start(out, flat); *p;) {
		size_t i, n = 0;
		for (i = 0; i < ARRAY_SIZE(links); i++) {
			n = strlen(links[i].text);
			if (!strncasecmp(p, links[i].text, n))
				break;
		}
		if (i < ARRAY_SIZE(links)) {
			/* as written, but for the break */
			const char *mark = strstr(links[i].escaped, BREAK_LINK);
			size_t before = (size_t)(mark - links[i].escaped);
			buffer_add(out, p, before);
			buffer_addstr(out, BREAK_LINK);
			buffer_add(out, p + before, n - before);
			p += n;
		} else if (*p == '#' && ascii_digit((unsigned char)p[1])) {
			buffer_addstr(out, "#" BREAK_LINK);
			p++;
		} else {
			if (strchr("\\`*_[]<>|~&#$", *p))
				buffer_addch(out, '\\');
			buffer_addch(out, *p++);
		}
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

void markdown_code(struct buffer *out, const char *s, bool in_table)
{
	bool cut;
	char *flat = presentable(s, 200, true, &cut);
	size_t len = strlen(flat), fence = longest_fence(flat) + 1;
	bool pad = len && (flat[0] == '`' || flat[len - 1] == '`');

	if (len) {
		add_fence(out, fence);
		buffer_addstr(out, pad ? " " : "");
		for (const char *p = flat; *p; p++) {
			if (*p == '|' && in_table)
				buffer_addch(out, '\\');
			buffer_addch(out, *p);
		}
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
