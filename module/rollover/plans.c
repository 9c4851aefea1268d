/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plans. Each can be read from top to bottom: what must be true before the next step, and where the zone goes
 * when it no longer is.
 */

#include <assert.h>

#include "plans.h"

#define ROLE_BOTH      (ROLE_OLD | ROLE_NEW)
#define SURVEY_SERVERS (SURVEY_CHILD | SURVEY_PARENT)
#define SURVEY_ALL     (SURVEY_SERVERS | SURVEY_WATCH)
#define COUNT(a)       (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const step_t IDLE[] = {
	{
		.state = ROLLOVER_IDLE, .policy = POLICY_BASE, .survey = SURVEY_PARENT,
		.cond = { COND_IDLE },
	},
};

/*!
 * Double-KSK (RFC 7583 3.3.1), of one KSK or several. A change of algorithm is one in which the new algorithm signs the
 * data before it is in DNSKEY, and the old one does so until caches have lost its DNSKEY (RFC 6781 4.1.4).
 */
static const step_t KSK[] = {
	{
		/* Knot signs with keys that it has not published: nobody knows the new one yet. */
		.state = ROLLOVER_PRESIGN, .policy = POLICY_LOW_TTL, .keys = KEYS_PRESIGN, .survey = SURVEY_ALL,
		.cond = { COND_PRESIGNED, COND_DS_STAYS, COND_SERVERS, COND_CHAIN, COND_EXPIRED, COND_ORDER },
		.own = OWN_OLD, .present = ROLE_OLD, .signals = SIGNALS_NONE, .data = DATA_BOTH, .low_ttl = true, .chain = ROLE_OLD,
		.ds_ttl = DS_TTL_LOWERED,
		.expire = { EXPIRE_HIGH_TTL, EXPIRE_LEAD, EXPIRE_DATA },
		.order = ACTION_PUBLISH, .gate = GATE_KNOT_NO_NEW_KEY,
		.removed = TO_START,
	},
	{
		.state = ROLLOVER_PREPARE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_SERVERS,
		.cond = { COND_DS_STAYS, COND_SERVERS, COND_CHAIN, COND_EXPIRED },
		.own = OWN_OLD, .present = ROLE_OLD, .signals = SIGNALS_NONE, .low_ttl = true, .chain = ROLE_OLD,
		.ds_ttl = DS_TTL_LOWERED,
		.expire = { EXPIRE_HIGH_TTL, EXPIRE_LEAD, EXPIRE_HIGH_DS_TTL },
		.next = ROLLOVER_INTRODUCE,
		.removed = TO_START,
	},
	{
		.state = ROLLOVER_INTRODUCE, .when = WHEN_NO_NEW, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_DS_STAYS, COND_ALONE, COND_CHAIN, COND_ORDER },
		.own = OWN_ROLLING, .chain = ROLE_OLD, .ds_ttl = DS_TTL_LOWERED,
		.order = ACTION_START, .gate = GATE_KNOT_NO_NEW_KEY,
		.removed = TO_START,
	},
	{
		.state = ROLLOVER_INTRODUCE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_DS_STAYS, COND_SERVERS, COND_CHAIN, COND_EXPIRED },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signals = SIGNALS_NONE, .data = DATA_BOTH, .low_ttl = true, .chain = ROLE_BOTH,
		.ds_ttl = DS_TTL_LOWERED,
		.expire = { EXPIRE_DNSKEY, EXPIRE_DATA, EXPIRE_HIGH_DS_TTL },
		.next = ROLLOVER_SIGNAL,
		/* After a step back from await-ds the parent may have begun. */
		.removed = TO_STAY, .invalid_begun = ROLLOVER_ROLLBACK,
	},
	{
		.state = ROLLOVER_SIGNAL, .policy = POLICY_LOW_TTL, .keys = KEYS_SIGNAL_NEW, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_KEYS, COND_DS_STAYS, COND_DS_DONE, COND_SERVERS, COND_CHAIN },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signals = SIGNALS_NEW, .trusted = ROLE_OLD, .chain = ROLE_BOTH,
		.next = ROLLOVER_AWAIT_DS,
		/* No signals until the zone validates again, and caches with it. */
		.key_lost = ROLLOVER_INTRODUCE, .removed = ROLLOVER_INTRODUCE, .extra_key = ROLLOVER_INTRODUCE,
		.invalid = ROLLOVER_INTRODUCE, .invalid_begun = ROLLOVER_ROLLBACK,
	},
	{
		.state = ROLLOVER_AWAIT_DS, .policy = POLICY_LOW_TTL, .keys = KEYS_SIGNAL_NEW, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_DONE, COND_KEYS, COND_DS_STAYS, COND_SERVERS, COND_DS_ASKED },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signals = SIGNALS_NEW, .until_begun = true, .trusted = ROLE_OLD,
		.next = ROLLOVER_WITHDRAW,
		.key_lost = ROLLOVER_INTRODUCE, .removed = ROLLOVER_INTRODUCE, .removed_later = true,
		.extra_key = ROLLOVER_INTRODUCE, .invalid = ROLLOVER_ROLLBACK,
	},
	{
		/* As before a signal: whoever gets data that the new key alone has signed must be able to get that key. */
		.state = ROLLOVER_WITHDRAW, .when = WHEN_UNMOVED, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_KEPT, COND_SERVERS, COND_EXPIRED, COND_MOVE },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signals = SIGNALS_NONE,
		.expire = { EXPIRE_DNSKEY },
		.gate = GATE_KEYS_PENDING,
		.ds_lost = ROLLOVER_INTRODUCE, .invalid = ROLLOVER_ROLLBACK,
	},
	{
		.state = ROLLOVER_WITHDRAW, .policy = POLICY_LOW_TTL, .keys = KEYS_MOVED, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_KEPT, COND_SERVERS },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signing = ROLE_NEW, .signals = SIGNALS_NONE, .data = DATA_BOTH,
		.next = ROLLOVER_OBSERVE,
		/* Not straight to the signals: a nameserver may have been without the new key until just now. */
		.ds_lost = ROLLOVER_INTRODUCE, .invalid = ROLLOVER_ROLLBACK,
	},
	{
		.state = ROLLOVER_OBSERVE, .policy = POLICY_LOW_TTL, .keys = KEYS_MOVED, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_KEPT, COND_SERVERS, COND_EXPIRED },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signing = ROLE_NEW, .signals = SIGNALS_NONE, .data = DATA_BOTH,
		.observed = true,
		/* Until the first is over nothing may shorten the second. */
		.expire = { EXPIRE_DS, EXPIRE_OBSERVATION, EXPIRE_DATA },
		.next = ROLLOVER_RETIRE,
		.ds_lost = ROLLOVER_INTRODUCE, .invalid = ROLLOVER_ROLLBACK,
	},
	{
		/* The order cannot be taken back: all that it rests on is proven again, each time it is given. */
		.state = ROLLOVER_RETIRE, .when = WHEN_OLD_LEFT, .policy = POLICY_LOW_TTL, .keys = KEYS_MOVED, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_KEPT, COND_SERVERS, COND_PROVEN, COND_ORDER },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .leaving = ROLE_OLD, .signing = ROLE_NEW, .data = DATA_BOTH, .observed = true,
		.expire = { EXPIRE_DS, EXPIRE_OBSERVATION, EXPIRE_DATA },
		.order = ACTION_RETIRE, .gate = GATE_KNOT_KEEPS_KEY,
		.ds_lost = ROLLOVER_INTRODUCE, .unproven = ROLLOVER_OBSERVE, .invalid = ROLLOVER_ROLLBACK,
	},
	{
		/* A cache with the old DNSKEY may want its signatures. */
		.state = ROLLOVER_RETIRE, .when = WHEN_ALGORITHM, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_GONE, COND_CLEANED, COND_SERVERS, COND_EXPIRED, COND_ORDER },
		.own = OWN_ROLLING, .present = ROLE_NEW, .absent = ROLE_OLD, .signals = SIGNALS_NONE, .data = DATA_BOTH,
		.expire = { EXPIRE_DNSKEY },
		.order = ACTION_CLEAN, .gate = GATE_KNOT_KEEPS_KEY,
		.next = ROLLOVER_CLEAN,
	},
	{
		.state = ROLLOVER_CLEAN, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_UNLESS_BEGUN, COND_STAYS_CLEAN, COND_SERVERS },
		.own = OWN_ROLLING, .present = ROLE_NEW, .absent = ROLE_OLD, .signals = SIGNALS_NONE, .data = DATA_CLEAN,
		.next = ROLLOVER_SETTLE, .ends = true,
		.unproven = ROLLOVER_RETIRE,
	},
	{
		.state = ROLLOVER_RETIRE, .policy = POLICY_LOW_TTL, .keys = KEYS_MOVED, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_UNLESS_BEGUN, COND_SERVERS, COND_EXPIRED, COND_GONE },
		.own = OWN_ROLLING, .present = ROLE_NEW, .absent = ROLE_OLD, .signing = ROLE_NEW, .signals = SIGNALS_NONE,
		.expire = { EXPIRE_DNSKEY },
		.next = ROLLOVER_SETTLE, .ends = true,
	},
	{
		.state = ROLLOVER_SETTLE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_PARENT | SURVEY_WATCH, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_EXPIRED },
		.own = OWN_OLD,
		.expire = { EXPIRE_SETTLE },
		.next = ROLLOVER_IDLE,
	},
	{
		/* Until every server of the parent names the old key again; the new one may stay beside it. */
		.state = ROLLOVER_ROLLBACK, .policy = POLICY_LOW_TTL, .keys = KEYS_SIGNAL_BOTH, .survey = SURVEY_ALL, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_DS_STAYS, COND_CHAIN_BACK },
		.own = OWN_ROLLING, .present = ROLE_BOTH, .signals = SIGNALS_BOTH, .trusted = ROLE_BOTH, .chain = ROLE_OLD,
		.next = ROLLOVER_ROLLED_BACK,
		.removed = ROLLOVER_ROLLED_BACK,
	},
	{
		/* Safe for ever; the operator's `hold`, switched on and off again, means: go on. */
		.state = ROLLOVER_ROLLED_BACK, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_RELEASED, COND_DS_STAYS, COND_DATA_BACK },
		.own = OWN_ROLLING, .signing = ROLE_OLD, .data = DATA_BOTH,
		.gate = GATE_AWAITING_DECISION,
	},
};

