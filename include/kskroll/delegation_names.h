/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The parent side: states and gates of a delegation, their names, and what is true of each one.
 *
 * A trait stands in one table (module/delegation/delegation_names.c), as on the child side (kskroll/names.h).
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! States of a delegation. The values are stored: append only. */
typedef enum {
	DELEGATION_REST = 0,
	DELEGATION_SEEN,
	DELEGATION_SURVEY,
	DELEGATION_WAIT,
	DELEGATION_CHANGE,
	DELEGATION_SPREAD,
	DELEGATION_VERIFY,
	DELEGATION_LOW,
	DELEGATION_RESTORE,
	DELEGATION_UNDO,
	DELEGATION_HELD,
	DELEGATION_SUSPENDED,
	DELEGATION_REFUSED,
	DELEGATION_STATE__COUNT
} delegation_state_t;

/*! Why a delegation stays where it is, or why its signals are not followed. The values are stored: append only. */
typedef enum {
	DELEGATION_GATE_NONE = 0,
	/* Settings, and the parent zone on this server. */
	DELEGATION_GATE_REPORT_ONLY,
	DELEGATION_GATE_LOCKED,
	DELEGATION_GATE_ZONE_UNREADABLE,
	DELEGATION_GATE_NOT_DELEGATED,
	DELEGATION_GATE_FROZEN,
	DELEGATION_GATE_TRANSACTION,
	DELEGATION_GATE_SIGNING,
	DELEGATION_GATE_LOAD_UNKNOWN,
	DELEGATION_GATE_LOAD_REVERTS,
	DELEGATION_GATE_SECONDARY,
	DELEGATION_GATE_COMMITTING,
	DELEGATION_GATE_COMMIT_FAILED,
	/* The survey. */
	DELEGATION_GATE_SCAN_FAILED,
	DELEGATION_GATE_SURVEY_DUE,
	DELEGATION_GATE_NS_CHANGED,
	DELEGATION_GATE_DISCOVERY_FAILED,
	DELEGATION_GATE_UNREACHABLE,
	DELEGATION_GATE_ERROR,
	DELEGATION_GATE_INCOMPLETE,
	DELEGATION_GATE_BOGUS,
	DELEGATION_GATE_SIGNAL_MISSING,
	DELEGATION_GATE_SIGNALS_DIFFER,
	/* The signals. */
	DELEGATION_GATE_TYPES_DIFFER,
	DELEGATION_GATE_TYPE_UNWANTED,
	DELEGATION_GATE_NODATA_UNPROVEN,
	DELEGATION_GATE_MALFORMED,
	DELEGATION_GATE_TOO_MANY,
	DELEGATION_GATE_REMOVE_OFF,
	DELEGATION_GATE_DIGEST,
	DELEGATION_GATE_ALGORITHM,
	DELEGATION_GATE_CHAIN_BROKEN,
	DELEGATION_GATE_UNSIGNED,
	DELEGATION_GATE_REPLAYED,
	DELEGATION_GATE_WOULD_BREAK,
	/* The first DS. */
	DELEGATION_GATE_NO_SIGNALING,
	DELEGATION_GATE_SIGNALING_FAILED,
	DELEGATION_GATE_SIGNALING_DIFFERS,
	/* Accepted, and not yet or not again. */
	DELEGATION_GATE_HOLD_DOWN,
	DELEGATION_GATE_AFTER_UNDO,
	DELEGATION_GATE_UNDONE,
	DELEGATION_GATE_MANUAL,
	DELEGATION_GATE_REVERTED,
	DELEGATION_GATE_SUSPENDED,
	/* After the change. */
	DELEGATION_GATE_PARENT_UNREACHABLE,
	DELEGATION_GATE_PARENT_ERROR,
	DELEGATION_GATE_PARENT_STALE,
	DELEGATION_GATE_VERIFYING,
	DELEGATION_GATE_NO_EVIDENCE,
	DELEGATION_GATE_FAILS,
	DELEGATION_GATE_CANNOT_UNDO,
	DELEGATION_GATE_TTL_LOW,
	/* Nothing is wanted, and something is wrong all the same. */
	DELEGATION_GATE_PRESENT_FAILS,
	DELEGATION_GATE__COUNT
} delegation_gate_t;

