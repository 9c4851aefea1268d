/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "stats.h"

/*!
 * What a zone has, as one counter: knotd has 24 bytes for each counter of each zone, and 8 bytes for each value,
 * worker thread and zone. So state and gate are numbers here, those that are stored; by name they are in the totals.
 */
enum {
	ZONE_STATE,
	ZONE_GATE,
	ZONE_STATE_SECONDS,
	ZONE_NEXT_CHECK,
	ZONE_DNSKEY_TTL,
	ZONE_DS_TTL,
	ZONE_SURVEYS,
	ZONE_QUERIES,
	ZONE_STEPS,
	ZONE_ALARMS,
	ZONE__COUNT
};

/*! Counters of the global instance. */
enum {
	TOTAL_ZONES,
	TOTAL_STATE,
	TOTAL_GATE,
	TOTAL_SURVEYS,
	TOTAL_QUERIES,
	TOTAL_ANSWERS,
	TOTAL_WATCHES,
	TOTAL_NOTIFIES,
	TOTAL_STEPS,
	TOTAL_ALARMS,
	TOTAL_NO_ROUTE,
	TOTAL_PARENT_ZONES,
	TOTAL_DELEGATIONS,
	TOTAL_DELEGATION_STATE,
	TOTAL_DELEGATION_GATE,
	TOTAL_DELEGATION_SCANS,
	TOTAL_DELEGATION_SURVEYS,
	TOTAL_DELEGATION_QUERIES,
	TOTAL_DELEGATION_CHANGES,
	TOTAL_DELEGATION_UNDOS,
	TOTAL_DELEGATION_RESTORES,
	TOTAL_DELEGATION_NOTIFIED,
	TOTAL_DELEGATION_IGNORED,
	TOTAL_REPORTS,
	TOTAL_REPORTS_IGNORED,
	TOTAL_RUNNING,
	TOTAL_STARTS,
};

/* knotd frees the names that these return. */

static char *zone_name(uint32_t idx, uint32_t count)
{
	/* clang-format off */
	static const char *const names[ZONE__COUNT] = {
		[ZONE_STATE] = "state", [ZONE_GATE] = "gate", [ZONE_STATE_SECONDS] = "state-seconds",
		[ZONE_NEXT_CHECK] = "next-check-seconds", [ZONE_DNSKEY_TTL] = "dnskey-ttl", [ZONE_DS_TTL] = "ds-ttl",
		[ZONE_SURVEYS] = "surveys", [ZONE_QUERIES] = "queries", [ZONE_STEPS] = "steps",
		[ZONE_ALARMS] = "alarms",
	};
	/* clang-format on */
	return strdup(idx < count ? names[idx] : "unknown");
}

static char *state_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(rollover_state_name(idx));
}

static char *gate_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(rollover_gate_info(idx)->name);
}

static char *answer_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(rollover_answer_name(idx));
}

static char *watch_name(uint32_t idx, uint32_t count)
{
	static const char *const names[WATCH__COUNT] = { "secure", "failing", "no-evidence" };
	return strdup(idx < count ? names[idx] : "unknown");
}

static char *family_name(uint32_t idx, uint32_t count)
{
	static const char *const names[] = { "ipv4", "ipv6" };
	return strdup(idx < count ? names[idx] : "unknown");
}

static char *child_state_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(delegation_state_name(idx));
}

static char *child_gate_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(delegation_gate_name(idx));
}

static char *notify_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(notify_status_name(idx));
}

int stats_add_zone(knotd_mod_t *mod)
{
	return knotd_mod_stats_add(mod, "kskroll-zone", ZONE__COUNT, zone_name);
}

