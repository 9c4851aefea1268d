/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How it ends with children of an agent that are not ours: signals that are as they should be are followed; where the
 * agent waits, what its gate names is so.
 */

#include "sim_world.h"

/*! What nameservers have now that answer. */
typedef struct {
	zone_version_t of[CHILD_MAX];
	unsigned count;
	bool all; /*!< None fails. */
} served_now_t;

static void find_served(const world_t *w, served_now_t *out)
{
	int fault;

	out->count = 0;
	out->all = true;
	for (unsigned i = 0; i < w->child_count; i++) {
		const bool answers = child_serves(w, &w->child[i], &out->of[out->count], &fault);
		out->count += answers;
		out->all = out->all && answers && w->child[i].fault < 0;
	}
}

/*! Signatures of CDS and CDNSKEY. */
static world_keys_t signers_of(const zone_version_t *v)
{
	return v->dnskey & v->signers & ~v->cds_not_by;
}

/*! With that DS, for validators that want each algorithm of it. */
static bool validates(const world_t *w, const zone_version_t *v, world_keys_t ds)
{
	const exposure_t wanted = { .keys = ds }, dnskey = { .keys = v->dnskey | v->zsks, .signers = v->signers };

	return ds == 0 || view_chain(w, VALIDATOR_STRICT_DS, &wanted, &dnskey);
}

static bool is_chained(const zone_version_t *v, world_keys_t ds)
{
	return ds == 0 || (ds & v->dnskey & v->signers);
}

static world_keys_t ds_of(world_keys_t signals)
{
	return signals == KEY_FOREIGN ? 0 : signals;
}

/* Each of these is a defect that a gate may name. */

static bool differs(const world_t *w, const zone_version_t *v)
{
	const zone_version_t *first = child_version(w, &w->child[0]);

	return v->cds != first->cds || v->cdnskey != first->cdnskey;
}

static bool types_differ(const world_t *w, const zone_version_t *v)
{
	(void)w;
	return v->cds != v->cdnskey;
}

static bool is_unsigned(const world_t *w, const zone_version_t *v)
{
	return (v->cds | v->cdnskey) != 0 && !(signers_of(v) & parent_ds(w));
}

static bool is_unchained(const world_t *w, const zone_version_t *v)
{
	return !is_chained(v, parent_ds(w));
}

static bool would_break(const world_t *w, const zone_version_t *v)
{
	for (unsigned i = 0; i < w->child_count; i++) {
		const world_keys_t wanted = ds_of(agent_signals(child_version(w, &w->child[i])));
		if (!validates(w, v, wanted)) {
			return true;
		}
	}
	return false;
}

static bool is_old(const world_t *w, const zone_version_t *v)
{
	const agent_deeds_t *deeds = &w->agent.deeds;

	return (v->cds | v->cdnskey) != 0 && (v->cds_signed <= deeds->signed_at || v->cds_signed <= deeds->touched);
}

static bool is_too_much(const world_t *w, const zone_version_t *v)
{
	return v->cds_excess || (unsigned)__builtin_popcount(v->cds | v->cdnskey) > w->agent.config.ds_max;
}

static bool is_unproven(const world_t *w, const zone_version_t *v)
{
	(void)w;
	return (v->cds == 0 || v->cdnskey == 0) && v->signers == 0;
}

static bool is_not_newest(const world_t *w, const zone_version_t *v)
{
	return v->cds != knot_version(w)->cds || v->cdnskey != knot_version(w)->cdnskey;
}

/*! Some resolver does not validate the child, whichever nameserver it asks. */
static bool fails(const world_t *w)
{
	for (unsigned i = 0; i < w->ds.count; i++) {
		for (unsigned j = 0; j < w->dnskey.count; j++) {
			const exposure_t *ds = &w->ds.list[i], *dnskey = &w->dnskey.list[j];
			if (ds->keys != 0 && exposure_reachable(ds, w->now) && exposure_reachable(dnskey, w->now) &&
			    !view_chain(w, VALIDATOR_LIBERAL, ds, dnskey)) {
				return true;
			}
		}
	}
	return false;
}

static bool any_has(const world_t *w, bool (*defect)(const world_t *, const zone_version_t *))
{
	served_now_t now;

	find_served(w, &now);
	for (unsigned i = 0; i < now.count; i++) {
		if (defect(w, &now.of[i])) {
			return true;
		}
	}
	return false;
}

/*!
 * Every nameserver is back at a key of the set before, and nothing leads to the present one any more: in a day, or the
 * TTL of DNSKEY, it is undone.
 */
static bool is_back(const world_t *w, const served_now_t *now)
{
	const world_keys_t ds = parent_ds(w), before = w->agent.deeds.before;

	for (unsigned i = 0; i < now->count; i++) {
		const zone_version_t *v = &now->of[i];
		if (ds == 0 || before == 0 || is_chained(v, ds) || !is_chained(v, before)) {
			return false;
		}
	}
	return now->count > 0;
}

/*! No nameserver has the new key, and one may have an old copy of the zone, from before that key. */
static bool is_old_copy(const world_t *w, const served_now_t *now)
{
	bool old = false;

	for (unsigned i = 0; i < now->count; i++) {
		if (is_chained(&now->of[i], parent_ds(w))) {
			return false;
		}
		old = old || now->of[i].dnskey_signed <= w->agent.deeds.signed_at;
	}
	return old;
}

