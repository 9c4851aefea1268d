/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone without DS, in its details: what is no first DS, what is waited for before one, what going insecure asks for.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

/*! An idle zone without DS of which nothing is known. */
static void without_ds(machine_t *m)
{
	machine_init(m);
	machine_ds(m, 0, 900);
}

/*! All is in place for the first DS, and only time is left to wait for. */
static void before_first_ds(machine_t *m)
{
	machine_at(m, ROLLOVER_INTRODUCE);
	m->row.old_count = 0;
	m->row.new_key = m->facts.keys[0];
	m->row.ds_ttl.count = 0;
	m->row.settled_at = 0;
	machine_serve(m, OLD, 300);
	machine_ds(m, 0, 900);
}

static void serve_delete(machine_t *m)
{
	const signal_rrset_t rrset = { .present = true, .unwanted = true, .remove = true, .signed_by = OLD };

	m->facts.own.cds = m->facts.own.cdnskey = rrset;
	for (int i = 0; i < 2; i++) {
		m->child[i].cds = m->child[i].cdnskey = rrset;
	}
}

static void a_ds_seen_by_any_trace_is_no_first_ds(void **state)
{
	(void)state;
	machine_t m;
	/* The key was known to be in use. */
	without_ds(&m);
	m.row.settled_at = T0 - DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	assert_int_equal(m.row.gate_until, 0);
	/* Or a DS was seen, once. */
	without_ds(&m);
	ttl_window_add(&m.row.ds_ttl, DAY, T0 - DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
}

static void two_keys_without_ds_are_for_the_operator(void **state)
{
	(void)state;
	machine_t m;
	without_ds(&m);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
	assert_string_equal(m.row.gate_detail, "more than one KSK has no DS");
	assert_int_equal(m.row.gate_until, 0);
	assert_false(m.row.has_new);
}

static void what_was_known_of_a_ds_is_forgotten_with_it(void **state)
{
	(void)state;
	machine_t m;
	/* Hold on and off: the operator wants a DS again. */
	without_ds(&m);
	m.row.old[0] = m.facts.keys[0];
	m.row.old_count = 1;
	m.row.settled_at = T0 - DAY;
	m.row.ordered = T0 - HOUR;
	ttl_window_add(&m.row.ds_ttl, 2 * DAY, T0 - DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_true(rollover_is_first(&m.row));
	assert_int_equal(m.row.settled_at, 0);
	assert_int_equal(m.row.old_count, 0);
	assert_int_equal(m.row.ds_ttl.count, 0);
}

static void a_dry_run_remembers_no_new_key(void **state)
{
	(void)state;
	machine_t m;
	without_ds(&m);
	m.config.dry_run = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
	assert_false(m.row.has_new);
}

static void the_dnskey_ttl_is_waited_for_first(void **state)
{
	(void)state;
	machine_t m;
	before_first_ds(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, T0 + 301);
	assert_int_equal(m.row.all_since, T0);
}

static void the_largest_ttl_of_the_zone_is_waited_for_if_it_is_known(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl;
		time_t wait;
	} CASES[] = { { 0, DAY }, { 1, 300 }, { 7200, 7200 }, { 7 * DAY, 7 * DAY }, { 30 * DAY, 7 * DAY } };

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		before_first_ds(&m);
		m.config.zone_ttl = CASES[i].ttl;
		machine_step(&m);
		machine_pass(&m, CASES[i].wait);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
		assert_int_equal(m.row.gate_until, T0 + 1 + CASES[i].wait);
		m.now++;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	}
}

static void the_operator_can_end_that_wait(void **state)
{
	(void)state;
	static const struct {
		time_t expired;
		bool ends;
	} CASES[] = { { T0 - 1, false }, { T0, true }, { T0 + 400, true }, { T0 + 401, false } };

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		before_first_ds(&m);
		machine_step(&m);
		m.now = T0 + 400; /* The DNSKEY TTL is over. */
		m.config.caches_expired = CASES[i].expired;
		machine_step(&m);
		assert_int_equal(m.row.state, CASES[i].ends ? ROLLOVER_SIGNAL : ROLLOVER_INTRODUCE);
	}
	/* Said before there was anything to wait for it says nothing. */
	machine_t m;
	before_first_ds(&m);
	machine_serve(&m, OLD, 0); /* Nor does the DNSKEY TTL. */
	m.row.dnskey_ttl.count = 0;
	m.config.caches_expired = T0 - HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.gate, GATE_WAITING_UNSIGNED);
}