int stats_add_totals(knotd_mod_t *mod)
{
	static const struct {
		const char *name;
		uint32_t count;
		knotd_mod_idx_to_str_f idx_to_str;
		/* clang-format off */
	} counters[] = {
		[TOTAL_ZONES]    = { "kskroll-zones", 1, NULL },
		[TOTAL_STATE]    = { "kskroll-state", ROLLOVER_STATE__COUNT, state_name },
		[TOTAL_GATE]     = { "kskroll-gate", GATE__COUNT, gate_name },
		[TOTAL_SURVEYS]  = { "kskroll-surveys", 1, NULL },
		[TOTAL_QUERIES]  = { "kskroll-queries", 1, NULL },
		[TOTAL_ANSWERS]  = { "kskroll-answers", ANSWER__COUNT, answer_name },
		[TOTAL_WATCHES]  = { "kskroll-watches", WATCH__COUNT, watch_name },
		[TOTAL_NOTIFIES] = { "kskroll-notifications", NOTIFY__COUNT, notify_name },
		[TOTAL_STEPS]    = { "kskroll-steps", 1, NULL },
		[TOTAL_ALARMS]   = { "kskroll-alarms", 1, NULL },
		[TOTAL_NO_ROUTE] = { "kskroll-no-route", 2, family_name },
		[TOTAL_PARENT_ZONES]        = { "kskroll-parent-zones", 1, NULL },
		[TOTAL_DELEGATIONS]         = { "kskroll-delegations", 1, NULL },
		[TOTAL_DELEGATION_STATE]    = { "kskroll-delegation-state", DELEGATION_STATE__COUNT, child_state_name },
		[TOTAL_DELEGATION_GATE]     = { "kskroll-delegation-gate", DELEGATION_GATE__COUNT, child_gate_name },
		[TOTAL_DELEGATION_SCANS]    = { "kskroll-delegation-scans", 1, NULL },
		[TOTAL_DELEGATION_SURVEYS]  = { "kskroll-delegation-surveys", 1, NULL },
		[TOTAL_DELEGATION_QUERIES]  = { "kskroll-delegation-queries", 1, NULL },
		[TOTAL_DELEGATION_CHANGES]  = { "kskroll-delegation-changes", 1, NULL },
		[TOTAL_DELEGATION_UNDOS]    = { "kskroll-delegation-undos", 1, NULL },
		[TOTAL_DELEGATION_RESTORES] = { "kskroll-delegation-restores", 1, NULL },
		[TOTAL_DELEGATION_NOTIFIED] = { "kskroll-delegation-notified", 1, NULL },
		[TOTAL_DELEGATION_IGNORED]  = { "kskroll-delegation-ignored", 1, NULL },
		[TOTAL_REPORTS]         = { "kskroll-reports", 1, NULL },
		[TOTAL_REPORTS_IGNORED] = { "kskroll-reports-ignored", 1, NULL },
		[TOTAL_RUNNING]  = { "kskroll-daemon-running", 1, NULL },
		[TOTAL_STARTS]   = { "kskroll-daemon-starts", 1, NULL },
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		int ret = knotd_mod_stats_add(mod, counters[i].name, counters[i].count, counters[i].idx_to_str);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

/* Stored for thread 0, which is the only one that knotd allows from outside its workers. */

static void store(knotd_mod_t *mod, uint32_t counter, uint32_t idx, uint64_t value)
{
	knotd_mod_stats_store(mod, 0, counter, idx, value);
}

void stats_zone(knotd_mod_t *mod, const zone_numbers_t *n)
{
	/* clang-format off */
	const uint64_t values[ZONE__COUNT] = {
		[ZONE_STATE]         = n->state,
		[ZONE_GATE]          = n->gate,
		[ZONE_STATE_SECONDS] = n->state_seconds,
		[ZONE_NEXT_CHECK]    = n->next_check_seconds,
		[ZONE_DNSKEY_TTL]    = n->dnskey_ttl,
		[ZONE_DS_TTL]        = n->ds_ttl,
		[ZONE_SURVEYS]       = n->counts.surveys,
		[ZONE_QUERIES]       = n->counts.queries,
		[ZONE_STEPS]         = n->counts.steps,
		[ZONE_ALARMS]        = n->counts.alarms,
	};
	/* clang-format on */
	for (uint32_t i = 0; i < ZONE__COUNT; i++) {
		store(mod, 0, i, values[i]);
	}
}

static void store_all(knotd_mod_t *mod, uint32_t counter, const uint64_t *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		store(mod, counter, i, values[i]);
	}
}

static void store_delegations(knotd_mod_t *mod, const delegation_totals_t *d)
{
	store(mod, TOTAL_PARENT_ZONES, 0, d->zones);
	store(mod, TOTAL_DELEGATIONS, 0, d->delegations);
	store_all(mod, TOTAL_DELEGATION_STATE, d->state, DELEGATION_STATE__COUNT);
	store_all(mod, TOTAL_DELEGATION_GATE, d->gate, DELEGATION_GATE__COUNT);
	store(mod, TOTAL_DELEGATION_SCANS, 0, d->scans);
	store(mod, TOTAL_DELEGATION_SURVEYS, 0, d->surveys);
	store(mod, TOTAL_DELEGATION_QUERIES, 0, d->queries);
	store(mod, TOTAL_DELEGATION_CHANGES, 0, d->changes);
	store(mod, TOTAL_DELEGATION_UNDOS, 0, d->undos);
	store(mod, TOTAL_DELEGATION_RESTORES, 0, d->restores);
	store(mod, TOTAL_DELEGATION_NOTIFIED, 0, d->notified);
	store(mod, TOTAL_DELEGATION_IGNORED, 0, d->ignored);
}

void stats_totals(knotd_mod_t *mod, const process_totals_t *t)
{
	store(mod, TOTAL_ZONES, 0, t->zones);
	store_all(mod, TOTAL_STATE, t->state, ROLLOVER_STATE__COUNT);
	store_all(mod, TOTAL_GATE, t->gate, GATE__COUNT);
	store(mod, TOTAL_SURVEYS, 0, t->counts.surveys);
	store(mod, TOTAL_QUERIES, 0, t->counts.queries);
	store_all(mod, TOTAL_ANSWERS, t->answers, ANSWER__COUNT);
	store_all(mod, TOTAL_WATCHES, t->watches, WATCH__COUNT);
	store_all(mod, TOTAL_NOTIFIES, t->notifies, NOTIFY__COUNT);
	store(mod, TOTAL_STEPS, 0, t->counts.steps);
	store(mod, TOTAL_ALARMS, 0, t->counts.alarms);
	store(mod, TOTAL_NO_ROUTE, 0, t->no_route[0]);
	store(mod, TOTAL_NO_ROUTE, 1, t->no_route[1]);
	store_delegations(mod, &t->delegations);
	store(mod, TOTAL_REPORTS, 0, t->reports);
	store(mod, TOTAL_REPORTS_IGNORED, 0, t->reports_ignored);
}

void stats_daemon(knotd_mod_t *mod, bool runs, uint64_t starts)
{
	store(mod, TOTAL_RUNNING, 0, runs);
	store(mod, TOTAL_STARTS, 0, starts);
}
