#include "git_fixture.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "budget/budget.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
/* 22 November 2026, 12:00 UTC. */
#define NOON INT64_C(1795348800)
#define HOUR INT64_C(3600)

static int64_t clock_of_test;

static int64_t now(void)
{
	return clock_of_test;
}

struct place {
	char *directory, *top;
	struct repo *repo;
	struct records *records;
};

static void open_place(struct place *p)
{
	assert_success(repo_open(&p->repo, p->top));
	assert_success(records_open(&p->records, p->repo));
}

static void close_place(struct place *p)
{
	records_free(p->records);
	repo_free(p->repo);
}

static void setup(struct place *p)
{
	setenv("TZ", "UTC", 1);
	clock_of_test = NOON;
	*p = (struct place){ .directory = fixture_directory() };
	p->top = fixture_repository(p->directory, "repo", "sha1");
	open_place(p);
}

static void teardown(struct place *p)
{
	close_place(p);
	free(p->top);
	fixture_remove(p->directory);
}

static struct budget *budget_with(struct place *p, struct budget_limits limits)
{
	struct budget *b;
	assert_success(budget_open(&b, p->repo, p->records, &limits, now));
	return b;
}

static struct budget *budget_of_month(struct place *p, double month)
{
	struct budget_limits limits = BUDGET_NO_LIMITS;
	limits.month = month;
	return budget_with(p, limits);
}

static struct spending request(const char *content_id)
{
	return (struct spending){ .reviewer = (char *)"openai/gpt-6-luna", .paper = (char *)"tilings",
				  .content_id = (char *)content_id, .task = (char *)"correctness" };
}

static uint64_t reserve(struct budget *b, double usd)
{
	struct spending what = request(ID_A);
	uint64_t reservation;
	assert_success(budget_reserve(b, &what, usd, &reservation));
	return reservation;
}

static void settle(struct budget *b, uint64_t reservation, double usd)
{
	struct spending actual = request(ID_A);
	actual.input_tokens = 1000;
	actual.output_tokens = 100;
	actual.cached_tokens = -1;
	actual.usd = usd;
	assert_success(budget_settle(b, reservation, &actual));
}

static void spend(struct budget *b, double usd)
{
	settle(b, reserve(b, usd), usd);
}

static void assert_refused(struct budget *b, const char *content_id, double usd, const char *message)
{
	struct spending what = request(content_id);
	uint64_t reservation;
	struct error *err = budget_reserve(b, &what, usd, &reservation);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_BUDGET);
	assert_string_equal(err->message, message);
	error_free(err);
}

static void assert_month(struct budget *b, double usd)
{
	struct budget_state state;
	assert_success(budget_state(b, &state));
	assert_true(fabs(state.month - usd) < 1e-9);
}

/* What all of November 2026 has cost, as "<entries> entries, $<sum>[, <n> estimated][, <n> unknown]". */
static void assert_ledger(struct place *p, const char *expected)
{
	struct ledger ledger;
	struct ledger_span month = ledger_month(NOON);
	struct buffer text = BUFFER_INIT;
	size_t estimated = 0, unknown = 0;
	double sum = 0;
	assert_success(ledger_read(&ledger, p->records, month.from, month.until));
	for (size_t i = 0; i < ledger.nr; i++) {
		sum += ledger.items[i].usd > 0 ? ledger.items[i].usd : 0;
		estimated += ledger.items[i].estimated;
		unknown += ledger.items[i].usd < 0;
	}
	buffer_addf(&text, "%zu entries, $%.2f", ledger.nr, sum);
	if (estimated)
		buffer_addf(&text, ", %zu estimated", estimated);
	if (unknown)
		buffer_addf(&text, ", %zu unknown", unknown);
	if (ledger.damaged)
		buffer_addf(&text, ", %zu damaged", ledger.damaged);
	assert_string_equal(text.data, expected);
	buffer_release(&text);
	ledger_release(&ledger);
}

/* Runs FN in a process of its own, which is killed when FN returns. */
static void in_killed_process(struct place *p, void (*fn)(struct place *p))
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct place own = { .top = p->top };
		open_place(&own);
		fn(&own);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static size_t count_files(struct place *p)
{
	char *path = xstrfmt("%s/scrutiny/spending", repo_common_dir(p->repo));
	size_t nr = 0;
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		nr += entry->d_name[0] != '.';
	closedir(dir);
	free(path);
	return nr;
}

/* -- limits ---------------------------------------------------------------------------------- */

