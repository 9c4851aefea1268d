/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One loop for all zones.
 *
 * The process has one, and nothing else has its thread. It learns from the module what knotd has loaded, and works from
 * the first loop_server_is_at() on.
 */

#pragma once

#include "env.h"

typedef struct {
	env_t env;
	uv_timer_t timer; /*!< Once a second. */
	uv_timer_t trim;
	bool running; /*!< knotd does, and all is known that has to be. */
	bool stopping;
} loop_t;

/*!
 * \param[in] out     For log lines and numbers; it must outlive the loop.
 * \param[in] broker  The socket of broker_start(); the caller closes it after the loop. -1: there is none.
 *
 * \return NULL if memory or descriptors are short.
 */
loop_t *loop_new(outbox_t *out, int broker);

/*!
 * \brief Settings of the global instance that count from now on; copied.
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int loop_settings(loop_t *loop, const global_settings_t *settings);

/*! knotd runs, and is reached there: work begins, if there are settings. \return KNOT_EOK, KNOT_ENOMEM. */
int loop_server_is_at(loop_t *loop, const server_where_t *where);

/*!
 * \brief Settings of zone instances get a number; copied.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if it is in use.
 */
int loop_zone_settings(loop_t *loop, uint32_t number, const instance_settings_t *settings);

/*! The number is used no more. */
void loop_zone_settings_gone(loop_t *loop, uint32_t number);

/*!
 * \brief A zone instance was loaded; its zone is checked at once.
 *
 * \param[in] zone      Presentation form, lower case, with final dot.
 * \param[in] settings  Their number.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if the place is taken or there are no such settings.
 */
int loop_attach(loop_t *loop, wire_id_t id, const char *zone, uint32_t settings);

/*! A zone instance is unloaded. The zone's row stays; with its last instance the zone rests. */
void loop_detach(loop_t *loop, wire_id_t id);

/*! A NOTIFY(CDS) was received, by knotd or by this process. It may name any zone. */
void loop_notified(loop_t *loop, const wire_notified_t *notified);

/*! knotd has received an error report. It may name any zone. */
void loop_reported(loop_t *loop, const wire_reported_t *reported);

/*! Whether the process has to start again: nothing else happens until it ends. */
bool loop_is_outdated(const loop_t *loop);

/*!
 * Ends all that is under way and writes what is due. Its handles close on the loop: run it until it is empty.
 */
void loop_stop(loop_t *loop);

/*! After that. NULL is allowed. */
void loop_free(loop_t *loop);
