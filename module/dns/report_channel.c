/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "report_channel.h"

/*! Report-Channel; not in all versions of libknot. */
#define OPTION_REPORT_CHANNEL 18

void report_channel_read(const knot_pkt_t *pkt, char *agent, size_t size)
{
	if (pkt == NULL || pkt->opt_rr == NULL || pkt->opt_rr->rrs.count == 0) {
		return;
	}
	const knot_rdata_t *rdata = pkt->opt_rr->rrs.rdata;
	const uint8_t *end = rdata->data + rdata->len;
	uint8_t *option = knot_edns_get_option(pkt->opt_rr, OPTION_REPORT_CHANNEL, NULL);
	if (option == NULL || (size_t)(end - option) < KNOT_EDNS_OPTION_HDRLEN) {
		return;
	}
	const size_t room = end - option - KNOT_EDNS_OPTION_HDRLEN, len = knot_edns_opt_get_length(option);
	const uint8_t *name = knot_edns_opt_get_data(option);
	knot_dname_storage_t domain;
	knot_dname_txt_storage_t text;
	/* Uncompressed, and all of the option; a name of one octet is the root. */
	if (len > room || len <= 1 || knot_dname_wire_check(name, name + len, NULL) != (int)len) {
		return;
	}
	knot_dname_copy_lower(domain, name);
	/* One that is longer as text, by its escapes, is not worth a report. */
	if (knot_dname_to_str(text, domain, sizeof(text)) != NULL && strlen(text) < size) {
		snprintf(agent, size, "%s", text);
	}
}
