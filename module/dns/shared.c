/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "shared.h"
#include "util/hash.h"
#include "util/list.h"

#define BUCKETS 1024

typedef struct entry entry_t;

/*! Somebody who waits for an answer. */
struct share {
	shared_t *shared;
	entry_t *entry;
	list_node_t node; /*!< In entry->waiting, or in shared->due. */
	lookup_done_f done;
	void *arg;
};

/*! A resolver with an empty cache. */
typedef struct blank {
	resolve_t *resolve;
	uint64_t born;
	unsigned lookups; /*!< Under way. */
	struct blank *next;
} blank_t;

/*! What is being looked up or has been. */
struct entry {
	shared_t *shared;
	hash_node_t node;
	knot_dname_storage_t name; /*!< Lower case. */
	uint16_t type;
	lookup_t *lookup; /*!< Under way, else NULL. */
	blank_t *blank;   /*!< By this one, or NULL: by the resolver for all. */
	bool fresh;       /*!< The result is by one with an empty cache. */
	uint64_t begun;   /*!< The last lookup. */
	uint64_t until;   /*!< The result is used. */
	lookup_result_t result;
	knot_dname_storage_t soa;
	char error[160];
	list_t waiting;
	unsigned due; /*!< Shares in the list of those to be called back. */
};

struct shared {
	uv_loop_t *loop;
	resolve_t *resolve;
	dns_config_t config;
	blank_t *blanks; /*!< The newest first. */
	char error[256]; /*!< Why there is no new one; "": there is. */
	hash_t entries;
	list_t due; /*!< The answer is there, to be passed on from a clean stack. */
	uv_timer_t tell;
	uv_timer_t sweep;
	unsigned handles;
};

static share_t *share_of(const list_node_t *node)
{
	return list_item((list_node_t *)node, share_t, node);
}

static entry_t *entry_of(const hash_node_t *node)
{
	return hash_item((hash_node_t *)node, entry_t, node);
}

/* -- results ------------------------------------------------------------------ */

static void result_clear(entry_t *entry)
{
	knot_rdataset_clear(&entry->result.rrs, NULL);
	memset(&entry->result, 0, sizeof(entry->result));
}

static void result_fail(entry_t *entry, const char *error)
{
	result_clear(entry);
	snprintf(entry->error, sizeof(entry->error), "%s", error);
	entry->result.status = LOOKUP_FAILED;
	entry->result.error = entry->error;
}

static void result_set(entry_t *entry, const lookup_result_t *result)
{
	result_clear(entry);
	entry->result = *result;
	knot_rdataset_init(&entry->result.rrs);
	if (result->soa != NULL) {
		knot_dname_copy_lower(entry->soa, result->soa);
		entry->result.soa = entry->soa;
	}
	if (result->status == LOOKUP_FAILED) {
		bool bogus = result->bogus;
		result_fail(entry, result->error);
		entry->result.bogus = bogus;
	} else if (knot_rdataset_copy(&entry->result.rrs, &result->rrs, NULL) != KNOT_EOK) {
		result_fail(entry, "out of memory");
	}
}

static uint64_t lifetime_ms(const lookup_result_t *result)
{
	if (result->status == LOOKUP_FAILED) {
		return SHARED_FAILED_MS;
	}
	return result->ttl < SHARED_MAX_MS / 1000 ? 1000 * result->ttl : SHARED_MAX_MS;
}

static void on_tell(uv_timer_t *timer);

/*! The answer is there: all who wait are told soon. */
static void entry_done(entry_t *entry)
{
	shared_t *shared = entry->shared;
	entry->until = uv_now(shared->loop) + lifetime_ms(&entry->result);
	while (entry->waiting.first != NULL) {
		list_move(&shared->due, entry->waiting.first);
		entry->due++;
	}
	uv_timer_start(&shared->tell, on_tell, 0, 0);
}

static void lookup_over(entry_t *entry)
{
	entry->lookup = NULL;
	entry->fresh = entry->blank != NULL;
	if (entry->blank != NULL) {
		entry->blank->lookups--;
		entry->blank = NULL;
	}
}

