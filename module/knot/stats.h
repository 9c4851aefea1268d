/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Knot statistics of the module. Names start with kskroll-: exporters do not add the module's name.
 */

#pragma once

#include <knot/module.h>

#include "kskroll/settings.h"

/*! Registers the counters of a zone instance, or of the global one. \return KNOT_EOK, KNOT_E*. */
int stats_add_zone(knotd_mod_t *mod);
int stats_add_totals(knotd_mod_t *mod);

void stats_zone(knotd_mod_t *mod, const zone_numbers_t *numbers);
void stats_totals(knotd_mod_t *mod, const process_totals_t *totals);
/*! Whether kskrolld runs, and how often it was started. */
void stats_daemon(knotd_mod_t *mod, bool runs, uint64_t starts);
