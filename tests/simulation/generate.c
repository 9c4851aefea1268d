/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A world from a seed. Zones of one seed (--zones) share the server: its configuration, its reloads
 * and crashes come from a stream of their own.
 */

#include <string.h>

#include "sim_orders.h"

static const uint32_t TTLS[] = { 300, 900, HOUR, HOUR, 4 * HOUR, DAY };
static const uint32_t DS_TTLS[] = { 300, HOUR, HOUR, 6 * HOUR, DAY, DAY, 2 * DAY };

static void settings(world_t *w, rng_t *rng)
{
	static const uint32_t LOW[] = { 300, 300, 600, 900 };
	static const uint32_t LEAD[] = { 0, 600, HOUR };
	static const uint32_t OBSERVE[] = { 0, HOUR, DAY, DAY };
	static const uint32_t SETTLE[] = { 600, HOUR, DAY, 3 * DAY };
	static const uint32_t CHECK[] = { 60, 300, 300, 900 };
	static const uint32_t DS_CHECK[] = { 300, HOUR, HOUR, 6 * HOUR };
	static const uint32_t AFTER[] = { HOUR, 12 * HOUR, 12 * HOUR, 3 * DAY };
	static const uint32_t DELAY[] = { 0, 0, 60, HOUR, 2 * HOUR };
	rollover_config_t *c = &w->engine.config;

	c->ttl = c->ds_ttl = RNG_PICK(rng, LOW);
	c->lead = RNG_PICK(rng, LEAD);
	c->observe = RNG_PICK(rng, OBSERVE);
	c->settle = RNG_PICK(rng, SETTLE);
	c->check_interval = RNG_PICK(rng, CHECK);
	c->ds_check_interval = RNG_PICK(rng, DS_CHECK);
	c->unreachable_after = RNG_PICK(rng, AFTER);
	c->via = PARENT_VIA_AUTO;
	c->notify_again = HOUR;
	c->zone_ttl = rng_chance(&w->watch_rng, 50) ? 0 : 2 * HOUR;
	w->knot.base_ttl = RNG_PICK(rng, TTLS);
	w->knot.propagation_delay = RNG_PICK(rng, DELAY);
	w->collide = rng_chance(rng, 20);
	kinds_make(w);
	if (w->knot.member) {
		c->ttl = 0;
	} else if (w->knot.base_ttl < c->ttl) {
		c->ttl = w->knot.base_ttl; /* As module/knot/instance.c does it. */
	}
}

static void make_servers(world_t *w, rng_t *rng)
{
	static const uint32_t LAG[] = { 1, 5, 30, 300, HOUR };
	static const uint32_t UP_LAG[] = { 1, 60, 600, HOUR };

	w->child_count = rng_between(rng, 1, CHILD_MAX);
	w->parent_count = rng_between(rng, 1, PARENT_MAX);
	for (unsigned i = 0; i < w->child_count; i++) {
		sim_server_t *s = &w->child[i];
		s->lag_min = rng_below(rng, 3);
		s->lag_max = s->lag_min + RNG_PICK(rng, LAG);
		snprintf(s->name, sizeof(s->name), "ns%u.child", i + 1);
	}
	if (rng_chance(rng, 50)) {
		/* Not a hidden primary. */
		w->child[0].primary = true;
		w->child[0].lag_min = w->child[0].lag_max = 0;
	}
	if (rng_chance(rng, 20)) {
		w->child[w->child_count - 1].slow =
			w->child[w->child_count - 1].primary ? 0 : rng_between(rng, HOUR, 12 * HOUR);
	}
	for (unsigned i = 0; i < w->parent_count; i++) {
		sim_server_t *s = &w->parent[i];
		s->lag_max = RNG_PICK(rng, UP_LAG);
		snprintf(s->name, sizeof(s->name), "p%u.parent", i + 1);
	}
	if (rng_chance(rng, 30)) {
		w->parent[w->parent_count - 1].slow = rng_between(rng, HOUR, 2 * DAY);
	}
	for (unsigned i = 0; i < CHILD_MAX; i++) {
		w->child[i].fault = w->child[i].served.exposure = w->child[i].data.exposure = -1;
		snprintf(w->engine.child[i].server, SERVER_NAME_MAX, "%s", w->child[i].name);
	}
	for (unsigned i = 0; i < PARENT_MAX; i++) {
		w->parent[i].fault = w->parent[i].served.exposure = w->parent[i].data.exposure = -1;
		snprintf(w->engine.parent[i].server, SERVER_NAME_MAX, "%s", w->parent[i].name);
	}
}

