/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "handover.h"
#include "kskroll/addr.h"
#include "notify_receive.h"
#include "util/notify_in.h"

/*! Most bytes of a frame: two names and an address. */
#define FRAME_MAX (WIRE_HEADER + 3 * (4 + 1) + 2 * KNOT_DNAME_TXT_MAXLEN + ADDR_TEXT_MAX)

static handover_t ring;
static notify_in_limits_t limits;

int notify_receive_open(void)
{
	const bool first = !atomic_load(&ring.open);
	const int ret = handover_open(&ring);
	/* A reload must not write what hooks of the former instance read. */
	if (first && ret == KNOT_EOK) {
		limits.seed = handover_seed();
	}
	return ret;
}

/*! \return False: there is no room. */
static bool put(const knot_pkt_t *query, const struct sockaddr_storage *source)
{
	uint64_t number;

	handed_t *place = handover_claim(&ring, &number);
	if (place == NULL) {
		return false;
	}
	const knot_dname_t *child = knot_pkt_qname(query);
	memcpy(place->name, child, knot_dname_size(child));
	place->source = *source;
	if (notify_in_agent(query, place->agent) == 0) {
		place->agent[0] = '\0';
	}
	handover_put(place, number);
	return true;
}

/*! Another module has done it. The state before an answer has no name in knot/module.h. */
static bool is_answered(knotd_state_t state)
{
	return state == KNOTD_STATE_NOOP || state == KNOTD_STATE_DONE || state == KNOTD_STATE_FAIL ||
	       state == KNOTD_STATE_FINAL;
}

knotd_state_t notify_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	(void)mod;
	if (is_answered(state) || !notify_in_is(qdata->query)) {
		return state;
	}
	const struct sockaddr_storage *source = knotd_qdata_remote_addr(qdata);
	if (!notify_in_take(&limits, source, knot_pkt_qname(qdata->query), handover_now())) {
		/* Acknowledged all the same, or it would be repeated; the sender reads why it has no effect. */
		qdata->rcode_ede = KNOT_EDNS_EDE_BLOCKED;
		handover_ignore(&ring);
	} else if (!put(qdata->query, source)) {
		/* Not answered, so that it is repeated: kskrolld does not read at the moment. */
		handover_ignore(&ring);
		return KNOTD_STATE_NOOP;
	}
	knot_wire_set_aa(answer->wire);
	return KNOTD_STATE_DONE;
}

/* The other side. */

static bool write_frame(const handed_t *place, wire_out_t *out)
{
	knot_dname_txt_storage_t child, agent = "";
	knot_dname_storage_t lower;
	char source[ADDR_TEXT_MAX];

	if (place->agent[0] != '\0') {
		knot_dname_copy_lower(lower, place->agent);
		(void)knot_dname_to_str(agent, lower, sizeof(agent));
	}
	(void)knot_dname_to_str(child, place->name, sizeof(child));
	addr_to_text(&place->source, source);
	const wire_notified_t notified = { .child = child, .source = source, .report_agent = agent };
	return wire_put_notified(out, &notified);
}

void notify_receive_fill(wire_out_t *out)
{
	const handed_t *place;

	while (out->size - out->len >= FRAME_MAX && (place = handover_next(&ring)) != NULL && write_frame(place, out)) {
		handover_done(&ring);
	}
}

uint64_t notify_receive_ignored(void)
{
	return handover_ignored(&ring);
}
