/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What knotd has loaded, and what of it kskrolld does not know yet.
 *
 * It outlives kskrolld: a new one gets all of it. Settings are kept as the frames that are sent, once for all zones
 * that have the same. Nothing here waits or does I/O. All functions are called with the lock held, which
 * protects what the relay has for its thread as well.
 */

#pragma once

#include <knot/module.h>

#include "wire/wire.h"

void registry_lock(void);
void registry_unlock(void);

/*! A loaded zone instance. */
typedef struct registry_zone registry_zone_t;

/*! A global instance was loaded: the newest one's settings count. \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESPACE. */
int registry_add(knotd_mod_t *mod, const global_settings_t *settings, const char *control);
/*! It is unloaded. \return False if it was not there. */
bool registry_remove(knotd_mod_t *mod);
/*! The newest global instance, or NULL. */
knotd_mod_t *registry_global(void);
/*! The control socket that its configuration names, or NULL. Valid while the lock is held. */
const char *registry_control(void);
/*! Its notify-listen; to be cleared by addrs_clear(). \return False if there is none, or without memory. */
bool registry_listen(dns_addrs_t *out);
bool registry_has_zones(void);

/*!
 * \brief A zone instance was loaded.
 *
 * \param[in] zone  Presentation form, lower case, with final dot.
 * \param[out] out  For registry_zone_remove().
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_ESPACE if the settings are too many for a frame.
 */
int registry_zone_add(knotd_mod_t *mod, const char *zone, const instance_settings_t *settings, registry_zone_t **out);
/*! It is unloaded. No memory is needed. */
void registry_zone_remove(registry_zone_t *zone);

/*! There is a new kskrolld, which knows nothing; or there is none. */
void registry_restart(bool there_is_one);
/*! Whether there is something that was not sent yet. */
bool registry_waits(void);
/*!
 * Writes as much of that as fits. Nothing was written though registry_waits(): the buffer is too small for one frame.
 */
void registry_fill(wire_out_t *out);

/*! Numbers of a zone; those of an instance that has been unloaded are dropped. */
void registry_numbers(const wire_numbers_t *numbers);
void registry_totals(const process_totals_t *totals);
/*! In the statistics of all global instances. */
void registry_daemon(bool runs, uint64_t starts);
/*! Logs through the newest global instance, if there is one. */
void registry_log(int priority, const char *text);
