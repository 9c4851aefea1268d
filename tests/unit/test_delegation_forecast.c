/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a delegation: the machine run forward. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "deleg_case.h"
#include "kskroll/delegation_forecast.h"

/*! TTL of DS before the change. */
#define DS_TTL 86400
#define DELAY  60

typedef struct {
	delegation_config_t config;
	delegation_row_t row;
	delegation_forecast_t plan;
} plan_t;

static delegation_assume_t assume = { .server_delay = DELAY, .ds_ttl = DS_TTL, .load = DELEGATION_LOAD_KEEPS };

/*! A delegation with DS that rests. */
static plan_t at_rest(void)
{
	const ds_set_t a = deleg_set(A);
	plan_t p = { .config = DELEGATION_CONFIG_DEFAULT };

	delegation_init(&p.row, T0 - DAY, 0);
	p.row.known = true;
	p.row.ds = ds_set_id(&a);
	p.row.next_check = T0 + HOUR;
	return p;
}

static void run(plan_t *p)
{
	delegation_forecast(&p->config, &p->row, &assume, T0, &p->plan);
}

/*! Where it is in a state, at whatever gate; 0: never. */
static time_t begin_of(const plan_t *p, delegation_state_t state)
{
	for (unsigned i = 0; i < p->plan.count; i++) {
		if (p->plan.stay[i].state == state) {
			return p->plan.stay[i].from;
		}
	}
	return 0;
}

static bool is_within(time_t value, time_t low, time_t high)
{
	return value >= low && value <= high;
}

static void assert_stays_follow(const plan_t *p)
{
	assert_true(p->plan.count > 0);
	for (unsigned i = 0; i + 1 < p->plan.count; i++) {
		assert_int_equal(p->plan.stay[i].to, p->plan.stay[i + 1].from);
		assert_true(p->plan.stay[i].to > p->plan.stay[i].from);
	}
	assert_int_equal(p->plan.stay[p->plan.count - 1].to, 0);
}

/* Everything follows from the settings and the TTLs. */
static void a_child_at_rest_is_imagined_to_ask(void **state)
{
	(void)state;
	plan_t p = at_rest();

	run(&p);
	assert_stays_follow(&p);
	assert_true(p.plan.imagined);
	assert_int_equal(p.plan.lifted, DELEGATION_GATE_NONE);
	assert_int_equal(p.plan.stuck, DELEGATION_GATE_NONE);
	/* The next scan. */
	assert_int_equal(p.plan.start, T0 + HOUR);
	assert_true(is_within(p.plan.changed - p.plan.start, 0, 2));
	assert_int_equal(p.plan.ttl_low, 600);
	assert_int_equal(p.plan.ttl_back, DS_TTL);
	assert_true(is_within(p.plan.everywhere, p.plan.changed + DELAY - 1, p.plan.changed + DELAY));
	assert_int_equal(p.plan.expired, p.plan.everywhere + 1 + DS_TTL);
	/* `verify` is an hour, `ds-ttl-hold` three days. */
	assert_true(is_within(begin_of(&p, DELEGATION_LOW) - p.plan.everywhere, HOUR, HOUR + 60));
	assert_int_equal(p.plan.restored, p.plan.end);
	assert_true(is_within(p.plan.end - p.plan.everywhere, 3 * DAY, 3 * DAY + 60));
	assert_int_equal(p.plan.stay[p.plan.count - 1].state, DELEGATION_REST);
}

static void the_low_ttl_outlives_the_old_one(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.config.ds_ttl_hold = 0;
	run(&p);
	assert_true(is_within(p.plan.end, p.plan.expired, p.plan.expired + 60));
}

static void the_hold_down_is_waited_for(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.config.hold_down = 2 * DAY;
	run(&p);
	assert_int_equal(p.plan.changed - p.plan.start, 2 * DAY);
	assert_int_equal(p.plan.stay[1].gate, DELEGATION_GATE_HOLD_DOWN);

	/* What has been waited for counts. */
	p.row.state = DELEGATION_WAIT;
	p.row.since = T0 - DAY;
	p.row.content = 77;
	p.row.accepted_since = T0 - DAY;
	p.row.gate = DELEGATION_GATE_HOLD_DOWN;
	run(&p);
	assert_false(p.plan.imagined);
	assert_int_equal(p.plan.start, T0 - DAY);
	assert_true(is_within(p.plan.changed, T0 + DAY, T0 + DAY + 2));
}

static void what_a_human_must_open_is_named_and_taken_for_open(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.row.state = DELEGATION_SURVEY;
	p.row.since = T0 - HOUR;
	p.row.gate = DELEGATION_GATE_SIGNALS_DIFFER;
	run(&p);
	assert_int_equal(p.plan.lifted, DELEGATION_GATE_SIGNALS_DIFFER);
	assert_true(is_within(p.plan.changed, T0, T0 + 2));

	p = at_rest();
	p.config.report_only = true;
	run(&p);
	assert_int_equal(p.plan.lifted, DELEGATION_GATE_REPORT_ONLY);
	assert_true(p.plan.changed > 0);
	p.config.locked = true;
	run(&p);
	assert_int_equal(p.plan.lifted, DELEGATION_GATE_LOCKED);

	/* Signals that were overruled: the child changes them. */
	p = at_rest();
	p.row.state = DELEGATION_HELD;
	p.row.gate = DELEGATION_GATE_MANUAL;
	p.row.refused = 4711;
	run(&p);
	assert_int_equal(p.plan.lifted, DELEGATION_GATE_MANUAL);
	assert_true(p.plan.changed > 0);
	assert_true(p.plan.end > p.plan.changed);
}

