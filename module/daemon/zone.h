/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A zone that is being checked or rolls, and its rest between two checks.
 */

#pragma once

#include <libknot/libknot.h>

#include "act.h"
#include "announce.h"
#include "check.h"
#include "facts.h"
#include "fit.h"
#include "record.h"
#include "settings_copy.h"
#include "signaling.h"
#include "world.h"

/*! What is kept of a zone between two checks, without its zeros (pack.h). */
typedef struct {
	rollover_row_t row;
	time_t saved; /*!< The row was last written (record.c). */
	zone_counts_t counts;
} kept_t;

/*! What few zones need is allocated when it is needed. */
struct zone {
	env_t *env;
	entry_t *entry;                  /*!< Freed with this one, if the zone is gone. */
	const char *name;                /*!< Of the entry. */
	const knot_dname_t *dname;       /*!< Behind this struct. */
	const zone_settings_t *settings; /*!< Of the newest instance, which owns them; NULL: none is left. */
	zone_t *prev, *next;             /*!< In the list of those that are awake. */
	unsigned refs;                   /*!< The table of zones, and calls under way (zone_turn.c). */
	bool busy;                       /*!< A check is under way (zone_turn.c). */
	bool again;                      /*!< Something happened meanwhile: check again at once. */
	bool gone;                       /*!< No instance is left. */

	kept_t kept;
	gathered_t *gathered; /*!< Facts of the check under way; NULL between checks. */
	record_t record;
	check_t check;
	world_t world;
	fit_t fit;
	act_t act;
	announce_t announce;
	signaling_t signaling;
};

/*! \return The entry's zone, which is awake from here on; NULL if there is no memory. */
zone_t *zone_get(env_t *env, entry_t *entry);
void zone_each(const env_t *env, void (*each)(zone_t *zone));

/*! Checks the zone now, or right after the check under way. */
void zone_wake(env_t *env, entry_t *entry);
/*!
 * The newest instance of the zone is another one than before.
 *
 * \param[in] before  Settings of the one before, NULL if there was none; only compared, they may be gone.
 *
 * \return Whether the settings are others: they are written after the next check.
 */
bool zone_instance_changed(env_t *env, entry_t *entry, const zone_settings_t *before);

/*! A call under way needs the zone. */
void zone_ref(zone_t *zone);
/*! It does no longer. A zone that has nothing to do goes to rest; one that is gone is freed with the last call. */
void zone_unref(zone_t *zone);
/*! The zone is gone: what is under way is cancelled. The entry is freed with the zone. */
void zone_end(entry_t *entry);
