#include "check/phrase.h"

#include <assert.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

/* -- words ------------------------------------------------------------------------------------ */

/* Base letters of U+00C0..U+017F; '-' is no letter, the ligatures take their first letter. */
static const char latin_letters[] =
	"aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
	"lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static bool is_single(uint32_t cp)
{
	return (cp >= 0x3041 && cp <= 0x30ff) || (cp >= 0x3400 && cp <= 0x9fff) ||
	       (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0x20000 && cp <= 0x3ffff);
}

/* Characters that take no room and carry no letter: a word goes on behind them. */
static bool is_widthless(uint32_t cp)
{
	return cp == 0xad || cp == 0x61c || cp == 0x180e || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0x300 && cp <= 0x36f) || (cp >= 0xfe00 && cp <= 0xfe0f) ||
	       (cp >= 0xe0000 && cp <= 0xe01ef);
}

static bool is_apostrophe(uint32_t cp)
{
	return cp == '\'' || cp == 0x2019 || cp == 0x2bc;
}

/* An ASCII letter in lower case, or a digit; 0 for all else. */
static inline char plain_letter(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : 0;
}

/* The folded form of a letter or digit, or 0. */
static uint32_t fold(uint32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)
		cp -= 0xfee0;
	if (cp < 0x80)
		return (unsigned char)plain_letter((char)cp);
	if (cp >= 0xc0 && cp <= 0x17f) {
		char base = latin_letters[cp - 0xc0];
		return base == '-' ? 0 : (uint32_t)(unsigned char)base;
	}
	if ((cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x410 && cp <= 0x42f))
		return cp + 0x20;
	if (cp == 0x401 || cp == 0x451)
		return 0x435;
	if ((cp >= 0x370 && cp <= 0x52f) || (cp >= 0x1d00 && cp <= 0x1fff) ||
	    (cp >= 0x5d0 && cp <= 0x5ea) || (cp >= 0x620 && cp <= 0x64a) ||
	    (cp >= 0x900 && cp <= 0xdff))
		return cp;
	return is_single(cp) ? cp : 0;
}

static size_t decode(struct slice text, size_t pos, uint32_t *cp)
{
	unsigned char byte = (unsigned char)text.data[pos];
	if (byte < 0x80) {
		*cp = byte;
		return 1;
	}
	return utf8_decode(text.data + pos, text.len - pos, cp);
}

static size_t skip_letters(struct slice text, size_t pos)
{
	while (pos < text.len && ascii_alpha((unsigned char)text.data[pos]))
		pos++;
	return pos;
}

/*
 * Passes over a control sequence at POS. Inside a word ("I{\small GNORE}", "\textbf{I}gnore") it
 * does not end the word: *JOINS says so.
 */
static size_t skip_command(struct slice text, size_t pos, bool *joins)
{
	size_t end = skip_letters(text, pos + 1);
	*joins = false;
	if (end == pos + 1) /* \, or \\ and the like: one character */
		return end < text.len ? end + 1 : end;
	if (end < text.len && text.data[end] == '{') {
		*joins = true;
	} else if (pos && text.data[pos - 1] == '{') {
		*joins = true;
		while (end < text.len && (text.data[end] == ' ' || text.data[end] == '\t'))
			end++;
	}
	return end;
}

static void word_add(struct word *w, uint32_t folded)
{
	if (folded < 0x80) {
		if (w->len < WORD_MAX)
			w->folded[w->len] = (char)folded;
		w->len++;
		return;
	}
	unsigned bytes = folded < 0x800 ? 2 : folded < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (unsigned i = 0; i < bytes; i++, w->len++) {
		unsigned shift = 6 * (bytes - 1 - i);
		unsigned bits = folded >> shift;
		bits = i ? 0x80 | (bits & 0x3f) : lead[bytes] | bits;
		if (w->len < WORD_MAX)
			w->folded[w->len] = (char)(unsigned char)bits;
	}
}

