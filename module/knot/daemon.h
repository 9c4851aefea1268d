/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief kskrolld as the thread in knotd sees it: it is started, gets what the registry has, is read, and ended.
 *
 * Nothing here waits. The functions take the registry's lock for themselves.
 */

#pragma once

#include <stdint.h>

#include "child.h"
#include "silence.h"
#include "sockets.h"

/*! How long the end of the server waits for kskrolld. It ends without that as well. */
#define DAEMON_END_MS 5000

typedef struct {
	child_t child;
	uint64_t started; /*!< Times of daemon_now(). */
	uint64_t start_at;
	uint64_t pause;
	uint64_t starts;
	bool greeted;      /*!< It is of our version. */
	bool ending;       /*!< It was asked to end. */
	uint64_t end_by;   /*!< It was asked to end, or has closed its socket, and is killed if it still lives then; 0:
	                      not. */
	bool killed;       /*!< For what it has sent, or since it hangs. */
	unsigned again;    /*!< So often in a row it has asked at once to be started again. */
	unsigned lines;    /*!< So many of its lines may still go to the log. */
	unsigned dropped;  /*!< Lines since then. */
	uint64_t lines_at; /*!< When that was last counted. */
	silence_t silence; /*!< Of it. */
	sockets_t sockets; /*!< Where the server is. */
	bool where_due;    /*!< That was not sent yet. */
	uint8_t *out;
	size_t out_size, out_len, out_at;
	uint8_t *in;
	size_t in_len;
	char said[512];          /*!< Why it could not be started: said once. */
	dns_addrs_t listen;      /*!< Where it should take NOTIFY, by what was configured when it was started. */
	char listen_failed[256]; /*!< Where it does not, and why; "": nowhere. */
	uint32_t listen_missing; /*!< As in listeners_t. */
	uint64_t listen_at;      /*!< When these were last tried. */
} daemon_t;

/*! Milliseconds of a clock that only counts. */
uint64_t daemon_now(void);

/*! \return False without memory. */
bool daemon_init(daemon_t *daemon);
/*! Kills a process that is still there. */
void daemon_clear(daemon_t *daemon);

/*! Whether it runs, and how often it was started, into the statistics. */
void daemon_publish(daemon_t *daemon);
/*! Starts it, or says why not; it is tried again from start_at on. */
void daemon_start(daemon_t *daemon);
/*! Nothing more is sent: it finishes and ends. What it still says is read. */
void daemon_end(daemon_t *daemon);
/*!
 * If it has ended: says so, unless that was expected, and sets start_at. If it hangs, it is killed. To be called once a
 * second at least.
 */
void daemon_reap(daemon_t *daemon);
/*!
 * \brief If NOTIFY should be taken at other addresses, or can be where it could not: it ends, to be started with the
 *        sockets of these.
 */
void daemon_listen(daemon_t *daemon);
/*! Reads some of what has come and does what it says. */
void daemon_receive(daemon_t *daemon);
/*! Sends what the registry has for it, as far as the socket takes it. */
void daemon_transmit(daemon_t *daemon);