static void a_parent_that_does_not_answer_is_waited_for_before_the_first_ds(void **state)
{
	(void)state;
	machine_t m;
	before_first_ds(&m);
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = T0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_PARENT_UNREACHABLE);
	m.parent[1].status = ANSWER_ERROR;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_PARENT_ERROR);
	/* The parent has begun, by the registrar's hand: one server has the new DS. */
	m.parent[1].status = ANSWER_OK;
	m.parent[1].ds = OLD;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void who_lags_without_a_ds_keeps_the_removal_from_being_sent(void **state)
{
	(void)state;
	const parent_via_t sends[] = { PARENT_VIA_UPDATE, PARENT_VIA_EPP };
	machine_t m;

	for (size_t i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_REMOVE_DS);
		m.config.go_insecure = true;
		m.config.via = i < 2 ? sends[i] : PARENT_VIA_CDS;
		serve_delete(&m);
		m.parent[0].ds = 0;
		machine_decide(&m);
		assert_int_equal(m.out.row.gate, GATE_DS_REMAINS);
		assert_string_equal(m.out.row.gate_about, m.parent[1].server);
		assert_int_equal(strstr(m.out.row.gate_detail, m.parent[0].server) != NULL, i < 2);
		/* It was sent: those that have one lag. */
		m.facts.acknowledged = m.now;
		machine_decide(&m);
		assert_null(strstr(m.out.row.gate_detail, "sent"));
		m.facts.acknowledged = 0;
		/* All have one: it is sent. */
		m.parent[0].ds = OLD;
		machine_decide(&m);
		assert_null(strstr(m.out.row.gate_detail, "sent"));
	}
}

static void going_insecure_needs_a_delete_signal_by_a_key_of_the_zone(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_REMOVE_DS);
	m.config.go_insecure = true;
	m.config.via = PARENT_VIA_AUTO;
	m.config.notify_again = HOUR;
	serve_delete(&m);
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_DS_REMAINS);
	assert_true(m.out.notify);
	m.child[1].cds.signed_by = 0;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_CDS_DIFFERS);
	assert_false(m.out.notify);
}

static void what_else_is_wrong_at_the_parent_has_its_own_name(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_REMOVE_DS);
	m.config.go_insecure = true;
	serve_delete(&m);
	machine_ds(&m, 0, 900);
	m.parent[1].status = ANSWER_ERROR;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_PARENT_ERROR);
	m.parent[1].status = ANSWER_BOGUS;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_BOGUS);
}

/*! The operator's word does not end a rollover that was rolled back, nor is it left lying without a word. */
static void a_zone_held_after_a_rollback_does_not_go_insecure(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLED_BACK);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	assert_string_equal(m.row.gate_detail, "");
	m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_ROLLED_BACK);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	assert_string_equal(m.row.gate_detail,
	                    "go-insecure waits until the rollover continues or the new key is removed");
	assert_int_equal(m.out.keys, KEYS_SILENT);
	assert_false(m.out.set_keys);
}

static void the_word_can_be_taken_back_until_the_zone_is_unsigned(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_REMOVE_DS, ROLLOVER_EXPIRE_DS };

	for (int i = 0; i < 2; i++) {
		machine_t m;
		machine_at(&m, STATES[i]);
		machine_ds(&m, 0, 900); /* Even when nobody has a DS any more. */
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.old_count, 0);
		assert_int_equal(m.row.gate, GATE_NONE);
	}
}

