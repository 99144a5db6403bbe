#include "review/prompt.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "review/privacy.h"

int64_t prompt_part_tokens(const struct model *model, int64_t words, int64_t *output)
{
	int64_t context = model->context_tokens > 0 ? model->context_tokens : PROMPT_DEFAULT_CONTEXT;
	int64_t out = PROMPT_OUTPUT_TOKENS;
	if (model->max_output_tokens > 0 && model->max_output_tokens < out)
		out = model->max_output_tokens;
	if (out > context / 4)
		out = context / 4;
	*output = out;
	int64_t left = context - out - words - 200;
	return left > PROMPT_MIN_PART_TOKENS ? left : PROMPT_MIN_PART_TOKENS;
}

/* No text has more bytes a token than this, but for long runs of blanks: bounds the search below. */
#define MAX_BYTES_PER_TOKEN 16

static int64_t tokens_of(const struct document *doc, size_t start, size_t end)
{
	return model_estimate_tokens((struct slice){ doc->text.data + start, end - start });
}

/* The largest end such that text[start,end) stays within TOKENS; a whole number of characters. */
static size_t fitting_end(const struct document *doc, size_t start, int64_t tokens)
{
	size_t low = start, high = doc->text.len;
	if (high - start > (size_t)tokens * MAX_BYTES_PER_TOKEN)
		high = start + (size_t)tokens * MAX_BYTES_PER_TOKEN;
	if (tokens_of(doc, start, high) <= tokens)
		return high;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (tokens_of(doc, start, middle) <= tokens)
			low = middle;
		else
			high = middle;
	}
	while (low > start + 1 && ((unsigned char)doc->text.data[low] & 0xc0) == 0x80)
		low--;
	return low > start ? low : start + 1;
}

/* The last section start, blank line, line end or space in (from, end], in that order of
 * preference; END itself when there is none. */
static size_t good_cut(const struct document *doc, size_t from, size_t end)
{
	for (size_t i = doc->nr_sections; i-- > 0;)
		if (doc->sections[i].text_start > from && doc->sections[i].text_start <= end)
			return doc->sections[i].text_start;
	const char *text = doc->text.data;
	size_t line = 0, space = 0;
	for (size_t i = end; i > from + 1; i--) {
		if (text[i - 1] == '\n' && text[i - 2] == '\n')
			return i;
		if (!line && text[i - 1] == '\n')
			line = i;
		if (!space && ascii_space((unsigned char)text[i - 1]))
			space = i;
	}
	return line ? line : space ? space : end;
}

/* Where the next part begins so that it shares at most PROMPT_OVERLAP_TOKENS with the last: at the
 * start of a paragraph or sentence if that shares half of them, otherwise at a word. */
static size_t overlap_start(const struct document *doc, size_t start, size_t cut)
{
	const char *text = doc->text.data;
	size_t sentence = cut, word = cut;
	size_t floor = start + (cut - start) / 2;
	for (size_t i = cut - 1; i > floor + 1; i--) {
		if (!ascii_space((unsigned char)text[i - 1]))
			continue;
		if (tokens_of(doc, i, cut) > PROMPT_OVERLAP_TOKENS)
			break;
		word = i;
		if (text[i - 1] == '\n' || text[i - 2] == '.')
			sentence = i;
	}
	return tokens_of(doc, sentence, cut) * 2 >= PROMPT_OVERLAP_TOKENS ? sentence : word;
}

static void add_part(struct part_list *list, const struct document *doc, size_t start, size_t end)
{
	while (start < end && ascii_space((unsigned char)doc->text.data[start]))
		start++;
	if (start == end)
		return;
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = (struct part){ doc, start, end };
}

static bool is_section_start(const struct document *doc, size_t at)
{
	for (size_t i = 0; i < doc->nr_sections; i++)
		if (doc->sections[i].text_start == at)
			return true;
	return false;
}

void prompt_split(struct part_list *out, struct document *const *documents, size_t nr, int64_t tokens)
{
	*out = (struct part_list){ 0 };
	for (size_t i = 0; i < nr; i++) {
		const struct document *doc = documents[i];
		size_t start = 0;
		while (start < doc->text.len) {
			size_t end = fitting_end(doc, start, tokens);
			if (end == doc->text.len) {
				add_part(out, doc, start, end);
				break;
			}
			/* A cut in the first half would make many tiny parts of long sections. */
			size_t cut = good_cut(doc, start + (end - start) / 2, end);
			add_part(out, doc, start, cut);
			start = is_section_start(doc, cut) ? cut : overlap_start(doc, start, cut);
		}
	}
}

void part_list_release(struct part_list *list)
{
	free(list->items);
	*list = (struct part_list){ 0 };
}

void prompt_fence(struct buffer *out, struct slice text)
{
	char hash[SHA256_HEX_SIZE + 1];
	sha256_hex(text.data, text.len, hash);
	hash[16] = '\0';

	buffer_addf(out, "=== manuscript %s ===\n", hash);
	utf8_scrub(out, text.data, text.len);
	if (text.len && text.data[text.len - 1] != '\n')
		buffer_addch(out, '\n');
	buffer_addf(out, "=== end of manuscript %s ===\n\n", hash);
}

/* The text of PART as it may be shown. */
static void add_text(struct buffer *out, const struct part *part, const struct privacy_scan *scan)
{
	struct buffer text = BUFFER_INIT;
	if (scan)
		privacy_redact(&text, slice_of(&part->document->text), part->start, part->end, scan);
	else
		buffer_add(&text, part->document->text.data + part->start, part->end - part->start);
	utf8_scrub(out, text.data, text.len);
	buffer_release(&text);
}

void prompt_shared(struct buffer *out, const struct part *part, size_t index, size_t nr, const char *title,
		   const struct privacy_scan *scan)
{
	struct buffer text = BUFFER_INIT;
	add_text(&text, part, scan);
	if (title)
		buffer_addf(out, "Title: %.300s\n", title);
	buffer_addf(out, "Form: %s source",
		    part->document->kind == MANUSCRIPT_MARKDOWN ? "Markdown" : "LaTeX");
	if (nr > 1)
		buffer_addf(out, "; part %zu of %zu of the manuscript (what other parts hold is not "
			    "missing)", index + 1, nr);
	buffer_addch(out, '\n');
	prompt_fence(out, slice_of(&text));
	buffer_release(&text);
}
