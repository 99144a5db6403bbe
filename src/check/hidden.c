/* Text that no reader sees, and above all text that tells a reviewer what to think. */
#include "base/memory.h"
#include "base/text.h"
#include "check/engine.h"
#include "check/hidden_phrases.h"

/* An address and a command this many words apart belong together. */
#define NEAR_WORDS 40
/* Fewer hidden words than this are an accident. */
#define HIDDEN_WORDS 3

/* How hidden text is kept from the reader, by what the document says of it. */
enum manner {
	DRAFT,      /* never reaches the page: a branch that is not taken, a comment */
	CONCEALED,  /* on the page, but invisible */
	NOT_SET,    /* \phantom, display:none: there to make room, or for a program */
	CHARACTERS, /* looked at below, in every file, as bytes */
};

static enum manner manner_of(const struct item *item)
{
	static const struct {
		const char *says;
		enum manner manner;
	} manners[] = {
		{ "white text", CONCEALED },
		{ "transparent", CONCEALED },
		{ "off the page", CONCEALED },
		{ "pt high", CONCEALED },
		{ "tiny text", CONCEALED },
		{ "opacity:0", CONCEALED },
		{ "phantom", NOT_SET },
		{ "display:none", NOT_SET },
		{ "visibility:hidden", NOT_SET },
		{ "hidden attribute", NOT_SET },
		{ "tag characters", CHARACTERS },
		{ "zero-width", CHARACTERS },
		{ "direction of writing", CHARACTERS },
	};
	for (size_t i = 0; item->kind == ITEM_HIDDEN && i < ARRAY_SIZE(manners); i++) {
		if (item->extra && strstr(item->extra, manners[i].says))
			return manners[i].manner;
	}
	return DRAFT;
}

/* -- instructions ----------------------------------------------------------------------------- */

/* What the phrases of a hidden text amount to. */
struct verdict {
	bool seen[HIDDEN_PHRASE_KINDS];
	struct phrase_match first[HIDDEN_PHRASE_KINDS], last[HIDDEN_PHRASE_KINDS];
	bool commands_addressee;      /* a command near an address, or near another command */
	struct phrase_match command;
};

static bool are_near(const struct phrase_match *a, const struct phrase_match *b)
{
	size_t apart = a->word > b->word ? a->word - b->word : b->word - a->word;
	return apart <= NEAR_WORDS;
}

static bool on_phrase(void *data, const struct phrase_match *match)
{
	static const enum hidden_phrase commands[] = { HIDDEN_OVERRIDE_WEAK, HIDDEN_VERDICT };
	static const enum hidden_phrase addresses[] = { HIDDEN_ADDRESS, HIDDEN_CONDITION,
							HIDDEN_OVERRIDE_WEAK };
	struct verdict *v = data;
	if (!v->seen[match->kind])
		v->first[match->kind] = *match;
	v->seen[match->kind] = true;
	v->last[match->kind] = *match;
	for (size_t i = 0; i < ARRAY_SIZE(commands) && !v->commands_addressee; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(addresses); k++) {
			const struct phrase_match *command = &v->last[commands[i]];
			if (commands[i] != addresses[k] && v->seen[commands[i]] &&
			    v->seen[addresses[k]] &&
			    are_near(command, &v->last[addresses[k]])) {
				v->commands_addressee = true;
				v->command = *command;
			}
		}
	}
	return true;
}

/* The words that make TEXT an instruction; false when it is none. */
static bool find_instruction(const struct phrases *phrases, struct slice text, enum manner manner,
			     struct phrase_match *out, size_t *words)
{
	static const enum hidden_phrase enough[] = { HIDDEN_OVERRIDE, HIDDEN_OVERRIDE_WEAK,
						     HIDDEN_VERDICT, HIDDEN_CONDITION };
	struct verdict v = { 0 };
	*words = phrases_scan(phrases, text, on_phrase, &v);
	*out = v.command;
	if (v.commands_addressee)
		return true;
	for (size_t i = 0; i < (manner == DRAFT ? 1 : ARRAY_SIZE(enough)); i++) {
		*out = v.first[enough[i]];
		if (v.seen[enough[i]])
			return true;
	}
	*out = v.first[HIDDEN_ADDRESS];
	return manner != DRAFT && v.seen[HIDDEN_ADDRESS] && v.seen[HIDDEN_COMMAND];
}

