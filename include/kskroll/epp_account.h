/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Accounts at EPP servers (RFC 5730, 5734), as the file `epp-accounts` has them.
 *
 * The file has the syntax of knot.conf (libknot's yparser) and one section, `account`, a list by `id`. It holds
 * passwords, so it is refused if anybody but its owner may read or write it. It must belong to the user of this process
 * or to root. The same holds for the private key that it names. Passwords are in memory that is not swapped (mlock,
 * where the limits allow it) and not dumped (MADV_DONTDUMP), and are overwritten when they are freed. They must not get
 * into a log, a message, the store or knot.conf.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EPP_PORT             700 /*!< RFC 5734 7. */
#define EPP_RECORDS_DEFAULT  6   /*!< DS or keys of one domain; servers take 6 to 9 at most. */
#define EPP_RECORDS_MAX      32
#define EPP_URIS_MAX         32  /*!< Extra URIs of one account. */
#define EPP_URI_MAX          256 /*!< Octets of one, with its end. */
#define EPP_ACCOUNTS_MAX     256
#define EPP_COMMANDS_DEFAULT 60   /*!< A minute. */
#define EPP_COMMANDS_MAX     6000 /*!< A minute. */
#define EPP_PASSWORD_MIN     6    /*!< Characters (epp-1.0, pwType), */
#define EPP_PASSWORD_MAX     16   /*!< in `<login>`, */
#define EPP_PASSWORD_LONG    128  /*!< with `login-security` (loginSec-1.0 sets no limit). */

/*! What a server takes (RFC 5910 4); it never takes both in one command. */
typedef enum {
	EPP_INTERFACE_AUTO = 0, /*!< As `<info>` shows it, also keys inside of DS; without records there: DS. */
	EPP_INTERFACE_DS,       /*!< dsData. */
	EPP_INTERFACE_KEY,      /*!< keyData. */
	EPP_INTERFACE_DS_KEY,   /*!< dsData with its keyData inside. */
} epp_interface_t;

/*! One account. All strings belong to the list; NULL only where it is said. */
typedef struct {
	const char *id;        /*!< Unique, what `parent-epp` names. */
	const char *server;    /*!< Host name or address. */
	uint16_t port;         /*!< Default EPP_PORT. */
	const char *name;      /*!< `server-name`: that its certificate has to have (RFC 5734 9); default: `server`. */
	const char *greeting;  /*!< svID that its greeting has to have (RFC 5734 8); NULL: any. */
	const char *ca;        /*!< File of CA certificates, PEM; NULL: those of the system. */
	const char *cert;      /*!< File of the client's certificate chain, PEM; NULL: none. */
	const char *key;       /*!< File of its private key, PEM; NULL if there is no `cert`. */
	const char *login;     /*!< clID, 3 to 16 characters (eppcom-1.0, clIDType). */
	const char *password;  /*!< EPP_PASSWORD_MIN to EPP_PASSWORD_MAX characters, or EPP_PASSWORD_LONG. In locked
	                          memory. */
	const char *extension; /*!< Further extURIs to log in with, each ended by "\n"; "" : none. */
	bool login_security;   /*!< RFC 8807: the password goes into loginSec:pw. */
	epp_interface_t interface;
	unsigned records;    /*!< Most of one domain, 1 to EPP_RECORDS_MAX; default EPP_RECORDS_DEFAULT. */
	unsigned commands;   /*!< A minute at most, 1 to EPP_COMMANDS_MAX; default EPP_COMMANDS_DEFAULT. */
	uint32_t keep_alive; /*!< `<hello>` after so many seconds without a command, 0: never; default 0. */
	uint32_t idle_close; /*!< `<logout>` after so many seconds without a command, default 60. */
	uint32_t timeout;    /*!< For each answer, seconds, default 60. */
} epp_account_t;

typedef struct epp_accounts epp_accounts_t;

/*!
 * \brief Reads the file.
 *
 * \param[in]  path  Of the file; relative names in it count from its folder.
 * \param[out] out   The accounts, to be freed by epp_accounts_free(); NULL on error.
 * \param[out] why   One sentence that names file, line, item and the remedy; never a secret.
 *
 * \return KNOT_EOK; KNOT_EACCES: others can read it, or it belongs to another user; KNOT_EINVAL: what it says;
 *         KNOT_ENOENT, KNOT_ENOMEM, or another error of reading.
 */
int epp_accounts_read(const char *path, epp_accounts_t **out, char *why, size_t why_len);

/*! Overwrites all secrets. */
void epp_accounts_free(epp_accounts_t *accounts);

size_t epp_accounts_count(const epp_accounts_t *accounts);

/*! \return The account number \a index, below epp_accounts_count(). */
const epp_account_t *epp_accounts_get(const epp_accounts_t *accounts, size_t index);

/*! \return NULL: there is none of that id. */
const epp_account_t *epp_accounts_find(const epp_accounts_t *accounts, const char *id);