static void test_reservation_counts_until_the_real_price_is_known(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *b = budget_of_month(&p, 1.00);
	uint64_t reservation = reserve(b, 0.75);
	assert_refused(b, ID_A, 0.50,
		       "the budget of $1.00 for this month leaves $0.25, the next request may cost $0.50");
	settle(b, reservation, 0.10);
	assert_month(b, 0.10);
	reserve(b, 0.90);
	budget_free(b);
	teardown(&p);
}

static void test_each_limit_is_kept(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *b = budget_with(&p, (struct budget_limits){ 1.00, 0.50, 2.00, -1, 3.00, -1 });
	spend(b, 0.40);
	assert_refused(b, ID_A, 0.20,
		       "the budget of $0.50 for this paper leaves $0.10, the next request may cost $0.20");
	assert_refused(b, ID_B, 0.61,
		       "the budget of $1.00 for this run leaves $0.60, the next request may cost $0.61");
	budget_free(b);
	/* The next run has a run's budget of its own, the paper has not. */
	b = budget_with(&p, (struct budget_limits){ 10.00, 0.50, 2.00, -1, 3.00, -1 });
	assert_refused(b, ID_A, 0.20,
		       "the budget of $0.50 for this paper leaves $0.10, the next request may cost $0.20");
	assert_refused(b, ID_B, 1.70,
		       "the budget of $0.50 for this paper leaves $0.50, the next request may cost $1.70");
	budget_free(b);
	b = budget_with(&p, (struct budget_limits){ -1, -1, 2.00, -1, 3.00, -1 });
	assert_refused(b, ID_B, 1.70,
		       "the budget of $2.00 for today leaves $1.60, the next request may cost $1.70");
	budget_free(b);
	teardown(&p);
}

static void test_nothing_is_left_by_adding_and_taking_away(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *b = budget_of_month(&p, 0.3);
	for (int i = 0; i < 100; i++)
		settle(b, reserve(b, 0.1 + i * 0.001), 0);
	for (int i = 0; i < 3; i++)
		spend(b, 0.1);
	assert_month(b, 0.3);
	assert_refused(b, ID_A, 0.000001,
		       "the budget of $0.30 for this month leaves $0.00, the next request may cost "
		       "$0.0000010");
	budget_free(b);
	teardown(&p);
}

static void test_unknown_price_is_refused_under_a_limit_of_ones_own(void **state)
{
	(void)state;
	struct place p;
	struct budget_state now_known;
	setup(&p);
	struct budget_limits limits = BUDGET_NO_LIMITS;
	limits.month = 20;
	struct budget *b = budget_with(&p, limits);
	assert_refused(b, ID_A, -1,
		       "the price of openai/gpt-6-luna is unknown, and the budget of this month is limited");
	budget_free(b);
	limits.month_is_default = true;
	b = budget_with(&p, limits);
	settle(b, reserve(b, -1), -1);
	assert_success(budget_state(b, &now_known));
	assert_true(now_known.unknown);
	budget_free(b);
	limits.month_is_default = false;
	limits.allow_unknown = true;
	b = budget_with(&p, limits);
	settle(b, reserve(b, -1), -1);
	budget_free(b);
	assert_ledger(&p, "2 entries, $0.00, 2 unknown");
	teardown(&p);
}

static void test_warning_comes_once(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *b = budget_with(&p, (struct budget_limits){ -1, -1, -1, 0.10, 2.00, 1.00 });
	assert_null(budget_warning(b));
	spend(b, 1.25);
	char *month = budget_warning(b), *day = budget_warning(b);
	assert_string_equal(month, "models have cost $1.25 this month, past the $1.00 to warn at; no more "
				   "is spent than $2.00");
	assert_string_equal(day, "models have cost $1.25 today, past the $0.10 to warn at");
	assert_null(budget_warning(b));
	free(month);
	free(day);
	budget_free(b);
	teardown(&p);
}

/* -- days and months ------------------------------------------------------------------------- */

static void test_days_and_months_are_local(void **state)
{
	(void)state;
	struct ledger_span span;
	setenv("TZ", "Pacific/Auckland", 1); /* UTC+13 in November */
	span = ledger_day(NOON);
	assert_int_equal(span.from, NOON - HOUR); /* it is 01:00 on the 23rd there */
	assert_int_equal(span.until - span.from, 24 * HOUR);
	setenv("TZ", "America/New_York", 1);
	span = ledger_month(NOON);
	assert_int_equal(span.from, 1793505600); /* 1 November, 00:00 EDT */
	assert_int_equal(span.until, 1796101200); /* 1 December, 00:00 EST: an hour more than 30 days */
	assert_int_equal(ledger_day(span.from).until - span.from, 25 * HOUR);
}

