/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "judge.h"

static const judge_verdict_t PASS = { .gate = GATE_NONE, .about = "" };

static judge_verdict_t fail(rollover_gate_t gate, const char *about, const char *detail, bool red)
{
	judge_verdict_t v = { .gate = gate, .about = about, .red = red };
	text_copy(v.detail, sizeof(v.detail), detail);
	return v;
}

/*! A server that has not answered for long no longer blocks (`unreachable-after`). */
bool judge_out_of_service(const rollover_config_t *config, answer_status_t status, time_t unreachable_since, time_t now)
{
	return status == ANSWER_UNREACHABLE && unreachable_since != 0 &&
	       now - unreachable_since >= (time_t)config->unreachable_after;
}

static judge_verdict_t key_detail(rollover_gate_t gate, const char *about, const char *what,
                                  const rollover_facts_t *facts, keyset_t keys)
{
	judge_verdict_t v = { .gate = gate, .about = about, .red = true };
	size_t len = strlen(what);

	text_copy(v.detail, sizeof(v.detail), what);
	for (unsigned i = 0; i < facts->key_count; i++) {
		if ((keys & (1U << i)) && len < sizeof(v.detail)) {
			len = text_add_number(v.detail, sizeof(v.detail), len, facts->keys[i].tag);
		}
	}
	return v;
}

bool judge_covers(const rollover_facts_t *facts, keyset_t named)
{
	const keyset_t foreign = facts->own.foreign;

	for (size_t i = 0; i < facts->child_count && foreign != 0; i++) {
		const keyset_t signers = facts->child[i].dnskey_signed_by;
		if (signers != 0 && !(signers & ~foreign) && !(signers & named)) {
			return false;
		}
	}
	return foreign == 0 || (named & foreign) != 0;
}

static judge_verdict_t judge_signal(const rollover_facts_t *facts, const judge_expect_t *expect, const char *server,
                                    const char *type, const signal_rrset_t *rrset)
{
	const keyset_t foreign = facts->own.foreign;
	char what[64];

	if (rrset->unanswered) {
		return PASS; /* Blocks as incomplete, after what is known to be wrong. */
	}
	if (!rrset->present) {
		snprintf(what, sizeof(what), "no %s", type);
		return fail(GATE_CDS_MISSING, server, what, true);
	}
	if (expect->remove) {
		if (!rrset->remove) {
			snprintf(what, sizeof(what), "%s is not the delete signal", type);
			return fail(GATE_CDS_DIFFERS, server, what, true);
		}
	} else if (rrset->unwanted) {
		snprintf(what, sizeof(what), "%s has an unexpected record", type);
		return fail(GATE_CDS_DIFFERS, server, what, true);
	}
	if (!expect->remove && (rrset->keys & ~foreign) != expect->wanted) {
		snprintf(what, sizeof(what), "%s names key", type);
		return key_detail(GATE_CDS_DIFFERS, server, what, facts, rrset->keys);
	}
	if (!expect->remove && !judge_covers(facts, rrset->keys)) {
		snprintf(what, sizeof(what), "%s names no key of another signer, only", type);
		return key_detail(GATE_CDS_DIFFERS, server, what, facts, rrset->keys);
	}
	if (!(rrset->signed_by & (expect->trusted | foreign))) {
		snprintf(what, sizeof(what), "%s not signed by a key that the DS names", type);
		return fail(GATE_CDS_DIFFERS, server, what, true);
	}
	return PASS;
}

/*! Names the first algorithm of a set. */
static judge_verdict_t algorithm_detail(rollover_gate_t gate, const char *about, const char *what, algset_t set)
{
	char text[96];

	snprintf(text, sizeof(text), "%s algorithm %d", what, __builtin_ctz(set));
	return fail(gate, about, text, true);
}

bool judge_is_before(uint32_t serial, uint32_t other)
{
	return serial != other && other - serial < UINT32_C(1) << 31;
}

/*! Whether the RRSIGs in the answer are of the algorithms and keys that sign the zone of this server. */
static judge_verdict_t judge_signers(const judge_expect_t *expect, const child_answer_t *a)
{
	if (expect->algorithms & ~a->data_algorithms) {
		return algorithm_detail(GATE_SIGNATURES_MISSING, a->server, "no RRSIG of SOA and NSEC by",
		                        expect->algorithms & ~a->data_algorithms);
	}
	if (a->data_keys != expect->own_keys) {
		return fail(GATE_SIGNATURES_MISSING, a->server,
		            "the RRSIGs of SOA and NSEC are not by the keys that sign on this server", true);
	}
	return PASS;
}

