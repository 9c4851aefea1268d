/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of profiles, faults and commands.
 */

#include "sim_world.h"

const char *const profile_names[PROFILE__COUNT] = {
	"cooperative", "faulty", "stuck", "operator", "crash", "mixed", "dead",
};

const char *const fault_names[FAULT__COUNT] = {
	"down",
	"not reached from here",
	"SERVFAIL",
	"stuck",
	"serves an older version",
	"no signatures",
	"no signature of the newest KSK",
	"foreign KSK",
	"higher TTL",
	"answers forged in its name",
	"stuck, with RRSIGs added on the way here",
	"control socket silent",
	"configuration transaction open",
	"keymgr cannot be run",
	"zone transaction open",
	"store not writable",
	"discovery fails",
	"parent insecure",
	"validation fails everywhere",
	"network of the module's host down",
	"DS changed by hand",
};

const char *const command_names[COMMAND__COUNT] = {
	"zone-key-rollover",
	"zone-ksk-submitted",
	"zone-freeze",
	"zone-thaw",
	"hold on",
	"hold off",
	"dry-run on",
	"dry-run off",
	"sets the DS of the newest KSK",
	"sets the DS of all KSKs",
	"sets the DS of the oldest KSK",
	"adds a DS of no key",
	"removes the DS of no key",
	"changes the DS TTL",
	"keymgr generate",
	"keymgr delete of the KSK too many",
	"keymgr delete of the new KSK",
	"reload",
	"loses the store",
	"the module dies",
	"changes the algorithm of the policy",
	"go-insecure",
	"no go-insecure",
	"removes the DS",
	"zone-restore +kaspdb",
	"zone-backup +kaspdb",
	"keymgr set of the newest KSK: ready",
	"keymgr set of the newest KSK: active",
	"keymgr delete of the KSK that is older",
	"keymgr set of the oldest KSK: removed",
	"changes zone-max-ttl",
	"changes the algorithm of the policy back",
	"gives the new algorithm up",
	"removes the keys of the new algorithm",
	"keymgr delete of the KSK, or hides the ZSK, that keeps Knot from signing",
	"begins with lower serials",
};
