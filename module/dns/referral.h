/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The delegation of a zone as all servers of the zone above it give it, RFC 9975 3.
 *
 * Every server is asked, since one of them may lag behind the others, and resolvers follow whichever they
 * reach. Works on the loop thread only.
 */

#pragma once

#include "ask.h"
#include "cut.h"
#include "servers.h"

/*! What one address said. */
typedef struct {
	cut_said_t said;
	char why[96]; /*!< For CUT_SILENT and CUT_ERROR. */
} referral_said_t;

typedef struct referral referral_t;

/*!
 * \brief Called once at the end, unless freed before; may free the referral.
 *
 * \param ret  KNOT_EOK; KNOT_ELIMIT for too many nameservers; KNOT_ENOMEM.
 */
typedef void (*referral_done_f)(int ret, void *arg);

/*!
 * \brief Asks all servers of a zone for the delegation of another below it.
 *
 * The callback never runs inside.
 *
 * \param ask    Asker.
 * \param zone   Zone, lower case; borrowed.
 * \param above  Servers to ask; borrowed, and must not change.
 * \param found  Names, their glue, and those of \a above that host the zone themselves: resolvers take answers
 *               of these for the zone. Are added; borrowed.
 * \param done   Callback.
 * \param arg    For done.
 *
 * \return NULL without memory, or without servers to ask.
 */
referral_t *referral_start(ask_t *ask, const knot_dname_t *zone, const servers_t *above, servers_t *found,
                           referral_done_f done, void *arg);

/*! What the address of this index said. */
const referral_said_t *referral_said(const referral_t *referral, unsigned index);

/*! How many addresses said this. */
unsigned referral_count(const referral_t *referral, cut_said_t said);

/*!
 * \brief Whether every nameserver hosts the zone itself, by at least one of its addresses.
 *
 * There is no referral to be had then, by resolvers neither.
 */
bool referral_all_host(const referral_t *referral);

/*! Why there is none, the first reason: "ADDRESS: timeout". */
void referral_reason(const referral_t *referral, char *out, size_t size);

/*! NS of the zone, as all referrals have them together. */
const knot_rdataset_t *referral_ns(const referral_t *referral);

/*! Packets sent. */
unsigned referral_packets(const referral_t *referral);

/*! Ends it, finished or not. */
void referral_free(referral_t *referral);
