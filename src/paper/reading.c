#include "paper/reading.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

static char exists_yes[] = "y", exists_no[] = "n";

void reading_init(struct reading *r, struct document *doc, const struct document_source *source,
		  const char *path)
{
	memset(r, 0, sizeof(*r));
	r->doc = doc;
	r->source = source;
	r->folder = path_folder(path);
}

void reading_release(struct reading *r)
{
	free(r->folder);
	strmap_release(&r->loaded, NULL);
	strmap_release(&r->virtual_files, free);
	strmap_release(&r->existence, NULL);
	free(r->runs);
	free(r->cuts);
}

/* -- files ------------------------------------------------------------------------------------- */

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? xmemdupz(path, (size_t)(slash - path)) : xstrdup("");
}

char *reading_join(const char *folder, const char *name)
{
	if (!*name || *name == '/')
		return NULL;
	struct buffer out = BUFFER_INIT;
	buffer_addstr(&out, folder);
	for (const char *p = name; *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			if (!out.len) {
				buffer_release(&out);
				return NULL;
			}
			const char *slash = strrchr(out.data, '/');
			buffer_truncate(&out, slash ? (size_t)(slash - out.data) : 0);
		} else if (len && !(len == 1 && p[0] == '.')) {
			if (out.len)
				buffer_addch(&out, '/');
			buffer_add(&out, p, len);
		}
		p += len + (p[len] == '/');
	}
	if (!out.len) {
		buffer_release(&out);
		return NULL;
	}
	return buffer_detach(&out, NULL);
}

bool reading_exists(struct reading *r, const char *path)
{
	void **known = strmap_at(&r->existence, path, strlen(path));
	if (!*known) {
		bool exists =
		    r->source && r->source->exists && r->source->exists(r->source->data, path);
		*known = exists ? exists_yes : exists_no;
	}
	return *known == exists_yes;
}

/* The first bytes decide, as they do for git. */
static bool looks_binary(const struct buffer *bytes)
{
	return memchr(bytes->data, '\0', bytes->len < 8000 ? bytes->len : 8000) != NULL;
}

static bool read_file(struct reading *r, const char *path, struct location from, struct buffer *out)
{
	if (!r->source || !r->source->read)
		return false;
	struct error *err = r->source->read(r->source->data, path, out);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return false;
	if (err) {
		reading_problem(r, from, "%s: %s", path, err->message);
		error_free(err);
		return false;
	}
	if (out->overflowed || out->len > DOCUMENT_MAX_FILE) {
		reading_problem(r, from, "%s is larger than %zu bytes and was not read", path,
				DOCUMENT_MAX_FILE);
		return false;
	}
	if (looks_binary(out)) {
		reading_problem(r, from, "%s is not a text file and was not read", path);
		return false;
	}
	return true;
}

bool reading_load(struct reading *r, const char *path, struct location from, uint32_t *file)
{
	struct document *doc = r->doc;
	void **known = strmap_at(&r->loaded, path, strlen(path));
	if (*known) {
		*file = (uint32_t)((uintptr_t)*known - 1);
		return *file != UINT32_MAX - 1;
	}
	*known = (void *)(uintptr_t)UINT32_MAX;
	if (doc->nr_files >= DOCUMENT_MAX_FILES || r->bytes > DOCUMENT_MAX_TEXT) {
		reading_limit(r, from, "files");
		return false;
	}
	struct buffer bytes = BUFFER_INIT_MAX(DOCUMENT_MAX_FILE);
	if (!read_file(r, path, from, &bytes)) {
		buffer_release(&bytes);
		return false;
	}
	r->bytes += bytes.len;
	ALLOC_GROW(doc->files, doc->nr_files, doc->alloc_files);
	doc->files[doc->nr_files] = (struct source_file){ .path = xstrdup(path), .bytes = bytes };
	*file = (uint32_t)doc->nr_files++;
	*known = (void *)((uintptr_t)*file + 1);
	return true;
}

/* -- the flow ---------------------------------------------------------------------------------- */

void reading_append(struct reading *r, uint32_t file, size_t start, size_t end)
{
	if (end <= start)
		return;
	size_t len = end - start;
	struct span *last = r->nr_runs ? &r->runs[r->nr_runs - 1] : NULL;
	if (last && last->file == file && last->start + last->len == start) {
		last->len += len;
	} else {
		ALLOC_GROW(r->runs, r->nr_runs, r->alloc_runs);
		r->runs[r->nr_runs++] = (struct span){ r->flow, len, file, start };
	}
	r->flow += len;
}