static void where_nothing_can_be_changed_is_named(void **state)
{
	(void)state;
	static const struct {
		delegation_load_t load;
		delegation_gate_t by[3]; /*!< Of each way to apply a change. */
	} cases[] = {
		{ DELEGATION_LOAD_KEEPS, { DELEGATION_GATE_NONE, DELEGATION_GATE_NONE, DELEGATION_GATE_NONE } },
		{ DELEGATION_LOAD_REVERTS,
		  { DELEGATION_GATE_LOAD_REVERTS, DELEGATION_GATE_NONE, DELEGATION_GATE_NONE } },
		{ DELEGATION_LOAD_UNKNOWN,
		  { DELEGATION_GATE_LOAD_UNKNOWN, DELEGATION_GATE_NONE, DELEGATION_GATE_NONE } },
		{ DELEGATION_LOAD_SECONDARY,
		  { DELEGATION_GATE_SECONDARY, DELEGATION_GATE_SECONDARY, DELEGATION_GATE_NONE } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned apply = 0; apply < 3; apply++) {
			plan_t p = at_rest();
			p.config.apply = apply;
			assume.load = cases[i].load;
			run(&p);
			assert_int_equal(p.plan.lifted, cases[i].by[apply]);
		}
	}
	assume.load = DELEGATION_LOAD_KEEPS;
}

/*! A change that was ordered. */
static void order(plan_t *p, delegation_state_t state, const ds_set_t *put)
{
	p->row.state = state;
	p->row.since = T0 - 10;
	p->row.gate = DELEGATION_GATE_COMMITTING;
	p->row.ordering = true;
	p->row.put = *put;
	p->row.put_ttl = 600;
	p->row.before = deleg_set(A);
	p->row.before_ttl = DS_TTL;
	p->row.may_undo = true;
}

static void a_change_under_way_goes_on(void **state)
{
	(void)state;
	plan_t p = at_rest();
	const ds_set_t b = deleg_set(B), none = { 0 };

	order(&p, DELEGATION_CHANGE, &b);
	run(&p);
	assert_stays_follow(&p);
	assert_int_equal(p.plan.changed, T0);
	assert_int_equal(p.plan.everywhere, T0 + DELAY);
	assert_int_equal(p.plan.ttl_back, DS_TTL);
	assert_true(p.plan.end >= p.plan.everywhere + 3 * DAY);

	/* Without a DS nothing is verified, and no TTL restored. */
	p = at_rest();
	order(&p, DELEGATION_CHANGE, &none);
	run(&p);
	assert_int_equal(p.plan.ttl_back, 0);
	assert_int_equal(p.plan.end, T0 + DELAY);
}

/* The delay of servers counts from the change. A set that each of them was seen with is there to stay. */
static void servers_that_have_the_set_keep_it(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.row.state = DELEGATION_SPREAD;
	p.row.gate = DELEGATION_GATE_PARENT_STALE;
	p.row.since = T0 - 10;
	p.row.ttl_low = 600;
	p.row.ttl_normal = DS_TTL;
	p.row.next_check = T0 + 1;
	run(&p);
	assert_true(is_within(p.plan.everywhere, T0 + DELAY - 10, T0 + 2 * DELAY));

	p.row.gate = DELEGATION_GATE_VERIFYING;
	p.row.all_since = T0 - 5;
	run(&p);
	assert_int_equal(p.plan.everywhere, T0 - 5);
}

static void an_undo_ends_where_the_child_must_act(void **state)
{
	(void)state;
	plan_t p = at_rest();
	const ds_set_t a = deleg_set(A);

	order(&p, DELEGATION_UNDO, &a);
	run(&p);
	assert_int_equal(p.plan.end, 0);
	assert_int_equal(p.plan.stuck, DELEGATION_GATE_UNDONE);
	assert_int_equal(p.plan.stay[p.plan.count - 1].state, DELEGATION_HELD);
}

static void the_low_ttl_is_restored_when_it_is_due(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.row.state = DELEGATION_LOW;
	p.row.gate = DELEGATION_GATE_TTL_LOW;
	p.row.since = T0 - DAY;
	p.row.all_since = T0 - 2 * DAY;
	p.row.ttl_low = 600;
	p.row.ttl_normal = DS_TTL;
	p.row.next_check = T0 + 60;
	run(&p);
	assert_int_equal(p.plan.changed, 0);
	assert_int_equal(p.plan.everywhere, T0 - 2 * DAY);
	assert_true(is_within(p.plan.restored, T0 + DAY, T0 + DAY + 2));
	assert_true(is_within(p.plan.end, p.plan.restored, p.plan.restored + 2));
}

