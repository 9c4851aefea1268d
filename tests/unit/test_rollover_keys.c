/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The states of the keys, and the signals that come of them: what is wanted, when it is ordered, and what keeps
 * signals back.
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

/*! What is to be set; KEYS_UNKNOWN: nothing. */
static void expect_order(const machine_t *m, key_states_t keys)
{
	assert_int_equal(m->out.set_keys, keys != KEYS_UNKNOWN);
	if (keys != KEYS_UNKNOWN) {
		assert_int_equal(m->out.keys, keys);
	}
}

/*! CDS and CDNSKEY of this server alone. */
static void own_signal(machine_t *m, keyset_t cds, keyset_t cdnskey)
{
	m->facts.own.cds = (signal_rrset_t){ .present = cds != 0, .keys = cds };
	m->facts.own.cdnskey = (signal_rrset_t){ .present = cdnskey != 0, .keys = cdnskey };
}

/*! States in which there is a new key. */
static const rollover_state_t ROLLING[] = {
	ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW,
	ROLLOVER_OBSERVE,   ROLLOVER_RETIRE, ROLLOVER_ROLLBACK, ROLLOVER_ROLLED_BACK,
};

/* What is ordered. */

static void states_that_are_not_those_of_the_step_are_set_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ROLLING); i++) {
		const key_states_t wanted = machine_keys(ROLLING[i]);
		for (key_states_t are = KEYS_UNKNOWN; are < KEYS__COUNT; are++) {
			machine_t m;
			machine_at(&m, ROLLING[i]);
			m.row.keys = are;
			m.row.all_since = m.row.observed_last = m.now - 5;
			machine_decide(&m);
			if (are == wanted) {
				assert_int_not_equal(m.out.row.gate, GATE_KEYS_PENDING);
				continue;
			}
			expect(&m, ROLLING[i], GATE_KEYS_PENDING);
			expect_order(&m, wanted);
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_int_equal(m.out.row.all_since, 0);
			/* It is the server that says what came of it. */
			assert_int_equal(m.out.row.keys, are);
		}
	}
}

/*! The key database may be of a backup: what is silent was read by a process that has ended. */
static void silent_states_are_read_again_after_a_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ROLLING); i++) {
		const key_states_t wanted = machine_keys(ROLLING[i]);
		machine_t m, started;
		machine_at(&m, ROLLING[i]);
		m.row.all_since = m.row.observed_last = m.now - 5;
		m.row.all_expired = m.now + 300;
		if (ROLLING[i] == ROLLOVER_ROLLBACK) {
			machine_ds(&m, NEW, 300); /* It stays there. */
		}
		started = m;
		started.row.bad_watches = 1;
		rollover_resume(&started.row);
		assert_int_equal(started.row.bad_watches, 0);
		machine_decide(&m);
		machine_decide(&started);
		expect_order(&m, KEYS_UNKNOWN);

		/* Not before what cannot be taken back; signals are seen in the zone. */
		const bool reads = wanted == KEYS_SILENT && m.out.action == ACTION_NONE;
		expect_order(&started, reads ? KEYS_SILENT : KEYS_UNKNOWN);
		/* Nothing else differs, and nothing waits for it. */
		assert_int_equal(started.out.sign_first, false);
		assert_int_equal(started.out.action, m.out.action);
		assert_int_equal(started.out.gate_changed, m.out.gate_changed);
		started.out.row.keys_of = m.out.row.keys_of;
		assert_memory_equal(&started.out.row, &m.out.row, sizeof(m.out.row));

		started.row.keys_of = 0;
		rollover_keys_are(&started.row, wanted, &started.facts, started.now);
		machine_decide(&started);
		expect_order(&started, KEYS_UNKNOWN);
	}
	/* Without a new key no order is about them, nor in idle. */
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	machine_serve(&m, OLD, 300);
	m.row.has_new = false;
	m.row.ordered = m.now;
	rollover_resume(&m.row);
	machine_decide(&m);
	expect_order(&m, KEYS_UNKNOWN);
	machine_at(&m, ROLLOVER_IDLE);
	rollover_resume(&m.row);
	machine_decide(&m);
	expect_order(&m, KEYS_UNKNOWN);
	/* The switch of the policy comes first, and silence is no reason to wait for it. */
	machine_at(&m, ROLLOVER_OBSERVE);
	rollover_resume(&m.row);
	m.facts.own.policy = POLICY_BASE;
	m.facts.own.dnskey_ttl = HOUR;
	machine_decide(&m);
	assert_true(rollover_must_switch(&m.facts.own, &m.out));
	expect_order(&m, KEYS_UNKNOWN);
}

