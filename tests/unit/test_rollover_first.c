/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first DS, the last one, and one that was taken away, from begin to end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine_changes.h"

/*! The delete signal everywhere. */
static void serve_delete(machine_t *m)
{
	signal_rrset_t rrset = { .present = true, .unwanted = true, .remove = true, .signed_by = OLD };
	m->facts.own.cds = m->facts.own.cdnskey = rrset;
	for (int i = 0; i < 2; i++) {
		m->child[i].cds = m->child[i].cdnskey = rrset;
	}
}

/*! A zone that never had a DS. */
static void machine_without_ds(machine_t *m)
{
	machine_init(m);
	machine_serve(m, OLD, HOUR);
	machine_ds(m, 0, 900);
}

static void a_zone_without_ds_gets_its_first_one(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_without_ds(&m);

	/* One server of the parent has not answered: nothing is known. */
	parent_down(&m);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_PARENT_UNREACHABLE);
	m.parent[0].status = m.parent[1].status = ANSWER_OK;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_true(rollover_is_first(&m.row));
	assert_true(key_id_equal(&m.row.new_key, &m.facts.keys[0]));

	/* A day, since nobody knows the largest TTL of the zone; the DNSKEY TTL is lower. */
	assert_true(m.out.set_keys);
	assert_int_equal(m.out.keys, KEYS_SILENT);
	machine_obey(&m);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_serve(&m, OLD, 300);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_step(&m);
	time_t low = m.now;
	run_until(&m, ROLLOVER_INTRODUCE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
	assert_int_equal(t, low + 1 + ROLLOVER_UNKNOWN_ZONE_TTL);
	assert_int_equal(m.out.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(m.row.signalled, t);

	/* Knot has not got that far. */
	machine_signal(&m, 0);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
	machine_signal(&m, OLD);
	m.child[1].cds.signed_by = 0;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_DIFFERS);
	machine_signal(&m, OLD);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_AWAIT_DS);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	m.parent[0].ds = OLD;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_MISSING);
	machine_ds(&m, OLD, 300);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
	assert_int_equal(m.row.ds_expire, 901); /* The proofs that there is none. */
	assert_int_not_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now) & SURVEY_WATCH, 0);

	/* There is nothing to roll back to: an alarm, and nothing goes on. */
	assert_true(m.out.set_keys);
	machine_obey(&m);
	for (int i = 0; i < 5; i++) {
		watched(&m, 1, 1);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_WITHDRAW);
		assert_int_equal(m.row.gate, GATE_VALIDATION_FAILS);
	}
	watched(&m, 0, 1);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	time_t observed = m.now + m.config.observe;
	run_until(&m, ROLLOVER_OBSERVE, &t);
	assert_int_equal(m.row.state, ROLLOVER_RETIRE);
	assert_true(t >= observed);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_NONE); /* No key goes. */
	m.config.zone_ttl = HOUR;
	m.row.zone_ttl = 7 * DAY;
	m.row.zone_ttl_seen = m.row.since - 1;
	run_until(&m, ROLLOVER_RETIRE, &t);
	assert_int_equal(m.row.state, ROLLOVER_SETTLE);
	assert_int_equal(m.row.zone_ttl_until, 0); /* So none tells that its TTL of before has left the nameservers. */
	run_until(&m, ROLLOVER_SETTLE, &t);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.old_count, 1);
	assert_false(m.row.has_new);
}

static void a_first_ds_brought_by_the_registrar_ends_the_wait(void **state)
{
	(void)state;
	machine_t m;
	machine_without_ds(&m);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_obey(&m);
	machine_serve(&m, OLD, 300);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_step(&m);
	m.parent[0].ds = OLD; /* On its way: some say so, some not yet. */
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	m.facts.own.policy = POLICY_BASE;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.old_count, 1);
}