void reading_cut(struct reading *r, size_t start, size_t end)
{
	if (end <= start)
		return;
	struct flow_range *last = r->nr_cuts ? &r->cuts[r->nr_cuts - 1] : NULL;
	if (last && start >= last->start && start <= last->end) {
		if (end > last->end)
			last->end = end;
		return;
	}
	ALLOC_GROW(r->cuts, r->nr_cuts, r->alloc_cuts);
	r->cuts[r->nr_cuts++] = (struct flow_range){ start, end };
}

/* -- items ------------------------------------------------------------------------------------- */

struct item *reading_item(struct reading *r, enum item_kind kind, const char *key, size_t len,
			  struct location where, size_t flow)
{
	struct document *doc = r->doc;
	if (doc->nr_items >= DOCUMENT_MAX_ITEMS) {
		reading_limit(r, where, "items");
		return NULL;
	}
	ALLOC_GROW(doc->items, doc->nr_items, doc->alloc_items);
	struct item *item = &doc->items[doc->nr_items++];
	*item = (struct item){
		.kind = kind, .key = xmemdupz(key, len), .where = where, .text_start = flow
	};
	return item;
}

void reading_comment(struct reading *r, struct location where, size_t flow, char mark)
{
	const char *data = r->doc->files[where.file].bytes.data;
	while (where.start < where.end &&
	       (data[where.start] == mark || ascii_space((unsigned char)data[where.start]))) {
		where.start++;
		flow++;
	}
	while (where.end > where.start && ascii_space((unsigned char)data[where.end - 1]))
		where.end--;
	if (where.start == where.end || r->nr_comments >= READING_MAX_COMMENTS)
		return;
	r->nr_comments++;
	struct item *item =
	    reading_item(r, ITEM_COMMENT, data + where.start, where.end - where.start, where, flow);
	if (!item)
		return;
	bool line_start = false;
	for (char *p = item->key; p < item->key + (where.end - where.start); p++) {
		if (*p == '\n')
			line_start = true;
		else if (line_start && *p == mark)
			*p = ' ';
		else if (!ascii_space((unsigned char)*p))
			line_start = false;
	}
}

struct item *reading_hidden(struct reading *r, struct location where, size_t flow, const char *text,
			    size_t len, const char *how)
{
	struct slice s = slice_trim((struct slice){ text, len });
	if (s.len > READING_MAX_HIDDEN)
		s.len = READING_MAX_HIDDEN;
	struct item *item = reading_item(r, ITEM_HIDDEN, s.data, s.len, where, flow);
	if (item)
		item->extra = xstrdup(how);
	return item;
}

void reading_problem(struct reading *r, struct location where, const char *fmt, ...)
{
	struct document *doc = r->doc;
	if (++r->nr_problems > READING_MAX_PROBLEMS)
		return;
	va_list ap;
	char *message = NULL;
	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = xstrdup(fmt);
	va_end(ap);
	ALLOC_GROW(doc->problems, doc->nr_problems, doc->alloc_problems);
	doc->problems[doc->nr_problems++] = (struct problem){ where, message };
}

void reading_limit(struct reading *r, struct location where, const char *what)
{
	r->doc->labels_complete = false;
	r->doc->citations_complete = false;
	if (r->full)
		return;
	r->full = true;
	reading_problem(r, where, "too many %s: the paper was not read completely", what);
}

void reading_section(struct reading *r, unsigned level, const char *title, struct location where,
		     size_t flow)
{
	struct document *doc = r->doc;
	if (doc->nr_sections >= DOCUMENT_MAX_ITEMS) {
		reading_limit(r, where, "sections");
		return;
	}
	ALLOC_GROW(doc->sections, doc->nr_sections, doc->alloc_sections);
	doc->sections[doc->nr_sections++] = (struct section){ level, xstrdup(title), flow, where };
}

void document_add_author(struct document *doc, const char *name)
{
	ALLOC_GROW(doc->authors, doc->nr_authors, doc->alloc_authors);
	doc->authors[doc->nr_authors++] = xstrdup(name);
}

