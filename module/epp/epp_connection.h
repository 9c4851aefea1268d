/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One connection to the server of an account: addresses, TCP, TLS.
 *
 * All addresses of the server are tried, one after the other, until one is reached that proves to be the server.
 * Hooks are called from the loop, never from within a function of this header.
 */

#pragma once

#include <uv.h>

#include "epp_tls.h"

typedef struct epp_connection epp_connection_t;

typedef struct {
	void (*up)(void *arg); /*!< The peer is proven to be the server. */
	void (*input)(const uint8_t *data, size_t len, void *arg);
	/*! \return Octets to send, from \a data on; 0: none. */
	size_t (*output)(const uint8_t **data, void *arg);
	void (*taken)(size_t len, void *arg); /*!< So many of them were sent. */
	/*! Nothing comes any more. It has to be closed. \a why: one sentence, which names the address. */
	void (*down)(const char *why, void *arg);
} epp_connection_hooks_t;

/*!
 * \brief Begins to connect.
 *
 * \param[in] credentials  Of the account; they have to outlive it, as the hooks.
 *
 * \return NULL without memory.
 */
epp_connection_t *epp_connection_open(uv_loop_t *loop, const epp_account_t *account,
                                      const epp_tls_credentials_t *credentials, const epp_connection_hooks_t *hooks,
                                      void *arg);

/*! There is output. Before \a up it waits. */
void epp_connection_write(epp_connection_t *connection);

/*! Ends it; no hook is called any more. It is freed by the loop. */
void epp_connection_close(epp_connection_t *connection);

/*! "IP@port" that is tried, or reached; "" before the first one. */
const char *epp_connection_address(const epp_connection_t *connection);

/*! Of a connection that is up. */
const epp_tls_t *epp_connection_tls(const epp_connection_t *connection);
