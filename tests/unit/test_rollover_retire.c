/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must be proven before the old key goes, and what must never be asked back or waited for. */

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

/*! Checks every five minutes until \a end, as in a server that runs. */
static void check_until(machine_t *m, time_t end)
{
	while (m->now + 300 < end) {
		check_at(m, m->now + 300);
	}
	check_at(m, end);
}

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->row.gate)->name, rollover_gate_info(gate)->name);
}

/* Retire. */

static void the_old_ds_seen_behind_a_gate_is_waited_for_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_RETIRE);
		const time_t t = m.now;

		/* Not judged behind this gate, but seen. */
		m.row.keys = i == 0 ? KEYS_UNKNOWN : KEYS_SILENT;
		m.facts.own.transaction = i == 1;
		m.config.dry_run = i == 2;
		m.parent[0].ds = OLD;
		m.parent[0].ds_ttl = DAY;
		check_at(&m, t);
		expect(&m, ROLLOVER_RETIRE, i == 0 ? GATE_KEYS_PENDING : i == 1 ? GATE_KNOT_BUSY : GATE_DRY_RUN);

		m.row.keys = KEYS_SILENT;
		m.facts.own.transaction = m.config.dry_run = false;
		machine_ds(&m, NEW, 300);
		check_at(&m, t + 60);
		assert_int_equal(m.out.action, ACTION_NONE);
		expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
		check_at(&m, t + 60);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		check_until(&m, t + 60 + DAY);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		check_until(&m, t + 61 + DAY);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
		machine_step(&m);
		assert_int_equal(m.out.action, ACTION_RETIRE);
	}
}

static void an_order_is_repeated_only_while_all_is_proven(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);

	/* The parent goes back to the old DS and forth again while nobody can be told anything. */
	m.facts.own.frozen = true;
	m.parent[1].ds = OLD;
	check_at(&m, m.now + 120);
	expect(&m, ROLLOVER_RETIRE, GATE_FROZEN);
	m.facts.own.frozen = false;
	m.parent[1].ds = NEW;
	check_at(&m, m.now + 120);
	assert_int_equal(m.out.action, ACTION_NONE);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
}

/* Observe. */

static void days_without_a_check_are_not_observed(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	check_at(&m, T0);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);

	/* The server was off, or the zone on hold. */
	const time_t back = T0 + 3 * DAY;
	check_at(&m, back);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.gate_until, back + DAY);
	check_until(&m, back + DAY - 1);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	check_until(&m, back + DAY);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
}

static void a_hold_is_not_observed(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.config.hold = true;
	check_until(&m, T0 + 2 * DAY);
	expect(&m, ROLLOVER_OBSERVE, GATE_HOLD);
	m.config.hold = false;
	check_at(&m, m.now + 300);
	assert_int_equal(m.row.gate_until, m.now + DAY);
}

/*! A reboot in the middle; the wall clock is right, or nobody knows. */
static void a_long_outage_is_not_observed(void **state)
{
	(void)state;
	static const struct {
		int64_t wall; /*!< What it shows goes on by this. */
		bool again;
	} outages[] = {
		{ 120, false }, { 10 * 300, false }, { 10 * 300 + 61, true }, { 3 * DAY, true }, { -DAY, true },
	};
	for (size_t i = 0; i < sizeof(outages) / sizeof(outages[0]); i++) {
		machine_t m;
		rollover_clock_t clock = { .wall = T0, .ahead = 0, .boot = 1 };
		machine_at(&m, ROLLOVER_OBSERVE);
		rollover_follow_clock(&m.row, &clock);
		check_until(&m, T0 + 12 * HOUR);
		clock.wall = m.now;
		rollover_follow_clock(&m.row, &clock);
		clock = (rollover_clock_t){ .wall = m.now + outages[i].wall, .boot = 2 };
		clock.ahead = clock.wall * 1000;
		rollover_follow_clock(&m.row, &clock);
		check_at(&m, clock.wall);
		/* Without a gap the twelve hours count, the outage does not. */
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		assert_int_equal(m.row.observed_since, outages[i].again ? m.now : m.now - 12 * HOUR);
	}
}

