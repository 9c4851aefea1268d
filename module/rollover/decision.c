/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "decision.h"
#include "keyset.h"

static void find_step(dec_t *c)
{
	c->plan = plans_of(&c->out->row);
	c->step = plans_step(c->plan, &c->out->row, (c->facts->own.dnskey & c->old) != 0);
}

policy_role_t dec_policy(const dec_t *c, policy_role_t role)
{
	const own_facts_t *own = &c->facts->own;
	const uint32_t ttl = c->config->ttl;
	const bool enough = own->policy == POLICY_BASE && own->base_publishes && (ttl == 0 || own->dnskey_ttl <= ttl);

	/* CDS has the keys of other signers by the base policy alone, which has the TTL on which they agree. */
	return c->out->row.signers || (role == POLICY_LOW_TTL && enough) ? POLICY_BASE : role;
}

/*!
 * Whether the data was ordered to move, or a new algorithm to be published, and nobody knows yet what has come of it:
 * Knot may sign a large zone for minutes. It is repeated while all that it rests on is seen, and not taken back for
 * that.
 */
static bool is_moving(const rollover_row_t *row, const step_t *step)
{
	const bool ordered = step->order == ACTION_PUBLISH ? row->keys != KEYS_PRESIGN :
	                                                     step->when == WHEN_UNMOVED && row->keys == KEYS_UNKNOWN;

	return ordered && row->ordered != 0 && row->all_since != 0;
}

/*! What the step asks of this server. */
static void want(dec_t *c, const step_t *step)
{
	c->out->policy = dec_policy(c, step->policy);
	if (is_moving(&c->out->row, step)) {
		c->out->keys = KEYS_UNKNOWN;
		return;
	}
	const bool moves = rollover_moves(&c->out->row) || c->out->row.signers;
	c->out->keys = step->keys == KEYS_MOVED && !moves ? KEYS_SILENT : step->keys;
}

/*! Whether the parent was asked, and no server of it has a DS that matches no key. */
static bool no_foreign_ds(const rollover_facts_t *facts)
{
	for (size_t i = 0; i < facts->parent_count; i++) {
		if (facts->parent[i].status != ANSWER_OK || facts->parent[i].ds_foreign) {
			return false;
		}
	}
	return facts->parent_count > 0 && !facts->discovery_failed;
}

/*! What the own zone and the parent tell about other signers. Only in idle: a rollover ends as it began. */
static void learn_signers(const rollover_facts_t *facts, rollover_row_t *row)
{
	const own_facts_t *own = &facts->own;

	if (row->state != ROLLOVER_IDLE || !own->known || own->dnskey == 0) {
		return;
	}
	if (own->foreign != 0) {
		row->signers = true;
	} else if (no_foreign_ds(facts)) {
		row->signers = false; /* Gone with their keys, from the parent as well. */
	}
}

void dec_init(dec_t *c, const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
              time_t now, rollover_decision_t *out)
{
	out->row = *row;
	memset(&out->transition, 0, sizeof(*out) - offsetof(rollover_decision_t, transition));
	learn_signers(facts, &out->row);
	c->config = config;
	c->before = row;
	c->facts = facts;
	c->now = now;
	c->out = out;
	c->sound = c->stranger = false;
	c->old = keyset_of(facts, row->old, row->old_count);
	c->new_key = row->has_new ? keyset_of(facts, &row->new_key, 1) : 0;
	find_step(c);
	want(c, c->step);
}

/* Keys and policy. */

bool dec_publishes(const own_facts_t *own)
{
	return own->policy == POLICY_LOW_TTL || (own->policy == POLICY_BASE && own->base_publishes);
}

static bool shows(const signal_rrset_t *rrset, keyset_t keys)
{
	return rrset->present == (keys != 0) && rrset->keys == keys;
}

/*! Where other servers sign as well, CDS always names keys of ours beside theirs. */
static bool is_standing(const dec_t *c, keyset_t old, keyset_t fresh)
{
	const own_facts_t *own = &c->facts->own;
	const key_states_t wanted = c->out->keys;
	const keyset_t named = wanted == KEYS_SILENT ? old : wanted == KEYS_SIGNAL_BOTH ? old | fresh : fresh;

	/* Which key is which may not be known yet. */
	return named == 0 || (shows(&own->cds, own->cds.keys) && (own->cds.keys & ~own->foreign) == named &&
	                      shows(&own->cdnskey, own->cdnskey.keys) && (own->cdnskey.keys & ~own->foreign) == named);
}

