/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/knot.h"
#include "packet.h"
#include "validator.h"

/*!
 * DNSKEY comes first: a resolver that cannot get it at all, even unchecked, cannot say
 * anything about the signatures on the rest.
 */
typedef enum {
	STEP_DNSKEY,
	STEP_SOA,
	STEP_ABSENT,
	STEP_PARENT, /*!< After a failure: does the parent zone validate? */
} step_t;

struct validator {
	ask_t *ask;
	struct sockaddr_storage addr;
	const knot_dname_t *zone;
	const knot_dname_t *absent;
	ask_job_t *job;
	step_t step;
	bool dnskey_only;
	bool unchecked;                /*!< The step once more, with CD. */
	const knot_dname_t *candidate; /*!< For the parent: a suffix of the zone. */
	char failure[120];             /*!< The SERVFAIL that is being checked. */
	validator_done_f done;
	void *arg;
};

/* clang-format off */
static const char *const STEP_NAMES[] = {
	[STEP_DNSKEY] = "DNSKEY",
	[STEP_SOA] = "SOA",
	[STEP_ABSENT] = "nonexistent name",
	[STEP_PARENT] = "SOA of the parent",
};
/* clang-format on */

static void go_on(validator_t *validator);

static const knot_dname_t *step_name(const validator_t *validator)
{
	return validator->step == STEP_PARENT ? validator->candidate :
	       validator->step == STEP_ABSENT ? validator->absent :
	                                        validator->zone;
}

static uint16_t step_type(const validator_t *validator)
{
	/* CNAME is never followed: a wildcard must not lead into another zone. */
	return validator->step == STEP_DNSKEY ? KNOT_RRTYPE_DNSKEY :
	       validator->step == STEP_ABSENT ? KNOT_RRTYPE_CNAME :
	                                        KNOT_RRTYPE_SOA;
}

static void finish(validator_t *validator, verdict_t verdict, const char *reason)
{
	char text[160];
	snprintf(text, sizeof(text), "%s: %.120s", STEP_NAMES[validator->step], reason);
	validator->done(verdict, text, validator->arg);
}

/*! RFC 8914: the first extended error, as ", EDE 9 (DNSKEY Missing): text"; "" without. */
static void ede_text(const knot_pkt_t *pkt, char *out, size_t size)
{
	out[0] = '\0';
	if (pkt->opt_rr == NULL || pkt->opt_rr->rrs.count == 0) {
		return;
	}

	const knot_rdata_t *rdata = pkt->opt_rr->rrs.rdata;
	uint8_t *option = knot_edns_get_option(pkt->opt_rr, KNOT_EDNS_OPTION_EDE, NULL);
	if (option == NULL) {
		return;
	}
	size_t room = rdata->data + rdata->len - option;
	if (room < KNOT_EDNS_OPTION_HDRLEN + sizeof(uint16_t) ||
	    knot_edns_opt_get_length(option) > room - KNOT_EDNS_OPTION_HDRLEN ||
	    knot_edns_opt_get_length(option) < sizeof(uint16_t)) {
		return;
	}

	const uint8_t *data = knot_edns_opt_get_data(option);
	uint16_t code = knot_wire_read_u16(data);
	size_t len = knot_edns_opt_get_length(option) - sizeof(uint16_t);
	char extra[64] = "";
	for (size_t i = 0; i < len && i < sizeof(extra) - 1 && data[2 + i] != '\0'; i++) {
		extra[i] = isprint(data[2 + i]) ? data[2 + i] : '?';
		extra[i + 1] = '\0';
	}

	const knot_lookup_t *name = knot_lookup_by_id(knot_edns_ede_names, code);
	snprintf(out, size, ", EDE %u (%s)%s%s", code, name != NULL ? name->name : "unknown",
	         extra[0] != '\0' ? ": " : "", extra);
}

static bool has_answer(const validator_t *validator, const knot_pkt_t *pkt)
{
	packet_rrset_t set;
	bool has = packet_rrset(pkt, KNOT_ANSWER, step_name(validator), step_type(validator), &set) == KNOT_EOK &&
	           set.rrset.rrs.count > 0;
	packet_rrset_clear(&set);
	return has;
}

/*! SERVFAIL with CD=0 was the answer before. */
static void take_unchecked(validator_t *validator, uint16_t rcode)
{
	if (rcode != KNOT_RCODE_NOERROR && rcode != KNOT_RCODE_NXDOMAIN) {
		char reason[sizeof(validator->failure) + 32];
		snprintf(reason, sizeof(reason), "%s, without validation too", validator->failure);
		finish(validator, VERDICT_NONE, reason);
		return;
	}

	/* The data is there, validation refuses it. Because of this zone? */
	char failure[sizeof(validator->failure)];
	snprintf(failure, sizeof(failure), "%s: %.100s", STEP_NAMES[validator->step], validator->failure);
	memcpy(validator->failure, failure, sizeof(failure));
	validator->step = STEP_PARENT;
	validator->unchecked = false;
	validator->candidate = knot_dname_next_label(validator->zone);
	go_on(validator);
}

