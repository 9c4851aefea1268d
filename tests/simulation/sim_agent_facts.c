/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the agent sees of the world: the facts that module/agent/deleg_facts.c and module/dns make. Each key of the
 * world has the same number in the facts.
 */

#include <string.h>

#include "kskroll/text_copy.h"
#include "sim_world.h"

/*! Knot dates signatures back by so much. */
#define BACKDATED 5400
/*! And they last so long (rrsig-lifetime). */
#define LIFETIME (14 * DAY)
/*! The list of the zone is not older. */
#define LIST_EVERY     60
#define FOREIGN_TAG    9999
#define FOREIGN_DIGEST 0xfe
#define STRANGER_TAG   9000

#define NAMED (KEYS_OWN | KEY_FOREIGN | KEYS_STRANGE)

static ds_record_t record_of(const world_t *w, unsigned k)
{
	ds_record_t record = { .tag = FOREIGN_TAG, .algorithm = 13, .digest_type = 2, .digest_len = 32 };
	key_id_t id;

	if ((1U << k) == KEY_FOREIGN) {
		memset(record.digest, FOREIGN_DIGEST, record.digest_len);
		return record;
	}
	if (k >= ZSK_FIRST) {
		memset(record.digest, k + 1, record.digest_len);
		record.tag = STRANGER_TAG + k;
		return record;
	}
	facts_key_id(w, k, &id);
	record.tag = id.tag;
	record.algorithm = id.algorithm;
	memcpy(record.digest, id.digest, sizeof(id.digest));
	return record;
}

void agent_ds_set(const world_t *w, world_keys_t keys, ds_set_t *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned left = keys & NAMED; left != 0; left &= left - 1) {
		const ds_record_t record = record_of(w, __builtin_ctz(left));
		ds_set_add(out, &record);
	}
}

world_keys_t agent_ds_keys(const ds_set_t *set)
{
	world_keys_t keys = 0;

	for (unsigned i = 0; i < set->count; i++) {
		const uint8_t first = set->record[i].digest[0];
		keys |= first == FOREIGN_DIGEST ? KEY_FOREIGN : 1U << (first - 1);
	}
	return keys;
}

/*! CDS of the delete signal is no DS set. */
static void cds_set(const world_t *w, world_keys_t cds, ds_set_t *out)
{
	if (cds == KEY_FOREIGN) {
		*out = (ds_set_t){ .count = 1, .record[0] = { .digest_len = 1 } };
	} else {
		agent_ds_set(w, cds, out);
	}
}

/* The parent zone. */

delegation_ttl_t agent_ttl_wanted(const world_t *w)
{
	const engine_t *e = &w->engine;

	if (!w->agent.shared || (w->why & WHY_DEAD)) {
		return DELEGATION_TTL_FREE;
	}
	return !e->alive                                   ? DELEGATION_TTL_KEPT :
	       rollover_lowers_ds_ttl(&e->config, &e->row) ? DELEGATION_TTL_LOWERED :
	       rollover_keeps_ds_ttl(&e->row)              ? DELEGATION_TTL_KEPT :
	                                                     DELEGATION_TTL_FREE;
}

void agent_see_zone(world_t *w, bool listed)
{
	agent_t *a = &w->agent;
	delegation_zone_t *zone = &a->facts.zone;
	const unsigned newest = agent_way_version(w);

	if (agent_trouble(w, TROUBLE_CONTROL)) {
		return;
	}
	if (a->listed_at == 0 || w->now - a->listed_at >= LIST_EVERY) {
		a->listed = newest;
		a->listed_at = w->now;
	}
	a->read = listed ? a->listed : newest;
	const ds_version_t *v = &w->up.version[a->read];
	zone->known = zone->delegated = true;
	zone->serial = a->read;
	zone->ns = 1;
	zone->ns_ttl = AGENT_NS_TTL;
	agent_ds_set(w, v->ds, &zone->ds);
	zone->ds_ttl = v->ds != 0 ? v->ttl : 0;
	if (a->known.at == 0 || w->now - a->known.at >= HOUR) {
		a->known.load = a->load;
		a->known.at = w->now;
	}
	zone->load = a->update.remote ? DELEGATION_LOAD_SECONDARY : a->known.load;
	text_copy(zone->load_reason, sizeof(zone->load_reason),
	          zone->load == DELEGATION_LOAD_KEEPS ? "" : "zonefile-load");
	if (!listed && newest != a->listed) {
		a->listed_at = 0; /* The list is of another version. */
	}
	if (listed) {
		zone->ds_listed = true;
		zone->ds_number = ds_set_id(&zone->ds);
		memset(&zone->ds, 0, sizeof(zone->ds));
	} else {
		/* Of a secondary: none of its own. */
		zone->frozen = !a->update.remote && agent_trouble(w, TROUBLE_FROZEN);
		zone->transaction =
			!a->update.remote && (agent_trouble(w, TROUBLE_TRANSACTION) || (a->open && !a->order.running));
		zone->signing = !a->update.remote && agent_trouble(w, TROUBLE_SIGNING);
	}
}

