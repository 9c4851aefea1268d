/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "above.h"
#include "addresses.h"
#include "referral.h"
#include "util/hash.h"
#include "util/knot.h"
#include "util/list.h"

#define BUCKETS 256

typedef struct entry entry_t;

struct above_wait {
	entry_t *entry;
	list_node_t node; /*!< In entry->waiting, or in the list of those to be called back. */
	above_done_f done;
	void *arg;
};

/*! What is under way for an entry; gone at its end. */
typedef struct {
	const knot_dname_t *candidate; /*!< Climbing: a suffix of the zone. */
	share_t *lookup;               /*!< NS of the candidate. */
	servers_t above;
	addresses_t *addresses; /*!< Of these. */
	referral_t *referral;
} work_t;

/*! One parent zone. */
struct entry {
	above_t *all;
	hash_node_t node;
	knot_dname_storage_t zone;
	work_t *work; /*!< NULL: nothing is under way. */
	bool fresh;   /*!< The last search was. */
	uint64_t begun;
	uint64_t until; /*!< The result is used. */
	bool failed;
	char error[160];
	servers_t found;
	list_t waiting;
	unsigned due; /*!< Waits in the list of those to be called back. */
};

struct above {
	uv_loop_t *loop;
	shared_t *shared;
	ask_t *ask;
	hash_t entries;
	list_t due;
	uv_timer_t tell;
	uv_timer_t sweep;
	unsigned handles;
};

static void find_above(entry_t *entry);

static above_wait_t *wait_of(const list_node_t *node)
{
	return list_item((list_node_t *)node, above_wait_t, node);
}

static entry_t *entry_of(const hash_node_t *node)
{
	return hash_item((hash_node_t *)node, entry_t, node);
}

/* -- the end of a search ------------------------------------------------------ */

static void work_free(entry_t *entry)
{
	work_t *work = entry->work;
	if (work == NULL) {
		return;
	}
	entry->work = NULL;
	shared_cancel(work->lookup);
	addresses_free(work->addresses);
	referral_free(work->referral);
	servers_clear(&work->above);
	free(work);
}

static void on_tell(uv_timer_t *timer)
{
	above_t *all = timer->data;
	while (all->due.first != NULL) {
		above_wait_t *wait = wait_of(all->due.first);
		entry_t *entry = wait->entry;
		const above_result_t result = {
			.servers = &entry->found,
			.error = entry->failed ? entry->error : NULL,
		};
		above_done_f done = wait->done;
		void *arg = wait->arg;
		list_remove(&wait->node);
		free(wait);
		done(&result, arg);
		entry->due--;
	}
}

/*! All who wait are told, from a clean stack. */
static void work_done(entry_t *entry)
{
	above_t *all = entry->all;
	work_free(entry);
	entry->until = uv_now(all->loop) + (entry->failed ? SHARED_FAILED_MS : SHARED_MAX_MS);
	while (entry->waiting.first != NULL) {
		list_move(&all->due, entry->waiting.first);
		entry->due++;
	}
	uv_timer_start(&all->tell, on_tell, 0, 0);
}

static void fail(entry_t *entry, const char *why)
{
	knot_dname_txt_storage_t zone, above;
	if (knot_dname_to_str(zone, entry->zone, sizeof(zone)) == NULL ||
	    knot_dname_to_str(above, entry->work->candidate, sizeof(above)) == NULL) {
		zone[0] = above[0] = '\0';
	}
	entry->failed = true;
	snprintf(entry->error, sizeof(entry->error), "NS of %.40s at %.40s: %.60s", zone, above, why);
	servers_clear(&entry->found);
	work_done(entry);
}

/* -- servers of the zone above are asked --------------------------------------- */

static void on_referral(int ret, void *arg)
{
	entry_t *entry = arg;
	const referral_t *referral = entry->work->referral;
	if (ret != KNOT_EOK) {
		fail(entry, servers_error(ret));
	} else if (referral_count(referral, CUT_REFERRAL) == 0 && referral_count(referral, CUT_HOSTED) == 0 &&
	           referral_count(referral, CUT_NONE) == 0) {
		/* Nobody has said anything. A zone that is not delegated has its own NS RRset alone. */
		char why[128];
		referral_reason(referral, why, sizeof(why));
		fail(entry, why);
	} else {
		entry->failed = false;
		work_done(entry);
	}
}

static void ask_above(entry_t *entry)
{
	work_t *work = entry->work;
	if (work->above.addr_count == 0) {
		fail(entry, "no nameserver has an address");
		return;
	}
	servers_clear(&entry->found);
	work->referral = referral_start(entry->all->ask, entry->zone, &work->above, &entry->found, on_referral, entry);
	if (work->referral == NULL) {
		fail(entry, "out of memory");
	}
}

/*! A server that cannot be found is like one that does not answer: the referrals of the others count. */
static void on_addresses(int ret, unsigned name, void *arg)
{
	entry_t *entry = arg;
	(void)name;
	if (ret != KNOT_EOK) {
		fail(entry, servers_error(ret));
	} else {
		ask_above(entry);
	}
}

static void on_ns(const lookup_result_t *result, void *arg)
{
	entry_t *entry = arg;
	work_t *work = entry->work;
	work->lookup = NULL;

	if (result->status == LOOKUP_FAILED) {
		fail(entry, result->error);
		return;
	}
	if (result->status == LOOKUP_NONE || result->alias) {
		if (*work->candidate == '\0') {
			fail(entry, "no such record");
		} else {
			work->candidate = knot_dname_next_label(work->candidate);
			find_above(entry);
		}
		return;
	}

	int ret = servers_add_ns(&work->above, &result->rrs);
	if (ret != KNOT_EOK) {
		fail(entry, servers_error(ret));
		return;
	}
	work->addresses = addresses_new(entry->all->shared, &work->above, 0, on_addresses, entry);
	if (work->addresses == NULL) {
		fail(entry, "out of memory");
	} else if (addresses_start(work->addresses, entry->fresh) == 0) {
		ask_above(entry);
	}
}