bool dec_signals_shown(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const own_facts_t *own = &c->facts->own;
	const key_states_t wanted = c->out->keys;
	const bool stands = row->signers && own->base_always;

	if (!stands && rollover_are_silent(wanted)) {
		return shows(&own->cds, 0) && shows(&own->cdnskey, 0);
	}
	const keyset_t fresh = row->has_new ? keyset_of(c->facts, &row->new_key, 1) : 0;
	const keyset_t old = keyset_of(c->facts, row->old, row->old_count);
	if (stands) {
		return is_standing(c, old, fresh);
	}
	const keyset_t named = wanted == KEYS_SIGNAL_NEW ? fresh : fresh | old;

	return shows(&own->cds, named) && shows(&own->cdnskey, named);
}

bool dec_are_read(const rollover_row_t *row, const rollover_facts_t *facts)
{
	return row->keys != KEYS_UNKNOWN && row->keys_of == keyset_own_sum(facts);
}

bool dec_keys_read(const dec_t *c)
{
	return dec_are_read(&c->out->row, c->facts);
}

/*! Whether old keys have gone, as they should: no order can name them. */
static bool old_have_gone(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return plans_step(plans_of(row), row, false)->absent != 0 &&
	       (keyset_of(c->facts, row->old, row->old_count) & ~c->facts->own.dnskey) != 0;
}

/*! Whether an order can name all keys that it is about. A key that signs the data needs no old one to do so. */
static bool are_named(const dec_t *c)
{
	return c->out->keys == KEYS_PRESIGN ||
	       (c->out->row.has_new && (c->out->keys == KEYS_MOVED || !old_have_gone(c)));
}

/*! Whether another single-type key signs the data than the states say. A backup may have brought others back. */
static bool data_differ(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const own_facts_t *own = &c->facts->own;

	if ((own->data_signed_by == 0 && own->data_algorithms == 0) || !row->has_new ||
	    c->out->keys == KEYS_SIGNAL_BOTH || !rollover_moves(row)) {
		return false;
	}
	const keyset_t old = keyset_of(c->facts, row->old, row->old_count) & own->dnskey;
	const keyset_t fresh = keyset_of(c->facts, &row->new_key, 1) & own->dnskey;
	if (old == 0 || fresh == 0) {
		return false;
	}
	if (c->out->keys == KEYS_MOVED) {
		return row->csk_new ? !(own->data_signed_by & fresh) : (own->data_signed_by & old) != 0;
	}
	return row->csk ? !(own->data_signed_by & old) : (own->data_signed_by & fresh) != 0;
}

bool dec_keys_differ(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;
	const bool idle = row->state == ROLLOVER_IDLE;

	if (c->out->keys == KEYS_UNKNOWN) {
		return false;
	}
	return (row->keys != c->out->keys && (idle || are_named(c))) || (idle && !dec_keys_read(c)) || data_differ(c) ||
	       ((dec_publishes(&c->facts->own) || (row->signers && c->facts->own.base_always)) &&
	        !dec_signals_shown(c));
}

static bool are_signals(key_states_t keys)
{
	return keys != KEYS_UNKNOWN && !rollover_are_silent(keys);
}

/*! Signals that are out stay out. Others stay away, whether an order or a switch would bring them. */
static void hold_back(dec_t *c)
{
	if (!dec_signals_shown(c)) {
		c->out->keys = KEYS_SILENT;
	} else if (c->out->row.keys != c->out->keys) {
		c->out->keys = KEYS_UNKNOWN; /* Nobody has read the states yet. */
	}
}

bool rollover_conf_bars(const own_facts_t *own, policy_role_t wanted)
{
	assert(own);

	return own->conf == CONF_NO_SWITCH || (own->conf == CONF_NO_DERIVED && wanted != POLICY_BASE);
}

bool rollover_must_switch(const own_facts_t *own, const rollover_decision_t *d)
{
	assert(own && d);

	/* An order that needs no policy does not wait for a switch that fails. */
	if (d->action != ACTION_NONE && own->conf_detail[0] != '\0') {
		return false;
	}
	return d->driven && own->known && own->policy != d->policy && !own->frozen && !own->transaction &&
	       !own->catalog_member && !rollover_conf_bars(own, d->policy);
}

/*!
 * Whether silent states are read again, beside all that goes on: nothing waits for it, and no server is judged less.
 * The order changes nothing where they are right.
 */