/* Of most words that is all. Returns where it ends. */
static size_t read_plain_letters(struct slice text, size_t at, struct word *w)
{
	size_t len = w->len;
	char c;
	for (; at < text.len && (c = plain_letter(text.data[at])); at++, len++)
		if (len < WORD_MAX)
			w->folded[len] = c;
	w->len = len;
	return at;
}

/* Reads the word that starts at *POS (its first letter is FIRST, already behind *POS). */
static void read_word(struct slice text, size_t *pos, uint32_t first, struct word *w)
{
	word_add(w, first);
	w->end = *pos;
	if (is_single(first))
		return;
	size_t at = *pos;
	while (at < text.len) {
		uint32_t cp;
		size_t len = decode(text, at, &cp);
		if (plain_letter(text.data[at])) {
			w->end = *pos = at = read_plain_letters(text, at, w);
			continue;
		}
		if (cp == '\\') {
			bool joins;
			len = skip_command(text, at, &joins) - at;
			if (!joins)
				break;
		} else if (cp != '{' && cp != '}' && !is_widthless(cp) && !is_apostrophe(cp)) {
			uint32_t letter = fold(cp);
			if (!letter || is_single(letter))
				break;
			word_add(w, letter);
			w->end = at + len;
			*pos = at + len;
		}
		at += len;
	}
}

bool word_next(struct slice text, size_t *pos, struct word *out)
{
	unsigned newlines = 0;
	out->barrier = false;
	out->len = 0;
	while (*pos < text.len) {
		uint32_t cp;
		size_t start = *pos;
		if (text.data[start] == ' ') {
			++*pos;
			continue;
		}
		size_t len = decode(text, start, &cp);
		if (cp == '\\') {
			bool joins;
			*pos = skip_command(text, start, &joins);
			newlines = 0;
			continue;
		}
		*pos = start + len;
		uint32_t letter = fold(cp);
		if (letter) {
			out->start = start;
			read_word(text, pos, letter, out);
			return true;
		}
		if (cp == '\n')
			out->barrier |= ++newlines > 1;
		else if (!ascii_space((int)(cp & 0x7f)) || cp > 0x7f)
			newlines = 0;
	}
	return false;
}

/* -- patterns --------------------------------------------------------------------------------- */

enum repeat { REPEAT_ONE, REPEAT_OPTIONAL, REPEAT_ANY };

struct element {
	enum repeat repeat;
	unsigned *words;
	size_t nr_words, alloc_words;
};

struct pattern {
	unsigned kind;
	struct element *elements;
	size_t nr_elements, alloc_elements;
};

struct start {
	size_t *patterns; /* those whose first element holds the word */
	size_t nr, alloc;
};

#define LENGTHS 1024

struct phrases {
	struct strmap vocabulary; /* word -> number, from 1, as a pointer's value */
	struct pattern *patterns;
	size_t nr;
	struct start *starts;     /* by word number */
	uint64_t lengths[LENGTHS]; /* of the words that patterns start with, by how these begin: a bit for each length */
	size_t alloc_starts;
};

/* Where words of LEN letters (1 or more) that begin with these two are noted in `lengths`. */
static size_t beginning(const char *folded, size_t len)
{
	unsigned first = (unsigned char)folded[0], second = len > 1 ? (unsigned char)folded[1] : 0;
	return (first * 32 ^ second) % LENGTHS;
}

/* False for most of the words that no pattern starts with; FOLDED has their first two bytes. */
static bool may_start(const struct phrases *p, const char *folded, size_t len)
{
	return len && len <= WORD_MAX && p->lengths[beginning(folded, len)] >> len & 1;
}

static unsigned vocabulary_add(struct phrases *p, const struct word *w)
{
	assert(w->len <= WORD_MAX);
	void **slot = strmap_at(&p->vocabulary, w->folded, w->len);
	if (!*slot)
		*slot = (void *)(uintptr_t)p->vocabulary.nr;
	return (unsigned)(uintptr_t)*slot;
}

