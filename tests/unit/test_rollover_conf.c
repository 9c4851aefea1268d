/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the configuration forbids: no rollover starts, and none under way is switched. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "machine.h"

static void bar(machine_t *m, conf_fit_t fit, rollover_gate_t gate)
{
	own_facts_t *own = &m->facts.own;
	own->conf = fit;
	own->conf_gate = gate;
	snprintf(own->conf_reason, sizeof(own->conf_reason), "item: set it");
}

static const struct {
	conf_fit_t fit;
	rollover_gate_t gate;
	/* clang-format off */
} bars[] = {
	{ CONF_NO_START, GATE_OBSERVE_ONLY },
	{ CONF_NO_DERIVED, GATE_POLICY_DIFFERS },
	{ CONF_NO_SWITCH, GATE_SWITCH_LOSES_DATA },
};
/* clang-format on */
#define BARS (sizeof(bars) / sizeof(bars[0]))

static void assert_gate(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_int_equal(m->out.row.state, state);
	assert_int_equal(m->out.row.gate, gate);
	assert_string_equal(m->out.row.gate_detail, "item: set it");
	assert_int_equal(m->out.action, ACTION_NONE);
	assert_int_equal(m->out.row.gate_until, 0);
	assert_false(rollover_must_switch(&m->facts.own, &m->out));
	/* Nothing but the operator ends it: it is checked as seldom as a hold. */
	assert_int_equal(m->out.row.next_check, m->now + m->config.check_interval);
}

static void signatures_made_elsewhere_are_followed_by_later_ones_or_it_is_said(void **state)
{
	static const struct {
		uint32_t refresh;
		time_t left;
		rollover_gate_t gate;
		/* clang-format off */
	} CASES[] = {
		{ 0, HOUR, GATE_OBSERVE_ONLY }, { 8 * HOUR, 7 * HOUR, GATE_OBSERVE_ONLY },
		{ 8 * HOUR, 7 * HOUR - 1, GATE_SIGNATURES_EXPIRE }, { 8 * HOUR, -HOUR, GATE_SIGNATURES_EXPIRE },
		{ UINT32_MAX, DAY, GATE_SIGNATURES_EXPIRE },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		machine_t m;
		machine_at(&m, ROLLOVER_IDLE);
		m.config.observe_only = true;
		snprintf(m.config.observe_reason, sizeof(m.config.observe_reason), "offline");
		m.config.dnskey_refresh = CASES[i].refresh;
		m.facts.own.dnskey_expires = m.now + CASES[i].left;
		machine_decide(&m);
		assert_int_equal(m.out.row.gate, CASES[i].gate);
		assert_false(m.out.driven || m.out.set_keys);
		assert_int_equal(m.out.keys, KEYS_UNKNOWN);
		assert_int_equal(m.out.action, ACTION_NONE);

		/* Nothing is known, or the chain is broken. */
		machine_ds(&m, 0, 300);
		m.parent[0].ds_foreign = m.parent[1].ds_foreign = true;
		machine_decide(&m);
		assert_int_equal(m.out.row.gate, GATE_CHAIN_BROKEN);
		m.parent[0].ds_foreign = m.parent[1].ds_foreign = false;
		m.facts.own.dnskey_expires = 0;
		machine_decide(&m);
		assert_int_equal(m.out.row.gate, GATE_OBSERVE_ONLY);
	}

	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.observe_only = true;
	m.config.dnskey_refresh = DAY;
	m.facts.own.dnskey_expires = 1800000000;
	m.now = 1799999999;
	machine_decide(&m);
	assert_string_equal(m.out.row.gate_detail, "they end at 2027-01-15T08:00:00Z");
}

static void no_rollover_starts(void **state)
{
	(void)state;
	for (size_t i = 0; i < BARS; i++) {
		machine_t m;

		machine_at(&m, ROLLOVER_IDLE);
		m.config.ksk_lifetime = DAY;
		m.now += DAY;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_gate(&m, ROLLOVER_IDLE, bars[i].gate);

		/* A key that somebody has made. */
		machine_at(&m, ROLLOVER_IDLE);
		machine_serve(&m, OLD | NEW, HOUR);
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_gate(&m, ROLLOVER_IDLE, bars[i].gate);
		assert_false(m.out.row.has_new);

		/* The first DS, and the last one. */
		machine_at(&m, ROLLOVER_IDLE);
		machine_ds(&m, 0, 300);
		m.row.old_count = 0;
		m.row.settled_at = 0;
		m.row.ds_ttl.count = 0;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_gate(&m, ROLLOVER_IDLE, bars[i].gate);

		machine_at(&m, ROLLOVER_IDLE);
		m.config.go_insecure = true;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_gate(&m, ROLLOVER_IDLE, bars[i].gate);
	}
}

static void a_zone_at_rest_shows_nothing(void **state)
{
	(void)state;
	machine_t m;

	machine_at(&m, ROLLOVER_IDLE);
	bar(&m, CONF_NO_SWITCH, GATE_SWITCH_LOSES_DATA);
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_NONE);
}

static void one_under_way_is_not_switched(void **state)
{
	(void)state;
	for (size_t i = 0; i < BARS; i++) {
		machine_t m;

		machine_at(&m, ROLLOVER_INTRODUCE);
		m.facts.own.policy = POLICY_BASE;
		m.facts.own.dnskey_ttl = HOUR;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		if (bars[i].fit == CONF_NO_START) {
			assert_int_equal(m.out.row.gate, GATE_WAITING_DNSKEY_TTL);
			assert_true(rollover_must_switch(&m.facts.own, &m.out));
		} else {
			assert_gate(&m, ROLLOVER_INTRODUCE, bars[i].gate);
		}

		/* Nor under hold. */
		machine_at(&m, ROLLOVER_AWAIT_DS);
		m.facts.own.policy = POLICY_BASE;
		m.facts.own.dnskey_ttl = HOUR;
		m.config.hold = true;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_int_equal(rollover_must_switch(&m.facts.own, &m.out), bars[i].fit == CONF_NO_START);
	}
}

static void one_that_needs_no_switch_goes_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < BARS; i++) {
		machine_t m;

		machine_at(&m, ROLLOVER_AWAIT_DS);
		machine_ds(&m, NEW, 300);
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_int_equal(m.out.row.state, ROLLOVER_WITHDRAW);
	}
}

static void the_way_back_to_the_base_policy_is_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < BARS; i++) {
		machine_t m;

		machine_at(&m, ROLLOVER_IDLE);
		m.facts.own.policy = POLICY_LOW_TTL;
		bar(&m, bars[i].fit, bars[i].gate);
		machine_decide(&m);
		assert_int_equal(rollover_must_switch(&m.facts.own, &m.out), bars[i].fit != CONF_NO_SWITCH);
		assert_int_equal(m.out.row.gate, bars[i].fit == CONF_NO_SWITCH ? bars[i].gate : GATE_POLICY_PENDING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rollover_starts),
		cmocka_unit_test(signatures_made_elsewhere_are_followed_by_later_ones_or_it_is_said),
		cmocka_unit_test(a_zone_at_rest_shows_nothing),
		cmocka_unit_test(one_under_way_is_not_switched),
		cmocka_unit_test(one_that_needs_no_switch_goes_on),
		cmocka_unit_test(the_way_back_to_the_base_policy_is_open),
	};
	return cmocka_run_group_tests_name("rollover_conf", tests, NULL, NULL);
}
