/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The invariant "progress" of the agent: its delegation rests in the end with the TTL that it had, or its gate names
 * what lasts.
 */

#include <string.h>

#include "sim_world.h"

static bool lasts(const world_t *w, trouble_kind_t kind)
{
	for (unsigned i = 0; i < w->agent.trouble_count; i++) {
		if (w->agent.trouble[i].kind == kind && w->agent.trouble[i].to == 0) {
			return true;
		}
	}
	return false;
}

/*! As the agent has it. */
static bool is_without_ds(const world_t *w)
{
	return parent_ds(w) == 0 || !agent_is_current(w);
}

bool agent_rests(const world_t *w)
{
	const agent_t *a = &w->agent;

	if (!a->on) {
		return true;
	}
	/* A row that could not be written yet is that of before its decision. An order in doubt may stay so. */
	return a->alive && a->loaded && !a->busy && !a->unwritten && (!a->order.there || a->update.doubt) &&
	       a->row.ttl_normal == 0 &&
	       (a->row.state == DELEGATION_REST || (a->row.state == DELEGATION_SUSPENDED && is_without_ds(w)));
}

bool agent_is_current(const world_t *w)
{
	return !w->agent.on || w->agent.read == w->up.version_count - 1U;
}

/*! The gate is about this server; or about another one whose signals differ from those of this one. */
static bool is_named(const delegation_row_t *row, const char *server)
{
	const bool compares =
		row->gate == DELEGATION_GATE_SIGNAL_MISSING || row->gate == DELEGATION_GATE_SIGNALS_DIFFER;

	return strcmp(row->gate_about, server) == 0 || (compares && strstr(row->gate_detail, server) != NULL);
}

/*! A resolver fails for ever, for a reason of its own or because of a server. */
static bool failure_lasts(const world_t *w)
{
	for (unsigned i = 0; i < w->fault_count; i++) {
		const fault_t *f = &w->fault[i];
		if (f->active && f->to == 0 && (f->kind < FAULT_CONTROL || f->kind == FAULT_WATCH)) {
			return true;
		}
	}
	return false;
}

/*! A server of the child, or of the parent, that the gate names has a fault that lasts. */
static bool server_lasts(const world_t *w)
{
	const char *about = w->agent.row.gate_about;

	for (unsigned i = 0; i < w->fault_count; i++) {
		const fault_t *f = &w->fault[i];
		if (!f->active || f->to != 0) {
			continue;
		}
		if (f->kind == FAULT_WATCH && strncmp(about, "resolver", 8) == 0) {
			return true;
		}
		if (f->kind < FAULT_CONTROL &&
		    (about[0] == '\0' || strncmp(about, "resolver", 8) == 0 ||
		     is_named(&w->agent.row, f->parent ? w->parent[f->server].name : w->child[f->server].name))) {
			return true;
		}
	}
	return false;
}

/*! The operator of the child, or a backup of his, has left it so that no signal can be followed. */
static bool child_is_broken(const world_t *w)
{
	return !(parent_ds(w) & knot_signers(w)) || (w->why & (WHY_OPERATOR | WHY_DS_BY_HAND | WHY_RESTORED));
}

static bool is_misdated(const world_t *w)
{
	const zone_version_t *v = knot_version(w);

	return v->cds_misdated || v->dnskey_misdated || w->agent.deeds.misdated || w->agent.may_boot;
}

/*!
 * What is signalled was signed before the agent met a change by hand, or is what was undone. A child signs it again
 * within days, which no child does here.
 */
static bool is_overruled(const world_t *w)
{
	const agent_t *a = &w->agent;
	const zone_version_t *v = knot_version(w);

	return (a->row.manual != 0 && v->cds_signed <= a->row.manual) ||
	       (a->row.undone_at != 0 && a->row.applied == 0 && v->cds_signed <= a->deeds.signed_at);
}

