/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Looks up the addresses of nameservers, A and AAAA of each name.
 */

#pragma once

#include "servers.h"
#include "shared.h"

typedef struct addresses addresses_t;

/*!
 * \brief All lookups are over; a name that could not be looked up has its error.
 *
 * \param ret   KNOT_EOK, or why an address could not be added: KNOT_ELIMIT, KNOT_ENOMEM.
 * \param name  Index of the name of that address.
 * \param arg   Argument.
 */
typedef void (*addresses_done_f)(int ret, unsigned name, void *arg);

/*!
 * \brief Makes it.
 *
 * \param shared   Lookups.
 * \param servers  Borrowed: addresses and errors are put there. Names may be added meanwhile.
 * \param first    Names from this one on.
 * \param done     Called once unless freed before, never inside addresses_start(). May free the addresses.
 * \param arg      For done.
 *
 * \return NULL without memory.
 */
addresses_t *addresses_new(shared_t *shared, servers_t *servers, unsigned first, addresses_done_f done, void *arg);

/*!
 * \brief Begins.
 *
 * \param addresses  Addresses.
 * \param fresh      As for shared_start().
 *
 * \return Lookups under way. If there are none, that is all, and done() is not called.
 */
unsigned addresses_start(addresses_t *addresses, bool fresh);

/*! Ends what is under way: that takes too long, which is the error of these names. done() is not called. */
void addresses_give_up(addresses_t *addresses);

/*! Ends what is under way; NULL is allowed. */
void addresses_free(addresses_t *addresses);