/*! The zone is insecure until the parent has the DS, and rightly so: nothing is watched before that, or rolled back. */
static const step_t FIRST_DS[] = {
	{
		/*
		 * No DS before every validator can get the DNSKEY, and nothing unsigned is left in caches (RFC 7583
		 * 3.3.5).
		 */
		.state = ROLLOVER_INTRODUCE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_SERVERS,
		.cond = { COND_DS_STAYS, COND_SERVERS, COND_NO_DS, COND_EXPIRED },
		.own = OWN_ROLLING, .present = ROLE_NEW, .signals = SIGNALS_NONE, .low_ttl = true,
		.expire = { EXPIRE_UNSIGNED },
		.next = ROLLOVER_SIGNAL,
		.removed = TO_START,
	},
	{
		.state = ROLLOVER_SIGNAL, .policy = POLICY_LOW_TTL, .keys = KEYS_SIGNAL_NEW, .survey = SURVEY_SERVERS,
		.cond = { COND_KEYS, COND_DS_STAYS, COND_DS_DONE, COND_SERVERS, COND_NO_DS },
		.own = OWN_ROLLING, .present = ROLE_NEW, .signals = SIGNALS_NEW, .trusted = ROLE_NEW,
		.next = ROLLOVER_AWAIT_DS,
		.key_lost = ROLLOVER_INTRODUCE, .removed = ROLLOVER_INTRODUCE, .extra_key = ROLLOVER_INTRODUCE,
	},
	{
		.state = ROLLOVER_AWAIT_DS, .policy = POLICY_LOW_TTL, .keys = KEYS_SIGNAL_NEW, .survey = SURVEY_SERVERS,
		.cond = { COND_DS_DONE, COND_KEYS, COND_DS_STAYS, COND_SERVERS, COND_DS_ASKED },
		.own = OWN_ROLLING, .present = ROLE_NEW, .signals = SIGNALS_NEW, .until_begun = true, .trusted = ROLE_NEW,
		.next = ROLLOVER_WITHDRAW,
		.key_lost = ROLLOVER_INTRODUCE, .removed = ROLLOVER_INTRODUCE, .removed_later = true,
		.extra_key = ROLLOVER_INTRODUCE,
	},
	{
		.state = ROLLOVER_WITHDRAW, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_DS_KEPT, COND_SERVERS },
		.own = OWN_ROLLING, .present = ROLE_NEW, .signals = SIGNALS_NONE,
		.next = ROLLOVER_OBSERVE,
		/* It was everywhere: a zone with a DS like any other, and one that goes is not asked back. */
		.ds_lost = TO_START,
	},
	{
		.state = ROLLOVER_OBSERVE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_DS_KEPT, COND_SERVERS, COND_EXPIRED },
		.own = OWN_ROLLING, .present = ROLE_NEW, .signals = SIGNALS_NONE, .observed = true,
		.expire = { EXPIRE_DS, EXPIRE_OBSERVATION },
		.next = ROLLOVER_RETIRE,
		.ds_lost = TO_START,
	},
	{
		/* Nothing goes. */
		.state = ROLLOVER_RETIRE, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_ALL,
		.cond = { COND_SERVERS, COND_DS_KEPT, COND_EXPIRED },
		.own = OWN_ROLLING, .present = ROLE_NEW, .absent = ROLE_OLD, .signals = SIGNALS_NONE,
		.expire = { EXPIRE_DNSKEY },
		.next = ROLLOVER_SETTLE, .ends = true,
		.ds_lost = TO_START,
	},
};

