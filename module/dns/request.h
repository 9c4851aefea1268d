/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A survey's own copy of what it was asked to do.
 */

#pragma once

#include "interpret.h"

typedef struct {
	interpret_zone_t known; /*!< Points into the rest. */
	unsigned ask;
	knot_dname_storage_t zone; /*!< Lower case. */
	dns_key_t keys[ROLLOVER_KEYS_MAX];
	uint8_t *rdata[ROLLOVER_KEYS_MAX];
	knot_rdataset_t dnskey;
	knot_rdataset_t ns;
	dns_addrs_t nameserver;
	dns_addrs_t parent;
} request_t;

/*!
 * \brief Copies a request.
 *
 * \param copy     Zeroed; must not move afterwards. Empty on error.
 * \param request  Original.
 *
 * \return KNOT_EOK, KNOT_EINVAL, KNOT_ENOMEM.
 */
int request_copy(request_t *copy, const survey_request_t *request);

void request_clear(request_t *copy);
