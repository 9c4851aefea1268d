/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Asks one server at one address, without recursion and without any cache.
 *
 * UDP, then TCP (question.h). Works on the loop thread only. Callbacks never run inside ask_start() or ask_cancel().
 */

#pragma once

#include <sys/socket.h>
#include <uv.h>
#include <libknot/libknot.h>

/*! Jobs under way, one question of each at a time; the rest queue up. */
#define ASK_IN_FLIGHT_MAX 64
/*!
 * Of them, at one address: an eighth, so that eight servers are asked side by side. With a round trip of
 * 20 ms these are the three questions of 130 zones a second.
 */
#define ASK_PER_TARGET_MAX 8
/*! The same, before it has answered for the first time. */
#define ASK_PER_TARGET_FIRST 2
/*! A target is silent after so many jobs in a row, all tries of them, without an answer, until the next one. */
#define ASK_SILENT_AFTER 2
/*! At all silent targets together: half of all, so that they cannot hold back the others. */
#define ASK_SILENT_MAX 32
/*! Questions of one job. */
#define ASK_QUESTIONS_MAX 3
/*! Tries per question over UDP, and how long each waits. TCP comes after them. */
#define ASK_TRIES      3
#define ASK_TIMEOUT_MS 2000
/*! From the connection to the last byte of the answer. */
#define ASK_TCP_TIMEOUT_MS 3000

typedef struct ask ask_t;
typedef struct ask_job ask_job_t;

/*! Answers of one address, valid during the callback. */
typedef struct {
	struct {
		uint8_t *wire; /*!< NULL: no answer to this question. */
		size_t len;
		bool tcp;            /*!< Over TCP. */
		char error[96];      /*!< Why there is none: "timeout"; "" if there is one. */
	} answer[ASK_QUESTIONS_MAX]; /*!< In the order of the questions. */
	unsigned answered;           /*!< Answers there are. */
	const char *error;           /*!< Of the first question without an answer; NULL if all have one. */
	bool alive;                  /*!< The server has sent something, perhaps not one whole answer. */
	bool here;                   /*!< It is on this host: its answers say nothing about the network. */
	bool no_route;               /*!< This host has no way to the address, nothing was sent. */
	unsigned packets;            /*!< Sent over UDP. */
} ask_reply_t;

/*! Jobs of one owner take turns with those of others. Zeroed: none. Must outlive its jobs. */
typedef struct {
	unsigned in_flight;
} ask_group_t;

typedef void (*ask_done_f)(const ask_reply_t *reply, void *arg);

/*!
 * \brief Creates it.
 *
 * \param loop         Event loop.
 * \param parent_rate  Questions per second at one address of ask_parent(); 0: no limit.
 *
 * \return NULL without memory.
 */
ask_t *ask_new(uv_loop_t *loop, unsigned parent_rate);

/*!
 * \brief Ends it and all jobs; no callback is called any more.
 *
 * Not to be called from a callback of a job. Handles close on the loop afterwards.
 */
void ask_free(ask_t *ask);

/*!
 * \brief Asks questions about one name, one after the other, each whatever became of the others.
 *
 * \param ask    Asker.
 * \param addr   Whom.
 * \param name   Name.
 * \param types  Types.
 * \param count  Number of types, at most ASK_QUESTIONS_MAX.
 * \param done   Called once unless cancelled; the job is gone when it returns.
 * \param arg    For done.
 *
 * \return The job, NULL without memory.
 */
ask_job_t *ask_start(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, const uint16_t *types,
                     unsigned count, ask_done_f done, void *arg);

/*! Asks a server of a parent zone one question: not more often than parent_rate, all callers together. */
ask_job_t *ask_parent(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, uint16_t type,
                      ask_done_f done, void *arg);

/*!
 * \brief Asks a resolver one question (RD=1).
 *
 * \param unchecked  CD=1: without validation, RFC 4035 3.2.2.
 */
ask_job_t *ask_resolver(ask_t *ask, const struct sockaddr_storage *addr, const knot_dname_t *name, uint16_t type,
                        bool unchecked, ask_done_f done, void *arg);

/*! Counts a job that was just started to a group. */
void ask_join(ask_job_t *job, ask_group_t *group);

/*! A job that was just started uses TCP only. */
void ask_over_tcp(ask_job_t *job);

/*! Ends a job whose callback has not been called yet; it will not be. */
void ask_cancel(ask_job_t *job);