static void the_next_step_is_ordered_with_its_beginning(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t from, to;
		key_states_t keys;
		keyset_t ds;
		bool failing;
		time_t later;
	} CASES[] = {
		{ ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL, KEYS_SIGNAL_NEW, OLD, false, 301 },
		{ ROLLOVER_AWAIT_DS, ROLLOVER_WITHDRAW, KEYS_SILENT, NEW, false, 0 },
		{ ROLLOVER_AWAIT_DS, ROLLOVER_ROLLBACK, KEYS_SIGNAL_BOTH, OLD | NEW, true, 0 },
		{ ROLLOVER_OBSERVE, ROLLOVER_ROLLBACK, KEYS_SIGNAL_BOTH, NEW, true, 0 },
		{ ROLLOVER_ROLLBACK, ROLLOVER_ROLLED_BACK, KEYS_SILENT, OLD, false, 0 },
	};

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		machine_at(&m, CASES[i].from);
		if (CASES[i].later != 0) {
			machine_step(&m);
			machine_pass(&m, CASES[i].later);
		}
		machine_ds(&m, CASES[i].ds, 300);
		m.facts.watch.failing = CASES[i].failing;
		m.row.bad_watches = CASES[i].failing ? 2 : 0;
		machine_decide(&m);
		expect(&m, CASES[i].to, GATE_NONE);
		expect_order(&m, CASES[i].keys);
	}
}

/*! The server carries out the first of these that is wanted. */
static void keys_come_before_the_policy_and_the_policy_before_the_order(void **state)
{
	(void)state;
	for (int retire = 0; retire < 2; retire++) {
		machine_t m;
		machine_at(&m, retire ? ROLLOVER_RETIRE : ROLLOVER_INTRODUCE);
		m.row.keys = KEYS_UNKNOWN;
		if (!retire) {
			m.row.has_new = false;
			machine_serve(&m, OLD, 300);
		}
		machine_signal(&m, OLD);
		m.facts.own.policy = POLICY_BASE; /* With the high TTL; it is switched all the same. */
		m.facts.own.dnskey_ttl = HOUR;
		machine_step(&m);
		expect_order(&m, KEYS_SILENT);
		assert_int_equal(m.out.action, ACTION_NONE);
		machine_obey(&m);
		assert_int_equal(m.facts.own.policy, POLICY_BASE);

		machine_step(&m);
		expect_order(&m, KEYS_UNKNOWN);
		assert_true(rollover_must_switch(&m.facts.own, &m.out));
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_int_equal(m.row.ordered, 0);
		machine_obey(&m);
		assert_int_equal(m.facts.own.policy, POLICY_LOW_TTL);

		machine_step(&m);
		assert_int_equal(m.out.action, retire ? ACTION_RETIRE : ACTION_START);
	}
}

