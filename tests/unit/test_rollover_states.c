/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Details of the states: the bounds of their conditions, and what a row remembers after them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void the_lead_is_counted_from_the_first_good_check(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	machine_step(&m);
	assert_int_equal(m.row.all_since, T0);
	assert_int_equal(m.row.gate_until, T0 + HOUR);
	m.now += 1000;
	machine_step(&m);
	assert_int_equal(m.row.all_since, T0);
	m.now = T0 + HOUR - 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	m.now = T0 + HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	/* Higher TTLs than the low one have to expire. */
	machine_at(&m, ROLLOVER_PREPARE);
	m.row.dnskey_ttl = (ttl_window_t){ .step = { { 300, T0 }, { 301, T0 + 2 * HOUR } }, .count = 2 };
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, T0 + 2 * HOUR + 1 + 301);
	machine_at(&m, ROLLOVER_PREPARE);
	m.parent[1].ds = NEW;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(m.row.all_since, 0);
}

static void a_removed_ds_ends_what_has_not_begun(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	machine_serve(&m, OLD, 300);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
}

static void starting_over_forgets_the_rollover(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	machine_serve(&m, OLD, 300); /* The new key is gone. */
	machine_ds(&m, OLD, DAY);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.old_count, 0);
	assert_false(m.row.has_new);
	assert_int_equal(m.row.ds_all_since, 0);
	assert_int_not_equal(m.row.ds_ttl.count, 0);
	/* Of a first DS there was no TTL. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.old_count = 0;
	machine_serve(&m, THIRD, 300);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.ds_ttl.count, 0);
}

static void the_order_for_a_new_key_is_repeated_and_says_why(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	machine_serve(&m, OLD, 300);
	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "no");
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_START);
	assert_int_equal(m.row.gate, GATE_KNOT_NO_NEW_KEY);
	assert_string_equal(m.row.gate_detail, "no");
	assert_int_equal(m.row.gate_until, 0);
	m.now++;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	/* Not while the chain does not hold. */
	m.now += HOUR;
	m.parent[1].status = ANSWER_ERROR;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.row.gate, GATE_PARENT_ERROR);
}

static void a_moment_without_ds_while_it_is_awaited(void **state)
{
	(void)state;
	static const struct {
		time_t since;
		rollover_state_t next;
	} CASES[] = { { T0 - 299, ROLLOVER_AWAIT_DS }, { T0 - 300, ROLLOVER_INTRODUCE } };

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_AWAIT_DS);
		machine_ds(&m, 0, 900);
		m.row.gate = GATE_DS_MISSING;
		m.row.gate_since = CASES[i].since;
		machine_step(&m);
		assert_int_equal(m.row.state, CASES[i].next);
	}
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, 0, 900);
	m.row.gate = GATE_DS_STALE;
	m.row.gate_since = T0 - DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
}

static void the_parent_is_told_while_every_nameserver_asks(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.config.via = PARENT_VIA_AUTO;
	m.config.notify_again = HOUR;
	m.parent[0].ds = NEW; /* Begun: a nameserver without the signals does not block. */
	m.child[1].cds.present = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_DS_STALE);
	assert_false(m.out.notify);
	m.child[1].cds = m.child[0].cds;
	machine_decide(&m);
	assert_true(m.out.notify);
	/* Half of the signals is none. */
	for (int i = 0; i < 2; i++) {
		machine_at(&m, ROLLOVER_SIGNAL);
		m.facts.own.cdnskey.present = i == 0;
		m.facts.own.cds.present = i == 1;
		machine_decide(&m);
		assert_int_equal(m.out.row.state, ROLLOVER_SIGNAL);
		assert_int_equal(m.out.row.gate, GATE_KEYS_PENDING);
	}
	/* Knot has no signals any more: by somebody's hand. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.facts.own.cdnskey.present = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys);
	m.facts.own.cdnskey.present = true;
	m.facts.own.cds.present = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys);
}

static void the_first_order_needs_the_old_key_at_every_nameserver(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = NEW;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.row.gate, GATE_DNSKEY_MISSING);
	/* After it one may be ahead of this server. */
	machine_at(&m, ROLLOVER_RETIRE);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = NEW;
	m.row.ordered = m.now - 1000;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	assert_int_equal(m.row.gate, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.row.gate_until, 0);
}

static void signals_that_are_back_block_after_the_swap(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE };

	for (int i = 0; i < 3; i++) {
		machine_t m;
		machine_at(&m, STATES[i]);
		if (STATES[i] == ROLLOVER_RETIRE) {
			machine_serve(&m, NEW, 300);
		}
		m.child[1].cds.present = true;
		machine_step(&m);
		assert_int_equal(m.row.state, STATES[i]);
		assert_int_equal(m.row.gate, GATE_CDS_REMAINS);
	}
}

