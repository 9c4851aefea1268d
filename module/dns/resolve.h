/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Validated lookups through libunbound.
 *
 * Works on the loop thread only; libunbound's own thread does the work. Callbacks never
 * run inside resolve_start() or resolve_cancel().
 *
 * Trust anchor and root hints are read again when their files have changed.
 */

#pragma once

#include <uv.h>
#include <libknot/libknot.h>

#include "kskroll/dns_config.h"

typedef struct resolve resolve_t;
typedef struct lookup lookup_t;

typedef enum {
	LOOKUP_DATA,   /*!< There are records. */
	LOOKUP_NONE,   /*!< NODATA or NXDOMAIN. */
	LOOKUP_FAILED, /*!< Bogus, SERVFAIL, or no resolver at all. */
} lookup_status_t;

/*! Valid during the callback. */
typedef struct {
	lookup_status_t status;
	bool secure;             /*!< Validated up to the trust anchor. */
	bool bogus;              /*!< For LOOKUP_FAILED: the validator says no. */
	bool alias;              /*!< The records are those of another name, by CNAME. */
	knot_rdataset_t rrs;     /*!< RDATA; names in it as they came. */
	const knot_dname_t *soa; /*!< For LOOKUP_NONE: who says so; NULL if not known. */
	const char *error;       /*!< For LOOKUP_FAILED. */
	uint32_t ttl;            /*!< How long it may be kept; not for LOOKUP_FAILED. */
} lookup_result_t;

typedef void (*lookup_done_f)(const lookup_result_t *result, void *arg);

/*!
 * \brief Creates the resolver.
 *
 * \param[in] loop     Event loop.
 * \param[in] config   Copied, without rates.
 * \param[out] err     One sentence.
 * \param[in] err_len  Size of err.
 */
resolve_t *resolve_new(uv_loop_t *loop, const dns_config_t *config, char *err, size_t err_len);

/*! Ends it and all lookups; no callback is called any more. Not from a callback. */
void resolve_free(resolve_t *resolve);

/*!
 * \brief Looks up the records of a name.
 *
 * \return The lookup, gone when its callback returns; NULL if it cannot be started.
 */
lookup_t *resolve_start(resolve_t *resolve, const knot_dname_t *name, uint16_t type, lookup_done_f done, void *arg);

/*! Ends a lookup whose callback has not been called yet; it will not be. */
void resolve_cancel(lookup_t *lookup);