/*! The DS goes, at the operator's request (RFC 8078 4). */
static const step_t INSECURE[] = {
	{
		.state = ROLLOVER_REMOVE_DS, .policy = POLICY_DELETE, .survey = SURVEY_SERVERS, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_WISHED, COND_DS_DONE, COND_SERVERS, COND_DS_ASKED },
		.present = ROLE_ALL, .signals = SIGNALS_DELETE, .trusted = ROLE_ALL,
		.next = ROLLOVER_EXPIRE_DS,
	},
	{
		.state = ROLLOVER_EXPIRE_DS, .policy = POLICY_LOW_TTL, .keys = KEYS_SILENT, .survey = SURVEY_SERVERS, .ds_ttl = DS_TTL_KEPT,
		.cond = { COND_WISHED, COND_DS_KEPT, COND_SERVERS, COND_EXPIRED },
		.present = ROLE_ALL, .signals = SIGNALS_NONE,
		.expire = { EXPIRE_DS },
		.gate = GATE_MAY_UNSIGN,
		.ds_lost = ROLLOVER_REMOVE_DS,
	},
};
/* clang-format on */

static const rollover_plan_t PLAN_IDLE = { .name = "idle", .had_ds = true, .steps = IDLE, .count = COUNT(IDLE) };
static const rollover_plan_t PLAN_KSK = {
	.name = "ksk",
	.had_ds = true,
	.old_gone = ROLLOVER_RETIRE,
	.steps = KSK,
	.count = COUNT(KSK),
};
static const rollover_plan_t PLAN_ALGORITHM = {
	.name = "algorithm",
	.had_ds = true,
	.old_gone = ROLLOVER_RETIRE,
	.steps = KSK,
	.count = COUNT(KSK),
};
static const rollover_plan_t PLAN_FIRST_DS = { .name = "first-ds", .steps = FIRST_DS, .count = COUNT(FIRST_DS) };
static const rollover_plan_t PLAN_INSECURE = {
	.name = "insecure",
	.had_ds = true,
	.removes_ds = true,
	.steps = INSECURE,
	.count = COUNT(INSECURE),
};

