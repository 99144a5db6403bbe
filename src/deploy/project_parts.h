/* What the detectors of `git deploy init` share. */
#ifndef DEPLOY_PROJECT_PARTS_H
#define DEPLOY_PROJECT_PARTS_H

#include "base/strmap.h"
#include "deploy/project.h"

struct survey_file {
	char *path;
	struct oid oid;
};

struct survey {
	struct project *p;
	struct repo *repo;
	struct survey_file *files; /* in git's order */
	size_t nr, alloc;
};

/* False when there is no such file, or it is no text that can be read. OUT is emptied first. */
bool survey_read(const struct survey *s, const char *path, struct buffer *out);
bool survey_has(const struct survey *s, const char *path);
/* The first match's first group, malloc'd; NULL: none. */
char *survey_match(struct slice text, const char *regex, unsigned flags);
/* Adds the first group of all matches to SET. */
void survey_match_all(struct strmap *set, struct slice text, const char *regex);

void project_note(struct project *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The words end with NULL; they replace a command that is there. */
void project_command(struct project *p, const char *const *words);
void project_variable(struct project *p, const char *name, const char *value);
void project_package(struct project *p, const char *name);
void project_set(char **member, const char *value);

/* Detectors: *FOUND when the app is of that kind. */
struct error *project_of_python(struct survey *s, bool *found);
struct error *project_of_node(struct survey *s, bool *found);
struct error *project_of_procfile(struct survey *s, bool *found);
struct error *project_of_static(struct survey *s, bool *found);
struct error *project_of_dockerfile(struct survey *s, bool *found);
/* A Procfile says how what was found is started. */
void project_read_procfile(struct survey *s);

/* Whether TEXT, a list of requirements, was dumped from an environment rather than written: why, malloc'd;
 * NULL: it was not. */
char *project_frozen(struct slice text);
/* Which files of requirements the tree has, curated ones first; the best one of them that is no dump is
 * returned, malloc'd. *DUMP is the first dump with why, malloc'd. */
char *project_requirements(struct survey *s, char **dump);
/* Packages of Debian that the Python packages in TEXT (requirements, pyproject.toml) need to run. */
void project_system_packages(struct project *p, struct slice text);
/* "3.12" for the base image. */
char *project_python_version(const struct survey *s);

#endif
