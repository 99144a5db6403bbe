#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* In the text of an author field: what separates authors, and what ends a line. */
#define NEXT_AUTHOR '\x1e'
#define NEXT_LINE '\x1f'

enum plain_mode { PLAIN_TEXT, PLAIN_AUTHORS };

struct plain {
	struct buffer out;
	enum plain_mode mode;
	bool in_math;
	size_t depth;
	size_t hidden_depth; /* the group whose text nobody sees; 0: all is seen */
};

/* -- accents and symbols ----------------------------------------------------------------------- */

/* An accent, its combining character, and the letters it makes: letter, result, letter, ... */
static const struct accent {
	const char *name;
	uint32_t combining;
	const char *letters;
} accents[] = {
	{ "'", 0x301, "aáeéiíoóuúyýcćnńsśzźlĺrŕAÁEÉIÍOÓUÚYÝCĆNŃSŚZŹLĹRŔ" },
	{ "`", 0x300, "aàeèiìoòuùAÀEÈIÌOÒUÙ" },
	{ "^", 0x302, "aâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷAÂEÊIÎOÔUÛCĈGĜSŜWŴYŶ" },
	{ "\"", 0x308, "aäeëiïoöuüyÿAÄEËIÏOÖUÜ" },
	{ "~", 0x303, "aãnñoõiĩuũAÃNÑOÕIĨUŨ" },
	{ "=", 0x304, "aāeēiīoōuūAĀEĒIĪOŌUŪ" },
	{ ".", 0x307, "cċeėgġzżIİCĊEĖGĠZŻ" },
	{ "u", 0x306, "aăeĕgğiĭoŏuŭAĂEĔGĞIĬOŎUŬ" },
	{ "v", 0x30c, "cčdďeěnňrřsštťzžgǧaǎiǐoǒuǔCČDĎEĚNŇRŘSŠTŤZŽGǦ" },
	{ "H", 0x30b, "oőuűOŐUŰ" },
	{ "c", 0x327, "cçsşgģkķlļnņrŗtţCÇSŞGĢKĶLĻNŅRŖTŢ" },
	{ "k", 0x328, "aąeęiįuųAĄEĘIĮUŲ" },
	{ "r", 0x30a, "aåuůAÅUŮ" },
	{ "d", 0x323, "aạeẹhḥiịoọsṣtṭuụAẠHḤSṢTṬ" },
	{ "b", 0x331, "bḇdḏlḻnṉrṟtṯ" },
};

static const struct symbol {
	const char *name;
	const char *text;
} symbols[] = {
	{ "ss", "ß" },
	{ "ae", "æ" },
	{ "AE", "Æ" },
	{ "oe", "œ" },
	{ "OE", "Œ" },
	{ "o", "ø" },
	{ "O", "Ø" },
	{ "aa", "å" },
	{ "AA", "Å" },
	{ "l", "ł" },
	{ "L", "Ł" },
	{ "i", "ı" },
	{ "j", "ȷ" },
	{ "dh", "ð" },
	{ "th", "þ" },
	{ "DH", "Ð" },
	{ "TH", "Þ" },
	{ "dj", "đ" },
	{ "DJ", "Đ" },
	{ "&", "&" },
	{ "%", "%" },
	{ "$", "$" },
	{ "#", "#" },
	{ "_", "_" },
	{ "{", "{" },
	{ "}", "}" },
	{ " ", " " },
	{ ",", " " },
	{ ";", " " },
	{ ":", " " },
	{ "!", "" },
	{ "/", "" },
	{ "-", "" },
	{ "@", "" },
	{ "quad", " " },
	{ "qquad", " " },
	{ "enspace", " " },
	{ "space", " " },
	{ "thinspace", " " },
	{ "ldots", "…" },
	{ "dots", "…" },
	{ "textellipsis", "…" },
	{ "textendash", "–" },
	{ "textemdash", "—" },
	{ "textasciitilde", "~" },
	{ "textbackslash", "\\" },
	{ "textunderscore", "_" },
	{ "textquotesingle", "'" },
	{ "textquoteright", "’" },
	{ "textquoteleft", "‘" },
	{ "textquotedblleft", "“" },
	{ "textquotedblright", "”" },
	{ "copyright", "©" },
	{ "textregistered", "®" },
	{ "texttrademark", "™" },
	{ "S", "§" },
	{ "P", "¶" },
	{ "pounds", "£" },
	{ "euro", "€" },
	{ "texteuro", "€" },
	{ "textdegree", "°" },
	{ "degree", "°" },
	{ "textmu", "µ" },
	{ "TeX", "TeX" },
	{ "LaTeX", "LaTeX" },
	{ "LaTeXe", "LaTeX2e" },
	{ "BibTeX", "BibTeX" },
	{ "par", "\n\n" },
	{ "newline", " " },
	{ "linebreak", " " },
	{ "textbar", "|" },
	{ "textless", "<" },
	{ "textgreater", ">" },
};

