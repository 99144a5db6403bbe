#include "cmd/output.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/terminal.h"
#include "cmd/cmd.h"

/* GitHub takes a summary of 1 MiB of a step; what else that step has to say fits, too. */
#define MAX_SUMMARY ((size_t)1000 << 10)

const char *const output_formats[] = { "text", "md", "json", "sarif", "rdjsonl", "github", "summary", NULL };

struct output {
	struct review *const *reviews;
	size_t nr;
	bool color;
	struct line_source *lines;
};

static void as_text(struct buffer *out, const struct output *o)
{
	for (size_t i = 0; i < o->nr; i++)
		if (o->reviews[i])
			report_text(out, &o->reviews[i]->report, o->color, line_source_get, o->lines);
	job_log_defuse(out, 0);
}

static void as_markdown(struct buffer *out, const struct output *o)
{
	for (size_t i = 0; i < o->nr; i++) {
		if (!o->reviews[i])
			continue;
		if (out->len)
			buffer_addch(out, '\n');
		report_markdown(out, &o->reviews[i]->report);
	}
	job_log_defuse(out, 0);
}

/* An object with all papers: each as in its scrutiny.json. */
static void as_json(struct buffer *out, const struct output *o)
{
	bool first = true;
	buffer_addstr(out, "{\"format\": 1, \"papers\": [\n");
	for (size_t i = 0; i < o->nr; i++) {
		if (!o->reviews[i])
			continue;
		buffer_addstr(out, first ? "" : ",\n");
		report_json(out, &o->reviews[i]->report);
		while (out->len && out->data[out->len - 1] == '\n')
			buffer_truncate(out, out->len - 1);
		first = false;
	}
	buffer_addstr(out, "\n]}\n");
}

/* *NR becomes the number of reviews that are there; the caller frees the list. */
static const struct report **reports_of(const struct output *o, size_t *nr)
{
	const struct report **reports = xcalloc(o->nr + 1, sizeof(*reports));
	*nr = 0;
	for (size_t i = 0; i < o->nr; i++)
		if (o->reviews[i])
			reports[(*nr)++] = &o->reviews[i]->report;
	return reports;
}

static void as_sarif(struct buffer *out, const struct output *o)
{
	size_t nr;
	const struct report **reports = reports_of(o, &nr);
	report_sarif(out, reports, nr, VERSION);
	free(reports);
}

static void as_rdjsonl(struct buffer *out, const struct output *o)
{
	size_t nr;
	const struct report **reports = reports_of(o, &nr);
	report_rdjsonl(out, reports, nr, line_source_get, o->lines);
	free(reports);
}

static void as_github(struct buffer *out, const struct output *o)
{
	size_t nr;
	const struct report **reports = reports_of(o, &nr);
	report_github(out, reports, nr);
	free(reports);
}

static bool is_word(const char *s, const char *more)
{
	for (; s && *s; s++)
		if (!ascii_alnum((unsigned char)*s) && !strchr(more, *s))
			return false;
	return s != NULL;
}

/* Where the files of this job's commit are shown to people; NULL when this is no job. The caller frees it. */
static char *files_url(void)
{
	const char *server = context_env("GITHUB_SERVER_URL"), *name = context_env("GITHUB_REPOSITORY");
	const char *commit = context_env("GITHUB_SHA");
	if (!context_env("GITHUB_ACTIONS") || !server || !starts_with(server, "http") || !is_word(server, ":/.-") ||
	    !is_word(name, "/._-") || !is_word(commit, ""))
		return NULL;
	return xstrfmt("%s/%s/blob/%s/", server, name, commit);
}

static void as_summary(struct buffer *out, const struct output *o)
{
	size_t nr;
	const struct report **reports = reports_of(o, &nr);
	char *url = files_url();
	report_summary(out, reports, nr, url, MAX_SUMMARY);
	free(url);
	free(reports);
}

static const struct {
	const char *name;
	void (*write)(struct buffer *out, const struct output *o);
} writers[] = {
	{ "text", as_text },
	{ "md", as_markdown },
	{ "json", as_json },
	{ "sarif", as_sarif },
	{ "rdjsonl", as_rdjsonl },
	{ "github", as_github },
	{ "summary", as_summary },
};

void output_format(struct buffer *out, const char *format, struct review *const *reviews, size_t nr,
		   bool color, struct line_source *lines)
{
	struct output o = { reviews, nr, color, lines };
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		if (!strcmp(writers[i].name, format))
			writers[i].write(out, &o);
}

void output_all(struct buffer *out, struct review *const *reviews, size_t nr, bool color)
{
	for (size_t i = 0; i < nr; i++) {
		if (!reviews[i])
			continue;
		buffer_addstr(out, out->len ? "\n" : "");
		report_all(out, &reviews[i]->report, color);
	}
	job_log_defuse(out, 0);
}

bool output_parse_save(const char *word, const char **format, const char **path)
{
	for (size_t i = 0; output_formats[i]; i++) {
		const char *rest;
		if (!skip_prefix(word, output_formats[i], &rest) || *rest != ':' || !rest[1])
			continue;
		*format = output_formats[i];
		*path = rest + 1;
		return true;
	}
	return false;
}

struct error *output_write(const char *path, const struct buffer *text)
{
	if (path && strcmp(path, "-"))
		return file_write(path, text->data, text->len);
	print_buffer(text);
	return NULL;
}

struct error *output_paged(struct repo *repo, const struct buffer *text)
{
	struct buffer pager = BUFFER_INIT;
	const char *const argv[] = { "var", "GIT_PAGER", NULL };
	struct error *err = NULL;
	if (!context_env("GIT_PAGER_IN_USE"))
		err = repo_git_line(repo, argv, &pager);
	if (!err)
		err = pager_show(pager.data, slice_of(text));
	buffer_release(&pager);
	return err;
}
