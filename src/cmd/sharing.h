/* A run that shares records with other clones while it goes: git scrutiny run --sync. */
#ifndef CMD_SHARING_H
#define CMD_SHARING_H

#include "cmd/workspace.h"
#include "git/records_sync.h"

/* The value of --sync when it is not given: git config scrutiny.recordsSync decides. */
extern const char sharing_as_configured[];

struct sharing {
	struct workspace *ws;
	char *remote;                 /* NULL: nothing is shared */
	struct shared_claims *claims; /* NULL: none are needed */
	const char **wanted;          /* content ids of the papers that models are asked about */
	size_t nr_wanted;
	uint64_t asked_ms, interval_ms;
	bool warned;
};

/* WANTED is the option's value: NULL is no, "" yes, else the remote. Fetches what others have recorded. */
struct error *sharing_begin(struct sharing *s, struct workspace *ws, const char *wanted);
/* Tells the other clones which papers are worked on here, as far as none of them does. */
struct error *sharing_claim(struct sharing *s, const struct paper *const *papers, size_t nr);
/* May models be asked about the paper? If another clone does that, now and then looks again: its records may have
 * come, or its claim may have ended. */
bool sharing_may_ask(struct sharing *s, const struct paper *paper);
/* To be called all the time: claims are renewed. */
void sharing_keep(struct sharing *s);
/* Pushes the records and gives the claims back; what fails is warned of. */
void sharing_end(struct sharing *s);

#endif
