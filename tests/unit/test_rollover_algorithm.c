/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rollovers to another algorithm: both sign the data from before the new DNSKEY until after the old one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kskroll/start.h"
#include "machine_time.h"

static void at(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	machine_algorithm(m);
	m->config.zone_ttl = HOUR;
}

/*! The order is carried out, and own zone and nameservers have these KSKs, whose data these algorithms sign. */
static void carried_out(machine_t *m, keyset_t keys, algset_t algorithms)
{
	machine_obey(m);
	machine_serve(m, keys, 300);
	m->facts.own.algorithms = ((keys & OLD) ? OLD_ALGORITHM : 0) | ((keys & NEW) ? NEW_ALGORITHM : 0);
	if (m->facts.own.data_algorithms != algorithms) {
		m->facts.own.serial++;
	}
	machine_sign(m, algorithms);
	m->child[0].serial = m->child[1].serial = m->facts.own.serial;
	m->now++;
	machine_step(m);
}

/*! In idle, and Knot has begun: data of a serial is signed by keys that are not published. */
static void begun(machine_t *m)
{
	at(m, ROLLOVER_IDLE);
	m->row.has_new = false;
	m->row.data_algorithms = OLD_ALGORITHM;
	m->row.data_serial = 3;
	m->row.data_since = m->row.data_last = 0;
}

static void the_operator_changes_the_policy(void **state)
{
	(void)state;
	machine_t m;

	begun(&m);
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_NONE);
	assert_int_equal(m.row.data_serial, 7);
	assert_int_equal(m.row.data_algorithms, OLD_ALGORITHM | NEW_ALGORITHM);
	assert_false(m.row.has_new);
	assert_true(rollover_changes_algorithm(&m.row));
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_KEYS_PENDING);
	assert_true(m.out.set_keys && m.out.keys == KEYS_PRESIGN);
}

/*! The store was lost after the DS TTL had been lowered for this. The simulator found that. */
static void who_finds_data_of_a_new_algorithm_does_not_know_the_ds_ttl(void **state)
{
	(void)state;
	machine_t m;

	for (int presigned = 0; presigned < 2; presigned++) {
		begun(&m);
		m.row = (rollover_row_t){ .next_check = m.row.next_check };
		machine_sign(&m, presigned ? OLD_ALGORITHM | NEW_ALGORITHM : OLD_ALGORITHM);
		machine_ds(&m, OLD, 900);
		m.facts.asked |= SURVEY_PARENT;
		machine_step(&m);
		assert_int_equal(ttl_window_max(&m.row.ds_ttl, m.now), presigned ? ROLLOVER_UNKNOWN_DS_TTL : 900);
	}
}

static void what_knot_signs_with_is_the_policys_algorithm_alone(void **state)
{
	(void)state;
	static const struct {
		uint8_t wanted;
		algset_t data;
		rollover_gate_t gate;
	} CASES[] = {
		{ 15, OLD_ALGORITHM, GATE_ALGORITHM_PENDING },   /* Knot has not signed since, or cannot. */
		{ 0, OLD_ALGORITHM | NEW_ALGORITHM, GATE_NONE }, /* Nobody knows what the policy wants. */
		{ 13, OLD_ALGORITHM | NEW_ALGORITHM, GATE_ALGORITHM_ROLLOVER }, /* Left over. */
		{ 15, OLD_ALGORITHM | NEW_ALGORITHM | ALGSET_OF(8), GATE_ALGORITHM_ROLLOVER },
		{ 15, 0, GATE_NONE },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		begun(&m);
		m.facts.own.algorithm_wanted = CASES[i].wanted;
		m.facts.own.data_algorithms = CASES[i].data;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, CASES[i].gate);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
}