bool rollover_is_first(const rollover_row_t *row)
{
	return row->has_new && row->old_count == 0 && row->state != ROLLOVER_IDLE;
}

bool rollover_changes_algorithm(const rollover_row_t *row)
{
	return row->state == ROLLOVER_PRESIGN || (row->state != ROLLOVER_IDLE && row->has_new && row->old_count > 0 &&
	                                          row->old[0].algorithm != row->new_key.algorithm);
}

bool rollover_changes_scheme(const rollover_row_t *row)
{
	return row->state != ROLLOVER_IDLE && row->has_new && row->old_count > 0 && row->csk != row->csk_new;
}

bool rollover_moves(const rollover_row_t *row)
{
	return (row->csk || (row->has_new && row->csk_new)) && !rollover_changes_algorithm(row);
}

static bool has_step(const rollover_plan_t *plan, rollover_state_t state)
{
	for (unsigned i = 0; i < plan->count; i++) {
		if (plan->steps[i].state == state) {
			return true;
		}
	}
	return false;
}

const rollover_plan_t *plans_of(const rollover_row_t *row)
{
	if (rollover_is_first(row) && has_step(&PLAN_FIRST_DS, row->state)) {
		return &PLAN_FIRST_DS;
	}
	if (has_step(&PLAN_KSK, row->state)) {
		return rollover_changes_algorithm(row) ? &PLAN_ALGORITHM : &PLAN_KSK;
	}
	return has_step(&PLAN_INSECURE, row->state) ? &PLAN_INSECURE : &PLAN_IDLE;
}

static bool counts(const step_t *step, const rollover_row_t *row, bool old_left)
{
	return step->when == WHEN_ALWAYS || (step->when == WHEN_NO_NEW && !row->has_new) ||
	       (step->when == WHEN_UNMOVED && rollover_moves(row) && row->keys != KEYS_MOVED) ||
	       (step->when == WHEN_ALGORITHM && rollover_changes_algorithm(row)) ||
	       (step->when == WHEN_OLD_LEFT && old_left);
}

const step_t *plans_step(const rollover_plan_t *plan, const rollover_row_t *row, bool old_left)
{
	for (unsigned i = 0; i < plan->count; i++) {
		const step_t *step = &plan->steps[i];
		if (step->state == row->state && counts(step, row, old_left)) {
			return step;
		}
	}
	assert(false); /* The last row of each state counts always. */
	return &IDLE[0];
}

policy_role_t rollover_policy(const rollover_row_t *row)
{
	return plans_step(plans_of(row), row, false)->policy;
}
