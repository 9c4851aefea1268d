/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TTL of DS around a change: when the parent is asked for it, what a rollover waits for, and what is restored.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "machine.h"

/*! The parent can be asked for a TTL. */
static void can_ask(machine_t *m)
{
	m->facts.ds_ttl.low = 300;
	m->config.notify_again = HOUR;
}

static void ttls(machine_t *m, uint32_t first, uint32_t second)
{
	m->parent[0].ds_ttl = first;
	m->parent[1].ds_ttl = second;
}

/*! A check after that time. */
static void later(machine_t *m, time_t seconds)
{
	machine_pass(m, seconds);
	machine_step(m);
}

/*! A check at which the servers of the parent have these TTLs. */
static void meets(machine_t *m, uint32_t first, uint32_t second)
{
	ttls(m, first, second);
	machine_step(m);
}

/*! A zone in this state whose TTL was lowered days ago. */
static void lowered(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	can_ask(m);
	m->row.ds_ttl_before = DAY;
	m->row.ds_ttl_low = 300;
	m->row.ds_ttl_asked = m->row.ds_ttl_sent = T0 - 5 * DAY;
	m->row.ds_ttl_since = T0 - 4 * DAY;
	ttls(m, 300, 300);
}

/*! A rollover that waits in this state, with the DS TTL as it always was. */
static void begin(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	can_ask(m);
	machine_step(m);
}

/*! The parent was asked, and all its servers have the low TTL. */
static void lower(machine_t *m, rollover_state_t state)
{
	begin(m, state);
	machine_pass(m, 60);
	ttls(m, 300, 300);
	m->facts.ds_ttl.made = 300;
	machine_step(m);
}

static void each_state_before_the_signal_asks_for_the_low_ttl(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = { ROLLOVER_PRESIGN, ROLLOVER_PREPARE, ROLLOVER_INTRODUCE };
	machine_t m;

	for (int i = 0; i < 3; i++) {
		begin(&m, STATES[i]);
		assert_int_equal(m.row.state, STATES[i]);
		assert_int_equal(m.out.ds_ttl, 300);
		/* It is in the row, which is stored before anything is sent. */
		assert_int_equal(m.row.ds_ttl_before, DAY);
		assert_int_equal(m.row.ds_ttl_low, 300);
		assert_int_equal(m.row.ds_ttl_sent, T0);
		assert_false(m.row.ds_ttl_back);
		assert_int_equal(rollover_ds_ttl_wanted(&m.row), 300);
		assert_true(rollover_lowers_ds_ttl(&m.config, &m.row));
		m.config.hold = true;
		assert_false(rollover_lowers_ds_ttl(&m.config, &m.row));
		assert_true(rollover_keeps_ds_ttl(&m.row));
		m.config.hold = false;
	}
}

static void nothing_is_asked_for_where_no_ttl_can_be_set_or_it_is_low(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_PREPARE);
	m.config.lead = 0;
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.ds_ttl_asked, 0);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);

	machine_at(&m, ROLLOVER_PREPARE);
	can_ask(&m);
	ttls(&m, 300, 120);
	m.config.lead = 0;
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.ds_ttl_before, 0);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void a_zone_that_is_not_driven_asks_for_nothing(void **state)
{
	(void)state;
	machine_t m;

	for (int i = 0; i < 3; i++) {
		machine_at(&m, ROLLOVER_PREPARE);
		can_ask(&m);
		m.config.hold = i == 0;
		m.config.dry_run = i == 1;
		m.facts.own.frozen = i == 2;
		machine_step(&m);
		assert_int_equal(m.out.ds_ttl, 0);
		assert_int_equal(m.row.ds_ttl_before, 0);
	}
}