/*! Checks may be 40 minutes apart behind a gate: RFC 9975 3. */
static void short_gaps_count_as_observed(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	for (time_t t = T0; t < T0 + DAY; t += 10 * 300 + 60) {
		check_at(&m, t);
		assert_int_equal(m.row.observed_since, T0);
	}
	check_at(&m, T0 + DAY);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);

	machine_at(&m, ROLLOVER_OBSERVE);
	check_at(&m, T0);
	check_at(&m, T0 + 10 * 300 + 61);
	assert_int_equal(m.row.observed_since, m.now);

	/* Where very many zones roll, watches are further apart. */
	machine_at(&m, ROLLOVER_OBSERVE);
	m.facts.watch.apart = 3600;
	check_at(&m, T0 + 10 * 3600 + 60);
	assert_int_equal(m.row.observed_since, T0);
	check_at(&m, m.now + 10 * 3600 + 61);
	assert_int_equal(m.row.observed_since, m.now);
}

static void checks_without_evidence_observe_nothing(void **state)
{
	(void)state;
	static const watch_facts_t none[] = {
		{ .answered = 0, .parent_ok = true },
		{ .answered = 1, .parent_ok = false },
		{ 0 },
	};

	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_OBSERVE);
		m.facts.watch = none[i];
		if (i == 2) {
			m.facts.asked &= ~SURVEY_WATCH;
		}
		check_until(&m, T0 + 2 * DAY);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
		assert_int_equal(m.row.observed_since, 0);
		assert_int_equal(m.row.gate_until, i == 2 ? m.now + DAY : 0);
	}
}

/*! Nor is what was observed thrown away where the order has to wait for one check more. */
static void what_was_observed_stays_observed(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.row.observed_since = T0 + 200; /* A boot took as long. */
	m.facts.watch.answered = 0;
	check_at(&m, m.now + 60);
	assert_int_equal(m.out.action, ACTION_NONE);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	assert_int_equal(m.row.observed_since, T0 + 200);
	check_at(&m, m.now);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	/* Between two watches it is still so, and no time to come is a past one. */
	const time_t since = m.row.gate_since;
	m.facts.asked &= ~SURVEY_WATCH;
	check_at(&m, m.now + 300);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.gate_since, since);
	assert_string_equal(m.row.gate_detail, "no resolver answers, so nothing is observed");
	assert_int_equal(m.row.gate_until, 0);
	m.row.gate_about[0] = '\0';
	check_at(&m, m.now + 300);
	assert_int_equal(m.row.gate_until, 0);
	m.facts.asked |= SURVEY_WATCH;
	m.facts.watch.answered = 1;
	check_at(&m, m.now + 300);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
	check_at(&m, m.now + 1);
	assert_int_equal(m.out.action, ACTION_RETIRE);
}

/*! Nameservers that answer are no evidence that resolvers validate. */
static void a_check_without_a_watch_is_no_evidence(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.facts.asked &= ~SURVEY_WATCH;
	const time_t last = m.row.observed_last;
	check_at(&m, m.now + 60);
	assert_int_equal(m.row.observed_last, last);
}

static void a_wrong_answer_begins_the_observation_again(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	check_until(&m, T0 + 23 * HOUR);
	m.child[1].status = ANSWER_BOGUS;
	check_at(&m, m.now + 300);
	expect(&m, ROLLOVER_OBSERVE, GATE_BOGUS);
	m.child[1].status = ANSWER_OK;
	check_at(&m, m.now + 300);
	const time_t again = m.now;
	check_until(&m, again + DAY - 1);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);

	/* One that is only late, or silent, does not: the resolvers see the zone all the time. */
	machine_at(&m, ROLLOVER_OBSERVE);
	check_until(&m, T0 + 23 * HOUR);
	m.child[1].status = ANSWER_UNREACHABLE;
	m.child[1].unreachable_since = m.now;
	check_until(&m, m.now + HOUR);
	m.child[1].status = ANSWER_OK;
	check_at(&m, T0 + DAY + 300);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
}

/* A DS that somebody removed. */

static void a_ds_that_was_removed_is_not_asked_back(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		machine_t m;
		machine_at(&m, s);
		machine_ds(&m, 0, 900);
		m.facts.watch.failing = 1; /* It has lost its DS. */
		for (time_t t = m.now; t < T0 + 20 * DAY; t += 300) {
			check_at(&m, t);
			machine_obey(&m);
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_false(m.out.notify);
			if (t >= T0 + DAY + HOUR && s != ROLLOVER_SETTLE) {
				assert_int_equal(m.row.gate, GATE_DS_REMOVED);
				assert_true(m.out.keys == KEYS_SILENT || m.out.keys == KEYS_UNKNOWN);
				assert_false(m.facts.own.cds.present);
			}
		}
	}
}

/*! Signals were lost while the DS was taken away: they do not come back, neither by an order nor by a switch. */
/*! The operator has removed the old key while the parent has the DS of both. */
static void old_gone_beside_both_ds(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->config.via = PARENT_VIA_AUTO;
	machine_serve(m, NEW, 300);
	machine_signal(m, NEW);
	machine_ds(m, OLD | NEW, 300);
}