struct hidden {
	struct check *check;
	struct phrases *phrases;
	bool asked, is_subject; /* whether the visible text is about such instructions */
};

static bool on_visible(void *data, const struct phrase_match *match)
{
	struct hidden *h = data;
	h->is_subject |= match->kind == HIDDEN_SUBJECT || match->kind == HIDDEN_OVERRIDE ||
			 match->kind == HIDDEN_OVERRIDE_WEAK;
	return !h->is_subject;
}

/* A paper about prompt injection holds such sentences; then its comments are drafts of it. */
static bool is_subject_of_paper(struct hidden *h)
{
	if (!h->asked)
		phrases_scan(h->phrases, slice_of(&h->check->doc->text), on_visible, h);
	h->asked = true;
	return h->is_subject;
}

static void raise_instruction(struct hidden *h, struct location where, const char *how,
			      struct slice words, bool uncertain)
{
	char *text = xmemdupz(words.data, words.len < 400 ? words.len : 400);
	char *shown = check_shown(text);
	struct claim claim = {
		.rule = "hidden-instruction",
		.where = where,
		.subject = shown,
		.title = xstrfmt("%s addresses a reviewer: \"%s\"", how, shown),
		.suggestion = xstrdup("delete it"),
		.why = "a language model that reviews the paper may obey it; conferences reject "
		       "papers for it",
		.softer = uncertain ? 1 : 0,
		.uncertain = uncertain,
	};
	check_raise(h->check, &claim);
	free(text);
	free(shown);
}

/* The part of ITEM's source that holds the words; all of it when they are not written there. */
static struct location locate_words(struct hidden *h, const struct item *item, enum manner manner)
{
	const struct buffer *bytes = &h->check->doc->files[item->where.file].bytes;
	struct location where = item->where;
	struct phrase_match match;
	size_t words;
	if (where.end > bytes->len || where.start > where.end)
		return where;
	struct slice source = { bytes->data + where.start, where.end - where.start };
	if (find_instruction(h->phrases, source, manner, &match, &words)) {
		where.end = where.start + match.end;
		where.start += match.start;
	}
	return where;
}

static void raise_hidden_text(struct hidden *h, const struct item *item, size_t words)
{
	struct slice text = slice_trim((struct slice){ item->key, strlen(item->key) });
	char *trimmed = xmemdupz(text.data, text.len), *shown = check_shown(trimmed);
	struct claim claim = {
		.rule = "hidden-text",
		.where = item->where,
		.subject = shown,
		.title = xstrfmt("%s: %zu words that no reader sees: \"%s\"", item->extra, words,
				 shown),
		.suggestion = xstrdup("delete them, or make them visible"),
		.why = "whoever copies the text out of the PDF gets them, and so does a program",
	};
	check_raise(h->check, &claim);
	free(trimmed);
	free(shown);
}

static void look_at_item(struct hidden *h, const struct item *item)
{
	enum manner manner = manner_of(item);
	struct slice text = { item->key, strlen(item->key) };
	struct phrase_match match;
	size_t words;
	if (manner == CHARACTERS)
		return;
	if (find_instruction(h->phrases, text, manner, &match, &words)) {
		struct slice from = { text.data + match.start, text.len - match.start };
		if (manner != DRAFT || !is_subject_of_paper(h))
			raise_instruction(h, locate_words(h, item, manner),
					  item->extra ? item->extra : "a comment",
					  from, item->uncertain);
	} else if (manner == CONCEALED && words >= HIDDEN_WORDS && !item->uncertain) {
		raise_hidden_text(h, item, words);
	}
}

/* -- characters without shape ----------------------------------------------------------------- */

enum invisible { ZERO_WIDTH, ZERO_WIDTH_ROW, DIRECTION, TAGS, SELECTORS, INVISIBLE_KINDS };

static const char *const invisible_titles[] = {
	[ZERO_WIDTH] = "a character without width (U+%04X) stands inside a word",
	[ZERO_WIDTH_ROW] = "a row of characters without width (U+%04X ...) may hide text",
	[DIRECTION] = "a character (U+%04X) turns the writing direction where nothing needs it",
	[TAGS] = "tag characters (U+%04X ...), which nobody sees, spell out text",
	[SELECTORS] = "a row of variation selectors (U+%04X ...) may hide text",
};

