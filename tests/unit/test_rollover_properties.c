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
		child->data_algorithms = odd(c, 6) ? chance(c, 4) << 13 : child->data_algorithms;
		child->data_keys = odd(c, 10);
		child->serial_known = child->serial_known && !odd(c, 10);
		child->serial = odd(c, 8) ? 6 + chance(c, 3) : child->serial;
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
	if (m->row.has_new && chance(c, 4) == 0) {
		if (m->row.state == ROLLOVER_RETIRE && chance(c, 2)) {
			machine_serve(m, NEW, 300);
			row->ordered = 0;
		}
		machine_algorithm(m);
	}
	row->data_since = odd(c, 3) ? some_time(c, m->now) : row->data_since;
	own->data_algorithms = odd(c, 5) ? chance(c, 4) << 13 : own->data_algorithms;
	m->config.ksk_lifetime = chance(c, 2) ? 30 * DAY : 0;
	m->config.via = odd(c, 3) ? PARENT_VIA_CDS : PARENT_VIA_AUTO;
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
	m->config.manual = row->checks == 7;
	row->settled_at = m->now - (chance(c, 2) ? 31 : 10) * DAY;
	row->all_since = odd(c, 1) ? some_time(c, m->now) : 0;
	if (rollover_changes_algorithm(row) && !odd(c, 3)) {
		row->all_since = m->now - 2 * DAY;
		row->data_last = m->now - 300;
	}
	row->all_expired = row->all_since + HOUR;
	row->ordered = some_time(c, m->now);
	row->notified = some_time(c, m->now);
	row->ds_all_since = odd(c, 2) ? some_time(c, m->now) : row->ds_all_since;
	row->observed_since = odd(c, 2) ? some_time(c, m->now) : row->observed_since;
	row->observed_last = row->observed_since != 0 ? m->now - 300 : 0;
	if (odd(c, 5)) {
		row->dnskey_ttl.count = row->ds_ttl.count = 0;
	}
	/* In idle and presign the machine leaves none. */
	if (odd(c, 10) && row->state != ROLLOVER_IDLE && row->state != ROLLOVER_PRESIGN) {
		row->has_new = !row->has_new;
		row->new_key = m->facts.keys[1];
	}
	if (row->state == ROLLOVER_INTRODUCE && chance(c, 4) == 0) {
		row->has_new = false;
	}
	if (odd(c, 8)) {
		row->old_count = chance(c, 2);
	}
	own->known = !odd(c, 20);
	own->frozen = odd(c, 20);
	own->transaction = odd(c, 20);
	own->catalog_member = odd(c, 30);
	own->csk = odd(c, 30);
	own->base_publishes = !odd(c, 4);
	own->keys_refused = odd(c, 10);
	own->policy = odd(c, 4) ? chance(c, POLICY__COUNT) : rollover_policy(row);
	if (own->catalog_member) {
		own->policy = POLICY_BASE;
		m->config.ttl = 0;
	}
	snprintf(own->conf_detail, sizeof(own->conf_detail), "%s", odd(c, 5) ? "no" : "");
	own->conf = odd(c, 15) ? chance(c, CONF_NO_SWITCH + 1) : CONF_FIT;
	own->conf_gate = own->conf != CONF_FIT ? GATE_SWITCH_LOSES_DATA : GATE_NONE;
	own->conf_busy = odd(c, 20);
	own->dnskey_ttl = odd(c, 4) ? HOUR : own->dnskey_ttl;
	row->keys = odd(c, 4) ? chance(c, KEYS__COUNT) : row->keys;
	row->signalled = odd(c, 3) ? 0 : row->signalled;
	own->dnskey = odd(c, 5) ? chance(c, 8) : own->dnskey;
	if (!row->has_new && chance(c, 2)) {
		own->dnskey = OLD; /* The new key was ordered, or will be. */
	}
	own->foreign = odd(c, 20) ? own->dnskey & 2 : 0;
	own->cds = odd(c, 2) ? some_signal(c, 2) : own->cds;
	own->cdnskey = odd(c, 3) ? some_signal(c, 2) : own->cds;
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
	if (m->out.policy != rollover_policy(row)) {
		assert_int_equal(rollover_policy(row), POLICY_LOW_TTL);
		assert_int_equal(m->out.policy, POLICY_BASE);
	}
}

