/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The policy: where the low TTL is needed, where it only is better, and where the base policy does as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void expect(const machine_t *m, rollover_state_t state, rollover_gate_t gate)
{
	assert_string_equal(rollover_state_name(m->out.row.state), rollover_state_name(state));
	assert_string_equal(rollover_gate_info(m->out.row.gate)->name, rollover_gate_info(gate)->name);
}

static void expect_switch(const machine_t *m, policy_role_t policy, bool now)
{
	assert_string_equal(rollover_policy_name(m->out.policy), rollover_policy_name(policy));
	assert_int_equal(rollover_must_switch(&m->facts.own, &m->out), now);
}

/*! The base policy is in force in a state where nothing else is missing. */
static void base_in_force(machine_t *m, rollover_state_t state, bool publishes, uint32_t ttl)
{
	machine_at(m, state);
	m->facts.own.policy = POLICY_BASE;
	m->facts.own.base_publishes = publishes;
	m->facts.own.dnskey_ttl = ttl;
	m->config.go_insecure = state == ROLLOVER_REMOVE_DS || state == ROLLOVER_EXPIRE_DS;
	if (state == ROLLOVER_ROLLBACK) {
		machine_ds(m, NEW, 300);
	}
}

static void the_base_policy_does_where_it_publishes_with_a_low_ttl(void **state)
{
	(void)state;
	static const struct {
		bool publishes;
		uint32_t base, ttl;
		policy_role_t wanted;
		/* clang-format off */
	} CASES[] = {
		{ true, 300, 300, POLICY_BASE }, { true, 299, 300, POLICY_BASE }, { true, 0, 300, POLICY_BASE },
		{ true, 301, 300, POLICY_LOW_TTL }, { true, HOUR, 300, POLICY_LOW_TTL }, { true, 900, 900, POLICY_BASE },
		{ true, 300, 0, POLICY_BASE }, { true, DAY, 0, POLICY_BASE }, /* Of a member of a catalog. */
		{ false, 300, 300, POLICY_LOW_TTL }, { false, HOUR, 300, POLICY_LOW_TTL }, { false, 300, 0, POLICY_LOW_TTL },
	};
	/* clang-format on */

	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		for (size_t i = 0; i < LENGTH(CASES); i++) {
			machine_t m;
			base_in_force(&m, s, CASES[i].publishes, CASES[i].base);
			m.config.ttl = CASES[i].ttl;
			m.config.hold = true; /* No transition to a state of another policy. */
			machine_decide(&m);
			expect(&m, s, GATE_HOLD);
			expect_switch(&m, CASES[i].wanted, CASES[i].wanted != POLICY_BASE);
		}
	}
}

/*! A zone whose base policy needs no switch is rolled from begin to end without one. */
static void a_whole_rollover_without_a_switch(void **state)
{
	(void)state;
	for (int member = 0; member < 2; member++) {
		machine_t m;
		keyset_t zone = OLD;
		unsigned checks = 0;

		base_in_force(&m, ROLLOVER_IDLE, true, member ? HOUR : 300);
		m.config.ttl = member ? 0 : 300;
		m.facts.own.catalog_member = member;
		m.row.dnskey_ttl.count = 0;
		m.config.ksk_lifetime = DAY;
		m.now += DAY;
		const time_t begin = m.now;
		do {
			machine_serve(&m, zone, m.facts.own.dnskey_ttl);
			machine_step(&m);
			assert_false(rollover_must_switch(&m.facts.own, &m.out));
			assert_int_equal(m.out.policy, POLICY_BASE);
			assert_int_not_equal(m.row.gate, GATE_POLICY_PENDING);
			assert_int_not_equal(m.row.gate, GATE_WAITING_LEAD);
			assert_int_not_equal(m.row.gate, GATE_TTL_HIGH);
			zone = m.out.action == ACTION_START ? OLD | NEW : m.out.action == ACTION_RETIRE ? NEW : zone;
			machine_obey(&m);
			if (m.row.state == ROLLOVER_AWAIT_DS) {
				machine_ds(&m, m.facts.own.cds.keys, 300);
			}
			m.now = m.out.transition || m.row.next_check <= m.now ? m.now : m.row.next_check;
			assert_true(++checks < 10000);
		} while (m.row.state != ROLLOVER_IDLE);
		assert_true(key_id_equal(&m.row.old[0], &m.facts.keys[1]));
		/* The TTL of the DNSKEY twice, of the DS once, the observation with it, and the rest. */
		assert_true(m.now - begin < DAY + 3 * DAY + 2 * (time_t)m.facts.own.dnskey_ttl + HOUR);
	}
}