/*!
 * Signatures of a key that is not published cannot be verified. But the SOA is, and Knot signs a version as a whole:
 * one that is at least as new as that of this server has its signatures. That they are in the answer is seen as well,
 * and that the keys are those of this server: an algorithm that comes back has other keys than before, and where the
 * serials begin again at a lower one, an older version has a higher one.
 */
static judge_verdict_t judge_version(const judge_expect_t *expect, const child_answer_t *a)
{
	const rollover_gate_t gate = expect->algorithms_gone != 0 ? GATE_SIGNATURES_REMAIN : GATE_SIGNATURES_MISSING;
	char text[96];

	if (expect->algorithms_gone & a->data_algorithms) {
		return algorithm_detail(GATE_SIGNATURES_REMAIN, a->server, "RRSIG by",
		                        expect->algorithms_gone & a->data_algorithms);
	}
	const judge_verdict_t v = judge_signers(expect, a);
	if (v.gate != GATE_NONE) {
		return v;
	}
	if (!a->serial_known) {
		return fail(gate, a->server, "its SOA is not verified", true);
	}
	if (judge_is_before(a->serial, expect->serial)) {
		snprintf(text, sizeof(text), "serial %u, the signatures changed with %u", a->serial, expect->serial);
		return fail(gate, a->server, text, true);
	}
	return PASS;
}

static judge_verdict_t judge_child_answer(const rollover_facts_t *facts, const judge_expect_t *expect,
                                          const child_answer_t *a)
{
	char text[64];
	const bool counts = !(expect->keys_only && a->signals_wrong);

	if (a->status == ANSWER_ERROR && counts) {
		return fail(GATE_CHILD_ERROR, a->server, a->detail, true);
	}
	if (a->status == ANSWER_BOGUS && counts) {
		return fail(GATE_BOGUS, a->server, a->detail, true);
	}
	if (expect->gone & a->dnskey) {
		return key_detail(GATE_DNSKEY_REMAINS, a->server, "DNSKEY", facts, expect->gone & a->dnskey);
	}
	if (expect->need & ~a->dnskey) {
		return key_detail(GATE_DNSKEY_MISSING, a->server, "no DNSKEY", facts, expect->need & ~a->dnskey);
	}
	if ((expect->need & ~a->dnskey_signed_by) && !(a->dnskey_signed_by & facts->own.foreign)) {
		return key_detail(GATE_RRSIG_MISSING, a->server, "no valid RRSIG of the DNSKEY by key", facts,
		                  expect->need & ~a->dnskey_signed_by);
	}
	if (a->dnskey_foreign) {
		return fail(GATE_DNSKEY_DIFFERS, a->server, "a KSK that this server does not have", true);
	}
	if (expect->signals || expect->remove) {
		judge_verdict_t v = judge_signal(facts, expect, a->server, "CDS", &a->cds);
		if (v.gate != GATE_NONE) {
			return v;
		}
		v = judge_signal(facts, expect, a->server, "CDNSKEY", &a->cdnskey);
		if (v.gate != GATE_NONE) {
			return v;
		}
	}
	if (expect->no_signals && (a->cds.present || a->cdnskey.present)) {
		return fail(GATE_CDS_REMAINS, a->server, a->cds.present ? "CDS" : "CDNSKEY", true);
	}
	if (expect->untold && a->cds.present) {
		return PASS;
	}
	if ((expect->data != 0 || expect->data_gone != 0 || expect->algorithms != 0) && a->cds.present) {
		/* Only the proof that there is none tells who signs the data. */
		return fail(GATE_CDS_REMAINS, a->server, "CDS", true);
	}
	if (a->status == ANSWER_OK && !a->cds.unanswered && (expect->data & ~a->data_signed_by)) {
		return key_detail(GATE_SIGNATURES_MISSING, a->server, "no valid RRSIG of SOA and NSEC by key", facts,
		                  expect->data & ~a->data_signed_by);
	}
	if (expect->data_gone != 0 && a->status == ANSWER_OK && !a->cds.unanswered && !a->data_by_zsk) {
		return fail(GATE_SIGNATURES_MISSING, a->server, "no valid RRSIG of SOA and NSEC by a ZSK", true);
	}
	if (a->status == ANSWER_OK && !a->cds.unanswered && (expect->data_gone & a->data_signed_by)) {
		return key_detail(GATE_SIGNATURES_MISSING, a->server, "SOA and NSEC are still signed by key", facts,
		                  expect->data_gone & a->data_signed_by);
	}
	if (expect->algorithms != 0 && a->status == ANSWER_OK && !a->cds.unanswered) {
		const judge_verdict_t v = judge_version(expect, a);
		if (v.gate != GATE_NONE) {
			return v;
		}
	}
	if (expect->ttl_limit != 0 && a->dnskey_ttl > expect->ttl_limit) {
		/* What this server does not have no nameserver can have. */
		const bool own = facts->own.dnskey_ttl > expect->ttl_limit;
		snprintf(text, sizeof(text), "DNSKEY TTL %u s%s", a->dnskey_ttl, own ? ", as on this server" : "");
		/* It holds things up; that caches keep the RRset for longer is counted elsewhere. */
		return fail(GATE_TTL_HIGH, own ? "" : a->server, text, false);
	}
	if (!a->dnskey_equal) {
		/* All KSKs are right: a ZSK comes or goes. It holds things up, and undoes nothing, unless that counts.
		 */
		return fail(GATE_DNSKEY_DIFFERS, a->server, "the DNSKEY RRset is not the one of this server",
		            expect->exact);
	}
	return PASS;
}