char *reading_tidy(struct slice in, bool paragraphs)
{
	struct buffer out = BUFFER_INIT;
	size_t p = 0, lines = 0;
	bool space = false;
	while (p < in.len) {
		if (ascii_space((unsigned char)in.data[p])) {
			lines += in.data[p++] == '\n';
			space = true;
			continue;
		}
		if (space && out.len)
			buffer_addstr(&out, lines > 1 && paragraphs ? "\n\n" : " ");
		space = false;
		lines = 0;
		uint32_t cp;
		size_t n = utf8_decode(in.data + p, in.len - p, &cp);
		if (n == 1 && cp == 0xfffd)
			cp = (unsigned char)in.data[p];
		if (cp >= 0x20)
			utf8_encode(&out, cp);
		p += n;
	}
	return buffer_detach(&out, NULL);
}

/* -- characters that are not seen -------------------------------------------------------------- */

static bool is_invisible(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x2064 },
		{ 0x2066, 0x206f }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe01ef },
	};
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

/* Joiners and direction marks belong to many scripts, and to emoji: alone they mean nothing. */
static bool is_ordinary_alone(uint32_t cp)
{
	return cp == 0x200c || cp == 0x200d || cp == 0x200e || cp == 0x200f;
}

static void decode_invisible(struct buffer *out, uint32_t cp)
{
	if (cp >= 0xe0020 && cp <= 0xe007e)
		buffer_addch(out, (char)(cp - 0xe0000));
	else if (cp >= 0xe0100)
		buffer_addch(out, (char)(cp - 0xe0100 + 16 < 0x7f ? cp - 0xe0100 + 16 : '?'));
	else
		buffer_addf(out, "U+%04X ", cp);
}

/* Emoji flags are written in tag characters after a black flag (U+1F3F4). */
static bool is_flag(const char *data, size_t start)
{
	return start >= 4 && !memcmp(data + start - 4, "\xf0\x9f\x8f\xb4", 4);
}

/* The run of invisible characters at P, if one is there: an item, and out of the text. */
static size_t invisible_run(struct reading *r, const struct span *run, size_t at)
{
	const char *data = r->doc->files[run->file].bytes.data;
	size_t end = run->start + run->len, p = at, nr = 0;
	uint32_t cp, first = 0;
	struct buffer text = BUFFER_INIT_MAX(READING_MAX_HIDDEN);
	while (p < end) {
		size_t n = utf8_decode(data + p, end - p, &cp);
		if (!is_invisible(cp))
			break;
		decode_invisible(&text, cp);
		first = nr++ ? first : cp;
		p += n;
	}
	bool ignored = !nr || (nr == 1 && is_ordinary_alone(first)) || (first == 0xfeff && !at) ||
		       (first >= 0xe0000 && is_flag(data, at));
	if (!ignored) {
		size_t flow = run->text_start + (at - run->start);
		struct location where = { run->file, at, p };
		reading_hidden(r, where, flow, text.data, text.len,
			       first >= 0xe0000 ? "invisible tag characters"
			       : (first >= 0x202a && first <= 0x202e) || first >= 0x2066
				   ? "characters that change the direction of writing"
				   : "zero-width characters");
		reading_cut(r, flow, flow + (p - at));
	}
	buffer_release(&text);
	return p > at ? p : at + 1;
}

static void find_invisible(struct reading *r)
{
	for (size_t i = 0; i < r->nr_runs; i++) {
		struct span run = r->runs[i];
		const unsigned char *data =
		    (const unsigned char *)r->doc->files[run.file].bytes.data;
		size_t p = run.start, end = run.start + run.len;
		while (p < end) {
			unsigned char c = data[p];
			if (c == 0xe2 || c == 0xef || c == 0xf3)
				p = invisible_run(r, &run, p);
			else
				p++;
		}
	}
}

/* -- from the flow to the text ----------------------------------------------------------------- */