/*! Somebody keeps a transaction open for days: what needs no policy goes on. */
static void a_switch_that_fails_keeps_no_order_back(void **state)
{
	(void)state;
	for (int retire = 0; retire < 2; retire++) {
		machine_t m;
		machine_at(&m, retire ? ROLLOVER_RETIRE : ROLLOVER_INTRODUCE);
		if (!retire) {
			m.row.has_new = false;
			machine_serve(&m, OLD, 300);
		}
		m.facts.own.policy = POLICY_BASE;
		m.facts.own.dnskey_ttl = HOUR;
		m.facts.own.conf_busy = true;
		snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "too many transactions");
		machine_step(&m);
		assert_int_equal(m.out.action, retire ? ACTION_RETIRE : ACTION_START);
		assert_false(rollover_must_switch(&m.facts.own, &m.out));
		/* Between two orders the switch is tried again. */
		m.now++;
		machine_step(&m);
		assert_int_equal(m.out.action, ACTION_NONE);
		assert_true(rollover_must_switch(&m.facts.own, &m.out));
	}
}

/* The own zone shows it. */

static void own_signals_that_are_wrong_are_set_again(void **state)
{
	(void)state;
	static const struct {
		rollover_state_t state;
		keyset_t cds, cdnskey;
		bool right;
		/* clang-format off */
	} CASES[] = {
		{ ROLLOVER_SIGNAL, NEW, NEW, true }, { ROLLOVER_SIGNAL, 0, 0, false },
		{ ROLLOVER_SIGNAL, NEW, 0, false }, { ROLLOVER_SIGNAL, 0, NEW, false },
		{ ROLLOVER_SIGNAL, OLD, OLD, false }, { ROLLOVER_SIGNAL, NEW, OLD | NEW, false },
		{ ROLLOVER_SIGNAL, OLD | NEW, OLD | NEW, false }, { ROLLOVER_SIGNAL, THIRD, NEW, false },
		{ ROLLOVER_AWAIT_DS, NEW, NEW, true }, { ROLLOVER_AWAIT_DS, 0, 0, false },
		{ ROLLOVER_AWAIT_DS, NEW, 0, false }, { ROLLOVER_AWAIT_DS, OLD | NEW, OLD | NEW, false },
		{ ROLLOVER_ROLLBACK, OLD | NEW, OLD | NEW, true }, { ROLLOVER_ROLLBACK, 0, 0, false },
		{ ROLLOVER_ROLLBACK, NEW, NEW, false }, { ROLLOVER_ROLLBACK, OLD, OLD, false },
		{ ROLLOVER_ROLLBACK, OLD | NEW, NEW, false },
		{ ROLLOVER_PREPARE, 0, 0, true }, { ROLLOVER_PREPARE, OLD, OLD, false },
		{ ROLLOVER_INTRODUCE, 0, 0, true }, { ROLLOVER_INTRODUCE, NEW, NEW, false },
		{ ROLLOVER_INTRODUCE, 0, NEW, false }, { ROLLOVER_INTRODUCE, OLD, 0, false },
		{ ROLLOVER_WITHDRAW, NEW, NEW, false }, { ROLLOVER_OBSERVE, NEW, NEW, false },
		{ ROLLOVER_OBSERVE, NEW, 0, false }, { ROLLOVER_RETIRE, NEW, NEW, false },
		{ ROLLOVER_SETTLE, 0, 0, true }, { ROLLOVER_SETTLE, OLD, OLD, false },
		{ ROLLOVER_ROLLED_BACK, OLD | NEW, OLD | NEW, false }, { ROLLOVER_EXPIRE_DS, OLD, OLD, false },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(CASES); i++) {
		machine_t m;
		machine_at(&m, CASES[i].state);
		m.config.go_insecure = CASES[i].state == ROLLOVER_EXPIRE_DS;
		if (CASES[i].state == ROLLOVER_ROLLBACK) {
			machine_ds(&m, NEW, 300);
		}
		own_signal(&m, CASES[i].cds, CASES[i].cdnskey);
		machine_decide(&m);
		if (CASES[i].right) {
			expect_order(&m, KEYS_UNKNOWN);
			assert_int_not_equal(m.out.row.gate, GATE_KEYS_PENDING);
		} else {
			const key_states_t wanted = machine_keys(CASES[i].state);
			expect(&m, CASES[i].state, GATE_KEYS_PENDING);
			expect_order(&m, wanted == KEYS_UNKNOWN ? KEYS_SILENT : wanted);
		}
		/* Where the policy publishes none, or whatever it likes, the zone shows nothing of the keys. */
		machine_at(&m, CASES[i].state);
		m.config.go_insecure = CASES[i].state == ROLLOVER_EXPIRE_DS;
		own_signal(&m, CASES[i].cds, CASES[i].cdnskey);
		m.facts.own.policy = i % 2 ? POLICY_FORMER : POLICY_BASE;
		m.facts.own.base_publishes = false;
		machine_decide(&m);
		assert_int_not_equal(m.out.row.gate, GATE_KEYS_PENDING);
	}
}

