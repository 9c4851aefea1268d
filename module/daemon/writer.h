/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Writes to the store.
 *
 * What is followed by an act is durable before it; what sleeping zones have seen goes together, once a second, since
 * every transaction waits for the disk.
 */

#pragma once

#include <stdbool.h>
#include <libknot/libknot.h>

#include "kskroll/delegation_store.h"
#include "outbox.h"

typedef struct {
	store_t *store; /*!< NULL: it is not open. */
	outbox_t *out;
	unsigned unwritten; /*!< Rows in the store's open transaction. */
	bool failed;        /*!< A transaction could not be ended: what is stored is older than what is known. */
} writer_t;

/*! \param[in] out  For errors. */
void writer_init(writer_t *writer, outbox_t *out);
/*! The store is open. */
void writer_open(writer_t *writer, store_t *store);
/*! Writes what is left to write, and closes the store, if there is one. */
void writer_close(writer_t *writer);

/*! To read from; NULL: it is not open. */
store_t *writer_store(const writer_t *writer);
/*! Whether all has to be written again that zones know. */
bool writer_failed(const writer_t *writer);

/*!
 * Writes a row, and an event with it if there is one: durable on return, or \a soon, within a second and together with
 * others. \return False if it cannot be written; store_error() has the words.
 */
bool writer_save(writer_t *writer, const store_zone_t *zone, const store_event_t *event, bool soon);

/*! The same for a delegation of a parent zone. */
bool writer_delegation(writer_t *writer, const store_delegation_t *one, const store_delegation_event_t *event,
                       bool soon);
/*! What is kept of a parent zone: durable on return. \return False if it cannot be written. */
bool writer_parent(writer_t *writer, const store_parent_t *parent);
/*! Since when a server of a delegation has not answered; zeroed: it has. Within a second, together with others. */
void writer_delegation_silence(writer_t *writer, const char *zone, const char *name, const char *server,
                               const delegation_silence_t *silence);

/*! For how long a server has not answered; NULL: it has. Within a second, together with others. */
void writer_unreachable(writer_t *writer, const char *zone, const char *server, const rollover_silence_t *silence);
/*! All servers of a survey are written: bounds their number. */
void writer_servers_done(writer_t *writer, const char *zone, time_t now);
/*!
 * One more error report about a zone. The same. \return False if it cannot be written. \a before: as of
 * store_report_add().
 */
bool writer_report(writer_t *writer, const char *zone, uint16_t type, uint16_t ede, time_t now, time_t *before);
/*! Removes zones, while that succeeds. The same. \return How many. */
size_t writer_forget(writer_t *writer, const char *const *zones, size_t count);

/*! Ends the store's open transaction, if there is one. \return False if that failed. */
bool writer_flush(writer_t *writer);
