/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "handover.h"
#include "kskroll/addr.h"
#include "report_receive.h"
#include "util/notify_in.h"
#include "util/report_in.h"

/*! Most bytes of a frame: two names, an address, two numbers. */
#define FRAME_MAX (WIRE_HEADER + 3 * (4 + 1) + 2 * KNOT_DNAME_TXT_MAXLEN + ADDR_TEXT_MAX + 4)

static handover_t ring;
/*! As those of notifications, but counted apart: neither uses up what the other has. */
static notify_in_limits_t limits;

int report_receive_open(void)
{
	const bool first = !atomic_load(&ring.open);
	const int ret = handover_open(&ring);
	/* A reload must not write what hooks of the former instance read. */
	if (first && ret == KNOT_EOK) {
		limits.seed = handover_seed();
	}
	return ret;
}

/*! Almost no question is one, so what tells most of them apart comes first. */
static bool is_report(const knot_pkt_t *query, report_in_t *out)
{
	const uint8_t *wire = query->wire;

	if (query->size < KNOT_WIRE_HEADER_SIZE || knot_pkt_qtype(query) != KNOT_RRTYPE_TXT ||
	    knot_wire_get_qdcount(wire) != 1 || knot_wire_get_qr(wire) ||
	    knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY || knot_pkt_qclass(query) != KNOT_CLASS_IN) {
		return false;
	}
	const knot_dname_t *name = knot_pkt_qname(query);
	/* Its labels have been checked, so that its size is known. */
	return name != NULL && report_in_read(name, knot_dname_size(name), out);
}

knotd_state_t report_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)answer, (void)mod;
	report_in_t report;
	uint64_t number;

	if (!is_report(qdata->query, &report)) {
		return state;
	}
	const struct sockaddr_storage *source = knotd_qdata_remote_addr(qdata);
	handed_t *place =
		notify_in_take(&limits, source, report.name, handover_now()) ? handover_claim(&ring, &number) : NULL;
	if (place == NULL) {
		handover_ignore(&ring);
		return state;
	}
	memcpy(place->name, report.name, knot_dname_size(report.name));
	memcpy(place->agent, report.agent, knot_dname_size(report.agent));
	place->source = *source;
	place->type = report.type;
	place->ede = report.ede;
	handover_put(place, number);
	return state;
}

static bool write_frame(const handed_t *place, wire_out_t *out)
{
	knot_dname_txt_storage_t name, agent;
	char source[ADDR_TEXT_MAX];

	(void)knot_dname_to_str(name, place->name, sizeof(name));
	(void)knot_dname_to_str(agent, place->agent, sizeof(agent));
	addr_to_text(&place->source, source);
	const wire_reported_t reported = {
		.name = name, .agent = agent, .source = source, .type = place->type, .ede = place->ede
	};
	return wire_put_reported(out, &reported);
}

void report_receive_fill(wire_out_t *out)
{
	const handed_t *place;

	while (out->size - out->len >= FRAME_MAX && (place = handover_next(&ring)) != NULL && write_frame(place, out)) {
		handover_done(&ring);
	}
}

uint64_t report_receive_ignored(void)
{
	return handover_ignored(&ring);
}