/*! A KSK of the new algorithm without a ZSK is in the list of Knot alone: the zone stays as it was. */
static void who_waits_for_a_zone_that_knot_does_not_sign_says_so(void **state)
{
	(void)state;
	machine_t m;

	begun(&m);
	machine_sign(&m, OLD_ALGORITHM);
	for (int checks = 0; checks < 3; checks++) {
		m.now += DAY;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_ALGORITHM_PENDING);
		assert_non_null(strstr(m.row.gate_detail, "algorithm 15"));
		assert_int_equal(m.out.action, ACTION_NONE);
	}
	/* Another KSK in use is why Knot does not begin. */
	assert_null(strstr(m.row.gate_detail, "one KSK"));
	machine_t two = m;
	two.facts.child = two.child;
	two.facts.parent = two.parent;
	two.facts.keys[1].algorithm = 13;
	machine_serve(&two, OLD | NEW, HOUR);
	machine_sign(&two, OLD_ALGORITHM);
	machine_ds(&two, OLD | NEW, DAY);
	machine_step(&two);
	expect(&two, ROLLOVER_IDLE, GATE_ALGORITHM_PENDING);
	assert_int_equal(two.row.old_count, 2);
	assert_non_null(strstr(two.row.gate_detail, "one KSK"));
	/* The operator sets the policy back, or Knot signs. */
	m.facts.own.algorithm_wanted = 13;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	m.facts.own.algorithm_wanted = 15;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_ALGORITHM_PENDING);
	machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_NONE);
}

/*!
 * `zone-key-rollover` would come before the change of algorithm: Knot then makes a KSK without a ZSK, and cannot sign
 * the zone. Nor is there a gate whose command says so.
 */
static void no_key_is_made_before_knot_has_begun_with_the_algorithm(void **state)
{
	(void)state;
	machine_t m;

	begun(&m);
	machine_sign(&m, OLD_ALGORITHM);
	m.config.ksk_lifetime = DAY;
	for (int i = 0; i < 4; i++) {
		m.now += 2 * DAY;
		m.facts.start.from = i == 1 ? START_NEVER : i == 2 ? m.now + DAY : 0;
		m.config.dry_run = i == 3;
		machine_step(&m);
		expect(&m, ROLLOVER_IDLE, GATE_ALGORITHM_PENDING);
	}
	m.config.dry_run = false;
	m.facts.own.algorithm_wanted = 13;
	machine_step(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_NONE);

	/* The policy is changed while a rollover begins. */
	for (int manual = 0; manual < 2; manual++) {
		at(&m, ROLLOVER_INTRODUCE);
		m.row.has_new = false;
		m.row.new_key = (key_id_t){ 0 };
		machine_serve(&m, OLD, 300);
		m.facts.own.algorithms = OLD_ALGORITHM;
		machine_sign(&m, OLD_ALGORITHM);
		m.config.manual = manual != 0;
		m.facts.own.policy = POLICY_BASE; /* It is in force, and the other one differs from it. */
		m.facts.own.conf = CONF_NO_DERIVED;
		m.facts.own.conf_gate = GATE_POLICY_DIFFERS;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, manual ? GATE_KEY_WANTED : GATE_ALGORITHM_PENDING);
		assert_int_equal(m.out.action, ACTION_NONE);
		/* The policy in force makes a key of the old algorithm: this rollover comes to its end. */
		m.facts.own.policy = POLICY_LOW_TTL;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, manual ? GATE_KEY_WANTED : GATE_KNOT_NO_NEW_KEY);
	}
}

/*! Its keys have the algorithms that the operator gave them, whatever the policy has: Knot never begins. */
static void who_makes_the_keys_by_hand_waits_for_no_algorithm(void **state)
{
	(void)state;
	machine_t m;

	begun(&m);
	machine_sign(&m, OLD_ALGORITHM);
	m.config.manual = true;
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	m.config.ksk_lifetime = DAY;
	m.now += 2 * DAY;
	machine_step(&m);
	expect(&m, ROLLOVER_PREPARE, GATE_NONE);
}

static void a_rollover_that_is_being_prepared_gives_way(void **state)
{
	(void)state;
	static const answer_status_t SAID[] = { ANSWER_OK, ANSWER_BOGUS, ANSWER_UNREACHABLE };

	/* The own zone alone says so: what nameservers say, or somebody in their name, makes no difference. */
	for (size_t i = 0; i < sizeof(SAID) / sizeof(SAID[0]); i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_PREPARE);
		machine_algorithm(&m);
		m.row.has_new = false;
		m.child[1].status = SAID[i];
		machine_step(&m);
		expect(&m, ROLLOVER_PRESIGN, GATE_NONE);
		assert_int_equal(m.row.data_since, 0);

		/* And nothing but it. */
		m.row.state = ROLLOVER_PREPARE;
		machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
		m.facts.own.data_algorithms = OLD_ALGORITHM;
		machine_step(&m);
		assert_int_not_equal(m.row.state, ROLLOVER_PRESIGN);
	}
}