static bool must_read(const dec_t *c)
{
	const rollover_decision_t *out = c->out;

	return out->row.keys_of == 0 && rollover_are_silent(out->keys) && are_named(c) && out->action == ACTION_NONE &&
	       !rollover_must_switch(&c->facts->own, out);
}

void dec_conclude(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	rollover_decision_t *out = c->out;

	if (are_signals(out->keys) && !c->sound && !out->transition) {
		hold_back(c);
	}

	out->set_keys = out->driven && !own->frozen && !own->transaction &&
	                (dec_keys_differ(c) || must_read(c) || (c->stranger && rollover_are_silent(out->keys)));
	out->again = out->set_keys && !out->transition && out->row.keys == out->keys && dec_keys_read(c);
	/* By whomever: the parent may have taken them. In an idle zone those of others come and go. */
	const bool others = out->row.state == ROLLOVER_IDLE && !own->base_always;
	if (own->cds.present && !rollover_is_first(&out->row) &&
	    (out->row.signalled == 0 || rollover_are_silent(out->keys) || others)) {
		out->row.signalled = c->now;
	}
	/* Nobody remembers signals, but the parent has followed some: a process died before it stored that it saw them.
	 */
	if (out->row.signalled == 0 && are_signals(out->keys) && judge_has_ds(c->facts, c->new_key)) {
		out->row.signalled = c->now;
	}
	out->sign_first = out->set_keys && are_signals(out->keys) && out->row.signalled != 0 && !dec_signals_shown(c) &&
	                  own->dnskey_signed < out->row.signalled;
}

void dec_ds_to_restore(const dec_t *c, char *out, size_t out_len)
{
	if (c->before->old_count == 0) {
		return;
	}
	const key_id_t *id = &c->before->old[0];
	int len = snprintf(out, out_len, "to be restored: DS %u %u 2 ", id->tag, id->algorithm);
	for (size_t i = 0; i < sizeof(id->digest) && (size_t)len < out_len; i++) {
		len += snprintf(out + len, out_len - len, "%02X", id->digest[i]);
	}
}

/* Staying. */

/*!
 * Who has acknowledged a notification acts soon or hours later: checks are as far apart as it is ago,
 * 1, 2, 4, 8 s.
 */
static uint32_t after_notify(const dec_t *c, uint32_t wait)
{
	const time_t since = c->now - c->facts->acknowledged;

	if (c->facts->acknowledged == 0 || since < 0 || since >= (time_t)wait) {
		return wait;
	}
	return since > 0 ? since : 1;
}

/*! When to check again: RFC 9975 3 asks for 5, 10, 20, 40 min at unreachable servers. */
static time_t next_check(const dec_t *c, const rollover_gate_info_t *gate, time_t until, unsigned checks)
{
	const uint32_t cap = gate->ds_interval ? c->config->ds_check_interval : c->config->check_interval;
	uint32_t wait = cap;

	if (gate->pace == PACE_BACKOFF) {
		wait = cap << (checks < 3 ? checks : 3);
	} else if (gate->pace != PACE_STEADY) {
		wait = checks < 16 ? 1U << checks : cap;
		wait = wait < cap ? wait : cap;
	}
	if (gate->pace == PACE_NOTIFIED) {
		wait = after_notify(c, wait);
	}
	time_t at = c->now + (wait > 0 ? wait : 1);
	return (until != 0 && until > c->now && until < at) ? until : at;
}

static bool is_of_keys(rollover_gate_t gate)
{
	return gate == GATE_KEYS_PENDING || gate == GATE_KEYS_REFUSED || gate == GATE_KNOT_NO_NEW_KEY ||
	       gate == GATE_KNOT_KEEPS_KEY;
}

void dec_wait(dec_t *c, rollover_gate_t gate, const char *about, const char *detail, time_t until)
{
	const rollover_gate_info_t *info = rollover_gate_info(gate);
	rollover_row_t *row = &c->out->row;
	bool same_gate = gate == c->before->gate && c->before->state == row->state;
	bool same = same_gate && strncmp(about, c->before->gate_about, sizeof(row->gate_about) - 1) == 0;

	if (info->silences) {
		row->notified = 0;
	}
	row->gate = gate;
	row->gate_until = until;
	text_copy(row->gate_about, sizeof(row->gate_about), about);
	text_copy(row->gate_detail, sizeof(row->gate_detail), detail);
	if (!same) {
		row->gate_since = c->now;
		c->out->gate_changed = true;
	}
	/* An order may be refused and put off by turns. */
	const bool goes_on =
		same_gate || (c->before->state == row->state && is_of_keys(gate) && is_of_keys(c->before->gate));
	/* A new KSK has turned up: it gets ready by itself, so what it waits for is not what the order waited for. */
	const bool fresh = row->state != ROLLOVER_IDLE && row->has_new && !c->before->has_new;
	row->checks = !goes_on || fresh ? 0 : (c->before->checks < UINT8_MAX ? c->before->checks + 1 : UINT8_MAX);
	row->next_check = next_check(c, info, until, row->checks);
}

