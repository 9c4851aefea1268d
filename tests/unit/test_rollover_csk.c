/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rollovers of single-type keys, which sign the data of the zone as well. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_time.h"

static void at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	machine_single_type(m);
}

static void a_single_type_key_rolls_like_a_ksk(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_IDLE);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_true(m.out.driven);

	machine_serve(&m, OLD | NEW, 300);
	machine_single_type(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(m.row.csk && m.row.has_new);
}

static void the_row_tells_what_the_keys_sign(void **state)
{
	(void)state;
	for (int csk = 0; csk < 2; csk++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.row.csk = !csk; /* As it was before a change of scheme by hand. */
		m.facts.own.csk = m.facts.own.csk_wanted = csk;
		machine_step(&m);
		assert_int_equal(m.row.csk, csk);

		/* A zone that is not there says nothing. */
		m.facts.own.csk = !csk;
		m.facts.own.dnskey = 0;
		machine_step(&m);
		assert_int_equal(m.row.csk, csk);
	}
}

/*! States that leave only when the new key signs the data on every nameserver. */
static const rollover_state_t SIGNING[] = { ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE };

static void data_must_be_signed_by_the_new_key_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(SIGNING) / sizeof(SIGNING[0]); i++) {
		for (int other = 0; other < 2; other++) {
			machine_t m;
			at(&m, SIGNING[i]);
			m.child[other].data_signed_by = OLD;
			machine_step(&m);
			expect(&m, SIGNING[i], GATE_SIGNATURES_MISSING);
			assert_string_equal(m.row.gate_about, m.child[other].server);
			assert_non_null(strstr(m.row.gate_detail, "1002"));
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_int_equal(m.row.observed_since, 0);
			assert_int_equal(m.row.all_since, 0);
		}
	}
}

static void a_ksk_signs_no_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(SIGNING) / sizeof(SIGNING[0]); i++) {
		machine_t m;
		machine_at(&m, SIGNING[i]);
		machine_step(&m);
		assert_int_not_equal(m.row.gate, GATE_SIGNATURES_MISSING);
	}
}

static void what_is_not_known_of_the_data_is_not_wrong(void **state)
{
	(void)state;
	machine_t m;

	/* Half an answer. */
	at(&m, ROLLOVER_WITHDRAW);
	m.child[1].data_signed_by = 0;
	m.child[1].cds.unanswered = true;
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_CHILD_INCOMPLETE);

	/* While CDS is out nobody asks. */
	at(&m, ROLLOVER_AWAIT_DS);
	assert_int_equal(m.child[0].data_signed_by, 0);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
}

