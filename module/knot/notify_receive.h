/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief `notify-receive`: knotd takes NOTIFY(CDS) (RFC 9859) and answers, kskrolld gets them.
 *
 * The hook runs in knotd's threads. It takes no lock, allocates and logs nothing; what it takes waits in a ring for the
 * relay's thread.
 */

#pragma once

#include <knot/module.h>

#include "wire/wire.h"

/*! To be called before the hook is registered; any number of times. \return KNOT_EOK, KNOT_E*. */
int notify_receive_open(void);

/*! At KNOTD_STAGE_BEGIN of the global instance, which has every message of every zone. */
knotd_state_t notify_receive(knotd_state_t state, knot_pkt_t *answer, knotd_qdata_t *qdata, knotd_mod_t *mod);

/* For the relay's thread alone. */

/*! Takes some out of the ring and writes them, as far as there is room. */
void notify_receive_fill(wire_out_t *out);

/*! Those that were not taken: too many. */
uint64_t notify_receive_ignored(void);
