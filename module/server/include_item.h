/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Rules for the file with DS that a zone file includes: what is written into it, and taken back. Pure: the
 * simulator runs them.
 */

#pragma once

#include "kskroll/parent_zone.h"

/*! What zone and file have of an item, before anything is written. */
typedef struct {
	bool below;     /*!< It is a delegation of the zone, with the NS RRset that is expected. */
	bool expected;  /*!< The zone has the DS RRset that is expected, with its TTL. */
	bool wanted;    /*!< It has the one to be had. */
	bool caught_up; /*!< The zone has just been loaded with the file as it is. */
	bool has_ds;    /*!< The zone has some DS. */
	bool agrees;    /*!< The file has the DS RRset that the zone has, or both have none. */
} include_seen_t;

/*! \return PARENT_ITEM_DONE: it is written, and done if the zone takes it. */
parent_item_status_t include_item(const include_seen_t *seen);

/*!
 * \brief Whether an item of a batch that a process has left behind leaves the file.
 *
 * \param[in] ordered  The file has what was ordered.
 * \param[in] same     The file has what the zone has, with its TTL.
 */
bool include_takes_back(bool ordered, bool same);
