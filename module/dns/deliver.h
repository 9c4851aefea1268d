/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Delivers NOTIFY(CDS) to one address: UDP with retransmissions, then TCP once.
 *
 * Not a question as in question.h: a NOTIFY keeps ID and port over the minutes that RFC 1996 asks to wait.
 * Works on the loop thread only. Callbacks never run inside deliver_start() or
 * deliver_cancel().
 */

#pragma once

#include <sys/socket.h>
#include <uv.h>
#include <libknot/libknot.h>

typedef struct deliver deliver_t;

/*! What to send; copied. */
typedef struct {
	const knot_dname_t *zone;  /*!< Lower case. */
	const knot_dname_t *agent; /*!< Of the Report-Channel option; the root: without it. */
	unsigned interval_ms;      /*!< Between transmissions over UDP. */
	unsigned retransmissions;  /*!< After the first. */
	unsigned tcp_timeout_ms;
} deliver_message_t;

/*! Valid during the callback. */
typedef struct {
	bool answered;
	uint16_t rcode;        /*!< Of the answer. */
	bool tcp;              /*!< TCP was tried, and is what `answered` is about. */
	unsigned tries;        /*!< Messages that left over UDP, and one for TCP if connected. */
	const char *udp_error; /*!< Why it went on to TCP. */
	const char *tcp_error; /*!< Why it ended without an answer. */
} deliver_result_t;

typedef void (*deliver_done_f)(const deliver_result_t *result, void *arg);

/*! \return The delivery, gone when its callback is called; NULL without memory. */
deliver_t *deliver_start(uv_loop_t *loop, const struct sockaddr_storage *addr, const deliver_message_t *message,
                         deliver_done_f done, void *arg);

/*! Ends a delivery whose callback has not been called yet; it will not be. \return Messages that left. */
unsigned deliver_cancel(deliver_t *deliver);
