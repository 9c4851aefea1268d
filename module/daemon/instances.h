/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief The zone instances that knotd has loaded, and their settings.
 *
 * Instances with the same settings share them, by a number that the module gives. A zone may have two instances for a
 * moment: the newest one's settings count.
 */

#pragma once

#include "forward.h"
#include "settings_copy.h"
#include "wire/wire.h"

/*! A place in the module's table, with the instance that is there. */
typedef struct {
	entry_t *entry; /*!< NULL: the place is free. */
	zone_settings_t *settings;
	uint32_t serial; /*!< Grows with each instance that is loaded. */
	uint32_t next;   /*!< The next older instance of the zone: its place and one, 0: none. */
} instance_t;

typedef struct {
	instance_t *table; /*!< By place. */
	uint32_t count;
	zone_settings_t **numbered; /*!< Settings by number; NULL: not in use. */
	uint32_t numbered_count;
} instances_t;

/*! Settings get a number; copied. \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if it is in use. */
int instances_settings_add(instances_t *instances, uint32_t number, const instance_settings_t *settings);
/*! The number is used no more. */
void instances_settings_remove(instances_t *instances, uint32_t number);

/*!
 * \brief Makes room for an instance.
 *
 * \return KNOT_EOK, KNOT_ENOMEM, KNOT_EINVAL if the place is taken or there are no such settings.
 */
int instances_reserve(instances_t *instances, wire_id_t id, uint32_t settings);
/*! After that: the instance is there. */
void instances_add(instances_t *instances, wire_id_t id, entry_t *entry, uint32_t settings);
/*! \return The zone of that instance; NULL if there is none. */
entry_t *instances_find(const instances_t *instances, wire_id_t id);
/*! \param[in] id  Of an instance that is there; its settings are freed if nothing else has them. */
void instances_remove(instances_t *instances, wire_id_t id);

/*! Those of the newest instance; NULL if the zone has none. */
const zone_settings_t *instances_settings(const instances_t *instances, const entry_t *entry);
/*! \param[in,out] at  Of the zone's entry at first. \return False if there is no other instance. */
bool instances_next(const instances_t *instances, uint32_t *at, wire_id_t *id);
/*! \return False if no instance has this place or a higher one. */
bool instances_first(const instances_t *instances, uint32_t slot, wire_id_t *id);

void instances_free(instances_t *instances);