static int compare_cuts(const void *a, const void *b)
{
	const struct flow_range *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* Sorted, and none touching another. */
static void normalise_cuts(struct reading *r)
{
	if (!r->nr_cuts)
		return;
	qsort(r->cuts, r->nr_cuts, sizeof(*r->cuts), compare_cuts);
	size_t nr = 0;
	for (size_t i = 1; i < r->nr_cuts; i++) {
		if (r->cuts[i].start <= r->cuts[nr].end) {
			if (r->cuts[i].end > r->cuts[nr].end)
				r->cuts[nr].end = r->cuts[i].end;
		} else {
			r->cuts[++nr] = r->cuts[i];
		}
	}
	r->nr_cuts = nr + 1;
}

static void add_span(struct reading *r, const struct span *run, size_t from, size_t to)
{
	struct document *doc = r->doc;
	if (to <= from)
		return;
	size_t start = run->start + (from - run->text_start);
	ALLOC_GROW(doc->spans, doc->nr_spans, doc->alloc_spans);
	doc->spans[doc->nr_spans++] = (struct span){ doc->text.len, to - from, run->file, start };
	buffer_add(&doc->text, doc->files[run->file].bytes.data + start, to - from);
}

/* Where each span starts in the flow goes to FLOW_OF (as many as spans). */
static size_t *make_text(struct reading *r)
{
	struct document *doc = r->doc;
	size_t *flow_of = NULL, alloc = 0, cut = 0;
	for (size_t i = 0; i < r->nr_runs; i++) {
		const struct span *run = &r->runs[i];
		size_t from = run->text_start, end = from + run->len;
		while (from < end) {
			while (cut < r->nr_cuts && r->cuts[cut].end <= from)
				cut++;
			size_t stop = end;
			if (cut < r->nr_cuts && r->cuts[cut].start < end)
				stop = r->cuts[cut].start;
			if (stop > from) {
				ALLOC_GROW(flow_of, doc->nr_spans, alloc);
				flow_of[doc->nr_spans] = from;
				add_span(r, run, from, stop);
				from = stop;
			} else {
				from = r->cuts[cut].end;
			}
		}
	}
	return flow_of;
}

static size_t text_place(const struct document *doc, const size_t *flow_of, size_t flow, bool exact)
{
	size_t low = 0, high = doc->nr_spans;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (flow_of[middle] <= flow)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && flow < flow_of[low - 1] + doc->spans[low - 1].len)
		return doc->spans[low - 1].text_start + (flow - flow_of[low - 1]);
	if (exact)
		return NO_FLOW;
	return low < doc->nr_spans ? doc->spans[low].text_start : doc->text.len;
}

/* Stable merge sort by place in the flow; an item without one goes with the item before it. */
static void sort_items(struct document *doc)
{
	size_t nr = doc->nr_items, previous = 0;
	struct keyed {
		size_t key;
		struct item item;
	} *from, *to;
	bool sorted = true;
	for (size_t i = 0, last = 0; i < nr && sorted; i++) {
		if (doc->items[i].text_start == NO_FLOW)
			continue;
		sorted = doc->items[i].text_start >= last;
		last = doc->items[i].text_start;
	}
	if (sorted)
		return;
	from = xreallocarray(NULL, nr, sizeof(*from));
	to = xreallocarray(NULL, nr, sizeof(*to));
	for (size_t i = 0; i < nr; i++) {
		if (doc->items[i].text_start != NO_FLOW)
			previous = doc->items[i].text_start;
		from[i] = (struct keyed){ previous, doc->items[i] };
	}
	for (size_t width = 1; width < nr; width *= 2) {
		for (size_t left = 0; left < nr; left += 2 * width) {
			size_t middle = left + width < nr ? left + width : nr;
			size_t right = middle + width < nr ? middle + width : nr;
			for (size_t a = left, b = middle, o = left; o < right; o++) {
				bool take_a =
				    a < middle && (b >= right || from[a].key <= from[b].key);
				to[o] = take_a ? from[a++] : from[b++];
			}
		}
		struct keyed *swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < nr; i++)
		doc->items[i] = from[i].item;
	free(from);
	free(to);
}

void reading_finish(struct reading *r)
{
	struct document *doc = r->doc;
	find_invisible(r);
	normalise_cuts(r);
	sort_items(doc);
	size_t *flow_of = make_text(r);
	for (size_t i = 0; i < doc->nr_items; i++)
		if (doc->items[i].text_start != NO_FLOW)
			doc->items[i].text_start =
			    text_place(doc, flow_of, doc->items[i].text_start, true);
	for (size_t i = 0; i < doc->nr_sections; i++)
		doc->sections[i].text_start =
		    text_place(doc, flow_of, doc->sections[i].text_start, false);
	free(flow_of);
	if (r->nr_problems > READING_MAX_PROBLEMS) {
		size_t more = r->nr_problems - READING_MAX_PROBLEMS;
		r->nr_problems = 0;
		reading_problem(r, (struct location){ 0, 0, 0 }, "%zu more problems of this kind",
				more);
	}
}
