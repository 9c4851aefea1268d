/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Delegations on their way: ordered, spread, verified.
 */

#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "deleg_case.h"

static inline uint64_t course_content(delegation_keys_t keys)
{
	const ds_set_t set = deleg_set(keys);

	return delegation_content(&set);
}

/*! Steps until a state is reached. Facts stay as they are. */
static inline void course_until(deleg_t *d, delegation_state_t state)
{
	for (int i = 0; i < 6 && d->row.state != state; i++) {
		deleg_step(d);
	}
	assert_int_equal(d->row.state, state);
}

/*! The change is ordered. */
static inline void course_ordered(deleg_t *d)
{
	deleg_init(d);
	course_until(d, DELEGATION_CHANGE);
	assert_int_equal(d->out.order.action, DELEGATION_DO_CHANGE);
}

/*! The zone has it, and every server of the parent; nobody knows yet. */
static inline void course_spread(deleg_t *d)
{
	course_ordered(d);
	deleg_obey(d);
	course_until(d, DELEGATION_SPREAD);
	d->facts.scan.differs = false;
}

static inline void course_verify(deleg_t *d)
{
	course_spread(d);
	deleg_later(d, 1);
	course_until(d, DELEGATION_VERIFY);
}

/*! So many watches fail, a minute apart. */
static inline void course_fails(deleg_t *d, int watches)
{
	deleg_views(d, DELEGATION_VIEW_BOGUS);
	snprintf(d->view[0].detail, sizeof(d->view[0].detail), "no keys have a DS");
	for (int i = 0; i < watches; i++) {
		deleg_later(d, 60);
		deleg_step(d);
	}
}

/*! The child validates; the TTL is low. */
static inline void course_low(deleg_t *d)
{
	course_verify(d);
	for (int i = 0; i < 70 && d->row.state == DELEGATION_VERIFY; i++) {
		deleg_later(d, 60);
		deleg_step(d);
	}
	assert_int_equal(d->row.state, DELEGATION_LOW);
}
