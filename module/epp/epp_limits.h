/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What an account may do and when: its commands of the last minute, and what has failed in a row.
 */

#pragma once

#include "epp_pace.h"
#include "kskroll/epp_link.h"

struct epp_limits {
	epp_pace_t pace;
	unsigned failures; /*!< Connections and sessions in a row. */
	unsigned logins;   /*!< Logins in a row that had no answer. */
	uint64_t retry_at; /*!< No connection before. */
};

/*! They are those of an account with so many commands a minute. \return False without memory. */
bool epp_limits_fit(epp_limits_t *limits, unsigned a_minute);

/*! Connection or session has failed. \param[in] login  A login was sent, and has no answer. \return Whether to stop. */
bool epp_limits_failed(epp_limits_t *limits, bool login, uint64_t now);

/*! \return When a connection may be opened. */
uint64_t epp_limits_open_at(const epp_limits_t *limits, uint64_t now);
