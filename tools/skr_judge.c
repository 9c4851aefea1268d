/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What breaks a zone that follows a Signed Key Response. Nothing holds its sets back: each comes at its time, whatever
 * nameservers, caches and the parent have by then.
 */

#include <stdio.h>
#include <string.h>

#include "skr.h"

/*! Time to make the next response: what Knot DNS warns of as well. */
#define ENDS_SOON_S (7 * 86400)

/* clang-format off */
static const struct {
	const char *name;
	const char *meaning;
} checks[SKR__COUNT] = {
	[SKR_MALFORMED] = { "malformed", "the file is no whole response" },
	[SKR_OTHER_ZONE] = { "other-zone", "the response is for another zone" },
	[SKR_NO_KSK] = { "no-ksk", "the set has no KSK" },
	[SKR_NO_ZSK] = { "no-zsk", "the set has no ZSK" },
	[SKR_NOT_SIGNED] = { "not-signed", "no KSK of the set has a valid signature over its DNSKEY RRset when it begins" },
	[SKR_KSK_IDLE] = { "ksk-not-signing", "a KSK of the set does not sign it: no DS may name it alone" },
	[SKR_GAP] = { "gap", "the signatures end before the next set begins" },
	[SKR_SHORT_OVERLAP] = { "short-overlap", "the signatures end within a DNSKEY TTL after the next set begins" },
	[SKR_JUMP] = { "no-shared-phase", "all KSKs are replaced at once: caches that hold the old set trust none of the new one" },
	[SKR_SHORT_PHASE] = { "short-shared-phase", "old and new KSK sign together for too short a time" },
	[SKR_CDS_KEYS] = { "cds-without-key", "CDS or CDNSKEY names a key that does not sign the set" },
	[SKR_CDS_DIFFERS] = { "cds-differs", "CDS and CDNSKEY do not name the same keys" },
	[SKR_CDS_NOT_SIGNED] = { "cds-not-signed", "CDS or CDNSKEY has no valid signature of a KSK of the set" },
	[SKR_CDS_EARLY] = { "cds-early", "the DS of a KSK is requested before caches have the KSK" },
	[SKR_CDS_REMOVES] = { "cds-removes", "the parent is asked to remove the DS: the zone becomes insecure" },
	[SKR_NO_CDS] = { "no-cds", "no CDS requests the DS of the KSKs that stay, before another KSK is removed" },
	[SKR_CDS_LATE] = { "cds-late", "CDS requests the DS of the KSKs that stay, and another KSK is removed within a DS TTL" },
	[SKR_DS_WITHOUT_KEY] = { "ds-without-key", "no DS names a KSK that signs the set" },
	[SKR_DS_FOREIGN] = { "ds-foreign", "a DS names no KSK of the response" },
	[SKR_DS_CHANGES] = { "ds-must-change", "the parent must replace the DS before the set begins, and old DS must have expired from caches" },
	[SKR_STARTS_LATER] = { "starts-later", "the response begins in the future: until then, what was imported before counts" },
	[SKR_ENDS_SOON] = { "ends-soon", "the last signatures end within a week: the next response is due" },
	[SKR_EXPIRED] = { "expired", "the last signatures have ended" },
};
/* clang-format on */

const char *skr_check_name(skr_check_t check)
{
	return checks[check].name;
}

const char *skr_check_meaning(skr_check_t check)
{
	return checks[check].meaning;
}

typedef struct {
	const skr_t *skr;
	const skr_world_t *world;
	skr_finding_f each;
	void *arg;
} judge_t;

void skr_tags(const skr_t *skr, skr_keys_t keys, char *out, size_t out_len)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < skr->ksk_count && used + sizeof(" 65535") < out_len; i++) {
		if (keys & ((skr_keys_t)1 << i)) {
			used += snprintf(out + used, out_len - used, "%s%u", used > 0 ? " " : "", skr->ksk[i].tag);
		}
	}
}

static void report(const judge_t *j, skr_check_t check, level_t level, const skr_set_t *set, const char *detail)
{
	j->each(check, level, set != NULL ? set->from : 0, detail, j->arg);
}

static void report_keys(const judge_t *j, skr_check_t check, level_t level, const skr_set_t *set, skr_keys_t keys)
{
	char tags[256], text[300];

	skr_tags(j->skr, keys, tags, sizeof(tags));
	snprintf(text, sizeof(text), "KSK %s", tags);
	report(j, check, level, set, text);
}

/* A set by itself. */

