#include "review/numbers.h"

#include <stdio.h>
#include <strings.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

/* Significant digits that are compared. */
#define MAX_DIGITS 18
#define MAX_EXPONENT 400
/* Values that are kept; a paper with more is a table of data, of which nothing is said. */
#define MAX_VALUES ((size_t)1 << 19)

/* Its value is 0.DIGITS x 10^EXPONENT; no zero at either end of DIGITS. */
struct number {
	char digits[MAX_DIGITS + 1];
	int nr;
	int exponent;
	bool fraction;      /* written with a decimal point */
	bool percent;
	size_t start, end;  /* where it stands */
};

struct number_index {
	struct strmap values;
};

/* -- reading numbers -------------------------------------------------------------------------------- */

static bool digit_at(struct slice s, size_t i)
{
	return i < s.len && ascii_digit((unsigned char)s.data[i]);
}

/* The length of what separates thousands at I: a comma or thin space with three digits behind it. */
static size_t separator_at(struct slice s, size_t i)
{
	static const char *const separators[] = { ",", "{,}", "\\,", "\\;", "'", "\xe2\x80\x89",
						  "\xe2\x80\xaf" };
	for (size_t k = 0; k < ARRAY_SIZE(separators); k++) {
		size_t n = strlen(separators[k]);
		if (s.len - i > n && !memcmp(s.data + i, separators[k], n) && digit_at(s, i + n) &&
		    digit_at(s, i + n + 1) && digit_at(s, i + n + 2) && !digit_at(s, i + n + 3))
			return n;
	}
	return 0;
}

static void add_digit(struct number *n, char c, bool behind_point)
{
	if (!n->nr && c == '0')
		n->exponent -= behind_point;
	else if (n->nr < MAX_DIGITS)
		n->digits[n->nr++] = c;
	if ((n->nr || c != '0') && !behind_point)
		n->exponent++;
}

/* "e-3", "\times 10^{-3}", "x 10^-3" at I: its length, and what it adds to the exponent. */
static size_t power_at(struct slice s, size_t i, int *power)
{
	static const char *const forms[] = {
		"e", "E", "\\times10^", "\\cdot10^", "\u00d710^", "x10^", "*10^",
	};
	char text[48];
	size_t len = 0, at[sizeof(text)];
	for (size_t k = i; k < s.len && len + 1 < sizeof(text) && k < i + 60; k++) {
		if (strchr(" {}$~", s.data[k]) && s.data[k])
			continue;
		at[len] = k;
		text[len++] = s.data[k];
	}
	text[len] = '\0';
	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		const char *rest;
		if (!skip_prefix(text, forms[k], &rest))
			continue;
		bool negative = *rest == '-';
		const char *digits = rest + (*rest == '-' || *rest == '+');
		size_t n = strspn(digits, "0123456789");
		if (!n || n > 3)
			continue;
		*power = 0;
		for (size_t d = 0; d < n; d++)
			*power = *power * 10 + (digits[d] - '0');
		*power = negative ? -*power : *power;
		size_t end = at[(size_t)(digits - text) + n - 1] + 1;
		while (end < s.len && s.data[end] == '}')
			end++;
		return end - i;
	}
	return 0;
}

static bool percent_at(struct slice s, size_t i)
{
	static const char *const forms[] = { "%",      "\\%",	 " %",	     " \\%",	  "~\\%",
					     "\\,\\%", "$\\%", " percent", "$ percent" };
	for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
		size_t n = strlen(forms[k]);
		if (s.len - i >= n && !memcmp(s.data + i, forms[k], n))
			return true;
	}
	return false;
}

static void trim_zeros(struct number *n)
{
	while (n->nr && n->digits[n->nr - 1] == '0')
		n->nr--;
	n->digits[n->nr] = '\0';
}

/* The next number at or behind *AT, which moves past it. */
static bool next_number(struct slice s, size_t *at, struct number *n)
{
	size_t i = *at;
	while (i < s.len && !digit_at(s, i))
		i++;
	if (i == s.len)
		return false;
	*n = (struct number){ .start = i };
	bool bare_point = i && s.data[i - 1] == '.' && (i == 1 || !ascii_alnum((unsigned char)s.data[i - 2]));
	if (bare_point)
		n->start--;
	for (size_t gap = 0; !bare_point && (digit_at(s, i) || (gap = separator_at(s, i)) > 0); gap = 0) {
		i += gap;
		add_digit(n, s.data[i++], false);
	}
	bool point = i < s.len && s.data[i] == '.' && digit_at(s, i + 1);
	if (point)
		i++;
	n->fraction = point || bare_point;
	while (n->fraction && digit_at(s, i))
		add_digit(n, s.data[i++], true);
	int power = 0;
	i += power_at(s, i, &power);
	n->exponent += power;
	n->end = i;
	n->percent = percent_at(s, i);
	trim_zeros(n);
	*at = i;
	return true;
}

/* -- the paper's ------------------------------------------------------------------------------------ */

static size_t key_of(char key[40], const char *digits, int nr, int exponent)
{
	while (nr && digits[nr - 1] == '0')
		nr--;
	return (size_t)snprintf(key, 40, "%.*s e%d", nr, digits, nr ? exponent : 0);
}

static void add_value(struct number_index *index, const char *digits, int nr, int exponent)
{
	char key[40];
	size_t len = key_of(key, digits, nr, exponent);
	if (index->values.nr < MAX_VALUES)
		strmap_add(&index->values, key, len);
}

