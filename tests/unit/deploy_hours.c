#include "git_fixture.h"

#include <math.h>

#include "deploy/hours.h"
#include "git/repo.h"

/* 22 November 2026, 12:00 UTC. */
#define NOON INT64_C(1795348800)
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
/* 1 November and 1 December 2026, 0:00 UTC. */
#define NOVEMBER INT64_C(1793491200)
#define DECEMBER INT64_C(1796083200)

struct place {
	char *directory, *top;
	struct repo *repo;
};

static void setup(struct place *p)
{
	*p = (struct place){ .directory = fixture_directory() };
	p->top = fixture_repository(p->directory, "repo", "sha1");
	assert_success(repo_open(&p->repo, p->top));
}

/* A setting, which is read when a repository is opened. */
static void configure(struct place *p, const char *key, const char *value)
{
	git(p->top, "config", "--add", key, value, NULL);
	repo_free(p->repo);
	assert_success(repo_open(&p->repo, p->top));
}

static void teardown(struct place *p)
{
	repo_free(p->repo);
	free(p->top);
	fixture_remove(p->directory);
}

/* Another clone of what the remote is to be. */
static void setup_clones(struct place *p, struct place *other)
{
	setup(p);
	char *remote = xstrfmt("%s/remote.git", p->directory);
	git(p->directory, "init", "--quiet", "--bare", remote, NULL);
	git(p->top, "remote", "add", "origin", remote, NULL);
	*other = (struct place){ .top = fixture_repository(p->directory, "other", "sha1") };
	git(other->top, "remote", "add", "origin", remote, NULL);
	assert_success(repo_open(&other->repo, other->top));
	repo_free(p->repo);
	assert_success(repo_open(&p->repo, p->top));
	free(remote);
}

static void teardown_clones(struct place *p, struct place *other)
{
	repo_free(other->repo);
	free(other->top);
	teardown(p);
}

static struct running web(int64_t from, int64_t until)
{
	return (struct running){ .environment = (char *)"prod", .instance = (char *)"i-0ab1",
				 .type = (char *)"t3.medium",
				 .region = (char *)"eu-central-1", .from = from, .until = until, .usd_hour = 0.05 };
}

static struct hours_sum month(struct place *p, int64_t now)
{
	struct hours h;
	struct hours_sum sum;
	int64_t from, until;
	assert_success(hours_read(p->repo, &h));
	assert_int_equal(h.damaged, 0);
	hours_month_span(now, &from, &until);
	hours_add_up(&h, NULL, from, until, now, &sum);
	hours_release(&h);
	return sum;
}

static void see(struct place *p, int64_t from, int64_t until, bool runs)
{
	struct running seen = web(from, until);
	assert_success(hours_see(p->repo, NULL, &seen, runs));
}

static char *tip(struct place *p)
{
	return git_says(p->top, "rev-parse", HOURS_REF, NULL);
}

#define assert_about(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* -- prices ------------------------------------------------------------------------------------ */

