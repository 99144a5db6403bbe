/* Paths as records hold them, and as people see them: see review.h. */
#include "base/memory.h"
#include "base/text.h"
#include "review/review.h"

#define FROM_TOP ":/"

/* Replaces *PATH by what it is in a record of PAPER. */
static void store_path(char **path, const char *paper)
{
	const char *inside = *path;
	if (!inside || !*inside)
		return;
	bool below = !*paper || (skip_prefix(inside, paper, &inside) && *inside == '/');
	inside += below && *paper ? 1 : 0;
	/* A folder may be called ":"; what is in it is told from the top. */
	below = below && !starts_with(inside, FROM_TOP);
	char *stored = below ? xstrdup(inside) : xstrfmt(FROM_TOP "%s", *path);
	free(*path);
	*path = stored;
}

static void place_path(char **path, const char *paper)
{
	const char *rest;
	if (!*path || !**path)
		return;
	char *placed = skip_prefix(*path, FROM_TOP, &rest)
			       ? xstrdup(rest)
			       : xstrfmt("%s%s%s", paper, *paper ? "/" : "", *path);
	free(*path);
	*path = placed;
}

static void each_finding(struct finding_list *findings, const char *paper,
			 void (*change)(char **path, const char *paper))
{
	for (size_t i = 0; i < findings->nr; i++)
		change(&findings->items[i].path, paper);
}

static void each_of_run(struct run *run, const char *paper,
			void (*change)(char **path, const char *paper))
{
	for (size_t i = 0; i < run->nr_manuscripts; i++)
		change(&run->manuscripts[i], paper);
	for (size_t i = 0; i < run->nr_past; i++)
		change(&run->past[i].path, paper);
}

void review_store_paths(struct finding_list *findings, const char *paper)
{
	each_finding(findings, paper, store_path);
}

void review_place_paths(struct finding_list *findings, const char *paper)
{
	each_finding(findings, paper, place_path);
}

void review_store_run(struct run *run)
{
	each_of_run(run, run->paper, store_path);
}

void review_place_run(struct run *run, const char *paper)
{
	each_of_run(run, paper, place_path);
	free(run->paper);
	run->paper = xstrdup(paper);
}
