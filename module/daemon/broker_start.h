/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The process that runs keymgr, begun before this one forbids itself to start any.
 */

#pragma once

/*!
 * \brief Forks. Before sandbox_begin(), before there are threads and a loop, with signals ignored as they must be
 * there.
 *
 * \return The socket to it, for broker_configure(); -1: it could not be started, see errno.
 */
int broker_start(void);
