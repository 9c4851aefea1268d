/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Finds out whom to ask: the parent zone, its keys and servers, the zone's servers.
 */

#pragma once

#include "above.h"
#include "ask.h"
#include "referral.h"
#include "servers.h"
#include "shared.h"

/*! What is wanted; borrowed until the discovery is freed. Names in lower case. */
typedef struct {
	const knot_dname_t *zone;
	bool child;                    /*!< The zone's servers. */
	bool parent_keys;              /*!< The keys of the parent, if it has a chain of trust. */
	const knot_rdataset_t *ns;     /*!< NS RRset of the own zone. */
	const dns_addrs_t *nameserver; /*!< Configured servers of the zone; may be empty. */
	const dns_addrs_t *parent;     /*!< Configured servers of the parent; may be empty. */
	bool fresh;                    /*!< Of the parent, nothing that others have looked up. */
} discover_request_t;

/*! What was found. */
typedef struct {
	bool failed;
	bool of_parent; /*!< It failed since the parent, or what it says of the zone, was not found. */
	bool partial;   /*!< Some of the zone's servers are unknown; the others can be asked. */
	bool insecure;  /*!< The parent zone has no chain of trust. */
	char detail[160];
	bool parent_known;
	knot_dname_storage_t parent; /*!< Apex of the parent zone. */
	knot_rdataset_t parent_keys; /*!< Its validated DNSKEY RRset. */
	servers_t parent_servers;
	servers_t child_servers;
	unsigned packets; /*!< Sent to servers directly. */
} discovery_t;

typedef struct discover discover_t;

typedef void (*discover_done_f)(void *arg);

/*!
 * \brief Makes a discovery; nothing happens before discover_run().
 *
 * \param parents  Called when the parent's servers are known and before any of them is asked
 *                 anything; discover_go_on() then has to be called, at once or later.
 * \param done     Called at the end.
 *
 * \return NULL without memory.
 */
discover_t *discover_new(shared_t *shared, above_t *above, ask_t *ask, const discover_request_t *request,
                         discover_done_f parents, discover_done_f done, void *arg);

/*! Starts; the callback may be called at once and must not free the discovery. */
void discover_run(discover_t *discover);

/*! Goes on after \a parents was called. */
void discover_go_on(discover_t *discover);

/*! What the parent's address of this index said about the delegation; NULL if it was not asked. */
const referral_said_t *discover_said(const discover_t *discover, unsigned index);

/*! NS of the zone, as servers of the parent have them; NULL if none was asked. */
const knot_rdataset_t *discover_delegated_to(const discover_t *discover);

/*!
 * \brief The search takes too long: goes on without the addresses of the zone's servers that are not known yet.
 *
 * Servers in the zone itself may be slow, and there is glue. The callback is called inside.
 *
 * \return False: it is not that far, and nothing was done.
 */
bool discover_hurry(discover_t *discover);

/*! Stops looking for more; the callback will not be called. */
void discover_stop(discover_t *discover);

/*! What was found until now. */
discovery_t *discover_result(discover_t *discover);

void discover_free(discover_t *discover);

/*! Whether two discoveries have found the same about the parent: zone, security, keys, servers. */
bool discovery_same_parent(const discovery_t *a, const discovery_t *b);
