/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Carries out an order for the KSKs of one zone: sets their states, has knotd read them, and reads them back.
 *
 * Blocks, for the control thread. May be repeated at any time, also after the end of the process in the middle of it.
 */

#pragma once

#include <libknot/libknot.h>

#include "control.h"
#include "key_client.h"

/*! Nothing is set so many seconds before the next event in which Knot may write the keys. */
#define KEY_QUIET 2

/*!
 * \brief Carries out an order.
 *
 * Nothing begins when the timeout of the target has passed: then the order has to be repeated, and goes on where it was
 * left.
 *
 * \param[in] target        Where knotd is. Its timeout counts for each connection, and for all but the last step
 * together.
 * \param[in] client        To keymgr.
 * \param[in] zone          Presentation form.
 * \param[in] wish          The order, and the keys.
 * \param[out] detail       CONTROL_DETAIL_MAX bytes; one sentence unless SERVER_OK.
 *
 * \return As server_keys() calls back.
 */
server_status_t key_actor_run(const control_target_t *target, const key_client_t *client, const char *zone,
                              const server_keys_t *wish, char *detail);

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
