/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Whether an answer about DS is one: signed by a key of the parent, or proven to be empty. No I/O.
 */

#pragma once

#include "fetched.h"
#include "kskroll/answer.h"

/*! What was asked; all is borrowed. Names in lower case. */
typedef struct {
	const knot_dname_t *child;
	const knot_dname_t *parent;     /*!< Apex of the parent zone. */
	const knot_rdataset_t *trusted; /*!< Its validated DNSKEY RRset. */
	time_t now;
	work_t *work; /*!< Budget of the reply. */
} ds_question_t;

typedef struct {
	answer_status_t status; /*!< ANSWER_OK, ANSWER_ERROR, ANSWER_BOGUS. */
	char detail[128];       /*!< For people; "" for ANSWER_OK. */
	uint32_t ttl;           /*!< From signatures only; without a DS the negative TTL (RFC 9077). */
} ds_answer_t;

/*!
 * \brief Reads an answer.
 *
 * \param[out] fetched  The DS RRset, or none, of ANSWER_OK. To be cleared in any case.
 */
void ds_answer_read(const ds_question_t *question, const uint8_t *wire, size_t len, fetched_t *fetched,
                    ds_answer_t *out);