static void test_day_and_month_begin_anew_during_a_run(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	setenv("TZ", "America/New_York", 1);
	clock_of_test = 1796101200 - 60; /* 30 November, 23:59 */
	struct budget *b = budget_with(&p, (struct budget_limits){ -1, -1, 1.00, -1, 1.50, -1 });
	spend(b, 0.60);
	assert_refused(b, ID_A, 0.60,
		       "the budget of $1.00 for today leaves $0.40, the next request may cost $0.60");
	uint64_t open = reserve(b, 0.30);
	clock_of_test += 120;
	/* What is in flight counts on both sides of midnight. */
	assert_month(b, 0.30);
	assert_refused(b, ID_A, 0.80,
		       "the budget of $1.00 for today leaves $0.70, the next request may cost $0.80");
	settle(b, open, 0.25);
	spend(b, 0.60);
	assert_month(b, 0.85);
	budget_free(b);
	teardown(&p);
}

/* -- processes ------------------------------------------------------------------------------- */

static void reserve_and_die(struct place *p)
{
	struct budget *b = budget_of_month(p, 10);
	spend(b, 0.20);
	reserve(b, 0.50);
}

static void test_reservation_of_a_killed_process_is_booked(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	in_killed_process(&p, reserve_and_die);
	assert_ledger(&p, "2 entries, $0.70, 1 estimated");
	struct budget *b = budget_of_month(&p, 1.00);
	assert_int_equal(count_files(&p), 0);
	assert_month(b, 0.70);
	assert_refused(b, ID_A, 0.40,
		       "the budget of $1.00 for this month leaves $0.30, the next request may cost $0.40");
	budget_free(b);
	assert_ledger(&p, "2 entries, $0.70, 1 estimated");
	assert_success(records_commit(p.records, "Spend"));
	assert_ledger(&p, "2 entries, $0.70, 1 estimated");
	teardown(&p);
}

static void test_live_reservation_is_reserved_and_not_spent(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *first = budget_of_month(&p, 1.00), *second = budget_of_month(&p, 1.00);
	uint64_t open = reserve(first, 0.80);
	assert_refused(second, ID_A, 0.30,
		       "the budget of $1.00 for this month leaves $0.20, the next request may cost $0.30");
	assert_ledger(&p, "0 entries, $0.00");
	settle(first, open, 0.05);
	assert_success(budget_journal(first));
	budget_free(first);
	assert_month(second, 0.05);
	spend(second, 0.95);
	budget_free(second);
	assert_ledger(&p, "2 entries, $1.00");
	teardown(&p);
}

static void test_entry_in_file_journal_and_ref_counts_once(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	struct budget *b = budget_of_month(&p, 1.00), *other = budget_of_month(&p, 1.00);
	spend(b, 0.25);
	assert_ledger(&p, "1 entries, $0.25");
	assert_success(budget_journal(b));
	assert_ledger(&p, "1 entries, $0.25");
	assert_success(records_commit(p.records, "Spend"));
	assert_ledger(&p, "1 entries, $0.25");
	assert_month(b, 0.25);
	assert_month(other, 0.25);
	budget_free(b);
	assert_int_equal(count_files(&p), 0);
	assert_month(other, 0.25);
	budget_free(other);
	b = budget_of_month(&p, 1.00);
	assert_month(b, 0.25);
	budget_free(b);
	teardown(&p);
}

static void test_clone_that_has_the_records_knows_the_spending(void **state)
{
	(void)state;
	struct place p, clone = { NULL, NULL, NULL, NULL };
	setup(&p);
	struct budget *b = budget_of_month(&p, 1.00);
	spend(b, 0.25);
	assert_success(budget_journal(b));
	assert_success(records_commit(p.records, "Spend"));
	budget_free(b);
	clone.top = xstrfmt("%s/clone", p.directory);
	git(p.directory, "clone", "-q", p.top, clone.top, NULL);
	git(clone.top, "fetch", "-q", "origin", RECORDS_REF ":" RECORDS_REF, NULL);
	open_place(&clone);
	b = budget_of_month(&clone, 1.00);
	assert_month(b, 0.25);
	budget_free(b);
	close_place(&clone);
	free(clone.top);
	teardown(&p);
}

static void write_half_a_line(struct place *p)
{
	struct budget *b = budget_of_month(p, 10);
	reserve(b, 0.50);
	char *path = xstrfmt("%s/scrutiny/spending", repo_common_dir(p->repo));
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		char *file = xstrfmt("%s/%s", path, entry->d_name);
		FILE *f = fopen(file, "a");
		if (f) {
			fputs("{\"state\":\"settled\",\"id\":\"", f);
			fclose(f);
		}
		free(file);
	}
	if (dir)
		closedir(dir);
	free(path);
}

