/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Rollovers as data: plans, each a table of steps (plans.c). The machine that follows them is machine.c.
 *
 * A step says what must be true of keys, signals, DS and caches, what is ordered, and where the zone goes when
 * something is lost. Plans hold no code. A new kind of rollover is a new table.
 */

#pragma once

#include "kskroll/rollover.h"

/*! Keys by their part in the rollover. */
#define ROLE_OLD (1U << 0) /*!< Those that the DS names when it begins. */
#define ROLE_NEW (1U << 1)
#define ROLE_ALL (1U << 2) /*!< Whatever KSKs the own zone has. */

/*! A target that is no state: the zone stays and waits. */
#define TO_STAY ROLLOVER_IDLE
/*! A target that is no state: back to idle, where everything is found out again. */
#define TO_START ROLLOVER_STATE__COUNT

/*! CDS and CDNSKEY that each nameserver must serve. */
typedef enum {
	SIGNALS_ANY = 0,
	SIGNALS_NONE,
	SIGNALS_NEW,
	SIGNALS_BOTH,
	SIGNALS_DELETE,
} step_signals_t;

/*! KSKs that the own zone must have. */
typedef enum {
	OWN_ANY = 0,
	OWN_OLD,     /*!< The old ones alone. */
	OWN_ROLLING, /*!< The old ones and the new one. */
} step_own_t;

/*! Whether a row of the table counts; the first one that does is the step. */
typedef enum {
	WHEN_ALWAYS = 0,
	WHEN_NO_NEW,    /*!< No new key is known. */
	WHEN_OLD_LEFT,  /*!< The own zone still has an old key. */
	WHEN_UNMOVED,   /*!< Keys that sign the data: the new one does not do so yet. */
	WHEN_ALGORITHM, /*!< The algorithm changes. */
} step_when_t;

/*! Signatures of which algorithms the data must have on each nameserver, where the algorithm changes. */
typedef enum {
	DATA_ANY = 0,
	DATA_BOTH,  /*!< Of the old and of the new one. */
	DATA_CLEAN, /*!< Of the new one alone. */
} step_data_t;

/*! The TTL of DS, where the parent is asked for it. */
typedef enum {
	DS_TTL_BEFORE = 0, /*!< As it was before the rollover. */
	DS_TTL_LOWERED,    /*!< It is lowered, before anything is signalled. */
	DS_TTL_KEPT,       /*!< It stays as it is. */
} step_ds_ttl_t;

/*! What must expire. */
typedef enum {
	EXPIRE_NOTHING = 0,
	EXPIRE_HIGH_TTL,    /*!< DNSKEY RRsets with a TTL above the low one. */
	EXPIRE_LEAD,        /*!< `lead` since the low TTL is on all nameservers. */
	EXPIRE_DNSKEY,      /*!< DNSKEY RRsets of before the step's condition held. */
	EXPIRE_UNSIGNED,    /*!< Those, and records of before the zone was signed. */
	EXPIRE_DATA,        /*!< Data that the new algorithm has not signed. */
	EXPIRE_DS,          /*!< The old DS. */
	EXPIRE_OBSERVATION, /*!< `observe`, during which resolvers validate the zone. */
	EXPIRE_SETTLE,      /*!< `settle` since the step began. */
	EXPIRE_HIGH_DS_TTL, /*!< DS with a TTL above the low one, and `lead` since all servers of the parent have that.
	                     */
} step_expire_t;

