#include "history/badge.h"

#include "base/json.h"
#include "base/text.h"

/* White on them can be read: a contrast of 4.5 or more. */
static const char *const colors[] = {
	[BADGE_CLEAN] = "1a7f37",
	[BADGE_NOTES] = "0969da",
	[BADGE_WARNINGS] = "9a6700",
	[BADGE_ERRORS] = "cf222e",
	[BADGE_UNKNOWN] = "59636e",
};
#define LABEL_COLOR "3b434b"

#define HEIGHT 20
#define FONT_SIZE 11
#define MARGIN 6

/* Advance widths of Verdana, in thousandths of the font's size, from the blank to the tilde. Other fonts are
 * stretched to them (textLength). */
static const unsigned short widths[] = {
	352,  394, 459, 818, 636, 1076, 727, 269, 454, 454, 636, 818, 364, 454, 364, 454, 636, 636, 636,
	636,  636, 636, 636, 636, 636,  636, 454, 454, 818, 818, 818, 545, 1000, 684, 686, 698, 771, 632,
	575,  775, 751, 421, 455, 693,  557, 843, 748, 787, 603, 787, 695, 684, 616, 732, 684, 989, 685,
	615,  685, 454, 454, 454, 818,  636, 636, 601, 623, 521, 623, 596, 352, 623, 633, 274, 344, 592,
	274,  973, 633, 607, 623, 623,  427, 521, 394, 633, 592, 818, 592, 592, 525, 635, 454, 635, 818,
};

/* S without what cannot be shown, cut; *WIDTH in thousandths of the font's size. */
static void take_text(struct buffer *out, const char *s, unsigned *width)
{
	size_t len = strlen(s), nr = 0;
	uint32_t cp;
	*width = 0;
	for (size_t i = 0; i < len && nr < BADGE_MAX_TEXT; nr++) {
		size_t n = utf8_decode(s + i, len - i, &cp);
		int columns = utf8_width(cp);
		i += n;
		if (cp < ' ' || (cp >= 0x7f && cp < 0xa0) || columns <= 0 || (cp >= 0xfffe && cp <= 0xffff))
			continue;
		utf8_encode(out, cp);
		*width += cp < 0x7f ? widths[cp - ' '] : columns == 2 ? 1000 : 650;
	}
}

static void add_escaped(struct buffer *out, const struct buffer *text)
{
	for (size_t i = 0; i < text->len; i++) {
		switch (text->data[i]) {
		case '<':
			buffer_addstr(out, "&lt;");
			break;
		case '>':
			buffer_addstr(out, "&gt;");
			break;
		case '&':
			buffer_addstr(out, "&amp;");
			break;
		case '"':
			buffer_addstr(out, "&quot;");
			break;
		default:
			buffer_addch(out, text->data[i]);
		}
	}
}

static unsigned pixels(unsigned width)
{
	return (width * FONT_SIZE + 999) / 1000;
}

static void add_text(struct buffer *out, unsigned x, unsigned width, const struct buffer *text)
{
	if (!text->len)
		return;
	buffer_addf(out, "    <text x=\"%u\" y=\"14\" textLength=\"%u\" lengthAdjust=\"spacingAndGlyphs\">", x, width);
	add_escaped(out, text);
	buffer_addstr(out, "</text>\n");
}

void badge_svg(struct buffer *out, const char *label, const char *message, enum badge_color color)
{
	struct buffer left = BUFFER_INIT, right = BUFFER_INIT, whole = BUFFER_INIT;
	unsigned left_width, right_width;
	take_text(&left, label, &left_width);
	take_text(&right, message, &right_width);
	left_width = pixels(left_width);
	right_width = pixels(right_width);
	unsigned split = left.len ? left_width + 2 * MARGIN : 0, end = split + right_width + 2 * MARGIN;
	add_escaped(&whole, &left);
	buffer_addstr(&whole, left.len ? ": " : "");
	add_escaped(&whole, &right);
	buffer_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%d\" role=\"img\" ", end,
		    HEIGHT);
	buffer_addf(out, "aria-label=\"%s\">\n", whole.data);
	buffer_addf(out, "  <title>%s</title>\n", whole.data);
	buffer_addf(out, "  <clipPath id=\"r\"><rect width=\"%u\" height=\"%d\" rx=\"3\"/></clipPath>\n", end, HEIGHT);
	buffer_addstr(out, "  <g clip-path=\"url(#r)\">\n");
	if (split)
		buffer_addf(out, "    <rect width=\"%u\" height=\"%d\" fill=\"#" LABEL_COLOR "\"/>\n", split, HEIGHT);
	buffer_addf(out, "    <rect x=\"%u\" width=\"%u\" height=\"%d\" fill=\"#%s\"/>\n  </g>\n", split, end - split,
		    HEIGHT, colors[color]);
	buffer_addstr(out, "  <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" ");
	buffer_addf(out, "font-size=\"%d\">\n", FONT_SIZE);
	add_text(out, MARGIN, left_width, &left);
	add_text(out, split + MARGIN, right_width, &right);
	buffer_addstr(out, "  </g>\n</svg>\n");
	buffer_release(&left);
	buffer_release(&right);
	buffer_release(&whole);
}

void badge_json(struct buffer *out, const char *label, const char *message, enum badge_color color)
{
	struct json_writer w;
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "schemaVersion", 1);
	json_put_string(&w, "label", label);
	json_put_string(&w, "message", message);
	json_put_string(&w, "color", colors[color]);
	json_end_object(&w);
	buffer_addch(out, '\n');
}
