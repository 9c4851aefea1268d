/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A zone that holds delegations, at the knotd that serves it: lists them, and changes their DS.
 *
 * Nothing here decides: the caller says what a DS set has to be. It is written only where the zone still has what the
 * caller has judged.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "kskroll/server.h"

#define PARENT_DETAIL_MAX 160

/* The delegations of a zone. */

/*! A delegation as the zone has it. Valid in the callback only. */
typedef struct {
	const knot_dname_t *owner; /*!< Wire form, lower case. */
	const knot_rdataset_t *ns; /*!< Names in lower case. Empty: a DS that was left without a delegation. */
	const knot_rdataset_t *ds; /*!< Empty: an insecure delegation. */
	uint32_t ns_ttl, ds_ttl;   /*!< Seconds; 0 if the set is empty. */
} parent_delegation_t;

typedef void (*parent_delegation_f)(const parent_delegation_t *delegation, void *arg);

/*! How a list ended. */
typedef struct {
	/*!
	 * SERVER_OK: all delegations of the version \a serial were called back. With any other status those that were
	 * called back are a part of the zone, from which nothing follows.
	 */
	server_status_t status;
	char detail[PARENT_DETAIL_MAX];
	uint32_t serial;
	size_t count; /*!< Delegations that were called back. */
} parent_list_t;

/* A change of DS sets. */

/*! What became of the change of one delegation. */
typedef enum {
	PARENT_ITEM_PUT_OFF = 0, /*!< Nothing was changed: the batch says why. */
	PARENT_ITEM_DONE,        /*!< The zone has the wanted set now. */
	PARENT_ITEM_SAME,        /*!< The zone had the wanted set already, with this TTL. */
	PARENT_ITEM_DIFFERS,     /*!< The zone has another NS or DS set than expected. Nothing was changed. */
	/*!
	 * It cannot be changed so: \a detail. By a transaction nothing was changed, of all the batch; in a file
	 * (parent_zone_include()) the others go on.
	 */
	PARENT_ITEM_REFUSED,
} parent_item_status_t;

/*! The change of one delegation. */
typedef struct {
	/* Of the caller, who keeps them. */
	const knot_dname_t *owner;     /*!< Wire form, lower case, below the zone. Once in a batch. */
	const knot_rdataset_t *ns;     /*!< Expected; case does not matter. Empty, with a file only: no delegation. */
	const knot_rdataset_t *ds;     /*!< Expected; empty: none. */
	uint32_t ds_ttl;               /*!< Of the expected set, seconds; 0: any. DNS UPDATE cannot demand it. */
	const knot_rdataset_t *wanted; /*!< the DS set to have; empty: none. */
	uint32_t ttl;                  /*!< Of the wanted set, seconds. */

	/* Results; parent_items_clear() frees the sets. */
	parent_item_status_t status;
	char detail[PARENT_DETAIL_MAX]; /*!< Words of knotd if it refuses the item. */
	bool read;                      /*!< What follows was read in the transaction. */
	knot_rdataset_t ns_now;         /*!< NS set that the transaction began with. */
	knot_rdataset_t ds_now;         /*!< DS set that it began with. */
	uint32_t ds_ttl_now;            /*!< Its TTL, seconds; 0 if there is none. */
} parent_item_t;

/*! What became of a batch. */
typedef enum {
	PARENT_BATCH_COMMITTED = 0, /*!< The zone has all items that are done. */
	PARENT_BATCH_NOTHING,       /*!< No item had anything to change. The zone is as it was. */
	PARENT_BATCH_REFUSED,       /*!< The zone cannot be changed so: not loaded, a secondary, or \a detail. */
	PARENT_BATCH_ABORTED,       /*!< An error during the change. The zone is as it was. */
	PARENT_BATCH_BUSY,          /*!< Another client or knotd itself is at work, see \a busy: try again later. */
	PARENT_BATCH_UNREACHABLE,   /*!< No connection: nothing was begun. */
	PARENT_BATCH_LOST,          /*!< The answer was lost: only the zone says whether it happened. */
} parent_batch_status_t;