/* What was seen of one kind in one file. */
struct sighting {
	struct location first;
	uint32_t cp;
	size_t nr;
};

/* A walk over a file's characters. */
struct walk {
	struct hidden *hidden;
	uint32_t file;
	struct slice bytes;
	struct sighting seen[INVISIBLE_KINDS];
	size_t line_end;         /* of the line that was looked at last, and what it holds */
	bool line_is_right_to_left;
};

static bool is_zero_width(uint32_t cp)
{
	return cp == 0x180e || (cp >= 0x200b && cp <= 0x200d) || cp == 0x2060 || cp == 0xfeff;
}

static bool turns_direction(uint32_t cp)
{
	return (cp >= 0x202a && cp <= 0x202e && cp != 0x202c) || (cp >= 0x2066 && cp <= 0x2068);
}

static bool is_tag(uint32_t cp)
{
	return cp >= 0xe0000 && cp <= 0xe007f;
}

static bool is_selector(uint32_t cp)
{
	return (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0100 && cp <= 0xe01ef);
}

/* Letters of scripts that never need joiners: Latin, Greek, Cyrillic; and digits. */
static bool is_plain_letter(uint32_t cp)
{
	return (cp < 0x80 && ascii_alnum((int)cp)) || (cp >= 0xc0 && cp < 0x530 && cp != 0xd7);
}

static bool is_right_to_left(uint32_t cp)
{
	return (cp >= 0x590 && cp <= 0x8ff) || (cp >= 0xfb1d && cp <= 0xfefc && !is_selector(cp));
}

static void saw(struct walk *w, enum invisible kind, size_t start, size_t end, uint32_t cp)
{
	struct sighting *s = &w->seen[kind];
	if (!s->nr++) {
		s->first = (struct location){ w->file, start, end };
		s->cp = cp;
	}
}

/* The end of the run of characters at POS that IS accepts; *NR is how many there are. */
static size_t run_end(struct slice bytes, size_t pos, bool (*is)(uint32_t), size_t *nr)
{
	for (*nr = 0; pos < bytes.len; ++*nr) {
		uint32_t cp;
		size_t len = utf8_decode(bytes.data + pos, bytes.len - pos, &cp);
		if (!is(cp))
			break;
		pos += len;
	}
	return pos;
}

static bool line_is_right_to_left(struct walk *w, size_t pos)
{
	if (pos < w->line_end)
		return w->line_is_right_to_left;
	const char *end = memchr(w->bytes.data + pos, '\n', w->bytes.len - pos);
	const char *start = memrchr(w->bytes.data, '\n', pos);
	size_t at = start ? (size_t)(start - w->bytes.data) : 0;
	w->line_end = end ? (size_t)(end - w->bytes.data) : w->bytes.len;
	w->line_is_right_to_left = false;
	while (at < w->line_end && !w->line_is_right_to_left) {
		uint32_t cp;
		at += utf8_decode(w->bytes.data + at, w->line_end - at, &cp);
		w->line_is_right_to_left = is_right_to_left(cp);
	}
	return w->line_is_right_to_left;
}

/* What tags or selectors spell: bytes, as the known ways to smuggle text encode them. */
static void decode_smuggled(struct slice row, struct buffer *out)
{
	for (size_t pos = 0; pos < row.len;) {
		uint32_t cp;
		pos += utf8_decode(row.data + pos, row.len - pos, &cp);
		if (is_tag(cp))
			buffer_addch(out, (char)(cp - 0xe0000));
		else
			buffer_addch(out, (char)(cp < 0xff00 ? cp - 0xfe00 : cp - 0xe0100 + 16));
	}
}

static void look_at_smuggled(struct walk *w, enum invisible kind, size_t start, size_t end,
			     uint32_t cp)
{
	struct buffer text = BUFFER_INIT;
	struct phrase_match match;
	size_t words;
	decode_smuggled((struct slice){ w->bytes.data + start, end - start }, &text);
	if (find_instruction(w->hidden->phrases, slice_of(&text), CONCEALED, &match, &words))
		raise_instruction(w->hidden, (struct location){ w->file, start, end },
				  kind == TAGS ? "text in tag characters"
					       : "text in variation selectors",
				  (struct slice){ text.data + match.start, text.len - match.start },
				  false);
	else
		saw(w, kind, start, end, cp);
	buffer_release(&text);
}