/*! The old key signs the data until the DS was replaced, and then the new one does. */
static void the_data_move_with_the_ds(void **state)
{
	(void)state;
	machine_t m;

	at(&m, ROLLOVER_INTRODUCE);
	m.child[0].data_signed_by = m.child[1].data_signed_by = OLD;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.out.keys, KEYS_SILENT);

	at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_obey(&m);
	machine_single_type(&m);
	m.row.keys = KEYS_SILENT;
	m.child[0].data_signed_by = m.child[1].data_signed_by = OLD;

	/* Not before the new key is in every cache, and never while a nameserver is seen without it. */
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_WAITING_DNSKEY_TTL);
	assert_false(m.out.set_keys);
	const time_t until = m.row.gate_until;
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	step_at(&m, until);
	expect(&m, ROLLOVER_WITHDRAW, GATE_DNSKEY_MISSING);
	assert_false(m.out.set_keys);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD | NEW;
	step_at(&m, until);
	expect(&m, ROLLOVER_WITHDRAW, GATE_WAITING_DNSKEY_TTL);
	check_until(&m, m.row.gate_until);
	expect(&m, ROLLOVER_WITHDRAW, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_MOVED);

	/* It came to nothing, and a nameserver has lost the new key meanwhile. */
	machine_t lost = m;
	lost.facts.child = lost.child;
	lost.facts.parent = lost.parent;
	lost.child[0].dnskey = lost.child[0].dnskey_signed_by = OLD;
	machine_step(&lost);
	expect(&lost, ROLLOVER_WITHDRAW, GATE_DNSKEY_MISSING);
	assert_false(lost.out.set_keys);

	/* Knot signs for long: the order goes on, whoever signs the own zone meanwhile, as long as all have the key. */
	machine_t slow = m;
	slow.facts.child = slow.child;
	slow.facts.parent = slow.parent;
	for (int i = 0; i < 3; i++) {
		rollover_keys_unsure(&slow.row, KEYS_MOVED);
		slow.facts.own.data_signed_by = i == 0 ? OLD : i == 1 ? OLD | NEW : NEW;
		slow.child[0].status = i == 2 ? ANSWER_UNREACHABLE : ANSWER_OK;
		step_at(&slow, slow.now + 60);
		expect(&slow, ROLLOVER_WITHDRAW, i == 2 ? GATE_CHILD_UNREACHABLE : GATE_KEYS_PENDING);
		assert_int_equal(slow.out.set_keys, i != 2);
		assert_int_equal(slow.out.keys, i == 2 ? KEYS_UNKNOWN : KEYS_MOVED);
	}
	slow.child[0].status = ANSWER_OK;
	slow.child[0].dnskey = slow.child[0].dnskey_signed_by = OLD;
	machine_step(&slow);
	expect(&slow, ROLLOVER_WITHDRAW, GATE_DNSKEY_MISSING);
	machine_step(&slow);
	expect(&slow, ROLLOVER_WITHDRAW, GATE_KEYS_PENDING);
	assert_true(slow.out.set_keys);
	assert_int_equal(slow.out.keys, KEYS_SILENT);

	machine_obey(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_SIGNATURES_MISSING);
	assert_false(m.out.set_keys);
	machine_single_type(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	assert_false(m.out.set_keys);

	/* On hold too, and a KSK that turns up changes nothing of it. */
	m.config.hold = true;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_HOLD);
	assert_int_equal(m.out.keys, KEYS_MOVED);
	assert_false(m.out.set_keys);
	m.config.hold = false;
	m.facts.own.dnskey |= THIRD;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_UNKNOWN_KEY);
	assert_int_equal(m.out.keys, KEYS_MOVED);
	assert_true(m.out.set_keys); /* It is aside, too. */

	/* A backup has brought the old states back, or another client has set them: as before the move. */
	for (int i = 0; i < 3; i++) {
		at(&m, i == 2 ? ROLLOVER_RETIRE : ROLLOVER_OBSERVE);
		m.row.keys = i == 1 ? KEYS_UNKNOWN : KEYS_MOVED;
		m.facts.own.data_signed_by = i == 1 ? 0 : OLD;
		machine_step(&m);
		expect(&m, ROLLOVER_WITHDRAW, GATE_NONE);
		assert_true(m.out.set_keys);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		assert_int_equal(m.row.observed_since, 0);
	}
	at(&m, ROLLOVER_OBSERVE);
	m.facts.own.data_signed_by = NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);

	/* And back, when the parent has gone back. */
	at(&m, ROLLOVER_OBSERVE);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);

	/* Of a KSK nothing moves. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, NEW, 300);
	machine_step(&m);
	assert_int_equal(m.out.keys, KEYS_SILENT);
}

static void at_the_end_the_new_key_is_the_old_one(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_single_type(&m);
	m.row.all_since = m.row.observed_last = m.now;
	m.row.all_expired = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
	assert_int_equal(m.row.keys, KEYS_SILENT);
	assert_true(m.row.csk);
	machine_step(&m);
	assert_false(m.out.set_keys);
}

/*! To Knot a key that is aside is one that is being replaced: it begins no other rollover. */
static void the_only_key_is_not_left_aside(void **state)
{
	(void)state;
	machine_t m;

	/* The old one has gone by another hand, while the new one was aside. */
	at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_single_type(&m);
	m.row.keys = KEYS_SILENT;
	machine_step(&m);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_MOVED);

	/* The rollover was ended, or the row tells only what held for two keys. */
	static const key_states_t LEFT[] = { KEYS_SILENT, KEYS_MOVED, KEYS_SIGNAL_NEW };
	for (size_t i = 0; i < sizeof(LEFT) / sizeof(LEFT[0]); i++) {
		at(&m, ROLLOVER_IDLE);
		m.row.keys = LEFT[i];
		m.row.keys_of++;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_NONE);
		assert_true(m.out.set_keys);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		machine_obey(&m);
		machine_step(&m);
		assert_false(m.out.set_keys);
		machine_step(&m);
		assert_false(m.out.set_keys);
	}

	/* After a rollback that the store has lost both have a DS, and the operator removes the one that is active. */
	at(&m, ROLLOVER_IDLE);
	machine_serve(&m, OLD | NEW, HOUR);
	machine_ds(&m, OLD | NEW, DAY);
	m.row.old_count = 0;
	m.row.keys = KEYS_UNKNOWN;
	for (int i = 0; i < 3; i++) {
		machine_step(&m);
		assert_int_equal(m.out.set_keys, i == 0);
		machine_obey(&m);
	}
	machine_serve(&m, NEW, HOUR);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_step(&m); /* Nothing has come of it. */
	assert_true(m.out.set_keys);
	machine_obey(&m);
	machine_step(&m);
	assert_false(m.out.set_keys);

	/* One that never rolled is left alone, and so is a KSK. */
	at(&m, ROLLOVER_IDLE);
	m.row.keys = KEYS_UNKNOWN;
	machine_step(&m);
	assert_false(m.out.set_keys);
	machine_at(&m, ROLLOVER_IDLE);
	m.row.keys_of++;
	machine_step(&m);
	assert_false(m.out.set_keys);
}

