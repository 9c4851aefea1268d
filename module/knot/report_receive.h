/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief `report-receive`: kskrolld gets the error reports (RFC 9567) among the questions that knotd answers.
 *
 * The hook runs in knotd's threads, for every question. It takes no lock, allocates and logs nothing, and changes
 * nothing: the question goes on to its zone.
 */

#pragma once

#include <knot/module.h>

#include "wire/wire.h"

/*! To be called before the hook is registered; any number of times. \return KNOT_EOK, KNOT_E*. */
int report_receive_open(void);

/*! At KNOTD_STAGE_BEGIN of the global instance. \return \a state. */
knotd_state_t report_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod);

/* For the relay's thread alone. */

/*! Takes some out of the ring and writes them, as far as there is room. */
void report_receive_fill(wire_out_t *out);

/*! Those that were not taken: too many. */
uint64_t report_receive_ignored(void);
