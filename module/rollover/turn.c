/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What surrounds a decision in a turn of a zone: whether to store it, what to order, when to come back.
 * The engine and the simulator follow the same rules because they call the same functions.
 */

#include <assert.h>

#include "judge.h"
#include "keyset.h"

/*! An idle zone is stored at least this often, for the command line. */
#define SAVE_INTERVAL 3600
/*! Checks without a deadline are spread by up to this part of their interval. */
#define SPREAD_PART 8

/*! Watches of all zones together, per second: each resolves from the root with an empty cache. */
#define WATCHES_PER_SECOND 10

unsigned rollover_asks(const rollover_config_t *config, const rollover_row_t *row, const rollover_facts_t *facts,
                       unsigned own_count, time_t now)
{
	assert(config && row && facts);

	const own_facts_t *own = &facts->own;

	if (!own->known || own->dnskey == 0) {
		return 0;
	}
	if (!own->frozen) {
		return rollover_needs(config, row, facts->keys, own_count, now);
	}
	/* Nothing is done in such a zone, but its chain may break all the same. */
	rollover_config_t c = *config;
	c.observe_only = true;
	return rollover_needs(&c, row, facts->keys, own_count, now);
}

uint32_t rollover_watches_apart(const rollover_config_t *config, const rollover_row_t *row, uint64_t watching)
{
	assert(config && row);

	const uint64_t turn = watching / WATCHES_PER_SECOND;

	/* Not so where there is a suspicion, or no way back. */
	if (turn > config->check_interval && row->bad_watches == 0 && row->state != ROLLOVER_RETIRE) {
		return turn < UINT32_MAX ? turn : UINT32_MAX;
	}
	return config->check_interval;
}

bool rollover_watch_due(uint32_t apart, time_t watched, time_t now)
{
	return now < watched || now - watched >= (time_t)apart;
}

bool rollover_same_keys(const rollover_row_t *a, const rollover_row_t *b)
{
	if (a->old_count != b->old_count || a->has_new != b->has_new ||
	    (a->has_new && !key_id_equal(&a->new_key, &b->new_key))) {
		return false;
	}
	for (unsigned i = 0; i < a->old_count; i++) {
		if (!key_id_equal(&a->old[i], &b->old[i])) {
			return false;
		}
	}
	return true;
}

static bool same_ttls(const ttl_window_t *a, const ttl_window_t *b)
{
	if (a->count != b->count) {
		return false;
	}
	for (unsigned i = 0; i < a->count; i++) {
		if (a->step[i].ttl != b->step[i].ttl) {
			return false;
		}
	}
	return true;
}

bool rollover_worth_saving(const rollover_row_t *before, const rollover_decision_t *d, time_t saved, time_t now)
{
	assert(before && d);

	const rollover_row_t *after = &d->row;

	return d->transition || d->gate_changed || before->signers != after->signers || d->action != ACTION_NONE ||
	       after->state != ROLLOVER_IDLE || before->all_since != after->all_since ||
	       before->ds_all_since != after->ds_all_since || before->settled_at != after->settled_at ||
	       (before->ordered != 0) != (after->ordered != 0) || before->keys != after->keys ||
	       !rollover_same_keys(before, after) || !same_ttls(&before->dnskey_ttl, &after->dnskey_ttl) ||
	       !same_ttls(&before->ds_ttl, &after->ds_ttl) || before->zone_ttl != after->zone_ttl ||
	       rollover_ds_ttl_wanted(before) != rollover_ds_ttl_wanted(after) || d->ds_ttl != 0 ||
	       now - saved >= SAVE_INTERVAL || now < saved;
}

void rollover_resume(rollover_row_t *row)
{
	assert(row);

	row->bad_watches = 0;
	row->keys_of = 0;
}

key_states_t rollover_ordered(const rollover_decision_t *decision)
{
	const bool stays = decision->set_keys || (decision->action == ACTION_RETIRE && decision->keys == KEYS_MOVED);

	return stays ? decision->keys : KEYS_SILENT;
}

void rollover_keys_are(rollover_row_t *row, key_states_t keys, const rollover_facts_t *facts, time_t now)
{
	assert(row && facts);

	row->keys = keys;
	row->keys_of = keyset_own_sum(facts);
	if (keys == KEYS_SIGNAL_NEW || keys == KEYS_SIGNAL_BOTH) {
		row->signalled = now;
	}
}

void rollover_carried_out(rollover_row_t *row, bool again, time_t now)
{
	assert(row);

	const bool waits = row->checks > 0 && (row->gate == GATE_KEYS_PENDING || row->gate == GATE_KEYS_REFUSED ||
	                                       row->gate == GATE_POLICY_PENDING);
	/* Another gate may outweigh these, as that of a broken chain. */
	if (!waits && !again && row->gate != GATE_STORE_FAILED) {
		row->next_check = now + 1;
	}
}

void rollover_keys_unsure(rollover_row_t *row, key_states_t keys)
{
	assert(row);

	if (row->keys != keys && row->state == ROLLOVER_IDLE && row->keys != KEYS_UNKNOWN) {
		row->keys_of = 0; /* Ordered again, by what they were: no state asks for it there. */
	} else if (row->keys != keys) {
		row->keys = KEYS_UNKNOWN;
	}
}

uint32_t rollover_spread(const rollover_row_t *row, time_t now)
{
	assert(row);

	return row->gate_until == 0 && row->next_check > now ? (row->next_check - now) / SPREAD_PART : 0;
}

/*! What was seen and makes waits longer. */
static void keep_what_was_seen(rollover_row_t *row, const rollover_row_t *seen)
{
	row->dnskey_ttl = seen->dnskey_ttl;
	row->ds_ttl = seen->ds_ttl;
	row->zone_ttl = seen->zone_ttl;
	row->zone_ttl_seen = seen->zone_ttl_seen;
	row->zone_ttl_until = seen->zone_ttl_until;
	row->data_algorithms = seen->data_algorithms;
	row->data_serial = seen->data_serial;
	if (seen->all_since == 0) {
		row->all_since = 0;
	}
	if (seen->data_since == 0) {
		row->data_since = 0;
	}
	if (seen->ds_all_since == 0) {
		row->ds_all_since = 0;
	}
	if (seen->ds_ttl_since == 0) {
		row->ds_ttl_since = 0;
	}
	if (seen->observed_since != row->observed_since) {
		row->observed_since = row->observed_last = 0;
	}
}

bool rollover_store_failed(rollover_row_t *row, const rollover_decision_t *decision, const char *why, time_t now)
{
	assert(row && why);

	if (decision != NULL) {
		keep_what_was_seen(row, &decision->row);
	}

	const bool fresh = row->gate != GATE_STORE_FAILED;

	if (fresh) {
		row->gate = GATE_STORE_FAILED;
		row->gate_since = now;
		row->gate_about[0] = '\0';
		row->checks = 0;
	}
	row->gate_until = 0;
	text_copy(row->gate_detail, sizeof(row->gate_detail), why);
	row->checks += row->checks < 8 ? 1 : 0;
	row->next_check = now + (1U << row->checks);
	return fresh;
}