static void prepare_waits_until_every_server_has_it_and_caches_have_lost_the_old_one(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	machine_pass(&m, 2 * HOUR);
	meets(&m, 300, DAY);
	assert_int_equal(m.row.gate, GATE_DS_TTL_HIGH);
	assert_string_equal(m.row.gate_about, m.parent[1].server);

	machine_pass(&m, HOUR);
	meets(&m, 300, 300);
	const time_t low = m.now;
	assert_int_equal(m.row.ds_ttl_since, low);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	assert_int_equal(m.row.gate_until, low + DAY + 1);
	m.now = low + DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	m.now = low + DAY + 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

/*! The agent of this server may not have read its zone again yet, as after a restart. */
static void the_old_ttl_is_waited_for_also_where_the_way_is_gone(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	machine_pass(&m, 3 * HOUR);
	meets(&m, 300, 300);
	const time_t low = m.now;
	m.facts.ds_ttl = (ds_ttl_facts_t){ 0 };
	m.now = low + DAY;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_PREPARE);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	m.now = low + DAY + 1;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void lead_counts_from_the_low_ttl_on_all_servers_of_the_parent(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_PREPARE);
	can_ask(&m);
	m.row.ds_ttl.count = 0;
	meets(&m, 600, 600);
	machine_pass(&m, 2 * HOUR); /* All nameservers have the low TTL of DNSKEY since T0. */
	meets(&m, 300, 300);
	later(&m, 601);
	assert_int_equal(m.row.gate, GATE_WAITING_LEAD);
	assert_int_equal(m.row.gate_until, T0 + 3 * HOUR);
	m.now = T0 + 3 * HOUR;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
}

static void introduce_waits_as_well_before_the_signal(void **state)
{
	(void)state;
	machine_t m;

	lower(&m, ROLLOVER_INTRODUCE);
	later(&m, HOUR);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
	later(&m, DAY);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
}

static void a_refusal_lets_the_rollover_continue_at_once_and_leaves_nothing_to_restore(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	machine_pass(&m, HOUR);
	m.facts.ds_ttl.refused = 300;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_ttl_before, 0);
	m.facts.ds_ttl.refused = 0;
	later(&m, 2 * HOUR);
	assert_int_equal(m.out.ds_ttl, 0); /* Not again in this rollover. */
}

/*! Whoever is on the way there can write such an answer, and let the message pass. */
static void a_refusal_that_nobody_has_signed_is_no_proof_that_nothing_was_lowered(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	machine_pass(&m, HOUR);
	m.facts.ds_ttl.refused = 300;
	m.facts.ds_ttl.unproven = true;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_ttl_before, DAY);
}

/*! A message of before may have lowered it all the same. */
static void a_later_refusal_is_no_proof_that_nothing_was_lowered(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	later(&m, HOUR);
	assert_int_equal(m.out.ds_ttl, 300); /* After notify-again. */
	machine_pass(&m, 60);
	m.facts.ds_ttl.refused = 300;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_ttl_before, DAY);
}

/*! A clock of 1970 has no times before that: what was long ago is at one time with what was longer ago. */
static void a_later_refusal_is_no_proof_by_a_clock_of_1970_either(void **state)
{
	(void)state;

	for (int right = 0; right < 2; right++) {
		machine_t m;
		begin(&m, ROLLOVER_PREPARE);
		later(&m, HOUR);
		assert_int_equal(m.out.ds_ttl, 300);
		machine_pass(&m, HOUR);
		const time_t then = m.now;
		m.row.clock = (rollover_clock_t){ .wall = m.now, .boot = 1 };
		m.now = 60;
		rollover_follow_clock(&m.row, &(rollover_clock_t){ .wall = m.now, .boot = 2 });
		if (right) {
			m.now = then;
			rollover_follow_clock(&m.row, &(rollover_clock_t){ .wall = m.now, .boot = 3 });
		}
		machine_pass(&m, HOUR);
		m.facts.ds_ttl.refused = 300;
		machine_step(&m);
		assert_int_equal(m.row.ds_ttl_before, DAY);
	}
}

/*! The message that was refused is not the one that lowered it. */
static void a_refusal_is_none_where_a_server_has_the_low_ttl(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	machine_pass(&m, HOUR);
	m.parent[0].ds_ttl = 300;
	m.facts.ds_ttl.refused = 300;
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, DAY);
}

static void nobody_waits_longer_than_for_a_server_that_is_silent(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	m.now = T0 + m.config.unreachable_after - 1;
	meets(&m, 300, DAY);
	assert_int_equal(m.row.gate, GATE_DS_TTL_HIGH);
	m.now++;
	machine_step(&m);
	assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	assert_int_equal(m.row.ds_ttl_before, DAY);
}

