/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of zones: what the base policy publishes, members of catalogs, upgrades from 0.1.0, defaults.
 */

#include "sim_orders.h"

/*! Zones of a hundred in which one key signs all. */
#define SINGLE_TYPE 15
/*! Zones of a hundred that get another algorithm. */
#define NEW_ALGORITHM 17

bool generate_defaults;
kinds_t generate_kinds;
changes_t generate_changes;

/*! What kind of zone it is, and how well keymgr gets along with Knot there. */
static void make_kind(world_t *w)
{
	static const rollover_state_t FORMER[] = {
		ROLLOVER_PREPARE, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL,   ROLLOVER_AWAIT_DS,
		ROLLOVER_OBSERVE, ROLLOVER_WITHDRAW,  ROLLOVER_ROLLBACK, ROLLOVER_RETIRE,
	};
	rng_t *rng = &w->key_rng;
	const unsigned kind = rng_below(rng, 100);

	w->knot.base_signals = kind >= 25;
	if (w->driver == DRIVER_MODULE) {
		w->knot.member = kind >= 80 && !w->leaves;
		w->upgraded = !w->knot.member && !w->first && rng_chance(rng, kind < 25 ? 40 : 4);
		w->former = RNG_PICK(rng, FORMER);
	}
	if (rng_chance(rng, 40)) {
		w->knot.loses = rng_chance(rng, 80) ? 10 : 300;
		w->knot.busy = rng_chance(rng, 50) ? 0 : 20;
		w->knot.unheard = rng_chance(rng, 50) ? 0 : 10;
	}
	w->knot.busy_often = w->knot.loses > 10 || w->knot.busy > 0 || w->knot.unheard > 0;
}

static void set_defaults(world_t *w)
{
	static const rollover_config_t DEFAULT = ROLLOVER_CONFIG_DEFAULT;
	const rollover_config_t c = w->engine.config;

	w->engine.config = DEFAULT;
	w->engine.config.via = c.via;
	w->engine.config.notify_again = c.notify_again;
	w->knot.base_ttl = HOUR;
	w->knot.propagation_delay = HOUR;
	w->knot.base_signals = true;
	w->knot.member = w->upgraded = false;
}

void kinds_make(world_t *w)
{
	make_kind(w);
	if (generate_defaults) {
		set_defaults(w);
	}
}

void kinds_algorithm(world_t *w, rng_t *rng)
{
	static const uint32_t ZONE_TTL[] = { 0, 300, HOUR, 4 * HOUR, DAY, 3 * DAY };
	static const uint32_t SERIAL[] = { 1, 2026112900, UINT32_MAX - 3, UINT32_MAX - 20, INT32_MAX - 5 };
	const bool some = rng_chance(rng, NEW_ALGORITHM);

	w->knot.serial = RNG_PICK(rng, SERIAL);
	if (generate_changes == CHANGES_NONE || (generate_changes == CHANGES_SOME && !some)) {
		return;
	}
	w->changes_algorithm = true;
	w->upgraded = false; /* 0.1.0 did not drive that. */
	if (!w->csk && !generate_defaults) {
		w->engine.config.zone_ttl = RNG_PICK(rng, ZONE_TTL);
	}
}

void kinds_scheme(world_t *w, rng_t *rng)
{
	static const uint32_t ZONE_TTL[] = { 0, 300, HOUR, 4 * HOUR, DAY, 3 * DAY };

	const bool some = rng_chance(rng, SINGLE_TYPE);

	if (generate_kinds == KINDS_SPLIT || (generate_kinds == KINDS_ANY && !some)) {
		return;
	}
	w->csk = true;
	w->upgraded = false; /* 0.1.0 did not drive them. */
	if (!generate_defaults) {
		w->engine.config.zone_ttl = RNG_PICK(rng, ZONE_TTL);
	}
}