/*! Whoever sends a packet is alive: what it does not answer is not known, however long that lasts (RFC 8906 1). */
static bool is_incomplete(const child_answer_t *a)
{
	return a->status == ANSWER_INCOMPLETE ||
	       (a->status == ANSWER_OK && (a->cds.unanswered || a->cdnskey.unanswered));
}

static judge_verdict_t judge_discovery(const rollover_facts_t *facts)
{
	if (facts->discovery_failed && !facts->partial) {
		return fail(GATE_DISCOVERY_FAILED, "", facts->discovery_detail, false);
	}
	if (facts->parent_insecure) {
		return fail(GATE_PARENT_INSECURE, "", facts->discovery_detail, true);
	}
	return PASS;
}

/*! The servers that were asked are fine; there are others, which nobody could find. */
static judge_verdict_t judge_partial(const rollover_facts_t *facts)
{
	return facts->discovery_failed ? fail(GATE_DISCOVERY_FAILED, "", facts->discovery_detail, false) : PASS;
}

/*! What this server's zone does not have no nameserver can have. */
static judge_verdict_t judge_own_data(const judge_expect_t *expect)
{
	if (expect->algorithms & ~expect->own_algorithms) {
		return algorithm_detail(GATE_SIGNATURES_MISSING, "", "the zone of this server is not signed by",
		                        expect->algorithms & ~expect->own_algorithms);
	}
	if (expect->algorithms_gone & expect->own_algorithms) {
		return algorithm_detail(GATE_SIGNATURES_REMAIN, "", "the zone of this server is still signed by",
		                        expect->algorithms_gone & expect->own_algorithms);
	}
	return PASS;
}

judge_verdict_t judge_child(const rollover_facts_t *facts, const judge_expect_t *expect)
{
	const child_answer_t *missing = NULL, *incomplete = NULL, *no_route = NULL;
	judge_verdict_t late = PASS;
	size_t answered = 0;

	judge_verdict_t v = judge_discovery(facts);
	if (v.gate != GATE_NONE) {
		return v;
	}
	v = judge_own_data(expect);
	if (v.gate != GATE_NONE) {
		return v;
	}
	/* A wrong answer outweighs one that is only late, that half an answer, and that a missing one. */
	for (size_t i = 0; i < facts->child_count; i++) {
		const child_answer_t *a = &facts->child[i];
		if (a->status == ANSWER_UNREACHABLE) {
			if (missing == NULL &&
			    !judge_out_of_service(expect->config, a->status, a->unreachable_since, expect->now)) {
				missing = a;
			}
			continue;
		}
		if (a->status == ANSWER_NO_ROUTE) {
			no_route = no_route == NULL ? a : no_route;
			continue;
		}
		if (is_incomplete(a)) {
			incomplete = incomplete == NULL ? a : incomplete;
		}
		if (a->status == ANSWER_INCOMPLETE) {
			continue;
		}
		v = judge_child_answer(facts, expect, a);
		if (v.gate != GATE_NONE && v.red) {
			return v;
		}
		if (v.gate != GATE_NONE && late.gate == GATE_NONE) {
			late = v;
		}
		answered++;
	}
	if (late.gate != GATE_NONE) {
		return late;
	}
	v = judge_partial(facts);
	if (v.gate != GATE_NONE) {
		return v;
	}
	if (incomplete != NULL) {
		return fail(GATE_CHILD_INCOMPLETE, incomplete->server, incomplete->detail, false);
	}
	if (missing != NULL) {
		return fail(GATE_CHILD_UNREACHABLE, missing->server, missing->detail, false);
	}
	if (no_route != NULL) {
		return fail(GATE_CHILD_UNREACHABLE, no_route->server, no_route->detail, false);
	}
	if (answered == 0) {
		return fail(GATE_CHILD_UNREACHABLE, "", "no nameserver answers", false);
	}
	return PASS;
}

