/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is true of every verdict and every decision, whatever the row and the facts: many of them, by chance but always
 * the same. The rules are written once more here, as plain as possible.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deleg_case.h"

#define DECISIONS 200000

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

static bool odd(chance_t *c, unsigned n)
{
	return chance(c, n * c->calm) == 0;
}

static time_t some_time(chance_t *c, time_t now)
{
	static const time_t AGES[] = { 0, 1, 59, 60, 61, HOUR, DAY, 3 * DAY, 4 * DAY, -60 };

	return chance(c, 4) == 0 ? 0 : now - AGES[chance(c, 10)];
}

static delegation_keys_t some_keys(chance_t *c)
{
	return odd(c, 1) ? chance(c, 64) : chance(c, 8);
}

static ds_set_t some_set(chance_t *c)
{
	ds_set_t set = deleg_set(some_keys(c));

	if (odd(c, 6)) {
		const ds_set_t more = deleg_set_of(some_keys(c), 1 + chance(c, 4));
		for (unsigned i = 0; i < more.count; i++) {
			ds_set_add(&set, &more.record[i]);
		}
	}
	if (odd(c, 15)) {
		set = deleg_delete();
	}
	set.excess = odd(c, 40);
	return set;
}

static void some_answer(chance_t *c, deleg_t *d, delegation_child_t *a)
{
	if (odd(c, 5)) {
		a->status = chance(c, ANSWER__COUNT);
		a->unreachable_since = some_time(c, d->now);
	}
	if (odd(c, 6)) {
		a->dnskey = some_keys(c);
	}
	if (odd(c, 6)) {
		a->dnskey_signed_by = some_keys(c);
	}
	if (odd(c, 6)) {
		a->cds_set = some_set(c);
		a->cds.present = chance(c, 4) != 0;
		a->cds.proven = chance(c, 4) != 0;
	}
	if (odd(c, 6)) {
		a->cdnskey_keys = some_keys(c);
		a->cdnskey_deletes = odd(c, 4);
		a->cdnskey.present = chance(c, 4) != 0;
		a->cdnskey.proven = chance(c, 4) != 0;
	}
	a->dnskey_ttl = chance(c, 2) ? HOUR : 0;
	a->dnskey_inception = some_time(c, d->now);
	a->cdnskey_malformed = odd(c, 20);
	a->cdnskey_excess = odd(c, 20);
	delegation_rrset_t *const rrsets[] = { &a->cds, &a->cdnskey };
	for (int i = 0; i < 2; i++) {
		if (odd(c, 6)) {
			rrsets[i]->signed_by = some_keys(c);
			rrsets[i]->inception = some_time(c, d->now);
			rrsets[i]->expires = d->now + (chance(c, 2) ? DAY : 0);
		}
	}
}

