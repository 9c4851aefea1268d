/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <gnutls/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/epp_judge.h"
#include "util/knot.h"

#define KEY_RDATA_MAX (EPP_KEY_MAX + 4)
#define OWNER_MAX     255

static void say(epp_judgement_t *out, epp_judged_t what, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(epp_judgement_t *out, epp_judged_t what, const char *format, ...)
{
	va_list args;

	out->what = what;
	va_start(args, format);
	vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
}

/* --- sets ------------------------------------------------------------------------------------- */

static bool is_same_ds(const epp_record_t *a, const epp_record_t *b)
{
	return a->tag == b->tag && a->algorithm == b->algorithm && a->digest_type == b->digest_type &&
	       a->data_len == b->data_len && memcmp(a->data, b->data, a->data_len) == 0;
}

static size_t owner_len(const uint8_t *owner)
{
	size_t len = 0;

	while (owner[len] != 0 && len < OWNER_MAX) {
		len += owner[len] + 1U;
	}
	return len < OWNER_MAX ? len + 1 : OWNER_MAX;
}

/*! \return GNUTLS_DIG_NULL: its digest cannot be computed here. */
static gnutls_digest_algorithm_t hash_of(const epp_record_t *ds)
{
	return ds->digest_type == 1 ? GNUTLS_DIG_SHA1 :
	       ds->digest_type == 2 ? GNUTLS_DIG_SHA256 :
	       ds->digest_type == 4 ? GNUTLS_DIG_SHA384 :
	                              GNUTLS_DIG_NULL;
}

/*! Whether a DS is that of a key (RFC 4034 5.1.4). One whose digest cannot be computed here is taken for it. */
static bool is_ds_of(const epp_record_t *ds, const epp_record_t *key, const uint8_t *owner)
{
	const gnutls_digest_algorithm_t hash = hash_of(ds);
	uint8_t text[OWNER_MAX + KEY_RDATA_MAX], digest[EPP_DIGEST_MAX];
	size_t len = owner_len(owner);

	if (ds->algorithm != key->algorithm) {
		return false;
	}
	if (hash == GNUTLS_DIG_NULL) {
		return true;
	}
	memcpy(text, owner, len);
	text[len++] = key->flags >> 8;
	text[len++] = key->flags & 0xff;
	text[len++] = key->protocol;
	text[len++] = key->algorithm;
	memcpy(text + len, key->data, key->data_len);
	return gnutls_hash_get_len(hash) == ds->data_len &&
	       gnutls_hash_fast(hash, text, len + key->data_len, digest) == 0 &&
	       memcmp(digest, ds->data, ds->data_len) == 0;
}

/*! Whether a record of the registry and a DS of the servers belong together. */
static bool belong(const epp_record_t *shown, const epp_record_t *ds, const uint8_t *owner)
{
	return shown->is_key ? is_ds_of(ds, shown, owner) : is_same_ds(shown, ds);
}

/*! Whether the servers have exactly what the registry shows. */
static bool is_base(const epp_case_t *c, const epp_info_t *info)
{
	bool all = true;

	for (size_t i = 0; i < info->count; i++) {
		bool found = false;
		for (size_t k = 0; k < c->base_count; k++) {
			found |= belong(&info->record[i], &c->base[k], c->owner);
		}
		all &= found;
	}
	for (size_t k = 0; k < c->base_count; k++) {
		bool found = false;
		for (size_t i = 0; i < info->count; i++) {
			found |= belong(&info->record[i], &c->base[k], c->owner);
		}
		all &= found;
	}
	return all;
}

/* --- what is wanted --------------------------------------------------------------------------- */

/*! Whether keys are wanted: what the account says, else what the domain has, else DS. */
static bool takes_keys(const epp_case_t *c)
{
	return c->account->interface == EPP_INTERFACE_KEY ||
	       (c->account->interface == EPP_INTERFACE_AUTO && c->info->count > 0 && c->info->record[0].is_key);
}

/*! \return The wanted key whose DS it is; NULL: there is none, or its digest cannot be computed here. */
static const epp_record_t *key_of(const epp_case_t *c, const epp_record_t *ds)
{
	for (size_t i = 0; hash_of(ds) != GNUTLS_DIG_NULL && i < c->key_count; i++) {
		if (is_ds_of(ds, &c->keys[i], c->owner)) {
			return &c->keys[i];
		}
	}
	return NULL;
}

/*!
 * Keys inside of DS: to those that are added, and in those that are removed as the registry shows them.
 *
 * \return False: \a out says which key is missing.
 */
static bool put_keys_inside(const epp_case_t *c, const epp_info_t *info, epp_judgement_t *out)
{
	const epp_interface_t interface = c->account->interface;
	const bool must = interface == EPP_INTERFACE_DS_KEY;
	const bool may = must || (interface == EPP_INTERFACE_AUTO && info->embedded_keys);

	for (size_t i = 0; i < out->diff.rem_count && !may; i++) {
		out->diff.rem[i].key = NULL;
	}
	for (size_t i = 0; i < out->diff.add_count && may; i++) {
		epp_record_t *ds = &out->diff.add[i];
		ds->key = ds->is_key ? NULL : key_of(c, ds);
		if (ds->key == NULL && must) {
			say(out, EPP_JUDGED_CANNOT,
			    "the registry takes DS with their keys, and the zone has no CDNSKEY of the DS %u", ds->tag);
			return false;
		}
	}
	return true;
}

/*! Each record that is there, by itself: never "all" (RFC 5910 5.2.5). */
static void remove_each(const epp_info_t *info, epp_diff_t *diff)
{
	*diff = (epp_diff_t){ 0 };
	for (size_t i = 0; i < info->count && i < EPP_RECORDS_MAX; i++) {
		diff->rem[diff->rem_count++] = info->record[i];
	}
}

/*! \return False: \a out says what is wrong. */
static bool compare(const epp_case_t *c, const epp_info_t *info, epp_judgement_t *out)
{
	const bool keys = takes_keys(c);
	const size_t count = keys ? c->key_count : c->ds_count;

	out->diff = (epp_diff_t){ 0 };
	if (c->keeps) {
		return true;
	}
	if (c->removes) {
		remove_each(info, &out->diff);
		return put_keys_inside(c, info, out);
	}
	if (count == 0) {
		say(out, EPP_JUDGED_CANNOT, "the registry takes %s, and the zone has no %s", keys ? "keys" : "DS",
		    keys ? "CDNSKEY" : "CDS");
		return false;
	}
	switch (epp_diff(info, keys ? c->keys : c->ds, count, c->account->records, &out->diff)) {
	case KNOT_EOK:
		return put_keys_inside(c, info, out);
	case KNOT_ESPACE:
		say(out, EPP_JUDGED_CANNOT,
		    "%zu records are wanted, and `records` of the account allows %u: ask the registry how many it "
		    "takes",
		    count, c->account->records);
		return false;
	default:
		say(out, EPP_JUDGED_CANNOT,
		    "the domain has %s at the registry, and `interface` of the account is %s: correct it",
		    keys ? "DS" : "keys",
		    keys                                          ? "key" :
		    c->account->interface == EPP_INTERFACE_DS_KEY ? "ds-with-key" :
		                                                    "ds");
		return false;
	}
}

/*! \return False: \a out says what is wrong. \param[out] same  Nothing has to be done about it. */
static bool compare_ttl(const epp_case_t *c, bool *same, epp_judgement_t *out)
{
	const epp_info_t *info = c->info;

	*same = c->ttl_what == EPP_TTL_KEEP ||
	        (info->has_ttl &&
	         (c->ttl_what == EPP_TTL_DEFAULT ? info->ttl_default : !info->ttl_default && info->ttl == c->ttl));
	if (*same) {
		return true;
	}
	if (!info->has_ttl) {
		say(out, EPP_JUDGED_CANNOT, "the registry does not show the TTL of DS (ttl-1.0), which is wanted");
		return false;
	}
	if (c->ttl_what == EPP_TTL_SET && (c->ttl < info->ttl_min || (info->ttl_max != 0 && c->ttl > info->ttl_max))) {
		say(out, EPP_JUDGED_CANNOT, "the TTL %u is wanted for DS, and the registry allows %u to %u", c->ttl,
		    info->ttl_min, info->ttl_max);
		return false;
	}
	return true;
}

/* --- the decision ----------------------------------------------------------------------------- */

static void judge_past(const epp_case_t *c, epp_judgement_t *out)
{
	if (!c->over) {
		say(out, EPP_JUDGED_WAIT,
		    c->past == EPP_PAST_PENDING ? "the registry does not show the update yet, about which it decides" :
		                                  "the registry may still work on the update, whose answer was lost");
	} else {
		say(out, EPP_JUDGED_NOT_MADE, "the registry does not have what the update asks for");
	}
}

static void judge_lock(const epp_case_t *c, epp_judgement_t *out)
{
	say(out, EPP_JUDGED_LOCKED, "%s%s",
	    c->info->locks & EPP_LOCK_SERVER ? "serverUpdateProhibited: only the registry can remove it" :
	                                       "clientUpdateProhibited: remove it at the registrar",
	    (c->info->locks & EPP_LOCK_SERVER) && (c->info->locks & EPP_LOCK_CLIENT) ?
	            "; clientUpdateProhibited: remove it at the registrar" :
	            "");
}

void epp_judge(const epp_case_t *c, epp_judgement_t *out)
{
	epp_info_t info = *c->info;
	bool same_ttl = false;

	*out = (epp_judgement_t){ .what = EPP_JUDGED_SEND };
	/* Whatever is shown may change at any moment, also to what is wanted. */
	if (info.locks & EPP_LOCK_PENDING) {
		say(out, c->past == EPP_PAST_NONE ? EPP_JUDGED_LOCKED : EPP_JUDGED_WAIT,
		    c->past == EPP_PAST_NONE ? "another change of the domain is pending (%s)" :
		                               "the registry has not decided about the update yet (%s)",
		    info.statuses);
		return;
	}
	if (!info.has_secdns) {
		/* That proves nothing (RFC 5910 2). That no server of the parent has a DS does. */
		info.count = 0;
		info.has_secdns = c->base_count == 0;
	}
	if (!info.has_secdns && c->past != EPP_PAST_NONE) {
		/* What was sent may have removed them. */
		if (c->removes) {
			out->what = EPP_JUDGED_SAME;
		} else {
			judge_past(c, out);
		}
		return;
	}
	if (!info.has_secdns) {
		say(out, EPP_JUDGED_DIFFERS, "the registry shows no DS, and the servers of the parent have them");
		return;
	}
	const bool right = compare(c, &info, out) && compare_ttl(c, &same_ttl, out);
	if (right && out->diff.rem_count + out->diff.add_count == 0 && same_ttl) {
		out->what = EPP_JUDGED_SAME;
	} else if (c->past != EPP_PAST_NONE) {
		judge_past(c, out);
	} else if (!right) {
		return;
	} else if (!is_base(c, &info)) {
		say(out, EPP_JUDGED_DIFFERS,
		    "the registry has other DS than the servers of the parent: a change of another client is on its "
		    "way");
	} else if (info.locks & (EPP_LOCK_CLIENT | EPP_LOCK_SERVER)) {
		judge_lock(c, out);
	}
}
