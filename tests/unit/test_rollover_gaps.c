/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was not judged does not count, what was seen is not forgotten, and no wait of an old row is endless. */

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

static void serve_at(machine_t *m, int server, keyset_t keys)
{
	m->child[server].dnskey = m->child[server].dnskey_signed_by = keys;
}

/*! A nameserver may have gone back to an old zone meanwhile: what caches took there is waited for. */
static void behind_a_gate_where_nobody_is_judged_the_wait_begins_again(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_INTRODUCE);
		check_at(&m, T0);
		expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(m.row.all_since, T0);

		m.config.observe_only = i == 0;
		m.config.dry_run = i == 1;
		m.facts.own.frozen = i == 2;
		m.facts.own.catalog_member = i == 3;
		m.facts.too_many_keys = i == 4;
		m.facts.own.csk = i == 5;
		m.facts.own.transaction = i == 6;
		serve_at(&m, 1, OLD);
		check_at(&m, T0 + 200);
		assert_int_equal(m.row.all_since, 0);
		check_at(&m, T0 + 400);

		m.config.observe_only = m.config.dry_run = m.facts.own.frozen = m.facts.own.catalog_member = false;
		m.facts.too_many_keys = m.facts.own.csk = m.facts.own.transaction = false;
		serve_at(&m, 1, OLD | NEW);
		check_at(&m, T0 + 460);
		expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(m.row.gate_until, T0 + 761);
		check_at(&m, T0 + 761);
		expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
	}
}

static void what_could_not_be_written_was_seen(void **state)
{
	(void)state;
	machine_t m;

	/* The old DS at one server, while the disk is full. */
	machine_at(&m, ROLLOVER_RETIRE);
	const time_t t = m.now;
	m.parent[0].ds = OLD;
	m.parent[0].ds_ttl = 2 * DAY;
	machine_decide(&m);
	(void)rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	expect(&m, ROLLOVER_RETIRE, GATE_STORE_FAILED);
	machine_ds(&m, NEW, 300);
	check_at(&m, t + 60);
	assert_int_equal(m.out.action, ACTION_NONE);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	check_at(&m, t + 60);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
	assert_int_equal(m.row.gate_until, t + 61 + 2 * DAY);

	/* A nameserver without the new key. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	check_at(&m, T0);
	serve_at(&m, 1, OLD);
	m.now = T0 + 200;
	machine_decide(&m);
	assert_int_equal(m.row.all_since, T0);
	(void)rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	assert_int_equal(m.row.all_since, 0);
	serve_at(&m, 1, OLD | NEW);
	check_at(&m, T0 + 400);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.all_since, T0 + 400);

	/* A failing watch. */
	machine_at(&m, ROLLOVER_OBSERVE);
	check_at(&m, T0 + HOUR);
	m.facts.watch.failing = 1;
	m.now += 300;
	machine_decide(&m);
	(void)rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	m.facts.watch.failing = 0;
	check_at(&m, T0 + HOUR + 600);
	assert_int_equal(m.row.observed_since, T0 + HOUR + 600);
}

static void a_wait_that_only_lasts_goes_on_while_nothing_is_written(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	check_at(&m, T0 + HOUR);
	const time_t since = m.row.observed_since, all_since = m.row.ds_all_since;
	m.now += 300;
	machine_decide(&m);
	(void)rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	assert_int_equal(m.row.observed_since, since);
	assert_int_equal(m.row.ds_all_since, all_since);

	machine_at(&m, ROLLOVER_INTRODUCE);
	check_at(&m, T0);
	m.now = T0 + 200;
	machine_decide(&m);
	(void)rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	assert_int_equal(m.row.all_since, T0);
	check_at(&m, T0 + 301);
	expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
}

/*! It would never end, so somebody has to be told (no end by itself: `kskroll status --blocked` shows it). */
static void an_observation_without_evidence_says_so(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_OBSERVE);
		m.row.ds_expire = 0;
		m.facts.watch.answered = i == 1;
		m.facts.watch.parent_ok = i == 0;
		check_at(&m, T0 + 300);
		assert_true(m.out.gate_changed);
		for (time_t t = T0 + 600; t < T0 + 5 * DAY; t += 300) {
			check_at(&m, t);
			expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
			assert_false(m.out.gate_changed);
			assert_int_equal(m.row.gate_until, 0);
			assert_int_equal(m.row.gate_since, T0 + 300);
			assert_non_null(strstr(m.row.gate_detail,
			                       i == 0 ? "no resolver answers" : "parent zone does not validate"));
		}
		m.facts.watch.answered = m.facts.watch.parent_ok = 1;
		check_at(&m, T0 + 5 * DAY);
		assert_int_not_equal(m.row.gate_until, 0);
		assert_string_equal(m.row.gate_about, "");
	}
}

