#include "cmd/hooks_page.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/report_parts.h"

#define MAX_TITLE ((size_t)300)
#define MAX_PAGE ((size_t)64 << 10)

void hooks_page_init(struct hooks_page *page)
{
	*page = (struct hooks_page){ .worst = -1 };
	for (size_t i = 0; i < ARRAY_SIZE(page->lines); i++)
		buffer_init(&page->lines[i], MAX_PAGE);
}

void hooks_page_release(struct hooks_page *page)
{
	for (size_t i = 0; i < ARRAY_SIZE(page->lines); i++)
		buffer_release(&page->lines[i]);
}

/* "theory/tilings/main.tex:7: error: white text addresses a reviewer [hidden-instruction]" */
static void add_line(struct buffer *out, const struct consensus_finding *f, const struct run *run)
{
	const struct finding *lead = &f->lead;
	const char *path = lead->path ? lead->path : *run->paper ? run->paper : ".";
	size_t len;
	bool cut = cut_text(lead->title, MAX_TITLE, &len);
	text_for_terminal(out, path, strlen(path), false);
	if (lead->line)
		buffer_addf(out, ":%zu", lead->line);
	buffer_addf(out, ": %s: ", severity_name(f->severity));
	text_for_terminal(out, lead->title, len, false);
	if (cut)
		buffer_addstr(out, "...");
	buffer_addstr(out, " [");
	if (lead->rule)
		text_for_terminal(out, lead->rule, strlen(lead->rule), false);
	for (size_t i = 0; i < f->nr_families && !lead->rule; i++) {
		buffer_addstr(out, i ? "+" : "");
		text_for_terminal(out, f->families[i], strlen(f->families[i]), false);
	}
	buffer_addstr(out, "]\n");
}

void hooks_page_add(struct hooks_page *page, const struct review *review)
{
	page->papers++;
	for (size_t i = 0; i < review->consensus.nr; i++) {
		const struct consensus_finding *f = &review->consensus.findings[i];
		if (f->bucket == BUCKET_UNVERIFIED)
			continue;
		page->counts[f->severity]++;
		if (f->bucket == BUCKET_VERIFIED && (int)f->severity > page->worst)
			page->worst = (int)f->severity;
		if (page->nr_lines[f->severity] == HOOKS_PAGE_LINES)
			continue;
		page->nr_lines[f->severity]++;
		add_line(&page->lines[f->severity], f, &review->run);
	}
}

void hooks_page_write(const struct hooks_page *page, enum severity least, struct buffer *out)
{
	size_t room = HOOKS_PAGE_LINES, left_out = 0;
	for (int s = SEVERITY_ERROR; s >= (int)least; s--) {
		const char *at = page->lines[s].data;
		size_t shown = page->nr_lines[s] < room ? page->nr_lines[s] : room;
		for (size_t i = 0; i < shown; i++) {
			size_t len = strcspn(at, "\n") + 1;
			buffer_add(out, at, len);
			at += len;
		}
		room -= shown;
		left_out += page->counts[s] - shown;
	}
	if (left_out)
		buffer_addf(out, "... and %zu more\n", left_out);
}

void hooks_page_count(const struct hooks_page *page, struct buffer *out)
{
	bool first = true;
	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE; s--) {
		if (!page->counts[s])
			continue;
		buffer_addstr(out, first ? "" : ", ");
		add_count(out, page->counts[s], severity_name((enum severity)s));
		first = false;
	}
	if (first)
		buffer_addstr(out, "no findings");
}

struct error *hooks_fail_level(const struct workspace *ws, int *level)
{
	const char *configured = repo_config(ws->repo, "scrutiny.hooks.failon");
	enum severity severity;
	if (configured && strcmp(configured, "never") && !severity_parse(configured, &severity))
		return error_new(ERROR_USAGE, "scrutiny.hooks.failOn is '%s': it must be error, warning, note or "
					      "never", configured);
	*level = policy_fail_level(&ws->policy, configured);
	return NULL;
}
