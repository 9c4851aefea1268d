/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * States and gates of a delegation: words and traits, once.
 */

#include "kskroll/delegation_names.h"

/* clang-format off */
static const delegation_state_info_t states[DELEGATION_STATE__COUNT] = {
	[DELEGATION_REST] = { "rest",
		"Nothing is under way.",
		.asks = DELEGATION_ASK_SCAN, .restores = true },
	[DELEGATION_SEEN] = { "seen",
		"A difference was seen, or a notification received: a survey is due.",
		.asks = DELEGATION_ASK_SURVEY | DELEGATION_ASK_WATCH },
	[DELEGATION_SURVEY] = { "survey",
		"The nameservers of the child are asked until all of them agree.",
		.asks = DELEGATION_ASK_SURVEY | DELEGATION_ASK_WATCH, .restores = true },
	[DELEGATION_WAIT] = { "wait",
		"The signals are accepted. The change waits for the hold-down, or for the parent zone.",
		.asks = DELEGATION_ASK_SURVEY | DELEGATION_ASK_WATCH, .restores = true },
	[DELEGATION_CHANGE] = { "change",
		"The change of DS is ordered.",
		.asks = 0 },
	[DELEGATION_SPREAD] = { "spread",
		"The zone has the new DS RRset. Every server of the parent must have it.",
		.asks = DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH, .watched = true },
	[DELEGATION_VERIFY] = { "verify",
		"Every server of the parent has the new DS RRset. Resolvers are observed.",
		.asks = DELEGATION_ASK_PARENTS | DELEGATION_ASK_WATCH, .watched = true },
	[DELEGATION_LOW] = { "low",
		"The TTL of DS is low: before a change, or after it for some days and until the former TTL is over.",
		.asks = DELEGATION_ASK_SCAN | DELEGATION_ASK_PARENTS, .restores = true },
	[DELEGATION_RESTORE] = { "restore",
		"A change of the TTL of DS is ordered: lower before a change of DS, or normal again.",
		.asks = 0 },
	[DELEGATION_UNDO] = { "undo",
		"Validation failed. The former DS RRset is ordered. Every server of the parent must have it.",
		.asks = DELEGATION_ASK_PARENTS },
	[DELEGATION_HELD] = { "held",
		"The present signals were undone or overruled, and are not followed until they change.",
		.asks = DELEGATION_ASK_SCAN, .restores = true },
	[DELEGATION_SUSPENDED] = { "suspended",
		"DS was removed by hand. Nothing is done until a DS is added.",
		.asks = 0 },
	[DELEGATION_REFUSED] = { "refused",
		"The signals are not followed. The gate says why, and who must act.",
		.asks = DELEGATION_ASK_SURVEY, .restores = true },
};

#define ROW(name, actor, severity, pace, after) \
	(name), DELEGATION_ACTOR_##actor, DELEGATION_##severity, DELEGATION_PACE_##pace, DELEGATION_##after

