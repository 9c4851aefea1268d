/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks many addresses, some at a time, and hands over what each replies.
 *
 * What a reply says, fetched.h reads. Whoever calls decides whether to believe an answer over UDP.
 */

#pragma once

#include "ask.h"
#include "servers.h"

/*! Addresses of one fetch that are asked at the same time: a quarter of what there is for all. */
#define FETCH_MAX (ASK_IN_FLIGHT_MAX / 4)

/*! What is asked. Borrowed by those who are asked. */
typedef struct {
	const knot_dname_t *name;
	uint16_t types[ASK_QUESTIONS_MAX];
	unsigned count; /*!< Types; with \a paced one. */
	bool paced;     /*!< Servers of a parent: not more often than all together may (ask_parent()). */
} fetch_question_t;

typedef struct {
	/*!
	 * \brief A reply, valid during the call.
	 *
	 * \param reply  Reply, of UDP and TCP as it came.
	 * \param index  Whose: in the order of fetch_add().
	 * \param again  It is the second one, over TCP. It may have no answer: then the first one stays.
	 * \param arg    Argument.
	 *
	 * \return True if answers over UDP are not to be believed: it is then asked once more, over TCP.
	 */
	bool (*take)(const ask_reply_t *reply, size_t index, bool again, void *arg);
	/*! All have been asked. Called once, perhaps inside fetch_start(); must not free the fetch. */
	void (*done)(void *arg);
} fetch_calls_t;

/*! What was learnt of the way, to all addresses together. */
typedef struct {
	bool heard;        /*!< A server that is not on this host has answered something. */
	unsigned no_route; /*!< FAMILY_*: nothing could be sent to an address of this family. */
	unsigned routed;   /*!< FAMILY_*: something could. */
	unsigned far;      /*!< FAMILY_*: something could, to another host. */
	unsigned packets;  /*!< Sent. */
} fetch_way_t;

typedef struct fetch fetch_t;

/*!
 * \brief Makes it.
 *
 * \param ask    Asker.
 * \param max    Addresses that will be added.
 * \param calls  Callbacks; borrowed.
 * \param arg    For them.
 *
 * \return NULL without memory.
 */
fetch_t *fetch_new(ask_t *ask, size_t max, const fetch_calls_t *calls, void *arg);

/*! Adds an address, before fetch_start(). Both are borrowed. */
void fetch_add(fetch_t *fetch, const struct sockaddr_storage *addr, const fetch_question_t *question);

/*! Not more than this at the same time, if that is less than FETCH_MAX; before fetch_start(). */
void fetch_at_most(fetch_t *fetch, unsigned most);

void fetch_start(fetch_t *fetch);

const fetch_way_t *fetch_way(const fetch_t *fetch);

/*! Whether this host has no way to an address that was asked. */
bool fetch_no_route(const fetch_t *fetch, size_t index);

/*!
 * \brief Whether something could be sent to the server of an address, by this one or another: then no way to this one
 *        says nothing about it.
 *
 * \param fetch    Fetch, over.
 * \param first    Index in the fetch of the first address of \a servers.
 * \param servers  All of whose addresses were added in their order.
 * \param at       Address in \a servers.
 */
bool fetch_has_way(const fetch_t *fetch, size_t first, const servers_t *servers, unsigned at);

/*! Ends what is under way; no callback is called any more. NULL is allowed. */
void fetch_free(fetch_t *fetch);
