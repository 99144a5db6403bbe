/* show and report: what the record store knows of papers, without reviewing anything. */
#include "cmd/lines.h"
#include "cmd/output.h"
#include "cmd/workspace.h"

#include <stddef.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "meta/meta.h"

struct show_options {
	bool all;
	const char *format;
	const char *color;
};

struct report_options {
	bool replay, write;
	const char *format;
	const char *output;
};

/* The review of a paper as it is now. When the paper has changed since it was reviewed, the error
 * says so. */
static struct error *load_current(struct workspace *ws, const struct paper *paper,
				  struct review *out)
{
	struct error *err = review_load(out, ws->records, paper->content_id, paper->path);
	if (!error_is(err, ERROR_NOT_FOUND))
		return err;
	error_free(err);
	struct buffer name = BUFFER_INIT, report = BUFFER_INIT;
	add_paper_name(&name, paper);
	buffer_addf(&report, "%s%s%s", paper->path, *paper->path ? "/" : "",
		    REVIEW_REPORT_MARKDOWN);
	bool older = snapshot_exists(ws->snapshot, report.data);
	err = error_with_hint(error_new(ERROR_NOT_FOUND, older ? "%s has changed since it was reviewed"
							       : "%s was not reviewed yet",
					name.data),
			      "`git scrutiny run` reviews it%s%s", older ? "; the last report is " : "",
			      older ? report.data : "");
	buffer_release(&name);
	buffer_release(&report);
	return err;
}

/* Loads the reviews of all papers in SEL; each is one allocation, because reviews hold pointers
 * into themselves. */
static struct error *load_all(struct workspace *ws, const struct paper *const *papers, size_t nr,
			      struct review **out)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		out[i] = xcalloc(1, sizeof(**out));
		err = load_current(ws, papers[i], out[i]);
		if (err) {
			free(out[i]);
			out[i] = NULL;
		}
	}
	return err;
}

static void free_all(struct review **reviews, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (reviews[i])
			review_release(reviews[i]);
		free(reviews[i]);
	}
	free(reviews);
}

static void add_reviews(struct buffer *text, struct workspace *ws, const struct show_options *o,
			struct review *const *reviews, size_t nr)
{
	bool color = context_color(ws->ctx, o->color, 1);
	if (o->all) {
		output_all(text, reviews, nr, color);
		return;
	}
	struct line_source lines;
	line_source_init(&lines, ws->snapshot);
	output_format(text, o->format ? o->format : "md", reviews, nr, color, &lines);
	line_source_release(&lines);
}

static struct error *run_show(struct context *ctx, const void *options, int argc,
			      const char **argv, int *exit_status)
{
	const struct show_options *o = options;
	struct workspace ws;
	const struct paper **papers = NULL;
	struct review **reviews = NULL;
	struct buffer text = BUFFER_INIT;
	size_t nr = 0;
	(void)exit_status;
	if (o->all && o->format && strcmp(o->format, "text"))
		return error_with_hint(error_new(ERROR_USAGE, "--all is shown as text"),
				       "--format=json always holds everything");
	struct error *err = workspace_open(&ws, ctx, NULL);
	struct selection sel = { .all = true, .paths = argv, .nr_paths = argc };
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err && !argc && nr > 1)
		err = error_with_hint(error_new(ERROR_USAGE, "name the paper: there are %zu", nr),
				      "`git scrutiny status --all` lists them");
	reviews = xcalloc(nr + 1, sizeof(*reviews));
	if (!err)
		err = load_all(&ws, papers, nr, reviews);
	if (!err) {
		add_reviews(&text, &ws, o, reviews, nr);
		err = output_paged(ws.repo, &text);
	}
	free_all(reviews, nr);
	free(papers);
	buffer_release(&text);
	workspace_release(&ws);
	return err;
}

static struct error *replay(struct workspace *ws, const struct paper *const *papers,
			    struct review *const *reviews, size_t nr)
{
	struct buffer written = BUFFER_INIT;
	struct meta_initial nothing = { 0 };
	struct error *err = NULL;
	const char *work_tree = repo_work_tree(ws->repo);
	/* A paper that a sparse checkout leaves out has no folder to write into. */
	for (size_t i = 0; i < nr && !err; i++)
		if (file_exists_below(work_tree, papers[i]->manuscripts[0].path))
			err = review_write(reviews[i], work_tree, papers[i]->path, &nothing,
					   &written);
	buffer_release(&written);
	return err;
}

/* Without paths, all papers that have a review: those that have none are no error then. */
static void keep_reviewed(struct workspace *ws, const struct paper **papers, size_t *nr)
{
	size_t kept = 0;
	for (size_t i = 0; i < *nr; i++)
		if (records_has(ws->records, papers[i]->content_id, REVIEW_RUN_NAME))
			papers[kept++] = papers[i];
	*nr = kept;
}

