/* What AWS asks for, as far as we know: Linux on demand, without tax, as its price lists had it at PRICES_DATE. What is not
 * in these tables is unknown. Prices of a family grow with the size everywhere by the same factors, which the lists bear out. */
#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/hours.h"

/* Spot prices follow supply and demand: this is what they were of the price on demand, more often than not. */
#define SPOT_SHARE 0.4
#define MAX_PRICE 100000.0

enum {
	US_EAST_1, US_EAST_2, US_WEST_1, US_WEST_2, CA_CENTRAL_1, SA_EAST_1, EU_WEST_1, EU_WEST_2, EU_WEST_3,
	EU_CENTRAL_1, EU_NORTH_1, AP_SOUTH_1, AP_SOUTHEAST_1, AP_SOUTHEAST_2, AP_NORTHEAST_1, NR_REGIONS
};

static const char *const regions[NR_REGIONS] = {
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2",
	"eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	"ap-northeast-1",
};

/* A size, and how many times its family's unit it costs. */
struct size {
	const char *name;
	double factor;
};

static const struct size burstable[] = { /* the unit is a medium */
	{ "nano", 0.125 }, { "micro", 0.25 }, { "small", 0.5 }, { "medium", 1 }, { "large", 2 }, { "xlarge", 4 },
	{ "2xlarge", 8 }, { NULL, 0 },
};
static const struct size general[] = { /* the unit is a large */
	{ "medium", 0.5 }, { "large", 1 }, { "xlarge", 2 }, { "2xlarge", 4 }, { "4xlarge", 8 }, { "8xlarge", 16 },
	{ "12xlarge", 24 }, { "16xlarge", 32 }, { "24xlarge", 48 }, { "32xlarge", 64 }, { NULL, 0 },
};
static const struct size g4dn[] = {
	{ "xlarge", 1 }, { "2xlarge", 0.752 / 0.526 }, { "4xlarge", 1.204 / 0.526 }, { "8xlarge", 2.176 / 0.526 },
	{ "12xlarge", 3.912 / 0.526 }, { "16xlarge", 4.352 / 0.526 }, { "metal", 7.824 / 0.526 }, { NULL, 0 },
};
static const struct size g5[] = {
	{ "xlarge", 1 }, { "2xlarge", 1.212 / 1.006 }, { "4xlarge", 1.624 / 1.006 }, { "8xlarge", 2.448 / 1.006 },
	{ "12xlarge", 5.672 / 1.006 }, { "16xlarge", 4.096 / 1.006 }, { "24xlarge", 8.144 / 1.006 },
	{ "48xlarge", 16.288 / 1.006 }, { NULL, 0 },
};
static const struct size g6[] = {
	{ "xlarge", 1 }, { "2xlarge", 0.9776 / 0.8048 }, { "4xlarge", 1.3232 / 0.8048 },
	{ "8xlarge", 2.0144 / 0.8048 }, { "12xlarge", 4.6016 / 0.8048 }, { "16xlarge", 3.3968 / 0.8048 },
	{ "24xlarge", 6.6752 / 0.8048 }, { "48xlarge", 13.3504 / 0.8048 }, { NULL, 0 },
};
static const struct size p3[] = { { "2xlarge", 1 }, { "8xlarge", 4 }, { "16xlarge", 8 }, { NULL, 0 } };
static const struct size inf2[] = {
	{ "xlarge", 1 }, { "8xlarge", 1.96786 / 0.7582 }, { "24xlarge", 6.49063 / 0.7582 },
	{ "48xlarge", 12.98127 / 0.7582 }, { NULL, 0 },
};
static const struct size trn1[] = { { "2xlarge", 1 }, { "32xlarge", 16 }, { NULL, 0 } };