static void take_parent(validator_t *validator, const knot_pkt_t *pkt, uint16_t rcode)
{
	bool exists = rcode == KNOT_RCODE_NOERROR || rcode == KNOT_RCODE_NXDOMAIN;
	if (exists && has_answer(validator, pkt)) {
		if (knot_wire_get_ad(pkt->wire)) {
			validator->done(VERDICT_FAILING, validator->failure, validator->arg);
		} else {
			finish(validator, VERDICT_PARENT, "not validated");
		}
	} else if (exists && *validator->candidate != '\0') {
		validator->candidate = knot_dname_next_label(validator->candidate);
		go_on(validator);
	} else {
		finish(validator, VERDICT_PARENT, knot_pkt_ext_rcode_name(pkt));
	}
}

static void take_answer(validator_t *validator, const knot_pkt_t *pkt, uint16_t rcode)
{
	bool absent = validator->step == STEP_ABSENT;
	if (rcode == KNOT_RCODE_SERVFAIL) {
		char ede[sizeof(validator->failure) - 8];
		ede_text(pkt, ede, sizeof(ede));
		snprintf(validator->failure, sizeof(validator->failure), "SERVFAIL%.110s", ede);
		validator->unchecked = true;
		go_on(validator);
	} else if (rcode != KNOT_RCODE_NOERROR && !(absent && rcode == KNOT_RCODE_NXDOMAIN)) {
		finish(validator, VERDICT_NONE, knot_pkt_ext_rcode_name(pkt));
	} else if (!absent && !has_answer(validator, pkt)) {
		finish(validator, VERDICT_NONE, "no such record");
	} else if (!absent && !knot_wire_get_ad(pkt->wire)) {
		/* No validator, or one that is configured not to check this zone. */
		finish(validator, VERDICT_NONE, "answered without validation");
	} else if (absent || validator->dnskey_only || (validator->step == STEP_SOA && validator->absent == NULL)) {
		/* AD is missing with opt-out, RFC 5155 9.2. */
		validator->done(VERDICT_GOOD, "", validator->arg);
	} else {
		validator->step++;
		go_on(validator);
	}
}

static void on_reply(const ask_reply_t *reply, void *arg)
{
	validator_t *validator = arg;
	validator->job = NULL;

	knot_pkt_t *pkt = NULL;
	const char *error = reply->answered == 1 ? packet_open(reply->answer[0].wire, reply->answer[0].len,
	                                                       step_name(validator), step_type(validator), &pkt) :
	                    reply->error != NULL ? reply->error :
	                                           "no answer";
	if (error != NULL) {
		finish(validator, VERDICT_NONE, error);
		return;
	}

	uint16_t rcode = knot_pkt_ext_rcode(pkt);
	if (validator->step == STEP_PARENT) {
		take_parent(validator, pkt, rcode);
	} else if (validator->unchecked) {
		take_unchecked(validator, rcode);
	} else {
		take_answer(validator, pkt, rcode);
	}
	knot_pkt_free(pkt);
}

static void go_on(validator_t *validator)
{
	validator->job = ask_resolver(validator->ask, &validator->addr, step_name(validator), step_type(validator),
	                              validator->unchecked, on_reply, validator);
	if (validator->job == NULL) {
		finish(validator, VERDICT_NONE, "out of memory");
	}
}

validator_t *validator_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *zone,
                             const knot_dname_t *absent, validator_done_f done, void *arg)
{
	assert(ask && addr && zone && *zone != '\0' && done);

	validator_t *validator = calloc(1, sizeof(*validator));
	if (validator == NULL) {
		return NULL;
	}
	*validator = (validator_t){
		.ask = ask,
		.addr = *addr,
		.zone = zone,
		.absent = absent,
		.step = STEP_DNSKEY,
		.done = done,
		.arg = arg,
	};
	validator->job = ask_resolver(ask, addr, zone, KNOT_RRTYPE_DNSKEY, false, on_reply, validator);
	if (validator->job == NULL) {
		free(validator);
		return NULL;
	}
	return validator;
}

void validator_dnskey_only(validator_t *validator)
{
	assert(validator && validator->step == STEP_DNSKEY);

	validator->dnskey_only = true;
}

void validator_free(validator_t *validator)
{
	if (validator != NULL) {
		ask_cancel(validator->job);
		free(validator);
	}
}
