#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

#define SMALLEST_VISIBLE 4.0 /* pt */
#define OFF_THE_PAGE 700.0   /* pt; A4 is 842 high and 595 wide */
#define NEARLY_WHITE 0.97
#define NEARLY_TRANSPARENT 0.05

bool tex_has_words(struct slice text, size_t words)
{
	size_t letters = 0;
	for (size_t i = 0; i < text.len && words; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '\\') { /* names of commands are no words */
			while (i + 1 < text.len && ascii_alpha((unsigned char)text.data[i + 1]))
				i++;
			letters = 0;
		} else if (ascii_alpha(c) || c >= 0x80) {
			words -= ++letters == 2;
		} else {
			letters = 0;
		}
	}
	return !words;
}

void tex_hide_range(struct tex *tex, uint32_t file, size_t start, size_t end, size_t flow,
		    size_t flow_end, const char *how)
{
	const char *data = tex->doc->files[file].bytes.data;
	reading_hidden(tex->r, (struct location){ file, start, end }, flow, data + start,
		       end - start, how);
	reading_cut(tex->r, flow, flow_end);
}

/* -- what is hidden ---------------------------------------------------------------------------- */

static bool describe(const struct tex_appearance *a, char *out, size_t size)
{
	bool white = a->white && !a->dark_background;
	bool small = a->size > 0 && a->size < SMALLEST_VISIBLE;
	const char *what = white            ? "white text"
			   : a->transparent ? "transparent text"
			   : a->moved       ? "text off the page"
			   : a->phantom     ? "text in a phantom"
					    : "text";
	*out = '\0';
	if (small)
		snprintf(out, size, "%s %g pt high", what, a->size);
	else if (white || a->transparent || a->moved || a->phantom)
		snprintf(out, size, "%s", what);
	return *out;
}

static bool is_uncertain(const struct tex_appearance *a)
{
	bool otherwise =
	    a->transparent || a->moved || a->phantom || (a->size > 0 && a->size < SMALLEST_VISIBLE);
	return a->unsure_background && !otherwise;
}

void tex_hidden_init(struct tex *tex)
{
	buffer_init(&tex->hiding.text, READING_MAX_HIDDEN);
	strmap_at(&tex->colors, "white", 5)[0] = (void *)(uintptr_t)(TEX_TRUE + 1);
}

void tex_hidden_finish(struct tex *tex)
{
	struct tex_hiding *h = &tex->hiding;
	h->active = false;
	struct slice text = slice_of(&h->text);
	struct location where = h->in_source ? h->where : h->call;
	if (h->in_source) {
		text.data = tex->doc->files[where.file].bytes.data + where.start;
		text.len = where.end - where.start;
	}
	bool phantom = strstr(h->how, "phantom") != NULL;
	if (tex_has_words(slice_of(&h->text), phantom ? 2 : 1)) {
		struct item *item =
		    reading_hidden(tex->r, where, h->in_source ? h->flow_start : h->call_flow,
				   text.data, text.len, h->how);
		if (item) {
			item->uncertain = h->uncertain;
			item->from_macro = !h->in_source;
			item->conditional = tex->undecided;
		}
		if (h->in_source && !h->uncertain)
			reading_cut(tex->r, h->flow_start, h->flow_end);
	}
	buffer_reset(&h->text);
}

void tex_appearance_changed(struct tex *tex, const struct tex_token *at)
{
	struct tex_hiding *h = &tex->hiding;
	char how[sizeof(h->how)];
	struct tex_frame *file = tex_file(tex);
	bool wanted = describe(&tex->appearance, how, sizeof(how)) && tex->in_document &&
		      !tex->quiet && !(file && file->is_package);
	if (!wanted) {
		if (h->active && at && h->in_source) { /* what brought the end is no part of it */
			h->where.end = h->end_before;
			h->flow_end = h->flow_end_before;
		}
		if (h->active)
			tex_hidden_finish(tex);
		return;
	}
	if (h->active && tex_has_words(slice_of(&h->text), 1))
		return;
	h->active = true;
	h->in_source = false;
	h->call = (struct location){ 0, 0, 0 };
	h->call_flow = NO_FLOW;
	buffer_reset(&h->text);
	h->uncertain = is_uncertain(&tex->appearance);
	memcpy(h->how, how, sizeof(how));
}

