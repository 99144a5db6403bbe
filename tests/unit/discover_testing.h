/* Repositories of papers under construction, and what is discovered in them. */
#ifndef TESTS_DISCOVER_TESTING_H
#define TESTS_DISCOVER_TESTING_H

#include "git_fixture.h"

#include "base/buffer.h"
#include "paper/paper.h"

static const char *const formats[] = { "sha1", "sha256" };

#define TEX "\\documentclass{article}\n\\begin{document}\nText.\n\\end{document}\n"

/* A repository under construction. */
struct world {
	char *directory, *top;
	const char *globs[8]; /* `papers:` */
};

static inline void setup_format(struct world *w, const char *format)
{
	*w = (struct world){ .directory = fixture_directory() };
	w->top = fixture_repository(w->directory, "repo", format);
}

static inline void setup(struct world *w)
{
	setup_format(w, "sha1");
}

static inline void teardown(struct world *w)
{
	free(w->top);
	fixture_remove(w->directory);
}

static inline void put(struct world *w, const char *path, const char *content)
{
	put_file(w->top, path, content);
}

static inline void commit(struct world *w)
{
	git(w->top, "add", "-A", NULL);
	git(w->top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
}

/* What a view of the repository shows; the caller releases it with view_close. */
struct view_of {
	struct repo *repo;
	struct snapshot *snapshot;
	struct paper_rules rules;
	struct paper_list papers;
};

static inline void view_open_at(struct view_of *v, struct world *w, const char *top,
			 enum snapshot_kind kind)
{
	struct oid head = { "" };
	*v = (struct view_of){ .rules = { w->globs } };
	assert_success(repo_open(&v->repo, top));
	if (kind == SNAPSHOT_COMMIT)
		assert_success(repo_head(v->repo, &head));
	assert_success(snapshot_new(&v->snapshot, v->repo, kind, &head));
	assert_success(paper_discover(&v->papers, v->snapshot, &v->rules));
}

static inline void view_open(struct view_of *v, struct world *w, enum snapshot_kind kind)
{
	view_open_at(v, w, w->top, kind);
}

static inline void view_close(struct view_of *v)
{
	paper_list_release(&v->papers);
	snapshot_free(v->snapshot);
	repo_free(v->repo);
}

static const struct paper *find_paper(const struct view_of *v, const char *path)
{
	for (size_t i = 0; i < v->papers.nr; i++)
		if (!strcmp(v->papers.items[i].path, path))
			return &v->papers.items[i];
	fail_msg("'%s' is no paper", path);
	return NULL;
}

/* "<paper>: <manuscript> ...\n" a line, "-<ignored>\n" behind them. */
static inline void describe(struct buffer *out, const struct view_of *v)
{
	for (size_t i = 0; i < v->papers.nr; i++) {
		const struct paper *p = &v->papers.items[i];
		buffer_addf(out, "%s:", *p->path ? p->path : ".");
		for (size_t k = 0; k < p->nr_manuscripts; k++) {
			size_t skip = *p->path ? strlen(p->path) + 1 : 0;
			buffer_addf(out, " %s", p->manuscripts[k].path + skip);
		}
		buffer_addch(out, '\n');
	}
	for (size_t i = 0; i < v->papers.nr_ignored; i++)
		buffer_addf(out, "-%s\n", v->papers.ignored[i]);
}

/* The work tree as it is, then the index and a commit of it, all say EXPECTED; twice each, so
 * that the memo says it too. */
static inline void assert_papers(struct world *w, const char *expected)
{
	static const enum snapshot_kind kinds[] = { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX,
						    SNAPSHOT_COMMIT, SNAPSHOT_WORK_TREE };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (i == 1)
			git(w->top, "add", "-A", NULL);
		if (i == 2)
			commit(w);
		for (int again = 0; again < 2; again++) {
			struct view_of v;
			struct buffer said = BUFFER_INIT;
			view_open(&v, w, kinds[i]);
			describe(&said, &v);
			assert_string_equal(said.data, expected);
			buffer_release(&said);
			view_close(&v);
		}
	}
}

/* The content id of a paper, to be freed. */
static inline char *id_in(struct world *w, const char *path, enum snapshot_kind kind)
{
	struct view_of v;
	view_open(&v, w, kind);
	char *id = xstrdup(find_paper(&v, path)->content_id);
	view_close(&v);
	return id;
}

static inline char *id_of(struct world *w, const char *path)
{
	return id_in(w, path, SNAPSHOT_WORK_TREE);
}

/* Frees OLD and returns the id now, which has changed as expected. */
static inline char *next_id(struct world *w, const char *path, char *old, bool changes)
{
	char *now = id_of(w, path);
	if (changes == !strcmp(now, old))
		fail_msg("the content id of '%s' %s", path, changes ? "stays" : "changes");
	free(old);
	return now;
}

static inline void assert_inputs(struct world *w, const char *path, const char *expected)
{
	struct view_of v;
	struct buffer said = BUFFER_INIT;
	char **paths;
	size_t nr;
	view_open(&v, w, SNAPSHOT_WORK_TREE);
	const struct paper *paper = find_paper(&v, path);
	assert_success(paper_inputs(v.snapshot, &v.rules, paper, &paths, &nr));
	assert_int_equal(nr, paper->nr_inputs);
	for (size_t i = 0; i < nr; i++) {
		buffer_addf(&said, "%s%s", i ? " " : "", paths[i]);
		free(paths[i]);
	}
	free(paths);
	assert_string_equal(said.data, expected);
	buffer_release(&said);
	view_close(&v);
}

#endif