/*! An order names all keys of the rollover: one that is gone cannot be named. What the zone shows is enough. */
static void an_old_key_that_is_gone_is_not_ordered(void **state)
{
	(void)state;
	for (key_states_t are = KEYS_UNKNOWN; are < KEYS__COUNT; are++) {
		/* The operator has submitted the new KSK by hand: Knot uses it, and its CDS went. */
		machine_t m;
		machine_at(&m, ROLLOVER_AWAIT_DS);
		m.row.keys = are;
		machine_serve(&m, NEW, 300);
		machine_signal(&m, 0);
		machine_ds(&m, NEW, 300);
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_NONE);
		expect_order(&m, KEYS_UNKNOWN);
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_WAITING_DNSKEY_TTL);
		expect_order(&m, KEYS_UNKNOWN);
		/* Its CDS is still out: that has to be ordered, and is not done. */
		machine_signal(&m, NEW);
		machine_step(&m);
		expect(&m, ROLLOVER_RETIRE, GATE_KEYS_PENDING);
		expect_order(&m, KEYS_SILENT);
	}
}

/*! An idle zone with a key whose DS is known is Knot's and the operator's. */
static void an_idle_zone_keeps_its_signals(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	own_signal(&m, OLD, OLD);
	machine_decide(&m);
	expect(&m, ROLLOVER_IDLE, GATE_NONE);
	expect_order(&m, KEYS_UNKNOWN);
}

static void the_gate_says_what_came_of_the_order(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_AWAIT_DS);
	m.row.keys = KEYS_SILENT;
	m.row.notified = T0 - 5;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_KEYS_PENDING);
	assert_string_equal(m.row.gate_detail, "");
	assert_true(m.out.gate_changed);
	assert_int_equal(m.row.notified, 0); /* What comes out then is a new signal. */
	assert_int_equal(m.row.next_check, m.now + 1);
	assert_int_equal(rollover_gate_info(GATE_KEYS_PENDING)->actor, ACTOR_NOBODY);

	snprintf(m.facts.own.conf_detail, sizeof(m.facts.own.conf_detail), "keymgr: no such key");
	m.now++;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_KEYS_PENDING);
	assert_string_equal(m.row.gate_detail, "keymgr: no such key");

	/* An operator has to see what does not end by itself; it is tried again and again. */
	m.facts.own.keys_refused = true;
	const time_t since = ++m.now;
	for (int i = 0; i < 20; i++) {
		machine_step(&m);
		expect(&m, ROLLOVER_AWAIT_DS, GATE_KEYS_REFUSED);
		expect_order(&m, KEYS_SIGNAL_NEW);
		assert_int_equal(m.row.gate_since, since);
		assert_true(m.row.next_check <= m.now + m.config.check_interval);
		m.now = m.row.next_check;
	}
	assert_int_equal(rollover_gate_info(GATE_KEYS_REFUSED)->actor, ACTOR_OPERATOR);

	/* It has been refused, and is not needed any more. */
	m.row.keys = KEYS_SIGNAL_NEW;
	machine_step(&m);
	expect(&m, ROLLOVER_AWAIT_DS, GATE_DS_STALE);
}

