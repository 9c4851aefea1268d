/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Which question follows an answer of a primary. Pure: the simulator runs it.
 */

#pragma once

#include "kskroll/update.h"

/*! What is asked. */
typedef enum {
	UPDATE_ASKS_CHANGE,
	UPDATE_ASKS_WANTED,   /*!< Has the primary the wanted set? */
	UPDATE_ASKS_EXPECTED, /*!< Has it the expected one? */
} update_phase_t;

/*!
 * \brief What is asked first.
 *
 * A primary that answers nothing now, as Knot DNS with a frozen zone, would make a change days later. So it is asked
 * for what it has, and only one that answers gets the change.
 *
 * \param[in] check_only  As in the request.
 */
update_phase_t update_phase_first(bool check_only);

/*!
 * \brief What comes after an answer that the primary has signed, and that refuses nothing.
 *
 * \param[in,out] phase   What was asked; what to ask next.
 * \param[in] check_only  As in the request.
 * \param[in] holds       The prerequisites hold.
 * \param[out] status     The end.
 *
 * \return True: ask \a phase.
 */
bool update_phase_next(update_phase_t *phase, bool check_only, bool holds, update_status_t *status);

/*! What a message without an answer is. \a sent: it left this host. */
update_status_t update_phase_lost(update_phase_t phase, bool check_only, bool sent);
