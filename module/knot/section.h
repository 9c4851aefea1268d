/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sections `mod-kskroll`, read once while a configuration is loaded instead of once for each zone.
 */

#pragma once

#include "conf.h"

/*!
 * \brief A global instance is being loaded: the calling thread begins to load a configuration.
 *
 * knotd loads it before the zones, and loads those in the same thread. At a reload it unloads the one of the
 * configuration before afterwards, sections_end(); at a start there is none, and sections_started() ends it.
 */
void sections_begin(void);

/*! A global instance is unloaded, or could not be loaded. */
void sections_end(void);

/*! The server runs: its start is over. May be called any number of times, and in any thread. */
void sections_started(void);

/*!
 * \brief The section of a zone instance.
 *
 * \param[in] mod    Instance that is being loaded.
 * \param[in] zone   Its zone.
 * \param[out] out   A copy, freed by conf_section_free().
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int section_get(knotd_mod_t *mod, const knot_dname_t *zone, conf_section_t *out);
