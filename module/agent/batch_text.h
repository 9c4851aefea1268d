/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief A batch as text, to be stored while its transaction is under way.
 *
 * A line "NAME TTL" for each delegation, then lines "- HEX" for each DS that it had, "+ HEX" for each that it must
 * have, with this TTL.
 */

#pragma once

#include "kskroll/parent_zone.h"

/*!
 * \brief Writes a batch.
 *
 * \return False if it has no room, or no memory: \a out is "".
 */
bool batch_write(const parent_batch_t *batch, char *out, size_t len);

/*!
 * \brief Reads one, to recover its transaction: NS, and the TTL of before, are not known.
 *
 * \param[in] zone    Borrowed.
 * \param[in] text    Any text.
 * \param[out] batch  To be freed by batch_free().
 *
 * \return KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM; on error there is nothing to be freed.
 */
int batch_read(const char *zone, const char *text, parent_batch_t *batch);

/*! Adds the removal of a DS set without a delegation. For batch_free(), too. \return KNOT_EOK, KNOT_EMALF, KNOT_ENOMEM.
 */
int batch_add(parent_batch_t *batch, const knot_dname_t *owner, const knot_rdataset_t *ds);

/*! Removes the last one. */
void batch_pop(parent_batch_t *batch);

/*! Of batch_read() and batch_add(); zeros have nothing to be freed. */
void batch_free(parent_batch_t *batch);
