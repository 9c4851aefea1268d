/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Parents that take one lookup for the child: BIND's dnssec-cds in a loop, and scanners of one nameserver.
 *
 * They take the place of the agent in the same world: its interval, its troubles, its parent zone.
 */

#pragma once

#include "sim_events.h"
#include "rng.h"

typedef struct world world_t;

/*! Who is the parent of a world. */
typedef enum {
	PARENTS_SOME = 0, /*!< The agent in some worlds, a plain one (parent.c) in the others. */
	PARENTS_PLAIN,
	PARENTS_AGENT,
	PARENTS_UPDATE,   /*!< It takes DNS UPDATE of the module (sim_submit.c), in some worlds of PARENTS_SOME as well.
	                   */
	PARENTS_CDS_LOOP, /*!< dig, dnssec-cds -u -i, nsupdate, by a timer. */
	PARENTS_SCANNER,  /*!< One nameserver; checks its signatures and what comes out there. */
	PARENTS_BLIND,    /*!< One nameserver; checks nothing. */
	PARENTS__COUNT
} parents_t;
extern const char *const parents_names[PARENTS__COUNT];

typedef struct {
	parents_t kind; /*!< PARENTS_SOME: this world has none. */
	rng_t rng;
	uint32_t interval;   /*!< Between two lookups, s. */
	world_keys_t file;   /*!< dnssec-cds: the dsset file, */
	time_t not_before;   /*!< and its modification time: older signatures do not count. */
	uint16_t dnskey;     /*!< Version of the zone of the DNSKEY RRset that the resolver of its dig has */
	time_t dnskey_until; /*!< until then; 0: none. */
	uint16_t taken;      /*!< Scanner: number of the version it has taken last. */
} scanner_t;

void scanner_make(world_t *w, parents_t kind, unsigned zone);
/*! \a notified: by NOTIFY(CDS), which has arrived. */
void scanner_scan(world_t *w, bool notified);