static void signals_stay_until_the_ds_of_a_key_that_is_gone_has_left(void **state)
{
	(void)state;
	for (int signalled = 0; signalled < 2; signalled++) {
		machine_t m;
		old_gone_beside_both_ds(&m, signalled ? ROLLOVER_AWAIT_DS : ROLLOVER_SIGNAL);
		const time_t t = m.now;
		check_until(&m, t + HOUR);
		expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
		assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
		assert_false(m.out.set_keys);
		assert_int_not_equal(m.row.notified, 0); /* The new key has signed them, and DS names it. */

		/* Some servers of the parent lag. */
		m.parent[0].ds = NEW;
		check_at(&m, m.now + 300);
		expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
		assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);

		m.parent[1].ds = NEW;
		check_at(&m, m.now + 300);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
		assert_int_equal(m.out.keys, KEYS_SILENT);
	}
}

/*! The order for them needs the old key; the switch of the policy does not. */
static void no_signals_are_ordered_for_a_key_that_is_gone(void **state)
{
	(void)state;
	enum {
		SET_BY_HAND,
		NOT_KNOWN,
		POLICY_LOST,
	};
	for (int what = SET_BY_HAND; what <= POLICY_LOST; what++) {
		machine_t m;
		old_gone_beside_both_ds(&m, ROLLOVER_AWAIT_DS);
		if (what == NOT_KNOWN) {
			m.row.keys = KEYS_UNKNOWN;
		} else {
			machine_signal(&m, 0);
		}
		if (what == POLICY_LOST) {
			m.facts.own.policy = POLICY_BASE;
			m.facts.own.base_publishes = false;
		}
		check_at(&m, m.now);
		expect(&m, what == POLICY_LOST ? ROLLOVER_AWAIT_DS : ROLLOVER_RETIRE,
		       what == POLICY_LOST ? GATE_POLICY_PENDING : GATE_NONE);
		assert_false(m.out.set_keys && m.out.keys == KEYS_SIGNAL_NEW);
	}
}

static void the_ds_of_a_key_that_is_gone_is_not_asked_back(void **state)
{
	(void)state;
	for (int signalled = 0; signalled < 2; signalled++) {
		const rollover_state_t at = signalled ? ROLLOVER_AWAIT_DS : ROLLOVER_SIGNAL;
		machine_t m;
		old_gone_beside_both_ds(&m, at);
		m.facts.watch.failing = 1;
		m.config.bogus_limit = 1;
		check_until(&m, m.now + HOUR);
		expect(&m, at, GATE_VALIDATION_FAILS);
		assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	}
}

static void a_nameserver_without_the_new_key_still_ends_the_signals(void **state)
{
	(void)state;
	machine_t m;
	old_gone_beside_both_ds(&m, ROLLOVER_AWAIT_DS);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	check_at(&m, m.now);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_int_equal(m.out.keys, KEYS_SILENT);
}

static void lost_signals_do_not_come_back_for_a_ds_that_was_removed(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_ROLLBACK };

	for (int i = 0; i < 9; i++) {
		machine_t m;
		machine_at(&m, STATES[i % 3]);
		machine_signal(&m, 0);
		machine_ds(&m, 0, 900);
		m.row.keys = i / 3 == 1 ? KEYS_SILENT : m.row.keys;
		if (i / 3 == 2) {
			m.facts.own.policy = POLICY_BASE;
			m.facts.own.base_publishes = false;
		}
		machine_step(&m);
		expect(&m, i % 3 == 2 ? ROLLOVER_ROLLED_BACK : ROLLOVER_INTRODUCE, GATE_NONE);
		assert_int_equal(m.out.keys, KEYS_SILENT);
	}
}

/*! A DS set of which validators can use nothing, or only SHA-1, is not a removed one. */
static void a_ds_of_little_use_is_not_taken_for_removed(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_OBSERVE);
		machine_ds(&m, 0, 900);
		m.parent[1].ds_sha1 = i == 0 ? NEW : 0;
		m.parent[1].ds_ignored = i == 1;
		m.parent[1].ds_foreign = i == 2;
		machine_step(&m);
		assert_int_not_equal(m.row.gate, GATE_DS_REMOVED);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	}
}

