/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parents that take one lookup for the child (docs/simulation.rst, "Baselines"). None lowers the TTL, waits, or undoes.
 */

#include "sim_world.h"

const char *const parents_names[PARENTS__COUNT] = {
	[PARENTS_SOME] = "some",     [PARENTS_PLAIN] = "plain",         [PARENTS_AGENT] = "agent",
	[PARENTS_UPDATE] = "update", [PARENTS_CDS_LOOP] = "dnssec-cds", [PARENTS_SCANNER] = "scanner",
	[PARENTS_BLIND] = "blind",
};

void scanner_make(world_t *w, parents_t kind, unsigned zone)
{
	scanner_t *s = &w->scanner;

	s->kind = kind;
	s->file = w->up.version[0].ds;
	rng_seed(&s->rng, w->seed, 12000 + zone);
	s->interval = w->agent.config.scan_interval;
	w->up.notified = kind != PARENTS_CDS_LOOP;
}

/*! \return Whether the nameserver answers. A forged answer has what is waited for, and no signature that holds. */
static bool ask(const world_t *w, const sim_server_t *server, zone_version_t *out)
{
	int fault;

	switch (agent_reply(w, server, false)) {
	case ANSWER_OK:
		return child_serves(w, server, out, &fault);
	case ANSWER_BOGUS:
		*out = *knot_version(w);
		out->signers = 0;
		return true;
	default:
		return false;
	}
}

/*! One nameserver, by chance; the next one where it is silent. */
static bool ask_one(world_t *w, zone_version_t *out)
{
	const unsigned first = rng_below(&w->scanner.rng, w->child_count);

	for (unsigned n = 0; n < w->child_count; n++) {
		if (ask(w, &w->child[(first + n) % w->child_count], out)) {
			return true;
		}
	}
	return false;
}

/*! The parent zone cannot be changed now. */
static bool is_blocked(const world_t *w)
{
	return agent_trouble(w, TROUBLE_CONTROL) || agent_trouble(w, TROUBLE_FROZEN) ||
	       agent_trouble(w, TROUBLE_TRANSACTION);
}

static void apply(world_t *w, world_keys_t ds, const zone_version_t *v)
{
	const ds_version_t was = w->up.version[w->up.version_count - 1];

	if (ds != was.ds) {
		trace(w, "%-11s changes DS", parents_names[w->scanner.kind]);
		parent_step(w, ds, was.ttl, v->cds_cause, v->cds_decided, w->now);
	}
}

/*! What the resolver of dig answers: CDS has TTL 0, DNSKEY may be in its cache. */
static bool resolve_dnskey(world_t *w, zone_version_t *out)
{
	scanner_t *s = &w->scanner;

	if (s->dnskey_until > w->now) {
		*out = w->knot.version[s->dnskey];
		return true;
	}
	if (!ask_one(w, out)) {
		return false;
	}
	if (out->dnskey != 0 && (out->signers & out->dnskey)) {
		s->dnskey = out->number;
		s->dnskey_until = w->now + out->ttl;
	}
	return true;
}

/*! A signature that dnssec-cds takes. */
static bool counts(const world_t *w, time_t dated, bool misdated)
{
	return agent_signature_valid(w, dated, misdated) && dated >= w->scanner.not_before;
}

/*!
 * The checks of dnssec-cds: a key of the old set has signed DNSKEY and CDS; with the new set DNSKEY of this lookup is
 * valid, for each algorithm of it. The delete signal names no digest that it takes.
 */
static bool accepts(const world_t *w, const zone_version_t *keys, const zone_version_t *v)
{
	const world_keys_t signers = keys->signers & keys->dnskey, old = keys->dnskey & w->scanner.file;

	if (!counts(w, keys->dnskey_signed, keys->dnskey_misdated) || !(signers & old)) {
		return false;
	}
	if (v->cds == 0) {
		return true;
	}
	return v->cds != KEY_FOREIGN && counts(w, v->cds_signed, v->cds_misdated) && (v->signers & v->dnskey & old) &&
	       algorithm_set(w, v->cds & signers) == algorithm_set(w, v->cds);
}

/*!
 * dig | dnssec-cds -u -i | nsupdate. The script for nsupdate is the difference between the file and CDS; the file is
 * replaced whether nsupdate succeeds or not, and dated with the oldest signature that was verified.
 */
static void run_cds_loop(world_t *w)
{
	scanner_t *s = &w->scanner;
	zone_version_t keys, v;

	if (s->file == 0 || !resolve_dnskey(w, &keys) || !ask_one(w, &v) || !accepts(w, &keys, &v)) {
		return;
	}
	s->not_before = v.cds != 0 && v.cds_signed < keys.dnskey_signed ? v.cds_signed : keys.dnskey_signed;
	if (v.cds == 0 || v.cds == s->file) {
		return;
	}
	const world_keys_t ds = (parent_ds(w) & ~(s->file & ~v.cds)) | (v.cds & ~s->file);
	s->file = v.cds;
	if (is_blocked(w)) {
		trace(w, "dnssec-cds  nsupdate fails, and the dsset file has the new set");
		return;
	}
	apply(w, ds, &v);
}

/*! RFC 7344 4.1 at the nameserver that was asked; without a DS, other zones vouch for what it says (RFC 9615). */
static bool is_sound(const world_t *w, const zone_version_t *v)
{
	const world_keys_t signers = v->signers & v->dnskey, ds = parent_ds(w);

	if (v->number < w->scanner.taken || !agent_signature_valid(w, v->cds_signed, v->cds_misdated)) {
		return false;
	}
	return v->cds == KEY_FOREIGN ? (signers & ds) != 0 : (signers & (ds != 0 ? ds : v->cds)) && (signers & v->cds);
}

static void run_scanner(world_t *w)
{
	scanner_t *s = &w->scanner;
	zone_version_t v;

	if (!ask_one(w, &v) || v.cds == 0 || is_blocked(w) || (s->kind == PARENTS_SCANNER && !is_sound(w, &v))) {
		return;
	}
	s->taken = v.number;
	apply(w, v.cds == KEY_FOREIGN ? 0 : v.cds, &v);
}

void scanner_scan(world_t *w, bool notified)
{
	if (w->scanner.kind == PARENTS_CDS_LOOP && !notified) {
		run_cds_loop(w);
	} else if (w->scanner.kind != PARENTS_CDS_LOOP) {
		run_scanner(w);
	}
}
