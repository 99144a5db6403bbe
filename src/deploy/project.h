/* What kind of app a commit or work tree holds, as far as its files tell: for `git deploy init`. */
#ifndef DEPLOY_PROJECT_H
#define DEPLOY_PROJECT_H

#include "git/repo.h"

struct project {
	char *app;            /* the repository's name, made fit for a registry */
	char *dockerfile, *dependencies, *entry, *base, *health;
	char **command; size_t nr_command;
	char **packages; size_t nr_packages;
	unsigned port;
	const char *kind;     /* "streamlit", "flask", "fastapi", "gradio", "node", "static", "dockerfile" */
	char **secrets; size_t nr_secrets;  /* names of variables that the code asks for and that look like secrets */
	char **notes; size_t nr_notes;      /* what was decided and why, for comments in the file */
};

/* Looks at HEAD's tree. ERROR_UNSUPPORTED when it cannot tell how the app is started, with what to write. A frozen dump of an environment
 * (requirements_large.txt, hundreds of pinned packages without a reason) is refused as dependencies in favour of a
 * curated list, and the note says so. */
struct error *project_detect(struct project *out, struct repo *repo, const struct oid *commit);
void project_release(struct project *p);
/* The commented .deploy.yml. REGISTRY and REGION as far as they are known; NULL leaves a commented line. */
void project_write(struct buffer *out, const struct project *p, const char *registry, const char *region);

#endif
