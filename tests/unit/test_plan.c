/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "machine.h"
#include "plan_steps.h"

static const forecast_assume_t ASSUME = FORECAST_ASSUME_DEFAULT;

static forecast_t run(const machine_t *m)
{
	forecast_t plan;
	forecast_run(&m->config, &m->row, &ASSUME, m->now, &plan);
	return plan;
}

static void steps_follow_each_other(const forecast_t *plan)
{
	for (unsigned i = 0; i < plan->count; i++) {
		const forecast_step_t *s = &plan->step[i];
		if (i + 1 < plan->count) {
			assert_int_equal(s->to, plan->step[i + 1].from);
		}
		for (unsigned j = 0; j < s->wait_count; j++) {
			assert_int_not_equal(s->wait[j].gate, GATE_NONE);
			assert_true(s->wait[j].to > s->wait[j].from);
			assert_true(s->to == 0 || s->wait[j].to <= s->to);
		}
	}
}

static void a_zone_at_rest_shows_a_rollover_started_now(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	forecast_t p = run(&m);

	assert_true(p.imagined);
	assert_int_equal(p.stuck, GATE_NONE);
	assert_int_equal(p.count, 9);
	steps_follow_each_other(&p);
	/* The high TTL was served until the servers had the low one. */
	assert_int_equal(step_of(&p, ROLLOVER_INTRODUCE)->to, T0 + 61 + HOUR);
	/* The signals come out at once: Knot waits for nothing. */
	time_t ready = step_of(&p, ROLLOVER_INTRODUCE)->to;
	assert_int_equal(wait_of(step_of(&p, ROLLOVER_SIGNAL), GATE_CDS_MISSING)->to, ready + 60);
	assert_int_equal(step_of(&p, ROLLOVER_AWAIT_DS)->from, ready + 60);
	assert_int_equal(step_of(&p, ROLLOVER_AWAIT_DS)->to, ready + 60 + DAY);
	assert_true(step_of(&p, ROLLOVER_OBSERVE)->to >= ready + 60 + DAY + DAY);
	assert_int_equal(p.safe, step_of(&p, ROLLOVER_RETIRE)->to);
	assert_int_equal(p.end, p.safe + 3 * DAY);
}

/*! The old one is over before the signal, so only the low one is waited for after the change. */
static void a_ds_ttl_that_the_parent_lowers_is_waited_for_before_the_signal(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	m.config.via = PARENT_VIA_UPDATE;
	forecast_t p = run(&m);

	assert_int_equal(p.stuck, GATE_NONE);
	steps_follow_each_other(&p);
	const forecast_wait_t *low = wait_of(step_of(&p, ROLLOVER_PREPARE), GATE_WAITING_DS_TTL);
	assert_true(low->to >= T0 + DAY && low->to <= T0 + DAY + 2 * HOUR);
	const forecast_wait_t *old = wait_of(step_of(&p, ROLLOVER_OBSERVE), GATE_WAITING_DS_TTL);
	assert_true(old->to - old->from <= 300);
}

/*! Its agent is on this server, and restores the TTL by itself. */
static void so_is_one_that_the_agent_of_the_parent_lowers(void **state)
{
	static const parent_via_t VIAS[] = { PARENT_VIA_AUTO, PARENT_VIA_CDS, PARENT_VIA_MANUAL };
	(void)state;
	machine_t m;

	for (unsigned i = 0; i < 3; i++) {
		forecast_assume_t assume = FORECAST_ASSUME_DEFAULT;
		forecast_t p;
		machine_at(&m, ROLLOVER_PREPARE);
		m.config.via = VIAS[i];
		assume.agent_ttl = 600;
		forecast_run(&m.config, &m.row, &assume, T0, &p);
		assert_int_equal(p.stuck, GATE_NONE);
		steps_follow_each_other(&p);
		const forecast_wait_t *old = wait_of(step_of(&p, ROLLOVER_OBSERVE), GATE_WAITING_DS_TTL);
		if (VIAS[i] == PARENT_VIA_MANUAL) {
			assert_true(old->to - old->from >= DAY - HOUR);
			continue;
		}
		const forecast_wait_t *low = wait_of(step_of(&p, ROLLOVER_PREPARE), GATE_WAITING_DS_TTL);
		assert_true(low->to >= T0 + DAY && low->to <= T0 + DAY + 2 * HOUR);
		assert_true(old->to - old->from <= 600);
	}
}