static void a_first_ds_that_was_there_is_not_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool there = i & 1, was_everywhere = i & 2;
		machine_t m;
		machine_at(&m, was_everywhere ? ROLLOVER_OBSERVE : ROLLOVER_AWAIT_DS);
		m.row.new_key = machine_key(1);
		m.row.old_count = 0;
		m.row.ds_all_since = 0;
		machine_ds(&m, there ? OLD : 0, 300);
		machine_serve(&m, OLD | NEW, 300); /* The operator begins the next rollover. */
		m.facts.own.dnskey = NEW;          /* And lets the first key go. */
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.ds_ttl.count != 0, there || was_everywhere);
	}
}

static void a_ds_that_was_taken_away_is_not_asked_back(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	machine_step(&m);
	machine_ds(&m, 0, 900);
	for (int i = 0; i < 3; i++) {
		m.now += 10 * DAY;
		assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
		machine_step(&m);
		assert_int_equal(m.row.state, ROLLOVER_IDLE);
		assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	}
	/* The word counts where the way to knot or parent was not there for a moment. */
	m.config.hold = true;
	m.facts.own.known = false;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_HOLD);
	assert_string_equal(m.row.gate_detail, "its end requests a first DS");
	m.facts.own.known = true;
	machine_step(&m);
	m.config.hold = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);
	m.row.ordered = 0;
	m.row.gate = GATE_DS_REMOVED;
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = m.now;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	m.parent[1].status = ANSWER_OK;
	/* Back by hand: as if nothing had been. */
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_NONE);
	/* Removed on hold: nobody has been shown that it is gone. The end of the hold shows it. */
	m.config.hold = true;
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	m.config.hold = false;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	/* Hold on and off is the operator's word, however long it lasts, unless there was a DS meanwhile. */
	m.config.hold = true;
	machine_step(&m);
	machine_step(&m);
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	m.config.hold = false;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
	m.config.hold = true;
	machine_step(&m);
	machine_step(&m);
	m.config.hold = false;
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_PARENT);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_true(rollover_is_first(&m.row));
	/* Given while there was a DS it is no word for later. */
	machine_at(&m, ROLLOVER_IDLE);
	m.config.hold = true;
	machine_step(&m);
	m.config.hold = false;
	machine_step(&m);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMOVED);
}

static void a_zone_leaves_on_the_operators_word_only(void **state)
{
	(void)state;
	machine_t m;
	time_t t;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.dry_run = m.config.go_insecure = true;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DRY_RUN);
	m.config.dry_run = false;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	assert_int_equal(m.out.policy, POLICY_DELETE);
	m.facts.own.policy = POLICY_DELETE;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_MISSING);
	/* Another CDS is no delete signal. */
	machine_signal(&m, OLD);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_DIFFERS);
	serve_delete(&m);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMAINS);
	m.parent[0].ds = 0;
	m.now += HOUR;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_REMAINS);
	/* Insecure is what was asked for: no watch, no alarm, no rollback. */
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, m.now), SURVEY_CHILD | SURVEY_PARENT);
	machine_ds(&m, 0, 900);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	assert_int_equal(m.out.policy, POLICY_LOW_TTL);
	time_t gone = m.now;
	m.facts.own.policy = POLICY_LOW_TTL;
	m.facts.own.cds = m.facts.own.cdnskey = (signal_rrset_t){ 0 };
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_REMAINS);
	machine_signal(&m, 0);
	while (m.row.gate != GATE_MAY_UNSIGN) {
		machine_step(&m);
		t = m.now;
		m.now = m.row.next_check;
		assert_int_equal(m.row.state, ROLLOVER_EXPIRE_DS);
	}
	assert_int_equal(t, gone + 1 + DAY); /* The DS TTL that was seen. */
	/* Somebody put a DS back. */
	machine_ds(&m, OLD, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_REMOVE_DS);
	/* The word is taken back. */
	m.facts.own.policy = POLICY_DELETE;
	m.config.go_insecure = false;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.out.policy, POLICY_BASE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_without_ds_gets_its_first_one),
		cmocka_unit_test(a_first_ds_brought_by_the_registrar_ends_the_wait),
		cmocka_unit_test(a_first_ds_that_was_there_is_not_forgotten),
		cmocka_unit_test(a_ds_that_was_taken_away_is_not_asked_back),
		cmocka_unit_test(a_zone_leaves_on_the_operators_word_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
