/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include "notify_reply.h"
#include "util/notify_in.h"

/*! UDP payload that the reply announces: nothing larger than a notification is of use. */
#define PAYLOAD 1232
/*! Octets of OPT without options. */
#define OPT_SIZE 11

static uint16_t what_is_wrong(const knot_pkt_t *pkt, bool parsed)
{
	if (knot_wire_get_opcode(pkt->wire) == KNOT_OPCODE_QUERY) {
		return KNOT_RCODE_REFUSED;
	}
	if (knot_wire_get_opcode(pkt->wire) != KNOT_OPCODE_NOTIFY) {
		return KNOT_RCODE_NOTIMPL;
	}
	/* RFC 9859 4.3: one that names several children must be discarded. */
	if (!parsed || knot_wire_get_qdcount(pkt->wire) != 1) {
		return KNOT_RCODE_FORMERR;
	}
	return KNOT_RCODE_NOTAUTH;
}

static void read_packet(knot_pkt_t *pkt, notify_reply_t *out)
{
	const bool parsed = knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE) == KNOT_EOK;
	const knot_dname_t *name = knot_wire_get_qdcount(pkt->wire) == 1 ? knot_pkt_qname(pkt) : NULL;

	out->question = name != NULL ? knot_dname_size(name) + 4 : 0;
	out->edns = parsed && knot_pkt_has_edns(pkt);
	out->is_one = parsed && notify_in_is(pkt);
	out->rcode = out->is_one ? KNOT_RCODE_NOERROR : what_is_wrong(pkt, parsed);
	if (out->edns && knot_edns_get_version(pkt->opt_rr) != 0) {
		out->is_one = false;
		out->rcode = KNOT_RCODE_BADVERS;
	}
	out->agent[0] = '\0';
	if (out->is_one) {
		knot_dname_copy_lower(out->child, name);
		knot_dname_storage_t agent;
		if (notify_in_agent(pkt, agent) > 0) {
			knot_dname_copy_lower(out->agent, agent);
		}
	}
}

bool notify_reply_read(const uint8_t *wire, size_t len, notify_reply_t *out)
{
	assert(out && (wire || len == 0));

	memset(out, 0, sizeof(*out));
	if (len < KNOT_WIRE_HEADER_SIZE || len > KNOT_WIRE_MAX_PKTSIZE || knot_wire_get_qr(wire)) {
		return false;
	}
	knot_pkt_t *pkt = knot_pkt_new((uint8_t *)wire, len, NULL);
	if (pkt == NULL) {
		return false;
	}
	read_packet(pkt, out);
	knot_pkt_free(pkt);
	return true;
}

static size_t put_u16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
	return 2;
}

/*! OPT: the root, type, payload, extended RCODE and version, flags, length; an extended error is its only option. */
static size_t put_opt(uint8_t *at, uint16_t rcode, int ede)
{
	uint8_t *const from = at;

	*at++ = 0;
	at += put_u16(at, KNOT_RRTYPE_OPT);
	at += put_u16(at, PAYLOAD);
	*at++ = rcode >> 4;
	*at++ = 0;
	at += put_u16(at, 0);
	at += put_u16(at, ede != NOTIFY_REPLY_NO_EDE ? 6 : 0);
	if (ede != NOTIFY_REPLY_NO_EDE) {
		at += put_u16(at, KNOT_EDNS_OPTION_EDE);
		at += put_u16(at, 2);
		at += put_u16(at, ede);
	}
	return at - from;
}

size_t notify_reply_write(const notify_reply_t *read, const uint8_t *wire, int ede, uint8_t out[NOTIFY_REPLY_MAX])
{
	assert(read && wire && out);

	size_t len = KNOT_WIRE_HEADER_SIZE;
	memset(out, 0, len);
	knot_wire_set_id(out, knot_wire_get_id(wire));
	knot_wire_set_opcode(out, knot_wire_get_opcode(wire));
	knot_wire_set_qr(out);
	knot_wire_set_rcode(out, read->rcode & 0xf);
	if (read->is_one) {
		knot_wire_set_aa(out);
	}
	if (read->question > 0) {
		memcpy(out + len, wire + len, read->question);
		len += read->question;
		knot_wire_set_qdcount(out, 1);
	}
	if (read->edns) {
		len += put_opt(out + len, read->rcode, ede);
		knot_wire_set_arcount(out, 1);
	}
	return len;
}
