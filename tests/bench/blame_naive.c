/* What `git scrutiny blame` would be without care: the paper is found, read and checked at every commit, whose ids come on
 * standard input, newest first. Prints how many have findings. */
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "paper/document.h"

static struct error *look(struct repo *repo, const struct oid *commit, size_t *found)
{
	struct snapshot *snapshot = NULL;
	struct paper_rules rules = { NULL };
	struct paper_list papers = { NULL };
	struct finding_list findings = { NULL };
	struct document doc, *list = &doc;
	struct error *err = snapshot_new(&snapshot, repo, SNAPSHOT_COMMIT, commit);
	if (!err)
		err = paper_discover(&papers, snapshot, &rules);
	for (size_t i = 0; i < papers.nr && !err; i++) {
		err = document_read(&doc, snapshot, &papers.items[i], &papers.items[i].manuscripts[0]);
		if (err)
			break;
		check_run(&findings, &list, 1);
		document_release(&doc);
	}
	*found += findings.nr > 0;
	finding_list_release(&findings);
	paper_list_release(&papers);
	snapshot_free(snapshot);
	return err;
}

int main(int argc, char **argv)
{
	struct repo *repo = NULL;
	struct oid commit;
	size_t found = 0;
	struct error *err = repo_open(&repo, argc > 1 ? argv[1] : NULL);
	while (!err && scanf("%64s", commit.hex) == 1)
		err = look(repo, &commit, &found);
	if (err)
		fprintf(stderr, "%s\n", err->message);
	printf("%zu\n", found);
	repo_free(repo);
	return err ? 1 : 0;
}
