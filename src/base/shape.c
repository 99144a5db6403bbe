#include "base/shape.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"

/* A set of them has so many bits, one of which stays free. */
#define MAX_SHAPES 63

bool shape_holds_word(struct slice s, const char *const *words)
{
	char *text = xmemdupz(s.data, s.len);
	bool found = false;
	for (; *words && !found; words++)
		found = strcasestr(text, *words) != NULL;
	free(text);
	return found;
}

static bool holds(struct slice text, const char *literal)
{
	size_t len = strlen(literal);
	for (const char *p = text.data, *end = text.data + text.len; (size_t)(end - p) >= len; p++) {
		/* Both cases of the first byte by the quick way there is. */
		size_t i = 0;
		while (i < len && ascii_lower((unsigned char)p[i]) == ascii_lower((unsigned char)literal[i]))
			i++;
		if (i == len)
			return true;
	}
	return false;
}

struct search {
	const struct shape *shape;
	const struct regex *regex;
	bool (*fn)(void *data, const struct shape *shape, size_t start, size_t end);
	void *data;
};

static void trim(struct slice text, size_t start, size_t *end)
{
	while (*end > start && strchr(".,:;-", text.data[*end - 1]))
		--*end; /* of the sentence */
}

/* Looks for matches that begin in TEXT at or behind *AT and, unless they go further, end before TO. *AT is
 * then where to look on. False when it had to be given up; *ENOUGH when FN wants no more. */
static bool search(const struct search *s, struct slice text, size_t *at, size_t to, bool *enough)
{
	struct regex_match m;
	bool gave_up = false;
	while (*at <= to && regex_search(s->regex, (struct slice){ text.data, to }, *at, &m, &gave_up)) {
		if (m.end[0] == to && to < text.len) {
			to = text.len; /* it may go on */
			continue;
		}
		bool part = m.nr > 1 && m.start[1] != (size_t)-1;
		size_t start = part ? m.start[1] : m.start[0], end = part ? m.end[1] : m.end[0];
		*at = m.end[0] > m.start[0] ? m.end[0] : m.end[0] + 1;
		trim(text, start, &end);
		if (end > start && (!s->shape->accept || s->shape->accept(text, start, end)) &&
		    !s->fn(s->data, s->shape, start, end)) {
			*enough = true;
			return true;
		}
	}
	return !gave_up;
}

static struct regex *compile(const struct shape *shape)
{
	struct regex *regex;
	struct error *err = regex_new(&regex, shape->regex, shape->caseless ? REGEX_CASELESS : 0);
	error_free(err);
	return regex;
}

struct plain {
	bool (*fn)(void *data, size_t start, size_t end);
	void *data;
};

static bool pass_on(void *data, const struct shape *shape, size_t start, size_t end)
{
	const struct plain *plain = data;
	(void)shape;
	return plain->fn(plain->data, start, end);
}

bool shape_find(const struct shape *shape, struct slice text,
		bool (*fn)(void *data, size_t start, size_t end), void *data)
{
	struct plain plain = { fn, data };
	if (shape->literal && !holds(text, shape->literal))
		return true;
	struct regex *regex = compile(shape);
	if (!regex)
		return false;
	bool enough = false;
	size_t at = 0;
	bool whole = search(&(struct search){ shape, regex, pass_on, &plain }, text, &at, text.len, &enough);
	regex_free(regex);
	return whole;
}

/* -- many at once ------------------------------------------------------------------------------------- */

/* All literals are looked for in one pass, by the automaton of Aho and Corasick. A state is 256 numbers: what
 * follows it at each byte, as the index of the first of its numbers, with MET if a literal ends there. */
#define MET UINT32_C(0x80000000)

struct shape_finder {
	const struct shape *shapes;
	struct regex **regexes;
	size_t nr;
	uint32_t *next;
	uint32_t *fallback;  /* of each state */
	uint64_t *found;     /* bits of the shapes whose literals end in it */
	size_t nr_states;
	uint64_t always;
};

static void add_literal(struct shape_finder *f, const char *literal, uint64_t bit)
{
	size_t at = 0;
	for (; *literal; literal++) {
		uint32_t *next = &f->next[at * 256 + (unsigned char)ascii_lower((unsigned char)*literal)];
		if (!*next)
			*next = (uint32_t)f->nr_states++;
		at = *next;
	}
	f->found[at] |= bit;
}