bool dec_wait_until(dec_t *c, rollover_gate_t gate, time_t until)
{
	if (c->now >= until) {
		return false;
	}
	dec_wait(c, gate, "", "", until);
	return true;
}

bool dec_unjudged(dec_t *c, rollover_gate_t gate, const char *detail)
{
	c->out->row.all_since = 0;
	if (rollover_moves(c->before)) {
		c->out->row.observed_since = c->out->row.observed_last = 0;
	}
	dec_wait(c, gate, "", detail, 0);
	return true;
}

bool dec_gate(dec_t *c, const judge_verdict_t *v)
{
	if (v->gate == GATE_NONE) {
		return false;
	}
	if (v->red) {
		c->out->row.all_since = 0;
		c->out->row.observed_since = c->out->row.observed_last = 0;
	}
	dec_wait(c, v->gate, v->about, v->detail, 0);
	return true;
}

/* Going. */

void dec_enter(dec_t *c, rollover_state_t state)
{
	rollover_row_t *row = &c->out->row;

	row->state = state;
	row->since = c->now;
	row->gate = GATE_NONE;
	row->gate_about[0] = '\0';
	row->gate_detail[0] = '\0';
	row->gate_since = c->now;
	row->gate_until = 0;
	row->all_since = 0;
	row->observed_since = row->observed_last = 0;
	row->ordered = 0;
	row->notified = 0;
	row->checks = 0;
	row->next_check = c->now;
	c->out->transition = true;
	want(c, plans_step(plans_of(row), row, false));
}

void dec_go_back(dec_t *c, rollover_state_t state, const judge_verdict_t *why)
{
	rollover_row_t *row = &c->out->row;

	dec_enter(c, state);
	snprintf(row->gate_about, sizeof(row->gate_about), "%s", why->about);
	snprintf(row->gate_detail, sizeof(row->gate_detail), "%s: %.120s", rollover_gate_info(why->gate)->name,
	         why->detail);
}

void dec_start_over(dec_t *c)
{
	if (!c->plan->had_ds && !rollover_state_info(c->before->state)->swapped && c->before->ds_all_since == 0 &&
	    !judge_has_any_ds(c->facts)) {
		c->out->row.ds_ttl.count = 0; /* There was none, only the negative TTL. */
	}
	dec_enter(c, ROLLOVER_IDLE);
	c->out->row.old_count = 0;
	c->out->row.has_new = false;
	c->out->row.ds_all_since = 0;
	if (c->before->state == ROLLOVER_PRESIGN) {
		c->out->row.keys = KEYS_PRESIGN; /* The old key may be aside, whatever came of later orders. */
	}
}

void dec_follow(dec_t *c, rollover_state_t target, const judge_verdict_t *why)
{
	switch (target) {
	case TO_STAY:
		dec_gate(c, why);
		break;
	case TO_START:
		dec_start_over(c);
		break;
	default:
		dec_go_back(c, target, why);
	}
}

void dec_begin(dec_t *c, rollover_state_t state)
{
	rollover_row_t *row = &c->out->row;

	dec_enter(c, state);
	row->ds_all_since = 0;
	row->ds_expire = 0;
	if (c->before->state != ROLLOVER_PRESIGN) {
		row->data_since = row->data_last = 0;
	}
	if (state == ROLLOVER_PRESIGN) {
		row->data_serial = c->facts->own.serial; /* Earlier, other keys of these algorithms may have signed. */
	}
	if (!dec_keys_read(c)) {
		row->keys = KEYS_UNKNOWN;
	}
}

bool dec_barred(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	if (own->conf != CONF_FIT) {
		dec_wait(c, own->conf_gate, "", own->conf_reason, 0);
		return true;
	}
	if (c->config->dry_run) {
		dec_wait(c, GATE_DRY_RUN, "", "", 0);
		return true;
	}
	return false;
}

