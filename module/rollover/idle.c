/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A zone in which nothing rolls: which keys are in use, and does a plan begin?
 */

#include <stdio.h>
#include <string.h>

#include "idle.h"
#include "keyset.h"
#include "kskroll/start.h"
#include "signers.h"

/*! Which keys the DS names, on all and on any of the parent servers that answered. */
static void ds_sets(const dec_t *c, keyset_t *all, keyset_t *any)
{
	*all = (keyset_t)~0U;
	*any = 0;
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status == ANSWER_OK) {
			*all &= judge_named(a);
			*any |= judge_named(a);
		}
	}
	*all &= *any;
}

/*! Waits while as many zones roll as may. */
static bool wait_for_others(dec_t *c, uint64_t rolling, uint32_t most, const char *whose, const char *item)
{
	char text[96];

	if (most == 0 || rolling < most) {
		return false;
	}
	snprintf(text, sizeof(text), "%llu zones %sroll, %s is %u", (unsigned long long)rolling, whose, item, most);
	dec_wait(c, GATE_MAX_ROLLING, "", text, 0);
	return true;
}

/*!
 * The nameservers of an idle zone are not asked. Before the switch of the policy they are: it makes a new version of
 * the zone, which must not replace that of another signer.
 */
static bool wait_for_servers(dec_t *c)
{
	if (!(c->facts->asked & SURVEY_CHILD)) {
		dec_wait(c, GATE_NONE, "", "", c->now);
		c->out->row.next_check = c->now + 1;
		return true;
	}
	const judge_verdict_t v = signers_other(c);
	return dec_gate(c, &v);
}

/*! A rollover is due. What forbids any start comes first: it needs the operator, and more than patience. */
static void start_due(dec_t *c)
{
	const start_facts_t *start = &c->facts->start;

	if (dec_barred(c)) {
		return;
	}
	/* Once named, another signer stays so whatever the window is. */
	if (rollover_gate_info(c->before->gate)->side == SIDE_CHILD && wait_for_servers(c)) {
		return;
	}
	if (start->from == START_NEVER) {
		dec_wait(c, GATE_START_NEVER, "", start->why, 0);
		return;
	}
	if (dec_wait_until(c, GATE_START_WINDOW, start->from) ||
	    wait_for_others(c, start->rolling, start->rolling_max, "", "max-rolling") ||
	    wait_for_others(c, start->siblings, start->siblings_max, "of the same parent ", "max-rolling-parent") ||
	    wait_for_servers(c)) {
		return;
	}
	dec_begin(c, ROLLOVER_PREPARE);
}

void idle_lacks_algorithm(dec_t *c)
{
	char text[128];

	/* Knot's running_rollover(): two KSKs that are active. */
	snprintf(text, sizeof(text), "the policy has algorithm %u, and the zone has no signatures of it%s",
	         c->facts->own.algorithm_wanted,
	         c->out->row.old_count > 1 ? ": Knot begins only with one KSK in use" : "");
	dec_wait(c, GATE_ALGORITHM_PENDING, "", text, 0);
}

/*!
 * The operator has changed the algorithm of the policy, and Knot has not signed the zone since. That takes a moment. If
 * it stays so, Knot cannot sign, and the signatures expire. Nothing starts before: see is_too_early() in conditions.c.
 *
 * \return Whether that was all there is to decide.
 */
static bool wait_for_algorithm(dec_t *c)
{
	/* Without signatures of the data nobody knows whether Knot has begun. */
	if (!dec_lacks_algorithm(c) || c->facts->own.data_algorithms == 0 || keyset_unpublished(c->facts) != 0) {
		return false;
	}
	idle_lacks_algorithm(c);
	return true;
}

static void idle_known(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	if (c->facts->own.dnskey == c->old) {
		row->signalled = 0; /* The next KSK makes the DNSKEY RRset a new one, with new signatures. */
	}
	if (c->facts->asked & SURVEY_PARENT) {
		judge_verdict_t v = judge_chain(c->facts, c->config, c->old, c->now);
		if (dec_gate(c, &v)) {
			return;
		}
	}
	if (wait_for_algorithm(c)) {
		return;
	}
	const time_t due = rollover_due(c->config, row, c->facts->start.early);
	if (due != 0 && c->now >= due) {
		start_due(c);
		return;
	}
	dec_wait(c, GATE_NONE, "", "", 0);
	if (due != 0 && due < row->next_check) {
		row->next_check = due;
	}
}

