/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "facts.h"
#include "zone.h"
#include "util/rrsig_key.h"

#define DNSKEY_ZONE   0x0100
#define DNSKEY_REVOKE 0x0080
#define DNSKEY_SEP    0x0001

/*! The role of the policy in force, judged by its whole name: another TTL is another policy. */
static policy_role_t role_in_force(const zone_t *zone)
{
	char base[256], name[512];
	policy_role_t role;

	server_policy_parse(zone->settings->policy, base, sizeof(base), &role);
	if (role == POLICY_BASE) {
		return POLICY_BASE;
	}
	if (role == POLICY_FORMER) {
		return POLICY_FORMER;
	}
	server_policy_name(name, sizeof(name), base, role, fit_ttl(zone));
	return strcmp(name, zone->settings->policy) == 0 ? role : POLICY__COUNT;
}

static bool is_zone_key(const knot_rdata_t *rr)
{
	return rr->len >= 4 && (knot_dnskey_flags(rr) & (DNSKEY_ZONE | DNSKEY_REVOKE)) == DNSKEY_ZONE;
}

static algset_t algorithms_of(const knot_rdataset_t *dnskey)
{
	algset_t set = 0;

	knot_rdata_t *rr = dnskey->rdata;
	for (uint16_t i = 0; i < dnskey->count; i++, rr = knot_rdataset_next(rr)) {
		set |= is_zone_key(rr) ? ALGSET_OF(knot_dnskey_alg(rr)) : 0;
	}
	return set;
}

static void add_own_keys(gathered_t *gathered, const zone_t *zone)
{
	rollover_facts_t *facts = &gathered->facts;
	bool zsk = false;

	knot_rdata_t *rr = gathered->dnskey.rdata;
	for (uint16_t i = 0; i < gathered->dnskey.count; i++, rr = knot_rdataset_next(rr)) {
		if (!is_zone_key(rr)) {
			continue;
		}
		if (!(knot_dnskey_flags(rr) & DNSKEY_SEP)) {
			zsk = true;
			continue;
		}
		if (facts->key_count == ROLLOVER_KEYS_MAX) {
			facts->too_many_keys = true;
			break;
		}
		dns_key_t *key = &gathered->keys[facts->key_count];
		if (dns_key_id(zone->dname, rr->data, rr->len, &key->id) == KNOT_EOK) {
			key->rdata = rr->data;
			key->rdata_len = rr->len;
			facts->keys[facts->key_count] = key->id;
			facts->own.dnskey |= 1U << facts->key_count;
			facts->key_count++;
		}
	}
	facts->own.csk = !zsk && facts->key_count > 0;
	gathered->own_key_count = facts->key_count;
}

/*! Knot dates a signature so many seconds back, in all versions. */
#define BACKDATED 5400
/*! RRSIG RDATA before the name of the signer (RFC 4034 3.1). */
#define RRSIG_FIXED 18
/*! SOA RDATA from the serial on (RFC 1035 3.3.13). */
#define SOA_FIXED 20

/*! When Knot made the oldest of the signatures; 0: not known. */
static time_t signed_at(const knot_rdataset_t *rrsigs)
{
	time_t first = 0;

	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count; i++, rr = knot_rdataset_next(rr)) {
		const time_t at = rr->len > RRSIG_FIXED ? knot_rrsig_sig_inception(rr) : 0;
		first = at != 0 && (first == 0 || at < first) ? at : first;
	}
	return first != 0 ? first + BACKDATED : 0;
}

/*!
 * When a KSK has no signature over DNSKEY any more: the DS may name that key alone. Of signatures of one key the last
 * one counts. Their times are serial numbers (RFC 4034 3.1.5).
 */
static time_t expires_at(const gathered_t *gathered, const knot_rdataset_t *rrsigs, time_t now)
{
	time_t first = 0;

	for (unsigned k = 0; k < gathered->own_key_count; k++) {
		time_t last = 0;
		knot_rdata_t *rr = rrsigs->rdata;
		for (uint16_t i = 0; i < rrsigs->count; i++, rr = knot_rdataset_next(rr)) {
			const key_id_t *id = &gathered->keys[k].id;
			if (rr->len <= RRSIG_FIXED || id->tag != knot_rrsig_key_tag(rr) ||
			    id->algorithm != knot_rrsig_alg(rr)) {
				continue;
			}
			const time_t at = now + (int32_t)(knot_rrsig_sig_expiration(rr) - (uint32_t)now);
			last = at > last ? at : last;
		}
		first = last != 0 && (first == 0 || last < first) ? last : first;
	}
	return first;
}

