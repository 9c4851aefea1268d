/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words that operators see, and the traits of states and gates. Log, statistics, command line and documentation
 * all take them from here, so that a code found in one place is found in the others.
 */

#include "kskroll/rollover.h"

/* clang-format off */
static const rollover_state_info_t states[ROLLOVER_STATE__COUNT] = {
	[ROLLOVER_IDLE] = { "idle", "no rollover is under way",
		.ttl = TTL_BASE, .rest = true, .unsignalled = true, .asks_operator = true, .scheme = SCHEME_OF_POLICY },
	[ROLLOVER_PREPARE] = { "prepare", "the DNSKEY TTL is lowered, the old one must expire",
		.ttl = TTL_FALLING, .scheme = SCHEME_OF_POLICY },
	[ROLLOVER_INTRODUCE] = { "introduce", "the new KSK is published and has to reach every nameserver and cache",
		.ttl = TTL_FALLING, .waits_dnskey = true },
	[ROLLOVER_SIGNAL] = { "signal", "CDS and CDNSKEY are published and have to reach every nameserver",
		.ds = DS_NEW, .ttl = TTL_LOW },
	[ROLLOVER_AWAIT_DS] = { "await-ds", "the parent has to replace the DS on all its servers",
		.ds = DS_NEW, .ttl = TTL_LOW, .parent_acts = true, .same_policy = true, .own_check = true },
	[ROLLOVER_WITHDRAW] = { "withdraw", "the parent is done, CDS and CDNSKEY have to go from every nameserver",
		.ds = DS_NEW, .ttl = TTL_LOW, .swapped = true },
	[ROLLOVER_OBSERVE] = { "observe", "the old DS runs out of caches while validation is watched",
		.ds = DS_NEW, .ttl = TTL_LOW, .unsignalled = true, .swapped = true, .same_policy = true },
	[ROLLOVER_RETIRE] = { "retire", "the old KSK has to go from every nameserver and cache",
		.ds = DS_NEW, .ttl = TTL_LOW, .unsignalled = true, .swapped = true, .same_policy = true,
		.waits_dnskey = true, .own_check = true },
	[ROLLOVER_SETTLE] = { "settle", "the TTL stays low for some days, then the base policy returns",
		.ttl = TTL_ANY, .rest = true, .unsignalled = true, .swapped = true, .same_policy = true },
	[ROLLOVER_ROLLBACK] = { "rollback", "the DS of the old KSK is asked back from the parent",
		.ttl = TTL_ANY, .repairs = true },
	[ROLLOVER_ROLLED_BACK] = { "rolled-back", "stopped in a safe place until the operator decides",
		.ttl = TTL_ANY, .repairs = true, .asks_operator = true },
	[ROLLOVER_REMOVE_DS] = { "remove-ds", "the delete signal is published, the parent has to remove the DS",
		.ds = DS_NONE, .ttl = TTL_ANY, .scheme = SCHEME_ANY },
	[ROLLOVER_EXPIRE_DS] = { "expire-ds", "the DS is removed and runs out of caches, then the zone may be unsigned",
		.ds = DS_NONE, .ttl = TTL_ANY, .scheme = SCHEME_ANY },
};