static void an_observation_that_is_void_says_why(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.row.ds_all_since = m.now - DAY + 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_string_equal(m.row.gate_detail, "waiting-ds-ttl: the parent had the old DS again");
	machine_at(&m, ROLLOVER_RETIRE);
	m.row.observed_since = m.now - DAY + 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_string_equal(m.row.gate_detail, "waiting-observe: the observation was interrupted");
}

static void a_first_ds_that_is_lost_ends_its_rollover(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.row.old_count = 0;
	machine_serve(&m, NEW, 300);
	machine_decide(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.out.row.gate, GATE_WAITING_DNSKEY_TTL);
	m.parent[1].ds = 0;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.out.action, ACTION_NONE);
}

static void a_finished_rollover_leaves_the_new_key_alone(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.gate_until, m.now + 301);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.now += 301;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(m.row.old_count, 1);
	assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
	assert_false(m.row.has_new);
	assert_int_equal(m.row.settled_at, m.now);
	assert_int_equal(m.row.ds_all_since, 0);
	m.now += 3 * DAY - 1;
	m.facts.own.policy = rollover_policy(&m.row);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_SETTLE);
	m.now++;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	/* What caches may still hold of another nameserver is known to the next one. */
	assert_int_equal(m.row.dnskey_ttl.count, 1);
}

static void the_ds_to_restore_is_given_in_full(void **state)
{
	(void)state;
	char expected[160];
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLBACK);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	int len = snprintf(expected, sizeof(expected), "to be restored: DS 1001 13 2 ");
	for (int i = 0; i < 32; i++) {
		len += snprintf(expected + len, sizeof(expected) - len, "01");
	}
	assert_string_equal(m.row.gate_detail, expected);
	/* Another gate keeps its own words. */
	snprintf(m.parent[0].detail, sizeof(m.parent[0].detail), "SERVFAIL");
	m.parent[0].status = ANSWER_ERROR;
	machine_step(&m);
	assert_string_equal(m.row.gate_detail, "SERVFAIL");
}

static void a_held_zone_goes_on_after_hold_on_and_off(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLED_BACK);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	assert_int_equal(m.row.gate_until, 0);
	m.config.hold = true;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_HOLD);
	m.config.hold = false;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void gates_of_the_own_server_say_why(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.facts.own.known = false;
	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "refused");
	machine_decide(&m);
	assert_string_equal(m.out.row.gate_detail, "refused");
	m.facts.own.known = true;
	m.facts.own.dnskey = 0;
	machine_decide(&m);
	assert_string_equal(m.out.row.gate_detail, "the zone is not loaded or not signed");
	assert_int_equal(m.out.row.gate_until, 0);

	machine_at(&m, ROLLOVER_IDLE);
	m.config.observe_only = true;
	snprintf(m.config.observe_reason, sizeof(m.config.observe_reason), "too old");
	machine_decide(&m);
	assert_string_equal(m.out.row.gate_detail, "too old");
	assert_false(m.out.driven);
	m.config.observe_only = false;
	m.facts.own.catalog_member = true;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_NONE);
	m.facts.own.base_publishes = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_OBSERVE_ONLY);
	assert_string_equal(
		m.out.row.gate_detail,
		"the zone is a catalog member, and cds-cdnskey-publish of its policy is not rollover: set it");
	m.facts.own.base_publishes = m.config.go_insecure = true;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_OBSERVE_ONLY);
	assert_string_equal(m.out.row.gate_detail,
	                    "the zone is a catalog member, which go-insecure cannot give the delete signal");

	machine_at(&m, ROLLOVER_PREPARE);
	m.facts.own.policy = POLICY_BASE;
	m.facts.own.dnskey_ttl = HOUR;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_POLICY_PENDING);
	assert_string_equal(m.out.row.gate_detail, "ttl");
	m.facts.own.conf_busy = true;
	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "busy");
	m.row.all_since = T0 - 5;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KNOT_BUSY);
	assert_string_equal(m.out.row.gate_detail, "busy");
	assert_int_equal(m.out.row.all_since, 0);

	machine_at(&m, ROLLOVER_PREPARE);
	m.facts.own.transaction = true;
	m.row.all_since = T0 - 5;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KNOT_BUSY);
	assert_string_equal(m.out.row.gate_detail, "a transaction of the zone is open");
	assert_int_equal(m.out.row.all_since, 0);

	machine_at(&m, ROLLOVER_PREPARE);
	m.config.dry_run = true;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_DRY_RUN);
	assert_string_equal(m.out.row.gate_detail, "a rollover is in progress");
	assert_false(m.out.driven);
}