static void servers_that_differ_are_waited_for_before_it_is_lowered(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_PREPARE);
	can_ask(&m);
	m.config.lead = 0;
	meets(&m, DAY, HOUR);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.gate, GATE_DS_TTL_HIGH);
	assert_string_equal(m.row.gate_about, m.parent[0].server);
	machine_pass(&m, HOUR);
	meets(&m, HOUR, HOUR);
	assert_int_equal(m.out.ds_ttl, 300);
	assert_int_equal(m.row.ds_ttl_before, HOUR);
}

static void it_is_asked_for_again_after_notify_again_or_when_nothing_was_sent(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	later(&m, 60);
	assert_int_equal(m.out.ds_ttl, 0);
	m.facts.ds_ttl.again = true;
	later(&m, 60);
	assert_int_equal(m.out.ds_ttl, 300);
	m.facts.ds_ttl.again = false;
	later(&m, 60);
	assert_int_equal(m.out.ds_ttl, 0);
	later(&m, HOUR);
	assert_int_equal(m.out.ds_ttl, 300);
}

static void from_the_signal_until_it_has_settled_the_ttl_stays_low(void **state)
{
	(void)state;
	static const rollover_state_t STATES[] = {
		ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE,
		ROLLOVER_RETIRE, ROLLOVER_SETTLE,   ROLLOVER_ROLLBACK, ROLLOVER_CLEAN,
	};
	machine_t m;

	for (unsigned i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		lowered(&m, STATES[i]);
		machine_step(&m);
		assert_int_equal(m.out.ds_ttl, 0);
		assert_int_equal(m.row.ds_ttl_before, DAY);
		assert_false(m.row.ds_ttl_back);
	}
}

static void a_zone_at_rest_restores_the_ttl_and_says_until_then_who_has_the_low_one(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	assert_int_equal(rollover_needs(&m.config, &m.row, m.facts.keys, 1, T0), SURVEY_PARENT | SURVEY_CHILD);
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, DAY);
	assert_true(m.row.ds_ttl_back);
	assert_int_equal(m.row.gate, GATE_DS_TTL_LOW);
	assert_non_null(strstr(m.row.gate_detail, "TTL 300 s instead of 86400 s"));
	const time_t since = m.row.gate_since;
	machine_pass(&m, 60);
	ttls(&m, DAY, 300);
	m.facts.ds_ttl.made = DAY;
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_DS_TTL_LOW);
	assert_int_equal(m.row.gate_since, since);
	assert_false(m.out.gate_changed);
	assert_string_equal(m.row.gate_about, m.parent[1].server);
	machine_pass(&m, 60);
	meets(&m, DAY, DAY);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.ds_ttl_before, 0);
	assert_int_equal(m.row.ds_ttl_asked, 0);
}

static void a_zone_that_was_rolled_back_restores_it_as_well(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_ROLLED_BACK);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_AWAITING_DECISION);
	assert_int_equal(m.out.ds_ttl, DAY);
}

/*! The servers may not have what has lowered it yet: only what the parent has made after that proves something. */
static void what_servers_show_is_no_proof_that_nothing_was_lowered(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	m.row.state = ROLLOVER_IDLE; /* Given up. */
	machine_serve(&m, OLD, HOUR);
	later(&m, 60);
	assert_int_equal(m.out.ds_ttl, DAY);
	assert_int_equal(m.row.ds_ttl_before, DAY);
	later(&m, m.config.unreachable_after);
	assert_int_equal(m.row.ds_ttl_before, DAY);
	machine_pass(&m, 60);
	m.facts.ds_ttl.made = DAY;
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, 0);
}

static void what_others_set_is_not_restored_over(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	meets(&m, 7200, 7200);
	assert_int_equal(m.out.ds_ttl, 0);
	/* It spreads. */
	machine_pass(&m, 60);
	meets(&m, 300, 7200);
	assert_int_equal(m.out.ds_ttl, 0);
	ttls(&m, 7200, 7200);
	later(&m, 60);
	later(&m, m.config.unreachable_after);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.ds_ttl_before, 0);
}

static void what_others_set_back_in_the_rollover_is_not_lowered_again(void **state)
{
	(void)state;
	machine_t m;

	lower(&m, ROLLOVER_INTRODUCE);
	machine_pass(&m, 2 * HOUR);
	meets(&m, DAY, DAY);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.state, ROLLOVER_SIGNAL);
}

static void a_ds_that_others_remove_takes_its_ttl_with_it(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	machine_ds(&m, 0, 300);
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.ds_ttl_before, 0);
}

