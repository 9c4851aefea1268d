/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/derived.h"

/* clang-format off */
/*! Value of cds-cdnskey-publish; the base policy has its own. */
static const char *const publish[POLICY__COUNT] = {
	[POLICY_QUIET]    = "none",
	[POLICY_SIGNAL]   = "rollover",
	[POLICY_ROLLBACK] = "double-ds",
	[POLICY_DELETE]   = "delete-dnssec",
};
/* clang-format on */

void derived_own(policy_role_t role, uint32_t ttl, derived_item_t out[DERIVED_OWN])
{
	assert(role != POLICY_BASE && role < POLICY__COUNT);

	out[0] = (derived_item_t){ .name = "cds-cdnskey-publish" };
	snprintf(out[0].value, sizeof(out[0].value), "%s", publish[role]);
	out[1] = (derived_item_t){ .name = "dnskey-ttl", .number = true };
	snprintf(out[1].value, sizeof(out[1].value), "%u", rollover_policy_ttl(role, ttl));
}

bool derived_inherits(policy_role_t role, const char *item)
{
	if (strcmp(item, "cds-cdnskey-publish") == 0 || strcmp(item, "dnskey-ttl") == 0 ||
	    strcmp(item, "comment") == 0) {
		return false;
	}
	/* Knot refuses ds-push where no CDS is published. */
	return role != POLICY_QUIET || strcmp(item, "ds-push") != 0;
}
