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
		"The lookup of the parent's DSYNC failed or did not validate." },
	[NOTIFY_INSECURE_DSYNC] = { "insecure-dsync",
		"The parent's DSYNC is not signed and a signed one is required." },
	[NOTIFY_UNRESOLVABLE] = { "target-unresolvable",
		"The parent's target has no address that can be used." },
	[NOTIFY_NO_RESPONSE] = { "no-response",
		"No address of the parent's target has answered." },
	[NOTIFY_REFUSED] = { "refused",
		"The parent's target has answered with an error." },
	[NOTIFY_CANCELLED] = { "cancelled",
		"The module has ended the notification." },
	[NOTIFY_UPDATED] = { "updated",
		"The primary of the parent has made the DNS UPDATE." },
	[NOTIFY_UPDATE_REFUSED] = { "update-refused",
		"The primary of the parent refuses the DNS UPDATE." },
	[NOTIFY_UPDATE_DIFFERS] = { "update-differs",
		"The primary of the parent has another NS or DS RRset than the servers of the parent." },
	[NOTIFY_UPDATE_UNSENT] = { "update-unsent",
		"No DNS UPDATE was sent to the primary of the parent." },
	[NOTIFY_UPDATE_LOST] = { "update-lost",
		"The primary of the parent has not answered a DNS UPDATE that was sent." },
	[NOTIFY_MANUAL] = { "manual",
		"The operator brings the DS to the parent." },
	[NOTIFY_EPP_SUBMITTED] = { "epp-submitted",
		"The registry of the parent has accepted the DS." },
	[NOTIFY_EPP_PENDING] = { "epp-pending",
		"The registry of the parent decides later about the DS." },
	[NOTIFY_EPP_REFUSED] = { "epp-refused",
		"The registry of the parent refuses the DS." },
	[NOTIFY_EPP_LOCKED] = { "epp-locked",
		"A status of the domain at the registry of the parent forbids changes." },
	[NOTIFY_EPP_DIFFERS] = { "epp-differs",
		"The registry of the parent has another DS than the servers of the parent." },
	[NOTIFY_EPP_UNSENT] = { "epp-unsent",
		"No DS was sent to the registry of the parent." },
	[NOTIFY_EPP_LOST] = { "epp-lost",
		"The registry of the parent has not answered an update that was sent." },
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