static void a_ds_that_came_back_is_removed_again(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_EXPIRE_DS);
	m.config.go_insecure = true;
	machine_ds(&m, 0, 900);
	m.parent[0].ds_foreign = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	/* A server that is only silent has none. */
	machine_at(&m, ROLLOVER_EXPIRE_DS);
	m.config.go_insecure = true;
	machine_ds(&m, 0, 900);
	m.parent[0].status = ANSWER_UNREACHABLE;
	m.parent[0].unreachable_since = T0;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	assert_int_equal(m.row.gate, GATE_PARENT_UNREACHABLE);
}

static void the_zone_may_be_unsigned_when_no_cache_has_the_ds(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_EXPIRE_DS);
	m.config.go_insecure = true;
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	assert_int_equal(m.row.gate_until, T0 + 1 + DAY);
	m.now = T0 + DAY;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	m.now = T0 + 1 + DAY;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_MAY_UNSIGN);
	assert_int_equal(m.row.gate_until, 0);
	/* Not with the signals still out, */
	serve_delete(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
	/* nor while a nameserver has them. */
	m.facts.own.cds = m.facts.own.cdnskey = (signal_rrset_t){ 0 };
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_REMAINS);
}

/*! Hold was switched on and off while the zone had a DS: that asks for nothing. */
/*! An idle zone is checked once a day. Since then its DS may have got another TTL, and gone. */
static void a_ds_that_has_gone_unseen_may_have_had_any_ttl(void **state)
{
	(void)state;

	for (int seen = 0; seen < 2; seen++) {
		machine_t m;
		machine_at(&m, ROLLOVER_REMOVE_DS);
		m.config.go_insecure = true;
		m.row.ds_ttl.count = 0;
		ttl_window_add(&m.row.ds_ttl, 600, m.now - HOUR);
		m.row.since = m.now - 2 * HOUR + (seen ? 0 : 90 * 60);
		machine_ds(&m, 0, 900);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
		assert_int_equal(m.row.ds_expire, 1 + (seen ? 600 : ROLLOVER_UNKNOWN_DS_TTL));
	}
}

static void a_word_from_before_asks_for_no_ds(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.hold = true;
	machine_step(&m);
	m.config.hold = false;
	machine_ds(&m, NEW, 300); /* The chain is broken: idle goes no further. */
	m.now += HOUR;
	machine_step(&m);
	machine_ds(&m, 0, 900);
	m.now += HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
}

/*! The DS went before the store was lost; one of no key comes and goes, with a low TTL. */
static void a_low_ttl_does_not_end_the_wait_for_an_unknown_ds(void **state)
{
	(void)state;
	machine_t m;
	without_ds(&m);
	m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	m.facts.own.policy = POLICY_DELETE;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	m.now += HOUR;
	m.facts.own.policy = POLICY_LOW_TTL;
	m.parent[0].ds_foreign = true;
	m.parent[0].ds_ttl = 300;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	m.parent[0].ds_foreign = false;
	m.facts.own.policy = POLICY_DELETE;
	m.now += HOUR;
	machine_step(&m);
	m.facts.own.policy = POLICY_LOW_TTL;
	m.now = T0 + ROLLOVER_UNKNOWN_DS_TTL - 1;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
}

/*! One server has the first DS for a while, with a higher TTL than it has later. */
static void the_ttl_of_a_first_ds_is_known_to_what_comes_next(void **state)
{
	(void)state;
	machine_t m;
	before_first_ds(&m);
	m.parent[1].ds = OLD;
	m.parent[1].ds_ttl = 2 * DAY;
	machine_step(&m);
	machine_ds(&m, OLD, 300);
	m.now += 300;
	machine_step(&m);
	assert_true(ttl_window_expired(&m.row.ds_ttl, 0) >= T0 + 2 * DAY);
}

/*!
 * The registrar gives the first DS, and takes it away again before the state checks: the keys are not set yet.
 */
