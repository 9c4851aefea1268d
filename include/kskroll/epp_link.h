/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The connection to an EPP server: TLS by GnuTLS on a loop of libuv, one session for each account.
 *
 * TLS 1.2 or later (RFC 5734 9, RFC 9325); the chain and the name of the server are verified before the session gets a
 * byte. Commands wait in a queue and go out one by one, no more a minute than the account allows. Updates are first,
 * since the facts of their decision get older. A session is opened by the first command, and used for all that follow.
 * It is kept alive if the account says so, and closed when it is idle. After a failure the next connection waits: 2 s,
 * doubled up to 15 min; after a login without an answer 5 min, then an hour. A code that stops the account (EPP_STOP),
 * or the third such login in a row, ends all for ever: further logins would lock it.
 *
 * All functions belong to the thread of the loop. Callbacks come from the loop, epp_link_free() excepted, and may call
 * every function of this header.
 */

#pragma once

#include <limits.h>

#include <uv.h>

#include "kskroll/addr.h"
#include "kskroll/epp.h"

typedef struct epp_link epp_link_t;

/*! For epp_link_send(): if the first connection, or the login, fails, the command is UNSENT, and nothing is tried
 * again. */
#define EPP_LINK_ONCE UINT_MAX

/*! What came of a command. Valid during the callback. */
typedef enum {
	EPP_LINK_ANSWER,    /*!< \a event: the server's answer, good or bad. */
	EPP_LINK_UNSENT,    /*!< No connection, or no login, in time: nothing of it was sent. \a why. */
	EPP_LINK_LOST,      /*!< It was sent, in part or whole, and there is no answer: only `<info>` tells. \a why. */
	EPP_LINK_STOPPED,   /*!< The account is stopped. \a why. */
	EPP_LINK_CANCELLED, /*!< By epp_link_free(). */
} epp_link_status_t;

typedef struct {
	epp_link_status_t status;
	const epp_event_t *event; /*!< NULL unless ANSWER. */
	const epp_offer_t *offer; /*!< What the server of this session offers; NULL: there is none. */
	char why[320];            /*!< One sentence; never a secret. */
} epp_link_result_t;

/*! A server that was proven to be that of the account. */
typedef struct {
	char address[ADDR_TEXT_MAX]; /*!< "IP@port" */
	char version[16];            /*!< "TLS1.3" */
	time_t expires;              /*!< Of its certificate; 0: not known. */
	time_t own_expires;          /*!< Of that of the account; 0: it has none. */
	char login[EPP_TEXT_MAX];    /*!< Its words at the login, as that the password ends; "": no login yet. */
} epp_link_peer_t;

typedef void (*epp_link_done_f)(const epp_link_result_t *result, void *arg);

/*! What the queue of the account had; it is acknowledged when this returns. \return False: leave it there. */
typedef bool (*epp_link_message_f)(const epp_message_t *message, void *arg);

/*! What an account was given within a minute, and has failed in a row. Outlives its connections. */
typedef struct epp_limits epp_limits_t;

/*! \return NULL without memory. */
epp_limits_t *epp_limits_new(void);

/*! NULL is allowed. */
void epp_limits_free(epp_limits_t *limits);

/*! The operator has acted: what has failed may be tried again at once, at the same pace. */
void epp_limits_forgive(epp_limits_t *limits);

/*!
 * \brief A connection for an account; nothing is sent before the first command.
 *
 * \param[in] account  Has to outlive it.
 * \param[in] limits   The same; NULL: its own.
 * \param[in] message  Called for each message of the queue; NULL: the queue is left alone. The queue is read after each
 *                     login, and once an hour while a session is open. After a message that ended a session, it is not
 *                     read for an hour.
 *
 * \return NULL without memory, or if its certificates cannot be read: \a why says which.
 */
epp_link_t *epp_link_new(uv_loop_t *loop, const epp_account_t *account, epp_limits_t *limits,
                         epp_link_message_f message, void *arg, char *why, size_t why_len);

/*!
 * \brief Queues a command.
 *
 * \param[in] within_ms  It is answered UNSENT if it could not be sent by then; 0: whenever; or EPP_LINK_ONCE. What the
 *                       server does not offer, or what is invalid, is UNSENT, too.
 *
 * \return KNOT_EOK: \a done is called once, later. KNOT_EINVAL, KNOT_ENOMEM: it is not called.
 */
int epp_link_send(epp_link_t *link, const epp_command_t *command, unsigned within_ms, epp_link_done_f done, void *arg);

/*!
 * \brief Takes back commands that are not under way: their callbacks are not called.
 *
 * \param[in] arg  Those with this one.
 *
 * \return Whether one is under way: its callback is called later.
 */
bool epp_link_cancel(epp_link_t *link, const void *arg);

/*! Where a command stands. */
typedef struct {
	unsigned before;  /*!< Commands that come first: those that wait, and an update for each question among them. */
	uint64_t wait_ms; /*!< Until its turn, by the pace of the account, and after a failure. */
} epp_link_place_t;

/*! \return False: no command with this argument waits, or it is under way. */
bool epp_link_place(const epp_link_t *link, const void *arg, epp_link_place_t *place);

/*! The queue of the account is read before the next command: something that was pending may have been decided. */
void epp_link_poll(epp_link_t *link);

/*! Whether the files of its certificates are as they were read. */
bool epp_link_is_current(const epp_link_t *link);

/*! Whether a code of the server has stopped the account, or its silence upon logins. */
bool epp_link_is_stopped(const epp_link_t *link);

/*! That of the session, or of the last one. \return False: the server is not proven, or nothing was sent yet. */
bool epp_link_peer(const epp_link_t *link, epp_link_peer_t *peer);

/*! In words: "idle", "connecting to 192.0.2.1", "stopped: ...". Valid until the next call. */
const char *epp_link_state(const epp_link_t *link);

/*! Ends it at once, without logout, after the callbacks of all commands. The loop has to run once more. */
void epp_link_free(epp_link_t *link);