/* What is left out with its arguments (see tex_skip_arguments). */
static const struct dropped {
	const char *name;
	const char *arguments;
} dropped[] = {
	{ "thanks", "m" },
	{ "footnote", "om" },
	{ "footnotemark", "o" },
	{ "footnotetext", "om" },
	{ "thanksref", "m" },
	{ "tnoteref", "m" },
	{ "tnotetext", "om" },
	{ "label", "om" },
	{ "vspace", "sm" },
	{ "hspace", "sm" },
	{ "vskip", "" },
	{ "inst", "m" },
	{ "altaffilmark", "m" },
	{ "altaffiltext", "mm" },
	{ "affiliation", "m" },
	{ "affil", "om" },
	{ "email", "m" },
	{ "emailAdd", "m" },
	{ "ead", "om" },
	{ "orcid", "m" },
	{ "orcidlink", "m" },
	{ "orcidID", "m" },
	{ "corref", "m" },
	{ "fnref", "m" },
	{ "fnmsep", "" },
	{ "corauthref", "m" },
	{ "textsuperscript", "m" },
	{ "IEEEauthorblockA", "m" },
	{ "IEEEauthorrefmark", "m" },
	{ "IEEEmembership", "m" },
	{ "IEEEcompsocitemizethanks", "m" },
	{ "institute", "m" },
	{ "address", "om" },
	{ "cite", "soom" },
	{ "citep", "soom" },
	{ "citet", "soom" },
	{ "citealp", "soom" },
	{ "parencite", "soom" },
	{ "textcite", "soom" },
	{ "autocite", "soom" },
	{ "ref", "sm" },
	{ "eqref", "m" },
	{ "cref", "sm" },
	{ "Cref", "sm" },
	{ "autoref", "sm" },
	{ "href", "m" },
	{ "phantom", "m" },
	{ "vphantom", "m" },
	{ "hphantom", "m" },
	{ "includegraphics", "oom" },
	{ "raisebox", "moo" },
	{ "markboth", "mm" },
	{ "index", "m" },
	{ "pdfbookmark", "omm" },
	{ "texorpdfstring", "" },
	{ "icmlEqualContribution", "" },
	{ "marginpar", "m" },
	{ "todo", "om" },
	{ "glsadd", "m" },
	{ "hypertarget", "m" },
	{ "hyperlink", "m" },
	{ "begin", "m" },
	{ "end", "m" },
	{ "setcounter", "mm" },
	{ "setlength", "mm" },
	{ "rule", "omm" },
	{ "protect", "" },
	{ "authornote", "m" },
	{ "authornotemark", "o" },
	{ "equalcont", "m" },
	{ "scalebox", "mo" },
	{ "resizebox", "mm" },
	{ "parbox", "om" },
	{ "makebox", "oo" },
	{ "newcommand", "smoom" },
	{ "hskip", "" },
};