/*!
 * \brief No server of the parent has a DS.
 *
 * A zone that never had one gets its first. If there was one, someone took it away, and that is not undone
 * (RFC 10026 7.1) unless the operator says so: hold on, then off.
 */
static void without_ds(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const keyset_t zone = c->facts->own.dnskey;

	if ((row->settled_at != 0 || row->ds_ttl.count > 0) && row->ordered == 0) {
		dec_wait(c, GATE_DS_REMOVED, "", "", 0);
		return;
	}
	if (keyset_size(zone) > 1) {
		dec_wait(c, GATE_UNKNOWN_KEY, "", "more than one KSK has no DS", 0);
		return;
	}
	row->old_count = 0;
	row->ds_ttl.count = 0;
	row->settled_at = 0;
	row->signalled = 0;
	row->new_key = *keyset_first(c->facts, zone);
	row->has_new = true;
	row->csk_new = c->facts->own.csk_wanted;
	dec_start(c, ROLLOVER_INTRODUCE);
	if (!c->out->transition) {
		row->has_new = false;
		row->settled_at = c->before->settled_at;
	}
}

/*!
 * The keys in use are known, and the DS names another one instead: others made its signals, and the parent was quicker
 * than our turn. The rollover goes on in that direction.
 */
static bool was_overtaken(const dec_t *c, keyset_t named, keyset_t without_ds)
{
	return without_ds != 0 && (without_ds & ~c->old) == 0 && keyset_size(named) == 1 && (named & c->old) == 0;
}

/*!
 * Two algorithms are in the zone, and the store was lost, or a backup has brought one back: that of the policy is the
 * new one, also if its DS is there already.
 */
static bool is_new_by_policy(const dec_t *c, keyset_t named, keyset_t without_ds)
{
	const uint8_t wanted = c->facts->own.algorithm_wanted;

	return keyset_size(named) == 1 && keyset_size(without_ds) == 1 &&
	       keyset_first(c->facts, named)->algorithm == wanted &&
	       keyset_first(c->facts, without_ds)->algorithm != wanted;
}

/*!
 * The store was lost as well, and keys sign the data: of the two, the one that does is in use. As the old one it goes
 * on doing so. The other one may be in no cache yet: the move waits for that. Keys of two algorithms beside it are no
 * old ones: which of them stays nobody knows.
 */
static bool is_in_use_by_data(const dec_t *c, keyset_t named, keyset_t without_ds)
{
	const keyset_t signers = c->facts->own.data_signed_by;

	return c->old == 0 && keyset_size(named) == 1 && (signers & without_ds) != 0 && (signers & named) == 0 &&
	       keyset_one_algorithm(c->facts, without_ds);
}

/*!
 * The same is under way: all servers of the parent name another key, and some of them the known one still. \a some:
 * the keys that some of them name, and others do not.
 */
static bool is_overtaken(const dec_t *c, keyset_t named, keyset_t some)
{
	return (some & c->old) != 0 && (named & c->old) == 0;
}

/*! \return How many servers of the parent name the same keys as this one, itself included. */
static size_t count_alike(const dec_t *c, const parent_answer_t *a)
{
	size_t alike = 0;

	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *b = &c->facts->parent[i];
		alike += b->status == ANSWER_OK && judge_named(b) == judge_named(a);
	}
	return alike;
}

/*!
 * The servers of the parent name different keys. \a some: those of which one of the servers that lag names any. Without
 * them one of the fewest is named.
 */
static void wait_for_parent(dec_t *c, keyset_t some)
{
	const parent_answer_t *odd = NULL, *other = NULL;
	size_t fewest = SIZE_MAX;
	char text[160] = "the servers of the parent name different keys";

	for (size_t i = 0; i < c->facts->parent_count; i++) {
		const parent_answer_t *a = &c->facts->parent[i];
		if (a->status != ANSWER_OK) {
			continue;
		}
		const size_t alike = (judge_named(a) & some) ? 0 : count_alike(c, a);
		if (alike < fewest) {
			odd = a;
			fewest = alike;
		}
	}
	for (size_t i = c->facts->parent_count; odd != NULL && i-- > 0;) {
		const parent_answer_t *a = &c->facts->parent[i];
		other = a->status == ANSWER_OK && judge_named(a) != judge_named(odd) ? a : other;
	}
	if (other != NULL) {
		snprintf(text, sizeof(text), "DS of other keys than at %.120s", other->server);
	}
	dec_wait(c, GATE_DS_STALE, odd != NULL ? odd->server : "", text, 0);
}

/*! No rollover may start. Which keys were in use before these turned up tells the direction of one that others begin.
 */
