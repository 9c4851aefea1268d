/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief TLS of a connection to an EPP server, by GnuTLS: who the peer is, and octets over a socket that does not
 * block.
 *
 * TLS 1.2 or later. The server's chain is verified up to the CAs of the account, for TLS servers, and its name against
 * dNSName or iPAddress of its subjectAltName (RFC 5734 9, RFC 9525): a common name is not enough. That happens within
 * the handshake: a server that fails it gets nothing but an alert.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "kskroll/epp_account.h"

/*! A sentence about what went wrong, without the server's name; never a secret. */
#define EPP_TLS_WHY 256

/*! Certificates of an account: CAs, and its own. */
typedef struct epp_tls_credentials epp_tls_credentials_t;

typedef struct epp_tls epp_tls_t;

typedef enum {
	EPP_TLS_DONE,
	EPP_TLS_READ,  /*!< Goes on when the socket can be read. */
	EPP_TLS_WRITE, /*!< Goes on when it can be written. */
	EPP_TLS_END,   /*!< The peer has ended the connection in order. */
	EPP_TLS_ERROR, /*!< \a epp_tls_why(). */
} epp_tls_status_t;

/*!
 * \brief Reads certificates and key.
 *
 * \param[out] why  Which file cannot be read, and the reason.
 *
 * \return NULL if one cannot be read, or without memory.
 */
epp_tls_credentials_t *epp_tls_credentials_new(const epp_account_t *account, char *why, size_t why_len);

void epp_tls_credentials_free(epp_tls_credentials_t *credentials);

/*! Whether the files of the account are as they were when these were read; not if there is no file of CAs. */
bool epp_tls_credentials_are_current(const epp_tls_credentials_t *credentials, const epp_account_t *account);

/*! \return When the certificate of the account expires; 0: it has none. */
time_t epp_tls_credentials_expires(const epp_tls_credentials_t *credentials);

/*!
 * \brief TLS over a connected socket.
 *
 * \param[in] credentials  Have to outlive it.
 * \param[in] fd           Not blocking; it stays the caller's.
 *
 * \return NULL without memory.
 */
epp_tls_t *epp_tls_new(const epp_tls_credentials_t *credentials, int fd);

void epp_tls_free(epp_tls_t *tls);

/*! Goes on with the handshake; DONE: the peer is the server of the account. */
epp_tls_status_t epp_tls_handshake(epp_tls_t *tls);

/*! Reads up to \a size octets. \param[out] len  So many, not 0, with DONE. */
epp_tls_status_t epp_tls_read(epp_tls_t *tls, uint8_t *data, size_t size, size_t *len);

/*!
 * \brief Writes octets.
 *
 * \param[out] len  So many were taken, with DONE. After another status some may be on their way; the next call has to
 *                  begin with the same octets, wherever they are then.
 */
epp_tls_status_t epp_tls_write(epp_tls_t *tls, const uint8_t *data, size_t size, size_t *len);

/*! Says that nothing more will be written, if that is possible at once. */
void epp_tls_bye(epp_tls_t *tls);

/*! What an ERROR was. */
const char *epp_tls_why(const epp_tls_t *tls);

/*! "TLS1.3"; "-" before the handshake is done. */
const char *epp_tls_version(const epp_tls_t *tls);

/*! \return When the server's certificate expires; 0: not known. */
time_t epp_tls_expires(const epp_tls_t *tls);
