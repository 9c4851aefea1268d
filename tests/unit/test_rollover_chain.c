/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain of trust that is broken now, and what only resembles one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"

static void check_at(machine_t *m, time_t now)
{
	m->now = now;
	machine_step(m);
}

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->row.gate)->name, rollover_gate_info(gate)->name);
}

/* A chain that is broken now. */

static void every_ds_foreign(machine_t *m)
{
	machine_ds(m, 0, 300);
	m->parent[0].ds_foreign = m->parent[1].ds_foreign = true;
}

/*! A key database from before the rollover was restored: the store knows the key that the DS names. */
static void restored_key_database(machine_t *m)
{
	m->row.old[0] = m->facts.keys[1];
	machine_ds(m, NEW, 300);
	machine_serve(m, OLD, HOUR);
}

static void a_broken_chain_is_an_alarm_in_every_state(void **state)
{
	(void)state;
	assert_true(rollover_gate_info(GATE_CHAIN_BROKEN)->outage);
	assert_int_equal(rollover_gate_info(GATE_CHAIN_BROKEN)->actor, ACTOR_OPERATOR);

	for (rollover_state_t s = ROLLOVER_IDLE; s < ROLLOVER_STATE__COUNT; s++) {
		machine_t m;
		machine_at(&m, s);
		every_ds_foreign(&m);
		machine_step(&m);
		machine_step(&m);
		assert_true(rollover_gate_info(m.row.gate)->outage);
		assert_int_equal(m.out.action, ACTION_NONE);
	}

	/* It is the reason why resolvers fail. */
	machine_t w;
	machine_at(&w, ROLLOVER_INTRODUCE);
	every_ds_foreign(&w);
	w.facts.watch.failing = w.facts.watch.answered;
	for (int i = 0; i < 5; i++) {
		check_at(&w, T0 + 300 * i);
		expect(&w, ROLLOVER_INTRODUCE, GATE_CHAIN_BROKEN);
	}
	assert_int_equal(w.row.gate_since, T0);
	/* Not surely so where one server of the parent names a key of the zone. */
	w.parent[1].ds = OLD;
	check_at(&w, T0 + 1500);
	expect(&w, ROLLOVER_INTRODUCE, GATE_VALIDATION_FAILS);

	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.old_count = 0; /* No key is known. */
	every_ds_foreign(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_CHAIN_BROKEN);
	assert_true(m.out.gate_changed);
	assert_string_equal(m.row.gate_about, "p1.test. 192.0.2.11@53");

	/* It is one alarm, however long it lasts, checked again and again. */
	const time_t since = m.row.gate_since;
	unsigned fast = 0;
	for (int i = 0; i < 20; i++) {
		fast += m.row.next_check < m.now + 300;
		assert_true(m.row.next_check <= m.now + 300);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
		check_at(&m, m.row.next_check);
		assert_false(m.out.gate_changed);
		assert_int_equal(m.row.gate_since, since);
	}
	assert_true(fast >= 1 && fast <= 9); /* 1, 2, 4 … s, then every check_interval. */
	machine_ds(&m, OLD, 300);
	m.parent[0].ds_foreign = m.parent[1].ds_foreign = false;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
}

static void a_chain_that_is_broken_in_rollback_names_the_ds_to_restore(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLBACK);
	every_ds_foreign(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_CHAIN_BROKEN);
	assert_non_null(strstr(m.row.gate_detail, "to be restored: DS 1001 13 2 0101"));
	assert_int_equal(m.out.keys, KEYS_SIGNAL_BOTH);

	/* From the first check on, when the signals are not out yet. */
	machine_at(&m, ROLLOVER_ROLLBACK);
	m.row.keys = KEYS_SIGNAL_NEW;
	machine_signal(&m, NEW);
	every_ds_foreign(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_CHAIN_BROKEN);
	assert_non_null(strstr(m.row.gate_detail, "to be restored: DS 1001 13 2 0101"));

	/* Nor is it hidden where nothing is driven. */
	for (int i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_ROLLBACK);
		m.config.hold = i == 0;
		m.config.observe_only = i == 1;
		m.facts.own.frozen = i == 2;
		every_ds_foreign(&m);
		machine_step(&m);
		expect(&m, ROLLOVER_ROLLBACK, GATE_CHAIN_BROKEN);
		assert_non_null(strstr(m.row.gate_detail, "to be restored: DS 1001 13 2 0101"));
	}
}

static void a_restored_key_database_breaks_the_chain(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	restored_key_database(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_CHAIN_BROKEN);
	assert_non_null(strstr(m.row.gate_detail, "1002"));

	/* The same in the middle of a rollover. */
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_serve(&m, OLD, 300);
	machine_step(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_CHAIN_BROKEN);
}

static void a_zone_that_is_not_driven_is_watched_for_it(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.config.hold = i == 0;
		m.config.observe_only = i == 1;
		m.facts.own.csk = i == 2;
		m.now += DAY;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
		every_ds_foreign(&m);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_CHAIN_BROKEN);
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
	}
}

/*! Nobody has to act for a DS that is besides a good one, or while no DS is known. */
static void a_stray_ds_is_no_broken_chain(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.parent[0].ds_foreign = true;
	machine_step(&m);
	assert_int_not_equal(m.row.gate, GATE_CHAIN_BROKEN);

	machine_at(&m, ROLLOVER_IDLE);
	every_ds_foreign(&m);
	m.parent[0].status = m.parent[1].status = ANSWER_BOGUS;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_BOGUS);

	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].ds = NEW;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
}

/*! Sets of keys that were made elsewhere come at their time: the DS is checked more often than once a day. */
static void the_ds_of_an_offline_ksk_is_checked_often(void **state)
{
	(void)state;
	for (uint32_t refresh = 0; refresh < 2; refresh++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.config.observe_only = true;
		m.config.dnskey_refresh = refresh;
		m.row.parent_seen = m.now - m.config.ds_check_interval;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now),
		                 refresh ? SURVEY_PARENT : 0);
		m.row.parent_seen++;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_chain_is_an_alarm_in_every_state),
		cmocka_unit_test(a_chain_that_is_broken_in_rollback_names_the_ds_to_restore),
		cmocka_unit_test(a_restored_key_database_breaks_the_chain),
		cmocka_unit_test(a_zone_that_is_not_driven_is_watched_for_it),
		cmocka_unit_test(a_stray_ds_is_no_broken_chain),
		cmocka_unit_test(the_ds_of_an_offline_ksk_is_checked_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