/* The child. */

answer_status_t agent_reply(const world_t *w, const sim_server_t *s, bool parent)
{
	const fault_t *f = s->fault >= 0 ? &w->fault[s->fault] : NULL;

	if (agent_trouble(w, TROUBLE_CUT_OFF) || (!parent && s->primary && !w->knot.up)) {
		return ANSWER_UNREACHABLE;
	}
	switch (f != NULL ? f->kind : FAULT__COUNT) {
	case FAULT_DOWN:
		return ANSWER_UNREACHABLE;
	case FAULT_PARTITION: /* From the one host, or from both. */
		return f->from % 2 ? ANSWER_UNREACHABLE : ANSWER_OK;
	case FAULT_ERROR:
		return ANSWER_ERROR;
	case FAULT_STRIP:
		return parent ? ANSWER_BOGUS : ANSWER_OK;
	case FAULT_FORGED:
		return ANSWER_BOGUS;
	default:
		return ANSWER_OK;
	}
}

void agent_see_scan(world_t *w)
{
	agent_t *a = &w->agent;
	const sim_server_t *s = &w->child[rng_below(&a->rng, w->child_count)];
	delegation_scan_t *scan = &a->facts.scan;
	zone_version_t v;
	ds_set_t cds;
	int fault;

	a->facts.asked |= DELEGATION_ASK_SCAN;
	if (agent_reply(w, s, false) != ANSWER_OK || !child_serves(w, s, &v, &fault)) {
		return;
	}
	cds_set(w, v.cds, &cds);
	scan->answered = true;
	scan->differs = delegation_zone_differs(&a->facts.zone, &cds);
	scan->content = delegation_content(&cds);
}

bool agent_signature_valid(const world_t *w, time_t dated, bool misdated)
{
	const time_t now = agent_wall(w);

	return dated - BACKDATED <= now && (!misdated || w->clock.wrong == 0 || dated + LIFETIME > now);
}

/*! When a signature was made, as it says; one that was made long ago by a wrong clock is renewed when that is right. */
static time_t dated(const world_t *w, time_t at, bool misdated)
{
	const bool renewed = misdated && at + LIFETIME <= w->now;

	return renewed ? w->now - HOUR : at - BACKDATED;
}

static void sign(const world_t *w, const zone_version_t *v, bool present, world_keys_t ds, delegation_rrset_t *out)
{
	const world_keys_t signers = v->signers & v->dnskey & ~v->cds_not_by;
	const world_keys_t trusted = ds != 0 ? ds & signers : signers;

	out->present = present || v->cds_excess;
	if (!out->present) {
		out->proven = data_matters(w) ? (v->data & (v->dnskey | v->zsks)) != 0 : v->signers != 0;
		return;
	}
	if (!agent_signature_valid(w, v->cds_signed, v->cds_misdated)) {
		return;
	}
	out->signed_by = signers;
	out->inception = trusted != 0 ? dated(w, v->cds_signed, v->cds_misdated) : 0;
	out->expires = trusted != 0 ? agent_wall(w) + LIFETIME : 0;
}

/*! What an answer forged off-path says: all that could be waited for. It cannot be signed. */
static void forge(const world_t *w, delegation_child_t *to)
{
	const zone_version_t *v = knot_version(w);

	to->dnskey = v->dnskey & (KEYS_OWN | KEY_FOREIGN);
	cds_set(w, v->cds, &to->cds_set);
	to->cds.present = v->cds != 0;
	to->cdnskey.present = v->cdnskey != 0;
	to->cdnskey_keys = v->cdnskey & NAMED;
}

/*!
 * For how long a nameserver has really been silent, as far as surveys can show it: one that answers for some seconds
 * between two of them nobody meets. Surveys that are further apart than the agent allows show nothing.
 */
static time_t silent_for(world_t *w, unsigned index)
{
	const time_t really = agent_silent_for(w, &w->child[index]);
	agent_deeds_t *deeds = &w->agent.deeds;
	time_t *since = &deeds->silent[index].since;

	if (w->agent.child[index].status != ANSWER_UNREACHABLE || really == 0) {
		*since = 0;
		return really;
	}
	*since = *since == 0 || w->now - deeds->silent[index].last > DELEGATION_SURVEY_GAP ? w->now : *since;
	deeds->silent[index].last = w->now;
	return really > w->now - *since ? really : w->now - *since;
}

