/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What surrounds a decision: what is stored, what is ordered, when the next check comes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

/*! An idle zone of which everything is known, and a decision that changes nothing. */
static void at_rest(machine_t *m)
{
	machine_init(m);
	m->row.old[0] = machine_key(1);
	m->row.old_count = 1;
	m->row.settled_at = T0;
	ttl_window_add(&m->row.dnskey_ttl, DAY, T0);
	ttl_window_add(&m->row.ds_ttl, DAY, T0);
	m->out = (rollover_decision_t){ .row = m->row };
}

static bool saved(const machine_t *m, time_t age)
{
	return rollover_worth_saving(&m->row, &m->out, T0 + HOUR - age, T0 + HOUR);
}

static void times_that_every_check_moves_are_stored_once_in_an_hour(void **state)
{
	(void)state;
	machine_t m;
	at_rest(&m);
	m.out.row.next_check = T0 + HOUR + 300;
	m.out.row.checks = 7;
	ttl_window_add(&m.out.row.dnskey_ttl, DAY, T0 + HOUR);
	assert_false(saved(&m, 60));
	assert_true(saved(&m, HOUR));
	assert_true(saved(&m, -1)); /* The clock was set back. */
}

static void every_change_of_a_ttl_is_stored(void **state)
{
	(void)state;
	machine_t m;
	at_rest(&m);
	/* As many steps as before: the lower TTL has run out, or it takes the place of another one. */
	m.out.row.dnskey_ttl.step[0].ttl = HOUR;
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.ds_ttl.step[0].ttl = HOUR;
	assert_true(saved(&m, 60));
	at_rest(&m);
	ttl_window_add(&m.row.ds_ttl, HOUR, T0);
	m.out.row.ds_ttl = m.row.ds_ttl;
	assert_false(saved(&m, 60));
	m.out.row.ds_ttl.step[1].ttl = 2 * DAY;
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.dnskey_ttl.count = 0;
	assert_true(saved(&m, 60));
}

static void what_a_restart_could_not_find_out_is_stored(void **state)
{
	(void)state;
	machine_t m;
	at_rest(&m);
	m.out.row.old[0] = machine_key(2);
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.settled_at = T0 + 1;
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.ordered = T0;
	assert_true(saved(&m, 60));
	m.row.ordered = T0 - 1; /* Held: every check repeats that. */
	assert_false(saved(&m, 60));
	at_rest(&m);
	m.row.has_new = m.out.row.has_new = true;
	m.out.row.new_key = machine_key(2);
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.all_since = T0;
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.ds_all_since = T0;
	assert_true(saved(&m, 60));
	at_rest(&m);
	m.out.row.keys = KEYS_SILENT;
	assert_true(saved(&m, 60));
}

static void a_rollover_is_stored_at_each_decision(void **state)
{
	(void)state;
	machine_t m;
	at_rest(&m);
	m.row.state = m.out.row.state = ROLLOVER_OBSERVE;
	assert_true(saved(&m, 0));
	at_rest(&m);
	m.out.gate_changed = true;
	assert_true(saved(&m, 0));
	at_rest(&m);
	m.out.transition = true;
	assert_true(saved(&m, 0));
	at_rest(&m);
	m.out.action = ACTION_START;
	assert_true(saved(&m, 0));
}

static void the_policy_is_switched_where_that_is_possible(void **state)
{
	(void)state;
	own_facts_t own = { .known = true, .policy = POLICY_BASE };
	rollover_decision_t d = { .driven = true, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT };
	assert_true(rollover_must_switch(&own, &d));
	d.driven = false;
	assert_false(rollover_must_switch(&own, &d));
	d.driven = true;
	d.policy = POLICY_BASE;
	assert_false(rollover_must_switch(&own, &d));
	d.policy = POLICY_LOW_TTL;
	own.frozen = true;
	assert_false(rollover_must_switch(&own, &d));
	own.frozen = false;
	own.transaction = true;
	assert_false(rollover_must_switch(&own, &d));
	own.transaction = false;
	own.known = false;
	assert_false(rollover_must_switch(&own, &d));
	own.known = own.catalog_member = true;
	assert_false(rollover_must_switch(&own, &d));
	own.catalog_member = false;
	own.conf = CONF_NO_DERIVED;
	assert_false(rollover_must_switch(&own, &d));
	own.conf = CONF_NO_START;
	assert_true(rollover_must_switch(&own, &d));
	/* An order waits for the policy unless the last switch has failed. */
	d.action = ACTION_START;
	assert_true(rollover_must_switch(&own, &d));
	own.conf_detail[0] = 'x';
	assert_false(rollover_must_switch(&own, &d));
	d.action = ACTION_NONE;
	assert_true(rollover_must_switch(&own, &d));
}

