/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "kskroll/epp.h"
#include "util/knot.h"

static bool is_same(const epp_record_t *a, const epp_record_t *b)
{
	if (a->is_key != b->is_key || a->algorithm != b->algorithm || a->data_len != b->data_len ||
	    memcmp(a->data, b->data, a->data_len) != 0) {
		return false;
	}
	return a->is_key ? a->flags == b->flags && a->protocol == b->protocol :
	                   a->tag == b->tag && a->digest_type == b->digest_type;
}

static bool has(const epp_record_t *set, size_t count, const epp_record_t *record)
{
	for (size_t i = 0; i < count; i++) {
		if (is_same(&set[i], record)) {
			return true;
		}
	}
	return false;
}

static bool is_of_one_kind(const epp_record_t *set, size_t count, bool is_key)
{
	for (size_t i = 0; i < count; i++) {
		if (set[i].is_key != is_key) {
			return false;
		}
	}
	return true;
}

int epp_diff(const epp_info_t *info, const epp_record_t *wanted, size_t count, unsigned most, epp_diff_t *diff)
{
	*diff = (epp_diff_t){ 0 };
	if (!info->has_secdns) {
		return KNOT_ENOENT;
	}
	if (count == 0 || !is_of_one_kind(wanted, count, wanted[0].is_key) ||
	    !is_of_one_kind(info->record, info->count, wanted[0].is_key)) {
		return KNOT_EINVAL;
	}
	size_t distinct = 0;
	for (size_t i = 0; i < count; i++) {
		distinct += !has(wanted, i, &wanted[i]);
	}
	if (distinct > most || distinct > EPP_RECORDS_MAX || info->count > EPP_RECORDS_MAX) {
		return KNOT_ESPACE;
	}
	for (size_t i = 0; i < info->count; i++) {
		if (!has(wanted, count, &info->record[i])) {
			diff->rem[diff->rem_count++] = info->record[i];
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!has(info->record, info->count, &wanted[i]) && !has(wanted, i, &wanted[i])) {
			diff->add[diff->add_count++] = wanted[i];
		}
	}
	return KNOT_EOK;
}
