/* What the readers of .scrutiny.yml's keys share. */
#ifndef REVIEW_POLICY_PARTS_H
#define REVIEW_POLICY_PARTS_H

#include "base/yaml.h"

/* A list of strings, or one string. The caller frees the items and *OUT, which ends with NULL, also after an
 * error. */
struct error *policy_read_list(char ***out, size_t *nr, const struct yaml_node *value,
			       const char *file, const char *name);
/* Refuses a glob that names something outside of the repository. VALUE is where they were read. */
struct error *policy_check_globs(char *const *globs, size_t nr, const struct yaml_node *value,
				 const char *file, const char *name);
/* A glob names a paper or a folder above it: "drafts" and "drafts/" mean all papers below. */
bool policy_glob_covers(const char *glob, const char *paper);

#endif