static const char *const roles[POLICY__COUNT] = {
	[POLICY_BASE] = "base",
	[POLICY_QUIET] = "quiet",
	[POLICY_SIGNAL] = "signal",
	[POLICY_ROLLBACK] = "rollback",
	[POLICY_DELETE] = "delete",
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
		"nothing is in the way",
		"Nothing to do.",
		.pace = PACE_STEADY, .old_ttl = true },
	[GATE_OBSERVE_ONLY] = { "observe-only", ACTOR_OPERATOR,
		"the server or the zone's policy does not allow the module to drive",
		"The text behind the code names the item of the configuration and what to change.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .chosen = true, .silences = true },
	[GATE_DRY_RUN] = { "dry-run", ACTOR_OPERATOR,
		"a rollover is due, but dry-run is on",
		"Set dry-run to off to let it start.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .chosen = true, .silences = true, .help = HELP_DRY_RUN },
	[GATE_HOLD] = { "held-by-operator", ACTOR_OPERATOR,
		"hold is on for this zone",
		"Assign a module instance without hold to the zone to go on.",
		.side = SIDE_EITHER, .pace = PACE_STEADY, .chosen = true, .silences = true, .help = HELP_MODULE },
	[GATE_FROZEN] = { "frozen-by-operator", ACTOR_OPERATOR,
		"the zone is frozen, nothing changes in it",
		"Run knotc zone-thaw for the zone when the work on it is done.",
		.side = SIDE_SERVER, .silences = true, .help = HELP_THAW },
	[GATE_KNOT_UNREACHABLE] = { "knot-unreachable", ACTOR_NOBODY,
		"the control socket of this server does not answer",
		"It is retried. If it stays, check whether knotc works and whether something keeps the socket busy.",
		.side = SIDE_SERVER, .help = HELP_ZONE_STATUS },
	[GATE_KNOT_BUSY] = { "knot-busy", ACTOR_OPERATOR,
		"somebody's configuration or zone transaction is open",
		"Commit or abort it (knotc conf-commit, conf-abort, zone-commit, zone-abort).",
		.side = SIDE_SERVER, .switching = true, .help = HELP_TRANSACTION },
	[GATE_POLICY_PENDING] = { "policy-pending", ACTOR_NOBODY,
		"the zone's policy is being switched",
		"It is retried. If it stays, the text behind the code has the server's own words.",
		.side = SIDE_SERVER, .silences = true, .switching = true, .old_ttl = true },
	[GATE_KNOT_NO_NEW_KEY] = { "knot-no-new-key", ACTOR_NOBODY,
		"the server has been told to make a new KSK, and none is in the zone yet",
		"It is asked again. If it stays, search the server's log for DNSSEC errors of the zone. It makes none while two KSKs "
		"are in use (keymgr ZONE list): let one go first.",
		.side = SIDE_SERVER, .help = HELP_KEYS },
	[GATE_KNOT_NOT_READY] = { "knot-not-ready", ACTOR_NOBODY,
		"the new KSK is not ready in the server's own key database, so no CDS is published yet",
		"Wait: propagation-delay plus the DNSKEY TTL have to pass after publication. If it stays longer and keymgr ZONE list "
		"has the new KSK active and none ready: keymgr ZONE set TAG active=0, then knotc zone-keys-load ZONE.",
		.side = SIDE_SERVER, .help = HELP_KEYS },
	[GATE_KNOT_KEEPS_KEY] = { "knot-keeps-key", ACTOR_NOBODY,
		"the server has been told to drop the old KSK and still publishes it",
		"It is told again. If it stays, check keymgr ZONE list and the server's log. If the new KSK is active there and "
		"none is ready: keymgr ZONE set TAG active=0, then knotc zone-keys-load ZONE.",
		.side = SIDE_SERVER, .help = HELP_KEYS },
	[GATE_DISCOVERY_FAILED] = { "discovery-failed", ACTOR_OPERATOR,
		"the nameservers or the parent zone cannot be found out",
		"Check the resolver, the network, trust-anchor and root-hints. If the domain of a nameserver is broken for good, "
		"remove that NS record from the zone and the delegation; or set nameserver and parent.",
		.side = SIDE_EITHER },
	[GATE_PARENT_INSECURE] = { "parent-insecure", ACTOR_PARENT,
		"the parent zone is not signed up to the trust anchor, so a DS has no effect",
		"Nothing can be rolled until the parent is secure.",
		.side = SIDE_PARENT, .ds_interval = true },
	[GATE_CHILD_UNREACHABLE] = { "child-unreachable", ACTOR_SECONDARY,
		"a nameserver of the zone does not answer",
		"Mend the server or remove it from the zone's NS records; after unreachable-after it no longer blocks.",
		.side = SIDE_CHILD, .pace = PACE_BACKOFF, .help = HELP_ASK_DNSKEY },
	[GATE_CHILD_ERROR] = { "child-error", ACTOR_SECONDARY,
		"a nameserver answers, but not for the zone",
		"Configure the zone on that server, or remove it from the zone's NS records.",
		.side = SIDE_CHILD, .help = HELP_ASK_DNSKEY },
	[GATE_PARENT_UNREACHABLE] = { "parent-unreachable", ACTOR_PARENT,
		"a server of the parent zone does not answer",
		"Usually it comes back; after unreachable-after it no longer blocks. Check that this host may reach it on port 53.",
		.side = SIDE_PARENT, .pace = PACE_BACKOFF, .help = HELP_ASK_DS },
	[GATE_PARENT_ERROR] = { "parent-error", ACTOR_PARENT,
		"a server of the parent zone answers, but not for the parent zone",
		"Tell the parent; or set parent to the servers that count.",
		.side = SIDE_PARENT, .ds_interval = true, .help = HELP_ASK_DS },
	[GATE_BOGUS] = { "bogus-at", ACTOR_OPERATOR,
		"a server's answer does not validate",
		"Compare that server's signatures with those of this server; check clocks and transfers.",
		.side = SIDE_EITHER, .danger = true, .help = HELP_ASK_EITHER },
	[GATE_TTL_HIGH] = { "ttl-high-at", ACTOR_SECONDARY,
		"a nameserver still serves the DNSKEY with the old TTL",
		"Check transfers to that server.",
		.side = SIDE_CHILD, .old_ttl = true, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_DNSKEY },
	[GATE_WAITING_DNSKEY_TTL] = { "waiting-dnskey-ttl", ACTOR_NOBODY,
		"an old DNSKEY RRset may still be in caches",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_LEAD] = { "waiting-lead", ACTOR_NOBODY,
		"the low TTL has to be out for the configured lead",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_DS_TTL] = { "waiting-ds-ttl", ACTOR_NOBODY,
		"the old DS may still be in caches",
		"Wait until the time given.",
		.pace = PACE_STEADY },
	[GATE_WAITING_OBSERVE] = { "waiting-observe", ACTOR_NOBODY,
		"validation is watched for the configured time",
		"Wait until the time given. If none is given, the text says why nothing is observed: mend that. knotc zone-ksk-submitted skips it: not before the old DS is out of caches (kskroll status).",
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
		"Check transfers to that server, and who else signs the zone.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_ASK_DNSKEY },
	[GATE_DNSKEY_REMAINS] = { "dnskey-remains-at", ACTOR_SECONDARY,
		"a nameserver still has the old DNSKEY",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_OLD_KEY, .help = HELP_TRANSFER_DNSKEY },
	[GATE_RRSIG_MISSING] = { "rrsig-missing-at", ACTOR_SECONDARY,
		"at a nameserver the DNSKEY RRset is not validly signed by every KSK in use",
		"Check transfers to that server and the server's log for signing errors.",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_ASK_DNSKEY },
	[GATE_CDS_MISSING] = { "cds-missing-at", ACTOR_SECONDARY,
		"a nameserver does not have CDS or CDNSKEY yet",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_CDS },
	[GATE_CDS_DIFFERS] = { "cds-differs-at", ACTOR_SECONDARY,
		"at a nameserver CDS, CDNSKEY and the new key do not agree, or are not signed by a key in the DS",
		"Check transfers to that server, and cds-digest-type of the policy (SHA-256 alone is right).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .help = HELP_TRANSFER_CDS },
	[GATE_CDS_REMAINS] = { "cds-remains-at", ACTOR_SECONDARY,
		"a nameserver still has CDS or CDNSKEY",
		"Check transfers to that server (knotc zone-notify).",
		.side = SIDE_CHILD, .opener = OPENER_TRANSFER, .moving = MOVING_SIGNALS, .help = HELP_TRANSFER_CDS },
	[GATE_DS_MISSING] = { "ds-missing-at", ACTOR_PARENT,
		"a server of the parent has no DS for the key yet",
		"Wait for the parent's scan; where the parent does not read CDS, give the DS to the registrar.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.opener = OPENER_SCAN, .help = HELP_DS },
	[GATE_DS_STALE] = { "ds-stale-at", ACTOR_PARENT,
		"a server of the parent still has the old DS",
		"Wait for the parent's scan or its slow server; where the parent does not read CDS, give the DS to the registrar.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.opener = OPENER_SCAN, .help = HELP_DS },
	[GATE_DS_FOREIGN] = { "ds-foreign-at", ACTOR_PARENT,
		"a server of the parent has a DS that matches no key of the zone, and that validators read",
		"Have the registrar remove that DS.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .ds_wrong = true,
		.help = HELP_ONLY_DS },
	[GATE_DS_REMOVED] = { "ds-removed", ACTOR_OPERATOR,
		"the parent's DS was removed, and that is not undone without your word",
		"Nothing, if that was meant. To have a DS again, give it to the registrar (keymgr ZONE ds). In idle, hold on and then off "
		"at this gate publishes CDS as for a first DS.",
		.side = SIDE_PARENT, .pace = PACE_STEADY, .help = HELP_NEW_DS },
	[GATE_ALGORITHM_ROLLOVER] = { "algorithm-rollover", ACTOR_OPERATOR,
		"the new KSK has another algorithm than the old one; the module does not drive that",
		"Finish it by hand; the module goes on when one algorithm is left.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_CSK] = { "csk", ACTOR_OPERATOR,
		"the zone is signed by a single-type key; the module does not drive that",
		"Use a policy with a KSK and a ZSK, or roll by hand.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_UNKNOWN_KEY] = { "unknown-key", ACTOR_OPERATOR,
		"more than one KSK is new, or a KSK is there that this rollover does not know or that does not sign here",
		"Check keymgr ZONE list; delete the key that should not be there, or finish its rollover by hand. If it is another signer's, take its record out of the zone.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_OLD_KEY_GONE] = { "old-key-gone", ACTOR_OPERATOR,
		"the old KSK left the zone before the parent had the DS of the new one: the zone may not validate",
		"Give the DS of the new KSK to the registrar at once (keymgr ZONE ds).",
		.side = SIDE_SERVER, .outage = true, .help = HELP_DS_AT_ONCE },
	[GATE_VALIDATION_FAILS] = { "validation-fails", ACTOR_OPERATOR,
		"the zone does not validate although its parent does",
		"The text behind the code says who saw what. After bogus-limit checks in a row a swap of the DS is rolled back.",
		/* bogus-limit counts checks: they have to be apart. */
		.pace = PACE_STEADY, .outage = true, .help = HELP_HISTORY },
	[GATE_AWAITING_DECISION] = { "awaiting-decision", ACTOR_OPERATOR,
		"validation failed, the DS of the old KSK is back, and both keys stay until the operator decides",
		"Find the cause (kskroll history). To give up: keymgr ZONE delete NEWKEY, knotc zone-keys-load ZONE. To go on: hold on, then off.",
		.side = SIDE_SERVER, .danger = true, .help = HELP_GIVE_UP },
	[GATE_WAITING_UNSIGNED] = { "waiting-unsigned", ACTOR_NOBODY,
		"records without signatures, from before the zone was signed, may still be in caches",
		"Wait until the time given: zone-max-ttl of the policy, or a day if that is not set.",
		.pace = PACE_STEADY },
	[GATE_DS_REMAINS] = { "ds-remains-at", ACTOR_PARENT,
		"a server of the parent still has a DS although the zone asks to remove it",
		"Wait for the parent's scan; where the parent does not read CDS, have the registrar remove every DS.",
		.side = SIDE_PARENT, .pace = PACE_NOTIFIED, .ds_interval = true, .help = HELP_ASK_DS },
	[GATE_MAY_UNSIGN] = { "may-unsign", ACTOR_OPERATOR,
		"no server of the parent and no cache has a DS any more: the zone may be unsigned",
		"Set dnssec-signing of the zone to off, and remove its policy. To stay signed, remove go-insecure.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .ds_interval = true, .help = HELP_UNSIGN },
	[GATE_KSK_UNCONFIRMED] = { "ksk-unconfirmed", ACTOR_NOBODY,
		"CDS of this server names the KSK of the DS: nobody has confirmed that here, or it is the new one and the store was lost",
		"Wait: the other KSK gets ready after propagation-delay plus the DNSKEY TTL, or this one is confirmed after a week (or "
		"observe, if that is longer). If you know that no server and no cache has another DS: knotc zone-ksk-submitted ZONE.",
		.side = SIDE_SERVER },
	[GATE_CHILD_INCOMPLETE] = { "child-incomplete", ACTOR_SECONDARY,
		"a nameserver answers some of the questions and not the others",
		"Run the commands given. A firewall or load balancer often drops CDS, CDNSKEY, or DNS over TCP: let them pass. "
		"It never counts as out of service, since it answers others as well.",
		.side = SIDE_CHILD, .pace = PACE_BACKOFF, .help = HELP_ASK_CHILD },
	[GATE_PARENT_INCOMPLETE] = { "parent-incomplete", ACTOR_PARENT,
		"a server of the parent zone sends packets, but no complete answer",
		"Check that this host can reach it over TCP port 53, and that no firewall drops large answers.",
		.side = SIDE_PARENT, .pace = PACE_BACKOFF, .help = HELP_ASK_DS_TCP },
	[GATE_CHAIN_BROKEN] = { "chain-broken", ACTOR_OPERATOR,
		"no DS at the parent matches a KSK of this zone: validating resolvers cannot resolve the zone",
		"Give the registrar the DS of a KSK in the zone (keymgr ZONE ds), or restore the key that the DS names.",
		.side = SIDE_PARENT, .outage = true, .help = HELP_CHAIN },
	[GATE_SWITCH_LOSES_DATA] = { "switch-loses-data", ACTOR_OPERATOR,
		"a policy switch makes Knot load the zone file again, and records that the file does not have would be lost",
		"Run the command given, then set what the text says. If all records come from the file, set zone-file-complete.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEEP_RECORDS },
	[GATE_POLICY_DIFFERS] = { "policy-differs", ACTOR_OPERATOR,
		"a derived policy that you wrote differs from its base policy",
		"The text behind the code names the policy and the item. Correct the policy, or remove it: the module creates it again.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_POLICIES },
	[GATE_SCHEME_CHANGE] = { "scheme-change", ACTOR_OPERATOR,
		"the zone changes between a single key and separate KSK and ZSK; the module does not drive that",
		"Finish the change by hand. The module continues when it is over.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_TOO_MANY_KEYS] = { "too-many-keys", ACTOR_OPERATOR,
		"the zone has more KSKs than the module can tell apart",
		"Remove KSKs that are not needed.",
		.side = SIDE_SERVER, .pace = PACE_STEADY, .help = HELP_KEYS },
	[GATE_STORE_FAILED] = { "store-failed", ACTOR_OPERATOR,
		"the module's store cannot be read or written, so nothing is decided",
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
