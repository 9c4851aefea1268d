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

/*! Roles from POLICY_QUIET to before this one are made ahead: each new policy makes Knot re-create every zone. */
#define DERIVED_AHEAD POLICY_DELETE

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
 * \param[in] ttl  Seconds; dnskey-ttl of the quiet policy.
 */
void derived_own(policy_role_t role, uint32_t ttl, derived_item_t out[DERIVED_OWN]);

/*! Whether an item of the base policy goes into the derived one as it is. */
bool derived_inherits(policy_role_t role, const char *item);