static const delegation_gate_info_t gates[DELEGATION_GATE__COUNT] = {
	[DELEGATION_GATE_NONE] = { ROW("none", NOBODY, INFO, SCAN, STAYS),
		.meaning = "nothing blocks the delegation",
		.advice = "Nothing to do." },
	[DELEGATION_GATE_REPORT_ONLY] = { ROW("report-only", PARENT, NOTICE, SCAN, STAYS),
		.meaning = "the signals would be followed, but the agent only reports",
		.advice = "Set delegations: update. Alternatively change DS by hand." },
	[DELEGATION_GATE_LOCKED] = { ROW("locked", PARENT, NOTICE, SCAN, FINAL), .ede = 15,
		.meaning = "the operator of the parent has locked this delegation",
		.advice = "Remove the name from delegation-lock. Alternatively change DS by hand." },
	[DELEGATION_GATE_ZONE_UNREADABLE] = { ROW("zone-unreadable", PARENT, WARNING, RETRY, STAYS), .missing = true,
		.meaning = "the parent zone cannot be read on this server",
		.advice = "Run knotc zone-status ZONE, and check the control socket." },
	[DELEGATION_GATE_NOT_DELEGATED] = { ROW("not-delegated", PARENT, INFO, SCAN, STAYS),
		.meaning = "the parent zone has no NS for this name any more",
		.advice = "Nothing to do: the delegation is forgotten." },
	[DELEGATION_GATE_FROZEN] = { ROW("frozen", PARENT, NOTICE, RETRY, STAYS),
		.meaning = "the parent zone is frozen",
		.advice = "Run knotc zone-thaw ZONE when the zone may change again." },
	[DELEGATION_GATE_TRANSACTION] = { ROW("transaction-open", PARENT, NOTICE, FLIGHT, STAYS),
		.meaning = "a transaction of another client is open on the parent zone",
		.advice = "Run knotc zone-commit ZONE or knotc zone-abort ZONE." },
	[DELEGATION_GATE_SIGNING] = { ROW("being-signed", NOBODY, INFO, FLIGHT, STAYS),
		.meaning = "the parent zone is being re-signed",
		.advice = "Wait until Knot has signed the zone." },
	[DELEGATION_GATE_LOAD_UNKNOWN] = { ROW("load-unknown", PARENT, WARNING, RETRY, STAYS),
		.meaning = "the configuration of the parent zone was not read, so a reload may revert DS",
		.advice = "Check the control socket. The agent reads the configuration again." },
	[DELEGATION_GATE_LOAD_REVERTS] = { ROW("reload-reverts", PARENT, WARNING, SCAN, STAYS),
		.meaning = "a reload or restart would bring the old DS back",
		.advice = "Change the item that the detail names. Alternatively set delegation-apply: include." },
	[DELEGATION_GATE_SECONDARY] = { ROW("secondary", PARENT, WARNING, SCAN, STAYS),
		.meaning = "the parent zone comes from another server, whose next transfer would revert DS",
		.advice = "Set delegation-apply: update. Alternatively run the agent at the primary." },
	[DELEGATION_GATE_COMMITTING] = { ROW("committing", NOBODY, INFO, FLIGHT, STAYS),
		.meaning = "the change is ordered, and the zone does not have it yet",
		.advice = "Wait for the transaction." },
	[DELEGATION_GATE_COMMIT_FAILED] = { ROW("commit-failed", PARENT, WARNING, RETRY, STAYS),
		.meaning = "the zone does not have the change that was ordered",
		.advice = "Read the detail. The agent surveys the child again before the next attempt." },
	[DELEGATION_GATE_SCAN_FAILED] = { ROW("scan-failed", NOBODY, INFO, RETRY, STAYS), .missing = true,
		.meaning = "the nameserver that was asked for CDS did not answer",
		.advice = "Nothing to do: another one is asked next." },
	[DELEGATION_GATE_SURVEY_DUE] = { ROW("survey-due", NOBODY, INFO, FLIGHT, AGAIN), .missing = true,
		.meaning = "the facts are too old to change anything",
		.advice = "Wait for the next survey." },
	[DELEGATION_GATE_NS_CHANGED] = { ROW("ns-changed", NOBODY, INFO, FLIGHT, AGAIN), .missing = true,
		.meaning = "the NS RRset has changed since the survey",
		.advice = "Wait for the next survey." },
	[DELEGATION_GATE_DISCOVERY_FAILED] = { ROW("discovery-failed", CHILD, NOTICE, RETRY, AGAIN), .missing = true, .ede = 22,
		.meaning = "the address of a nameserver could not be found",
		.advice = "Check that each nameserver of the delegation has an address." },
	[DELEGATION_GATE_UNREACHABLE] = { ROW("unreachable-at", CHILD, NOTICE, RETRY, AGAIN), .missing = true, .ede = 22,
		.meaning = "a nameserver does not answer",
		.advice = "Start the server, or remove it from the delegation. After days without an answer it no longer counts." },
	[DELEGATION_GATE_ERROR] = { ROW("error-at", CHILD, NOTICE, RETRY, AGAIN), .missing = true, .ede = 22,
		.meaning = "a nameserver answers with an error",
		.advice = "Serve the child zone there, or remove the nameserver from the delegation." },
	[DELEGATION_GATE_INCOMPLETE] = { ROW("incomplete-at", CHILD, NOTICE, RETRY, AGAIN), .missing = true, .ede = 23,
		.meaning = "a nameserver answers some of the questions and not the others",
		.advice = "Let CDS, CDNSKEY and DNS over TCP pass through firewalls and load balancers." },
	[DELEGATION_GATE_BOGUS] = { ROW("bogus-at", CHILD, WARNING, RETRY, AGAIN), .ede = 6,
		.meaning = "an answer of a nameserver does not verify",
		.advice = "Check the signatures that this nameserver serves." },
	[DELEGATION_GATE_SIGNAL_MISSING] = { ROW("signal-missing-at", CHILD, NOTICE, RETRY, AGAIN), .ede = 24,
		.meaning = "a nameserver has no CDS or CDNSKEY although another one has",
		.advice = "Wait until the zone was transferred, or transfer it by hand." },
	[DELEGATION_GATE_SIGNALS_DIFFER] = { ROW("signals-differ-at", CHILD, NOTICE, RETRY, AGAIN), .ede = 24,
		.meaning = "nameservers have different CDS or CDNSKEY",
		.advice = "Serve the same CDS and CDNSKEY at every nameserver. With several signers each publishes the keys of all." },
	[DELEGATION_GATE_TYPES_DIFFER] = { ROW("types-differ-at", CHILD, WARNING, RETRY, AGAIN), .ede = 24,
		.meaning = "CDS and CDNSKEY name different keys",
		.advice = "Publish CDS and CDNSKEY of the same keys." },
	[DELEGATION_GATE_TYPE_UNWANTED] = { ROW("type-unwanted", CHILD, NOTICE, SCAN, FINAL), .ede = 24,
		.meaning = "the child publishes only the type that this parent does not read",
		.advice = "Publish CDS and CDNSKEY." },
	[DELEGATION_GATE_NODATA_UNPROVEN] = { ROW("nodata-unproven-at", CHILD, NOTICE, RETRY, AGAIN), .ede = 10,
		.meaning = "the answer that a record does not exist has no proof",
		.advice = "Check NSEC or NSEC3 at this nameserver." },
	[DELEGATION_GATE_MALFORMED] = { ROW("malformed-at", CHILD, WARNING, SCAN, FINAL), .ede = 24,
		.meaning = "CDS or CDNSKEY is malformed, or has algorithm 0 beside other records",
		.advice = "Publish complete records, or the delete signal alone: CDS 0 0 0 00 and CDNSKEY 0 3 0 AA==." },
	[DELEGATION_GATE_TOO_MANY] = { ROW("too-many-records", CHILD, WARNING, SCAN, FINAL), .ede = 24,
		.meaning = "DS, CDS or CDNSKEY has more records than this parent accepts",
		.advice = "Publish CDS and CDNSKEY of fewer keys." },
	[DELEGATION_GATE_REMOVE_OFF] = { ROW("remove-off", PARENT, NOTICE, SCAN, FINAL), .ede = 15,
		.meaning = "the child asks for the removal of DS, and this parent does not follow that",
		.advice = "Set remove: on. Alternatively remove DS by hand." },
	[DELEGATION_GATE_DIGEST] = { ROW("digest-unusable-at", CHILD, WARNING, SCAN, FINAL), .ede = 2,
		.meaning = "a key is named by no CDS of SHA-256 (digest type 2)",
		.advice = "Publish a CDS of digest type 2 for each key." },
	[DELEGATION_GATE_ALGORITHM] = { ROW("algorithm-unusable", CHILD, WARNING, SCAN, FINAL), .ede = 1,
		.meaning = "a key has an algorithm for which no DS may be made (RFC 9904, RFC 9905)",
		.advice = "Use algorithm 8, 13, 14, 15 or 16." },
	[DELEGATION_GATE_CHAIN_BROKEN] = { ROW("chain-broken-at", CHILD, ALARM, RETRY, AGAIN), .ede = 9,
		.meaning = "no key that the present DS names has signed DNSKEY, so nothing there can be trusted",
		.advice = "Restore the key that DS names, or have DS changed by hand." },
	[DELEGATION_GATE_UNSIGNED] = { ROW("unsigned-at", CHILD, WARNING, RETRY, AGAIN), .ede = 10,
		.meaning = "no key that the present DS names has signed the signal",
		.advice = "Sign CDS and CDNSKEY with a key that DS names, not with a ZSK or the new key alone." },
	[DELEGATION_GATE_REPLAYED] = { ROW("replayed", CHILD, WARNING, RETRY, AGAIN), .ede = 7,
		.meaning = "the signatures of the signals are not newer than those of the last change, or than a change by hand",
		.advice = "Sign CDS and CDNSKEY again. PowerDNS dates all signatures of a week alike: those of the next week, "
			  "from Thursday 00:00 UTC, are newer." },
	[DELEGATION_GATE_WOULD_BREAK] = { ROW("would-break-at", CHILD, WARNING, RETRY, AGAIN), .ede = 9,
		.meaning = "the child would not validate there with the DS that it asks for",
		.advice = "Publish the new key at every nameserver, and sign DNSKEY with it, before CDS." },
	[DELEGATION_GATE_NO_SIGNALING] = { ROW("no-signaling", CHILD, NOTICE, SCAN, FINAL),
		.meaning = "the first DS cannot be confirmed: all nameservers are in the child itself",
		.advice = "Have the first DS added by hand, or add a nameserver whose name is not in the child." },
	[DELEGATION_GATE_SIGNALING_FAILED] = { ROW("signaling-failed-at", CHILD, NOTICE, RETRY, AGAIN), .missing = true,
		.meaning = "the signaling name of a nameserver has no secure answer (RFC 9615)",
		.advice = "Publish CDS and CDNSKEY at the signaling names of all nameservers, in signed zones." },
	[DELEGATION_GATE_SIGNALING_DIFFERS] = { ROW("signaling-differs-at", CHILD, NOTICE, RETRY, AGAIN), .ede = 24,
		.meaning = "the signaling name of a nameserver has other records than the child (RFC 9615)",
		.advice = "Publish the same CDS and CDNSKEY there." },
	[DELEGATION_GATE_HOLD_DOWN] = { ROW("hold-down", NOBODY, INFO, SCAN, STAYS),
		.meaning = "the signals are accepted, and must stay the same until the time given",
		.advice = "Wait until the time given." },
	[DELEGATION_GATE_AFTER_UNDO] = { ROW("after-undo", NOBODY, NOTICE, RETRY, STAYS),
		.meaning = "the last change was undone, and the next one waits",
		.advice = "Wait until the time given." },
	[DELEGATION_GATE_UNDONE] = { ROW("undone", CHILD, WARNING, SCAN, KEPT), .ede = 15,
		.meaning = "these signals were followed before, validation failed, and the change was undone",
		.advice = "Find the cause, then change CDS and CDNSKEY. The same signals are not followed again." },
	[DELEGATION_GATE_MANUAL] = { ROW("overruled", CHILD, NOTICE, SCAN, KEPT), .ede = 15,
		.meaning = "DS was changed by hand, and the signals are older than that",
		.advice = "Make CDS and CDNSKEY agree with DS, or change them." },
	[DELEGATION_GATE_REVERTED] = { ROW("reverted", PARENT, ALARM, FLIGHT, STAYS),
		.meaning = "a reload of the parent zone has brought the old DS back",
		.advice = "Change the item that the detail names. The agent surveys the child and follows its signals once more." },
	[DELEGATION_GATE_SUSPENDED] = { ROW("suspended", PARENT, NOTICE, SCAN, FINAL), .ede = 15,
		.meaning = "DS was removed by hand, which suspends the automation (RFC 10026 7.1)",
		.advice = "Add a DS by hand to resume." },
	[DELEGATION_GATE_PARENT_UNREACHABLE] = { ROW("parent-unreachable-at", PARENT, WARNING, FLIGHT, STAYS), .missing = true,
		.meaning = "a server of the parent zone does not answer",
		.advice = "Start the server. After delegation-unreachable-after it no longer counts." },
	[DELEGATION_GATE_PARENT_ERROR] = { ROW("parent-error-at", PARENT, WARNING, FLIGHT, STAYS),
		.meaning = "a server of the parent zone has no DS that verifies",
		.advice = "Check the zone on that server." },
	[DELEGATION_GATE_PARENT_STALE] = { ROW("parent-stale-at", PARENT, NOTICE, FLIGHT, STAYS),
		.meaning = "a server of the parent zone has another DS RRset",
		.advice = "Check transfers to that server (knotc zone-notify)." },
	[DELEGATION_GATE_VERIFYING] = { ROW("verifying", NOBODY, INFO, STEADY, STAYS),
		.meaning = "resolvers validate the child, and are observed until the time given",
		.advice = "Wait until the time given." },
	[DELEGATION_GATE_NO_EVIDENCE] = { ROW("no-evidence", PARENT, NOTICE, STEADY, STAYS), .missing = true,
		.meaning = "no resolver says whether the child validates",
		.advice = "Check the resolvers that the agent asks." },
	[DELEGATION_GATE_FAILS] = { ROW("validation-fails", CHILD, ALARM, STEADY, STAYS), .ede = 6,
		.meaning = "a resolver does not validate the child",
		.advice = "Read the detail. If checks fail again and the change is the cause, it is undone." },
	[DELEGATION_GATE_CANNOT_UNDO] = { ROW("cannot-undo", CHILD, ALARM, STEADY, STAYS), .ede = 6,
		.meaning = "a resolver does not validate the child, and it is not certain that it would with the former DS",
		.advice = "Fix the nameserver of the child that the detail names. If a time is given, the former DS returns then." },
	[DELEGATION_GATE_TTL_LOW] = { ROW("ttl-low", NOBODY, INFO, SCAN, STAYS),
		.meaning = "the TTL of DS stays low until the time given (RFC 10026 4.1)",
		.advice = "Wait until the time given." },
	[DELEGATION_GATE_PRESENT_FAILS] = { ROW("present-ds-fails-at", CHILD, ALARM, SCAN, STAYS), .ede = 9,
		.meaning = "no key that DS names has signed DNSKEY at a nameserver",
		.advice = "Restore the key that DS names, or have DS changed by hand." },
};
/* clang-format on */