static void some_row(chance_t *c, deleg_t *d)
{
	delegation_row_t *row = &d->row;

	row->state = chance(c, DELEGATION_STATE__COUNT);
	row->gate = chance(c, DELEGATION_GATE__COUNT);
	row->since = row->gate_since = d->now - chance(c, 100);
	/* What has never been seen rests. */
	row->known = row->state != DELEGATION_REST || !odd(c, 3);
	row->ds = odd(c, 6) ? chance(c, 3) : row->ds;
	row->former = chance(c, 3) == 0 ? ds_set_id(&d->facts.zone.ds) : 0;
	row->ordering = chance(c, 2);
	row->put = odd(c, 2) ? d->facts.zone.ds : some_set(c);
	row->put_ttl = chance(c, 2) ? 600 : DAY;
	row->put_content = 5;
	row->may_undo = chance(c, 4) != 0;
	row->before = deleg_set(chance(c, 2) ? A : some_keys(c));
	row->before_ttl = DAY;
	row->before_until = some_time(c, d->now);
	row->back_since = some_time(c, d->now);
	row->back_last = row->back_since != 0 ? d->now - chance(c, 120) : 0;
	row->dnskey_ttl = chance(c, 2) ? HOUR : 2 * DAY;
	row->content = chance(c, 2) ? delegation_content(&d->child[0].cds_set) : 0;
	row->accepted_since = chance(c, 2) ? d->now - HOUR : 0;
	row->applied = chance(c, 3) ? 0 : delegation_content(&d->child[0].cds_set);
	row->applied_inception = odd(c, 2) ? some_time(c, d->now) : 0;
	row->refused = odd(c, 4) ? delegation_content(&d->child[0].cds_set) : 0;
	row->undone = chance(c, 2);
	row->undos = odd(c, 3) ? chance(c, 4) : 0;
	row->undone_at = some_time(c, d->now);
	row->manual = odd(c, 3) ? some_time(c, d->now) : 0;
	row->manual_judged = row->manual != 0 && odd(c, 2);
	row->reverted = odd(c, 6);
	row->ttl_normal = chance(c, 2) ? DAY : 0;
	row->ttl_low = 600;
	row->all_since = some_time(c, d->now);
	row->failed_before = odd(c, 5);
	row->secure_since = some_time(c, d->now);
	row->secure_last = row->secure_since != 0 ? d->now - 60 : 0;
	row->bad_watches = chance(c, 4);
	row->notified = some_time(c, d->now);
	row->checks = chance(c, 20);
}

static void some_zone(chance_t *c, deleg_t *d)
{
	delegation_zone_t *zone = &d->facts.zone;

	zone->known = !odd(c, 15);
	zone->delegated = !odd(c, 15);
	zone->frozen = odd(c, 15);
	zone->transaction = odd(c, 15);
	zone->signing = odd(c, 15);
	zone->load = odd(c, 8) ? chance(c, 4) : DELEGATION_LOAD_KEEPS;
	zone->ds_ttl = chance(c, 2) ? 600 : DAY;
	if (odd(c, 4)) {
		zone->ds = some_set(c);
		zone->ds.excess = odd(c, 10);
	}
	for (int i = 0; i < 2; i++) {
		d->parent[i].ds = odd(c, 6) ? some_set(c) : zone->ds;
		d->parent[i].status = odd(c, 6) ? chance(c, ANSWER__COUNT) : ANSWER_OK;
		d->parent[i].unreachable_since = some_time(c, d->now);
		d->view[i].status = chance(c, 3) ? DELEGATION_VIEW_SECURE : chance(c, 4);
	}
}

