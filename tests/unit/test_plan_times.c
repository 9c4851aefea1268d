/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plan to the second. With the defaults: nameservers have a change after 60 s, the parent acts a day after CDS is
 * everywhere; an order takes a second, a switch of the policy as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"
#include "kskroll/forecast.h"

static const forecast_assume_t ASSUME = FORECAST_ASSUME_DEFAULT;

/* From the signal on all rollovers of these tests are the same. */
#define FROM_OBSERVE   " | observe waiting-ds-ttl 86341 waiting-observe 59" FROM_RETIRE
#define FROM_RETIRE    " | retire knot-keeps-key 1 dnskey-remains-at 60 waiting-dnskey-ttl 301" FROM_SETTLE
#define FROM_SETTLE    " | settle waiting-settle 259200 | idle"
#define FROM_AWAIT_DS  " | await-ds ds-stale-at 86400 | withdraw cds-remains-at 60" FROM_OBSERVE
#define FROM_SIGNAL    " | signal cds-missing-at 60" FROM_AWAIT_DS
#define FROM_INTRODUCE " | introduce knot-no-new-key 1 dnskey-missing-at 60 waiting-dnskey-ttl 301" FROM_SIGNAL

/*! Each step with the gates and seconds of its waits; then checks that steps and waits leave no hole. */
static void expect(const machine_t *m, const char *steps)
{
	char text[2048] = "";
	forecast_t plan;

	forecast_run(&m->config, &m->row, &ASSUME, m->now, &plan);
	for (unsigned i = 0; i < plan.count; i++) {
		const forecast_step_t *s = &plan.step[i];
		size_t len = strlen(text);
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " | " : "",
		                rollover_state_name(s->state));
		for (unsigned j = 0; j < s->wait_count; j++) {
			const forecast_wait_t *w = &s->wait[j];
			const long seconds = w->to != 0 ? (long)(w->to - w->from) : -1;
			len += snprintf(text + len, sizeof(text) - len, " %s %ld", rollover_gate_info(w->gate)->name,
			                seconds);
			if (j > 0) {
				assert_int_equal(w->from, s->wait[j - 1].to);
			}
			if (i > 0) {
				assert_true(j > 0 || w->from == s->from);
				assert_true(j + 1 < s->wait_count || w->to == s->to);
			}
		}
		if (i + 1 < plan.count) {
			assert_int_equal(s->to, plan.step[i + 1].from);
		}
	}
	assert_string_equal(text, steps);
}

static void a_rollover_started_now(void **state)
{
	(void)state;
	machine_t m;
	machine_init(&m);
	/* The key comes with the high TTL: it is waited for. */
	expect(&m, "idle | introduce dnskey-missing-at 60 waiting-dnskey-ttl 3601" FROM_SIGNAL);
}

static void a_rollover_by_lifetime(void **state)
{
	(void)state;
	machine_t m;
	forecast_t plan;

	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 365 * DAY;
	m.now = T0 + 100 * DAY;
	/* The base policy has the low TTL already: nothing is lowered, and nothing is waited for. */
	expect(&m, "idle | prepare" FROM_INTRODUCE);
	/* Half an hour of TTL in caches; the rest of the lead. */
	m.row.dnskey_ttl.step[0].ttl = 1800;
	expect(&m, "idle | prepare ttl-high-at 60 waiting-dnskey-ttl 1801 waiting-lead 1799" FROM_INTRODUCE);

	/* Two hours of TTL in caches, and three days of DS TTL. */
	m.row.dnskey_ttl.step[0].ttl = 7200;
	m.row.ds_ttl.step[0].ttl = 3 * DAY;
	expect(&m,
	       "idle | prepare ttl-high-at 60 waiting-dnskey-ttl 7201 | introduce knot-no-new-key 1 dnskey-missing-at 60 "
	       "waiting-dnskey-ttl 301 | signal cds-missing-at 60 | await-ds ds-stale-at 86400 | "
	       "withdraw cds-remains-at 60 | observe waiting-ds-ttl 259141" FROM_RETIRE);
	forecast_run(&m.config, &m.row, &ASSUME, m.now, &plan);
	assert_int_equal(plan.start, T0 + 365 * DAY);
	assert_int_equal(plan.safe, plan.step[7].to);
	assert_int_equal(plan.end, plan.step[8].to);
	assert_false(plan.imagined);

	/* It was due long ago. */
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 365 * DAY;
	m.now = T0 + 400 * DAY;
	forecast_run(&m.config, &m.row, &ASSUME, m.now, &plan);
	assert_int_equal(plan.start, m.now);
	/* Due within a second. */
	m.now = T0 + 365 * DAY - 1;
	forecast_run(&m.config, &m.row, &ASSUME, m.now, &plan);
	assert_int_equal(plan.start, T0 + 365 * DAY);
}