/* What keeps signals back. */

static void keys_lost_at_a_nameserver(machine_t *m)
{
	m->child[1].dnskey = m->child[1].dnskey_signed_by = OLD;
}
static void ds_removed(machine_t *m)
{
	machine_ds(m, 0, 900);
}

static void signals_that_went_do_not_come_back_when_something_is_wrong(void **state)
{
	(void)state;
	static const rollover_state_t AT[] = { ROLLOVER_SIGNAL, ROLLOVER_AWAIT_DS };
	static void (*const wrong[])(machine_t *m) = { keys_lost_at_a_nameserver, ds_removed };

	for (int i = 0; i < 16; i++) {
		machine_t m;
		machine_at(&m, AT[i & 1]);
		wrong[i / 2 & 1](&m);
		own_signal(&m, 0, 0);
		m.facts.own.policy = i / 4 == 3 ? POLICY_BASE : POLICY_LOW_TTL;
		m.facts.own.base_publishes = i / 4 != 3;
		m.row.keys = i / 4 == 1 ? KEYS_SILENT : i / 4 == 2 ? KEYS_UNKNOWN : KEYS_SIGNAL_NEW;
		machine_decide(&m);
		expect(&m, ROLLOVER_INTRODUCE, GATE_NONE);
		assert_int_equal(m.out.keys, KEYS_SILENT);
		expect_order(&m, i / 4 == 1 ? KEYS_UNKNOWN : KEYS_SILENT);
	}
}

static void failing(machine_t *m)
{
	m->facts.watch = (watch_facts_t){ .answered = 1, .failing = 1, .parent_ok = true };
}
static void too_many(machine_t *m)
{
	m->facts.too_many_keys = true;
}
static void old_key_gone(machine_t *m)
{
	machine_serve(m, NEW, 300);
}

/*! Whatever is wrong before the states of the keys are judged: signals that are out stay, others stay away. */
static void signals_stay_as_they_are_where_they_are_not_judged(void **state)
{
	(void)state;
	static const struct {
		void (*change)(machine_t *m);
		rollover_gate_t gate;
	} CASES[] = {
		{ failing, GATE_VALIDATION_FAILS },
		{ too_many, GATE_TOO_MANY_KEYS },
		{ old_key_gone, GATE_OLD_KEY_GONE },
	};

	for (size_t i = 0; i < 2 * LENGTH(CASES); i++) {
		const rollover_state_t at = i % 2 ? ROLLOVER_AWAIT_DS : ROLLOVER_SIGNAL;
		for (key_states_t are = KEYS_UNKNOWN; are <= KEYS_SIGNAL_NEW; are++) {
			machine_t m;
			machine_at(&m, at);
			m.row.keys = are;
			CASES[i / 2].change(&m);
			machine_decide(&m);
			expect(&m, at, CASES[i / 2].gate);
			expect_order(&m, KEYS_UNKNOWN);

			own_signal(&m, 0, 0);
			machine_decide(&m);
			expect(&m, at, CASES[i / 2].gate);
			expect_order(&m, are == KEYS_SILENT ? KEYS_UNKNOWN : KEYS_SILENT);

			/* The switch would bring them. */
			m.facts.own.policy = POLICY_BASE;
			m.facts.own.base_publishes = false;
			machine_decide(&m);
			expect_order(&m, are == KEYS_SILENT ? KEYS_UNKNOWN : KEYS_SILENT);
		}
	}
	/* So it is in a rollback: its signals are a repair, but a KSK that nobody knows may be among them. */
	machine_t m;
	machine_at(&m, ROLLOVER_ROLLBACK);
	machine_serve(&m, OLD | NEW | THIRD, 300);
	machine_ds(&m, NEW, 300);
	machine_decide(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_UNKNOWN_KEY);
	expect_order(&m, KEYS_UNKNOWN);
	own_signal(&m, OLD | NEW | THIRD, OLD | NEW | THIRD);
	machine_decide(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_UNKNOWN_KEY);
	expect_order(&m, KEYS_SILENT);
	/* Validation that fails is why they come out. */
	machine_at(&m, ROLLOVER_ROLLBACK);
	machine_ds(&m, NEW, 300);
	m.row.keys = KEYS_UNKNOWN;
	failing(&m);
	machine_decide(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_KEYS_PENDING);
	expect_order(&m, KEYS_SIGNAL_BOTH);
}