static void some_delegation(chance_t *c, deleg_t *d)
{
	c->calm = 1;
	c->calm = chance(c, 4) == 0 ? 1 : 20;
	if (chance(c, 4) == 0) {
		deleg_first(d);
	} else {
		deleg_init(d);
	}
	d->config.report_only = odd(c, 15);
	d->config.locked = odd(c, 15);
	d->config.bootstrap = d->config.bootstrap && !odd(c, 6);
	d->config.remove = chance(c, 2);
	d->config.undo = !odd(c, 5);
	d->config.accept = odd(c, 3) ? chance(c, 3) : DELEGATION_ACCEPT_BOTH;
	d->config.apply = odd(c, 3) ? chance(c, 3) : DELEGATION_BY_TRANSACTION;
	d->config.ds_max = odd(c, 4) ? 1 + chance(c, 3) : 6;
	d->config.hold_down = odd(c, 4) ? HOUR : 0;
	if (chance(c, 8) == 0) {
		deleg_signal_delete(d);
	}
	some_zone(c, d);
	/* Children with CDS only; one of the servers may have no proof that there is no CDNSKEY. */
	const bool one_type = chance(c, 8) == 0;
	for (unsigned i = 0; i < DELEG_SERVERS && one_type; i++) {
		d->child[i].cdnskey = (delegation_rrset_t){ .proven = chance(c, 8) != 0 };
		d->child[i].cdnskey_keys = 0;
		d->child[i].cdnskey_deletes = false;
	}
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		some_answer(c, d, &d->child[i]);
	}
	for (unsigned i = 0; i < DELEG_KEYS; i++) {
		d->key[i].flags = odd(c, 15) ? chance(c, 2) : d->key[i].flags | (odd(c, 15) ? 0x80 : 0);
		d->key[i].whole = !odd(c, 20);
	}
	for (unsigned i = 0; i < 2; i++) {
		d->signaling[i].status = odd(c, 5) ? chance(c, 3) : DELEGATION_SIGNALING_OK;
		if (odd(c, 6)) {
			d->signaling[i].cds = some_set(c);
		}
	}
	d->facts.signaling_count = odd(c, 10) ? 0 : d->facts.signaling_count;
	d->facts.asked = odd(c, 5) ? chance(c, 16) : d->facts.asked;
	d->facts.surveyed = odd(c, 5) ? some_time(c, d->now) : d->facts.surveyed;
	d->facts.surveyed_ns = odd(c, 10) ? 78 : 77;
	d->facts.discovery_failed = odd(c, 15);
	d->facts.too_many_keys = odd(c, 15);
	d->facts.scan.answered = !odd(c, 5);
	d->facts.scan.differs = chance(c, 2);
	d->facts.scan.content = chance(c, 2) ? d->facts.scan.content : chance(c, 3);
	d->facts.notified = odd(c, 3) ? d->now : 0;
	d->facts.outcome = chance(c, 4);
	d->row.ds = ds_set_id(&d->facts.zone.ds);
	some_row(c, d);
}

/* The rules once more. */

static bool names(const ds_set_t *set, const delegation_key_t *key)
{
	bool better = false;

	for (unsigned i = 0; i < set->count; i++) {
		better = better || set->record[i].digest_type == 2 || set->record[i].digest_type == 4;
	}
	for (unsigned i = 0; i < set->count; i++) {
		const ds_record_t *r = &set->record[i];
		const void *digest = r->digest_type == 2 ? key->id.digest :
		                     r->digest_type == 4 ? key->sha384 :
		                                           key->sha1;
		if (r->digest_type == 3 || r->digest_type > 4 || r->digest_type == 0 || r->tag != key->id.tag ||
		    r->algorithm != key->id.algorithm || r->algorithm == 17 || r->algorithm == 0) {
			continue;
		}
		if ((r->digest_type == 2 || key->whole) && !(r->digest_type == 1 && better) &&
		    memcmp(r->digest, digest, r->digest_len) == 0) {
			return true;
		}
	}
	return false;
}

/*! Keys that the set names, are in DNSKEY of the server, and have signed it. */
static delegation_keys_t chain(const deleg_t *d, const delegation_child_t *a, const ds_set_t *set)
{
	delegation_keys_t keys = 0;

	for (unsigned i = 0; i < DELEG_KEYS; i++) {
		const bool usable = (d->key[i].flags & 0x100) && !(d->key[i].flags & 0x80);
		if (usable && names(set, &d->key[i]) && (a->dnskey & a->dnskey_signed_by & (1U << i))) {
			keys |= 1U << i;
		}
	}
	return keys;
}

/*! Every algorithm of the set has a key that signs. */
static bool all_algorithms_sign(const deleg_t *d, const delegation_child_t *a, const ds_set_t *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		bool signs = false;
		for (unsigned k = 0; k < DELEG_KEYS; k++) {
			signs = signs ||
			        ((chain(d, a, set) & (1U << k)) && d->key[k].id.algorithm == set->record[i].algorithm);
		}
		if (!signs && set->record[i].algorithm != 17) {
			return false;
		}
	}
	return true;
}

static ds_set_t sha256_of(const ds_set_t *cds)
{
	ds_set_t set = { 0 };

	for (unsigned i = 0; i < cds->count; i++) {
		if (cds->record[i].digest_type == 2) {
			ds_set_add(&set, &cds->record[i]);
		}
	}
	return set;
}