void tex_hidden_token(struct tex *tex, const struct tex_token *token)
{
	struct tex_hiding *h = &tex->hiding;
	if (token->kind == TEX_ACTION || (token->kind == TEX_END && !h->in_source))
		return;
	bool blank = token->kind == TEX_SPACE || token->kind == TEX_PAR;
	h->end_before = h->where.end;
	h->flow_end_before = h->flow_end;
	if (token->kind != TEX_BEGIN && token->kind != TEX_END)
		tex_add_token_text(tex, &h->text, token);
	if (h->call_flow == NO_FLOW) {
		h->call = tex_where(token);
		h->call_flow = token->flow;
	}
	if (token->flags & TEX_FROM_BODY || blank || token->kind == TEX_BEGIN ||
	    token->kind == TEX_END)
		return;
	size_t flow_end = token->flow + (token->end - token->start);
	if (!h->in_source) {
		h->in_source = true;
		h->where = tex_where(token);
		h->flow_start = token->flow;
		h->flow_end = flow_end;
		h->end_before = token->start;
		h->flow_end_before = token->flow;
		return;
	}
	if (token->file == h->where.file && token->end > h->where.end)
		h->where.end = token->end;
	if (flow_end > h->flow_end)
		h->flow_end = flow_end;
}

void tex_hidden_boundary(struct tex *tex, const struct tex_token *at)
{
	struct tex_appearance *a = &tex->appearance;
	if (at->kind == TEX_PAR && a->until_paragraph) {
		a->moved = a->until_paragraph = false;
		tex_appearance_changed(tex, at);
	} else if (at->kind == TEX_CHAR && at->value == ';' && a->until_semicolon) {
		a->transparent = a->until_semicolon = false;
		tex_appearance_changed(tex, at);
	}
}

/* -- colours ----------------------------------------------------------------------------------- */

static double number_at(const char **p)
{
	char *end;
	while (ascii_space((unsigned char)**p) || **p == ',')
		++*p;
	double value = strtod(*p, &end);
	if (end == *p)
		value = -1;
	*p = end;
	return value;
}

static bool all_between(const char *spec, size_t count, double least, double most)
{
	for (size_t i = 0; i < count; i++) {
		double value = number_at(&spec);
		if (value < least || value > most)
			return false;
	}
	return true;
}

static bool html_is_white(const char *spec)
{
	unsigned long value = strtoul(spec, NULL, 16);
	return strlen(spec) >= 6 && (value >> 16 & 0xff) >= 0xf8 && (value >> 8 & 0xff) >= 0xf8 &&
	       (value & 0xff) >= 0xf8;
}

/* A name, or xcolor's mixture "black!3": three per cent black and the rest white. */
static bool name_is_white(struct tex *tex, const char *spec)
{
	size_t len = strcspn(spec, "!");
	bool white = strmap_get(&tex->colors, spec, len) == (void *)(uintptr_t)(TEX_TRUE + 1);
	if (!spec[len])
		return white;
	double percent = strtod(spec + len + 1, NULL);
	const char *second = strchr(spec + len + 1, '!');
	bool second_white = !second || name_is_white(tex, second + 1);
	if (white)
		return percent >= 100 * NEARLY_WHITE || second_white;
	return second_white && percent <= 100 * (1 - NEARLY_WHITE);
}

static bool color_is_white(struct tex *tex, const char *model, const char *spec)
{
	static const struct {
		const char *model;
		size_t count;
		double least, most;
	} models[] = {
		{ "rgb", 3, NEARLY_WHITE, 1 },      { "RGB", 3, 248, 255 },
		{ "gray", 1, NEARLY_WHITE, 1 },     { "Gray", 1, 15, 15 },
		{ "cmyk", 4, 0, 1 - NEARLY_WHITE }, { "cmy", 3, 0, 1 - NEARLY_WHITE },
	};
	while (ascii_space((unsigned char)*spec))
		spec++;
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i].model, model))
			return all_between(spec, models[i].count, models[i].least, models[i].most);
	if (!strcmp(model, "HTML"))
		return html_is_white(*spec == '#' ? spec + 1 : spec);
	return name_is_white(tex, spec);
}

/* Reads [model]{colour}; false if there is none. */
static bool read_color(struct tex *tex, bool *white, const struct tex_token *at)
{
	struct tex_tokens option = { NULL, 0, 0 };
	struct buffer model = BUFFER_INIT_MAX(200), spec = BUFFER_INIT_MAX(200);
	tex_optional(tex, '[', ']', &option, at);
	tex_write_tokens(tex, &model, option.items, option.nr);
	bool found = tex_string(tex, &spec, at);
	*white = found && color_is_white(tex, model.data, spec.data);
	tex_tokens_release(&option);
	buffer_release(&model);
	buffer_release(&spec);
	return found;
}

TEX_HANDLER(tex_do_color)
{
	bool white;
	(void)cmd;
	if (read_color(tex, &white, at)) {
		tex->appearance.white = white;
		tex_appearance_changed(tex, at);
	}
}

TEX_HANDLER(tex_do_textcolor)
{
	bool white;
	(void)cmd;
	if (read_color(tex, &white, at) && tex_open_group(tex)) {
		tex->appearance.white = white;
		tex_appearance_changed(tex, at);
	}
}