static void dry_run(machine_t *m)
{
	m->config.dry_run = true;
}
static void observe_only(machine_t *m)
{
	m->config.observe_only = true;
}
static void frozen(machine_t *m)
{
	m->facts.own.frozen = true;
}
static void transaction(machine_t *m)
{
	m->facts.own.transaction = true;
}
static void no_keys(machine_t *m)
{
	m->facts.own.dnskey = 0;
}
static void not_known(machine_t *m)
{
	m->facts.own.known = false;
}
static void member_without_cds(machine_t *m)
{
	m->facts.own.catalog_member = true;
	m->facts.own.base_publishes = false;
}

static void nothing_is_set_where_nothing_may_be_done(void **state)
{
	(void)state;
	static void (*const changes[])(machine_t *m) = {
		dry_run, observe_only, frozen, transaction, no_keys, not_known, member_without_cds,
	};

	for (rollover_state_t s = 0; s < ROLLOVER_STATE__COUNT; s++) {
		for (size_t i = 0; i < LENGTH(changes); i++) {
			machine_t m;
			machine_at(&m, s);
			m.row.keys = KEYS_UNKNOWN;
			own_signal(&m, OLD | NEW, 0);
			changes[i](&m);
			machine_decide(&m);
			assert_int_equal(m.out.row.state, s);
			expect_order(&m, KEYS_UNKNOWN);
			assert_int_equal(m.out.action, ACTION_NONE);
			assert_false(rollover_must_switch(&m.facts.own, &m.out));
			/* Nor does a hold change that; it goes before a dry run. */
			m.config.hold = true;
			machine_decide(&m);
			if (changes[i] != dry_run) {
				expect_order(&m, KEYS_UNKNOWN);
			}
		}
	}
}

static void on_hold_nothing_is_signalled(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ROLLING); i++) {
		for (key_states_t are = KEYS_UNKNOWN; are < KEYS__COUNT; are++) {
			machine_t m;
			machine_at(&m, ROLLING[i]);
			m.row.keys = are;
			machine_signal(&m, machine_named(are));
			m.config.hold = true;
			machine_step(&m);
			expect(&m, ROLLING[i], GATE_HOLD);
			expect_order(&m, are == KEYS_SILENT ? KEYS_UNKNOWN : KEYS_SILENT);
			machine_obey(&m);
			machine_step(&m);
			expect_order(&m, KEYS_UNKNOWN);
			/* Then the signals of the step come out again, or stay away as before. */
			m.config.hold = false;
			machine_step(&m);
			if (ROLLING[i] != ROLLOVER_ROLLED_BACK) {
				const key_states_t wanted = machine_keys(ROLLING[i]);
				expect_order(&m, wanted == KEYS_SILENT ? KEYS_UNKNOWN : wanted);
			}
		}
	}
}

/* A repeated signal. */