static void check_rrset(const deleg_t *d, const delegation_child_t *a, const delegation_rrset_t *rrset, bool first)
{
	delegation_keys_t trusted = 0;

	if (!rrset->present) {
		assert_true(rrset->proven || first);
		return;
	}
	if (first) {
		return;
	}
	for (unsigned i = 0; i < DELEG_KEYS; i++) {
		trusted |= names(&d->facts.zone.ds, &d->key[i]) ? 1U << i : 0;
	}
	assert_true((rrset->signed_by & a->dnskey & trusted) != 0);
	assert_true(rrset->expires > d->now && rrset->inception != 0);
	assert_true(rrset->inception > d->row.applied_inception || d->verdict.content == d->row.applied);
	assert_true(rrset->inception > d->row.manual - (d->row.manual_judged ? DELEGATION_DATED_BACK : 0));
}

static void check_server(const deleg_t *d, const delegation_child_t *a, bool first)
{
	const delegation_verdict_t *v = &d->verdict;
	const bool removal = v->wanted.count == 0;

	if (a->status != ANSWER_OK) {
		assert_false(first);
		assert_int_equal(a->status, ANSWER_UNREACHABLE);
		assert_true(a->unreachable_since != 0);
		assert_true(d->now - a->unreachable_since >= (time_t)d->config.unreachable_after);
		return;
	}
	assert_true(a->cds.present || a->cdnskey.present);
	if (a->cds.present) {
		const ds_set_t said = sha256_of(&a->cds_set);
		assert_false(a->cds_set.excess);
		assert_true(removal ? ds_set_deletes(&a->cds_set) : ds_set_equal(&said, &v->wanted));
	}
	if (a->cdnskey.present) {
		const ds_set_t said = deleg_set(a->cdnskey_keys);
		assert_false(a->cdnskey_malformed || a->cdnskey_excess);
		assert_int_equal(a->cdnskey_deletes, removal);
		assert_true(ds_set_equal(&said, &v->wanted));
	}
	assert_true(first || chain(d, a, &d->facts.zone.ds) != 0);
	check_rrset(d, a, &a->cds, first);
	check_rrset(d, a, &a->cdnskey, first);
	assert_true(all_algorithms_sign(d, a, &v->wanted));
	assert_true(removal || chain(d, a, &v->wanted) != 0);
}

static void check_accepted(const deleg_t *d)
{
	const delegation_facts_t *f = &d->facts;
	const delegation_verdict_t *v = &d->verdict;
	const bool first = f->zone.ds.count == 0;
	unsigned ok = 0, confirmed = 0;

	assert_true(f->zone.known && f->zone.delegated && !f->zone.ds.excess);
	assert_false(d->config.locked || f->discovery_failed || f->too_many_keys);
	assert_int_not_equal(d->row.state, DELEGATION_SUSPENDED);
	assert_true(f->asked & DELEGATION_ASK_SURVEY);
	assert_true(f->surveyed <= d->now && d->now - f->surveyed <= 60);
	assert_int_equal(f->surveyed_ns, f->zone.ns);
	assert_false(ds_set_equal(&v->wanted, &f->zone.ds));
	assert_true(v->wanted.count <= d->config.ds_max);
	assert_true(v->wanted.count > 0 || d->config.remove);
	assert_true(d->row.refused == 0 || v->content != d->row.refused);
	for (unsigned i = 0; i < v->wanted.count; i++) {
		assert_int_equal(v->wanted.record[i].digest_type, 2);
		assert_int_not_equal(v->wanted.record[i].algorithm, 17);
	}
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		check_server(d, &d->child[i], first);
		ok += d->child[i].status == ANSWER_OK;
	}
	assert_true(ok > 0);
	for (unsigned i = 0; i < f->signaling_count && first; i++) {
		const delegation_signaling_t *s = &f->signaling[i];
		const ds_set_t said = sha256_of(&s->cds);
		assert_int_not_equal(s->status, DELEGATION_SIGNALING_FAILED);
		assert_true(s->status == DELEGATION_SIGNALING_INSIDE || ds_set_equal(&said, &v->wanted));
		confirmed += s->status == DELEGATION_SIGNALING_OK;
	}
	assert_true(!first || (d->config.bootstrap && confirmed > 0 && v->wanted.count > 0));
}

