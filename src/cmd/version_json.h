/* A version of a paper in the JSON of log and blame. */
#ifndef CMD_VERSION_JSON_H
#define CMD_VERSION_JSON_H

#include "base/json.h"
#include "history/history.h"

/* The key `commit`: null of what has none, NULL and the present. */
void put_version_commit(struct json_writer *w, const struct version *v);

#endif