bool tex_white_follows(struct tex *tex, const struct tex_token *at)
{
	bool white;
	return read_color(tex, &white, at) && white;
}

static void set_color(struct tex *tex, const struct buffer *name, bool white)
{
	*strmap_at(&tex->colors, name->data, name->len) =
	    (void *)(uintptr_t)((white ? TEX_TRUE : TEX_FALSE) + 1);
}

/* \definecolor{name}{model}{spec} */
TEX_HANDLER(tex_do_definecolor)
{
	struct buffer name = BUFFER_INIT_MAX(200), model = BUFFER_INIT_MAX(200),
		      spec = BUFFER_INIT_MAX(200);
	tex_skip_arguments(tex, cmd->arguments, at);
	if (tex_string(tex, &name, at) && tex_string(tex, &model, at) && tex_string(tex, &spec, at))
		set_color(tex, &name, color_is_white(tex, model.data, spec.data));
	buffer_release(&name);
	buffer_release(&model);
	buffer_release(&spec);
}

TEX_HANDLER(tex_do_colorlet)
{
	struct buffer name = BUFFER_INIT_MAX(200), spec = BUFFER_INIT_MAX(200);
	(void)cmd;
	tex_skip_arguments(tex, "o", at);
	tex_string(tex, &name, at);
	tex_skip_arguments(tex, "o", at);
	if (tex_string(tex, &spec, at))
		set_color(tex, &name, color_is_white(tex, "", spec.data));
	buffer_release(&name);
	buffer_release(&spec);
}

/* parameter 1: the frame's colour comes first */
TEX_HANDLER(tex_do_colorbox)
{
	bool white, frame;
	if (cmd->parameter == 1)
		read_color(tex, &frame, at);
	if (read_color(tex, &white, at) && tex_open_group(tex)) {
		tex->appearance.dark_background = !white;
		tex_appearance_changed(tex, at);
	}
}

/* The colour behind what follows in this group; arguments: what comes first */
TEX_HANDLER(tex_do_background)
{
	bool white;
	tex_skip_arguments(tex, cmd->arguments, at);
	if (read_color(tex, &white, at) && !white) {
		tex->appearance.dark_background = true;
		tex_appearance_changed(tex, at);
	}
}

/* -- sizes ------------------------------------------------------------------------------------- */

/* A length in points; false when it depends on something. */
static bool parse_length(const char *s, double *pt)
{
	static const struct {
		const char *unit;
		double pt;
	} units[] = {
		{ "pt", 1 },     { "bp", 1.00375 }, { "mm", 2.84528 },     { "cm", 28.4528 },
		{ "in", 72.27 }, { "pc", 12 },      { "sp", 1.0 / 65536 }, { "em", 10 },
		{ "ex", 4.3 },   { "px", 1.00375 }, { "dd", 1.07 },        { "cc", 12.84 },
	};
	char *end;
	*pt = strtod(s, &end);
	if (end == s)
		return false;
	while (*end == ' ')
		end++;
	if (!*end)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strncmp(end, units[i].unit, 2)) {
			*pt *= units[i].pt;
			return true;
		}
	}
	return false;
}

static bool read_length(struct tex *tex, double *pt, const struct tex_token *at)
{
	struct buffer text = BUFFER_INIT_MAX(200);
	bool found = tex_string(tex, &text, at) && parse_length(text.data, pt);
	buffer_release(&text);
	return found;
}

bool tex_tiny_follows(struct tex *tex, const struct tex_token *at)
{
	double size;
	bool known = read_length(tex, &size, at);
	tex_skip_arguments(tex, "m", at);
	return known && size >= 0 && size < SMALLEST_VISIBLE;
}

TEX_HANDLER(tex_do_fontsize)
{
	double size;
	(void)cmd;
	bool known = read_length(tex, &size, at);
	tex_skip_arguments(tex, "m", at);
	tex->appearance.size = known && size >= 0 ? (size > 0.001 ? size : 0.001) : 0;
	tex_appearance_changed(tex, at);
}

/* \normalsize and its kin: every one can be read */
TEX_HANDLER(tex_do_size)
{
	(void)cmd;
	tex->appearance.size = 0;
	tex_appearance_changed(tex, at);
}

static double magnitude(double x)
{
	return x < 0 ? -x : x;
}

static void open_scaled(struct tex *tex, double size, const struct tex_token *at)
{
	if (tex_open_group(tex) && size >= 0 && size < SMALLEST_VISIBLE) {
		tex->appearance.size = size > 0.001 ? size : 0.001;
		tex_appearance_changed(tex, at);
	}
}

/* Text of a paper is some 10 pt high. Figures are scaled, too: only what nobody could read counts.
 */