static void prices_are_those_of_the_lists(void **state)
{
	static const struct {
		const char *type, *region;
		double usd;
	} cases[] = {
		{ "t3.medium", "us-east-1", 0.0416 }, { "t3.medium", "eu-central-1", 0.048 },
		{ "t3.nano", "us-east-1", 0.0052 },   { "t4g.small", "eu-central-1", 0.0192 },
		{ "m5.4xlarge", "us-east-1", 0.768 }, { "m7g.large", "us-east-1", 0.0816 },
		{ "g5.12xlarge", "us-east-1", 5.672 }, { "g5.2xlarge", "eu-central-1", 1.5156 },
		{ "g6.12xlarge", "eu-central-1", 5.7543 }, { "trn1.32xlarge", "us-west-2", 21.5 },
		{ "inf2.48xlarge", "us-east-1", 12.98127 }, { "p3.16xlarge", "us-east-1", 24.48 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool guess = true;
		double usd = price_hour(NULL, cases[i].type, cases[i].region, false, &guess);
		assert_true(fabs(usd - cases[i].usd) < 1e-4);
		assert_false(guess);
	}
}

static void what_is_not_in_the_lists_is_unknown_and_not_free(void **state)
{
	(void)state;
	assert_true(price_hour(NULL, "x9.huge", "us-east-1", false, NULL) < 0);
	assert_true(price_hour(NULL, "t3.enormous", "us-east-1", false, NULL) < 0);
	assert_true(price_hour(NULL, "t3", "us-east-1", false, NULL) < 0);
	assert_true(price_hour(NULL, "t3.medium", "mars-north-1", false, NULL) < 0);
	assert_true(price_hour(NULL, "t3.medium", NULL, false, NULL) < 0);
	assert_true(price_hour(NULL, "trn1.2xlarge", "eu-central-1", false, NULL) < 0);
	assert_true(price_hour(NULL, NULL, "us-east-1", false, NULL) < 0);
	assert_true(price_hour(NULL, "x9.huge", "us-east-1", true, NULL) < 0);
	assert_true(price_gigabyte_month("mars-north-1") < 0);
}

static void the_price_of_spot_is_a_guess(void **state)
{
	bool guess = false;
	(void)state;
	double spot = price_hour(NULL, "g5.xlarge", "us-east-1", true, &guess);
	assert_true(guess);
	assert_true(spot > 0 && spot < 1.006);
}

static void what_the_user_says_of_prices_goes_first(void **state)
{
	struct place p;
	bool guess;
	(void)state;
	setup(&p);
	configure(&p, "deploy.price", "t3.medium = 0.04");
	configure(&p, "deploy.price", "t3.medium@eu-central-1=0.03");
	configure(&p, "deploy.price", "x9.huge = 99");
	configure(&p, "deploy.price", "g5.xlarge@us-east-1 spot = 0.31");
	configure(&p, "deploy.price", "t3.medium = 0.041");
	assert_about(price_hour(p.repo, "t3.medium", "eu-central-1", false, NULL), 0.03);
	assert_about(price_hour(p.repo, "t3.medium", "us-east-1", false, NULL), 0.041);
	assert_about(price_hour(p.repo, "x9.huge", "mars-north-1", false, NULL), 99);
	assert_about(price_hour(p.repo, "g5.xlarge", "us-east-1", true, &guess), 0.31);
	assert_false(guess);
	assert_about(price_hour(p.repo, "g5.xlarge", "us-east-1", false, NULL), 1.006);
	assert_success(prices_check(p.repo));
	teardown(&p);
}

static void a_price_that_is_none_is_an_error(void **state)
{
	static const char *const wrong[] = { "t3.medium", "t3.medium 0.04", "= 0.04", "t3.medium = free", "t3.medium =",
					     "t3.medium@ = 1", "t3.medium = 1e9", "t3.medium = -1", "a b = 1",
					     "t3.medium = 0x10", "t3.medium = 1.2.3" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct place p;
		setup(&p);
		configure(&p, "deploy.price", wrong[i]);
		assert_true(fabs(price_hour(p.repo, "t3.medium", "us-east-1", false, NULL) - 0.0416) < 1e-9);
		assert_error(prices_check(p.repo), ERROR_USAGE);
		teardown(&p);
	}
}

/* -- booking ----------------------------------------------------------------------------------- */

static void no_ledger_is_no_hours(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	assert_about(month(&p, NOON).hours, 0);
	teardown(&p);
}

static void a_start_and_a_stop_make_hours(void **state)
{
	struct place p;
	double hours, usd;
	struct hours h;
	(void)state;
	setup(&p);
	see(&p, NOON - 5 * HOUR, 0, true);
	see(&p, NOON - 5 * HOUR, NOON - 3 * HOUR, false);
	assert_success(hours_read(p.repo, &h));
	hours_month(&h, "prod", NOON, &hours, &usd);
	assert_about(hours, 2);
	assert_about(usd, 0.1);
	hours_month(&h, "test", NOON, &hours, &usd);
	assert_about(hours, 0);
	hours_release(&h);
	teardown(&p);
}

static void seeing_the_same_again_writes_nothing(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	see(&p, NOON - 5 * HOUR, NOON - 4 * HOUR, true);
	char *before = tip(&p);
	see(&p, NOON - 5 * HOUR, NOON, true);
	char *after = tip(&p);
	assert_string_equal(before, after);
	free(after);
	see(&p, NOON - 5 * HOUR, NOON, false);
	free(before);
	before = tip(&p);
	see(&p, NOON - 5 * HOUR, NOON + HOUR, false);
	after = tip(&p);
	assert_string_equal(before, after);
	free(before);
	free(after);
	teardown(&p);
}

static void an_instance_that_runs_unseen_counts_from_its_launch(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	see(&p, NOON - 30 * HOUR, NOON, true);
	struct hours_sum sum = month(&p, NOON);
	assert_about(sum.hours, 30);
	assert_int_equal(sum.running, 1);
	teardown(&p);
}

static void the_earliest_time_by_which_it_had_stopped_counts(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	see(&p, NOON - 5 * HOUR, 0, true);
	see(&p, NOON - 5 * HOUR, NOON, false);
	see(&p, NOON - 5 * HOUR, NOON - 4 * HOUR, false);
	assert_about(month(&p, NOON).hours, 1);
	teardown(&p);
}

static void the_next_start_ends_what_nobody_saw_stop(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	see(&p, NOON - 5 * HOUR, 0, true);
	see(&p, NOON - 2 * HOUR, 0, true);
	assert_about(month(&p, NOON).hours, 5);
	teardown(&p);
}

static void what_stops_by_itself_is_not_counted_for_longer(void **state)
{
	struct place p;
	struct running seen = web(NOON - 100 * HOUR, 0);
	(void)state;
	setup(&p);
	seen.at_most = 12 * HOUR;
	assert_success(hours_see(p.repo, NULL, &seen, true));
	assert_about(month(&p, NOON).hours, 12);
	assert_int_equal(month(&p, NOON).running, 0);
	/* But for its timer having failed. */
	seen.until = NOON - 50 * HOUR;
	assert_success(hours_see(p.repo, NULL, &seen, true));
	assert_about(month(&p, NOON).hours, 50);
	teardown(&p);
}

static void a_stop_of_what_nobody_knew_counts_only_as_far_as_can_be_told(void **state)
{
	struct place p;
	struct running seen = web(NOON - 20 * DAY, NOON);
	(void)state;
	setup(&p);
	assert_success(hours_see(p.repo, NULL, &seen, false));
	assert_about(month(&p, NOON).hours, 0);
	seen.at_most = 12 * HOUR;
	assert_success(hours_see(p.repo, NULL, &seen, false));
	assert_about(month(&p, NOON).hours, 12);
	teardown(&p);
}

static void aws_tells_when_an_instance_was_stopped(void **state)
{
	static const struct {
		int64_t stopped;
		double hours;
	} cases[] = { { NOON - 5 * HOUR / 2, 1.5 }, { 0, 0 }, { NOON + HOUR, 0 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct place p;
		struct deploy_config config = { 0 };
		struct deploy_environment env = { .name = (char *)"prod" };
		struct instance instance = { .id = (char *)"i-0ab1", .type = (char *)"t3.medium",
					     .state = (char *)"stopped", .launched = NOON - 4 * HOUR,
					     .stopped = cases[i].stopped };
		setup(&p);
		assert_success(hours_see_instance(p.repo, NULL, &config, &env, "eu-central-1", &instance, NOON));
		assert_about(month(&p, NOON).hours, cases[i].hours);
		assert_about(month(&p, NOON).usd, cases[i].hours * 0.053);
		teardown(&p);
	}
}

static void each_month_has_its_own_hours(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	see(&p, NOVEMBER - 10 * HOUR, 0, true);
	see(&p, NOVEMBER - 10 * HOUR, NOVEMBER + 3 * HOUR, false);
	assert_about(month(&p, NOON).hours, 3);
	assert_about(month(&p, NOVEMBER - 1).hours, 10 - 1.0 / 3600);
	assert_about(month(&p, DECEMBER).hours, 0);
	teardown(&p);
}

static void hours_of_unknown_price_are_not_free(void **state)
{
	struct place p;
	struct running seen = web(NOON - 5 * HOUR, 0);
	(void)state;
	setup(&p);
	seen.type = (char *)"x9.huge";
	seen.usd_hour = -1;
	assert_success(hours_see(p.repo, NULL, &seen, true));
	assert_about(month(&p, NOON).unpriced, 5);
	/* Once it is known, it counts. */
	configure(&p, "deploy.price", "x9.huge = 0.995");
	assert_about(month(&p, NOON).unpriced, 0);
	assert_about(month(&p, NOON).usd, 5);
	teardown(&p);
}

static void what_has_no_name_or_start_is_not_booked(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	struct running seen = web(0, NOON);
	assert_error(hours_see(p.repo, NULL, &seen, true), ERROR_GENERIC);
	seen = web(NOON, NOON);
	seen.instance = (char *)"i-1\n";
	assert_error(hours_see(p.repo, NULL, &seen, true), ERROR_GENERIC);
	teardown(&p);
}

/* -- among clones ------------------------------------------------------------------------------ */

static void two_clones_have_the_hours_of_both(void **state)
{
	struct place p, other;
	struct running one = web(NOON - 5 * HOUR, 0), two = web(NOON - 3 * HOUR, 0);
	(void)state;
	setup_clones(&p, &other);
	two.instance = (char *)"i-0cd2";
	assert_success(hours_see(p.repo, "origin", &one, true));
	assert_success(hours_see(other.repo, "origin", &two, true));
	assert_about(month(&other, NOON).hours, 8);
	assert_success(hours_fetch(p.repo, "origin"));
	assert_about(month(&p, NOON).hours, 8);
	char *here = tip(&p), *there = tip(&other);
	assert_string_equal(here, there);
	free(here);
	free(there);
	teardown_clones(&p, &other);
}

static void the_same_seen_by_two_clones_counts_once(void **state)
{
	struct place p, other;
	struct running seen = web(NOON - 5 * HOUR, 0);
	(void)state;
	setup_clones(&p, &other);
	assert_success(hours_see(p.repo, "origin", &seen, true));
	assert_success(hours_see(other.repo, "origin", &seen, true));
	assert_about(month(&other, NOON).hours, 5);
	teardown_clones(&p, &other);
}

static void what_could_not_be_pushed_is_kept_and_pushed_next_time(void **state)
{
	struct place p, other;
	struct running seen = web(NOON - 5 * HOUR, 0);
	(void)state;
	setup_clones(&p, &other);
	assert_error(hours_see(p.repo, "/nonexistent/x.git", &seen, true), ERROR_NETWORK);
	assert_about(month(&p, NOON).hours, 5);
	assert_success(hours_see(p.repo, "origin", &seen, true));
	assert_success(hours_fetch(other.repo, "origin"));
	assert_about(month(&other, NOON).hours, 5);
	teardown_clones(&p, &other);
}

static void lines_that_cannot_be_read_are_counted(void **state)
{
	static const char text[] = "{\n[]\n{\"instance\":\"i-1\"}\n{\"instance\":\"i 1\",\"from\":1,\"environment\":\"p\"}\n"
				   "{\"instance\":\"i-1\",\"from\":-1,\"environment\":\"p\"}\n"
				   "{\"instance\":\"i-1\",\"from\":1e300,\"environment\":\"p\"}\n"
				   "{\"instance\":\"i-1\",\"from\":1795345200,\"environment\":\"p\",\"usd_hour\":1e99}\n";
	struct place p;
	struct hours h;
	(void)state;
	setup(&p);
	hours_parse(p.repo, slice_of_string(text), &h);
	assert_int_equal(h.damaged, 6);
	assert_int_equal(h.nr, 1);
	assert_true(h.items[0].usd_hour < 0);
	hours_release(&h);
	teardown(&p);
}

/* -- budgets ----------------------------------------------------------------------------------- */

static void budgets_warn_and_stop(void **state)
{
	struct deploy_config config = { .warn_usd = 15, .stop_usd = 20 };
	double left;
	(void)state;
	assert_int_equal(hours_judge(&config, 14.99, 0.5, &left), HOURS_FINE);
	assert_about(left, 10.02);
	assert_int_equal(hours_judge(&config, 15, 0.5, &left), HOURS_WARN);
	assert_int_equal(hours_judge(&config, 20, 0.5, &left), HOURS_STOP);
	assert_about(left, 0);
	assert_int_equal(hours_judge(&config, 5, -1, &left), HOURS_FINE);
	assert_true(left < 0);
	config.stop_usd = 0;
	assert_int_equal(hours_judge(&config, 0, 0.5, &left), HOURS_STOP);
}

int main(void)
{
	fixture_environment();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prices_are_those_of_the_lists),
		cmocka_unit_test(what_is_not_in_the_lists_is_unknown_and_not_free),
		cmocka_unit_test(the_price_of_spot_is_a_guess),
		cmocka_unit_test(what_the_user_says_of_prices_goes_first),
		cmocka_unit_test(a_price_that_is_none_is_an_error),
		cmocka_unit_test(no_ledger_is_no_hours),
		cmocka_unit_test(a_start_and_a_stop_make_hours),
		cmocka_unit_test(seeing_the_same_again_writes_nothing),
		cmocka_unit_test(an_instance_that_runs_unseen_counts_from_its_launch),
		cmocka_unit_test(the_earliest_time_by_which_it_had_stopped_counts),
		cmocka_unit_test(the_next_start_ends_what_nobody_saw_stop),
		cmocka_unit_test(what_stops_by_itself_is_not_counted_for_longer),
		cmocka_unit_test(a_stop_of_what_nobody_knew_counts_only_as_far_as_can_be_told),
		cmocka_unit_test(aws_tells_when_an_instance_was_stopped),
		cmocka_unit_test(each_month_has_its_own_hours),
		cmocka_unit_test(hours_of_unknown_price_are_not_free),
		cmocka_unit_test(what_has_no_name_or_start_is_not_booked),
		cmocka_unit_test(two_clones_have_the_hours_of_both),
		cmocka_unit_test(the_same_seen_by_two_clones_counts_once),
		cmocka_unit_test(what_could_not_be_pushed_is_kept_and_pushed_next_time),
		cmocka_unit_test(lines_that_cannot_be_read_are_counted),
		cmocka_unit_test(budgets_warn_and_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
