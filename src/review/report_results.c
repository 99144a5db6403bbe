/* What becomes an annotation, in every format that programs read. */
#include "base/memory.h"
#include "base/text.h"
#include "review/report_parts.h"

static bool has_place(const struct consensus_finding *f)
{
	return f->bucket != BUCKET_UNVERIFIED && f->lead.path && *f->lead.path;
}

static int compare_results(const void *x, const void *y)
{
	const struct report_result *a = x, *b = y;
	int order = consensus_worst_first(a->finding, b->finding);

	return order ? order : strcmp(a->report->run->paper, b->report->run->paper);
}

struct report_result *report_results(const struct report *const *reports, size_t nr, size_t *nr_results,
				     size_t *unplaced)
{
	size_t total = 0, n = 0;
	for (size_t i = 0; i < nr; i++)
		total += reports[i]->consensus->nr;

	struct report_result *results = xcalloc(total + 1, sizeof(*results));
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < reports[i]->consensus->nr; j++) {
			const struct consensus_finding *f = &reports[i]->consensus->findings[j];
			if (has_place(f))
				results[n++] = (struct report_result){ reports[i], f };
		}
	}
	if (n)
		qsort(results, n, sizeof(*results), compare_results);
	*unplaced = total - n;
	*nr_results = n;
	return results;
}

const char *report_rule(const struct consensus_finding *f)
{
	return f->lead.rule ? f->lead.rule : REPORT_CLAIM_RULE;
}

const char *report_suggestion(const struct consensus_finding *f)
{
	for (size_t i = 0; i < f->nr_voices; i++) {
		const char *s = f->voices[i].finding->suggestion;
		if (s && *s)
			return s;
	}
	return NULL;
}

static void add_plain(struct buffer *out, const char *s, size_t max)
{
	size_t len;
	bool cut = cut_text(s, max, &len);

	text_for_terminal(out, s, len, true);
	if (cut)
		buffer_addstr(out, " [\xe2\x80\xa6]");
}

/* As a sentence: rules and models write some with, some without a capital and a full stop. */
static void end_sentence(struct buffer *out)
{
	char last = out->len ? out->data[out->len - 1] : '.';

	if (last != '.' && last != '?' && last != '!')
		buffer_addch(out, '.');
}

void report_add_message(struct buffer *out, const struct consensus_finding *f)
{
	const char *suggestion = report_suggestion(f);

	add_plain(out, f->lead.title, REPORT_MAX_TITLE);
	end_sentence(out);
	if (f->lead.why && *f->lead.why) {
		buffer_addch(out, ' ');
		size_t start = out->len;
		add_plain(out, f->lead.why, REPORT_MAX_WHY);
		if (out->data[start] >= 'a' && out->data[start] <= 'z')
			out->data[start] -= 'a' - 'A';
		end_sentence(out);
	}
	if (suggestion) {
		buffer_addstr(out, " Suggestion: ");
		add_plain(out, suggestion, REPORT_MAX_WHY);
		end_sentence(out);
	}
}
