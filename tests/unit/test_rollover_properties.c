/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is true of every decision, whatever the row and the facts: many of them, by chance but always the same.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "machine.h"

#define DECISIONS 60000

typedef struct {
	uint64_t state;
	unsigned calm; /*!< Odd things are so many times rarer. */
} chance_t;

/*! xorshift64: a number below \a n. */
static unsigned chance(chance_t *c, unsigned n)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return (c->state >> 33) % n;
}

/*! Something odd: once in \a n. */
static bool odd(chance_t *c, unsigned n)
{
	return chance(c, n * c->calm) == 0;
}

/*! Some time before \a now, seldom a little after it; or 0. */
static time_t some_time(chance_t *c, time_t now)
{
	static const time_t AGES[] = { 0, 1, 60, 299, 300, HOUR, DAY, 3 * DAY, 8 * DAY, -60 };

	return chance(c, 3) == 0 ? 0 : now - AGES[chance(c, 10)];
}

static signal_rrset_t some_signal(chance_t *c, keyset_t keys)
{
	signal_rrset_t rrset = { .present = !odd(c, 3),
		                 .signed_by = odd(c, 2) ? chance(c, 8) : 3,
		                 .remove = odd(c, 8) };

	rrset.keys = odd(c, 3) ? chance(c, 8) : keys;
	rrset.unwanted = odd(c, 10);
	return rrset;
}

static answer_status_t some_status(chance_t *c)
{
	return odd(c, 4) ? chance(c, ANSWER__COUNT) : ANSWER_OK;
}

static void some_answers(chance_t *c, machine_t *m)
{
	const keyset_t ds = odd(c, 3) ? chance(c, 8) : odd(c, 1) ? 1U << chance(c, 2) : m->parent[0].ds;
	const keyset_t served = odd(c, 6) ? chance(c, 8) : m->facts.own.dnskey;

	for (int i = 0; i < 2; i++) {
		child_answer_t *child = &m->child[i];
		child->status = some_status(c);
		child->unreachable_since = some_time(c, m->now);
		child->dnskey = odd(c, 8) ? chance(c, 8) : served;
		child->dnskey_signed_by = odd(c, 8) ? chance(c, 8) : child->dnskey;
		child->dnskey_equal = !odd(c, 10);
		child->dnskey_foreign = odd(c, 15);
		child->dnskey_ttl = odd(c, 3) ? HOUR : 300;
		child->cds = chance(c, 2) ? child->cds : some_signal(c, 2);
		child->cdnskey = odd(c, 4) ? some_signal(c, 2) : child->cds;
		parent_answer_t *parent = &m->parent[i];
		parent->status = some_status(c);
		parent->unreachable_since = some_time(c, m->now);
		parent->ds = odd(c, 6) ? chance(c, 8) : ds;
		parent->ds_foreign = odd(c, 15);
	}
}

/*! A row that may be, and facts that may be seen. */
static void some_machine(chance_t *c, machine_t *m)
{
	rollover_row_t *row = &m->row;
	own_facts_t *own = &m->facts.own;

	c->calm = 1;
	c->calm = chance(c, 3) == 0 ? 1 : 30;
	machine_at(m, chance(c, ROLLOVER_STATE__COUNT));
	m->config.ksk_lifetime = chance(c, 2) ? 30 * DAY : 0;
	m->config.notify = !odd(c, 3);
	m->config.notify_again = HOUR;
	m->config.go_insecure = odd(c, 6);
	m->config.dry_run = odd(c, 10);
	m->config.hold = odd(c, 15);
	m->config.observe_only = odd(c, 20);
	m->config.caches_expired = odd(c, 5) ? some_time(c, m->now) : 0;
	row->since = row->gate_since = m->now - 4 * DAY;
	row->gate = chance(c, GATE__COUNT);
	row->gate_until = odd(c, 1) ? some_time(c, m->now) : 0;
	row->next_check = m->now - chance(c, 20);
	row->checks = chance(c, 20);
	row->bad_watches = odd(c, 2) ? chance(c, 4) : 0;
	row->settled_at = m->now - (chance(c, 2) ? 31 : 10) * DAY;
	row->all_since = odd(c, 1) ? some_time(c, m->now) : 0;
	row->all_expired = row->all_since + HOUR;
	row->ordered = some_time(c, m->now);
	row->notified = some_time(c, m->now);
	row->ds_all_since = odd(c, 2) ? some_time(c, m->now) : row->ds_all_since;
	row->observed_since = odd(c, 2) ? some_time(c, m->now) : row->observed_since;
	row->observed_last = row->observed_since != 0 ? m->now - 300 : 0;
	if (odd(c, 5)) {
		row->dnskey_ttl.count = row->ds_ttl.count = 0;
	}
	if (odd(c, 10)) {
		row->has_new = !row->has_new;
		row->new_key = m->facts.keys[1];
	}
	if (odd(c, 8)) {
		row->old_count = chance(c, 2);
	}
	own->known = !odd(c, 20);
	own->frozen = odd(c, 20);
	own->transaction = odd(c, 20);
	own->catalog_member = odd(c, 30);
	own->csk = odd(c, 30);
	own->policy = odd(c, 4) ? chance(c, POLICY__COUNT) : rollover_policy(row);
	own->dnskey = odd(c, 5) ? chance(c, 8) : own->dnskey;
	own->foreign = odd(c, 20) ? own->dnskey & 2 : 0;
	own->cds = chance(c, 2) ? own->cds : some_signal(c, 2);
	own->cdnskey = chance(c, 3) ? own->cds : some_signal(c, 2);
	m->facts.discovery_failed = odd(c, 20);
	m->facts.parent_insecure = odd(c, 20);
	m->facts.too_many_keys = odd(c, 40);
	m->facts.watch = (watch_facts_t){ .answered = chance(c, 4), .parent_ok = !odd(c, 5) };
	m->facts.watch.failing = odd(c, 3) ? chance(c, 4) : 0;
	m->facts.acknowledged = some_time(c, m->now);
	some_answers(c, m);
}