/*! The zone in a state just entered, by its row. */
static void entered(machine_t *m, rollover_state_t state)
{
	machine_at(m, state);
	m->row.since = m->row.gate_since = m->now;
	/* The keys are as the state before had them. */
	switch (state) {
	case ROLLOVER_INTRODUCE:
		m->row.keys = KEYS_UNKNOWN;
		break;
	case ROLLOVER_SIGNAL:
	case ROLLOVER_ROLLBACK:
		m->row.keys = KEYS_SILENT;
		break;
	case ROLLOVER_WITHDRAW:
		m->row.keys = KEYS_SIGNAL_NEW;
		break;
	case ROLLOVER_ROLLED_BACK:
		m->row.keys = KEYS_SIGNAL_BOTH;
		break;
	default:
		break;
	}
}

static void from_each_state_just_entered(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t state;
		const char *steps;
		/* clang-format off */
	} CASES[] = {
		{ ROLLOVER_PREPARE, "prepare" FROM_INTRODUCE },
		{ ROLLOVER_INTRODUCE, "introduce keys-pending 1 waiting-dnskey-ttl 301" FROM_SIGNAL },
		{ ROLLOVER_SIGNAL, "signal keys-pending 1 cds-missing-at 60" FROM_AWAIT_DS },
		{ ROLLOVER_AWAIT_DS, "await-ds ds-stale-at 86400 | withdraw cds-remains-at 60" FROM_OBSERVE },
		{ ROLLOVER_WITHDRAW, "withdraw keys-pending 1 cds-remains-at 60 | observe waiting-ds-ttl 86339 waiting-observe 61" FROM_RETIRE },
		{ ROLLOVER_OBSERVE, "observe waiting-ds-ttl 86400" FROM_RETIRE },
		{ ROLLOVER_RETIRE, "retire knot-keeps-key 1 dnskey-remains-at 60 waiting-dnskey-ttl 301" FROM_SETTLE },
		{ ROLLOVER_SETTLE, "settle waiting-settle 259200 | idle" },
		{ ROLLOVER_ROLLBACK, "rollback keys-pending 1 | rolled-back" },
		{ ROLLOVER_ROLLED_BACK, "rolled-back keys-pending 1 awaiting-decision -1" },
		{ ROLLOVER_REMOVE_DS, "remove-ds" },
		{ ROLLOVER_EXPIRE_DS, "expire-ds" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		entered(&m, CASES[i].state);
		expect(&m, CASES[i].steps);
	}
}

static void an_order_that_is_pending_is_waited_for(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t state;
		rollover_gate_t gate;
		const char *steps;
		/* clang-format off */
	} CASES[] = {
		{ ROLLOVER_AWAIT_DS, GATE_KEYS_PENDING, "await-ds keys-pending 1 cds-missing-at 60 ds-stale-at 86339 | "
		  "withdraw cds-remains-at 60" FROM_OBSERVE },
		{ ROLLOVER_OBSERVE, GATE_KEYS_PENDING, "observe keys-pending 1 waiting-ds-ttl 86399" FROM_RETIRE },
		/* The low TTL alone holds up nothing here. */
		{ ROLLOVER_OBSERVE, GATE_POLICY_PENDING, "observe waiting-ds-ttl 86400" FROM_RETIRE },
		{ ROLLOVER_SETTLE, GATE_POLICY_PENDING, "settle waiting-settle 259200 | idle" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		entered(&m, CASES[i].state);
		m.row.gate = CASES[i].gate;
		m.row.keys = CASES[i].gate == GATE_KEYS_PENDING ? KEYS_UNKNOWN : m.row.keys;
		expect(&m, CASES[i].steps);
	}
}

