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
#define CUT_NAMES_MAX 64
#define CUT_GLUE_MAX  512

typedef enum {
	CUT_SILENT,   /*!< No answer. */
	CUT_ERROR,    /*!< An answer that says nothing about the zone: an error, a lame server. */
	CUT_NONE,     /*!< An authoritative answer: there is no delegation. */
	CUT_HOSTED,   /*!< The server hosts the zone itself: its NS RRset, AA=1. No referral. */
	CUT_REFERRAL, /*!< A referral: no answer, NS of the zone in the authority section. */
} cut_said_t;

typedef struct {
	knot_dname_storage_t name; /*!< Lower case. */
	struct sockaddr_storage addr;
} cut_glue_t;

typedef struct {
	cut_said_t said;
	const char *error;  /*!< For CUT_ERROR, a literal; else NULL. */
	knot_rdataset_t ns; /*!< For CUT_REFERRAL and CUT_HOSTED. */
	cut_glue_t *glue;   /*!< Addresses of these names. */
	unsigned glue_count;
} cut_t;

/*!
 * \brief Reads the answer to NS of a zone, from a server of the zone above it.
 *
 * \param[in] zone  Zone, lower case.
 * \param[in] wire  Answer.
 * \param[in] len   Its length.
 * \param[out] out  To be cleared by cut_clear(), also on error.
 *
 * \return KNOT_EOK; KNOT_ELIMIT for too many names or addresses; KNOT_ENOMEM.
 */
int cut_read(const knot_dname_t *zone, const uint8_t *wire, size_t len, cut_t *out);

void cut_clear(cut_t *delegation);
