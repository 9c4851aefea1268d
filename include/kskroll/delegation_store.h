/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What is kept of delegations over restarts: a row for each that was ever judged, and an append-only history.
 *
 * Transactions are those of store.h: store_begin(), store_commit(). Names are in presentation form, lower case, with
 * the final dot.
 */

#pragma once

#include "kskroll/delegation.h"
#include "kskroll/store.h"

/*! Events kept of a delegation: so many changes of state and so many new gates, the newest. */
#define STORE_DELEGATION_HISTORY 200
/*! Silent servers kept of a delegation, those that fell silent last: more than one survey asks. */
#define STORE_DELEGATION_SERVERS 256

/*! A delegation as stored. In a store that is open for reading only, texts that are not JSON are printable. */
typedef struct {
	char zone[256]; /*!< The parent zone. */
	char name[256];
	delegation_row_t row;
	time_t checked;      /*!< Last check that was written. */
	time_t gone;         /*!< The parent zone has it no longer since; 0: it has. */
	char answers[32768]; /*!< The last survey as JSON text (evidence_delegation()); "" if none. */
} store_delegation_t;

/*! One line of history. */
typedef struct {
	time_t time;
	char zone[256];
	char name[256];
	delegation_state_t from;
	delegation_state_t to;
	delegation_gate_t gate;
	char text[512];       /*!< What happened, in words that do not repeat states and gate. */
	char evidence[32768]; /*!< JSON text of what was seen; "" if none. */
} store_delegation_event_t;

/*!
 * \brief Reads one.
 *
 * \return KNOT_EOK, KNOT_ENOENT if it has no row, KNOT_EMALF for an invalid row, KNOT_ERROR.
 */
int store_delegation_load(store_t *store, const char *zone, const char *name, store_delegation_t *out);

/*!
 * \brief Writes a row, and an event with it if there is one. Durable on return outside a transaction.
 *
 * \param[in] delegation  With answers "": those that are stored stay.
 * \param[in] event       NULL if there was none.
 *
 * \return KNOT_EOK, KNOT_ERROR (store_error() has the words).
 */
int store_delegation_save(store_t *store, const store_delegation_t *delegation, const store_delegation_event_t *event);

/*! Calls back for every delegation of a zone, or of all with NULL, in order of names; answers are "" unless \a whole.
 */
int store_delegations(store_t *store, const char *zone, bool whole,
                      int (*each)(const store_delegation_t *one, void *arg), void *arg);

/*! Events oldest first; of one delegation, of a zone with \a name NULL, of all; the newest \a limit only, 0 = all. */
int store_delegation_history(store_t *store, const char *zone, const char *name, size_t limit,
                             int (*each)(const store_delegation_event_t *event, void *arg), void *arg);

/*! The first event of delegations behind an id; as store_history_next(). */
int store_delegation_history_next(store_t *store, int64_t *id, store_delegation_event_t *out);
/*! As store_history_last(). */
int store_delegation_history_last(store_t *store, int64_t *id);

/*! Removes a delegation: row, history, silent servers. \return KNOT_EOK also if it has none. */
int store_delegation_forget(store_t *store, const char *zone, const char *name);

/*!
 * \brief Removes, all at once, delegations that are gone since before \a before, \a limit at most.
 *
 * \return KNOT_EOK, KNOT_EEXIST if there may be more, KNOT_ERROR.
 */
int store_delegations_forget_gone(store_t *store, time_t before, size_t limit);

/*!
 * \brief Since when a server of a delegation has not answered; zeroed: it has. As store_unreachable_load().
 *
 * \return KNOT_EOK, KNOT_ERROR. Zeroed if the server is not known.
 */
int store_delegation_silence_load(store_t *store, const char *zone, const char *name, const char *server,
                                  delegation_silence_t *silence);
int store_delegation_silence_save(store_t *store, const char *zone, const char *name, const char *server,
                                  const delegation_silence_t *silence);

/*! More names than there is room for: nobody can tell which. */
#define STORE_LOCKS_MANY "*"

/*! What is kept of a parent zone as a whole. */
typedef struct {
	char zone[256];
	time_t listed;        /*!< The last list of its delegations; 0: none yet. */
	uint32_t serial;      /*!< Of that. */
	uint64_t delegations; /*!< In it, */
	uint64_t secure;      /*!< and of these with a DS. */
	unsigned mode;        /*!< DELEGATIONS_*. */
	unsigned load;        /*!< delegation_load_t. */
	char load_reason[160];
	char trouble[160];          /*!< Why it cannot be worked with at the moment; "". */
	delegation_config_t config; /*!< Of all delegations: locked is false. */
	char locks[16384];          /*!< Those that are locked, see delegation_is_locked(); or STORE_LOCKS_MANY. */
	bool had_file;              /*!< It has had a file of its own for DS: a missing one is an error. */
	char batch[65536]; /*!< JSON of the transaction that is under way: to be ended after a crash; "" if none. */
} store_parent_t;

int store_parent_load(store_t *store, const char *zone, store_parent_t *out);
int store_parent_save(store_t *store, const store_parent_t *parent);
int store_parents(store_t *store, int (*each)(const store_parent_t *parent, void *arg), void *arg);

/*!
 * \brief Calls back for every parent zone that was not listed, and none of whose delegations was checked, since \a
 * before.
 *
 * A non-zero return ends it and is returned.
 */
int store_old_parents(store_t *store, time_t before, int (*each)(const char *zone, void *arg), void *arg);

/*!
 * \brief Removes a parent zone with all that is kept of its delegations, at most \a limit rows of a table in a call.
 *
 * \return KNOT_EOK also if there is none, KNOT_EEXIST if there may be more: call again. KNOT_ERROR.
 */
int store_parent_forget(store_t *store, const char *zone, size_t limit);
