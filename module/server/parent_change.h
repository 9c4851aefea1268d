/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Changes DS sets in zone transactions, and ends those that were lost.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"

/*!
 * \brief Changes DS sets in one zone transaction, all or nothing.
 *
 * NS and DS of each item are read within the transaction. An item whose sets differ is left out before anything of it
 * was changed. Records are removed by their RDATA, so that one that is gone is an error. After any error the
 * transaction is aborted, as Knot DNS would commit the rest. Before the commit `zone-diff` has to show what was ordered
 * and nothing else: no transaction has an owner, and another client may have added to this one.
 *
 * If an item is refused, the others are put off: repeat the batch without it.
 *
 * \param[in] target     Its timeout has to last for the commit, which signs, and for a re-signing that begins just
 * then.
 * \param[in,out] batch  Results need not be initialized.
 */
void parent_change(const control_target_t *target, parent_batch_t *batch);

/*!
 * \brief Aborts our transaction if it is open: after a lost connection, or the end of a process in the middle of it.
 *
 * \param[in] batch   The change as it was ordered; results are ignored. The transaction is ours if it has nothing else.
 * \param[in] empty   Abort one without changes, too. Only where ours must have begun a moment ago, or where it
 *                    has been open for longer than any client needs.
 * \param[out] detail PARENT_DETAIL_MAX bytes, one sentence.
 */
parent_recover_t parent_recover(const control_target_t *target, const parent_batch_t *batch, bool empty, char *detail);

/*!
 * \brief Tries once more to end a transaction that parent_change() has left open.
 *
 * \param[in,out] batch  Its status and \a open follow from what is found.
 */
void parent_settle(const control_target_t *target, parent_batch_t *batch);
