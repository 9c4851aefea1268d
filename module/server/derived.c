/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "kskroll/derived.h"

/* clang-format off */
/*! Value of cds-cdnskey-publish; the base policy has its own. */
static const char *const publish[DERIVED_END] = {
	[POLICY_LOW_TTL] = "rollover",
	[POLICY_DELETE]  = "delete-dnssec",
};
/* clang-format on */

void derived_own(policy_role_t role, uint32_t ttl, derived_item_t out[DERIVED_OWN])
{
	assert(role == POLICY_LOW_TTL || role == POLICY_DELETE);

	out[0] = (derived_item_t){ .name = "cds-cdnskey-publish" };
	snprintf(out[0].value, sizeof(out[0].value), "%s", publish[role]);
	out[1] = (derived_item_t){ .name = "dnskey-ttl", .number = true };
	snprintf(out[1].value, sizeof(out[1].value), "%u", rollover_policy_ttl(role, ttl));
}

bool derived_inherits(const char *item)
{
	return strcmp(item, "cds-cdnskey-publish") != 0 && strcmp(item, "dnskey-ttl") != 0 &&
	       strcmp(item, "comment") != 0;
}
