/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief DNS UPDATE and its answer, as bytes (RFC 2136 2 and 3.8, RFC 8945 5). No I/O.
 */

#pragma once

#include <libknot/libknot.h>

#include "kskroll/update_key.h"

/*! Octets of the largest MAC, that of HMAC-SHA512. */
#define UPDATE_MAC_MAX 64

/*! Parts of a message. */
typedef struct {
	const knot_dname_t *zone;
	const knot_dname_t *owner;
	const knot_rdataset_t *ns;  /*!< Prerequisite: exactly these NS. */
	const knot_rdataset_t *ds;  /*!< Prerequisite: exactly these DS; empty: none. */
	const knot_rdataset_t *put; /*!< DS to have instead; NULL: nothing is changed. */
	uint32_t ttl;
} update_content_t;

/*! A message that is signed; large, for the heap. */
typedef struct {
	uint16_t id;
	uint8_t mac[UPDATE_MAC_MAX];
	size_t mac_len;
	size_t len;
	uint8_t wire[KNOT_WIRE_MAX_PKTSIZE];
} update_message_t;

/*!
 * \brief Writes a message, and signs it with the time of the system's clock.
 *
 * Every record of \a ds is deleted, every one of \a put is added: the TTL is that of the new ones even if the RDATA
 * are the same.
 *
 * \return KNOT_EOK; KNOT_EINVAL: no usable key; KNOT_ESPACE: it does not fit; KNOT_ENOMEM.
 */
int update_message_make(update_message_t *message, const update_content_t *content, uint16_t id,
                        const update_key_t *key);

/*! What an answer says. */
typedef struct {
	bool authentic;   /*!< Its TSIG is that of the key, and belongs to the message. */
	uint16_t rcode;   /*!< The extended one, if it has EDNS. */
	uint16_t error;   /*!< Of the TSIG (RFC 8945 3); 0: none. */
	char detail[160]; /*!< These in words, the reason why it is not authentic, and the text of RFC 8914. */
} update_answer_t;

/*!
 * \brief Reads an answer from the network.
 *
 * \param[in] message    What it answers.
 * \param[in] zone       Zone of the message.
 * \param[in,out] wire   The answer; libknot takes the TSIG off.
 * \param[in] len        Its length.
 *
 * \return NULL, or why this is no answer to the message.
 */
const char *update_answer_read(const update_message_t *message, const knot_dname_t *zone, const update_key_t *key,
                               uint8_t *wire, size_t len, update_answer_t *out);
