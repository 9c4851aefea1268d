/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signals that others brought about, and a parent that was quicker than the turn of the zone: which key is the old one?
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "machine.h"

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

/*! Knot has signalled by itself, and the parent was quicker than our turn: nobody rolls back. */
static void a_ds_that_was_replaced_before_our_turn_is_the_new_one(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_ds(&m, NEW, DAY);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[1]));

	/* Both were in use, and the DS of one was taken away: that is no word for the other. */
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_ds(&m, NEW, DAY);
	m.row.old[1] = m.facts.keys[1];
	m.row.old_count = 2;
	machine_step(&m);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[0]));

	/* Nothing was known: which key is the younger one, the key database says when the order is given. */
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_ds(&m, NEW, DAY);
	m.row.old_count = 0;
	machine_step(&m);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[0]));
}

/*! What keeps the rollover from its start says nothing of the key that is in use. */
static void the_key_in_use_stays_known_while_no_rollover_may_start(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.config.dry_run = i == 0;
		m.facts.own.conf = i == 0 ? CONF_FIT : CONF_NO_START;
		m.facts.own.conf_gate = GATE_OBSERVE_ONLY;
		machine_serve(&m, OLD | NEW, HOUR);
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, i == 0 ? GATE_DRY_RUN : GATE_OBSERVE_ONLY);

		/* Signals of others, which the parent has taken meanwhile. */
		machine_ds(&m, NEW, DAY);
		machine_step(&m);
		m.config.dry_run = false;
		m.facts.own.conf = CONF_FIT;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_int_equal(m.row.old_count, 1);
		assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
		assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[1]));
	}
}

/*! Nor is it known while the DS of one of two has gone: the parent is asked at each check. */
static void two_keys_in_use_are_not_known_when_one_has_lost_its_ds(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.old[1] = m.facts.keys[1];
	m.row.old_count = 2;
	machine_serve(&m, OLD | NEW, HOUR);
	m.config.dry_run = true;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DRY_RUN);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 2, m.now), SURVEY_PARENT);
}

/*! Its servers do not change at once. The last of them still names both keys when the others name the new one. */
static void servers_that_replace_the_ds_one_by_one_tell_no_key_in_use(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_ds(&m, NEW, DAY);
	m.parent[0].ds = OLD | NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	/* Or the old one alone. */
	m.parent[0].ds = OLD;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	machine_ds(&m, NEW, DAY);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ds_that_was_replaced_before_our_turn_is_the_new_one),
		cmocka_unit_test(the_key_in_use_stays_known_while_no_rollover_may_start),
		cmocka_unit_test(two_keys_in_use_are_not_known_when_one_has_lost_its_ds),
		cmocka_unit_test(servers_that_replace_the_ds_one_by_one_tell_no_key_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
