/* Repositories of papers, and the list of them that the hooks ask. */
#ifndef TESTS_HOOK_TESTING_H
#define TESTS_HOOK_TESTING_H

#include "discover_testing.h"

#include "hook/papers.h"

/* What git-scrutiny does when it has looked at the index. */
static inline void write_list(struct world *w)
{
	struct view_of v;
	struct oid any = { "" }, head;
	view_open(&v, w, SNAPSHOT_INDEX);
	assert_success(repo_head(v.repo, &head));
	const char **papers = xcalloc(v.papers.nr + 1, sizeof(*papers));
	for (size_t i = 0; i < v.papers.nr; i++)
		papers[i] = v.papers.items[i].path;
	char *git_dir = xstrfmt("%s/.git", w->top), *index = xstrfmt("%s/index", git_dir);
	size_t oid_size = strcmp(repo_object_format(v.repo), "sha256") ? 20 : 32;
	assert_true(hook_papers_write(git_dir, index, &any, &head, oid_size, papers, v.papers.nr,
				      (const char *const *)v.papers.outside, v.papers.nr_outside));
	free(git_dir);
	free(index);
	free(papers);
	view_close(&v);
}

#endif
