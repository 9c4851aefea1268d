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

/*!
 * The store was lost, too. Of two single-type keys the one that signs the data is in use: caches may have DNSKEY with
 * it alone. The simulator found that: the other one took the data over at once.
 */
static void what_signs_the_data_is_in_use(void **state)
{
	(void)state;
	machine_t m;

	for (unsigned i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_IDLE);
		machine_serve(&m, OLD | NEW, HOUR);
		machine_ds(&m, NEW, DAY);
		m.facts.own.csk = m.facts.own.csk_wanted = true;
		m.facts.own.data_signed_by = i == 0 ? OLD : i == 1 ? NEW : OLD | NEW;
		m.facts.own.data_algorithms = OLD_ALGORITHM;
		m.row.old_count = 0;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[i == 0 ? 0 : 1]));
		assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[i == 0 ? 1 : 0]));
	}

	/* It is known already, and a backup has brought another one back: who signs the data now should not. */
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	m.facts.own.csk = m.facts.own.csk_wanted = true;
	m.facts.own.data_signed_by = NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
}

/*! Of two algorithms, beside a key that has the DS: the gate is about the keys, and not about the DS. */
static void keys_of_two_algorithms_are_not_in_use_together(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW | THIRD, HOUR);
	machine_ds(&m, THIRD, DAY);
	m.facts.keys[1].algorithm = 15;
	m.facts.own.csk = m.facts.own.csk_wanted = true;
	m.facts.own.data_signed_by = OLD | NEW;
	m.facts.own.data_algorithms = m.facts.own.algorithms = OLD_ALGORITHM | NEW_ALGORITHM;
	m.row.old_count = 0;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_UNKNOWN_KEY);
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

/*!
 * A backup of the key database has brought the former key back, and the DS names both: nobody is about to change that.
 * The simulator found that: the gate waited for servers of the parent that all have the same.
 */
static void a_key_that_is_gone_and_has_its_ds_still_is_not_waited_for(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.row.old[0] = m.facts.keys[1];
	machine_serve(&m, OLD, HOUR);
	machine_ds(&m, OLD | NEW, DAY);
	m.parent[1].ds = OLD;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	m.parent[1].ds = OLD | NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
}

/*! Nor does it hide that others differ: the known key that is there still has its DS at one of them. */
static void a_key_that_is_gone_hides_no_server_that_lags(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.facts.keys[2] = m.facts.keys[1];
	m.facts.keys[2].tag++;
	m.facts.keys[2].digest[0]++;
	m.facts.key_count = 3;
	m.row.old[0] = m.facts.keys[0];
	m.row.old[1] = m.facts.keys[1];
	m.row.old_count = 2;
	machine_serve(&m, OLD | 4, HOUR);
	m.parent[0].ds = NEW | 4;
	m.parent[1].ds = OLD | NEW | 4;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_DS_STALE);
	assert_string_equal(m.row.gate_about, m.parent[1].server);
	/* The direction is known when that follows. */
	m.parent[1].ds = NEW | 4;
	machine_step(&m);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[0]));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[2]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ds_that_was_replaced_before_our_turn_is_the_new_one),
		cmocka_unit_test(what_signs_the_data_is_in_use),
		cmocka_unit_test(keys_of_two_algorithms_are_not_in_use_together),
		cmocka_unit_test(the_key_in_use_stays_known_while_no_rollover_may_start),
		cmocka_unit_test(two_keys_in_use_are_not_known_when_one_has_lost_its_ds),
		cmocka_unit_test(servers_that_replace_the_ds_one_by_one_tell_no_key_in_use),
		cmocka_unit_test(a_key_that_is_gone_and_has_its_ds_still_is_not_waited_for),
		cmocka_unit_test(a_key_that_is_gone_hides_no_server_that_lags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
