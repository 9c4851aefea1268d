/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <stddef.h>

#include "kskroll/ede_names.h"

static const struct {
	const char *name;
	const char *meaning;
	/* clang-format off */
} CODES[] = {
	[0] = { "Other Error",
		"An error without a code of its own. A parental agent means signals that it does not follow." },
	[1] = { "Unsupported DNSKEY Algorithm", "The algorithms of the keys are not supported." },
	[2] = { "Unsupported DS Digest Type", "The digest types of the DS are not supported." },
	[3] = { "Stale Answer", "The nameservers were not reached, and an old answer was used." },
	[4] = { "Forged Answer", "The answer was replaced by policy." },
	[5] = { "DNSSEC Indeterminate", "It cannot be found out whether the answer must be signed." },
	[6] = { "DNSSEC Bogus", "Validation failed." },
	[7] = { "Signature Expired", "The signatures have expired." },
	[8] = { "Signature Not Yet Valid", "The signatures are not valid yet." },
	[9] = { "DNSKEY Missing", "No key in DNSKEY matches a DS." },
	[10] = { "RRSIGs Missing", "Signatures are missing." },
	[11] = { "No Zone Key Bit Set", "No key in DNSKEY is a zone key." },
	[12] = { "NSEC Missing", "A proof that something does not exist is missing." },
	[13] = { "Cached Error", "An error from before was used." },
	[14] = { "Not Ready", "The sender was not ready to answer." },
	[15] = { "Blocked", "The sender blocks the question by its own policy." },
	[16] = { "Censored", "The sender must block the answer." },
	[17] = { "Filtered", "The answer is filtered on request." },
	[18] = { "Prohibited", "The sender does not serve who has asked." },
	[19] = { "Stale NXDOMAIN Answer", "The nameservers were not reached, and an old denial was used." },
	[20] = { "Not Authoritative", "A nameserver does not serve the zone." },
	[21] = { "Not Supported", "The operation is not supported." },
	[22] = { "No Reachable Authority", "No nameserver answers." },
	[23] = { "Network Error", "A nameserver was not reached, because of the network." },
	[24] = { "Invalid Data", "The data are invalid, or nameservers contradict one another." },
	[25] = { "Signature Expired before Valid", "Signatures end before they begin." },
	[26] = { "Too Early", "The question came too early to be answered (RFC 9250)." },
	[27] = { "Unsupported NSEC3 Iterations Value", "NSEC3 has more iterations than the sender takes (RFC 9276)." },
	[28] = { "Unable to conform to policy", "The sender cannot do what its policy asks for." },
	[29] = { "Synthesized", "The answer was made from other data." },
	[30] = { "Invalid Query Type", "The type of the question is invalid." },
};
/* clang-format on */

const char *ede_name(uint16_t code)
{
	return code < sizeof(CODES) / sizeof(CODES[0]) ? CODES[code].name : "unknown";
}

const char *ede_meaning(uint16_t code)
{
	return code < sizeof(CODES) / sizeof(CODES[0]) ? CODES[code].meaning :
	                                                 "The registry of extended DNS errors had no such code.";
}
