/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Reads zones by DNS from this very knotd, which writes a line to its log for every control command.
 */

#pragma once

#include <sys/socket.h>

#include "own.h"

/*! Addresses that are tried. */
#define GLANCE_TRIED_MAX 4

/*! Where knotd answers DNS over TCP, kept between calls; zeroed at first. */
typedef struct {
	struct sockaddr_storage known[GLANCE_TRIED_MAX]; /*!< It accepts connections there. */
	size_t known_count;
	struct sockaddr_storage addr; /*!< It has answered there. */
	socklen_t addr_len;           /*!< 0: not known. */
	int64_t again;                /*!< Milliseconds, monotonic: nobody is asked before, since nobody answered. */
} glance_t;

/*!
 * \brief Asks for the apex RRsets of zones: SOA and DNSKEY with their RRSIGs, CDS, CDNSKEY, NS.
 *
 * \param[in,out] glance  What is known of the server.
 * \param[in,out] checks   Zones. Status SERVER_OK; SERVER_REFUSED with the words of check_run() for a zone that is not
 *                        loaded; SERVER_UNREACHABLE if DNS shows nothing. Nothing says whether a zone is
 *                        frozen, has a transaction, or belongs to a catalog.
 * \param[in] timeout_ms  Of the whole connection.
 */
void glance_run(glance_t *glance, check_t *checks, size_t count, int timeout_ms);