static void add_accented(struct buffer *out, const struct accent *accent,
			 const struct buffer *letter)
{
	const char *base = letter->data;
	/* The letters without a dot were made to carry accents. */
	if (!strcmp(base, "ı"))
		base = "i";
	else if (!strcmp(base, "ȷ"))
		base = "j";
	size_t base_len = strlen(base);
	const char *p = accent->letters, *end = p + strlen(p);
	while (p < end && base_len) {
		uint32_t from, to;
		size_t from_len = utf8_decode(p, (size_t)(end - p), &from);
		const char *result = p + from_len;
		size_t to_len = utf8_decode(result, (size_t)(end - result), &to);
		if (base_len >= from_len && !memcmp(base, p, from_len)) {
			utf8_encode(out, to);
			buffer_addstr(out, base + from_len);
			return;
		}
		p = result + to_len;
	}
	uint32_t first;
	size_t len = base_len ? utf8_decode(base, base_len, &first) : 0;
	buffer_add(out, base, len);
	if (len)
		utf8_encode(out, accent->combining);
	buffer_addstr(out, base + len);
}

/* -- tokens to text ---------------------------------------------------------------------------- */

static void read_plain(struct tex *tex, struct plain *p, const struct tex_tokens *tokens);

static bool plain_accent(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	const char *name = tex_name_of(tex, token->value);
	for (size_t i = 0; i < ARRAY_SIZE(accents); i++) {
		if (strcmp(accents[i].name, name))
			continue;
		struct tex_tokens argument = { NULL, 0, 0 };
		struct plain letter = { .out = BUFFER_INIT_MAX(1000) };
		if (tex_argument(tex, &argument, token) && argument.nr < 100) {
			read_plain(tex, &letter, &argument);
			add_accented(&p->out, &accents[i], &letter.out);
		}
		buffer_release(&letter.out);
		tex_tokens_release(&argument);
		return true;
	}
	return false;
}

static bool plain_symbol(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	const char *name = tex_name_of(tex, token->value);
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (!strcmp(symbols[i].name, name)) {
			buffer_addstr(&p->out, symbols[i].text);
			return true;
		}
	}
	return false;
}

static bool plain_dropped(struct tex *tex, const struct tex_token *token)
{
	const char *name = tex_name_of(tex, token->value);
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		if (!strcmp(dropped[i].name, name)) {
			tex_skip_arguments(tex, dropped[i].arguments, token);
			return true;
		}
	}
	return false;
}

static bool plain_separator(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	static const char *const between[] = { "and",  "And",   "AND",
					       "quad", "qquad", "IEEEauthorblockN",
					       "hfill" };
	const char *name = tex_name_of(tex, token->value);
	if (!strcmp(name, "\\") || !strcmp(name, "newline")) {
		tex_star(tex, '*');
		tex_skip_arguments(tex, "o", token);
		buffer_addch(&p->out, p->mode == PLAIN_AUTHORS ? NEXT_LINE : ' ');
		return true;
	}
	for (size_t i = 0; p->mode == PLAIN_AUTHORS && i < ARRAY_SIZE(between); i++) {
		if (!strcmp(between[i], name)) {
			buffer_addch(&p->out, NEXT_AUTHOR);
			return true;
		}
	}
	return false;
}

/* \texorpdfstring{TeX}{plain}: the second */
static bool plain_choice(struct tex *tex, const struct tex_token *token)
{
	if (strcmp(tex_name_of(tex, token->value), "texorpdfstring"))
		return false;
	tex_skip_arguments(tex, "m", token);
	return true;
}

/* Declarations that hide the rest of their group, or their argument. */
static bool plain_hiding(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	const char *name = tex_name_of(tex, token->value);
	bool argument = !strcmp(name, "textcolor"), hidden;
	if (argument || !strcmp(name, "color"))
		hidden = tex_white_follows(tex, token);
	else if (!strcmp(name, "fontsize"))
		hidden = tex_tiny_follows(tex, token);
	else
		return false;
	if (hidden && argument)
		tex_skip_arguments(tex, "m", token);
	else if (hidden && !p->hidden_depth)
		p->hidden_depth = p->depth + 1;
	return true;
}

static void plain_control(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	if (p->in_math) {
		tex_add_token_text(tex, &p->out, token);
		return;
	}
	if (plain_choice(tex, token) || plain_hiding(tex, p, token) ||
	    plain_accent(tex, p, token) || plain_separator(tex, p, token) ||
	    plain_symbol(tex, p, token) || tex_expand_control(tex, token))
		return;
	plain_dropped(tex, token);
}