/*! Days of observation with this zone TTL. */
static time_t observed_for(uint32_t observe, uint32_t zone_ttl, bool csk)
{
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	if (csk) {
		machine_single_type(&m);
	}
	m.config.observe = observe;
	m.config.zone_ttl = zone_ttl;
	m.row.ds_expire = 60;
	while (m.row.state == ROLLOVER_OBSERVE) {
		step_at(&m, m.row.next_check > m.now ? m.row.next_check : m.now + 1);
	}
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	return m.now - T0;
}

static void observed_until_no_cache_has_data_of_the_old_key_alone(void **state)
{
	(void)state;
	assert_int_equal(observed_for(DAY, 300, true), DAY);
	assert_int_equal(observed_for(DAY, 3 * DAY, true), 3 * DAY + 1);
	assert_int_equal(observed_for(HOUR, 0, true), ROLLOVER_TTL_COUNTS + 1);
	assert_int_equal(observed_for(HOUR, UINT32_MAX, true), ROLLOVER_TTL_COUNTS + 1);
	assert_int_equal(observed_for(HOUR, 3 * DAY, false), HOUR);
}

/*! A nameserver that lags may have served the former TTL until just now. */
static void a_ttl_that_was_lowered_counts(void **state)
{
	(void)state;
	for (int said = 0; said < 2; said++) {
		machine_t m;
		at(&m, ROLLOVER_INTRODUCE);
		m.child[0].data_signed_by = m.child[1].data_signed_by = OLD;
		m.config.zone_ttl = 3 * DAY;
		machine_step(&m);
		m.config.zone_ttl = HOUR;
		step_at(&m, m.now + 300);
		assert_int_equal(m.row.zone_ttl, 3 * DAY);
		m.config.zone_ttl = 2 * HOUR;
		m.config.caches_expired = said ? m.now : m.now - 300 - 1;
		step_at(&m, m.now + 300);
		assert_int_equal(m.row.zone_ttl, said ? 2 * HOUR : 3 * DAY);

		at(&m, ROLLOVER_OBSERVE);
		m.config.zone_ttl = HOUR;
		m.row.zone_ttl = 3 * DAY;
		check_until(&m, T0 + 3 * DAY);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
		check_until(&m, T0 + 1 + 3 * DAY);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
	}
	/* Also of the next rollover, which begins at once; not of a later one. */
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_single_type(&m);
	m.config.zone_ttl = HOUR;
	m.row.zone_ttl = 3 * DAY;
	m.row.all_since = m.row.observed_last = m.row.all_expired = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
	const time_t ended = m.now;
	check_until(&m, ended + 3 * DAY);
	assert_int_equal(m.row.zone_ttl, 3 * DAY);
	check_until(&m, ended + 1 + 3 * DAY);
	assert_int_equal(m.row.zone_ttl, HOUR);
	assert_int_equal(m.row.zone_ttl_until, 0);

	/* Lowered after the order: a nameserver that lags may serve it until the next one has ended. */
	at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	machine_single_type(&m);
	m.config.zone_ttl = HOUR;
	m.row.zone_ttl = 3 * DAY;
	m.row.zone_ttl_seen = m.row.since;
	m.row.all_since = m.row.observed_last = m.row.all_expired = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
	assert_int_equal(m.row.zone_ttl_until, 0);
	assert_int_equal(m.row.zone_ttl, 3 * DAY);

	/* Also of the unsigned zone. */
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.old_count = 0;
	m.row.new_key = m.facts.keys[0];
	machine_serve(&m, OLD, 300);
	machine_ds(&m, 0, 300);
	m.row.settled_at = 0;
	m.config.zone_ttl = HOUR;
	m.row.zone_ttl = 3 * DAY;
	machine_step(&m);
	check_until(&m, m.now + 3 * DAY);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_UNSIGNED);
	check_until(&m, m.now + 1);
	expect(&m, ROLLOVER_SIGNAL, GATE_NONE);
}