/* US dollars an hour of the unit, by region; 0: not known, or not to be had there. */
static const struct family {
	const char *name;
	const struct size *sizes;
	double usd[NR_REGIONS];
} families[] = {
	{ "t3", burstable, { .0416, .0416, .0496, .0416, .0464, .0672, .0456, .0472, .0472, .048, .0432, .0448, .0528,
			     .0528, .0544 } },
	{ "t3a", burstable, { [US_EAST_1] = .0376, [US_EAST_2] = .0376, [US_WEST_2] = .0376, [EU_WEST_1] = .0408,
			      [EU_CENTRAL_1] = .0432, [AP_SOUTH_1] = .0246 } },
	{ "t4g", burstable, { .0336, .0336, .04, .0336, 0, 0, .0368, .0376, .0376, .0384, .0344, .0224, .0424, .0424,
			      .0432 } },
	{ "m5", general, { .096, .096, .112, .096, .107, .153, .107, .111, .112, .115, .102, .101, .12, .12, .124 } },
	{ "m6i", general, { .096, .096, .112, .096, .107, .153, .107, .111, .112, .115, .102, .101, .12, .12, .124 } },
	{ "m7g", general, { [US_EAST_1] = .0816, [US_EAST_2] = .0816, [US_WEST_2] = .0816, [EU_WEST_1] = .0911,
			    [EU_CENTRAL_1] = .0978 } },
	{ "c6i", general, { .085, .085, .106, .085, .093, .131, .0912, .101, .101, .097, .091, .085, .098, .111,
			    .107 } },
	{ "c7g", general, { [US_EAST_1] = .0725, [US_EAST_2] = .0725, [US_WEST_2] = .0725 } },
	{ "g4dn", g4dn, { .526, .526, .631, .526, .584, .894, .587, .615, .615, .658, .558, .579, .736, .684, .71 } },
	{ "g5", g5, { [US_EAST_1] = 1.006, [US_EAST_2] = 1.006, [US_WEST_2] = 1.006, [EU_WEST_1] = 1.123,
		      [EU_CENTRAL_1] = 1.258, [AP_NORTHEAST_1] = 1.459 } },
	{ "g6", g6, { [US_EAST_1] = .8048, [US_EAST_2] = .8048, [US_WEST_2] = .8048, [EU_CENTRAL_1] = 1.0064 } },
	{ "p3", p3, { [US_EAST_1] = 3.06, [US_EAST_2] = 3.06, [US_WEST_2] = 3.06, [EU_WEST_1] = 3.305,
		      [EU_WEST_2] = 3.589, [EU_CENTRAL_1] = 3.823, [AP_SOUTHEAST_1] = 4.234, [AP_SOUTHEAST_2] = 4.234,
		      [AP_NORTHEAST_1] = 4.194 } },
	{ "inf2", inf2, { [US_EAST_1] = .7582, [US_EAST_2] = .7582, [US_WEST_2] = .7582 } },
	{ "trn1", trn1, { [US_EAST_1] = 1.34375, [US_EAST_2] = 1.34375, [US_WEST_2] = 1.34375 } },
};

/* gp3, a gigabyte a month. */
static const double volumes[NR_REGIONS] = {
	.08, .08, .096, .08, .088, .152, .088, .0928, .0928, .0952, .0836, .0912, .096, .096, .096,
};

static int region_index(const char *region)
{
	for (int i = 0; region && i < NR_REGIONS; i++)
		if (!strcmp(region, regions[i]))
			return i;
	return -1;
}

/* -- what users say ---------------------------------------------------------------------------- */

/* "<type>[@<region>][ spot] = <usd>". */
struct said_price {
	struct slice type, region; /* region is empty: all */
	bool spot;
	double usd;
};

