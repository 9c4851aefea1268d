/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plans of rollovers to another algorithm, and to another scheme. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"
#include "plan_steps.h"

#define WEEK (7 * DAY)

static const rollover_state_t ORDER[] = {
	ROLLOVER_IDLE,     ROLLOVER_PRESIGN, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS,
	ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE,    ROLLOVER_CLEAN,  ROLLOVER_SETTLE,
};
#define STATES ((int)(sizeof(ORDER) / sizeof(ORDER[0])))

static forecast_t run(const machine_t *m, uint8_t algorithm)
{
	forecast_assume_t assume = FORECAST_ASSUME_DEFAULT;
	forecast_t plan;

	assume.algorithm = algorithm;
	forecast_run(&m->config, &m->row, &assume, m->now, &plan);
	return plan;
}

/*! All states from this one on, and nothing that somebody has to open. */
static void goes_on(const forecast_t *plan, int from)
{
	assert_int_equal(plan->lifted, GATE_NONE);
	for (int i = from; i < STATES; i++) {
		assert_string_equal(rollover_state_name(plan->step[i - from].state), rollover_state_name(ORDER[i]));
		assert_int_equal(plan->step[i - from].to, plan->step[i - from + 1].from);
	}
	assert_int_equal(plan->count, STATES - from + 1);
	assert_int_equal(plan->step[STATES - from].state, ROLLOVER_IDLE);
	assert_int_equal(plan->end, plan->step[STATES - from].from);
}

static void it_is_shown_before_it_is_started(void **state)
{
	(void)state;
	for (int csk = 0; csk < 2; csk++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.row.csk = m.row.csk_new = csk;
		m.config.zone_ttl = 2 * DAY;
		forecast_t p = run(&m, 15);

		assert_true(p.imagined);
		goes_on(&p, 0);
		const forecast_step_t *presign = step_of(&p, ROLLOVER_PRESIGN);
		/* The signatures are at once in the own zone, and a minute later on all nameservers. */
		assert_int_equal(presign->from, m.now);
		assert_int_equal(wait_of(presign, GATE_WAITING_ZONE_TTL)->to, m.now + 60 + 2 * DAY + 1);
		assert_int_equal(presign->to, m.now + 60 + 2 * DAY + 1 + 1);
		const forecast_step_t *introduce = step_of(&p, ROLLOVER_INTRODUCE);
		assert_int_equal(introduce->to, introduce->from + 60 + 301);
		/* While CDS was out nobody saw the data: the zone TTL counts again from when it had gone. */
		const forecast_step_t *observe = step_of(&p, ROLLOVER_OBSERVE);
		assert_int_equal(observe->to, observe->from + 2 * DAY + 1);
		const forecast_step_t *retire = step_of(&p, ROLLOVER_RETIRE);
		const forecast_wait_t *w = wait_of(retire, GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(w->to - w->from, 301);
		assert_int_equal(p.safe, retire->to);
		/* The order, and what nameservers take. */
		assert_int_equal(retire->to, w->to + 1);
		assert_int_equal(step_of(&p, ROLLOVER_CLEAN)->to, retire->to + 60);
		assert_int_equal(p.end, p.safe + 60 + 3 * DAY);
	}
}

static void without_zone_max_ttl_it_takes_a_week(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	forecast_t p = run(&m, 15);
	const forecast_wait_t *w = wait_of(step_of(&p, ROLLOVER_PRESIGN), GATE_WAITING_ZONE_TTL);
	assert_int_equal(w->to, m.now + 60 + WEEK + 1);
}

static void one_that_is_due_later_is_not_waited_for(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 365 * DAY;
	forecast_t p = run(&m, 15);
	assert_true(p.imagined);
	assert_int_equal(p.start, m.now);
	goes_on(&p, 0);
}

static void the_algorithm_that_the_zone_has_is_an_ordinary_rollover(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	forecast_t p = run(&m, 13);
	assert_int_equal(p.step[1].state, ROLLOVER_INTRODUCE);
}

static void one_under_way_goes_on_from_every_state(void **state)
{
	(void)state;
	for (int csk = 0; csk < 2; csk++) {
		time_t before = 0;
		for (int i = STATES - 1; i > 0; i--) {
			machine_t m;
			machine_at(&m, ORDER[i]);
			if (ORDER[i] != ROLLOVER_SETTLE) {
				machine_algorithm(&m);
			}
			m.row.csk = m.row.csk_new = csk;
			m.row.since = m.row.gate_since = T0;
			forecast_t p = run(&m, 0);
			assert_false(p.imagined);
			assert_int_equal(p.algorithm_old, ORDER[i] != ROLLOVER_SETTLE ? 13 : 0);
			assert_int_equal(p.algorithm_new, ORDER[i] != ROLLOVER_SETTLE ? 15 : 0);
			goes_on(&p, i);
			assert_true(p.end >= before);
			before = p.end;
		}
	}
}

/*! The module was held, or in a dry run, when the policy was changed. */
static void what_knot_has_begun_is_not_imagined(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.data_algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
	forecast_t p = run(&m, 0);
	assert_false(p.imagined);
	goes_on(&p, 0);
}

/*! Signatures of an algorithm that was given up are no rollover. */
static void what_is_left_over_begins_nothing(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.data_algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
	m.row.gate = GATE_ALGORITHM_ROLLOVER;
	m.row.gate_since = m.now;
	forecast_t p = run(&m, 0);
	assert_true(p.imagined);
	assert_int_equal(p.lifted, GATE_ALGORITHM_ROLLOVER);
	assert_int_equal(p.step[1].state, ROLLOVER_INTRODUCE);
	assert_int_equal(p.algorithm_new, 0);
	/* In presign it is what the zone is in. */
	machine_at(&m, ROLLOVER_PRESIGN);
	m.row.data_algorithms = OLD_ALGORITHM | ALGSET_OF(8);
	m.row.gate = GATE_ALGORITHM_ROLLOVER;
	p = run(&m, 0);
	assert_int_equal(p.algorithm_new, 8);
	assert_int_equal(p.lifted, GATE_ALGORITHM_ROLLOVER);
	/* But another one may be asked for. */
	machine_at(&m, ROLLOVER_IDLE);
	p = run(&m, 8);
	assert_int_equal(p.step[1].state, ROLLOVER_PRESIGN);
	assert_int_equal(p.algorithm_new, 8);
}

static void what_the_nameservers_lack_comes_by_a_transfer(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t state;
		rollover_gate_t gate;
		algset_t algorithms;
	} CASES[] = {
		{ ROLLOVER_PRESIGN, GATE_SIGNATURES_MISSING, OLD_ALGORITHM },
		{ ROLLOVER_INTRODUCE, GATE_SIGNATURES_MISSING, OLD_ALGORITHM },
		{ ROLLOVER_CLEAN, GATE_SIGNATURES_REMAIN, OLD_ALGORITHM | NEW_ALGORITHM },
	};

	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, CASES[i].state);
		machine_algorithm(&m);
		m.row.data_since = 0;
		m.child[1].data_algorithms = CASES[i].algorithms;
		m.child[1].serial = 6;
		machine_step(&m);
		assert_int_equal(m.row.gate, CASES[i].gate);
		m.now += 20;
		forecast_t p = run(&m, 0);
		assert_int_equal(p.lifted, GATE_NONE);
		assert_int_equal(wait_of(&p.step[0], CASES[i].gate)->to, T0 + 60);
		assert_int_not_equal(p.end, 0);

		/* After that somebody has to check it. */
		m.now += 60;
		p = run(&m, 0);
		assert_int_equal(p.lifted, CASES[i].gate);
		assert_int_not_equal(p.end, 0);
	}
}

