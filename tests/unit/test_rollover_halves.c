/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What half an answer, silence and a missing route mean to the machine. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "machine.h"

static const rollover_state_t WITH_CHILD[] = {
	ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE,
};
static const rollover_state_t WITH_PARENT[] = {
	ROLLOVER_IDLE,     ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL,   ROLLOVER_AWAIT_DS,
	ROLLOVER_WITHDRAW, ROLLOVER_OBSERVE, ROLLOVER_RETIRE,    ROLLOVER_ROLLBACK,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*! Everything is as it should be for longer than any wait. */
static void machine_late(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	if (state == ROLLOVER_AWAIT_DS) {
		machine_ds(m, NEW, 300);
	}
	if (state == ROLLOVER_RETIRE) {
		m->facts.own.policy = rollover_policy(&m->row);
	}
	m->now += 30 * DAY;
}

static void stays(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_int_equal(m->out.row.state, state);
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
	assert_int_equal(m->out.action, ACTION_NONE);
}

static void no_cds(machine_t *m)
{
	m->child[1].cds = (signal_rrset_t){ .unanswered = true };
}
static void no_cdnskey(machine_t *m)
{
	m->child[1].cdnskey = (signal_rrset_t){ .unanswered = true };
}
static void no_dnskey(machine_t *m)
{
	m->child[1].status = ANSWER_INCOMPLETE;
	m->child[1].dnskey = m->child[1].dnskey_signed_by = 0;
	m->child[1].dnskey_equal = false;
	m->child[1].dnskey_ttl = 0;
}

/*! RFC 8906: a box that drops what it does not know does so for ever. */
static void half_an_answer_of_a_nameserver_blocks_however_long_it_lasts(void **state)
{
	(void)state;
	void (*const halves[])(machine_t *m) = { no_cds, no_cdnskey, no_dnskey };
	for (size_t i = 0; i < COUNT(WITH_CHILD); i++) {
		for (size_t k = 0; k < COUNT(halves); k++) {
			machine_t m;
			machine_late(&m, WITH_CHILD[i]);
			/* As a caller that took it for silence would have it. */
			m.child[1].unreachable_since = T0;
			halves[k](&m);
			snprintf(m.child[1].detail, sizeof(m.child[1].detail), "CDS: timeout");
			machine_decide(&m);
			stays(&m, WITH_CHILD[i], GATE_CHILD_INCOMPLETE);
			assert_string_equal(m.out.row.gate_about, m.child[1].server);
			assert_string_equal(m.out.row.gate_detail, "CDS: timeout");
		}
	}
}

static void half_an_answer_of_a_parent_blocks_however_long_it_lasts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(WITH_PARENT); i++) {
		machine_t m;
		machine_late(&m, WITH_PARENT[i]);
		m.parent[1].status = ANSWER_INCOMPLETE;
		m.parent[1].unreachable_since = T0;
		m.parent[1].ds = 0;
		snprintf(m.parent[1].detail, sizeof(m.parent[1].detail), "truncated over UDP; TCP: timeout");
		machine_decide(&m);
		stays(&m, WITH_PARENT[i], GATE_PARENT_INCOMPLETE);
		assert_string_equal(m.out.row.gate_about, m.parent[1].server);
	}
}