void agent_see_child(world_t *w, unsigned index)
{
	agent_t *a = &w->agent;
	delegation_child_t *to = &a->child[index];
	const sim_server_t *s = &w->child[index];
	zone_version_t v;
	int fault;

	memset(to, 0, sizeof(*to));
	text_copy(to->server, sizeof(to->server), s->name);
	to->status = agent_reply(w, s, false);
	if (to->status == ANSWER_OK && !child_serves(w, s, &v, &fault)) {
		to->status = ANSWER_UNREACHABLE;
	}
	if (to->status == ANSWER_OK) {
		child_between(w, s, &v);
	}
	if (to->status == ANSWER_BOGUS) {
		forge(w, to);
	}
	a->proof.of[index].silent_for = silent_for(w, index);
	if (to->status != ANSWER_OK) {
		return;
	}
	a->proof.of[index].answered = true;
	a->proof.of[index].version = v;
	if (v.dnskey == 0 && a->facts.zone.ds.count > 0) {
		to->status = ANSWER_BOGUS;
		return;
	}
	a->misled |=
		w->now > w->quiet_from && (!agent_signature_valid(w, v.dnskey_signed, v.dnskey_misdated) ||
	                                   (v.cds != 0 && !agent_signature_valid(w, v.cds_signed, v.cds_misdated)));
	to->dnskey = v.dnskey & (KEYS_OWN | KEY_FOREIGN);
	to->dnskey_signed_by = agent_signature_valid(w, v.dnskey_signed, v.dnskey_misdated) ? v.signers & v.dnskey : 0;
	to->dnskey_ttl = to->dnskey_signed_by != 0 ? v.ttl : 0;
	to->dnskey_inception = to->dnskey_signed_by != 0 ? dated(w, v.dnskey_signed, v.dnskey_misdated) : 0;
	sign(w, &v, v.cds != 0, agent_ds_keys(&a->facts.zone.ds), &to->cds);
	sign(w, &v, v.cdnskey != 0, agent_ds_keys(&a->facts.zone.ds), &to->cdnskey);
	cds_set(w, v.cds, &to->cds_set);
	to->cds_set.excess |= v.cds_excess;
	to->cdnskey_excess = v.cds_excess;
	to->cdnskey_deletes = v.cdnskey == KEY_FOREIGN;
	to->cdnskey_keys = to->cdnskey_deletes ? 0 : v.cdnskey & NAMED;
}

void agent_see_parent(world_t *w, unsigned index)
{
	agent_t *a = &w->agent;
	delegation_parent_t *to = &a->parent[index];
	const sim_server_t *s = &w->parent[index];
	ds_version_t v;
	int fault;

	memset(to, 0, sizeof(*to));
	text_copy(to->server, sizeof(to->server), s->name);
	to->status = agent_reply(w, s, true);
	if (to->status == ANSWER_OK && !parent_serves(w, s, &v, &fault)) {
		to->status = ANSWER_ERROR;
	}
	if (to->status == ANSWER_OK) {
		agent_ds_set(w, v.ds, &to->ds);
	}
}

/* The rest of a survey. */

/*! Whether the network answers: a server, or the own resolver. */
static bool heard(const agent_t *a)
{
	bool answers = a->facts.view_count > 0 && a->view[0].status != DELEGATION_VIEW_NONE;

	for (unsigned i = 0; i < a->facts.child_count; i++) {
		answers = answers || a->child[i].status != ANSWER_UNREACHABLE;
	}
	for (unsigned i = 0; i < a->facts.parent_count; i++) {
		answers = answers || a->parent[i].status != ANSWER_UNREACHABLE;
	}
	return answers;
}

/*! module/agent/deleg_facts.c */
static void ask(world_t *w, delegation_survey_t *asked)
{
	agent_t *a = &w->agent;

	delegation_surveyed(asked, a->resumed, heard(a), a->facts.surveyed, (uint64_t)w->now * 1000);
}

bool agent_store_ready(world_t *w)
{
	agent_t *a = &w->agent;

	if (agent_trouble(w, TROUBLE_STORE)) {
		return false;
	}
	if (a->silences_lost) {
		memset(a->silence, 0, sizeof(a->silence));
		a->silences_lost = false;
	}
	return true;
}

