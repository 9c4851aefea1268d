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

bool agent_rests(const world_t *w)
{
	const agent_t *a = &w->agent;

	if (!a->on) {
		return true;
	}
	return a->alive && !a->busy && !a->order.there && a->row.ttl_normal == 0 &&
	       (a->row.state == DELEGATION_REST || a->row.state == DELEGATION_SUSPENDED);
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
		     strcmp(about, f->parent ? w->parent[f->server].name : w->child[f->server].name) == 0)) {
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

bool agent_explains(const world_t *w)
{
	const agent_t *a = &w->agent;

	if (!a->on) {
		return false;
	}
	if (a->misled || lasts(w, TROUBLE_STORE) || lasts(w, TROUBLE_CONTROL)) {
		return true;
	}
	switch (a->row.gate) {
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
		return lasts(w, TROUBLE_FROZEN) || lasts(w, TROUBLE_TRANSACTION) || lasts(w, TROUBLE_SIGNING);
	case DELEGATION_GATE_DISCOVERY_FAILED:
		return lasts(w, TROUBLE_DISCOVERY);
	case DELEGATION_GATE_SUSPENDED:
		return (w->why & WHY_DS_BY_HAND) != 0;
	case DELEGATION_GATE_MANUAL:
		return a->deeds.wished != 0;
	case DELEGATION_GATE_UNDONE:
		return a->undos_made > 0 || a->deeds.touched != 0; /* Somebody has done it before. */
	case DELEGATION_GATE_REPLAYED:
	case DELEGATION_GATE_BOGUS:
		return is_misdated(w) || server_lasts(w);
	case DELEGATION_GATE_CHAIN_BROKEN:
	case DELEGATION_GATE_UNSIGNED:
	case DELEGATION_GATE_WOULD_BREAK:
	case DELEGATION_GATE_PRESENT_FAILS:
		return is_misdated(w) || server_lasts(w) || child_is_broken(w);
	case DELEGATION_GATE_UNREACHABLE:
	case DELEGATION_GATE_SCAN_FAILED:
	case DELEGATION_GATE_PARENT_UNREACHABLE:
	case DELEGATION_GATE_NO_EVIDENCE:
		return lasts(w, TROUBLE_CUT_OFF) || server_lasts(w);
	default:
		return server_lasts(w);
	}
}

void agent_check_end(world_t *w)
{
	const agent_t *a = &w->agent;
	const ds_version_t *v = &w->up.version[w->up.version_count - 1];

	if (!a->on || w->failed) {
		return;
	}
	if (!agent_rests(w) && !agent_explains(w)) {
		violate(w, "progress", "the agent is in state %s, gate %s %s %s: nothing explains why",
		        delegation_state_name(a->row.state), delegation_gate_name(a->row.gate), a->row.gate_about,
		        a->row.gate_detail);
		return;
	}
	if (a->row.state == DELEGATION_REST && a->deeds.normal_ttl != 0 && v->ds != 0 && v->ttl == a->deeds.low_ttl &&
	    a->deeds.lost == 0) {
		violate(w, "P5", "the TTL of DS stays at %u, it was %u", v->ttl, a->deeds.normal_ttl);
	}
}
