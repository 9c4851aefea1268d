/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <stdlib.h>

#include "kskroll/addr.h"
#include "pace.h"
#include "util/hash.h"

#define BUCKETS 256

/*! An address that has been asked a short while ago, or will be. */
typedef struct {
	hash_node_t node;
	struct sockaddr_storage addr;
	uint64_t free_at; /*!< Microseconds. */
} busy_t;

struct pace {
	uint64_t apart; /*!< Microseconds between two questions, 0: no limit. */
	hash_t busy;
	size_t sweep_at; /*!< With so many, those whose time has passed are removed. */
};

pace_t *pace_new(unsigned rate)
{
	pace_t *pace = calloc(1, sizeof(*pace));
	if (pace == NULL || !hash_init(&pace->busy, BUCKETS)) {
		free(pace);
		return NULL;
	}
	if (rate > 0) {
		pace->apart = (1000000 + rate - 1) / rate;
	}
	return pace;
}

static void free_busy(hash_node_t *node, void *arg)
{
	(void)arg;
	free(hash_item(node, busy_t, node));
}

void pace_free(pace_t *pace)
{
	if (pace != NULL) {
		hash_each(&pace->busy, free_busy, NULL);
		hash_clear(&pace->busy);
		free(pace);
	}
}

static bool is_busy(const hash_node_t *node, const void *key)
{
	return addr_cmp(&hash_item((hash_node_t *)node, busy_t, node)->addr, key) == 0;
}

static busy_t *find(const pace_t *pace, const struct sockaddr_storage *addr)
{
	return hash_item(hash_find(&pace->busy, addr_hash(addr), is_busy, addr), busy_t, node);
}

typedef struct {
	pace_t *pace;
	uint64_t now;
} sweep_t;

static void free_over(hash_node_t *node, void *arg)
{
	const sweep_t *sweep = arg;
	busy_t *busy = hash_item(node, busy_t, node);
	if (busy->free_at <= sweep->now) {
		hash_remove(&sweep->pace->busy, node);
		free(busy);
	}
}

/*! At most once for as many as there are: constant time for each. */
static void sweep(pace_t *pace, uint64_t now)
{
	if (pace->busy.count >= pace->sweep_at) {
		sweep_t arg = { .pace = pace, .now = now };
		hash_each(&pace->busy, free_over, &arg);
		pace->sweep_at = 2 * pace->busy.count > BUCKETS ? 2 * pace->busy.count : BUCKETS;
	}
}

static void take(pace_t *pace, const struct sockaddr_storage *addr, uint64_t now, uint64_t turn)
{
	busy_t *busy = find(pace, addr);
	if (busy == NULL) {
		sweep(pace, now);
		busy = calloc(1, sizeof(*busy));
		if (busy == NULL) {
			return; /* Asked all the same: to be polite is not worth a check that fails. */
		}
		busy->addr = *addr;
		hash_add(&pace->busy, &busy->node, addr_hash(addr));
	}
	busy->free_at = turn + pace->apart;
}

static const struct sockaddr_storage *nth(const struct sockaddr_storage *addr, size_t stride, unsigned i)
{
	return (const struct sockaddr_storage *)((const char *)addr + i * stride);
}

unsigned pace_turn(pace_t *pace, const struct sockaddr_storage *addr, unsigned count, size_t stride, uint64_t now_ms)
{
	assert(pace && (addr || count == 0));

	if (pace->apart == 0) {
		return 0;
	}
	const uint64_t now = now_ms * 1000;
	uint64_t turn = now;
	for (unsigned i = 0; i < count; i++) {
		const busy_t *busy = find(pace, nth(addr, stride, i));
		if (busy != NULL && busy->free_at > turn) {
			turn = busy->free_at;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		take(pace, nth(addr, stride, i), now, turn);
	}
	return (turn - now + 999) / 1000;
}

unsigned pace_wait(const pace_t *pace, const struct sockaddr_storage *addr, uint64_t now_ms)
{
	assert(pace && addr);

	const uint64_t now = now_ms * 1000;
	const busy_t *busy = find(pace, addr);
	return busy != NULL && busy->free_at > now ? (busy->free_at - now + 999) / 1000 : 0;
}
