/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for outcomes. The module in knotd has them in its statistics, and nothing else of this folder. */

#include "kskroll/settings.h"

static const struct {
	const char *name;
	const char *meaning;
	/* clang-format off */
} STATUS[] = {
	[NOTIFY_ACKNOWLEDGED] = { "acknowledged",
		"The parent's target has acknowledged the notification." },
	[NOTIFY_NO_DSYNC] = { "no-dsync",
		"The parent does not publish where to notify it about CDS." },
	[NOTIFY_LOOKUP_FAILED] = { "lookup-failed",
		"Whether the parent has DSYNC could not be looked up or did not validate." },
	[NOTIFY_INSECURE_DSYNC] = { "insecure-dsync",
		"The parent's DSYNC is not signed and a signed one is required." },
	[NOTIFY_UNRESOLVABLE] = { "target-unresolvable",
		"The parent's target has no address that can be used." },
	[NOTIFY_NO_RESPONSE] = { "no-response",
		"No address of the parent's target has answered." },
	[NOTIFY_REFUSED] = { "refused",
		"The parent's target has answered with an error." },
	[NOTIFY_CANCELLED] = { "cancelled",
		"The notification was ended from here." },
};
/* clang-format on */

const char *notify_status_name(notify_status_t status)
{
	return (unsigned)status < NOTIFY__COUNT ? STATUS[status].name : "unknown";
}

const char *notify_status_meaning(notify_status_t status)
{
	return (unsigned)status < NOTIFY__COUNT ? STATUS[status].meaning : "unknown";
}
