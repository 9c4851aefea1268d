/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Carries out orders for the KSKs of zones: sets their states, has knotd read them, and reads them back.
 *
 * Blocks, for the control thread. May be repeated at any time, also after the end of the process in the middle of it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <libknot/libknot.h>

#include "control.h"
#include "key_client.h"

/*! Nothing is set so many seconds before the next event in which Knot may write the keys. */
#define KEY_QUIET 2

/*! An order for one zone, and its outcome. */
typedef struct {
	const char *zone;          /*!< Presentation form. */
	const server_keys_t *wish; /*!< The order, and the keys. */
	uint64_t latest;           /*!< The order must not begin after this time of uv_hrtime(), ns; 0: no limit. */
	/* Set by key_actor_run(): */
	bool begun;             /*!< False: the time of all orders was over before its turn. Nothing was done. */
	server_status_t status; /*!< As server_keys() calls back. SERVER_BUSY if the order was not begun. */
	char detail[CONTROL_DETAIL_MAX]; /*!< One sentence; "" if SERVER_OK. */
} key_task_t;

/*!
 * \brief Carries out orders.
 *
 * One keymgr runs at a time. While Knot reads the keys of one zone, the other orders go on. None of them disturbs
 * another one. Nothing begins when the timeout of the target has passed: an order that has begun must be repeated then,
 * and goes on where it was left.
 *
 * \param[in] target     Where knotd is. Its timeout counts for each connection, and for all but the last step of all
 * orders together.
 * \param[in] client     To keymgr.
 * \param[in,out] tasks  No zone twice. The first one is always begun.
 */
void key_actor_run(const control_target_t *target, const key_client_t *client, key_task_t *tasks, size_t count);

/*! What `zone-status` says of the events that write keys. */
typedef struct {
	bool answered;
	bool frozen;
	bool transaction; /*!< Of a zone, by another client. */
	bool running;     /*!< Now, or as soon as a worker is free. */
	time_t next;      /*!< 0: none. */
} key_events_t;

/*! Collects the units of `zone-status` with unix times, a control_unit_f with a key_events_t. */
void key_events_unit(const control_unit_t *unit, void *arg);

/*! \return Whether Knot will not write the keys within KEY_QUIET seconds. */
bool key_events_quiet(const key_events_t *events, time_t now);