/*! An order cannot be carried out, or nobody learns of it. */
static bool lasts_on_way(const world_t *w)
{
	return lasts(w, TROUBLE_PRIMARY) || lasts(w, TROUBLE_ANSWERS) || lasts(w, TROUBLE_REFUSES) ||
	       lasts(w, TROUBLE_TRANSFER) || lasts(w, TROUBLE_FILE) || lasts(w, TROUBLE_DROPPED);
}

/*! What was ordered before the loss of the store is in the zone of its server since then. */
static bool came_after_loss(const agent_t *a)
{
	return a->deeds.lost != 0 && (a->update.remote ? a->update.transferred : a->deeds.acted) >= a->deeds.lost;
}

/*!
 * The operator has sent on a rollover that was rolled back, the agent has changed the DS or its TTL since, and the
 * rollover was rolled back again: he may do so just before the end, and the low TTL stays for its time.
 */
static bool was_sent_on(const world_t *w)
{
	const engine_t *e = &w->engine;
	const time_t bound = agent_bound_ttl(w);
	const time_t put = w->up.version[w->up.version_count - 1].put;

	return w->driver == DRIVER_MODULE && e->row.state == ROLLOVER_ROLLED_BACK &&
	       e->row.gate == GATE_AWAITING_DECISION && e->released != 0 && put > e->released && w->now - put < bound &&
	       clock_wall(w) - e->row.since < bound;
}

/*! Held signals that no survey can judge for sure are surveyed at each scan: in between the delegation is seen. */
static delegation_gate_t lasting_gate(const delegation_row_t *row)
{
	if (row->state == DELEGATION_SEEN && row->gate == DELEGATION_GATE_NONE && row->refused != 0) {
		return row->undone ? DELEGATION_GATE_UNDONE : DELEGATION_GATE_MANUAL;
	}
	return row->gate;
}

bool agent_explains(const world_t *w)
{
	const agent_t *a = &w->agent;

	if (!a->on) {
		return false;
	}
	if (a->misled || lasts(w, TROUBLE_STORE) || lasts(w, TROUBLE_CONTROL)) {
		return true;
	}
	switch (lasting_gate(&a->row)) {
	case DELEGATION_GATE_LOCKED:
		return a->config.locked;
	case DELEGATION_GATE_REPORT_ONLY:
		return a->config.report_only;
	case DELEGATION_GATE_LOAD_REVERTS:
		return a->load == DELEGATION_LOAD_REVERTS;
	case DELEGATION_GATE_FROZEN:
		return lasts(w, TROUBLE_FROZEN);
	case DELEGATION_GATE_TRANSACTION:
		return lasts(w, TROUBLE_TRANSACTION);
	case DELEGATION_GATE_SIGNING:
		return lasts(w, TROUBLE_SIGNING);
	case DELEGATION_GATE_COMMIT_FAILED:
	case DELEGATION_GATE_COMMITTING:
		return lasts(w, TROUBLE_FROZEN) || lasts(w, TROUBLE_TRANSACTION) || lasts(w, TROUBLE_SIGNING) ||
		       lasts_on_way(w);
	case DELEGATION_GATE_PARENT_STALE:
		return lasts(w, TROUBLE_TRANSFER) || server_lasts(w);
	case DELEGATION_GATE_DISCOVERY_FAILED:
		return lasts(w, TROUBLE_DISCOVERY);
	case DELEGATION_GATE_SUSPENDED:
		/* So is its own removal, where it came into its zone after the loss of the store. */
		return is_without_ds(w) && ((w->why & WHY_DS_BY_HAND) || (a->deeds.put == 0 && came_after_loss(a)));
	case DELEGATION_GATE_MANUAL:
		/* A reload that brings an older set back is taken for a hand; so is what was ordered before the loss
		 * of the store. */
		return (a->deeds.touched != 0 || came_after_loss(a)) &&
		       (is_misdated(w) || !child_is_clear(w) || lasts(w, TROUBLE_CUT_OFF));
	case DELEGATION_GATE_UNDONE:
		/* Or another client has done it before. */
		return (a->undos_made > 0 || a->deeds.touched != 0) &&
		       (is_misdated(w) || !child_is_clear(w) || lasts(w, TROUBLE_CUT_OFF));
	case DELEGATION_GATE_REPLAYED:
		return is_overruled(w) || is_misdated(w) || server_lasts(w);
	case DELEGATION_GATE_TTL_LOW:
		if (was_sent_on(w)) {
			return true;
		}
		/* Without its store the agent follows nothing that was signed before its clock, which was ahead. */
		return a->deeds.lost != 0 && is_misdated(w) && w->now - a->deeds.acted < (time_t)agent_bound_ttl(w);
	case DELEGATION_GATE_BOGUS:
		/* All keys were removed while there was no DS, and others have brought one. */
		return is_misdated(w) || server_lasts(w) || knot_version(w)->dnskey == 0;
	case DELEGATION_GATE_CHAIN_BROKEN:
	case DELEGATION_GATE_UNSIGNED:
	case DELEGATION_GATE_WOULD_BREAK:
	case DELEGATION_GATE_PRESENT_FAILS:
		return is_misdated(w) || server_lasts(w) || child_is_broken(w);
	case DELEGATION_GATE_CANNOT_UNDO:
		return failure_lasts(w) && child_cannot_undo(w);
	case DELEGATION_GATE_UNREACHABLE:
	case DELEGATION_GATE_SCAN_FAILED:
	case DELEGATION_GATE_PARENT_UNREACHABLE:
	case DELEGATION_GATE_NO_EVIDENCE:
		return lasts(w, TROUBLE_CUT_OFF) || server_lasts(w);
	default:
		return server_lasts(w);
	}
}

