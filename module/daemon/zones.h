/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief All zones with the module, by name.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forward.h"
#include "util/queue.h"

/*! A zone with the module. There may be very many, and nearly all are asleep: then this is all there is. */
struct entry {
	zone_t *zone;            /*!< NULL: asleep (zone.c). */
	void *kept;              /*!< Packed kept_t of a sleeping zone; NULL: never checked (zone.c). */
	entry_t *next;           /*!< In its hash bucket. */
	uint32_t instance;       /*!< The newest instance, whose settings count: its place and one (instances.c). */
	queue_node_t due;        /*!< In the queue of checks (schedule.c). */
	uint8_t state, gate;     /*!< As counted in the totals (numbers.c). */
	bool catalog_member : 1; /*!< At the last check that knew, if the newest instance was there by then (check.c).
	                          */
	bool examined : 1;       /*!< The control socket has answered about it once (check.c). */
	bool resuming : 1;       /*!< By its row it rolls, and it had no turn yet (numbers.c). */
	bool other_settings : 1; /*!< Than those that were last written (zone.c, record.c). */
	char name[];
};

typedef struct {
	entry_t **buckets;
	size_t bucket_count;
	size_t count; /*!< Of zones. */
} zones_t;

/*! \return False if there is no memory. */
bool zones_init(zones_t *zones);
/*! They are all gone by then. */
void zones_free(zones_t *zones);

entry_t *zones_find(const zones_t *zones, const char *name);
/*! \return A new one without instances, asleep, to be freed after zones_remove(); NULL if there is no memory. */
entry_t *zones_add(zones_t *zones, const char *name);
/*! It is not found any more. */
void zones_remove(zones_t *zones, entry_t *entry);
void zones_each(const zones_t *zones, void (*each)(entry_t *entry, void *arg), void *arg);