static void only_a_repeated_signal_is_signed_first(void **state)
{
	(void)state;
	machine_t m;

	/* The first one. */
	machine_at(&m, ROLLOVER_SIGNAL);
	m.row.keys = KEYS_SILENT;
	m.row.signalled = 0;
	own_signal(&m, 0, 0);
	machine_decide(&m);
	expect_order(&m, KEYS_SIGNAL_NEW);
	assert_false(m.out.sign_first);
	/* They were out before, */
	m.row.signalled = T0 - DAY;
	machine_decide(&m);
	expect_order(&m, KEYS_SIGNAL_NEW);
	assert_true(m.out.sign_first);
	/* and the DNSKEY RRset is not signed since: once is enough, */
	m.facts.own.dnskey_signed = m.row.signalled - 1;
	machine_decide(&m);
	assert_true(m.out.sign_first);
	m.facts.own.dnskey_signed = m.row.signalled;
	machine_decide(&m);
	expect_order(&m, KEYS_SIGNAL_NEW);
	assert_false(m.out.sign_first);
	m.facts.own.dnskey_signed = 0;
	/* and still are: the states are read, and nothing changes. */
	machine_signal(&m, NEW);
	machine_decide(&m);
	expect_order(&m, KEYS_SIGNAL_NEW);
	assert_false(m.out.sign_first);
	/* The parent has followed signals of which no row knows. */
	machine_at(&m, ROLLOVER_ROLLBACK);
	machine_ds(&m, NEW, 300);
	m.row.keys = KEYS_SILENT;
	m.row.signalled = 0;
	own_signal(&m, 0, 0);
	machine_decide(&m);
	expect_order(&m, KEYS_SIGNAL_BOTH);
	assert_true(m.out.sign_first);
	assert_int_equal(m.out.row.signalled, m.now);
	/* The parent may have taken those of the new key a moment ago. */
	machine_at(&m, ROLLOVER_AWAIT_DS);
	machine_ds(&m, OLD | NEW, 300);
	m.row.bad_watches = 2;
	failing(&m);
	machine_decide(&m);
	expect(&m, ROLLOVER_ROLLBACK, GATE_NONE);
	expect_order(&m, KEYS_SIGNAL_BOTH);
	assert_true(m.out.sign_first);
	/* Silence needs no signature, and what is not set needs none. */
	machine_at(&m, ROLLOVER_WITHDRAW);
	m.row.keys = KEYS_SIGNAL_NEW;
	machine_decide(&m);
	expect_order(&m, KEYS_SILENT);
	assert_false(m.out.sign_first);
	machine_at(&m, ROLLOVER_AWAIT_DS);
	own_signal(&m, 0, 0);
	m.facts.own.frozen = true;
	machine_decide(&m);
	assert_false(m.out.sign_first);
}

static void what_the_states_are_is_remembered(void **state)
{
	(void)state;
	rollover_row_t row = { 0 };
	const rollover_facts_t facts = { 0 };

	rollover_keys_are(&row, KEYS_SILENT, &facts, T0);
	assert_int_equal(row.keys, KEYS_SILENT);
	assert_int_equal(row.signalled, 0);
	rollover_keys_are(&row, KEYS_SIGNAL_NEW, &facts, T0 + 1);
	assert_int_equal(row.keys, KEYS_SIGNAL_NEW);
	assert_int_equal(row.signalled, T0 + 1);
	rollover_keys_are(&row, KEYS_SILENT, &facts, T0 + 2);
	rollover_keys_are(&row, KEYS_SIGNAL_BOTH, &facts, T0 + 3);
	assert_int_equal(row.keys, KEYS_SIGNAL_BOTH);
	assert_int_equal(row.signalled, T0 + 3); /* The last time. */
	rollover_keys_are(&row, KEYS_SILENT, &facts, T0 + 4);
	rollover_keys_are(&row, KEYS_UNKNOWN, &facts, T0 + 5);
	assert_int_equal(row.keys, KEYS_UNKNOWN);
	assert_int_equal(row.signalled, T0 + 3);
}