/*! The keys that the row has are those that sign in the plan as well. */
static void what_caches_have_lost_is_not_waited_for_again(void **state)
{
	(void)state;
	static const rollover_state_t WAITS[] = { ROLLOVER_PRESIGN, ROLLOVER_INTRODUCE, ROLLOVER_OBSERVE };

	for (size_t i = 0; i < sizeof(WAITS) / sizeof(WAITS[0]); i++) {
		machine_t m;
		machine_at(&m, WAITS[i]);
		machine_algorithm(&m);
		const forecast_t p = run(&m, 0);
		m.row.data_keys = 4711;
		assert_int_equal(run(&m, 0).end, p.end);
		m.row.data_since = 0;
		assert_true(run(&m, 0).end > p.end);
	}
}

static void orders_given_are_not_given_again(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_PUBLISH);
	forecast_t p = run(&m, 0);
	assert_int_equal(p.step[0].to, m.now + 1);
	assert_int_equal(step_of(&p, ROLLOVER_INTRODUCE)->to, m.now + 1 + 60 + 301);

	machine_at(&m, ROLLOVER_RETIRE);
	machine_algorithm(&m);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	p = run(&m, 0);
	assert_int_equal(step_of(&p, ROLLOVER_CLEAN)->from, m.now + 1 + 60 + 301 + 1);

	machine_at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_algorithm(&m);
	m.row.all_since = m.row.all_expired = m.now - 1;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_CLEAN);
	p = run(&m, 0);
	assert_int_equal(p.safe, m.now + 1);
	assert_int_equal(step_of(&p, ROLLOVER_CLEAN)->to, m.now + 1 + 60);
}

/*! From a single key and to one: the data move after the DS, for as long as the zone's TTL. */
static void a_change_of_scheme_goes_on_as_well(void **state)
{
	(void)state;
	for (int to_csk = 0; to_csk < 2; to_csk++) {
		for (int s = ROLLOVER_INTRODUCE; s <= ROLLOVER_RETIRE; s++) {
			machine_t m;
			machine_at(&m, s);
			m.row.csk = !to_csk;
			m.row.csk_new = to_csk;
			if (s >= ROLLOVER_OBSERVE) {
				m.row.keys = KEYS_MOVED;
			}
			m.config.zone_ttl = 2 * DAY;
			forecast_t p = run(&m, 0);
			assert_int_equal(p.lifted, GATE_NONE);
			assert_int_equal(p.stuck, GATE_NONE);
			assert_int_not_equal(p.end, 0);
			if (s <= ROLLOVER_WITHDRAW) {
				const forecast_step_t *observe = step_of(&p, ROLLOVER_OBSERVE);
				assert_true(observe->to >= observe->from + 2 * DAY);
				wait_of(step_of(&p, ROLLOVER_WITHDRAW), GATE_SIGNATURES_MISSING);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_shown_before_it_is_started),
		cmocka_unit_test(without_zone_max_ttl_it_takes_a_week),
		cmocka_unit_test(one_that_is_due_later_is_not_waited_for),
		cmocka_unit_test(the_algorithm_that_the_zone_has_is_an_ordinary_rollover),
		cmocka_unit_test(one_under_way_goes_on_from_every_state),
		cmocka_unit_test(what_knot_has_begun_is_not_imagined),
		cmocka_unit_test(what_is_left_over_begins_nothing),
		cmocka_unit_test(what_the_nameservers_lack_comes_by_a_transfer),
		cmocka_unit_test(what_caches_have_lost_is_not_waited_for_again),
		cmocka_unit_test(orders_given_are_not_given_again),
		cmocka_unit_test(a_change_of_scheme_goes_on_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
