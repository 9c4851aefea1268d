/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stdio.h>
#include <string.h>

#include "asker.h"
#include "put.h"
#include "kskroll/child_survey.h"

/*! First and last label of what is prepended to the agent domain (RFC 9567 6.1.1). */
static const uint8_t er_label[] = "\x03_er";
#define ER_LEN 4

static void put_number(out_t *out, uint16_t number)
{
	char label[8];
	const int len = snprintf(label + 1, sizeof(label) - 1, "%u", number);

	label[0] = (char)len;
	put(out, label, 1 + (size_t)len);
}

bool error_report_name(const knot_dname_t *name, uint16_t type, uint16_t ede, const knot_dname_t *agent,
                       knot_dname_storage_t report)
{
	out_t out = { .at = report, .left = KNOT_DNAME_MAXLEN };

	if (agent[0] == '\0') {
		return false;
	}
	put(&out, er_label, ER_LEN);
	put_number(&out, type);
	put(&out, name, knot_dname_size(name) - 1);
	put_number(&out, ede);
	put(&out, er_label, ER_LEN);
	put(&out, agent, knot_dname_size(agent));
	return !out.full;
}

bool error_report_allowed(const knot_dname_t *agent, const knot_rdataset_t *ns)
{
	const knot_rdata_t *rdata = ns->rdata;
	knot_dname_storage_t host;

	for (unsigned i = 0; i < ns->count; i++, rdata = knot_rdataset_next((knot_rdata_t *)rdata)) {
		knot_dname_copy_lower(host, rdata->data);
		if (agent[0] != '\0' && knot_dname_in_bailiwick(agent, host) >= 0) {
			return true;
		}
	}
	return false;
}

/*! The report is the question (RFC 9567 6.1). */
static void on_answer(const lookup_result_t *result, void *arg)
{
	(void)result, (void)arg;
}

bool error_report_send(dns_t *dns, const knot_dname_t *report)
{
	return resolve_start(dns->resolve, report, KNOT_RRTYPE_TXT, on_answer, NULL) != NULL;
}
