/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long everything lasts: a rollover with the default timings, TTLs that change meanwhile, and when checks come. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_changes.h"

static void a_rollover_with_default_timings(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_init(&m);
	m.config.ksk_lifetime = 365 * DAY;

	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.old_count, 1);
	run_until(&m, ROLLOVER_IDLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(t, T0 + 365 * DAY);

	/* The old TTL of an hour was served until the switch; the lead counts from the low TTL on. */
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_TTL_HIGH);
	m.now += 60;
	time_t low = m.now;
	machine_serve(&m, OLD, 300);
	run_until(&m, ROLLOVER_PREPARE, &t);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(t, low + 1 + HOUR);

	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_START);
	machine_obey(&m);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.now += 10;
	machine_serve(&m, OLD | NEW, 300);
	time_t seen = m.now;
	run_until(&m, ROLLOVER_INTRODUCE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_int_equal(t, seen + 301);

	/* The signals came out at once: Knot waits for nothing. */
	assert_int_equal(m.row.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(m.row.signalled, t);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(m.now, t);

	/* The parent swaps on one server, then on the other, and lowers the TTL with it. */
	for (int i = 0; i < 5; i++) {
		m.now += HOUR;
		machine_step(&m);
	}
	m.parent[0].ds = NEW;
	m.parent[0].ds_ttl = 300;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	m.now += 2 * HOUR;
	machine_ds(&m, NEW, 300);
	time_t matched = m.now;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	assert_int_equal(m.row.ds_expire, DAY + 1);

	assert_true(m.out.set_keys);
	machine_obey(&m);
	assert_int_equal(m.row.keys, KEYS_SILENT);
	run_until(&m, ROLLOVER_WITHDRAW, &t);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	run_until(&m, ROLLOVER_OBSERVE, &t);
	assert_int_equal(m.row.state, ROLLOVER_RETIRE);
	assert_true(t >= matched + 1 + DAY);

	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	machine_serve(&m, NEW, 300);
	m.now += 5;
	time_t gone = m.now;
	run_until(&m, ROLLOVER_RETIRE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(t, gone + 301);
	run_until(&m, ROLLOVER_SETTLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(t, gone + 301 + 3 * DAY);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_int_equal(m.row.settled_at, gone + 301);

	/* And the next one starts a lifetime later. */
	run_until(&m, ROLLOVER_IDLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(t, gone + 301 + 365 * DAY);
}

static void a_rollover_that_somebody_started_waits_for_the_high_ttl(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_step(&m);
	m.now += DAY;
	m.facts.own.dnskey = OLD | NEW; /* Only the own zone is known: idle asks no nameserver. */
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_obey(&m);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_serve(&m, OLD | NEW, 300);
	m.now += 60;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, m.now + 1 + HOUR);
}

static void the_old_ds_ttl_counts_even_if_it_was_lowered_before(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, OLD, 7 * DAY);
	machine_step(&m);
	m.now += DAY;
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	m.now += 60;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	/* Seven days from the last moment it may have been served, a minute of which is over. */
	assert_int_equal(m.row.ds_expire, 7 * DAY + 1 - 60);
}

static void an_unseen_old_ds_ttl_is_taken_for_two_days(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.row.ds_ttl.count = 0;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_expire, 2 * DAY + 1);
}

static void a_rollover_without_a_store_waits_for_an_old_ds_it_has_not_seen(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	machine_serve(&m, OLD | NEW, 300);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 1 + 2 * DAY);
	/* A zone that is to become insecure. */
	machine_init(&m);
	machine_ds(&m, OLD, 300);
	m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 1 + 2 * DAY);
	/* One key alone: nothing is under way. Neither does the parent have a DS that could have been replaced. */
	machine_init(&m);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 301);
	machine_init(&m);
	machine_serve(&m, OLD | NEW, 300);
	machine_ds(&m, 0, 300);
	machine_step(&m);
	assert_true(ttl_window_expired(&m.row.ds_ttl, 0) <= T0 + 301);
}

static void a_parent_that_falls_back_restarts_the_wait(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.now += 9 * HOUR;
	m.parent[1].ds = OLD;
	m.parent[1].ds_ttl = DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_all_since, 0);
	/* The nameservers are asked and waited for as before the first signals. */
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	m.now = m.row.gate_until;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_true(m.out.sign_first);
	machine_obey(&m);
	machine_step(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_all_since, m.now);
	assert_int_equal(m.row.ds_expire, DAY + 1);
}

static void a_ds_that_comes_back_while_nobody_looks_may_have_had_any_ttl(void **state)
{
	(void)state;
	for (int blind = 0; blind < 2; blind++) {
		machine_t m;
		machine_at(&m, ROLLOVER_OBSERVE);
		m.config.observe = 9 * DAY;
		machine_step(&m);
		m.now += blind ? 3 * DAY : 5 * HOUR;
		m.parent[1].ds = OLD;
		m.parent[1].ds_ttl = 300;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		assert_int_equal(ttl_window_max(&m.row.ds_ttl, m.now) >= ROLLOVER_UNKNOWN_DS_TTL, blind);
	}
}

static void a_fall_back_seen_behind_a_gate_counts(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.now += DAY - 60;
	zone_transaction(&m);
	machine_ds(&m, OLD, 2 * DAY);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KNOT_BUSY);
	m.now += 60;
	m.facts.own.transaction = false;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	assert_int_equal(m.row.gate_until, m.now + 1 + 2 * DAY);
}