static void every_nameserver_has_the_signatures_for_the_zone_ttl(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	m.row.data_since = m.row.data_last = 0;
	m.child[1].serial = 6; /* Stuck. Its copies of older signatures prove nothing. */
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_SIGNATURES_MISSING);
	assert_string_equal(m.row.gate_about, m.child[1].server);
	assert_int_equal(m.row.data_since, 0);

	m.child[1].serial = 7;
	step_at(&m, m.now + 300);
	expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
	assert_int_equal(m.row.data_since, m.now);
	const time_t until = ttl_expires(m.now, HOUR);
	assert_int_equal(m.row.gate_until, until);
	check_until(&m, until - 1);
	expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
	assert_int_equal(m.out.action, ACTION_NONE);
	/* Nothing is known of the own zone's signatures. */
	const machine_t known = m;
	m.facts.own.data_algorithms = 0;
	step_at(&m, until);
	expect(&m, ROLLOVER_PRESIGN, GATE_SIGNATURES_MISSING);
	assert_int_equal(m.out.action, ACTION_NONE);
	m = known;
	m.facts.child = m.child;
	m.facts.parent = m.parent;
	step_at(&m, until);
	expect(&m, ROLLOVER_PRESIGN, GATE_KNOT_NO_NEW_KEY);
	assert_int_equal(m.out.action, ACTION_PUBLISH);
	assert_int_equal(rollover_ordered(&m.out), KEYS_SILENT);
	assert_int_equal(m.row.keys, KEYS_UNKNOWN);
}

static void the_lead_is_over_after_its_time(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	step_at(&m, m.now + 300);
	expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_LEAD);
	const time_t until = m.row.gate_until;
	assert_int_equal(until, m.now + HOUR);
	check_until(&m, until);
	expect(&m, ROLLOVER_PRESIGN, GATE_KNOT_NO_NEW_KEY);
	assert_int_equal(m.out.action, ACTION_PUBLISH);
}

/*! What a nameserver may have that holds presign up. */
static void old_serial(child_answer_t *a)
{
	a->serial = 6;
}
static void serial_far_back(child_answer_t *a)
{
	a->serial = UINT32_C(0x80000008);
}
static void no_serial(child_answer_t *a)
{
	a->serial_known = false;
}
static void one_algorithm(child_answer_t *a)
{
	a->data_algorithms = OLD_ALGORITHM;
}
static void the_new_one_alone(child_answer_t *a)
{
	a->data_algorithms = NEW_ALGORITHM;
}

static void (*const WRONG[])(child_answer_t *) = { old_serial, serial_far_back, no_serial, one_algorithm,
	                                           the_new_one_alone };

static void data_of_both_is_seen_where_it_matters(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_PRESIGN, ROLLOVER_INTRODUCE, ROLLOVER_WITHDRAW,
		                                   ROLLOVER_OBSERVE, ROLLOVER_RETIRE };

	for (size_t s = 0; s < sizeof(STATES) / sizeof(STATES[0]); s++) {
		for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
			for (int server = 0; server < 2; server++) {
				machine_t m;
				at(&m, STATES[s]);
				WRONG[i](&m.child[server]);
				machine_step(&m);
				expect(&m, STATES[s], GATE_SIGNATURES_MISSING);
				assert_string_equal(m.row.gate_about, m.child[server].server);
				assert_int_equal(m.row.data_since, 0);
				assert_int_equal(m.row.all_since, 0);
				assert_int_equal(m.out.action, ACTION_NONE);
			}
		}
	}
}

static void newer_versions_are_as_good(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_INTRODUCE);
	m.child[0].serial = 8;
	m.child[1].serial = 7 + (UINT32_C(1) << 31) - 1;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
}

static void the_own_zone_is_judged_as_well(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_OBSERVE);
	m.facts.own.data_algorithms = NEW_ALGORITHM; /* Somebody has removed the old ZSK. */
	m.facts.own.serial = 8;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_SIGNATURES_MISSING);
	assert_string_equal(m.row.gate_about, "");
	assert_non_null(strstr(m.row.gate_detail, "algorithm 13"));
}

