#include "git_fixture.h"

#include "deploy/resources.h"

static void add(struct resources *r, const char *kind, enum resource_state state, double hour, double month)
{
	resources_add(r, &(struct resource){ .kind = kind, .name = xstrdup("web"), .state = state, .usd_hour = hour,
					     .usd_month = month });
}

static void what_is_there_already_is_not_refused(void **state)
{
	struct resources r = { 0 };
	(void)state;
	add(&r, "load balancer", RESOURCE_EXISTS, 0, 16.4);
	assert_success(resources_check(&r, false));
	resources_release(&r);
}

static void new_recurring_cost_is_refused(void **state)
{
	static const char *const kinds[] = { "volume", "elastic address", "NAT gateway", "load balancer", "domain" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct resources r = { 0 };
		add(&r, kinds[i], RESOURCE_NEW, 0, 3.65);
		struct error *err = resources_check(&r, false);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_BUDGET);
		assert_non_null(strstr(err->message, kinds[i]));
		assert_non_null(strstr(err->message, "$3.65/month"));
		assert_non_null(strstr(err->hint, "--accept-cost"));
		error_free(err);
		assert_success(resources_check(&r, true));
		resources_release(&r);
	}
}

static void recurring_cost_of_unknown_price_is_refused_too(void **state)
{
	struct resources r = { 0 };
	(void)state;
	add(&r, "volume", RESOURCE_NEW, 0, -1);
	assert_error(resources_check(&r, false), ERROR_BUDGET);
	resources_release(&r);
}

static void what_costs_by_the_hour_only_is_not_recurring(void **state)
{
	struct resources r = { 0 };
	(void)state;
	add(&r, "instance", RESOURCE_NEW, 0.048, 0);
	assert_success(resources_check(&r, false));
	resources_release(&r);
}

static void what_is_paid_by_use_is_told_and_not_refused(void **state)
{
	struct resources r = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	add(&r, "registry storage", RESOURCE_NEW, 0, 0.1);
	r.items[0].by_use = true;
	assert_success(resources_check(&r, false));
	resources_print(&out, &r);
	assert_non_null(strstr(out.data, "$0.10/GB-month"));
	buffer_release(&out);
	resources_release(&r);
}

static void sums_tell_what_is_unknown(void **state)
{
	struct resources r = { 0 };
	double hour, month;
	size_t unknown;
	(void)state;
	add(&r, "instance", RESOURCE_EXISTS, 0.048, 0);
	add(&r, "volume", RESOURCE_NEW, 0, 2);
	add(&r, "volume", RESOURCE_NEW, 0, -1);
	resources_sum(&r, false, &hour, &month, &unknown);
	assert_true(hour > 0.0479 && hour < 0.0481);
	assert_true(month > 1.99 && month < 2.01);
	assert_int_equal(unknown, 1);
	resources_sum(&r, true, &hour, &month, NULL);
	assert_true(hour < 0.0001);
	resources_release(&r);
}

static void lines_stand_in_columns(void **state)
{
	struct resources r = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	add(&r, "instance", RESOURCE_EXISTS, 0.048, 0);
	add(&r, "volume", RESOURCE_NEW, 0, -1);
	add(&r, "role", RESOURCE_UNKNOWN, 0, 0);
	r.items[2].note = "a note";
	resources_print(&out, &r);
	assert_string_equal(out.data, "instance  web  there  $0.048/h\n"
				      "volume    web  new              unknown/month\n"
				      "role      web  ?                         free  a note\n");
	buffer_release(&out);
	resources_release(&r);
}

static void names_cannot_draw_on_the_terminal(void **state)
{
	struct resources r = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	resources_add(&r, &(struct resource){ .kind = "role", .name = xstrdup("a\033[2J\nb") });
	resources_print(&out, &r);
	assert_null(strchr(out.data, '\033'));
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	buffer_release(&out);
	resources_release(&r);
}

int main(void)
{
	fixture_environment();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_already_is_not_refused),
		cmocka_unit_test(new_recurring_cost_is_refused),
		cmocka_unit_test(recurring_cost_of_unknown_price_is_refused_too),
		cmocka_unit_test(what_costs_by_the_hour_only_is_not_recurring),
		cmocka_unit_test(what_is_paid_by_use_is_told_and_not_refused),
		cmocka_unit_test(sums_tell_what_is_unknown),
		cmocka_unit_test(lines_stand_in_columns),
		cmocka_unit_test(names_cannot_draw_on_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