static void on_lookup(const lookup_result_t *result, void *arg)
{
	entry_t *entry = arg;
	lookup_over(entry);
	result_set(entry, result);
	entry_done(entry);
}

static void on_tell(uv_timer_t *timer)
{
	shared_t *shared = timer->data;
	while (shared->due.first != NULL) {
		share_t *share = share_of(shared->due.first);
		entry_t *entry = share->entry;
		lookup_done_f done = share->done;
		void *arg = share->arg;
		list_remove(&share->node);
		free(share);
		done(&entry->result, arg);
		entry->due--;
	}
}

/* -- resolvers with an empty cache -------------------------------------------- */

static blank_t *blank_get(shared_t *shared)
{
	const uint64_t now = uv_now(shared->loop);
	if (shared->blanks != NULL && now - shared->blanks->born < SHARED_FRESH_MS) {
		return shared->blanks;
	}

	blank_t *blank = calloc(1, sizeof(*blank));
	if (blank == NULL) {
		return NULL;
	}
	shared->error[0] = '\0';
	blank->resolve = resolve_new(shared->loop, &shared->config, shared->error, sizeof(shared->error));
	if (blank->resolve == NULL) {
		free(blank);
		return NULL;
	}
	blank->born = now;
	blank->next = shared->blanks;
	shared->blanks = blank;
	return blank;
}

/* -- entries -------------------------------------------------------------------- */

static void entry_free(entry_t *entry)
{
	if (entry->lookup != NULL) {
		resolve_cancel(entry->lookup);
		lookup_over(entry);
	}
	result_clear(entry);
	free(entry);
}

static void sweep_entry(hash_node_t *node, void *arg)
{
	shared_t *shared = arg;
	entry_t *entry = entry_of(node);
	if (entry->lookup == NULL && entry->due == 0 && entry->until <= uv_now(shared->loop)) {
		hash_remove(&shared->entries, node);
		entry_free(entry);
	}
}

/*! Frees what is of no use to anybody any more. */
static void on_sweep(uv_timer_t *timer)
{
	shared_t *shared = timer->data;
	const uint64_t now = uv_now(shared->loop);
	hash_each(&shared->entries, sweep_entry, shared);
	blank_t **at = &shared->blanks;
	while (*at != NULL) {
		blank_t *blank = *at;
		if (blank->lookups == 0 && now - blank->born >= SHARED_FRESH_MS) {
			*at = blank->next;
			resolve_free(blank->resolve);
			free(blank);
		} else {
			at = &blank->next;
		}
	}
	if (shared->entries.count > 0 || shared->blanks != NULL) {
		uv_timer_start(timer, on_sweep, SHARED_FRESH_MS, 0);
	}
}

typedef struct {
	const knot_dname_t *name;
	uint16_t type;
} key_of_t;

static bool is_entry(const hash_node_t *node, const void *key)
{
	const entry_t *entry = entry_of(node);
	const key_of_t *wanted = key;
	return entry->type == wanted->type && knot_dname_is_equal(entry->name, wanted->name);
}

static entry_t *entry_get(shared_t *shared, const knot_dname_t *name, uint16_t type)
{
	knot_dname_storage_t lower;
	knot_dname_copy_lower(lower, name);
	const key_of_t key = { .name = lower, .type = type };
	const uint32_t hash = hash_bytes(HASH_START ^ type, lower, knot_dname_size(lower));
	entry_t *entry = entry_of(hash_find(&shared->entries, hash, is_entry, &key));
	if (entry != NULL) {
		return entry;
	}

	entry = calloc(1, sizeof(*entry));
	if (entry != NULL) {
		entry->shared = shared;
		entry->type = type;
		knot_dname_copy_lower(entry->name, lower);
		hash_add(&shared->entries, &entry->node, hash);
		if (!uv_is_active((uv_handle_t *)&shared->sweep)) {
			uv_timer_start(&shared->sweep, on_sweep, SHARED_FRESH_MS, 0);
		}
	}
	return entry;
}

static bool is_fresh(const entry_t *entry, uint64_t now)
{
	return entry->lookup != NULL ? entry->blank != NULL : entry->fresh && now - entry->begun < SHARED_FRESH_MS;
}

