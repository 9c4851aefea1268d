/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief NS and DS as the control socket has them: text.
 */

#pragma once

#include <stdbool.h>

#include <libknot/libknot.h>

#include "control.h"

/*! The sets of one owner. parent_sets_clear() frees them. */
typedef struct {
	knot_rdataset_t ns;
	knot_rdataset_t ds;
	uint32_t ns_ttl; /*!< Seconds; 0 without a set. */
	uint32_t ds_ttl;
} parent_sets_t;

void parent_sets_clear(parent_sets_t *sets);

/*! Wire form in lower case. \return False if it is no name. */
bool parent_owner(knot_dname_storage_t out, const char *text);

/*!
 * \brief Adds a record if it is NS or DS.
 *
 * \return KNOT_EOK, also for other types; KNOT_EMALF, KNOT_ENOMEM.
 */
int parent_sets_add(parent_sets_t *sets, const control_unit_t *unit);

/*!
 * \brief RDATA of a DS from text as knotd prints it: `TAG ALGORITHM DIGEST-TYPE HEX`, digits in either case, no spaces
 * in HEX.
 *
 * \return KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM.
 */
int parent_ds_add(knot_rdataset_t *set, const char *text);

/*! The reverse. \return Text to be freed; NULL if the RDATA has no digest, or without memory. */
char *parent_ds_text(const knot_rdata_t *rdata);

/*! Whether two sets of names (RDATA of NS) are the same, whatever their case. */
bool parent_same_names(const knot_rdataset_t *a, const knot_rdataset_t *b);

/*! Whether a set has a record. */
bool parent_has(const knot_rdataset_t *set, const knot_rdata_t *rdata);
/*! Whether two sets have the same records. */
bool parent_same(const knot_rdataset_t *a, const knot_rdataset_t *b);
