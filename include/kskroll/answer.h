/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief How the answer of one server came out, for the child side and the parent side.
 */

#pragma once

/*! "name. address@port" of a server, with its final zero. */
#define SERVER_NAME_MAX 320

/*! How an answer of one server came out. */
typedef enum {
	ANSWER_OK = 0,      /*!< Authoritative; signatures of it are facts of their own. */
	ANSWER_UNREACHABLE, /*!< No usable response: timeout, network error, reset. */
	ANSWER_ERROR,       /*!< It answers, but not for the zone: REFUSED, SERVFAIL, AA unset, lame. */
	ANSWER_BOGUS,       /*!< Answer without any valid signature where one is due. */
	ANSWER_INCOMPLETE,  /*!< It sends packets, so it is alive, but no whole answer about DNSKEY or DS. */
	ANSWER_NO_ROUTE,    /*!< This host has no way to the address: says nothing about the server. */
	ANSWER__COUNT
} answer_status_t;