static void a_rollover_begins_without_the_signals_of_the_last_one(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_IDLE);
	m.config.ksk_lifetime = DAY;
	m.now += DAY;
	m.row.keys = KEYS_SILENT;
	m.row.signalled = T0 - DAY;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_PREPARE);
	assert_int_equal(m.out.row.keys, KEYS_UNKNOWN);
	assert_int_equal(m.out.row.signalled, 0);

	/* But the next one may be to a KSK that is in the DNSKEY RRset of then: that has been signed before. */
	machine_at(&m, ROLLOVER_IDLE);
	m.row.old_count = 0;
	m.row.signalled = T0 - DAY;
	m.facts.own.dnskey = OLD | NEW;
	m.parent[0].ds = OLD | NEW;
	m.parent[1].ds = OLD;
	machine_decide(&m);
	assert_int_equal(m.out.row.state, ROLLOVER_IDLE);
	assert_int_equal(m.out.row.old_count, 1);
	assert_int_equal(m.out.row.signalled, T0 - DAY);
	/* Knot signals the new one while a transaction keeps the module from deciding anything. */
	m.facts.own.transaction = true;
	m.facts.own.cds = (signal_rrset_t){ .present = true, .keys = NEW };
	machine_decide(&m);
	assert_int_equal(m.out.row.signalled, m.now);
	m.facts.own.base_always = true;
	machine_decide(&m);
	assert_int_equal(m.out.row.signalled, T0 - DAY);
}

/*! Refused and put off by turns, it comes as seldom as one that is refused each time. */
static void an_order_in_vain_keeps_its_pace(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_RETIRE);
	m.facts.own.keys_refused = false;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KNOT_KEEPS_KEY);
	m.row.gate = GATE_KEYS_REFUSED;
	m.row.checks = 7;
	machine_decide(&m);
	assert_int_equal(m.out.row.gate, GATE_KNOT_KEEPS_KEY);
	assert_int_equal(m.out.row.checks, 8);
}

/*! But a new KSK gets ready by itself: however long the order for it was in vain, it is set at once. */
static void a_key_that_was_made_at_last_is_set_without_delay(void **state)
{
	(void)state;
	machine_t m;
	machine_at(&m, ROLLOVER_INTRODUCE);
	m.row.has_new = false;
	m.row.ordered = T0 - 60;
	m.row.keys = KEYS_UNKNOWN;
	m.row.gate = GATE_KNOT_NO_NEW_KEY;
	m.row.checks = 7;
	machine_serve(&m, OLD | NEW, HOUR);
	machine_step(&m);
	assert_int_equal(m.row.gate, GATE_KEYS_PENDING);
	assert_true(m.row.has_new);
	assert_int_equal(m.row.checks, 0);
	assert_int_equal(m.row.next_check, m.now + 1);
	machine_step(&m);
	assert_int_equal(m.row.checks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_that_are_not_those_of_the_step_are_set_first),
		cmocka_unit_test(silent_states_are_read_again_after_a_start),
		cmocka_unit_test(the_next_step_is_ordered_with_its_beginning),
		cmocka_unit_test(keys_come_before_the_policy_and_the_policy_before_the_order),
		cmocka_unit_test(a_switch_that_fails_keeps_no_order_back),
		cmocka_unit_test(own_signals_that_are_wrong_are_set_again),
		cmocka_unit_test(an_old_key_that_is_gone_is_not_ordered),
		cmocka_unit_test(an_idle_zone_keeps_its_signals),
		cmocka_unit_test(the_gate_says_what_came_of_the_order),
		cmocka_unit_test(signals_that_went_do_not_come_back_when_something_is_wrong),
		cmocka_unit_test(signals_stay_as_they_are_where_they_are_not_judged),
		cmocka_unit_test(nothing_is_set_where_nothing_may_be_done),
		cmocka_unit_test(on_hold_nothing_is_signalled),
		cmocka_unit_test(only_a_repeated_signal_is_signed_first),
		cmocka_unit_test(what_the_states_are_is_remembered),
		cmocka_unit_test(an_order_in_vain_keeps_its_pace),
		cmocka_unit_test(a_key_that_was_made_at_last_is_set_without_delay),
		cmocka_unit_test(a_rollover_begins_without_the_signals_of_the_last_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
