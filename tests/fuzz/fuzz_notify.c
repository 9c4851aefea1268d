/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What anybody sends to notify-listen, as a whole message: a reply is one that libknot reads, and hardly longer.
 *        The same bytes as the name of an error report: whatever is read is two names.
 */

#include <string.h>

#include "fuzz.h"
#include "notify_reply.h"
#include "util/report_in.h"

static void read_report(const uint8_t *data, size_t size)
{
	report_in_t report;

	if (report_in_read(data, size, &report)) {
		const int name = knot_dname_wire_check(report.name, report.name + sizeof(report.name), NULL);
		const int agent = knot_dname_wire_check(report.agent, report.agent + sizeof(report.agent), NULL);
		require(name > 1 && agent > 1 && (size_t)(name + agent) <= size);
		require(report_in_is_agent(report.agent));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	notify_reply_t read;
	uint8_t out[NOTIFY_REPLY_MAX];

	read_report(data, size);
	if (!notify_reply_read(data, size, &read)) {
		return 0;
	}
	require(read.is_one == (read.rcode == KNOT_RCODE_NOERROR));
	if (read.is_one) {
		require(read.child[0] != '\0' &&
		        knot_dname_wire_check(read.child, read.child + sizeof(read.child), NULL) > 1);
		require(knot_dname_wire_check(read.agent, read.agent + sizeof(read.agent), NULL) > 0);
	}
	const size_t len = notify_reply_write(&read, data, read.is_one ? KNOT_EDNS_EDE_BLOCKED : -1, out);
	require(len <= sizeof(out) && len <= size + 6 && knot_wire_get_qr(out));
	require(memcmp(out, data, 2) == 0);
	knot_pkt_t *pkt = knot_pkt_new(out, len, NULL);
	if (pkt != NULL) {
		require(knot_pkt_parse(pkt, KNOT_PF_KEEPWIRE) == KNOT_EOK);
		require(knot_pkt_ext_rcode(pkt) == (read.edns ? read.rcode : (read.rcode & 0xf)));
		knot_pkt_free(pkt);
	}
	return 0;
}
