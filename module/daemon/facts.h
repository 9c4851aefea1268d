/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief From what the server and the world answered to the facts that a decision is made of.
 */

#pragma once

#include <libknot/libknot.h>

#include "forward.h"
#include "kskroll/dns.h"
#include "kskroll/server.h"

/*! Facts of one check, with what they point to. */
typedef struct {
	rollover_facts_t facts;
	dns_key_t keys[ROLLOVER_KEYS_MAX];
	unsigned own_key_count;
	survey_result_t *survey;
	knot_rdataset_t dnskey;
	knot_rdataset_t ns;
	knot_rdataset_t cds;
	knot_rdataset_t cdnskey;
} gathered_t;

/*! What the own zone says. \return NULL if there is no memory. */
gathered_t *facts_new(const zone_t *zone, const server_check_t *check);
/*! NULL is allowed. */
void facts_free(gathered_t *gathered);
/*! Takes a survey over; unreachable servers get the time since when from the store. */
void facts_add_survey(gathered_t *gathered, zone_t *zone, survey_result_t *survey);
