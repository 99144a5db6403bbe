/* Names of authors from what is written where they stand. */
#include "base/memory.h"
#include "base/text.h"
#include "paper/reading.h"

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

static size_t count_words(const char *s)
{
	size_t words = 0;
	for (bool inside = false; *s; s++) {
		words += !inside && *s != ' ';
		inside = *s != ' ';
	}
	return words;
}

static bool looks_like_name(const char *s)
{
	static const char *const places[] = { "universit", "department", "institut",   "laborator",
					      "college",   "school of",  "center for", "centre for",
					      "faculty",   "http",       "correspond", "research",
					      "academy",   "inc.",       NULL };
	size_t words = count_words(s);
	return words >= 1 && words <= 6 && strlen(s) < 80 && !ascii_digit((unsigned char)*s) &&
	       !strpbrk(s, "@/=") && !has_word(s, places);
}

static void add_name(struct document *doc, struct slice s)
{
	static const char junk[] = " \t\n,;*";
	while (s.len && strchr(junk, s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len && strchr(junk, s.data[s.len - 1]))
		s.len--;
	if (!s.len || memchr(s.data, '@', s.len))
		return;
	char *name = xmemdupz(s.data, s.len);
	bool known = false;
	for (size_t i = 0; i < doc->nr_authors; i++)
		known |= !strcmp(doc->authors[i], name);
	if (!known)
		document_add_author(doc, name);
	free(name);
}

/* Length of what separates names at S ("," "and" "&" and their mixtures), or 0. */
static size_t separator_at(const char *s)
{
	static const char *const separators[] = { ", and ", ", & ", " and ", " & ", ",", ";" };
	for (size_t i = 0; i < ARRAY_SIZE(separators); i++)
		if (starts_with(s, separators[i]))
			return strlen(separators[i]);
	return 0;
}

/* Degrees and such behind a comma are no names. */
static bool is_title(const char *s)
{
	static const char *const titles[] = {
		"Jr.",   "Jr",   "Sr.",  "II",  "III",           "PhD",    "Ph.D.",
		"MD",    "M.D.", "IEEE", "MSc", "Senior Member", "Member", "Student Member",
		"Fellow"
	};
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (!strcmp(titles[i], s))
			return true;
	return false;
}

void document_add_names(struct document *doc, const char *text)
{
	char *parts[200];
	size_t nr = 0;
	bool is_list = true;
	for (const char *p = text, *start = text; nr < ARRAY_SIZE(parts); p++) {
		size_t len = *p ? separator_at(p) : 0;
		if (*p && !len)
			continue;
		struct slice part = slice_trim((struct slice){ start, (size_t)(p - start) });
		char *copy = xmemdupz(part.data, part.len);
		if (!part.len || (nr && is_title(copy)))
			free(copy);
		else
			parts[nr++] = copy;
		if (!*p)
			break;
		start = p + len;
		p += len - 1;
	}
	bool conjunction = strstr(text, " and ") || strstr(text, " & ") || nr > 2;
	for (size_t i = 0; i < nr; i++)
		is_list &= looks_like_name(parts[i]) && (conjunction || count_words(parts[i]) > 1);
	for (size_t i = 0; i < nr; i++) {
		if (is_list)
			add_name(doc, (struct slice){ parts[i], strlen(parts[i]) });
		else if (nr > 2 && looks_like_name(parts[i]) && count_words(parts[i]) > 1)
			add_name(doc, (struct slice){ parts[i], strlen(parts[i]) });
	}
	if (!is_list && nr <= 2 && looks_like_name(text))
		add_name(doc, (struct slice){ text, strlen(text) });
	for (size_t i = 0; i < nr; i++)
		free(parts[i]);
}