/*! An order may be refused and put off by turns: that is one wait. */
static bool is_of_keys(rollover_gate_t gate)
{
	return gate == GATE_KEYS_PENDING || gate == GATE_KEYS_REFUSED || gate == GATE_KNOT_NO_NEW_KEY ||
	       gate == GATE_KNOT_KEEPS_KEY;
}

static void check_stay(const machine_t *m)
{
	const rollover_row_t *row = &m->out.row;
	const bool same = row->gate == m->row.gate && strcmp(row->gate_about, m->row.gate_about) == 0;

	assert_int_equal(row->since, m->row.since);
	assert_true(row->next_check > m->now && row->next_check <= m->now + HOUR);
	assert_true(row->gate_until == 0 || row->gate_until > m->now);
	assert_true(row->gate != GATE_KSK_UNCONFIRMED && row->gate != GATE_KNOT_NOT_READY); /* Of 0.1.0. */
	assert_int_equal(m->out.gate_changed, !same);
	assert_int_equal(row->gate_since, same ? m->row.gate_since : m->now);
	const bool goes_on = row->gate == m->row.gate || (is_of_keys(row->gate) && is_of_keys(m->row.gate));
	const bool fresh = row->has_new && !m->row.has_new; /* It gets ready by itself: checks begin anew. */
	assert_int_equal(row->checks, goes_on && !fresh ? m->row.checks + 1 : 0);
}

static bool publishes(const own_facts_t *own, policy_role_t policy)
{
	return policy == POLICY_LOW_TTL || (policy == POLICY_BASE && own->base_publishes);
}

static bool are_signals(key_states_t keys)
{
	return keys == KEYS_SIGNAL_NEW || keys == KEYS_SIGNAL_BOTH;
}

/*! A state and its signals. */
static void check_keys(const machine_t *m)
{
	const rollover_decision_t *d = &m->out;
	const own_facts_t *own = &m->facts.own;
	const rollover_row_t *row = &d->row;
	const bool judged = d->transition || row->gate == GATE_KEYS_PENDING || row->gate == GATE_KEYS_REFUSED ||
	                    row->gate == GATE_CHAIN_BROKEN;

	assert_true(d->keys != KEYS_SIGNAL_NEW || row->state == ROLLOVER_SIGNAL || row->state == ROLLOVER_AWAIT_DS);
	assert_true(d->keys != KEYS_SIGNAL_BOTH || row->state == ROLLOVER_ROLLBACK);
	/* In idle only keys that another client has made are kept silent or unpublished, and those whose DS was
	 * removed. One that may be aside is silenced for another reason: so it is active. */
	assert_true(row->state != ROLLOVER_IDLE || d->keys == KEYS_UNKNOWN ||
	            (d->keys == KEYS_PRESIGN && (own->data_algorithms & ~own->algorithms) != 0) ||
	            (d->keys == KEYS_SILENT && (__builtin_popcount(own->dnskey) > 1 || row->gate == GATE_DS_REMOVED ||
	                                        row->gate == GATE_CHAIN_BROKEN || row->keys == KEYS_PRESIGN)));
	assert_true(!d->sign_first || (d->set_keys && are_signals(d->keys) && row->signalled != 0));
	assert_true(!m->config.hold || !d->driven || !are_signals(d->keys));
	if (!d->set_keys) {
		return;
	}
	assert_true(d->driven && own->known && own->dnskey != 0);
	assert_false(own->frozen || own->transaction || m->config.observe_only);
	assert_true(!m->config.dry_run || m->config.hold);
	assert_int_not_equal(d->keys, KEYS_UNKNOWN);
	/* Signals come out, or back, where all that was judged before them is well. */
	assert_true(!are_signals(d->keys) || judged);
}