static void what_is_under_way_is_not_begun_again(void **state)
{
	(void)state;
	machine_t m;

	/* 20 s ago the new key was missing somewhere: 40 s more. */
	entered(&m, ROLLOVER_INTRODUCE);
	m.row.keys = KEYS_SILENT;
	m.row.gate = GATE_DNSKEY_MISSING;
	m.row.gate_since = T0 - 20;
	expect(&m, "introduce dnskey-missing-at 60 waiting-dnskey-ttl 301" FROM_SIGNAL);

	/* CDS of before is still on its way out. */
	entered(&m, ROLLOVER_INTRODUCE);
	m.row.keys = KEYS_SILENT;
	m.row.gate = GATE_CDS_REMAINS;
	m.row.gate_since = T0 - 20;
	expect(&m, "introduce cds-remains-at 60 waiting-dnskey-ttl 301" FROM_SIGNAL);

	/* Ordered just now, or not yet. */
	for (int ordered = 0; ordered < 2; ordered++) {
		entered(&m, ROLLOVER_INTRODUCE);
		m.row.has_new = false;
		m.row.gate = GATE_KNOT_NO_NEW_KEY;
		m.row.ordered = ordered ? T0 : 0;
		m.row.keys = ordered ? KEYS_SILENT : KEYS_UNKNOWN;
		expect(&m, "introduce knot-no-new-key 1 dnskey-missing-at 60 waiting-dnskey-ttl 301" FROM_SIGNAL);
	}

	entered(&m, ROLLOVER_RETIRE);
	m.row.gate = GATE_DNSKEY_REMAINS;
	m.row.gate_since = m.now - 20;
	expect(&m, "retire dnskey-remains-at 60 waiting-dnskey-ttl 301" FROM_SETTLE);

	entered(&m, ROLLOVER_RETIRE);
	m.row.gate = GATE_WAITING_DNSKEY_TTL;
	m.row.gate_since = m.row.all_since = m.now - 20;
	m.row.all_expired = m.now + 281;
	expect(&m, "retire waiting-dnskey-ttl 301" FROM_SETTLE);
}

static void the_low_ttl_comes_with_the_switch(void **state)
{
	(void)state;
	machine_t m;

	/* Served high by somebody for 20 s: he gets the low one within a minute. */
	entered(&m, ROLLOVER_PREPARE);
	m.row.dnskey_ttl.step[0].ttl = 7200;
	expect(&m, "prepare policy-pending 1 ttl-high-at 59 waiting-dnskey-ttl 7201" FROM_INTRODUCE);
	m.row.gate = GATE_TTL_HIGH;
	m.row.gate_since = T0 - 20;
	expect(&m, "prepare ttl-high-at 60 waiting-dnskey-ttl 7201" FROM_INTRODUCE);
	/* After that the TTL is low, and only what caches have is waited for. */
	m.row.gate = GATE_WAITING_DNSKEY_TTL;
	expect(&m, "prepare waiting-dnskey-ttl 7221" FROM_INTRODUCE);
}

static void cds_comes_with_the_order(void **state)
{
	(void)state;
	machine_t m;

	/* A row of 0.1.0, which waited for Knot: the key is set at once. */
	entered(&m, ROLLOVER_SIGNAL);
	m.row.keys = KEYS_UNKNOWN;
	m.row.gate = GATE_KNOT_NOT_READY;
	m.row.since = T0 - HOUR / 2;
	expect(&m, "signal keys-pending 1 cds-missing-at 60" FROM_AWAIT_DS);
	/* CDS is out, and a nameserver has not had it for 20 s: it is asked again from the beginning. */
	entered(&m, ROLLOVER_SIGNAL);
	m.row.keys = KEYS_SIGNAL_NEW;
	m.row.gate = GATE_CDS_MISSING;
	m.row.gate_since = T0 - 20;
	expect(&m, "signal cds-missing-at 80" FROM_AWAIT_DS);
}

static void the_parents_day_begins_with_the_signal(void **state)
{
	(void)state;
	machine_t m;

	entered(&m, ROLLOVER_AWAIT_DS);
	m.row.gate = GATE_DS_STALE;
	m.row.since = T0 - HOUR;
	expect(&m, "await-ds ds-stale-at 82800 | withdraw cds-remains-at 60" FROM_OBSERVE);
	/* It is over: the parent acts now. */
	m.row.since = T0 - 2 * DAY;
	expect(&m, "await-ds | withdraw cds-remains-at 60" FROM_OBSERVE);
}

static void going_insecure_ends_with_the_operator(void **state)
{
	(void)state;
	machine_t m;
	forecast_t plan;

	entered(&m, ROLLOVER_REMOVE_DS);
	m.row.gate = GATE_DS_REMAINS;
	forecast_run(&m.config, &m.row, &ASSUME, m.now, &plan);
	assert_int_equal(plan.stuck, GATE_DS_REMAINS);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.end, 0);
}

