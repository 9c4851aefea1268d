/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "stats.h"

/*! Counters of a zone, in the order of registration. */
enum {
	ZONE_STATE,
	ZONE_GATE,
	ZONE_STATE_SECONDS,
	ZONE_NEXT_CHECK,
	ZONE_DNSKEY_TTL,
	ZONE_DS_TTL,
	ZONE_SURVEYS,
	ZONE_QUERIES,
	ZONE_ANSWERS,
	ZONE_WATCHES,
	ZONE_NOTIFIES,
	ZONE_STEPS,
	ZONE_ALARMS,
};

/*! Counters of the global instance. */
enum {
	TOTAL_ZONES,
	TOTAL_STATE,
	TOTAL_GATE,
	TOTAL_SURVEYS,
	TOTAL_QUERIES,
	TOTAL_WATCHES,
	TOTAL_NOTIFIES,
	TOTAL_STEPS,
	TOTAL_ALARMS,
};

/* knotd frees the names that these return. */

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

static char *notify_name(uint32_t idx, uint32_t count)
{
	(void)count;
	return strdup(notify_status_name(idx));
}

typedef struct {
	const char *name;
	uint32_t count;
	knotd_mod_idx_to_str_f idx_to_str;
} counter_t;

static int add(knotd_mod_t *mod, const counter_t *counters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int ret = knotd_mod_stats_add(mod, counters[i].name, counters[i].count,
		                              counters[i].idx_to_str);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

int stats_add_zone(knotd_mod_t *mod)
{
	static const counter_t counters[] = {
		[ZONE_STATE]         = { "kskroll-state", ROLLOVER_STATE__COUNT, state_name },
		[ZONE_GATE]          = { "kskroll-gate", GATE__COUNT, gate_name },
		[ZONE_STATE_SECONDS] = { "kskroll-state-seconds", 1, NULL },
		[ZONE_NEXT_CHECK]    = { "kskroll-next-check-seconds", 1, NULL },
		[ZONE_DNSKEY_TTL]    = { "kskroll-dnskey-ttl", 1, NULL },
		[ZONE_DS_TTL]        = { "kskroll-ds-ttl", 1, NULL },
		[ZONE_SURVEYS]       = { "kskroll-surveys", 1, NULL },
		[ZONE_QUERIES]       = { "kskroll-queries", 1, NULL },
		[ZONE_ANSWERS]       = { "kskroll-answers", ANSWER__COUNT, answer_name },
		[ZONE_WATCHES]       = { "kskroll-watches", WATCH__COUNT, watch_name },
		[ZONE_NOTIFIES]      = { "kskroll-notifies", NOTIFY__COUNT, notify_name },
		[ZONE_STEPS]         = { "kskroll-steps", 1, NULL },
		[ZONE_ALARMS]        = { "kskroll-alarms", 1, NULL },
	};
	return add(mod, counters, sizeof(counters) / sizeof(counters[0]));
}

int stats_add_totals(knotd_mod_t *mod)
{
	static const counter_t counters[] = {
		[TOTAL_ZONES]   = { "kskroll-zones", 1, NULL },
		[TOTAL_STATE]   = { "kskroll-state", ROLLOVER_STATE__COUNT, state_name },
		[TOTAL_GATE]    = { "kskroll-gate", GATE__COUNT, gate_name },
		[TOTAL_SURVEYS] = { "kskroll-surveys", 1, NULL },
		[TOTAL_QUERIES] = { "kskroll-queries", 1, NULL },
		[TOTAL_WATCHES] = { "kskroll-watches", WATCH__COUNT, watch_name },
		[TOTAL_NOTIFIES] = { "kskroll-notifies", NOTIFY__COUNT, notify_name },
		[TOTAL_STEPS]   = { "kskroll-steps", 1, NULL },
		[TOTAL_ALARMS]  = { "kskroll-alarms", 1, NULL },
	};
	return add(mod, counters, sizeof(counters) / sizeof(counters[0]));
}

/* Stored for thread 0, which is the only one that knotd allows from outside its workers. */

static void store(knotd_mod_t *mod, uint32_t counter, uint32_t idx, uint64_t value)
{
	knotd_mod_stats_store(mod, 0, counter, idx, value);
}

void stats_zone(void *mod, const engine_numbers_t *n)
{
	for (uint32_t i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		store(mod, ZONE_STATE, i, i == n->state);
	}
	for (uint32_t i = 0; i < GATE__COUNT; i++) {
		store(mod, ZONE_GATE, i, i == n->gate);
	}
	for (uint32_t i = 0; i < ANSWER__COUNT; i++) {
		store(mod, ZONE_ANSWERS, i, n->answers[i]);
	}
	for (uint32_t i = 0; i < WATCH__COUNT; i++) {
		store(mod, ZONE_WATCHES, i, n->watches[i]);
	}
	for (uint32_t i = 0; i < NOTIFY__COUNT; i++) {
		store(mod, ZONE_NOTIFIES, i, n->notifies[i]);
	}
	store(mod, ZONE_STATE_SECONDS, 0, n->state_seconds);
	store(mod, ZONE_NEXT_CHECK, 0, n->next_check_seconds);
	store(mod, ZONE_DNSKEY_TTL, 0, n->dnskey_ttl);
	store(mod, ZONE_DS_TTL, 0, n->ds_ttl);
	store(mod, ZONE_SURVEYS, 0, n->surveys);
	store(mod, ZONE_QUERIES, 0, n->queries);
	store(mod, ZONE_STEPS, 0, n->steps);
	store(mod, ZONE_ALARMS, 0, n->alarms);
}

void stats_totals(void *mod, const engine_totals_t *t)
{
	store(mod, TOTAL_ZONES, 0, t->zones);
	for (uint32_t i = 0; i < ROLLOVER_STATE__COUNT; i++) {
		store(mod, TOTAL_STATE, i, t->state[i]);
	}
	for (uint32_t i = 0; i < GATE__COUNT; i++) {
		store(mod, TOTAL_GATE, i, t->gate[i]);
	}
	store(mod, TOTAL_SURVEYS, 0, t->surveys);
	store(mod, TOTAL_QUERIES, 0, t->queries);
	for (uint32_t i = 0; i < WATCH__COUNT; i++) {
		store(mod, TOTAL_WATCHES, i, t->watches[i]);
	}
	for (uint32_t i = 0; i < NOTIFY__COUNT; i++) {
		store(mod, TOTAL_NOTIFIES, i, t->notifies[i]);
	}
	store(mod, TOTAL_STEPS, 0, t->steps);
	store(mod, TOTAL_ALARMS, 0, t->alarms);
}
