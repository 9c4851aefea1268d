/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What differs between versions of c-ares: options of a channel, and bytes in and out.
 *
 * channel.c is for 1.28 and newer, channel_old.c for what Debian 12 has (1.18).
 */

#pragma once

#include <ares.h>
#include <stdint.h>

#include "ask.h"

/*! How long the first try of a question waits: the old one has no upper bound and doubles it with each try. */
#if ARES_VERSION >= 0x011c00
#define CHANNEL_FIRST_TRY_MS	ASK_TIMEOUT_MS
#else
#define CHANNEL_FIRST_TRY_MS	(ASK_TIMEOUT_MS / 2)
#endif

/*! Answer, valid during the call; \a wire is NULL without one. \a status is an ARES_*. */
typedef void (*channel_answer_f)(void *arg, int status, size_t timeouts,
                                 const uint8_t *wire, size_t len);

/*! A channel without servers, for ask.h's limits. \return NULL on error. */
ares_channel channel_new(ares_sock_state_cb on_socket, void *arg);

/*!
 * \brief Sends a question; c-ares or channel_send() chooses the ID.
 *
 * \return KNOT_EOK: \a done has been or will be called; KNOT_E* otherwise: never.
 */
int channel_send(ares_channel channel, const uint8_t *wire, size_t len,
                 channel_answer_f done, void *arg);
