/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Reads one delegation of a zone.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"

/*!
 * \brief Reads a delegation and the status of its zone.
 *
 * \param[in] zone, owner  Presentation form, with the final dot.
 * \param[out] read        Clear its sets, whatever the status is.
 */
void parent_read(const control_target_t *target, const char *zone, const char *owner, parent_read_t *read);
