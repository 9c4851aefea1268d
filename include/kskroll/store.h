/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What is kept over restarts: one row per zone, an append-only history. For delegations: delegation_store.h.
 *
 * SQLite in WAL mode, so that the command line can read while the server writes.
 */

#pragma once

#include <sys/types.h>

#include "kskroll/rollover.h"
#include "kskroll/start.h"

typedef struct store store_t;

/*! Current schema; older ones are migrated, newer ones refused. */
#define STORE_SCHEMA 13
/*! Events kept of a zone: so many changes of state and so many new gates, the newest. */
#define STORE_HISTORY 1000
/*!
 * Silent servers kept of a zone, those seen last: all that one survey can ask, so that none is pushed out by others.
 */
#define STORE_SERVERS 1024
/*! Seconds after which a server is removed that was in no survey, or answered in all of them. */
#define STORE_SERVER_KEPT (30 * 86400)
/*! Seconds after which a zone is removed, with its history, that no longer has the module. */
#define STORE_ZONE_KEPT (90 * 86400)

/*! A zone as stored. In a store that is open for reading only, texts that are not JSON are printable. */
typedef struct {
	char zone[256]; /*!< Presentation form, lower case, with final dot. */
	rollover_row_t row;
	char base_policy[256]; /*!< The operator's policy while a derived one is in force. */
	bool policy_implicit;  /*!< It came from a template: unset when done. */
	char parent_zone[256];
	char answers[16384];      /*!< Last survey as JSON text for the command line; "" if none. */
	char notification[2048];  /*!< What came of the last notification of the parent, as JSON text; "" if none. */
	time_t checked;           /*!< Last check that was written; 0: by an older version. */
	bool configured;          /*!< config is known; false: written by an older version. */
	rollover_config_t config; /*!< Settings at that check, for the command line alone; so are the next two. */
	char start_window[START_TEXT]; /*!< Values of the item, with START_SEPARATOR. */
	char no_start[START_TEXT];
} store_zone_t;

/*! One line of history. */
typedef struct {
	time_t time;
	char zone[256];
	rollover_state_t from;
	rollover_state_t to;
	rollover_gate_t gate;
	char evidence[16384]; /*!< JSON text: who was asked, what each answered. */
} store_event_t;

/*!
 * \brief Opens the store, creates or migrates it.
 *
 * \param[in] path       File; its folder is created (mode 0750).
 * \param[in] read_only  For the command line: never writes, works beside a running server.
 * \param[out] err       One sentence with the path and what to do.
 *
 * \return NULL on error.
 */
store_t *store_open(const char *path, bool read_only, char *err, size_t err_len);
void store_close(store_t *store);

/*! Begins and ends one transaction around several calls: durable when it has ended. \return KNOT_EOK, KNOT_ERROR. */
int store_begin(store_t *store);
int store_commit(store_t *store);

/*! \return KNOT_EOK, KNOT_ENOENT if the zone has no row, KNOT_EMALF for an invalid row, KNOT_ERROR. */
int store_load(store_t *store, const char *zone, store_zone_t *out);

/*!
 * \brief Writes the zone's row, and an event with it if there is one; durable on return outside a transaction.
 *
 * \param[in] event  NULL if there was no transition and no new gate.
 *
 * \return KNOT_EOK, KNOT_ERROR (store_error() has the words).
 */
int store_save(store_t *store, const store_zone_t *zone, const store_event_t *event);

/*!
 * \brief Calls back for every zone, in order of name; a non-zero return ends it and is returned.
 *
 * \return KNOT_EOK, KNOT_ERROR if reading ended early, KNOT_EMALF if rows are invalid. Then it has called back for all
 *         others, and store_error() names the first invalid one and has the number of the others.
 */
int store_zones(store_t *store, int (*each)(const store_zone_t *zone, void *arg), void *arg);

/*! Calls back for every zone that was not in `idle` when it was written. The same. */
int store_active(store_t *store, int (*each)(const char *zone, void *arg), void *arg);

/*!
 * \brief Counts the zones with the parent of this one that were not in `idle` when they were written.
 *
 * \param[in] since  Those that were last checked before have lost the module.
 *
 * \return KNOT_EOK, KNOT_ERROR.
 */
