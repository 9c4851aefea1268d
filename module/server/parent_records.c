/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parent_records.h"

/*! Octets of a DS before its digest (RFC 4034 5.1). */
#define DS_HEAD 4

void parent_sets_clear(parent_sets_t *sets)
{
	knot_rdataset_clear(&sets->ns, NULL);
	knot_rdataset_clear(&sets->ds, NULL);
	memset(sets, 0, sizeof(*sets));
}

bool parent_owner(knot_dname_storage_t out, const char *text)
{
	if (text == NULL || knot_dname_from_str(out, text, KNOT_DNAME_MAXLEN) == NULL) {
		return false;
	}
	knot_dname_to_lower(out);
	return true;
}

static int add(knot_rdataset_t *set, const uint8_t *data, size_t len)
{
	knot_rdata_t *rdata = malloc(knot_rdata_size(len));
	if (rdata == NULL) {
		return KNOT_ENOMEM;
	}
	knot_rdata_init(rdata, len, data);
	int ret = knot_rdataset_add(set, rdata, NULL);
	free(rdata);
	return ret;
}

static int digit(char c)
{
	return isdigit((unsigned char)c)  ? c - '0' :
	       isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 :
	                                    -1;
}

/*! A number and the space after it. */
static bool read_number(const char **text, unsigned long max, unsigned *out)
{
	char *end;
	if (!isdigit((unsigned char)**text)) {
		return false;
	}
	const unsigned long number = strtoul(*text, &end, 10);
	if (*end != ' ' || number > max) {
		return false;
	}
	*out = (unsigned)number;
	*text = end + 1;
	return true;
}

int parent_ds_add(knot_rdataset_t *set, const char *text)
{
	unsigned tag, algorithm, type;

	if (!read_number(&text, UINT16_MAX, &tag) || !read_number(&text, UINT8_MAX, &algorithm) ||
	    !read_number(&text, UINT8_MAX, &type)) {
		return KNOT_EMALF;
	}
	const size_t len = strlen(text) / 2;
	if (len == 0 || strlen(text) % 2 != 0 || len > UINT16_MAX - DS_HEAD) {
		return KNOT_EMALF;
	}
	uint8_t *data = malloc(DS_HEAD + len);
	if (data == NULL) {
		return KNOT_ENOMEM;
	}
	knot_wire_write_u16(data, (uint16_t)tag);
	data[2] = (uint8_t)algorithm;
	data[3] = (uint8_t)type;
	int ret = KNOT_EOK;
	for (size_t i = 0; i < len && ret == KNOT_EOK; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			ret = KNOT_EMALF;
		} else {
			data[DS_HEAD + i] = (uint8_t)(high << 4 | low);
		}
	}
	if (ret == KNOT_EOK) {
		ret = add(set, data, DS_HEAD + len);
	}
	free(data);
	return ret;
}

char *parent_ds_text(const knot_rdata_t *rdata)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = NULL;

	if (rdata->len > DS_HEAD && (out = malloc(sizeof("65535 255 255 ") + 2 * (size_t)rdata->len)) != NULL) {
		char *at = out +
		           sprintf(out, "%u %u %u ", knot_wire_read_u16(rdata->data), rdata->data[2], rdata->data[3]);
		for (size_t i = DS_HEAD; i < rdata->len; i++) {
			*at++ = hex[rdata->data[i] >> 4];
			*at++ = hex[rdata->data[i] & 15];
		}
		*at = '\0';
	}
	return out;
}

int parent_sets_add(parent_sets_t *sets, const control_unit_t *unit)
{
	if (unit->type == NULL || unit->data == NULL || unit->ttl == NULL) {
		return KNOT_EMALF;
	}
	const uint32_t ttl = (uint32_t)strtoul(unit->ttl, NULL, 10);
	if (strcmp(unit->type, "DS") == 0) {
		sets->ds_ttl = ttl;
		return parent_ds_add(&sets->ds, unit->data);
	}
	if (strcmp(unit->type, "NS") == 0) {
		knot_dname_storage_t name;
		sets->ns_ttl = ttl;
		return parent_owner(name, unit->data) ? add(&sets->ns, name, knot_dname_size(name)) : KNOT_EMALF;
	}
	return KNOT_EOK;
}

bool parent_has(const knot_rdataset_t *set, const knot_rdata_t *rdata)
{
	return set->count > 0 && knot_rdataset_member(set, rdata);
}

bool parent_same(const knot_rdataset_t *a, const knot_rdataset_t *b)
{
	return a->count == b->count && (a->count == 0 || knot_rdataset_eq(a, b));
}

bool parent_same_names(const knot_rdataset_t *a, const knot_rdataset_t *b)
{
	if (a->count != b->count) {
		return false;
	}
	const knot_rdata_t *one = a->rdata;
	for (unsigned i = 0; i < a->count; i++, one = knot_rdataset_next((knot_rdata_t *)one)) {
		bool found = false;
		const knot_rdata_t *other = b->rdata;
		for (unsigned k = 0; k < b->count && !found; k++, other = knot_rdataset_next((knot_rdata_t *)other)) {
			found = knot_dname_is_case_equal(one->data, other->data);
		}
		if (!found) {
			return false;
		}
	}
	return true;
}