static bool parents_have(const deleg_t *d)
{
	unsigned ok = 0;

	for (int i = 0; i < 2; i++) {
		const delegation_parent_t *a = &d->parent[i];
		if (a->status == ANSWER_OK && !ds_set_equal(&a->ds, &d->facts.zone.ds)) {
			return false;
		}
		if (a->status != ANSWER_OK &&
		    (a->status != ANSWER_UNREACHABLE || a->unreachable_since == 0 ||
		     d->facts.surveyed - a->unreachable_since < (time_t)d->config.unreachable_after)) {
			return false;
		}
		ok += a->status == ANSWER_OK;
	}
	return ok > 0 && (d->facts.asked & DELEGATION_ASK_PARENTS);
}

static void check_undo(const deleg_t *d)
{
	const delegation_facts_t *f = &d->facts;

	assert_true(d->row.state == DELEGATION_SPREAD || d->row.state == DELEGATION_VERIFY);
	assert_true(d->config.undo && d->row.may_undo && !d->row.failed_before);
	assert_true(d->row.bad_watches + 1U >= d->config.bogus_limit && (f->asked & DELEGATION_ASK_WATCH));
	assert_true(d->view[0].status == DELEGATION_VIEW_BOGUS || d->view[1].status == DELEGATION_VIEW_BOGUS);
	assert_true(ds_set_equal(&d->out.order.put, &d->row.before));
	assert_true(f->surveyed <= d->now && d->now - f->surveyed <= 60 && f->surveyed_ns == f->zone.ns);
	assert_false(f->discovery_failed);
	for (unsigned i = 0; i < DELEG_SERVERS; i++) {
		const delegation_child_t *a = &d->child[i];
		assert_true(a->status == ANSWER_OK ||
		            (a->status == ANSWER_UNREACHABLE && a->unreachable_since != 0 &&
		             d->now - a->unreachable_since >= (time_t)d->config.unreachable_after));
		assert_true(a->status != ANSWER_OK || all_algorithms_sign(d, a, &d->row.before));
	}
}

static void check_restore(const deleg_t *d)
{
	const delegation_order_t *order = &d->out.order;
	/* All servers may have it since this check. */
	const time_t all = d->out.row.all_since;

	assert_true(ds_set_equal(&order->put, &d->facts.zone.ds));
	assert_int_equal(order->ttl, d->row.ttl_normal);
	assert_true(parents_have(d));
	assert_true(all != 0 && all <= d->now);
	assert_true(d->now - all >= (time_t)d->config.ds_ttl_hold && d->now - all > (time_t)order->ttl);
	assert_int_not_equal(d->row.ttl_normal, 0);
}