/*! Whether a registry has TTLs of DS is known once it has been asked for one. */
static void a_registry_that_was_asked_for_a_ttl_is_waited_for(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_PREPARE);
	m.config.via = PARENT_VIA_EPP;
	forecast_t p = run(&m);
	const forecast_step_t *prepare = step_of(&p, ROLLOVER_PREPARE);
	for (unsigned i = 0; i < prepare->wait_count; i++) {
		assert_int_not_equal(prepare->wait[i].gate, GATE_WAITING_DS_TTL);
	}
	m.row.ds_ttl_before = DAY;
	m.row.ds_ttl_low = 300;
	m.row.ds_ttl_asked = m.row.ds_ttl_sent = T0;
	p = run(&m);
	wait_of(step_of(&p, ROLLOVER_PREPARE), GATE_WAITING_DS_TTL);
}

static void a_lifetime_starts_it_when_it_ends(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 365 * DAY;
	m.now = T0 + 100 * DAY;
	m.row.dnskey_ttl.step[0].ttl = 600;
	forecast_t p = run(&m);

	assert_false(p.imagined);
	assert_int_equal(p.start, T0 + 365 * DAY);
	assert_int_equal(p.step[1].state, ROLLOVER_PREPARE);
	wait_of(&p.step[1], GATE_WAITING_LEAD);
	assert_int_not_equal(p.end, 0);
	steps_follow_each_other(&p);
}

static void it_starts_in_its_window(void **state)
{
	(void)state;
	machine_t m;
	start_rules_t rules;
	char err[200];
	forecast_assume_t assume = FORECAST_ASSUME_DEFAULT;
	forecast_t p;

	/* T0 is Sunday 2001-09-09, 01:46:40. */
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 30 * DAY;
	m.now = T0 + 10 * DAY;
	assert_true(start_parse(&rules, "Mon 09:00-10:00", "2001-10-01..2001-10-15", err, sizeof(err)));
	assume.starts = &rules;
	assume.early = 2 * DAY;
	forecast_run(&m.config, &m.row, &assume, m.now, &p);
	const time_t monday = T0 + 43 * DAY + 7 * HOUR + 13 * 60 + 20;
	assert_int_equal(p.start, monday);
	assert_int_equal(p.step[0].wait_count, 1);
	assert_int_equal(p.step[0].wait[0].gate, GATE_START_WINDOW);
	assert_int_equal(p.step[0].wait[0].from, T0 + 28 * DAY);
	assert_int_equal(p.step[0].wait[0].to, monday);
	assert_int_equal(p.lifted, GATE_NONE);
	assert_int_not_equal(p.end, 0);
	/* It waits there now. */
	m.now = T0 + 40 * DAY;
	m.row.gate = GATE_START_WINDOW;
	m.row.gate_since = T0 + 28 * DAY;
	m.row.gate_until = monday;
	forecast_run(&m.config, &m.row, &assume, m.now, &p);
	assert_int_equal(p.start, monday);
	/* Where there is none, the operator comes first. */
	assert_true(start_parse(&rules, "Mon 09:00-10:00", "01-01..12-31", err, sizeof(err)));
	m.row.gate = GATE_START_NEVER;
	m.row.gate_until = 0;
	forecast_run(&m.config, &m.row, &assume, m.now, &p);
	assert_int_equal(p.lifted, GATE_START_NEVER);
	assert_int_equal(p.start, m.now);
}

static void it_goes_on_from_every_state(void **state)
{
	(void)state;
	time_t before = 0;
	for (int s = ROLLOVER_SETTLE; s >= ROLLOVER_PREPARE; s--) {
		machine_t m;
		machine_at(&m, s);
		m.row.since = m.row.gate_since = T0;
		forecast_t p = run(&m);
		assert_int_equal(p.step[0].state, s);
		assert_int_equal(p.step[p.count - 1].state, ROLLOVER_IDLE);
		assert_int_equal(p.count, ROLLOVER_SETTLE - s + 2);
		assert_true(p.end >= before);
		steps_follow_each_other(&p);
		before = p.end;
	}
}

static void it_says_what_the_machine_does(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_OBSERVE);
	m.row.since = m.now;
	m.row.ds_expire = 2 * DAY;
	forecast_t p = run(&m);
	const forecast_wait_t *w = wait_of(&p.step[0], GATE_WAITING_DS_TTL);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	assert_int_equal(w->to, m.row.gate_until);
	assert_int_equal(p.step[0].to, T0 + 2 * DAY);
}

