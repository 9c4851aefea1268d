/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Whether knotd keeps DS sets that the zone file does not have.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"
#include "policy.h"
#include "reread.h"

/*! What a zone, or a template, says of it. */
typedef struct {
	bool answered;
	bool secondary; /*!< It has primaries. */
	bool skips;     /*!< zonefile-skip is set. */
	bool skips_ds;  /*!< It names DS. */
	reread_t file;
	char template[POLICY_NAME_MAX]; /*!< Of a zone. */
} load_items_t;

/*! Judges a zone: class, skips_ds and detail. What was measured is in docs/knot-behaviour.rst ("A parent zone and its
 * file"). */
void parent_load_judge(const load_items_t *zone, const load_items_t *template, parent_load_t *load);

/*!
 * \brief Reads the load class from the configuration in force.
 *
 * \param[in] zone  Presentation form, with the final dot. A zone without a section of its own (catalog member) has the
 * template of its catalog, which the configuration does not name for it: SERVER_REFUSED.
 */
parent_load_t parent_load_class(const control_target_t *target, const char *zone);

/*!
 * \brief Whether knotd takes DS from a file that the zone file includes.
 *
 * It has to read the file again although the serial there is the same, and must never write the zone file, which would
 * have all records and no $INCLUDE.
 *
 * \param[out] load  SERVER_OK, SERVER_REFUSED with the items and what to set, or why they could not be read.
 */
void parent_load_include(control_t *control, const char *zone, parent_load_t *load);