/*! A parent that removes and adds in two steps is between them for a moment; it may have read CDS already. */
/*! The next rollover replaces it: that its TTL falls before all have it makes no cache forget. */
static void the_ttl_of_a_new_ds_that_some_have_is_not_forgotten(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].ds = NEW;
	m.parent[0].ds_ttl = 2 * DAY;
	check_at(&m, T0);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
	machine_ds(&m, NEW, 300);
	check_at(&m, T0 + 300);
	expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
	assert_int_equal(ttl_window_expired(&m.row.ds_ttl, 0), T0 + 301 + 2 * DAY);
}

static void a_moment_without_ds_does_not_take_the_signals_back(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	check_at(&m, T0);
	machine_ds(&m, 0, 900);
	check_at(&m, T0 + 60);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_MISSING);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	check_at(&m, T0 + 60 + 299);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_MISSING);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);

	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, 0, 900);
	check_at(&m, T0);
	check_at(&m, T0 + 300);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_int_equal(m.out.keys, KEYS_SILENT);

	/* Servers of the parent that answer in turn make that moment no longer. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, 0, 900);
	for (int i = 0; i <= 5; i++) {
		m.parent[0].status = i % 2 ? ANSWER_UNREACHABLE : ANSWER_OK;
		m.parent[1].status = i % 2 ? ANSWER_OK : ANSWER_UNREACHABLE;
		m.parent[0].unreachable_since = m.parent[1].unreachable_since = T0;
		expect(&m, ROLLOVER_AWAIT_DS, i == 0 ? GATE_NONE : GATE_DS_MISSING);
		check_at(&m, T0 + 60 * i);
	}
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
}

/*! One check of the begin of a short `observe` is no observation. */
static void an_observation_ends_with_evidence(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.config.observe = 60;
	m.row.ds_expire = 0;
	m.row.observed_since = m.row.observed_last = 0;
	m.facts.asked &= ~SURVEY_WATCH;
	check_at(&m, T0 + 200);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	m.facts.asked |= SURVEY_WATCH;
	check_at(&m, T0 + 260);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.observed_since, T0 + 260);
	m.facts.asked &= ~SURVEY_WATCH;
	check_at(&m, T0 + 320);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	assert_int_equal(m.row.gate_until, 0);
	m.facts.asked |= SURVEY_WATCH;
	m.facts.watch.answered = 0;
	check_at(&m, T0 + 380);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	assert_string_equal(m.row.gate_detail, "no resolver answers, so nothing is observed");
	m.facts.watch.answered = 1;
	check_at(&m, T0 + 560);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
}

static void the_rollover_goes_on_when_the_registrar_has_a_ds_again(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_ds(&m, 0, 900);
	check_at(&m, T0 + HOUR);
	expect(&m, ROLLOVER_OBSERVE, GATE_DS_REMOVED);
	machine_ds(&m, NEW, 300);
	check_at(&m, T0 + 2 * HOUR);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
	assert_true(m.row.gate_until >= T0 + DAY);

	/* The old one: it is replaced as before. */
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_ds(&m, 0, 900);
	check_at(&m, T0 + HOUR);
	machine_ds(&m, OLD, 300);
	check_at(&m, T0 + 2 * HOUR);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
}

/* Waits. */

static void no_ttl_makes_a_wait_of_more_than_a_week(void **state)
{
	(void)state;
	ttl_window_t w = { 0 };
	ttl_window_add(&w, UINT32_MAX, T0);
	ttl_window_add(&w, 300, T0 + 60);
	assert_int_equal(ttl_window_expired(&w, 300), T0 + 61 + ROLLOVER_TTL_COUNTS);
	assert_int_equal(ttl_window_max(&w, T0 + 60), ROLLOVER_TTL_COUNTS);
	ttl_window_add(&w, ROLLOVER_TTL_COUNTS + 1, T0 + 60);
	assert_int_equal(w.step[0].ttl, ROLLOVER_TTL_COUNTS);
	ttl_window_add(&w, ROLLOVER_TTL_COUNTS - 1, T0 + 60);
	assert_int_equal(w.step[0].ttl, ROLLOVER_TTL_COUNTS - 1);

	/* The negative TTL of the parent, and zone-max-ttl, are no different. */
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].ds_ttl = UINT32_MAX;
	machine_step(&m);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.ds_expire, ROLLOVER_TTL_COUNTS + 1);

	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.old_count = 0;
	m.row.settled_at = 0;
	m.row.new_key = m.facts.keys[0];
	machine_serve(&m, OLD, 300);
	machine_ds(&m, 0, 300);
	m.config.zone_ttl = UINT32_MAX;
	m.row.dnskey_ttl.count = 0;
	machine_step(&m);
	check_at(&m, T0 + 301);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_UNSIGNED);
	assert_int_equal(m.row.gate_until, T0 + 1 + ROLLOVER_TTL_COUNTS);
}