/*! In which states nothing goes on without it; it is switched in all. */
static void a_lost_low_ttl_holds_up_nothing_but_its_beginning(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		machine_t m;
		base_in_force(&m, s, true, HOUR);
		machine_decide(&m);
		const bool pending = m.out.row.gate == GATE_POLICY_PENDING;
		assert_int_equal(pending, s == ROLLOVER_PREPARE);
		/* The order that has to be given waits for the switch, and is not written down before. */
		expect_switch(&m, POLICY_LOW_TTL, true);
		assert_int_equal(m.out.action, ACTION_NONE);
	}
}

static void without_cds_of_the_base_policy_it_holds_up_everything(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		machine_t m;
		base_in_force(&m, s, false, 300);
		m.row.all_since = m.row.observed_last = m.now - 5;
		machine_decide(&m);
		expect(&m, s, GATE_POLICY_PENDING);
		expect_switch(&m, POLICY_LOW_TTL, true);
		assert_string_equal(m.out.row.gate_detail, "ttl");
		assert_int_equal(m.out.row.all_since, 0);
		/* Nor does another policy do: one of another TTL, that of the delete signal, one of 0.1.0. */
		for (policy_role_t p = POLICY_DELETE; p <= POLICY__COUNT; p++) {
			base_in_force(&m, s, true, 300);
			m.facts.own.policy = p;
			machine_decide(&m);
			expect(&m, s, GATE_POLICY_PENDING);
			expect_switch(&m, POLICY_LOW_TTL, true);
		}
	}
}

/*! The low TTL may never come: the high one would be waited for again and again, and nobody is shown why. */
static void a_switch_that_fails_is_shown_where_the_ttl_counts(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		for (int busy = 0; busy < 2; busy++) {
			machine_t m;
			base_in_force(&m, s, true, HOUR);
			m.facts.own.conf_busy = busy;
			snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "no");
			machine_decide(&m);
			const bool counts = s == ROLLOVER_PREPARE || s == ROLLOVER_INTRODUCE;
			assert_int_equal(m.out.row.gate == GATE_KNOT_BUSY, counts && busy);
			assert_int_equal(m.out.row.gate == GATE_POLICY_PENDING, counts && !busy);
			if (counts) {
				assert_string_equal(m.out.row.gate_detail, "no");
			}
		}
	}
}