/* The first NR digits of N, rounded; "99" rounds to "100". */
static void add_rounded(struct number_index *index, const struct number *n, int nr)
{
	char digits[MAX_DIGITS + 1];
	int exponent = n->exponent, i = nr - 1;
	memcpy(digits, n->digits, (size_t)nr);
	add_value(index, digits, nr, exponent); /* cut off, as some do */
	if (n->digits[nr] < '5')
		return;
	while (i >= 0 && digits[i] == '9')
		digits[i--] = '0';
	if (i >= 0) {
		digits[i]++;
	} else {
		digits[0] = '1';
		exponent++;
	}
	add_value(index, digits, nr, exponent);
}

struct number_index *number_index_new(struct document *const *documents, size_t nr)
{
	struct number_index *index = xcalloc(1, sizeof(*index));
	struct number n;
	for (size_t d = 0; d < nr; d++) {
		struct slice text = slice_of(&documents[d]->text);
		for (size_t at = 0; next_number(text, &at, &n);) {
			add_value(index, n.digits, n.nr, n.exponent);
			for (int k = 2; k < n.nr; k++)
				add_rounded(index, &n, k);
		}
	}
	return index;
}

void number_index_free(struct number_index *index)
{
	if (index)
		strmap_release(&index->values, NULL);
	free(index);
}

/* Where per cent are written and where not is nobody's mistake. */
static bool is_known(const struct number_index *index, const struct number *n)
{
	for (int shift = -2; shift <= 2; shift += 2) {
		char key[40];
		size_t len = key_of(key, n->digits, n->nr, n->exponent + shift);
		if (strmap_has(&index->values, key, len))
			return true;
	}
	return false;
}

/* -- what is cited ----------------------------------------------------------------------------------- */

static bool is_year(const struct number *n)
{
	return !n->fraction && n->exponent == 4 && n->nr >= 2 &&
	       (!strncmp(n->digits, "19", 2) || !strncmp(n->digits, "20", 2));
}

/* 95 %, 97.5 %, 99.9 %, 1.96: everybody's. */
static bool is_convention(const struct number *n)
{
	static const char *const digits[] = { "95",  "99",   "975",  "995", "999", "196",
					      "2576", "1645", "68",   "25",  "75" };
	for (size_t i = 0; i < ARRAY_SIZE(digits); i++)
		if (!strcmp(n->digits, digits[i]))
			return true;
	return false;
}

/* ResNet-50, x_12.5, v2.15, 3.5B, 1.2.3 */
static bool is_part_of_name(struct slice s, const struct number *n)
{
	unsigned char before = n->start ? (unsigned char)s.data[n->start - 1] : ' ';
	unsigned char earlier = n->start > 1 ? (unsigned char)s.data[n->start - 2] : ' ';
	unsigned char after = n->end < s.len ? (unsigned char)s.data[n->end] : ' ';
	if (ascii_alpha(before) || memchr("_^./:", before, 5) ||
	    (before == '-' && ascii_alpha(earlier)) || (before == '{' && (earlier == '_' || earlier == '^')))
		return true;
	return ascii_alpha(after) || (after == '.' && digit_at(s, n->end + 1)) || after == '/' ||
	       after == ':';
}

/* "Section 3.25", "Eq. (4.15)", "Tables 2.11 and 2.12": a word that numbers things shortly before it. */
static bool is_reference(struct slice s, const struct number *n)
{
	static const char *const words[] = {
		"section", "sec.", "sect.", "\xc2\xa7", "equation", "eq", "theorem", "thm",
		"lemma", "proposition", "prop", "corollary", "cor.", "definition", "def.", "table",
		"tab.", "figure", "fig", "page", "pp.", "p.", "line", "ref", "appendix", "chapter",
		"step", "algorithm", "footnote", "example", "remark", "assumption", "claim",
		"version", "condition", "part", "exercise", "formula", "inequality", "problem",
		"item", "note", "citation", "\\ref", "para",
	};
	size_t from = n->start > 40 ? n->start - 40 : 0;
	while (from < n->start && from && s.data[from - 1] != ' ')
		from++;
	char *before = xmemdupz(s.data + from, n->start - from);
	bool found = n->start && n->end < s.len && s.data[n->start - 1] == '(' && s.data[n->end] == ')';
	for (size_t i = 0; i < ARRAY_SIZE(words) && !found; i++)
		found = strcasestr(before, words[i]) != NULL;
	free(before);
	return found;
}

/* "\approx 1.047": worked out by whoever writes. */
static bool is_computed(struct slice s, const struct number *n)
{
	static const char *const signs[] = { "\xe2\x89\x88", "\\approx", "\xe2\x89\x83", "\\simeq" };
	size_t at = n->start;
	while (at && strchr(" $-", s.data[at - 1]))
		at--;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		size_t len = strlen(signs[i]);
		if (at >= len && !memcmp(s.data + at - len, signs[i], len))
			return true;
	}
	return false;
}

/* Whether it says something that ought to be found in the paper. */
static bool is_precise(struct slice s, const struct number *n)
{
	if (n->nr < 2 || n->exponent > MAX_EXPONENT || n->exponent < -MAX_EXPONENT)
		return false;
	if (!n->fraction && n->exponent < 3)
		return false;
	return !is_year(n) && !is_convention(n) && !is_part_of_name(s, n) && !is_reference(s, n) &&
	       !is_computed(s, n);
}

static char *unsupported_in(const struct number_index *index, const char *text)
{
	struct slice s = { text ? text : "", text ? strlen(text) : 0 };
	struct number n;
	for (size_t at = 0; next_number(s, &at, &n);)
		if (is_precise(s, &n) && !is_known(index, &n))
			return xmemdupz(s.data + n.start, n.end - n.start);
	return NULL;
}

char *number_unsupported(const struct number_index *index, const struct finding *f)
{
	if (index->values.nr == MAX_VALUES)
		return NULL;
	char *found = unsupported_in(index, f->title);
	return found ? found : unsupported_in(index, f->why);
}