static void the_gate_says_what_is_waited_for(void **state)
{
	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		machine_t m;
		at(&m, ROLLOVER_OBSERVE);
		m.config.zone_ttl = longer ? m.config.observe + 1 : m.config.observe - 1;
		machine_step(&m);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_DS_TTL);
		step_at(&m, T0 + DAY);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
		assert_string_equal(m.row.gate_detail,
		                    longer ? "caches may have data that the old key alone has signed" : "");
	}
}

static void the_wait_begins_again_when_a_server_loses_the_signatures(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_OBSERVE);
	m.config.zone_ttl = 2 * DAY;
	check_until(&m, T0 + DAY);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	m.child[1].data_signed_by = OLD;
	check_until(&m, m.now + 300);
	expect(&m, ROLLOVER_OBSERVE, GATE_SIGNATURES_MISSING);
	m.child[1].data_signed_by = OLD | NEW;
	const time_t again = m.now + 300;
	check_until(&m, again + 2 * DAY);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	check_until(&m, again + 1 + 2 * DAY);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);

	/* Nor does time count in which nobody judges them: another key may have signed. */
	for (int i = 0; i < 2; i++) {
		machine_t other = m;
		other.row.state = ROLLOVER_OBSERVE;
		other.facts.child = other.child;
		other.facts.parent = other.parent;
		other.row.keys = i == 0 ? KEYS_UNKNOWN : KEYS_MOVED;
		other.facts.own.frozen = i == 1;
		machine_step(&other);
		expect(&other, i == 0 ? ROLLOVER_WITHDRAW : ROLLOVER_OBSERVE, i == 0 ? GATE_NONE : GATE_FROZEN);
		assert_int_equal(other.row.observed_since, 0);
		if (i == 0) {
			continue;
		}
		other.row.csk = other.row.csk_new = other.facts.own.csk = other.facts.own.csk_wanted = false;
		other.row.observed_since = T0;
		machine_step(&other);
		assert_int_equal(other.row.observed_since, T0);
	}

	/* Or in the moment of the order. */
	m.child[0].data_signed_by = OLD;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_SIGNATURES_MISSING);
	m.child[0].data_signed_by = OLD | NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
}

static void another_scheme_under_way_is_not_driven(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_INTRODUCE; s <= ROLLOVER_RETIRE; s++) {
		for (int csk = 0; csk < 2; csk++) {
			machine_t m;
			machine_at(&m, s);
			if (csk) {
				machine_single_type(&m);
			}
			m.facts.own.csk = !csk;
			machine_step(&m);
			expect(&m, s, GATE_SCHEME_CHANGE);
			assert_false(m.out.driven || m.out.set_keys);
			assert_int_equal(m.out.action, ACTION_NONE);
		}
	}
}

static void a_rollback_says_when_the_new_key_may_go(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_ROLLED_BACK);
	m.config.zone_ttl = 2 * DAY;
	m.child[0].data_signed_by = m.child[1].data_signed_by = OLD;
	m.child[1].data_signed_by = NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
	assert_string_equal(m.row.gate_about, m.child[1].server);
	assert_non_null(strstr(m.row.gate_detail, "the new key must stay: signatures-missing-at: "));
	assert_true(rollover_new_expired(&m.config, &m.row) == INT64_MAX);

	m.child[1].data_signed_by = OLD | NEW;
	step_at(&m, m.now + 300);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
	const time_t until = m.now + 1 + 2 * DAY;
	assert_int_equal(m.row.gate_until, until);
	assert_int_equal(rollover_new_expired(&m.config, &m.row), until);
	m.child[0].status = ANSWER_UNREACHABLE;
	step_at(&m, until - 1);
	assert_non_null(strstr(m.row.gate_detail, "child-unreachable"));
	m.child[0].status = ANSWER_OK;
	check_until(&m, until - 1 + 2 * DAY);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
	assert_string_equal(m.row.gate_detail, "");
	assert_int_equal(m.row.gate_until, 0);

	/* The operator's decision does not wait, nor does a KSK. */
	at(&m, ROLLOVER_ROLLED_BACK);
	m.row.ordered = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	machine_at(&m, ROLLOVER_ROLLED_BACK);
	machine_step(&m);
	expect(&m, ROLLOVER_ROLLED_BACK, GATE_AWAITING_DECISION);
	assert_int_equal(m.row.gate_until, 0);
	assert_int_equal(rollover_new_expired(&m.config, &m.row), 0);
}