/*! What a step asks for; conditions.c has a function for each. */
typedef enum {
	COND_END = 0,
	COND_IDLE,         /*!< Nothing rolls: does a plan begin? */
	COND_WISHED,       /*!< The operator still wishes the plan. */
	COND_RELEASED,     /*!< The operator has decided. */
	COND_DS_STAYS,     /*!< Nobody has removed the DS (\a removed). */
	COND_ALONE,        /*!< No nameserver has the zone of an unknown signer. */
	COND_KEYS,         /*!< Every nameserver still has the \a present keys (\a key_lost). */
	COND_DS_DONE,      /*!< The DS is not replaced yet; if it is, the step ends. */
	COND_DS_KEPT,      /*!< The DS is still the new one (\a ds_lost). */
	COND_SERVERS,      /*!< Every nameserver has keys, TTL and signals of the step. */
	COND_CHAIN,        /*!< Every server of the parent names a key of \a chain. */
	COND_CHAIN_BACK,   /*!< The same; else the parent is asked for it. */
	COND_NO_DS,        /*!< No server of the parent has a DS yet but for those that have the first one. */
	COND_EXPIRED,      /*!< All of \a expire is over. */
	COND_PROVEN,       /*!< All of \a expire is still over (\a unproven). */
	COND_PRESIGNED,    /*!< The own zone has signatures of the new algorithm, which is that of the policy. */
	COND_GONE,         /*!< No key of the old end is in the own zone; else it is ordered to go. */
	COND_UNLESS_BEGUN, /*!< Has Knot begun with another algorithm, those that follow are met. */
	COND_CLEANED,      /*!< The own zone has signatures of the old algorithm, or of a hidden key; else the step
	                      ends. */
	COND_STAYS_CLEAN,  /*!< The own zone has neither keys nor signatures of the old algorithm (\a unproven). */
	COND_ORDER,        /*!< The order is given, and the zone waits for what comes of it. */
	COND_MOVE,         /*!< The new key is ordered to sign the data. */
	COND_DATA_BACK,    /*!< No cache has data of single-type keys that \a signing has not signed. */
	COND_DS_ASKED,     /*!< The parent replaces the DS, and is notified. */
} step_cond_t;

#define STEP_CONDS   8
#define STEP_EXPIRES 5

/*! One row of a plan. */
typedef struct {
	rollover_state_t state;
	step_when_t when;
	policy_role_t policy; /*!< The zone's policy, unless the base policy does as well (dec_policy()). */
	key_states_t keys;    /*!< States of the own zone's KSKs. */
	unsigned survey;      /*!< Set of SURVEY_*. */

	/* What must be. */
	step_cond_t cond[STEP_CONDS]; /*!< In this order; the first that is not met decides. */
	step_own_t own;
	unsigned present; /*!< Roles that are, and sign, on every nameserver. */
	unsigned absent;  /*!< Roles that are on no nameserver. */
	unsigned leaving; /*!< Roles of \a present that may go once the order is given. */
	unsigned signing; /*!< Roles that sign the data on every nameserver, where keys do. */
	unsigned trusted; /*!< Roles of which one signs the signals (RFC 7344 4.1). */
	unsigned chain;   /*!< Roles of which the DS names one. */
	step_signals_t signals;
	step_data_t data;
	step_ds_ttl_t ds_ttl;
	bool low_ttl;     /*!< No nameserver has a DNSKEY TTL above the low one. */
	bool until_begun; /*!< Signals no longer matter once a server of the parent has the new DS. */
	bool observed;    /*!< Validation is observed, and counts from step to step. */
	step_expire_t expire[STEP_EXPIRES];

	/* What is done. */
	rollover_action_t order;
	rollover_state_t next;
	rollover_gate_t gate; /*!< Behind which the zone waits for what comes of the order, or for ever. */
	bool ends;            /*!< At the end of the step the new key is the one in use. */

	/* Where to go, a state or TO_*, if ... */
	rollover_state_t key_lost;      /*!< a nameserver no longer has the keys, */
	rollover_state_t ds_lost;       /*!< a server of the parent no longer has the new DS, */
	rollover_state_t removed;       /*!< the DS was removed, */
	bool removed_later;             /*!< (only if that lasts for a check interval) */
	rollover_state_t unproven;      /*!< what had expired, or gone, is there again, */
	rollover_state_t extra_key;     /*!< one more KSK appears, */
	rollover_state_t invalid;       /*!< the zone does not validate, */
	rollover_state_t invalid_begun; /*!< the same, if a server of the parent has the new DS. */
} step_t;

typedef struct {
	const char *name;
	bool had_ds;               /*!< The zone has a DS when the plan begins. */
	bool removes_ds;           /*!< At its end the zone has none. */
	rollover_state_t old_gone; /*!< Where to go if the old keys go early; TO_STAY: there are none. */
	const step_t *steps;
	unsigned count;
} rollover_plan_t;

/*! The plan that a row follows: it is not stored, the row tells it. */
const rollover_plan_t *plans_of(const rollover_row_t *row);

/*!
 * \brief The row's step in its plan. Never NULL.
 *
 * \param[in] old_left  The own zone still has an old key.
 */
const step_t *plans_step(const rollover_plan_t *plan, const rollover_row_t *row, bool old_left);