static void judge_set(const judge_t *j, const skr_set_t *set)
{
	if (set->ksks == 0) {
		report(j, SKR_NO_KSK, LEVEL_CRITICAL, set, "");
	} else if (set->signers == 0) {
		report(j, SKR_NOT_SIGNED, LEVEL_CRITICAL, set, "");
	} else if (set->ksks & ~set->signers) {
		report_keys(j, SKR_KSK_IDLE, LEVEL_NOTE, set, set->ksks & ~set->signers);
	}
	if (set->zsk_count == 0) {
		report(j, SKR_NO_ZSK, LEVEL_CRITICAL, set, "");
	}
}

static void judge_signals(const judge_t *j, const skr_set_t *set)
{
	const skr_keys_t named = set->cds_keys | set->cdnskey_keys;

	if (set->cds_foreign || (named & ~set->signers)) {
		report_keys(j, SKR_CDS_KEYS, LEVEL_CRITICAL, set, named & ~set->signers);
	}
	if (set->cds_keys != set->cdnskey_keys && set->cds.count > 0 && set->cdnskey.count > 0) {
		report(j, SKR_CDS_DIFFERS, LEVEL_CRITICAL, set, "");
	}
	if (!set->cds_signed) {
		report(j, SKR_CDS_NOT_SIGNED, LEVEL_CRITICAL, set, "");
	}
	if (set->cds_removes) {
		report(j, SKR_CDS_REMOVES, LEVEL_WARNING, set, "");
	}
}

/* The sets in their order. */

/*! The set since which the key has signed without a gap, up to \a at. */
static size_t signing_since(const skr_t *skr, unsigned key, size_t at)
{
	while (at > 0 && (skr->set[at - 1].signers & ((skr_keys_t)1 << key))) {
		at--;
	}
	return at;
}

/*! TTL of the RRsets without the key that caches may hold: of the set before it. */
static uint32_t ttl_before(const skr_t *skr, size_t since)
{
	return skr->set[since > 0 ? since - 1 : 0].ttl;
}

/*! A parent that obeys leaves no DS but these: caches must have one of the keys. */
static void judge_early(const judge_t *j, size_t i)
{
	const skr_t *skr = j->skr;
	const skr_set_t *set = &skr->set[i];
	const skr_keys_t named = (set->cds_keys | set->cdnskey_keys) & set->signers;

	if (named == 0 || (i > 0 && (skr->set[i - 1].cds_keys | skr->set[i - 1].cdnskey_keys) == named)) {
		return;
	}
	for (unsigned k = 0; k < skr->ksk_count; k++) {
		const size_t since = named & ((skr_keys_t)1 << k) ? signing_since(skr, k, i) : i;
		if ((named & ((skr_keys_t)1 << k)) &&
		    (since == 0 || set->from - skr->set[since].from >= (time_t)ttl_before(skr, since))) {
			return;
		}
	}
	report_keys(j, SKR_CDS_EARLY, LEVEL_CRITICAL, set, named);
}

/*! The signatures of a set last until the next one. */
static void judge_gap(const judge_t *j, const skr_set_t *set, const skr_set_t *next)
{
	char text[64], when[TEXT_TIME], span[TEXT_SPAN];

	if (set->until == 0) {
		return; /* Not signed at all. */
	}
	if (set->until < next->from) {
		snprintf(text, sizeof(text), "they end at %s", text_time(when, set->until));
		report(j, SKR_GAP, LEVEL_CRITICAL, set, text);
	} else if (set->until - next->from < (time_t)set->ttl) {
		snprintf(text, sizeof(text), "%s after", text_span(span, set->until - next->from));
		report(j, SKR_SHORT_OVERLAP, LEVEL_WARNING, set, text);
	}
}

/*! CDS requests one of these keys that sign the set; caches have the DS of before for its TTL. */
static void judge_late(const judge_t *j, size_t i, skr_keys_t stays)
{
	const skr_t *skr = j->skr;
	const time_t end = skr->set[i + 1].from;
	char text[300], tags[128], span[TEXT_SPAN], ttl[TEXT_SPAN];
	size_t first = 0;

	while (first <= i && !((skr->set[first].cds_keys | skr->set[first].cdnskey_keys) & stays)) {
		first++;
	}
	if (first > i || (skr->set[i].ds_keys & stays) || end - skr->set[first].from >= (time_t)j->world->ds_ttl) {
		return;
	}
	skr_tags(skr, stays, tags, sizeof(tags));
	snprintf(text, sizeof(text), "KSK %s, %s before, the DS TTL is %s", tags,
	         text_span(span, end - skr->set[first].from), text_span(ttl, j->world->ds_ttl));
	report(j, SKR_CDS_LATE, LEVEL_WARNING, &skr->set[i + 1], text);
}

