/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Lists the delegations of a zone.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"

/*!
 * \brief Calls back every delegation of the zone, in canonical order, from one version of it.
 *
 * The answer is read as it comes, and no more than one delegation is in memory. While it is read, knotd keeps that
 * version of the zone: a callback must not wait. Names below another delegation (RFC 2181 6.1) are left out.
 *
 * \param[in] zone  Presentation form.
 */
parent_list_t parent_list(const control_target_t *target, const char *zone, parent_delegation_f each, void *arg);