/*! Is there a zone at the candidate? Its NS RRset is the proof. */
static void find_above(entry_t *entry)
{
	work_t *work = entry->work;
	work->lookup = shared_start(entry->all->shared, work->candidate, KNOT_RRTYPE_NS, entry->fresh, on_ns, entry);
	if (work->lookup == NULL) {
		fail(entry, shared_error(entry->all->shared));
	}
}

/* -- entries -------------------------------------------------------------------- */

static void entry_free(entry_t *entry)
{
	work_free(entry);
	servers_clear(&entry->found);
	free(entry);
}

static void sweep_entry(hash_node_t *node, void *arg)
{
	above_t *all = arg;
	entry_t *entry = entry_of(node);
	if (entry->work == NULL && entry->due == 0 && entry->until <= uv_now(all->loop)) {
		hash_remove(&all->entries, node);
		entry_free(entry);
	}
}

/*! Frees what is of no use to anybody any more. */
static void on_sweep(uv_timer_t *timer)
{
	above_t *all = timer->data;
	hash_each(&all->entries, sweep_entry, all);
	if (all->entries.count > 0) {
		uv_timer_start(timer, on_sweep, SHARED_FRESH_MS, 0);
	}
}

static bool is_entry(const hash_node_t *node, const void *key)
{
	return knot_dname_is_equal(entry_of(node)->zone, key);
}

static entry_t *entry_get(above_t *all, const knot_dname_t *zone)
{
	const uint32_t hash = hash_bytes(HASH_START, zone, knot_dname_size(zone));
	entry_t *entry = entry_of(hash_find(&all->entries, hash, is_entry, zone));
	if (entry != NULL) {
		return entry;
	}

	entry = calloc(1, sizeof(*entry));
	if (entry != NULL) {
		entry->all = all;
		knot_dname_copy_lower(entry->zone, zone);
		hash_add(&all->entries, &entry->node, hash);
		if (!uv_is_active((uv_handle_t *)&all->sweep)) {
			uv_timer_start(&all->sweep, on_sweep, SHARED_FRESH_MS, 0);
		}
	}
	return entry;
}

/*! Begins the search, anew if one is under way that is not fresh enough. */
static bool work_begin(entry_t *entry, bool fresh)
{
	work_t *work = calloc(1, sizeof(*work));
	if (work == NULL) {
		return false;
	}
	work_free(entry);
	work->candidate = knot_dname_next_label(entry->zone);
	entry->work = work;
	entry->fresh = fresh;
	entry->begun = uv_now(entry->all->loop);
	entry->until = 0;
	return true;
}

/* -- interface -------------------------------------------------------------------- */

above_wait_t *above_start(above_t *all, const knot_dname_t *zone, bool fresh, above_done_f done, void *arg)
{
	assert(all && zone && *zone != '\0' && done);

	above_wait_t *wait = calloc(1, sizeof(*wait));
	entry_t *entry = wait != NULL ? entry_get(all, zone) : NULL;
	if (entry == NULL) {
		free(wait);
		return NULL;
	}
	*wait = (above_wait_t){ .entry = entry, .done = done, .arg = arg };

	const uint64_t now = uv_now(all->loop);
	if (entry->work == NULL && entry->until > now &&
	    (!fresh || (entry->fresh && now - entry->begun < SHARED_FRESH_MS))) {
		list_add(&all->due, &wait->node);
		entry->due++;
		uv_timer_start(&all->tell, on_tell, 0, 0);
	} else if (entry->work != NULL && (!fresh || entry->fresh)) {
		list_add(&entry->waiting, &wait->node);
	} else if (work_begin(entry, fresh)) {
		list_add(&entry->waiting, &wait->node);
		find_above(entry);
	} else {
		free(wait);
		return NULL;
	}
	return wait;
}

void above_cancel(above_wait_t *wait)
{
	if (wait != NULL) {
		wait->entry->due -= wait->node.list == &wait->entry->all->due;
		list_remove(&wait->node);
		free(wait);
	}
}

above_t *above_new(uv_loop_t *loop, shared_t *shared, ask_t *ask)
{
	assert(loop && shared && ask);

	above_t *all = calloc(1, sizeof(*all));
	if (all == NULL || !hash_init(&all->entries, BUCKETS)) {
		free(all);
		return NULL;
	}
	all->loop = loop;
	all->shared = shared;
	all->ask = ask;
	uv_timer_init(loop, &all->tell);
	uv_timer_init(loop, &all->sweep);
	all->tell.data = all->sweep.data = all;
	all->handles = 2;
	return all;
}

static void on_closed(uv_handle_t *handle)
{
	above_t *all = handle->data;
	if (--all->handles == 0) {
		free(all);
	}
}

void above_free(above_t *all)
{
	if (all == NULL) {
		return;
	}
	while (all->due.first != NULL) {
		above_cancel(wait_of(all->due.first));
	}
	for (hash_node_t *node = hash_any(&all->entries); node != NULL; node = hash_any(&all->entries)) {
		entry_t *entry = entry_of(node);
		hash_remove(&all->entries, node);
		while (entry->waiting.first != NULL) {
			above_cancel(wait_of(entry->waiting.first));
		}
		entry_free(entry);
	}
	hash_clear(&all->entries);
	uv_close((uv_handle_t *)&all->tell, on_closed);
	uv_close((uv_handle_t *)&all->sweep, on_closed);
}
