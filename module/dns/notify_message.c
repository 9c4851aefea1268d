/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "notify_message.h"

/*! UDP payload that OPT announces: that of other questions from here would be of no use to an acknowledgement. */
#define PAYLOAD               1232
#define OPTION_REPORT_CHANNEL 18

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
	knot_wire_write_u16(at, value);
	return at + sizeof(value);
}

/*!
 * OPT with Report-Channel as its only option: the root, type, payload, extended RCODE, version, flags, lengths.
 *
 * libknot before 3.4 has no name for the option, and would leave it out of a parsed packet.
 */
static size_t put_report_channel(uint8_t *const from, const knot_dname_t *agent)
{
	const size_t size = knot_dname_size(agent);
	uint8_t *at = from;

	*at++ = 0;
	at = put_u16(at, KNOT_RRTYPE_OPT);
	at = put_u16(at, PAYLOAD);
	at = put_u16(at, 0);
	at = put_u16(at, 0);
	at = put_u16(at, 4 + size);
	at = put_u16(at, OPTION_REPORT_CHANNEL);
	at = put_u16(at, size);
	memcpy(at, agent, size);
	return at + size - from;
}

int message_make(const knot_dname_t *zone, uint16_t id, const knot_dname_t *agent, uint8_t wire[MESSAGE_MAX],
                 size_t *len)
{
	assert(zone && wire && len);

	knot_pkt_t *pkt = knot_pkt_new(wire, MESSAGE_MAX, NULL);
	if (pkt == NULL) {
		return KNOT_ENOMEM;
	}
	/*
	 * libknot takes a given buffer as it is, size, flags and counters included; asserts tell where there are any.
	 */
	pkt->size = KNOT_WIRE_HEADER_SIZE;
	memset(wire, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(wire, id);
	knot_wire_set_opcode(wire, KNOT_OPCODE_NOTIFY);
	knot_wire_set_aa(wire);

	int ret = knot_pkt_put_question(pkt, zone, KNOT_CLASS_IN, KNOT_RRTYPE_CDS);
	*len = pkt->size;
	knot_pkt_free(pkt);
	if (ret == KNOT_EOK && agent != NULL && agent[0] != '\0') {
		*len += put_report_channel(wire + *len, agent);
		knot_wire_set_arcount(wire, 1);
	}
	return ret;
}

/*! Who does not know the opcode cannot know what follows the header, and may leave it out. */
static bool is_bare_refusal(const uint8_t *wire)
{
	uint8_t rcode = knot_wire_get_rcode(wire);
	return knot_wire_get_qdcount(wire) == 0 && (rcode == KNOT_RCODE_FORMERR || rcode == KNOT_RCODE_NOTIMPL);
}

static bool is_question(const knot_pkt_t *pkt, const knot_dname_t *zone)
{
	return knot_wire_get_qdcount(pkt->wire) == 1 && knot_pkt_qtype(pkt) == KNOT_RRTYPE_CDS &&
	       knot_pkt_qclass(pkt) == KNOT_CLASS_IN && knot_dname_is_case_equal(knot_pkt_qname(pkt), zone);
}

message_match_t message_match(const uint8_t *wire, size_t len, const knot_dname_t *zone, uint16_t id, uint16_t *rcode)
{
	assert(zone && rcode);

	if (wire == NULL || len < KNOT_WIRE_HEADER_SIZE || len > KNOT_WIRE_MAX_PKTSIZE ||
	    knot_wire_get_id(wire) != id || !knot_wire_get_qr(wire) ||
	    knot_wire_get_opcode(wire) != KNOT_OPCODE_NOTIFY) {
		return MESSAGE_OTHER;
	}

	knot_pkt_t *pkt = knot_pkt_new((uint8_t *)wire, len, NULL);
	if (pkt == NULL) {
		return MESSAGE_OTHER;
	}
	message_match_t match = MESSAGE_OTHER;
	bool whole = knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE) == KNOT_EOK;
	if (whole && (is_question(pkt, zone) || is_bare_refusal(wire))) {
		match = knot_wire_get_tc(wire) ? MESSAGE_TRUNCATED : MESSAGE_ANSWER;
		*rcode = knot_pkt_ext_rcode(pkt);
	}
	knot_pkt_free(pkt);
	return match;
}
