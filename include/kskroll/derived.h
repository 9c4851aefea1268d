/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a derived policy is: its base, but for what makes its role. kskrolld creates them so, and the command
 * line prints them so.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kskroll/rollover.h"

/*! Roles of derived policies: from POLICY_LOW_TTL to before this one. */
#define DERIVED_END POLICY_FORMER

/*! Items that a derived policy has of its own. */
#define DERIVED_OWN 2

typedef struct {
	const char *name;
	char value[16];
	bool number;
} derived_item_t;

/*!
 * \brief The items that make the role: cds-cdnskey-publish and dnskey-ttl.
 *
 * \param[in] ttl  Seconds; the DNSKEY TTL around a change.
 */
void derived_own(policy_role_t role, uint32_t ttl, derived_item_t out[DERIVED_OWN]);

/*! Whether an item of the base policy goes into the derived one as it is. */
bool derived_inherits(const char *item);
