/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "packet.h"

const char *packet_open(const uint8_t *wire, size_t len, const knot_dname_t *qname, uint16_t qtype, knot_pkt_t **pkt)
{
	assert(qname && pkt);

	*pkt = NULL;
	if (wire == NULL || len < KNOT_WIRE_HEADER_SIZE || len > KNOT_WIRE_MAX_PKTSIZE) {
		return "malformed answer";
	}

	knot_pkt_t *parsed = knot_pkt_new((uint8_t *)wire, len, NULL);
	if (parsed == NULL) {
		return "out of memory";
	}

	const char *error = NULL;
	if (knot_pkt_parse(parsed, KNOT_PF_KEEPWIRE) != KNOT_EOK) {
		error = "malformed answer";
	} else if (!knot_wire_get_qr(wire) || knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY ||
	           knot_wire_get_qdcount(wire) != 1 || knot_pkt_qtype(parsed) != qtype ||
	           knot_pkt_qclass(parsed) != KNOT_CLASS_IN || !knot_dname_is_equal(knot_pkt_qname(parsed), qname)) {
		error = "answer to another question";
	} else if (knot_wire_get_tc(wire)) {
		error = "truncated answer";
	}

	if (error != NULL) {
		knot_pkt_free(parsed);
		return error;
	}
	*pkt = parsed;
	return NULL;
}

bool packet_rr_usable(const knot_rrset_t *rr)
{
	/* libknot leaves an RRset empty when its RDATA has no canonical form. */
	return rr->owner != NULL && rr->rclass == KNOT_CLASS_IN && rr->rrs.count == 1 && rr->rrs.rdata->len > 0;
}

static bool covers(const knot_rrset_t *rr, uint16_t type)
{
	return rr->type == KNOT_RRTYPE_RRSIG && rr->rrs.rdata->len >= sizeof(uint16_t) &&
	       knot_rrsig_type_covered(rr->rrs.rdata) == type;
}

int packet_rrset(const knot_pkt_t *pkt, knot_section_t section, const knot_dname_t *owner, uint16_t type,
                 packet_rrset_t *out)
{
	assert(pkt && owner && out);

	memset(out, 0, sizeof(*out));
	knot_rrset_init(&out->rrset, (knot_dname_t *)owner, type, KNOT_CLASS_IN, 0);

	const knot_pktsection_t *records = knot_pkt_section(pkt, section);
	for (uint16_t i = 0; i < records->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(records, i);
		if (!packet_rr_usable(rr) || !knot_dname_is_equal(rr->owner, owner)) {
			continue;
		}

		int ret = KNOT_EOK;
		if (rr->type == type) {
			ret = knot_rdataset_add(&out->rrset.rrs, rr->rrs.rdata, NULL);
			if (rr->ttl > out->rrset.ttl) {
				out->rrset.ttl = rr->ttl;
			}
		} else if (covers(rr, type)) {
			ret = knot_rdataset_add(&out->rrsigs, rr->rrs.rdata, NULL);
		}
		if (ret != KNOT_EOK) {
			return ret;
		}
		/* Each addition searches, and moves, what is there already. */
		if (out->rrset.rrs.count > PACKET_RRS_MAX || out->rrsigs.count > PACKET_RRS_MAX) {
			return KNOT_ESPACE;
		}
	}
	return KNOT_EOK;
}

const char *packet_error(int ret)
{
	return ret == KNOT_ESPACE ? "too many records" : "out of memory";
}

void packet_rrset_clear(packet_rrset_t *set)
{
	if (set != NULL) {
		knot_rdataset_clear(&set->rrset.rrs, NULL);
		knot_rdataset_clear(&set->rrsigs, NULL);
	}
}
