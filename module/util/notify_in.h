/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief NOTIFY(CDS) that is received (RFC 9859 4.3): what is one, and how many are followed.
 *
 * For knotd's threads and for kskrolld: nothing here allocates, logs or waits, and limits are atomic.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <libknot/libknot.h>

/*!
 * \brief Whether a parsed message is one: for one child, unsigned.
 *
 * CDS stands for CDNSKEY as well (RFC 9859 2.3). A message with TSIG is not ours: whoever shares a key with the server
 * waits for a signed answer.
 */
bool notify_in_is(const knot_pkt_t *query);

/*!
 * \brief The agent domain of its Report-Channel option (RFC 9567 5), as it was written.
 *
 * \return Octets of the name; 0: there is none that can be used.
 */
size_t notify_in_agent(const knot_pkt_t *query, uint8_t out[KNOT_DNAME_MAXLEN]);

/* Powers of two. Two sources, or two children, can share a place, and its limit. */
#define NOTIFY_IN_SOURCES  4096
#define NOTIFY_IN_CHILDREN 32768

/*!
 * Milliseconds between two that are followed, and how many may come at once. A sender such as this module notifies of
 * 20 zones a second; a child has a reason for a few in a row.
 */
#define NOTIFY_IN_SOURCE_MS    20
#define NOTIFY_IN_SOURCE_BURST 200
#define NOTIFY_IN_CHILD_MS     5000
#define NOTIFY_IN_CHILD_BURST  5
#define NOTIFY_IN_ALL_MS       2
#define NOTIFY_IN_ALL_BURST    1000

/*! Zeroed: nothing has come yet. Each place is the time until which it is used up, in milliseconds. */
typedef struct {
	uint32_t seed; /*!< Which ones share a place should not be the same everywhere. */
	_Atomic uint64_t all;
	_Atomic uint64_t source[NOTIFY_IN_SOURCES];
	_Atomic uint64_t child[NOTIFY_IN_CHILDREN];
} notify_in_limits_t;

/*!
 * \brief Counts one (RFC 9859 5: limits for the source and for the child are independent).
 *
 * Nobody gains by using up the limit of others: naming a child in a NOTIFY of one's own has the same effect as the
 * NOTIFY that is not followed.
 *
 * \param[in] source  Its port does not count, and of an IPv6 address only the first 64 bits.
 * \param[in] child   Lower case.
 * \param[in] now     Milliseconds of a clock that only counts.
 *
 * \return False: it is one too many.
 */
bool notify_in_take(notify_in_limits_t *limits, const struct sockaddr_storage *source, const knot_dname_t *child,
                    uint64_t now);