/*! While nobody checked a nameserver may have had an old zone again. */
static void after_a_time_without_checks_the_wait_begins_again(void **state)
{
	(void)state;
	static const rollover_state_t states[] = { ROLLOVER_INTRODUCE, ROLLOVER_RETIRE };
	static const struct {
		time_t checks, away;
		bool again;
	} CASES[] = {
		{ 0, 3060, false }, { 0, 3061, true }, { 2700, 300, false }, { 300, 3 * DAY, true }, { 0, -HOUR, true }
	};

	for (size_t i = 0; i < 2 * sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		machine_at(&m, states[i % 2]);
		if (i % 2 == 1) {
			machine_serve(&m, NEW, 300);
		}
		const time_t begin = m.now;
		m.row.dnskey_ttl.count = 0;
		ttl_window_add(&m.row.dnskey_ttl, 2999, begin);
		for (time_t t = 0; t <= CASES[i / 2].checks; t += 300) {
			check_at(&m, begin + t);
			if (t == 0) {
				expect(&m, states[i % 2], GATE_WAITING_DNSKEY_TTL);
			}
		}
		/* At no server, and the way is not known either: such checks are none. */
		m.facts.discovery_failed = true;
		check_at(&m, m.now + CASES[i / 2].away / 2);
		m.facts.discovery_failed = false;
		check_at(&m, m.now + CASES[i / 2].away - CASES[i / 2].away / 2);
		if (CASES[i / 2].again) {
			expect(&m, states[i % 2], GATE_WAITING_DNSKEY_TTL);
			assert_int_equal(m.row.all_since, m.now);
		} else {
			expect(&m, states[i % 2] == ROLLOVER_INTRODUCE ? ROLLOVER_SIGNAL : ROLLOVER_SETTLE, GATE_NONE);
		}
	}
}

/*! While others are checked: with the back-off of RFC 9975 3 that is 40 minutes apart. */
static void who_is_silent_for_long_makes_no_wait_begin_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_INTRODUCE);
		check_at(&m, T0);
		expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
		for (time_t t = 0; t < 6 * HOUR; t += 2400) {
			m.child[1].status = i == 0 ? ANSWER_UNREACHABLE : ANSWER_OK;
			m.child[1].unreachable_since = T0;
			m.parent[0].status = m.parent[1].status = i == 1 ? ANSWER_UNREACHABLE : ANSWER_OK;
			m.parent[0].unreachable_since = m.parent[1].unreachable_since = T0;
			m.child[1].cds.unanswered = i == 2;
			check_at(&m, T0 + 60 + t);
			expect(&m, ROLLOVER_INTRODUCE,
			       i == 0 ? GATE_CHILD_UNREACHABLE :
			       i == 1 ? GATE_PARENT_UNREACHABLE :
			                GATE_CHILD_INCOMPLETE);
		}
		m.child[1].status = m.parent[0].status = m.parent[1].status = ANSWER_OK;
		m.child[1].cds.unanswered = false;
		check_at(&m, m.now + 2400);
		expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
	}

	/* All of them silent: nobody knows what they served. */
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	check_at(&m, T0);
	m.child[0].status = m.child[1].status = ANSWER_UNREACHABLE;
	m.child[0].unreachable_since = m.child[1].unreachable_since = T0;
	check_at(&m, T0 + 2400);
	check_at(&m, T0 + 4800);
	m.child[0].status = m.child[1].status = ANSWER_OK;
	check_at(&m, T0 + 4900);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.all_since, T0 + 4900);
}

/*! Of a version that believed every TTL. */
static void no_wait_of_an_old_row_is_longer_than_a_week(void **state)
{
	(void)state;
	static const uint32_t TTLS[] = { 0x7fffffff, 0xffffffff };

	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_INTRODUCE);
		m.row.all_since = m.row.observed_last = T0;
		m.row.all_expired = T0 + TTLS[i];
		check_at(&m, T0 + 1);
		expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(m.row.gate_until, T0 + 1 + 7 * DAY);

		machine_at(&m, ROLLOVER_INTRODUCE);
		m.row.dnskey_ttl.count = 2;
		m.row.dnskey_ttl.step[1].ttl = TTLS[i];
		m.row.dnskey_ttl.step[1].seen = T0;
		check_at(&m, T0 + 1);
		assert_int_equal(m.row.gate_until, T0 + 1 + 7 * DAY);

		machine_at(&m, ROLLOVER_OBSERVE);
		m.row.ds_expire = TTLS[i];
		check_at(&m, T0 + 1);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		assert_int_equal(m.row.gate_until, T0 + 1 + 7 * DAY);

		machine_at(&m, ROLLOVER_AWAIT_DS);
		m.row.ds_ttl.step[0].ttl = TTLS[i];
		machine_ds(&m, NEW, 300);
		check_at(&m, T0 + 1);
		assert_int_equal(m.row.ds_expire, 7 * DAY + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_a_gate_where_nobody_is_judged_the_wait_begins_again),
		cmocka_unit_test(what_could_not_be_written_was_seen),
		cmocka_unit_test(a_wait_that_only_lasts_goes_on_while_nothing_is_written),
		cmocka_unit_test(an_observation_without_evidence_says_so),
		cmocka_unit_test(after_a_time_without_checks_the_wait_begins_again),
		cmocka_unit_test(who_is_silent_for_long_makes_no_wait_begin_again),
		cmocka_unit_test(no_wait_of_an_old_row_is_longer_than_a_week),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
