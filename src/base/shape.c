#include "base/shape.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"

/* As many as a set of them has bits. */
#define MAX_SHAPES 64

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

static bool search(const struct search *s, struct slice text)
{
	struct regex_match m;
	bool gave_up = false;
	size_t at = 0;
	while (regex_search(s->regex, text, at, &m, &gave_up)) {
		bool part = m.nr > 1 && m.start[1] != (size_t)-1;
		size_t start = part ? m.start[1] : m.start[0], end = part ? m.end[1] : m.end[0];
		while (end > start && strchr(".,:;-", text.data[end - 1]))
			end--; /* of the sentence */
		if (end > start && (!s->shape->accept || s->shape->accept(text, start, end)) &&
		    !s->fn(s->data, s->shape, start, end))
			return true;
		at = m.end[0] > m.start[0] ? m.end[0] : m.end[0] + 1;
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
	bool whole = search(&(struct search){ shape, regex, pass_on, &plain }, text);
	regex_free(regex);
	return whole;
}

/* -- many at once ------------------------------------------------------------------------------------- */

/* All literals are looked for in one pass, by the automaton of Aho and Corasick. */
struct state {
	uint16_t next[256];
	uint16_t fallback;
	uint64_t found;      /* bits of the shapes whose literals end here */
};

struct shape_finder {
	const struct shape *shapes;
	struct regex **regexes;
	size_t nr;
	struct state *states;
	size_t nr_states;
	uint64_t always;
};

static void add_literal(struct shape_finder *f, const char *literal, uint64_t bit)
{
	size_t at = 0;
	for (; *literal; literal++) {
		uint16_t *next = &f->states[at].next[(unsigned char)ascii_lower((unsigned char)*literal)];
		if (!*next)
			*next = (uint16_t)f->nr_states++;
		at = *next;
	}
	f->states[at].found |= bit;
}

/* Breadth first: what a state falls back to is complete before it is. */
static void complete(struct shape_finder *f)
{
	uint16_t *queue = xcalloc(f->nr_states + 1, sizeof(*queue));
	size_t head = 0, tail = 0;
	queue[tail++] = 0;
	while (head < tail) {
		uint16_t at = queue[head++];
		struct state *s = &f->states[at], *fallback = &f->states[s->fallback];
		s->found |= fallback->found;
		for (size_t c = 0; c < 256; c++) {
			uint16_t next = s->next[c];
			if (!next) {
				s->next[c] = at ? fallback->next[c] : 0;
				continue;
			}
			f->states[next].fallback = at ? fallback->next[c] : 0;
			queue[tail++] = next;
		}
	}
	for (size_t i = 0; i < f->nr_states; i++)
		for (int c = 'A'; c <= 'Z'; c++)
			f->states[i].next[c] = f->states[i].next[c - 'A' + 'a'];
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
	f->states = xcalloc(most, sizeof(*f->states));
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
	free(finder->states);
	free(finder);
}

static uint64_t literals_in(const struct shape_finder *f, struct slice text)
{
	const struct state *states = f->states;
	uint64_t found = f->always;
	uint16_t at = 0;
	for (size_t i = 0; i < text.len; i++) {
		at = states[at].next[(unsigned char)text.data[i]];
		found |= states[at].found;
	}
	return found;
}

bool shape_finder_run(const struct shape_finder *finder, struct slice text,
		      bool (*fn)(void *data, const struct shape *shape, size_t start, size_t end), void *data)
{
	uint64_t there = literals_in(finder, text);
	bool whole = true;
	for (size_t i = 0; i < finder->nr; i++) {
		struct search s = { &finder->shapes[i], finder->regexes[i], fn, data };
		if (there & UINT64_C(1) << i)
			whole &= s.regex && search(&s, text);
	}
	return whole;
}