/*! Nobody but the operator can help, so nothing waits until the gate has lasted. */
static void a_channel_that_fails_is_the_operator_s_at_once(void **state)
{
	(void)state;
	machine_t m;

	for (int i = 0; i < 2; i++) {
		(i == 0 ? begin : lowered)(&m, i == 0 ? ROLLOVER_PREPARE : ROLLOVER_IDLE);
		strcpy(m.facts.ds_ttl.why, "update-unsent: no connection");
		strcpy(m.facts.ds_ttl.at, "192.0.2.1@53");
		later(&m, 2 * HOUR);
		assert_int_equal(m.row.gate, GATE_DS_TTL_NOT_SET);
		assert_int_equal(rollover_gate_info(m.row.gate)->actor, ACTOR_OPERATOR);
		assert_string_equal(m.row.gate_about, m.facts.ds_ttl.at);
		assert_non_null(strstr(m.row.gate_detail, m.facts.ds_ttl.why));
	}
}

static void a_message_that_waits_for_its_turn_is_no_failure(void **state)
{
	(void)state;
	machine_t m;

	begin(&m, ROLLOVER_PREPARE);
	strcpy(m.facts.ds_ttl.queue, "in the queue of account lab: 3 commands come first");
	later(&m, 2 * HOUR);
	assert_int_equal(m.row.gate, GATE_DS_TTL_HIGH);
	assert_string_equal(m.row.gate_detail, m.facts.ds_ttl.queue);
}

/*! It has not answered for so long that nobody waits for it. */
static void out_of_service(machine_t *m)
{
	m->parent[1].status = ANSWER_UNREACHABLE;
	m->parent[1].unreachable_since = m->now - m->config.unreachable_after;
}

static void that_a_ds_was_removed_is_known_without_a_server_out_of_service(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	machine_ds(&m, 0, 300);
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = m.now - 60;
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, DAY);
	out_of_service(&m);
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, 0);

	lowered(&m, ROLLOVER_IDLE);
	out_of_service(&m);
	m.parent[0] = m.parent[1];
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, DAY); /* Nobody says so. */
}

static void caches_of_the_others_are_waited_for_where_a_server_is_out_of_service(void **state)
{
	(void)state;
	machine_t m;

	for (int i = 0; i < 2; i++) {
		const uint32_t before = i == 0 ? DAY : 2 * ROLLOVER_TTL_COUNTS, counts = before / (i + 1);
		machine_at(&m, ROLLOVER_PREPARE);
		can_ask(&m);
		meets(&m, before, before);
		machine_pass(&m, 2 * HOUR);
		out_of_service(&m);
		meets(&m, 300, before);
		assert_int_equal(m.row.gate, GATE_WAITING_DS_TTL);
		assert_int_equal(m.row.gate_until, m.now + counts + 1);
		later(&m, counts + 1);
		assert_int_equal(m.row.state, ROLLOVER_INTRODUCE);
	}
}

static void a_channel_that_is_gone_is_said_until_the_ttl_is_another_one(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	m.facts.ds_ttl.low = 0;
	machine_step(&m);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.gate, GATE_DS_TTL_NOT_SET);
	assert_string_equal(m.row.gate_about, "");
	assert_non_null(strstr(m.row.gate_detail, "parent-via cannot set it any more"));
	ttls(&m, DAY, DAY);
	later(&m, 60);
	later(&m, m.config.unreachable_after);
	assert_int_equal(m.row.gate, GATE_NONE);
	assert_int_equal(m.row.ds_ttl_before, 0);
}

/*! It was lowered by EPP, and `parent-via` is another one by now: the agent of this server knows nothing of it. */
static void what_the_agent_has_not_lowered_it_does_not_restore(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_IDLE);
	m.facts.ds_ttl.by_agent = true;
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, DAY);
	assert_int_equal(m.out.ds_ttl, 0);
	assert_int_equal(m.row.gate, GATE_DS_TTL_NOT_SET);
	assert_non_null(strstr(m.row.gate_detail, "parent-via cannot set it any more"));
	/* Nor does it lower that further, or keep it so. */
	assert_int_equal(m.row.ds_ttl_since, 0);
	assert_false(rollover_lowers_ds_ttl(&m.config, &m.row));
	assert_false(rollover_keeps_ds_ttl(&m.row));
	m.facts.ds_ttl.returns = true;
	machine_step(&m);
	assert_int_equal(m.row.ds_ttl_before, 0);
}