static void make_parent(world_t *w, rng_t *rng)
{
	parent_t *up = &w->up;
	static const uint32_t INTERVAL[] = { 60, 600, HOUR, 12 * HOUR, DAY };
	static const uint32_t DELAY[] = { 0, 0, 30, HOUR, 6 * HOUR };
	static const uint32_t SWAP[] = { 0, 0, 300, 900, HOUR, DAY, 2 * DAY };

	up->version[0] = (ds_version_t){ .ds = w->first ? 0 : 1, .ttl = RNG_PICK(rng, DS_TTLS), .fault = -1 };
	up->version_count = 1;
	up->interval = RNG_PICK(rng, INTERVAL);
	up->phase = rng_below(rng, up->interval);
	up->delay = RNG_PICK(rng, DELAY);
	up->notified = rng_chance(rng, 40);
	up->naive = rng_chance(rng, 50);
	up->human = rng_chance(rng, 10);
	up->swap_ttl = RNG_PICK(rng, SWAP);
	up->negative_ttl = 900;
	if (rng_chance(rng, 20)) {
		up->habit = HABIT_ADD;
		up->stale_after = rng_between(rng, 60, 3 * DAY);
	}
	up->foreign = rng_chance(rng, 5);
}

static fault_t *add_fault(world_t *w, fault_kind_t kind, bool parent, unsigned server, time_t from, time_t to)
{
	if (w->fault_count >= FAULT_MAX / 2) {
		return NULL;
	}
	fault_t *f = &w->fault[w->fault_count++];
	*f = (fault_t){ .kind = kind, .parent = parent, .server = server, .from = from, .to = to };
	return f;
}

static const uint32_t LENGTHS[] = { 30, 300, 1800, HOUR, 3 * HOUR, 10 * HOUR, 20 * HOUR, 2 * DAY, 4 * DAY };

static void add_faults(world_t *w, rng_t *rng, unsigned count, uint32_t span)
{
	static const fault_kind_t AROUND[] = {
		FAULT_CONTROL,   FAULT_CONF_TXN, FAULT_ZONE_TXN, FAULT_STORE,
		FAULT_DISCOVERY, FAULT_INSECURE, FAULT_WATCH,    FAULT_KEYS,
	};
	while (count-- > 0) {
		time_t from = T0 + rng_below(rng, span);
		time_t to = from + RNG_PICK(rng, LENGTHS);
		if (rng_chance(rng, 20)) {
			add_fault(w, RNG_PICK(rng, AROUND), false, 0, from, to);
			continue;
		}
		bool parent = rng_chance(rng, 40);
		fault_kind_t kind = rng_below(rng, FAULT_FORGED + 1);
		if (parent && (kind == FAULT_STRIP_NEW || kind == FAULT_FOREIGN)) {
			kind = FAULT_REGRESS;
		}
		unsigned server = rng_below(rng, parent ? w->parent_count : w->child_count);
		add_fault(w, kind, parent, server, from, to);
		sim_server_t *s = parent ? &w->parent[server] : &w->child[server];
		s->ttl_extra = RNG_PICK(rng, TTLS);
	}
}