static bool read_price(const char *text, struct said_price *out)
{
	const char *equals = strchr(text, '=');
	*out = (struct said_price){ .usd = -1 };
	if (!equals)
		return false;
	struct slice name = slice_trim((struct slice){ text, (size_t)(equals - text) });
	if (name.len > 5 && !memcmp(name.data + name.len - 5, " spot", 5)) {
		out->spot = true;
		name = slice_trim((struct slice){ name.data, name.len - 5 });
	}
	const char *at = memchr(name.data, '@', name.len);
	out->type = (struct slice){ name.data, at ? (size_t)(at - name.data) : name.len };
	if (at)
		out->region = (struct slice){ at + 1, name.len - out->type.len - 1 };
	struct slice number = slice_trim(slice_of_string(equals + 1));
	char *end, *digits = xmemdupz(number.data, number.len);
	bool whole = number.len && strspn(digits, "0123456789.") == number.len;
	double usd = whole ? strtod(digits, &end) : -1;
	whole = whole && !*end && usd <= MAX_PRICE;
	free(digits);
	if (!whole || !out->type.len || memchr(out->type.data, ' ', out->type.len) || (at && !out->region.len))
		return false;
	out->usd = usd;
	return true;
}

struct question {
	const char *type, *region;
	bool spot;
	int rank;    /* of the answer: one that names the region beats one that does not */
	double usd;
};

static void ask_price(const char *key, const char *value, void *data)
{
	struct question *q = data;
	struct said_price said;
	if (strcmp(key, "deploy.price") || !read_price(value, &said) || said.spot != q->spot ||
	    !slice_equals(said.type, q->type))
		return;
	int rank = said.region.len ? 2 : 1;
	if (rank < q->rank || (said.region.len && (!q->region || !slice_equals(said.region, q->region))))
		return;
	q->rank = rank;
	q->usd = said.usd;
}

static double said_price(struct repo *repo, const char *type, const char *region, bool spot)
{
	struct question q = { .type = type, .region = region, .spot = spot, .usd = -1 };
	if (repo)
		repo_config_each(repo, "deploy.", ask_price, &q);
	return q.usd;
}

static void find_wrong(const char *key, const char *value, void *data)
{
	const char **wrong = data;
	struct said_price said;
	if (!strcmp(key, "deploy.price") && !read_price(value, &said) && !*wrong)
		*wrong = value;
}

struct error *prices_check(struct repo *repo)
{
	const char *wrong = NULL;
	repo_config_each(repo, "deploy.", find_wrong, &wrong);
	if (!wrong)
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "git config deploy.price has '%s', which is no price", wrong),
			       "git config --add deploy.price \"t3.medium@eu-central-1 = 0.048\"");
}

/* -- prices ------------------------------------------------------------------------------------ */

static double listed_price(const char *type, const char *region)
{
	const char *dot = type ? strchr(type, '.') : NULL;
	int place = region_index(region);
	if (!dot || place < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];
		if (!slice_equals((struct slice){ type, (size_t)(dot - type) }, f->name) || f->usd[place] <= 0)
			continue;
		for (const struct size *s = f->sizes; s->name; s++)
			if (!strcmp(dot + 1, s->name))
				return round(f->usd[place] * s->factor * 1e5) / 1e5;
	}
	return -1;
}

double price_hour(struct repo *repo, const char *type, const char *region, bool spot, bool *guess)
{
	if (guess)
		*guess = false;
	if (!type)
		return -1;
	double usd = said_price(repo, type, region, spot);
	if (usd >= 0)
		return usd;
	if (spot) {
		usd = price_hour(repo, type, region, false, NULL);
		if (guess)
			*guess = usd >= 0;
		return usd < 0 ? usd : usd * SPOT_SHARE;
	}
	return listed_price(type, region);
}

double price_gigabyte_month(const char *region)
{
	int place = region_index(region);
	return place < 0 ? -1 : volumes[place];
}

double price_address_hour(void)
{
	return 0.005;
}

double price_address_month(void)
{
	return price_address_hour() * HOURS_OF_A_MONTH;
}

double price_registry_gigabyte_month(void)
{
	return 0.10;
}

double price_alarm_month(void)
{
	return 0.10;
}

double price_secret_month(void)
{
	return 0.40;
}