static void a_first_ds_that_was_seen_behind_a_gate_is_not_asked_for(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		const rollover_state_t s = ROLLOVER_INTRODUCE + i / 2;
		machine_t m;
		before_first_ds(&m);
		m.row.state = s;
		m.row.keys = KEYS_UNKNOWN;
		machine_ds(&m, OLD, 300);
		m.parent[1].ds = 0;
		machine_step(&m);
		assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
		assert_int_equal(m.row.settled_at, 0); /* Not everywhere yet. */
		m.parent[1].ds = OLD;
		m.parent[0].ds_foreign = i % 2; /* A stray one besides makes it no less a DS. */
		m.now += 300;
		machine_step(&m);
		assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
		assert_int_equal(m.row.settled_at, m.now);
		m.parent[0].ds_foreign = false;
		machine_ds(&m, 0, 900);
		for (const time_t end = m.now + 3 * DAY; m.now < end; m.now += 300) {
			machine_step(&m);
			assert_true(m.out.keys != KEYS_SIGNAL_NEW && m.out.keys != KEYS_SIGNAL_BOTH);
			machine_obey(&m);
		}
		assert_false(m.facts.own.cds.present);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	}
}

/*! The first DS was on every server; the registrar removes it, on one server after the other. */
static void a_first_ds_that_goes_is_not_asked_back(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_WITHDRAW; s <= ROLLOVER_RETIRE; s++) {
		for (int left = 0; left < 3; left++) {
			machine_t m;
			machine_at(&m, s);
			m.row.old_count = 0;
			machine_serve(&m, NEW, 300);
			machine_ds(&m, NEW, 300);
			m.parent[0].ds = 0;
			m.parent[0].ds_foreign = left == 1;
			m.parent[0].ds_sha1 = left == 2 ? NEW : 0;
			m.parent[1].ds = left == 2 ? 0 : NEW;
			m.parent[1].ds_sha1 = left == 2 ? NEW : 0;
			if (s == ROLLOVER_RETIRE) {
				m.facts.own.dnskey = NEW;
			}
			machine_step(&m);
			m.parent[0].ds_foreign = false;
			m.parent[0].ds_sha1 = m.parent[1].ds_sha1 = 0;
			machine_ds(&m, 0, 900);
			for (const time_t end = m.now + 3 * DAY; m.now < end; m.now += 300) {
				machine_step(&m);
				assert_true(m.out.keys == KEYS_SILENT || m.out.keys == KEYS_UNKNOWN);
				machine_obey(&m);
			}
			assert_false(m.facts.own.cds.present);
			assert_int_equal(m.row.gate, GATE_DS_REMOVED);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ds_seen_by_any_trace_is_no_first_ds),
		cmocka_unit_test(two_keys_without_ds_are_for_the_operator),
		cmocka_unit_test(what_was_known_of_a_ds_is_forgotten_with_it),
		cmocka_unit_test(a_dry_run_remembers_no_new_key),
		cmocka_unit_test(the_dnskey_ttl_is_waited_for_first),
		cmocka_unit_test(the_largest_ttl_of_the_zone_is_waited_for_if_it_is_known),
		cmocka_unit_test(the_operator_can_end_that_wait),
		cmocka_unit_test(a_parent_that_does_not_answer_is_waited_for_before_the_first_ds),
		cmocka_unit_test(who_lags_without_a_ds_keeps_the_removal_from_being_sent),
		cmocka_unit_test(going_insecure_needs_a_delete_signal_by_a_key_of_the_zone),
		cmocka_unit_test(what_else_is_wrong_at_the_parent_has_its_own_name),
		cmocka_unit_test(a_zone_held_after_a_rollback_does_not_go_insecure),
		cmocka_unit_test(the_word_can_be_taken_back_until_the_zone_is_unsigned),
		cmocka_unit_test(a_ds_that_has_gone_unseen_may_have_had_any_ttl),
		cmocka_unit_test(a_word_from_before_asks_for_no_ds),
		cmocka_unit_test(a_low_ttl_does_not_end_the_wait_for_an_unknown_ds),
		cmocka_unit_test(the_ttl_of_a_first_ds_is_known_to_what_comes_next),
		cmocka_unit_test(a_first_ds_that_was_seen_behind_a_gate_is_not_asked_for),
		cmocka_unit_test(a_first_ds_that_goes_is_not_asked_back),
		cmocka_unit_test(a_ds_that_came_back_is_removed_again),
		cmocka_unit_test(the_zone_may_be_unsigned_when_no_cache_has_the_ds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
