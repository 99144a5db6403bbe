/*
 * git's wildmatch, without recursion.
 *
 * Of several stars only the last one passed can still be worth lengthening: what lies before it
 * matched as early in the text as it can, so a longer earlier star leaves the rest no text that
 * it has not had. That holds for each of the two kinds of star by itself: one that stops at
 * '/', and one ("deep") that does not. A star of the first kind stays inside its path component,
 * so it is forgotten as soon as a deep one is lengthened. Hence two places to go back to are
 * enough, and the work is at most the length of the pattern times the length of the text.
 */
#include <stdint.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/ignore.h"

/* -- character classes ------------------------------------------------------------------------- */

static bool is_upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t';
}

/* git's own idea of space: neither vertical tab nor form feed. */
static bool is_space(int c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static bool is_control(int c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_print(int c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool is_graph(int c)
{
	return c > 0x20 && c < 0x7f;
}

static bool is_punct(int c)
{
	return is_graph(c) && !ascii_alnum(c);
}

static bool is_hex(int c)
{
	return hex_value(c) >= 0;
}

static const struct {
	const char *name;
	bool (*test)(int c);
} classes[] = {
	{ "alnum", ascii_alnum }, { "alpha", ascii_alpha }, { "blank", is_blank },
	{ "cntrl", is_control },  { "digit", ascii_digit }, { "graph", is_graph },
	{ "lower", is_lower },	  { "print", is_print },    { "punct", is_punct },
	{ "space", is_space },	  { "upper", is_upper },    { "xdigit", is_hex },
};

/* Is C (of ASCII only) in the class called NAME? False in *KNOWN when there is no such class. */
static bool in_class(const char *name, size_t len, int c, bool *known)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strlen(classes[i].name) == len && !memcmp(name, classes[i].name, len))
			return c < 0x80 && classes[i].test(c);
	*known = false;
	return false;
}

/*
 * If P is at the "[:" of a class such as [:alpha:], sets *END to its last bracket. NULL in *END
 * means that the brackets hold no ":]" and '[' stands for itself. False: no ']' follows at all.
 */
static bool find_class_end(const char *p, const char **end)
{
	const char *close = strchr(p + 2, ']');
	*end = close && close > p + 2 && close[-1] == ':' ? close : NULL;
	return close != NULL;
}

/*
 * Matches C against the bracket expression whose '[' is at P. Returns the ']' that ends it, or
 * NULL when it is malformed, which matches nothing.
 */
static const char *match_brackets(const char *p, unsigned char c, bool *matched)
{
	bool in = false, known = true;
	unsigned char previous = 0; /* what a range could begin with; 0: nothing */
	bool negated = p[1] == '!' || p[1] == '^';
	p += negated ? 2 : 1;
	/* A ']' in first place stands for itself. */
	for (bool first = true; first || *p != ']'; first = false, p++) {
		const char *end = NULL;
		if (!*p || (p[0] == '[' && p[1] == ':' && !find_class_end(p, &end)))
			return NULL;
		if (end) {
			in |= in_class(p + 2, (size_t)(end - p) - 3, c, &known);
			p = end;
			previous = 0;
			continue;
		}
		bool range = *p == '-' && previous && p[1] && p[1] != ']';
		p += range;
		if (*p == '\\' && !*++p)
			return NULL;
		unsigned char this = (unsigned char)*p;
		in |= range ? c >= previous && c <= this : c == this;
		previous = range ? 0 : this;
	}
	*matched = in != negated;
	return known ? p : NULL;
}

/* -- patterns ---------------------------------------------------------------------------------- */

struct place {
	const char *pattern, *text; /* pattern NULL: no star of this kind yet */
};

struct match {
	const char *start; /* of the pattern */
	const char *p, *t;
	bool pathname;
	struct place star; /* stops at '/' */
	struct place deep; /* does not */
	bool deep_by_component; /* "**" and the '/' after it: goes on behind each '/' only */
};

/* Reads the star or stars at M->p. True when they end the pattern and match all that is left. */
static bool begin_star(struct match *m)
{
	const char *stars = m->p, *p = m->p;
	while (*p == '*')
		p++;
	bool deep = !m->pathname ||
		    (p - stars >= 2 && (stars == m->start || stars[-1] == '/') &&
		     (!*p || *p == '/' || (p[0] == '\\' && p[1] == '/')));
	m->p = p;
	if (!deep) {
		m->star = (struct place){ p, m->t };
		return !*p && !strchr(m->t, '/');
	}
	m->deep_by_component = m->pathname && *p == '/';
	m->p += m->deep_by_component;
	m->deep = (struct place){ m->p, m->t };
	m->star.pattern = NULL;
	return !*p;
}

/* Lengthens the last star that can be; false when there is none. */
static bool go_back(struct match *m)
{
	struct place *from = &m->star;
	if (from->pattern && *from->text && *from->text != '/') {
		from->text++;
	} else {
		from->pattern = NULL;
		from = &m->deep;
		if (!from->pattern)
			return false;
		const char *next = m->deep_by_component ? strchr(from->text, '/') : from->text;
		if (!next || !*next)
			return false;
		from->text = next + 1;
	}
	m->p = from->pattern;
	m->t = from->text;
	return true;
}

/* Matches the one element at M->p against the byte at M->t. A malformed element sets *HOPELESS. */
static bool match_one(struct match *m, bool *hopeless)
{
	bool matched = false;
	const char *p = m->p;
	switch (*p) {
	case '?':
		matched = !m->pathname || *m->t != '/';
		break;
	case '[':
		p = match_brackets(p, (unsigned char)*m->t, &matched);
		*hopeless = !p;
		matched &= !m->pathname || *m->t != '/';
		break;
	case '\\':
		p++;
		*hopeless = !*p;
		/* fall through */
	default:
		matched = *p == *m->t;
		break;
	}
	if (*hopeless || !matched)
		return false;
	m->p = p + 1;
	m->t++;
	return true;
}

bool wildmatch(const char *pattern, const char *text, bool pathname)
{
	struct match m = { .start = pattern, .p = pattern, .t = text, .pathname = pathname };
	bool hopeless = false;
	while (!hopeless) {
		bool forward = true;
		if (*m.p == '*') {
			if (begin_star(&m))
				return true;
		} else if (!*m.t) {
			/* A longer star would leave even less text. */
			return !*m.p;
		} else {
			forward = *m.p && match_one(&m, &hopeless);
		}
		if (!forward && !go_back(&m))
			return false;
	}
	return false;
}