static void what_is_not_driven_is_asked_for_its_chain_only(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now),
	                 SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH);
	m.row.parent_seen = m.now;
	m.facts.own.frozen = true;
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now), 0);
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now + DAY), SURVEY_PARENT);
	m.facts.own.frozen = false;
	m.config.observe_only = true;
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now + DAY), SURVEY_PARENT);
	m.config.observe_only = false;
	/* A member of a catalog is driven. */
	m.facts.own.catalog_member = true;
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now + DAY),
	                 SURVEY_CHILD | SURVEY_PARENT | SURVEY_WATCH);
	m.facts.own.known = false;
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now + DAY), 0);
	m.facts.own = (own_facts_t){ .known = true };
	assert_int_equal(rollover_asks(&m.config, &m.row, &m.facts, 2, m.now + DAY), 0);
}

static void watches_are_a_check_interval_apart_or_more(void **state)
{
	(void)state;
	const rollover_config_t config = { .check_interval = 300 };
	rollover_row_t row = { .state = ROLLOVER_OBSERVE };
	assert_int_equal(rollover_watches_apart(&config, &row, 1), 300);
	assert_int_equal(rollover_watches_apart(&config, &row, 3009), 300);
	assert_int_equal(rollover_watches_apart(&config, &row, 30000), 3000);
	assert_int_equal(rollover_watches_apart(&config, &row, UINT64_MAX), UINT32_MAX);
	row.bad_watches = 1;
	assert_int_equal(rollover_watches_apart(&config, &row, 30000), 300);
	row.bad_watches = 0;
	row.state = ROLLOVER_RETIRE;
	assert_int_equal(rollover_watches_apart(&config, &row, 30000), 300);
	assert_true(rollover_watch_due(300, 0, T0));
	assert_false(rollover_watch_due(300, T0, T0));
	assert_false(rollover_watch_due(300, T0, T0 + 299));
	assert_true(rollover_watch_due(300, T0, T0 + 300));
	assert_true(rollover_watch_due(300, T0, T0 - 1)); /* The clock was set back. */
}

static void checks_with_a_deadline_are_on_time(void **state)
{
	(void)state;
	rollover_row_t row = { .next_check = T0 + 800 };
	assert_int_equal(rollover_spread(&row, T0), 100);
	assert_int_equal(rollover_spread(&row, T0 + 793), 0);
	assert_int_equal(rollover_spread(&row, T0 + 900), 0);
	row.gate_until = T0 + 800;
	assert_int_equal(rollover_spread(&row, T0), 0);
}

static void a_database_that_fails_is_tried_again_ever_later(void **state)
{
	(void)state;
	rollover_row_t row = {
		.state = ROLLOVER_OBSERVE, .gate = GATE_WAITING_OBSERVE, .gate_until = T0 + DAY, .checks = 40
	};
	snprintf(row.gate_about, sizeof(row.gate_about), "ns1");
	assert_true(rollover_store_failed(&row, NULL, "disk full", T0));
	assert_int_equal(row.state, ROLLOVER_OBSERVE);
	assert_int_equal(row.gate, GATE_STORE_FAILED);
	assert_int_equal(row.gate_since, T0);
	assert_int_equal(row.gate_until, 0);
	assert_string_equal(row.gate_about, "");
	assert_string_equal(row.gate_detail, "disk full");
	assert_int_equal(row.next_check, T0 + 2);
	assert_false(rollover_store_failed(&row, NULL, "read only", T0 + 2));
	assert_int_equal(row.gate_since, T0);
	assert_string_equal(row.gate_detail, "read only");
	assert_int_equal(row.next_check, T0 + 6);
	for (int i = 0; i < 20; i++) {
		assert_false(rollover_store_failed(&row, NULL, "read only", T0));
	}
	assert_int_equal(row.next_check, T0 + 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_that_every_check_moves_are_stored_once_in_an_hour),
		cmocka_unit_test(every_change_of_a_ttl_is_stored),
		cmocka_unit_test(what_a_restart_could_not_find_out_is_stored),
		cmocka_unit_test(a_rollover_is_stored_at_each_decision),
		cmocka_unit_test(the_policy_is_switched_where_that_is_possible),
		cmocka_unit_test(what_is_not_driven_is_asked_for_its_chain_only),
		cmocka_unit_test(watches_are_a_check_interval_apart_or_more),
		cmocka_unit_test(checks_with_a_deadline_are_on_time),
		cmocka_unit_test(a_database_that_fails_is_tried_again_ever_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
