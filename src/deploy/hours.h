/*
 * What instances cost: prices an hour, an own ledger of the hours they ran, and the budgets against it. AWS's own figures are hours late,
 * so starts and stops are booked when we see or cause them: refs/deploy/hours, lines of JSON, united by union.
 */
#ifndef DEPLOY_HOURS_H
#define DEPLOY_HOURS_H

#include "deploy/config.h"

/* US dollars an hour of TYPE in REGION on demand (SPOT: as a guess, told by *GUESS); below 0: not known. `git config
 * deploy.price "<type>[@<region>] = <usd>"` goes first. */
double price_hour(struct repo *repo, const char *type, const char *region, bool spot, bool *guess);
double price_gigabyte_month(const char *region);       /* gp3 */
double price_address_month(void);                      /* a public IPv4 address in use */
#define PRICES_DATE "2026-11"

/* One stretch of running. */
struct running {
	char *environment, *instance, *type, *region;
	int64_t from, until;    /* seconds since the epoch; until 0: runs still */
	double usd_hour;        /* below 0: not known */
	bool spot;
};

struct hours {
	struct running *items;
	size_t nr;
};
struct error *hours_read(struct repo *repo, struct hours *out);
void hours_release(struct hours *h);
/* Books that INSTANCE runs since FROM, or (RUNS false) that it stopped at UNTIL at the latest. Idempotent. */
struct error *hours_see(struct repo *repo, const char *remote, const struct running *seen, bool runs);
/* Hours and dollars of ENV (NULL: all) in the month of NOW, up to NOW. */
void hours_month(const struct hours *h, const char *environment, int64_t now, double *hours, double *usd);

enum hours_verdict { HOURS_FINE, HOURS_WARN, HOURS_STOP };
/* Against warn and stop; how many more hours fit until the stop (below 0: no limit or price unknown). */
enum hours_verdict hours_judge(const struct deploy_config *config, double month_usd, double usd_hour, double *hours_left);

#endif