static void a_ttl_that_nobody_knows_is_taken_for_high(void **state)
{
	(void)state;
	machine_t m;

	entered(&m, ROLLOVER_PREPARE);
	m.row.dnskey_ttl.count = 0;
	m.row.gate = GATE_CHILD_UNREACHABLE;
	expect(&m, "prepare ttl-high-at 60 waiting-dnskey-ttl 3601" FROM_INTRODUCE);
}

static void an_old_gate_is_left_as_soon_as_the_world_has_changed(void **state)
{
	(void)state;
	machine_t m;

	/* Checks are far apart by now. */
	entered(&m, ROLLOVER_OBSERVE);
	m.row.gate = GATE_POLICY_PENDING;
	m.row.gate_since = T0 - HOUR;
	m.row.checks = 20;
	expect(&m, "observe policy-pending 3600 waiting-ds-ttl 86400" FROM_RETIRE);
	entered(&m, ROLLOVER_OBSERVE);
	m.row.keys = KEYS_UNKNOWN;
	m.row.gate = GATE_KEYS_PENDING;
	m.row.gate_since = T0 - HOUR;
	m.row.checks = 20;
	expect(&m, "observe keys-pending 3601 waiting-ds-ttl 86399" FROM_RETIRE);
	entered(&m, ROLLOVER_RETIRE);
	m.row.gate = GATE_KNOT_KEEPS_KEY;
	m.row.gate_since = m.now - HOUR;
	m.row.checks = 20;
	m.row.ordered = m.now - 10;
	expect(&m, "retire knot-keeps-key 3601 dnskey-remains-at 60 waiting-dnskey-ttl 301" FROM_SETTLE);
	entered(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	m.row.keys = KEYS_SILENT;
	m.row.gate = GATE_KNOT_NO_NEW_KEY;
	m.row.gate_since = m.now - HOUR;
	m.row.checks = 20;
	m.row.ordered = m.now - 10;
	expect(&m, "introduce knot-no-new-key 3601 dnskey-missing-at 60 waiting-dnskey-ttl 301" FROM_SIGNAL);
}

static void a_lifetime_does_not_disturb_the_rollover_under_way(void **state)
{
	(void)state;
	machine_t m;

	entered(&m, ROLLOVER_PREPARE);
	m.config.ksk_lifetime = 365 * DAY;
	m.row.dnskey_ttl.step[0].ttl = 301;
	expect(&m, "prepare policy-pending 1 ttl-high-at 59 waiting-dnskey-ttl 302 waiting-lead 3298" FROM_INTRODUCE);
	/* Ten years are as quick to check through as one. */
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = 3650 * DAY;
	expect(&m, "idle | prepare" FROM_INTRODUCE);
}

static void a_first_ds_waits_for_what_is_unsigned(void **state)
{
	(void)state;
	machine_t m;

	entered(&m, ROLLOVER_INTRODUCE);
	m.row.old_count = 0;
	m.row.settled_at = 0; /* It never had a DS. */
	expect(&m,
	       "introduce keys-pending 1 waiting-dnskey-ttl 301 waiting-unsigned 86100 | signal cds-missing-at 60 | "
	       "await-ds ds-missing-at 86400 | withdraw cds-remains-at 60 | observe waiting-ds-ttl 86341 waiting-observe 59 | "
	       "retire waiting-dnskey-ttl 301" FROM_SETTLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rollover_started_now),
		cmocka_unit_test(a_rollover_by_lifetime),
		cmocka_unit_test(from_each_state_just_entered),
		cmocka_unit_test(an_order_that_is_pending_is_waited_for),
		cmocka_unit_test(what_is_under_way_is_not_begun_again),
		cmocka_unit_test(the_low_ttl_comes_with_the_switch),
		cmocka_unit_test(cds_comes_with_the_order),
		cmocka_unit_test(the_parents_day_begins_with_the_signal),
		cmocka_unit_test(a_ttl_that_nobody_knows_is_taken_for_high),
		cmocka_unit_test(an_old_gate_is_left_as_soon_as_the_world_has_changed),
		cmocka_unit_test(a_lifetime_does_not_disturb_the_rollover_under_way),
		cmocka_unit_test(going_insecure_ends_with_the_operator),
		cmocka_unit_test(a_first_ds_waits_for_what_is_unsigned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
