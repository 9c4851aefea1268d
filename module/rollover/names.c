/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words that operators see, and the traits of states and gates. Log, statistics, command line and documentation
 * all take them from here, so that a code found in one place is found in the others.
 */

#include "kskroll/rollover.h"

/* clang-format off */
static const rollover_state_info_t states[ROLLOVER_STATE__COUNT] = {
	[ROLLOVER_IDLE] = { "idle", "no rollover is in progress",
		.ttl = TTL_BASE, .rest = true, .unsignalled = true, .asks_operator = true, .scheme = SCHEME_OF_POLICY },
	[ROLLOVER_PREPARE] = { "prepare", "the DNSKEY TTL is lowered, and the old TTL must expire from caches",
		.ttl = TTL_FALLING, .switches = true, .scheme = SCHEME_OF_POLICY },
	[ROLLOVER_INTRODUCE] = { "introduce", "the new KSK is published and must reach every nameserver and cache",
		.ttl = TTL_FALLING, .waits_dnskey = true, .given_up = true },
	[ROLLOVER_SIGNAL] = { "signal", "CDS and CDNSKEY are published and must reach every nameserver",
		.ds = DS_NEW, .ttl = TTL_LOW },
	[ROLLOVER_AWAIT_DS] = { "await-ds", "the parent must replace the DS on all its servers",
		.ds = DS_NEW, .ttl = TTL_LOW, .parent_acts = true, .own_check = true },
	[ROLLOVER_WITHDRAW] = { "withdraw", "the parent has replaced the DS, and CDS and CDNSKEY must disappear from every nameserver",
		.ds = DS_NEW, .ttl = TTL_LOW, .swapped = true, .waits_dnskey = true },
	[ROLLOVER_OBSERVE] = { "observe", "the old DS expires from caches while validation is watched",
		.ds = DS_NEW, .ttl = TTL_LOW, .unsignalled = true, .swapped = true },
	[ROLLOVER_RETIRE] = { "retire", "the old KSK must disappear from every nameserver and cache",
		.ds = DS_NEW, .ttl = TTL_LOW, .unsignalled = true, .swapped = true,
		.waits_dnskey = true, .own_check = true },
	[ROLLOVER_SETTLE] = { "settle", "the TTL stays low for some days, then the base policy returns",
		.ttl = TTL_ANY, .rest = true, .unsignalled = true, .swapped = true },
	[ROLLOVER_ROLLBACK] = { "rollback", "the parent is asked to restore the DS of the old KSK",
		.ttl = TTL_ANY, .repairs = true },
	[ROLLOVER_ROLLED_BACK] = { "rolled-back", "the rollback is complete, and the zone waits for the operator's decision",
		.ttl = TTL_ANY, .repairs = true, .asks_operator = true, .given_up = true },
	[ROLLOVER_REMOVE_DS] = { "remove-ds", "the delete signal is published, and the parent must remove the DS",
		.ds = DS_NONE, .ttl = TTL_ANY, .switches = true, .scheme = SCHEME_ANY },
	[ROLLOVER_EXPIRE_DS] = { "expire-ds", "the DS is removed and must expire from caches before the zone may be unsigned",
		.ds = DS_NONE, .ttl = TTL_ANY, .switches = true, .scheme = SCHEME_ANY },
	[ROLLOVER_PRESIGN] = { "presign", "the keys of the new algorithm sign the zone, and their signatures must reach every nameserver and cache",
		.ttl = TTL_FALLING, .unsignalled = true, .switches = true, .given_up = true,
		.scheme = SCHEME_OF_POLICY },
	[ROLLOVER_CLEAN] = { "clean", "the signatures of the old algorithm must disappear from every nameserver",
		.ds = DS_NEW, .ttl = TTL_LOW, .rest = true, .unsignalled = true, .swapped = true },
};

static const char *const roles[POLICY__COUNT] = {
	[POLICY_BASE] = "base",
	[POLICY_LOW_TTL] = "ttl",
	[POLICY_DELETE] = "delete",
	[POLICY_FORMER] = "former",
};

static const char *const actors[ACTOR__COUNT] = {
	[ACTOR_NOBODY] = "nobody",
	[ACTOR_SECONDARY] = "secondary",
	[ACTOR_PARENT] = "parent",
	[ACTOR_OPERATOR] = "operator",
};