/*! Who must do something for a gate to open. */
typedef enum {
	DELEGATION_ACTOR_NOBODY = 0, /*!< Time or the agent itself. */
	DELEGATION_ACTOR_CHILD,      /*!< The operator of the child or of its named nameserver. */
	DELEGATION_ACTOR_PARENT,     /*!< The operator of the parent zone, or of its named server. */
	DELEGATION_ACTOR__COUNT
} delegation_actor_t;

/*! How bad a gate is. */
typedef enum {
	DELEGATION_INFO = 0, /*!< The ordinary course of things. */
	DELEGATION_NOTICE,   /*!< A signal is not followed, and nothing is broken. */
	DELEGATION_WARNING,  /*!< It stays so until a human acts. */
	DELEGATION_ALARM,    /*!< The child does not validate, or may not soon. */
	DELEGATION_SEVERITY__COUNT
} delegation_severity_t;

/*! How checks at a gate follow one another. */
typedef enum {
	DELEGATION_PACE_SCAN = 0, /*!< The interval of light scans: nothing is urgent. */
	DELEGATION_PACE_RETRY,    /*!< `retry`, doubling to DELEGATION_RETRY_MAX (RFC 9975 3). */
	DELEGATION_PACE_FLIGHT,   /*!< After 1, 2, 4 s and so on to `check-interval`: something is under way. */
	DELEGATION_PACE_STEADY,   /*!< `check-interval`. */
} delegation_pace_t;

/*! What an answer of accept() at this gate does to the delegation. */
typedef enum {
	DELEGATION_STAYS = 0, /*!< Not a gate of accept(), or nothing follows from it. */
	DELEGATION_AGAIN,     /*!< It can pass by itself: `survey`, and once more. */
	DELEGATION_FINAL,     /*!< The child must change its signals or its zone: `refused`. */
	DELEGATION_KEPT,      /*!< These signals are not followed until they change: `held`. */
} delegation_after_t;

/*! One row of the table of gates. */
typedef struct {
	const char *name; /*!< Stable code, e.g. "cds-differs-at". */
	delegation_actor_t actor;
	delegation_severity_t severity;
	delegation_pace_t pace;
	delegation_after_t after;
	bool missing;        /*!< An answer is missing, and none is wrong: what was accepted before still counts. */
	uint8_t ede;         /*!< Extended DNS error for a report to the child's operator (RFC 8914 4, RFC 9567). */
	const char *meaning; /*!< One sentence that can be mailed. */
	const char *advice;  /*!< What to do. */
} delegation_gate_info_t;

/*! What a decision needs besides the delegation in the parent zone, which is always read. */
#define DELEGATION_ASK_SCAN    (1U << 0) /*!< CDS, at one server of the child. */
#define DELEGATION_ASK_SURVEY  (1U << 1) /*!< All, at every address of every nameserver of the child. */
#define DELEGATION_ASK_PARENTS (1U << 2) /*!< DS, at every server of the parent. */
#define DELEGATION_ASK_WATCH   (1U << 3) /*!< What resolvers see of the child. */

/*! One row of the table of states. */
typedef struct {
	const char *name; /*!< Stable code, e.g. "verify". */
	const char *meaning;
	unsigned asks; /*!< DELEGATION_ASK_*, always. */
	bool restores; /*!< A low TTL is restored from it when it is due. */
	bool watched;  /*!< Validation that fails is undone. */
} delegation_state_info_t;

/*! Stable names. Never NULL; "unknown" if out of range. */
const char *delegation_state_name(delegation_state_t state);
const char *delegation_gate_name(delegation_gate_t gate);
const char *delegation_actor_name(delegation_actor_t actor);
const char *delegation_severity_name(delegation_severity_t severity);

/*! \return The state's row of the table; one that is called "unknown" if out of range. */
const delegation_state_info_t *delegation_state_info(delegation_state_t state);

/*! \return The gate's row of the table; that of DELEGATION_GATE_NONE if out of range. */
const delegation_gate_info_t *delegation_gate_info(delegation_gate_t gate);
