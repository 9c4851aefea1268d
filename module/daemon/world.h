/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks the world for one check: the survey of the servers, and the watch of what resolvers see.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"

typedef void (*world_done_f)(zone_t *zone, bool cancelled);

/*! Of a zone. */
typedef struct {
	survey_t *survey;
	watch_t *watch;
	unsigned asking; /*!< Survey and watch that have not come back. */
	bool cancelled;  /*!< One of them was. */
	time_t watched;  /*!< The last watch began. */
	world_done_f done;
} world_t;

/*! Of this host. */
typedef struct {
	unsigned missing; /*!< ROUTE_*: addresses of these families cannot be reached from here. */
	time_t said[2];   /*!< In the log; 0: not yet. */
} routes_t;

/*! Asks what the machine wants, at the zone's check; \a done is called once, perhaps at once. */
void world_ask(zone_t *zone, unsigned ask, world_done_f done);
/*! What is under way comes back as cancelled before this returns. */
void world_cancel(zone_t *zone);
