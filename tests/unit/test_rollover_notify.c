/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the parent is notified of signals (RFC 9859 4.2), and how it is then checked. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "machine.h"

static void at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->config.via = PARENT_VIA_AUTO;
	m->config.notify_again = HOUR;
	m->row.since = m->now;
	if (state == ROLLOVER_ROLLBACK) {
		machine_ds(m, NEW, 300);
		machine_signal(m, OLD | NEW);
	} else if (state == ROLLOVER_REMOVE_DS) {
		signal_rrset_t removes = { .present = true, .unwanted = true, .remove = true, .signed_by = OLD };
		m->config.go_insecure = true;
		m->facts.own.cds = m->facts.own.cdnskey = removes;
		for (int i = 0; i < 2; i++) {
			m->child[i].cds = m->child[i].cdnskey = removes;
		}
	}
}

/*! Those in which the parent is told. */
static const rollover_state_t states[] = { ROLLOVER_AWAIT_DS, ROLLOVER_ROLLBACK, ROLLOVER_REMOVE_DS };
#define STATES (sizeof(states) / sizeof(states[0]))

static void told(machine_t *m, bool expected)
{
	machine_step(m);
	if (m->out.notify != expected) {
		print_error("%s, gate %s\n", rollover_state_name(m->row.state), rollover_gate_info(m->row.gate)->name);
	}
	assert_int_equal(m->out.notify, expected);
	if (expected) {
		assert_int_equal(m->row.notified, m->now);
	}
}

static void the_parent_is_told_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATES; i++) {
		machine_t m;
		at(&m, states[i]);
		told(&m, true);
		told(&m, false); /* In the same second. */
		m.now += 1;
		told(&m, false);
		m.now += HOUR - 2;
		told(&m, false);
	}
}

static void no_other_state_tells_anybody(void **state)
{
	(void)state;
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		if (i != ROLLOVER_AWAIT_DS && i != ROLLOVER_ROLLBACK && i != ROLLOVER_REMOVE_DS) {
			machine_t m;
			at(&m, i);
			told(&m, false);
			at(&m, i);
			machine_ds(&m, 0, 300);
			told(&m, false);
		}
	}
}

/* Whatever is in the way of signals is in the way of telling of them. */

static void hold(machine_t *m)
{
	m->config.hold = true;
}
static void dry_run(machine_t *m)
{
	m->config.dry_run = true;
}
static void observe_only(machine_t *m)
{
	m->config.observe_only = true;
}
static void switched_off(machine_t *m)
{
	m->config.via = PARENT_VIA_CDS;
}
static void frozen(machine_t *m)
{
	m->facts.own.frozen = true;
}
static void transaction(machine_t *m)
{
	m->facts.own.transaction = true;
}
static void silent(machine_t *m)
{
	m->facts.own.known = false;
}
/*! The base policy publishes none. */
static void policy_lost(machine_t *m)
{
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.base_publishes = false;
}
static void keys_lost(machine_t *m)
{
	m->row.keys = KEYS_SILENT;
}
static void own_cds_lost(machine_t *m)
{
	m->facts.own.cds.present = m->facts.own.cdnskey.present = false;
}
static void discovery(machine_t *m)
{
	m->facts.discovery_failed = true;
}
static void no_cds(machine_t *m)
{
	m->child[1].cds.present = false;
}
static void cds_of_third(machine_t *m)
{
	m->child[1].cds.keys |= THIRD;
	m->child[1].cds.remove = false;
}
static void unsigned_cds(machine_t *m)
{
	m->child[1].cds.signed_by = 0;
}
static void unreachable(machine_t *m)
{
	m->child[1].status = ANSWER_UNREACHABLE;
	m->child[1].unreachable_since = m->now;
}
static void refuses(machine_t *m)
{
	m->child[1].status = ANSWER_ERROR;
}
static void validation(machine_t *m)
{
	m->facts.asked |= SURVEY_WATCH;
	m->facts.watch = (watch_facts_t){ .answered = 1, .failing = 1, .parent_ok = true };
}