/* Quotes and dashes that TeX joins. */
static void plain_char(struct plain *p, char c)
{
	static const struct {
		const char *before, *joined;
		char c;
	} ligatures[] = {
		{ "–", "—", '-' },
		{ "-", "–", '-' },
		{ "`", "“", '`' },
		{ "'", "”", '\'' },
	};
	struct buffer *out = &p->out;
	for (size_t i = 0; !p->in_math && i < ARRAY_SIZE(ligatures); i++) {
		size_t len = strlen(ligatures[i].before);
		if (c == ligatures[i].c && out->len >= len &&
		    !memcmp(out->data + out->len - len, ligatures[i].before, len)) {
			buffer_truncate(out, out->len - len);
			buffer_addstr(out, ligatures[i].joined);
			return;
		}
	}
	buffer_addch(out, c == '~' && !p->in_math ? ' ' : c);
}

static void plain_token(struct tex *tex, struct plain *p, const struct tex_token *token)
{
	bool authors = p->mode == PLAIN_AUTHORS;
	size_t before = p->out.len;
	switch ((enum tex_kind)token->kind) {
	case TEX_CONTROL:
		if (!(authors && p->in_math))
			plain_control(tex, p, token);
		break;
	case TEX_CHAR:
		if (token->value == '$')
			p->in_math = !p->in_math;
		if (authors && (p->in_math || token->value == '$'))
			break; /* marks of affiliations */
		plain_char(p, (char)token->value);
		break;
	case TEX_SPACE:
		buffer_addch(&p->out, ' ');
		break;
	case TEX_PAR:
		buffer_addstr(&p->out, "\n\n");
		break;
	case TEX_BEGIN:
		p->depth++;
		if (p->in_math && !authors)
			buffer_addch(&p->out, '{');
		break;
	case TEX_END:
		p->depth -= p->depth > 0;
		if (p->depth + 1 < p->hidden_depth)
			p->hidden_depth = 0;
		if (p->in_math && !authors)
			buffer_addch(&p->out, '}');
		break;
	case TEX_PARAMETER:
	case TEX_NO_VALUE:
	case TEX_ACTION:
		break;
	}
	if (p->hidden_depth && p->out.len > before)
		buffer_truncate(&p->out, before);
}

static void read_plain(struct tex *tex, struct plain *p, const struct tex_tokens *tokens)
{
	struct tex_state state;
	struct tex_token token;
	if (!tex_enter(tex, tokens, &state))
		return;
	tex->quiet = true;
	while (tex_next(tex, &token))
		plain_token(tex, p, &token);
	tex_leave(tex, &state);
}

char *tex_plain(struct tex *tex, const struct tex_tokens *tokens)
{
	struct plain p = { .out = BUFFER_INIT_MAX(1 << 20), .mode = PLAIN_TEXT };
	read_plain(tex, &p, tokens);
	char *text = reading_tidy(slice_of(&p.out), false);
	buffer_release(&p.out);
	return text;
}

void tex_keep_abstract(struct tex *tex, const struct tex_tokens *tokens)
{
	struct plain p = { .out = BUFFER_INIT_MAX(1 << 20), .mode = PLAIN_TEXT };
	if (tex->doc->abstract)
		return;
	read_plain(tex, &p, tokens);
	char *text = reading_tidy(slice_of(&p.out), true);
	buffer_release(&p.out);
	if (*text)
		tex->doc->abstract = text;
	else
		free(text);
}

/* -- authors ----------------------------------------------------------------------------------- */

/* One author's field: the name stands on its first line that is not empty. */
static void add_author_field(struct document *doc, const char *field, size_t len)
{
	const char *end = field + len;
	while (field < end) {
		const char *line = memchr(field, NEXT_LINE, (size_t)(end - field));
		size_t n = line ? (size_t)(line - field) : (size_t)(end - field);
		struct buffer part = BUFFER_INIT;
		buffer_add(&part, field, n);
		char *text = reading_tidy(slice_of(&part), false);
		buffer_release(&part);
		bool found = *text;
		if (found)
			document_add_names(doc, text);
		free(text);
		if (found)
			return;
		field += n + 1;
	}
}

