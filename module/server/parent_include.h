/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Changes DS sets in a file that the zone file includes.
 */

#pragma once

#include "control.h"
#include "kskroll/parent_zone.h"

/*!
 * \brief Changes DS sets: writes the file, reloads the zone, reads it back.
 *
 * All or nothing: unless the zone has each set that was ordered, the former file comes back and is reloaded. An item
 * whose present DS is not in the file is refused, and the others go on: the zone file itself has it.
 *
 * The file counts. If a process ends between the file and the reload, or the end of a batch is not known
 * (PARENT_BATCH_LOST), the next reload brings the change, and so does the next batch. So the caller settles the batch
 * before (parent_include_settle()), until that returns true: here nothing tells what was left of one.
 *
 * \param[in] target     Its timeout has to last for the loads of the zone, which sign.
 * \param[in] path       The file; absolute.
 * \param[in,out] batch  Results need not be initialized. Never \a open.
 */
void parent_include(const control_target_t *target, const char *path, parent_batch_t *batch);

/*!
 * \brief Takes back what a process has left behind that has ended between the file and the reload.
 *
 * It rests on facts that get old: no reload of another client must bring it days later.
 *
 * \param[in] batch   The change as it was ordered; NS and TTL do not matter.
 * \param[out] detail PARENT_DETAIL_MAX bytes: what the operator has to do about the file; "": nothing.
 *
 * \return True: zone and file have the same of the batch, or nothing can be done. False: try again.
 */
bool parent_include_settle(const control_target_t *target, const char *path, const parent_batch_t *batch, char *detail);
