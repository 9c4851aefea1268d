/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief From the replies of the servers of one survey to their answers. No I/O.
 *
 * Most servers of a zone have the same to say, and signatures are what a survey spends most of its time on.
 * So a reply that is the same as another, byte by byte but for the ID, is not judged again: zone, keys and
 * time are those of the survey.
 */

#pragma once

#include "interpret.h"
#include "ask.h"
#include "discover.h"
#include "reply_seen.h"

/*! Zeroed: empty. One for each survey, and a new one when anything that it judges by has changed. */
typedef struct {
	reply_seen_t child, parent;
	knot_rdataset_t ds; /*!< Of the first server of the parent that has answered. */
	bool ds_known, ds_differs;
} replies_t;

/*!
 * \brief Judges the reply of a server of the zone: DNSKEY, CDS, CDNSKEY. What is not answered is said to be so.
 *
 * \param[in,out] replies  Those before.
 * \param[in] zone         What is known.
 * \param[in] reply        Reply.
 * \param[in,out] answers  Of all servers; their names are set.
 * \param[in] index        Of this one.
 */
void replies_child(replies_t *replies, const interpret_zone_t *zone, const ask_reply_t *reply, child_answer_t *answers,
                   size_t index);

/*! The same for DS at a server of the parent, by its keys in \a found. */
void replies_parent(replies_t *replies, const interpret_zone_t *zone, const discovery_t *found,
                    const ask_reply_t *reply, parent_answer_t *answers, size_t index);

/*! A server, or a name of one, that says nothing. */
void replies_unreachable(child_answer_t *answer, time_t now, const char *detail);

/*!
 * \brief Takes the DS RRset that all servers of the parent have which have answered, verified.
 *
 * \param[out] ds  To be cleared by knot_rdataset_clear(, NULL); empty also if there is none.
 *
 * \return False: they differ, or none has answered.
 */
bool replies_take_ds(replies_t *replies, knot_rdataset_t *ds);

void replies_clear(replies_t *replies);