/*! KSKs with a signature in the set, by tag and algorithm: of this server's own zone nothing has to be verified. */
static keyset_t named_by(const gathered_t *gathered, const knot_rdataset_t *rrsigs)
{
	keyset_t set = 0;

	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count; i++, rr = knot_rdataset_next(rr)) {
		for (unsigned k = 0; k < gathered->own_key_count && rr->len > RRSIG_FIXED; k++) {
			const key_id_t *id = &gathered->keys[k].id;
			if (id->tag == knot_rrsig_key_tag(rr) && id->algorithm == knot_rrsig_alg(rr)) {
				set |= 1U << k;
			}
		}
	}
	return set;
}

/*! Whether a key without SEP has the tag and the algorithm of the KSK. */
static bool has_twin(const gathered_t *gathered, const zone_t *zone, const key_id_t *ksk)
{
	key_id_t id;

	knot_rdata_t *rr = gathered->dnskey.rdata;
	for (uint16_t i = 0; i < gathered->dnskey.count; i++, rr = knot_rdataset_next(rr)) {
		if (is_zone_key(rr) && !(knot_dnskey_flags(rr) & DNSKEY_SEP) &&
		    dns_key_id(zone->dname, rr->data, rr->len, &id) == KNOT_EOK && id.tag == ksk->tag &&
		    id.algorithm == ksk->algorithm) {
			return true;
		}
	}
	return false;
}

/*! KSKs that have signed the SOA. What a ZSK of the same tag may have signed is verified. */
static keyset_t data_signers(const gathered_t *gathered, const zone_t *zone, const server_check_t *from)
{
	const keyset_t named = named_by(gathered, &from->soa_rrsig);
	keyset_t doubtful = 0;
	knot_rrset_t soa;

	for (unsigned k = 0; k < gathered->own_key_count; k++) {
		const bool twin = (named & (1U << k)) && has_twin(gathered, zone, &gathered->keys[k].id);
		doubtful |= twin ? 1U << k : 0;
	}
	if (doubtful == 0) {
		return named;
	}
	knot_rrset_init(&soa, (knot_dname_t *)zone->dname, KNOT_RRTYPE_SOA, KNOT_CLASS_IN, 0);
	soa.rrs = from->soa;
	return named & (~doubtful | dns_rrset_signers(zone->dname, &soa, &from->soa_rrsig, gathered->keys,
	                                              gathered->own_key_count, time(NULL)));
}

static algset_t algorithms_in(const knot_rdataset_t *rrsigs)
{
	algset_t set = 0;

	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count; i++, rr = knot_rdataset_next(rr)) {
		set |= rr->len > RRSIG_FIXED ? ALGSET_OF(knot_rrsig_alg(rr)) : 0;
	}
	return set;
}

/*! The same for the same keys, in any order. */
static uint32_t keys_in(const knot_rdataset_t *rrsigs)
{
	uint32_t sum = 0;

	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count; i++, rr = knot_rdataset_next(rr)) {
		sum += rr->len > RRSIG_FIXED ? rrsig_key(rr) : 0;
	}
	return sum;
}

/*! What the SOA tells, and the RRSIGs that were read with it. */
static void add_data(own_facts_t *own, const server_check_t *from)
{
	own->algorithms = algorithms_of(&from->dnskey);
	own->data_algorithms = algorithms_in(&from->soa_rrsig);
	own->data_keys = keys_in(&from->soa_rrsig);
	own->serial_known = from->soa.count == 1 && from->soa.rdata->len > SOA_FIXED;
	if (own->serial_known) {
		own->serial = knot_wire_read_u32(from->soa.rdata->data + from->soa.rdata->len - SOA_FIXED);
	}
}

