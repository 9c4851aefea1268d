/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What one server says about the delegation of a zone: bytes in, facts out. No I/O.
 *
 * Nothing of it is signed. So it may only add servers to those that are asked.
 */

#pragma once

#include <sys/socket.h>
#include <libknot/libknot.h>

/*! Names and glue addresses of one delegation; an answer with more is refused as a whole. */
#define DELEGATION_NAMES_MAX 64
#define DELEGATION_GLUE_MAX  512

typedef enum {
	DELEGATION_SILENT,   /*!< No answer. */
	DELEGATION_ERROR,    /*!< An answer that says nothing about the zone: an error, a lame server. */
	DELEGATION_NONE,     /*!< An authoritative answer: there is no delegation. */
	DELEGATION_HOSTED,   /*!< The server hosts the zone itself: its NS RRset, AA=1. No referral. */
	DELEGATION_REFERRAL, /*!< A referral: no answer, NS of the zone in the authority section. */
} delegation_said_t;

typedef struct {
	knot_dname_storage_t name; /*!< Lower case. */
	struct sockaddr_storage addr;
} delegation_glue_t;

typedef struct {
	delegation_said_t said;
	const char *error;       /*!< For DELEGATION_ERROR, a literal; else NULL. */
	knot_rdataset_t ns;      /*!< For DELEGATION_REFERRAL and DELEGATION_HOSTED. */
	delegation_glue_t *glue; /*!< Addresses of these names. */
	unsigned glue_count;
} delegation_t;

/*!
 * \brief Reads the answer to NS of a zone, from a server of the zone above it.
 *
 * \param[in] zone  Zone, lower case.
 * \param[in] wire  Answer.
 * \param[in] len   Its length.
 * \param[out] out  To be cleared by delegation_clear(), also on error.
 *
 * \return KNOT_EOK; KNOT_ELIMIT for too many names or addresses; KNOT_ENOMEM.
 */
int delegation_read(const knot_dname_t *zone, const uint8_t *wire, size_t len, delegation_t *out);

void delegation_clear(delegation_t *delegation);
