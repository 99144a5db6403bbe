#include "review/privacy.h"

#include "base/memory.h"
#include "base/secret_shapes.h"
#include "base/text.h"
#include "review/privacy_patterns.h"

/* Bytes of a title page at most. */
#define MAX_TITLE_PAGE 8000
/* How far back the command is looked for that an address is an argument of. */
#define MAX_LOOK_BACK 400
#define MAX_NESTING 4

void privacy_scan_release(struct privacy_scan *scan)
{
	free(scan->hits);
	*scan = (struct privacy_scan){ 0 };
}

void privacy_init(struct privacy *p, struct privacy_rules rules)
{
	*p = (struct privacy){ .rules = rules };
}

void privacy_release(struct privacy *p)
{
	for (size_t i = 0; i < PRIVACY_KINDS; i++)
		strmap_release(&p->values[i], NULL);
}

static enum privacy_action action_of(const struct privacy *p, enum privacy_kind kind)
{
	return kind == PRIVACY_KEY ? p->rules.keys : p->rules.personal;
}

/* -- the author block --------------------------------------------------------------------------- */

size_t privacy_title_page(const struct document *doc)
{
	size_t end = doc->text.len < MAX_TITLE_PAGE ? doc->text.len : MAX_TITLE_PAGE;
	size_t title = doc->kind == MANUSCRIPT_MARKDOWN ? 1 : 0;
	if (doc->nr_sections > title && doc->sections[title].text_start < end)
		end = doc->sections[title].text_start;
	return end;
}

/* The position of the brace that is open at AT, or START. */
static size_t open_brace(struct slice text, size_t start, size_t at)
{
	unsigned closed = 0;
	for (size_t i = at; i > start; i--) {
		char c = text.data[i - 1];
		if (c == '}')
			closed++;
		else if (c == '{' && !closed--)
			return i - 1;
	}
	return start;
}

/* The name of the command whose argument begins with the brace at BRACE: \ead[url]{. */
static struct slice command_before(struct slice text, size_t start, size_t brace)
{
	size_t end = brace;
	if (end > start && text.data[end - 1] == ']')
		while (end > start && text.data[--end] != '[')
			;
	while (end > start && text.data[end - 1] == '*')
		end--;
	size_t name = end;
	while (name > start && ascii_alpha((unsigned char)text.data[name - 1]))
		name--;
	if (name == start || text.data[name - 1] != '\\')
		return (struct slice){ "", 0 };
	return (struct slice){ text.data + name, end - name };
}

static bool is_author_command(struct slice name)
{
	static const char *const names[] = {
		"author",  "authors",  "email",    "emailAdd", "emails",     "ead",        "mail",
		"thanks",  "address",  "curraddr", "affil",    "affiliation", "institute", "institution",
		"corresp", "corrauth", "corres",   "corauth",  "cortext",    "contact",    "authornote",
		"correspondingauthor", "correspondence", "IEEEauthorblockA", "orgaddress", "authorinfo",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_equals(name, names[i]))
			return true;
	return false;
}

static bool in_author_command(struct slice text, size_t at)
{
	size_t start = at > MAX_LOOK_BACK ? at - MAX_LOOK_BACK : 0;
	for (int depth = 0; depth < MAX_NESTING && at > start; depth++) {
		at = open_brace(text, start, at);
		if (at > start && is_author_command(command_before(text, start, at)))
			return true;
	}
	return false;
}

/* -- looking ------------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct privacy_hit *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/* Hits that overlap become one; a key counts more than an address in it. */
static void merge_overlaps(struct privacy_scan *scan)
{
	size_t kept = 0;
	if (scan->nr)
		qsort(scan->hits, scan->nr, sizeof(*scan->hits), by_start);
	for (size_t i = 0; i < scan->nr; i++) {
		struct privacy_hit *last = kept ? &scan->hits[kept - 1] : NULL, *hit = &scan->hits[i];
		if (!last || hit->start >= last->end) {
			scan->hits[kept++] = *hit;
			continue;
		}
		if (hit->end > last->end)
			last->end = hit->end;
		if (hit->kind == PRIVACY_KEY && last->kind != PRIVACY_KEY) {
			last->kind = hit->kind;
			last->what = hit->what;
		}
	}
	scan->nr = kept;
}

static unsigned number_of(struct privacy *p, enum privacy_kind kind, struct slice value)
{
	void **slot = strmap_at(&p->values[kind], value.data, value.len);
	if (!*slot)
		*slot = (void *)(uintptr_t)p->values[kind].nr;
	return (unsigned)(uintptr_t)*slot;
}

struct look {
	struct privacy_scan *scan;
	enum privacy_kind kind;
	const char *what;
};

