/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The DS of a zone as a server of its parent answers it: verified with the parent's keys, or its absence proven. */

#include <assert.h>
#include <stdio.h>

#include "ds_answer.h"
#include "interpret.h"
#include "interpret_common.h"

static void say(ds_answer_t *out, answer_status_t status, const char *detail)
{
	out->status = status;
	snprintf(out->detail, sizeof(out->detail), "%s", detail);
}

static void judge_no_ds(const ds_question_t *question, const fetched_keys_t *keys, const fetched_t *fetched,
                        const fetched_clock_t *clock, ds_answer_t *out)
{
	const int soa = fetched_soa_count(fetched, question->parent);
	const int child = fetched_soa_count(fetched, question->child);
	if (soa < 0 || child < 0) {
		const bool many = soa == -1 || (soa >= 0 && child == -1);
		say(out, many ? ANSWER_BOGUS : ANSWER_ERROR, packet_error(many ? KNOT_ESPACE : KNOT_ENOMEM));
	} else if (child > 0) {
		/* A server of both zones that forgets which side DS is on (RFC 4035 3.1.4.1). */
		say(out, ANSWER_ERROR, "answers from the child zone");
	} else if (!fetched_is_empty(fetched) || soa != 1) {
		say(out, ANSWER_ERROR, "neither DS nor NODATA");
	} else {
		fetched_denial_t denial = { 0 };
		const char *error = fetched_denied(fetched, question->parent, keys, clock, &denial);
		error = error != NULL ? error : denial.unsigned_soa;
		out->ttl = denial.ttl;
		say(out, error != NULL ? ANSWER_BOGUS : ANSWER_OK, error != NULL ? error : "");
	}
}

void ds_answer_read(const ds_question_t *question, const uint8_t *wire, size_t len, fetched_t *fetched,
                    ds_answer_t *out)
{
	assert(question && question->child && question->parent && question->trusted && question->work);
	assert(fetched && out);

	*out = (ds_answer_t){ .status = ANSWER_ERROR };
	const fetched_clock_t clock = { .now = question->now, .work = question->work };
	fetched_keys_t keys = { 0 };
	fetched_keys_add(&keys, question->trusted);
	fetched_read(fetched, wire, len, question->child, KNOT_RRTYPE_DS);
	if (fetched->said == FETCHED_RRSET) {
		const verify_result_t result = fetched_signers(fetched, question->parent, keys.key, keys.count, &clock);
		if (result.keys == 0) {
			out->status = ANSWER_BOGUS;
			snprintf(out->detail, sizeof(out->detail), "DS: %s", result.reason);
		} else {
			out->status = ANSWER_OK;
			out->ttl = fetched_ttl(result.original_ttl, fetched->set.rrset.ttl);
		}
	} else if (fetched->said == FETCHED_NONE) {
		judge_no_ds(question, &keys, fetched, &clock, out);
	} else {
		out->status = interpret_status(fetched->said);
		interpret_why(fetched, "DS", out->detail, sizeof(out->detail));
	}
}

static void judge_ds(const interpret_zone_t *zone, const fetched_t *fetched, parent_answer_t *out)
{
	dns_ds_t ds;
	dns_ds_match(zone->zone, &fetched->set.rrset.rrs, zone->keys, zone->key_count, &ds);

	out->ds = ds.keys;
	out->ds_sha1 = ds.sha1;
	out->ds_foreign = ds.foreign;
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

bool interpret_ds(const interpret_zone_t *zone, const knot_dname_t *parent, const knot_rdataset_t *trusted,
                  const uint8_t *wire, size_t len, parent_answer_t *out, knot_rdataset_t *set)
{
	assert(zone && parent && trusted && out);
	assert(zone->key_count <= ROLLOVER_KEYS_MAX);

	work_t own;
	const interpret_zone_t known = interpret_with_work(zone, &own);
	const ds_question_t question = {
		.child = known.zone,
		.parent = parent,
		.trusted = trusted,
		.now = known.now,
		.work = known.work,
	};
	fetched_t fetched;
	ds_answer_t answer;
	ds_answer_read(&question, wire, len, &fetched, &answer);
	out->status = answer.status;
	out->ds_ttl = answer.ttl;
	snprintf(out->detail, sizeof(out->detail), "%s", answer.detail);
	bool whole = answer.status == ANSWER_OK;
	if (set != NULL) {
		knot_rdataset_init(set);
	}
	if (whole && fetched.said == FETCHED_RRSET) {
		judge_ds(&known, &fetched, out);
		whole = set == NULL || knot_rdataset_copy(set, &fetched.set.rrset.rrs, NULL) == KNOT_EOK;
	}
	fetched_clear(&fetched);
	return whole;
}
