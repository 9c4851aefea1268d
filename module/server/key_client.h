/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief keymgr by way of the broker: waits for the answer, in bounds.
 *
 * A broker that answers anything else than it should, or not in time, is of no use any more: the connection is shut
 * down, so that whoever watches its end notices.
 */

#pragma once

#include "key_change.h"
#include "key_list.h"

/*! Bytes of a sentence. */
#define KEY_CLIENT_DETAIL_MAX 160

typedef struct {
	int sock;       /*!< -1: there is no broker. */
	int timeout_ms; /*!< Of one answer. */
} key_client_t;

/*!
 * \brief The keys of a zone.
 *
 * \param[out] detail  KEY_CLIENT_DETAIL_MAX bytes, one sentence on failure.
 *
 * \return KNOT_EOK; KNOT_ECONN: no broker, or it does not answer; KNOT_ETIMEOUT: keymgr was killed; KNOT_EMALF,
 * KNOT_ESPACE: the list is not understood; KNOT_ERROR: anything else.
 */
int key_client_list(const key_client_t *client, const char *zone, key_list_t *list, char *detail);

/*! Changes a key. That it succeeds proves nothing: list afterwards. \return As key_client_list(). */
int key_client_set(const key_client_t *client, const char *zone, const char *id, key_change_t change, char *detail);
