/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Sections `mod-kskroll`, read once while a configuration is loaded instead of once for each zone.
 */

#pragma once

#include "conf.h"

/*!
 * \brief The calling thread begins to load a configuration: what is known of another one is forgotten.
 *
 * To be called first when a global instance is loaded. knotd loads it before the zones whenever any section of a
 * module may have changed (server_reload() of Knot DNS 3.3 to 3.5), in the thread that goes on to load those.
 */
void sections_begin(void);

/*! A global instance is unloaded: the configuration has been loaded, or there is none with us any more. */
void sections_end(void);

/*!
 * \brief The section of a zone instance.
 *
 * \param[in] mod       Instance that is being loaded.
 * \param[in] zone      Its zone.
 * \param[in] is_ours   Its configuration has the module as a global one: without that, nobody has said that a
 *                      new configuration is being loaded.
 * \param[out] out      A copy, freed by conf_section_free().
 *
 * \return KNOT_EOK, KNOT_ENOMEM.
 */
int section_get(knotd_mod_t *mod, const knot_dname_t *zone, bool is_ours, conf_section_t *out);