/* Looks at the character CP at POS, behind the character BEFORE; returns where to go on. */
static size_t look_at_character(struct walk *w, size_t pos, size_t len, uint32_t cp,
				uint32_t before)
{
	size_t nr, end = pos + len;
	if (is_zero_width(cp)) {
		end = run_end(w->bytes, pos, is_zero_width, &nr);
		uint32_t after = 0;
		if (end < w->bytes.len)
			utf8_decode(w->bytes.data + end, w->bytes.len - end, &after);
		if (nr >= 8)
			saw(w, ZERO_WIDTH_ROW, pos, end, cp);
		else if (is_plain_letter(before) && is_plain_letter(after))
			saw(w, ZERO_WIDTH, pos, end, cp);
	} else if (turns_direction(cp)) {
		if (!line_is_right_to_left(w, pos))
			saw(w, DIRECTION, pos, end, cp);
	} else if (is_tag(cp)) {
		end = run_end(w->bytes, pos, is_tag, &nr);
		if (before != 0x1f3f4) /* a flag's own way to say which */
			look_at_smuggled(w, TAGS, pos, end, cp);
	} else if (is_selector(cp)) {
		end = run_end(w->bytes, pos, is_selector, &nr);
		if (nr >= 4)
			look_at_smuggled(w, SELECTORS, pos, end, cp);
	}
	return end;
}

/* Widens a place inside a word to the word. */
static struct location around_word(struct slice bytes, struct location where)
{
	while (where.start && ascii_alnum((unsigned char)bytes.data[where.start - 1]))
		where.start--;
	while (where.end < bytes.len && ascii_alnum((unsigned char)bytes.data[where.end]))
		where.end++;
	return where;
}

static void raise_sighting(struct walk *w, enum invisible kind)
{
	const struct sighting *s = &w->seen[kind];
	struct location where = kind == ZERO_WIDTH ? around_word(w->bytes, s->first) : s->first;
	const char *format = invisible_titles[kind], *number = strstr(format, "%04X");
	struct buffer title = BUFFER_INIT;
	buffer_add(&title, format, (size_t)(number - format));
	buffer_addf(&title, "%04X%s", (unsigned)s->cp, number + 4);
	if (s->nr > 1)
		buffer_addf(&title, "; %zu more in this file", s->nr - 1);
	char *subject = xstrfmt("U+%04X", (unsigned)s->cp);
	struct claim claim = {
		.rule = "invisible-characters",
		.where = where,
		.subject = subject,
		.title = buffer_detach(&title, NULL),
		.suggestion = xstrdup("delete the passage and type it again"),
		.why = "what is read is not what is written: searches miss it, keys with it differ",
	};
	check_raise(w->hidden->check, &claim);
	free(subject);
}

static void look_at_characters(struct hidden *h, uint32_t file)
{
	struct walk w = { .hidden = h, .file = file };
	uint32_t before = 0;
	w.bytes = slice_of(&h->check->doc->files[file].bytes);
	for (size_t pos = 0; pos < w.bytes.len;) {
		uint32_t cp = (unsigned char)w.bytes.data[pos];
		if (cp < 0x80) {
			pos++;
		} else {
			size_t len = utf8_decode(w.bytes.data + pos, w.bytes.len - pos, &cp);
			pos = pos || cp != 0xfeff ? look_at_character(&w, pos, len, cp, before)
						  : len; /* the mark at the start of a file */
		}
		before = cp;
	}
	for (unsigned kind = 0; kind < INVISIBLE_KINDS; kind++) {
		if (w.seen[kind].nr)
			raise_sighting(&w, kind);
	}
}

void check_hidden(struct check *c)
{
	struct hidden h = { .check = c, .phrases = hidden_phrases_new() };
	for (size_t i = 0; i < c->doc->nr_items; i++) {
		const struct item *item = &c->doc->items[i];
		if (item->kind == ITEM_HIDDEN || item->kind == ITEM_COMMENT)
			look_at_item(&h, item);
	}
	for (size_t i = 0; i < c->doc->nr_files; i++)
		look_at_characters(&h, (uint32_t)i);
	phrases_free(h.phrases);
}