/*! Whether the SOA has a signature of none of the single-type keys that the zone has. */
static bool has_hidden(const gathered_t *gathered, const knot_rdataset_t *rrsigs)
{
	const rollover_facts_t *facts = &gathered->facts;
	bool hidden = false;

	knot_rdata_t *rr = rrsigs->rdata;
	for (uint16_t i = 0; i < rrsigs->count && facts->own.csk; i++, rr = knot_rdataset_next(rr)) {
		bool known = rr->len <= RRSIG_FIXED;
		for (unsigned k = 0; k < facts->key_count && !known; k++) {
			known = facts->keys[k].tag == knot_rrsig_key_tag(rr) &&
			        facts->keys[k].algorithm == knot_rrsig_alg(rr);
		}
		hidden = hidden || !known;
	}
	return hidden;
}

static bool is_remembered(const rollover_row_t *row, const key_id_t *id)
{
	return key_id_find(row->old, row->old_count, id) >= 0 || (row->has_new && key_id_equal(&row->new_key, id));
}

/*!
 * KSKs of the zone that have not signed it: from the zone file or an update, with `dnskey-management: incremental`.
 * Checked while there is a key that is not known yet: checking signatures costs more than all the rest.
 */
static keyset_t foreign_keys(const gathered_t *gathered, const zone_t *zone, const knot_rdataset_t *rrsigs)
{
	const keyset_t zone_keys = gathered->facts.own.dnskey;
	keyset_t remembered = 0, signers;

	for (unsigned i = 0; i < gathered->own_key_count; i++) {
		remembered |= is_remembered(&zone->kept.row, &gathered->keys[i].id) ? 1U << i : 0;
	}
	if (remembered == zone_keys) {
		return 0;
	}
	signers = dns_signers(zone->dname, &gathered->dnskey, rrsigs, gathered->keys, gathered->own_key_count,
	                      time(NULL));
	if (signers == 0) {
		/* The signatures have expired or the like: they tell all the same whose keys these are. */
		signers = named_by(gathered, rrsigs);
	}
	return signers != 0 ? zone_keys & ~signers & ~remembered : 0;
}

/*! Those of other signers come last: the first ones are this server's. */
static void part_keys(gathered_t *gathered, keyset_t foreign)
{
	rollover_facts_t *facts = &gathered->facts;
	dns_key_t keys[ROLLOVER_KEYS_MAX];
	unsigned at = 0;

	memcpy(keys, gathered->keys, sizeof(keys[0]) * facts->key_count);
	for (unsigned part = 0; part < 2; part++) {
		for (unsigned i = 0; i < facts->key_count; i++) {
			if (((foreign >> i) & 1U) == part) {
				gathered->keys[at] = keys[i];
				facts->keys[at++] = keys[i].id;
			}
		}
		gathered->own_key_count = part == 0 ? at : gathered->own_key_count;
	}
	facts->own.dnskey = (1U << gathered->own_key_count) - 1;
	facts->own.foreign = ((1U << at) - 1) & ~facts->own.dnskey;
}

/*! A key that the zone no longer has but the rollover still asks for. */
static void add_remembered(gathered_t *gathered, const key_id_t *id)
{
	rollover_facts_t *facts = &gathered->facts;

	if (key_id_find(facts->keys, facts->key_count, id) >= 0) {
		return;
	}
	if (facts->key_count == ROLLOVER_KEYS_MAX) {
		facts->too_many_keys = true;
		return;
	}
	gathered->keys[facts->key_count].id = *id;
	facts->keys[facts->key_count++] = *id;
}

