/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The DS of a zone as a server of its parent answers it: verified with the parent's keys, or its absence proven. */

#include <assert.h>
#include <stdio.h>

#include "fetched.h"
#include "interpret.h"
#include "interpret_common.h"

static void judge_no_ds(const interpret_zone_t *zone, const knot_dname_t *parent, const fetched_keys_t *keys,
                        const fetched_t *fetched, parent_answer_t *out)
{
	const int soa = fetched_soa_count(fetched, parent), child = fetched_soa_count(fetched, zone->zone);
	const char *error;
	if (soa < 0 || child < 0) {
		const bool many = soa == -1 || (soa >= 0 && child == -1);
		out->status = many ? ANSWER_BOGUS : ANSWER_ERROR;
		error = packet_error(many ? KNOT_ESPACE : KNOT_ENOMEM);
	} else if (child > 0) {
		/* A server of both zones that forgets which side DS is on (RFC 4035 3.1.4.1). */
		error = "answers from the child zone";
	} else if (!fetched_is_empty(fetched) || soa != 1) {
		error = "neither DS nor NODATA";
	} else {
		const fetched_clock_t clock = interpret_clock(zone);
		fetched_denial_t denial = { 0 };
		error = fetched_denied(fetched, parent, keys, &clock, &denial);
		out->ds_ttl = denial.ttl;
		out->status = error != NULL ? ANSWER_BOGUS : ANSWER_OK;
	}
	snprintf(out->detail, sizeof(out->detail), "%s", error != NULL ? error : "");
}

static void judge_ds(const interpret_zone_t *zone, const fetched_t *fetched, uint32_t original_ttl,
                     parent_answer_t *out)
{
	dns_ds_t ds;
	dns_ds_match(zone->zone, &fetched->set.rrset.rrs, zone->keys, zone->key_count, &ds);

	out->status = ANSWER_OK;
	out->detail[0] = '\0';
	out->ds = ds.keys;
	out->ds_sha1 = ds.sha1;
	out->ds_foreign = ds.foreign;
	out->ds_ttl = fetched_ttl(original_ttl, fetched->set.rrset.ttl);
	out->ds_ignored = ds.ignored > 0;
	if (ds.ignored > 0) {
		/* Shown, since whoever checks the DS set wonders about it. */
		snprintf(out->detail, sizeof(out->detail),
		         "%u DS that validators ignore: tag %u, algorithm %u, digest type %u%s", ds.ignored,
		         ds.ignored_tag, ds.ignored_algorithm, ds.ignored_digest, ds.ignored > 1 ? ", ..." : "");
	} else if (ds.sha1 != 0) {
		snprintf(out->detail, sizeof(out->detail), "%s", "SHA-1 is the only digest of a DS");
	}
}

void interpret_ds(const interpret_zone_t *zone, const knot_dname_t *parent, const knot_rdataset_t *trusted,
                  const uint8_t *wire, size_t len, parent_answer_t *out)
{
	assert(zone && parent && trusted && out);
	assert(zone->key_count <= ROLLOVER_KEYS_MAX);

	work_t own;
	const interpret_zone_t known = interpret_with_work(zone, &own);
	out->status = ANSWER_ERROR;
	fetched_keys_t keys = { 0 };
	fetched_keys_add(&keys, trusted);
	fetched_t fetched;
	fetched_read(&fetched, wire, len, zone->zone, KNOT_RRTYPE_DS);
	if (fetched.said == FETCHED_RRSET) {
		const fetched_clock_t clock = interpret_clock(&known);
		verify_result_t result = fetched_signers(&fetched, parent, keys.key, keys.count, &clock);
		if (result.keys == 0) {
			out->status = ANSWER_BOGUS;
			snprintf(out->detail, sizeof(out->detail), "DS: %s", result.reason);
		} else {
			judge_ds(&known, &fetched, result.original_ttl, out);
		}
	} else if (fetched.said == FETCHED_NONE) {
		judge_no_ds(&known, parent, &keys, &fetched, out);
	} else {
		out->status = interpret_status(fetched.said);
		interpret_why(&fetched, "DS", out->detail, sizeof(out->detail));
	}
	fetched_clear(&fetched);
}
