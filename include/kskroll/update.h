/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Changes the DS of a delegation at the primary of the parent zone by DNS UPDATE (RFC 2136, TSIG by RFC 8945).
 *
 * One delegation, one message, over TCP. The primary compares and swaps. Its NS and DS RRsets must be exactly the
 * expected ones (RFC 2136 2.4.2), or there must be no DS (2.4.3). Nothing here decides. All functions belong to the
 * thread of the loop given to dns_new().
 */

#pragma once

#include "kskroll/dns.h"
#include "kskroll/update_key.h"

/*! Messages that are under way at the same time, to all primaries; others wait. */
#define UPDATE_SLOTS 8

/*! A change. Copied by update_start(). */
typedef struct {
	const knot_dname_t *zone;      /*!< The parent zone. */
	const knot_dname_t *owner;     /*!< The delegation, below the zone. */
	const knot_rdataset_t *ns;     /*!< Expected, not empty. */
	const knot_rdataset_t *ds;     /*!< Expected; empty: none. */
	const knot_rdataset_t *wanted; /*!< The DS RRset to have; empty: none. */
	uint32_t ttl;                  /*!< Of the wanted set, seconds. */
	bool check_only;               /*!< Change nothing: ask what came of this change, which was lost. */
	uint64_t latest;               /*!< By uv_hrtime(): from then on no change is sent; 0: whenever. */
	struct sockaddr_storage primary;
	update_key_t key;
	unsigned timeout_ms; /*!< For each answer; 0: 60 s, as the primary may sign before it answers. */
} update_request_t;

/*! What came of it. */
typedef enum {
	UPDATE_DONE,    /*!< The primary has made the change. */
	UPDATE_SAME,    /*!< It has the wanted set already; with which TTL is not known. */
	UPDATE_BASE,    /*!< \a check_only: it has the expected sets, so the change was not made. */
	UPDATE_DIFFERS, /*!< It has other sets than expected. Nothing was changed. */
	UPDATE_REFUSED, /*!< It does not make the change: \a detail has its words. Nothing was changed. */
	/*! The same, but nothing proves that the primary has said it: after \a sent, ask again with \a check_only. A
	 * primary does not sign if it refuses the key. */
	UPDATE_REFUSED_UNSIGNED,
	UPDATE_UNSENT, /*!< The change was not sent: no connection, or no answer to the question before it. */
	UPDATE_LOST,   /*!< Sent, and no answer that can be believed: ask again with \a check_only. */
	UPDATE_CANCELLED,
} update_status_t;

/*! Valid during the callback. */
typedef struct {
	update_status_t status;
	char detail[160]; /*!< Name of the rcode, of the TSIG error, text of the extended error (RFC 8914); "": none. */
	bool sent;        /*!< The change itself has left this host, and not the question before it alone. */
	unsigned elapsed_ms;
} update_result_t;

typedef struct update update_t;
typedef void (*update_done_f)(const update_result_t *result, void *arg);

/*!
 * \brief Sends a change, or asks for one that was lost.
 *
 * The primary may carry out a message later, as Knot DNS does with a zone that is frozen, or in which a transaction is
 * open. So it is asked first whether it has the expected sets, and only if it answers that the change is sent. If that
 * is lost all the same, only an answer to \a check_only says what came of it. A primary with other sets is asked
 * at once whether it has the wanted set: then a former message has done it. Primaries handle the messages for a zone in
 * the order of their arrival.
 *
 * \return KNOT_EOK; KNOT_EINVAL, also for a key that cannot be used; KNOT_ESPACE: it does not fit into a message;
 *         KNOT_ENOMEM. On error the callback is not called.
 */
int update_start(dns_t *dns, const update_request_t *request, update_done_f done, void *arg, update_t **update);

/*! The change is not sent unless it is under way already. */
void update_withdraw(update_t *update);

/*! Ends it now: its callback is called as cancelled. dns_free() does the same. What was sent may still be made. */
void update_cancel(update_t *update);
