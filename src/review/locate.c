#include "review/locate.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/tokens.h"

#define MAX_LEVEL 6
/* Sections and items of a paper that are looked at. */
#define MAX_SECTIONS 2000
#define MAX_ITEMS 20000
/* A title of fewer letters is in too many names ("a"). */
#define MIN_TITLE_LETTERS 4
/* A label shorter than this is a word like others. */
#define MIN_LABEL 3

static size_t nr_sections(const struct document *doc)
{
	return doc->nr_sections < MAX_SECTIONS ? doc->nr_sections : MAX_SECTIONS;
}

static bool is_label_character(char c)
{
	return ascii_alnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("_:-.", c);
}

/* Whether WORD stands in NAME with nothing around it that could be part of it. */
static bool holds_label(const char *name, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(name, word); at; at = strstr(at + 1, word)) {
		bool starts = at == name || !is_label_character(at[-1]);
		if (starts && (!at[n] || !is_label_character(at[n]) ||
			       (at[n] == '.' && !is_label_character(at[n + 1]))))
			return true;
	}
	return false;
}

static bool find_label(const struct document *doc, const char *name, size_t *start, size_t *end)
{
	for (size_t i = 0; i < doc->nr_items && i < MAX_ITEMS; i++) {
		const struct item *item = &doc->items[i];
		if (item->kind != ITEM_LABEL || item->text_start >= doc->text.len ||
		    strlen(item->key) < MIN_LABEL || !holds_label(name, item->key))
			continue;
		*start = item->text_start;
		*end = *start + 1;
		return true;
	}
	return false;
}

/* From its heading to the next one that is not below it. */
static void section_range(const struct document *doc, size_t i, size_t *start, size_t *end)
{
	const struct section *s = &doc->sections[i];

	*start = s->text_start;
	*end = doc->text.len;
	for (size_t k = i + 1; k < nr_sections(doc); k++) {
		if (doc->sections[k].level <= s->level) {
			*end = doc->sections[k].text_start;
			break;
		}
	}
}

/* All words of the section's title are in the name; of several titles the one with most words. */
static bool find_title(const struct document *doc, const char *name, size_t *start, size_t *end)
{
	struct tokens said, title;
	size_t most = 0, best = 0;

	tokens_make(&said, &name, 1);
	for (size_t i = 0; i < nr_sections(doc); i++) {
		const char *text = doc->sections[i].title;
		if (!text || strlen(text) < MIN_TITLE_LETTERS)
			continue;
		tokens_make(&title, (const char *const *)&text, 1);
		if (title.nr > most && tokens_shared(&said, &title, title.nr) == title.nr) {
			most = title.nr;
			best = i;
		}
		tokens_release(&title);
	}
	tokens_release(&said);
	if (most)
		section_range(doc, best, start, end);
	return most > 0;
}

/* "3.2" behind "Section" or "Sec.", or at the beginning; "" when there is none. */
static void read_number(char number[32], const char *name)
{
	const char *at = name;
	bool named = false;
	size_t n = 0;

	for (const char *p = name; *p; p++)
		if (ascii_lower((unsigned char)p[0]) == 's' && ascii_lower((unsigned char)p[1]) == 'e' &&
		    ascii_lower((unsigned char)p[2]) == 'c') {
			at = p;
			named = true;
		}
	while (named && *at && !ascii_digit((unsigned char)*at) && *at != ',' && *at != ';')
		at++;
	while (n < 31 && (ascii_digit((unsigned char)at[n]) ||
			  (n && at[n] == '.' && ascii_digit((unsigned char)at[n + 1])))) {
		number[n] = at[n];
		n++;
	}
	number[n] = '\0';
}

static bool find_number(const struct document *doc, const char *name, size_t *start, size_t *end)
{
	unsigned counts[MAX_LEVEL + 1] = { 0 }, top = MAX_LEVEL;
	char wanted[32];

	read_number(wanted, name);
	for (size_t i = 0; i < nr_sections(doc); i++)
		if (doc->sections[i].level < top)
			top = doc->sections[i].level;
	for (size_t i = 0; *wanted && i < nr_sections(doc); i++) {
		unsigned level = doc->sections[i].level;
		struct buffer number = BUFFER_INIT;
		if (level > MAX_LEVEL)
			continue;
		counts[level]++;
		for (unsigned l = level + 1; l <= MAX_LEVEL; l++)
			counts[l] = 0;
		for (unsigned l = top; l <= level; l++)
			buffer_addf(&number, "%s%u", l > top ? "." : "", counts[l]);
		bool same = !strcmp(number.data, wanted);
		buffer_release(&number);
		if (same) {
			section_range(doc, i, start, end);
			return true;
		}
	}
	return false;
}

bool locate_name(const struct document *doc, const char *name, size_t *start, size_t *end)
{
	char *cut = xmemdupz(name, strnlen(name, LOCATE_MAX_NAME));
	bool found = find_label(doc, cut, start, end) || find_title(doc, cut, start, end) ||
		     find_number(doc, cut, start, end);

	free(cut);
	return found;
}