void dec_start(dec_t *c, rollover_state_t state)
{
	if (!dec_barred(c)) {
		dec_begin(c, state);
	}
}

/* Acting. */

void dec_order(dec_t *c, rollover_action_t action)
{
	uint32_t again = c->config->check_interval < 60 ? c->config->check_interval : 60;
	rollover_row_t *row = &c->out->row;

	if (row->ordered == 0 || c->now - row->ordered >= (time_t)again || c->now < row->ordered) {
		row->ordered = c->now;
		c->out->action = action;
		if (action == ACTION_START || action == ACTION_PUBLISH) {
			row->keys = KEYS_UNKNOWN; /* Until it has been carried out: it may end when the key is made. */
		}
		if (action == ACTION_PUBLISH) {
			c->out->keys = KEYS_UNKNOWN; /* Nor are they hidden any more. */
		}
	}
}

void dec_notify(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const time_t again = c->config->notify_again;
	const time_t most = again > ROLLOVER_NOTIFY_MAX ? again : ROLLOVER_NOTIFY_MAX;

	if (c->config->via == PARENT_VIA_CDS) {
		return;
	}
	if (row->notified != 0 && row->notified <= c->now) {
		time_t wait = row->notified - row->since;
		wait = wait < again ? again : wait > most ? most : wait;
		if (c->now - row->notified < wait) {
			if (row->notified + wait < row->next_check) {
				row->next_check = row->notified + wait;
			}
			return;
		}
	}
	row->notified = c->now;
	c->out->notify = true;
}

/* Keys. */

keyset_t dec_zone(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	return own->dnskey | (c->out->row.signers ? 0 : own->foreign);
}

keyset_t dec_role(const dec_t *c, unsigned roles)
{
	return ((roles & ROLE_OLD) ? c->old : 0) | ((roles & ROLE_NEW) ? c->new_key : 0) |
	       ((roles & ROLE_ALL) ? c->facts->own.dnskey : 0);
}

judge_expect_t dec_expect(const dec_t *c, keyset_t need)
{
	return (judge_expect_t){ .config = c->config, .now = c->now, .need = need };
}

void dec_remember_old(rollover_row_t *row, const rollover_facts_t *facts, keyset_t set)
{
	row->old_count = 0;
	for (unsigned i = 0; i < facts->key_count && row->old_count < ROLLOVER_OLD_MAX; i++) {
		if (set & (1U << i)) {
			row->old[row->old_count++] = facts->keys[i];
		}
	}
}

bool dec_is_successor(const dec_t *c, keyset_t keys)
{
	if (keys & c->facts->own.foreign) {
		return false;
	}
	if (c->before->state != ROLLOVER_PRESIGN) {
		return keyset_one_algorithm(c->facts, keys | c->old);
	}
	return keyset_one_algorithm(c->facts, keys) &&
	       keyset_first(c->facts, keys)->algorithm != c->before->old[0].algorithm;
}

bool dec_scheme_changes(const dec_t *c)
{
	const keyset_t zone = c->facts->own.dnskey;

	return c->before->csk && !c->facts->own.csk && (zone & c->old) != 0 && (zone & ~c->old) != 0;
}

keyset_t dec_of_both(const dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const keyset_t fresh = own->dnskey & ~c->old;

	if (c->before->has_new || (c->old & own->dnskey) == 0 || fresh == 0 ||
	    keyset_one_algorithm(c->facts, fresh | c->old) ||
	    !(own->data_algorithms & ALGSET_OF(keyset_first(c->facts, fresh)->algorithm))) {
		return 0;
	}
	return ((own->data_signed_by & fresh) != 0) != ((own->data_signed_by & c->old) != 0) ? fresh : 0;
}

bool dec_adopt(dec_t *c)
{
	keyset_t fresh = c->facts->own.dnskey & ~c->old;

	if (c->before->has_new || keyset_size(fresh) != 1 || !dec_is_successor(c, fresh) ||
	    (dec_zone(c) & c->facts->own.foreign)) {
		return false;
	}
	c->out->row.new_key = *keyset_first(c->facts, fresh);
	c->out->row.has_new = true;
	c->out->row.csk_new = c->out->row.csk;
	if (c->before->ordered == 0) {
		c->out->row.keys = KEYS_UNKNOWN; /* What was read was read without it: it may be published only. */
	}
	c->new_key = fresh;
	find_step(c);
	return true;
}