static const char *const actors[DELEGATION_ACTOR__COUNT] = {
	[DELEGATION_ACTOR_NOBODY] = "nobody",
	[DELEGATION_ACTOR_CHILD] = "child",
	[DELEGATION_ACTOR_PARENT] = "parent",
};

static const char *const severities[DELEGATION_SEVERITY__COUNT] = {
	[DELEGATION_INFO] = "info",
	[DELEGATION_NOTICE] = "notice",
	[DELEGATION_WARNING] = "warning",
	[DELEGATION_ALARM] = "alarm",
};

const delegation_state_info_t *delegation_state_info(delegation_state_t state)
{
	static const delegation_state_info_t unknown = { .name = "unknown", .meaning = "unknown" };

	return (unsigned)state < DELEGATION_STATE__COUNT ? &states[state] : &unknown;
}

const delegation_gate_info_t *delegation_gate_info(delegation_gate_t gate)
{
	return &gates[(unsigned)gate < DELEGATION_GATE__COUNT ? gate : DELEGATION_GATE_NONE];
}

const char *delegation_state_name(delegation_state_t state)
{
	return delegation_state_info(state)->name;
}

const char *delegation_gate_name(delegation_gate_t gate)
{
	return (unsigned)gate < DELEGATION_GATE__COUNT ? gates[gate].name : "unknown";
}

const char *delegation_actor_name(delegation_actor_t actor)
{
	return (unsigned)actor < DELEGATION_ACTOR__COUNT ? actors[actor] : "unknown";
}

const char *delegation_severity_name(delegation_severity_t severity)
{
	return (unsigned)severity < DELEGATION_SEVERITY__COUNT ? severities[severity] : "unknown";
}
