/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief How often a server of EPP may be given a command, and how long to wait after failures.
 *
 * Pure: time is an argument, in milliseconds.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*! Commands of the last minute. */
typedef struct {
	uint64_t *at; /*!< When each was given, or was answered: a ring. */
	unsigned size, count, next;
} epp_pace_t;

/*! \return False without memory. */
bool epp_pace_init(epp_pace_t *pace, unsigned a_minute);

/*! The same commands by another limit. \return False without memory: it is as before. */
bool epp_pace_resize(epp_pace_t *pace, unsigned a_minute);

void epp_pace_free(epp_pace_t *pace);

/*! \return Milliseconds until a command may be given; 0: now. */
unsigned epp_pace_wait(const epp_pace_t *pace, uint64_t now);

/*! \return The same for the command after \a before others, if all go out as soon as they may. */
uint64_t epp_pace_wait_behind(const epp_pace_t *pace, unsigned before, uint64_t now);

/*! A command is given. */
void epp_pace_take(epp_pace_t *pace, uint64_t now);

/*! It is answered, or lost: the server has counted it between then and now. */
void epp_pace_done(epp_pace_t *pace, uint64_t now);

/*! \return Milliseconds to wait after so many failures in a row: 2 s, doubled up to 15 min; 0 after none. */
unsigned epp_back_off(unsigned failures);

/*! So many logins in a row without an answer are the last ones. Registries lock accounts after a few more. */
#define EPP_LOGINS_MAX 3

/*! \return The same after so many logins without an answer: 5 min, then an hour. */
unsigned epp_login_back_off(unsigned logins);