/*! Who is at work. */
typedef enum {
	PARENT_BUSY_NOT = 0,
	PARENT_BUSY_TRANSACTION, /*!< A zone transaction of another client is open. */
	PARENT_BUSY_CONF,        /*!< A configuration transaction is open. */
	PARENT_BUSY_FROZEN,      /*!< The operator has frozen the zone. A transaction would change it all the same. */
	PARENT_BUSY_EVENT,       /*!< knotd loads or signs the zone: a transaction would wait for it. */
	PARENT_BUSY_SERVER,      /*!< knotd does not carry out commands, e.g. during a reload. */
} parent_busy_t;

/*! A batch of changes. */
typedef struct {
	const char *zone; /*!< Presentation form, lower case, with the final dot. */
	parent_item_t *items;
	size_t count;
	uint64_t latest; /*!< uv_hrtime() after which nothing is committed any more, ns; 0: no limit. */

	/* Results. */
	parent_batch_status_t status;
	parent_busy_t busy;
	char detail[PARENT_DETAIL_MAX]; /*!< One sentence, unless COMMITTED. */
	/*!
	 * Our transaction may still be open. Then it keeps the operator from a reload, and DNS UPDATE from the zone.
	 * Call parent_recover() until that says something else than AGAIN.
	 */
	bool open;
	uint64_t took_ms; /*!< How long it lasted, without the wait for its turn. */
} parent_batch_t;

/*! Frees the sets of the results. */
void parent_items_clear(parent_item_t *items, size_t count);

/*! What became of a transaction that was lost. */
typedef enum {
	PARENT_RECOVER_NONE,    /*!< No transaction is open. Only the zone says whether ours was committed. */
	PARENT_RECOVER_ABORTED, /*!< Ours was open, and was aborted. */
	PARENT_RECOVER_EMPTY,   /*!< One without changes is open: nobody can tell whose. It was left alone. */
	PARENT_RECOVER_FOREIGN, /*!< That of another client is open: \a detail names what it has. It was left alone. */
	PARENT_RECOVER_AGAIN,   /*!< knotd does not answer, or is at work: repeat. */
} parent_recover_t;

/* Whether a change lasts. */

/*!
 * What becomes of DS sets that the zone file does not have, when knotd reads it again. It does so by `zone-reload`,
 * since its time has changed, or because the zone's policy is switched. `knotc reload` alone reads no file that nobody
 * has touched.
 */
typedef enum {
	PARENT_LOAD_KEPT = 0, /*!< They stay, also when knotd starts again. */
	PARENT_LOAD_RELOAD,   /*!< The DS sets of the file are back. */
	PARENT_LOAD_RESTART,  /*!< They stay, but are gone when knotd starts again. */
	PARENT_LOAD_NEVER,    /*!< A secondary: the next transfer from its primary undoes them. Never write. */
} parent_load_class_t;

/*! The load class of a zone. */
typedef struct {
	server_status_t status; /*!< SERVER_OK, or why the class is not known. */
	parent_load_class_t load_class;
	bool skips_ds;                  /*!< zonefile-skip keeps DS out of the zone file (Knot DNS 3.5). */
	char detail[PARENT_DETAIL_MAX]; /*!< Unless KEPT: the items, and what to set. */
} parent_load_t;

/* One delegation. */

/*! A delegation, and whether it can be changed now. Valid in the callback only. */
typedef struct {
	server_status_t status; /*!< SERVER_REFUSED also if the zone is not loaded. */
	char detail[PARENT_DETAIL_MAX];
	bool secondary;
	bool frozen;
	bool transaction; /*!< A zone transaction is open, of whomever. */
	char running[20]; /*!< Event of the zone for which a transaction waits; "": none. */
	uint32_t serial;
	knot_rdataset_t ns;      /*!< Names in lower case. Empty: no delegation. */
	knot_rdataset_t ds;      /*!< Empty: insecure. */
	uint32_t ns_ttl, ds_ttl; /*!< Seconds; 0 if the set is empty. */
} parent_read_t;

typedef void (*parent_read_f)(const parent_read_t *read, void *arg);

/*
 * Calls. As those of server.h they queue, and their callbacks run on the loop thread. One call may last for its whole
 * timeout, and others of the same server wait: use a server (server_new()) for these calls alone.
 */

/*! Of a list: valid in the callback only. */
typedef void (*parent_list_f)(const parent_list_t *list, void *arg);