static void nobody_is_told_behind_a_gate(void **state)
{
	(void)state;
	static void (*const changes[])(machine_t *m) = {
		hold,        dry_run,     observe_only, switched_off, frozen,       transaction,
		silent,      policy_lost, discovery,    no_cds,       cds_of_third, unsigned_cds,
		unreachable, refuses,     validation,   keys_lost,    own_cds_lost,
	};
	for (size_t i = 0; i < STATES; i++) {
		for (size_t j = 0; j < sizeof(changes) / sizeof(changes[0]); j++) {
			/* A failing validation does not stop the repair; who leaves is not watched. */
			if (states[i] != ROLLOVER_AWAIT_DS && changes[j] == validation) {
				continue;
			}
			/* The delete signal comes from the policy. */
			if (states[i] == ROLLOVER_REMOVE_DS &&
			    (changes[j] == keys_lost || changes[j] == own_cds_lost)) {
				continue;
			}
			machine_t m;
			at(&m, states[i]);
			changes[j](&m);
			told(&m, false);
		}
	}
}

static void a_parent_that_does_not_answer_is_told_all_the_same(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].status = m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[0].unreachable_since = m.parent[1].unreachable_since = m.now;
	told(&m, true);
}

static void a_parent_that_has_acted_is_not_told(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, NEW, 300);
	told(&m, false);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	assert_int_equal(m.row.notified, 0);
}

static void once_the_parent_has_begun_the_signals_still_count(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].ds = NEW;
	told(&m, true);
	at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].ds = NEW;
	no_cds(&m);
	told(&m, false);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
}

static void a_parent_that_does_nothing_is_told_more_and_more_rarely(void **state)
{
	(void)state;
	static const int hours[] = { 0, 1, 2, 4, 8, 16, 32, 56, 80, 104 };
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	unsigned count = 0;
	while (m.now < T0 + 5 * DAY) {
		machine_step(&m);
		if (m.out.notify) {
			assert_true(count < sizeof(hours) / sizeof(hours[0]));
			assert_int_equal(m.now, T0 + hours[count] * HOUR);
			count++;
		}
		m.now = m.row.next_check;
	}
	assert_int_equal(count, sizeof(hours) / sizeof(hours[0]));
}

static void a_setting_longer_than_the_longest_wait_counts(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	m.config.notify_again = 3 * DAY;
	told(&m, true);
	m.now += 3 * DAY - 1;
	told(&m, false);
	m.now += 1;
	told(&m, true);
	m.now += 3 * DAY - 1;
	told(&m, false);
}

static void what_is_signalled_anew_is_told_anew(void **state)
{
	(void)state;
	static void (*const changes[])(machine_t *m) = {
		hold, policy_lost, keys_lost, own_cds_lost, dry_run, observe_only, frozen,
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		machine_t m, before;
		at(&m, ROLLOVER_AWAIT_DS);
		told(&m, true);
		before = m;
		m.now += 10;
		changes[i](&m);
		told(&m, false);
		assert_int_equal(m.row.notified, 0);
		m.config = before.config;
		m.facts.own = before.facts.own;
		m.row.keys = before.row.keys;
		m.now += 10;
		told(&m, true);
	}
	/* From a state that has come back as well. */
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	told(&m, true);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	told(&m, false);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.notified, 0);
}

static void a_clock_that_went_back_delays_nothing(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	told(&m, true);
	m.now -= DAY;
	told(&m, true);
}

static void after_an_acknowledgement_checks_start_fast_again(void **state)
{
	(void)state;
	static const time_t waits[] = { 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, HOUR, HOUR };
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	m.config.via = PARENT_VIA_CDS; /* Without another one in between. */
	for (int i = 0; i < 20; i++) {
		machine_step(&m);
		m.now = m.row.next_check;
	}
	machine_step(&m);
	assert_int_equal(m.row.next_check - m.now, HOUR);

	m.now += 100;
	m.facts.acknowledged = m.now;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		machine_step(&m);
		assert_int_equal(m.row.next_check - m.now, waits[i]);
		m.now = m.row.next_check;
	}
	/* An acknowledgement from the future is none. */
	m.facts.acknowledged = m.now + DAY;
	machine_step(&m);
	assert_int_equal(m.row.next_check - m.now, HOUR);
}

