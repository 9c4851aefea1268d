/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What kskrolld and the broker send each other: messages of bounded length, written and read with checks.
 *
 * A message is a datagram (SOCK_SEQPACKET), so none has a length of its own. The reader of requests trusts nobody:
 * what it takes is safe to be handed to keymgr. Nothing here does I/O.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key_change.h"
#include "key_list.h"
#include "keymgr.h"

/*! Bytes of a path with its final zero. */
#define BROKER_PATH_MAX 1024
/*! Most bytes of a request: kind, change, two texts. */
#define BROKER_REQUEST_MAX (2 + 2 * BROKER_PATH_MAX)
/*! Most bytes of an answer: status, words, list. */
#define BROKER_ANSWER_MAX (1 + KEYMGR_DETAIL_MAX + KEY_LIST_TEXT_MAX)

typedef enum {
	BROKER_CONFIGURE = 1, /*!< Folder and program; the first one, and once. */
	BROKER_LIST,          /*!< Zone. */
	BROKER_SET,           /*!< Zone, ID of the key, change. */
} broker_kind_t;

/*! A request. Texts of one that was read point into the message. */
typedef struct {
	broker_kind_t kind;
	key_change_t change; /*!< Of a key. */
	const char *zone;    /*!< Presentation form, with final dot. */
	const char *id;      /*!< Of the key; hexadecimal digits. */
	const char *folder;  /*!< Of the key database, absolute. */
	const char *program; /*!< keymgr, absolute; "": keymgr_path(). */
} broker_request_t;

typedef enum {
	BROKER_DONE = 0,
	BROKER_FAILED,  /*!< keymgr has failed, or cannot be run. */
	BROKER_KILLED,  /*!< It took too long, or printed too much: what it has done is not known. */
	BROKER_REFUSED, /*!< The request is none. */
	BROKER_STATUSES,
} broker_status_t;

typedef struct {
	broker_status_t status;
	const char *detail; /*!< One sentence, printable; "" if it is done. */
	const char *list;   /*!< What keymgr has printed. */
	size_t list_len;
} broker_answer_t;

/*! \return Length of the message; 0 if it does not fit. \a out: BROKER_REQUEST_MAX bytes. */
size_t broker_put_request(const broker_request_t *request, uint8_t *out);
/*! \return Whether it is a request that may be carried out. */
bool broker_get_request(const uint8_t *data, size_t len, broker_request_t *request);

/*! \return Length of the message; detail is cut to fit. \a out: BROKER_ANSWER_MAX bytes. */
size_t broker_put_answer(const broker_answer_t *answer, uint8_t *out);
/*! \return Whether it is an answer. */
bool broker_get_answer(const uint8_t *data, size_t len, broker_answer_t *answer);
