#include "cmd/publish.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/report_parts.h"

#define MAX_TEXT 1500
#define MAX_QUOTE 500
/* Inline comments on stretches longer than this are no use to a reader. */
#define MAX_LINES 30

static void add_paragraph(struct buffer *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	if (out->len)
		buffer_addstr(out, "\n\n");
	buffer_addstr(out, label);
	markdown_text(out, text, MAX_TEXT);
}

/* The lead's, or of whoever has one. */
static const char *suggestion_of(const struct consensus_finding *f)
{
	for (size_t i = 0; i < f->nr_voices; i++)
		if (f->voices[i].finding->suggestion && *f->voices[i].finding->suggestion)
			return f->voices[i].finding->suggestion;
	return NULL;
}

static void add_who(struct buffer *out, const struct consensus_finding *f)
{
	buffer_addf(out, "%s%s%s", out->len ? "\n\n" : "", f->bucket == BUCKET_PLAUSIBLE ? "plausible " : "",
		    severity_name(f->severity));
	if (f->lead.rule) {
		buffer_addstr(out, ", ");
		markdown_code(out, f->lead.rule);
		return;
	}
	for (size_t i = 0; i < f->nr_families; i++) {
		buffer_addstr(out, i ? ", " : ", raised by ");
		markdown_text(out, f->families[i], 60);
	}
}

static char *message_of(const struct consensus_finding *f)
{
	struct buffer out = BUFFER_INIT;
	add_paragraph(&out, "", f->lead.why);
	if (f->lead.quote && *f->lead.quote && !f->lead.rule) {
		buffer_addstr(&out, out.len ? "\n\n" : "");
		markdown_block(&out, f->lead.quote, "", MAX_QUOTE);
		buffer_truncate(&out, out.len - 1);
	}
	add_paragraph(&out, "Suggestion: ", suggestion_of(f));
	add_who(&out, f);
	return buffer_detach(&out, NULL);
}

/* Ids are told apart within a paper. */
static char *id_of(const struct placed_finding *p)
{
	struct buffer out = BUFFER_INIT;
	buffer_addf(&out, "%s/", p->finding->id);
	text_percent(&out, slice_of_string(p->review->run.paper), "/");
	return buffer_detach(&out, NULL);
}

static struct annotation annotation_of(const struct placed_finding *p, const struct diff_lines *lines)
{
	const struct finding *f = &p->finding->lead;
	size_t end = f->end_line > f->line && f->end_line - f->line <= MAX_LINES ? f->end_line : f->line;
	while (lines && end > f->line && !diff_lines_has(lines, f->path, end))
		end--;
	return (struct annotation){
		.path = f->path,
		.line = f->line,
		.end_line = end,
		.level = severity_name(p->finding->severity),
		.title = f->title,
		.message = message_of(p->finding),
		.id = id_of(p),
	};
}

void publish_annotations_make(struct publish_annotations *out, struct review *const *reviews, size_t nr,
			      const struct diff_lines *lines, size_t most, size_t *left)
{
	size_t all;
	struct placed_finding *findings = pull_text_findings(reviews, nr, &all);
	*out = (struct publish_annotations){ xcalloc(all + 1, sizeof(*out->items)), 0 };
	*left = 0;
	for (size_t i = 0; i < all; i++) {
		const struct finding *f = &findings[i].finding->lead;
		bool there = !lines || diff_lines_has(lines, f->path, f->line);
		if (there && out->nr < most)
			out->items[out->nr++] = annotation_of(&findings[i], lines);
		else
			(*left)++;
	}
	free(findings);
}

void publish_annotations_release(struct publish_annotations *a)
{
	for (size_t i = 0; i < a->nr; i++) {
		free((char *)a->items[i].message);
		free((char *)a->items[i].id);
	}
	free(a->items);
}