static void the_operator_can_end_a_wait_that_he_knows_to_be_over(void **state)
{
	(void)state;
	machine_t m;

	/* The DNSKEY TTL. */
	machine_at(&m, ROLLOVER_PREPARE);
	m.config.lead = 0;
	m.row.dnskey_ttl.count = 0;
	ttl_window_add(&m.row.dnskey_ttl, 5 * DAY, T0 - 60);
	ttl_window_add(&m.row.dnskey_ttl, 300, T0);
	check_at(&m, T0 + HOUR);
	expect(&m, ROLLOVER_PREPARE, GATE_WAITING_DNSKEY_TTL);
	m.config.caches_expired = T0 - 1; /* Before it was last served. */
	check_at(&m, T0 + 2 * HOUR);
	expect(&m, ROLLOVER_PREPARE, GATE_WAITING_DNSKEY_TTL);
	m.config.caches_expired = T0 + DAY; /* Nobody knows that yet. */
	check_at(&m, T0 + 3 * HOUR);
	expect(&m, ROLLOVER_PREPARE, GATE_WAITING_DNSKEY_TTL);
	m.config.caches_expired = T0 + HOUR;
	check_at(&m, T0 + 4 * HOUR);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);

	/* The same with the new key. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.dnskey_ttl.count = 0;
	ttl_window_add(&m.row.dnskey_ttl, 5 * DAY, T0 - 60);
	check_at(&m, T0);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	m.config.caches_expired = T0 - 1;
	check_at(&m, T0 + 60);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	m.config.caches_expired = T0 + 30;
	check_at(&m, T0 + 90);
	expect(&m, ROLLOVER_SIGNAL, GATE_NONE);

	/* The old DS; the observation is another matter. */
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.ds_expire = 5 * DAY;
	check_at(&m, T0 + 60);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
	m.config.caches_expired = T0 - 1;
	check_at(&m, T0 + 120);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
	m.config.caches_expired = T0 + 60;
	check_at(&m, T0 + 180);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);

	/* Records without signatures before a first DS. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.old_count = 0;
	m.row.settled_at = 0;
	m.row.new_key = m.facts.keys[0];
	machine_serve(&m, OLD, 300);
	machine_ds(&m, 0, 300);
	machine_step(&m);
	check_until(&m, T0 + HOUR);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_UNSIGNED);
	m.config.caches_expired = T0 - 1;
	check_at(&m, T0 + HOUR + 60);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_UNSIGNED);
	m.config.caches_expired = T0 + HOUR;
	check_at(&m, T0 + HOUR + 120);
	expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_ds_seen_behind_a_gate_is_waited_for_again),
		cmocka_unit_test(an_order_is_repeated_only_while_all_is_proven),
		cmocka_unit_test(days_without_a_check_are_not_observed),
		cmocka_unit_test(a_hold_is_not_observed),
		cmocka_unit_test(a_long_outage_is_not_observed),
		cmocka_unit_test(short_gaps_count_as_observed),
		cmocka_unit_test(checks_without_evidence_observe_nothing),
		cmocka_unit_test(an_observation_ends_with_evidence),
		cmocka_unit_test(what_was_observed_stays_observed),
		cmocka_unit_test(a_check_without_a_watch_is_no_evidence),
		cmocka_unit_test(a_wrong_answer_begins_the_observation_again),
		cmocka_unit_test(a_ds_that_was_removed_is_not_asked_back),
		cmocka_unit_test(signals_stay_until_the_ds_of_a_key_that_is_gone_has_left),
		cmocka_unit_test(no_signals_are_ordered_for_a_key_that_is_gone),
		cmocka_unit_test(the_ds_of_a_key_that_is_gone_is_not_asked_back),
		cmocka_unit_test(a_nameserver_without_the_new_key_still_ends_the_signals),
		cmocka_unit_test(lost_signals_do_not_come_back_for_a_ds_that_was_removed),
		cmocka_unit_test(a_ds_of_little_use_is_not_taken_for_removed),
		cmocka_unit_test(the_ttl_of_a_new_ds_that_some_have_is_not_forgotten),
		cmocka_unit_test(a_moment_without_ds_does_not_take_the_signals_back),
		cmocka_unit_test(the_rollover_goes_on_when_the_registrar_has_a_ds_again),
		cmocka_unit_test(no_ttl_makes_a_wait_of_more_than_a_week),
		cmocka_unit_test(the_operator_can_end_a_wait_that_he_knows_to_be_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
