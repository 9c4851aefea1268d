/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief How often a server may be asked, over all zones.
 *
 * Pure: time is an argument, in milliseconds. Turns are given in the order in which they are
 * taken; nobody is ever refused.
 */

#pragma once

#include <stdint.h>
#include <sys/socket.h>

typedef struct pace pace_t;

/*!
 * \brief Creates it.
 *
 * \param rate  Questions per second and address, 0: as many as one likes.
 *
 * \return NULL without memory.
 */
pace_t *pace_new(unsigned rate);

void pace_free(pace_t *pace);

/*!
 * \brief Takes a turn for one question to each of the addresses, to be asked together.
 *
 * \param pace    Pace.
 * \param addr    Addresses, each once.
 * \param count   Their number.
 * \param stride  Bytes from one to the next.
 * \param now     Current time.
 *
 * \return Milliseconds from now until the turn.
 */
unsigned pace_turn(pace_t *pace, const struct sockaddr_storage *addr, unsigned count, size_t stride, uint64_t now);

/*! Milliseconds until the address has a turn that nobody has taken yet; takes none. */
unsigned pace_wait(const pace_t *pace, const struct sockaddr_storage *addr, uint64_t now);
