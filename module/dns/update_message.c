/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "put.h"
#include "query.h"
#include "update_message.h"
#include "util/knot.h"
#include "util/printable.h"

#include <libknot/tsig-op.h>

/* -- the message ------------------------------------------------------------- */

static void put_u16(out_t *out, uint16_t value)
{
	uint8_t data[sizeof(value)];
	knot_wire_write_u16(data, value);
	put(out, data, sizeof(data));
}

static void put_u32(out_t *out, uint32_t value)
{
	uint8_t data[sizeof(value)];
	knot_wire_write_u32(data, value);
	put(out, data, sizeof(data));
}

/*! \param[in] rdata  NULL: without. */
static void put_record(out_t *out, const knot_dname_t *owner, uint16_t type, uint16_t class, uint32_t ttl,
                       const knot_rdata_t *rdata)
{
	put(out, owner, knot_dname_size(owner));
	put_u16(out, type);
	put_u16(out, class);
	put_u32(out, ttl);
	put_u16(out, rdata != NULL ? rdata->len : 0);
	if (rdata != NULL) {
		put(out, rdata->data, rdata->len);
	}
}

/*! \return Records that were put. */
static uint16_t put_set(out_t *out, const knot_dname_t *owner, uint16_t type, uint16_t class, uint32_t ttl,
                        const knot_rdataset_t *set)
{
	knot_rdata_t *rdata = set->rdata;

	for (uint16_t i = 0; i < set->count; i++, rdata = knot_rdataset_next(rdata)) {
		put_record(out, owner, type, class, ttl, rdata);
	}
	return set->count;
}

/*! RFC 2136 2.4. */
static uint16_t put_prerequisites(out_t *out, const update_content_t *content)
{
	const uint16_t ns = put_set(out, content->owner, KNOT_RRTYPE_NS, KNOT_CLASS_IN, 0, content->ns);

	if (content->ds->count == 0) {
		put_record(out, content->owner, KNOT_RRTYPE_DS, KNOT_CLASS_NONE, 0, NULL);
		return ns + 1;
	}
	return ns + put_set(out, content->owner, KNOT_RRTYPE_DS, KNOT_CLASS_IN, 0, content->ds);
}

/*! RFC 2136 2.5.1 and 2.5.4; the server handles them in this order (3.4.2). */
static uint16_t put_changes(out_t *out, const update_content_t *content)
{
	if (content->put == NULL) {
		return 0;
	}
	const uint16_t gone = put_set(out, content->owner, KNOT_RRTYPE_DS, KNOT_CLASS_NONE, 0, content->ds);
	return gone + put_set(out, content->owner, KNOT_RRTYPE_DS, KNOT_CLASS_IN, content->ttl, content->put);
}

/*! For extended errors in the answer (RFC 8914). */
static void put_edns(out_t *out)
{
	static const uint8_t ROOT[] = { 0 };
	put_record(out, ROOT, KNOT_RRTYPE_OPT, QUERY_UDP_PAYLOAD, 0, NULL);
}

/*! \return False: libknot cannot use it. */
static bool make_key(const update_key_t *key, knot_dname_storage_t name, knot_tsig_key_t *out)
{
	if (key->name == NULL || key->secret_len == 0 || dnssec_tsig_algorithm_size(key->algorithm) == 0 ||
	    dnssec_tsig_algorithm_size(key->algorithm) > UPDATE_MAC_MAX ||
	    knot_dname_from_str(name, key->name, KNOT_DNAME_MAXLEN) == NULL) {
		return false;
	}
	knot_dname_to_lower(name);
	*out = (knot_tsig_key_t){
		.algorithm = key->algorithm,
		.name = name,
		.secret = { .size = key->secret_len, .data = (uint8_t *)key->secret },
	};
	return true;
}

int update_message_make(update_message_t *message, const update_content_t *content, uint16_t id,
                        const update_key_t *key)
{
	assert(message && content && content->zone && content->owner && content->ns && content->ds && key);

	knot_dname_storage_t name;
	knot_tsig_key_t tsig;
	if (!make_key(key, name, &tsig)) {
		return KNOT_EINVAL;
	}
	uint8_t *wire = message->wire;
	out_t out = { .at = wire + KNOT_WIRE_HEADER_SIZE, .left = sizeof(message->wire) - KNOT_WIRE_HEADER_SIZE };

	memset(wire, 0, KNOT_WIRE_HEADER_SIZE);
	knot_wire_set_id(wire, id);
	knot_wire_set_opcode(wire, KNOT_OPCODE_UPDATE);
	put(&out, content->zone, knot_dname_size(content->zone));
	put_u16(&out, KNOT_RRTYPE_SOA);
	put_u16(&out, KNOT_CLASS_IN);
	knot_wire_set_qdcount(wire, 1);
	knot_wire_set_ancount(wire, put_prerequisites(&out, content));
	knot_wire_set_nscount(wire, put_changes(&out, content));
	put_edns(&out);
	knot_wire_set_arcount(wire, 1);
	message->id = id;
	message->len = out.at - wire;
	message->mac_len = sizeof(message->mac);
	if (out.full || knot_tsig_wire_maxsize(&tsig) > out.left) {
		return KNOT_ESPACE;
	}
	return knot_tsig_sign(wire, &message->len, sizeof(message->wire), NULL, 0, message->mac, &message->mac_len,
	                      &tsig, 0, 0);
}