static void the_delete_signal_and_the_base_policy_have_no_substitute(void **state)
{
	(void)state;
	machine_t m;
	base_in_force(&m, ROLLOVER_REMOVE_DS, true, 300);
	machine_decide(&m);
	expect(&m, ROLLOVER_REMOVE_DS, GATE_POLICY_PENDING);
	expect_switch(&m, POLICY_DELETE, true);
	assert_string_equal(m.out.row.gate_detail, "delete");

	machine_at(&m, ROLLOVER_IDLE);
	m.facts.own.policy = POLICY_LOW_TTL;
	machine_decide(&m);
	expect(&m, ROLLOVER_IDLE, GATE_POLICY_PENDING);
	expect_switch(&m, POLICY_BASE, true);

	/* A dry run switches nothing, and is not stopped by that. */
	m.config.dry_run = true;
	machine_decide(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	expect_switch(&m, POLICY_BASE, false);

	/* After the delete signal the low TTL is not needed, but that signal has to go. */
	base_in_force(&m, ROLLOVER_EXPIRE_DS, true, HOUR);
	m.facts.own.policy = POLICY_DELETE;
	machine_ds(&m, 0, 300);
	machine_decide(&m);
	expect(&m, ROLLOVER_EXPIRE_DS, GATE_POLICY_PENDING);
	expect_switch(&m, POLICY_LOW_TTL, true);
}

/* What the configuration forbids. */

static void what_forbids_the_low_ttl_holds_up_where_it_is_needed(void **state)
{
	(void)state;
	for (rollover_state_t s = ROLLOVER_PREPARE; s <= ROLLOVER_ROLLED_BACK; s++) {
		for (conf_fit_t fit = CONF_FIT; fit <= CONF_NO_SWITCH; fit++) {
			machine_t m;
			base_in_force(&m, s, true, HOUR);
			m.facts.own.conf = fit;
			m.facts.own.conf_gate = GATE_SWITCH_LOSES_DATA;
			snprintf(m.facts.own.conf_reason, sizeof(m.facts.own.conf_reason), "item: set it");
			machine_decide(&m);
			const bool bars = fit == CONF_NO_DERIVED || fit == CONF_NO_SWITCH;
			const bool counts = s == ROLLOVER_PREPARE || s == ROLLOVER_INTRODUCE;
			assert_int_equal(m.out.row.gate == GATE_SWITCH_LOSES_DATA, bars && counts);
			expect_switch(&m, POLICY_LOW_TTL, !bars);
			/* Where the base policy does, nothing is barred. */
			m.facts.own.dnskey_ttl = 300;
			machine_decide(&m);
			assert_int_not_equal(m.out.row.gate, GATE_SWITCH_LOSES_DATA);
			expect_switch(&m, POLICY_BASE, false);
		}
	}
}

static void what_the_configuration_bars(void **state)
{
	(void)state;
	static const bool BARRED[][3] = {
		[CONF_FIT] = { false, false, false },
		[CONF_NO_START] = { false, false, false },
		[CONF_NO_DERIVED] = { false, true, true },
		[CONF_NO_SWITCH] = { true, true, true },
	};
	for (conf_fit_t fit = CONF_FIT; fit <= CONF_NO_SWITCH; fit++) {
		const own_facts_t own = { .known = true, .conf = fit };
		for (policy_role_t p = POLICY_BASE; p <= POLICY_DELETE; p++) {
			assert_int_equal(rollover_conf_bars(&own, p), BARRED[fit][p]);
		}
	}
}

/* Members of a catalog. */

static void a_member_is_never_switched(void **state)
{
	(void)state;
	for (rollover_state_t s = 0; s < ROLLOVER_STATE__COUNT; s++) {
		for (policy_role_t p = POLICY_BASE; p <= POLICY__COUNT; p++) {
			machine_t m;
			base_in_force(&m, s, true, HOUR);
			m.config.go_insecure = false;
			m.config.ttl = 0;
			m.facts.own.catalog_member = true;
			m.facts.own.policy = p;
			machine_decide(&m);
			assert_false(rollover_must_switch(&m.facts.own, &m.out));
			assert_int_not_equal(m.out.row.gate, GATE_POLICY_PENDING);
			assert_true(m.out.driven);
		}
	}
}

static void a_member_is_driven_if_its_policy_publishes(void **state)
{
	(void)state;
	for (rollover_state_t s = 0; s < ROLLOVER_STATE__COUNT; s++) {
		for (int i = 0; i < 4; i++) {
			machine_t m;
			base_in_force(&m, s, i & 1, HOUR);
			m.config.go_insecure = i & 2;
			m.config.ttl = 0;
			m.facts.own.catalog_member = true;
			machine_decide(&m);
			assert_int_equal(m.out.driven, i == 1);
			assert_int_equal(m.out.row.gate == GATE_OBSERVE_ONLY, i != 1);
			/* Nothing is known of the policy while the server does not answer. */
			m.facts.own.known = false;
			m.config.go_insecure = false;
			machine_decide(&m);
			expect(&m, s, GATE_KNOT_UNREACHABLE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_policy_does_where_it_publishes_with_a_low_ttl),
		cmocka_unit_test(a_whole_rollover_without_a_switch),
		cmocka_unit_test(a_lost_low_ttl_holds_up_nothing_but_its_beginning),
		cmocka_unit_test(without_cds_of_the_base_policy_it_holds_up_everything),
		cmocka_unit_test(a_switch_that_fails_is_shown_where_the_ttl_counts),
		cmocka_unit_test(the_delete_signal_and_the_base_policy_have_no_substitute),
		cmocka_unit_test(what_forbids_the_low_ttl_holds_up_where_it_is_needed),
		cmocka_unit_test(what_the_configuration_bars),
		cmocka_unit_test(a_member_is_never_switched),
		cmocka_unit_test(a_member_is_driven_if_its_policy_publishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