static void test_torn_last_line_leaves_its_reservation_spent(void **state)
{
	(void)state;
	struct place p;
	setup(&p);
	in_killed_process(&p, write_half_a_line);
	assert_ledger(&p, "1 entries, $0.50, 1 estimated, 1 damaged");
	struct budget *b = budget_of_month(&p, 1.00);
	assert_month(b, 0.50);
	budget_free(b);
	teardown(&p);
}

/* Reserves and settles what it can; dies in the middle if it is told to. */
static void spend_what_is_left(struct place *p, unsigned number)
{
	struct place own = { .top = p->top };
	struct spending what = request(ID_A);
	open_place(&own);
	struct budget *b = budget_of_month(&own, 1.00);
	for (unsigned i = 0;; i++) {
		uint64_t reservation;
		struct error *err = budget_reserve(b, &what, 0.01, &reservation);
		if (error_is(err, ERROR_BUDGET)) {
			error_free(err);
			break;
		}
		assert_success(err);
		if (number % 4 == 0 && i == 2)
			raise(SIGKILL);
		settle(b, reservation, 0.01);
	}
	if (number % 2)
		assert_success(budget_journal(b));
	budget_free(b);
	close_place(&own);
	_exit(0);
}

static void test_many_processes_at_once_never_pass_the_limit(void **state)
{
	(void)state;
	enum { PROCESSES = 12 };
	struct place p;
	pid_t children[PROCESSES];
	setup(&p);
	for (unsigned i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (!children[i])
			spend_what_is_left(&p, i);
	}
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(i % 4 == 0 ? WIFSIGNALED(status) || !status : !status);
	}
	struct budget *b = budget_of_month(&p, 1.00);
	assert_month(b, 1.00);
	assert_refused(b, ID_A, 0.01,
		       "the budget of $1.00 for this month leaves $0.00, the next request may cost $0.010");
	assert_success(budget_journal(b));
	assert_success(records_commit(p.records, "Spend"));
	budget_free(b);
	assert_int_equal(count_files(&p), 0);
	b = budget_of_month(&p, 1.00);
	assert_month(b, 1.00);
	budget_free(b);
	teardown(&p);
}

/* -- batches --------------------------------------------------------------------------------- */

/* Books USD for the question of a batch that goes under ID. */
static void book_batch(struct budget *b, const char *id, double reserved, double usd, bool estimated)
{
	struct spending s = request(ID_A);
	uint64_t reservation;
	s.id = (char *)id;
	s.batch = true;
	assert_success(budget_reserve(b, &s, reserved, &reservation));
	s.usd = usd;
	s.estimated = estimated;
	s.input_tokens = s.output_tokens = s.cached_tokens = -1;
	assert_success(budget_settle(b, reservation, &s));
}

static void test_true_cost_replaces_the_estimate_of_a_batch(void **state)
{
	(void)state;
	static const char cheap[] = "00000000000000000000000000000001";
	static const char failed[] = "00000000000000000000000000000002";
	struct place p;
	for (int same_process = 0; same_process < 2; same_process++) {
		setup(&p);
		struct budget *b = budget_of_month(&p, 1.00), *other = budget_of_month(&p, 1.00);
		book_batch(b, cheap, 0.40, 0.40, true);
		book_batch(b, failed, 0.50, 0.50, true);
		assert_success(budget_journal(b));
		assert_month(other, 0.90);
		if (!same_process) {
			budget_free(b);
			b = budget_of_month(&p, 1.00);
		}
		assert_ledger(&p, "2 entries, $0.90, 2 estimated");
		book_batch(b, cheap, 0, 0.10, false);
		book_batch(b, failed, 0, 0, false);
		assert_month(b, 0.10);
		assert_month(other, 0.10);
		assert_ledger(&p, "1 entries, $0.10");
		assert_success(budget_journal(b));
		budget_free(b);
		budget_free(other);
		assert_success(records_commit(p.records, "Spend"));
		assert_int_equal(count_files(&p), 0);
		assert_ledger(&p, "1 entries, $0.10");
		b = budget_of_month(&p, 1.00);
		assert_month(b, 0.10);
		budget_free(b);
		teardown(&p);
	}
}

/* -- other people's lines -------------------------------------------------------------------- */

