/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Finds a parent's target and notifies it; see kskroll/dns.h.
 */

#pragma once

#include "resolve.h"

/*! Notifications under way; each has one socket, and a silent parent may hold many of them. */
#define NOTIFIES_MAX 256

/*! All notifications of one asker. */
typedef struct notifies notifies_t;

/*!
 * \brief Creates the container.
 *
 * \param loop      Event loop.
 * \param resolve   Resolver; must outlive the notifications.
 * \param loopback  Targets may be on this host.
 * \param rate      Notifications per second that begin at one address, 0: no limit.
 *
 * \return NULL without memory.
 */
notifies_t *notifies_new(uv_loop_t *loop, resolve_t *resolve, bool loopback, unsigned rate);

/*! Ends it; notifications are called back as cancelled. Not from a callback of \a resolve. */
void notifies_free(notifies_t *notifies);