static unsigned vocabulary_find(const struct phrases *p, const struct word *w)
{
	if (w->len > WORD_MAX)
		return 0;
	return (unsigned)(uintptr_t)strmap_get(&p->vocabulary, w->folded, w->len);
}

static struct element *add_element(struct pattern *pattern, enum repeat repeat)
{
	ALLOC_GROW(pattern->elements, pattern->nr_elements, pattern->alloc_elements);
	struct element *e = &pattern->elements[pattern->nr_elements++];
	memset(e, 0, sizeof(*e));
	e->repeat = repeat;
	return e;
}

static void add_word(struct phrases *p, struct element *e, const struct word *w)
{
	ALLOC_GROW(e->words, e->nr_words, e->alloc_words);
	e->words[e->nr_words++] = vocabulary_add(p, w);
}

/* TEXT is one blank-free piece of a pattern. Without `|` its words (a run of Chinese characters is
 * several) follow each other; with it they are alternatives. */
static void compile_element(struct phrases *p, struct pattern *pattern, struct slice text)
{
	enum repeat repeat = REPEAT_ONE;
	char last = text.data[text.len - 1];
	if (last == '?' || last == '*')
		repeat = last == '?' ? REPEAT_OPTIONAL : REPEAT_ANY;
	bool alternatives = memchr(text.data, '|', text.len) != NULL;
	struct element *e = NULL;
	struct word w;
	for (size_t pos = 0; word_next(text, &pos, &w);) {
		if (!e || !alternatives)
			e = add_element(pattern, repeat);
		add_word(p, e, &w);
	}
	assert(e != NULL);
}

static void compile(struct phrases *p, struct pattern *pattern, const struct phrase_row *row)
{
	pattern->kind = row->kind;
	for (const char *s = row->pattern; *s;) {
		size_t len = strcspn(s, " ");
		if (len)
			compile_element(p, pattern, (struct slice){ s, len });
		s += len + (s[len] == ' ');
	}
	assert(pattern->nr_elements && pattern->elements[0].repeat == REPEAT_ONE);
}

struct phrases *phrases_new(const struct phrase_row *rows, size_t nr)
{
	struct phrases *p = xcalloc(1, sizeof(*p));
	p->patterns = xcalloc(nr, sizeof(*p->patterns));
	p->nr = nr;
	for (size_t i = 0; i < nr; i++)
		compile(p, &p->patterns[i], &rows[i]);
	p->alloc_starts = p->vocabulary.nr + 1;
	p->starts = xcalloc(p->alloc_starts, sizeof(*p->starts));
	for (size_t i = 0; i < nr; i++) {
		const struct element *first = &p->patterns[i].elements[0];
		for (size_t k = 0; k < first->nr_words; k++) {
			struct start *s = &p->starts[first->words[k]];
			const struct strmap_entry *word = &p->vocabulary.entries[first->words[k] - 1];
			p->lengths[beginning(word->key, word->key_len)] |= (uint64_t)1 << word->key_len;
			ALLOC_GROW(s->patterns, s->nr, s->alloc);
			s->patterns[s->nr++] = i;
		}
	}
	return p;
}

void phrases_free(struct phrases *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr; i++) {
		for (size_t k = 0; k < p->patterns[i].nr_elements; k++)
			free(p->patterns[i].elements[k].words);
		free(p->patterns[i].elements);
	}
	for (size_t i = 0; i < p->alloc_starts; i++)
		free(p->starts[i].patterns);
	free(p->starts);
	free(p->patterns);
	strmap_release(&p->vocabulary, NULL);
	free(p);
}

/* -- matching --------------------------------------------------------------------------------- */

/* The words ahead: no phrase is longer than this. */
#define WINDOW 32

struct seen {
	size_t start, end;
	unsigned id; /* 0: in no pattern */
	bool barrier;
};