/*! The host of the module is cut off for hours; often one server is not reached for longer. */
static void plan_cut_off(world_t *w, rng_t *rng, uint32_t span)
{
	static const uint32_t LASTS[] = { HOUR, 10 * HOUR, 13 * HOUR, DAY };

	if (w->driver != DRIVER_MODULE || !rng_chance(rng, 10)) {
		return;
	}
	const time_t from = T0 + rng_below(rng, span), to = from + RNG_PICK(rng, LASTS);
	add_fault(w, FAULT_CUT_OFF, false, 0, from, to);
	if (rng_chance(rng, 70)) {
		bool parent = rng_chance(rng, 60);
		add_fault(w, FAULT_PARTITION, parent, rng_below(rng, parent ? w->parent_count : w->child_count),
		          from - rng_below(rng, 2 * HOUR), to + HOUR + rng_below(rng, 12 * HOUR));
	}
}

static void add_command(world_t *w, command_kind_t kind, time_t at)
{
	if (w->command_count < COMMAND_MAX) {
		w->command[w->command_count++] = (command_t){ .kind = kind, .at = at };
	}
}

/*! Pairs of commands that undo each other, and single ones; never left half done unless \a leave. */
static void add_commands(world_t *w, rng_t *rng, unsigned count, uint32_t span)
{
	while (count-- > 0) {
		time_t at = T0 + rng_below(rng, span);
		time_t undo = at + RNG_PICK(rng, LENGTHS);
		switch (rng_below(rng, 17)) {
		case 0:
		case 1:
			add_command(w, COMMAND_ROLL, at);
			break;
		case 2:
			add_command(w, COMMAND_SUBMIT, at);
			break;
		case 3:
			add_command(w, COMMAND_FREEZE, at);
			add_command(w, COMMAND_THAW, undo);
			break;
		case 4:
			add_command(w, COMMAND_HOLD, at);
			add_command(w, COMMAND_UNHOLD, undo);
			break;
		case 5:
			add_command(w, COMMAND_DRY_RUN, at);
			add_command(w, COMMAND_WET_RUN, undo);
			break;
		case 6:
			add_command(w, COMMAND_DS_NEW, at);
			break;
		case 7:
			add_command(w, rng_chance(rng, 50) ? COMMAND_DS_BOTH : COMMAND_DS_OLDEST, at);
			break;
		case 8:
			add_command(w, COMMAND_DS_FOREIGN, at);
			add_command(w, COMMAND_DS_CLEAN, undo);
			break;
		case 9:
			add_command(w, COMMAND_DS_TTL, at);
			break;
		case 10:
			add_command(w, COMMAND_GENERATE, at);
			add_command(w, COMMAND_DELETE_EXTRA, undo);
			break;
		case 11:
			add_command(w, COMMAND_ABORT, at);
			break;
		case 12:
			add_command(w, COMMAND_RELOAD, at);
			break;
		case 13:
			add_command(w, COMMAND_DS_NONE, at);
			break;
		case 14:
			add_command(w, COMMAND_KEY_READY, at);
			break;
		case 15:
			add_command(w, COMMAND_KEY_ACTIVE, at);
			break;
		case 16:
			add_command(w, COMMAND_RETIRE_OLD, at);
			break;
		}
	}
}

/*! The key database of before the rollover, or of some time in it, comes back; he mends the chain as the gate says, or
 * leaves it. */
static void plan_restore(world_t *w, rng_t *rng, uint32_t span)
{
	if (w->driver != DRIVER_MODULE || w->first || !rng_chance(rng, 6)) {
		return;
	}
	const time_t at = T0 + rng_below(rng, span);
	if (rng_chance(rng, 40)) {
		add_command(w, COMMAND_BACKUP, T0 + rng_below(rng, at - T0));
	}
	add_command(w, COMMAND_RESTORE, at);
	if (rng_chance(rng, 70)) {
		add_command(w, COMMAND_DS_OLDEST, at + 300 + rng_below(rng, DAY));
	}
}

static bool has_command(const world_t *w, command_kind_t kind)
{
	for (unsigned i = 0; i < w->command_count; i++) {
		if (w->command[i].kind == kind) {
			return true;
		}
	}
	return false;
}