bool child_cannot_undo(const world_t *w)
{
	const agent_deeds_t *deeds = &w->agent.deeds;
	served_now_t now;

	find_served(w, &now);
	if (deeds->outgrown || !now.all || is_old_copy(w, &now)) {
		return true;
	}
	for (unsigned i = 0; i < now.count && !is_back(w, &now); i++) {
		const zone_version_t *v = &now.of[i];
		const bool taken_back = agent_signals(v) == 0 && is_chained(v, parent_ds(w));
		if (taken_back || !validates(w, v, deeds->before)) {
			return true;
		}
	}
	return false;
}

bool child_explains(const world_t *w)
{
	const delegation_gate_t gate = w->agent.row.gate;

	if (w->driver == DRIVER_MODULE) {
		return false;
	}
	if (w->by_hand.splits &&
	    (gate == DELEGATION_GATE_HOLD_DOWN || delegation_gate_info(gate)->actor == DELEGATION_ACTOR_CHILD)) {
		return true; /* Each question has another answer. */
	}
	/* By chance all are alike now and then, also late. */
	if (w->by_hand.splits && w->now - w->agent.deeds.acted < (time_t)agent_bound_ttl(w)) {
		return true;
	}
	switch (gate) {
	case DELEGATION_GATE_SIGNAL_MISSING:
	case DELEGATION_GATE_SIGNALS_DIFFER:
		return any_has(w, differs);
	case DELEGATION_GATE_TYPES_DIFFER:
		return any_has(w, types_differ);
	case DELEGATION_GATE_UNSIGNED:
		return any_has(w, is_unsigned);
	case DELEGATION_GATE_CHAIN_BROKEN:
	case DELEGATION_GATE_PRESENT_FAILS:
		return any_has(w, is_unchained);
	case DELEGATION_GATE_WOULD_BREAK:
		return any_has(w, would_break);
	case DELEGATION_GATE_REPLAYED:
		return any_has(w, is_old);
	case DELEGATION_GATE_TOO_MANY:
		return any_has(w, is_too_much);
	case DELEGATION_GATE_NODATA_UNPROVEN:
		return any_has(w, is_unproven);
	case DELEGATION_GATE_SIGNALING_DIFFERS:
		return any_has(w, is_not_newest);
	case DELEGATION_GATE_FAILS:
		return fails(w);
	case DELEGATION_GATE_CANNOT_UNDO:
		return fails(w) && child_cannot_undo(w);
	default:
		return false;
	}
}

/*! What every nameserver has alike, is signed by a key of DS later than what was followed, and validates before and
 * after. */
static bool is_legal(const world_t *w, world_keys_t signals)
{
	served_now_t now;

	find_served(w, &now);
	for (unsigned i = 0; i < now.count && now.all; i++) {
		const zone_version_t *v = &now.of[i];
		const world_keys_t ds = parent_ds(w);
		if (agent_signals(v) != signals || v->cds != v->cdnskey || !is_chained(v, ds) ||
		    (ds != 0 && !(signers_of(v) & ds)) || !validates(w, v, ds_of(signals)) || is_too_much(w, v) ||
		    is_old(w, v) || (ds == 0 && is_not_newest(w, v))) {
			return false;
		}
	}
	return now.all && now.count > 0 && !w->by_hand.splits;
}

/*! What was overruled or undone is not followed, also if it is signed again. */
static bool is_refused(const world_t *w, world_keys_t signals)
{
	ds_set_t set;

	agent_ds_set(w, ds_of(signals), &set);
	return w->agent.row.refused != 0 && delegation_content(&set) == w->agent.row.refused;
}

bool child_is_clear(const world_t *w)
{
	const zone_version_t *v = knot_version(w);
	const agent_deeds_t *deeds = &w->agent.deeds;
	const world_keys_t signals = agent_signals(v);
	const time_t since = v->cds_decided > w->quiet_from ? v->cds_decided : w->quiet_from;

	return is_legal(w, signals) && signals != deeds->undone_last && signals != deeds->overruled &&
	       !is_refused(w, signals) && (signals == 0 || v->cds_signed > deeds->met_another + DAY) &&
	       w->now - since > (time_t)agent_bound(w) + DAY;
}

void child_check_end(world_t *w)
{
	const zone_version_t *v = knot_version(w);
	const world_keys_t signals = agent_signals(v);
	const agent_t *a = &w->agent;

	if (!a->on || w->driver == DRIVER_MODULE || w->failed || signals == 0 || parent_ds(w) == ds_of(signals) ||
	    !is_legal(w, signals) || agent_explains(w)) {
		return;
	}
	/* After the last trouble, and the lag of the slowest nameserver. */
	const time_t since = v->cds_decided > w->quiet_from ? v->cds_decided : w->quiet_from;
	const time_t end = w->done ? w->now : w->end;
	if (end - since > (time_t)agent_bound(w) + DAY) {
		violate(w, "progress", "CDS %s is everywhere for %ld s, DS is %s: state %s, gate %s %s",
		        keys_text(signals), (long)(end - since), keys_text(parent_ds(w)),
		        delegation_state_name(a->row.state), delegation_gate_name(a->row.gate), a->row.gate_detail);
	}
}
