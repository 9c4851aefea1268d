/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The baselines: what decides, without the module, when the old KSK goes. CDS follows READY.
 */

#include "sim_world.h"

static world_keys_t submitted_key(const world_t *w)
{
	for (unsigned k = 0; k < w->knot.key_count; k++) {
		if (w->knot.key[k].state == KSK_READY) {
			return 1U << k;
		}
	}
	return 0;
}

/*! What the parents' servers have; unreachable ones do not count for Knot and BIND either way. */
static void ask_parents(const world_t *w, world_keys_t key, bool *any, bool *all, bool *only, uint32_t *ttl)
{
	unsigned answers = 0;

	*any = false;
	*all = *only = true;
	*ttl = 0;
	for (unsigned i = 0; i < w->parent_count; i++) {
		const sim_server_t *s = &w->parent[i];
		ds_version_t v;
		int fault;
		if (s->fault >= 0 && w->fault[s->fault].kind == FAULT_PARTITION) {
			*all = *only = false;
			continue;
		}
		if (!parent_serves(w, s, &v, &fault)) {
			*all = *only = false;
			continue;
		}
		answers++;
		*any |= (v.ds & key) != 0;
		*all &= (v.ds & key) != 0;
		*only &= (v.ds & ~KEY_FOREIGN) == key;
		*ttl = v.ttl > *ttl ? v.ttl : *ttl;
	}
	*all &= answers > 0;
	*only &= answers > 0;
}

void native_check(world_t *w)
{
	world_keys_t key = submitted_key(w);
	bool any, all, only;
	uint32_t ttl;

	event_add(w, w->now + (w->driver == DRIVER_KNOT_CONFIRM ? 60 : HOUR), EV_NATIVE, 0, 0);
	if (key == 0 || !w->knot.up) {
		return;
	}
	if (w->submitted_native != 0) {
		if (w->now >= w->submitted_native) {
			w->submitted_native = 0;
			knot_submit(w, CAUSE_OURS, w->now);
			w->rolls_done++;
		}
		return;
	}
	ask_parents(w, key, &any, &all, &only, &ttl);
	switch (w->driver) {
	case DRIVER_KNOT_TIMER:
		w->submitted_native = all ? w->now + ttl : 0;
		break;
	case DRIVER_KNOT_CONFIRM:
		w->submitted_native = any ? w->now : 0;
		break;
	default:
		/* parent-ds-ttl 86400, parent-propagation-delay 3600, retire-safety 3600. */
		w->submitted_native = only ? w->now + DAY + 2 * HOUR : 0;
	}
}