static void the_delay_of_the_parent_moves_the_end(void **state)
{
	(void)state;
	machine_t m;
	forecast_t a, b;
	forecast_assume_t slow = ASSUME;
	slow.parent_delay += 5 * DAY;
	machine_at(&m, ROLLOVER_PREPARE);
	forecast_run(&m.config, &m.row, &ASSUME, m.now, &a);
	forecast_run(&m.config, &m.row, &slow, m.now, &b);
	assert_int_equal(b.end - a.end, 5 * DAY);
}

static void what_somebody_has_to_open_is_named_and_taken_for_open(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.config.hold = true;
	machine_step(&m);
	m.now += HOUR;
	forecast_t p = run(&m);
	assert_int_equal(p.lifted, GATE_HOLD);
	assert_int_not_equal(p.end, 0);
	assert_int_equal(p.step[0].wait[0].gate, GATE_HOLD);

	/* Waiting for the parent's scan is the ordinary course of things. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_STALE);
	p = run(&m);
	assert_int_equal(p.lifted, GATE_NONE);
}

static void what_the_settings_forbid_is_named_before_it_is_met(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	assert_int_equal(run(&m).lifted, GATE_NONE);
	/* The operator is assumed to make the key at once. */
	m.config.manual = true;
	forecast_t p = run(&m);
	assert_int_equal(p.lifted, GATE_NONE);
	assert_int_not_equal(p.end, 0);
	m.config.manual = false;
	m.config.dry_run = true;
	p = run(&m);
	assert_int_equal(p.lifted, GATE_DRY_RUN);
	assert_int_not_equal(p.end, 0);
	m.config.hold = true;
	assert_int_equal(run(&m).lifted, GATE_HOLD);
	m.config.observe_only = true;
	assert_int_equal(run(&m).lifted, GATE_OBSERVE_ONLY);
}

static void what_is_on_its_way_to_the_nameservers_is_waited_for(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_WITHDRAW);
	child_answer_t *late = &m.child[1];
	late->cds.present = late->cdnskey.present = true;
	late->cds.keys = late->cdnskey.keys = NEW;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_CDS_REMAINS);
	m.now += 20;
	forecast_t p = run(&m);
	assert_int_equal(p.lifted, GATE_NONE);
	assert_int_equal(p.step[0].to, T0 + 60);

	/* After that somebody has to check it. */
	m.now += 60;
	p = run(&m);
	assert_int_equal(p.lifted, GATE_CDS_REMAINS);
	assert_int_equal(p.step[0].to, m.now);
}

static void an_order_given_is_not_given_again(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	machine_step(&m);
	assert_int_equal(m.out.action, ACTION_RETIRE);
	forecast_t p = run(&m);
	assert_int_equal(p.safe, m.now + 1 + 60 + 301);
}

/*! Only what is still to come: the key is ready, and every nameserver serves CDS. */
static void while_the_parent_is_waited_for_nothing_else_is(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);

	/* Just entered; the first check has been; a day later. */
	for (int check = 0; check < 3; check++) {
		forecast_t p = run(&m);
		assert_int_equal(p.step[0].state, ROLLOVER_AWAIT_DS);
		assert_int_equal(p.step[0].wait_count, 1);
		assert_int_equal(p.step[0].wait[0].gate, GATE_DS_STALE);
		assert_int_equal(p.step[1].state, ROLLOVER_WITHDRAW);
		m.now += check * DAY / 2;
		machine_step(&m);
	}

	/* States that follow one of the same policy have nothing to switch. */
	for (rollover_state_t s = ROLLOVER_OBSERVE; s <= ROLLOVER_SETTLE; s++) {
		machine_at(&m, s);
		m.facts.asked = 0;
		forecast_t p = run(&m);
		for (unsigned i = 0; i < p.step[0].wait_count; i++) {
			assert_int_not_equal(p.step[0].wait[i].gate, GATE_POLICY_PENDING);
		}
	}
}

