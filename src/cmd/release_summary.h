/* What a release did, as Markdown: for the summary of a job of continuous integration. */
#ifndef CMD_RELEASE_SUMMARY_H
#define CMD_RELEASE_SUMMARY_H

#include "cmd/release_run.h"

/* Appends it to FILE, which need not be there. */
struct error *release_summary(struct release_run *run, const struct release_outcome *out, const char *file);

#endif
