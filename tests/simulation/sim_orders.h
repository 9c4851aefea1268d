/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief Orders for keys, and what kind of zone a world has.
 */

#pragma once

#include "key_plan.h"
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

/* sim_keymgr.c */
#define KEYMGR_NOW 2
/*! `keymgr list`. */
void keymgr_list(const world_t *w, key_list_t *list);
/*! Identifier of a key. */
char keymgr_name(unsigned key);
/*! `keymgr set`; Knot reads it with the next knot_update(). */
void keymgr_set(world_t *w, const listed_key_t *key, key_change_t change, time_t decided);

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
/*! Whether zones get another algorithm. */
typedef enum {
	CHANGES_SOME = 0,
	CHANGES_NONE,
	CHANGES_ALL
} changes_t;
extern changes_t generate_changes;
/*! Whether the operator changes the algorithm. Comes after the scheme, and draws from \a rng only. */
void kinds_algorithm(world_t *w, rng_t *rng);
/*! Whether KSKs sign the data. Comes after that, and draws from \a rng only. */
void kinds_scheme(world_t *w, rng_t *rng);