/*! The data get another TTL. Without the store nobody remembers the former one. */
static void plan_zone_ttl(world_t *w, rng_t *rng, uint32_t span)
{
	if (data_matters(w) && rng_chance(rng, 30) && !has_command(w, COMMAND_LOSE_STORE)) {
		add_command(w, COMMAND_ZONE_TTL, T0 + rng_below(rng, span));
	}
}

/*! A fault that lasts for ever, or a parent that never does its part. */
static void make_stuck(world_t *w, rng_t *rng)
{
	time_t from = T0 + rng_below(rng, 5 * DAY);
	unsigned server;

	switch (rng_below(rng, 8)) {
	case 0:
		w->up.deaf = true;
		w->up.human = false;
		w->why |= WHY_PARENT;
		break;
	case 1:
		w->up.habit = HABIT_ADD;
		w->up.stale_after = 0;
		w->why |= WHY_PARENT;
		break;
	case 2:
	case 3: {
		static const fault_kind_t CHILD[] = {
			FAULT_ERROR, FAULT_STUCK, FAULT_STRIP, FAULT_STRIP_NEW, FAULT_FOREIGN, FAULT_TTL, FAULT_FORGED,
		};
		server = rng_below(rng, w->child_count);
		add_fault(w, RNG_PICK(rng, CHILD), false, server, from, 0);
		w->child[server].ttl_extra = DAY;
		break;
	}
	case 4:
	case 5: {
		static const fault_kind_t PARENT[] = { FAULT_ERROR, FAULT_STUCK, FAULT_STRIP, FAULT_FORGED };
		add_fault(w, RNG_PICK(rng, PARENT), true, rng_below(rng, w->parent_count), from, 0);
		break;
	}
	case 6: {
		static const fault_kind_t AROUND[] = {
			FAULT_CONTROL,   FAULT_CONF_TXN, FAULT_ZONE_TXN, FAULT_STORE,
			FAULT_DISCOVERY, FAULT_INSECURE, FAULT_WATCH,    FAULT_KEYS,
		};
		add_fault(w, RNG_PICK(rng, AROUND), false, 0, from, 0);
		break;
	}
	case 7:
		/* Down for ever: no longer waited for after unreachable-after, unless it is the only one. */
		if (rng_chance(rng, 50)) {
			add_fault(w, FAULT_DOWN, false, rng_below(rng, w->child_count), from, 0);
		} else {
			add_fault(w, FAULT_DOWN, true, rng_below(rng, w->parent_count), from, 0);
		}
		break;
	}
	w->why |= WHY_SERVER;
}

static void plan_rolls(world_t *w, rng_t *rng)
{
	if (w->first && rng_chance(rng, 60)) {
		return; /* The first DS is all that is wanted. */
	}
	if (rng_chance(rng, 40)) {
		w->engine.config.ksk_lifetime = w->engine.config.settle + 7 * DAY + rng_below(rng, DAY);
		w->rolls_wanted = rng_between(rng, 1, 2);
		if (w->driver != DRIVER_MODULE) {
			for (unsigned i = 1; i <= w->rolls_wanted; i++) {
				add_command(w, COMMAND_ROLL, T0 + i * (time_t)w->engine.config.ksk_lifetime);
			}
		}
	} else if (!w->first) {
		add_command(w, w->changes_algorithm ? COMMAND_NEW_ALGORITHM : COMMAND_ROLL,
		            T0 + rng_between(rng, HOUR, 2 * DAY));
		w->rolls_wanted = 1;
		if (rng_chance(rng, 30)) {
			add_command(w, COMMAND_ROLL, T0 + rng_between(rng, 3 * DAY, 12 * DAY));
		}
	}
}

