/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kskroll/addr.h"
#include "cut.h"
#include "packet.h"

static bool names(const knot_rdataset_t *ns, const knot_dname_t *name)
{
	knot_rdata_t *rr = ns->rdata;
	for (uint16_t i = 0; i < ns->count; i++, rr = knot_rdataset_next(rr)) {
		if (knot_dname_is_case_equal(rr->data, name)) {
			return true;
		}
	}
	return false;
}

static bool is_address(const knot_rrset_t *rr)
{
	return packet_rr_usable(rr) && ((rr->type == KNOT_RRTYPE_A && rr->rrs.rdata->len == 4) ||
	                                (rr->type == KNOT_RRTYPE_AAAA && rr->rrs.rdata->len == 16));
}

static int add_glue(const knot_pkt_t *pkt, cut_t *out)
{
	const knot_pktsection_t *additional = knot_pkt_section(pkt, KNOT_ADDITIONAL);
	unsigned room = additional->count < CUT_GLUE_MAX ? additional->count : CUT_GLUE_MAX;
	out->glue = calloc(room + 1, sizeof(*out->glue));
	if (out->glue == NULL) {
		return KNOT_ENOMEM;
	}

	for (uint16_t i = 0; i < additional->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(additional, i);
		if (!is_address(rr) || !names(&out->ns, rr->owner)) {
			continue;
		}
		if (out->glue_count == room) {
			return KNOT_ELIMIT;
		}
		cut_glue_t *glue = &out->glue[out->glue_count++];
		knot_dname_copy_lower(glue->name, rr->owner);
		addr_from_rdata(rr->rrs.rdata->data, rr->rrs.rdata->len, ADDR_PORT, &glue->addr);
	}
	return KNOT_EOK;
}

/*! The RRset as it is in a section; \a out takes it. */
static int take_ns(const knot_pkt_t *pkt, knot_section_t section, const knot_dname_t *zone, knot_rdataset_t *out)
{
	/* Before they are gathered and compared with one another. */
	const knot_pktsection_t *records = knot_pkt_section(pkt, section);
	unsigned count = 0;
	for (uint16_t i = 0; i < records->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(records, i);
		count += rr->type == KNOT_RRTYPE_NS;
	}
	if (count > CUT_NAMES_MAX) {
		return KNOT_ELIMIT;
	}

	packet_rrset_t set;
	int ret = packet_rrset(pkt, section, zone, KNOT_RRTYPE_NS, &set);
	if (ret == KNOT_EOK) {
		*out = set.rrset.rrs;
		knot_rdataset_init(&set.rrset.rrs);
	}
	packet_rrset_clear(&set);
	return ret;
}

static const char *rcode_text(uint16_t rcode)
{
	const knot_lookup_t *text = knot_lookup_by_id(knot_rcode_names, rcode);
	return text != NULL ? text->name : "unknown error";
}

static int read_packet(const knot_dname_t *zone, const knot_pkt_t *pkt, cut_t *out)
{
	const uint16_t rcode = knot_pkt_ext_rcode(pkt);
	const bool authoritative = knot_wire_get_aa(pkt->wire);
	if (rcode != KNOT_RCODE_NOERROR && rcode != KNOT_RCODE_NXDOMAIN) {
		out->said = CUT_ERROR;
		out->error = rcode_text(rcode);
		return KNOT_EOK;
	}

	/*
	 * A server of both zones answers with the child's NS RRset. A referral has nothing in the answer section;
	 * resolvers follow it even if a server sets AA in it.
	 */
	bool answers = knot_pkt_section(pkt, KNOT_ANSWER)->count > 0;
	knot_section_t section = answers ? KNOT_ANSWER : KNOT_AUTHORITY;
	int ret = take_ns(pkt, section, zone, &out->ns);
	if (ret != KNOT_EOK) {
		return ret;
	}
	if (rcode == KNOT_RCODE_NOERROR && out->ns.count > 0 && (!answers || authoritative)) {
		out->said = answers ? CUT_HOSTED : CUT_REFERRAL;
		return add_glue(pkt, out);
	}
	knot_rdataset_clear(&out->ns, NULL);
	out->said = authoritative ? CUT_NONE : CUT_ERROR;
	out->error = authoritative ? NULL : "neither referral nor authoritative answer";
	return KNOT_EOK;
}

int cut_read(const knot_dname_t *zone, const uint8_t *wire, size_t len, cut_t *out)
{
	assert(zone && out);

	memset(out, 0, sizeof(*out));

	knot_pkt_t *pkt = NULL;
	const char *error = packet_open(wire, len, zone, KNOT_RRTYPE_NS, &pkt);
	if (error != NULL) {
		out->said = CUT_ERROR;
		out->error = error;
		return KNOT_EOK;
	}
	int ret = read_packet(zone, pkt, out);
	knot_pkt_free(pkt);
	return ret;
}

void cut_clear(cut_t *delegation)
{
	knot_rdataset_clear(&delegation->ns, NULL);
	free(delegation->glue);
	memset(delegation, 0, sizeof(*delegation));
}
