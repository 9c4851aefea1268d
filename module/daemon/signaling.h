/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief For a first DS: says what a parent would find at the signaling names (RFC 9615).
 *
 * Nothing waits for it, since there are parents that ask for less, and registrars.
 */

#pragma once

#include "forward.h"
#include "kskroll/dns.h"

typedef void (*signaling_done_f)(zone_t *zone);

/*! Of a zone. */
typedef struct {
	dsboot_t *dsboot; /*!< A check under way. */
	char *json;       /*!< What was found; NULL: not checked. */
	time_t at;        /*!< The last check began. */
	signaling_done_f done;
} signaling_t;

/*!
 * \brief Checks the names, now and then, and says what changed.
 *
 * \return Whether a check was started: then \a done is called once.
 */
bool signaling_check(zone_t *zone, signaling_done_f done);
/*! Ends one under way. */
void signaling_end(zone_t *zone);

/*! Whether nothing is under way, and nothing of it to remember. */
bool signaling_is_plain(const zone_t *zone);
void signaling_free(zone_t *zone);
