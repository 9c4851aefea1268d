/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One loop for all zones: wake, check, survey, decide, persist, act, report, sleep.
 *
 * There is one engine per process, and it has the process's only loop. It is told what knotd has loaded, and it works
 * from the first engine_server_is_at() on. All functions belong to the thread of the loop.
 */

#pragma once

#include <uv.h>

#include "kskroll/server.h"
#include "kskroll/settings.h"

typedef struct engine engine_t;

/*! A loaded zone instance: a place in a table, and which of those that were there it is. */
typedef struct {
	uint32_t slot;
	uint32_t serial; /*!< Grows with each instance that is loaded. */
} engine_id_t;

/*! What the engine says. Its arguments are valid during the call. */
typedef struct {
	void (*log)(void *arg, int priority, const char *text); /*!< Priorities of syslog(3). */
	void (*numbers)(void *arg, engine_id_t id, const engine_numbers_t *numbers);
	void (*totals)(void *arg, const engine_totals_t *totals);
	/*! Once: from here on nothing is opened but the store, and the files of these settings. The store is open. */
	void (*confine)(void *arg, const engine_settings_t *settings);
	/*! The process has to start again, since other files have to be opened. Nothing happens until it ends. */
	void (*again)(void *arg);
	void *arg;
} engine_out_t;

/*! \return NULL if memory or descriptors are short. */
engine_t *engine_new(const engine_out_t *out);

/*! Its loop, for whoever tells it what to do. */
uv_loop_t *engine_loop(engine_t *engine);

/*!
 * \brief Settings of the global instance that count from now on; copied.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int engine_settings(engine_t *engine, const engine_settings_t *settings);

/*! knotd runs, and is reached there: the engine begins to work, if it has settings. \return KNOT_EOK, KNOT_ENOMEM. */
int engine_server_is_at(engine_t *engine, const server_where_t *where);

/*!
 * \brief Settings of zone instances get a number; copied.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if it is in use.
 */
int engine_zone_settings(engine_t *engine, uint32_t number, const engine_zone_settings_t *settings);

/*! The number is used no more. */
void engine_zone_settings_gone(engine_t *engine, uint32_t number);

/*!
 * \brief A zone instance was loaded; its zone is checked at once.
 *
 * \param[in] zone      Presentation form, lower case, with final dot.
 * \param[in] settings  Their number.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if the place is taken or there are no such settings.
 */
int engine_attach(engine_t *engine, engine_id_t id, const char *zone, uint32_t settings);

/*! A zone instance is unloaded. The zone's row stays; with its last instance the zone rests. */
void engine_detach(engine_t *engine, engine_id_t id);

/*!
 * Ends all that is under way and writes what is to be written. Its handles close on the loop: run it until it is empty.
 */
void engine_stop(engine_t *engine);

/*! After that. */
void engine_free(engine_t *engine);
