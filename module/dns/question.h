/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief One question to one address: UDP, then TCP. What is sent is what resolvers send, and no more.
 *
 * EDNS with DO and without any option (RFC 3225, RFC 6891). Each packet has its own source port and random ID
 * (RFC 5452). TCP comes after a truncated answer (RFC 7766 5), after FORMERR or NOTIMP, which a box on the way
 * may have sent, and after silence. Works on the loop thread only. Callbacks never run inside question_start() or
 * question_cancel().
 */

#pragma once

#include <sys/socket.h>
#include <uv.h>
#include <libknot/libknot.h>

/*! How it may go. */
typedef enum {
	QUESTION_UDP_TCP,  /*!< UDP; TCP if that is not enough. */
	QUESTION_UDP_ONLY, /*!< UDP; TCP after a truncated answer only, not after silence. */
	QUESTION_TCP_ONLY,
} question_way_t;

typedef struct question question_t;

/*! What to ask; copied. */
typedef struct {
	const struct sockaddr_storage *addr;
	const knot_dname_t *name; /*!< Lower case. */
	uint16_t type;
	unsigned flags; /*!< QUERY_*. */
	question_way_t way;
	unsigned tries;          /*!< Packets over UDP, at least 1. */
	unsigned udp_timeout_ms; /*!< Of each of them. */
	unsigned tcp_timeout_ms; /*!< From the connection to the end of the answer. */
} question_params_t;

/*! What came of it; valid during the callback. */
typedef struct {
	const uint8_t *wire; /*!< Answer; NULL: none. Its ID and question are those of what was sent. */
	size_t len;
	bool tcp;         /*!< It came over TCP. */
	bool alive;       /*!< The server has sent a packet to this question, perhaps not a whole answer. */
	bool here;        /*!< The address is one of this host. */
	bool no_route;    /*!< This host cannot send anything to the address. */
	unsigned packets; /*!< Sent over UDP. */
	char error[96];   /*!< Why there is no answer; "" if there is one. */
} question_result_t;

typedef void (*question_done_f)(const question_result_t *result, void *arg);

/*! \return The question, gone when its callback returns; NULL without memory. */
question_t *question_start(uv_loop_t *loop, const question_params_t *params, question_done_f done, void *arg);

/*! Ends a question whose callback has not been called yet; it will not be. NULL is allowed. */
void question_cancel(question_t *question);
