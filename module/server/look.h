/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Reads zones through a connection.
 */

#pragma once

#include "control.h"

/*! Detail of a look at a zone that knotd has not loaded. */
#define LOOK_NOT_LOADED "the zone is not loaded"

/*! One zone to look at. */
typedef struct {
	const char *zone;   /*!< Presentation form. */
	server_look_t look; /*!< Filled; look_clear() frees its sets. */
} look_t;

/*! What `zone-status` says, as far as it matters. */
typedef struct {
	bool answered; /*!< False: an empty answer, knotd was busy. */
	bool loaded;
	bool frozen;
	bool transaction;
	bool catalog_member;
} zone_status_t;

/*! Collects the units of `zone-status`, a control_unit_f with a zone_status_t. */
void zone_status_unit(const control_unit_t *unit, void *arg);

/*! Looks at all zones over one connection. Every look gets a status. */
void look_run(const control_target_t *target, look_t *looks, size_t count);

void look_clear(server_look_t *look);