static void check_transition(const machine_t *m)
{
	const rollover_row_t *row = &m->out.row;

	/* Words that go_back() leaves are of no gate. */
	assert_int_equal(row->gate, GATE_NONE);
	assert_int_equal(row->gate_until, 0);
	assert_int_equal(row->since, m->now);
	assert_int_equal(row->gate_since, m->now);
	assert_int_equal(row->next_check, m->now);
	assert_int_equal(row->all_since, 0);
	assert_int_equal(row->ordered, 0);
	assert_int_equal(row->notified, 0);
	assert_int_equal(row->checks, 0);
	assert_int_equal(m->out.action, ACTION_NONE);
	assert_false(m->out.notify);
	assert_false(m->out.gate_changed);
	assert_int_equal(m->out.policy, rollover_policy(row));
}

static void check_stay(const machine_t *m)
{
	const rollover_row_t *row = &m->out.row;
	const bool same = row->gate == m->row.gate && strcmp(row->gate_about, m->row.gate_about) == 0;

	assert_int_equal(row->since, m->row.since);
	assert_true(row->next_check > m->now && row->next_check <= m->now + HOUR);
	assert_true(row->gate_until == 0 || row->gate_until > m->now || row->gate == GATE_KSK_UNCONFIRMED);
	assert_int_equal(m->out.gate_changed, !same);
	if (row->gate != GATE_KSK_UNCONFIRMED) {
		assert_int_equal(row->gate_since, same ? m->row.gate_since : m->now);
	}
	assert_int_equal(row->checks, row->gate == m->row.gate ? m->row.checks + 1 : 0);
}

/*! What is done, is done for a reason and under no gate that forbids it. */
static void check_deeds(const machine_t *m)
{
	const rollover_decision_t *d = &m->out;
	const bool hands_off = m->config.observe_only || m->facts.own.catalog_member;
	const bool quiet = hands_off || m->config.hold || m->config.dry_run || m->facts.own.frozen ||
	                   m->facts.own.transaction || !m->facts.own.known;

	assert_true(!hands_off || !d->policy_wanted);
	if (d->action != ACTION_NONE) {
		assert_false(quiet);
		assert_int_equal(d->row.ordered, m->now);
		assert_true(d->row.gate == GATE_KNOT_NO_NEW_KEY || d->row.gate == GATE_KNOT_KEEPS_KEY ||
		            d->row.gate == GATE_KSK_UNCONFIRMED || d->row.gate == GATE_WAITING_DNSKEY_TTL);
	}
	if (d->notify) {
		assert_false(quiet);
		assert_true(m->config.notify);
		assert_int_equal(d->row.notified, m->now);
		assert_true(d->row.state == ROLLOVER_AWAIT_DS || d->row.state == ROLLOVER_ROLLBACK ||
		            d->row.state == ROLLOVER_REMOVE_DS);
	}
}

static void a_decision_is_a_transition_or_a_gate(void **state)
{
	(void)state;
	chance_t c = { .state = 88172645463325252ULL };
	unsigned transitions = 0, actions = 0, notifications = 0;

	for (unsigned i = 0; i < DECISIONS; i++) {
		machine_t m;
		some_machine(&c, &m);
		machine_decide(&m);
		assert_int_equal(m.out.transition, m.out.row.state != m.row.state);
		if (m.out.transition) {
			check_transition(&m);
		} else {
			check_stay(&m);
		}
		check_deeds(&m);
		transitions += m.out.transition;
		actions += m.out.action != ACTION_NONE;
		notifications += m.out.notify;
	}
	/* The chances are such that all of it happens. */
	print_message("%u transitions, %u actions, %u notifications\n", transitions, actions, notifications);
	assert_true(transitions > DECISIONS / 50);
	assert_true(actions > DECISIONS / 100);
	assert_true(notifications > DECISIONS / 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_is_a_transition_or_a_gate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