static void a_serial_that_goes_back_counts_from_there(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	m.facts.own.serial = 5;
	m.child[0].serial = m.child[1].serial = 5;
	machine_step(&m);
	assert_int_equal(m.row.data_serial, 5);
	assert_int_not_equal(m.row.gate, GATE_SIGNATURES_MISSING);

	/* Forward it does not: older versions have the same signatures. */
	m.facts.own.serial = 9;
	machine_step(&m);
	assert_int_equal(m.row.data_serial, 5);
}

/*! Caches keep data that is signed by the old key, and by one that nobody will publish. */
static void a_hidden_key_is_replaced_by_one_of_its_algorithm(void **state)
{
	(void)state;
	for (int lags = 0; lags < 2; lags++) {
		machine_t m;
		at(&m, ROLLOVER_PRESIGN);
		m.config.lead = 0;
		m.row.data_since = m.row.data_last = 0;
		machine_step(&m);
		expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
		assert_int_equal(m.row.data_since, m.now);

		m.facts.own.data_keys++;
		m.facts.own.serial++;
		m.child[0].data_keys = m.facts.own.data_keys;
		m.child[0].serial = m.facts.own.serial;
		m.child[1].data_keys = m.facts.own.data_keys - lags;
		m.child[1].serial = m.facts.own.serial - lags;
		step_at(&m, m.now + 60);
		assert_int_equal(m.row.data_serial, m.facts.own.serial);
		expect(&m, ROLLOVER_PRESIGN, lags ? GATE_SIGNATURES_MISSING : GATE_WAITING_ZONE_TTL);
		assert_int_equal(m.row.data_since, lags ? 0 : m.now);

		m.child[1].data_keys = m.facts.own.data_keys;
		m.child[1].serial = m.facts.own.serial;
		step_at(&m, m.now + 60);
		expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
		assert_int_equal(m.row.data_since, lags ? m.now : m.now - 60);
	}
}

/*!
 * An algorithm comes back, with other keys. A nameserver is stuck with what its former keys have signed, and its serial
 * is the higher one: the operator has begun with lower ones since. The simulator found that.
 */
static void signatures_of_a_former_key_are_not_those_of_the_new_one(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_PRESIGN, ROLLOVER_INTRODUCE, ROLLOVER_OBSERVE };

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		machine_t m;
		at(&m, STATES[i]);
		m.facts.own.data_keys = m.row.data_keys = m.child[0].data_keys = 4711;
		m.child[1].data_keys = 1147;
		m.child[1].serial = 100000;
		machine_step(&m);
		expect(&m, STATES[i], GATE_SIGNATURES_MISSING);
		assert_string_equal(m.row.gate_about, m.child[1].server);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_int_equal(m.row.data_since, 0);

		/* From when it has them, caches lose the others. */
		m.child[1].data_keys = 4711;
		step_at(&m, m.now + 60);
		assert_int_not_equal(m.row.gate, GATE_SIGNATURES_MISSING);
		assert_int_equal(m.row.data_since, m.now);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
}

static void signatures_of_former_keys_do_not_end_the_wait_for_clean_data(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_CLEAN);
	m.facts.own.data_keys = m.row.data_keys = m.child[0].data_keys = 4711;
	m.child[1].data_keys = 1147;
	machine_step(&m);
	expect(&m, ROLLOVER_CLEAN, GATE_SIGNATURES_MISSING);
	/* Those of the old algorithm are what the gate names first. */
	m.child[1].data_algorithms |= OLD_ALGORITHM;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_CLEAN, GATE_SIGNATURES_REMAIN);
	m.child[1].data_algorithms = NEW_ALGORITHM;
	m.child[1].data_keys = 4711;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
}

static void an_order_to_publish_is_not_taken_back(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_PUBLISH);
	/* Carried out or not: nobody knows yet. */
	for (int i = 0; i < 2; i++) {
		machine_t copy = m;
		if (i == 1) {
			rollover_keys_are(&copy.row, KEYS_SILENT, &copy.facts, copy.now);
		}
		step_at(&copy, copy.now + 60);
		expect(&copy, ROLLOVER_PRESIGN, GATE_KNOT_NO_NEW_KEY);
		assert_int_equal(copy.out.action, ACTION_PUBLISH);
		assert_false(copy.out.set_keys);
	}
	/* But a nameserver that has lost the signatures stops it. */
	m.child[0].serial = 6;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_PRESIGN, GATE_SIGNATURES_MISSING);
	assert_int_equal(m.out.action, ACTION_NONE);
	step_at(&m, m.now + 60);
	assert_true(m.out.set_keys && m.out.keys == KEYS_PRESIGN);
}