/*! The operator changes the algorithm; now and then he regrets it. Somebody adds RRSIGs to answers of a server. */
static void plan_algorithm(world_t *w, rng_t *rng, uint32_t span)
{
	const bool meddles = w->profile == PROFILE_OPERATOR || w->profile == PROFILE_MIXED;
	const bool fails = w->profile == PROFILE_FAULTY || w->profile == PROFILE_MIXED;
	const time_t at = T0 + rng_between(rng, HOUR, 6 * DAY);

	if (!w->changes_algorithm) {
		return;
	}
	if (!has_command(w, COMMAND_NEW_ALGORITHM)) {
		add_command(w, COMMAND_NEW_ALGORITHM, at);
		w->rolls_wanted += w->rolls_wanted == 0;
	}
	if (meddles && rng_chance(rng, 30)) {
		add_command(w, rng_chance(rng, 40) ? COMMAND_OLD_ALGORITHM : COMMAND_ABORT_ALGORITHM,
		            at + rng_below(rng, 8 * DAY));
	}
	if (meddles && rng_chance(rng, 15)) {
		add_command(w, COMMAND_SERIAL_BACK, T0 + rng_below(rng, span));
	} else if (fails && rng_chance(rng, 40)) {
		const time_t from = T0 + rng_below(rng, span);
		add_fault(w, FAULT_MARKED, false, rng_below(rng, w->child_count), from, from + RNG_PICK(rng, LENGTHS));
	}
}

static void plan_crashes(world_t *w, rng_t *env, uint32_t span)
{
	engine_t *e = &w->engine;

	e->crash_chance = rng_between(env, 20, 300);
	e->crashes_left = rng_between(env, 1, 8);
	for (unsigned n = rng_below(env, 4); n > 0; n--) {
		add_command(w, COMMAND_RELOAD, T0 + rng_below(env, span));
	}
	if (rng_chance(env, 25)) {
		add_command(w, COMMAND_LOSE_STORE, T0 + rng_below(env, span));
	}
	if (rng_chance(env, 10)) {
		add_command(w, COMMAND_DIE, T0 + rng_below(env, span));
	}
}

/*! At one of the points at which something is done in the state, or some time after it was entered. */
static void plan_death(world_t *w)
{
	static const rollover_state_t STATES[] = {
		ROLLOVER_IDLE,      ROLLOVER_PREPARE,   ROLLOVER_INTRODUCE, ROLLOVER_INTRODUCE, ROLLOVER_SIGNAL,
		ROLLOVER_AWAIT_DS,  ROLLOVER_WITHDRAW,  ROLLOVER_OBSERVE,   ROLLOVER_RETIRE,    ROLLOVER_ROLLED_BACK,
		ROLLOVER_REMOVE_DS, ROLLOVER_EXPIRE_DS, ROLLOVER_SETTLE,    ROLLOVER_ROLLBACK,
	};
	rng_t *rng = &w->key_rng;

	w->dies.state = RNG_PICK(rng, STATES);
	w->dies.countdown = rng_chance(rng, 70) ? rng_between(rng, 1, 7) : 0;
	w->dies.afterwards = 400 * DAY;
	if (w->changes_algorithm && rng_chance(rng, 25)) {
		w->dies.state = rng_chance(rng, 60) ? ROLLOVER_PRESIGN : ROLLOVER_CLEAN;
	}
	if (w->dies.state == ROLLOVER_ROLLBACK || w->dies.state == ROLLOVER_ROLLED_BACK) {
		/* Validation fails for a reason of its own. */
		add_fault(w, FAULT_WATCH, false, 0, T0 + rng_below(rng, 12 * DAY), T0 + 13 * DAY);
	}
}