static void a_parent_without_a_referral_blocks_behind_what_its_ds_says(void **state)
{
	(void)state;
	machine_t m;
	machine_late(&m, ROLLOVER_AWAIT_DS);
	m.parent[0].no_referral = true;
	snprintf(m.parent[0].detail, sizeof(m.parent[0].detail), "NS: timeout");
	machine_decide(&m);
	stays(&m, ROLLOVER_AWAIT_DS, GATE_PARENT_INCOMPLETE);
	assert_string_equal(m.out.row.gate_about, m.parent[0].server);

	m.parent[0].ds = OLD;
	machine_decide(&m);
	stays(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
	m.parent[0].ds = NEW;
	m.parent[1].ds = OLD;
	machine_decide(&m);
	stays(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
}

/*! A DNSKEY that is wrong is the worse news, and undoes what held before. */
static void what_was_answered_is_judged(void **state)
{
	(void)state;
	machine_t m;
	machine_late(&m, ROLLOVER_INTRODUCE);
	m.row.all_since = T0;
	no_cds(&m);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	machine_decide(&m);
	stays(&m, ROLLOVER_INTRODUCE, GATE_DNSKEY_MISSING);
	assert_int_equal(m.out.row.all_since, 0);

	machine_late(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, OLD, DAY);
	no_cdnskey(&m);
	m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);

	/* CDS is there and wrong, CDNSKEY was not answered. */
	machine_late(&m, ROLLOVER_SIGNAL);
	no_cdnskey(&m);
	m.child[1].cds.keys = OLD;
	machine_decide(&m);
	stays(&m, ROLLOVER_SIGNAL, GATE_CDS_DIFFERS);

	/* What is only missing undoes nothing. */
	machine_late(&m, ROLLOVER_INTRODUCE);
	m.row.all_since = T0;
	m.row.observed_last = m.now - 300;
	no_cds(&m);
	machine_decide(&m);
	stays(&m, ROLLOVER_INTRODUCE, GATE_CHILD_INCOMPLETE);
	assert_int_equal(m.out.row.all_since, T0);
}

/*!
 * Taken back, the wrong CDS would be gone, the server right again, and the signal out again: for ever, and nobody
 * notified.
 */
static void wrong_signals_of_a_server_do_not_take_them_back(void **state)
{
	(void)state;
	static const answer_status_t WRONG[] = { ANSWER_BOGUS, ANSWER_ERROR };
	static const rollover_state_t AT[] = { ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS };
	for (size_t i = 0; i < COUNT(AT); i++) {
		for (size_t k = 0; k < COUNT(WRONG); k++) {
			machine_t m;
			machine_late(&m, AT[i]);
			machine_ds(&m, OLD, DAY);
			m.child[1].status = WRONG[k];
			m.child[1].signals_wrong = true;
			m.child[1].cds = (signal_rrset_t){ 0 };
			snprintf(m.child[1].detail, sizeof(m.child[1].detail), "CDS: unproven NODATA");
			machine_decide(&m);
			stays(&m, AT[i], WRONG[k] == ANSWER_BOGUS ? GATE_BOGUS : GATE_CHILD_ERROR);
			assert_string_equal(m.out.row.gate_about, m.child[1].server);

			/* A DNSKEY that is wrong besides still does. */
			m.child[1].dnskey = m.child[1].dnskey_signed_by = OLD;
			machine_decide(&m);
			assert_int_equal(m.out.row.state, ROLLOVER_INTRODUCE);
		}
	}

	/* Where CDS must not be, its absence has to be proven as before. */
	machine_t m;
	machine_late(&m, ROLLOVER_INTRODUCE);
	m.child[1].status = ANSWER_BOGUS;
	m.child[1].signals_wrong = true;
	machine_decide(&m);
	stays(&m, ROLLOVER_INTRODUCE, GATE_BOGUS);
}

static void half_an_answer_outweighs_none(void **state)
{
	(void)state;
	machine_t m;
	machine_late(&m, ROLLOVER_INTRODUCE);
	no_cds(&m);
	m.child[0].status = ANSWER_UNREACHABLE;
	m.child[0].unreachable_since = m.now - HOUR;
	machine_decide(&m);
	stays(&m, ROLLOVER_INTRODUCE, GATE_CHILD_INCOMPLETE);
}

/*! The DNSKEY was answered: caches have its TTL. */
static void the_ttl_of_half_an_answer_counts(void **state)
{
	(void)state;
	machine_t m;
	machine_late(&m, ROLLOVER_INTRODUCE);
	no_cds(&m);
	m.child[1].dnskey_ttl = 2 * DAY;
	machine_step(&m);
	assert_int_equal(ttl_window_max(&m.row.dnskey_ttl, m.now), 2 * DAY);

	/* Without a DNSKEY the last one known stays. */
	machine_late(&m, ROLLOVER_INTRODUCE);
	ttl_window_add(&m.row.dnskey_ttl, HOUR, m.now - 10);
	no_dnskey(&m);
	machine_step(&m);
	assert_int_equal(ttl_window_max(&m.row.dnskey_ttl, m.now), HOUR);
	assert_int_equal(m.row.dnskey_ttl.step[0].ttl, HOUR);
}

static void a_server_without_a_route_blocks_and_never_goes_out_of_service(void **state)
{
	(void)state;
	machine_t m;
	machine_late(&m, ROLLOVER_INTRODUCE);
	no_dnskey(&m);
	m.child[1].status = ANSWER_NO_ROUTE;
	m.child[1].unreachable_since = T0;
	snprintf(m.child[1].detail, sizeof(m.child[1].detail), "this host has no route to IPv6 addresses");
	machine_decide(&m);
	stays(&m, ROLLOVER_INTRODUCE, GATE_CHILD_UNREACHABLE);
	assert_string_equal(m.out.row.gate_detail, m.child[1].detail);

	machine_late(&m, ROLLOVER_IDLE);
	m.parent[1].status = ANSWER_NO_ROUTE;
	m.parent[1].unreachable_since = T0;
	m.parent[1].ds = 0;
	machine_decide(&m);
	stays(&m, ROLLOVER_IDLE, GATE_PARENT_UNREACHABLE);
}

/*! A check of a silent server at \a now. \return For how long it has been silent. */
static time_t check(rollover_silence_t *silence, bool heard, time_t now)
{
	machine_t m;
	machine_init(&m);
	const rollover_clock_t clock = { .wall = now, .boot = 1 };
	rollover_silence(&m.config, silence, heard, &clock);
	assert_int_equal(silence->seen.wall, now);
	return now - silence->since;
}

static void silence_counts_while_others_answer(void **state)
{
	(void)state;
	rollover_silence_t s = { 0 };
	for (time_t i = 0; i <= 13; i++) {
		assert_int_equal(check(&s, true, T0 + i * HOUR), i * HOUR);
	}
}

/*! Between two checks counts if others answered in both. */
static void silence_of_a_host_that_is_cut_off_counts_for_nobody(void **state)
{
	(void)state;
	rollover_silence_t s = { 0 };
	assert_int_equal(check(&s, true, T0), 0);
	assert_int_equal(check(&s, true, T0 + HOUR), HOUR);
	for (time_t i = 2; i <= 15; i++) {
		assert_int_equal(check(&s, false, T0 + i * HOUR), HOUR);
	}
	assert_int_equal(check(&s, true, T0 + 16 * HOUR), HOUR);
	assert_int_equal(check(&s, true, T0 + 17 * HOUR), 2 * HOUR);

	/* It begins in an outage. */
	memset(&s, 0, sizeof(s));
	for (time_t i = 0; i <= 13; i++) {
		assert_int_equal(check(&s, false, T0 + i * HOUR), 0);
	}
	assert_int_equal(check(&s, true, T0 + 14 * HOUR), 0);
	assert_int_equal(check(&s, true, T0 + 15 * HOUR), HOUR);

	/* Single checks in which somebody answers do not make up for those in between. */
	memset(&s, 0, sizeof(s));
	for (time_t i = 0; i <= 40; i++) {
		assert_int_equal(check(&s, i % 2 == 0, T0 + i * HOUR), 0);
	}
}

static void silence_that_nobody_checked_starts_anew(void **state)
{
	(void)state;
	rollover_silence_t s = { 0 };
	assert_int_equal(check(&s, true, T0), 0);
	assert_int_equal(check(&s, true, T0 + 5 * HOUR), 5 * HOUR);
	assert_int_equal(check(&s, false, T0 + 16 * HOUR), 0);
	/* What is stored makes no sense: a clock that was wrong. */
	s = (rollover_silence_t){ .since = T0 + HOUR, .seen = { .wall = T0, .boot = 1 }, .alone = true };
	assert_int_equal(check(&s, true, T0 + HOUR), 0);
}

/*! Case: after an outage of 13 hours one parent answers, the other has never had the new DS. */
static void the_hosts_own_outage_puts_no_server_out_of_service(void **state)
{
	(void)state;
	machine_t m;
	rollover_silence_t s = { 0 };
	machine_at(&m, ROLLOVER_AWAIT_DS);
	for (m.now = T0; m.now <= T0 + 13 * HOUR; m.now += HOUR) {
		(void)check(&s, m.now == T0, m.now);
	}
	(void)check(&s, true, m.now);
	machine_ds(&m, NEW, 300);
	m.parent[1].status = ANSWER_UNREACHABLE;
	m.parent[1].unreachable_since = s.since;
	machine_decide(&m);
	stays(&m, ROLLOVER_AWAIT_DS, GATE_PARENT_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_an_answer_of_a_nameserver_blocks_however_long_it_lasts),
		cmocka_unit_test(half_an_answer_of_a_parent_blocks_however_long_it_lasts),
		cmocka_unit_test(a_parent_without_a_referral_blocks_behind_what_its_ds_says),
		cmocka_unit_test(what_was_answered_is_judged),
		cmocka_unit_test(wrong_signals_of_a_server_do_not_take_them_back),
		cmocka_unit_test(half_an_answer_outweighs_none),
		cmocka_unit_test(the_ttl_of_half_an_answer_counts),
		cmocka_unit_test(a_server_without_a_route_blocks_and_never_goes_out_of_service),
		cmocka_unit_test(silence_counts_while_others_answer),
		cmocka_unit_test(silence_of_a_host_that_is_cut_off_counts_for_nobody),
		cmocka_unit_test(silence_that_nobody_checked_starts_anew),
		cmocka_unit_test(the_hosts_own_outage_puts_no_server_out_of_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