/* -- the answer -------------------------------------------------------------- */

static void add_words(update_answer_t *out, const char *sep, const char *words)
{
	const size_t len = strlen(out->detail);
	snprintf(out->detail + len, sizeof(out->detail) - len, "%s%s", len > 0 ? sep : "", words);
}

/*! RFC 8914: the code, and a text that anybody may have written. */
static void add_extended_error(const knot_pkt_t *pkt, update_answer_t *out)
{
	const uint8_t *option = knot_pkt_edns_option(pkt, KNOT_EDNS_OPTION_EDE);
	char words[120];

	if (option == NULL || knot_edns_opt_get_length(option) < sizeof(uint16_t)) {
		return;
	}
	const uint8_t *data = knot_edns_opt_get_data((uint8_t *)option);
	const size_t len = knot_edns_opt_get_length(option) - sizeof(uint16_t);
	snprintf(words, sizeof(words), "extended error %u%s%.*s", knot_wire_read_u16(data), len > 0 ? ": " : "",
	         (int)(len < sizeof(words) ? len : sizeof(words)), (const char *)data + sizeof(uint16_t));
	printable_text(words);
	add_words(out, ", ", words);
}

static const char *name_of(const knot_lookup_t *table, uint16_t id)
{
	const knot_lookup_t *found = knot_lookup_by_id(table, id);
	return found != NULL ? found->name : "error of an unknown code";
}

/*! \return Why it does not prove anything; NULL: it is authentic. */
static const char *doubt(const update_message_t *message, const update_key_t *key, const knot_pkt_t *pkt)
{
	knot_dname_storage_t name;
	knot_tsig_key_t tsig;

	if (pkt->tsig_rr == NULL) {
		return "not signed";
	}
	/* A shorter MAC is easier to guess (RFC 8945 5.2.2.1). */
	if (!make_key(key, name, &tsig) || !knot_tsig_rdata_is_ok(pkt->tsig_rr) ||
	    knot_tsig_rdata_mac_length(pkt->tsig_rr) != dnssec_tsig_algorithm_size(key->algorithm)) {
		return "not signed";
	}
	switch (knot_tsig_client_check(pkt->tsig_rr, pkt->wire, pkt->size, message->mac, message->mac_len, &tsig, 0)) {
	case KNOT_EOK:
		return NULL;
	case KNOT_TSIG_EBADKEY:
		return "signed with another key";
	case KNOT_TSIG_EBADTIME:
		return "signed at another time";
	default:
		return "its signature is wrong";
	}
}

static void judge(const update_message_t *message, const update_key_t *key, const knot_pkt_t *pkt, update_answer_t *out)
{
	const char *why = doubt(message, key, pkt);

	out->authentic = why == NULL;
	/* Not knot_pkt_ext_rcode(), which mixes it with the error of the TSIG. */
	out->rcode = knot_wire_get_rcode(pkt->wire);
	if (pkt->opt_rr != NULL) {
		out->rcode |= (uint16_t)knot_edns_get_ext_rcode(pkt->opt_rr) << 4;
	}
	if (pkt->tsig_rr != NULL && knot_tsig_rdata_is_ok(pkt->tsig_rr)) {
		out->error = knot_tsig_rdata_error(pkt->tsig_rr);
	}
	add_words(out, "", name_of(knot_rcode_names, out->rcode));
	if (out->error != 0) {
		add_words(out, " ", name_of(knot_tsig_rcode_names, out->error));
	}
	if (why != NULL) {
		add_words(out, ", ", why);
	}
	add_extended_error(pkt, out);
}

/*! The zone section may be missing (RFC 2136 3.8). */
static bool is_zone(const knot_pkt_t *pkt, const knot_dname_t *zone)
{
	const uint16_t count = knot_wire_get_qdcount(pkt->wire);

	return count == 0 ||
	       (count == 1 && knot_pkt_qtype(pkt) == KNOT_RRTYPE_SOA && knot_pkt_qclass(pkt) == KNOT_CLASS_IN &&
	        knot_dname_is_case_equal(knot_pkt_qname(pkt), zone));
}

const char *update_answer_read(const update_message_t *message, const knot_dname_t *zone, const update_key_t *key,
                               uint8_t *wire, size_t len, update_answer_t *out)
{
	assert(message && zone && key && out);

	*out = (update_answer_t){ 0 };
	if (wire == NULL || len < KNOT_WIRE_HEADER_SIZE || len > KNOT_WIRE_MAX_PKTSIZE) {
		return "malformed answer";
	}
	if (knot_wire_get_id(wire) != message->id || !knot_wire_get_qr(wire) ||
	    knot_wire_get_opcode(wire) != KNOT_OPCODE_UPDATE) {
		return "answer to another message";
	}
	if (knot_wire_get_tc(wire)) {
		return "truncated answer";
	}
	knot_pkt_t *pkt = knot_pkt_new(wire, len, NULL);
	if (pkt == NULL) {
		return "out of memory";
	}
	const char *error = NULL;
	if (knot_pkt_parse(pkt, 0) != KNOT_EOK) {
		error = "malformed answer";
	} else if (!is_zone(pkt, zone)) {
		error = "answer to another message";
	} else {
		judge(message, key, pkt, out);
	}
	knot_pkt_free(pkt);
	return error;
}
