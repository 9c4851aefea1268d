/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What a link has: epp_link.c works with it, epp_link_view.c shows it.
 */

#pragma once

#include "epp_connection.h"
#include "epp_limits.h"
#include "kskroll/epp_link.h"
#include "util/list.h"

#define WHY_MAX 320

struct epp_link {
	uv_loop_t *loop;
	uv_timer_t timer;
	const epp_account_t *account;
	epp_tls_credentials_t *credentials;
	epp_link_message_f message;
	void *arg;
	list_t queue;  /*!< Orders, the one under way is the first of them. */
	list_t ending; /*!< Orders whose callbacks are being called. */
	epp_connection_t *connection;
	epp_link_peer_t peer; /*!< Of the session, or of the last one. */
	bool has_peer;
	epp_session_t *session, *old; /*!< \a old: over, but its last event may be in use. */
	epp_offer_t offer;
	bool has_offer, ready, closing;
	bool busy;                         /*!< A command is under way: the first order, */
	bool own;                          /*!< or one of this file. */
	bool touched;                      /*!< Octets of it were given to TLS. */
	epp_limits_t *limits, *own_limits; /*!< \a own_limits: freed with the link; NULL: they are others'. */
	uint64_t answer_by;                /*!< What is awaited has to come by then. */
	uint64_t last_sent, last_user;     /*!< A command, and one that was ordered. */
	uint64_t poll_at, poll_from; /*!< When the queue is asked; after what ends a session, not before an hour. */
	bool polled_last;            /*!< Messages and orders take turns. */
	char ack[EPP_ID_MAX];        /*!< A message to acknowledge. */
	bool stopped, freed;
	char why[WHY_MAX]; /*!< The last failure, or why it is stopped. */
	char state[WHY_MAX + 64];
};
