/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Where errors are reported: the option of an answer that says so (RFC 9567 5). No I/O.
 */

#pragma once

#include <libknot/libknot.h>

/*! \param[out] agent  The agent's domain as text; unchanged without a usable option. The root is none (5). */
void report_channel_read(const knot_pkt_t *pkt, char *agent, size_t size);