static time_t silent_since(world_t *w, delegation_silence_t *stored, bool silent, const delegation_survey_t *asked)
{
	const delegation_silence_t none = { 0 }, before = w->agent.silences_lost ? none : *stored;
	const delegation_silence_t silence = silent ? delegation_silent(asked, &before) : none;

	if (silence.since == before.since && silence.seen == before.seen) {
		return silence.since;
	}
	if (agent_store_ready(w)) {
		*stored = silence;
	} else {
		w->agent.silences_lost = true;
	}
	return silence.since;
}

static void watch(world_t *w)
{
	agent_t *a = &w->agent;
	const unsigned count = 1 + w->validators;

	for (unsigned i = 0; i < count; i++) {
		delegation_view_t *view = &a->view[i];
		if (view->resolver[0] == '\0') {
			snprintf(view->resolver, sizeof(view->resolver), "resolver %u", i);
		}
		view->status = agent_trouble(w, TROUBLE_CUT_OFF) || rng_chance(&a->rng, 2) ? DELEGATION_VIEW_NONE :
		               fault_active(w, FAULT_WATCH) || agent_trouble(w, TROUBLE_RESOLVERS) ||
		                               resolver_fails(w, i > 0) ?
		                                                                             DELEGATION_VIEW_BOGUS :
		               parent_ds(w) == 0 ? DELEGATION_VIEW_INSECURE :
		                                   DELEGATION_VIEW_SECURE;
	}
	a->facts.view = a->view;
	a->facts.view_count = count;
}

/*! What the nameservers' own zones vouch for (RFC 9615). */
static void signaling(world_t *w)
{
	agent_t *a = &w->agent;
	const zone_version_t *v = knot_version(w);
	delegation_signaling_t *to = &a->signaling;

	memset(to, 0, sizeof(*to));
	snprintf(to->nameserver, sizeof(to->nameserver), "ns1.child");
	cds_set(w, v->cds, &to->cds);
	to->cdnskey_deletes = v->cdnskey == KEY_FOREIGN;
	to->cdnskey = to->cdnskey_deletes ? 0 : v->cdnskey & NAMED;
	a->facts.signaling = to;
	a->facts.signaling_count = 1;
}

static void know_keys(world_t *w)
{
	agent_t *a = &w->agent;
	/* Nobody else names strangers. */
	const unsigned count = child_is_by_hand(w) ? AGENT_KEYS : ZSK_FIRST;

	for (unsigned k = 0; k < count; k++) {
		delegation_key_t *key = &a->key[k];
		if (key->whole && ((1U << k) == KEY_FOREIGN || key->id.algorithm == w->knot.key[k].algorithm)) {
			continue; /* As in the survey before. */
		}
		const ds_record_t record = record_of(w, k);
		key->id.tag = record.tag;
		key->id.algorithm = record.algorithm;
		memcpy(key->id.digest, record.digest, sizeof(key->id.digest));
		key->whole = true;
		key->flags = 257;
	}
	a->facts.key = a->key;
	a->facts.key_count = count;
}

void agent_see_rest(world_t *w)
{
	agent_t *a = &w->agent;
	delegation_facts_t *f = &a->facts;

	f->asked |= a->asks;
	f->surveyed_ns = f->zone.ns;
	f->discovery_failed = (a->asks & DELEGATION_ASK_SURVEY) && agent_trouble(w, TROUBLE_DISCOVERY);
	f->child = a->child;
	f->child_count = (a->asks & DELEGATION_ASK_SURVEY) && !f->discovery_failed ? w->child_count : 0;
	f->parent = a->parent;
	f->parent_count = (a->asks & DELEGATION_ASK_PARENTS) ? w->parent_count : 0;
	a->proof.count = f->child_count;
	know_keys(w);
	if (a->asks & DELEGATION_ASK_WATCH) {
		watch(w);
	}
	if ((a->asks & DELEGATION_ASK_SURVEY) && a->config.bootstrap && f->zone.ds.count == 0) {
		signaling(w);
	}
	if (f->child_count > 0) {
		ask(w, &a->asked[0]);
	}
	for (unsigned i = 0; i < f->child_count; i++) {
		delegation_child_t *to = &a->child[i];
		to->unreachable_since =
			silent_since(w, &a->silence[0][i], to->status == ANSWER_UNREACHABLE, &a->asked[0]);
	}
	if (f->parent_count > 0) {
		ask(w, &a->asked[1]);
	}
	for (unsigned i = 0; i < f->parent_count; i++) {
		delegation_parent_t *to = &a->parent[i];
		to->unreachable_since =
			silent_since(w, &a->silence[1][i], to->status == ANSWER_UNREACHABLE, &a->asked[1]);
	}
	a->resumed = false;
}