static void a_parent_that_could_not_be_informed_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATES; i++) {
		machine_t m;
		at(&m, states[i]);
		m.config.via = PARENT_VIA_UPDATE;
		told(&m, true);
		const rollover_gate_t before = m.row.gate;
		assert_true(before == GATE_DS_MISSING || before == GATE_DS_STALE || before == GATE_DS_REMAINS);
		snprintf(m.facts.not_informed, sizeof(m.facts.not_informed), "update-refused: NOTAUTH");
		snprintf(m.facts.not_informed_at, sizeof(m.facts.not_informed_at), "192.0.2.1@53");
		m.now += 10;
		told(&m, false);
		assert_int_equal(m.row.gate, GATE_NOT_INFORMED);
		assert_string_equal(m.row.gate_about, "192.0.2.1@53");
		assert_string_equal(m.row.gate_detail, "update-refused: NOTAUTH");
		m.now += HOUR;
		told(&m, true); /* It is tried again. */
		m.facts.not_informed[0] = '\0';
		m.now += 10;
		told(&m, false);
		assert_int_equal(m.row.gate, before);
	}
}

/*! What is in the way at a nameserver, or of an answer, is not the primary's fault. */
static void another_gate_keeps_its_name(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	snprintf(m.facts.not_informed, sizeof(m.facts.not_informed), "update-refused: NOTAUTH");
	m.parent[0].status = m.parent[1].status = ANSWER_UNREACHABLE;
	machine_step(&m);
	assert_int_not_equal(m.row.gate, GATE_NOT_INFORMED);
}

/*! Of its own gate: nobody has to act. */
static void a_queue_on_this_side_is_shown_beside_what_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATES; i++) {
		machine_t m;
		at(&m, states[i]);
		m.config.via = PARENT_VIA_EPP;
		told(&m, true);
		const rollover_gate_t before = m.row.gate;
		char detail[160];
		snprintf(detail, sizeof(detail), "%s", m.row.gate_detail);
		snprintf(m.facts.in_queue, sizeof(m.facts.in_queue),
		         "in the queue of account lab: 7 commands come first");
		m.now += 10;
		told(&m, false);
		assert_int_equal(m.row.gate, before);
		assert_memory_equal(m.row.gate_detail, detail, strlen(detail));
		assert_string_equal(m.row.gate_detail + strlen(detail) + (detail[0] != '\0' ? 2 : 0), m.facts.in_queue);
		m.facts.in_queue[0] = '\0';
		m.now += 10;
		told(&m, false);
		assert_string_equal(m.row.gate_detail, detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parent_is_told_once),
		cmocka_unit_test(no_other_state_tells_anybody),
		cmocka_unit_test(nobody_is_told_behind_a_gate),
		cmocka_unit_test(a_parent_that_does_not_answer_is_told_all_the_same),
		cmocka_unit_test(a_parent_that_has_acted_is_not_told),
		cmocka_unit_test(once_the_parent_has_begun_the_signals_still_count),
		cmocka_unit_test(a_parent_that_does_nothing_is_told_more_and_more_rarely),
		cmocka_unit_test(a_setting_longer_than_the_longest_wait_counts),
		cmocka_unit_test(what_is_signalled_anew_is_told_anew),
		cmocka_unit_test(a_clock_that_went_back_delays_nothing),
		cmocka_unit_test(after_an_acknowledgement_checks_start_fast_again),
		cmocka_unit_test(a_parent_that_could_not_be_informed_is_named),
		cmocka_unit_test(another_gate_keeps_its_name),
		cmocka_unit_test(a_queue_on_this_side_is_shown_beside_what_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
