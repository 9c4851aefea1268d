/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What we say to a server (RFC 5730 2.3, 2.9).
 */

#pragma once

#include "epp_frame.h"
#include "kskroll/epp.h"

/*!
 * \brief The `<login>` (RFC 5730 2.9.1.1, RFC 8807 4.1): domain-1.0, and the extensions that are used.
 *
 * \param[in] offer  Of the server: extensions that it lacks are not named, those of the account always are.
 * \param[in] lang   As the greeting has it.
 *
 * \return KNOT_EOK; KNOT_ENOMEM: the frame is empty.
 */
int epp_write_login(epp_frame_t *frame, const epp_account_t *account, const epp_offer_t *offer, const char *lang,
                    const char *trid);

/*! \return KNOT_EOK: it can be written; KNOT_EINVAL: it is invalid; KNOT_ENOTSUP: the server does not offer it. */
int epp_write_check(const epp_command_t *command, const epp_offer_t *offer);

/*! A command that epp_write_check() has passed. \return KNOT_EOK; KNOT_ENOMEM: the frame is empty. */
int epp_write_command(epp_frame_t *frame, const epp_command_t *command, const epp_offer_t *offer, const char *trid);