/*!
 * \brief Lists the delegations of a zone in canonical order, all from one version of it.
 *
 * Names below another delegation are left out (RFC 2181 6.1). The answer of knotd is read as it comes. What \a each was
 * not called with yet is bounded by a megabyte or one delegation. Then knotd waits, which keeps that version of the
 * zone in its memory and may end the connection (`control.timeout`). So \a each must be quick, and must not free the
 * server.
 *
 * \param[in] zone        Presentation form, with the final dot.
 * \param[in] timeout_ms  For the whole list.
 */
void parent_zone_list(server_t *server, const char *zone, int timeout_ms, parent_delegation_f each, parent_list_f done,
                      void *arg);

/*! The batch of the call, with its results. */
typedef void (*parent_batch_f)(parent_batch_t *batch, void *arg);

/*!
 * \brief Changes DS sets in one zone transaction, all or nothing.
 *
 * An item whose NS or DS set differs is left out before anything of it was changed, and the others go on. If an item is
 * refused, all others are put off: repeat the batch without it. A transaction that was lost is ended before the
 * callback, however long knotd takes; only server_free() ends this wait, and then \a open is set.
 *
 * \param[in,out] batch   Of the caller until the callback, with all that it points to. At least one item.
 * \param[in] timeout_ms  Of the transaction. It has to last for the commit, which signs, and for a re-signing that
 *                        begins just then.
 */
void parent_zone_change(server_t *server, parent_batch_t *batch, int timeout_ms, parent_batch_f done, void *arg);

/*
 * A file with DS that the zone file includes, for zones whose file knotd reads again without regard to the journal. It
 * has mode 0640, since knotd must be able to read it.
 */

/*!
 * \brief Path of that file: the name of the zone, with %XX for what is not safe in a file name, and ".ds".
 *
 * \param[in] folder  Absolute, without a final slash.
 * \param[in] zone    Presentation form, lower case, with the final dot.
 *
 * \return False: the name is too long.
 */
bool parent_include_path(const char *folder, const char *zone, char *path, size_t len);

/*!
 * \brief Makes the file, without records, unless it exists: a zone file that includes it can be loaded from here on.
 *
 * \param[in] first    The zone has never had one. Else nothing is made: a zone that includes an empty file loses all
 * DS.
 * \param[out] detail  PARENT_DETAIL_MAX bytes, one sentence on error.
 *
 * \return KNOT_EOK; KNOT_EEXIST: it was there; KNOT_ENOENT: it is missing, and not \a first; KNOT_EFILE, KNOT_ENOMEM.
 */
int parent_include_create(const char *path, const char *zone, bool first, char *detail);

/*!
 * \brief Changes DS sets in that file, and reloads the zone; all or nothing.
 *
 * As parent_zone_change(), but for these: an item whose DS the zone has from elsewhere is refused, and the others go
 * on. If the zone does not take the records, the former file comes back, and the batch is refused with the line to add.
 *
 * A batch that a process has left behind, and one whose end is PARENT_BATCH_LOST, must be settled before
 * (parent_zone_recover() with this path). This call would publish what is perhaps in the file.
 *
 * \param[in] path  Copied.
 */
void parent_zone_include(server_t *server, const char *path, parent_batch_t *batch, int timeout_ms, parent_batch_f done,
                         void *arg);

/*! \a detail of PARENT_RECOVER_AGAIN: what the operator has to do about the file of an include; "": nothing. */
typedef void (*parent_recover_f)(parent_recover_t result, const char *detail, void *arg);

/*!
 * \brief Ends the transaction of a batch that a process has left behind.
 *
 * \param[in] path   That of parent_zone_include(), copied: what was written there and not loaded is taken back. NULL:
 * there is none.
 * \param[in] batch  The change as it was ordered; of the caller until the callback. The transaction is ours if it has
 * nothing else.
 * \param[in] empty  End one without changes as well. Only where it has been open for longer than any client needs.
 */
void parent_zone_recover(server_t *server, const char *path, const parent_batch_t *batch, bool empty,
                         parent_recover_f done, void *arg);

/*! Valid in the callback only. */
typedef void (*parent_load_f)(const parent_load_t *load, void *arg);

/*! Reads the load class of a zone: presentation form, with the final dot. */
void parent_zone_load(server_t *server, const char *zone, parent_load_f done, void *arg);

/*!
 * \brief Reads one delegation and the status of its zone, over one connection.
 *
 * \param[in] zone   Presentation form, with the final dot.
 * \param[in] owner  The delegation, the same.
 */
void parent_zone_read(server_t *server, const char *zone, const char *owner, parent_read_f done, void *arg);