/*! Which policy, and that no switch brings signals out that nobody has judged. */
static void check_policy(const machine_t *m)
{
	const rollover_decision_t *d = &m->out;
	const own_facts_t *own = &m->facts.own;
	const rollover_gate_t gate = d->row.gate;

	assert_true(d->policy == POLICY_BASE || d->policy == POLICY_LOW_TTL || d->policy == POLICY_DELETE);
	assert_true(d->policy != POLICY_DELETE || d->row.state == ROLLOVER_REMOVE_DS);
	assert_true(d->policy != POLICY_LOW_TTL ||
	            (d->row.state != ROLLOVER_IDLE && d->row.state != ROLLOVER_REMOVE_DS) || m->config.hold);
	if (!rollover_must_switch(own, d)) {
		return;
	}
	assert_true(d->driven && !own->frozen && !own->transaction && !own->catalog_member);
	if (!d->set_keys && d->row.has_new && are_signals(d->row.keys) && !own->cds.present &&
	    !publishes(own, own->policy)) {
		/* In retire the DS names what they name. */
		assert_true(d->transition || d->row.state == ROLLOVER_RETIRE || d->row.state == ROLLOVER_CLEAN ||
		            gate == GATE_POLICY_PENDING || gate == GATE_KNOT_BUSY || gate == GATE_CHAIN_BROKEN);
	}
}

/*! The order that cannot be taken back. */
static void check_retire(const machine_t *m)
{
	const rollover_row_t *row = &m->out.row;
	unsigned swapped = 0;

	assert_int_equal(m->out.keys, KEYS_SILENT);
	assert_int_equal(row->keys, KEYS_SILENT);
	assert_true(row->has_new && row->old_count > 0);
	assert_int_equal(m->facts.own.dnskey & NEW, NEW);
	assert_true(row->ds_all_since != 0 && row->ds_all_since + (time_t)row->ds_expire <= m->now);
	assert_true(row->observed_since != 0);
	assert_true(row->observed_last - row->observed_since >= (time_t)m->config.observe);
	assert_int_equal(row->bad_watches, 0);
	for (int i = 0; i < 2; i++) {
		const parent_answer_t *a = &m->parent[i];
		swapped += a->status == ANSWER_OK;
		assert_true(a->status == ANSWER_OK || a->status == ANSWER_UNREACHABLE);
		assert_true(a->status != ANSWER_OK || a->ds == NEW);
		assert_true(m->child[i].status != ANSWER_OK || (m->child[i].dnskey & NEW));
	}
	assert_true(swapped > 0);
}

/*! Data is signed by both algorithms on every nameserver that answers when keys of one come or go. */
static void check_data(const machine_t *m)
{
	const algset_t both = OLD_ALGORITHM | NEW_ALGORITHM;

	assert_int_equal(m->facts.own.data_algorithms & both, both);
	for (int i = 0; i < 2; i++) {
		const child_answer_t *a = &m->child[i];
		assert_true(a->status == ANSWER_OK || a->status == ANSWER_UNREACHABLE);
		assert_true(a->status != ANSWER_OK ||
		            ((a->data_algorithms & both) == both && a->data_keys == m->facts.own.data_keys &&
		             a->serial_known && a->serial >= 7));
	}
	assert_true(m->out.action == ACTION_CLEAN ||
	            (m->out.row.data_since != 0 && m->out.row.data_since + 7 * DAY < m->now));
}

/*! Where each order is given. */
static const struct {
	rollover_state_t state;
	rollover_gate_t gate;
} ORDERS[ACTION__COUNT] = {
	[ACTION_START] = { ROLLOVER_INTRODUCE, GATE_KNOT_NO_NEW_KEY },
	[ACTION_RETIRE] = { ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY },
	[ACTION_PUBLISH] = { ROLLOVER_PRESIGN, GATE_KNOT_NO_NEW_KEY },
	[ACTION_CLEAN] = { ROLLOVER_RETIRE, GATE_KNOT_KEEPS_KEY },
};