TEX_HANDLER(tex_do_scalebox)
{
	double factor = 1;
	(void)cmd;
	bool known = read_length(tex, &factor, at);
	tex_skip_arguments(tex, "o", at);
	factor = magnitude(factor);
	open_scaled(tex, known && factor < 0.1 ? 10 * factor : -1, at);
}

TEX_HANDLER(tex_do_resizebox)
{
	double width, height, size = -1;
	(void)cmd;
	tex_star(tex, '*');
	if (read_length(tex, &width, at) && magnitude(width) < SMALLEST_VISIBLE)
		size = magnitude(width);
	if (read_length(tex, &height, at) && magnitude(height) < SMALLEST_VISIBLE)
		size = magnitude(height);
	open_scaled(tex, size, at);
}

/* -- opacity and place ------------------------------------------------------------------------- */

/* parameter 1: the text comes as an argument */
TEX_HANDLER(tex_do_opacity)
{
	double opacity;
	bool known = read_length(tex, &opacity, at);
	if (cmd->parameter == 1 && !tex_open_group(tex))
		return;
	tex->appearance.transparent = known && opacity <= NEARLY_TRANSPARENT;
	tex_appearance_changed(tex, at);
}

TEX_HANDLER(tex_do_phantom)
{
	(void)cmd;
	if (tex_open_group(tex)) {
		tex->appearance.phantom = true;
		tex_appearance_changed(tex, at);
	}
}

/* \kern-1000pt: a length without braces */
static bool read_bare_length(struct tex *tex, double *pt)
{
	struct buffer text = BUFFER_INIT_MAX(100);
	struct tex_token token;
	for (size_t letters = 0; letters < 2 && text.len < 40 && tex_next(tex, &token);) {
		if (token.kind != TEX_CHAR) {
			tex_unread(tex, &token);
			break;
		}
		letters += ascii_alpha((int)token.value);
		buffer_addch(&text, (char)token.value);
	}
	bool known = parse_length(text.data, pt);
	buffer_release(&text);
	return known;
}

/* parameter 1: a length without braces, as TeX's primitives take it */
TEX_HANDLER(tex_do_space)
{
	double length;
	tex_star(tex, '*');
	bool known =
	    cmd->parameter == 1 ? read_bare_length(tex, &length) : read_length(tex, &length, at);
	if (!known || magnitude(length) < OFF_THE_PAGE)
		return;
	/* There and back again is a common trick, and hides nothing that follows. */
	tex->appearance.moved = tex->appearance.until_paragraph = !tex->appearance.moved;
	tex_appearance_changed(tex, at);
}

TEX_HANDLER(tex_do_raisebox)
{
	double length;
	(void)cmd;
	bool known = read_length(tex, &length, at);
	tex_skip_arguments(tex, "oo", at);
	if (tex_open_group(tex) && known && magnitude(length) >= OFF_THE_PAGE) {
		tex->appearance.moved = true;
		tex_appearance_changed(tex, at);
	}
}

/* \put(x,y){text} */
TEX_HANDLER(tex_do_put)
{
	struct tex_tokens place = { NULL, 0, 0 };
	struct buffer text = BUFFER_INIT_MAX(200);
	(void)cmd;
	if (tex_optional(tex, '(', ')', &place, at)) {
		tex_write_tokens(tex, &text, place.items, place.nr);
		const char *p = text.data;
		double x = number_at(&p), y = number_at(&p);
		if (tex_open_group(tex) &&
		    (magnitude(x) > 3 * OFF_THE_PAGE || magnitude(y) > 3 * OFF_THE_PAGE)) {
			tex->appearance.moved = true;
			tex_appearance_changed(tex, at);
		}
	}
	tex_tokens_release(&place);
	buffer_release(&text);
}

/* \node[opacity=0]{...}; up to the semicolon */
TEX_HANDLER(tex_do_drawing_options)
{
	static const char *const names[] = { "opacity", "text opacity" };
	struct tex_tokens options = { NULL, 0, 0 }, value = { NULL, 0, 0 };
	(void)cmd;
	if (tex_in_environment(tex, TEX_ENVIRONMENT_DRAWING) &&
	    tex_optional(tex, '[', ']', &options, at)) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct buffer text = BUFFER_INIT_MAX(100);
			double opacity;
			value.nr = 0;
			if (tex_option_value(tex, &options, names[i], &value)) {
				tex_write_tokens(tex, &text, value.items, value.nr);
				if (parse_length(text.data, &opacity) &&
				    opacity <= NEARLY_TRANSPARENT)
					tex->appearance.transparent =
					    tex->appearance.until_semicolon = true;
			}
			buffer_release(&text);
		}
		tex_appearance_changed(tex, at);
	}
	tex_tokens_release(&options);
	tex_tokens_release(&value);
}