static void the_first_ds_needs_bootstrap(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.row.ds = 0;
	run(&p);
	assert_true(p.plan.ignored);
	assert_false(p.plan.imagined);
	assert_int_equal(p.plan.count, 1);
	assert_int_equal(p.plan.start, 0);

	p.config.bootstrap = true;
	p.config.ds_ttl_base = 3600;
	run(&p);
	assert_true(p.plan.changed > 0);
	assert_int_equal(p.plan.ttl_back, 3600);
	assert_true(p.plan.end > 0);
}

static void a_ds_that_was_removed_by_hand_is_final(void **state)
{
	(void)state;
	plan_t p = at_rest();

	p.row.state = DELEGATION_SUSPENDED;
	p.row.gate = DELEGATION_GATE_SUSPENDED;
	p.row.ds = 0;
	run(&p);
	assert_int_equal(p.plan.stuck, DELEGATION_GATE_SUSPENDED);
	assert_int_equal(p.plan.end, 0);
	assert_int_equal(p.plan.count, 1);
}

/* The child is back at its former keys, and the undo waits. */
static void an_undo_that_waits_has_a_time(void **state)
{
	(void)state;
	static const delegation_state_t states[] = { DELEGATION_SPREAD, DELEGATION_VERIFY };

	for (int i = 0; i < 2; i++) {
		plan_t p = at_rest();
		p.row.state = states[i];
		p.row.since = T0 - 2 * DAY;
		p.row.all_since = states[i] == DELEGATION_VERIFY ? T0 - 2 * DAY : 0;
		p.row.gate = DELEGATION_GATE_CANNOT_UNDO;
		p.row.gate_until = T0 + HOUR + 1;
		p.row.may_undo = true;
		p.row.bad_watches = 9;
		p.row.before_ttl = p.row.ttl_normal = DAY;
		p.row.put_ttl = p.row.ttl_low = 600;
		p.row.put_inception = T0 - 3 * DAY;
		p.row.back_since = T0 - 23 * HOUR;
		p.row.back_last = T0 - 60;
		p.row.dnskey_ttl = HOUR;
		run(&p);
		assert_stays_follow(&p);
		assert_int_equal(p.plan.lifted, DELEGATION_GATE_NONE);
		assert_int_equal(p.plan.stay[0].gate, DELEGATION_GATE_CANNOT_UNDO);
		assert_int_equal(begin_of(&p, DELEGATION_UNDO), T0 + HOUR + 1);
		assert_int_equal(p.plan.stay[p.plan.count - 1].state, DELEGATION_HELD);
		assert_int_equal(p.plan.stuck, DELEGATION_GATE_UNDONE);
		assert_int_equal(p.plan.end, 0);
		/* Nobody has checked for long. */
		p.row.back_last = T0 - DAY;
		run(&p);
		assert_int_equal(begin_of(&p, DELEGATION_UNDO), T0 + DAY + 1);
		/* It is not certain that it waits for the time alone. */
		p.row.gate_until = 0;
		run(&p);
		assert_int_equal(p.plan.lifted, DELEGATION_GATE_CANNOT_UNDO);
		assert_int_equal(begin_of(&p, DELEGATION_UNDO), 0);
	}
}

/* Whatever row there is: the plan ends. */
static void every_state_has_a_plan(void **state)
{
	(void)state;
	const ds_set_t b = deleg_set(B);

	for (unsigned s = 0; s < DELEGATION_STATE__COUNT; s++) {
		for (unsigned g = 0; g < DELEGATION_GATE__COUNT; g++) {
			for (unsigned ordering = 0; ordering < 2; ordering++) {
				plan_t p = at_rest();
				p.row.state = s;
				p.row.gate = g;
				p.row.ordering = ordering;
				p.row.put = b;
				p.row.put_ttl = 600;
				run(&p);
				assert_true(p.plan.count > 0);
				assert_true(p.plan.end != 0 || p.plan.stuck != DELEGATION_GATE_NONE);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_at_rest_is_imagined_to_ask),
		cmocka_unit_test(the_low_ttl_outlives_the_old_one),
		cmocka_unit_test(the_hold_down_is_waited_for),
		cmocka_unit_test(what_a_human_must_open_is_named_and_taken_for_open),
		cmocka_unit_test(where_nothing_can_be_changed_is_named),
		cmocka_unit_test(a_change_under_way_goes_on),
		cmocka_unit_test(servers_that_have_the_set_keep_it),
		cmocka_unit_test(an_undo_ends_where_the_child_must_act),
		cmocka_unit_test(the_low_ttl_is_restored_when_it_is_due),
		cmocka_unit_test(the_first_ds_needs_bootstrap),
		cmocka_unit_test(a_ds_that_was_removed_by_hand_is_final),
		cmocka_unit_test(an_undo_that_waits_has_a_time),
		cmocka_unit_test(every_state_has_a_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
