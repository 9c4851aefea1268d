/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result codes of RFC 5730 3. */

#include <stddef.h>

#include "kskroll/epp.h"

typedef struct {
	unsigned code;
	epp_meaning_t meaning;
	const char *advice;
} code_t;

/* clang-format off */
static const code_t codes[] = {
	{ 1000, EPP_DONE, "The registry has accepted the command. Wait until every server of the parent has the DS." },
	{ 1001, EPP_PENDING, "The registry decides later. Wait for its message in the queue." },
	{ 1300, EPP_DONE, "The queue is empty." },
	{ 1301, EPP_DONE, "The queue has a message. Acknowledge it." },
	{ 1500, EPP_DONE, "The session is closed." },
	{ 2000, EPP_REFUSED, "The server does not have the command. Check that `server` is an EPP server of the registry." },
	{ 2001, EPP_REFUSED, "The server cannot read the command. Report it as a fault, with the server's words." },
	{ 2002, EPP_LATER, "The server does not take the command in this state. The next session logs in again." },
	{ 2003, EPP_REFUSED, "A parameter is missing. Check what the registry requires beyond the standards." },
	{ 2004, EPP_REFUSED, "A value is out of range. Check digest type, algorithm and TTL against the registry's rules." },
	{ 2005, EPP_REFUSED, "The syntax of a value is wrong for this server. Check `interface` of the account." },
	{ 2100, EPP_REFUSED, "The server does not have this version of the protocol. Ask the registry." },
	{ 2101, EPP_REFUSED, "The server does not implement the command. Ask the registry how it takes DS." },
	{ 2102, EPP_REFUSED, "The server does not implement an option. Ask the registry which options of secDNS-1.1 it has." },
	{ 2103, EPP_REFUSED, "The server does not implement an extension. Check `extension` of the account." },
	{ 2104, EPP_REFUSED, "The registry refuses for billing reasons. Check the credit of the account." },
	{ 2105, EPP_REFUSED, "The domain cannot be renewed. Ask the registry." },
	{ 2106, EPP_REFUSED, "The domain cannot be transferred. Ask the registry." },
	{ 2200, EPP_STOP, "The server refuses login or password. Correct them in the file of accounts: further attempts lock the account." },
	{ 2201, EPP_REFUSED, "The account may not do this. Check that this registrar sponsors the domain." },
	{ 2202, EPP_REFUSED, "The authorization of the domain is wrong. Check which registrar sponsors it." },
	{ 2300, EPP_REFUSED, "A transfer of the domain is pending. Wait for its end, or ask the other registrar." },
	{ 2301, EPP_REFUSED, "No transfer of the domain is pending. Ask the registry." },
	{ 2302, EPP_REFUSED, "The registry has such an object already. Check the DS with `kskroll epp check --domain`." },
	{ 2303, EPP_REFUSED, "The registry does not have the domain, or not the DS that is removed. Check name and account." },
	{ 2304, EPP_LOCKED, "A status of the domain forbids updates. Remove clientUpdateProhibited, or ask the registry." },
	{ 2305, EPP_REFUSED, "Another object needs what is removed. Ask the registry." },
	{ 2306, EPP_REFUSED, "The registry's policy forbids the value. Check `interface`, digest type and algorithm." },
	{ 2307, EPP_REFUSED, "The server does not implement this kind of object. Check that the account is for domains." },
	{ 2308, EPP_REFUSED, "The registry's rules for data forbid it. Check how many DS it takes, and that the keys are in the zone." },
	{ 2400, EPP_LATER, "The server has failed. The command is tried again." },
	{ 2500, EPP_LATER, "The server has failed and closed the session. The command is tried again." },
	{ 2501, EPP_STOP, "The server has closed the session after too many failed logins. Correct the password, then ask the registry to unlock the account." },
	{ 2502, EPP_LATER, "The account has too many sessions. Close the sessions of other programs; the command is tried again." },
};
/* clang-format on */

static const code_t *find(unsigned code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code) {
			return &codes[i];
		}
	}
	return NULL;
}

epp_meaning_t epp_meaning(unsigned code)
{
	const code_t *known = find(code);
	if (known != NULL) {
		return known->meaning;
	}
	return code >= 1000 && code < 2000 ? EPP_DONE : EPP_REFUSED;
}

const char *epp_advice(unsigned code)
{
	const code_t *known = find(code);
	if (known != NULL) {
		return known->advice;
	}
	return code >= 1000 && code < 2000 ? "The registry has accepted the command." :
	                                     "The registry refuses the command. Ask it about this code.";
}
