/* A commit that our pre-commit was kept from: what it has not checked. */
#include "cmd/hooks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/workspace.h"
#include "hook/places.h"
#include "hook/stamp.h"

/* Papers that are named; the others are counted. */
#define NAMED_PAPERS 3

static struct error *find_papers(struct workspace *ws, struct repo *repo, const struct paper ***papers, size_t *nr)
{
	struct oid parent;
	struct error *err = repo_resolve_commit(repo, "HEAD^", &parent);
	struct selection sel = { .since = parent.hex, .all = false };
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		sel = (struct selection){ .all = true };
	return err ? err : workspace_select(ws, &sel, papers, nr);
}

void hooks_say_bypassed(struct hooks_call *call)
{
	struct repo *repo = call->ctx->repo;
	struct workspace ws;
	const struct paper **papers = NULL;
	size_t nr = 0;
	const char *git_dir = repo_git_dir(repo);
	if (strcmp(call->hook, "post-commit") != 0 || !isatty(STDERR_FILENO) || hook_in_sequence(git_dir) ||
	    !hook_was_bypassed(git_dir))
		return;
	struct error *err = workspace_open(&ws, call->ctx, &(struct workspace_view){ .at = "HEAD" });
	if (!err)
		err = find_papers(&ws, repo, &papers, &nr);
	struct buffer line = BUFFER_INIT;
	for (size_t i = 0; !err && i < nr && i < NAMED_PAPERS; i++) {
		buffer_addstr(&line, i ? ", " : "");
		add_paper_name(&line, papers[i]);
	}
	if (nr > NAMED_PAPERS)
		buffer_addf(&line, " and %zu more", nr - NAMED_PAPERS);
	if (line.len)
		fprintf(stderr, "git scrutiny: committed without checks: %s\n", line.data);
	buffer_release(&line);
	free(papers);
	workspace_release(&ws);
	error_free(err);
}