static void the_next_rollover_remembers_the_ttl_of_before_the_first(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_PREPARE);
	can_ask(&m);
	m.row.ds_ttl_before = DAY;
	m.row.ds_ttl_low = 300;
	m.row.ds_ttl_back = true;
	m.row.ds_ttl_asked = m.row.ds_ttl_sent = T0 - 60;
	meets(&m, 300, 300);
	assert_false(m.row.ds_ttl_back);
	assert_int_equal(m.row.ds_ttl_before, DAY);
	assert_int_equal(m.out.ds_ttl, 0);
}

/*!
 * A message that restores the TTL waits at a primary that is frozen, and is made just before the new DS. The simulator
 * found that.
 */
static void a_restored_ttl_that_may_come_with_the_new_ds_is_waited_for(void **state)
{
	(void)state;
	static const struct {
		time_t sent;
		bool back;
		uint32_t ttl;
	} rows[] = {
		{ T0 - HOUR, false, 300 }, /* What was sent last lowers it. */
		{ T0 - HOUR + 60, false, 300 },
		{ T0 - HOUR - 1, false, DAY },
		{ T0 - HOUR, true, DAY },
		{ 1, false, DAY }, /* By a clock of 1970. */
		{ 0, false, 300 },
	};
	machine_t m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		lowered(&m, ROLLOVER_AWAIT_DS);
		m.row.ds_ttl_asked = rows[i].sent == 1 ? 1 : T0 - HOUR;
		m.row.ds_ttl_since = T0 - HOUR;
		m.row.ds_ttl_sent = rows[i].sent;
		m.row.ds_ttl_back = rows[i].back;
		m.row.ds_ttl = (ttl_window_t){ .step = { { 300, T0 - 60 } }, .count = 1 };
		machine_ds(&m, NEW, 300);
		machine_step(&m);
		assert_int_equal(m.row.ds_all_since, T0);
		assert_int_equal(m.row.ds_expire, 1 + rows[i].ttl);
	}

	/* Sent in the very second in which the next rollover begins. */
	machine_at(&m, ROLLOVER_PREPARE);
	can_ask(&m);
	m.row.ds_ttl_before = DAY;
	m.row.ds_ttl_low = 300;
	m.row.ds_ttl_back = true;
	m.row.ds_ttl_asked = T0 - 60;
	m.row.ds_ttl_sent = T0;
	meets(&m, 300, 300);
	assert_int_equal(m.row.ds_ttl_asked, T0);
	assert_int_equal(m.row.ds_ttl_sent, T0 - 1);
}

/*! The new DS may have been there when the low TTL was asked for, as after a rollback: that message is about it. */
static void a_new_ds_with_the_ttl_of_before_is_no_proof_that_nothing_was_lowered(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_OBSERVE);
	meets(&m, DAY, DAY);
	assert_int_equal(m.row.state, ROLLOVER_OBSERVE);
	assert_int_not_equal(m.row.ds_all_since, 0);
	assert_int_equal(m.row.ds_ttl_before, DAY);
}

static void the_bounds_of_the_parent_are_kept(void **state)
{
	(void)state;
	assert_int_equal(rollover_ds_ttl(300, 0, 0), 300);
	assert_int_equal(rollover_ds_ttl(300, 3600, 0), 3600); /* Accepted. */
	assert_int_equal(rollover_ds_ttl(900, 60, 600), 600);
	assert_int_equal(rollover_ds_ttl(0, 3600, 0), 0);
}

static void a_ttl_of_one_server_alone_does_not_come_with_the_new_ds(void **state)
{
	(void)state;
	machine_t m;

	lowered(&m, ROLLOVER_AWAIT_DS);
	ttls(&m, 2 * DAY, DAY);
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 0), 300);
	/* A primary that has refused the low one might refuse the DS with it. */
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 300), DAY);
	m.row.ds_ttl_back = true;
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 0), DAY);
	/* What all have is the parent's own; so is that of those that answer. */
	ttls(&m, 2 * DAY, 2 * DAY);
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 0), 2 * DAY);
	ttls(&m, 2 * DAY, DAY);
	m.parent[1].status = ANSWER_UNREACHABLE;
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 0), 2 * DAY);
	m.parent[1].status = ANSWER_OK;
	/* Nothing was asked for. */
	m.row.ds_ttl_before = m.row.ds_ttl_low = 0;
	assert_int_equal(rollover_ds_ttl_of_change(&m.row, m.parent, 2, 0), 2 * DAY);
}