/* Breadth first: what a state falls back to is complete before it is. */
static void complete(struct shape_finder *f)
{
	uint32_t *queue = xcalloc(f->nr_states + 1, sizeof(*queue));
	size_t head = 0, tail = 0;
	queue[tail++] = 0;
	while (head < tail) {
		uint32_t at = queue[head++], *next = &f->next[at * 256];
		const uint32_t *other = &f->next[f->fallback[at] * 256];
		f->found[at] |= f->found[f->fallback[at]];
		for (size_t c = 0; c < 256; c++) {
			if (next[c]) {
				f->fallback[next[c]] = at ? other[c] : 0;
				queue[tail++] = next[c];
			} else {
				next[c] = at ? other[c] : 0;
			}
		}
	}
	for (size_t i = 0; i < f->nr_states * 256; i++) {
		size_t c = i % 256;
		if (c >= 'A' && c <= 'Z')
			continue;
		f->next[i] = f->next[i] * 256 | (f->found[f->next[i]] ? MET : 0);
		if (c >= 'a' && c <= 'z')
			f->next[i - 'a' + 'A'] = f->next[i];
	}
	free(queue);
}

struct shape_finder *shape_finder_new(const struct shape *shapes, size_t nr)
{
	struct shape_finder *f = xcalloc(1, sizeof(*f));
	size_t most = 1;
	for (size_t i = 0; i < nr; i++)
		most += shapes[i].literal ? strlen(shapes[i].literal) : 0;
	*f = (struct shape_finder){ .shapes = shapes,
				    .nr = nr < MAX_SHAPES ? nr : MAX_SHAPES,
				    .nr_states = 1 };
	f->next = xcalloc(most * 256, sizeof(*f->next));
	f->fallback = xcalloc(most, sizeof(*f->fallback));
	f->found = xcalloc(most, sizeof(*f->found));
	f->regexes = xcalloc(nr, sizeof(struct regex *));
	for (size_t i = 0; i < f->nr; i++) {
		f->regexes[i] = compile(&shapes[i]);
		if (shapes[i].literal)
			add_literal(f, shapes[i].literal, UINT64_C(1) << i);
		else
			f->always |= UINT64_C(1) << i;
	}
	complete(f);
	return f;
}

void shape_finder_free(struct shape_finder *finder)
{
	if (!finder)
		return;
	for (size_t i = 0; i < finder->nr; i++)
		regex_free(finder->regexes[i]);
	free(finder->regexes);
	free(finder->next);
	free(finder->fallback);
	free(finder->found);
	free(finder);
}

/* Where one shape is looked for in one text. */
struct window {
	size_t from, to;   /* empty: no literal was met yet */
	size_t at;         /* what is before was looked through */
	bool enough;
};

struct run {
	const struct shape_finder *finder;
	struct slice text;
	struct window windows[MAX_SHAPES];
	bool (*fn)(void *data, const struct shape *shape, size_t start, size_t end);
	void *data;
	bool whole;
};

static void look_through(struct run *r, size_t i)
{
	struct window *w = &r->windows[i];
	const struct shape_finder *f = r->finder;
	struct search s = { &f->shapes[i], f->regexes[i], r->fn, r->data };
	size_t to = w->to < r->text.len ? w->to : r->text.len;
	w->at = w->at > w->from ? w->at : w->from;
	if (w->to && !w->enough)
		r->whole &= s.regex && search(&s, r->text, &w->at, to, &w->enough);
}

/* The literals of the shapes FOUND end at END. */
static void widen(struct run *r, uint64_t found, size_t end)
{
	for (size_t i = 0; found >> i; i++) {
		const struct shape *shape = &r->finder->shapes[i];
		struct window *w = &r->windows[i];
		if (!(found >> i & 1))
			continue;
		size_t len = strlen(shape->literal) + SHAPE_BEFORE, from = end > len ? end - len : 0;
		if (!w->to || from > w->to) {
			look_through(r, i);
			w->from = from;
		}
		w->to = end + (shape->reach ? shape->reach : SHAPE_REACH);
	}
}

bool shape_finder_run(const struct shape_finder *finder, struct slice text,
		      bool (*fn)(void *data, const struct shape *shape, size_t start, size_t end), void *data)
{
	struct run r = { .finder = finder, .text = text, .fn = fn, .data = data, .whole = true };
	uint32_t at = 0;
	for (size_t i = 0; i < text.len; i++) {
		at = finder->next[at + (unsigned char)text.data[i]];
		if (at & MET) {
			at &= ~MET;
			widen(&r, finder->found[at / 256], i + 1);
		}
	}
	for (size_t i = 0; i < finder->nr; i++) {
		if (finder->always >> i & 1)
			r.windows[i].to = text.len + 1;
		look_through(&r, i);
	}
	return r.whole;
}