/*! A member of a catalog keeps its TTL, and so does a zone whose own is low enough. */
static void a_ttl_that_nobody_lowers_is_waited_for_as_it_is(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl, base, waited;
	} CASES[] = { { 300, HOUR, 300 }, { 300, 200, 200 }, { 0, HOUR, HOUR } };

	for (int i = 0; i < 3; i++) {
		machine_t m;
		forecast_t p;
		forecast_assume_t assume = ASSUME;

		assume.dnskey_ttl = CASES[i].base;
		machine_at(&m, ROLLOVER_OBSERVE);
		m.config.ttl = CASES[i].ttl;
		m.row.dnskey_ttl.count = 0;
		forecast_run(&m.config, &m.row, &assume, m.now, &p);
		const forecast_wait_t *w = wait_of(step_of(&p, ROLLOVER_RETIRE), GATE_WAITING_DNSKEY_TTL);
		assert_int_equal(w->to - w->from, CASES[i].waited + 1);
		assert_int_not_equal(p.end, 0);
	}
	/* From the beginning: neither a switch nor the lead. */
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.config.ttl = 0;
	m.row.dnskey_ttl.step[0].ttl = HOUR;
	forecast_t p = run(&m);
	assert_int_equal(step_of(&p, ROLLOVER_PREPARE)->wait_count, 0);
	const forecast_wait_t *w = wait_of(step_of(&p, ROLLOVER_INTRODUCE), GATE_WAITING_DNSKEY_TTL);
	assert_int_equal(w->to - w->from, HOUR + 1);
	assert_int_not_equal(p.end, 0);
}

static void a_state_without_a_way_out_is_said_to_be_one(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLED_BACK);
	forecast_t p = run(&m);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.end, 0);
	assert_int_equal(p.stuck, GATE_AWAITING_DECISION);
}

static void it_ends_whatever_the_row_says(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 300; round++) {
		machine_t m;
		machine_at(&m, rand() % ROLLOVER_STATE__COUNT);
		m.row.gate = rand() % GATE__COUNT;
		m.row.since = T0 - rand() % (10 * DAY);
		m.row.gate_since = m.row.since + rand() % DAY;
		m.row.all_since = rand() % 2 ? m.row.since : 0;
		m.row.all_expired = m.row.all_since != 0 ? T0 + rand() % DAY : 0;
		m.row.ordered = rand() % 2 ? T0 - rand() % 100 : 0;
		if (m.row.state == ROLLOVER_INTRODUCE) {
			m.row.has_new = rand() % 2;
		}
		m.row.old_count = m.row.state == ROLLOVER_IDLE ? rand() % 2 : 1;
		if (m.row.has_new && m.row.state <= ROLLOVER_RETIRE && rand() % 4 == 0) {
			m.row.old_count = 0; /* The first DS. */
		}
		m.row.dnskey_ttl.count = rand() % 2;
		m.config.ksk_lifetime = rand() % 2 ? 60 * DAY : 0;
		forecast_t p = run(&m);
		assert_true(p.count >= 1 && p.count <= FORECAST_STEPS_MAX);
		if (p.end == 0 && m.row.state != ROLLOVER_ROLLED_BACK && m.row.state != ROLLOVER_ROLLBACK &&
		    m.row.state != ROLLOVER_REMOVE_DS && m.row.state != ROLLOVER_EXPIRE_DS) {
			fail_msg("round %d: from %s gate %s stuck at %s in %s", round, rollover_state_name(m.row.state),
			         rollover_gate_info(m.row.gate)->name, rollover_gate_info(p.stuck)->name,
			         rollover_state_name(p.step[p.count - 1].state));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_at_rest_shows_a_rollover_started_now),
		cmocka_unit_test(a_ds_ttl_that_the_parent_lowers_is_waited_for_before_the_signal),
		cmocka_unit_test(so_is_one_that_the_agent_of_the_parent_lowers),
		cmocka_unit_test(a_registry_that_was_asked_for_a_ttl_is_waited_for),
		cmocka_unit_test(a_lifetime_starts_it_when_it_ends),
		cmocka_unit_test(it_starts_in_its_window),
		cmocka_unit_test(it_goes_on_from_every_state),
		cmocka_unit_test(it_says_what_the_machine_does),
		cmocka_unit_test(the_delay_of_the_parent_moves_the_end),
		cmocka_unit_test(what_somebody_has_to_open_is_named_and_taken_for_open),
		cmocka_unit_test(what_the_settings_forbid_is_named_before_it_is_met),
		cmocka_unit_test(what_is_on_its_way_to_the_nameservers_is_waited_for),
		cmocka_unit_test(an_order_given_is_not_given_again),
		cmocka_unit_test(while_the_parent_is_waited_for_nothing_else_is),
		cmocka_unit_test(a_ttl_that_nobody_lowers_is_waited_for_as_it_is),
		cmocka_unit_test(a_state_without_a_way_out_is_said_to_be_one),
		cmocka_unit_test(it_ends_whatever_the_row_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
