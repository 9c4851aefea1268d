/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Tells kskrolld what knotd has loaded, and knotd what kskrolld says. Starts it, and starts it again.
 *
 * One thread does all of that. It exists while a global instance is loaded, and kskrolld runs while the server does:
 * a second knotd on the same folder, which loads modules and exits, never starts one. All functions here may be called
 * from any thread; they take a short lock and never wait for network, disk, or kskrolld.
 */

#pragma once

#include "registry.h"

/*!
 * \brief A global instance was loaded. The newest one's settings count.
 *
 * \param[in] control  Control socket that the configuration names, or NULL.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESPACE, or KNOT_ERROR if no thread could be started.
 */
int relay_attach(knotd_mod_t *mod, const global_settings_t *settings, const char *control);

/*!
 * \brief A global instance is unloaded. It is not used any more on return.
 *
 * With the last one kskrolld ends. If the server is stopping, this waits for that, DAEMON_END_MS at most.
 */
void relay_detach(knotd_mod_t *mod);

/*!
 * \brief A zone instance was loaded. Without a global instance the zone rests until there is one.
 *
 * \param[in] zone  Presentation form, lower case, with final dot.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESPACE.
 */
int relay_zone_attach(knotd_mod_t *mod, const char *zone, const instance_settings_t *settings, registry_zone_t **out);

/*! A zone instance is unloaded. It is not used any more on return. */
void relay_zone_detach(registry_zone_t *zone);