static void add_authors(struct document *doc, const struct buffer *text)
{
	const char *p = text->data, *end = p + text->len;
	while (p < end && doc->nr_authors < 10000) {
		const char *next = memchr(p, NEXT_AUTHOR, (size_t)(end - p));
		add_author_field(doc, p, next ? (size_t)(next - p) : (size_t)(end - p));
		p = next ? next + 1 : end;
	}
}

/* -- commands ---------------------------------------------------------------------------------- */

static bool in_package(struct tex *tex)
{
	struct tex_frame *file = tex_file(tex);
	return file && file->is_package;
}

TEX_HANDLER(tex_do_title)
{
	struct tex_tokens title = { NULL, 0, 0 };
	(void)cmd;
	tex_skip_arguments(tex, "so", at);
	if (tex_argument(tex, &title, at)) {
		if (!tex->doc->title && !tex->quiet && !in_package(tex)) {
			char *text = tex_plain(tex, &title);
			if (*text)
				tex->doc->title = text;
			else
				free(text);
		}
		tex_reread(tex, &title, false);
	}
	tex_tokens_release(&title);
}

TEX_HANDLER(tex_do_author)
{
	struct tex_tokens field = { NULL, 0, 0 };
	(void)cmd;
	tex_skip_arguments(tex, "so", at);
	if (tex_argument(tex, &field, at)) {
		if (!tex->quiet && !in_package(tex)) {
			struct plain p = { .out = BUFFER_INIT_MAX(1 << 20), .mode = PLAIN_AUTHORS };
			read_plain(tex, &p, &field);
			add_authors(tex->doc, &p.out);
			buffer_release(&p.out);
		}
		tex_reread(tex, &field, false);
	}
	tex_tokens_release(&field);
}

/* \abstract{...}, and the five parts that astronomers have */
TEX_HANDLER(tex_do_abstract)
{
	struct tex_tokens all = { NULL, 0, 0 }, part = { NULL, 0, 0 };
	struct tex_token space = *at, next;
	(void)cmd;
	space.kind = TEX_SPACE;
	space.value = ' ';
	if (tex->quiet || in_package(tex))
		return;
	for (int i = 0; i < 5; i++) {
		if (!tex_next_solid(tex, &next))
			break;
		tex_unread(tex, &next);
		if (next.kind != TEX_BEGIN)
			break;
		part.nr = 0;
		tex_argument(tex, &part, at);
		tex_tokens_append(&all, part.items, part.nr);
		tex_tokens_add(&all, &space);
	}
	tex_keep_abstract(tex, &all);
	if (all.nr)
		tex_reread(tex, &all, false);
	tex_tokens_release(&all);
	tex_tokens_release(&part);
}

/* parameter: the level; -1: \@startsection, which names it */
TEX_HANDLER(tex_do_section)
{
	struct tex_tokens title = { NULL, 0, 0 };
	int level = cmd->parameter;
	if (level < 0) {
		struct buffer number = BUFFER_INIT_MAX(20);
		tex_skip_arguments(tex, "m", at);
		tex_string(tex, &number, at);
		tex_skip_arguments(tex, "mmmm", at);
		level = number.len == 1 && ascii_digit(number.data[0]) ? number.data[0] - '0' : 1;
		buffer_release(&number);
	}
	tex_star(tex, '*');
	tex_skip_arguments(tex, "o", at);
	if (tex_argument(tex, &title, at)) {
		if (!tex->quiet && !in_package(tex)) {
			struct location where = tex_where(at);
			const struct tex_token *last = title.nr ? &title.items[title.nr - 1] : at;
			if (last->file == where.file && last->end > where.end)
				where.end = last->end;
			char *text = tex_plain(tex, &title);
			reading_section(tex->r, (unsigned)level, text, where, at->flow);
			free(text);
		}
		tex_reread(tex, &title, false);
	}
	tex_tokens_release(&title);
}
