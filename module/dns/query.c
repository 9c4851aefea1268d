/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "query.h"

int query_make(query_t *query, const knot_dname_t *name, uint16_t type, unsigned flags)
{
	uint8_t *wire = query->wire;
	knot_pkt_t *pkt = knot_pkt_new(wire, sizeof(query->wire), NULL);
	if (pkt == NULL) {
		return KNOT_ENOMEM;
	}
	/*
	 * libknot takes a given buffer as it is, size, flags and counters included; asserts tell where there are any.
	 */
	pkt->size = KNOT_WIRE_HEADER_SIZE;
	memset(wire, 0, KNOT_WIRE_HEADER_SIZE);
	if (flags & QUERY_RECURSE) {
		knot_wire_set_rd(wire);
	}
	if (flags & QUERY_UNCHECKED) {
		knot_wire_set_cd(wire);
	}

	knot_rrset_t opt;
	int ret = knot_edns_init(&opt, QUERY_UDP_PAYLOAD, 0, KNOT_EDNS_VERSION, NULL);
	if (ret == KNOT_EOK) {
		knot_edns_set_do(&opt);
		ret = knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, type);
		query->asked = pkt->size;
		if (ret == KNOT_EOK) {
			ret = knot_pkt_begin(pkt, KNOT_ADDITIONAL);
		}
		if (ret == KNOT_EOK) {
			ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, 0);
		}
		knot_rrset_clear(&opt, NULL);
	}
	query->len = pkt->size;
	knot_pkt_free(pkt);
	return ret;
}

static uint8_t lower(uint8_t byte)
{
	/* Lengths of labels are below all letters. */
	return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

bool query_match(const query_t *sent, const uint8_t *wire, size_t len)
{
	const uint8_t *query = sent->wire;
	const size_t size = sent->asked;
	assert(size > KNOT_WIRE_HEADER_SIZE);

	if (wire == NULL || len < KNOT_WIRE_HEADER_SIZE || knot_wire_get_id(wire) != knot_wire_get_id(query) ||
	    !knot_wire_get_qr(wire) || knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY) {
		return false;
	}
	if (knot_wire_get_qdcount(wire) == 0) {
		return knot_wire_get_rcode(wire) != KNOT_RCODE_NOERROR;
	}
	if (knot_wire_get_qdcount(wire) != 1 || len < size) {
		return false;
	}
	/* Type and class have no letters that differ in case only. */
	const size_t name_end = size - 2 * sizeof(uint16_t);
	for (size_t i = KNOT_WIRE_HEADER_SIZE; i < name_end; i++) {
		if (lower(wire[i]) != lower(query[i])) {
			return false;
		}
	}
	return memcmp(wire + name_end, query + name_end, size - name_end) == 0;
}
