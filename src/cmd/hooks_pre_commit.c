/* pre-commit: what is staged, by the built-in checks and what is recorded. Nothing is asked, and nothing written. */
#include "cmd/hooks.h"

#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "check/check.h"
#include "cmd/hooks_page.h"
#include "review/report_parts.h"

static void fill_run(struct run *run, const struct paper *paper, struct document *const *documents, size_t nr)
{
	*run = (struct run){
		.program_version = xstrdup(VERSION),
		.content_id = xstrdup(paper->content_id),
		.paper = xstrdup(paper->path),
		.date = (int64_t)time(NULL),
		.manuscripts = xcalloc(nr + 1, sizeof(char *)),
	};
	for (size_t i = 0; i < nr; i++)
		run->manuscripts[run->nr_manuscripts++] = xstrdup(documents[i]->path);
}

static struct error *review_documents(struct workspace *ws, const struct paper *paper,
				      struct document *const *documents, size_t nr, struct hooks_page *page)
{
	struct review review;
	struct run run;
	struct record builtin = {
		.reviewer = xstrdup("builtin"),
		.version = xstrfmt("%d", CHECK_VERSION),
		.family = xstrdup("builtin"),
		.content_id = xstrdup(paper->content_id),
		.date = (int64_t)time(NULL),
	};
	fill_run(&run, paper, documents, nr);
	check_run(&builtin.findings, documents, nr);
	struct error *err = review_make_with(&review, ws->records, &run, &builtin);
	if (!err) {
		hooks_page_add(page, &review);
		review_release(&review);
	}
	return err;
}

/* A manuscript that cannot be read keeps nobody from committing; `run` tells of it. */
static struct error *review_paper(struct workspace *ws, const struct paper *paper, struct hooks_page *page)
{
	size_t nr = 0;
	struct document *documents = xcalloc(paper->nr_manuscripts + 1, sizeof(*documents));
	struct document **read = xcalloc(paper->nr_manuscripts + 1, sizeof(*read));
	for (size_t i = 0; i < paper->nr_manuscripts; i++) {
		struct error *err = document_read(&documents[nr], ws->snapshot, paper, &paper->manuscripts[i]);
		if (!err) {
			read[nr] = &documents[nr];
			nr++;
		} else if (!error_is(err, ERROR_UNSUPPORTED)) {
			say_warning("%s", err->message);
		}
		error_free(err);
	}
	struct error *err = nr ? review_documents(ws, paper, read, nr, page) : NULL;
	for (size_t i = 0; i < nr; i++)
		document_release(&documents[i]);
	free(documents);
	free(read);
	return err;
}

static void conclude(struct hooks_call *call, const struct hooks_page *page, int level)
{
	enum severity least = level == SEVERITY_NOTE ? SEVERITY_NOTE : SEVERITY_WARNING;
	struct buffer out = BUFFER_INIT;
	bool stops = level != FAIL_ON_NEVER && page->worst >= level;
	if (!page->counts[SEVERITY_ERROR] && !page->counts[SEVERITY_WARNING] && !stops)
		return;
	hooks_page_write(page, least, &out);
	buffer_addstr(&out, "git scrutiny: ");
	hooks_page_count(page, &out);
	buffer_addstr(&out, " in ");
	add_count(&out, page->papers, "staged paper");
	buffer_addstr(&out, stops ? ": not committed\n" : "\n");
	fwrite(out.data, 1, out.len, stderr);
	if (stops)
		say_hint(call->ctx, "`git commit --no-verify` commits all the same, SCRUTINY=0 git commit skips "
				    "only git scrutiny");
	buffer_release(&out);
	*call->exit_status = stops ? EXIT_FINDINGS : EXIT_DONE;
}

struct error *hooks_pre_commit(struct hooks_call *call)
{
	struct workspace ws;
	struct hooks_page page;
	int level = FAIL_ON_NEVER;
	hooks_page_init(&page);
	const struct workspace_view staged = { .staged = true, .changed = true };
	struct error *err = workspace_open(&ws, call->ctx, &staged);
	if (!err)
		err = hooks_fail_level(&ws, &level);
	for (size_t i = 0; i < ws.papers.nr && !err; i++)
		err = hooks_give_way(call, review_paper(&ws, &ws.papers.items[i], &page));
	if (!err)
		conclude(call, &page, level);
	hooks_page_release(&page);
	workspace_release(&ws);
	return hooks_give_way(call, err);
}