static void test_lines_that_cannot_be_read_are_told(void **state)
{
	(void)state;
	static const char text[] =
		"{\"id\":\"00000000000000000000000000000001\",\"date\":1795348800,\"reviewer\":\"a/b\","
		"\"paper\":\"p\",\"usd\":0.5}\n"
		"{\"id\":\"00000000000000000000000000000002\",\"date\":1795348800,\"reviewer\":\"a/b\","
		"\"paper\":\"p\",\"usd\":-5}\n"
		"{\"id\":\"short\",\"date\":1795348800,\"reviewer\":\"a/b\",\"paper\":\"p\",\"usd\":1}\n"
		"{\"id\":\"00000000000000000000000000000003\",\"date\":1795348800,\"reviewer\":\"a/b\","
		"\"paper\":\"p\",\"usd\":1e300}\n"
		"nonsense\n"
		"[\n";
	struct place p;
	setup(&p);
	assert_success(records_shelf_put(p.records, "ledger/2026-11/22-0.jsonl",
					 (struct slice){ text, sizeof(text) - 1 }));
	assert_ledger(&p, "1 entries, $0.50, 5 damaged");
	teardown(&p);
}

static void test_entries_are_found_where_another_time_zone_put_them(void **state)
{
	(void)state;
	struct place p;
	struct ledger ledger;
	setup(&p);
	setenv("TZ", "Pacific/Auckland", 1);
	clock_of_test = ledger_month(NOON).until + HOUR; /* 1 December there, 30 November in UTC */
	struct budget *b = budget_of_month(&p, 1.00);
	spend(b, 0.25);
	assert_success(budget_journal(b));
	budget_free(b);
	setenv("TZ", "UTC", 1);
	assert_ledger(&p, "1 entries, $0.25");
	struct ledger_span december = ledger_month(ledger_month(NOON).until);
	assert_success(ledger_read(&ledger, p.records, december.from, december.until));
	assert_int_equal(ledger.nr, 0);
	ledger_release(&ledger);
	teardown(&p);
}

static void test_entry_keeps_everything_that_was_told(void **state)
{
	(void)state;
	struct place p;
	struct ledger ledger;
	setup(&p);
	struct budget *b = budget_of_month(&p, 1.00);
	struct spending s = request(ID_B);
	uint64_t reservation;
	s.author = (char *)"A. \"Tiler\" <a@example.org>";
	s.request = (char *)"0123";
	s.batch = true;
	assert_success(budget_reserve(b, &s, 0.02, &reservation));
	s.input_tokens = 7000;
	s.output_tokens = 300;
	s.cached_tokens = 6500;
	s.usd = 0.0123456;
	assert_success(budget_settle(b, reservation, &s));
	assert_success(budget_journal(b));
	budget_free(b);
	assert_success(ledger_read(&ledger, p.records, NOON, NOON + 1));
	assert_int_equal(ledger.nr, 1);
	const struct spending *read = &ledger.items[0];
	assert_string_equal(read->reviewer, "openai/gpt-6-luna");
	assert_string_equal(read->paper, "tilings");
	assert_string_equal(read->content_id, ID_B);
	assert_string_equal(read->task, "correctness");
	assert_string_equal(read->author, s.author);
	assert_string_equal(read->request, "0123");
	assert_int_equal(read->input_tokens, 7000);
	assert_int_equal(read->output_tokens, 300);
	assert_int_equal(read->cached_tokens, 6500);
	assert_true(read->usd == 0.0123456 && read->batch && !read->estimated);
	ledger_release(&ledger);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reservation_counts_until_the_real_price_is_known),
		cmocka_unit_test(test_each_limit_is_kept),
		cmocka_unit_test(test_nothing_is_left_by_adding_and_taking_away),
		cmocka_unit_test(test_unknown_price_is_refused_under_a_limit_of_ones_own),
		cmocka_unit_test(test_warning_comes_once),
		cmocka_unit_test(test_days_and_months_are_local),
		cmocka_unit_test(test_day_and_month_begin_anew_during_a_run),
		cmocka_unit_test(test_reservation_of_a_killed_process_is_booked),
		cmocka_unit_test(test_live_reservation_is_reserved_and_not_spent),
		cmocka_unit_test(test_entry_in_file_journal_and_ref_counts_once),
		cmocka_unit_test(test_clone_that_has_the_records_knows_the_spending),
		cmocka_unit_test(test_torn_last_line_leaves_its_reservation_spent),
		cmocka_unit_test(test_many_processes_at_once_never_pass_the_limit),
		cmocka_unit_test(test_true_cost_replaces_the_estimate_of_a_batch),
		cmocka_unit_test(test_lines_that_cannot_be_read_are_told),
		cmocka_unit_test(test_entries_are_found_where_another_time_zone_put_them),
		cmocka_unit_test(test_entry_keeps_everything_that_was_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