static bool add_hit(void *data, size_t start, size_t end)
{
	const struct look *look = data;
	struct privacy_scan *scan = look->scan;
	if (scan->nr == PRIVACY_MAX_HITS) {
		scan->gave_up = true;
		return false;
	}
	ALLOC_GROW(scan->hits, scan->nr, scan->alloc);
	scan->hits[scan->nr++] = (struct privacy_hit){ .start = start, .end = end, .kind = look->kind,
						       .what = look->what };
	return true;
}

/* Adds the matches of SHAPE, unsorted and without numbers. */
static void find(const struct privacy *p, struct privacy_scan *scan, enum privacy_kind kind,
		 const struct shape *shape, struct slice text)
{
	struct look look = { scan, kind, shape->what };
	if (action_of(p, kind) != PRIVACY_ALLOW && !scan->gave_up && !shape_find(shape, text, add_hit, &look))
		scan->gave_up = true;
}

void privacy_look(struct privacy *p, struct privacy_scan *out, struct slice text, size_t title_page)
{
	*out = (struct privacy_scan){ 0 };
	for (size_t i = 0; i < secret_shapes_nr; i++)
		find(p, out, PRIVACY_KEY, &secret_shapes[i], text);
	for (size_t i = 0; i < privacy_pattern_nr; i++)
		find(p, out, privacy_patterns[i].kind, &privacy_patterns[i].shape, text);
	size_t kept = 0;
	for (size_t i = 0; i < out->nr; i++) {
		const struct privacy_hit *hit = &out->hits[i];
		bool of_author = hit->kind == PRIVACY_EMAIL &&
				 (hit->start < title_page || in_author_command(text, hit->start));
		if (!of_author)
			out->hits[kept++] = *hit;
	}
	out->nr = kept;
	merge_overlaps(out);
	for (size_t i = 0; i < out->nr; i++) {
		struct privacy_hit *hit = &out->hits[i];
		hit->number = number_of(p, hit->kind,
					(struct slice){ text.data + hit->start, hit->end - hit->start });
	}
}

const struct privacy_hit *privacy_blocker(const struct privacy *p, const struct privacy_scan *scan)
{
	for (size_t i = 0; i < scan->nr; i++)
		if (action_of(p, scan->hits[i].kind) == PRIVACY_BLOCK)
			return &scan->hits[i];
	return NULL;
}

/* -- placeholders --------------------------------------------------------------------------------- */

static const struct {
	const char *word, *one, *many;
} kinds[PRIVACY_KINDS] = {
	[PRIVACY_KEY] = { "secret", "key", "keys" },
	[PRIVACY_EMAIL] = { "e-mail", "e-mail address", "e-mail addresses" },
	[PRIVACY_PHONE] = { "phone", "phone number", "phone numbers" },
};

void privacy_redact(struct buffer *out, struct slice text, size_t start, size_t end,
		    const struct privacy_scan *scan)
{
	for (size_t i = 0; i < scan->nr && start < end; i++) {
		const struct privacy_hit *hit = &scan->hits[i];
		if (hit->end <= start || hit->start >= end)
			continue;
		if (hit->start > start)
			buffer_add(out, text.data + start, hit->start - start);
		buffer_addf(out, "[%s %u]", kinds[hit->kind].word, hit->number);
		start = hit->end;
	}
	if (start < end)
		buffer_add(out, text.data + start, end - start);
}

/* The words that the placeholder at S, of *LEN bytes, stands for; NULL when it is none. */
static const struct strmap_entry *placeholder_at(const struct privacy *p, const char *s, size_t *len)
{
	for (size_t kind = 0; kind < PRIVACY_KINDS; kind++) {
		const char *rest;
		char *end;
		if (*s != '[' || !skip_prefix(s + 1, kinds[kind].word, &rest) || *rest != ' ' ||
		    !ascii_digit((unsigned char)rest[1]))
			continue;
		unsigned long number = strtoul(rest + 1, &end, 10);
		if (*end != ']' || !number || number > p->values[kind].nr)
			continue;
		*len = (size_t)(end + 1 - s);
		return &p->values[kind].entries[number - 1];
	}
	return NULL;
}

char *privacy_restore(const struct privacy *p, const char *quote)
{
	struct buffer out = BUFFER_INIT;
	bool any = false;
	for (const char *s = quote; *s;) {
		size_t len = 1;
		const struct strmap_entry *entry = placeholder_at(p, s, &len);
		if (entry)
			buffer_add(&out, entry->key, entry->key_len);
		else
			buffer_addch(&out, *s);
		any |= entry != NULL;
		s += len;
	}
	if (any)
		return buffer_detach(&out, NULL);
	buffer_release(&out);
	return NULL;
}

void privacy_count(struct buffer *out, const struct privacy *p)
{
	const char *separator = "";
	for (size_t kind = 0; kind < PRIVACY_KINDS; kind++) {
		size_t nr = p->values[kind].nr;
		if (!nr)
			continue;
		buffer_addf(out, "%s%zu %s", separator, nr, nr == 1 ? kinds[kind].one : kinds[kind].many);
		separator = ", ";
	}
}