static void a_published_key_brings_the_next_state(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		machine_t m;
		at(&m, ROLLOVER_PRESIGN);
		if (late) { /* Knot did not wait. */
			m.row.data_since = m.row.data_last = 0;
		}
		const time_t since = m.row.data_since;
		machine_serve(&m, OLD | NEW, 300);
		m.facts.own.algorithms |= NEW_ALGORITHM;
		machine_step(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_true(m.row.has_new);
		assert_int_equal(m.row.new_key.algorithm, 15);
		assert_int_equal(m.row.data_since, late ? m.now : since);
		rollover_keys_are(&m.row, KEYS_SILENT, &m.facts, m.now);
		step_at(&m, m.now + 1);
		expect(&m, ROLLOVER_INTRODUCE, GATE_WAITING_DNSKEY_TTL);
		check_until(&m, ttl_expires(m.row.all_since, 300));
		/* The zone TTL counts from when every nameserver had the signatures. */
		expect(&m, late ? ROLLOVER_INTRODUCE : ROLLOVER_SIGNAL, late ? GATE_WAITING_ZONE_TTL : GATE_NONE);
	}
}

static void keys_of_two_algorithms_in_idle_are_a_rollover(void **state)
{
	(void)state;
	machine_t m;
	begun(&m);
	machine_serve(&m, OLD | NEW, HOUR);
	m.facts.own.algorithms |= NEW_ALGORITHM;
	machine_step(&m);
	expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
	assert_true(rollover_changes_algorithm(&m.row));
	assert_int_equal(m.row.data_since, 0);

	/* Both have a DS: which is which? */
	begun(&m);
	m.row.old_count = 0;
	machine_serve(&m, OLD | NEW, HOUR);
	m.facts.own.algorithms |= NEW_ALGORITHM;
	machine_ds(&m, OLD | NEW, DAY);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_ALGORITHM_ROLLOVER);
	assert_false(m.out.set_keys);
}

static void an_abort_leads_to_idle(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	machine_sign(&m, OLD_ALGORITHM);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);

	/* Also where an order is refused: there is nothing left to order. */
	at(&m, ROLLOVER_PRESIGN);
	m.row.keys = KEYS_UNKNOWN;
	m.facts.own.keys_refused = true;
	machine_sign(&m, OLD_ALGORITHM);
	machine_step(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);

	/* Not where the own zone was not read. */
	at(&m, ROLLOVER_PRESIGN);
	m.facts.own.data_algorithms = 0;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PRESIGN);

	/* Nor where the order to publish was carried out in part: the ZSK stands in for the KSK. */
	for (int idle = 0; idle < 2; idle++) {
		if (idle) {
			begun(&m);
		} else {
			at(&m, ROLLOVER_PRESIGN);
		}
		m.facts.own.algorithms |= NEW_ALGORITHM;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_PRESIGN);
	}
}

/*! To Knot an old key that is aside is a rollover under way: it would begin no other when this one was given up. */
static void the_old_ksk_is_not_left_aside(void **state)
{
	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		machine_t m;
		at(&m, ROLLOVER_PRESIGN);
		rollover_keys_are(&m.row, KEYS_PRESIGN, &m.facts, m.now);
		/* What came of an order to publish nobody knows. */
		m.row.keys = refused ? KEYS_UNKNOWN : m.row.keys;
		m.facts.own.algorithm_wanted = 13;
		machine_sign(&m, OLD_ALGORITHM);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		m.facts.own.policy = POLICY_BASE;

		/* As often as it comes to nothing. */
		for (int i = 0; i < 3; i++) {
			step_at(&m, m.now + HOUR);
			expect(&m, ROLLOVER_IDLE, GATE_NONE);
			assert_true(m.out.set_keys);
			assert_int_equal(m.out.keys, KEYS_SILENT);
			rollover_keys_unsure(&m.row, m.out.keys);
		}
		machine_obey(&m);
		for (int i = 0; i < 3; i++) {
			step_at(&m, m.now + HOUR);
			assert_false(m.out.set_keys);
		}
	}
}

