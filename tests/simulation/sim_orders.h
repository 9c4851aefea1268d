/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Orders for keys, and what kind of zone a world has.
 */

#pragma once

#include "sim_world.h"

/* sim_orders.c */
/*! How an order for keys ended (server_status_t, and the death of the process). */
typedef enum {
	ORDER_OK = 0,
	ORDER_BUSY,
	ORDER_REFUSED,
	ORDER_UNHEARD,
	ORDER_DIED
} order_end_t;
/*! Carries out what a decision says about keys, as module/server/key_actor.c. \a detail: 160 bytes. */
order_end_t orders_run(world_t *w, const rollover_decision_t *d, time_t decided, char *detail);

/* sim_upgrade.c */
/*! Keys and DS as 0.1.0 has left them. */
void upgrade_start(world_t *w);
/*! Its row. */
void upgrade_row(world_t *w);

/* sim_kinds.c */
/*! Settings, policy and TTLs as they are where nobody has set them. */
extern bool generate_defaults;
/*! Which keys zones have. */
typedef enum {
	KINDS_ANY = 0,
	KINDS_SPLIT, /*!< KSK and ZSK. */
	KINDS_CSK,   /*!< One key for all. */
} kinds_t;
extern kinds_t generate_kinds;
/*! Policy, membership of a catalog, upgrade, and how well keymgr gets along with Knot. */
void kinds_make(world_t *w);
/*! Whether KSKs sign the data. Comes after that, and draws from \a rng only. */
void kinds_scheme(world_t *w, rng_t *rng);
