/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Where a parent wants to be notified: DSYNC records and the search for them (RFC 9859).
 *
 * Pure: names and bytes in, names and records out. libknot knows the type from 3.5 on only.
 */

#pragma once

#include <libknot/libknot.h>

#define DSYNC_RRTYPE        66
#define DSYNC_SCHEME_NOTIFY 1

/*! Lookups of one search: RFC 9859 4.1 needs no more whatever the parent looks like. */
#define DSYNC_QUERIES_MAX 3

typedef struct {
	uint16_t rrtype;
	uint8_t scheme;
	uint16_t port;
	knot_dname_storage_t target; /*!< Lower case. */
} dsync_t;

/*!
 * \brief Reads the RDATA of a record.
 *
 * \return NULL, or why it is malformed.
 */
const char *dsync_parse(const uint8_t *rdata, size_t len, dsync_t *dsync);

/*! \return NULL if NOTIFY(CDS) can be sent to it, or why not. */
const char *dsync_unusable(const dsync_t *dsync);

/*! A search under way. */
typedef struct {
	knot_dname_storage_t child; /*!< Owner of the delegation, lower case. */
	knot_dname_storage_t query; /*!< Name to look up now. */
	size_t parent_at;           /*!< Labels of the child in front of the assumed parent. */
	bool bare;                  /*!< Nothing is in front of `_dsync`. */
	unsigned queries;           /*!< Names given until now. */
} dsync_search_t;

/*!
 * \brief The first name to look up.
 *
 * \return KNOT_EOK, KNOT_ENOENT for the root, KNOT_ESPACE if the name would be too long.
 */
int dsync_search_begin(dsync_search_t *search, const knot_dname_t *child);

/*!
 * \brief The next name to look up after a negative answer.
 *
 * \param search  Search.
 * \param soa     Owner of the SOA record in the answer; NULL if there was none.
 *
 * \return KNOT_EOK, KNOT_ENOENT if there is nowhere else to check.
 */
int dsync_search_next(dsync_search_t *search, const knot_dname_t *soa);