/*!
 * The agent has adopted its own low TTL after the loss of its store, and one option has the normal one: that comes
 * back.
 */
static bool keeps_adopted(const world_t *w)
{
	const agent_t *a = &w->agent;
	const ds_version_t *v = &w->up.version[w->up.version_count - 1];
	const time_t came = a->update.remote ? a->update.transferred : v->put;

	return v->put != 0 && came < a->deeds.lost && v->ds != 0 && v->ttl == a->config.ds_ttl &&
	       v->ttl < a->config.ds_ttl_base;
}

/*! The child wants the low TTL, and its module has said what keeps the rollover from its end. */
static bool is_kept_low(const world_t *w)
{
	return w->agent.row.gate == DELEGATION_GATE_TTL_LOW && agent_ttl_wanted(w) != DELEGATION_TTL_FREE &&
	       w->engine.row.state != ROLLOVER_IDLE && w->engine.row.gate != GATE_NONE;
}

void agent_check_end(world_t *w)
{
	const agent_t *a = &w->agent;
	const ds_version_t *v = &w->up.version[w->up.version_count - 1];

	if (!a->on || w->failed) {
		return;
	}
	if (!agent_rests(w) && !agent_explains(w) && !child_explains(w) && !is_kept_low(w)) {
		violate(w, "progress", "the agent is in state %s, gate %s %s %s: nothing explains why",
		        delegation_state_name(a->row.state), delegation_gate_name(a->row.gate), a->row.gate_about,
		        a->row.gate_detail);
		return;
	}
	/* As it was judged it was low before. */
	const bool was_low = a->config.apply == DELEGATION_BY_UPDATE && a->deeds.judged_ttl <= a->deeds.low_ttl;
	if (a->row.state == DELEGATION_REST && a->deeds.normal_ttl != 0 && !was_low && v->ds != 0 &&
	    v->ttl == a->deeds.low_ttl && a->deeds.lost == 0) {
		violate(w, "P5", "the TTL of DS stays at %u, it was %u", v->ttl, a->deeds.normal_ttl);
	}
	/* A gate in rest says why the agent does nothing. */
	if (a->row.state == DELEGATION_REST && a->row.gate == DELEGATION_GATE_NONE && keeps_adopted(w)) {
		violate(w, "P5", "the TTL of DS stays at %u after the loss of the store, ds-ttl-base is %u", v->ttl,
		        a->config.ds_ttl_base);
	}
}