static uint32_t longest(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*! The longest that one rollover may take once nothing fails any more. */
static uint32_t bound(const world_t *w)
{
	const rollover_config_t *c = &w->engine.config;
	uint32_t child_lag = 0, parent_lag = 0, child_ttl = w->knot.base_ttl, ds_ttl = 2 * DAY;

	for (unsigned i = 0; i < w->child_count; i++) {
		child_lag = longest(child_lag, w->child[i].lag_max + w->child[i].slow);
		child_ttl = longest(child_ttl, w->knot.base_ttl + w->child[i].ttl_extra);
	}
	for (unsigned i = 0; i < w->parent_count; i++) {
		parent_lag = longest(parent_lag, w->parent[i].lag_max + w->parent[i].slow);
		ds_ttl = longest(ds_ttl, 2 * DAY + w->parent[i].ttl_extra);
	}
	uint32_t check = c->check_interval * 9 / 8 + 60;
	uint32_t ds_check = c->ds_check_interval * 9 / 8 + 60;

	uint32_t prepare = child_lag + longest(child_ttl, c->lead) + 3 * check;
	uint32_t introduce = child_lag + longest(child_ttl, w->knot.propagation_delay + c->ttl) + 3 * check;
	uint32_t signal = child_lag + 3 * check;
	uint32_t await = w->up.interval + w->up.delay + w->up.stale_after + parent_lag + 6 * HOUR + 2 * ds_check;
	uint32_t withdraw = child_lag + 3 * check + (w->csk ? child_lag + child_ttl + 3 * check : 0);
	const bool changes = w->profile == PROFILE_OPERATOR || w->profile == PROFILE_MIXED;
	uint32_t data_ttl = !data_matters(w) ? 0 : changes || c->zone_ttl == 0 ? ROLLOVER_TTL_COUNTS : knot_zone_ttl(w);
	uint32_t observe = longest(longest(ds_ttl, c->observe), data_ttl) + 3 * check;
	uint32_t retire = child_lag + child_ttl + 3 * check + 120;
	uint32_t settle = c->settle + 2 * ds_check;
	if (w->changes_algorithm) {
		/* Presign and clean, and what may begin anew: the wait for the data does in introduce as well. */
		introduce += 2 * (child_lag + data_ttl + 3 * check) + w->knot.propagation_delay;
		retire += 2 * (child_lag + child_ttl + 3 * check + 120);
	}
	if (w->first) {
		introduce += ROLLOVER_UNKNOWN_ZONE_TTL;
	}
	if (w->up.submit.on) {
		/* The DS TTL: until it is low, or nobody waits for it any more, and until it is as before. */
		prepare += c->unreachable_after + longest(ds_ttl, c->lead) + parent_lag + 2 * ds_check;
		settle +=
			w->up.interval + parent_lag + 2 * ds_check + (w->up.submit.keeps_ttl ? ROLLOVER_TTL_COUNTS : 0);
	}
	if (w->agent.shared) {
		prepare += c->unreachable_after + longest(ds_ttl, c->lead) + parent_lag + 2 * ds_check;
	}
	return prepare + introduce + signal + await + withdraw + observe + retire + settle + 4 * ds_check + 8 * check +
	       c->unreachable_after;
}

static void finish(world_t *w)
{
	time_t quiet = T0 + 3 * DAY;

	for (unsigned i = 0; i < w->fault_count; i++) {
		fault_t *f = &w->fault[i];
		time_t last = f->to != 0 ? f->to : f->from;
		quiet = last > quiet ? last : quiet;
		event_add(w, f->from, EV_FAULT, i, 0);
	}
	for (unsigned i = 0; i < w->command_count; i++) {
		quiet = w->command[i].at > quiet ? w->command[i].at : quiet;
		event_add(w, w->command[i].at, EV_COMMAND, w->command[i].kind, 0);
	}
	if (agent_quiet_from(w) > quiet) {
		quiet = agent_quiet_from(w);
	}
	quiet = child_quiet_from(w, quiet);
	w->bound = bound(w);
	w->quiet_from = quiet;
	/* Whatever a fault interrupted may have to begin again: two rollovers' time. */
	unsigned rounds = w->profile == PROFILE_COOPERATIVE ? 1 : 2;
	w->end = quiet + rounds * (time_t)w->bound + 3 * DAY;
	if (w->engine.config.ksk_lifetime > 0) {
		w->end += w->rolls_wanted * ((time_t)w->engine.config.ksk_lifetime + w->bound + w->starts.longest);
	}
	if (w->agent.on || w->scanner.kind != PARENTS_SOME) {
		w->end += rounds * (time_t)agent_bound_ttl(w);
	}
	if (!w->agent.on && !w->up.submit.on) {
		event_add(w, T0 + w->up.phase, EV_SCAN, 0, 0);
	}
}

void world_generate(world_t *w, uint64_t seed, unsigned zone, profile_t profile, driver_t driver, parents_t parents)
{
	FILE *out = w->trace;
	rng_t env, strict, cut, restore, scheme, algorithm, zrng, *rng = &zrng;
	uint32_t span = 12 * DAY;

	memset(w, 0, sizeof(*w));
	w->trace = out;
	w->seed = seed;
	w->driver = driver;
	w->parents = parents;
	w->profile = profile;
	w->now = T0;
	rng_seed(&env, seed, 0);
	rng_seed(rng, seed, 1 + zone);
	rng_seed(&w->rng, seed, 1000 + zone);
	rng_seed(&w->watch_rng, seed, 2000 + zone);
	w->validators = rng_below(&w->watch_rng, 4);
	w->leaves_held = rng_chance(&w->watch_rng, 20);
	w->engine.config.bogus_limit = rng_chance(&w->watch_rng, 20) ? 1 : 3;
	w->knot.text_config = rng_chance(&env, 50);
	rng_seed(&w->key_rng, seed, 7000 + zone);
	w->first = w->driver == DRIVER_MODULE && rng_chance(&w->watch_rng, 15);
	w->leaves = w->driver == DRIVER_MODULE && rng_chance(&w->watch_rng, 5);
	settings(w, rng);
	rng_seed(&scheme, seed, 8000 + zone);
	kinds_scheme(w, &scheme);
	rng_seed(&algorithm, seed, 9000 + zone);
	kinds_algorithm(w, &algorithm);
	make_servers(w, rng);
	make_parent(w, rng);
	plan_rolls(w, rng);
	starts_make(w, zone);
	rng_seed(&w->clock.rng, seed, 4000 + zone);
	w->clock.boot = 1;
	w->clock.booted = T0 - DAY;
	rng_seed(&strict, seed, 3000 + zone);
	w->up.strict = rng_chance(&strict, 50);
	rng_seed(&cut, seed, 5000 + zone);
	rng_seed(&restore, seed, 6000 + zone);

	switch (profile) {
	case PROFILE_FAULTY:
		add_faults(w, rng, rng_between(rng, 1, 6), span);
		plan_cut_off(w, &cut, span);
		break;
	case PROFILE_STUCK:
		make_stuck(w, rng);
		break;
	case PROFILE_OPERATOR:
		add_commands(w, rng, rng_between(rng, 1, 6), span);
		plan_restore(w, &restore, span);
		plan_zone_ttl(w, &scheme, span);
		break;
	case PROFILE_CRASH:
		plan_crashes(w, &env, span);
		clock_plan(w, span);
		break;
	case PROFILE_MIXED:
		add_faults(w, rng, rng_below(rng, 5), span);
		add_commands(w, rng, rng_below(rng, 4), span);
		plan_crashes(w, &env, span);
		clock_plan(w, span);
		plan_cut_off(w, &cut, span);
		plan_restore(w, &restore, span);
		plan_zone_ttl(w, &scheme, span);
		if (rng_chance(rng, 5) && generate_changes != CHANGES_NONE && !w->upgraded) {
			/* Finished by hand. */
			time_t at = T0 + rng_below(rng, 2 * DAY);
			w->changes_algorithm = true;
			add_command(w, COMMAND_NEW_ALGORITHM, at);
			add_command(w, COMMAND_DS_NEW, at + 4 * DAY);
			add_command(w, COMMAND_SUBMIT, at + 9 * DAY);
		}
		break;
	case PROFILE_DEAD:
		plan_death(w);
		break;
	default:
		break;
	}
	agent_make(w, zone);
	submit_make(w, zone);
	child_plan(w, zone);
	plan_algorithm(w, &algorithm, span);
	if (w->leaves) {
		add_command(w, COMMAND_LEAVE, T0 + rng_below(&w->watch_rng, 20 * DAY));
	}
	finish(w);
}