static struct error *report_reviews(struct workspace *ws, const struct report_options *o,
				    const struct paper *const *papers, struct review **reviews,
				    size_t nr)
{
	if (o->replay && o->write) {
		if (!repo_work_tree(ws->repo))
			return error_new(ERROR_USAGE, "a bare repository has no place for reports; "
						      "add --no-write");
		struct error *err = replay(ws, papers, reviews, nr);
		if (err || (!o->format && !o->output))
			return err;
	}
	struct buffer text = BUFFER_INIT;
	struct line_source lines;
	line_source_init(&lines, ws->snapshot);
	output_format(&text, o->format ? o->format : "md", reviews, nr, false, &lines);
	line_source_release(&lines);
	struct error *err = output_write(o->output, &text);
	buffer_release(&text);
	return err;
}

static struct error *run_report(struct context *ctx, const void *options, int argc,
				const char **argv, int *exit_status)
{
	const struct report_options *o = options;
	struct workspace ws;
	const struct paper **papers = NULL;
	struct review **reviews = NULL;
	size_t nr = 0;
	(void)exit_status;
	struct error *err = workspace_open(&ws, ctx, NULL);
	struct selection sel = { .all = true, .paths = argv, .nr_paths = argc };
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err && !argc)
		keep_reviewed(&ws, papers, &nr);
	reviews = xcalloc(nr + 1, sizeof(*reviews));
	if (!err)
		err = load_all(&ws, papers, nr, reviews);
	if (!err)
		err = report_reviews(&ws, o, papers, reviews, nr);
	free_all(reviews, nr);
	free(papers);
	workspace_release(&ws);
	return err;
}

static const struct option show_table[] = {
	{ OPTION_BOOL, 0, "all", offsetof(struct show_options, all), NULL,
	  "show everything that was said, nothing folded",
	  "Shows everything that was said: of every finding who raised it, how severe and how sure, in their own "
	  "words, and who did not; every reviewer's summary. As text." },
	{ OPTION_CHOICE, 0, "format", offsetof(struct show_options, format), "<format>",
	  "md (default), text, json, sarif, rdjsonl, github or summary", NULL, output_formats },
	{ OPTION_CHOICE, 0, "color", offsetof(struct show_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const struct option report_table[] = {
	{ OPTION_BOOL, 0, "replay", offsetof(struct report_options, replay), NULL,
	  "write the reports anew from the records",
	  "Writes scrutiny.md, scrutiny.json and the scrutiny section of meta.yaml anew from the records, "
	  "offline. The same records give the same bytes. With `--format` or `-o` they are printed besides." },
	{ OPTION_BOOL, 0, "write", offsetof(struct report_options, write), NULL,
	  "with --replay, write into the work tree (default); --no-write prints" },
	{ OPTION_CHOICE, 0, "format", offsetof(struct report_options, format), "<format>",
	  "what is printed: md (default), text, json, sarif, rdjsonl, github or summary", NULL, output_formats },
	{ OPTION_STRING, 'o', "output", offsetof(struct report_options, output), "<file>",
	  "print into a file instead of standard output", NULL, NULL, "file" },
	{ .kind = OPTION_END },
};

static const struct report_options report_defaults = { .write = true };
static const char *const show_usage[] = { "[<options>] [<paper>...]", NULL };
static const char *const report_usage[] = { "[--format=<format>] [-o <file>] [<paper>...]",
					    "--replay [--no-write] [--format=<format>] [-o <file>] [<paper>...]", NULL };

static const struct example show_examples[] = {
	{ "git scrutiny show theory/tilings", "The report of one paper, in the pager." },
	{ "git scrutiny show --all theory/tilings", "What each reviewer said, in full." },
	{ NULL, NULL },
};
static const struct example report_examples[] = {
	{ "git scrutiny report --replay", "Rebuild every report from the records." },
	{ "git scrutiny report --format=sarif -o scrutiny.sarif",
	  "All findings for a code-scanning service." },
	{ NULL, NULL },
};

const struct command cmd_show = {
	.name = "show",
	.summary = "show a paper's report in the pager",
	.usage = show_usage,
	.description = "Shows the report of a paper as it is now, put together from the records. A paper "
		       "is named by its folder or by any file in it; it may be left out when there is "
		       "only one.",
	.options = show_table,
	.options_size = sizeof(struct show_options),
	.examples = show_examples,
	.run = run_show,
};

const struct command cmd_report = {
	.name = "report",
	.summary = "print or rebuild reports from the records, offline",
	.usage = report_usage,
	.description = "Puts reports together from the records in refs/scrutiny/records, without "
		       "reading a paper or calling a model. Without a paper, all papers that were reviewed as "
		       "they are now.",
	.options = report_table,
	.options_size = sizeof(struct report_options),
	.defaults = &report_defaults,
	.examples = report_examples,
	.run = run_report,
};