static void a_change_of_the_scheme_leaves_the_policy_alone(void **state)
{
	(void)state;
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		machine_t m;
		machine_at(&m, i);
		m.facts.own.csk = true;
		m.facts.own.policy = POLICY_BASE;
		machine_decide(&m);
		const bool goes_on = i == ROLLOVER_REMOVE_DS || i == ROLLOVER_EXPIRE_DS;
		if (i == ROLLOVER_PREPARE) { /* It is of no use now. */
			assert_int_equal(m.out.row.state, ROLLOVER_IDLE);
			continue;
		}
		assert_int_equal(m.out.row.gate == GATE_SCHEME_CHANGE, !goes_on);
		assert_int_equal(m.out.driven, goes_on);
	}
}

/*! Nor does anybody ask a parent: what was known of it does not pass to the next rollover. */
static void a_rollover_that_starts_over_forgets_its_ds(void **state)
{
	(void)state;
	for (int i = ROLLOVER_WITHDRAW; i <= ROLLOVER_OBSERVE; i++) {
		machine_t m;
		machine_at(&m, i);
		machine_serve(&m, OLD, 300);
		m.facts.asked = SURVEY_CHILD;
		m.facts.parent_count = 0;
		machine_decide(&m);
		assert_int_equal(m.out.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.out.row.ds_all_since, 0);
		assert_false(m.out.row.has_new);
		assert_int_equal(m.out.row.old_count, 0);
	}
}

static void a_hold_wants_silence_where_a_rollover_is_under_way(void **state)
{
	(void)state;
	for (int i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		machine_t m;
		machine_at(&m, i);
		m.config.hold = true;
		m.row.all_since = T0 - 5;
		m.row.ordered = 0;
		machine_decide(&m);
		assert_int_equal(m.out.driven, i != ROLLOVER_IDLE);
		assert_int_equal(m.out.policy, POLICY_LOW_TTL);
		assert_int_equal(m.out.keys, i == ROLLOVER_IDLE    ? KEYS_UNKNOWN :
		                             i == ROLLOVER_PRESIGN ? KEYS_PRESIGN :
		                                                     KEYS_SILENT);
		assert_int_equal(m.out.row.all_since, 0);
		assert_int_equal(m.out.row.ordered, i == ROLLOVER_ROLLED_BACK ? m.now : 0);
	}
}

static void a_key_that_this_rollover_does_not_know_voids_what_held(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.all_since = m.row.observed_last = T0 - 5;
	machine_serve(&m, OLD | NEW | THIRD, 300);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_UNKNOWN_KEY);
	assert_string_equal(m.row.gate_detail, "a KSK that is not part of this rollover");
	assert_int_equal(m.row.all_since, 0);
	assert_int_equal(m.row.gate_until, 0);
	/* So does one of several old ones that somebody removes. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.old[1] = m.facts.keys[2];
	m.row.old_count = 2;
	m.row.all_since = m.row.observed_last = T0 - 5;
	m.row.all_expired = T0 + 295;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.row.old_count, 1);
	assert_int_equal(m.row.all_since, T0);
	/* In idle another signer's key is named. */
	machine_at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | THIRD, HOUR);
	m.facts.own.dnskey = OLD;
	m.facts.own.foreign = THIRD;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_SIGNERS);
	assert_non_null(strstr(m.row.gate_detail, "cds-cdnskey-publish"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lead_is_counted_from_the_first_good_check),
		cmocka_unit_test(a_removed_ds_ends_what_has_not_begun),
		cmocka_unit_test(starting_over_forgets_the_rollover),
		cmocka_unit_test(the_order_for_a_new_key_is_repeated_and_says_why),
		cmocka_unit_test(a_moment_without_ds_while_it_is_awaited),
		cmocka_unit_test(the_parent_is_told_while_every_nameserver_asks),
		cmocka_unit_test(the_first_order_needs_the_old_key_at_every_nameserver),
		cmocka_unit_test(signals_that_are_back_block_after_the_swap),
		cmocka_unit_test(an_observation_that_is_void_says_why),
		cmocka_unit_test(a_first_ds_that_is_lost_ends_its_rollover),
		cmocka_unit_test(a_finished_rollover_leaves_the_new_key_alone),
		cmocka_unit_test(the_ds_to_restore_is_given_in_full),
		cmocka_unit_test(a_held_zone_goes_on_after_hold_on_and_off),
		cmocka_unit_test(gates_of_the_own_server_say_why),
		cmocka_unit_test(a_change_of_the_scheme_leaves_the_policy_alone),
		cmocka_unit_test(a_rollover_that_starts_over_forgets_its_ds),
		cmocka_unit_test(a_hold_wants_silence_where_a_rollover_is_under_way),
		cmocka_unit_test(a_key_that_this_rollover_does_not_know_voids_what_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
