/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the agent sees of the world: the facts that module/agent/deleg_facts.c and module/dns make. Each key of the
 * world has the same number in the facts.
 */

#include <string.h>

#include "sim_world.h"

/*! Knot dates signatures back by so much. */
#define BACKDATED 5400
/*! And they last so long (rrsig-lifetime). */
#define LIFETIME (14 * DAY)
/*! The list of the zone is not older. */
#define LIST_EVERY 60
/*! module/agent/deleg_facts.c: the longest time between two surveys of a child that is waited for. */
#define GAP (DELEGATION_RETRY_MAX + HOUR)

#define FOREIGN_TAG    9999
#define FOREIGN_DIGEST 0xfe

static ds_record_t record_of(const world_t *w, unsigned k)
{
	ds_record_t record = { .tag = FOREIGN_TAG, .algorithm = 13, .digest_type = 2, .digest_len = 32 };
	key_id_t id;

	if ((1U << k) == KEY_FOREIGN) {
		memset(record.digest, FOREIGN_DIGEST, record.digest_len);
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
	for (unsigned left = keys & (KEYS_OWN | KEY_FOREIGN); left != 0; left &= left - 1) {
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

void agent_see_zone(world_t *w, bool listed)
{
	agent_t *a = &w->agent;
	delegation_zone_t *zone = &a->facts.zone;
	const unsigned newest = w->up.version_count - 1;

	if (agent_trouble(w, TROUBLE_CONTROL)) {
		return;
	}
	if (a->listed_at == 0 || w->now - a->listed_at >= LIST_EVERY) {
		a->listed = newest;
		a->listed_at = w->now;
	}
	const ds_version_t *v = &w->up.version[listed ? a->listed : newest];
	zone->known = zone->delegated = true;
	zone->serial = listed ? a->listed : newest;
	zone->ns = 1;
	zone->ns_ttl = DAY;
	agent_ds_set(w, v->ds, &zone->ds);
	zone->ds_ttl = v->ds != 0 ? v->ttl : 0;
	if (a->known.at == 0 || w->now - a->known.at >= HOUR) {
		a->known.load = a->load;
		a->known.at = w->now;
	}
	zone->load = a->known.load;
	snprintf(zone->load_reason, sizeof(zone->load_reason), "%s",
	         zone->load == DELEGATION_LOAD_KEEPS ? "" : "zonefile-load");
	if (listed) {
		zone->ds_listed = true;
		zone->ds_number = ds_set_id(&zone->ds);
		memset(&zone->ds, 0, sizeof(zone->ds));
	} else {
		zone->frozen = agent_trouble(w, TROUBLE_FROZEN);
		zone->transaction = agent_trouble(w, TROUBLE_TRANSACTION) || (a->open && !a->order.running);
		zone->signing = agent_trouble(w, TROUBLE_SIGNING);
	}
}

/* The child. */

/*! \return How a server answers the agent; ANSWER_OK: as the zone version says. */
static answer_status_t reply_of(const world_t *w, const sim_server_t *s, bool parent)
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
	if (reply_of(w, s, false) != ANSWER_OK || !child_serves(w, s, &v, &fault)) {
		return;
	}
	cds_set(w, v.cds, &cds);
	scan->answered = true;
	scan->differs = delegation_zone_differs(&a->facts.zone, &cds);
	scan->content = delegation_content(&cds);
}

/*! Signatures that are dated later than now are not valid yet. What Knot has dated right it renews in time. */
static bool is_valid(const world_t *w, time_t dated, bool misdated)
{
	const time_t now = agent_wall(w);

	return dated - BACKDATED <= now && (!misdated || w->clock.wrong == 0 || dated + LIFETIME > now);
}

/*! When a signature was made, as it says; one that was made long ago by a wrong clock is renewed when that is right. */
static time_t inception_of(const world_t *w, const zone_version_t *v)
{
	const bool renewed = v->cds_misdated && v->cds_signed + LIFETIME <= w->now;

	return renewed ? w->now - HOUR : v->cds_signed - BACKDATED;
}

static void sign(const world_t *w, const zone_version_t *v, world_keys_t ds, delegation_rrset_t *out)
{
	const world_keys_t signers = v->signers & v->dnskey, trusted = ds != 0 ? ds & signers : signers;

	out->present = v->cds != 0;
	if (!out->present) {
		out->proven = data_matters(w) ? (v->data & (v->dnskey | v->zsks)) != 0 : v->signers != 0;
		return;
	}
	if (!is_valid(w, v->cds_signed, v->cds_misdated)) {
		return;
	}
	out->signed_by = signers;
	out->inception = trusted != 0 ? inception_of(w, v) : 0;
	out->expires = trusted != 0 ? agent_wall(w) + LIFETIME : 0;
}

/*! What an answer forged off-path says: all that could be waited for. It cannot be signed. */
static void forge(const world_t *w, delegation_child_t *to)
{
	const zone_version_t *v = knot_version(w);

	to->dnskey = v->dnskey & (KEYS_OWN | KEY_FOREIGN);
	cds_set(w, v->cds, &to->cds_set);
	to->cds.present = to->cdnskey.present = v->cds != 0;
	to->cdnskey_keys = v->cds;
}

void agent_see_child(world_t *w, unsigned index)
{
	agent_t *a = &w->agent;
	delegation_child_t *to = &a->child[index];
	const sim_server_t *s = &w->child[index];
	zone_version_t v;
	int fault;

	memset(to, 0, sizeof(*to));
	snprintf(to->server, sizeof(to->server), "%s", s->name);
	to->status = reply_of(w, s, false);
	if (to->status == ANSWER_OK && !child_serves(w, s, &v, &fault)) {
		to->status = ANSWER_UNREACHABLE;
	}
	if (to->status == ANSWER_BOGUS) {
		forge(w, to);
	}
	a->proof.of[index].silent_for = agent_silent_for(w, s);
	if (to->status != ANSWER_OK) {
		return;
	}
	a->proof.of[index].answered = true;
	a->proof.of[index].version = v;
	if (v.dnskey == 0 && a->facts.zone.ds.count > 0) {
		to->status = ANSWER_BOGUS;
		return;
	}
	a->misled |= w->now > w->quiet_from && (!is_valid(w, v.dnskey_signed, v.dnskey_misdated) ||
	                                        (v.cds != 0 && !is_valid(w, v.cds_signed, v.cds_misdated)));
	to->dnskey = v.dnskey & (KEYS_OWN | KEY_FOREIGN);
	to->dnskey_signed_by = is_valid(w, v.dnskey_signed, v.dnskey_misdated) ? v.signers & v.dnskey : 0;
	sign(w, &v, agent_ds_keys(&a->facts.zone.ds), &to->cds);
	to->cdnskey = to->cds;
	cds_set(w, v.cds, &to->cds_set);
	to->cdnskey_deletes = v.cds == KEY_FOREIGN;
	to->cdnskey_keys = to->cdnskey_deletes ? 0 : v.cds & (KEYS_OWN | KEY_FOREIGN);
}

void agent_see_parent(world_t *w, unsigned index)
{
	agent_t *a = &w->agent;
	delegation_parent_t *to = &a->parent[index];
	const sim_server_t *s = &w->parent[index];
	ds_version_t v;
	int fault;

	memset(to, 0, sizeof(*to));
	snprintf(to->server, sizeof(to->server), "%s", s->name);
	to->status = reply_of(w, s, true);
	if (to->status == ANSWER_OK && !parent_serves(w, s, &v, &fault)) {
		to->status = ANSWER_ERROR;
	}
	if (to->status == ANSWER_OK) {
		agent_ds_set(w, v.ds, &to->ds);
	}
}

/* The rest of a survey. */

/*! What is known of the time since the last survey. */
typedef struct {
	bool unknown;
	time_t gained;
} between_t;

static between_t since_last(world_t *w)
{
	agent_t *a = &w->agent;
	bool answers = false;

	for (unsigned i = 0; i < a->facts.child_count; i++) {
		answers = answers || a->child[i].status != ANSWER_UNREACHABLE;
	}
	between_t between = { .unknown = !a->resumed || !answers };
	if (a->surveyed != 0) {
		const time_t passed = w->now - a->surveyed_at;
		const time_t gained = a->facts.surveyed - a->surveyed - passed;
		between.unknown = passed > GAP || !answers;
		between.gained = gained > DELEGATION_FRESH || gained < -DELEGATION_FRESH ? gained : 0;
	}
	a->surveyed = a->facts.surveyed;
	a->surveyed_at = w->now;
	return between;
}

static time_t silent_since(world_t *w, agent_silence_t *stored, bool silent, const between_t *between)
{
	const time_t surveyed = w->agent.facts.surveyed, before = stored->since;
	time_t since = 0;

	if (silent) {
		since = before == 0 || between->unknown ? surveyed : before + between->gained;
		since = since > 0 && since < surveyed ? since : surveyed;
	}
	if (!agent_trouble(w, TROUBLE_STORE)) {
		stored->since = since;
	}
	return since;
}

static void watch(world_t *w)
{
	agent_t *a = &w->agent;
	const unsigned count = 1 + w->validators;

	for (unsigned i = 0; i < count; i++) {
		delegation_view_t *view = &a->view[i];
		snprintf(view->resolver, sizeof(view->resolver), "resolver %u", i);
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
	to->cdnskey_deletes = v->cds == KEY_FOREIGN;
	to->cdnskey = to->cdnskey_deletes ? 0 : v->cds & (KEYS_OWN | KEY_FOREIGN);
	a->facts.signaling = to;
	a->facts.signaling_count = 1;
}

static void know_keys(world_t *w)
{
	agent_t *a = &w->agent;

	for (unsigned k = 0; k < AGENT_KEYS; k++) {
		const ds_record_t record = record_of(w, k);
		delegation_key_t *key = &a->key[k];
		key->id.tag = record.tag;
		key->id.algorithm = record.algorithm;
		memcpy(key->id.digest, record.digest, sizeof(key->id.digest));
		key->whole = true;
		key->flags = 257;
	}
	a->facts.key = a->key;
	a->facts.key_count = AGENT_KEYS;
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
	const between_t between = since_last(w), known = { .unknown = false };
	for (unsigned i = 0; i < f->child_count; i++) {
		a->child[i].unreachable_since =
			silent_since(w, &a->silence[0][i], a->child[i].status == ANSWER_UNREACHABLE, &between);
	}
	for (unsigned i = 0; i < f->parent_count; i++) {
		a->parent[i].unreachable_since =
			silent_since(w, &a->silence[1][i], a->parent[i].status == ANSWER_UNREACHABLE, &known);
	}
}