static void check_order(deleg_t *d)
{
	const delegation_order_t *order = &d->out.order;
	const delegation_zone_t *zone = &d->facts.zone;

	assert_true(zone->known && zone->delegated);
	assert_false(zone->frozen || zone->transaction || zone->signing || d->config.report_only);
	assert_true(zone->load != DELEGATION_LOAD_SECONDARY || d->config.apply == DELEGATION_BY_UPDATE);
	assert_int_equal(order->ns, zone->ns);
	assert_true(ds_set_equal(&order->base, &zone->ds) || zone->ds.excess);
	assert_int_equal(order->base_ttl, zone->ds_ttl);
	assert_true(order->until >= d->now && order->until <= d->now + 60);
	assert_true(order->ttl <= DAY);
	assert_true(d->out.row.ordering && ds_set_equal(&d->out.row.put, &order->put));
	assert_int_equal(d->out.row.put_ttl, order->ttl);
	assert_true(d->out.transition);
	assert_true(!d->row.known || ds_set_id(&zone->ds) == d->row.ds);
	if (order->action == DELEGATION_DO_CHANGE) {
		assert_int_equal(d->out.row.state, DELEGATION_CHANGE);
		assert_int_equal(d->row.state, DELEGATION_WAIT);
		assert_int_equal(d->verdict.kind, DELEGATION_VERDICT_ACCEPT);
		assert_true(ds_set_equal(&order->put, &d->verdict.wanted));
		assert_true(order->until <= d->facts.surveyed + 60);
		assert_true(zone->load == DELEGATION_LOAD_KEEPS || d->config.apply != DELEGATION_BY_TRANSACTION ||
		            (zone->load == DELEGATION_LOAD_REVERTS && d->row.reverted));
		assert_true(ds_set_equal(&d->out.row.before, &zone->ds));
	} else if (order->action == DELEGATION_DO_UNDO) {
		assert_true(order->until <= d->facts.surveyed + 60);
		check_undo(d);
	} else {
		check_restore(d);
	}
}

static void nothing_is_accepted_or_ordered_against_a_rule(void **state)
{
	(void)state;
	chance_t c = { .state = 88172645463325252ULL };
	unsigned kinds[3] = { 0 }, actions[DELEGATION_ACTION__COUNT] = { 0 }, gates[DELEGATION_GATE__COUNT] = { 0 };
	unsigned first = 0, removed = 0;

	for (unsigned i = 0; i < DECISIONS; i++) {
		deleg_t d;
		some_delegation(&c, &d);
		deleg_accept(&d);
		delegation_decide(&d.config, &d.row, &d.facts, d.now, &d.out);
		kinds[d.verdict.kind]++;
		actions[d.out.order.action]++;
		gates[d.verdict.gate]++;
		gates[d.out.row.gate]++;
		if (d.verdict.kind == DELEGATION_VERDICT_ACCEPT) {
			check_accepted(&d);
			first += d.facts.zone.ds.count == 0;
			removed += d.verdict.wanted.count == 0;
		}
		if (d.out.order.action != DELEGATION_DO_NOTHING) {
			check_order(&d);
		}
		assert_int_equal(d.out.transition, d.out.row.state != d.row.state);
		assert_true(d.out.row.next_check >= d.now);
		assert_true(d.out.transition || d.out.row.next_check > d.now);
		assert_true(d.out.row.next_check <= d.now + 7 * DAY);
		assert_int_equal(d.out.asks, delegation_asks(&d.config, &d.out.row));
		assert_true((unsigned)d.out.row.state < DELEGATION_STATE__COUNT);
		assert_true(d.out.row.refused == 0 || d.out.row.refused == d.row.refused ||
		            d.out.row.refused == d.verdict.content || d.out.row.refused == d.row.applied);
	}
	/* The chances are such that all of it happens. */
	print_message("%u nothing, %u accepted, %u rejected; %u first, %u removed\n", kinds[0], kinds[1], kinds[2],
	              first, removed);
	print_message("%u changes, %u restored, %u undone\n", actions[1], actions[2], actions[3]);
	for (int i = 1; i < DELEGATION_GATE__COUNT; i++) {
		print_message("%6u %s\n", gates[i], delegation_gate_name(i));
		assert_true(gates[i] > 0);
	}
	assert_true(kinds[1] > DECISIONS / 20 && first > DECISIONS / 200 && removed > DECISIONS / 200);
	assert_true(actions[1] > DECISIONS / 500 && actions[2] > DECISIONS / 500 && actions[3] > DECISIONS / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_accepted_or_ordered_against_a_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