/*! Begins the lookup. One under way that is not fresh enough is given up for it. */
static bool look_up(entry_t *entry, bool fresh)
{
	shared_t *shared = entry->shared;
	blank_t *blank = fresh ? blank_get(shared) : NULL;
	if (fresh && blank == NULL) {
		return false;
	}
	lookup_t *lookup =
		resolve_start(fresh ? blank->resolve : shared->resolve, entry->name, entry->type, on_lookup, entry);
	if (lookup == NULL) {
		return false;
	}

	if (entry->lookup != NULL) {
		resolve_cancel(entry->lookup);
		lookup_over(entry);
	}
	entry->lookup = lookup;
	entry->begun = uv_now(shared->loop);
	entry->blank = blank;
	if (blank != NULL) {
		blank->lookups++;
	}
	return true;
}

/* -- interface ------------------------------------------------------------------ */

share_t *shared_start(shared_t *shared, const knot_dname_t *name, uint16_t type, bool fresh, lookup_done_f done,
                      void *arg)
{
	assert(shared && name && done);

	share_t *share = calloc(1, sizeof(*share));
	entry_t *entry = share != NULL ? entry_get(shared, name, type) : NULL;
	if (entry == NULL) {
		free(share);
		return NULL;
	}
	*share = (share_t){ .shared = shared, .entry = entry, .done = done, .arg = arg };

	const uint64_t now = uv_now(shared->loop);
	bool have = entry->lookup == NULL && entry->until > now && (!fresh || is_fresh(entry, now));
	bool coming = entry->lookup != NULL && (!fresh || is_fresh(entry, now));
	if (have) {
		list_add(&shared->due, &share->node);
		entry->due++;
		uv_timer_start(&shared->tell, on_tell, 0, 0);
	} else if (coming || look_up(entry, fresh)) {
		list_add(&entry->waiting, &share->node);
	} else {
		free(share);
		return NULL;
	}
	return share;
}

const char *shared_error(const shared_t *shared)
{
	return shared->error[0] != '\0' ? shared->error : "resolver accepts no queries";
}

void shared_cancel(share_t *share)
{
	if (share == NULL) {
		return;
	}
	shared_t *shared = share->shared;
	share->entry->due -= share->node.list == &shared->due;
	list_remove(&share->node);
	free(share);
	if (shared->due.first == NULL) {
		uv_timer_stop(&shared->tell);
	}
}

shared_t *shared_new(uv_loop_t *loop, resolve_t *resolve, const dns_config_t *config)
{
	assert(loop && resolve && config);

	shared_t *shared = calloc(1, sizeof(*shared));
	if (shared == NULL || !hash_init(&shared->entries, BUCKETS) || !dns_config_copy(&shared->config, config)) {
		if (shared != NULL) {
			hash_clear(&shared->entries);
			dns_config_clear(&shared->config);
		}
		free(shared);
		return NULL;
	}
	shared->loop = loop;
	shared->resolve = resolve;
	uv_timer_init(loop, &shared->tell);
	uv_timer_init(loop, &shared->sweep);
	shared->tell.data = shared->sweep.data = shared;
	shared->handles = 2;
	return shared;
}

static void on_closed(uv_handle_t *handle)
{
	shared_t *shared = handle->data;
	if (--shared->handles == 0) {
		free(shared);
	}
}

void shared_free(shared_t *shared)
{
	if (shared == NULL) {
		return;
	}

	while (shared->due.first != NULL) {
		shared_cancel(share_of(shared->due.first));
	}
	for (hash_node_t *node = hash_any(&shared->entries); node != NULL; node = hash_any(&shared->entries)) {
		entry_t *entry = entry_of(node);
		hash_remove(&shared->entries, node);
		while (entry->waiting.first != NULL) {
			shared_cancel(share_of(entry->waiting.first));
		}
		entry_free(entry);
	}
	hash_clear(&shared->entries);
	while (shared->blanks != NULL) {
		blank_t *blank = shared->blanks;
		shared->blanks = blank->next;
		resolve_free(blank->resolve);
		free(blank);
	}
	dns_config_clear(&shared->config);
	uv_close((uv_handle_t *)&shared->tell, on_closed);
	uv_close((uv_handle_t *)&shared->sweep, on_closed);
}