static void nothing_goes_that_the_policy_would_bring_back(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	m.facts.own.algorithm_wanted = 13;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_ALGORITHM_ROLLOVER);
	assert_int_equal(m.out.action, ACTION_NONE);
	m.facts.own.algorithm_wanted = 15;
	step_at(&m, m.now + 60);
	assert_int_equal(m.out.action, ACTION_RETIRE);

	carried_out(&m, NEW, OLD_ALGORITHM | NEW_ALGORITHM);
	m.facts.own.algorithm_wanted = 13;
	check_until(&m, ttl_expires(m.row.all_since, 300));
	expect(&m, ROLLOVER_RETIRE, GATE_ALGORITHM_ROLLOVER);
	assert_int_equal(m.out.action, ACTION_NONE);
}

/*! Between the two the zone may have been signed by the same algorithms, and other keys. */
static void a_change_back_begins_with_this_version(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	carried_out(&m, NEW, OLD_ALGORITHM | NEW_ALGORITHM);
	check_until(&m, ttl_expires(m.row.all_since, 300));
	carried_out(&m, NEW, NEW_ALGORITHM);
	expect(&m, ROLLOVER_CLEAN, GATE_NONE);
	m.row.data_algorithms = OLD_ALGORITHM | NEW_ALGORITHM; /* Nobody has seen the version between. */
	m.facts.own.algorithm_wanted = 13;
	m.facts.own.serial = 12;
	machine_sign(&m, OLD_ALGORITHM | NEW_ALGORITHM);
	for (int n = 0; n < 4 && m.row.state != ROLLOVER_PRESIGN; n++) {
		machine_obey(&m);
		step_at(&m, m.now + 1);
	}
	expect(&m, ROLLOVER_PRESIGN, GATE_NONE);
	assert_int_equal(m.row.data_serial, 12);
	assert_int_equal(m.row.old[0].algorithm, 15);
}

static void single_type_keys_do_not_move(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_WITHDRAW);
	m.row.csk = m.row.csk_new = m.facts.own.csk = m.facts.own.csk_wanted = true;
	assert_false(rollover_moves(&m.row));
	/* Of the same algorithm as the one that is published, another key may be hidden. */
	m.child[0].data_signed_by = NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_WITHDRAW, GATE_SIGNATURES_MISSING);
	m.child[1].data_signed_by = OLD | NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_NONE);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	m.row.new_key.algorithm = 13;
	assert_true(rollover_moves(&m.row));
}

static void the_old_signatures_go_last(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_RETIRE);

	/* The old DNSKEY has gone: its TTL first. */
	carried_out(&m, NEW, OLD_ALGORITHM | NEW_ALGORITHM);
	expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(m.out.action, ACTION_NONE);
	const time_t until = ttl_expires(m.row.all_since, 300);
	check_until(&m, until - 1);
	assert_int_equal(m.out.action, ACTION_NONE);
	step_at(&m, until);
	assert_int_equal(m.out.action, ACTION_CLEAN);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);

	/* A nameserver with the old DNSKEY stops that. */
	machine_t stuck = m;
	stuck.facts.child = stuck.child;
	stuck.child[1].dnskey = stuck.child[1].dnskey_signed_by = OLD | NEW;
	step_at(&stuck, stuck.now + 60);
	expect(&stuck, ROLLOVER_RETIRE, GATE_DNSKEY_REMAINS);
	assert_int_equal(stuck.out.action, ACTION_NONE);
	/* So does one with its ZSK alone, and the wait begins again. */
	stuck = m;
	stuck.facts.child = stuck.child;
	stuck.child[1].dnskey_equal = false;
	step_at(&stuck, stuck.now + 60);
	expect(&stuck, ROLLOVER_RETIRE, GATE_DNSKEY_DIFFERS);
	stuck.child[1].dnskey_equal = true;
	step_at(&stuck, stuck.now + 60);
	expect(&stuck, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(stuck.row.all_since, stuck.now);

	carried_out(&m, NEW, NEW_ALGORITHM);
	expect(&m, ROLLOVER_CLEAN, GATE_NONE);
	assert_int_equal(m.row.data_serial, 8);
	m.child[1].serial = 7;
	m.child[1].data_algorithms |= OLD_ALGORITHM;
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_CLEAN, GATE_SIGNATURES_REMAIN);
	assert_string_equal(m.row.gate_about, m.child[1].server);
	m.child[1].data_algorithms = NEW_ALGORITHM; /* Of which nobody knows that it is so. */
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_CLEAN, GATE_SIGNATURES_REMAIN);
	m.child[1].serial = 8;
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_SETTLE, GATE_NONE);
	assert_false(m.row.has_new);
	assert_int_equal(m.row.old[0].algorithm, 15);
}