gathered_t *facts_new(const zone_t *zone, const server_check_t *from)
{
	gathered_t *gathered = calloc(1, sizeof(*gathered));
	if (gathered == NULL || knot_rdataset_copy(&gathered->dnskey, &from->dnskey, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&gathered->ns, &from->ns, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&gathered->cds, &from->cds, NULL) != KNOT_EOK ||
	    knot_rdataset_copy(&gathered->cdnskey, &from->cdnskey, NULL) != KNOT_EOK) {
		facts_free(gathered);
		return NULL;
	}
	rollover_facts_t *facts = &gathered->facts;
	own_facts_t *own = &facts->own;

	own->known = from->status == SERVER_OK;
	own->frozen = from->frozen;
	own->transaction = from->transaction;
	own->catalog_member = from->catalog_member;
	own->policy = role_in_force(zone);
	own->base_publishes = zone->settings->base_publishes;
	own->base_always = zone->settings->base_always;
	own->dnskey_ttl = from->dnskey_ttl;
	own->dnskey_signed = signed_at(&from->rrsig);
	fit_facts(zone, own);
	if (!own->known) {
		snprintf(own->conf_detail, sizeof(own->conf_detail), "%s", from->detail);
	}
	announce_facts(zone, facts);

	add_own_keys(gathered, zone);
	own->dnskey_expires = expires_at(gathered, &from->rrsig, time(NULL));
	add_data(own, from);
	part_keys(gathered, foreign_keys(gathered, zone, &from->rrsig));
	own->data_signed_by = data_signers(gathered, zone, from);
	own->data_hidden = !facts->too_many_keys && has_hidden(gathered, &from->soa_rrsig);
	for (unsigned i = 0; i < zone->kept.row.old_count; i++) {
		add_remembered(gathered, &zone->kept.row.old[i]);
	}
	if (zone->kept.row.has_new) {
		add_remembered(gathered, &zone->kept.row.new_key);
	}

	own->cds.present = from->cds.count > 0;
	own->cds.keys = dns_cds_match(zone->dname, &from->cds, gathered->keys, facts->key_count, &own->cds.unwanted);
	own->cds.remove = dns_cds_removes(&from->cds);
	own->cdnskey.present = from->cdnskey.count > 0;
	own->cdnskey.keys = dns_cdnskey_match(zone->dname, &from->cdnskey, gathered->keys, facts->key_count,
	                                      &own->cdnskey.unwanted);
	own->cdnskey.remove = dns_cdnskey_removes(&from->cdnskey);
	return gathered;
}

void facts_free(gathered_t *gathered)
{
	if (gathered != NULL) {
		knot_rdataset_clear(&gathered->dnskey, NULL);
		knot_rdataset_clear(&gathered->ns, NULL);
		knot_rdataset_clear(&gathered->cds, NULL);
		knot_rdataset_clear(&gathered->cdnskey, NULL);
		survey_free(gathered->survey);
		free(gathered);
	}
}

/*! The time since when a server has not answered, over restarts. \a wrote: something was written. */
static time_t since_when(const zone_t *zone, const char *server, answer_status_t status, bool heard,
                         const rollover_clock_t *now, bool *wrote)
{
	rollover_silence_t silence = { 0 };
	env_t *env = zone->env;
	store_t *store = writer_store(&env->writer);

	if (store != NULL) {
		(void)store_unreachable_load(store, zone->name, server, &silence);
	}
	const bool silent = status == ANSWER_UNREACHABLE;
	if (silent) {
		rollover_silence(&zone->settings->config, &silence, heard, now);
	}
	if (silent || silence.since != 0) {
		writer_unreachable(&env->writer, zone->name, server, silent ? &silence : NULL);
		*wrote = true;
	}
	return silent ? silence.since : 0;
}

void facts_add_survey(gathered_t *gathered, zone_t *zone, survey_result_t *survey)
{
	rollover_facts_t *facts = &gathered->facts;
	rollover_clock_t now;

	clocks_read(&zone->env->clocks, &now);
	gathered->survey = survey;
	facts->asked |= survey->asked;
	facts->discovery_failed = survey->discovery_failed;
	facts->partial = survey->partial;
	facts->parent_insecure = survey->parent_insecure;
	snprintf(facts->discovery_detail, sizeof(facts->discovery_detail), "%s", survey->discovery_detail);
	bool wrote = false;
	for (size_t i = 0; i < survey->child_count; i++) {
		child_answer_t *a = &survey->child[i];
		a->unreachable_since = since_when(zone, a->server, a->status, survey->heard, &now, &wrote);
	}
	for (size_t i = 0; i < survey->parent_count; i++) {
		parent_answer_t *a = &survey->parent[i];
		a->unreachable_since = since_when(zone, a->server, a->status, survey->heard, &now, &wrote);
	}
	if (wrote) {
		writer_servers_done(&zone->env->writer, zone->name, now.wall);
	}
	facts->child = survey->child;
	facts->child_count = survey->child_count;
	facts->parent = survey->parent;
	facts->parent_count = survey->parent_count;
}