static void when_the_old_key_may_go_by_hand(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.config.zone_ttl = 3 * DAY;
	assert_int_equal(rollover_old_expired(&m.config, &m.row), T0 + DAY);
	m.row.csk = true;
	m.row.observed_since = T0 + HOUR;
	assert_int_equal(rollover_old_expired(&m.config, &m.row), T0 + HOUR + 1 + 3 * DAY);
	m.config.zone_ttl = 300;
	assert_int_equal(rollover_old_expired(&m.config, &m.row), T0 + DAY);
	m.row.observed_since = 0;
	assert_int_equal(rollover_old_expired(&m.config, &m.row), 0);
	m.row.csk = false;
	m.row.ds_all_since = 0;
	assert_int_equal(rollover_old_expired(&m.config, &m.row), 0);
}

/*! A nameserver that has CDS again is an older version of the zone: nobody has seen who signs its data. */
static void the_old_key_stays_where_a_server_still_has_cds(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	m.config.zone_ttl = HOUR;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);

	at(&m, ROLLOVER_RETIRE);
	m.config.zone_ttl = HOUR;
	m.child[1].cds = m.child[1].cdnskey = (signal_rrset_t){ .present = true, .keys = NEW, .signed_by = OLD | NEW };
	m.child[1].data_signed_by = 0;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE);
	assert_int_equal(m.row.observed_since, 0);

	/* Nor does the time run in which the new one must stay. */
	at(&m, ROLLOVER_ROLLED_BACK);
	m.child[0].data_signed_by = OLD;
	m.child[1].cds = m.child[1].cdnskey = (signal_rrset_t){ .present = true, .keys = NEW, .signed_by = OLD | NEW };
	m.child[1].data_signed_by = 0;
	machine_step(&m);
	assert_int_equal(m.row.all_since, 0);
}

static void time_does_not_count_while_nobody_is_judged(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		machine_t m;
		at(&m, ROLLOVER_OBSERVE);
		m.config.zone_ttl = 2 * DAY;
		m.facts.discovery_failed = i == 0;
		m.child[0].status = m.child[1].status = i == 1 ? ANSWER_UNREACHABLE : ANSWER_OK;
		check_until(&m, T0 + 2 * DAY);
		m.facts.discovery_failed = false;
		m.child[0].status = m.child[1].status = ANSWER_OK;
		check_until(&m, m.now + 300);
		expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_OBSERVE);
	}
}

static void the_gate_of_the_scheme_says_what_is_so(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_AWAIT_DS);
	m.facts.own.csk = m.facts.own.csk_wanted = false; /* Switched off, and Knot has made a ZSK. */
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_SCHEME_CHANGE);
	assert_null(strstr(m.row.gate_detail, "policy is on"));
}

static void a_zone_ttl_outlives_a_store_that_fails(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_OBSERVE);
	m.config.zone_ttl = 3 * DAY;
	machine_decide(&m);
	assert_int_equal(m.out.row.zone_ttl, 3 * DAY);
	rollover_store_failed(&m.row, &m.out, "disk full", m.now);
	assert_int_equal(m.row.zone_ttl, 3 * DAY);

	/* Nor does a restart lose it. */
	at(&m, ROLLOVER_IDLE);
	for (int raised = 0; raised < 3; raised++) {
		m.config.zone_ttl = raised == 0 ? HOUR : 3 * DAY;
		machine_decide(&m);
		assert_int_equal(rollover_worth_saving(&m.row, &m.out, m.now, m.now), raised < 2);
		m.row = m.out.row;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_type_key_rolls_like_a_ksk),
		cmocka_unit_test(the_row_tells_what_the_keys_sign),
		cmocka_unit_test(data_must_be_signed_by_the_new_key_everywhere),
		cmocka_unit_test(a_ksk_signs_no_data),
		cmocka_unit_test(what_is_not_known_of_the_data_is_not_wrong),
		cmocka_unit_test(the_data_move_with_the_ds),
		cmocka_unit_test(at_the_end_the_new_key_is_the_old_one),
		cmocka_unit_test(the_only_key_is_not_left_aside),
		cmocka_unit_test(observed_until_no_cache_has_data_of_the_old_key_alone),
		cmocka_unit_test(a_ttl_that_was_lowered_counts),
		cmocka_unit_test(the_gate_says_what_is_waited_for),
		cmocka_unit_test(the_wait_begins_again_when_a_server_loses_the_signatures),
		cmocka_unit_test(another_scheme_under_way_is_not_driven),
		cmocka_unit_test(a_rollback_says_when_the_new_key_may_go),
		cmocka_unit_test(when_the_old_key_may_go_by_hand),
		cmocka_unit_test(the_old_key_stays_where_a_server_still_has_cds),
		cmocka_unit_test(time_does_not_count_while_nobody_is_judged),
		cmocka_unit_test(the_gate_of_the_scheme_says_what_is_so),
		cmocka_unit_test(a_zone_ttl_outlives_a_store_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