/*! What is done, is done for a reason and under no gate that forbids it. */
static void check_deeds(const machine_t *m)
{
	const rollover_decision_t *d = &m->out;
	const bool hands_off = m->config.observe_only;
	const bool quiet = hands_off || m->config.hold || m->config.dry_run || m->facts.own.frozen ||
	                   m->facts.own.transaction || !m->facts.own.known;

	assert_true(!hands_off || !d->driven);
	if (d->action != ACTION_NONE) {
		assert_false(quiet);
		assert_int_equal(d->row.ordered, m->now);
		/* A ZSK that is left goes whatever the parent has. */
		assert_true(d->row.gate == ORDERS[d->action].gate ||
		            (d->row.gate == GATE_KEYS_REFUSED && m->facts.own.keys_refused) ||
		            (d->row.gate == GATE_CHAIN_BROKEN && !(m->facts.own.dnskey & OLD)));
		assert_int_equal(d->row.state, ORDERS[d->action].state);
		assert_false(d->transition);
		assert_false(d->set_keys || rollover_must_switch(&m->facts.own, d));
	}
	assert_true(d->action != ACTION_START || !m->config.manual);
	if (d->action == ACTION_START || d->action == ACTION_PUBLISH) {
		assert_false(d->row.has_new);
	}
	if (d->action == ACTION_PUBLISH || d->action == ACTION_CLEAN) {
		check_data(m);
	}
	/* Once the old KSK has gone it is about what is left of its ZSKs. */
	if (d->action == ACTION_RETIRE && (m->facts.own.dnskey & OLD)) {
		check_retire(m);
	}
	if (d->notify) {
		assert_false(quiet);
		assert_int_not_equal(m->config.via, PARENT_VIA_CDS);
		assert_int_equal(d->row.notified, m->now);
		assert_true(d->row.state == ROLLOVER_AWAIT_DS || d->row.state == ROLLOVER_ROLLBACK ||
		            d->row.state == ROLLOVER_REMOVE_DS);
	}
}

static void a_decision_is_a_transition_or_a_gate(void **state)
{
	(void)state;
	chance_t c = { .state = 88172645463325252ULL };
	unsigned transitions = 0, actions = 0, notifications = 0, retired = 0, published = 0, cleaned = 0,
		 orders[KEYS__COUNT] = { 0 };

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
		check_keys(&m);
		check_policy(&m);
		orders[m.out.set_keys ? m.out.keys : KEYS_UNKNOWN]++;
		retired += m.out.action == ACTION_RETIRE;
		published += m.out.action == ACTION_PUBLISH;
		cleaned += m.out.action == ACTION_CLEAN;
		transitions += m.out.transition;
		actions += m.out.action != ACTION_NONE;
		notifications += m.out.notify;
	}
	/* The chances are such that all of it happens. */
	print_message("%u transitions, %u actions, %u notifications\n", transitions, actions, notifications);
	assert_true(transitions > DECISIONS / 50);
	assert_true(actions > DECISIONS / 100);
	assert_true(notifications > DECISIONS / 500);
	print_message("%u orders to retire, %u to publish, %u to clean; silent %u, new %u, both %u, presign %u\n",
	              retired, published, cleaned, orders[KEYS_SILENT], orders[KEYS_SIGNAL_NEW],
	              orders[KEYS_SIGNAL_BOTH], orders[KEYS_PRESIGN]);
	assert_true(published > DECISIONS / 10000 && cleaned > DECISIONS / 2000 &&
	            orders[KEYS_PRESIGN] > DECISIONS / 500);
	assert_true(retired > DECISIONS / 1000 && actions - retired > DECISIONS / 1000);
	assert_true(orders[KEYS_SILENT] > DECISIONS / 50);
	assert_true(orders[KEYS_SIGNAL_NEW] > DECISIONS / 500);
	assert_true(orders[KEYS_SIGNAL_BOTH] > DECISIONS / 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_is_a_transition_or_a_gate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