/*! Some KSKs sign a set and not the one after. */
static void judge_removal(const judge_t *j, size_t i)
{
	const skr_t *skr = j->skr;
	const skr_set_t *set = &skr->set[i], *next = &skr->set[i + 1];
	const skr_keys_t stays = set->signers & next->signers;
	char text[300], tags[128], phase[TEXT_SPAN], ttl[TEXT_SPAN], ds_ttl[TEXT_SPAN];

	if (stays == 0) {
		skr_tags(skr, set->signers, tags, sizeof(tags));
		snprintf(text, sizeof(text), "KSK %s until then, no key stays", tags);
		report(j, SKR_JUMP, LEVEL_CRITICAL, next, text);
		return;
	}
	time_t best = 0;
	uint32_t need = 0;
	skr_keys_t requested = 0;
	for (unsigned k = 0; k < skr->ksk_count; k++) {
		if (!(stays & ((skr_keys_t)1 << k))) {
			continue;
		}
		const size_t since = signing_since(skr, k, i);
		if (since == 0) {
			return; /* It may have been in use for long. */
		}
		if (next->from - skr->set[since].from > best) {
			best = next->from - skr->set[since].from;
			need = ttl_before(skr, since);
		}
		for (size_t s = since; s <= i; s++) {
			requested |= skr->set[s].cds_keys | skr->set[s].cdnskey_keys;
		}
	}
	const int64_t whole = (int64_t)need + j->world->ds_ttl;
	if (best < whole) {
		snprintf(text, sizeof(text), "%s, the DNSKEY TTL is %s, the DS TTL %s", text_span(phase, best),
		         text_span(ttl, need), text_span(ds_ttl, j->world->ds_ttl));
		report(j, SKR_SHORT_PHASE, best < need ? LEVEL_CRITICAL : LEVEL_WARNING, next, text);
	}
	if (!(requested & stays) && !j->world->has_ds) {
		report_keys(j, SKR_NO_CDS, LEVEL_WARNING, next, stays);
	}
	judge_late(j, i, stays);
}

/*! The set in force, or the first one to be. */
static size_t current(const skr_t *skr, time_t now)
{
	size_t i = 0;
	while (i + 1 < skr->count && skr->set[i + 1].from <= now) {
		i++;
	}
	return i;
}

/*! What the parent has now, against the sets to come. */
static void judge_ds(const judge_t *j, size_t first)
{
	const skr_t *skr = j->skr;
	const skr_set_t *set = &skr->set[first];
	skr_keys_t requested = 0;

	if (!(set->ds_keys & set->signers)) {
		report(j, SKR_DS_WITHOUT_KEY, LEVEL_CRITICAL, set, "");
		return;
	}
	if (skr->ds_foreign) {
		report(j, SKR_DS_FOREIGN, LEVEL_WARNING, NULL, "");
	}
	for (size_t i = first; i < skr->count; i++) {
		set = &skr->set[i];
		if (set->signers != 0 && !(set->ds_keys & set->signers)) {
			const bool asks = requested & set->signers;
			report_keys(j, SKR_DS_CHANGES, asks ? LEVEL_NOTE : LEVEL_WARNING, set, set->signers);
			return;
		}
		requested |= set->cds_keys | set->cdnskey_keys;
	}
}

static void judge_end(const judge_t *j)
{
	const skr_set_t *last = &j->skr->set[j->skr->count - 1];
	char text[64], when[TEXT_TIME];

	snprintf(text, sizeof(text), "at %s", text_time(when, last->until));
	if (last->until != 0 && last->until <= j->world->now) {
		report(j, SKR_EXPIRED, LEVEL_CRITICAL, NULL, text);
	} else if (last->until != 0 && last->until - j->world->now < ENDS_SOON_S) {
		report(j, SKR_ENDS_SOON, LEVEL_WARNING, NULL, text);
	}
}

void skr_judge(const skr_t *skr, const skr_world_t *world, skr_finding_f each, void *arg)
{
	const judge_t j = { .skr = skr, .world = world, .each = each, .arg = arg };

	if (skr->set[0].from > world->now) {
		report(&j, SKR_STARTS_LATER, LEVEL_NOTE, &skr->set[0], "");
	}
	if (world->has_ds) {
		judge_ds(&j, current(skr, world->now));
	}
	for (size_t i = 0; i < skr->count; i++) {
		judge_set(&j, &skr->set[i]);
		judge_signals(&j, &skr->set[i]);
		judge_early(&j, i);
		if (i + 1 == skr->count) {
			break;
		}
		judge_gap(&j, &skr->set[i], &skr->set[i + 1]);
		if (skr->set[i].signers & ~skr->set[i + 1].signers && skr->set[i + 1].signers != 0) {
			judge_removal(&j, i);
		}
	}
	judge_end(&j);
}
