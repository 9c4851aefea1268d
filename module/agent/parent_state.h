/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief What is known of a parent zone, and what others may want of it.
 */

#pragma once

#include "agent_state.h"
#include "kskroll/parent_zone.h"

/*! \return False without memory: \a to is empty. */
bool parent_settings_copy(const agent_settings_t *from, agent_settings_t *to);
void parent_settings_clear(agent_settings_t *settings);

/*! Settings of one delegation. */
void parent_config(const parent_t *parent, const delegation_t *d, delegation_config_t *out);

/*! Stores what is known of the zone as a whole. */
void parent_save(parent_t *parent);
/*! What is wrong with the zone as a whole, said once; "": nothing. */
void parent_trouble(parent_t *parent, const char *what);
/*! The same with the file of `delegation-apply: include`. */
void parent_file_trouble(parent_t *parent, const char *what);
/*! What its load class is for the machine. */
void parent_take_load(parent_t *parent, const parent_load_t *load);

/*! Something has happened: the delegation has a turn at once, or another one after that under way. */
void parent_wake(parent_t *parent, delegation_t *d);
/*! Whether it is not known to have changed since the last list. */
bool parent_is_current(const parent_t *parent);
/*! The zone has been changed: it is listed again, soon. */
void parent_changed(parent_t *parent);
/*! The zone is seen to in so many milliseconds (parent->due). */
void parent_in(parent_t *parent, uint64_t ms);

/*! Gives it a number in the agent. \return False without memory. */
bool parent_take_number(agent_t *agent, parent_t *parent);
/*! It has none, or none any more. */
void parent_give_number(parent_t *parent);

/*! A call is under way, and has come back. */
void parent_ref(parent_t *parent);
void parent_unref(parent_t *parent);
/*! Frees it if nothing is under way any more. */
void parent_finish(parent_t *parent);