static void forget_roles(dec_t *c)
{
	rollover_row_t *row = &c->out->row;

	memcpy(row->old, c->before->old, sizeof(row->old));
	row->old_count = c->old != c->facts->own.dnskey ? c->before->old_count : 0;
	row->has_new = false;
}

/*!
 * Which keys sign the data as well. ZSKs beside an old key that does so are the new ones. Else a key of the other
 * scheme is one of the policy's.
 */
static void learn_kinds(dec_t *c, keyset_t old)
{
	const own_facts_t *own = &c->facts->own;
	rollover_row_t *row = &c->out->row;
	const bool single = (own->data_signed_by & old) != 0;

	row->csk = row->csk || single;
	row->csk_new = single ? own->csk : own->csk_wanted;
}

/*! A set of KSKs that is not the known one: which of them does the parent name? */
static void idle_unknown(dec_t *c)
{
	rollover_row_t *row = &c->out->row;
	const keyset_t zone = c->facts->own.dnskey;
	keyset_t all, any;

	ds_sets(c, &all, &any);

	judge_verdict_t v = judge_parent(c->facts, c->config, 0, c->now);
	if (v.gate == GATE_NONE) {
		without_ds(c);
		return;
	}
	if (any == 0 && dec_gate(c, &v)) {
		return;
	}
	v = judge_chain(c->facts, c->config, zone, c->now);
	if (dec_gate(c, &v)) {
		return;
	}

	keyset_t old = all & zone;
	keyset_t fresh = zone & ~any;
	const bool by_policy = is_new_by_policy(c, old, fresh);
	if (was_overtaken(c, old, fresh) || is_in_use_by_data(c, old, fresh) || by_policy) {
		const keyset_t named = old;
		old = fresh;
		fresh = named;
	}
	if (old == 0 || (!by_policy && is_overtaken(c, old, any & ~all))) {
		wait_for_parent(c, c->old & ~all);
		return;
	}
	if (!keyset_one_algorithm(c->facts, old)) {
		row->old_count = 0;
		dec_wait(c, GATE_ALGORITHM_ROLLOVER, "", "the DS names keys of several algorithms", 0);
		return;
	}
	if (keyset_size(fresh) > 1 || keyset_size(old) > ROLLOVER_OLD_MAX) {
		row->old_count = 0; /* What was known is void: the parent is asked until it is clear. */
		dec_wait(c, GATE_UNKNOWN_KEY, "", "more than one KSK has no DS", 0);
		return;
	}

	if (fresh == 0 && (zone & ~old) != 0 && !keyset_one_algorithm(c->facts, zone)) {
		/* Some name a key of another algorithm as well, which is neither an old nor a new one. */
		wait_for_parent(c, zone & ~old);
		return;
	}
	dec_remember_old(row, c->facts, old);
	if (fresh == 0) {
		row->has_new = false;
		row->settled_at = c->now;
		c->old = old;
		idle_known(c);
		return;
	}

	const key_id_t *new_key = keyset_first(c->facts, fresh);
	row->new_key = *new_key;
	row->has_new = true;
	learn_kinds(c, old);
	if (c->before->old_count == 0 && row->signalled == 0) {
		row->signalled = c->now; /* It may have been there for long, and a row that knew it was lost. */
	}
	dec_start(c, ROLLOVER_INTRODUCE);
	if (!c->out->transition) {
		forget_roles(c);
	}
}

/*! A KSK in use that no server of the parent names any more: it is not what we took it for. */
static bool ds_went(const dec_t *c)
{
	keyset_t all, any;

	if (c->facts->parent_count == 0) {
		return false; /* Nobody was asked this time. */
	}
	for (size_t i = 0; i < c->facts->parent_count; i++) {
		if (c->facts->parent[i].status != ANSWER_OK) {
			return false;
		}
	}
	ds_sets(c, &all, &any);
	return (c->old & ~any) != 0;
}

/*! What was seen of all servers of the parent stays so while one of them is silent, or all. */
static bool still_without_ds(const dec_t *c)
{
	const judge_verdict_t v = judge_parent(c->facts, c->config, 0, c->now);

	return c->before->gate == GATE_DS_REMOVED && c->before->ordered == 0 && v.gate != GATE_NONE && !v.red;
}

/*! The zone goes insecure with all KSKs that it has. */
static void start_insecure(dec_t *c)
{
	dec_start(c, ROLLOVER_REMOVE_DS);
	if (c->out->transition) {
		dec_remember_old(&c->out->row, c->facts, c->facts->own.dnskey);
		c->out->row.has_new = false;
	}
}

