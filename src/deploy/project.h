/* What kind of app a tree holds, as far as its files tell: for `git deploy init`. */
#ifndef DEPLOY_PROJECT_H
#define DEPLOY_PROJECT_H

#include "deploy/config.h"
#include "git/repo.h"

/* So much is looked at; what is deeper or behind is no entry point. */
#define PROJECT_MAX_FILES 20000
#define PROJECT_MAX_DEPTH 4
#define PROJECT_MAX_READ 400
#define PROJECT_MAX_FILE ((size_t)512 << 10)

struct project {
	char *app;            /* the repository's name, made fit for a registry */
	char *dockerfile, *dependencies, *entry, *base, *health;
	char **command; size_t nr_command;
	char **packages; size_t nr_packages;
	struct deploy_variable *environment; size_t nr_environment;
	unsigned port;
	/* "streamlit", "gradio", "fastapi", "flask", "dash", "django", "node", "static", "procfile",
	 * "dockerfile" */
	const char *kind;
	/* Names of variables that the code asks for: those that look like secrets, and the others. */
	char **secrets; size_t nr_secrets;
	char **variables; size_t nr_variables;
	char **notes; size_t nr_notes;      /* what was decided and why, and what is left to do */
};

/* Looks at TREE, of a commit or of the index. ERROR_UNSUPPORTED when it cannot be told how the app is
 * started, with what to write. A frozen dump of an environment (requirements_large.txt, conda's, a hundred
 * pinned packages that nobody chose) is refused as dependencies in favour of a curated list; where there is
 * none, that is the error. */
struct error *project_detect(struct project *out, struct repo *repo, const struct oid *tree);
void project_release(struct project *p);
/* The commented .deploy.yml. REGISTRY (with repository) and REGION as far as they are known; NULL leaves a
 * commented line. */
void project_write(struct buffer *out, const struct project *p, const char *registry, const char *region);

#endif