/*!
 * The operator has made the new key, and removed the old one: there was nothing to clean, but that the key that presign
 * has hidden signs the data. The simulator found that.
 */
static void a_key_that_was_hidden_goes_with_the_old_signatures(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	m.row.csk = m.row.csk_new = m.facts.own.csk = m.facts.own.csk_wanted = true;
	m.facts.own.data_hidden = true;
	carried_out(&m, NEW, NEW_ALGORITHM);
	m.child[0].data_signed_by = m.child[1].data_signed_by = NEW;

	/* Where it may not go nothing waits for it. */
	machine_t other = m;
	other.facts.child = other.child;
	other.facts.own.algorithm_wanted = 13;
	step_at(&other, other.now + 60);
	expect(&other, ROLLOVER_CLEAN, GATE_NONE);
	other = m;
	other.facts.child = other.child;
	other.facts.own.data_hidden = false;
	step_at(&other, other.now + 60);
	expect(&other, ROLLOVER_CLEAN, GATE_NONE);

	/* What it signs a cache may want that has the DNSKEY RRset of before the new key. */
	m.child[1].dnskey_equal = false;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_RETIRE, GATE_DNSKEY_DIFFERS);
	m.child[1].dnskey_equal = true;
	m.child[1].data_signed_by = 0;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_RETIRE, GATE_SIGNATURES_MISSING);
	m.child[1].data_signed_by = NEW;
	step_at(&m, m.now + 60);
	expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
	const time_t until = ttl_expires(m.row.all_since, 300);
	check_until(&m, until - 1);
	assert_int_equal(m.out.action, ACTION_NONE);
	step_at(&m, until);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_CLEAN);
	m.facts.own.data_hidden = false;
	step_at(&m, until + 1);
	expect(&m, ROLLOVER_CLEAN, GATE_NONE);
}

/*! A nameserver without the new signatures is seen also behind a gate of the parent, and voids what was seen before. */
static void the_old_keys_stay_for_data_that_only_they_have_signed(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_OBSERVE);
	m.config.observe = 0;
	m.parent[0].status = ANSWER_BOGUS;
	m.child[1].data_algorithms = OLD_ALGORITHM;
	machine_step(&m);
	expect(&m, ROLLOVER_OBSERVE, GATE_BOGUS);
	assert_int_equal(m.row.data_since, 0);
	m.parent[0].status = ANSWER_OK;
	m.child[1].data_algorithms |= NEW_ALGORITHM;
	m.config.zone_ttl = 3 * DAY;
	check_until(&m, T0 + DAY + 600);
	expect(&m, ROLLOVER_OBSERVE, GATE_WAITING_ZONE_TTL);
	check_until(&m, m.row.gate_until);
	expect(&m, ROLLOVER_RETIRE, GATE_NONE);
}

/*! The operator has removed the old KSK. */
static void a_zsk_that_is_left_is_hidden_first(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_RETIRE);
	machine_serve(&m, NEW, 300);
	m.row.all_since = m.row.observed_last = m.now - 1;
	m.row.all_expired = m.now;
	machine_step(&m);
	expect(&m, ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	assert_int_equal(m.row.all_since, 0);
	m.facts.own.algorithms = NEW_ALGORITHM;
	step_at(&m, m.now + 1);
	expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
}

