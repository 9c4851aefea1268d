/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <string.h>

#include "deleg_rest.h"
#include "util/hash.h"

/*! Clocks with a number that a delegation_t has room for. */
#define CLOCKS_MAX 0xffffff

/*! How a boot and the wall clock relate: the same for all rows until somebody sets the clock. */
typedef struct {
	numbered_link_t link;
	uint32_t refs;
	int64_t ahead, boot;
} shared_clock_t;

/*! What most rows have not, see delegation_row_t. */
typedef struct {
	numbered_link_t link;
	uint32_t notified, manual, all_since;
	uint64_t ds; /*!< Of the row. The zone may have another one by now. */
	uint64_t former, applied;
} past_t;

_Static_assert(sizeof(past_t) == 40 && sizeof(delegation_t) == 56, "there are very many: each octet counts");

static uint32_t hash_clock(int64_t ahead, int64_t boot)
{
	return hash_bytes(hash_bytes(HASH_START, &ahead, sizeof(ahead)), &boot, sizeof(boot));
}

static uint32_t hash_shared(const void *thing, const void *arg)
{
	const shared_clock_t *clock = thing;
	(void)arg;

	return hash_clock(clock->ahead, clock->boot);
}

static bool is_clock(const void *thing, const void *key, const void *arg)
{
	const shared_clock_t *clock = thing;
	const delegation_idle_t *idle = key;
	(void)arg;

	return clock->ahead == idle->clock_ahead && clock->boot == idle->clock_boot;
}

bool rest_init(delegations_t *all)
{
	return numbered_init(&all->clocks, sizeof(shared_clock_t), hash_shared, NULL) &&
	       numbered_init(&all->pasts, sizeof(past_t), NULL, NULL);
}

void rest_free(delegations_t *all)
{
	numbered_clear(&all->clocks);
	numbered_clear(&all->pasts);
}

/*! \return The shared clock, with one reference more; 0 without memory. */
static uint32_t clock_take(delegations_t *all, const delegation_idle_t *idle)
{
	uint32_t number = numbered_find(&all->clocks, hash_clock(idle->clock_ahead, idle->clock_boot), is_clock, idle);

	if (number == 0) {
		number = numbered_new(&all->clocks);
		if (number == 0 || number > CLOCKS_MAX) {
			if (number != 0) {
				numbered_free(&all->clocks, number);
			}
			return 0;
		}
		shared_clock_t *clock = numbered_at(&all->clocks, number);
		clock->ahead = idle->clock_ahead;
		clock->boot = idle->clock_boot;
		numbered_add(&all->clocks, number);
	}
	((shared_clock_t *)numbered_at(&all->clocks, number))->refs++;
	return number;
}

static void clock_put(delegations_t *all, uint32_t number)
{
	shared_clock_t *clock = numbered_at(&all->clocks, number);

	if (--clock->refs == 0) {
		numbered_remove(&all->clocks, number);
		numbered_free(&all->clocks, number);
	}
}

/*! \return 0 without memory. */
static uint32_t past_new(delegations_t *all, uint64_t ds)
{
	const uint32_t number = numbered_new(&all->pasts);

	if (number != 0) {
		((past_t *)numbered_at(&all->pasts, number))->ds = ds;
	}
	return number;
}

/*! The DS of the row where there is no past. */
static uint64_t ds_without_past(const delegation_t *d, bool known)
{
	return known ? d->ds : 0;
}

bool rest_put(delegations_t *all, delegation_t *d, const delegation_row_t *row)
{
	delegation_idle_t idle;
	uint32_t past = 0;

	if (!delegation_pack(row, &idle)) {
		return false;
	}
	const bool has_past = idle.notified != 0 || idle.former != 0 || idle.applied != 0 || idle.manual != 0 ||
	                      idle.all_since != 0 || idle.ds != ds_without_past(d, idle.known);
	const uint32_t clock = clock_take(all, &idle);
	if (clock == 0 || (has_past && (past = past_new(all, idle.ds)) == 0)) {
		if (clock != 0) {
			clock_put(all, clock);
		}
		return false;
	}
	if (has_past) {
		past_t *kept = numbered_at(&all->pasts, past);
		kept->notified = idle.notified;
		kept->manual = idle.manual;
		kept->all_since = idle.all_since;
		kept->former = idle.former;
		kept->applied = idle.applied;
	}
	rest_clear(all, d);
	d->clock = clock;
	d->past = past;
	d->known = idle.known;
	d->notifies = idle.notifies;
	d->of.idle.clock_wall = idle.clock_wall;
	d->of.idle.since = idle.since;
	d->of.idle.applied_inception = idle.applied_inception;
	d->of.idle.next_check = idle.next_check;
	return true;
}

void rest_clear(delegations_t *all, delegation_t *d)
{
	if (d->clock != 0) {
		clock_put(all, d->clock);
		d->clock = 0;
	}
	if (d->past != 0) {
		numbered_free(&all->pasts, d->past);
		d->past = 0;
	}
}

void rest_get(const delegations_t *all, const delegation_t *d, delegation_row_t *out)
{
	const shared_clock_t *clock = numbered_at(&all->clocks, d->clock);
	delegation_idle_t idle = {
		.ds = ds_without_past(d, d->known),
		.clock_ahead = clock->ahead,
		.clock_boot = clock->boot,
		.clock_wall = d->of.idle.clock_wall,
		.since = d->of.idle.since,
		.applied_inception = d->of.idle.applied_inception,
		.next_check = d->of.idle.next_check,
		.known = d->known,
		.notifies = d->notifies,
	};

	if (d->past != 0) {
		const past_t *past = numbered_at(&all->pasts, d->past);
		idle.ds = past->ds;
		idle.former = past->former;
		idle.applied = past->applied;
		idle.notified = past->notified;
		idle.manual = past->manual;
		idle.all_since = past->all_since;
	}
	delegation_unpack(&idle, out);
}

bool rest_keep_ds(delegations_t *all, delegation_t *d)
{
	if (d->is_awake || d->past != 0 || !d->known) {
		return true;
	}
	d->past = past_new(all, d->ds);
	return d->past != 0;
}