static const char *const answers[ANSWER__COUNT] = {
	[ANSWER_OK] = "ok",
	[ANSWER_UNREACHABLE] = "unreachable",
	[ANSWER_ERROR] = "error",
	[ANSWER_BOGUS] = "bogus",
	[ANSWER_INCOMPLETE] = "incomplete",
	[ANSWER_NO_ROUTE] = "no-route",
};

static const rollover_gate_info_t gates[GATE__COUNT] = {
	[GATE_NONE] = { "none", ACTOR_NOBODY,
		"nothing blocks the zone",
		"Nothing to do.",
		.pace = PACE_STEADY, .old_ttl = true },
	[GATE_OBSERVE_ONLY] = { "observe-only", ACTOR_OPERATOR,
		"the server or the zone's policy does not allow the module to drive the zone",
		"Change the item of the configuration that the detail names.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .chosen = true, .silences = true, .seen = SEEN_GONE_BY_CONTROL },
	[GATE_DRY_RUN] = { "dry-run", ACTOR_OPERATOR,
		"a rollover is due, but dry-run is on",
		"Set dry-run to off to let the rollover start.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .chosen = true, .silences = true, .help = HELP_DRY_RUN },
	[GATE_HOLD] = { "held-by-operator", ACTOR_OPERATOR,
		"hold is on for this zone",
		"Assign a module instance without hold to the zone.",
		.side = SIDE_EITHER, .pace = PACE_STEADY, .chosen = true, .silences = true, .help = HELP_MODULE },
	[GATE_FROZEN] = { "frozen-by-operator", ACTOR_OPERATOR,
		"the zone is frozen, so nothing changes in it",
		"Run knotc zone-thaw ZONE when the work on the zone is done.",
		.side = SIDE_SERVER, .silences = true, .seen = SEEN_BY_CONTROL, .help = HELP_THAW },
	[GATE_KNOT_UNREACHABLE] = { "knot-unreachable", ACTOR_NOBODY,
		"the control socket of this server does not answer",
		"The module tries again. If the gate stays, run knotc status. Check whether another client "
		"keeps the socket busy.",
		.side = SIDE_SERVER, .help = HELP_ZONE_STATUS },
	[GATE_KNOT_BUSY] = { "knot-busy", ACTOR_OPERATOR,
		"another client has an open configuration or zone transaction",
		"Commit or abort the transaction (knotc conf-commit, conf-abort, zone-commit, zone-abort).",
		.side = SIDE_SERVER, .switching = true, .seen = SEEN_BY_CONTROL, .help = HELP_TRANSACTION },
	[GATE_POLICY_PENDING] = { "policy-pending", ACTOR_NOBODY,
		"the zone's policy is being switched",
		"The module tries again. If the gate stays, read the detail: it quotes the server.",
		.side = SIDE_SERVER, .silences = true, .switching = true, .old_ttl = true },
	[GATE_KNOT_NO_NEW_KEY] = { "knot-no-new-key", ACTOR_NOBODY,
		"the module has ordered a new KSK, and the zone does not have one yet",
		"The module repeats the order. If the gate stays, search the server's log for DNSSEC errors of the "
		"zone. Knot makes no KSK while two KSKs are in use (keymgr ZONE list): remove one first.",
		.side = SIDE_SERVER, .help = HELP_KEYS },
	[GATE_KNOT_NOT_READY] = { "knot-not-ready", ACTOR_NOBODY,
		"kskroll 0.1.0 waited until Knot had the new KSK in state ready",
		"Nothing to do: the next check replaces this gate.",
		.side = SIDE_SERVER },
	[GATE_KNOT_KEEPS_KEY] = { "knot-keeps-key", ACTOR_NOBODY,
		"the module has ordered the removal of an old key, and Knot still has it in use",
		"The module repeats the order. If the gate stays, run keymgr ZONE list. Read the detail and the "
		"server's log.",
		.side = SIDE_SERVER, .help = HELP_KEYS },
	[GATE_DISCOVERY_FAILED] = { "discovery-failed", ACTOR_OPERATOR,
		"the module cannot find the nameservers or the parent zone",
		"Check the resolver, the network, trust-anchor and root-hints. If the domain of a nameserver is "
		"permanently broken, remove that NS record from the zone and the delegation. Alternatively set "
		"nameserver and parent.",
		.side = SIDE_EITHER },
	[GATE_PARENT_INSECURE] = { "parent-insecure", ACTOR_PARENT,
		"the parent zone is not signed up to the trust anchor, so a DS has no effect",
		"Wait until the parent is secure. No rollover is possible before.",
		.side = SIDE_PARENT, .ds_interval = true },
	[GATE_CHILD_UNREACHABLE] = { "child-unreachable", ACTOR_SECONDARY,
		"a nameserver of the zone does not answer",
		"Fix the server, or remove it from the zone's NS records. After unreachable-after it no longer "
		"blocks.",
		.side = SIDE_CHILD, .pace = PACE_BACKOFF, .help = HELP_ASK_DNSKEY },
	[GATE_CHILD_ERROR] = { "child-error", ACTOR_SECONDARY,
		"a nameserver answers, but not for the zone",
		"Configure the zone on that server, or remove the server from the zone's NS records.",
		.side = SIDE_CHILD, .help = HELP_ASK_DNSKEY },
	[GATE_PARENT_UNREACHABLE] = { "parent-unreachable", ACTOR_PARENT,
		"a server of the parent zone does not answer",
		"Wait: after unreachable-after it no longer blocks. Check that this host can reach it on port 53.",
		.side = SIDE_PARENT, .pace = PACE_BACKOFF, .help = HELP_ASK_DS },
	[GATE_PARENT_ERROR] = { "parent-error", ACTOR_PARENT,
		"a server of the parent zone answers, but not for the parent zone",
		"Notify the operator of the parent. Alternatively set parent to the servers that count.",
		.side = SIDE_PARENT, .ds_interval = true, .help = HELP_ASK_DS },
	[GATE_BOGUS] = { "bogus-at", ACTOR_OPERATOR,
		"the answer of a server does not validate",
		"Compare the signatures of that server with those of this server. Check clocks and transfers.",
		.side = SIDE_EITHER, .danger = true, .help = HELP_ASK_EITHER },
	[GATE_TTL_HIGH] = { "ttl-high-at", ACTOR_SECONDARY,
		"a nameserver still serves the DNSKEY with the old TTL",
		"Check transfers to that server. If no server is named, Knot does not sign the zone: read its log.",
		.side = SIDE_CHILD, .old_ttl = true, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_DNSKEY },
	[GATE_WAITING_DNSKEY_TTL] = { "waiting-dnskey-ttl", ACTOR_NOBODY,
		"caches may still hold an old DNSKEY RRset",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_LEAD] = { "waiting-lead", ACTOR_NOBODY,
		"the low TTL must be served for the configured lead",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_DS_TTL] = { "waiting-ds-ttl", ACTOR_NOBODY,
		"caches may still hold the old DS, or the DS with its old TTL",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_OBSERVE] = { "waiting-observe", ACTOR_NOBODY,
		"validation is watched for the configured time",
		"Wait until the time given. If no time is given, nothing is observed: fix what the detail names. "
		"Alternatively end the observation early with keymgr: kskroll status ZONE prints the commands when no "
		"cache needs the old key. While the algorithm changes, there are none.",
		.pace = PACE_STEADY, .help = HELP_STOP_WATCHING },
	[GATE_WAITING_SETTLE] = { "waiting-settle", ACTOR_NOBODY,
		"the low TTL stays for the configured time",
		"Wait until the time given.",
		.pace = PACE_STEADY, .ds_interval = true },
	[GATE_DNSKEY_MISSING] = { "dnskey-missing-at", ACTOR_SECONDARY,
		"a nameserver does not have the new DNSKEY yet",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_NEW_KEY, .help = HELP_TRANSFER_DNSKEY },
	[GATE_DNSKEY_DIFFERS] = { "dnskey-differs-at", ACTOR_SECONDARY,
		"a nameserver serves another DNSKEY RRset than this server",
		"Check transfers to that server. Check whether another signer signs the zone.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_ASK_DNSKEY },
	[GATE_DNSKEY_REMAINS] = { "dnskey-remains-at", ACTOR_SECONDARY,
		"a nameserver still has the old DNSKEY",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_OLD_KEY, .help = HELP_TRANSFER_DNSKEY },
	[GATE_RRSIG_MISSING] = { "rrsig-missing-at", ACTOR_SECONDARY,
		"at a nameserver the DNSKEY RRset lacks a valid signature of a KSK in use",
		"Check transfers to that server. Search the server's log for signing errors.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_ASK_DNSKEY },
	[GATE_CDS_MISSING] = { "cds-missing-at", ACTOR_SECONDARY,
		"a nameserver does not have CDS or CDNSKEY yet",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_CDS },
	[GATE_CDS_DIFFERS] = { "cds-differs-at", ACTOR_SECONDARY,
		"at a nameserver CDS, CDNSKEY and the new key do not agree, or no key of the DS signs them",
		"Check transfers to that server. Check cds-digest-type of the policy: only SHA-256 is right.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_CDS },
	[GATE_CDS_REMAINS] = { "cds-remains-at", ACTOR_SECONDARY,
		"a nameserver still has CDS or CDNSKEY",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_SIGNALS, .help = HELP_TRANSFER_CDS },
	[GATE_DS_MISSING] = { "ds-missing-at", ACTOR_PARENT,
		"a server of the parent has no DS for the key yet",
		"Wait for the parent's scan. If the parent does not read CDS, give the DS to the registrar.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.opener = OPENER_SCAN, .help = HELP_DS },
	[GATE_DS_STALE] = { "ds-stale-at", ACTOR_PARENT,
		"a server of the parent still has the old DS",
		"Wait for the parent's scan or its slow server. If the parent does not read CDS, give the DS to the "
		"registrar.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.opener = OPENER_SCAN, .help = HELP_DS },
	[GATE_DS_FOREIGN] = { "ds-foreign-at", ACTOR_PARENT,
		"a server of the parent has a DS that matches no key of the zone, and that validators use",
		"Have the registrar remove that DS.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.help = HELP_ONLY_DS },
	[GATE_DS_REMOVED] = { "ds-removed", ACTOR_OPERATOR,
		"the parent's DS was removed, and the module does not restore it without the operator's decision",
		"Do nothing if the removal was intended. Otherwise give a DS to the registrar (keymgr ZONE ds). "
		"Alternatively, in idle, switch hold on and off at this gate: the module then publishes CDS as for a "
		"first DS.",
		.side = SIDE_PARENT, .pace = PACE_STEADY, .help = HELP_NEW_DS },
	[GATE_ALGORITHM_ROLLOVER] = { "algorithm-rollover", ACTOR_OPERATOR,
		"the zone has keys or signatures of several algorithms, and no rollover in progress explains them",
		"If you gave a rollover up, run the remaining commands of kskroll status ZONE. Otherwise finish the change of "
		"algorithm by hand. The module continues when one algorithm remains.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_ALGORITHM },
	[GATE_CSK] = { "csk", ACTOR_NOBODY,
		"kskroll 0.1.0 did not drive zones that a single-type key signs",
		"Nothing to do: the next check replaces this gate.",
		.side = SIDE_SERVER },
	[GATE_UNKNOWN_KEY] = { "unknown-key", ACTOR_OPERATOR,
		"more than one KSK is new, or the zone has a KSK that is not part of this rollover",
		"Run keymgr ZONE list. Delete the key that does not belong there, or finish its rollover by hand. "
		"If it is the key of a signer that joins, remove its record from the zone until the rollover has ended.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_OLD_KEY_GONE] = { "old-key-gone", ACTOR_OPERATOR,
		"the old KSK was removed from the zone before the parent had the DS of the new one: the zone may "
		"not validate",
		"Give the DS of the new KSK to the registrar at once (keymgr ZONE ds).",
		.side = SIDE_SERVER, .outage = true, .help = HELP_DS_AT_ONCE },
	[GATE_VALIDATION_FAILS] = { "validation-fails", ACTOR_OPERATOR,
		"the zone does not validate although its parent does",
		"Read the detail. It names the resolver and the reason. After bogus-limit failed checks in a row the module "
		"rolls a replaced DS back.",
		/* bogus-limit counts checks, so they must be an interval apart. */
		.pace = PACE_STEADY, .outage = true, .help = HELP_HISTORY },
	[GATE_AWAITING_DECISION] = { "awaiting-decision", ACTOR_OPERATOR,
		"validation failed, the DS of the old KSK is restored, and both keys stay until the operator decides",
		"Find the cause (kskroll history ZONE). To continue, switch hold on, then off. To give up, run the commands of "
		"kskroll status ZONE.",
		.side = SIDE_SERVER, .danger = true, .help = HELP_HISTORY },
	[GATE_WAITING_UNSIGNED] = { "waiting-unsigned", ACTOR_NOBODY,
		"caches may still hold records without signatures, from before the zone was signed",
		"Wait until the time given: zone-max-ttl of the policy, or a day if that is not set.",
		.pace = PACE_STEADY },
	[GATE_DS_REMAINS] = { "ds-remains-at", ACTOR_PARENT,
		"a server of the parent still has a DS although the zone asks for its removal",
		"Wait for the parent's scan. If the parent does not read CDS, have the registrar remove every DS. "
		"If the detail names a server without DS, check that one first.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .help = HELP_ASK_DS },
	[GATE_MAY_UNSIGN] = { "may-unsign", ACTOR_OPERATOR,
		"no server of the parent and no cache has a DS any more: the zone may be unsigned",
		"Set dnssec-signing of the zone to off, and remove its policy. To stay signed, remove go-insecure.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .ds_interval = true, .help = HELP_UNSIGN },
	[GATE_KSK_UNCONFIRMED] = { "ksk-unconfirmed", ACTOR_NOBODY,
		"kskroll 0.1.0 waited until it could confirm to Knot the KSK that the DS names",
		"Nothing to do: the next check replaces this gate.",
		.side = SIDE_SERVER },
	[GATE_CHILD_INCOMPLETE] = { "child-incomplete", ACTOR_SECONDARY,
		"a nameserver answers some of the questions and not the others",
		"Run the commands given. Firewalls and load balancers often drop CDS, CDNSKEY, or DNS over TCP: allow "
		"them. Unreachable-after does not apply, since the server answers other questions.",
		.side = SIDE_CHILD, .pace = PACE_BACKOFF, .help = HELP_ASK_CHILD },
	[GATE_PARENT_INCOMPLETE] = { "parent-incomplete", ACTOR_PARENT,
		"a server of the parent zone sends packets, but no complete answer",
		"Check that this host can reach it over TCP port 53, and that no firewall drops large answers.",
		.side = SIDE_PARENT, .pace = PACE_BACKOFF, .help = HELP_ASK_DS_TCP },
	[GATE_CHAIN_BROKEN] = { "chain-broken", ACTOR_OPERATOR,
		"no DS at the parent matches a KSK of this zone: validating resolvers cannot resolve the zone",
		"Give the registrar the DS of a KSK in the zone (keymgr ZONE ds), or restore the key that the DS "
		"names.",
		.side = SIDE_PARENT, .outage = true, .help = HELP_CHAIN },
	[GATE_SWITCH_LOSES_DATA] = { "switch-loses-data", ACTOR_OPERATOR,
		"a policy switch makes Knot reload the zone file, and records that the file lacks would be lost",
		"Run the command given, then set what the detail says. Alternatively, if all records come from the file, set "
		"zone-file-complete.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEEP_RECORDS },
	[GATE_POLICY_DIFFERS] = { "policy-differs", ACTOR_OPERATOR,
		"a derived policy that you wrote differs from its base policy",
		"Correct the item of the policy that the detail names. Alternatively remove the policy: the module creates "
		"it again.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_POLICIES },
	[GATE_SCHEME_CHANGE] = { "scheme-change", ACTOR_OPERATOR,
		"the policy changes between a single key and separate KSK and ZSK, and the zone has no key of the new scheme yet",
		"Wait until Knot has made the key. If the gate stays, read the detail. Change scheme and algorithm one after "
		"the other.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_KEYS_PENDING] = { "keys-pending", ACTOR_NOBODY,
		"the states of the KSKs are being set, so that CDS and CDNSKEY are published or withdrawn",
		"The module repeats the order. If the gate stays, read the detail: it quotes keymgr or the server.",
		.side = SIDE_SERVER, .silences = true, .help = HELP_KEYS },
	[GATE_KEYS_REFUSED] = { "keys-refused", ACTOR_OPERATOR,
		"the states of the KSKs cannot be set, or have no effect",
		"Read the detail. It gives a command, or quotes keymgr or the server. Check that keymgr is installed, and run "
		"keymgr ZONE list. The module repeats the order.",
		.side = SIDE_SERVER, .silences = true, .help = HELP_KEYS },
	[GATE_SIGNATURES_MISSING] = { "signatures-missing-at", ACTOR_SECONDARY,
		"a nameserver has data that the new single-type key has not signed, or, while the algorithm changes, not all keys "
		"that sign on this server",
		"Check transfers to that server (knotc zone-notify). Its answer for CDS shows who has signed SOA and "
		"NSEC. Search the server's log for signing errors.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_DATA, .help = HELP_TRANSFER_CDS },
	[GATE_SIGNATURES_REMAIN] = { "signatures-remain-at", ACTOR_SECONDARY,
		"a nameserver still has data with signatures of the old algorithm",
		"Check transfers to that server (knotc zone-notify). Its answer for CDS shows who has signed SOA and "
		"NSEC.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_DATA, .help = HELP_TRANSFER_CDS },
	[GATE_WAITING_ZONE_TTL] = { "waiting-zone-ttl", ACTOR_NOBODY,
		"caches may still hold data that the new keys have not signed",
		"Wait until the time given: zone-max-ttl of the policy, or seven days if that is not set.",
		.pace = PACE_STEADY, .help = HELP_ZONE_TTL },
	[GATE_SIGNERS] = { "several-signers", ACTOR_OPERATOR,
		"another server signs the zone as well, with keys of its own, and a rollover now could drop its DS or "
		"its keys",
		"Read the detail. It says what is missing. The module rolls such a zone if CDS and CDNSKEY always have the keys "
		"of all signers: set cds-cdnskey-publish: always, and dnskey-management: incremental.",
		.side = SIDE_EITHER, .pace = PACE_STEADY, .danger = true, .help = HELP_KEYS },
	[GATE_SIGNATURES_EXPIRE] = { "signatures-expire", ACTOR_OPERATOR,
		"the KSK is offline, and the signatures over DNSKEY expire soon without later ones",
		"Import the next Signed Key Response: kskroll check-skr FILE, keymgr ZONE import-skr FILE, then knotc "
		"zone-keys-load ZONE.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .danger = true, .silences = true, .help = HELP_SKR },
	[GATE_KEY_WANTED] = { "key-wanted", ACTOR_OPERATOR,
		"a new KSK is due, and with manual in the policy the operator must make it",
		"Make the KSK with the algorithm of the present one: keymgr ZONE generate algorithm=ALGORITHM ksk=yes publish=+0 "
		"active=+0, then knotc zone-keys-load ZONE. The module then continues.",
		.side = SIDE_SERVER, .help = HELP_MAKE_KEY },
	[GATE_NOT_INFORMED] = { "parent-not-informed", ACTOR_OPERATOR,
		"the module cannot bring the DS to the parent, and the servers of the parent do not have it",
		"Read the detail. It quotes the primary or the registry, or names what is missing. Fix it there, in knot.conf, or "
		"in the file of accounts. The module tries again. Alternatively give the DS to the registrar.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true, .help = HELP_DS },
	[GATE_DS_TTL_HIGH] = { "ds-ttl-high-at", ACTOR_PARENT,
		"a server of the parent still has the DS with its TTL from before the rollover",
		"Wait for the transfer to the servers of the parent. After unreachable-after the rollover continues with the TTL "
		"as it is.",
		.side = SIDE_PARENT, .opener = OPENER_TRANSFER, .help = HELP_ASK_DS },
	[GATE_DS_TTL_LOW] = { "ds-ttl-low-at", ACTOR_PARENT,
		"a server of the parent still has the DS with the low TTL of the rollover",
		"Wait for the transfer to the servers of the parent. The detail has the former TTL. The module requests it until "
		"the parent has it.",
		.side = SIDE_PARENT, .opener = OPENER_TRANSFER, .help = HELP_ASK_DS },
	[GATE_DS_TTL_NOT_SET] = { "ds-ttl-not-set", ACTOR_OPERATOR,
		"the module cannot lower or restore the TTL of the DS at the parent",
		"Read the detail. It quotes the primary or the registry, or names what is missing. Fix it there, in knot.conf, or "
		"in the file of accounts. The module tries again. After unreachable-after the rollover continues with the TTL as it is. If the "
		"TTL cannot be restored, set the former one at the parent by hand, or any other one but the low one.",
		.side = SIDE_PARENT, .help = HELP_ASK_DS },
	[GATE_START_WINDOW] = { "start-window", ACTOR_NOBODY,
		"a rollover is due, and start-window and no-start do not allow its start yet",
		"Wait until the time given. kskroll status ZONE prints the command that starts it at once.",
		.pace = PACE_STEADY, .help = HELP_START },
	[GATE_START_NEVER] = { "start-never", ACTOR_OPERATOR,
		"a rollover is due, and start-window and no-start leave no moment for its start",
		"Read the detail. Change start-window or no-start, or install the time zone (package tzdata).",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_START },
	[GATE_MAX_ROLLING] = { "max-rolling", ACTOR_NOBODY,
		"a rollover is due, and as many zones roll as max-rolling or max-rolling-parent allows",
		"Wait: it starts when another one has ended. kskroll status ZONE prints the command that starts it at once.",
		.pace = PACE_STEADY, .patient = true, .help = HELP_START },
	[GATE_ANOTHER_SIGNER] = { "another-signer-at", ACTOR_OPERATOR,
		"another server signs the zone with the same keys and one that is missing here, and a nameserver has its "
		"zone",
		"Let one server alone sign the zone. If the other one goes on, remove the zone here, or stop this server "
		"(systemctl disable --now knot). If this one goes on, stop the other one. Then set a serial above the one in "
		"the detail. If this server was restored from a backup, it lacks later keys. Restore them first: the parent may "
		"have their DS.",
		.side = SIDE_CHILD, .danger = true, .help = HELP_ONE_SIGNER },
	[GATE_ALGORITHM_PENDING] = { "algorithm-pending", ACTOR_NOBODY,
		"the policy has another algorithm, and Knot does not sign the zone with it yet",
		"Wait until Knot has made the keys. If the gate stays, search the server's log for DNSSEC errors of the zone: "
		"signatures may not be renewed, and expire. Knot does not sign while an algorithm has a KSK and no ZSK "
		"(keymgr ZONE list). Delete that KSK, unless it is the only one, and run knotc zone-keys-load ZONE.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_TOO_MANY_KEYS] = { "too-many-keys", ACTOR_OPERATOR,
		"the zone has more KSKs than the module can track",
		"Remove the KSKs that you do not need (keymgr ZONE list).",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_STORE_FAILED] = { "store-failed", ACTOR_OPERATOR,
		"the module cannot read or write its store, so it decides nothing",
		"Check free space, permissions and the path of storage.",
		.side = SIDE_SERVER },
};
/* clang-format on */

const rollover_state_info_t *rollover_state_info(rollover_state_t state)
{
	static const rollover_state_info_t unknown = { .name = "unknown", .meaning = "unknown" };

	return (unsigned)state < ROLLOVER_STATE__COUNT ? &states[state] : &unknown;
}

const char *rollover_state_name(rollover_state_t state)
{
	return rollover_state_info(state)->name;
}

const char *rollover_state_meaning(rollover_state_t state)
{
	return rollover_state_info(state)->meaning;
}

const char *rollover_policy_name(policy_role_t role)
{
	return (unsigned)role < POLICY__COUNT ? roles[role] : "unknown";
}

const char *rollover_actor_name(rollover_actor_t actor)
{
	return (unsigned)actor < ACTOR__COUNT ? actors[actor] : "unknown";
}

const char *rollover_answer_name(answer_status_t status)
{
	return (unsigned)status < ANSWER__COUNT ? answers[status] : "unknown";
}

const rollover_gate_info_t *rollover_gate_info(rollover_gate_t gate)
{
	return &gates[(unsigned)gate < GATE__COUNT ? gate : GATE_NONE];
}
