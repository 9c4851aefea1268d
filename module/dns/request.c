/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/*! Copies record by record: the result is sorted whatever the original was. */
static int copy_rdataset(knot_rdataset_t *copy, const knot_rdataset_t *from)
{
	int ret = KNOT_EOK;
	if (from != NULL) {
		knot_rdata_t *rr = from->rdata;
		for (uint16_t i = 0; ret == KNOT_EOK && i < from->count; i++) {
			ret = knot_rdataset_add(copy, rr, NULL);
			rr = knot_rdataset_next(rr);
		}
	}
	return ret;
}

static int copy_keys(request_t *copy, const survey_request_t *request)
{
	for (unsigned i = 0; i < request->key_count; i++) {
		const dns_key_t *from = &request->keys[i];
		copy->keys[i].id = from->id;
		if (from->rdata != NULL && from->rdata_len > 0) {
			copy->rdata[i] = malloc(from->rdata_len);
			if (copy->rdata[i] == NULL) {
				return KNOT_ENOMEM;
			}
			memcpy(copy->rdata[i], from->rdata, from->rdata_len);
			copy->keys[i].rdata = copy->rdata[i];
			copy->keys[i].rdata_len = from->rdata_len;
		}
	}
	return KNOT_EOK;
}

int request_copy(request_t *copy, const survey_request_t *request)
{
	assert(copy && request);

	if (request->zone == NULL || request->key_count > ROLLOVER_KEYS_MAX ||
	    (request->keys == NULL && request->key_count > 0)) {
		return KNOT_EINVAL;
	}

	knot_dname_copy_lower(copy->zone, request->zone);
	copy->ask = request->ask;

	int ret = copy_keys(copy, request);
	if (ret == KNOT_EOK) {
		ret = copy_rdataset(&copy->dnskey, request->dnskey);
	}
	if (ret == KNOT_EOK) {
		ret = copy_rdataset(&copy->ns, request->ns);
	}
	if (ret == KNOT_EOK &&
	    (!addrs_copy(&copy->nameserver, &request->nameserver) || !addrs_copy(&copy->parent, &request->parent))) {
		ret = KNOT_ENOMEM;
	}
	if (ret != KNOT_EOK) {
		request_clear(copy);
		return ret;
	}

	copy->known = (interpret_zone_t){
		.zone = copy->zone,
		.keys = copy->keys,
		.key_count = request->key_count,
		.dnskey = &copy->dnskey,
		.now = request->now,
	};
	return KNOT_EOK;
}

void request_clear(request_t *copy)
{
	for (unsigned i = 0; i < ROLLOVER_KEYS_MAX; i++) {
		free(copy->rdata[i]);
		copy->rdata[i] = NULL;
	}
	knot_rdataset_clear(&copy->dnskey, NULL);
	knot_rdataset_clear(&copy->ns, NULL);
	addrs_clear(&copy->nameserver);
	addrs_clear(&copy->parent);
	memset(copy, 0, sizeof(*copy));
}