int store_siblings(store_t *store, const char *zone, time_t since, uint64_t *count);

/*! Events oldest first; of one zone, or of all with NULL; the newest \a limit only, 0 = all. */
int store_history(store_t *store, const char *zone, size_t limit, int (*each)(const store_event_t *event, void *arg),
                  void *arg);

/*! Changes of state since that time, of all zones in order of name, each zone's oldest first; evidence is "". */
int store_changes(store_t *store, time_t since, int (*each)(const store_event_t *event, void *arg), void *arg);

/*!
 * \brief Reads the first event behind an id, of all zones.
 *
 * One at a time: nothing of the store is held while the event is handled.
 *
 * \param[in,out] id  0: the oldest event. Becomes the id of the event, also of an invalid one.
 *
 * \return KNOT_EOK, KNOT_ENOENT if there is none, KNOT_EMALF for an invalid event, KNOT_ERROR.
 */
int store_history_next(store_t *store, int64_t *id, store_event_t *out);
/*! The id of the newest event that there has ever been, 0 without one. A store that is replaced begins with 1. */
int store_history_last(store_t *store, int64_t *id);

/*! Words for the last error of this store, printable. */
const char *store_error(const store_t *store);

/*!
 * For how long a server of a zone has not answered survives a restart (I6). Zeroed if there is nothing, or if a change
 * of any silence could not be kept: then all begin again, also those of delegations.
 */
int store_unreachable_load(store_t *store, const char *zone, const char *server, rollover_silence_t *silence);
/*! NULL: it answers, forget it. */
int store_unreachable_save(store_t *store, const char *zone, const char *server, const rollover_silence_t *silence);

/*!
 * \brief Bounds the servers of a zone, however its NS set changes.
 *
 * Removed are those that were last seen before \a before, and all but the STORE_SERVERS that were seen last.
 */
int store_servers_prune(store_t *store, const char *zone, time_t before);
/*! Removes servers of all zones that were last seen before \a before. */
int store_servers_gone(store_t *store, time_t before);

/*! Calls back for every zone about which nothing was written since \a before; the same as store_zones(). */
int store_old_zones(store_t *store, time_t before, int (*each)(const char *zone, void *arg), void *arg);
/*! Removes a zone: row, history, servers. \return KNOT_EOK also if it has none. */
int store_forget(store_t *store, const char *zone);

/*! Error reports kept of a zone, those that came last; each is one RR type with one error. */
#define STORE_REPORTS 16
/*! Seconds after the last one when a report is removed. */
#define STORE_REPORT_KEPT (30 * 86400)

/*! Error reports about a zone (RFC 9567). Nobody has proven any of it: a hint for people. */
typedef struct {
	uint16_t type;  /*!< RR type with the error. */
	uint16_t ede;   /*!< Extended DNS error (RFC 8914). */
	uint64_t count; /*!< How often it came. */
	time_t first;
	time_t last;
} store_report_t;

/*!
 * \brief One more report came.
 *
 * \param[out] before  When the last one of this type and error came; 0: it is the first one.
 *
 * \return KNOT_EOK, KNOT_ERROR.
 */
int store_report_add(store_t *store, const char *zone, uint16_t type, uint16_t ede, time_t now, time_t *before);
/*! Calls back for every one of a zone, the newest first; the same as store_zones(). */
int store_reports(store_t *store, const char *zone, int (*each)(const store_report_t *report, void *arg), void *arg);
/*! Removes those of all zones whose last one came before \a before. */
int store_reports_prune(store_t *store, time_t before);

/*! Whether a kskrolld has the store. */
typedef enum {
	STORE_ALIVE_UNKNOWN, /*!< There is no lock file, as beside a copy, or it may not be read. */
	STORE_ALIVE_NO,
	STORE_ALIVE_YES,
} store_alive_t;

/*!
 * \brief From now on this process has the store.
 *
 * \param[in] path  Of the store, which is open.
 *
 * \return A descriptor: closing it ends that, as the end of the process does. -1 if other processes cannot see it.
 */
int store_alive_begin(const char *path);

/*! \param[out] pid  Of that kskrolld, in its own namespace; may be NULL. */
store_alive_t store_alive(const char *path, pid_t *pid);