/*!
 * There are KSKs that this zone was not known to have. Of another algorithm there may be one, beside those that are
 * known.
 */
static bool has_others(const dec_t *c, bool known)
{
	const keyset_t zone = c->facts->own.dnskey;
	const keyset_t fresh = zone & ~c->old;

	return !known && keyset_size(zone) > 1 &&
	       (keyset_one_algorithm(c->facts, zone) ||
	        (keyset_size(fresh) == 1 && keyset_one_algorithm(c->facts, zone & c->old)));
}

/*!
 * Signatures by keys that are not published: the policy has another algorithm now, and Knot has begun with it. Or the
 * old ones of such a change are left, of which the store knows nothing.
 *
 * \return Whether that was all there is to decide.
 */
static bool is_presigned(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;
	const algset_t unpublished = keyset_unpublished(c->facts);
	char text[96];

	if (unpublished == 0 || own->algorithm_wanted == 0) {
		return false;
	}
	if (dec_presigned(c)) {
		dec_start(c, ROLLOVER_PRESIGN);
		return true;
	}
	snprintf(text, sizeof(text), "the data has signatures of algorithm %d, of which no key is published",
	         __builtin_ctz(unpublished));
	dec_wait(c, GATE_ALGORITHM_ROLLOVER, "", text, 0);
	return true;
}

/*!
 * Whether the only key may be aside: its rollover was ended by others, of a KSK that to another algorithm. To Knot that
 * is a rollover under way, and it begins no other. Ordered until it is seen to be in use.
 */
static bool is_aside(const dec_t *c)
{
	const rollover_row_t *row = &c->out->row;

	return (row->csk || row->keys == KEYS_PRESIGN) && keyset_size(c->facts->own.dnskey) == 1 &&
	       row->keys != KEYS_UNKNOWN && !(row->keys == KEYS_SILENT && dec_keys_read(c));
}

/*!
 * Keys of two algorithms, and nobody knows which is the one that stays. Where the DS names both, others are about to
 * tell.
 */
static bool are_doubtful(const dec_t *c, bool known)
{
	return !known && c->out->row.gate != GATE_ALGORITHM_ROLLOVER &&
	       !keyset_one_algorithm(c->facts, c->facts->own.dnskey);
}

/*!
 * A KSK that Knot or the operator has made gets ready by itself, and its signals would be out before anybody has judged
 * the nameservers. Whatever keeps the rollover from its start: all KSKs stay silent. So they do where the DS was
 * removed: signals that are left out would ask for it.
 */
static void stay_silent(dec_t *c, bool known)
{
	const keyset_t zone = c->facts->own.dnskey;

	if (known && dec_presigned(c)) {
		c->out->keys = KEYS_PRESIGN; /* Nor is a new algorithm published by itself. */
	} else if (has_others(c, known) || are_doubtful(c, known) || is_aside(c) ||
	           (c->out->row.gate == GATE_DS_REMOVED && keyset_one_algorithm(c->facts, zone))) {
		c->out->keys = KEYS_SILENT;
	} else if (!c->out->row.csk || keyset_size(zone) == 1) {
		/* A key may come, or come back, in a year. One of several single-type keys may be aside: see above. */
		c->out->row.keys = KEYS_UNKNOWN;
	}
}

/*! The keys in use are known, and the parent names each of them still. */
static bool is_known(const dec_t *c)
{
	return c->before->old_count > 0 && !c->before->has_new && c->facts->own.dnskey == c->old &&
	       keyset_size(c->old) == c->before->old_count && !ds_went(c);
}

bool idle_decide(dec_t *c)
{
	if (judge_has_any_ds(c->facts)) {
		c->out->row.ordered =
			0; /* Hold switched on and off asks for a DS that has gone, not for one that will go. */
	}
	if (c->config->go_insecure) {
		start_insecure(c);
		return true;
	}
	const bool known = is_known(c);
	if (still_without_ds(c)) {
		dec_wait(c, GATE_DS_REMOVED, "", "", 0);
	} else if (known) {
		if (!is_presigned(c)) {
			idle_known(c);
		}
	} else {
		idle_unknown(c);
	}
	stay_silent(c, known);
	return true;
}

bool idle_silence_first(dec_t *c)
{
	const own_facts_t *own = &c->facts->own;

	return !c->config->go_insecure && !own->keys_refused && own->conf_detail[0] == '\0' &&
	       has_others(c, is_known(c)) && signers_may_silence(c);
}