/*! The walk over the parents that judge_parent() and judge_chain() share. */
static judge_verdict_t judge_parents(const rollover_facts_t *facts, const rollover_config_t *config, time_t now,
                                     judge_verdict_t (*judge)(const rollover_facts_t *facts, const parent_answer_t *a,
                                                              keyset_t keys),
                                     keyset_t keys)
{
	const parent_answer_t *missing = NULL, *incomplete = NULL, *no_route = NULL;
	size_t answered = 0;

	judge_verdict_t v = judge_discovery(facts);
	if (v.gate != GATE_NONE) {
		return v;
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status == ANSWER_UNREACHABLE) {
			if (missing == NULL && !judge_out_of_service(config, a->status, a->unreachable_since, now)) {
				missing = a;
			}
			continue;
		}
		if (a->status == ANSWER_INCOMPLETE) {
			incomplete = incomplete == NULL ? a : incomplete;
			continue;
		}
		if (a->status == ANSWER_NO_ROUTE) {
			no_route = no_route == NULL ? a : no_route;
			continue;
		}
		if (a->status != ANSWER_OK) {
			return fail(a->status == ANSWER_BOGUS ? GATE_BOGUS : GATE_PARENT_ERROR, a->server, a->detail,
			            true);
		}
		v = judge(facts, a, keys);
		if (v.gate != GATE_NONE) {
			return v;
		}
		if (a->no_referral && incomplete == NULL) {
			incomplete = a;
		}
		answered++;
	}
	v = judge_partial(facts);
	if (v.gate != GATE_NONE) {
		return v;
	}
	if (incomplete != NULL) {
		return fail(GATE_PARENT_INCOMPLETE, incomplete->server, incomplete->detail, false);
	}
	if (missing != NULL) {
		return fail(GATE_PARENT_UNREACHABLE, missing->server, missing->detail, false);
	}
	if (no_route != NULL) {
		return fail(GATE_PARENT_UNREACHABLE, no_route->server, no_route->detail, false);
	}
	if (answered == 0) {
		return fail(GATE_PARENT_UNREACHABLE, "", "no server of the parent answers", false);
	}
	return PASS;
}

keyset_t judge_named(const parent_answer_t *a)
{
	return a->ds | a->ds_sha1;
}

/*! The chain to the servers of other signers is theirs, but it must not break by what we do. */
static judge_verdict_t judge_others(const rollover_facts_t *facts, const parent_answer_t *a)
{
	return judge_covers(facts, judge_named(a)) ?
	               PASS :
	               key_detail(GATE_DS_MISSING, a->server, "no DS of another signer's key", facts,
	                          facts->own.foreign);
}

static judge_verdict_t judge_wanted(const rollover_facts_t *facts, const parent_answer_t *a, keyset_t wanted)
{
	/* Which of their keys have a DS is for other signers to say. */
	const keyset_t named = judge_named(a) & ~(wanted != 0 ? facts->own.foreign : 0);

	if (named & ~wanted) {
		return key_detail(GATE_DS_STALE, a->server,
		                  (wanted & ~named) ? "DS of key" : "besides the new DS, a DS of key", facts,
		                  named & ~wanted);
	}
	if (wanted & ~named) {
		return key_detail(GATE_DS_MISSING, a->server, "no DS of key", facts, wanted & ~named);
	}
	if (wanted & ~a->ds) {
		/* RFC 9905 3: to a validator that does not take SHA-1 the zone is insecure. */
		return key_detail(GATE_DS_MISSING, a->server, "only a SHA-1 DS of key", facts, wanted & ~a->ds);
	}
	if (a->ds_foreign) {
		return fail(GATE_DS_FOREIGN, a->server, "a DS that matches no key", true);
	}
	return wanted != 0 ? judge_others(facts, a) : PASS;
}