static void the_times_move_with_the_clock(void **state)
{
	(void)state;
	machine_t m;
	rollover_clock_t now = { .wall = T0, .ahead = 0, .boot = 1 };

	lower(&m, ROLLOVER_PREPARE);
	rollover_follow_clock(&m.row, &now);
	const time_t asked = m.row.ds_ttl_asked, sent = m.row.ds_ttl_sent, since = m.row.ds_ttl_since;
	now.wall += DAY;
	now.ahead += (int64_t)DAY * 1000;
	rollover_follow_clock(&m.row, &now);
	assert_int_equal(m.row.ds_ttl_asked, asked + DAY);
	assert_int_equal(m.row.ds_ttl_sent, sent + DAY);
	assert_int_equal(m.row.ds_ttl_since, since + DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_before_the_signal_asks_for_the_low_ttl),
		cmocka_unit_test(nothing_is_asked_for_where_no_ttl_can_be_set_or_it_is_low),
		cmocka_unit_test(a_zone_that_is_not_driven_asks_for_nothing),
		cmocka_unit_test(prepare_waits_until_every_server_has_it_and_caches_have_lost_the_old_one),
		cmocka_unit_test(the_old_ttl_is_waited_for_also_where_the_way_is_gone),
		cmocka_unit_test(lead_counts_from_the_low_ttl_on_all_servers_of_the_parent),
		cmocka_unit_test(introduce_waits_as_well_before_the_signal),
		cmocka_unit_test(a_refusal_lets_the_rollover_continue_at_once_and_leaves_nothing_to_restore),
		cmocka_unit_test(a_refusal_that_nobody_has_signed_is_no_proof_that_nothing_was_lowered),
		cmocka_unit_test(a_later_refusal_is_no_proof_that_nothing_was_lowered),
		cmocka_unit_test(a_later_refusal_is_no_proof_by_a_clock_of_1970_either),
		cmocka_unit_test(a_refusal_is_none_where_a_server_has_the_low_ttl),
		cmocka_unit_test(nobody_waits_longer_than_for_a_server_that_is_silent),
		cmocka_unit_test(servers_that_differ_are_waited_for_before_it_is_lowered),
		cmocka_unit_test(it_is_asked_for_again_after_notify_again_or_when_nothing_was_sent),
		cmocka_unit_test(from_the_signal_until_it_has_settled_the_ttl_stays_low),
		cmocka_unit_test(a_zone_at_rest_restores_the_ttl_and_says_until_then_who_has_the_low_one),
		cmocka_unit_test(a_zone_that_was_rolled_back_restores_it_as_well),
		cmocka_unit_test(what_servers_show_is_no_proof_that_nothing_was_lowered),
		cmocka_unit_test(what_others_set_is_not_restored_over),
		cmocka_unit_test(what_others_set_back_in_the_rollover_is_not_lowered_again),
		cmocka_unit_test(a_ds_that_others_remove_takes_its_ttl_with_it),
		cmocka_unit_test(that_a_ds_was_removed_is_known_without_a_server_out_of_service),
		cmocka_unit_test(caches_of_the_others_are_waited_for_where_a_server_is_out_of_service),
		cmocka_unit_test(a_channel_that_fails_is_the_operator_s_at_once),
		cmocka_unit_test(a_message_that_waits_for_its_turn_is_no_failure),
		cmocka_unit_test(a_channel_that_is_gone_is_said_until_the_ttl_is_another_one),
		cmocka_unit_test(what_the_agent_has_not_lowered_it_does_not_restore),
		cmocka_unit_test(the_next_rollover_remembers_the_ttl_of_before_the_first),
		cmocka_unit_test(a_restored_ttl_that_may_come_with_the_new_ds_is_waited_for),
		cmocka_unit_test(a_new_ds_with_the_ttl_of_before_is_no_proof_that_nothing_was_lowered),
		cmocka_unit_test(the_bounds_of_the_parent_are_kept),
		cmocka_unit_test(a_ttl_of_one_server_alone_does_not_come_with_the_new_ds),
		cmocka_unit_test(the_times_move_with_the_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
