/*
 * What is said of reviews on a forge: Markdown in which no word of a paper or a model is markup, a mention, a reference
 * or an address. The same reviews give the same text, so that what is there already is not written again.
 */
#ifndef CMD_PULL_TEXT_H
#define CMD_PULL_TEXT_H

#include "forge/forge.h"
#include "review/review.h"

/* Papers that have a line each in the trailers of a commit, and in a table. */
#define PULL_TEXT_MAX_PAPERS 100
/* Findings that are listed. */
#define PULL_TEXT_MAX_FINDINGS 20

struct pull_text {
	struct review *const *reviews; /* NULL entries are left out */
	size_t nr;
	const struct forge *forge;     /* for addresses; NULL: none */
	const char *commit;            /* the papers are as there */
	const char *branch;            /* has the reports; NULL: COMMIT may have them */
	const char *closing;           /* a paragraph of our own at the end; NULL: none */
};

/* All findings that may be annotations (verified or plausible, with a place), worst first. */
struct placed_finding {
	const struct review *review;
	const struct consensus_finding *finding;
};
struct placed_finding *pull_text_findings(struct review *const *reviews, size_t nr, size_t *nr_out);

/* "2 errors, 1 warning in 3 papers": verified and plausible findings. */
void pull_text_summary(struct buffer *out, struct review *const *reviews, size_t nr);
/* At most FORGE_MAX_BODY. */
void pull_text_body(struct buffer *out, const struct pull_text *text);
/* The paragraph `Scrutiny: <paper> <n> errors, <n> warnings`, a line each. In names what a forge would act upon is
 * spelled out: "fixes \x231". */
void pull_text_trailers(struct buffer *out, struct review *const *reviews, size_t nr);

#endif
