/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "first_ds.h"
#include "outlook.h"

/*! The records of a signaling name as a signal. Those without any are NODATA. */
static signal_t cds_of(const delegation_signaling_t *s)
{
	return signals_cds(&s->cds, s->cds.count > 0 || s->cds.excess);
}

static signal_t cdnskey_of(const delegation_facts_t *facts, const delegation_signaling_t *s)
{
	return signals_cdnskey(facts, s->cdnskey, s->cdnskey_deletes, false, s->cdnskey_excess,
	                       s->cdnskey != 0 || s->cdnskey_deletes || s->cdnskey_excess);
}

bool first_ds_confirmed(const delegation_facts_t *facts, const signals_t *signals, delegation_verdict_t *out)
{
	bool confirmed = false;

	for (size_t i = 0; i < facts->signaling_count; i++) {
		const delegation_signaling_t *s = &facts->signaling[i];
		if (s->status == DELEGATION_SIGNALING_INSIDE) {
			continue;
		}
		if (s->status != DELEGATION_SIGNALING_OK) {
			return verdict_reject(out, DELEGATION_GATE_SIGNALING_FAILED, s->nameserver, s->detail);
		}
		const signal_t cds = cds_of(s), cdnskey = cdnskey_of(facts, s);
		if (!signals_equal(&cds, &signals->cds) || !signals_equal(&cdnskey, &signals->cdnskey)) {
			return verdict_reject(out, DELEGATION_GATE_SIGNALING_DIFFERS, s->nameserver,
			                      signals_equal(&cds, &signals->cds) ? "CDNSKEY" : "CDS");
		}
		confirmed = true;
	}
	return confirmed || verdict_reject(out, DELEGATION_GATE_NO_SIGNALING, "", "");
}