static void the_ttl_of_a_ds_that_came_back_is_learnt_at_once(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.ds_ttl.count = 0;
	ttl_window_add(&m.row.ds_ttl, 300, T0);
	m.now += HOUR;
	machine_ds(&m, OLD, 2 * DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_step(&m);
	machine_pass(&m, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	machine_obey(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_expire, 2 * DAY + 1);
}

static void the_ttl_of_the_new_ds_is_known_to_the_next_rollover(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_ds(&m, NEW, 2 * DAY);
	machine_step(&m);
	m.now += HOUR;
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate_until, T0 + DAY);
	m.row.state = ROLLOVER_RETIRE;
	machine_serve(&m, NEW, 300);
	machine_step(&m);
	machine_pass(&m, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + HOUR + 1 + 2 * DAY);
}

static void an_unreachable_server_in_between_does_not_end_a_wait_early(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	time_t until = m.row.gate_until;
	child_down(&m);
	m.now += 10;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CHILD_UNREACHABLE);
	m.child[1].status = ANSWER_OK;
	m.now += 10;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.gate_until, until);
}

static void the_ttl_of_a_silent_server_is_not_taken_for_lowered(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	machine_serve(&m, OLD, HOUR);
	machine_step(&m);
	machine_serve(&m, OLD, 300);
	child_down(&m);
	m.now += 30 * 60;
	machine_step(&m);
	m.child[1].status = ANSWER_OK;
	time_t low = m.now + 60;
	m.now = low;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, low + 1 + HOUR);
}

static void a_bogus_answer_lowers_no_ttl(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	m.now += 60;
	machine_serve(&m, OLD | NEW, 300);
	m.child[1].status = ANSWER_BOGUS;
	m.child[1].dnskey_ttl = 1;
	machine_step(&m);
	m.now += 600;
	machine_serve(&m, OLD | NEW, 300);
	m.child[1].status = ANSWER_OK;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, m.now + 1 + HOUR);
}

static void an_order_is_repeated_only_after_a_while(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	m.now += 59;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.now += 1;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

static void checks_back_off_and_stay_below_the_ceiling(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	time_t wait = 0, before = 0;
	for (int i = 0; i < 30; i++) {
		machine_step(&m);
		wait = m.row.next_check - m.now;
		assert_true(wait >= before);
		assert_true(wait <= HOUR);
		before = wait;
		m.now = m.row.next_check;
	}
	assert_int_equal(wait, HOUR);

	machine_at(&m, ROLLOVER_INTRODUCE);
	child_down(&m);
	const time_t minutes[] = { 5, 10, 20, 40, 40 };
	for (int i = 0; i < 5; i++) {
		machine_step(&m);
		assert_int_equal(m.row.next_check - m.now, minutes[i] * 60);
		m.now = m.row.next_check;
	}
}

/*! Seconds after which a zone at rest, with a key of this digest, asks for its DS again. */
static time_t ds_asked_after(uint8_t digest)
{
	machine_t m;
	time_t after = 0;
	machine_at(&m, ROLLOVER_IDLE);
	memset(m.row.old[0].digest, digest, sizeof(m.row.old[0].digest));
	while (rollover_needs(&m.config, &m.row, m.row.old, 1, T0 + after) == 0) {
		after += 60;
	}
	return after;
}

static void zones_of_the_same_day_do_not_march_together(void **state)
{
	(void)state;
	assert_int_equal(ds_asked_after(0), DAY);
	assert_true(ds_asked_after(255) >= DAY - DAY / 8 && ds_asked_after(255) <= DAY - DAY / 8 + 60);
	for (int digest = 1; digest < 256; digest++) {
		const time_t apart = ds_asked_after(digest - 1) - ds_asked_after(digest);
		assert_true(apart >= 0 && apart <= 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rollover_with_default_timings),
		cmocka_unit_test(a_rollover_that_somebody_started_waits_for_the_high_ttl),
		cmocka_unit_test(the_old_ds_ttl_counts_even_if_it_was_lowered_before),
		cmocka_unit_test(an_unseen_old_ds_ttl_is_taken_for_two_days),
		cmocka_unit_test(a_rollover_without_a_store_waits_for_an_old_ds_it_has_not_seen),
		cmocka_unit_test(a_parent_that_falls_back_restarts_the_wait),
		cmocka_unit_test(a_ds_that_comes_back_while_nobody_looks_may_have_had_any_ttl),
		cmocka_unit_test(a_fall_back_seen_behind_a_gate_counts),
		cmocka_unit_test(the_ttl_of_a_ds_that_came_back_is_learnt_at_once),
		cmocka_unit_test(the_ttl_of_the_new_ds_is_known_to_the_next_rollover),
		cmocka_unit_test(an_unreachable_server_in_between_does_not_end_a_wait_early),
		cmocka_unit_test(the_ttl_of_a_silent_server_is_not_taken_for_lowered),
		cmocka_unit_test(a_bogus_answer_lowers_no_ttl),
		cmocka_unit_test(an_order_is_repeated_only_after_a_while),
		cmocka_unit_test(checks_back_off_and_stay_below_the_ceiling),
		cmocka_unit_test(zones_of_the_same_day_do_not_march_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
