/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Accounts at EPP servers (`epp-accounts`), and the one connection of each, for all zones.
 *
 * The file is read when a zone needs it first, and again when it has changed. Only that starts a stopped account again,
 * or ends the wait after a failure: whoever reloads the configuration has not corrected a password. Commands of the
 * last minute count whatever is read again.
 */

#pragma once

#include <sys/stat.h>

#include "forward.h"
#include "kskroll/epp_link.h"
#include "util/list.h"

typedef struct account account_t;
typedef struct account_limits account_limits_t;

/*! What the queue of an account has. It is acknowledged afterwards. \return False: it stays there. */
typedef bool (*accounts_message_f)(env_t *env, const epp_account_t *account, const epp_message_t *message);

typedef struct {
	accounts_message_f message;
	epp_accounts_t *list; /*!< NULL: it was not read, or it cannot be used. */
	account_t *account;   /*!< Those of the list, in its order. */
	list_t limits;        /*!< Of accounts that the file has, or had when it could be read last. */
	char *path;           /*!< Of the file that was read. */
	struct stat as_read;  /*!< What it was then. */
	char why[640];        /*!< It cannot be used. */
} accounts_t;

void accounts_init(accounts_t *accounts, accounts_message_f message);

/*!
 * \brief The connection of an account.
 *
 * Orders of all zones may be called back as cancelled, if the file has changed.
 *
 * \param[out] account  It, valid as long as the connection.
 * \param[out] why      What is wrong with file or account, one sentence with the remedy.
 *
 * \return NULL: \a why. Valid until the next call.
 */
epp_link_t *accounts_link(env_t *env, const char *id, const epp_account_t **account, char *why, size_t why_len);

/*! The configuration was reloaded: certificates that have changed are read again. Orders may be called back as
 * cancelled. */
void accounts_reloaded(env_t *env);

/*! Ends all connections at once; all orders are called back. */
void accounts_close(env_t *env);
