/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One message over TCP, and the next message that comes back. It knows nothing of what they are.
 */

#pragma once

#include <uv.h>

#include "kskroll/addr.h"

/*! Valid during the callback. */
typedef struct {
	bool sent;     /*!< Some of the message may have reached the server. */
	uint8_t *wire; /*!< The answer, which may be changed; NULL: none, see \a error. */
	size_t len;
	char error[80];
} exchange_result_t;

typedef struct exchange exchange_t;
typedef void (*exchange_done_f)(const exchange_result_t *result, void *arg);

/*!
 * \brief Sends a message.
 *
 * \param[in] wire        Copied; 65535 octets at most.
 * \param[in] connect_ms  For the connection.
 * \param[in] answer_ms   For the answer, from then on.
 * \param[in] done        Called once, from the loop.
 *
 * \return NULL without memory or socket.
 */
exchange_t *exchange_start(uv_loop_t *loop, const struct sockaddr_storage *addr, const uint8_t *wire, size_t len,
                           unsigned connect_ms, unsigned answer_ms, exchange_done_f done, void *arg);

/*! Its callback is not called any more. NULL is allowed. */
void exchange_cancel(exchange_t *exchange);