static judge_verdict_t judge_any(const rollover_facts_t *facts, const parent_answer_t *a, keyset_t keys)
{
	/* A SHA-1 DS breaks nothing: a validator takes it, or treats the zone as insecure. */
	if (!(judge_named(a) & keys)) {
		return key_detail(GATE_DS_MISSING, a->server, "no DS of key", facts, keys);
	}
	return judge_others(facts, a);
}

judge_verdict_t judge_parent(const rollover_facts_t *facts, const rollover_config_t *config, keyset_t wanted,
                             time_t now)
{
	return judge_parents(facts, config, now, judge_wanted, wanted);
}

judge_verdict_t judge_chain(const rollover_facts_t *facts, const rollover_config_t *config, keyset_t keys, time_t now)
{
	return judge_parents(facts, config, now, judge_any, keys);
}

judge_verdict_t judge_strange(const rollover_facts_t *facts)
{
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status == ANSWER_OK && a->ds_foreign) {
			return fail(GATE_DS_FOREIGN, a->server, "a DS that matches no key: another signer's?", true);
		}
	}
	return PASS;
}

judge_verdict_t judge_broken(const rollover_facts_t *facts)
{
	const keyset_t own = facts->own.dnskey;

	if (!facts->own.known || own == 0 || facts->too_many_keys) {
		return PASS;
	}
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		const keyset_t named = judge_named(a);
		if (a->status != ANSWER_OK || (named & own) || (named == 0 && !a->ds_foreign)) {
			continue;
		}
		return named != 0 ? key_detail(GATE_CHAIN_BROKEN, a->server,
		                               "DS of a key that is not in the zone:", facts, named) :
		                    fail(GATE_CHAIN_BROKEN, a->server, "a DS that matches no key", true);
	}
	return PASS;
}

bool judge_has_any_ds(const rollover_facts_t *facts)
{
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status == ANSWER_OK && (judge_named(a) != 0 || a->ds_foreign)) {
			return true;
		}
	}
	return false;
}

bool judge_has_ds(const rollover_facts_t *facts, keyset_t keys)
{
	for (size_t i = 0; i < facts->parent_count; i++) {
		if (facts->parent[i].status == ANSWER_OK && (judge_named(&facts->parent[i]) & keys)) {
			return true;
		}
	}
	return false;
}

uint32_t judge_dnskey_ttl(const rollover_facts_t *facts, const rollover_config_t *config, time_t now, bool *complete)
{
	uint32_t max = 0;
	*complete = true;
	for (size_t i = 0; i < facts->child_count; i++) {
		const child_answer_t *a = &facts->child[i];
		/* Without a known signature anybody may have chosen the TTL: it neither raises nor lowers. */
		const bool learned = (a->status == ANSWER_OK || a->signals_wrong) && a->dnskey_signed_by != 0;
		if (learned) {
			max = a->dnskey_ttl > max ? a->dnskey_ttl : max;
		}
		if (!learned && !judge_out_of_service(config, a->status, a->unreachable_since, now)) {
			*complete = false;
		}
	}
	return max;
}

bool judge_old_ds_ttl(const rollover_facts_t *facts, keyset_t wanted, uint32_t *ttl)
{
	const keyset_t foreign = wanted != 0 ? facts->own.foreign : 0;
	bool found = false;
	*ttl = 0;
	for (size_t i = 0; i < facts->parent_count; i++) {
		const parent_answer_t *a = &facts->parent[i];
		if (a->status == ANSWER_OK &&
		    ((a->ds & ~foreign) != wanted || (a->ds_sha1 & ~(wanted | foreign)) || a->ds_foreign)) {
			found = true;
			*ttl = a->ds_ttl > *ttl ? a->ds_ttl : *ttl;
		}
	}
	return found;
}