struct window {
	const struct phrases *phrases;
	struct slice text;
	size_t pos;
	struct seen words[WINDOW];
	size_t first, nr; /* ring */
	size_t counted;
};

static bool is_counted(const char *folded, size_t len)
{
	return len > 1 && !ascii_digit((unsigned char)folded[0]);
}

/* Reads on until NR words are ahead, or there are no more. */
static void window_fill(struct window *win, size_t nr)
{
	struct word w;
	while (win->nr < nr && word_next(win->text, &win->pos, &w)) {
		struct seen *s = &win->words[(win->first + win->nr++) % WINDOW];
		*s = (struct seen){ w.start, w.end, vocabulary_find(win->phrases, &w), w.barrier };
		win->counted += is_counted(w.folded, w.len);
	}
}

/* Whether a byte behind a plain letter surely ends the word: see read_word. */
static bool ends_word(char c)
{
	return (unsigned char)c < 0x80 && !plain_letter(c) && c != '\\' && c != '{' && c != '}' && c != '\'';
}

/* Passes over plain words that start no pattern, as word_next would read them, and returns how many. What it cannot
 * judge it leaves. No word is ahead. */
static size_t skip_words(struct window *win)
{
	const char *text = win->text.data;
	size_t len = win->text.len, nr = 0;
	for (size_t at = win->pos, start;; win->pos = at, nr++) {
		while (at < len && (unsigned char)text[at] < 0x80 && text[at] != '\\' && !plain_letter(text[at]))
			at++;
		for (start = at; at < len && plain_letter(text[at]);)
			at++;
		if (at == start || (at < len && !ends_word(text[at])))
			return nr;
		const char folded[] = { plain_letter(text[start]), at - start > 1 ? plain_letter(text[start + 1]) : 0 };
		if (may_start(win->phrases, folded, at - start))
			return nr;
		win->counted += is_counted(folded, at - start);
	}
}

static const struct seen *window_at(struct window *win, size_t i)
{
	if (i < WINDOW)
		window_fill(win, i + 1);
	return i < win->nr ? &win->words[(win->first + i) % WINDOW] : NULL;
}

static bool element_takes(const struct element *e, const struct seen *s)
{
	if (!s || !s->id)
		return false;
	for (size_t i = 0; i < e->nr_words; i++) {
		if (e->words[i] == s->id)
			return true;
	}
	return false;
}

/* The number of words that PATTERN takes from the head of the window, or 0. */
static size_t pattern_match(struct window *win, const struct pattern *pattern)
{
	size_t at = 0;
	for (size_t i = 0; i < pattern->nr_elements; i++) {
		const struct element *e = &pattern->elements[i];
		size_t taken = 0;
		for (;;) {
			const struct seen *s = window_at(win, at);
			if ((at && s && s->barrier) || !element_takes(e, s))
				break;
			at++;
			taken++;
			if (e->repeat != REPEAT_ANY)
				break;
		}
		if (!taken && e->repeat == REPEAT_ONE)
			return 0;
	}
	return at;
}

size_t phrases_scan(const struct phrases *p, struct slice text, phrase_fn fn, void *data)
{
	struct window win = { .phrases = p, .text = text };
	for (size_t number = 0;; number++) {
		if (!win.nr)
			number += skip_words(&win);
		window_fill(&win, 1);
		if (!win.nr)
			break;
		const struct start *s = &p->starts[win.words[win.first].id];
		for (size_t i = 0; i < s->nr; i++) {
			const struct pattern *pattern = &p->patterns[s->patterns[i]];
			size_t words = pattern_match(&win, pattern);
			if (!words)
				continue;
			struct phrase_match match = { pattern->kind, window_at(&win, 0)->start,
						      window_at(&win, words - 1)->end, number };
			if (!fn(data, &match))
				return win.counted;
		}
		win.first = (win.first + 1) % WINDOW;
		win.nr--;
	}
	return win.counted;
}
