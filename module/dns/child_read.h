/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What one server of a child says: DNSKEY, CDS and CDNSKEY as they came, verified by themselves. No I/O.
 *
 * Nothing is trusted but the DS of the child: its own keys in the answer prove the rest (RFC 7344 4.1).
 */

#pragma once

#include "ask.h"
#include "key_table.h"
#include "work.h"

/*! RRSIGs at one RRset that are checked. Each costs time, also if no key has its tag. */
#define CHILD_RRSIGS_MAX 64

/*!
 * What all replies of one survey may cost together, signatures and hashes: 64 addresses of usual zones. Servers that
 * send the same cost nothing.
 */
#define CHILD_SIGNATURES_MAX (12 * WORK_SIGNATURES_MAX)
#define CHILD_HASHES_MAX     (12 * WORK_HASHES_MAX)

/*! The order of the questions. */
enum {
	CHILD_DNSKEY,
	CHILD_CDS,
	CHILD_CDNSKEY,
	CHILD_QUESTIONS
};

/*! What is known of the child, and learnt of it. */
typedef struct {
	const knot_dname_t *child; /*!< Lower case; borrowed. */
	ds_set_t ds;               /*!< In the parent zone. Empty: none. */
	time_t now;                /*!< Clock for signatures. */
	key_table_t table;
	work_t spent; /*!< On all replies. */
	char report_agent[256];
} child_known_t;

/*!
 * \brief Reads the reply of a server.
 *
 * Status and detail are those of the first answer that is wrong. Keys that are named are added to the table.
 *
 * \param[in,out] known  Child.
 * \param[in] reply      Answers in the order above.
 * \param[out] out       All but \a server, which stays.
 */
void child_read(child_known_t *known, const ask_reply_t *reply, delegation_child_t *out);

/*! Whether signatures are missing where there are some, or a proof: a box on the way may have changed the answers. */
bool child_read_doubts(const delegation_child_t *answer);

/*! Adds the keys of a CDNSKEY RRset. Returned are all that have a place; the rest is said in what is not NULL. */
delegation_keys_t child_read_cdnskey(key_table_t *table, const knot_rdataset_t *rdata, bool *deletes, bool *malformed,
                                     bool *excess);
