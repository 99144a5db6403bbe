/*
 * What instances cost: prices an hour, an own ledger of the hours they ran, and the budgets against it. AWS's own
 * figures are hours late, so starts and stops are booked when we see or cause them: refs/deploy/hours has a file a
 * month, "2026-11.jsonl", of lines of JSON in bytewise order (docs/formats/deploy-hours.schema.json), which are never
 * changed: clones unite theirs line by line. A stretch of running is what its lines say together.
 */
#ifndef DEPLOY_HOURS_H
#define DEPLOY_HOURS_H

#include "cloud/instance.h"
#include "deploy/config.h"

/* Hours of a month, as AWS counts in its examples. */
#define HOURS_OF_A_MONTH 730

/* -- prices (src/deploy/prices.c) --------------------------------------------------------------------- */

/* US dollars an hour of TYPE in REGION on demand (SPOT: as a guess, told by *GUESS, which may be NULL); below 0: not
 * known. `git config --add deploy.price "<type>[@<region>][ spot] = <usd>"` goes first. */
double price_hour(struct repo *repo, const char *type, const char *region, bool spot, bool *guess);
/* ERROR_USAGE with the value of git config deploy.price that is none. */
struct error *prices_check(struct repo *repo);
double price_gigabyte_month(const char *region);       /* gp3; below 0: not known */
double price_address_hour(void);                       /* a public IPv4 address in use */
double price_address_month(void);                      /* the same, all month */
double price_registry_gigabyte_month(void);            /* ECR, private */
double price_alarm_month(void);                        /* CloudWatch, beyond the ten that are free */
double price_secret_month(void);                       /* Secrets Manager */
#define PRICES_DATE "2026-11"

/* -- the ledger --------------------------------------------------------------------------------------- */

#define HOURS_REF "refs/deploy/hours"
#define HOURS_MAX_FILE ((size_t)16 << 20)
#define HOURS_MAX_FILES 1200

/* One stretch of running. Its instance and FROM, when it was started last, name it. */
struct running {
	char *environment, *instance, *type, *region;
	int64_t from, until;    /* seconds since the epoch; until 0: runs still, as far as is known */
	int64_t at_most;        /* seconds after which it stops by itself; 0: never */
	double usd_hour;        /* of the instance and its address; below 0: not known */
	bool spot;
};

struct hours {
	struct running *items;  /* by FROM */
	size_t nr;
	size_t damaged;         /* lines that cannot be read */
};
/* What is not known of prices is looked up again. No ledger: none. */
struct error *hours_read(struct repo *repo, struct hours *out);
/* The same of the TEXT of one file. */
void hours_parse(struct repo *repo, struct slice text, struct hours *out);
void hours_release(struct hours *h);
/*
 * Books that SEEN runs (and did at SEEN->until, if that is set), or (RUNS false) that it stopped at SEEN->until at the
 * latest. Says what is known already: nothing is written. A stretch that is only heard of after it ended counts from
 * its start, unless nobody can tell how long it was (no at_most): it could be months. REMOTE may be NULL; that it
 * cannot be reached is an error, but what is booked here stays.
 */
struct error *hours_see(struct repo *repo, const char *remote, const struct running *seen, bool runs);
/* The same of what AWS says of INSTANCE, at NOW. */
struct error *hours_see_instance(struct repo *repo, const char *remote, const struct deploy_config *config,
				 const struct deploy_environment *env, const char *region,
				 const struct instance *instance, int64_t now);
/* Unites the ledger with REMOTE's. */
struct error *hours_fetch(struct repo *repo, const char *remote);

struct hours_sum {
	double hours, usd;
	double unpriced;        /* hours of unknown price: not in usd */
	size_t running;         /* stretches that last */
};
/* Of ENV (NULL: all) between FROM and UNTIL, which is not after NOW: what runs still is taken to run until NOW. */
void hours_add_up(const struct hours *h, const char *environment, int64_t from, int64_t until, int64_t now,
		  struct hours_sum *out);
/* The month of DATE, in UTC, as AWS bills: when it begins, and the one after. */
void hours_month_span(int64_t date, int64_t *from, int64_t *until);
/* Hours and dollars of ENV (NULL: all) in the month of NOW, up to NOW. */
void hours_month(const struct hours *h, const char *environment, int64_t now, double *hours, double *usd);

enum hours_verdict { HOURS_FINE, HOURS_WARN, HOURS_STOP };
/* Against warn and stop; how many more hours fit until the stop (below 0: no limit or price unknown). */
enum hours_verdict hours_judge(const struct deploy_config *config, double month_usd, double usd_hour,
			       double *hours_left);

#endif
