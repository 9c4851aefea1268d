/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Reads zones through a connection.
 */

#pragma once

#include "control.h"

/*! Detail of a check of a zone that knotd has not loaded. */
#define CHECK_NOT_LOADED "the zone is not loaded"

/*! One zone to check. */
typedef struct {
	const char *zone;     /*!< Presentation form. */
	server_check_t check; /*!< Filled; check_clear() frees its sets. */
} check_t;

/*! What `zone-status` says, as far as it matters. */
typedef struct {
	bool answered; /*!< False: an empty answer, knotd was busy. */
	bool loaded;
	uint32_t serial; /*!< Of what is loaded. */
	bool frozen;
	bool transaction;
	bool catalog_member;
	bool secondary;   /*!< It has primaries. */
	char running[20]; /*!< Event that changes the zone now, for which a transaction waits; "": none. */
} zone_status_t;

/*! Collects the units of `zone-status`, a control_unit_f with a zone_status_t. */
void zone_status_unit(const control_unit_t *unit, void *arg);

/*! Checks all zones over one connection. Every check gets a status. */
void check_run(const control_target_t *target, check_t *checks, size_t count);

void check_clear(server_check_t *check);

/*!
 * \brief Where an RRSIG of the apex belongs.
 *
 * \param[in] type  It must cover this type; KNOT_RRTYPE_ANY: any.
 *
 * \return NULL if it is not kept.
 */
knot_rdataset_t *check_signatures(server_check_t *check, uint16_t type, const uint8_t *rdata, size_t len);