/*! It may belong to a KSK that Knot has begun with since, and that one server of the parent names already. */
static void nothing_of_the_old_algorithm_goes_without_each_server_of_the_parent(void **state)
{
	(void)state;
	static const answer_status_t silent[] = { ANSWER_BOGUS, ANSWER_ERROR, ANSWER_UNREACHABLE };

	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		machine_t m;
		at(&m, ROLLOVER_RETIRE);
		machine_serve(&m, NEW, 300);
		m.row.all_since = m.row.observed_last = m.now - 1;
		m.row.all_expired = m.now;
		m.parent[1].status = silent[i];
		m.parent[1].unreachable_since = m.now - 60;
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_RETIRE);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_string_equal(m.row.gate_about, m.parent[1].server);
		m.parent[1].status = ANSWER_OK;
		step_at(&m, m.now + 60);
		assert_int_equal(m.out.action, ACTION_RETIRE);
	}
}

static void time_without_checks_does_not_count(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	m.row.all_since = T0 - 8 * DAY;
	m.row.data_last = m.row.observed_last = m.now - 2 * HOUR;
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
	assert_int_equal(m.row.data_since, m.now);

	/* A nameserver that is silent voids nothing. */
	at(&m, ROLLOVER_PRESIGN);
	m.child[0].status = ANSWER_UNREACHABLE;
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_CHILD_UNREACHABLE);
	assert_int_equal(m.row.data_since, T0 - 8 * DAY);
	assert_int_equal(m.row.data_last, m.now);
}

static void the_operators_word_ends_the_zone_ttl(void **state)
{
	(void)state;
	machine_t m;
	at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	m.row.data_since = m.now - 5;
	m.config.caches_expired = m.now - 5;
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_PUBLISH);
	at(&m, ROLLOVER_PRESIGN);
	m.config.lead = 0;
	m.row.data_since = m.now - 5;
	m.config.caches_expired = m.now - 6;
	machine_step(&m);
	expect(&m, ROLLOVER_PRESIGN, GATE_WAITING_ZONE_TTL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_operator_changes_the_policy),
		cmocka_unit_test(who_finds_data_of_a_new_algorithm_does_not_know_the_ds_ttl),
		cmocka_unit_test(what_knot_signs_with_is_the_policys_algorithm_alone),
		cmocka_unit_test(who_waits_for_a_zone_that_knot_does_not_sign_says_so),
		cmocka_unit_test(no_key_is_made_before_knot_has_begun_with_the_algorithm),
		cmocka_unit_test(who_makes_the_keys_by_hand_waits_for_no_algorithm),
		cmocka_unit_test(a_rollover_that_is_being_prepared_gives_way),
		cmocka_unit_test(every_nameserver_has_the_signatures_for_the_zone_ttl),
		cmocka_unit_test(the_lead_is_over_after_its_time),
		cmocka_unit_test(data_of_both_is_seen_where_it_matters),
		cmocka_unit_test(newer_versions_are_as_good),
		cmocka_unit_test(the_own_zone_is_judged_as_well),
		cmocka_unit_test(a_serial_that_goes_back_counts_from_there),
		cmocka_unit_test(a_hidden_key_is_replaced_by_one_of_its_algorithm),
		cmocka_unit_test(signatures_of_a_former_key_are_not_those_of_the_new_one),
		cmocka_unit_test(signatures_of_former_keys_do_not_end_the_wait_for_clean_data),
		cmocka_unit_test(an_order_to_publish_is_not_taken_back),
		cmocka_unit_test(a_published_key_brings_the_next_state),
		cmocka_unit_test(keys_of_two_algorithms_in_idle_are_a_rollover),
		cmocka_unit_test(an_abort_leads_to_idle),
		cmocka_unit_test(the_old_ksk_is_not_left_aside),
		cmocka_unit_test(nothing_goes_that_the_policy_would_bring_back),
		cmocka_unit_test(a_change_back_begins_with_this_version),
		cmocka_unit_test(single_type_keys_do_not_move),
		cmocka_unit_test(the_old_signatures_go_last),
		cmocka_unit_test(a_key_that_was_hidden_goes_with_the_old_signatures),
		cmocka_unit_test(the_old_keys_stay_for_data_that_only_they_have_signed),
		cmocka_unit_test(a_zsk_that_is_left_is_hidden_first),
		cmocka_unit_test(nothing_of_the_old_algorithm_goes_without_each_server_of_the_parent),
		cmocka_unit_test(time_without_checks_does_not_count),
		cmocka_unit_test(the_operators_word_ends_the_zone_ttl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
